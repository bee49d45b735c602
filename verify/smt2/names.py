"""Names of a statement for the names of a file: kernel symbols that clash with nothing."""

import re

from verify.kernel.statements import GOAL
from verify.kernel.terms import OPERATIONS

MAX_LENGTH = 60
TAKEN = {
    *OPERATIONS, GOAL, "conclusion", "lemma", "pow", "pi", "to_real", "Real", "Bool", "Int", "true", "false", "not",
    "and", "or", "xor", "ite", "let", "forall", "exists", "assert", "distinct", "par", "as", "_",
}  # fmt: skip
_SPECIAL = re.compile(r"d[0-9]+|.*\.(lower|upper)")


class Names:
    """Gives each variable and each assertion a name; `renamed` maps those that are not the file's to the file's."""

    def __init__(self) -> None:
        self.renamed: dict[str, str] = {}
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def of_variable(self, written: str) -> str:
        """Return the statement's name of a variable."""
        return self._fresh(written, written)

    def of_fact(self, wanted: str, written: str | None) -> str:
        """Return the statement's name of a hypothesis or clause, which the file gives the name `written`, if any."""
        return self._fresh(wanted, written)

    def _fresh(self, wanted: str, written: str | None) -> str:
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", wanted[:MAX_LENGTH])
        if not re.match("[A-Za-z_]", name):
            name = f"v{name}"
        base = name
        while name in TAKEN or name in self._taken or _SPECIAL.fullmatch(name):
            self._numbers[base] = self._numbers.get(base, 0) + 1
            name = f"{base}_{self._numbers[base]}"
        self._taken.add(name)
        if written is not None and name != written:
            self.renamed[name] = written
        return name
