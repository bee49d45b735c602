"""Counterexamples to statements with elementary functions, minimum and maximum, and clauses."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from verify.kernel.rules import check_counterexample
from verify.kernel.statements import parse_statement, relations_of
from verify.kernel.terms import FUNCTIONS
from verify.provers.falsifier import falsify, satisfiable
from verify.provers.falsifier_branches import MAX_BRANCHES, best_choice, branches, choices, count
from verify.provers.falsifier_elimination import eliminate
from verify.provers.falsifier_evaluation import Evaluator, relations

FREE = (None, None)
UNIT = ("0", "1")


def problem(variables, conclusion, *hypotheses):
    lines = ["(set-logic QF_NRA)", *(f"(declare-const {name} Real)" for name in variables)]
    for name, (lower, upper) in variables.items():
        lines += [f"(assert (! (>= {name} {lower}) :named {name}.lower))"] if lower is not None else []
        lines += [f"(assert (! (<= {name} {upper}) :named {name}.upper))"] if upper is not None else []
    lines += [f"(assert (! {formula} :named h{k}))" for k, formula in enumerate(hypotheses)]
    return parse_statement(
        "\n".join([*lines, f"(assert (! (not {conclusion}) :named negated-conclusion))", "(check-sat)", ""])
    )


FUNCTION_POINTS = {"acos": 0.3, "asin": -0.6, "log": 2.5}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_values_and_slopes_of_functions(function):
    at = FUNCTION_POINTS.get(function, -0.7)
    evaluator = Evaluator(problem({"x": FREE}, f"(>= ({function} (* 1 x)) 0)"))
    reference = {"asin": np.arcsin, "acos": np.arccos, "atan": np.arctan}.get(function) or getattr(np, function)
    assert evaluator.gaps(np.array([[at]]))[0, 0] == pytest.approx(float(reference(at)), rel=1e-14)
    slope = (reference(at + 1e-6) - reference(at - 1e-6)) / 2e-6
    assert evaluator.gradients(np.array([at]))[0, 0] == pytest.approx(slope, rel=1e-8)


def test_values_and_slopes_of_minimum_and_maximum():
    evaluator = Evaluator(problem({"x": FREE, "y": FREE}, "(>= (min (* 2 x) (max (* 3 y) (- x))) 0)"))
    for point, value, slope in (((1.0, 5.0), 2.0, [2, 0]), ((4.0, 1.0), 3.0, [0, 3]), ((4.0, -5.0), -4.0, [-1, 0])):
        assert evaluator.gaps(np.array([point]))[0, 0] == value
        assert evaluator.gradients(np.array(point))[0].tolist() == slope


def test_undefined_points_of_functions_are_nan():
    for function, at in (("log", -1.0), ("asin", 1.5), ("acos", -2.0)):
        assert np.isnan(Evaluator(problem({"x": FREE}, f"(>= ({function} x) 0)")).gaps(np.array([[at]]))[0, 0])


FALSE = {
    "sine": problem({"x": ("0", "4")}, "(<= (sin x) (/ 999999 1000000))"),
    "sum of functions": problem({"x": FREE, "y": UNIT}, "(>= (+ (exp x) (cosh y)) (+ 2 (* (/ 9 10) x)))", "(<= x 0)"),
    "logarithm": problem({"x": ("0", None)}, "(<= (log x) (- x (/ 11 10)))", "(> x 0)"),
    "minimum": problem({"x": FREE, "y": FREE}, "(<= (min x (- 3 y)) (max (abs y) 1))", "(> y (/ 1 2))"),
    "a valley": problem({"x": FREE, "y": FREE}, "(>= (+ (^ (- (sin x) (/ 1 3)) 2) (^ (- y x) 2)) (/ 1 10000000))"),
    "inverse functions": problem(
        {"x": UNIT, "y": UNIT}, "(<= (+ (asin x) (atan y) (tanh x)) (/ 311 100))", "(<= (acos y) 3)"
    ),
    "linear equality": problem({"x": UNIT, "y": FREE}, "(<= (* (sin x) (tan y)) (/ 1 9))", "(= (+ x y) 1)"),
    "or": problem({"x": FREE}, "(<= (* x x) 9)", "(or (= x (/ 7 2)) (< (* x x) 4))"),
    "or, each part alone": problem({"x": FREE}, "(<= (* x x) 9)", "(or (< (* x x) (- 1)) (= (* 3 x) (- 10)))"),
    "and in or": problem(
        {"x": FREE, "y": FREE},
        "(<= (+ x y) 1)",
        "(or (and (<= x 0) (<= y 0)) (and (= y (/ x 3)) (<= x (/ 4 5)) (>= x (/ 77 100))))",
    ),
    "two clauses": problem(
        {"x": FREE, "y": FREE},
        "(>= (* x y) 0)",
        "(or (< x (- 5)) (> x 5))",
        "(or (and (> y 0) (= y 2)) (< (exp y) 0))",
        "(or (<= x y) (>= (+ x y) 100))",
    ),
    "many clauses": problem(
        {f"x{k}": ("(- 2)", "2") for k in range(8)},
        "(<= (+ x0 x1 x2 x3 x4 x5 x6 x7) 7)",
        *(f"(or (<= x{k} (- 1)) (and (>= x{k} 1) (<= (exp x{k}) 3)))" for k in range(8)),
    ),
    "clause, no bound": problem({"x": FREE}, "(< (log x) 9)", "(or (> x 5000) (< x (- 5000)))"),
}

TRUE = {
    "sine": problem({"x": ("0", "4")}, "(<= (sin x) 1)"),
    "exponential": problem({"x": FREE}, "(>= (exp x) (+ 1 x))"),
    "minimum": problem({"x": FREE, "y": FREE}, "(<= (* 2 (min x y)) (+ x y))"),
    "or": problem({"x": FREE}, "(<= (abs x) 9)", "(or (< (* x x) 4) (and (> x 0) (<= (exp x) 9)))"),
    "parts that exclude each other": problem({"x": FREE}, "(< 1 0)", "(or (> x 2) (< x (- 2)))", "(< (* x x) 4)"),
    "undefined in another part": problem({"x": FREE}, "(<= x 1)", "(or (> x 5) (> (sqrt (- (- 1) (* x x))) x))"),
}


@pytest.mark.parametrize("name", FALSE)
@pytest.mark.parametrize("seed", [0, 1])
def test_counterexamples_are_found(name, seed):
    proof = falsify(FALSE[name], seed=seed, seconds=15)
    assert proof is not None
    check_counterexample(FALSE[name], proof)


@pytest.mark.parametrize("name", TRUE)
def test_true_claims_have_none(name):
    assert falsify(TRUE[name], seconds=1.5) is None


def test_hypotheses_with_clauses_can_hold():
    point = satisfiable(FALSE["or"])
    assert point is not None
    assert point["x"] == Fraction(7, 2) or abs(point["x"]) < 2
    assert satisfiable(TRUE["parts that exclude each other"], seconds=1) is None


def test_choices_are_the_disjunctive_normal_form():
    """A formula holds exactly if all relations of some choice do, for every truth value of its relations."""
    text = "(or (and (> x 0) (or (> x 1) (and (> x 2) (> x 3)))) (> x 4) (and (> x 5) (or (> x 6) (> x 7))))"
    formula = problem({"x": FREE}, "(< 1 0)", text).clauses[0].formula
    found = list(choices(formula))
    assert found == [(0, 1), (0, 2, 3), (4,), (5, 6), (5, 7)]
    assert count(formula) == len(found)
    for held in itertools.product([False, True], repeat=8):
        a, b, c, d, e, f, g, h = held
        truth = (a and (b or (c and d))) or e or (f and (g or h))
        assert truth is any(all(held[k] for k in choice) for choice in found)
        slack, choice = best_choice(formula, [1.0 if value else -1.0 for value in held])
        assert (slack > 0) is truth
        assert choice in found
        assert not truth or all(held[k] for k in choice)


def test_branches_imply_the_clauses():
    statement = FALSE["two clauses"]
    parts = branches(statement)
    assert len(parts) == 8
    assert all(not part.clauses and part.conclusion == statement.conclusion for part in parts)
    wanted = set(itertools.product(((0,), (1,)), ((0, 1), (2,)), ((0,), (1,))))
    names = {tuple(h.name for h in part.hypotheses) for part in parts}
    assert names == {tuple(f"h{c}.{k}" for c, ks in enumerate(choice) for k in ks) for choice in wanted}
    gaps = {f"{c.name}.{k}": r.gap for c in statement.clauses for k, r in enumerate(relations_of(c.formula))}
    assert all(h.gap == gaps[h.name] for part in parts for h in part.hypotheses)


def test_the_branch_that_looks_best_comes_first():
    statement = problem({"x": ("0", "9")}, "(<= x 8)", "(or (< x (- 3)) (> x 7) (< x (- 1)))")
    assert [h.name for h in branches(statement)[0].hypotheses] == ["h0.1"]
    assert len(branches(FALSE["many clauses"])) == MAX_BRANCHES


def test_elimination_keeps_clauses():
    statement = problem(
        {"x": UNIT, "y": FREE}, "(<= y 1)", "(= (+ x (* 2 y)) 3)", "(or (> y x) (and (< y 0) (= (sin y) x)))"
    )
    elimination = eliminate(statement)
    (left,) = elimination.reduced.variables
    assert [c.name for c in elimination.reduced.clauses] == ["h1"]
    for value in (Fraction(1, 7), Fraction(5, 4), Fraction(2)):
        point = elimination.complete({left.name: value})
        whole = Evaluator(statement).gaps(np.array([[float(point["x"]), float(point["y"])]]))[0]
        reduced = Evaluator(elimination.reduced).gaps(np.array([[float(value)]]))[0]
        by_name = list(zip(relations(elimination.reduced), reduced, strict=True))
        assert [g for r, g in by_name if r.name == "h1"] == pytest.approx(whole[1:4])
        assert by_name[-1][1] == pytest.approx(whole[-1])
