"""False problems in SMT-LIB 2: none is proved, most are refuted."""

import pytest
from problem_cases import assert_most_are_decided, assert_not_wrong, names


@pytest.mark.parametrize("name", names("false"))
def test_a_false_problem_is_refuted_or_unknown(name: str) -> None:
    assert_not_wrong("false", name, "refuted")


def test_most_false_problems_are_refuted() -> None:
    assert_most_are_decided("false", 0.85)
