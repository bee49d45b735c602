"""The rule bisection: a tree of cuts whose leaves cover the domain, each leaf decided by interval evaluation.

The tree is written in preorder, one token a node:
    a b c ...   cut the box in the middle along the first, second, third ... variable: left half, then right half
    .           a leaf on which the conclusion holds
    A B C ...   a leaf on which the first, second, third ... hypothesis fails
    !. !A ...   the same, decided by the mean-value form instead of plain evaluation
    [A3/4] ...  a leaf on which (conclusion) - 3/4 (first hypothesis) holds, by the mean-value form of the difference of
                their gaps; so the conclusion holds wherever the hypothesis does (a Lagrange multiplier)
    ?           a leaf that is not decided: the certificate is incomplete
The leaves of such a tree cover the domain by construction.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from verify.kernel.certificates import exact, fields, text_field
from verify.kernel.errors import Incomplete, Malformed, Rejected
from verify.kernel.intervals import Interval, enclose, evaluate, mean_value
from verify.kernel.statements import Relation, Statement
from verify.kernel.terms import Node, extract

MAX_VARIABLES = 26
MAX_DEPTH = 2_000
MAX_HELD = 200_000
TOKEN = re.compile(r"[a-z?]|!?[.A-Z]|\[([A-Z])([0-9]{1,9}(?:/[0-9]{1,9})?)\]", re.ASCII)

Sides: TypeAlias = tuple[tuple[Fraction, Fraction], ...]


def holds(relation: Relation, gap: Interval) -> bool:
    """Whether the relation holds wherever its gap lies in the interval."""
    return gap[0] > 0 if relation.strict else gap[0] >= 0 and not relation.equality


def fails(relation: Relation, gap: Interval) -> bool:
    """Whether the relation fails wherever its gap lies in the interval."""
    if relation.equality:
        return gap[0] > 0 or gap[1] < 0
    return gap[1] <= 0 if relation.strict else gap[1] < 0


class LeafChecker:
    """Checks leaves of one statement; holds the term table of each gap, or difference of gaps, that a leaf needs."""

    def __init__(self, statement: Statement) -> None:
        letters = "." + "".join(chr(ord("A") + i) for i in range(min(26, len(statement.hypotheses))))
        self.statement, self.held = statement, 0
        self.relations = dict(zip(letters, (statement.conclusion, *statement.hypotheses), strict=False))
        self.tables = {letter: extract(statement.nodes, r.gap) for letter, r in self.relations.items()}

    def table(self, letter: str, multiplier: str) -> tuple[Node, ...]:
        """Return the terms of (gap of the conclusion) - multiplier * (gap of the hypothesis)."""
        key = letter + multiplier
        if key not in self.tables:
            if self.held > MAX_HELD:  # a hostile tree may name ever new multipliers: forget the old tables
                self.tables = {k: table for k, table in self.tables.items() if len(k) == 1}
                self.held = 0
            nodes, gaps = list(self.statement.nodes), (self.statement.conclusion.gap, self.relations[letter].gap)
            count = len(nodes)
            nodes.append(Node("const", value=exact(multiplier, "multiplier")))
            nodes += [Node("*", (count, gaps[1])), Node("-", (gaps[0], count + 1))]
            self.tables[key] = extract(nodes, count + 2)
            self.held += len(self.tables[key])
        return self.tables[key]

    def check(self, token: re.Match[str], box: dict[str, Interval], place: str) -> None:
        """Raise Malformed for an unknown hypothesis, Rejected when the evaluation does not decide the leaf."""
        letter = token[1] or token[0][-1]
        if letter not in self.relations:
            raise Malformed(f"{place}: no hypothesis {letter!r}")
        if token[1]:
            gap = mean_value(self.table(letter, token[2]), box)
        else:
            table = self.tables[letter]
            gap = mean_value(table, box) if token[0][0] == "!" else evaluate(table, box)[-1]
        concludes = bool(token[1]) or letter == "."
        relation = self.relations["." if concludes else letter]
        if not (holds if concludes else fails)(relation, gap):
            raise Rejected(f"{place}: the evaluation does not decide {token[0]}")


def check_bisection(statement: Statement, proof: Mapping[str, Any]) -> None:
    """Rule bisection. Every variable needs finite bounds.

    Raises Malformed for a tree that ends too early or too late or has an unknown token, Incomplete for undecided
    leaves, Rejected for a leaf whose evaluation does not decide what the leaf says.
    """
    tree = text_field(fields(dict(proof), {"rule", "tree"}, set(), "proof"), "tree", "proof")
    names = [v.name for v in statement.variables]
    bounds = [(v.lower, v.upper) for v in statement.variables]
    sides: Sides = tuple((lo, hi) for lo, hi in bounds if lo is not None and hi is not None)
    if len(sides) < len(bounds) or len(bounds) > MAX_VARIABLES:
        raise Rejected(f"proof.tree: a variable without finite bounds, or more than {MAX_VARIABLES} variables")
    leaves, undecided, position = LeafChecker(statement), 0, 0
    stack = [(sides, {name: enclose(*side) for name, side in zip(names, sides, strict=True)}, 0)]
    while position < len(tree):
        place, token = f"proof.tree, position {position}", TOKEN.match(tree, position)
        if token is None:
            raise Malformed(f"{place}: not a token")
        if not stack:
            raise Malformed(f"{place}: the leaves before it cover the domain already")
        position = token.end()
        sides, box, depth = stack.pop()
        axis = ord(token[0]) - ord("a") if token[0].islower() else -1
        if axis >= len(names) or depth > MAX_DEPTH:
            raise Malformed(f"{place}: no variable number {axis + 1}, or deeper than {MAX_DEPTH} cuts")
        if axis >= 0:
            lower, upper = sides[axis]
            middle = (lower + upper) / 2
            for half in ((middle, upper), (lower, middle)):
                cut = (*sides[:axis], half, *sides[axis + 1 :])
                stack.append((cut, {**box, names[axis]: enclose(*half)}, depth + 1))
        elif token[0] == "?":
            undecided += 1
        else:
            leaves.check(token, box, place)
    if stack:
        raise Malformed(f"proof.tree: ends with {len(stack)} boxes not covered")
    if undecided:
        raise Incomplete(f"proof.tree: {undecided} leaves are not decided")
