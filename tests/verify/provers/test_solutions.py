"""Boxes with a proved solution: found where there is one, accepted by the checker, absent for true claims."""

import json
import time

import mpmath
import pytest

from verify.kernel.certificates import build_certificate, dump
from verify.kernel.checker import check
from verify.kernel.statements import parse_statement
from verify.provers.solutions import find_solution

FREE = (None, None)
FALSE = "(< 1 0)"
THREE = ("0", "3")


def problem(variables, conclusion, *hypotheses):
    lines = ["(set-logic QF_NRA)", *(f"(declare-const {name} Real)" for name in variables)]
    for name, (lower, upper) in variables.items():
        lines += [f"(assert (! (>= {name} {lower}) :named {name}.lower))"] if lower is not None else []
        lines += [f"(assert (! (<= {name} {upper}) :named {name}.upper))"] if upper is not None else []
    lines += [f"(assert (! {formula} :named h{k}))" for k, formula in enumerate(hypotheses)]
    return parse_statement(
        "\n".join([*lines, f"(assert (! (not {conclusion}) :named negated-conclusion))", "(check-sat)", ""])
    )


SOLVABLE = {
    "root of two": problem({"x": FREE}, FALSE, "(= (^ x 2) 2)"),
    "the negative root": problem({"x": FREE}, "(>= x 0)", "(= (^ x 2) 2)"),
    "circle and line": problem({"x": FREE, "y": FREE}, FALSE, "(= (+ (^ x 2) (^ y 2)) 1)", "(= y (* 3 x))", "(> x 0)"),
    "sine": problem({"x": THREE}, "(<= x 2)", "(= (sin x) (/ 1 2))"),
    "three equations": problem(
        {"x": THREE, "y": THREE, "z": THREE},
        FALSE,
        "(= (+ x y z) 3)",
        "(= (* x y z) (/ 1 2))",
        "(= (exp x) (+ 2 y))",
    ),
    "one equation, three variables": problem(
        {"x": THREE, "y": THREE, "z": THREE}, "(<= x (/ 1 2))", "(= (sin (+ x (* y z))) (* x y))", "(> y (/ 1 3))"
    ),
    "abs": problem({"x": ("(- 3)", "3")}, FALSE, "(= (+ (abs x) (* x x x)) (- 1))"),
    "a steep kink": problem({"x": THREE}, FALSE, "(= (max (/ (- (* x x) 2) 50) (* 40 (- (* x x) 2))) 0)"),
    "a threefold root": problem({"x": ("0", "2")}, FALSE, "(= (^ (- (* x x) 2) 3) 0)"),
    "a clause": problem(
        {"x": FREE, "y": FREE}, FALSE, "(or (= (^ x 2) (- 1)) (and (= (^ x 2) 3) (< x 0)))", "(= y (exp x))"
    ),
    "two inequalities": problem({"x": ("0", "5")}, FALSE, "(<= (* x x) 2)", "(>= (* x x) 2)"),
    "a touched conclusion": problem({"x": ("0", "5")}, "(> (* x x) 2)", "(>= (* x x) 2)"),
    "min and max": problem({"x": THREE, "y": THREE}, FALSE, "(= (max x (* y y)) 3)", "(= (min x y) (/ 1 3))"),
    "large numbers": problem({"x": FREE, "y": FREE}, FALSE, "(= (* x x x) 1000000007)", "(= y (log x))"),
    "a variable on its bound": problem(
        {"x": ("1", "3"), "y": ("0", "1")}, FALSE, "(= (exp x) (+ 3 y))", "(>= (* y (- x 5)) 0)"
    ),
    "an equality as conclusion": problem({"x": THREE, "y": THREE}, "(= x y)", "(= (* x x) 2)", "(= (cos y) (/ 1 3))"),
    "hyperbolic and inverse functions": problem(
        {"x": ("(- 1)", "1"), "y": FREE}, "(>= x y)", "(= (atan y) (asin x))", "(= (+ (tanh y) (cosh x)) 2)"
    ),
}

UNSOLVABLE = {
    "a negative square": problem({"x": FREE}, FALSE, "(= (^ x 2) (- 1))"),
    "a true conclusion": problem({"x": FREE}, "(<= x 2)", "(= (^ x 2) 2)"),
    "out of range": problem({"x": ("0", "1"), "y": ("0", "1")}, FALSE, "(= (+ (exp x) y) (/ 1 2))"),
    "barely not": problem({"x": THREE}, FALSE, "(= (+ (^ (- (* x x) 2) 2) (/ 1 1000000)) 0)"),
    "every part fails": problem({"x": FREE}, FALSE, "(or (= (exp x) (- 1)) (= (sin x) 2))"),
    "nowhere defined": problem({"x": FREE}, FALSE, "(= (sqrt (- (- 1) (* x x))) x)"),
    "parts that exclude each other": problem({"x": FREE}, FALSE, "(= (* x x) 2)", "(or (> x 2) (< x (- 2)))"),
}


@pytest.mark.parametrize("name", SOLVABLE)
@pytest.mark.parametrize("seed", [0, 1])
def test_solutions_are_found(name, seed):
    statement = SOLVABLE[name]
    proof = find_solution(statement, seed=seed)
    assert proof is not None
    data = json.loads(json.dumps(dump(statement, proof)))
    assert check(build_certificate(data)) == "refuted"
    assert all(len(end) < 120 for side in proof["box"].values() for end in side)


@pytest.mark.parametrize("name", UNSOLVABLE)
def test_true_claims_have_none(name):
    start = time.perf_counter()
    assert find_solution(UNSOLVABLE[name], seconds=2) is None
    assert time.perf_counter() - start < 3


def test_the_box_holds_the_solution():
    box = find_solution(SOLVABLE["three equations"])["box"]
    middle = [float(mpmath.mpf(mpmath.mpmathify(low)) + mpmath.mpmathify(high)) / 2 for low, high in box.values()]
    with mpmath.workdps(40):
        root = mpmath.findroot(
            lambda x, y, z: [x + y + z - 3, x * y * z - mpmath.mpf(1) / 2, mpmath.exp(x) - 2 - y], middle
        )
        for (low, high), value in zip(box.values(), root, strict=True):
            assert mpmath.mpmathify(low) < value < mpmath.mpmathify(high)
            assert mpmath.mpmathify(high) - mpmath.mpmathify(low) < 1e-9


def test_the_clause_is_named_by_its_relation():
    proof = find_solution(SOLVABLE["a clause"])
    assert set(proof["equations"]) == {"h0.1", "h1"}


def test_equal_seeds_give_equal_searches():
    statement = SOLVABLE["one equation, three variables"]
    assert find_solution(statement, seed=5) == find_solution(statement, seed=5)


def test_the_time_is_kept():
    start = time.perf_counter()
    assert find_solution(UNSOLVABLE["barely not"], seconds=0.05) is None
    assert time.perf_counter() - start < 1


def test_numbers_beyond_floating_point_give_none():
    assert find_solution(problem({"x": FREE}, f"(<= x {10**350})", "(= (* x x) 2)")) is None
