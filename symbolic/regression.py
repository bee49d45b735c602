"""The identities of the squared regression model: what is derived from its loss against the closed forms.

Symbols as in :mod:`symbolic.regression_model`. Moreover ``A_i = u+_i u-_i``, ``z_i = u+_i / u-_i``, ``xi_i = log z_i``,
``p_i = (u+_i)**2``, ``q_i = (u-_i)**2``, and ``E_i = e^{s_i}`` for the motion ``s = X^T nu`` of ``xi`` in the row space
of ``X``. The identities cover one size each; the closed forms are the same for all.
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from symbolic.identity import Identity, Relation
from symbolic.regression_model import (
    PROJECT,
    SOURCE,
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
    weight_step,
)


def regression_identities(samples: int, features: int) -> tuple[Identity, ...]:
    """Return the closed forms of step, flow, dual and Hessian as identities; each name ends with the size.

    Raises
    ------
    ValueError
        If ``samples`` or ``features`` is not an integer of at least 1.
    """
    require_size(samples, features)
    model = general_model(samples, features)
    found = (
        *_step_identities(model),
        *_flow_identities(model),
        *_hyperbolic_identities(model),
        *_dual_identities(model),
        *_hessian_identities(model),
        *_spectrum_identities(model),
    )
    return tuple(replace(one, name=f"{one.name}, N={samples}, d={features}") for one in found)


def zero_loss(model: Regression) -> tuple[Relation, ...]:
    """Return the relations ``y_n = (X beta)_n``, for a model whose targets are symbols of their own."""
    return tuple(Relation(y, value) for y, value in zip(model.target, model.data * model.beta, strict=True))


def _pairs(model: Regression) -> list[tuple[sympy.Expr, sympy.Expr, sympy.Expr]]:
    """Return ``(u+_i, u-_i, g_i)`` for every feature."""
    return list(zip(model.plus, model.minus, model.slope, strict=True))


def _step_identities(model: Regression) -> list[Identity]:
    pairs = _pairs(model)
    squares = [square_step(u**2, v**2, g) for u, v, g in pairs]
    return [
        Identity(
            "regression-gradient",
            "the partial derivatives of the loss are dL/du+_i = 2 g_i u+_i and dL/du-_i = -2 g_i u-_i with "
            "g = X^T (X beta - y) / N",
            SOURCE,
            model.gradient,
            (*(2 * g * u for u, _, g in pairs), *(-2 * g * v for _, v, g in pairs)),
        ),
        Identity(
            "regression-step",
            "a gradient descent step is u+_i -> u+_i (1 - 2 eta g_i), u-_i -> u-_i (1 + 2 eta g_i)",
            SOURCE,
            model.gd_map,
            weight_step(model),
        ),
        Identity(
            "regression-squares-step",
            "a step moves squared weights as p_i+ = p_i (1 - 2 eta g_i)^2, q_i+ = q_i (1 + 2 eta g_i)^2",
            PROJECT,
            tuple(model.after_step(w**2) for w in model.weights),
            (*(p for p, _ in squares), *(q for _, q in squares)),
        ),
        Identity(
            "regression-products-step",
            "a step moves the products A_i = u+_i u-_i as A_i+ = A_i (1 - 4 eta^2 g_i^2)",
            SOURCE,
            tuple(model.after_step(u * v) for u, v, _ in pairs),
            tuple(product_step(u * v, g) for u, v, g in pairs),
        ),
        Identity(
            "regression-ratios-step",
            "a step moves e^{xi_i} = u+_i / u-_i by the factor (1 - 2 eta g_i) / (1 + 2 eta g_i)",
            SOURCE,
            tuple(model.after_step(u / v) for u, v, _ in pairs),
            tuple(ratio_step(u / v, g) for u, v, g in pairs),
        ),
    ]


def _flow_identities(model: Regression) -> list[Identity]:
    pairs, flow = _pairs(model), model.along_flow
    zeros = tuple(sympy.Integer(0) for _ in pairs)
    drift = tuple(flow(sympy.log(u / v)) for u, v, _ in pairs)
    growth = column("E", model.features)
    row_space = model.data.T * (sympy.Rational(-4, model.samples) * model.residual)
    return [
        Identity(
            "regression-flow-of-products",
            "gradient flow keeps every product A_i = u+_i u-_i",
            SOURCE,
            tuple(flow(u * v) for u, v, _ in pairs),
            zeros,
        ),
        Identity(
            "regression-flow-of-square-products",
            "gradient flow keeps every product p_i q_i of squares",
            PROJECT,
            tuple(flow(u**2 * v**2) for u, v, _ in pairs),
            zeros,
        ),
        Identity(
            "regression-flow-of-squares",
            "along gradient flow dp_i/dt = -4 g_i p_i and dq_i/dt = 4 g_i q_i",
            PROJECT,
            tuple(flow(w**2) for w in model.weights),
            (*(-4 * g * u**2 for u, _, g in pairs), *(4 * g * v**2 for _, v, g in pairs)),
        ),
        Identity(
            "regression-flow-of-logarithms",
            "along gradient flow dxi_i/dt = -4 g_i for xi_i = log(u+_i / u-_i)",
            SOURCE,
            drift,
            tuple(-4 * g for *_, g in pairs),
        ),
        Identity(
            "regression-flow-in-row-space",
            "along gradient flow dxi/dt = X^T c with c = -4 (X beta - y) / N, so xi moves in the row space of X",
            SOURCE,
            drift,
            tuple(row_space),
        ),
        Identity(
            "regression-flow-reaches",
            "with E_i = e^{s_i} and ds/dt = X^T c, c = -4 (X beta - y) / N, gradient flow keeps p_i / E_i and q_i E_i; "
            "so it moves p_i to p_i e^{s_i} and q_i to q_i e^{-s_i} with s in the row space of X",
            PROJECT,
            (
                *(flow(u**2) / e - u**2 * c / e for u, e, c in zip(model.plus, growth, row_space, strict=True)),
                *(flow(v**2) * e + v**2 * c * e for v, e, c in zip(model.minus, growth, row_space, strict=True)),
            ),
            (*zeros, *zeros),
        ),
    ]


def _hyperbolic_identities(model: Regression) -> list[Identity]:
    xi = sympy.Symbol("xi")
    sinh, cosh = (function(xi).rewrite(sympy.exp) for function in (sympy.sinh, sympy.cosh))
    pairs = _pairs(model)
    return [
        Identity(
            "regression-coefficients",
            "beta_i = p_i - q_i = A_i (z_i - 1 / z_i) = 2 A_i sinh(xi_i), with e^{xi_i} = z_i = u+_i / u-_i",
            SOURCE,
            tuple(model.beta),
            tuple(2 * u * v * sinh.subs(sympy.exp(xi), u / v) for u, v, _ in pairs),
        ),
        Identity(
            "regression-sums-of-squares",
            "p_i + q_i = A_i (z_i + 1 / z_i) = 2 A_i cosh(xi_i), with e^{xi_i} = z_i = u+_i / u-_i",
            PROJECT,
            tuple(u**2 + v**2 for u, v, _ in pairs),
            tuple(2 * u * v * cosh.subs(sympy.exp(xi), u / v) for u, v, _ in pairs),
        ),
    ]


def _dual_identities(model: Regression) -> list[Identity]:
    p, q = column("p", model.features), column("q", model.features)
    growth, root = column("E", model.features), column("e", model.features)
    nu, direction = column("nu", model.samples), column("h", model.samples)
    value = dual_value(model, p, q, nu)
    motion = model.data.T * nu
    rational = {sympy.exp(s): e for s, e in zip(motion, growth, strict=True)}
    rational |= {sympy.exp(-s): 1 / e for s, e in zip(motion, growth, strict=True)}
    slopes = [sympy.diff(value, n) for n in nu]
    curvature = sympy.Matrix([[sympy.diff(slope, n).xreplace(rational) for n in nu] for slope in slopes])
    products = model.data.T * direction
    moved = dict(zip(model.weights, (*_times(model.plus, root), *_over(model.minus, root)), strict=True))
    plus, minus = (sympy.Matrix([w**2 for w in side]) for side in (model.plus, model.minus))
    square = sympy.Matrix([e**2 for e in root])
    return [
        Identity(
            "regression-dual-gradient",
            "F(nu) = sum_i (p_i e^{s_i} + q_i e^{-s_i}) - y . nu with s = X^T nu has gradient X (p E - q / E) - y",
            PROJECT,
            tuple(slope.xreplace(rational) for slope in slopes),
            tuple(dual_gradient(model, p, q, growth)),
        ),
        Identity(
            "regression-dual-hessian",
            "the Hessian of F is X diag(p E + q / E) X^T",
            PROJECT,
            tuple(curvature),
            tuple(dual_hessian(model.data, p, q, growth)),
        ),
        Identity(
            "regression-dual-convexity",
            "h^T (Hessian of F) h = sum_i (p_i E_i + q_i / E_i) (x_i . h)^2 with x_i the i-th column of X; so F is "
            "convex",
            PROJECT,
            ((direction.T * curvature * direction)[0],),
            (sympy.Add(*((a * e + b / e) * c**2 for a, b, e, c in zip(p, q, growth, products, strict=True))),),
        ),
        Identity(
            "regression-dual-residual",
            "the gradient of F is X beta - y at the moved weights u+_i e_i, u-_i / e_i with e_i^2 = E_i: F is "
            "stationary where gradient flow finds zero loss",
            PROJECT,
            tuple(model.residual.subs(moved, simultaneous=True)),
            tuple(dual_gradient(model, plus, minus, square)),
        ),
        Identity(
            "regression-dual-sharpness",
            "J J^T at the moved weights u+_i e_i, u-_i / e_i with e_i^2 = E_i is the Hessian of F",
            PROJECT,
            tuple((model.jacobian * model.jacobian.T).subs(moved, simultaneous=True)),
            tuple(dual_hessian(model.data, plus, minus, square)),
        ),
    ]


def _times(left: sympy.Matrix, right: sympy.Matrix) -> list[sympy.Expr]:
    return [a * b for a, b in zip(left, right, strict=True)]


def _over(left: sympy.Matrix, right: sympy.Matrix) -> list[sympy.Expr]:
    return [a / b for a, b in zip(left, right, strict=True)]


def _hessian_identities(model: Regression) -> list[Identity]:
    jacobian = model.jacobian
    quadratic = jacobian.T * jacobian * sympy.Rational(4, model.samples)
    halves = sympy.Matrix([[sympy.diff(entry, w) / 2 for w in model.weights] for entry in model.data * model.beta])
    return [
        Identity(
            "regression-jacobian",
            "the derivative of X beta in (u+, u-) is 2 J with J = [X diag(u+), -X diag(u-)]",
            PROJECT,
            tuple(halves),
            tuple(jacobian),
        ),
        Identity(
            "regression-hessian",
            "the Hessian of the loss is (4 / N) J^T J + 2 diag(g, -g) at every point",
            PROJECT,
            tuple(model.hessian),
            tuple(full_hessian(model)),
        ),
        Identity(
            "regression-hessian-at-zero-loss",
            "where X beta = y the Hessian of the loss is (4 / N) J^T J",
            SOURCE,
            tuple(model.hessian),
            tuple(quadratic),
            zero_loss(model),
        ),
    ]


def _spectrum_identities(model: Regression) -> list[Identity]:
    jacobian, variable = model.jacobian, sympy.Symbol("lambda")
    squares = [u**2 + v**2 for u, v in zip(model.plus, model.minus, strict=True)]
    small, large = jacobian * jacobian.T, jacobian.T * jacobian
    stated = model.data * sympy.diag(*squares) * model.data.T
    return [
        Identity(
            "regression-kernel",
            "J J^T = X diag((u+)^2 + (u-)^2) X^T",
            SOURCE,
            tuple(small),
            tuple(stated),
        ),
        Identity(
            "regression-spectrum",
            "lambda^N det(lambda - J^T J) = lambda^{2 d} det(lambda - X diag((u+)^2 + (u-)^2) X^T), so J^T J and the "
            "N x N matrix have the same nonzero eigenvalues",
            PROJECT,
            (variable**model.samples * characteristic_polynomial(large, variable),),
            (variable ** (2 * model.features) * characteristic_polynomial(stated, variable),),
        ),
    ]
