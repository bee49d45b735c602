"""A file and its statement mean the same: compared at points, over random formulas, with an independent evaluator."""

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from smt2_oracle import File, Undefined, refutes, write

from verify.kernel.statements import read_statement
from verify.smt2 import SmtError, formulas, operations, problem, read_problem
from verify.smt2.formulas import FormulaTable
from verify.smt2.operations import Operations

HEADER = """(declare-const x Real) (declare-const y Real) (declare-fun p () Bool) (declare-fun q () Bool)
(define-fun f ((x Real) (b Bool)) Real (ite (and b (< x y)) (- x 1) (* 2 x)))
(define-fun g ((b Bool) (t Real)) Bool (xor b (>= t 0) q))
"""
REALS = [Fraction(-1), Fraction(0), Fraction(1, 2), Fraction(2)]
POINTS = [dict(zip("xypq", v, strict=True)) for v in product(REALS, REALS, (False, True), (False, True))]


def mistakes(text: str, points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the points at which a file and its statement differ; points with undefined terms are left out."""
    file, statement = File(text), read_problem(text, "file").statement
    assert read_statement(statement.text()) == statement
    differing = []
    for point in points:
        try:
            same = file.holds(point) == refutes(statement, point)
        except Undefined:
            continue
        if not same:
            differing.append(point)
    return differing


def extend(terms: Any, formulas_: Any, names: tuple[str, ...]) -> tuple[Any, Any]:
    """Return strategies of terms and formulas one level deeper."""
    some_terms, some_formulas = st.lists(terms, min_size=2, max_size=3), st.lists(formulas_, min_size=2, max_size=3)
    deeper_terms = st.one_of(
        terms,
        st.builds(lambda op, a: [op, *a], st.sampled_from(["+", "-", "*", "/", "min", "max"]), some_terms),
        st.builds(lambda op, a: [op, a], st.sampled_from(["-", "abs"]), terms),
        st.builds(lambda a, n: ["^", a, n], terms, st.sampled_from(["2", "3", "(- 1)"])),
        st.builds(lambda c, a, b: ["ite", c, a, b], formulas_, terms, terms),
        st.builds(lambda a, b: ["f", a, b], terms, formulas_),
        st.builds(lambda n, a, b: ["let", [[n, a]], b], st.sampled_from(names), terms, terms),
    )
    deeper_formulas = st.one_of(
        formulas_,
        st.builds(lambda op, a: [op, *a], st.sampled_from(["<=", "<", ">=", ">", "=", "distinct"]), some_terms),
        st.builds(lambda op, a: [op, *a], st.sampled_from(["and", "or", "xor", "=>", "=", "distinct"]), some_formulas),
        st.builds(lambda a: ["not", a], formulas_),
        st.builds(lambda c, a, b: ["ite", c, a, b], formulas_, formulas_, formulas_),
        st.builds(lambda a, b: ["g", a, b], formulas_, terms),
        st.builds(lambda n, a, b: ["let", [[n, a], ["p", ["not", "p"]]], b], st.sampled_from(names), terms, formulas_),
    )
    return deeper_terms, deeper_formulas


def random_formulas() -> Any:
    terms: Any = st.sampled_from(["x", "y", "0", "1", "0.5", "2"])
    found: Any = st.one_of(
        st.sampled_from(["p", "q", "true", "false"]),
        st.builds(lambda op, a, b: [op, a, b], st.sampled_from(["<=", "<", ">=", ">", "="]), terms, terms),
    )
    for _ in range(3):
        terms, found = extend(terms, found, ("x", "y"))
    return found


@given(st.lists(random_formulas(), min_size=1, max_size=4))
def test_a_statement_means_what_the_file_says(asserted: list[Any]) -> None:
    text = HEADER + "\n".join(f"(assert {write(formula)})" for formula in asserted)
    try:
        read_problem(text, "file")
    except SmtError as error:
        assume("cases of ite" not in str(error) and "relations" not in str(error))
        raise
    assert mistakes(text, POINTS) == []


FIXED = {
    "comparisons": "(assert (or (not (<= x 0)) (not (< y 0)))) (assert (or (not (>= x y)) (not (> y 1)) (= x y)))",
    "equality": "(assert (or p (not (= x y))))",
    "boolean": "(assert (or (not p) (and p q)))",
    "junctions": "(assert (not (and (or p q) (or (not p) (> x 0)))))",
    "xor": "(assert (xor p q (< x y)))",
    "equivalence": "(assert (= p q (< x y)))",
    "choice": "(assert (ite p (< x y) (not q)))",
    "ite": "(assert (< (ite p x (ite q y 1)) (ite p (* 2 y) 0)))",
    "ite negated": "(assert (or q (not (< (ite p x y) 1))))",
    "extremum": "(assert (< (ite (< x y) x y) (ite (not (>= x y)) y (+ x 1)) (ite (<= x 0) (- x) x) 2))",
    "extremum with a negation": "(assert (< (ite (not (< x y)) x y) (ite (not (< x 0)) x (- x))))",
    "scope of a definition": "(assert (let ((y (- y 3)) (p (not p))) (> (f x p) y)))",
    "chain": "(assert (< x y 2)) (assert (or p (not (<= x y 1))))",
    "distinct": "(assert (distinct x y 0)) (assert (distinct p q))",
    "implication": "(assert (=> p (< x y) q))",
    "bounds": "(assert (< (- 1) x)) (assert (not (> x 1))) (assert (<= y 2)) (assert (= (+ x y) 2.5)) (assert (> y x))",
    "bounds that exclude each other": "(assert (< x 0)) (assert (>= x 1))",
    "a variable fixed": "(assert (= 2 y)) (assert (<= (* x y) 1))",
    "let": "(assert (let ((x y) (y x)) (< (- x y) (let ((x 1)) x))))",
    "no inequality": "(assert (= (* x x) x)) (assert (or p q)) (assert q)",
    "definition": "(assert (g (< x (f y p)) x))",
}


@pytest.mark.parametrize("case", FIXED)
def test_each_construct_means_what_it_says(case: str) -> None:
    text = HEADER + FIXED[case]
    assert mistakes(text, POINTS) == []
    assert any(File(text).holds(point) for point in POINTS) != ("exclude" in case)


def broken_choice(self: FormulaTable, condition: int, then: int, otherwise: int) -> int:
    return self.conjunction((self.disjunction((condition, then)), self.disjunction((condition, otherwise))))


def broken_guard(self: FormulaTable, literals: Any) -> int:
    return self.conjunction(gate for gate, _ in literals)


PLANTED = {
    "a strict comparison negated as a strict one": (formulas.NEGATED, "<", ">"),
    "a weak comparison negated as a weak one": (formulas.NEGATED, "<=", ">="),
    "a mirrored bound not mirrored": (problem.MIRRORED, "<", "<"),
    "minimum for maximum": (operations.EXTREMA, "<", ("max", "min")),
    "if-then-else with the wrong condition": (FormulaTable, "choice", broken_choice),
    "a guard without its sign": (FormulaTable, "guard", broken_guard),
    "a disjunction for a conjunction": (FormulaTable, "conjunction", FormulaTable.disjunction),
    "an implication the wrong way": (
        Operations,
        "implies",
        lambda self, values: operations.Bool(self.formulas.disjunction(v.gate for v in values)),
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_mistake_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, name, wrong = PLANTED[fault]
    if isinstance(place, dict):
        monkeypatch.setitem(place, name, wrong)
    else:
        monkeypatch.setattr(place, name, wrong)
    assert any(mistakes(HEADER + text, POINTS) for text in FIXED.values())
