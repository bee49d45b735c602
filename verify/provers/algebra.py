"""Proofs for the kernel's rules combination and identity, found by linear programming and made exact.

The rule combination wants multiplier * conclusion = sum_k c_k * prod(facts) * square + sum_j equality_j * polynomial_j
with c_k >= 0. This module chooses candidates for the products, squares and polynomials in a growing order, solves
for the coefficients, and returns only what the kernel has accepted.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from verify.kernel.errors import KernelError
from verify.kernel.polynomials import Rational
from verify.kernel.rules import check_combination, check_identity
from verify.kernel.smtlib import write_rational
from verify.kernel.statements import Statement
from verify.provers.algebra_candidates import Level
from verify.provers.algebra_facts import Facts
from verify.provers.algebra_polynomials import (
    Names,
    Poly,
    from_sympy,
    primitive,
    reduce_fraction,
    times,
    to_text,
    total_degree,
)
from verify.provers.algebra_sums import Derivation, Summand, merge, product

PRICED_FROM = 4


@dataclass(frozen=True)
class Hints:
    """What a caller knows: polynomials to square (sympy, or text sympy can parse) and products of facts by name."""

    squares: Sequence[Any] = ()
    products: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class _Goal:
    """What is left to derive: multiplier * conclusion = scale * factor * core, where factor >= 0 by its summands."""

    multiplier: list[Summand]
    scale: Fraction
    factor: list[Summand]
    factor_polynomial: Poly
    core: Poly


def _goals(facts: Facts, value: Rational, strict: bool, equality: bool) -> list[_Goal]:
    """Return the forms of the goal to try: without its common factors, then whole."""
    scale, n, d = reduce_fraction(value, facts.names)
    cleared = facts.oriented(n, d)
    if cleared is None:
        return []
    n, multiplier = cleared
    whole = _Goal(multiplier, scale, [Summand(Fraction(1))], facts.one, n)
    if equality or not n:
        return [whole]
    factor, polynomial, core = facts.common_factors(n, strict)
    return [whole] if total_degree(polynomial) == 0 else [_Goal(multiplier, scale, factor, polynomial, core), whole]


def _scaled_text(scale: Fraction, p: Poly, names: Names) -> str:
    """Write scale * p as a term."""
    content, p = primitive(p)
    scale *= content
    text = to_text(p, names)
    return text if scale == 1 else f"(* {write_rational(scale)} {text})"


def _proof(facts: Facts, goal: _Goal, found: Derivation) -> dict[str, Any]:
    """Write the derivation of a goal's core as a proof of the statement's conclusion."""
    proof: dict[str, Any] = {"rule": "combination"}
    multiplier = merge(product(goal.multiplier, found.multiplier))
    if any(s.facts or s.root is not None or s.coefficient != 1 for s in multiplier):
        proof["multiplier"] = [s.data(facts.names) for s in multiplier]
    scaled = [Summand(goal.scale * s.coefficient, s.facts, s.root) for s in found.total]
    proof["sum"] = [s.data(facts.names) for s in product(goal.factor, scaled)]
    if found.equalities:
        proof["equalities"] = [
            {"fact": name, "multiplier": _scaled_text(goal.scale * c, times(goal.factor_polynomial, p), facts.names)}
            for name, c, p in found.equalities
        ]
    return proof


def _levels(first: int, last: int) -> Iterator[Level]:
    """Yield levels in a growing order, from products of `first` facts to products of `last`."""
    for degree in range(first, last + 1):
        yield Level(degree)
        yield Level(degree, roots=1)
        yield Level(degree, roots=2)
        if degree >= 2:
            yield Level(degree, roots=2, slack=1, multiplier=1)
        if degree >= 3:
            yield Level(degree - 1, roots=3, slack=1)
        if degree == min(PRICED_FROM, last):
            yield Level(2, priced=True)
            yield Level(degree, priced=True)


def _read_hints(facts: Facts, hints: Hints) -> None:
    """Add a caller's squares and products to the search. Raises ValueError for what cannot be used."""
    symbols = {name: sp.Symbol(name) for name in facts.names}
    for square in hints.squares:
        expression = sp.parse_expr(square, local_dict=symbols) if isinstance(square, str) else square
        facts.search.squares.append(from_sympy(expression, facts.names)[1])
    places = {names: i for i, a in enumerate(facts.search.atoms) for s in a.summands for names in s.facts[:1]}
    for names in hints.products:
        unknown = [name for name in names if name not in places]
        if unknown:
            raise ValueError(f"no inequality named {unknown[0]!r}")
        facts.search.extra.append(tuple(sorted(places[name] for name in names)))


def _checked(statement: Statement, proof: dict[str, Any]) -> dict[str, Any] | None:
    """Return the proof when the kernel accepts it."""
    try:
        (check_identity if proof["rule"] == "identity" else check_combination)(statement, proof)
    except KernelError:
        return None
    return proof


def find_combination(
    statement: Statement, degree: int = 1, max_degree: int = 5, seconds: float = 20.0, hints: Hints | None = None
) -> dict[str, Any] | None:
    """Search for a proof by the rule combination, or identity when the conclusion is one.

    Parameters
    ----------
    statement
        Relations between rational functions; hypotheses with square roots are ignored.
    degree, max_degree
        Numbers of facts multiplied with each other, to begin with and at most.
    seconds
        Limit of the whole search.
    hints
        Squares and products to try besides the standard ones.

    Returns
    -------
    dict or None
        A proof object that the kernel has accepted, or None when the search found nothing: the statement may be
        false, or need candidates that were not tried.

    Raises
    ------
    ValueError
        For a hint that is not a polynomial in the statement's variables or names no inequality.
    """
    deadline = time.monotonic() + seconds
    try:
        facts = Facts(statement, deadline)
    except KernelError:
        return None
    _read_hints(facts, hints or Hints())
    conclusion, denominators = statement.conclusion, facts.denominators()
    value = facts.values[conclusion.gap]
    if denominators is None or value is None:
        return None
    shown = {"denominators": [[s.data(facts.names) for s in sums] for sums in denominators]} if denominators else {}
    if conclusion.equality and not value.numerator:
        return _checked(statement, {"rule": "identity", **shown})
    goals = _goals(facts, value, conclusion.strict, conclusion.equality)
    for level in _levels(degree, max_degree):
        for goal in goals:
            if facts.search.remaining() < 0:
                return None
            found = facts.search.derive(goal.core, conclusion.strict, conclusion.equality, level)
            proof = found and _checked(statement, {**_proof(facts, goal, found), **shown})
            if proof:
                return proof
    return None
