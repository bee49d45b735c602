"""Shape coordinates: one gradient descent step without scale.

At weights ``w`` with gradient flow solution ``z*`` (``z*_i = z_i - sigma``, ``prod z* = 1``) and GFS sharpness
``phi = sum_i 1 / z*_i`` the shape coordinates are

    ``alpha_i = 1 / (phi z*_i)``,   ``a = eta phi``,   ``t = phi (z_i - z*_i)``,

with ``alpha_i > 0`` and ``sum alpha_i = 1``; ``t`` is the same for all ``i``. A gradient descent step, as far
as the product ``pi`` and the ratio ``phi+ / phi`` are concerned, depends on ``(alpha, a, t)`` alone. The
functions below state the step in these coordinates; :func:`shape_identities` compares them with the step
derived from the loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import sympy

from symbolic.domain import require_depth
from symbolic.identity import Identity, Relation
from symbolic.scalar import PROJECT, SHIFT, STEP_SIZE, after_step, balances, gd_map, product, weights


@dataclass(frozen=True)
class ShapeCoordinates:
    """Values of the shape coordinates: ``D`` entries of ``alpha``, then ``a`` and ``t``."""

    alphas: tuple[sympy.Expr, ...]
    a: sympy.Expr
    t: sympy.Expr


@dataclass(frozen=True)
class ShapeStep:
    """One gradient descent step in the symbols ``alpha_1, ..., alpha_D, a, t`` (and ``shift``).

    Parameters
    ----------
    at
        The coordinates before the step, as symbols.
    pi
        The product before the step, ``sqrt(prod_i (1 + t alpha_i))``.
    rhos
        The ``D`` relative steps ``rho_i = r / z_i``; no weight changes sign exactly when all are below 1.
    pi_next
        The product after the step, ``pi prod_i (1 - rho_i)``.
    shift
        The symbol ``s`` of the shift, in units of ``1 / phi``.
    scaled_squares
        The ``D`` squares after step and shift, ``m_i(s) = (z_i+ + s / phi) / z*_i``. At the root of
        ``prod_i m_i(s) = 1`` with all ``m_i > 0`` they are the new GFS over the old one.
    sharpness_ratio
        ``sum_i alpha_i / m_i(s)``, which at that root is ``phi+ / phi``.
    kappas
        ``kappa_ij = r**2 / (z_i z_j)`` for all pairs ``i < j``; a step takes ``b_ij`` to
        ``b_ij (1 - kappa_ij)``.
    """

    at: ShapeCoordinates
    pi: sympy.Expr
    rhos: tuple[sympy.Expr, ...]
    pi_next: sympy.Expr
    shift: sympy.Symbol
    scaled_squares: tuple[sympy.Expr, ...]
    sharpness_ratio: sympy.Expr
    kappas: tuple[sympy.Expr, ...]


def shape_symbols(depth: int) -> ShapeCoordinates:
    """Return the symbols ``alpha_1, ..., alpha_D``, ``a`` and ``t``.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2; so for every function of this module that takes one.
    """
    alphas = tuple(sympy.Symbol(f"alpha_{i + 1}") for i in range(require_depth(depth)))
    return ShapeCoordinates(alphas, sympy.Symbol("a"), sympy.Symbol("t"))


def product_squared(at: ShapeCoordinates) -> sympy.Expr:
    """Return ``pi**2 = prod_i (1 + t alpha_i)``."""
    return sympy.Mul(*(1 + at.t * alpha for alpha in at.alphas))


def relative_steps(at: ShapeCoordinates, pi: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """Return ``rho_i = r / z_i = a alpha_i pi (pi - 1) / (1 + t alpha_i)``."""
    return tuple(at.a * alpha * pi * (pi - 1) / (1 + at.t * alpha) for alpha in at.alphas)


def product_after_step(pi: sympy.Expr, rhos: Sequence[sympy.Expr]) -> sympy.Expr:
    """Return ``pi+ = pi prod_i (1 - rho_i)``."""
    return sympy.Mul(pi, *(1 - rho for rho in rhos))


def scaled_squares(at: ShapeCoordinates, rhos: Sequence[sympy.Expr], shift: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """Return ``m_i(s) = (1 + t alpha_i) (1 - rho_i)**2 + alpha_i s``."""
    pairs = zip(at.alphas, rhos, strict=True)
    return tuple((1 + at.t * alpha) * (1 - rho) ** 2 + alpha * shift for alpha, rho in pairs)


def sharpness_ratio(at: ShapeCoordinates, scaled: Sequence[sympy.Expr]) -> sympy.Expr:
    """Return ``phi+ / phi = sum_i alpha_i / m_i``."""
    return sympy.Add(*(alpha / m for alpha, m in zip(at.alphas, scaled, strict=True)))


def balance_shrinkages(at: ShapeCoordinates, pi: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """Return ``kappa_ij = a**2 alpha_i alpha_j pi**2 (pi - 1)**2 / ((1 + t alpha_i) (1 + t alpha_j))``."""
    rate = at.a**2 * pi**2 * (pi - 1) ** 2
    return tuple(
        rate * one * other / ((1 + at.t * one) * (1 + at.t * other)) for one, other in combinations(at.alphas, 2)
    )


def shape_step(depth: int) -> ShapeStep:
    """Return one gradient descent step in shape coordinates, unexpanded."""
    at = shape_symbols(depth)
    pi = sympy.sqrt(product_squared(at))
    rhos = relative_steps(at, pi)
    scaled = scaled_squares(at, rhos, SHIFT)
    return ShapeStep(
        at=at,
        pi=pi,
        rhos=rhos,
        pi_next=product_after_step(pi, rhos),
        shift=SHIFT,
        scaled_squares=scaled,
        sharpness_ratio=sharpness_ratio(at, scaled),
        kappas=balance_shrinkages(at, pi),
    )


@dataclass(frozen=True)
class _Embedding:
    """The shape coordinates of the weights ``w`` whose GFS lies at ``z*_i = w_i**2 - sigma``.

    ``phi`` is a symbol: its value enters only in the identity ``shape-sum``, which fixes it.
    """

    phi: sympy.Symbol
    sigma: sympy.Symbol
    solution: tuple[sympy.Expr, ...]
    at: ShapeCoordinates
    on_product_one: Relation


def _embedding(depth: int) -> _Embedding:
    phi, sigma = sympy.symbols("phi sigma")
    w = weights(depth)
    solution = tuple(x**2 - sigma for x in w)
    at = ShapeCoordinates(tuple(1 / (phi * z) for z in solution), STEP_SIZE * phi, phi * sigma)
    lead = sympy.Mul(*(x**2 for x in w))
    return _Embedding(phi, sigma, solution, at, Relation(lead, lead - sympy.Mul(*solution) + 1))


def shape_identities(depth: int) -> list[Identity]:
    """Return the step in shape coordinates, compared with the step derived from the loss.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2.
    """
    require_depth(depth)
    return [*_coordinate_identities(depth), *_shape_step_identities(depth), *_ratio_identities(depth)]


def _coordinate_identities(depth: int) -> list[Identity]:
    w, pi, point = weights(depth), product(depth), _embedding(depth)
    at, given = point.at, (point.on_product_one,)
    z = tuple(sympy.Symbol(f"z_{i + 1}") for i in range(depth))
    phi = sympy.Add(*(1 / x for x in z))
    return [
        Identity(
            "shape-sum",
            "with phi = sum_i 1 / z*_i, the shape alpha_i = 1 / (phi z*_i) sums to one",
            PROJECT,
            (sympy.Add(*(1 / (phi * x) for x in z)),),
            (sympy.Integer(1),),
        ),
        Identity(
            "shape-sharpness",
            "phi^D prod_i alpha_i = 1, that is phi = (prod_i alpha_i)^(-1/D)",
            PROJECT,
            (point.phi**depth * sympy.Mul(*at.alphas),),
            (sympy.Integer(1),),
            given,
        ),
        Identity(
            "shape-squares",
            "z_i = z*_i (1 + t alpha_i)",
            PROJECT,
            tuple(x**2 for x in w),
            tuple(z * (1 + at.t * alpha) for z, alpha in zip(point.solution, at.alphas, strict=True)),
        ),
        Identity(
            "shape-product",
            "pi^2 = prod_i (1 + t alpha_i)",
            PROJECT,
            (pi**2,),
            (product_squared(at),),
            given,
        ),
    ]


def _shape_step_identities(depth: int) -> list[Identity]:
    w, pi, at = weights(depth), product(depth), _embedding(depth).at
    derived_rhos = tuple(1 - new / old for old, new in zip(w, gd_map(depth), strict=True))
    return [
        Identity(
            "shape-relative-step",
            "rho_i = 1 - w_i+ / w_i = r / z_i equals a alpha_i pi (pi - 1) / (1 + t alpha_i)",
            PROJECT,
            derived_rhos,
            relative_steps(at, pi),
        ),
        Identity(
            "shape-product-step",
            "the product after a step is pi+ = pi prod_i (1 - rho_i)",
            PROJECT,
            (after_step(pi, depth),),
            (product_after_step(pi, derived_rhos),),
        ),
        Identity(
            "shape-balance-step",
            "kappa_ij = 1 - b_ij+ / b_ij equals "
            "a^2 alpha_i alpha_j pi^2 (pi - 1)^2 / ((1 + t alpha_i) (1 + t alpha_j))",
            PROJECT,
            tuple(1 - after_step(b, depth) / b for b in balances(depth)),
            balance_shrinkages(at, pi),
        ),
    ]


def _ratio_identities(depth: int) -> list[Identity]:
    w, pi, point = weights(depth), product(depth), _embedding(depth)
    scaled = scaled_squares(point.at, relative_steps(point.at, pi), point.phi * SHIFT)
    any_squares = tuple(sympy.Symbol(f"y_{i + 1}") for i in range(depth))
    shifted = tuple(after_step(x**2, depth) + SHIFT for x in w)
    return [
        Identity(
            "shape-scaled-squares",
            "the squares after a step, shifted by s, over z*_i are "
            "m_i(phi s) = (1 + t alpha_i) (1 - rho_i)^2 + alpha_i phi s",
            PROJECT,
            tuple(y / z for y, z in zip(shifted, point.solution, strict=True)),
            scaled,
        ),
        Identity(
            "shape-gfs-condition",
            "prod_i (y_i / z*_i) = prod_i y_i for any y; so prod_i m_i(phi s) = 1 says that the shift s leads "
            "from the squares after a step to their GFS",
            PROJECT,
            (sympy.Mul(*(y / z for y, z in zip(any_squares, point.solution, strict=True))),),
            (sympy.Mul(*any_squares),),
            (point.on_product_one,),
        ),
        Identity(
            "shape-sharpness-ratio",
            "(1 / phi) sum_i 1 / (z_i+ + s) = sum_i alpha_i / m_i(phi s), "
            "which at the root of prod_i m_i = 1 is phi+ / phi",
            PROJECT,
            (sympy.Add(*(1 / (point.phi * y) for y in shifted)),),
            (sharpness_ratio(point.at, scaled),),
        ),
    ]
