"""An evaluator of SMT-LIB 2 files at exact points that shares no code with the reader, and one of statements.

Formulas and terms are nested lists of strings. Bool values are Python's, real ones Fractions.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations, pairwise
from math import prod
from typing import Any

from verify.kernel.statements import Formula, Relation, Statement

Point = Mapping[str, Any]


class Undefined(Exception):
    """A division by zero, or a function that has no rational values."""


def parse(text: str) -> list[Any]:
    """Read S-expressions without comments, strings and quoted symbols."""
    root: list[Any] = []
    stack = [root]
    for token in re.findall(r"[()]|[^\s()]+", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    assert len(stack) == 1
    return root


def write(expression: Any) -> str:
    """Return the text of a nested list."""
    return expression if isinstance(expression, str) else f"({' '.join(map(write, expression))})"


class File:
    """The definitions and assertions of a file."""

    def __init__(self, text: str) -> None:
        self.definitions: dict[str, tuple[list[str], Any]] = {}
        self.assertions: list[Any] = []
        self.point: Point = {}
        for command in parse(text):
            match command:
                case ["define-fun", name, parameters, _, body]:
                    self.definitions[name] = [p for p, _ in parameters], body
                case ["assert", formula]:
                    self.assertions.append(formula)

    def holds(self, point: Point) -> bool:
        """Whether all assertions hold. Raises Undefined."""
        self.point = point
        values = [self.value(assertion, point) for assertion in self.assertions]
        assert all(isinstance(v, bool) for v in values)
        return all(values)

    def value(self, e: Any, point: Point) -> Any:
        """Evaluate an expression."""
        if isinstance(e, str):
            return self._symbol(e, point)
        head, rest = e[0], e[1:]
        if head == "let":
            return self.value(rest[1], {**point, **{name: self.value(body, point) for name, body in rest[0]}})
        if head == "!":
            return self.value(rest[0], point)
        args = [self.value(r, point) for r in rest]
        if head in self.definitions:
            names, body = self.definitions[head]
            return self.value(body, {**self.point, **dict(zip(names, args, strict=True))})
        return self.apply(head, args)

    def _symbol(self, name: str, point: Point) -> Any:
        if name in point:
            return point[name]
        if name in self.definitions:
            return self.value(self.definitions[name][1], self.point)
        return {"true": True, "false": False}[name] if name in ("true", "false") else Fraction(name)

    def apply(self, head: str, a: list[Any]) -> Any:
        """Apply a function of the theory."""
        tables = {
            "not": lambda: not a[0],
            "and": lambda: all(a),
            "or": lambda: any(a),
            "xor": lambda: sum(a) % 2 == 1,
            "=>": lambda: not all(a[:-1]) or a[-1],
            "=": lambda: all(x == y for x, y in pairwise(a)),
            "distinct": lambda: all(x != y for x, y in combinations(a, 2)),
            "<": lambda: all(x < y for x, y in pairwise(a)),
            "<=": lambda: all(x <= y for x, y in pairwise(a)),
            ">": lambda: all(x > y for x, y in pairwise(a)),
            ">=": lambda: all(x >= y for x, y in pairwise(a)),
            "ite": lambda: a[1] if a[0] else a[2],
            "+": lambda: sum(a),
            "*": lambda: prod(a),
            "-": lambda: a[0] - sum(a[1:]) if len(a) > 1 else -a[0],
            "/": lambda: quotient(a[0], prod(a[1:])),
            "min": lambda: min(a),
            "max": lambda: max(a),
            "abs": lambda: abs(a[0]),
            "^": lambda: a[0] ** int(a[1]) if a[1] >= 0 else quotient(Fraction(1), a[0] ** int(-a[1])),
        }
        if head not in tables:
            raise Undefined(head)
        return tables[head]()


def quotient(a: Any, b: Any) -> Any:
    """Divide. Raises Undefined for division by zero."""
    if b == 0:
        raise Undefined("division by zero")
    return a / b


def refutes(statement: Statement, point: Point) -> bool:
    """Whether bounds, hypotheses and clauses hold at a point and the conclusion does not. Raises Undefined."""
    values: list[Fraction] = []
    for node in statement.nodes:
        args = [values[i] for i in node.args]
        if node.op in ("const", "var"):
            values.append(node.value if node.op == "const" else Fraction(point[node.name]))
        elif node.op == "neg":
            values.append(-args[0])
        elif node.op == "^":
            values.append(args[0] ** node.exponent)
        else:
            values.append(File("").apply(node.op, args))
    inside = all(
        (v.lower is None or v.lower <= point[v.name]) and (v.upper is None or point[v.name] <= v.upper)
        for v in statement.variables
    )

    def true(formula: Formula) -> bool:
        if isinstance(formula, Relation):
            return bool(File("").apply(formula.comparison, [values[formula.left], values[formula.right]]))
        return (all if formula.op == "and" else any)(map(true, formula.parts))

    assumed = (*statement.hypotheses, *(clause.formula for clause in statement.clauses))
    return inside and all(map(true, assumed)) and not true(statement.conclusion)
