"""Candidates for the parts of a certificate, level by level: the columns of a linear system, one row a monomial."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, TypeAlias

from verify.provers.algebra_linear import Column
from verify.provers.algebra_polynomials import (
    Exponents,
    Names,
    Poly,
    combination,
    degrees,
    key,
    monomials,
    negate,
    primitive,
    times,
    total_degree,
)
from verify.provers.algebra_sums import Atom, Equality

MAX_COLUMNS = 15_000

Factors: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Level:
    """How far to go: factors of a product, size of the set of squares, extra degree, factors of the multiplier.

    `priced`: whether squares made to measure are added, see `priced_squares`.
    """

    factors: int
    roots: int = 0
    slack: int = 0
    multiplier: int = 0
    priced: bool = False


@dataclass(frozen=True)
class Candidate:
    """One column: a product of atoms times a square, a multiple of an equality, or a product for the multiplier."""

    kind: str
    column: Column
    cost: float
    factors: Factors = ()
    root: Poly | None = None
    equality: int = 0
    polynomial: Poly = field(default_factory=dict)
    strict: bool = False


class Candidates:
    """The facts of one statement and the candidates they give, until `deadline` (time.monotonic)."""

    def __init__(
        self,
        names: Names,
        atoms: Sequence[Atom],
        equalities: Sequence[Equality],
        deadline: float,
        squares: Sequence[Poly] = (),
        products: Sequence[Factors] = (),
    ) -> None:
        self.names = names
        self.size = len(names)
        self.atoms = list(atoms)
        self.equalities = list(equalities)
        self.deadline = deadline
        self.squares = list(squares)
        self.extra = list(products)
        self.one: Exponents = (0,) * self.size
        self._products: dict[Factors, Poly] = {(): {self.one: 1}}

    def remaining(self) -> float:
        """Return the seconds left."""
        return self.deadline - time.monotonic()

    def multiply(self, factors: Factors) -> Poly:
        """Return the product of the atoms with these indices (cached)."""
        found = self._products.get(factors)
        if found is None:
            found = times(self.multiply(factors[:-1]), self.atoms[factors[-1]].polynomial)
            self._products[factors] = found
        return found

    def caps(self, target: Poly, level: Level) -> tuple[int, list[int]]:
        """Return limits on the total degree and on the degree in each variable of a candidate."""
        known = [target, *(a.polynomial for a in self.atoms), *(e.polynomial for e in self.equalities)]
        each = [max(2, d) + level.slack for d in degrees(known, self.size)]
        return max(2, *map(total_degree, known)) + level.slack, each

    def fits(self, p: Poly, caps: tuple[int, list[int]]) -> bool:
        """Whether p keeps to the limits."""
        return total_degree(p) <= caps[0] and all(d <= c for d, c in zip(degrees([p], self.size), caps[1], strict=True))

    def factor_sets(self, count: int, caps: tuple[int, list[int]]) -> Iterator[Factors]:
        """Yield the products of up to `count` atoms within the caps, short ones first, then the caller's own."""
        layer: list[Factors] = [()]
        for _ in range(count + 1):
            yield from layer
            longer = ((*f, i) for f in layer for i in range(f[-1] if f else 0, len(self.atoms)))
            layer = [f for f in longer if self.fits(self.multiply(f), caps)]
            if self.remaining() < 0:
                return
        yield from self.extra

    def roots(self, level: int) -> list[Poly]:
        """Return candidates to be squared: the caller's own; from level 1 on, variables, differences and linear facts.

        Level 2 adds x + y and x - k y with k in 1/2, 1, 2, also for y = 1; level 3 sums and differences of monomials.
        """
        found = list(self.squares)
        linear = [m for m in monomials(self.size, 1) if m != self.one]
        if level > 0:
            found += [{m: 1} for m in linear]
            found += [a.polynomial for a in self.atoms if len(a.polynomial) > 1 and total_degree(a.polynomial) == 1]
            found += [combination(((1, m), (-1, n))) for m, n in combinations(linear, 2)]
        if level > 1:
            for m, n in combinations([*linear, self.one], 2):
                pairs = ((1, m), (-1, n)), ((1, m), (1, n)), ((1, m), (-2, n)), ((2, m), (-1, n))
                found += [combination(pair) for pair in pairs]
        if level > 2:
            small = [m for m in monomials(self.size, 2) if m != self.one]
            found += [{m: 1} for m in small if sum(m) == 2]
            for m, n in combinations([*small, self.one], 2):
                found += [combination(((1, m), (-1, n))), combination(((1, m), (1, n)))]
        unique = {key(primitive(r)[1]): r for r in reversed(found)}
        return list(reversed(unique.values()))

    def _sums(self, level: Level, caps: tuple[int, list[int]]) -> Iterator[Candidate]:
        """Yield products of atoms, plain and times squares; equal polynomials once, the simplest first."""
        seen: set[Any] = set()
        squared: list[tuple[Poly | None, Poly]] = [(None, {self.one: 1})]
        squared += [(r, times(r, r)) for r in self.roots(level.roots)]
        for root, square in squared:
            if not self.fits(square, caps):
                continue
            count = level.factors if root is None else min(level.factors - 1, 3)
            for factors in self.factor_sets(count, caps):
                p = self.multiply(factors) if root is None else times(self.multiply(factors), square)
                place = key(primitive(p)[1])
                if place in seen or not p or not self.fits(p, caps):
                    continue
                seen.add(place)
                strict = root is None and all(self.atoms[i].strict for i in factors)
                cost = 1 + 0.5 * len(factors) + (0 if root is None else 1 + 0.3 * len(root) * max(map(sum, root)))
                yield Candidate("sum", p, cost, factors, root, strict=strict)
                if len(seen) >= MAX_COLUMNS or self.remaining() < 0:
                    return

    def _multiples(self, targets: Sequence[Poly], level: Level, caps: tuple[int, list[int]]) -> Iterator[Candidate]:
        """Yield plus and minus each equality times monomials: small ones, and those that meet a target's monomial."""
        for number, equality in enumerate(self.equalities):
            useful = set(monomials(self.size, max(0, level.factors - 1)))
            for t in {m for target in targets for m in target}:
                for s in equality.polynomial:
                    if all(a >= b for a, b in zip(t, s, strict=True)):
                        useful.add(tuple(a - b for a, b in zip(t, s, strict=True)))
            for m in sorted(useful, key=lambda m: (sum(m), m)):
                p = times(equality.polynomial, {m: 1})
                if self.fits(p, caps):
                    cost = 0.5 + 0.2 * sum(m)
                    yield Candidate("equality", p, cost, equality=number, polynomial={m: 1})
                    yield Candidate("equality", negate(p), cost, equality=number, polynomial={m: -1})

    def candidates(self, target: Poly, equality: bool, level: Level) -> list[Candidate]:
        """Return all columns of a level for target >= 0, or for target = 0 when `equality`."""
        caps, found, targets = self.caps(target, level), list[Candidate](), [target]
        if level.multiplier:
            targets = []
            for factors in self.factor_sets(level.multiplier, caps):
                p, strict = self.multiply(factors), all(self.atoms[i].strict for i in factors)
                targets.append(times(p, target))
                column: Column = {**negate(targets[-1]), **({"multiplier": 1} if strict else {})}
                found.append(Candidate("multiplier", column, 0.1 + len(factors), factors))
            caps = (
                max(caps[0], *map(total_degree, targets)),
                [max(a, b) for a, b in zip(caps[1], degrees(targets, self.size), strict=True)],
            )
        found += self._multiples(targets, level, caps)
        return found if equality else found + list(self._sums(level, caps))
