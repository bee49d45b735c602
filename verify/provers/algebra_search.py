"""Search for a polynomial as a sum of products of facts, squares and multiples of equalities.

Candidates of a level become the columns of a linear system, one row a monomial; an exact non-negative solution is the
certificate (Handelman's and Schmuedgen's theorems say that for compact domains some level succeeds).
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from verify.provers.algebra_candidates import Candidate, Candidates, Factors, Level
from verify.provers.algebra_linear import Column, nonnegative_solution
from verify.provers.algebra_polynomials import Exponents, Poly, key, primitive, times
from verify.provers.algebra_squares import priced_squares
from verify.provers.algebra_sums import Derivation, Summand, merge, product

STRICT_SHARES = (1, Fraction(1, 8), Fraction(1, 64), Fraction(1, 1024))


def _solve(candidates: Sequence[Candidate], right: Mapping[Any, Fraction], seconds: float) -> list[Fraction] | None:
    """Solve for the candidates' coefficients; with a row "strict", those of strict ones sum to it at least."""
    columns, cost = [c.column for c in candidates], [c.cost for c in candidates]
    groups = [None if c.root is None else key(c.root) for c in candidates]
    if "strict" not in right:
        return nonnegative_solution(columns, right, cost, groups, seconds)
    counted: list[Column] = [{**c.column, "strict": 1} if c.strict else c.column for c in candidates]
    counted.append({"strict": -1})
    values = nonnegative_solution(counted, right, [*cost, 0.0], [*groups, None], seconds)
    return None if values is None else values[:-1]


class Search(Candidates):
    """The facts of one statement, ready to derive polynomials from them until `deadline` (time.monotonic)."""

    def derive(self, target: Poly, strict: bool, equality: bool, level: Level) -> Derivation | None:
        """Return a derivation of target >= 0 (> 0 when strict, = 0 when equality) at one level, None when none."""
        candidates = self.candidates(target, equality, level)
        right: dict[Any, Fraction] = {"multiplier": Fraction(1)} if level.multiplier else {}
        if not level.multiplier:
            right |= {m: Fraction(c) for m, c in target.items()}
        if level.priced and not equality:
            candidates += self._priced(candidates, right, target, level)
        values: list[Fraction] | None = [Fraction(0)] * len(candidates)
        if right:
            values = _solve(candidates, right, self.remaining())
        if values is None or (strict and not any(c.strict and v for c, v in zip(candidates, values, strict=True))):
            values = self._strict_solution(candidates, right) if strict and values is not None else None
        return None if values is None else self._assemble(candidates, values, level)

    def _priced(
        self, candidates: Sequence[Candidate], right: Mapping[Any, Fraction], target: Poly, level: Level
    ) -> list[Candidate]:
        """Return products of facts with squares made to measure, see `priced_squares`."""
        caps = self.caps(target, level)
        products = {f: self.multiply(f) for f in self.factor_sets(min(level.factors, 2), caps)}
        found = priced_squares([c.column for c in candidates], right, products, caps[0], self.deadline)
        return [
            Candidate("sum", times(self.multiply(f), times(root, root)), 3 + len(f) + len(root), f, root)
            for f, root in found
        ]

    def _strict_solution(self, candidates: Sequence[Candidate], right: dict[Any, Fraction]) -> list[Fraction] | None:
        """Ask for strict summands whose coefficients sum to at least a given share."""
        for share in STRICT_SHARES:
            if self.remaining() < 0 or not any(c.strict for c in candidates):
                return None
            values = _solve(candidates, {**right, "strict": Fraction(share)}, self.remaining())
            if values is not None:
                return values
        return None

    def expand(self, coefficient: Fraction, factors: Factors, root: Poly | None = None) -> list[Summand]:
        """Return coefficient * product of atoms * root ** 2 as summands over the statement's facts."""
        result = [Summand(coefficient, root=root)]
        for i in factors:
            result = product(result, self.atoms[i].summands)
        return result

    def _assemble(self, candidates: Sequence[Candidate], values: Sequence[Fraction], level: Level) -> Derivation:
        sums: dict[str, list[Summand]] = {"sum": [], "multiplier": []}
        parts: dict[int, dict[Exponents, Fraction]] = {}
        for c, value in zip(candidates, values, strict=True):
            if value and c.kind == "equality":
                part = parts.setdefault(c.equality, {})
                for m, sign in c.polynomial.items():
                    part[m] = part.get(m, Fraction(0)) + sign * value
            elif value:
                sums[c.kind] += self.expand(value, c.factors, c.root)
        equalities = []
        for number, part in parts.items():
            e, (scale, p) = self.equalities[number], primitive(part)
            if p:
                equalities.append((e.name, scale * e.scale, times(p, e.cofactor)))
        multiplier = merge(sums["multiplier"]) if level.multiplier else [Summand(Fraction(1))]
        return Derivation(multiplier, merge(sums["sum"]), equalities)
