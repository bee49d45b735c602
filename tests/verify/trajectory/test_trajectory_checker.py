"""Whole trajectories: certified, compared with an independent computation, and with what is known of one sample."""

import copy
from fractions import Fraction

import pytest
from mpmath import mp
from trajectory_cases import (
    DIGITS,
    as_mpf,
    gaussian_problem,
    mixed,
    mixed_certificate,
    mpmath_trajectory,
    one_sample,
)

from verify.files import write_certificate
from verify.kernel.errors import Malformed, Rejected
from verify.provers.trajectory import certify
from verify.trajectory.checker import check_trajectory, check_trajectory_file
from verify.trajectory.problem import Problem, read_problem


def assert_inside(bounds, value):
    assert as_mpf(bounds[0]) <= value <= as_mpf(bounds[1])


@pytest.mark.parametrize(
    ("problem", "steps"),
    [(mixed(), 12), (gaussian_problem(3, 6, 1.1), 30), (gaussian_problem(3, 7, 1.03, seed=1), 30)],
    ids=["mixed", "rises late", "just above the edge"],
)
def test_bounds_and_verdicts_agree_with_mpmath(problem, steps):
    """All that the checker says of phi, the loss and the moves is compared with 120 digits of GD on the weights."""
    verdict = check_trajectory(certify(problem, steps))
    states = mpmath_trajectory(problem, steps)
    assert verdict.unknown == ()
    assert verdict.problem == problem
    with mp.workdps(DIGITS):
        for bounds, (phi, loss, move) in zip(verdict.states, states, strict=True):
            assert_inside(bounds.sharpness, phi)
            assert_inside(bounds.loss, loss)
            assert_inside(bounds.move, move)
            assert bounds.sharpness[1] - bounds.sharpness[0] < bounds.sharpness[0] / 10**22
        for t, step in enumerate(verdict.steps):
            assert step.verdict == ("refuted" if states[t + 1][0] > states[t][0] else "proved")
            assert step.loss_increases is bool(states[t + 1][1] > states[t][1])
            assert step.sign_change is bool(states[t][2] > 1)


def test_phi_rises_in_some_steps_of_the_mixed_example_and_falls_in_others():
    verdict = check_trajectory(mixed_certificate())
    assert verdict.refuted
    assert verdict.proved
    assert any(step.loss_increases for step in verdict.steps)
    assert any(step.sign_change for step in verdict.steps)


def test_a_small_problem_of_which_phi_rises_although_no_weight_changes_its_sign():
    verdict = check_trajectory(certify(gaussian_problem(3, 6, 1.1), 40))
    assert [t for t in verdict.refuted if verdict.steps[t].sign_change is False]
    assert verdict.unknown == ()


@pytest.mark.parametrize("signs", [(1, 1, 1), (1, -1, 1)])
@pytest.mark.parametrize("eta", ["1/3", "1/2", "4/5"])
def test_one_sample_with_entries_of_equal_size(signs, eta):
    """phi does not increase in a step with 2 eta^2 g_i^2 <= 1, and it increases in the others (A is not 0)."""
    problem = one_sample([2 * s for s in signs], 1, ["1/2", "1/3", "2/5"], ["1/4", "2/3", "1/5"], eta)
    verdict = check_trajectory(certify(problem, 15))
    decided = 0
    for t, step in enumerate(verdict.steps):
        low, high = verdict.states[t].move  # |2 eta g|: the condition is move^2 <= 2
        if high**2 <= 2:
            assert step.verdict != "refuted"
            decided += step.verdict == "proved"
        if low**2 > 2:
            assert step.verdict == "refuted"
            decided += 1
    assert decided == len(verdict.steps) > 0


def test_one_sample_with_entries_of_other_sizes():
    verdict = check_trajectory(certify(one_sample([1, 2], 1, ["1/2", "1/3"], ["1/3", "1/2"], "1/4"), 30))
    assert verdict.proved == tuple(range(30))
    assert [step.sign_change for step in verdict.steps[:2]] == [True, False]


def test_a_weight_that_becomes_0_and_a_product_that_stays_0():
    """x = 1, u = v = 1, eta = 1: v is 0 after a step, exactly; then phi does not change, so nothing can be shown."""
    problem = one_sample([1], "1/2", [1], [1], "1")
    verdict = check_trajectory(certify(problem, 3))
    assert verdict.states[0].move == (1, 1)
    assert verdict.steps[0].sign_change is None
    assert verdict.proved == (0,)
    assert verdict.unknown == (1, 2)


def test_no_solution_to_flow_to():
    """v = 0 and a negative target: there is no gradient-flow solution, and none is claimed."""
    verdict = check_trajectory(certify(one_sample([1, 1], -1, ["1/2", "1/2"], [0, 0], "1/3"), 5))
    assert [state.sharpness for state in verdict.states] == [None] * 6
    assert verdict.unknown == tuple(range(5))
    verdict = check_trajectory(certify(one_sample([1, 1], 1, [0, 0], [0, 0], "1/3"), 5))
    assert verdict.unknown == tuple(range(5))
    low, high = verdict.states[5].move
    assert low <= Fraction(2, 3) <= high < Fraction(2, 3) + Fraction(1, 10**20)


def test_divergence_ends_the_certificate():
    verdict = check_trajectory(certify(gaussian_problem(3, 6, 6), 60))
    assert verdict.stopped == "diverged"
    assert 0 < len(verdict.steps) < 60
    assert verdict.unknown[-1] == 59
    assert len(verdict.proved) + len(verdict.refuted) + len(verdict.unknown) == 60


def test_files(tmp_path):
    certificate = mixed_certificate()
    path = write_certificate(tmp_path, "mixed", certificate)
    assert check_trajectory_file(path) == check_trajectory(certificate)
    large = write_certificate(tmp_path, "large", certify(gaussian_problem(2, 3, 1), 120))
    assert large.suffix == ".gz"
    seen = []
    assert len(check_trajectory_file(large, lambda t, steps: seen.append((t, steps))).proved) == 120
    assert seen == [(t, 120) for t in range(121)]


# What follows changes certificates. None may come out with a step proved that is not.


def truth():
    verdict = check_trajectory(mixed_certificate())
    return set(verdict.proved), set(verdict.refuted)


def test_flipped_verdicts():
    said = mixed_certificate()["steps"]
    for t in range(len(said)):
        certificate = mixed_certificate()
        certificate["steps"][t] = "proved" if said[t] == "refuted" else "refuted"
        with pytest.raises(Rejected, match=f"step {t}:"):
            check_trajectory(certificate)
        certificate["steps"][t] = "unknown"
        assert t in check_trajectory(certificate).unknown


def test_a_verdict_without_hints():
    certificate = mixed_certificate()
    certificate["states"][4] = {}
    with pytest.raises(Rejected, match="step 3:"):
        check_trajectory(certificate)
    certificate["steps"][3] = certificate["steps"][4] = "unknown"
    verdict = check_trajectory(certificate)
    assert verdict.states[4].sharpness is None
    assert verdict.unknown == (3, 4)


def other(problem, **values):
    names = ("features", "targets", "plus", "minus", "eta")
    return Problem(**{name: values.get(name, getattr(problem, name)) for name in names})


def changed_problems():
    p = mixed()
    tiny = Fraction(1, 2**40)
    yield other(p, eta=p.eta * (1 + tiny))
    yield other(p, eta=2 * p.eta)
    yield other(p, plus=(p.plus[0] + tiny, *p.plus[1:]))
    yield other(p, plus=p.minus, minus=p.plus)
    yield other(p, targets=(-p.targets[0], *p.targets[1:]))
    yield other(p, targets=(p.targets[0] + tiny, *p.targets[1:]))
    yield other(p, features=((-p.features[0][0], *p.features[0][1:]), *p.features[1:]))
    yield other(p, features=p.features[::-1])


@pytest.mark.parametrize("problem", list(changed_problems()), ids=range(8))
def test_another_problem(problem):
    """With the digest of the old problem it is malformed; with its own digest the hints do not fit."""
    certificate = mixed_certificate()
    certificate["problem"] = problem.as_json()
    with pytest.raises(Malformed, match="digest"):
        check_trajectory(certificate)
    certificate["digest"] = problem.digest()
    with pytest.raises(Rejected):
        check_trajectory(certificate)


def test_the_sign_of_a_weight_changes_the_digest_but_not_the_squares():
    certificate, p = mixed_certificate(), mixed()
    problem = other(p, minus=(-p.minus[0], *p.minus[1:]))
    certificate["problem"], certificate["digest"] = problem.as_json(), problem.digest()
    verdict = check_trajectory(certificate)
    assert verdict.digest != p.digest()
    assert verdict.states == check_trajectory(mixed_certificate()).states


def test_swapped_digests():
    certificate = mixed_certificate()
    certificate["digest"] = gaussian_problem(2, 4, 1.8).digest()
    with pytest.raises(Malformed, match="digest"):
        check_trajectory(certificate)


def test_dropped_and_reordered_states():
    """A state out of place is rejected: its hints do not fit, or the bounds do not show what is said."""
    size = len(mixed_certificate()["steps"])
    for t in range(size):
        certificate = mixed_certificate()
        del certificate["states"][t], certificate["steps"][t]
        with pytest.raises(Rejected):
            check_trajectory(certificate)
        certificate = mixed_certificate()
        states = certificate["states"]
        states[t], states[t + 1] = states[t + 1], states[t]
        with pytest.raises(Rejected):
            check_trajectory(certificate)
    certificate = mixed_certificate()
    del certificate["states"][-1], certificate["steps"][-1]
    assert check_trajectory(certificate).unknown == (size - 1,)


def test_lowered_bits():
    """Fewer bits of the states give wider bounds or a rejection, never another answer; of the hints, a rejection."""
    proved, refuted = truth()
    accepted = []
    for bits in (32, 64, 80, 96, 120, 150, 250):
        certificate = mixed_certificate()
        certificate["state_bits"] = bits
        try:
            verdict = check_trajectory(certificate)
        except Rejected:
            continue
        accepted.append(bits)
        assert set(verdict.proved) <= proved
        assert set(verdict.refuted) <= refuted
    assert accepted
    assert 64 not in accepted
    for t in range(len(mixed_certificate()["states"])):
        certificate = mixed_certificate()
        certificate["states"][t]["bits"] -= 1
        with pytest.raises(Rejected, match=f"state {t}:"):
            check_trajectory(certificate)


def test_changed_hints_never_prove_a_false_step():
    """Every number of every hint is changed in several ways; the answer is a rejection, or right and consistent."""
    proved, refuted = truth()
    original = check_trajectory(mixed_certificate())
    rejected = accepted = 0
    for t in (0, 3, 7, 12):
        hint = mixed_certificate()["states"][t]
        places = [("centre", 0), ("centre", 1), ("vector", 0), ("vector", 1), ("floor", None), ("slack", None)]
        for name, index in places:
            number = int(hint[name] if index is None else hint[name][index], 16)
            for value in (0, -number, number + 1, number - 1, number << 1, number >> 1, number ^ (1 << 60), 1 << 300):
                certificate = copy.deepcopy(mixed_certificate())
                target = certificate["states"][t]
                if index is None:
                    target[name] = f"{value:x}"
                else:
                    target[name][index] = f"{value:x}"
                try:
                    verdict = check_trajectory(certificate)
                except Rejected:
                    rejected += 1
                    continue
                accepted += 1
                assert set(verdict.proved) <= proved
                assert set(verdict.refuted) <= refuted
                old, new = original.states[t].sharpness, verdict.states[t].sharpness
                assert new[0] <= old[1]
                assert old[0] <= new[1]
    assert rejected > 50
    assert accepted > 20


def test_the_problem_of_a_certificate_is_read_back_exactly():
    certificate = mixed_certificate()
    assert read_problem(certificate["problem"]) == mixed()
