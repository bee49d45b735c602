"""Formulas as a table of gates, each referring to earlier ones only, and their negation normal form.

A Boolean variable b is a real variable in [0, 1]: b is the relation b >= 1 and its negation b <= 0. Between the two
neither holds, and a formula in negation normal form that is true there stays true at either end, so nothing is lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from verify.kernel.errors import Malformed
from verify.kernel.statements import Formula, Junction, relate
from verify.kernel.terms import TermTable

MAX_RELATIONS = 2_000
MAX_JUNCTIONS = 50
NAMELESS = "relation"
NEGATED = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}

Literal: TypeAlias = tuple[int, bool]


@dataclass(frozen=True, slots=True)
class Gate:
    """op in {"constant", "relation", "boolean", "not", "and", "or"}; args are indices of earlier gates.

    A relation is `left comparison right` between nodes of the term table; a boolean is the variable `left`.
    """

    op: str
    args: tuple[int, ...] = ()
    comparison: str = ""
    left: int = 0
    right: int = 0


@dataclass
class FormulaTable:
    """A growing table of gates; equal gates are stored once. Gates 0 and 1 are false and true."""

    table: TermTable
    gates: list[Gate] = field(default_factory=lambda: [Gate("constant", comparison=c) for c in ("false", "true")])
    sizes: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0), (0, 0)])
    _index: dict[Gate, int] = field(default_factory=dict)

    def _add(self, gate: Gate) -> int:
        if gate not in self._index:
            self._index[gate] = len(self.gates)
            self.gates.append(gate)
            self.sizes.append(self._size(gate))
        return self._index[gate]

    def _size(self, gate: Gate) -> tuple[int, int]:
        """Count the relations of the normal forms of the gate and of its negation, up to just over MAX_RELATIONS."""
        if gate.op == "not":
            return self.sizes[gate.args[0]][::-1]
        if gate.op == "relation":
            return 1, 2 if gate.comparison == "=" else 1
        if gate.op == "boolean":
            return 1, 1
        both = zip(*(self.sizes[a] for a in gate.args), strict=True)
        positive, negative = (min(sum(side), MAX_RELATIONS + 1) for side in both)
        return positive, negative

    def boolean(self, variable: int) -> int:
        """Gate of a Boolean variable, a node of the term table."""
        return self._add(Gate("boolean", left=variable))

    def relation(self, comparison: str, left: int, right: int) -> int:
        """Gate of `left comparison right`; a comparison of two numbers is decided."""
        a, b = self.table.nodes[left], self.table.nodes[right]
        if a.op == b.op == "const":
            x, y = a.value, b.value
            return int({"<=": x <= y, "<": x < y, ">=": x >= y, ">": x > y, "=": x == y}[comparison])
        return self._add(Gate("relation", (), comparison, left, right))

    def negation(self, formula: int) -> int:
        """Gate of the negation of a gate."""
        if formula < 2:
            return 1 - formula
        gate = self.gates[formula]
        return gate.args[0] if gate.op == "not" else self._add(Gate("not", (formula,)))

    def conjunction(self, formulas: Iterable[int]) -> int:
        """Gate of the conjunction of gates."""
        return self._junction("and", formulas, neutral=1)

    def disjunction(self, formulas: Iterable[int]) -> int:
        """Gate of the disjunction of gates."""
        return self._junction("or", formulas, neutral=0)

    def _junction(self, op: str, formulas: Iterable[int], neutral: int) -> int:
        parts = tuple(f for f in dict.fromkeys(formulas) if f != neutral)
        if 1 - neutral in parts:
            return 1 - neutral
        if len(parts) < 2:
            return parts[0] if parts else neutral
        return self._add(Gate(op, parts))

    def choice(self, condition: int, then: int, otherwise: int) -> int:
        """Gate of "if condition, then one formula, else the other"."""
        first = self.disjunction((self.negation(condition), then))
        return self.conjunction((first, self.disjunction((condition, otherwise))))

    def equivalence(self, formulas: list[int]) -> int:
        """Gate of "all formulas have the same truth value"."""
        return self.conjunction(self.choice(a, b, self.negation(b)) for a, b in pairwise(formulas))

    def guard(self, literals: Iterable[Literal]) -> int:
        """Gate of the conjunction of (gate, truth value)."""
        return self.conjunction(g if wanted else self.negation(g) for g, wanted in sorted(literals))

    def normal_form(self, formula: int) -> Formula:
        """Return the negation normal form of a gate other than 0 and 1, with relations called NAMELESS.

        Raises Malformed beyond MAX_RELATIONS relations or MAX_JUNCTIONS alternations of "and" and "or".
        """
        if self.sizes[formula][0] > MAX_RELATIONS:
            raise Malformed(f"the negation normal form has more than {MAX_RELATIONS} relations")
        wanted, stack = {(formula, True)}, [(formula, True)]
        while stack:
            new = set(self._arguments(*stack.pop())) - wanted
            wanted |= new
            stack += new
        forms: dict[Literal, tuple[Formula, int]] = {}
        for gate, positive in sorted(wanted):
            forms[gate, positive] = self._form(gate, positive, forms)
            if forms[gate, positive][1] > MAX_JUNCTIONS:
                raise Malformed(f"more than {MAX_JUNCTIONS} alternations of and, or")
        return forms[formula, True][0]

    def _arguments(self, formula: int, positive: bool) -> list[Literal]:
        gate = self.gates[formula]
        return [(a, positive != (gate.op == "not")) for a in gate.args]

    def _form(self, formula: int, positive: bool, forms: dict[Literal, tuple[Formula, int]]) -> tuple[Formula, int]:
        gate = self.gates[formula]
        if gate.op == "boolean":
            end = self.table.const(int(positive))
            return relate(self.table, NAMELESS, ">=" if positive else "<=", gate.left, end), 0
        if gate.op == "relation":
            if positive or gate.comparison != "=":
                comparison = gate.comparison if positive else NEGATED[gate.comparison]
                return relate(self.table, NAMELESS, comparison, gate.left, gate.right), 0
            return Junction("or", tuple(relate(self.table, NAMELESS, c, gate.left, gate.right) for c in "<>")), 1
        arguments = [forms[a] for a in self._arguments(formula, positive)]
        if gate.op == "not":
            return arguments[0]
        op = gate.op if positive else {"and": "or", "or": "and"}[gate.op]
        parts: list[Formula] = []
        depth = 0
        for form, inner in arguments:
            same = isinstance(form, Junction) and form.op == op
            parts += form.parts if isinstance(form, Junction) and same else (form,)
            depth = max(depth, inner + (not same))
        return Junction(op, tuple(parts)), depth


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    """Return the formulas that a formula in negation normal form is the conjunction of."""
    return formula.parts if isinstance(formula, Junction) and formula.op == "and" else (formula,)
