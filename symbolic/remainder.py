"""The second-order remainder of the product after one gradient descent step.

In shape coordinates (:mod:`symbolic.shape`), with ``e = pi - 1`` and ``pi**2 = prod_i (1 + t alpha_i)``, a step
has exactly

    ``pi+ - 1 = (1 - a) e + E2 e**2``.

With ``beta_i = a alpha_i pi / (1 + t alpha_i)``, ``e_k`` the ``k``-th elementary symmetric function and

    ``h = 1 + e_2(alpha) t + e_3(alpha) t**2 + ... + e_D(alpha) t**(D-1)``,   ``G = sum_i alpha_i beta_i``,

the remainder is regular at the minimum ``e = 0``:

    ``E2 = -a (pi + 1) + pi (pi + 1) G / h + pi (e_2(beta) - e e_3(beta) + e**2 e_4(beta) - ...)``.

This is a formula of this project. :mod:`symbolic.remainder_certificate` derives it from ``pi+`` by an exact
division and writes it as a polynomial identity with multipliers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from symbolic.shape import product_squared, shape_symbols
from symbolic.symmetric import elementary_symmetric, horner


@dataclass(frozen=True)
class Remainder:
    """The remainder ``E2`` in the symbols ``alpha_1, ..., alpha_D, a, t``, unexpanded.

    It is the remainder where ``sum_i alpha_i = 1`` and ``1 + t alpha_i > 0`` for all ``i``; there ``h > 0`` if all
    ``alpha_i >= 0``. The last ``alpha`` is kept as a symbol. Symmetric functions are nested sums, so that a
    converter which shares equal subexpressions meets of the order of ``D**2`` of them.

    Parameters
    ----------
    depth
        The depth ``D``.
    alphas, a, t
        The symbols.
    pi
        ``sqrt(prod_i (1 + t alpha_i))``.
    e
        ``pi - 1``, equal to ``t h / (pi + 1)`` where ``sum_i alpha_i = 1``.
    h
        ``1 + e_2(alpha) t + e_3(alpha) t**2 + ...``, equal to ``(pi**2 - 1) / t`` for ``t != 0``.
    betas
        ``beta_i = a alpha_i pi / (1 + t alpha_i)``.
    value
        ``E2``.
    """

    depth: int
    alphas: tuple[sympy.Symbol, ...]
    a: sympy.Symbol
    t: sympy.Symbol
    pi: sympy.Expr
    e: sympy.Expr
    h: sympy.Expr
    betas: tuple[sympy.Expr, ...]
    value: sympy.Expr


def regular_factor(alphas: Sequence[Any], t: Any) -> Any:
    """Return ``h = 1 + e_2(alpha) t + e_3(alpha) t**2 + ... + e_D(alpha) t**(D-1)``."""
    return horner([1, *elementary_symmetric(alphas)[2:]], t)


def step_tail(betas: Sequence[Any], e: Any) -> Any:
    """Return ``e_2(beta) - e e_3(beta) + e**2 e_4(beta) - ...``."""
    return horner(elementary_symmetric(betas)[2:], -e)


def weighted_rate(alphas: Sequence[Any], betas: Sequence[Any]) -> Any:
    """Return ``G = sum_i alpha_i beta_i``."""
    return sum((alpha * beta for alpha, beta in zip(alphas, betas, strict=True)), start=0)


def remainder(depth: int) -> Remainder:
    """Return the remainder ``E2`` of a gradient descent step at one depth.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2; so for every function of this module that takes one.
    """
    at = shape_symbols(depth)
    pi = sympy.sqrt(product_squared(at))
    h = regular_factor(at.alphas, at.t)
    betas = tuple(at.a * alpha * pi / (1 + at.t * alpha) for alpha in at.alphas)
    return Remainder(
        depth=depth,
        alphas=at.alphas,
        a=at.a,
        t=at.t,
        pi=pi,
        e=pi - 1,
        h=h,
        betas=betas,
        value=polynomial_part(betas, at.a, pi) + rate_part(at.alphas, betas, pi) / h,
    )


def polynomial_part(betas: Sequence[Any], a: Any, pi: Any) -> Any:
    """Return ``-a (pi + 1) + pi (e_2(beta) - e e_3(beta) + ...)``, which is ``E2`` without ``G``."""
    return -a * (pi + 1) + pi * step_tail(betas, pi - 1)


def rate_part(alphas: Sequence[Any], betas: Sequence[Any], pi: Any) -> Any:
    """Return ``pi (pi + 1) G``, which over ``h`` is the rest of ``E2``."""
    return pi * (pi + 1) * weighted_rate(alphas, betas)


def remainder_at_minimum(alphas: Sequence[Any], a: Any) -> Any:
    """Return ``-(2 a - a**2 / 2) (1 - q)`` with ``q = sum_i alpha_i**2``, the value of ``E2`` at ``e = 0``."""
    q = sum((alpha * alpha for alpha in alphas), start=0)
    return -(2 * a - a * a / 2) * (1 - q)
