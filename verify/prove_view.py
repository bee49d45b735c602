"""What `verify prove` shows: the line and the data of a file, the live view, the table."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from verify.deciding import Decided
from verify.runs import VERDICT_STYLE, spinner
from verify.smt2 import Problem

EXPECTED = {"unsat": "proved", "sat": "refuted"}
INTERRUPTED = "interrupted"

Show: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Row:
    """What became of one file: the problem (None: it could not be read, see `error`) and the decision."""

    name: str
    problem: Problem | None = None
    decided: Decided | None = None
    error: str = ""
    certificate: Path | None = None

    @property
    def verdict(self) -> str:
        """The verdict, or "error"."""
        return self.decided.verdict if self.decided is not None else "error"

    @property
    def contradiction(self) -> str:
        """What the file says of itself, where the kernel has shown the opposite."""
        status = self.problem.status if self.problem is not None else None
        expected = EXPECTED.get(status or "")
        opposite = {"proved": "refuted", "refuted": "proved"}.get(self.verdict)
        return str(status) if expected is not None and expected == opposite else ""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the search."""
        return self.decided is not None and self.decided.note.startswith(INTERRUPTED)

    def data(self) -> dict[str, Any]:
        """Return the row as plain data, with the names of the file."""
        if self.problem is None or self.decided is None:
            return {"file": self.name, "verdict": "error", "error": self.error}
        found, names = self.decided, self.problem.renamed
        plain = asdict(found)
        for key in ("certificate", "tightest"):
            plain.pop(key)
        return {
            "file": self.name,
            **plain,
            "tier": found.tier,
            "status": self.problem.status,
            "contradiction": bool(self.contradiction),
            "witness": {names.get(k, k): v for k, v in found.witness.items()},
            "solution": {names.get(k, k): list(v) for k, v in found.solution.items()},
            "tightest": {names.get(k, k): list(v) for k, v in found.tightest.items()},
            "certificate": str(self.certificate) if self.certificate is not None else None,
        }

    def words(self) -> str:
        """Say in a line what there is to say beside the verdict."""
        if self.problem is None or self.decided is None:
            return self.error
        found, names = self.decided, self.problem.renamed
        parts = []
        if self.contradiction:
            parts.append(f"CONTRADICTS the file, which says {self.contradiction}")
        if found.verdict == "proved":
            parts.append(f"by {found.rule}" + (f", {found.leaves:,} leaves" if found.leaves else ""))
        if found.witness:
            parts.append("at " + ", ".join(f"{names.get(k, k)} = {_short(v)}" for k, v in found.witness.items()))
        if found.solution:
            ends = {names.get(k, k): v for k, v in found.solution.items()}
            box = ", ".join(f"{k} in [{_short(a)}, {_short(b)}]" for k, (a, b) in ends.items())
            parts.append(f"a solution is proved to exist with {box}")
        if found.verdict == "unknown":
            parts += [found.note] if found.note else []
            if found.boxes:
                box = ", ".join(f"{names.get(k, k)} in [{a:.9g}, {b:.9g}]" for k, (a, b) in found.tightest.items())
                parts.append(f"undecided {found.undecided:.2g} of the domain, tightest box {box}")
        return "; ".join(parts)


def _short(number: str) -> str:
    """Write an exact rational, or twelve digits of it where it is long."""
    if len(number) <= 24:
        return number
    numerator, _, denominator = number.partition("/")
    return f"{int(numerator) / int(denominator or 1):.12g}..."


@contextmanager
def live_view(console: Console) -> Iterator[Show]:
    """Show how far the search is, while the block runs; return a function (name, boxes evaluated, boxes open)."""
    with spinner(console) as say:
        yield lambda name, boxes, open_: say(f"{name}: {boxes:,} boxes, {open_:,} open")


def print_row(console: Console, row: Row) -> None:
    """Print the line of a file."""
    line = Text.assemble((f"{row.verdict:8}", VERDICT_STYLE.get(row.verdict, "bold red")), f" {row.name} {row.words()}")
    console.print(line, highlight=False, soft_wrap=True)


def print_table(rows: Sequence[Row], folder: Path) -> None:
    """Print the table of verdicts and, for several files, the counts."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table()
    for heading in ("problem", "verdict", "tier", "boxes", "leaves", "seconds", "kernel"):
        table.add_column(heading, justify="left" if heading in ("problem", "verdict", "tier") else "right")
    for row in rows:
        style, found = VERDICT_STYLE.get(row.verdict, "bold red"), row.decided or Decided()
        shout = " (CONTRADICTS the file)" if row.contradiction else ""
        table.add_row(
            escape(row.name),
            f"[{style}]{row.verdict}[/]{shout}",
            found.tier,
            f"{found.boxes:,}",
            f"{found.leaves:,}",
            f"{found.search_seconds:.2f}",
            f"{found.kernel_seconds:.2f}",
        )
    console.print(table)
    counts = {v: sum(row.verdict == v for row in rows) for v in ("proved", "refuted", "unknown", "error")}
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    wrong = sum(bool(row.contradiction) for row in rows)
    shout = f"; {wrong} CONTRADICT their file" if wrong else ""
    console.print(f"{len(rows)} problems: {words}{shout}", highlight=False)
    console.print(f"certificates: {folder}", highlight=False, soft_wrap=True)
    sys.stdout.flush()
