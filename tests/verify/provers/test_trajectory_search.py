"""The search for certificates of trajectories: its options, interruption, resumption, and what it finds."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from verify.kernel.errors import Malformed
from verify.provers import trajectory
from verify.provers.trajectory import Interrupted, certify
from verify.provers.trajectory_search import fixed
from verify.trajectory.certificate import MAX_STEPS
from verify.trajectory.checker import check_trajectory
from verify.trajectory.problem import Problem


def problem_of(samples=2, size=4, eta=0.08, seed=3):
    random = np.random.default_rng(seed)
    features = random.standard_normal((samples, size))
    plus, minus = (0.5 + 0.05 * random.standard_normal(size) for _ in range(2))
    return Problem.from_floats(features, features[:, 0] - features[:, 1], plus, minus, eta)


def test_all_steps_are_decided_and_progress_is_reported():
    seen = []
    certificate = certify(problem_of(), 25, progress=lambda t, steps: seen.append((t, steps)))
    assert seen == [(t, 25) for t in range(26)]
    verdict = check_trajectory(certificate)
    assert verdict.unknown == ()
    assert verdict.steps_asked == 25
    assert verdict.stopped is None


@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(0, 3), st.floats(0.001, 1))
@example(890112, 2, 0, 0.627367357991561)  # diverges after step 12, its last weights beyond floating point
def test_what_is_found_is_always_accepted(seed, samples, more, eta):
    """No certificate is rejected, and the first 12 steps are decided but for the last 3 before a divergence."""
    certificate = certify(problem_of(samples, max(2, samples + more), eta, seed), 15)
    verdict = check_trajectory(certificate)
    end = min(12, len(verdict.steps) - (3 if verdict.stopped == "diverged" else 0))
    assert all(step.verdict != "unknown" for step in verdict.steps[:end])


def test_a_sharpness_of_600_bits_is_bounded():
    """The eigenvector then needs more bits than its state has for the fraction."""
    verdict = check_trajectory(certify(problem_of(eta=0.90625, size=2, seed=11796), 12))
    assert verdict.unknown == ()
    assert verdict.states[-1].sharpness[0] > 2**600


def test_the_search_is_reproducible():
    assert certify(problem_of(), 10) == certify(problem_of(), 10)


def test_bits_follow_the_size_of_the_steps():
    """As the residual shrinks, phi changes by less and needs more bits; two states far apart show it."""
    certificate = certify(problem_of(), 200)
    bits = [state["bits"] for state in certificate["states"]]
    assert bits[-1] > bits[0] + 50
    verdict = check_trajectory(certificate)
    before, after = verdict.states[-2].sharpness, verdict.states[-1].sharpness
    assert verdict.unknown == ()
    assert abs(before[0] - after[1]) < before[0] / 10**12


def test_zero_steps():
    verdict = check_trajectory(certify(problem_of(), 0))
    assert verdict.steps == ()
    assert verdict.states[0].sharpness is not None


def test_too_few_bits_end_the_search():
    certificate = certify(problem_of(), 400, max_bits=110)
    assert certificate["stopped"] == "precision"
    verdict = check_trajectory(certificate)
    assert 0 < len(verdict.steps) < 400
    assert set(verdict.unknown) >= set(range(len(verdict.steps), 400))


def test_a_start_beyond_all_limits():
    problem = Problem.from_floats([[1.0, 2.0]], [1.0], [1e200, 1.0], [1.0, 1.0], 0.1)
    certificate = certify(problem, 5)
    assert certificate["stopped"] == "diverged"
    assert certificate["steps"] == []


def test_a_certificate_that_would_be_too_large_to_read(monkeypatch):
    monkeypatch.setattr(trajectory, "MAX_BYTES", 6000)
    certificate = certify(problem_of(), 100)
    assert certificate["stopped"] == "size"
    assert 0 < len(check_trajectory(certificate).proved) < 100


@pytest.mark.parametrize("where", [0, 1, 7])
def test_interruption_keeps_what_was_found_and_the_search_goes_on_from_it(where, monkeypatch):
    def interrupt(t, _):
        if t == where:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        certify(problem_of(), 12, progress=interrupt)
    partial = caught.value.certificate
    assert isinstance(caught.value, KeyboardInterrupt)
    assert partial["stopped"] == "interrupted"
    verdict = check_trajectory(partial)
    assert len(verdict.steps) == where
    assert verdict.unknown == tuple(range(where, 12))

    searched = []
    find = trajectory.find
    monkeypatch.setattr(trajectory, "find", lambda *arguments: searched.append(1) or find(*arguments))
    whole = certify(problem_of(), 12, known=partial)
    assert len(searched) == 12 - where
    assert whole["steps"] == certify(problem_of(), 12)["steps"]
    assert check_trajectory(whole).unknown == ()


@pytest.mark.parametrize("place", ["planned_bits", "find", "wanted_bits", "compared"])
def test_interruption_anywhere(place, monkeypatch):
    calls = []
    true = getattr(trajectory, place)

    def interrupt(*arguments):
        calls.append(1)
        if len(calls) == (1 if place == "planned_bits" else 4):
            raise KeyboardInterrupt
        return true(*arguments)

    monkeypatch.setattr(trajectory, place, interrupt)
    with pytest.raises(Interrupted) as caught:
        certify(problem_of(), 12)
    monkeypatch.undo()
    assert len(check_trajectory(caught.value.certificate).steps) < 12


def test_hints_that_are_known_but_wrong_are_replaced():
    known = certify(problem_of(), 8)
    known["states"][3]["centre"] = ["0", "0"]
    known["states"][5] = {}
    assert check_trajectory(certify(problem_of(), 8, known=known)).unknown == ()


def test_known_certificates_of_another_problem_or_none():
    with pytest.raises(Malformed, match="another problem"):
        certify(problem_of(), 5, known=certify(problem_of(seed=4), 5))
    with pytest.raises(Malformed):
        certify(problem_of(), 5, known={})


@pytest.mark.parametrize(("steps", "bits"), [(-1, 200), (MAX_STEPS + 1, 200), (5, 1), (5, 10**6)])
def test_numbers_out_of_range(steps, bits):
    with pytest.raises(ValueError, match="must be from"):
        certify(problem_of(), steps, max_bits=bits)


@pytest.mark.parametrize("x", [0.0, 1.0, -1.0, 0.1, -3e20, 5e-324, 1e300])
@pytest.mark.parametrize("bits", [0, 40, 1200])
def test_fixed(x, bits):
    numerator, denominator = x.as_integer_ratio()
    assert fixed(x, bits) == (numerator << bits) // denominator
