"""The problems in tests/problems, each decided once a process."""

from functools import cache
from pathlib import Path

from verify.deciding import Decided, decide
from verify.files import certificate_bytes
from verify.kernel.certificates import read_certificate
from verify.kernel.checker import check
from verify.searching import Reach
from verify.smt2 import Problem, read_problem

PROBLEMS = Path(__file__).parents[1] / "problems"
SECONDS = 3.0
STATUS = {"proved": "unsat", "refuted": "sat"}


def names(kind: str) -> list[str]:
    return sorted(file.stem for file in (PROBLEMS / kind).glob("*.smt2"))


@cache
def decided(kind: str, name: str) -> tuple[Problem, Decided]:
    problem = read_problem((PROBLEMS / kind / f"{name}.smt2").read_text(encoding="utf-8"), name)
    return problem, decide(problem.statement, Reach(SECONDS), seed=0)


def assert_not_wrong(kind: str, name: str, verdict: str) -> None:
    """The verdict is this one or unknown, and the kernel says the same of the file that would be written."""
    problem, found = decided(kind, name)
    assert problem.status == STATUS[verdict]
    assert found.verdict in (verdict, "unknown")
    if found.verdict == verdict:
        assert found.certificate is not None
        certificate = read_certificate(certificate_bytes(found.certificate)[0])
        assert certificate.statement == problem.statement
        assert check(certificate) == verdict
    else:
        assert found.note or found.undecided > 0


def assert_most_are_decided(kind: str, share: float) -> None:
    unknown = [name for name in names(kind) if decided(kind, name)[1].verdict == "unknown"]
    assert len(unknown) <= (1 - share) * len(names(kind)), unknown
