"""The squared regression model when disjoint sign vectors span the row space of its data.

Let ``X = C S`` with ``C`` of shape ``N x K`` and ``K`` rows of signs in ``{-1, 0, 1}`` in ``S``, of disjoint supports
(the blocks). Then ``g = S^T gamma`` with ``gamma = C^T (X beta - y) / N``, and all happens in two numbers for each
block ``k``: ``P_k``, the sum of ``p_i`` over ``S_ki = 1`` and of ``q_i`` over ``S_ki = -1``, and ``Q_k``, the sum of
the other square of each pair of the block. One sample with all ``|x_i|`` equal is the case ``N = K = 1``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy

from symbolic.identity import Identity
from symbolic.regression_model import PROJECT, Regression, column, dual_hessian, require_size, square_step, table
from symbolic.scalar import STEP_SIZE

Signs = tuple[tuple[int, ...], ...]
"""The rows of ``S``."""


def require_signs(signs: Sequence[Sequence[int]]) -> Signs:
    """Return the rows of ``S`` if they are nonzero, of equal length, in ``{-1, 0, 1}`` and of disjoint supports.

    Raises
    ------
    ValueError
        If they are not, or if there is no row.
    """
    rows = tuple(tuple(row) for row in signs)
    if not rows or len({len(row) for row in rows}) > 1:
        raise ValueError("the sign vectors must be at least one, and of equal length")
    if any(not isinstance(e, int) or isinstance(e, bool) or abs(e) > 1 for row in rows for e in row):
        raise ValueError("the entries of the sign vectors must be the integers -1, 0 and 1")
    if not all(any(row) for row in rows) or any(sum(map(abs, entries)) > 1 for entries in zip(*rows, strict=True)):
        raise ValueError("the sign vectors must be nonzero and have disjoint supports")
    return rows


def block_model(samples: int, signs: Sequence[Sequence[int]]) -> tuple[Regression, sympy.ImmutableMatrix]:
    """Return the model with data ``C S`` and the matrix ``C`` of symbols ``c_n_k``.

    Raises
    ------
    ValueError
        If ``samples`` is not an integer of at least 1, or the signs are refused by :func:`require_signs`.
    """
    rows = require_signs(signs)
    require_size(samples, len(rows[0]))
    factors = table("c", samples, len(rows))
    d = len(rows[0])
    data = factors * sympy.ImmutableMatrix(rows)
    return Regression(data, column("y", samples), column("up", d), column("um", d)), factors


def block_sums(
    plus: Sequence[sympy.Expr], minus: Sequence[sympy.Expr], signs: Sequence[Sequence[int]]
) -> tuple[list[sympy.Expr], list[sympy.Expr]]:
    """Return ``P_k`` and ``Q_k`` for the squares ``p`` (``plus``) and ``q`` (``minus``).

    Raises
    ------
    ValueError
        If the signs are refused by :func:`require_signs`, or the numbers of squares are not the length of a row.
    """
    rows = require_signs(signs)
    if not len(plus) == len(minus) == len(rows[0]):
        raise ValueError(f"expected {len(rows[0])} squares on each side, got {len(plus)} and {len(minus)}")
    growing, shrinking = [], []
    for row in rows:
        pairs = [(p, q) if sign > 0 else (q, p) for p, q, sign in zip(plus, minus, row, strict=True) if sign]
        growing.append(sympy.Add(*(p for p, _ in pairs)))
        shrinking.append(sympy.Add(*(q for _, q in pairs)))
    return growing, shrinking


def block_identities(samples: int, signs: Sequence[Sequence[int]]) -> tuple[Identity, ...]:
    """Return the reduction to two numbers for each block as identities; each name ends with ``N`` and the signs.

    Raises
    ------
    ValueError
        If ``samples`` is not an integer of at least 1, or the signs are refused by :func:`require_signs`.
    """
    model, factors = block_model(samples, signs)
    rows = require_signs(signs)
    pattern = " ".join("".join("-0+"[sign + 1] for sign in row) for row in rows)
    found = (*_step_identities(model, factors, rows), *_static_identities(model, factors, rows))
    return tuple(replace(one, name=f"{one.name}, N={samples}, signs {pattern}") for one in found)


def _step_identities(model: Regression, factors: sympy.Matrix, rows: Signs) -> list[Identity]:
    growing, shrinking = block_sums([u**2 for u in model.plus], [v**2 for v in model.minus], rows)
    gamma = list(factors.T * model.residual / model.samples)
    blocks = list(zip(growing, shrinking, gamma, strict=True))
    stepped = [square_step(*block) for block in blocks]
    slopes = list(sympy.Matrix(rows).T * sympy.Matrix(gamma))
    return [
        Identity(
            "block-slopes",
            "if X = C S then dL/du+_i = 2 g_i u+_i, dL/du-_i = -2 g_i u-_i with g = S^T gamma, "
            "gamma = C^T (X beta - y) / N",
            PROJECT,
            model.gradient,
            (
                *(2 * g * u for g, u in zip(slopes, model.plus, strict=True)),
                *(-2 * g * v for g, v in zip(slopes, model.minus, strict=True)),
            ),
        ),
        Identity(
            "block-step",
            "a step moves P_k+ = P_k (1 - 2 eta gamma_k)^2, Q_k+ = Q_k (1 + 2 eta gamma_k)^2",
            PROJECT,
            tuple(model.after_step(entry) for entry in (*growing, *shrinking)),
            (*(p for p, _ in stepped), *(q for _, q in stepped)),
        ),
        Identity(
            "block-products-step",
            "a step moves P_k+ Q_k+ = P_k Q_k (1 - 4 eta^2 gamma_k^2)^2",
            PROJECT,
            tuple(model.after_step(p * q) for p, q, _ in blocks),
            tuple(p * q * (1 - 4 * STEP_SIZE**2 * slope**2) ** 2 for p, q, slope in blocks),
        ),
        Identity(
            "block-flow",
            "along gradient flow dP_k/dt = -4 gamma_k P_k and dQ_k/dt = 4 gamma_k Q_k",
            PROJECT,
            tuple(model.along_flow(entry) for entry in (*growing, *shrinking)),
            (*(-4 * slope * p for p, _, slope in blocks), *(4 * slope * q for _, q, slope in blocks)),
        ),
        Identity(
            "block-flow-of-products",
            "gradient flow keeps every product P_k Q_k",
            PROJECT,
            tuple(model.along_flow(p * q) for p, q, _ in blocks),
            tuple(sympy.Integer(0) for _ in blocks),
        ),
    ]


def _static_identities(model: Regression, factors: sympy.Matrix, rows: Signs) -> list[Identity]:
    d, count = model.features, len(rows)
    p, q, growth = column("p", d), column("q", d), column("E", count)
    growing, shrinking = block_sums(p, q, rows)
    powers = [sympy.Mul(*(growth[k] ** rows[k][i] for k in range(count))) for i in range(d)]
    reached = block_sums(
        [a * e for a, e in zip(p, powers, strict=True)], [b / e for b, e in zip(q, powers, strict=True)], rows
    )
    weights = {w: sympy.sqrt(a) for w, a in zip(model.weights, (*p, *q), strict=True)}
    sums = [a + b for a, b in zip(growing, shrinking, strict=True)]
    gaps = sympy.Matrix([a - b for a, b in zip(growing, shrinking, strict=True)])
    return [
        Identity(
            "block-predictions",
            "if X = C S then X beta = C (P - Q)",
            PROJECT,
            tuple((model.data * model.beta).subs(weights)),
            tuple(factors * gaps),
        ),
        Identity(
            "block-kernel",
            "if X = C S then X diag(p + q) X^T = C diag(P + Q) C^T",
            PROJECT,
            tuple(dual_hessian(model.data, p, q, sympy.ones(d, 1))),
            tuple(factors * sympy.diag(*sums) * factors.T),
        ),
        Identity(
            "block-reach",
            "if X = C S, the motion s = X^T nu = S^T (C^T nu) of the squares, p_i e^{s_i} and q_i e^{-s_i}, moves "
            "P_k to P_k E_k and Q_k to Q_k / E_k with log E_k = (C^T nu)_k",
            PROJECT,
            (*reached[0], *reached[1]),
            (
                *(a * e for a, e in zip(growing, growth, strict=True)),
                *(b / e for b, e in zip(shrinking, growth, strict=True)),
            ),
        ),
    ]


def curve_identities() -> tuple[Identity, ...]:
    """Return what holds for the two numbers ``P``, ``Q`` of one block, whatever its size, as identities."""
    p, q, e, gamma = sympy.symbols("P Q E gamma")
    change = 4 * STEP_SIZE**2 * gamma**2
    return (
        Identity(
            "block-curve",
            "on the curve (P E, Q / E): (P E - Q / E)^2 + 4 P Q = (P E + Q / E)^2",
            PROJECT,
            ((p * e - q / e) ** 2 + 4 * p * q,),
            ((p * e + q / e) ** 2,),
        ),
        Identity(
            "block-products-fall",
            "P Q - P+ Q+ = 8 eta^2 gamma^2 (1 - 2 eta^2 gamma^2) P Q, which is at least 0 where 2 eta^2 gamma^2 <= 1",
            PROJECT,
            (p * q - sympy.Mul(*square_step(p, q, gamma)),),
            (2 * change * (1 - change / 2) * p * q,),
        ),
    )
