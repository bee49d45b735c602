"""Bounds from hypotheses: what is found, that it is short and accepted, and what is decided within it."""

from fractions import Fraction

import pytest
import sympy as sp

from verify.checking import check_data
from verify.deciding import decide, kept_tree
from verify.encode import make_statement
from verify.kernel.bounding import Narrowing, domain
from verify.kernel.certificates import build_certificate, dump
from verify.kernel.checker import check
from verify.kernel.errors import Incomplete, KernelError, Rejected
from verify.kernel.fixed import ONE
from verify.kernel.statements import GOAL
from verify.provers.bounds import MAX_PAIRED, bounded_proof, bounded_statement, find_bounds, unreached
from verify.searching import Reach
from verify.smt2 import read_problem
from verify.trees import tree_of

x, y, z = sp.symbols("x y z")
FREE = (None, None)
CIRCLE = make_statement({x: FREE, y: FREE}, (x, "=", y), {"circle": (x**2 + y**2, "=", 1)})
LINE = make_statement({x: FREE, y: FREE}, (x + y, "<=", sp.Rational(14143, 10000)), {"circle": (x**2 + y**2, "=", 1)})
SWITCH = """
(declare-fun t () Real [18, 22])
(declare-fun next () Real)
(declare-fun on () Bool)
(assert (=> on (= next (+ t 1))))
(assert (=> (not on) (= next (- t 1))))
(assert (> next 23))
(check-sat)
"""


def statement(variables, conclusion, **hypotheses):
    return make_statement(variables, conclusion, hypotheses)


FOUND = {
    "circle": (CIRCLE, ["circle"], {"x": (-1, 1), "y": (-1, 1)}),
    "one side is given": (
        statement({x: (0, None), y: (0, None)}, (x, "=", y), sum=(x + 2 * y, "<=", 3)),
        ["sum"],
        {"x": (0, 3), "y": (0, "3/2")},
    ),
    "one after the other": (
        statement({x: FREE, y: FREE, z: (0, 1)}, (x, "=", y), late=(x, "=", y + 1), early=(y, "=", z + 2)),
        ["early", "late"],
        {"x": (3, 4), "y": (2, 3)},
    ),
    "what is of no use is left out": (
        statement({x: FREE, y: (0, 1)}, (x, "=", y), a=(x, ">=", -5), b=(x * y, "<=", 1), c=(x**2, "<=", 4)),
        ["c"],
        {"x": (-2, 2)},
    ),
    "the negated conclusion": (statement({x: FREE}, (x**4, ">=", 16)), [GOAL], {"x": (-2, 2)}),
    "a function": (
        statement({x: (0, None)}, (x, "=", 0), h=(sp.exp(x), "<=", 2)),
        ["h"],
        {"x": (0, Fraction(710, 1024))},
    ),
    "nothing is left": (statement({x: FREE}, (x**2 + 1, ">", 0)), [GOAL], {}),
    "a contradiction": (statement({x: FREE}, (x, ">", 7), a=(x**2, "<=", 4), b=(x, ">=", 3)), ["a", "b"], {}),
    "strictly": (statement({x: FREE}, (x * x, ">=", 1), h=(x, "=", 1)), ["h", GOAL], {}),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_bounds_that_are_found(name):
    problem, steps, bounds = FOUND[name]
    expected = {key: tuple(map(Fraction, ends)) for key, ends in bounds.items()}
    assert find_bounds(problem) == (steps, expected)
    assert unreached(problem) == []


@pytest.mark.parametrize("name", [name for name in FOUND if FOUND[name][2]])
def test_the_kernel_reaches_the_bounds(name):
    problem = FOUND[name][0]
    steps, bounds = find_bounds(problem)
    with pytest.raises(Incomplete):
        check(build_certificate(dump(problem, bounded_proof(steps, bounds, {"rule": "bisection", "tree": "?"}))))
    for key, (low, high) in bounds.items():
        tighter = bounds | {key: (low, high - Fraction(high - low, 100))}
        with pytest.raises(Rejected, match="do not reach"):
            check(build_certificate(dump(problem, bounded_proof(steps, tighter, {"rule": "bisection", "tree": "?"}))))


UNREACHED = {
    "no hypotheses": (statement({x: FREE, y: FREE}, (x**2 + y**2, ">=", 2 * x * y)), ["x", "y"]),
    "one side": (statement({x: FREE, y: (0, 1)}, (x, "<=", 1), h=(x, ">=", y)), ["x"]),
    "one of two": (statement({x: FREE, y: FREE}, (x, "<=", y), h=(x**2, "<=", 1)), ["y"]),
    "undefined": (statement({x: FREE}, (x, "=", 1), h=(sp.sqrt(x), "<=", 1)), ["x"]),
    "too far": (statement({x: (0, None)}, (x, "<=", 1), h=(x, "<=", 10**80)), ["x"]),
}


@pytest.mark.parametrize("name", UNREACHED)
def test_bounds_that_are_not_found(name):
    problem, names = UNREACHED[name]
    assert find_bounds(problem) is None
    assert unreached(problem) == names


def test_a_statement_with_bounds_needs_none():
    assert find_bounds(statement({x: (0, 1)}, (x, "=", 2), h=(x, ">=", 0))) is None


def test_no_point_of_the_circle_is_outside():
    steps, bounds = find_bounds(LINE)
    narrowing, box = Narrowing(LINE), domain(LINE)
    for name in steps:
        box = narrowing.step(name, box)
    for name, (low, high) in bounds.items():
        assert low * ONE <= box[name][0] <= box[name][1] <= high * ONE
        assert max(low.denominator, high.denominator) <= 2**20
        assert low < Fraction("0.70710678") < high


def test_the_statement_within_the_bounds():
    half = make_statement({x: (sp.Rational(1, 3), None), y: FREE}, (x, "=", y), {"h": (x**2 + y**2, "<=", 4)})
    steps, bounds = find_bounds(half)
    within = bounded_statement(half, bounds)
    assert [(v.lower, v.upper) for v in within.variables] == [(Fraction(1, 3), 2), bounds["y"]]
    assert within.hypotheses == half.hypotheses
    assert steps == ["h"]


def test_two_clauses_bound_together():
    problem = read_problem(SWITCH.replace("23", "5"), "switch").statement
    steps, bounds = find_bounds(problem)
    assert bounds == {"next": (Fraction(17), Fraction(23))}
    assert [len(names.split(" ")) for names in steps] == [2]
    assert find_bounds(read_problem(SWITCH, "switch").statement)[1] == {}


def test_many_clauses_do_not_take_long():
    lines = [f"(declare-fun p{k} () Bool)\n(assert (=> p{k} (<= x {k})))" for k in range(3 * MAX_PAIRED)]
    text = "\n".join(["(declare-fun x () Real)", *lines, "(assert (> (* x x) 2))", "(check-sat)"])
    assert unreached(read_problem(text, "many").statement) == ["x"]


def test_a_proof_within_bounds_is_accepted():
    found = decide(LINE, Reach(seconds=20))
    assert (found.verdict, found.rule) == ("proved", "bounded")
    assert found.leaves > 1
    assert found.boxes > 0
    digest, verdict, words = check_data(found.certificate)
    assert (digest, verdict) == (LINE.digest(), "proved")
    assert f"{found.leaves} leaves" in words


def test_nothing_left_is_a_proof():
    found = decide(FOUND["nothing is left"][0], Reach(seconds=5))
    assert (found.verdict, found.rule, found.leaves) == ("proved", "bounded", 0)
    assert check_data(found.certificate)[1] == "proved"


def test_clauses_are_decided_within_bounds():
    assert decide(read_problem(SWITCH, "switch").statement, Reach(seconds=10)).verdict == "proved"
    found = decide(read_problem(SWITCH.replace("23", "22"), "switch").statement, Reach(seconds=10))
    assert found.verdict == "refuted"
    assert found.rule == "counterexample"
    assert 22 < Fraction(found.witness["next"]) <= 23


def test_a_tiny_domain_still_holds_its_solution():
    found = decide(statement({x: FREE}, (x, "<", 1), h=(x**3, "=", 2)), Reach(seconds=10))
    assert (found.verdict, found.rule) == ("refuted", "solution")


def test_an_unfinished_search_is_kept_and_goes_on():
    first = decide(LINE, Reach(seconds=0.3, precision=0.1))
    assert (first.verdict, first.rule) == ("unknown", "bounded")
    assert "?" in tree_of(first.certificate["proof"])
    assert first.leaves > 1
    steps, bounds = find_bounds(LINE)

    def wrapped(proof):
        return bounded_proof(steps, bounds, proof)

    assert kept_tree(LINE, first.certificate, wrapped) == tree_of(first.certificate["proof"])
    assert kept_tree(LINE, first.certificate) == "?"
    other = {**bounds, "x": (bounds["x"][0] - 1, bounds["x"][1])}
    assert kept_tree(LINE, first.certificate, lambda proof: bounded_proof(steps, other, proof)) == "?"
    last = decide(LINE, Reach(seconds=20), kept=first.certificate)
    assert (last.verdict, last.rule) == ("proved", "bounded")
    with pytest.raises(KernelError):
        check_data(first.certificate)


def test_what_stays_unbounded_is_named():
    found = decide(statement({x: FREE, y: (0, 1)}, (sp.exp(x) + y, ">=", 1 + x)), Reach(seconds=0.2))
    assert (found.verdict, found.rule, found.note) == ("unknown", "none", "unbounded: x")


def test_a_range_that_holds_everywhere():
    found = decide(statement({x: FREE, y: FREE}, (sp.sin(x) + sp.sin(y), "<=", 2)), Reach(seconds=5))
    assert (found.verdict, found.rule) == ("proved", "bounded")
