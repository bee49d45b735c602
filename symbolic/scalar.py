"""Gradient descent on the scalar network, derived from its loss.

The network of depth ``D`` has weights ``w_1, ..., w_D`` (all nonzero), product ``pi = w_1 ... w_D`` and loss
``L(w) = (pi - 1)**2 / 2`` (arXiv 2305.13064). Gradient, Hessian, gradient flow and the gradient descent step
are obtained from :func:`loss` by differentiation; :func:`scalar_identities` lists the closed forms they are
compared with. Throughout ``z_i = w_i**2``, ``eta`` is the step size and ``r = eta pi (pi - 1)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sympy

from symbolic.domain import require_depth
from symbolic.identity import Identity, Relation

STEP_SIZE = sympy.Symbol("eta")
"""The step size ``eta``."""

SHIFT = sympy.Symbol("s")
"""A common shift of the squared weights."""

PAPER = "arXiv 2305.13064"
PROJECT = "this project, from the loss of arXiv 2305.13064"


def weights(depth: int) -> tuple[sympy.Symbol, ...]:
    """Return the symbols ``w_1, ..., w_D``.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2; so for every function of this module that takes one.
    """
    return tuple(sympy.Symbol(f"w_{i + 1}") for i in range(require_depth(depth)))


def product(depth: int) -> sympy.Expr:
    """Return ``pi = w_1 ... w_D``."""
    return sympy.Mul(*weights(depth))


def loss(depth: int) -> sympy.Expr:
    """Return ``L(w) = (pi - 1)**2 / 2``, from which all else is derived (arXiv 2305.13064)."""
    return (product(depth) - 1) ** 2 / 2


def gradient(depth: int) -> tuple[sympy.Expr, ...]:
    """Return the ``D`` partial derivatives of the loss."""
    value = loss(depth)
    return tuple(sympy.diff(value, w) for w in weights(depth))


def hessian(depth: int) -> sympy.Matrix:
    """Return the ``D x D`` matrix of second derivatives of the loss."""
    value = loss(depth)
    return sympy.Matrix([[sympy.diff(value, v, w) for w in weights(depth)] for v in weights(depth)])


def gd_map(depth: int) -> tuple[sympy.Expr, ...]:
    """Return the weights ``w_i+ = w_i - eta dL/dw_i`` after one gradient descent step."""
    return tuple(w - STEP_SIZE * slope for w, slope in zip(weights(depth), gradient(depth), strict=True))


def step_residual(depth: int) -> sympy.Expr:
    """Return ``r = eta pi (pi - 1)``, so that ``w_i+ = w_i - r / w_i``."""
    return STEP_SIZE * product(depth) * (product(depth) - 1)


def square_step(z: sympy.Expr, r: sympy.Expr) -> sympy.Expr:
    """Return ``z+ = z - 2 r + r**2 / z``, the squared weight after a step (stated, compared by identity)."""
    return z - 2 * r + r**2 / z


def along_flow(function: sympy.Expr, depth: int) -> sympy.Expr:
    """Return the time derivative of a function of the weights under gradient flow ``w' = -grad L``."""
    pairs = zip(weights(depth), gradient(depth), strict=True)
    return sympy.Add(*(-sympy.diff(function, w) * slope for w, slope in pairs))


def after_step(function: sympy.Expr, depth: int) -> sympy.Expr:
    """Return a function of the weights evaluated after one gradient descent step."""
    return function.subs(dict(zip(weights(depth), gd_map(depth), strict=True)), simultaneous=True)


def balances(depth: int) -> tuple[sympy.Expr, ...]:
    """Return ``b_ij = w_i**2 - w_j**2`` for all pairs ``i < j``, in lexicographic order."""
    return tuple(v**2 - w**2 for v, w in combinations(weights(depth), 2))


def gfs_polynomial(squares: Sequence[sympy.Expr], shift: sympy.Expr = SHIFT) -> sympy.Expr:
    """Return ``prod_i (z_i + s) - 1``, whose root is the shift to the gradient flow solution.

    Gradient flow moves all squares by one common shift, so it ends where this polynomial in ``s`` vanishes
    and all ``z_i + s`` are positive. There is exactly one such root (see the identity ``gfs-derivative``).
    """
    return sympy.Mul(*(z + shift for z in squares)) - 1


def gfs_sharpness(squares: Sequence[sympy.Expr], shift: sympy.Expr = SHIFT) -> sympy.Expr:
    """Return ``sum_i 1 / (z_i + s)``, which at the root of :func:`gfs_polynomial` is the GFS sharpness."""
    return sympy.Add(*(1 / (z + shift) for z in squares))


def at_minimum(depth: int) -> Relation:
    """Return the relation ``w_1 ... w_D = 1``."""
    return Relation(product(depth), sympy.Integer(1))


def scalar_identities(depth: int) -> list[Identity]:
    """Return the closed forms of the gradient descent step, the balances and the Hessian as identities.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2.
    """
    require_depth(depth)
    found = [*_step_identities(depth), *_balance_identities(depth), *_hessian_identities(depth)]
    found += _gfs_identities(depth)
    if depth > 2:
        found.append(_order_flip_identity())
    return found


def _step_identities(depth: int) -> list[Identity]:
    w, pi, r = weights(depth), product(depth), step_residual(depth)
    return [
        Identity(
            "gradient",
            "the partial derivatives of the loss are dL/dw_i = pi (pi - 1) / w_i",
            PAPER,
            gradient(depth),
            tuple(pi * (pi - 1) / x for x in w),
        ),
        Identity(
            "gd-step",
            "a gradient descent step is w_i+ = w_i - r / w_i with r = eta pi (pi - 1)",
            PAPER,
            gd_map(depth),
            tuple(x - r / x for x in w),
        ),
        Identity(
            "squares-step",
            "on the squares z_i = w_i^2 a step is z_i+ = z_i - 2 r + r^2 / z_i",
            PAPER,
            tuple(after_step(x**2, depth) for x in w),
            tuple(square_step(x**2, r) for x in w),
        ),
    ]


def _balance_identities(depth: int) -> list[Identity]:
    w, pi, r = weights(depth), product(depth), step_residual(depth)
    return [
        Identity(
            "flow-of-squares",
            "gradient flow moves all squares alike: d(w_i^2)/dtime = -2 pi (pi - 1) for every i",
            PAPER,
            tuple(along_flow(x**2, depth) for x in w),
            tuple(-2 * pi * (pi - 1) for _ in w),
        ),
        Identity(
            "balance-conservation",
            "gradient flow keeps every balance b_ij = w_i^2 - w_j^2",
            PAPER,
            tuple(along_flow(b, depth) for b in balances(depth)),
            tuple(sympy.Integer(0) for _ in balances(depth)),
        ),
        Identity(
            "balance-step",
            "a gradient descent step takes b_ij to b_ij (1 - r^2 / (z_i z_j))",
            PAPER,
            tuple(after_step(b, depth) for b in balances(depth)),
            tuple((x**2 - y**2) * (1 - r**2 / (x**2 * y**2)) for x, y in combinations(w, 2)),
        ),
    ]


def _hessian_identities(depth: int) -> list[Identity]:
    w, pi, matrix = weights(depth), product(depth), hessian(depth)
    direction = sympy.Matrix([1 / x for x in w])
    sharpness = gfs_sharpness([x**2 for x in w], sympy.Integer(0))
    null = [[w[0], *(-w[j] if k == j else 0 for k in range(1, depth))] for j in range(1, depth)]
    general = [[pi**2 / x**2 if x == y else pi * (2 * pi - 1) / (x * y) for y in w] for x in w]
    minimum = (at_minimum(depth),)
    return [
        Identity(
            "hessian",
            "the Hessian has entries pi^2 / w_i^2 on and pi (2 pi - 1) / (w_i w_j) off the diagonal",
            PROJECT,
            tuple(matrix),
            tuple(entry for row in general for entry in row),
        ),
        Identity(
            "hessian-at-minimum",
            "where pi = 1 the Hessian is v v^T with v_i = 1 / w_i",
            PAPER,
            tuple(matrix),
            tuple(direction * direction.T),
            minimum,
        ),
        Identity(
            "top-eigenvalue",
            "where pi = 1, H v = (sum_i 1 / z_i) v for v_i = 1 / w_i",
            PAPER,
            tuple(matrix * direction),
            tuple(sharpness * entry for entry in direction),
            minimum,
        ),
        Identity(
            "hessian-kernel",
            "where pi = 1, H u = 0 for the D - 1 independent vectors u = w_1 e_1 - w_j e_j",
            PROJECT,
            tuple(entry for u in null for entry in matrix * sympy.Matrix(u)),
            tuple(sympy.Integer(0) for _ in null for _ in w),
            minimum,
        ),
    ]


def _gfs_identities(depth: int) -> list[Identity]:
    z = tuple(sympy.Symbol(f"z_{i + 1}") for i in range(depth))
    r = sympy.Symbol("r")
    polynomial = gfs_polynomial(z)
    return [
        Identity(
            "gfs-derivative",
            "P(s) = prod_i (z_i + s) - 1 has P' = (P + 1) sum_i 1 / (z_i + s), so P increases while all "
            "z_i + s > 0 and has exactly one root there",
            PROJECT,
            (sympy.diff(polynomial, SHIFT),),
            ((polynomial + 1) * gfs_sharpness(z),),
        ),
        Identity(
            "step-up-to-shift",
            "a step is z_i -> z_i + r^2 / z_i up to the common shift -2 r, so both have the same GFS",
            PROJECT,
            tuple(square_step(x, r) + SHIFT for x in z),
            tuple((x + r**2 / x) + (SHIFT - 2 * r) for x in z),
        ),
    ]


def _order_flip_identity() -> Identity:
    small, middle, large, r = sympy.symbols("z_1 z_2 z_3 r")
    shrink = (large - middle) - (square_step(large, r) - square_step(small, r))
    return Identity(
        "gap-after-order-flip",
        "for z_1 < z_2 < z_3: z_1 z_3 ((z_3 - z_2) - (z_3+ - z_1+)) = z_3 (r^2 - z_1 z_2) + z_1 (z_1 z_3 - r^2)",
        PROJECT,
        (small * large * shrink,),
        (large * (r**2 - small * middle) + small * (small * large - r**2),),
    )
