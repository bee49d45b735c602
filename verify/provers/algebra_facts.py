"""The facts of a statement as polynomials: bounds, hypotheses, and what makes its denominators positive."""

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from verify.kernel.polynomials import expand, variable
from verify.kernel.rules import Fact, facts_of
from verify.kernel.statements import Statement
from verify.provers.algebra_candidates import Level
from verify.provers.algebra_polynomials import (
    Names,
    Poly,
    factors,
    key,
    negate,
    reduce_fraction,
    times,
    total_degree,
)
from verify.provers.algebra_search import Search
from verify.provers.algebra_sums import Atom, Equality, Summand, product

POSITIVITY_LEVELS = (Level(1), Level(2), Level(2, roots=1), Level(3), Level(3, roots=1))


class Facts:
    """Facts of one statement, cleared of denominators, in two searches.

    `polynomial` knows the polynomial facts only, as the kernel demands for the positivity of denominators; `search`
    knows all: a fact n / d with d positive is there as n.
    """

    def __init__(self, statement: Statement, deadline: float) -> None:
        self.statement = statement
        self.names: Names = tuple(v.name for v in statement.variables)
        environment = {name: variable(name) for name in self.names}
        self.values = expand(statement.nodes, environment)
        self.one: Poly = {(0,) * len(self.names): 1}
        self.polynomial = Search(self.names, [], [], deadline)
        self.search = Search(self.names, [], [], deadline)
        self._known: dict[Any, list[Summand] | None] = {}
        facts = facts_of(statement, environment)
        self.strict = {name for name, fact in facts.items() if fact.strict}
        rational = {name for name, fact in facts.items() if set(fact.function.denominator) != {()}}
        for name in sorted(facts, key=lambda name: name in rational):
            self._add(name, facts[name], name in rational)

    def _add(self, name: str, fact: Fact, rational: bool) -> None:
        scale, n, d = reduce_fraction(fact.function, self.names)
        if not n and not fact.strict:
            return
        if fact.equality:
            self.search.equalities.append(Equality(n, name, 1 / scale, d))
            return
        cleared = self.oriented(n, d)
        if cleared is None:
            return
        n, sums = cleared
        summands = [Summand(s.coefficient / scale, tuple(sorted((*s.facts, name))), s.root) for s in sums]
        atom = Atom(n, summands, fact.strict)
        self.search.atoms.append(atom)
        if not rational:
            self.polynomial.atoms.append(atom)

    def oriented(self, n: Poly, d: Poly) -> tuple[Poly, list[Summand]] | None:
        """Return (n, sums) or (-n, sums) where the sums show that d or -d is positive; None when neither is found."""
        for numerator, denominator in ((n, d), (negate(n), negate(d))):
            sums = self.positive(denominator)
            if sums is not None:
                return numerator, sums
        return None

    def positive(self, p: Poly) -> list[Summand] | None:
        """Return summands over polynomial facts that equal p and are strictly positive; None when none is found."""
        place = key(p)
        if place not in self._known:
            found = self._product_of_positive(p)
            self._known[place] = self._sum_of_positive(p) if found is None else found
        return self._known[place]

    def _product_of_positive(self, p: Poly) -> list[Summand] | None:
        """Show that p is positive by the signs of its factors; None when it is irreducible or one has no sign."""
        if total_degree(p) == 0:
            constant = Fraction(next(iter(p.values()), 0))
            return [Summand(constant)] if constant > 0 else None
        content, parts = factors(p, self.names)
        if len(parts) == 1 and parts[0][1] == 1:
            return None
        sign, total = content, [Summand(Fraction(abs(content)))]
        for factor, multiplicity in parts:
            sums = self.positive(factor)
            if sums is None:
                sums, sign = self.positive(negate(factor)), sign * (-1) ** multiplicity
            if sums is None:
                return None
            for _ in range(multiplicity):
                total = product(total, sums)
        return total if sign > 0 else None

    def _sum_of_positive(self, p: Poly) -> list[Summand] | None:
        """Show that p is positive by a search over sums of products of the polynomial facts."""
        if not any(c > 0 for c in p.values()) and not self.polynomial.atoms:
            return None
        for level in POSITIVITY_LEVELS:
            found = self.polynomial.derive(p, strict=True, equality=False, level=level)
            if found is not None:
                return found.total
        return None

    def denominators(self) -> list[list[Summand]] | None:
        """Return the positivity of every divisor, in the order in which the kernel asks; None when one is missing."""
        result: list[list[Summand]] = []
        for divisor in dict.fromkeys(node.args[1] for node in self.statement.nodes if node.op == "/"):
            value = self.values[divisor]
            if value is None or not value.numerator:
                return None
            scale, n, d = reduce_fraction(value, self.names)
            if total_degree(d) > 0:
                return None
            sums = self.positive(n if d == self.one else negate(n))
            if sums is None:
                return None
            result.append([Summand(scale * s.coefficient, s.facts, s.root) for s in sums])
        return result

    def common_factors(self, n: Poly, strict: bool) -> tuple[list[Summand], Poly, Poly]:
        """Split n = factor * core; return the factor as a sum, as a polynomial, and the core.

        Squares and known facts go into the factor; only positive facts do when `strict`.
        """
        content, parts = factors(n, self.names)
        known = {key(a.polynomial): a for a in self.search.atoms if a.strict or not strict}
        taken: list[tuple[Poly, Sequence[Summand]]] = []
        core: list[Poly] = [dict.fromkeys(self.one, content)]
        for part, multiplicity in parts:
            single = multiplicity
            if not strict:
                square = [Summand(Fraction(1), root=part)]
                taken += [(part, square), (part, [])] * (multiplicity // 2)
                single = multiplicity % 2
            for _ in range(single):
                signs = [(q, known[key(q)]) for q in (part, negate(part)) if key(q) in known]
                if signs:
                    q, atom = signs[0]
                    taken.append((q, atom.summands))
                    core += [] if q is part else [negate(self.one)]
                else:
                    core.append(part)
        factor = [Summand(Fraction(1))]
        for _, summands in taken:
            factor = product(factor, summands) if summands else factor
        return factor, reduce(times, [p for p, _ in taken], self.one), reduce(times, core, self.one)
