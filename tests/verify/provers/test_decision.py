"""Decisions on boxes: compiled and in numpy the same, accepted by the kernel, and no counterexample is ever cut off."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from prover_exact import Undefined, Unknown, exact_value
from test_bisection import accept, leaves, many
from test_tape import OPERATIONS, boxes, columns, inside, linear, shares, table_of, tape_of, terms

from verify.encode import make_statement
from verify.kernel.errors import Incomplete
from verify.kernel.statements import Clause, Formula, Junction, Relation, Statement, Variable, parse_statement, relate
from verify.kernel.terms import Node, TermTable
from verify.provers.bisection import Bisection
from verify.provers.decision import NARROW, Decision
from verify.provers.narrowing import propagated, solved
from verify.provers.ranges import Interval

x, y, z = sp.symbols("x y z")
Q = sp.Rational


def problem(conclusion: str, *assumed: str, **bounds: tuple[str, str]) -> Statement:
    """Return the statement with these bounds of the variables, hypotheses and clauses, in SMT-LIB."""
    lines = ["(set-logic QF_NRA)", *(f"(declare-const {name} Real)" for name in bounds)]
    for name, (low, high) in bounds.items():
        lines.append(f"(assert (! (>= {name} {low}) :named {name}.lower))")
        lines.append(f"(assert (! (<= {name} {high}) :named {name}.upper))")
    lines += [f"(assert (! {formula} :named h{k}))" for k, formula in enumerate(assumed)]
    return parse_statement(
        "\n".join([*lines, f"(assert (! (not {conclusion}) :named negated-conclusion))", "(check-sat)"])
    )


TRUE = {
    "exponential": problem("(>= (exp x) (+ x (/ 999 1000)))", x=("(- 2)", "2")),
    "sine and cosine": problem("(<= (+ (sin x) (cos x)) (/ 1415 1000))", x=("0", "7")),
    "logarithm": problem("(<= (* x (log (/ 1 x))) (/ 37 100))", x=("(/ 1 10)", "1")),
    "tangent": problem("(>= (tan x) (- (* x (/ 999 1000)) (/ 1 1000)))", x=("0", "(/ 3 2)")),
    "inverse functions": problem("(<= (+ (asin x) (acos x)) (/ 158 100))", x=("(- (/ 9 10))", "(/ 9 10)")),
    "hyperbolic": problem("(>= (cosh x) (+ (/ 999 1000) (* (/ 49 100) (* x x))))", x=("(- 3)", "3")),
    "tanh below atan": problem("(<= (tanh x) (+ (atan x) (/ 1 50)))", x=("0", "4")),
    "root": problem("(<= (* (sqrt x) (- 3 x)) (/ 2001 1000))", x=("0", "3")),
    "absolute value": problem("(<= (abs (- (* x x) (/ 1 2))) (/ 501 1000))", x=("0", "1")),
    "minimum": problem("(<= (min (* x y) (- 1 (* x y))) (/ 501 1000))", x=("0", "1"), y=("0", "1")),
    "maximum": problem("(>= (max x (- 1 x)) (/ 499 1000))", x=("(- 1)", "2")),
    "equalities": problem(
        "(<= (* x y) (/ 501 1000))", "(= (+ (* x x) (* y y)) 1)", x=("(- 2)", "2"), y=("(- 2)", "2")
    ),
    "clause": problem(
        "(>= (* x x) (/ 24 100))", "(or (<= x (- (/ 1 2))) (>= (* x x x) (/ 1 8)))", x=("(- 2)", "2")
    ),
    "nested clause": problem(
        "(<= (* x y) (/ 201 100))",
        "(or (and (<= x 1) (<= (abs y) 1)) (and (<= (exp x) 1) (>= y 0)))",
        x=("(- 2)", "2"), y=("(- 2)", "2"),
    ),
    "bounds that are no floats": problem(
        "(>= (+ x y) (/ 1999 1000))", "(>= (* x y) 1)", x=("(/ 1 3)", "(/ 7 3)"), y=("(/ 1 3)", "(/ 7 3)")
    ),
    "three variables": problem(
        "(<= (* x y z) (/ 4 100))", "(<= (+ x y z) 1)", x=("0", "1"), y=("0", "1"), z=("0", "1")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRUE)
def test_compiled_and_in_numpy_the_tree_is_the_same_and_accepted(name: str) -> None:
    statement = TRUE[name]
    compiled = Bisection(statement, batch=300, compiled=True).run(max_boxes=60_000)
    plain = Bisection(statement, batch=77, compiled=False).run(max_boxes=60_000)
    assert compiled.decided
    assert compiled.tree == plain.tree
    assert compiled.boxes == plain.boxes
    accept(statement, plain.tree)


def test_compiling_in_the_middle_of_a_search_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = TRUE["equalities"]
    search = Bisection(statement, batch=16)
    monkeypatch.setattr("verify.provers.bisection.COMPILE_AFTER", 4)
    tree = search.run().tree
    assert search.programs is not None
    assert tree == Bisection(statement, compiled=False).run().tree


# Any statement

LEAVES = st.sampled_from(["x", "y", "x", "y"]) | st.sampled_from(
    [Fraction(1), Fraction(2), Fraction(-3, 4), Fraction(1, 3)]
)
SIDES = st.tuples(st.fractions(-2, 2, max_denominator=8), st.fractions(0, 3, max_denominator=8)) | st.tuples(
    st.fractions(-2, 2, max_denominator=7), st.fractions(0, 3, max_denominator=7)
)


def statement_of(
    sides: Sequence[tuple[Fraction, Fraction]], conclusion: Any, hypotheses: Sequence[Any], clauses: Sequence[Any] = ()
) -> Statement:
    """Build a statement of relations (comparison, term, term) and junctions (op, formula, formula) over x and y."""
    table = TermTable()

    def build(term: Any) -> int:
        if isinstance(term, str):
            return table.var(term)
        if isinstance(term, Fraction | int):
            return table.const(Fraction(term))
        op, *args = term
        if op == "^":
            return table.apply("^", (build(args[0]),), args[1])
        return table.add(Node("neg", (build(args[0]),))) if op == "neg" else table.apply(op, [build(a) for a in args])

    def formula(tree: Any, name: str) -> Formula:
        if tree[0] in ("and", "or"):
            return Junction(tree[0], tuple(formula(part, name) for part in tree[1:]))
        return relation(tree, name)

    def relation(tree: Any, name: str) -> Relation:
        return relate(table, name, tree[0], build(tree[1]), build(tree[2]))

    goal = relation(conclusion, "conclusion")
    assumed = tuple(relation(h, f"h{k}") for k, h in enumerate(hypotheses))
    more = tuple(Clause(f"c{k}", formula(c, f"c{k}")) for k, c in enumerate(clauses))
    variables = tuple(Variable(n, a, a + width) for n, (a, width) in zip("xy", sides, strict=True))
    return Statement(tuple(table.nodes), variables, assumed, goal, more)


relations = st.tuples(st.sampled_from(["<=", "<", ">=", ">", "="]), terms(LEAVES), terms(LEAVES))
junctions = st.tuples(st.sampled_from(["and", "or"]), relations, relations) | st.tuples(
    st.just("or"), relations, st.tuples(st.just("and"), relations, relations)
)


def varies(term: Any) -> bool:
    return term in ("x", "y") or (isinstance(term, tuple) and any(varies(part) for part in term[1:]))


def of_variables(tree: Any) -> Any:
    """Return the formula or term with y in place of numbers that a function is applied to.

    The kernel's mean-value form wants a bounded slope of each function, also where its argument is a number.
    """
    if not isinstance(tree, tuple):
        return tree
    op, *args = tree
    if len(args) == 1 and not varies(args[0]):
        return op, "y"
    return op, *map(of_variables, args)


@settings(max_examples=40)
@given(
    st.tuples(SIDES, SIDES),
    relations,
    st.lists(relations, max_size=2),
    st.lists(junctions, max_size=1),
    st.booleans(),
)
def test_the_kernel_accepts_every_leaf(
    sides: Any, conclusion: Any, hypotheses: Any, clauses: Any, mean_value: bool
) -> None:
    assumed = [[of_variables(formula) for formula in formulas] for formulas in (hypotheses, clauses)]
    statement = statement_of(sides, of_variables(conclusion), *assumed)
    results = [
        Bisection(statement, mean_value=mean_value, compiled=compiled).run(max_boxes=300) for compiled in (True, False)
    ]
    assert results[0].tree == results[1].tree
    try:
        accept(statement, results[0].tree)
    except Incomplete:
        assert not results[0].decided
    else:
        assert results[0].decided


@st.composite
def refutable(draw: st.DrawFn) -> tuple[Statement, dict[str, Fraction]]:
    """A statement and a counterexample of it: the right sides are made for the point."""
    sides = draw(st.tuples(SIDES, SIDES))
    point = {n: a + width * draw(shares) for n, (a, width) in zip("xy", sides, strict=True)}

    def side(holds: bool) -> Any:
        term = draw(terms(LEAVES))
        try:
            value = exact_value(*table_of(term), point)
        except (Undefined, Unknown):
            assume(False)
        if value.low == value.high and holds and draw(st.booleans()):
            right, comparison = value.low, draw(st.sampled_from(["=", "<=", ">="]))
        else:
            grain = 2 ** draw(st.sampled_from([1, 6, 20, 40]))
            above, below = Fraction(int(value.high * grain) + 2, grain), Fraction(int(value.low * grain) - 2, grain)
            right, comparison = draw(st.sampled_from([(above, "<"), (above, "<="), (below, ">"), (below, ">=")]))
            if not holds:
                comparison = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[comparison]
        assume(max(abs(right.numerator), right.denominator) < 10**300)
        return comparison, term, right

    hypotheses = [side(True) for _ in range(draw(st.integers(0, 3)))]
    clauses = [("or", side(True), side(draw(st.booleans()))) for _ in range(draw(st.integers(0, 1)))]
    return statement_of(sides, side(False), hypotheses, clauses), point


@settings(max_examples=150)
@given(refutable(), st.booleans())
def test_a_counterexample_is_never_cut_off(case: tuple[Statement, dict[str, Fraction]], mean_value: bool) -> None:
    """The point that satisfies all hypotheses and violates the conclusion lies in a box that is open."""
    statement, point = case
    result = Bisection(statement, batch=32, mean_value=mean_value).run(max_boxes=150)
    at = [point[v.name] for v in statement.variables]
    around = [
        token
        for token, box in leaves(statement, result.tree)
        if all(low <= value <= high for value, (low, high) in zip(at, box, strict=True))
    ]
    assert around
    assert "?" in around
    assert all(token == "?" for token in around)


# Narrowing


def narrowed(
    term: Any, box: list[tuple[float, float]], target: tuple[float, float]
) -> tuple[dict[int, Interval], bool]:
    tape = tape_of(term, "xy")
    with np.errstate(all="ignore"):
        _, values = tape.evaluate(*columns(box), keep=True)
        rows, empty = propagated(tape, values, (np.array([target[0]]), np.array([target[1]])))
    return rows, bool(np.all(empty))


INVERTED = {
    **{name: term for name, term in OPERATIONS.items() if "tiny" not in name},
    "square of a sum": ("^", ("+", "x", "y"), 2),
    "shared": ("-", ("*", "x", "y"), ("*", "x", "x")),
    "root of a quotient": ("sqrt", ("/", "x", "y")),
    "exponential of a product": ("exp", ("*", "x", "y")),
}


@pytest.mark.parametrize("name", INVERTED)
@given(x=boxes(), y=boxes(), s=shares, u=shares, below=st.sampled_from([0.0, 1e-3, 5.0]), above=st.floats(0.0, 3.0))
def test_propagation_keeps_every_point_with_a_value_in_the_target(
    name: str, x: tuple[float, float], y: tuple[float, float], s: Fraction, u: Fraction, below: float, above: float
) -> None:
    point = {"x": inside(x, s), "y": inside(y, u)}
    try:
        value = exact_value(*table_of(INVERTED[name]), point)
    except (Undefined, Unknown):
        return
    assume(abs(value.low) < 10**300 and abs(value.high) < 10**300)
    target = (np.nextafter(float(value.low), -np.inf) - below, np.nextafter(float(value.high), np.inf) + above)
    rows, empty = narrowed(INVERTED[name], [x, y], target)
    assert not empty
    for row, (low, high) in rows.items():
        at = point["xy"[row]]
        assert not low[0] > at
        assert not high[0] < at


@pytest.mark.parametrize(
    ("term", "box", "target", "wanted"),
    [
        (("^", "x", 2), (0.0, 3.0), (2.0, 4.0), (2**0.5, 2.0)),
        (("^", "x", 4), (-3.0, 3.0), (0.0, 16.0), (-2.0, 2.0)),
        (("*", "x", "x"), (-3.0, -0.5), (1.0, 4.0), (-2.0, -1.0)),
        (("exp", "x"), (-3.0, 3.0), (1.0, np.e), (0.0, 1.0)),
        (("log", "x"), (0.5, 9.0), (0.0, 1.0), (1.0, np.e)),
        (("sqrt", "x"), (0.0, 9.0), (1.0, 2.0), (1.0, 4.0)),
        (("abs", "x"), (-9.0, 9.0), (-1.0, 2.0), (-2.0, 2.0)),
        (("+", ("*", 2, "x"), 1), (-9.0, 9.0), (0.0, 0.0), (-0.5, -0.5)),
        (("/", 6, "x"), (1.0, 9.0), (2.0, 3.0), (2.0, 3.0)),
        (("-", 1, ("neg", "x")), (-9.0, 9.0), (0.0, 5.0), (-1.0, 4.0)),
    ],
)
def test_propagation_narrows(
    term: Any, box: tuple[float, float], target: tuple[float, float], wanted: tuple[float, float]
) -> None:
    rows, empty = narrowed(term, [box, (0.0, 1.0)], target)
    assert not empty
    assert [float(end[0]) for end in rows[0]] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("term", "target"),
    [
        (("^", "x", 2), (-2.0, -1.0)),
        (("exp", "x"), (-1.0, 0.0)),
        (("+", "x", "y"), (4.5, 9.0)),
        (("abs", "x"), (-2.0, -0.5)),
    ],
)
def test_propagation_sees_that_nothing_is_left(term: Any, target: tuple[float, float]) -> None:
    assert narrowed(term, [(0.0, 3.0), (0.0, 1.0)], target)[1]


def test_nothing_is_narrowed_where_the_term_is_undefined() -> None:
    rows, empty = narrowed(("+", ("sqrt", "x"), "y"), [(-1.0, 1.0), (0.0, 1.0)], (5.0, 6.0))
    assert not empty
    assert [float(end[0]) for end in rows[0]] == [-1.0, 1.0]


@given(terms(LEAVES), boxes(), st.tuples(st.floats(-2, 2), st.floats(-2, 2)), st.lists(shares, min_size=2, max_size=2))
def test_interval_newton_keeps_every_point_with_a_value_in_the_target(
    term: Any, near: tuple[float, float], low: tuple[float, float], share: list[Fraction]
) -> None:
    width = min(1.0, near[1] - near[0])
    box = [(a, a + width) for a in low]
    point = {n: inside(b, s) for n, b, s in zip("xy", box, share, strict=True)}
    try:
        value = exact_value(*table_of(term), point)
    except (Undefined, Unknown):
        return
    assume(abs(value.low) < 10**300 and abs(value.high) < 10**300)
    target = np.array([np.nextafter(float(value.low), -np.inf)]), np.array([np.nextafter(float(value.high), np.inf)])
    tape = tape_of(term, "xy")
    with np.errstate(all="ignore"):
        form = linear(tape, box)
        lo, hi = columns(box)
        rows = solved(form, dict(enumerate(lo)), dict(enumerate(hi)), target)
    for row, (a, b) in rows.items():
        at = point["xy"[row]]
        assert a[0] <= at <= b[0]


def test_interval_newton_narrows() -> None:
    tape = tape_of(("-", ("^", "x", 2), 2), "xy")
    with np.errstate(all="ignore"):
        form = linear(tape, [(1.0, 2.0), (0.0, 1.0)])
        (a, b) = solved(form, {0: np.array([1.0])}, {0: np.array([2.0])}, (np.zeros(1), np.zeros(1)))[0]
    assert 1.37 < a[0] < 2**0.5 < b[0] < 1.44


SYSTEMS: dict[str, Statement] = {
    "circle and hyperbola": problem(
        "(> 0 1)", "(= (+ (* x x) (* y y)) 1)", "(= (* x y) (/ 51 100))", x=("(- 2)", "2"), y=("(- 2)", "2")
    ),
    "exponential and line": problem(
        "(> 0 1)", "(= y (exp x))", "(= y (- x (/ 1 100)))", x=("(- 3)", "3"), y=("(- 3)", "9")
    ),
    "chain": problem(
        "(> 0 1)", "(= (* x x) y)", "(= (* y y) z)", "(= (* z z) (+ 17 (* x 0)))", "(= (+ x y) 7)",
        x=("(- 4)", "4"), y=("(- 4)", "9"), z=("(- 4)", "9"),
    ),
    "sphere, cone and plane": problem(
        "(> 0 1)", "(= (+ (* x x) (* y y) (* z z)) 1)", "(= (+ (* x x) (* y y)) (* z z))", "(= (+ x y z) 3)",
        x=("(- 2)", "2"), y=("(- 2)", "2"), z=("(- 2)", "2"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SYSTEMS)
def test_equations_without_solution_are_refuted_by_narrowing(name: str) -> None:
    statement = SYSTEMS[name]
    result = Bisection(statement).run(max_boxes=20_000)
    assert result.decided
    assert "(" in result.tree
    accept(statement, result.tree)
    without = Bisection(statement, narrowing=False).run(max_boxes=20_000)
    assert "(" not in without.tree
    assert without.boxes > 2 * result.boxes


def test_a_box_is_narrowed_to_what_a_hypothesis_leaves() -> None:
    """x + y <= 1/8 leaves an eighth of the square in each variable: parts 8 of 64."""
    statement = problem("(<= (* x y) (/ 1 250))", "(<= (+ x y) (/ 1 8))", x=("0", "1"), y=("0", "1"))
    result = Bisection(statement).run()
    assert result.tree.startswith("(A a<9 b<9)")
    accept(statement, result.tree)


# Numbers of hypotheses


def test_more_than_twenty_six_hypotheses_and_variables() -> None:
    """Hypothesis 27 is A1, and it has no multiplier; variable 27 is a1."""
    names = sp.symbols("v1:31")
    known = {f"h{k}": (names[0], "<=", 1 + k) for k in range(29)}
    fails = make_statement(dict.fromkeys(names[:2], (0, 1)), (names[0], ">", 5), {**known, "last": (names[1], ">=", 2)})
    result = Bisection(fails).run()
    assert result.tree == "D1"
    accept(fails, result.tree)
    axis = make_statement(dict.fromkeys(names, (0, 1)), (names[28] * (1 - names[28]), "<=", Q(26, 100)), known)
    result = Bisection(axis, narrowing=False).run()
    assert "c1" in result.tree
    accept(axis, result.tree)
    curved = make_statement(
        {x: (Q(1, 2), 2), y: (Q(1, 2), 2)},
        (x + y, ">=", 2 - Q(1, 10**4)),
        {**{f"h{k}": (x, "<=", 2 + k) for k in range(26)}, "last": (x * y, ">=", 1)},
    )
    result = Bisection(curved).run(max_boxes=100_000)
    assert result.decided
    assert "A1" in result.tree
    assert "[" not in result.tree
    accept(curved, result.tree)


def test_the_most_variables_and_hypotheses() -> None:
    statement = many(260, hypotheses=260)
    result = Bisection(statement).run()
    assert result.decided
    accept(statement, result.tree)


# Where the kernel is stricter than the numbers


def test_a_clause_is_refuted_only_where_all_of_it_is_defined() -> None:
    """Its second part fails all over the box, but the first one is not defined all over it."""
    clause = "(or (and (>= (sqrt x) 0) (<= y (- 1))) (<= y (- 2)))"
    statement = problem("(> 0 1)", clause, x=("(- 1)", "1"), y=("0", "1"))
    assert not Bisection(statement).run(max_boxes=500).decided
    defined = problem("(> 0 1)", clause, x=("0", "1"), y=("0", "1"))
    accept(defined, Bisection(defined).run().tree)


def test_values_at_faces_need_bounded_slopes() -> None:
    """The slope of the root is not bounded at 0, so that the least value must be found in another way."""
    statement = problem("(>= (+ (sqrt x) (- (* y y) y)) (- (/ 1 1000)))", x=("0", "1"), y=("1", "2"))
    result = Bisection(statement).run(max_boxes=5000)
    assert result.decided
    accept(statement, result.tree)
    bounded = problem("(>= (+ (exp x) (- (* y y) y)) (/ 999 1000))", x=("0", "1"), y=("1", "2"))
    result = Bisection(bounded, narrowing=False).run()
    assert result.tree == "^."
    accept(bounded, result.tree)


def test_functions_of_numbers_need_no_slope() -> None:
    """The slope of acos is not bounded at -1, where acos is pi."""
    statement = problem("(<= (* x (- (acos (- 1)) x)) (/ 25 10))", x=("0", "3"))
    result = Bisection(statement).run()
    assert "!." in result.tree
    accept(statement, result.tree)


@pytest.mark.parametrize(
    "conclusion",
    ["(> (^ x 8) 0)", "(>= (/ 1 (^ x 8)) 0)", "(>= (/ (sqrt (^ x 9)) (^ x 4)) 0)", "(>= (log (^ x 8)) (- 200))"],
)
def test_numbers_too_small_for_the_kernel_decide_nothing(conclusion: str) -> None:
    statement = problem(conclusion, x=("(/ 1 100000000)", "1"))
    result = Bisection(statement).run(max_boxes=2000)
    assert not result.decided
    with pytest.raises(Incomplete):
        accept(statement, result.tree)


def test_bounds_stay_right_when_they_need_more_bits_than_a_float_has() -> None:
    """One variable is cut and narrowed around a pole while the other stays wide."""
    statement = problem(
        "(<= (cosh 1) (- y 9))", "(= (/ (* y y) (cos y)) y)", x=("(- (/ 8 7))", "(- (/ 1 7))"), y=("(/ 1 2)", "3")
    )
    result = Bisection(statement).run(max_boxes=600)
    with pytest.raises(Incomplete):
        accept(statement, result.tree)


def test_ends_are_widened_once_they_need_more_bits() -> None:
    statement = problem("(<= x 2)", x=("0", "1"))
    whole = Bisection(statement).decision
    short, long = 1 - 2.0**-32, 1 - 2.0**-40
    lo, hi = whole._widened([np.array([0.0, 0.5, 1 - short, 1 / 3]), np.array([1.0, short, long, 2 / 3])])
    (low,), (high,) = lo, hi
    assert low.tolist()[:3] == [0.0, 0.5, 1 - short]
    assert high.tolist()[:2] == [1.0, short]
    assert low[3] < 1 / 3
    assert long < high[2] <= 1.0
    assert high[3] > 2 / 3


def test_decisions_say_what_they_are() -> None:
    """The codes of one box: narrowing by the first hypothesis, first part 0 to last part 33."""
    statement = problem("(<= x (/ 1 4))", "(<= (* 2 x) 1)", x=("0", "1"))
    decision = Decision(statement, np.array([[0.0, 1.0]]), [0.0], [True], True, True)
    with np.errstate(all="ignore"):
        assert decision.plain([np.zeros(1), np.ones(1)])[0][0] == -1
        code, axis, first, last = (row[0] for row in decision.refine([np.zeros(1), np.ones(1)]))
    assert code >= NARROW
    assert axis == 0
    assert (first, last) in {(15.0, 64.0), (0.0, 33.0)}
