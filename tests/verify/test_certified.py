"""Certified runs: the record says what the checker has shown and no more; an interrupt keeps what was found."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify import certified
from verify.certified import IDENTIFIER, certified_run, decimal, digits_for, kept_trajectory, scientific
from verify.checking import check_paths
from verify.files import certificate_path, write_certificate
from verify.kernel.certificates import read_file, read_json
from verify.provers.trajectory import certify
from verify.trajectory.problem import Problem

SMALL = Problem.from_floats(
    [[1.0, 2.0, -1.0], [0.5, -1.0, 3.0]], [1.0, 0.5], [0.5, 0.6, 0.55], [0.45, 0.5, 0.5], 0.0625
)
SIGN_CHANGE = Problem.from_floats([[3.0, 4.0]], [192.0], [15.0, 21.0], [0.0, 0.0], 1 / 15000)
"""Next to the counterexample to Theorem R with sign changes: one weight almost vanishes, the other changes sign."""


def test_every_step_of_a_small_run_is_proved(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    record = certified_run(SMALL, 30, tmp_path / "certificates", lambda *where: seen.append(where))
    assert (record["steps_proved"], record["steps_asked"], record["tier"]) == (30, 30, "kernel")
    assert (record["steps_refuted"], record["steps_unknown"], record["first_unknown"]) == (0, 0, None)
    assert len(record["eta_phi"]) == 31
    bounds = [(Fraction(low), Fraction(high)) for low, high in record["eta_phi"]]
    assert all(low <= high for low, high in bounds)
    assert all(after[1] < before[0] for before, after in pairwise(bounds))
    smallest = min(before[0] - after[1] for before, after in pairwise(bounds))
    assert 0 < Fraction(record["smallest_fall"]) * SMALL.eta <= smallest * Fraction(102, 100)
    assert {phase for phase, _, _ in seen} == {"search", "check"}
    path = tmp_path / record["certificate"]
    assert record["certificate_bytes"] == path.stat().st_size
    assert check_paths([tmp_path], quiet=True) == 0


def test_a_refuted_step_is_reported_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = certified_run(SIGN_CHANGE, 1, tmp_path)
    assert (record["steps_refuted"], record["first_refuted"], record["sign_changes"]) == (1, 0, 1)
    assert record["tier"] == "kernel"
    assert record["smallest_fall"] == ""
    assert check_paths([tmp_path]) == 0
    assert "1 refuted" in capsys.readouterr().out


def test_a_run_that_diverges_keeps_what_is_proved(tmp_path: Path) -> None:
    record = certified_run(replace(SMALL, eta=Fraction(8)), 200, tmp_path)
    assert 0 < len(record["eta_phi"]) - 1 < 200
    assert record["reason"]
    assert record["steps_proved"] + record["steps_refuted"] + record["steps_unknown"] == len(record["eta_phi"]) - 1
    assert check_paths([tmp_path], quiet=True) == 3


def test_what_the_checker_rejects_is_not_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that claims the opposite of what is so."""

    def lying(problem: Problem, steps: int, **options: Any) -> dict[str, Any]:
        found = certify(problem, steps, **options)
        return found | {"steps": ["proved" for _ in found["steps"]]}

    monkeypatch.setattr(certified, "certify", lying)
    record = certified_run(SIGN_CHANGE, 1, tmp_path)
    assert (record["steps_proved"], record["steps_refuted"], record["tier"]) == (0, 0, "none")
    assert record["reason"].startswith("the checker rejects the certificate")


def test_an_interrupt_keeps_what_was_found_and_the_next_run_uses_it(tmp_path: Path) -> None:
    def stop(phase: str, done: int, total: int) -> None:
        if done == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        certified_run(SMALL, 30, tmp_path, stop)
    kept = kept_trajectory(SMALL, tmp_path)
    assert kept is not None
    assert 10 <= len(kept["steps"]) <= 13
    assert check_paths([tmp_path], quiet=True) == 3
    record = certified_run(SMALL, 30, tmp_path)
    assert record["steps_proved"] == 30


def test_a_kept_certificate_for_another_problem_or_a_broken_one_is_not_used(tmp_path: Path) -> None:
    write_certificate(tmp_path, IDENTIFIER, certify(SMALL, 3))
    assert kept_trajectory(SMALL, tmp_path) is not None
    assert kept_trajectory(replace(SMALL, eta=SMALL.eta / 2), tmp_path) is None
    assert kept_trajectory(SMALL, tmp_path / "nowhere") is None
    path = certificate_path(tmp_path, IDENTIFIER)
    content = read_json(read_file(path))
    assert isinstance(content, dict)
    for broken in (content | {"digest": "0" * 64}, {k: v for k, v in content.items() if k != "problem"}, {}):
        write_certificate(tmp_path, IDENTIFIER, broken)
        assert kept_trajectory(SMALL, tmp_path) is None


@given(st.fractions(min_value=0, max_value=10**6), st.integers(1, 60))
def test_decimals_enclose(value: Fraction, digits: int) -> None:
    low, high = decimal(value, digits, up=False), decimal(value, digits, up=True)
    assert Fraction(low) <= value <= Fraction(high)
    assert Fraction(high) - Fraction(low) <= Fraction(1, 10**digits)
    assert len(low.split(".")[1]) == digits


@given(st.fractions(min_value=Fraction(1, 10**80), max_value=10**40).filter(lambda v: v > 0))
def test_a_number_in_scientific_notation_is_below_and_near(value: Fraction) -> None:
    shown = Fraction(scientific(value))
    assert shown <= value < shown * Fraction(1011, 1000)
    assert 1 <= float(scientific(value).split("e")[0]) < 10


def test_digits_show_the_smallest_fall() -> None:
    assert digits_for(None) == digits_for(Fraction(1, 3)) == 20
    assert digits_for(Fraction(1, 10**57)) == 60
    assert digits_for(Fraction(1, 10**500)) == 120
    assert scientific(Fraction(0)) == "0"
