"""Problems in SMT-LIB 2, true, false and malformed: no wrong verdict, and most are decided."""

from pathlib import Path

import pytest

from verify.deciding import decide
from verify.kernel.certificates import build_certificate
from verify.kernel.checker import check
from verify.searching import Reach
from verify.smt2 import SmtError, read_problem

FOLDER = Path(__file__).parents[1] / "problems"
SECONDS = 2.0
MOST_UNKNOWN = {"true": 12, "false": 5}


def files(kind: str) -> list[str]:
    return sorted(path.stem for path in (FOLDER / kind).glob("*.smt2"))


@pytest.mark.parametrize(("kind", "verdict", "status"), [("true", "proved", "unsat"), ("false", "refuted", "sat")])
def test_no_verdict_is_wrong(kind: str, verdict: str, status: str) -> None:
    unknown = []
    for name in files(kind):
        problem = read_problem((FOLDER / kind / f"{name}.smt2").read_text(encoding="utf-8"), name)
        assert problem.status == status, name
        found = decide(problem.statement, Reach(SECONDS))
        assert found.verdict in (verdict, "unknown"), name
        if found.verdict == "unknown":
            unknown.append(name)
        else:
            assert found.certificate is not None
            assert check(build_certificate(found.certificate)) == verdict, name
    assert len(unknown) <= MOST_UNKNOWN[kind], unknown


@pytest.mark.parametrize("name", files("malformed"))
def test_malformed_files_say_where(name: str) -> None:
    text = (FOLDER / "malformed" / f"{name}.smt2").read_text(encoding="utf-8")
    expected = text.splitlines()[0].removeprefix("; expected: ") if text.startswith("; expected: ") else ""
    with pytest.raises(SmtError) as error:
        read_problem(text, name)
    assert str(error.value).startswith(expected)
