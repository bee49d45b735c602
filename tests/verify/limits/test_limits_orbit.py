"""The enclosure of gradient descent, and the contraction near the minimum, against mpmath with many digits."""

import random
from fractions import Fraction
from itertools import pairwise

import limits_cases as cases
import mpmath as mp
import pytest

from verify.kernel.errors import Rejected
from verify.limits import checker
from verify.limits.orbit import State, starting_state, step
from verify.limits.tail import tail


def distance(state: State, weights: list[mp.mpf]) -> mp.mpf:
    return mp.sqrt(sum((mp.mpf(c) / 2**state.bits - w) ** 2 for c, w in zip(state.centre, weights, strict=True)))


@pytest.mark.parametrize(
    "case", [cases.CROSSING, cases.CROSSING_DEPTH_3, cases.BELOW, cases.LATER_INSIDE, cases.UNSTABLE_BALANCED]
)
def test_the_orbit_lies_in_its_enclosure(case: tuple[str, str]) -> None:
    problem, steps = cases.problem(*case), 120
    states = [starting_state(problem.weights, 96)]
    for _ in range(steps):
        states.append(step(states[-1], problem.eta)[0])
    with mp.workdps(80):
        for state, weights in zip(states, cases.orbit(problem, steps, 80), strict=True):
            assert distance(state, weights) <= mp.mpf(state.radius) / 2**state.bits
            low, high = state.error()
            assert low <= (mp.fprod(weights) - 1) * 2**state.bits <= high
    assert states[-1].radius < 2**80


@pytest.mark.parametrize("case", [cases.CROSSING, cases.LATER_INSIDE, ("1/5", "6/5,1,1/2,3"), ("1/10", "-2,-1,1,3")])
def test_every_orbit_of_a_ball_lies_in_the_enclosure(case: tuple[str, str]) -> None:
    """Growth of errors: orbits from the edge of a wide ball, also after changes of sign."""
    generator, (eta, text) = random.Random(3), case
    start = [Fraction(w) for w in text.split(",")]
    bits = 96
    state = State(bits, tuple(int(w * 2**bits) for w in start), 2 ** (bits - 12))
    with mp.workdps(60):
        starts = []
        for _ in range(10):
            direction = [generator.gauss(0, 1) for _ in start]
            length = sum(x * x for x in direction) ** 0.5
            starts.append([cases.exact(w) + mp.mpf(x) / length / 2**12 for w, x in zip(start, direction, strict=True)])
        for _ in range(6):
            try:
                state = step(state, Fraction(eta))[0]
            except Rejected:
                break
            for orbit in starts:
                product = mp.fprod(orbit)
                orbit[:] = [w - cases.exact(Fraction(eta)) * (product - 1) * product / w for w in orbit]
                assert distance(state, orbit) <= mp.mpf(state.radius) / 2**bits * (1 + mp.mpf(10) ** -9)


def test_a_step_that_changes_a_sign_above_the_minimum_is_noticed() -> None:
    state = starting_state((Fraction(3), Fraction(3), Fraction(1, 2)), 96)
    assert step(state, Fraction(1, 100))[1]  # r = 0.1575, the smallest square is 0.25
    assert not step(state, Fraction(1, 50))[1]  # r = 0.315
    state = starting_state((Fraction(1, 3), Fraction(1, 2)), 96)
    assert step(state, Fraction(2))[1]  # below the minimum all weights grow
    state = State(96, (-(1 << 96), 1 << 95), 1)
    assert not step(state, Fraction(1, 100))[1]  # the product is negative


def test_a_weight_that_may_be_zero_is_refused() -> None:
    with pytest.raises(Rejected, match="contains 0"):
        step(State(96, (1 << 96, 5), 5), Fraction(1, 2))
    with pytest.raises(Rejected, match="contains 0"):
        State(96, (1 << 96, -5), 7).squares()


@pytest.mark.parametrize("depth", [2, 3, 6])
def test_the_contraction_holds_along_orbits(depth: int) -> None:
    generator, seen = random.Random(depth), 0
    for _ in range(25):
        weights = [Fraction(generator.randint(30, 200), 100) for _ in range(depth - 1)]
        last = Fraction(1)
        for w in weights:
            last /= w
        weights.append((last * (1 + Fraction(generator.randint(-60, 60), 1000))).limit_denominator(10**6))
        sharpness = checker.sharpness(starting_state(tuple(weights), 128), Fraction(1))
        assert sharpness is not None
        eta = Fraction(generator.randint(5, 199) * 10**6, int(sharpness[0] * 10**8))
        state = starting_state(tuple(weights), 128)
        found = checker.tail_from(state, eta)
        if found is None:
            continue
        seen += 1
        with mp.workdps(40):
            orbit = cases.orbit(cases.Problem(eta, tuple(weights)), 40, 40)
            errors = [abs(mp.fprod(w) - 1) for w in orbit]
            rate = cases.exact(found.rate)
            assert all(b <= rate * a + mp.mpf(10) ** -35 for a, b in pairwise(errors))
            for w in (orbit[10], orbit[40]):
                value = cases.eta_phi(w, eta)
                low, high = (cases.exact(x) for x in found.limit)
                assert low - mp.mpf(10) ** -30 <= value <= high + mp.mpf(10) ** -30
                moved = max(abs(x - y) for x, y in zip(w, orbit[0], strict=True))
                assert moved <= cases.exact(found.distance)
    assert seen > 8


@pytest.mark.parametrize(
    ("error", "sharpness"),
    [("1/100", "2"), ("1/100", "199/100"), ("1/10", "19/10"), ("1", "1"), ("1/2", "3/2")],
)
def test_the_contraction_is_not_claimed_where_it_may_fail(error: str, sharpness: str) -> None:
    assert tail(Fraction(error), (Fraction(sharpness), Fraction(sharpness)), Fraction(1, 5)) is None


def test_the_contraction_holds_close_to_the_edge() -> None:
    a = Fraction(199, 100)
    assert tail(Fraction(1, 5000), (a, a), Fraction(1, 5)) is not None


def test_a_start_at_a_minimum_does_not_move_whatever_its_sharpness() -> None:
    assert tail(Fraction(0), (Fraction(3), Fraction(3)), Fraction(1)) == tail(
        Fraction(0), (Fraction(3),) * 2, Fraction(2)
    )
    assert tail(Fraction(1, 10**9), (Fraction(3), Fraction(3)), Fraction(1)) is None
