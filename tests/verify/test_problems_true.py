"""True problems in SMT-LIB 2: none is refuted, most are proved."""

import pytest
from problem_cases import assert_most_are_decided, assert_not_wrong, names


@pytest.mark.parametrize("name", names("true"))
def test_a_true_problem_is_proved_or_unknown(name: str) -> None:
    assert_not_wrong("true", name, "proved")


def test_most_true_problems_are_proved() -> None:
    assert_most_are_decided("true", 0.7)
