"""The second-order remainder: exact values, end-to-end derivation, size, false neighbours."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import prod
from random import Random

import pytest
import sympy

from symbolic.identity import Identity
from symbolic.remainder import Remainder, remainder, remainder_at_minimum, step_tail
from symbolic.remainder_certificate import derived_scaled_remainder, remainder_certificate, remainder_identities
from symbolic.symmetric import elementary_symmetric, horner

DEPTHS = range(2, 7)


def rational_point(rng, depth):
    """Return ``(alphas, a, t, pi)`` rational: ``1 + t alpha_i = u_i**2``, so ``t = sum(u_i**2 - 1)``."""
    side = rng.choice((1, -1))
    u = [1 + side * Fraction(rng.randint(1, 9), rng.randint(20, 90)) for _ in range(depth)]
    t = sum(x**2 - 1 for x in u)
    return [(x**2 - 1) / t for x in u], Fraction(rng.randint(1, 28), 10), t, prod(u)


def second_order_error(alphas, a, t, pi):
    """Return ``(pi+ - 1 - (1 - a) e) / e**2`` from the step itself."""
    e = pi - 1
    after = pi * prod(1 - a * alpha * pi * e / (1 + t * alpha) for alpha in alphas)
    return (after - 1 - (1 - a) * e) / e**2


def substituted(found: Remainder, alphas, a, t):
    values = map(sympy.Rational, (*alphas, a, t))
    return found.value.subs(dict(zip((*found.alphas, found.a, found.t), values, strict=True)))


@pytest.mark.parametrize("depth", DEPTHS)
def test_remainder_is_exact_at_rational_points(depth):
    rng, found = Random(depth), remainder(depth)
    for _ in range(5):
        alphas, a, t, pi = rational_point(rng, depth)
        assert sum(alphas) == 1
        assert substituted(found, alphas, a, t) == second_order_error(alphas, a, t, pi)


@pytest.mark.parametrize("depth", DEPTHS)
def test_remainder_at_the_minimum(depth):
    rng, found = Random(depth), remainder(depth)
    alphas, a, _, _ = rational_point(rng, depth)
    assert substituted(found, alphas, a, 0) == remainder_at_minimum(alphas, a)
    assert remainder_at_minimum([Fraction(1), Fraction(0)], Fraction(2)) == 0  # a vertex
    assert remainder_at_minimum([Fraction(1, depth)] * depth, Fraction(2)) == -2 * (1 - Fraction(1, depth))


@pytest.mark.parametrize("depth", [2, 3])
def test_remainder_is_derived_end_to_end(depth):
    """In the parameters ``u_i = sqrt(1 + t alpha_i)`` all is rational and no relation is left."""
    u = [sympy.Symbol(f"u_{i + 1}") for i in range(depth)]
    a, t, pi = sympy.Symbol("a"), sympy.Add(*(x**2 - 1 for x in u)), sympy.Mul(*u)
    alphas = [(x**2 - 1) / t for x in u]
    found = remainder(depth)
    value = found.value.subs(found.pi, sympy.Symbol("pi"))
    value = value.subs({**dict(zip(found.alphas, alphas, strict=True)), found.t: t, sympy.Symbol("pi"): pi})
    after = pi * sympy.Mul(*(1 - a * alpha * pi * (pi - 1) / x**2 for alpha, x in zip(alphas, u, strict=True)))
    claim = Identity("end to end", "", "", (after - 1 - (1 - a) * (pi - 1),), (value * (pi - 1) ** 2,))
    assert claim.holds()
    assert not replace(claim, rhs=(-claim.rhs[0],)).holds()


@pytest.mark.parametrize("depth", DEPTHS)
def test_certificate_has_one_multiplier_an_equality_that_vanishes_on_the_shapes(depth):
    stated = remainder_certificate(depth)
    assert len(stated.equalities) == len(stated.multipliers) == depth + 2
    assert len(stated.generators) == 2 * depth + 3
    alphas, a, t, pi = rational_point(Random(depth), depth)
    betas = [a * alpha * pi / (1 + t * alpha) for alpha in alphas]
    values = map(sympy.Rational, (*alphas, *betas, a, t, pi - 1))
    at = dict(zip(stated.generators, values, strict=True))
    assert [equality.subs(at) for equality in stated.equalities] == [0] * (depth + 2)
    assert stated.claim.subs(at) == 0
    assert stated.scaled_remainder.subs(at) / stated.h.subs(at) == second_order_error(alphas, a, t, pi)


def test_derived_quotient_at_depth_two_written_out():
    stated = remainder_certificate(2)
    (p, q), (b, c), a, t, e = stated.alphas, stated.betas, stated.a, stated.t, stated.e
    h, pi = 1 + p * q * t, 1 + e
    written = -a * (pi + 1) * h + pi * (pi + 1) * (p * b + q * c) + pi * h * b * c
    assert derived_scaled_remainder(2) == sympy.Poly(written, *stated.generators)


def test_indivisible_error_is_reported(monkeypatch):
    """Without the multiplier of ``sum alpha = 1`` the error is of first order only."""
    from symbolic import remainder_certificate as module

    true_parts = module._ring_parts
    monkeypatch.setattr(
        module,
        "_ring_parts",
        lambda stated: replace(true_parts(stated), multipliers=(*true_parts(stated).multipliers[:-2], 0, 0)),
    )
    with pytest.raises(ArithmeticError, match="not divisible"):
        derived_scaled_remainder(2)


def neighbours():
    """Return false statements close to true ones, at depth 4, named."""
    stated = remainder_certificate(4)
    found = {identity.name: identity for identity in remainder_identities(4)}
    quotient, combined = found["remainder-quotient"], found["remainder-certificate"]
    minimum, pi = found["remainder-at-minimum"], 1 + stated.e
    tail = stated.h * pi * step_tail(stated.betas, stated.e)
    wrong_tail = stated.h * pi * step_tail(stated.betas, -stated.e)
    q = sum(alpha**2 for alpha in stated.alphas)
    pairs = list(zip(stated.multipliers, stated.equalities, strict=True))
    return {
        "sign of e in the tail": replace(quotient, rhs=(quotient.rhs[0] - tail + wrong_tail,)),
        "sign of the whole": replace(quotient, rhs=(-quotient.rhs[0],)),
        "-a pi for -a (pi + 1)": replace(quotient, rhs=(quotient.rhs[0] + stated.a * stated.h,)),
        "one multiplier missing": replace(combined, rhs=(sympy.Add(*(m * g for m, g in pairs[1:])),)),
        "t multiplier missing": replace(
            combined, rhs=(combined.rhs[0] - pairs[-2][0] * pairs[-2][1] + stated.a * pairs[-2][1],)
        ),
        "at minimum, a^2 for a^2 / 2": replace(minimum, rhs=(-(2 * stated.a - stated.a**2) * (1 - q),)),
        "at minimum, sign": replace(minimum, rhs=(-minimum.rhs[0],)),
        "t / e = pi / h": replace(found["remainder-regular-factor"], rhs=(sympy.Symbol("pi") / stated.h,)),
    }


@pytest.mark.parametrize("name", neighbours())
def test_false_neighbours_do_not_hold(name):
    assert not neighbours()[name].holds()


def distinct_nodes(expression):
    return len(set(sympy.preorder_traversal(expression)))


def test_remainder_has_quadratically_many_distinct_subexpressions():
    sizes = {depth: distinct_nodes(remainder(depth).value) for depth in (4, 8)}
    assert sizes[4] < 120
    assert sizes[8] < 4 * sizes[4]


@pytest.mark.parametrize("count", range(6))
def test_elementary_symmetric_functions_are_sums_over_subsets(count):
    rng = Random(count)
    values = [Fraction(rng.randint(-9, 9), rng.randint(1, 9)) for _ in range(count)]
    expected = [sum(map(prod, combinations(values, k))) for k in range(count + 1)]
    assert elementary_symmetric(values) == expected


def test_horner_evaluates_the_polynomial():
    assert horner([Fraction(1), Fraction(2), Fraction(3)], Fraction(1, 2)) == Fraction(11, 4)
    assert horner([], Fraction(7)) == 0
