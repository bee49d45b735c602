"""Paving with codac's contractors: a worker of `benchmarks.methods.contracted`, in a process of its own.

Reads a statement (canonical SMT-LIB 2 text) from standard input. Contracts its domain to where the hypotheses hold and
the conclusion does not, with forward-backward contractors and centred forms (`CtcInverse`), and cuts (`pave`) until
nothing is left or the boxes are narrower than WIDTH. All of that is compiled C++ on one core.

Prints one JSON object: answer ("proved" when no box is left), seconds, boxes. Needs the package codac (2.x).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from math import inf, nextafter
from typing import Any

import codac

from verify.kernel.statements import Relation, Statement, parse_statement
from verify.kernel.terms import Node, extract

WIDTH = 1e-9


def whole(number: int) -> Any:
    """Return an interval around an integer."""
    value = float(number)
    exact = int(value) == number
    return codac.Interval(value) if exact else codac.Interval(nextafter(value, -inf), nextafter(value, inf))


def rational(value: Fraction) -> Any:
    """Return an interval around a rational."""
    return whole(value.numerator) / whole(value.denominator)


def expression(nodes: Sequence[Node], row: dict[str, Any]) -> Any:
    """Build codac's expression of a term table whose last node is the root; `row` gives the variables."""
    values: list[Any] = []
    for node in nodes:
        args = [values[i] for i in node.args]
        match node.op:
            case "const":
                value = rational(node.value)
            case "var":
                value = row[node.name]
            case "+":
                value = args[0] + args[1]
            case "-":
                value = args[0] - args[1]
            case "*" if node.args[0] == node.args[1]:
                value = codac.sqr(args[0])
            case "*":
                value = args[0] * args[1]
            case "/":
                value = args[0] / args[1]
            case "neg":
                value = -args[0]
            case "^":
                value = codac.sqr(args[0]) if node.exponent == 2 else codac.pow(args[0], node.exponent)
            case name:
                value = getattr(codac, name)(*args)
        values.append(value)
    return values[-1]


def contractor(statement: Statement, relation: Relation, target: Any) -> Any:
    """Return the contractor to where the gap of a relation lies in `target`."""
    vector = codac.VectorVar(len(statement.variables))
    row = {v.name: vector[k] for k, v in enumerate(statement.variables)}
    function = codac.AnalyticFunction([vector], expression(extract(statement.nodes, relation.gap), row))
    return codac.CtcInverse(function, target)


def domain(statement: Statement) -> Any:
    """Return the box of the statement, rounded outward."""
    bounds = [[b for b in (v.lower, v.upper) if b is not None] for v in statement.variables]
    return codac.IntervalVector([rational(lower) | rational(upper) for lower, upper in bounds])


def count(tree: Any) -> tuple[int, int]:
    """Return the number of boxes of a paving, and how many of its leaves are left, that is not empty."""
    boxes, left, stack = 0, 0, [tree]
    while stack:
        node = stack.pop()
        boxes += 1
        if node.is_leaf():
            left += not all(box.is_empty() for box in node.boxes())
        else:
            stack += [node.left(), node.right()]
    return boxes, left


def main() -> None:
    statement = parse_statement(sys.stdin.read())
    began = time.perf_counter()
    joint = contractor(statement, statement.conclusion, codac.Interval(-codac.oo, 0))
    for relation in statement.hypotheses:
        target = codac.Interval(0, 0) if relation.equality else codac.Interval(0, codac.oo)
        joint = joint & contractor(statement, relation, target)
    tree = codac.pave(domain(statement), joint, WIDTH).tree()
    seconds = time.perf_counter() - began
    boxes, left = count(tree)
    print(json.dumps({"answer": "undecided" if left else "proved", "seconds": seconds, "boxes": boxes}))


if __name__ == "__main__":
    main()
