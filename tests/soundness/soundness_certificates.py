"""Certificates of every rule, found by the search or written here, each with a place where its claim is tight.

Beside `kernel_edits`, which edits statements and trees: edits of everything else that a proof is made of.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from kernel_cases import at, bisection, canonical, certificate, paths, replaced
from kernel_edits import edits, rational_edits

from verify.kernel.certificates import dump
from verify.kernel.statements import GOAL, Statement, read_statement
from verify.provers.bisection import Bisection
from verify.provers.solutions import find_solution
from verify.smt2 import read_problem

Data = dict[str, Any]
RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?")


@dataclass(frozen=True)
class Subject:
    """A certificate to be edited, its verdict, and points (by variable) where its statement is tight or refuted.

    `root` is, for the rule solution, the one point that the box must contain, with 40 digits; `feasible` are, for the
    rule bounded, points that the steps cannot exclude, so that the bounds must contain them.
    """

    data: Data
    verdict: str = "proved"
    points: tuple[Mapping[str, Fraction], ...] = ()
    root: Mapping[str, Fraction] = field(default_factory=dict)
    feasible: tuple[Mapping[str, Fraction], ...] = ()


def statement_of(declared: Mapping[str, tuple[str, str] | None], *asserted: str) -> Statement:
    """Read a problem: bounds by variable, and assertions, the last the negated conclusion."""
    lines = ["(set-logic QF_NRA)"]
    for name, bounds in declared.items():
        lines.append(f"(declare-fun {name} () Real)")
        lines += [f"(assert (<= {bounds[0]} {name}))", f"(assert (<= {name} {bounds[1]}))"] if bounds else []
    return read_problem("\n".join([*lines, *(f"(assert {a})" for a in asserted)]), "subject").statement


def searched(statement: Statement, **options: Any) -> Data:
    """Return the certificate of a finished search by bisection, small enough to be edited everywhere."""
    result = Bisection(statement, **options).run(max_boxes=3_000, seconds=20)
    assert result.decided, statement.text()
    assert len(result.tree) < 250, (len(result.tree), result.tree)
    return plain(dump(statement, bisection(result.tree)))


def plain(data: Any) -> Data:
    """Return a deep copy."""
    return copy.deepcopy(dict(data))


def at_points(*points: Mapping[str, Any]) -> tuple[dict[str, Fraction], ...]:
    return tuple({name: Fraction(value) for name, value in point.items()} for point in points)


def found_by_search() -> dict[str, Subject]:
    """Return certificates of the rule bisection: functions, narrowing, faces, multipliers, clauses."""
    square = {"x": ("(- 2)", "2"), "y": ("(- 2)", "2")}
    disc = "(<= (+ (* x x) (* y y)) 1)"
    near = "0.7071067811865475"
    return {
        "disc, sum": Subject(
            searched(statement_of(square, disc, "(> (+ x y) (/ 3 2))")), points=at_points({"x": near, "y": near})
        ),
        "disc, product": Subject(
            searched(statement_of(square, disc, "(>= (* x y) 0.6)")), points=at_points({"x": near, "y": near})
        ),
        "exp": Subject(
            searched(statement_of({"x": ("0", "4")}, "(> (* x (exp (- x))) 0.4)")), points=at_points({"x": 1})
        ),
        "sine": Subject(
            searched(statement_of({"x": ("0", "3")}, "(< (+ x 0.01) (sin x))")), points=at_points({"x": 0}, {"x": 3})
        ),
        "log and atan": Subject(
            searched(statement_of({"x": ("0.5", "3")}, "(> (log x) (- x 0.9))", "(< (atan x) 10)")),
            points=at_points({"x": 1}),
        ),
        "min, max, abs": Subject(
            searched(statement_of(square, "(< (max (abs x) (min y (- 1 y))) (- 0.1))", "(< (+ (abs x) (abs y)) 0)")),
            points=at_points({"x": 0, "y": 0}),
        ),
        "or": Subject(
            searched(statement_of(square, disc, "(or (>= x 0.9) (<= x (- 0.9)))", "(> (* y y) 0.25)")),
            points=at_points({"x": "0.9", "y": "0.43"}, {"x": "-0.9", "y": "-0.43"}),
        ),
        "and in or": Subject(
            searched(
                statement_of(
                    square,
                    "(or (and (>= x 1) (>= y x)) (and (<= x (- 1)) (<= y (- x))))",
                    "(< (+ (* x x) (* y y)) 0.9)",
                )
            ),
            points=at_points({"x": 1, "y": 1}, {"x": -1, "y": 0}),
        ),
        "equation": Subject(
            searched(statement_of(square, "(= (* x y) 1)", "(< (+ (* x x) (* y y)) 1.5)")),
            points=at_points({"x": 1, "y": 1}, {"x": -1, "y": -1}),
        ),
        "touching": Subject(searched(statement_of({"x": ("(- 1)", "2")}, "(< (* x x) 0)")), points=at_points({"x": 0})),
        "strict": Subject(
            searched(statement_of({"x": ("1", "2")}, "(<= (+ (* x x) 1) x)")), points=at_points({"x": 1})
        ),
    }


def bounded() -> dict[str, Subject]:
    """Return certificates of the rule bounded, for variables without bounds."""
    disc = statement_of({"x": None, "y": None}, "(<= (+ (* x x) (* y y)) 1)", "(> (+ x y) 1.5)")
    inside = statement_of({"x": ("(- 1)", "1"), "y": ("(- 1)", "1")}, "(<= (+ (* x x) (* y y)) 1)", "(> (+ x y) 1.5)")
    name = disc.hypotheses[0].name
    sides = {"x": ["-1", "1"], "y": ["-1", "1"]}
    near = "0.7071067811865475"
    empty = statement_of({"x": None}, "(<= (+ (* x x) 1) 0)", "(< x 5)")
    return {
        "bounded, then bisection": Subject(
            plain(dump(disc, {
                "rule": "bounded", "steps": [name], "bounds": sides, "proof": searched(inside)["proof"],
            })),
            points=at_points({"x": near, "y": near}),
            feasible=at_points({"x": 1, "y": 0}, {"x": -1, "y": 0}, {"x": 0, "y": 1}, {"x": 0, "y": -1}),
        ),
        "bounded to nothing": Subject(
            plain(dump(empty, {
                "rule": "bounded", "steps": [GOAL], "bounds": {}, "proof": {"rule": "empty"},
            })),
            points=at_points({"x": 0}, {"x": 4}),
        ),
    }  # fmt: skip


def refutations() -> dict[str, Subject]:
    """Return certificates that refute: a point with functions, and boxes with solutions of one and two equations."""
    box = {"x": ("0", "2"), "y": ("0", "2")}
    one = statement_of({"x": ("0", "2")}, "(= (* x x) 2)", "(>= x 1)")
    two = statement_of(box, "(= (+ (* x x) (* y y)) 2)", "(= (exp x) (+ y 2))", "(<= x 1.5)")
    point = statement_of({"x": ("0", "4")}, "(>= (log x) 0)", "(> (* x (exp (- x))) 0.36)")
    cosine = statement_of({"x": ("0", "2")}, "(or (= (cos x) x) (> x 3))", "(<= x 1)")
    solved = {
        "one equation": (one, {"x": "1.4142135623730950488016887242096980785697"}),
        "an equation in a clause": (cosine, {"x": "0.7390851332151606416553120876738734040134"}),
        "two equations": (
            two,
            {"x": "1.0722891104987980147210322432824947088496", "y": "0.9220607699635076336670866730662458915810"},
        ),
    }
    subjects = {"a point": Subject(plain(dump(point, {"rule": "counterexample", "point": {"x": "1"}})), "refuted")}
    for name, (statement, root) in solved.items():
        proof = find_solution(statement, seconds=10)
        assert proof is not None
        data = plain(dump(statement, proof))
        subjects[name] = Subject(data, "refuted", (), at_points(root)[0])
    return subjects


@cache
def subjects() -> dict[str, Subject]:
    """Return all certificates to be edited, by name."""
    return {**found_by_search(), **bounded(), **refutations()}


def value_edits(data: Data) -> Iterator[tuple[str, Data]]:
    """Put other kinds of JSON in the place of every value, and add a field to every object."""
    for path in paths(data):
        value, label = at(data, path), ".".join(map(str, path)) or "certificate"
        if isinstance(value, dict):
            yield f"{label}: a field more", replaced(data, path, {**value, "more": "1"})
        if isinstance(value, list):
            yield f"{label}: emptied", replaced(data, path, [])
            yield f"{label}: longer", replaced(data, path, [*value, "1"])
        for other in (0, 1, 0.5, True, None, [], {}, "", "1e3", "nan", [value], {"value": value}):
            if other != value and path:
                yield f"{label}: {other!r}"[:80], replaced(data, path, other)


def number_edits(data: Data) -> Iterator[tuple[str, Data]]:
    """Change the rationals of a proof, and shrink, move, widen and turn round its boxes."""
    for path in paths(data["proof"]):
        full, value = ("proof", *path), at(data["proof"], path)
        label = ".".join(map(str, path))
        if isinstance(value, str) and RATIONAL.fullmatch(value) and "point" not in path:
            for change, new in rational_edits(value):
                yield f"{label}: {change}", replaced(data, full, new)
        if isinstance(value, list) and len(value) == 2 and all(map(_is_rational, value)):
            low, high = map(Fraction, value)
            width = high - low
            for first, last in ((0, -1), (1, 0), (Fraction(3, 4), 0), (0, Fraction(-3, 4)), (1, 1), (-1, -1), (-9, 9)):
                yield (
                    f"{label}: {first} {last}",
                    replaced(data, full, [str(low + first * width), str(high + last * width)]),
                )
            yield f"{label}: turned round", replaced(data, full, value[::-1])


def _is_rational(value: Any) -> bool:
    return isinstance(value, str) and RATIONAL.fullmatch(value) is not None


def name_edits(data: Data) -> Iterator[tuple[str, Data]]:
    """Put other names in the place of those that a proof uses, drop them and repeat them."""
    statement = read_statement(data["statement"])
    names = [h.name for h in statement.hypotheses] + [c.name for c in statement.clauses]
    names += [f"{c.name}.{k}" for c in statement.clauses for k in (0, 1, 2)] + ["negated-conclusion"]
    for name in ("steps", "equations", "unknowns"):
        held = data["proof"].get(name, [])
        for k, item in enumerate(held):
            for other in [*names, *(v.name for v in statement.variables), f"{item} {item}", "nothing"]:
                if other != item:
                    yield f"{name}[{k}]: {other}", replaced(data, ("proof", name, k), other)
            yield f"{name}[{k}] dropped", replaced(data, ("proof", name), held[:k] + held[k + 1 :])
            yield f"{name}[{k}] repeated", replaced(data, ("proof", name), [*held, item])
    for rule in (
        "identity",
        "combination",
        "bisection",
        "bounded",
        "counterexample",
        "solution",
        "substitution",
        "empty",
    ):
        if rule != data["proof"]["rule"]:
            yield f"rule {rule}", replaced(data, ("proof", "rule"), rule)


def inner_edits(data: Data) -> Iterator[tuple[str, Data]]:
    """Edit the tree of the proof within a proof, as `kernel_edits` does that of a certificate."""
    inner = data["proof"].get("proof")
    if isinstance(inner, dict) and "tree" in inner:
        for label, changed in edits(certificate(canonical(data["statement"]), inner)):
            if not label.startswith("statement"):
                yield f"inner {label}", replaced(data, ("proof", "proof"), changed["proof"])


def all_edits(data: Data) -> Iterator[tuple[str, Data]]:
    """Yield (label, certificate) for all edits of `kernel_edits` and of this module."""
    for edited in (edits, value_edits, number_edits, name_edits, inner_edits):
        yield from edited(data)
