"""The gradient descent step, balances and Hessian against direct evaluation in exact arithmetic."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import prod
from random import Random

import pytest
import sympy

from symbolic.scalar import (
    SHIFT,
    STEP_SIZE,
    after_step,
    balances,
    gd_map,
    gfs_polynomial,
    gfs_sharpness,
    gradient,
    hessian,
    product,
    scalar_identities,
    square_step,
    step_residual,
    weights,
)

DEPTHS = range(2, 7)


def random_point(rng, depth):
    """Return rational weights of either sign and a rational step size."""
    signs = [rng.choice((1, -1)) for _ in range(depth)]
    return [s * Fraction(rng.randint(1, 30), rng.randint(10, 20)) for s in signs], Fraction(rng.randint(1, 40), 50)


def directly(w, eta):
    """Return the weights after one step, from the definition of the loss by the product rule."""
    slopes = [(prod(w) - 1) * prod(w[:i] + w[i + 1 :]) for i in range(len(w))]
    return [x - eta * g for x, g in zip(w, slopes, strict=True)]


def at(expression, w, eta):
    values = {**dict(zip(weights(len(w)), map(sympy.Rational, w), strict=True)), STEP_SIZE: sympy.Rational(eta)}
    value = expression.subs(values)
    return Fraction(int(value.p), int(value.q))


@pytest.mark.parametrize("depth", DEPTHS)
def test_step_agrees_with_direct_evaluation(depth):
    rng = Random(depth)
    for _ in range(5):
        w, eta = random_point(rng, depth)
        after = directly(w, eta)
        r = eta * prod(w) * (prod(w) - 1)
        assert [at(x, w, eta) for x in gd_map(depth)] == after
        assert at(step_residual(depth), w, eta) == r
        assert at(after_step(product(depth), depth), w, eta) == prod(after)
        assert [square_step(x**2, r) for x in w] == [y**2 for y in after]


@pytest.mark.parametrize("depth", DEPTHS)
def test_balances_shrink_as_stated(depth):
    rng = Random(10 + depth)
    w, eta = random_point(rng, depth)
    after, r = directly(w, eta), eta * prod(w) * (prod(w) - 1)
    for (i, j), balance in zip(combinations(range(depth), 2), balances(depth), strict=True):
        before = at(balance, w, eta)
        assert before == w[i] ** 2 - w[j] ** 2
        assert after[i] ** 2 - after[j] ** 2 == before * (1 - r**2 / (w[i] ** 2 * w[j] ** 2))


@pytest.mark.parametrize("depth", DEPTHS)
def test_hessian_at_a_minimum_has_the_stated_spectrum(depth):
    rng = Random(20 + depth)
    w = random_point(rng, depth)[0][1:]
    w = [1 / prod(w), *w]
    matrix = hessian(depth).subs(dict(zip(weights(depth), map(sympy.Rational, w), strict=True)))
    sharpness = sum(sympy.Rational(1 / x**2) for x in w)
    assert matrix.rank() == 1
    assert matrix.trace() == sharpness
    assert at(gfs_sharpness([x**2 for x in weights(depth)], sympy.Integer(0)), w, 0) == Fraction(
        *sharpness.as_numer_denom()
    )


def test_gradient_is_that_of_the_loss():
    u, v = weights(2)
    assert [sympy.expand(g) for g in gradient(2)] == [u * v**2 - v, u**2 * v - u]


def test_gfs_of_two_weights_is_the_root_of_the_quadratic():
    polynomial = gfs_polynomial([sympy.Rational(9, 2), sympy.Integer(3)])
    roots = [root for root in sympy.roots(polynomial, SHIFT) if root > -3]
    assert roots == [sympy.Rational(-5, 2)]  # (9/2 - 5/2) (3 - 5/2) = 1
    assert gfs_sharpness([sympy.Rational(9, 2), sympy.Integer(3)], roots[0]) == sympy.Rational(5, 2)


def neighbours():
    """Return false statements close to true ones, at depth 3, named."""
    w, pi, r = weights(3), product(3), step_residual(3)
    found = {identity.name: identity for identity in scalar_identities(3)}
    pairs = list(combinations(w, 2))

    def changed(name, rhs):
        return replace(found[name], rhs=tuple(rhs))

    return {
        "balance, coefficient 2": changed(
            "balance-step", [(x**2 - y**2) * (1 - 2 * r**2 / (x * y) ** 2) for x, y in pairs]
        ),
        "balance, sign": changed("balance-step", [(x**2 - y**2) * (1 + r**2 / (x * y) ** 2) for x, y in pairs]),
        "balance, r to the first power": changed(
            "balance-step", [(x**2 - y**2) * (1 - r / (x * y) ** 2) for x, y in pairs]
        ),
        "step, r without pi": changed("gd-step", [x - STEP_SIZE * (pi - 1) / x for x in w]),
        "squares, -r": changed("squares-step", [x**2 - r + r**2 / x**2 for x in w]),
        "flow, wrong speed": changed("flow-of-squares", [-pi * (pi - 1) for _ in w]),
        "Hessian, gradient outer product": changed("hessian", [pi**2 / (x * y) for x in w for y in w]),
        "eigenvalue, product of 1/z": changed("top-eigenvalue", [sympy.Mul(*(1 / y**2 for y in w)) / x for x in w]),
        "Hessian at a minimum, v_i = w_i": changed("hessian-at-minimum", [x * y for x in w for y in w]),
        "shift, +2r": changed(
            "step-up-to-shift",
            [entry + 4 * sympy.Symbol("r") for entry in found["step-up-to-shift"].rhs],
        ),
    }


@pytest.mark.parametrize("name", neighbours())
def test_false_neighbours_do_not_hold(name):
    assert not neighbours()[name].holds()


def test_hessian_is_not_of_rank_one_away_from_a_minimum():
    identity = next(x for x in scalar_identities(2) if x.name == "hessian-at-minimum")
    assert not replace(identity, given=()).holds()
