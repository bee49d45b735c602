"""The rule bisection: a tree of cuts whose leaves cover the domain, each leaf decided by interval evaluation.

The tree is written in preorder, one token a node:
    a b c ...   cut the box in the middle along the first, second, third ... variable: left half, then right half
    .           a leaf on which the conclusion holds
    A B C ...   a leaf on which the first, second, third ... hypothesis fails; the clauses follow the hypotheses
    !. !A ...   the same, decided by the mean-value form instead of plain evaluation
    ^. ^A ...   the same, decided by the values at faces of the box, where derivatives keep their sign
    [A3/4] ...  a leaf on which (conclusion) - 3/4 (first hypothesis) holds, by the mean-value form of the difference of
                their gaps; so the conclusion holds wherever the hypothesis does (a Lagrange multiplier)
    (A b<37)    the first hypothesis fails on all of the box but its first 37/64 in the second variable; what is left is
                the next node. (A a>5 b<37) is two such bounds at once, ! in front of A says that the bounds come from
                the mean-value form, and (. b<37) narrows by the negation of the conclusion
    (A)         a leaf on which narrowing by the first hypothesis leaves nothing
    ?           a leaf that is not decided: the certificate is incomplete
A digit behind a letter counts on: A1 is hypothesis 27, B1 hypothesis 28, a1 variable 27.
The leaves of such a tree cover the domain, but for what narrowing excludes, by construction.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from verify.kernel.certificates import exact, fields, text_field
from verify.kernel.errors import Incomplete, Malformed, Rejected
from verify.kernel.fixed import MAX_END, Interval
from verify.kernel.intervals import at_faces, enclose, evaluate, mean_value
from verify.kernel.narrowing import narrow, narrow_linear
from verify.kernel.statements import Formula, Relation, Statement, relations_of
from verify.kernel.terms import Node, extract

MAX_LETTERS = 260
MAX_DEPTH = 2_000
MAX_HELD = 400_000
PARTS = 64
TOKEN = re.compile(
    r"[a-z][1-9]?|\?|[!^]?[.A-Z][1-9]?|\[([A-Z])([0-9]{1,9}(?:/[0-9]{1,9})?)\]"
    r"|\((!?[.A-Z][1-9]?)((?: [a-z][1-9]?[<>][1-9][0-9]?)*)\)",
    re.ASCII,
)
BOUND = re.compile(r" ([a-z][1-9]?)([<>])([1-9][0-9]?)", re.ASCII)

Sides: TypeAlias = tuple[tuple[Fraction, Fraction], ...]
Box: TypeAlias = dict[str, Interval]


def letter(number: int, first: str) -> str:
    """Return the name of variable (`first` "a") or hypothesis (`first` "A") number 0, 1, 2, ..., below MAX_LETTERS."""
    return chr(ord(first) + number % 26) + (str(number // 26) if number >= 26 else "")


def plain(nodes: Sequence[Node], box: Mapping[str, Interval]) -> Interval:
    """Enclose the range of the last node by evaluation. Raises Undefined."""
    return evaluate(nodes, box)[-1]


FORMS = {"!": mean_value, "^": at_faces}


def holds(relation: Relation, gap: Interval) -> bool:
    """Whether the relation holds wherever its gap lies in the interval."""
    return gap[0] > 0 if relation.strict else gap[0] >= 0 and not relation.equality


def fails(relation: Relation, gap: Interval) -> bool:
    """Whether the relation fails wherever its gap lies in the interval."""
    if relation.equality:
        return gap[0] > 0 or gap[1] < 0
    return gap[1] <= 0 if relation.strict else gap[1] < 0


def refuted(formula: Formula, gaps: Mapping[int, Interval]) -> bool:
    """Whether a formula fails wherever the gaps, by their nodes, lie in their intervals."""
    if isinstance(formula, Relation):
        return fails(formula, gaps[formula.gap])
    each = (refuted(part, gaps) for part in formula.parts)
    return any(each) if formula.op == "and" else all(each)


class LeafChecker:
    """Checks leaves of one statement; holds the term table of each gap, or difference of gaps, that a leaf needs."""

    def __init__(self, statement: Statement) -> None:
        assumed: list[Formula] = [*statement.hypotheses, *(c.formula for c in statement.clauses)]
        self.statement, self.held = statement, 0
        self.formulas = {letter(k, "A"): formula for k, formula in enumerate(assumed[:MAX_LETTERS])}
        self.axes = {letter(k, "a"): k for k in range(len(statement.variables))}
        self.names = [v.name for v in statement.variables]
        self.tables: dict[int | str, tuple[Node, ...]] = {}

    def formula(self, name: str, place: str) -> Formula:
        """Return the hypothesis or clause of a letter. Raises Malformed for an unknown one."""
        if name not in self.formulas:
            raise Malformed(f"{place}: no hypothesis {name!r}")
        return self.formulas[name]

    def table(self, key: int | str, nodes: Sequence[Node], root: int) -> tuple[Node, ...]:
        """Return the terms of `root`, held under `key`."""
        if key not in self.tables:
            if self.held > MAX_HELD:  # a hostile tree may name ever new multipliers: forget the old tables
                self.tables, self.held = {}, 0
            self.tables[key] = extract(nodes, root)
            self.held += len(self.tables[key])
        return self.tables[key]

    def gap(self, relation: Relation) -> tuple[Node, ...]:
        """Return the terms of the gap of a relation of the statement."""
        return self.table(relation.gap, self.statement.nodes, relation.gap)

    def difference(self, name: str, multiplier: str, place: str) -> tuple[Node, ...]:
        """Return the terms of (gap of the conclusion) - multiplier * (gap of the hypothesis)."""
        key, hypothesis = name + multiplier, self.formula(name, place)
        if not isinstance(hypothesis, Relation):
            raise Malformed(f"{place}: {name!r} is a clause")
        if key in self.tables:
            return self.tables[key]
        nodes, count = list(self.statement.nodes), len(self.statement.nodes)
        nodes.append(Node("const", value=exact(multiplier, "multiplier")))
        nodes += [Node("*", (count, hypothesis.gap)), Node("-", (self.statement.conclusion.gap, count + 1))]
        return self.table(key, nodes, count + 2)

    def check(self, token: str, box: Box, place: str) -> None:
        """Check a leaf without brackets. Raises Malformed for an unknown hypothesis, Rejected if nothing is decided."""
        enclosure, name = FORMS.get(token[0], plain), token.lstrip("!^")
        if name == ".":
            decided = holds(self.statement.conclusion, enclosure(self.gap(self.statement.conclusion), box))
        else:
            formula, gaps, size = self.formula(name, place), {}, 0
            for relation in relations_of(formula):
                if relation.gap not in gaps:
                    terms = self.gap(relation)
                    gaps[relation.gap], size = enclosure(terms, box), size + len(terms)
                if size > MAX_HELD:
                    raise Rejected(f"{place}: the terms of {token} are too many")
            decided = refuted(formula, gaps)
        if not decided:
            raise Rejected(f"{place}: the evaluation does not decide {token}")

    def check_multiplier(self, name: str, multiplier: str, box: Box, place: str) -> None:
        """Check a leaf with a multiplier. Raises as `check`."""
        gap = mean_value(self.difference(name, multiplier, place), box)
        if not holds(self.statement.conclusion, gap):
            raise Rejected(f"{place}: the evaluation does not decide [{name}{multiplier}]")

    def narrowed(self, name: str, box: Box, place: str) -> Box | None:
        """Return the bounds outside which the hypothesis fails (for ".", the conclusion holds); None: all of the box.

        Raises Malformed for a clause or an unknown hypothesis, Rejected for the negation of an equality.
        """
        method, name = (narrow_linear, name[1:]) if name[0] == "!" else (narrow, name)
        relation = self.statement.conclusion if name == "." else self.formula(name, place)
        if not isinstance(relation, Relation):
            raise Malformed(f"{place}: {name!r} is a clause")
        if name == "." and relation.equality:
            raise Rejected(f"{place}: cannot narrow by the negation of an equality")
        unequal = (-MAX_END, 0) if name == "." else (0, MAX_END)
        return method(self.gap(relation), box, (0, 0) if relation.equality else unequal)

    def narrow(self, name: str, bounds: str, sides: Sides, box: Box, place: str) -> tuple[Sides, Box]:
        """Return the box within `bounds`, after checking that outside them nothing is left. Raises as `narrowed`."""
        left = self.narrowed(name, box, place)
        kept, smaller = list(sides), dict(box)
        for bound in BOUND.finditer(bounds):
            axis_name, side, number = bound.groups()
            if axis_name not in self.axes or int(number) >= PARTS:
                raise Malformed(f"{place}: no variable {axis_name!r}, or not below {PARTS}")
            axis = self.axes[axis_name]
            lower, upper = sides[axis]
            value = lower + (upper - lower) * Fraction(int(number), PARTS)
            variable = self.names[axis]
            found = None if left is None else left.get(variable, box[variable])
            end = enclose(value, value)
            if found is not None and (found[1] > end[0] if side == "<" else found[0] < end[1]):
                raise Rejected(f"{place}: narrowing does not reach {axis_name}{side}{number}")
            kept[axis] = (kept[axis][0], value) if side == "<" else (value, kept[axis][1])
            if kept[axis][0] > kept[axis][1]:
                raise Malformed(f"{place}: the bounds leave nothing")
            smaller[variable] = enclose(*kept[axis])
        return tuple(kept), smaller


def check_bisection(statement: Statement, proof: Mapping[str, Any]) -> None:
    """Rule bisection. Every variable needs finite bounds.

    Raises Malformed for a tree that ends too early or too late or has an unknown token, Incomplete for undecided
    leaves, Rejected for a leaf whose evaluation does not decide what the leaf says.
    """
    tree = text_field(fields(dict(proof), {"rule", "tree"}, set(), "proof"), "tree", "proof")
    bounds = [(v.lower, v.upper) for v in statement.variables]
    sides: Sides = tuple((lo, hi) for lo, hi in bounds if lo is not None and hi is not None)
    if len(sides) < len(bounds) or len(bounds) > MAX_LETTERS:
        raise Rejected(f"proof.tree: a variable without finite bounds, or more than {MAX_LETTERS} variables")
    leaves, undecided, position = LeafChecker(statement), 0, 0
    names = leaves.names
    stack = [(sides, {name: enclose(*side) for name, side in zip(names, sides, strict=True)}, 0)]
    while position < len(tree):
        place, token = f"proof.tree, position {position}", TOKEN.match(tree, position)
        if token is None:
            raise Malformed(f"{place}: not a token")
        if not stack:
            raise Malformed(f"{place}: the leaves before it cover the domain already")
        position, text = token.end(), token[0]
        sides, box, depth = stack.pop()
        if depth > MAX_DEPTH or (text[0].islower() and text not in leaves.axes):
            raise Malformed(f"{place}: no variable {text!r}, or deeper than {MAX_DEPTH} cuts")
        if text[0].islower():
            axis = leaves.axes[text]
            lower, upper = sides[axis]
            middle = (lower + upper) / 2
            for half in ((middle, upper), (lower, middle)):
                cut = (*sides[:axis], half, *sides[axis + 1 :])
                stack.append((cut, {**box, names[axis]: enclose(*half)}, depth + 1))
        elif text == "?":
            undecided += 1
        elif token[1]:
            leaves.check_multiplier(token[1], token[2], box, place)
        elif token[4]:
            stack.append((*leaves.narrow(token[3], token[4], sides, box, place), depth + 1))
        elif token[3]:
            if leaves.narrowed(token[3], box, place) is not None:
                raise Rejected(f"{place}: narrowing leaves something")
        else:
            leaves.check(text, box, place)
    if stack:
        raise Malformed(f"proof.tree: ends with {len(stack)} boxes not covered")
    if undecided:
        raise Incomplete(f"proof.tree: {undecided} leaves are not decided")
