"""The squared regression model: its identities, false neighbours of each, and direct evaluation."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from random import Random

import numpy as np
import pytest
import sympy
from scipy.optimize import brentq

from symbolic.catalogue import REGRESSION_BLOCKS, REGRESSION_SIZES
from symbolic.regression import regression_identities, zero_loss
from symbolic.regression_blocks import block_identities, block_model, block_sums, curve_identities, require_signs
from symbolic.regression_model import (
    Regression,
    characteristic_polynomial,
    column,
    dual_gradient,
    dual_hessian,
    dual_value,
    full_hessian,
    general_model,
    product_step,
    ratio_step,
    require_size,
    square_step,
    table,
    weight_step,
)
from symbolic.scalar import STEP_SIZE

SIZES = [(1, 1), (1, 3), (2, 2), (2, 3), (3, 2)]
BLOCKS = ((1, -1, 0), (0, 0, 1))


@cache
def by_name():
    """Return the identities at one size of each kind, by name without the size."""
    found = (*regression_identities(2, 2), *block_identities(2, BLOCKS), *curve_identities())
    return {identity.name.split(",")[0]: identity for identity in found}


@pytest.mark.parametrize(("samples", "features"), SIZES)
def test_the_identities_hold(samples, features):
    found = regression_identities(samples, features)
    assert [one.name for one in found if not one.holds()] == []
    assert {one.name.partition(", ")[2] for one in found} == {f"N={samples}, d={features}"}
    assert all(one.statement and one.source for one in found)


@pytest.mark.parametrize(("samples", "signs"), [*REGRESSION_BLOCKS, (3, ((1, 0, -1), (0, -1, 0)))])
def test_the_block_identities_hold(samples, signs):
    assert [one.name for one in block_identities(samples, signs) if not one.holds()] == []


def test_the_curve_identities_hold():
    assert all(one.holds() for one in curve_identities())


# False neighbours: for every identity, sides with a factor or a sign changed.


def step_neighbours(model):
    pairs = list(zip(model.plus, model.minus, model.slope, strict=True))
    eta, flow, step = STEP_SIZE, model.along_flow, model.after_step
    squares = [w**2 for w in model.weights]
    signed = [*(s * (1 - 4 * eta * g) for s, (*_, g) in zip(squares[:2], pairs, strict=True))]
    signed += [s * (1 + 4 * eta * g) for s, (*_, g) in zip(squares[2:], pairs, strict=True)]
    return {
        "regression-gradient": {"rhs": [*(2 * g * u for u, _, g in pairs), *(2 * g * v for _, v, g in pairs)]},
        "regression-step": {
            "rhs": [*(u * (1 - eta * g) for u, _, g in pairs), *(v * (1 + eta * g) for _, v, g in pairs)]
        },
        "regression-squares-step": {"rhs": signed},
        "regression-products-step": {"rhs": [u * v * (1 - 2 * eta**2 * g**2) for u, v, g in pairs]},
        "regression-ratios-step": {"rhs": [u / v * (1 + 2 * eta * g) / (1 - 2 * eta * g) for u, v, g in pairs]},
        "regression-flow-of-products": {"lhs": [step(u * v) - u * v for u, v, _ in pairs]},
        "regression-flow-of-square-products": {"lhs": [flow(u**2 + v**2) for u, v, _ in pairs]},
        "regression-flow-of-squares": {
            "rhs": [*(-2 * g * u**2 for u, _, g in pairs), *(2 * g * v**2 for _, v, g in pairs)]
        },
        "regression-flow-of-logarithms": {"rhs": [-2 * g for *_, g in pairs]},
        "regression-flow-in-row-space": {
            "lhs": [sympy.diff(sympy.log(u / v), u) * (step(u) - u) / eta for u, v, _ in pairs]
        },
        "regression-flow-reaches": {"rhs": [flow(w**2) for w in model.weights]},
        "regression-coefficients": {"rhs": [2 * u * v * (u / v - v / u) for u, v, _ in pairs]},
        "regression-sums-of-squares": {"rhs": [u * v * (u / v - v / u) for u, v, _ in pairs]},
    }


def dual_neighbours(model):
    p, q, growth = column("p", 2), column("q", 2), column("E", 2)
    h = column("h", 2)
    squares = [sympy.Matrix([w**2 for w in side]) for side in (model.plus, model.minus)]
    root = column("e", 2)
    crossed = zip(p, q, growth, model.data * h, strict=True)
    return {
        "regression-dual-gradient": {"rhs": dual_gradient(model, p, -q, growth)},
        "regression-dual-hessian": {"rhs": dual_hessian(model.data, p, -q, growth)},
        "regression-dual-convexity": {"rhs": [sum((a * e + b / e) * c**2 for a, b, e, c in crossed)]},
        "regression-dual-residual": {"rhs": dual_gradient(model, *squares, root)},
        "regression-dual-sharpness": {"rhs": dual_hessian(model.data, *squares, root)},
    }


def hessian_neighbours(model):
    jacobian, variable = model.jacobian, sympy.Symbol("lambda")
    plain = sympy.Matrix.hstack(jacobian[:, :2], -jacobian[:, 2:])
    small = model.data * sympy.diag(*(u**2 - v**2 for u, v in zip(model.plus, model.minus, strict=True)))
    small *= model.data.T
    bent = jacobian.T * jacobian * 2 + 2 * sympy.diag(*model.slope, *model.slope)
    return {
        "regression-jacobian": {"rhs": plain},
        "regression-hessian": {"rhs": bent},
        "regression-hessian-at-zero-loss": {"rhs": jacobian.T * jacobian * 4},
        "regression-kernel": {"rhs": small},
        "regression-spectrum": {"rhs": [variable**4 * characteristic_polynomial(small, variable)]},
    }


def block_neighbours():
    model, factors = block_model(2, BLOCKS)
    p, q, growth = column("p", 3), column("q", 3), column("E", 2)
    unsigned = tuple(tuple(map(abs, row)) for row in BLOCKS)
    squares = [[w**2 for w in side] for side in (model.plus, model.minus)]
    wrong = block_sums(*squares, unsigned)
    gamma = list(factors.T * model.residual / 2)
    eta = STEP_SIZE
    products = [a * b for a, b in zip(*block_sums(*squares, BLOCKS), strict=True)]
    steps = [square_step(a, b, s) for a, b, s in zip(*block_sums(*squares, BLOCKS), gamma, strict=True)]
    slopes = [gamma[0], gamma[0], gamma[1]]
    big, small = block_sums(p, q, unsigned)
    right = block_sums(p, q, BLOCKS)
    P, Q, E, c = sympy.symbols("P Q E gamma")
    return {
        "block-slopes": {
            "rhs": [
                *(2 * s * u for s, u in zip(slopes, model.plus, strict=True)),
                *(-2 * s * v for s, v in zip(slopes, model.minus, strict=True)),
            ]
        },
        "block-step": {"rhs": [*(b for _, b in steps), *(a for a, _ in steps)]},
        "block-products-step": {
            "rhs": [x * (1 - 4 * eta**2 * s**2) for x, s in zip(products, gamma, strict=True)],
        },
        "block-flow": {"lhs": [model.along_flow(x) for x in (*wrong[0], *wrong[1])]},
        "block-flow-of-products": {"lhs": [model.along_flow(a * b) for a, b in zip(*wrong, strict=True)]},
        "block-predictions": {"rhs": factors * sympy.Matrix([a - b for a, b in zip(big, small, strict=True)])},
        "block-kernel": {
            "rhs": factors * sympy.diag(*(a - b for a, b in zip(*right, strict=True))) * factors.T,
        },
        "block-reach": {"rhs": [*(x * e for x, e in zip((*big, *small), (*growth, *growth), strict=True))]},
        "block-curve": {"rhs": [(P * E - Q / E) ** 2]},
        "block-products-fall": {"rhs": [8 * eta**2 * c**2 * (1 - 4 * eta**2 * c**2) * P * Q]},
    }


@cache
def neighbours():
    model = general_model(2, 2)
    return {
        **step_neighbours(model),
        **dual_neighbours(model),
        **hessian_neighbours(model),
        **block_neighbours(),
    }


def test_every_identity_has_a_false_neighbour():
    assert neighbours().keys() == by_name().keys()


@pytest.mark.parametrize("name", neighbours())
def test_false_neighbours_do_not_hold(name):
    changed = {side: tuple(entries) for side, entries in neighbours()[name].items()}
    assert not replace(by_name()[name], **changed).holds()


@pytest.mark.parametrize("name", by_name())
@pytest.mark.parametrize("factor", [-1, sympy.Rational(999, 1000)])
def test_a_scaled_side_does_not_hold(name, factor):
    """Each nonzero entry alone; a side of zeros is covered by the neighbours."""
    identity = by_name()[name]
    for place, entry in enumerate(identity.rhs):
        if entry != 0:
            rhs = [factor * other if k == place else other for k, other in enumerate(identity.rhs)]
            assert not replace(identity, rhs=tuple(rhs)).holds()


def test_the_hessian_needs_zero_loss():
    identity = by_name()["regression-hessian-at-zero-loss"]
    assert identity.given
    assert not replace(identity, given=()).holds()
    for index in range(2):
        assert not replace(identity, given=(zero_loss(general_model(2, 2))[index],)).holds()


# Direct evaluation, with nothing taken from the formulas under test.


def random_point(rng, samples, features):
    """Return rational ``X``, ``y``, ``u+``, ``u-`` and a step size."""

    def draw(count):
        return [rng.choice((1, -1)) * Fraction(rng.randint(1, 30), rng.randint(10, 20)) for _ in range(count)]

    rows = [draw(features) for _ in range(samples)]
    return rows, draw(samples), draw(features), draw(features), Fraction(rng.randint(1, 40), 50)


def values_at(rows, target, plus, minus, eta):
    model = general_model(len(rows), len(plus))
    symbols = [*model.data, *model.target, *model.weights, STEP_SIZE]
    numbers = [*(e for row in rows for e in row), *target, *plus, *minus, eta]
    return model, dict(zip(symbols, map(sympy.Rational, numbers), strict=True))


def slope_at(rows, target, plus, minus):
    """Return ``g`` by explicit sums."""
    beta = [u * u - v * v for u, v in zip(plus, minus, strict=True)]
    misses = [sum(x * b for x, b in zip(row, beta, strict=True)) - y for row, y in zip(rows, target, strict=True)]
    return [sum(row[i] * miss for row, miss in zip(rows, misses, strict=True)) / len(rows) for i in range(len(plus))]


def loss_at(rows, target, w):
    """Return the loss at floating-point weights ``(u+, u-)``."""
    plus, minus = np.split(np.asarray(w), 2)
    return np.sum((rows @ (plus**2 - minus**2) - target) ** 2) / (2 * len(rows))


@pytest.mark.parametrize(("samples", "features"), SIZES)
def test_the_step_agrees_with_explicit_sums(samples, features):
    rng = Random(samples + 10 * features)
    for _ in range(3):
        rows, target, plus, minus, eta = random_point(rng, samples, features)
        model, values = values_at(rows, target, plus, minus, eta)
        g = slope_at(rows, target, plus, minus)
        shrink, grow = [1 - 2 * eta * s for s in g], [1 + 2 * eta * s for s in g]
        up = [u * a for u, a in zip(plus, shrink, strict=True)]
        down = [v * b for v, b in zip(minus, grow, strict=True)]
        assert [entry.subs(values) for entry in model.gd_map] == [*up, *down]
        assert [entry.subs(values) for entry in weight_step(model)] == [*up, *down]
        for u, v, a, b, s in zip(plus, minus, up, down, g, strict=True):
            at = {STEP_SIZE: sympy.Rational(eta)}
            u, v, s = map(sympy.Rational, (u, v, s))
            assert product_step(u * v, s).subs(at) == a * b
            assert ratio_step(u / v, s).subs(at) == a / b
            assert tuple(entry.subs(at) for entry in square_step(u**2, v**2, s)) == (a**2, b**2)


@pytest.mark.parametrize(("samples", "features"), SIZES)
def test_gradient_and_hessian_agree_with_finite_differences(samples, features):
    """Central differences of a polynomial of degree 4: the error is of order ``h**2`` plus rounding over ``h**2``."""
    point = random_point(Random(samples + 10 * features), samples, features)
    model, values = values_at(*point)
    rows, target = np.array(point[0], float), np.array(point[1], float)
    w, h = np.array([*point[2], *point[3]], float), 1e-4
    unit = h * np.eye(len(w))

    def f(v):
        return loss_at(rows, target, v)

    slopes = [(f(w + a) - f(w - a)) / (2 * h) for a in unit]
    bends = [[(f(w + a + b) - f(w + a - b) - f(w - a + b) + f(w - a - b)) / (4 * h * h) for a in unit] for b in unit]
    stated = np.array(full_hessian(model).subs(values).tolist(), float)
    scale = 1 + np.abs(stated).max()
    np.testing.assert_allclose([float(e.subs(values)) for e in model.gradient], slopes, atol=1e-6 * scale)
    np.testing.assert_allclose(np.array(model.hessian.subs(values).tolist(), float), stated, rtol=1e-12)
    np.testing.assert_allclose(stated, bends, atol=1e-5 * scale)


@pytest.mark.parametrize(("samples", "features"), SIZES)
def test_the_top_eigenvalue_at_zero_loss_is_that_of_the_small_matrix(samples, features):
    point = list(random_point(Random(3 * samples + features), samples, features))
    rows = np.array(point[0], float)
    plus, minus = np.array(point[2], float), np.array(point[3], float)
    beta = [u * u - v * v for u, v in zip(point[2], point[3], strict=True)]
    point[1] = [sum(x * b for x, b in zip(row, beta, strict=True)) for row in point[0]]
    model, values = values_at(*point)
    large = np.array(model.hessian.subs(values).tolist(), float)
    small = np.array([[4 / samples * np.sum(a * b * (plus**2 + minus**2)) for a in rows] for b in rows], float)
    assert np.linalg.eigvalsh(large)[-1] == pytest.approx(np.linalg.eigvalsh(small)[-1], rel=1e-12)


@pytest.mark.parametrize(("samples", "features"), SIZES)
def test_the_dual_agrees_with_finite_differences(samples, features):
    rng = np.random.default_rng(samples + 10 * features)
    rows, target, nu = rng.normal(size=(samples, features)), rng.normal(size=samples), rng.normal(size=samples)
    p, q = rng.uniform(0.1, 1, (2, features))
    model, (ps, qs, es) = general_model(samples, features), (column(n, features) for n in "pqE")
    nus = column("nu", samples)
    values = dict(zip([*model.data, *model.target, *ps, *qs], [*rows.flat, *target, *p, *q], strict=True))
    at = values | dict(zip(es, np.exp(rows.T @ nu), strict=True))

    def f(v):
        return np.sum(p * np.exp(rows.T @ v) + q * np.exp(-rows.T @ v)) - target @ v

    h = 1e-4
    unit = h * np.eye(samples)
    slopes = [(f(nu + a) - f(nu - a)) / (2 * h) for a in unit]
    bends = [
        [(f(nu + a + b) - f(nu + a - b) - f(nu - a + b) + f(nu - a - b)) / (4 * h * h) for a in unit] for b in unit
    ]
    gradient = [float(entry.subs(at)) for entry in dual_gradient(model, ps, qs, es)]
    hessian = np.array(dual_hessian(model.data, ps, qs, es).subs(at).tolist(), float)
    scale = 1 + np.abs(hessian).max()
    value = dual_value(model, ps, qs, nus).subs(values | dict(zip(nus, nu, strict=True)))
    assert float(value) == pytest.approx(f(nu), rel=1e-12)
    np.testing.assert_allclose(gradient, slopes, atol=1e-5 * scale)
    np.testing.assert_allclose(hessian, bends, atol=1e-5 * scale)


def test_gradient_flow_ends_where_the_dual_is_stationary():
    """Runge-Kutta along the flow: ``u+_i u-_i`` stays, and ``log(p / p_0)`` stays in the row space."""
    rng = np.random.default_rng(5)
    rows, target = np.array([[1.0, -0.5, 0.8], [0.3, 1.1, -0.6]]), np.array([0.4, -0.3])
    start = rng.uniform(0.4, 0.8, 6)

    def velocity(w):
        g = rows.T @ (rows @ (w[:3] ** 2 - w[3:] ** 2) - target) / 2
        return np.concatenate((-2 * g * w[:3], 2 * g * w[3:]))

    w, dt = start, 0.02
    for _ in range(1500):
        k1 = velocity(w)
        k2 = velocity(w + dt / 2 * k1)
        k3 = velocity(w + dt / 2 * k2)
        k4 = velocity(w + dt * k3)
        w = w + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    s = np.log(w[:3] ** 2 / start[:3] ** 2)
    nu = np.linalg.lstsq(rows.T, s, rcond=None)[0]
    assert np.linalg.norm(s) > 0.1  # it has moved
    model, (ps, qs, es) = general_model(2, 3), (column(n, 3) for n in "pqE")
    names = [*model.data, *model.target, *ps, *qs, *es]
    at = dict(zip(names, [*rows.flat, *target, *start**2, *np.exp(rows.T @ nu)], strict=True))
    np.testing.assert_allclose(rows.T @ nu, s, atol=1e-7)
    np.testing.assert_allclose(w[:3] * w[3:], start[:3] * start[3:], atol=1e-7)
    np.testing.assert_allclose([float(e.subs(at)) for e in dual_gradient(model, ps, qs, es)], 0, atol=1e-7)


@pytest.mark.parametrize("eta", [Fraction(1, 7), Fraction(3, 2)])
def test_block_sums_step_as_stated_at_a_rational_point(eta):
    """The third feature belongs to no block; its weights do not move."""
    rng = Random(9)
    signs = ((1, -1, 0, 1),)
    _, target, plus, minus, _ = random_point(rng, 2, 4)
    c = [Fraction(2, 3), Fraction(-1, 5)]
    rows = [[factor * sign for sign in signs[0]] for factor in c]
    g = slope_at(rows, target, plus, minus)
    gamma = g[0]
    assert g == [gamma, -gamma, 0, gamma]
    up = [u * (1 - 2 * eta * s) for u, s in zip(plus, g, strict=True)]
    down = [v * (1 + 2 * eta * s) for v, s in zip(minus, g, strict=True)]
    P, Q = (plus[0] ** 2 + minus[1] ** 2 + plus[3] ** 2, minus[0] ** 2 + plus[1] ** 2 + minus[3] ** 2)
    squares = [[w**2 for w in side] for side in (map(sympy.Rational, plus), map(sympy.Rational, minus))]
    assert block_sums(*squares, signs) == ([sympy.Rational(P)], [sympy.Rational(Q)])
    after = up[0] ** 2 + down[1] ** 2 + up[3] ** 2, down[0] ** 2 + up[1] ** 2 + down[3] ** 2
    assert after == (P * (1 - 2 * eta * gamma) ** 2, Q * (1 + 2 * eta * gamma) ** 2)


def test_the_sharpness_of_one_block_after_a_step_is_that_of_the_curve():
    """The solution of ``C (P E - Q / E) = y`` found by bisection over ``log E``, before and after a step."""
    rng = np.random.default_rng(11)
    signs, c, target, eta = np.array([1.0, -1.0, 1.0]), 0.8, 0.7, 0.15
    w = rng.uniform(-1, 1, 6)
    model, (ps, qs, es) = general_model(1, 3), (column(n, 3) for n in "pqE")
    data = dict(zip(model.data, c * signs, strict=True))

    def sharpness(w):
        p, q = w[:3] ** 2, w[3:] ** 2

        def miss(nu):
            return c * np.sum(signs * (p * np.exp(c * signs * nu) - q * np.exp(-c * signs * nu))) - target

        s = c * signs * brentq(miss, -20, 20, xtol=1e-14)
        kernel = dual_hessian(model.data, ps, qs, es).subs(data)
        return 4 * float(kernel[0].subs(dict(zip((*ps, *qs, *es), (*p, *q, *np.exp(s)), strict=True))))

    g = c * signs * (c * signs @ (w[:3] ** 2 - w[3:] ** 2) - target)
    after = np.concatenate((w[:3] * (1 - 2 * eta * g), w[3:] * (1 + 2 * eta * g)))
    product = np.prod([float(side[0]) for side in block_sums(w[:3] ** 2, w[3:] ** 2, ((1, -1, 1),))])
    for point, factor in ((w, 1.0), (after, (1 - 4 * eta**2 * g[0] ** 2) ** 2)):
        curve = 4 * c**2 * np.sqrt((target / c) ** 2 + 4 * product * factor)
        assert sharpness(point) == pytest.approx(curve, rel=1e-11)
    assert sharpness(after) < sharpness(w)


def test_the_characteristic_polynomial_is_the_determinant():
    matrix, variable = table("m", 3, 3), sympy.Symbol("lambda")
    direct = (variable * sympy.eye(3) - matrix).det(method="berkowitz")
    assert sympy.expand(characteristic_polynomial(matrix, variable) - direct) == 0


# Bad input.


@pytest.mark.parametrize("function", [require_size, general_model, regression_identities])
@pytest.mark.parametrize("bad", [0, -1, 2.0, "2", None, True, sympy.Integer(3)])
def test_sizes_outside_the_domain_are_refused(function, bad):
    with pytest.raises(ValueError, match="samples must be"):
        function(bad, 2)
    with pytest.raises(ValueError, match="features must be"):
        function(2, bad)


@pytest.mark.parametrize(
    ("signs", "message"),
    [
        ((), "at least one"),
        (((1, 0), (1,)), "equal length"),
        (((1, 2),), "must be the integers"),
        (((1, 1.0),), "must be the integers"),
        (((1, True),), "must be the integers"),
        (((0, 0),), "must be nonzero"),
        (((1, 1), (0, -1)), "disjoint supports"),
        (((),), "must be nonzero"),
    ],
)
def test_wrong_signs_are_refused(signs, message):
    for function in (require_signs, lambda s: block_model(1, s), lambda s: block_identities(1, s)):
        with pytest.raises(ValueError, match=message):
            function(signs)


@pytest.mark.parametrize("function", [block_model, block_identities])
@pytest.mark.parametrize("samples", [0, 1.0, True])
def test_block_models_need_samples(function, samples):
    with pytest.raises(ValueError, match="samples must be"):
        function(samples, ((1,),))


def test_block_sums_need_one_pair_for_each_sign():
    with pytest.raises(ValueError, match="expected 2 squares"):
        block_sums(column("p", 2), column("q", 1), ((1, 1),))


def test_models_of_wrong_shape_or_with_bound_weights_are_refused():
    x, y, u, v = table("x", 1, 2), column("y", 1), column("up", 2), column("um", 2)
    with pytest.raises(ValueError, match="need a target of length 1"):
        Regression(x, column("y", 2), u, v)
    with pytest.raises(ValueError, match="need a target of length 1"):
        Regression(x, y, u, column("um", 3))
    with pytest.raises(ValueError, match="distinct symbols"):
        Regression(x, y, u, u)
    with pytest.raises(ValueError, match="distinct symbols"):
        Regression(x, column("up", 1), u, v)


def test_the_catalogue_covers_the_sizes_tested_here():
    assert set(SIZES) <= set(REGRESSION_SIZES)
