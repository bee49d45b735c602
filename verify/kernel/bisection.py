"""The rule bisection: a tree of cuts whose leaves cover the domain, each leaf decided by interval evaluation.

The tree is written in preorder, one letter a node:
    a b c ...   cut the box in the middle along the first, second, third ... variable: left half, then right half
    .           a leaf on which the conclusion holds
    A B C ...   a leaf on which the first, second, third ... hypothesis fails
    !           before a leaf: decided by the mean-value form instead of plain evaluation
    ?           a leaf that is not decided: the certificate is incomplete
The leaves of such a tree cover the domain by construction.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeAlias

from verify.kernel.certificates import fields, text_field
from verify.kernel.errors import Incomplete, Malformed, Rejected
from verify.kernel.intervals import Interval, enclose, evaluate, mean_value
from verify.kernel.statements import Relation, Statement
from verify.kernel.terms import extract

MAX_OPEN = 10_000

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
    """Checks leaves of one statement; holds the term table of each relation's gap."""

    def __init__(self, statement: Statement) -> None:
        letters = "." + "".join(chr(ord("A") + i) for i in range(min(26, len(statement.hypotheses))))
        self.relations = dict(zip(letters, (statement.conclusion, *statement.hypotheses), strict=False))
        self.gaps = {letter: extract(statement.nodes, r.gap) for letter, r in self.relations.items()}

    def check(self, letter: str, by_mean_value: bool, box: dict[str, Interval], place: str) -> None:
        """Raise Malformed for an unknown letter, Rejected when the evaluation does not decide the leaf."""
        if letter not in self.relations:
            raise Malformed(f"{place}: unknown letter {letter!r}")
        relation, nodes = self.relations[letter], self.gaps[letter]
        gap = mean_value(nodes, box) if by_mean_value else evaluate(nodes, box)[-1]
        if not (holds if letter == "." else fails)(relation, gap):
            raise Rejected(f"{place}: the evaluation does not decide {relation.name}")


def check_bisection(statement: Statement, proof: Mapping[str, Any]) -> None:
    """Rule bisection. Every variable needs finite bounds.

    Raises Malformed for a tree that ends too early or too late or has an unknown letter, Incomplete for undecided
    leaves, Rejected for a leaf whose evaluation does not decide what the leaf says.
    """
    tree = text_field(fields(dict(proof), {"rule", "tree"}, set(), "proof"), "tree", "proof")
    names = [v.name for v in statement.variables]
    bounds = [(v.lower, v.upper) for v in statement.variables]
    sides: Sides = tuple((lo, hi) for lo, hi in bounds if lo is not None and hi is not None)
    if len(sides) < len(bounds):
        raise Rejected("proof.tree: a variable has no finite bounds")
    leaves, undecided, by_mean_value = LeafChecker(statement), 0, False
    stack = [(sides, {name: enclose(*side) for name, side in zip(names, sides, strict=True)})]
    for position, letter in enumerate(tree):
        place = f"proof.tree, letter {position}"
        if not 0 < len(stack) <= MAX_OPEN:
            raise Malformed(f"{place}: the leaves before it cover the domain already, or too many boxes are open")
        axis = ord(letter) - ord("a")
        if letter == "!" and not by_mean_value:
            by_mean_value = True
            continue
        sides, box = stack.pop()
        if 0 <= axis < len(names) and not by_mean_value:
            lower, upper = sides[axis]
            middle = (lower + upper) / 2
            for half in ((middle, upper), (lower, middle)):
                stack.append(((*sides[:axis], half, *sides[axis + 1 :]), {**box, names[axis]: enclose(*half)}))
        elif letter == "?":
            undecided += 1
        else:
            leaves.check(letter, by_mean_value, box, place)
        by_mean_value = False
    if stack or by_mean_value:
        raise Malformed(f"proof.tree: ends with {len(stack)} boxes not covered")
    if undecided:
        raise Incomplete(f"proof.tree: {undecided} leaves are not decided")
