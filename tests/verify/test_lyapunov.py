"""Theorem V: its lemmas are proved, say what a step does, and hold along trajectories; false neighbours are refuted."""

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from theorem_cases import gfs_squares, premises_hold, product_of, require_proved, statement_of

from numeric.sampling import sample_unflipped
from numeric.scalar import gd_step, product
from verify.engine import Limits, settle
from verify.theorems import lyapunov
from verify.theorems.lyapunov import above_step, below_step, lyapunov_claims, series, spread_step
from verify.theorems.lyapunov_forms import NearStep, Step
from verify.theorems.lyapunov_neighbours import lyapunov_neighbours

CHAIN = [*lyapunov_claims(), *lyapunov_neighbours()]
LEMMAS = {c.identifier: c for c in CHAIN if c.kind == "lemma"}
NEIGHBOURS = {c.identifier: c for c in CHAIN if c.kind == "neighbour"}
LIMITS = Limits(seconds=30.0, solver_seconds=0.0)
TINY = mpmath.mpf(10) ** -25


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    """Work with 60 digits."""
    with mpmath.workdps(60):
        yield


@pytest.mark.parametrize("name", LEMMAS)
def test_each_lemma_is_proved_and_not_vacuous(name: str) -> None:
    require_proved(LEMMAS[name], LIMITS)


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_false_neighbours_are_refuted(name: str) -> None:
    found = settle(NEIGHBOURS[name], LIMITS)
    assert (found.verdict, found.tier, found.rule) == ("refuted", "kernel", "counterexample")
    assert premises_hold(statement_of(NEIGHBOURS[name]), {k: Fraction(v) for k, v in found.witness.items()})


# One step, from the definitions


def value(p: Any, q: Any) -> Any:
    return q * p + (1 - q) * p**3 / 3


def change(p: Any, after: Any, q: Any) -> Any:
    return value(p, q) + value(after, q) - 2 * value(mpmath.mpf(1), q)


def shapes(draw: random.Random, depth: int) -> list[Any]:
    """Return a random shape: even, near a vertex, or some large and many small shares."""
    power = draw.choice([0.2, 1.0, 3.0, 8.0])
    parts = [mpmath.mpf(draw.random()) ** power + mpmath.mpf(10) ** -6 for _ in range(depth)]
    return [x / sum(parts) for x in parts]


def step(alphas: list[Any], a: Any, t: Any) -> tuple[Any, Any, bool]:
    """Return the products before and after a step at the shift t, and whether no weight flips."""
    p = mpmath.sqrt(product_of([1 + t * x for x in alphas]))
    factors = [1 - a * x * p * (p - 1) / (1 + t * x) for x in alphas]
    return p, p * product_of(factors), min(factors) > 0


@pytest.mark.parametrize("depth", [2, 3, 5, 12, 40])
def test_one_step_contracts_for_every_shape(depth: int) -> None:
    draw, above, below = random.Random(depth), 0, 0
    for _ in range(1500):
        alphas = shapes(draw, depth)
        q, a = sum(x * x for x in alphas), mpmath.mpf(draw.choice([2, 2, 2 - 1.999 * draw.random()]))
        down = -mpmath.mpf(1 - 10 ** (-6 * draw.random())) / max(alphas)
        t = draw.choice([down, mpmath.mpf(10) ** draw.uniform(-4, 0.5)])
        p, after, kept = step(alphas, a, t)
        if p < 1:
            below += 1
            assert p < after
            assert change(p, after, q) < 0
        elif kept:
            above += 1
            assert after < p
            assert change(p, after, q) > 0
            assert 1 - after <= lyapunov.GROWTH.p * (p - 1) / lyapunov.GROWTH.q
    assert min(above, below) > 200


def test_at_the_edge_no_other_weight_of_the_cube_will_do() -> None:
    """V with more or less of the cube than 1 - q grows, from one side of the minimum."""
    alphas = [mpmath.mpf(x) for x in ("0.6", "0.3", "0.1")]
    q = sum(x * x for x in alphas)
    for other, t in ((q + 0.05, 2e-3), (q - 0.05, -2e-3)):
        p, after, _ = step(alphas, mpmath.mpf(2), mpmath.mpf(t))
        assert change(p, after, q) * (p - 1) > 0
        assert change(p, after, other) * (p - 1) < 0


# What the lemmas over boxes speak of


def remainders(rho: Any, v: Any, z: Any) -> tuple[Any, Any]:
    """Return b and F of V2 from their definitions."""
    inverse = (1 + v) ** (-rho) * mpmath.exp(-(1 - rho) * v) if rho else mpmath.exp(-v)
    return ((1 + rho) / 2 * v**2 - v + 1 - inverse) / v**3, (mpmath.exp(z) - 1 - z) / z**2


@pytest.mark.parametrize(
    ("name", "build", "points"),
    [
        ("above", lambda: above_step()[1], [(0.0, 0.3, 0.4), (0.0, 0.9, 0.2), (0.0, 0.05, 2.5)]),
        ("below", lambda: below_step()[2], [(0.3, 0.2, -0.5), (1.0, 0.4, -1.2), (0.8, 0.02, -0.9)]),
        ("spread", spread_step, [(0.0, 0.5, -0.4), (0.0, 0.95, -0.2)]),
    ],
    ids=["above", "below", "spread"],
)
def test_the_divided_expressions_are_the_change_of_v(name: str, build: Any, points: Any) -> None:
    """At the true remainders the expressions of V2.1, V2.2 and V2.4 are the change of V over its zeros."""
    near = build()
    divided = near.deep if name == "spread" else near.near
    for rho, xi, t in ((mpmath.mpf(x) for x in row) for row in points):
        y = 1 - xi
        rest = (1 + xi * t) ** rho * mpmath.exp((1 - rho) * xi * t)
        p = mpmath.sqrt((1 + y * t) * rest)
        s = t + 2 * p * (1 - p)
        after = mpmath.exp(s) / p if name == "spread" else (1 + y * s) * mpmath.exp(xi * s) / p
        b, f = remainders(rho, xi * t, s if name == "spread" else xi * s)
        symbol = sp.Symbol("f")
        kappa = sp.solve(near.b - sp.Symbol("b"), lyapunov.KAPPA)[0]
        place = {lyapunov.XI: xi, lyapunov.T: t, lyapunov.RHO: rho, lyapunov.O: mpmath.sqrt(1 + y * t)}
        names = [*place, sp.Symbol("b")]
        found = sp.lambdify(names, kappa, "mpmath")(*place.values(), b)
        assert -TINY <= found <= 1 + TINY
        z = sp.Symbol("z")
        omega = sp.solve(series(z) - symbol, lyapunov.OMEGA)[0]
        assert 0 <= sp.lambdify([z, symbol], omega, "mpmath")(s if name == "spread" else xi * s, f) <= 1
        got = sp.lambdify([*place, lyapunov.KAPPA, symbol], divided(symbol), "mpmath")(*place.values(), found, f)
        q = y**2 + rho * xi**2
        zeros = (p - 1) ** 3 * (1 if name == "spread" else xi**2)
        assert abs(got - change(p, after, q) / zeros) < TINY
        if name != "spread":
            plain, lack = Step(p, xi, rho, b), (p**2 - 1 - t) / xi
            rest = plain.rest(t, lack, plain.second(xi * t), f)
            assert abs(plain.far(rest) - change(p, after, q) / xi**2) < TINY
            e = p - 1
            exact = NearStep(p, xi, rho, b, t / e, lack / e**2)
            assert abs(exact.overshoot(f) - (1 - after) / e) < TINY


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0])
def test_the_bounds_of_the_series(rho: float) -> None:
    for v in (-0.81, -0.4, -0.01):
        b, f = remainders(mpmath.mpf(rho), mpmath.mpf(v), mpmath.mpf(v))
        u = -v
        high = (1 - rho) / (6 * (1 - mpmath.mpf(u) / 4)) + rho / (1 - mpmath.mpf(u))
        assert (1 + 5 * mpmath.mpf(rho)) / 6 <= b <= high + TINY
        assert 0.5 + v / 6 <= f <= 0.5
    for v in (0.01, 1.0, 3.0):
        b, _ = remainders(mpmath.mpf(0), mpmath.mpf(v), mpmath.mpf(-1))
        assert mpmath.exp(-mpmath.mpf(v) / 4) / 6 <= b <= mpmath.mpf(1) / 6


# The theorem along trajectories


@pytest.mark.parametrize("depth", range(2, 7))
def test_along_trajectories_v_contracts_and_the_loss_is_bounded(depth: int) -> None:
    rng = np.random.default_rng(100 + depth)
    states = sample_unflipped(depth, 200, rng, a_range=(0.5, 1.99), smallest_product=0.05)
    w, eta = states.weights, states.eta
    q = np.array([float(_mean_share(row)) for row in w])
    start = product(w)
    before, largest, jumps = np.abs(change_from_one(start, q)), (start - 1) ** 2, 0
    for _ in range(400):
        w = gd_step(w, eta)
        p = product(w)
        now = np.abs(change_from_one(p, q))
        assert (now <= before + 1e-13).all()
        jumps += int(((p - 1) ** 2 > largest * (1 + 1e-9)).sum())
        assert ((p - 1) ** 2 <= 1.85 * largest + 1e-20).all()
        assert ((p - 1) ** 2 <= largest + 1e-13)[start <= 1].all()
        before = now
    assert jumps > 0


def change_from_one(p: Any, q: Any) -> Any:
    return q * p + (1 - q) * p**3 / 3 - q - (1 - q) / 3


def _mean_share(weights: Any) -> Any:
    with mpmath.workdps(20):
        inverse = [1 / z for z in gfs_squares([mpmath.mpf(float(x)) ** 2 for x in weights])]
        return sum(x * x for x in inverse) / sum(inverse) ** 2


def test_the_factor_of_the_loss_is_nearly_reached() -> None:
    """256 equal weights at the edge: one step multiplies the loss by more than 1.845."""
    depth, p = 256, mpmath.mpf("1.376")
    _, after, kept = step([mpmath.mpf(1) / depth] * depth, 2, depth * (p ** (mpmath.mpf(2) / depth) - 1))
    assert kept
    assert 1.845 < ((after - 1) / (p - 1)) ** 2 < 1.85
