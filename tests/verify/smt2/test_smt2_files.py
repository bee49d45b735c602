"""The files in tests/problems: the true and the false ones are read, the malformed ones refused at the right place."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify.kernel.statements import read_statement
from verify.smt2 import Problem, SmtError, read_problem

PROBLEMS = Path(__file__).parents[2] / "problems"
MALFORMED = sorted((PROBLEMS / "malformed").glob("*.smt2"))
STATED = {"true": "unsat", "false": "sat"}
FILES = [file for folder in STATED for file in sorted((PROBLEMS / folder).glob("*.smt2"))]


def test_there_are_files() -> None:
    counts = [len(list((PROBLEMS / folder).glob("*.smt2"))) for folder in ("true", "false", "malformed")]
    assert counts[0] >= 30
    assert min(counts[1:]) >= 20


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_a_file_is_read(file: Path) -> None:
    problem = read_problem(file.read_text(encoding="utf-8"), file.name)
    assert problem.status == STATED[file.parent.name]
    assert problem.name == file.name
    assert read_statement(problem.statement.text()) == problem.statement


@pytest.mark.parametrize("file", MALFORMED, ids=lambda f: f.stem)
def test_a_malformed_file_is_refused(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    with pytest.raises(SmtError) as caught:
        read_problem(text, file.name)
    assert f"; expected: {caught.value}" == text.splitlines()[0]


TOKENS = [*"()x1=<^![", "-1.5", "let", "ite", "and", "not", ":named", "Real", "Bool", "|a|", '"', ""]


def outcome(text: str) -> Problem | str:
    """Return the problem, or the message with which it is refused."""
    try:
        return read_problem(text, "file")
    except SmtError as error:
        return str(error)


@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(FILES)).read_text(encoding="utf-8")
    parts = re.findall(r"[()]|[^\s()]+|\s+", text)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(parts) - 1))
        replaced = data.draw(st.integers(0, 2))
        parts[start : start + replaced] = data.draw(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=2))
    found = outcome("".join(parts))
    if isinstance(found, str):
        assert re.fullmatch(r"[0-9]+:[0-9]+: [ -~]{1,180}", found)
    else:
        assert read_statement(found.statement.text()) == found.statement
