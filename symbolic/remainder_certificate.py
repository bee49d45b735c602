"""The remainder formula as a polynomial identity, derived by exact division.

In the generators ``alpha_i, beta_i, a, t, e`` (with ``pi = 1 + e``; ``h``, ``G`` and ``E2`` as in
:mod:`symbolic.remainder`) the formula ``pi prod_i (1 - beta_i e) = 1 + (1 - a) e + E2 e**2``, times ``h``, is a
combination with polynomial multipliers of the equalities that define the shape coordinates. The combination
can be re-checked by expanding two polynomials; :func:`remainder_identities` does so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.polys.rings import PolyRing

from symbolic.identity import Identity, Relation
from symbolic.remainder import (
    polynomial_part,
    rate_part,
    regular_factor,
    remainder_at_minimum,
    weighted_rate,
)
from symbolic.scalar import PROJECT
from symbolic.shape import product_squared, shape_symbols


@dataclass(frozen=True)
class RemainderCertificate:
    """A polynomial identity ``claim = sum_k multipliers[k] * equalities[k]``.

    ``claim`` is ``h (pi prod_i (1 - beta_i e) - 1 - (1 - a) e - E2 e**2)`` with ``pi = 1 + e``, a polynomial
    in the generators because ``h E2`` is one. Where every equality is zero and ``h`` is not, the remainder
    formula follows.

    Parameters
    ----------
    alphas, betas, a, t, e
        The generators, all symbols.
    h, scaled_remainder
        The polynomials ``h`` and ``h E2``.
    claim
        The left side.
    equalities
        ``D`` times ``beta_i (1 + t alpha_i) - a alpha_i pi``, then ``sum_i alpha_i - 1``, then
        ``prod_i (1 + t alpha_i) - pi**2``; each is zero in shape coordinates.
    multipliers
        The ``D + 2`` multipliers, in the same order.
    """

    alphas: tuple[sympy.Symbol, ...]
    betas: tuple[sympy.Symbol, ...]
    a: sympy.Symbol
    t: sympy.Symbol
    e: sympy.Symbol
    h: sympy.Expr
    scaled_remainder: sympy.Expr
    claim: sympy.Expr
    equalities: tuple[sympy.Expr, ...]
    multipliers: tuple[sympy.Expr, ...]

    @property
    def generators(self) -> tuple[sympy.Symbol, ...]:
        """The symbols in the order alphas, betas, a, t, e."""
        return (*self.alphas, *self.betas, self.a, self.t, self.e)

    @property
    def combination(self) -> sympy.Expr:
        """The right side ``sum_k multipliers[k] * equalities[k]``."""
        pairs = zip(self.multipliers, self.equalities, strict=True)
        return sympy.Add(*(multiplier * equality for multiplier, equality in pairs))


def remainder_certificate(depth: int) -> RemainderCertificate:
    """Return the remainder formula as a polynomial identity with its multipliers, unexpanded.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2; so for every function of this module that takes one.
    """
    alphas = shape_symbols(depth).alphas
    betas = tuple(sympy.Symbol(f"beta_{i + 1}") for i in range(depth))
    a, t, e = sympy.symbols("a t e")
    parts = _Parts.of(alphas, betas, a, t, e)
    return RemainderCertificate(
        alphas=alphas,
        betas=betas,
        a=a,
        t=t,
        e=e,
        h=parts.h,
        scaled_remainder=parts.scaled_remainder,
        claim=parts.h * parts.first_order_error - parts.scaled_remainder * e**2,
        equalities=parts.equalities,
        multipliers=parts.multipliers,
    )


@dataclass(frozen=True)
class _Parts:
    """The pieces of the certificate, as expressions or as elements of a polynomial ring."""

    h: Any
    first_order_error: Any
    scaled_remainder: Any
    equalities: tuple[Any, ...]
    multipliers: tuple[Any, ...]

    @classmethod
    def of(cls, alphas: Sequence[Any], betas: Sequence[Any], a: Any, t: Any, e: Any) -> _Parts:
        """Build the pieces; ``first_order_error`` is ``pi+ - 1 - (1 - a) e``."""
        pi, h, rate = 1 + e, regular_factor(alphas, t), weighted_rate(alphas, betas)
        pairs = list(zip(alphas, betas, strict=True))
        next_product, squared, total = pi, 1, 0
        for alpha, beta in pairs:
            next_product = next_product * (1 - beta * e)
            squared, total = squared * (1 + t * alpha), total + alpha
        definitions = tuple(beta * (1 + t * alpha) - a * alpha * pi for alpha, beta in pairs)
        return cls(
            h=h,
            first_order_error=next_product - 1 - (1 - a) * e,
            scaled_remainder=h * polynomial_part(betas, a, pi) + rate_part(alphas, betas, pi),
            equalities=(*definitions, total - 1, squared - pi**2),
            multipliers=(
                *(-pi * e * h for _ in pairs),
                -a * pi**2 * e * h - pi * e * rate * t,
                pi * e * rate,
            ),
        )


def derived_scaled_remainder(depth: int) -> sympy.Poly:
    """Return ``h E2`` as the quotient of an exact division by ``e**2``.

    ``h (pi+ - 1 - (1 - a) e)`` less the combination of the equalities in :func:`remainder_certificate` is
    divided by ``e**2`` in the polynomial ring in ``alpha, beta, a, t, e`` over the integers.

    Raises
    ------
    ArithmeticError
        If the division leaves a remainder, which would refute the formula.
    """
    stated = remainder_certificate(depth)
    parts = _ring_parts(stated)
    pairs = zip(parts.multipliers, parts.equalities, strict=True)
    dividend = parts.h * parts.first_order_error - sum(m * g for m, g in pairs)
    if any(powers[-1] < 2 for powers in dividend.monoms()):
        raise ArithmeticError(f"the first-order error is not divisible by e**2 at depth {depth}")
    quotient = {(*powers[:-1], powers[-1] - 2): int(value) for powers, value in dividend.terms()}
    return sympy.Poly.from_dict(quotient, *stated.generators, domain=sympy.ZZ)


def _ring_parts(stated: RemainderCertificate) -> _Parts:
    """Return the pieces of the certificate over the polynomial ring in its generators."""
    ring = PolyRing(stated.generators, sympy.ZZ)
    depth = len(stated.alphas)
    return _Parts.of(ring.gens[:depth], ring.gens[depth : 2 * depth], *ring.gens[2 * depth :])


def remainder_identities(depth: int) -> list[Identity]:
    """Return the remainder formula, its certificate and its value at the minimum as identities.

    Raises
    ------
    ValueError
        If ``depth`` is not an integer of at least 2.
    """
    stated = remainder_certificate(depth)
    return [
        Identity(
            "remainder-quotient",
            "h (pi+ - 1 - (1 - a) e), reduced by the equalities of the shape coordinates, is divisible by e^2 "
            "with quotient h E2 = h (-a (pi + 1) + pi (e_2(beta) - e e_3(beta) + ...)) + pi (pi + 1) G",
            PROJECT,
            (derived_scaled_remainder(depth).as_expr(),),
            (stated.scaled_remainder,),
        ),
        Identity(
            "remainder-certificate",
            "h (pi+ - 1 - (1 - a) e - E2 e^2) is a combination of beta_i (1 + t alpha_i) - a alpha_i pi, "
            "sum alpha - 1 and prod (1 + t alpha_i) - pi^2",
            PROJECT,
            (stated.claim,),
            (stated.combination,),
        ),
        *_regularity_identities(depth),
        _minimum_identity(depth),
    ]


def _regularity_identities(depth: int) -> list[Identity]:
    at, pi = shape_symbols(depth), sympy.Symbol("pi")
    e, h = pi - 1, regular_factor(at.alphas, at.t)
    betas = tuple(at.a * alpha * pi / (1 + at.t * alpha) for alpha in at.alphas)
    given = (Relation(pi**2, product_squared(at)), _sum_to_one(at.alphas))
    return [
        Identity(
            "remainder-regular-factor",
            "t / e = (pi + 1) / h, where pi^2 = prod (1 + t alpha_i) and sum alpha = 1",
            PROJECT,
            (at.t / e,),
            ((pi + 1) / h,),
            given,
        ),
        Identity(
            "remainder-moment-form",
            "pi (pi + 1) G / h = a pi^2 (t / e) sum_i alpha_i^2 / (1 + t alpha_i), summand by summand",
            PROJECT,
            tuple(rate_part((alpha,), (beta,), pi) / h for alpha, beta in zip(at.alphas, betas, strict=True)),
            tuple(at.a * pi**2 * (at.t / e) * alpha**2 / (1 + at.t * alpha) for alpha in at.alphas),
            given,
        ),
    ]


def _minimum_identity(depth: int) -> Identity:
    stated, at = remainder_certificate(depth), shape_symbols(depth)
    minimum = {beta: at.a * alpha for alpha, beta in zip(at.alphas, stated.betas, strict=True)}
    minimum |= {stated.e: sympy.Integer(0), stated.t: sympy.Integer(0)}
    return Identity(
        "remainder-at-minimum",
        "at e = 0 (so t = 0, pi = 1, beta = a alpha, h = 1): E2 = -(2 a - a^2 / 2) (1 - q), "
        "q = sum alpha_i^2, where sum alpha = 1",
        PROJECT,
        (stated.scaled_remainder.subs(minimum) / stated.h.subs(minimum),),
        (remainder_at_minimum(at.alphas, at.a),),
        (_sum_to_one(at.alphas),),
    )


def _sum_to_one(alphas: Sequence[sympy.Symbol]) -> Relation:
    return Relation(alphas[0], 1 - sympy.Add(*alphas[1:]))
