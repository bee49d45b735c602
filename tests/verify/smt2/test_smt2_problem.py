"""What each construct of SMT-LIB 2 becomes: exact texts of statements, bounds, names and limits."""

from fractions import Fraction

import pytest

from verify.kernel.statements import Variable, read_statement
from verify.smt2 import Problem, SmtError, expressions, lexer, read_problem

DECLARED = "(declare-const x Real)(declare-const y Real)(declare-fun p () Bool)(declare-fun q () Bool)"


def read(text: str) -> Problem:
    found = read_problem(DECLARED + text, "file")
    assert read_statement(found.statement.text()) == found.statement
    return found


def lines(text: str, start: str = "(assert (! ") -> list[str]:
    """Return the formulas of a statement other than bounds, each without its name, the conclusion's negation last."""
    found = [line.removeprefix(start) for line in read(text).statement.text().splitlines() if line.startswith(start)]
    return [f.split(" :named")[0] for f in found if not f.rstrip(")").endswith((".lower", ".upper"))]


GOAL = "(assert (> x y))"
FORMULAS = {
    "(assert (not (<= x y)))": ["(not (<= x y))"],
    "(assert (< x y))": ["(not (>= x y))"],
    "(assert (>= x y)) (assert (= x y))": ["(= x y)", "(not (< x y))"],
    "(assert (= x y))": ["(= x y)", "(not (< 1 0))"],
    "(assert (distinct x y))": ["(or (< x y) (> x y))", "(not (< 1 0))"],
    "(assert (< x y (+ x 1)))": ["(< x y)", "(not (>= y (+ x 1)))"],
    "(assert (or p (> x y)))": ["(or (>= p 1) (> x y))", "(not (< 1 0))"],
    "(assert (or (not p) (and q (or (> x y) (< x y)))))": [
        "(or (<= p 0) (and (>= q 1) (or (> x y) (< x y))))",
        "(not (< 1 0))",
    ],
    "(assert (or (or p q) (not (and (not (> x y)) (= x y)))))": [
        "(or (>= p 1) (>= q 1) (> x y) (< x y) (> x y))",
        "(not (< 1 0))",
    ],
    "(assert (=> p q (< x y)))": ["(or (<= p 0) (<= q 0) (< x y))", "(not (< 1 0))"],
    "(assert (xor p (< x y)))": ["(or (and (>= p 1) (>= x y)) (and (<= p 0) (< x y)))", "(not (< 1 0))"],
    "(assert (= p (< x y)))": ["(or (<= p 0) (< x y))", "(or (>= p 1) (>= x y))", "(not (< 1 0))"],
    "(assert (ite p (< x y) q))": ["(or (<= p 0) (< x y))", "(or (>= p 1) (>= q 1))", "(not (< 1 0))"],
    "(assert (< (ite p x 2) y))": ["(or (and (>= p 1) (< x y)) (and (<= p 0) (< 2 y)))", "(not (< 1 0))"],
    "(assert true) (assert (or false (< x y)))": ["(not (>= x y))"],
    "(assert false) (assert (< x y))": ["(< 1 0)", "(not (>= x y))"],
    "(assert (< 1 2)) (assert (> x y))": ["(not (<= x y))"],
    "(define-fun sq ((x Real)) Real (* x x)) (assert (< (sq (+ x 1)) (sq y)))": ["(not (>= (* d0 d0) (* y y)))"],
    "(define-const c Real 3) (define-fun e () Bool (> x y)) (assert (and e (= c y x)))": [
        "(= y x)",
        "(not (<= x y))",
    ],
    "(assert (let ((x y) (y x)) (> x y)))": ["(not (<= y x))"],
    "(assert (let ((y 2)) (let ((y (+ y 1))) (> x (* y x)))))": ["(not (<= x (* 3 x)))"],
    "(assert (> (min x y 1) (max x y)))": ["(not (<= (min (min x y) 1) (max x y)))"],
    "(assert (> (ite (< x y) x y) (ite (>= x 0) x (- x))))": ["(not (<= (min x y) (abs x)))"],
    "(assert (> (- x) (- x y 1)))": ["(not (<= (- x) (- (- x y) 1)))"],
    "(assert (> (/ x y 2) (+ x y 1)))": ["(not (<= (/ (/ x y) 2) (+ (+ x y) 1)))"],
    "(assert (> (^ x 3) (pow y 2)))": ["(not (<= (^ x 3) (^ y 2)))"],
    "(assert (> (^ x (- 2)) (^ y 0.5)))": ["(not (<= (/ 1 (^ x 2)) (sqrt y)))"],
    "(assert (> (^ x (/ 3 2)) (^ y -1.5)))": ["(not (<= (^ (sqrt x) 3) (/ 1 (^ (sqrt y) 3))))"],
    "(assert (> (arcsin x) (+ (arctan y) (arccos y))))": ["(not (<= (asin x) (+ (atan y) (acos y))))"],
    "(assert (> (* x pi) (to_real y)))": ["(not (<= (* x (* 4 (atan 1))) y))"],
    "(assert (> (* 0.1 x) (* 1e-3 -1.5 y)))": ["(not (<= (* (/ 1 10) x) (* (- (/ 3 2000)) y)))"],
    "(assert (> (* x (^ (- (/ 2 3) 1) 2)) (* y (abs (min 1 -2)))))": ["(not (<= (* x (/ 1 9)) (* y 2)))"],
    "(define-fun max ((a Real)(b Real)) Real (+ a b)) (assert (> (max x y) x))": ["(not (<= (+ x y) x))"],
}


@pytest.mark.parametrize("text", FORMULAS, ids=str)
def test_formulas_become_relations_and_clauses(text: str) -> None:
    assert lines(text) == FORMULAS[text]


def test_cases_of_ite_that_contradict_each_other_are_left_out() -> None:
    text = "(assert (< (ite p x 2) (ite p y 1)))"
    assert lines(text) == ["(not (>= x y))"]
    assert read(text).statement.variables[2] == Variable("p", Fraction(1), Fraction(1))
    assert lines("(assert (or q (< (ite p x 2) (ite p y 3))))") == [
        "(or (>= q 1) (and (>= p 1) (< x y)) (<= p 0))",
        "(not (< 1 0))",
    ]


BOUNDS = {
    "(assert (<= x 1)) (assert (>= x (- 2)))": (Fraction(-2), Fraction(1)),
    "(assert (<= (- 2) x 1))": (Fraction(-2), Fraction(1)),
    "(assert (and (not (> x 1)) (not (< x (/ 1 3)))))": (Fraction(1, 3), Fraction(1)),
    "(assert (= x (/ 1.5 3)))": (Fraction(1, 2), Fraction(1, 2)),
    "(assert (< x 5)) (assert (<= x 4)) (assert (<= x 6))": (None, Fraction(4)),
    "(assert (> 7 x))": (None, Fraction(7)),
}


@pytest.mark.parametrize("text", BOUNDS)
def test_comparisons_with_numbers_become_bounds(text: str) -> None:
    statement = read(text + GOAL).statement
    assert statement.variables[0] == Variable("x", *BOUNDS[text])
    assert [h.comparison for h in statement.hypotheses] == [c for c in "<>" if f"({c} " in text and "not" not in text]


def test_declared_bounds() -> None:
    found = read("(declare-fun z () Real [-1.5, 1e1]) (declare-fun w () Real [ (/ 1 3) , 1 ]) (assert (> z w))")
    assert found.statement.variables == (
        Variable("z", Fraction(-3, 2), Fraction(10)),
        Variable("w", Fraction(1, 3), Fraction(1)),
    )
    assert found.defaulted == ("x", "y", "p", "q")


@pytest.mark.parametrize("bound", ["(assert (< x 0))", "(assert (= x (- 1)))", "(assert (>= (- 1) x))"])
def test_bounds_that_exclude_each_other_stay_as_hypotheses(bound: str) -> None:
    statement = read("(assert (>= x 0))" + bound.replace("< x 0", "< x (- 2)") + GOAL).statement
    assert statement.variables[0] == Variable("x", Fraction(0))
    assert len(statement.hypotheses) == 1


def test_a_boolean_variable_is_a_real_one_between_zero_and_one() -> None:
    found = read("(assert (or p (> x y))) (assert (not q))")
    assert found.booleans == ("p", "q")
    assert found.statement.variables[2:] == (
        Variable("p", Fraction(0), Fraction(1)),
        Variable("q", Fraction(0), Fraction(0)),
    )
    assert found.unbounded == ("x", "y")


def test_names_that_the_kernel_does_not_take_are_replaced() -> None:
    names = ["a b", "x.lower", "conclusion", "d0", "max", "exp", "1", "", "x'", "x!"]
    quoted = [f"|{n}|" for n in names]
    declared = "".join(f"(declare-const {n} Real)" for n in quoted)
    found = read(declared + f"(assert (> (+ {' '.join(quoted)}) 1))")
    assert list(found.renamed.values()) == names
    assert [v.name for v in found.statement.variables] == list(found.renamed)
    assert not {"x.lower", "conclusion", "d0", "max"} & set(found.renamed)


def test_a_quoted_symbol_is_the_symbol() -> None:
    assert lines("(assert (|<| |x| y))") == ["(not (>= x y))"]


def test_labels_become_names_of_hypotheses() -> None:
    found = read("(assert (! (and (= x y) (= x 2 (* x x))) :named |a b|)) (assert (! (= y 1) :other (1 2)))" + GOAL)
    assert [h.name for h in found.statement.hypotheses] == ["a_b.1", "a_b.3"]
    assert found.renamed == {"a_b.1": "a b", "a_b.3": "a b"}


def test_a_label_is_a_formula() -> None:
    assert lines("(assert (or p (! (> x y) :named big))) (assert (not big))") == [
        "(or (>= p 1) (> x y))",
        "(not (> x y))",
    ]


def test_the_declared_status_is_kept() -> None:
    assert read(GOAL).status is None
    assert read(f"(set-info :status unsat){GOAL}(check-sat)(get-model)(exit)").status == "unsat"


def test_comments_strings_and_line_ends() -> None:
    text = '; a (\r(set-info :source "a "" (; b")\r\n(set-info :notes |;(\n)|) (echo "x") (set-option :precision 0.1)\n'
    assert lines(text + GOAL) == ["(not (<= x y))"]
    with pytest.raises(SmtError, match=r"^5:2: unknown command b$"):
        read_problem(text + "(b)", "file")


DEEP = 900
TOO_MUCH = {
    "nesting": ("(assert " + "(- " * 1500 + "x" + ")" * 1500 + ")", "nesting deeper than 1000"),
    "tokens": ("(assert (> x " + "x " * 20_000 + "))", "more than 20000 tokens"),
    "length": (" " * 4_000_000, "longer than 4000000 characters"),
    "digits": ("(assert (> x " + "9" * 401 + "))", "a number of more than 400 digits: " + "9" * 37 + "..."),
    "exponent": ("(assert (> x 1e99999999))", "a number of more than 400 digits: 1e99999999"),
    "power": ("(assert (> x (^ (^ 9 64) 64)))", "a number of more than 1329 bits"),
    "cases": (
        "(assert (> x (+ " + " ".join(f"(ite (> x {k}) y {k})" for k in range(9)) + ")))",
        "a term with more than 64",
    ),
    "relations": ("(assert (xor p q " + " ".join(f"(> x {k})" for k in range(12)) + "))", "more than 2000 relations"),
    "distinct": ("(assert (distinct " + " ".join(f"(* x {k})" for k in range(2, 70)) + "))", "more than 2000 pairs"),
    "definitions": (
        "(define-fun f0 ((t Real)) Real (+ t 1))"
        + "".join(f"(define-fun f{k} ((t Real)) Real (f{k - 1} (f{k - 1} t)))" for k in range(1, 40)),
        "the definitions expand to more than 50000 expressions",
    ),
    "definitions of numbers": (
        "(define-fun f0 ((t Real)) Real (- 1 (* 0 (- 1 2 3 4 5 6 7 8 9))))"
        + "".join(f"(define-fun f{k} ((t Real)) Real (f{k - 1} (f{k - 1} t)))" for k in range(1, 40)),
        "the definitions expand to more than 50000 expressions",
    ),
    "alternations": (
        "(assert (or q " + "(and p (or q " * 60 + "(> x y)" + "))" * 60 + "))",
        "more than 50 alternations",
    ),
}


@pytest.mark.parametrize("case", TOO_MUCH)
def test_limits(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexer, "MAX_TOKENS", 20_000)
    monkeypatch.setattr(expressions, "MAX_STEPS", 50_000)
    text, message = TOO_MUCH[case]
    with pytest.raises(SmtError) as caught:
        read_problem(DECLARED + text, "file")
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{caught.value.line}:{caught.value.column}: ")
    assert "\n" not in str(caught.value)


def test_the_number_of_terms_is_limited() -> None:
    text = f"(assert (> x (+ x {' '.join(f'(* x {k})' for k in range(2, 40_000))})))"
    with pytest.raises(SmtError, match=r"^1:104: more than 100000 terms$"):
        read_problem(DECLARED + text, "file")


def test_deep_nesting_within_the_limits_is_read() -> None:
    sums = f"(assert (= x {'(+ y ' * DEEP}x{')' * DEEP}))"
    negations = f"(assert {'(not ' * DEEP}(> x y){')' * DEEP})"
    assert len(read(sums + negations).statement.hypotheses) == 1
    squares = [f"(let ((v{k + 1} (* v{k} v{k}))) " for k in range(DEEP)]
    text = f"(assert (let ((v0 x)) {''.join(squares)}(> v5 x){')' * (DEEP + 2)}"
    assert lines(text) == ["(not (<= (* d3 d3) x))"]
