"""Enclosures of the trajectory against exact rationals, and of phi against mpmath and against gradient flow itself."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from scipy.integrate import solve_ivp
from trajectory_cases import as_mpmath, gaussian_problem, mpmath_sharpness, one_sample

from verify.kernel.errors import Rejected
from verify.provers.trajectory_search import find
from verify.trajectory.model import (
    Hint,
    State,
    enclose_eigenvalue,
    flow,
    largest,
    moves,
    next_state,
    residual,
    squared_length,
    starting_state,
)
from verify.trajectory.problem import Problem, integer_data

NUMBERS = st.fractions(-2, 2, max_denominator=9)


@st.composite
def problems(draw):
    samples = draw(st.integers(1, 2))
    size = draw(st.integers(samples, 3))

    def vector(length):
        return tuple(draw(NUMBERS) for _ in range(length))

    features = tuple(vector(size) for _ in range(samples))
    eta = draw(st.fractions(Fraction(1, 50), 1, max_denominator=50))
    return Problem(features, vector(samples), vector(size), vector(size), eta)


def exact_step(problem, plus, minus):
    """r, 2 eta g and the weights after one step, in Fractions, by the definition with the weights."""
    samples = len(problem.targets)
    beta = [a * a - b * b for a, b in zip(plus, minus, strict=True)]
    r = [
        sum(x * b for x, b in zip(row, beta, strict=True)) - y
        for row, y in zip(problem.features, problem.targets, strict=True)
    ]
    g = [sum(row[i] * e for row, e in zip(problem.features, r, strict=True)) / samples for i in range(len(beta))]
    shifts = [2 * problem.eta * x for x in g]
    new_plus = [a * (1 - x) for a, x in zip(plus, shifts, strict=True)]
    return r, shifts, new_plus, [b * (1 + x) for b, x in zip(minus, shifts, strict=True)]


def inside(balls, values, bits):
    return all(abs(v * 2**bits - m) <= r for (m, r), v in zip(balls, values, strict=True))


@given(problems(), st.sampled_from([8, 40, 150]))
def test_states_contain_the_exact_trajectory(problem, bits):
    data, state = integer_data(problem), starting_state(problem, bits)
    plus, minus = problem.plus, problem.minus
    for _ in range(4):
        assert inside(state.plus, [a * a for a in plus], bits)
        assert inside(state.minus, [b * b for b in minus], bits)
        errors = residual(data, state.plus, state.minus, bits)
        shifts = moves(data, errors)
        exact, exact_shifts, plus, minus = exact_step(problem, plus, minus)
        assert inside(errors, exact, bits)
        assert inside(shifts, exact_shifts, bits)
        low, high = squared_length(errors)
        assert low <= sum(e * e for e in exact) * 4**bits <= high
        low, high = largest(shifts)
        assert low <= max(abs(x) for x in exact_shifts) * 2**bits <= high
        try:
            state = next_state(state, shifts)
        except Rejected:
            assert max(abs(x) for x in (*plus, *minus)) > 2**400 or bits == 8
            return


def test_a_step_that_sets_a_weight_to_0():
    """x = 1, y = 1/2, u = 1, v = 1, eta = 1: r = -1/2, 2 eta g = -1, so v becomes 0, exactly."""
    problem = one_sample(["1"], "1/2", ["1"], ["1"], 1)
    data, state = integer_data(problem), starting_state(problem, 64)
    state = next_state(state, moves(data, residual(data, state.plus, state.minus, 64)))
    assert state.plus == ((4 << 64, 0),)
    assert state.minus == ((0, 0),)


def test_a_state_beyond_the_limit():
    problem = one_sample(["1"], "1/2", [f"{10**180}"], ["1"], 1)
    with pytest.raises(Rejected, match="limit"):
        starting_state(problem, 64)


@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(0, 3), st.sampled_from([64, 96, 200]))
def test_phi_lies_within_its_bounds(seed, samples, more, bits):
    problem = gaussian_problem(samples, max(3, samples + more), 1, seed=seed)
    data, state = integer_data(problem), starting_state(problem, 300)
    found = find(data, state, bits, [Fraction(0)] * samples)
    assert found is not None
    with mp.workdps(120):
        phi = mpmath_sharpness(*as_mpmath(problem)[:4])
        lower, upper = (mp.mpf(x.numerator) / x.denominator for x in (found.lower, found.upper))
        assert lower <= phi <= upper
        assert upper - lower <= phi * mp.mpf(2) ** (30 - bits)


def test_the_hessian_lies_within_its_ball():
    problem = gaussian_problem(2, 4, 1)
    data, bits = integer_data(problem), 60
    start = starting_state(problem, 100)
    wide = State(100, tuple((m, r + 2**50) for m, r in start.plus), tuple((m, r + 2**50) for m, r in start.minus))
    at = flow(data, wide, [2**58, -(2**57)], bits)
    with mp.workdps(60):
        features, _, plus, minus, _ = as_mpmath(problem)
        for sign in (-1, 0, 1):
            s = features.T * mp.matrix([mp.mpf(1) / 4, -mp.mpf(1) / 8])
            moved = sign * mp.mpf(2) ** -50
            weights = [
                (plus[i] ** 2 + moved) * mp.exp(s[i]) + (minus[i] ** 2 + moved) * mp.exp(-s[i]) for i in range(4)
            ]
            difference = features * mp.diag(weights) * features.T * 2**bits - mp.matrix(at.matrix)
            size = max(abs(x) for x in mp.eigsy(difference, eigvals_only=True))
            assert size <= at.radius
            assert sign == 0 or at.radius <= 3 * size


def test_phi_is_the_sharpness_where_gradient_flow_ends():
    """Integrate gradient flow on the weights and take the largest eigenvalue of the full Hessian of the loss there."""
    problem = gaussian_problem(3, 6, 1, seed=4)
    features = np.array(problem.features, dtype=float)
    targets = np.array(problem.targets, dtype=float)

    def field(_, w):
        g = features.T @ (features @ (w[:6] ** 2 - w[6:] ** 2) - targets) / 3
        return np.concatenate([-2 * w[:6] * g, 2 * w[6:] * g])

    begin = np.array([*problem.plus, *problem.minus], dtype=float)
    end = solve_ivp(field, (0, 200), begin, method="LSODA", rtol=1e-11, atol=1e-13).y[:, -1]
    r = features @ (end[:6] ** 2 - end[6:] ** 2) - targets
    assert np.abs(r).max() < 1e-8
    jacobian = np.hstack([2 * features * end[:6], -2 * features * end[6:]])
    sharpness = np.linalg.eigvalsh(jacobian.T @ jacobian / 3)[-1]
    found = find(integer_data(problem), starting_state(problem, 200), 128, [Fraction(0)] * 3)
    assert float(found.lower) == pytest.approx(sharpness, rel=1e-7)


def test_two_equal_largest_eigenvalues():
    """X = 1 (2 x 2), equal weights: H is a multiple of the unit matrix."""
    one, zero = Fraction(1), Fraction(0)
    half = (Fraction(1, 2), Fraction(1, 2))
    problem = Problem(((one, zero), (zero, one)), (one, one), half, half, Fraction(1, 3))
    found = find(integer_data(problem), starting_state(problem, 200), 128, [zero, zero])
    assert found is not None
    with mp.workdps(50):  # p e^s - q e^-s = 1 with p = q = 1/4: sinh s = 2, w = cosh(s) / 2 = sqrt(5) / 2, phi = 2 w
        assert mp.mpf(found.lower.numerator) / found.lower.denominator <= mp.sqrt(5)
        assert mp.mpf(found.upper.numerator) / found.upper.denominator >= mp.sqrt(5)
    assert found.upper - found.lower < Fraction(1, 10**30)


@pytest.fixture(scope="module")
def good():
    problem = gaussian_problem(2, 4, 1)
    data, state = integer_data(problem), starting_state(problem, 200)
    found = find(data, state, 96, [Fraction(0)] * 2)
    return data, state, found.hint


def changed(hint, **values):
    names = ("bits", "centre", "floor", "vector", "slack")
    return Hint(**{name: values.get(name, getattr(hint, name)) for name in names})


def test_bad_hints_are_rejected(good):
    data, state, hint = good
    enclose_eigenvalue(data, state, hint)
    far = tuple(n + (1 << 94) for n in hint.centre)
    for bad, message in (
        (changed(hint, bits=201), "bits"),
        (changed(hint, vector=(0, 0)), "vector"),
        (changed(hint, floor=1 << 110), "definite"),
        (changed(hint, floor=0), "definite"),
        (changed(hint, floor=-(1 << 110)), "definite"),
        (changed(hint, centre=far), "centre"),
        (changed(hint, centre=(1 << 400, 0)), "exponent"),
        (changed(hint, slack=-(1 << 90)), "largest"),
        (changed(hint, vector=(hint.vector[1], -hint.vector[0])), "largest"),
    ):
        with pytest.raises(Rejected, match=message):
            enclose_eigenvalue(data, state, bad)


def test_poor_hints_give_wider_bounds_that_still_hold(good):
    data, state, hint = good
    best = enclose_eigenvalue(data, state, hint)
    bounds = []
    for power in (0, 10, 40, 70, 80):
        centre = tuple(n + (1 << power) for n in hint.centre)
        bounds.append(enclose_eigenvalue(data, state, changed(hint, centre=centre, slack=1 << power + 8)))
    bounds.append(enclose_eigenvalue(data, state, changed(hint, floor=hint.floor >> 20)))
    assert all(lower <= best[1] and best[0] <= upper for lower, upper in bounds)
    widths = [upper - lower for lower, upper in (best, *bounds[:5])]
    assert all(a < b for a, b in pairwise(widths))
    assert widths[-1] > 1 << 80
