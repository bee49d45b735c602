"""Theorem C for every depth: the moments against the weights themselves, and the sharper constants."""

import random
from collections.abc import Sequence
from math import prod

import mpmath
import pytest
import sympy as sp

from verify.claims import Outcome, combined
from verify.engine import Limits, settle
from verify.theorems.every_depth import moment_bounds, moment_domain
from verify.theorems.moments import HIGHEST_SHIFT, LOWEST_SHIFT, NEARBY, A, Moments, T
from verify.theorems.scalar import scalar_graph, selected_graph

GRAPH = scalar_graph(None)
SLACK = mpmath.mpf(10) ** -40


def shapes(depth: int, count: int = 12) -> list[list[mpmath.mpf]]:
    """Return random shapes, from balanced ones to nearly a vertex."""
    draw = random.Random(depth)
    found = []
    for k in range(count):
        raw = [mpmath.mpf(draw.random()) ** (1 + 2 * k) + mpmath.mpf(10) ** -9 for _ in range(depth)]
        found.append([x / mpmath.fsum(raw) for x in raw])
    return [*found, [mpmath.mpf(1) / depth] * depth]


def symmetric(values: Sequence[mpmath.mpf]) -> list[mpmath.mpf]:
    """Return the elementary symmetric functions e_0, e_1, ..."""
    found = [mpmath.mpf(1)]
    for x in values:
        found = [a + x * b for a, b in zip([*found, 0], [0, *found], strict=True)]
    return found


def tail(e: Sequence[mpmath.mpf], first: int, gain: mpmath.mpf) -> mpmath.mpf:
    return mpmath.fsum(x * gain**k for k, x in enumerate(e[first:]))


def moments(alphas: Sequence[mpmath.mpf], a: mpmath.mpf, t: mpmath.mpf) -> dict[sp.Symbol, mpmath.mpf]:
    """Return the numbers of claim C5 of a shape of at least three weights, t not 0."""
    q, m, fourth = (mpmath.fsum(x**k for x in alphas) for k in (2, 3, 4))
    weights = [x**4 / (1 + t * x) for x in alphas]
    total = mpmath.fsum(weights)
    v = mpmath.fsum(y * (2 + 1 / (1 + t * x)) for x, y in zip(alphas, weights, strict=True)) / total
    r, n = mpmath.sqrt(q), m / q
    k = mpmath.fsum(x * y for x, y in zip(alphas, weights, strict=True)) / total
    xs = [x / (1 + t * x) for x in alphas]
    pi = mpmath.sqrt(prod(1 + t * x for x in alphas))
    c = a * pi * (pi - 1)
    e, ex = symmetric(alphas), symmetric(xs)
    spread = (r - n) or mpmath.mpf(1)  # all three are equal for a balanced shape
    names = {symbol.name: symbol for symbol in moment_domain()}
    found = {
        "a": a,
        "t": t,
        "r": r,
        "mu": (n / r - r) / (1 - r),
        "lambda": (fourth / m - n) / spread,
        "kappa": (k - n) / spread,
        "nu": (1 / (v - 2) - 1) / (t * r),
        "rho": tail(e, 3, t) / (1 - q),
        "tau": tail(ex, 3, -c) / (ex[1] * ex[2]),
    }
    return {names[name]: value for name, value in found.items()}


def between(low: sp.Rational, high: sp.Rational, draw: random.Random) -> mpmath.mpf:
    return mpmath.mpf(low.p) / low.q + mpmath.mpf(draw.random()) * mpmath.mpf((high - low).p) / (high - low).q


@pytest.mark.parametrize("depth", [3, 4, 7, 30])
def test_every_shape_has_such_moments_and_their_remainder_is_that_of_a_step(depth: int) -> None:
    with mpmath.workdps(60):
        value = sp.lambdify(list(moment_domain()), Moments().remainder(), "mpmath")
        draw = random.Random(100 + depth)
        for alphas in shapes(depth):
            a = mpmath.mpf(6) / 5 + mpmath.mpf(4) / 5 * mpmath.mpf(draw.random())
            t = between(LOWEST_SHIFT, HIGHEST_SHIFT, draw)
            while abs(mpmath.sqrt(prod(1 + t * x for x in alphas)) - 1) > NEARBY:
                t *= mpmath.mpf(9) / 10
            found = moments(alphas, a, t)
            for symbol, (low, high) in moment_domain().items():
                low, high = (mpmath.mpf(sp.Rational(x).p) / sp.Rational(x).q for x in (low, high))
                assert low - SLACK <= found[symbol] <= high + SLACK, symbol
            pi = mpmath.sqrt(prod(1 + t * x for x in alphas))
            e = pi - 1
            after = pi * prod(1 - a * x * pi * e / (1 + t * x) for x in alphas)
            measured = (after - 1 - (1 - a) * e) / e**2
            assert abs(value(*(found[symbol] for symbol in moment_domain())) - measured) < mpmath.mpf(10) ** -30


def test_the_graph_of_every_depth() -> None:
    assert not any(claim.varies for claim in GRAPH.claims)
    theorems = [c.identifier for c in GRAPH.claims if c.kind == "theorem"]
    assert theorems == [f"theorem-{name}" for name in ("A", "B", "C", "C-sharper", "E", "G", "H", "V", "T", "P")]
    others = {name: GRAPH.by_identifier[name].scope for name in theorems}
    assert others.pop("theorem-P") == "depth 2"
    assert set(others.values()) == {"every depth"}
    one = scalar_graph(4)
    for claim in GRAPH.claims:
        other = one.by_identifier.get(claim.identifier)
        assert other is None or other == claim or other.varies
    part = selected_graph(None, "convergence")
    assert {"theorem-C", "theorem-C-sharper", "N6.false", "N11.false"} <= set(part.by_identifier)
    assert "theorem-G" not in part.by_identifier


def outcome(identifier: str) -> Outcome:
    claim = next(c for c in GRAPH.claims if c.identifier == identifier)
    return settle(claim, Limits())


@pytest.mark.parametrize("identifier", [c.identifier for c in moment_bounds()])
def test_its_bounds_are_proved_by_the_kernel(identifier: str) -> None:
    found = outcome(identifier)
    assert (found.verdict, found.tier) == ("proved", "kernel")


def test_all_of_it_rests_on_the_kernel_and_on_written_steps() -> None:
    outcomes = {
        c.identifier: Outcome(c.identifier, "proved", "argument" if c.argument else "kernel") for c in GRAPH.claims
    }
    assert combined(GRAPH, outcomes, "theorem-C-sharper") == ("proved", "argument")
    assert {A, T} <= set(moment_domain())
    assert 1 + HIGHEST_SHIFT > (1 + NEARBY) ** 2
    assert 1 + LOWEST_SHIFT + LOWEST_SHIFT**2 / 2 < (1 - NEARBY) ** 2
