"""Sums of products of facts and squares, as the kernel's rule combination has them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from verify.provers.algebra_polynomials import Names, Poly, key, negate, times, to_text


@dataclass(frozen=True)
class Summand:
    """coefficient * product of the named facts * root ** 2 (root None: no square)."""

    coefficient: Fraction
    facts: tuple[str, ...] = ()
    root: Poly | None = None

    def __mul__(self, other: "Summand") -> "Summand":
        root = self.root if other.root is None else other.root
        if self.root is not None and other.root is not None:
            root = times(self.root, other.root)
        return Summand(self.coefficient * other.coefficient, tuple(sorted(self.facts + other.facts)), root)

    def data(self, names: Names) -> dict[str, Any]:
        """Return the certificate's form."""
        result: dict[str, Any] = {"coefficient": str(self.coefficient)}
        if self.facts:
            result["facts"] = list(self.facts)
        if self.root is not None:
            result["square"] = to_text(self.root, names)
        return result


def product(left: Sequence[Summand], right: Sequence[Summand]) -> list[Summand]:
    """Multiply two sums out."""
    return merge([a * b for a in left for b in right])


def merge(summands: Sequence[Summand]) -> list[Summand]:
    """Add up summands that differ in the coefficient only; drop zeros."""
    totals: dict[Any, Fraction] = {}
    kept: dict[Any, Summand] = {}
    for s in summands:
        root = s.root
        if root is not None and max(root.items())[1] < 0:
            root = negate(root)
        place = (s.facts, None if root is None else key(root))
        totals[place] = totals.get(place, Fraction(0)) + s.coefficient
        kept[place] = Summand(Fraction(1), s.facts, root)
    return [Summand(c, kept[p].facts, kept[p].root) for p, c in totals.items() if c]


@dataclass(frozen=True)
class Atom:
    """A polynomial that is >= 0 on the domain (> 0 when strict), with the sum of facts it equals."""

    polynomial: Poly
    summands: list[Summand]
    strict: bool


@dataclass(frozen=True)
class Equality:
    """A polynomial that vanishes on the domain: scale * cofactor * the named fact."""

    polynomial: Poly
    name: str
    scale: Fraction
    cofactor: Poly


@dataclass
class Derivation:
    """multiplier * target = total + sum of equalities (name, coefficient, polynomial), with exact coefficients."""

    multiplier: list[Summand]
    total: list[Summand]
    equalities: list[tuple[str, Fraction, Poly]] = field(default_factory=list)
