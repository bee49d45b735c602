"""From sympy to statements: the same function, the same relation, exactly; the same text in every process."""

import os
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given
from hypothesis import strategies as st

from verify.encode import Encoder, make_statement, rational_of, term_text
from verify.kernel.errors import Malformed
from verify.kernel.smtlib import read_sexprs, read_term
from verify.kernel.statements import Statement, parse_statement, read_statement
from verify.kernel.terms import Node, TermTable

ROOT = Path(__file__).parents[2]
x, y, z = sp.symbols("x y z")
FREE: dict[Any, tuple[Any, Any]] = dict.fromkeys((x, y, z), (None, None))


class Undefined(Exception):
    """A division by zero or a root of a negative or irrational number."""


def value(nodes: list[Node] | tuple[Node, ...], root: int, point: Mapping[str, Fraction]) -> Fraction:
    """Evaluate a term exactly. Square roots have to be rational. Raises Undefined."""
    values: list[Fraction | None] = []
    for node in nodes[: root + 1]:
        args = [values[i] for i in node.args]
        values.append(None if None in args else _apply(node, args, point))  # type: ignore[arg-type]
    result = values[root]
    if result is None:
        raise Undefined
    return result


def _apply(node: Node, a: list[Fraction], point: Mapping[str, Fraction]) -> Fraction | None:
    match node.op:
        case "const":
            return node.value
        case "var":
            return point[node.name]
        case "+":
            return a[0] + a[1]
        case "-":
            return a[0] - a[1]
        case "*":
            return a[0] * a[1]
        case "/":
            return a[0] / a[1] if a[1] else None
        case "neg":
            return -a[0]
        case "^":
            return a[0] ** node.exponent
        case "sqrt" if a[0] >= 0:
            root = Fraction(isqrt(a[0].numerator), isqrt(a[0].denominator))
            return root if root**2 == a[0] else None
    return None


def exact(number: Any) -> Fraction:
    """Return a sympy rational as a Fraction."""
    assert isinstance(number, sp.Rational)
    return Fraction(int(number.p), int(number.q))


def encoded(expression: Any) -> tuple[list[Node], int]:
    table = TermTable()
    root = Encoder(table).add(expression)
    return table.nodes, root


NUMBERS = st.sampled_from([sp.Integer(n) for n in (-3, -1, 1, 2, 5)] + [sp.Rational(1, 3), sp.Rational(-7, 2)])
ATOMS = st.sampled_from([x, y, z, x, y]) | NUMBERS


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.tuples(inner, inner)
    return (
        pairs.map(lambda p: p[0] + p[1])
        | pairs.map(lambda p: p[0] - p[1])
        | pairs.map(lambda p: p[0] * p[1])
        | pairs.map(lambda p: p[0] / p[1])
        | st.tuples(inner, st.sampled_from([-3, -2, -1, 2, 3])).map(lambda p: p[0] ** p[1])
        | inner.map(lambda e: -e)
    )


expressions = st.recursive(ATOMS, combined, max_leaves=10).filter(lambda e: not e.has(sp.zoo, sp.nan, sp.oo))
rationals = st.fractions(-4, 4, max_denominator=20)


@given(expressions, st.lists(rationals, min_size=3, max_size=3))
def test_a_rational_expression_has_the_same_value(expression: Any, numbers: list[Fraction]) -> None:
    point = dict(zip("xyz", numbers, strict=True))
    wanted = sp.sympify(expression).subs(
        {sp.Symbol(n): sp.Rational(v.numerator, v.denominator) for n, v in point.items()}
    )
    assume(wanted.is_Rational)
    nodes, root = encoded(expression)
    try:
        found = value(nodes, root, point)
    except Undefined:  # sympy cancels a factor of 0 only where its value at the point is not what the term says
        assume(False)
    assert found == exact(wanted)


@given(expressions, st.lists(st.fractions(0, 3, max_denominator=9), min_size=3, max_size=3))
def test_square_roots_of_squares_have_the_same_value(expression: Any, numbers: list[Fraction]) -> None:
    """Every variable becomes a square root or one of its odd or negative powers; the point makes them rational."""
    rooted = sp.sympify(expression).subs({x: sp.sqrt(x), y: sp.sqrt(y) ** 3, z: 1 / sp.sqrt(z)}, simultaneous=True)
    assume(not rooted.has(sp.zoo, sp.nan, sp.I) and all(numbers))
    squares = {name: v * v for name, v in zip("xyz", numbers, strict=True)}
    wanted = rooted.subs({sp.Symbol(n): sp.Rational(v.numerator, v.denominator) for n, v in squares.items()})
    assume(wanted.is_Rational)
    nodes, root = encoded(rooted)
    try:
        assert value(nodes, root, squares) == exact(wanted)
    except Undefined:
        assume(False)


def approximate(nodes: list[Node], root: int, point: Mapping[str, Any]) -> Any:
    """Evaluate a term in mpmath."""
    values: list[Any] = []
    for node in nodes[: root + 1]:
        a = [values[i] for i in node.args]
        if node.op == "const":
            values.append(mpmath.mpf(node.value.numerator) / node.value.denominator)
        elif node.op == "var":
            values.append(point[node.name])
        else:
            operations = {
                "+": lambda a: a[0] + a[1],
                "-": lambda a: a[0] - a[1],
                "*": lambda a: a[0] * a[1],
                "/": lambda a: a[0] / a[1],
                "neg": lambda a: -a[0],
                "sqrt": lambda a: mpmath.sqrt(a[0]),
                "^": lambda a, n=node.exponent: a[0] ** n,
            }
            values.append(operations[node.op](a))
    return values[root]


@pytest.mark.parametrize(
    "expression",
    [
        sp.sqrt(2) * x,
        sp.sqrt(1 + x * y) / (1 + sp.sqrt(x)),
        (x + 1) ** sp.Rational(5, 2) - (y + 2) ** sp.Rational(-3, 2),
        sp.sqrt(sp.sqrt(x) + sp.sqrt(1 + sp.sqrt(y))),
        sp.sqrt(x * y * z) * sp.sqrt(sp.Rational(2, 3)),
        -sp.sqrt(x) - sp.sqrt(y) + 1 / sp.sqrt(z),
        sp.sqrt(x / (1 + y)) - x / sp.sqrt(3) + sp.sqrt(12),
        (1 - sp.sqrt(x)) / (-sp.sqrt(1 + x) - y) ** 3,
    ],
)
def test_nested_roots_agree_to_sixty_digits(expression: Any) -> None:
    nodes, root = encoded(expression)
    with mpmath.workdps(60):
        for numbers in (
            (2, 3, 5),
            (sp.Rational(1, 7), sp.Rational(22, 7), 1),
            (sp.Rational(9, 10), 4, sp.Rational(1, 3)),
        ):
            exactly = dict(zip((x, y, z), map(sp.sympify, numbers), strict=True))
            point = {s.name: mpmath.mpf(int(v.p)) / int(v.q) for s, v in exactly.items()}
            wanted = mpmath.mpf(str(sp.N(expression.subs(exactly), 70)))
            assert abs(approximate(nodes, root, point) - wanted) < mpmath.mpf(10) ** -55


def compare(gap: Fraction, comparison: str) -> bool:
    return {"<=": gap <= 0, "<": gap < 0, ">=": gap >= 0, ">": gap > 0, "=": gap == 0}[comparison]


@given(
    expressions, expressions, st.sampled_from(["<=", "<", ">=", ">", "="]), st.lists(rationals, min_size=3, max_size=3)
)
def test_a_statement_survives_the_round_trip_and_means_the_same(
    left: Any, right: Any, comparison: str, numbers: list[Fraction]
) -> None:
    assume(left != right)
    statement = make_statement(FREE, (left, comparison, right), {"h": (left * left, comparison, right + 1)})
    again = read_statement(statement.text())
    assert again == statement
    assert again.digest() == statement.digest()
    assert parse_statement(statement.text()).text() == statement.text()
    point = dict(zip("xyz", numbers, strict=True))
    places = {sp.Symbol(n): sp.Rational(v.numerator, v.denominator) for n, v in point.items()}
    pairs = ((statement.conclusion, left, right), (statement.hypotheses[0], left * left, right + 1))
    for relation, a, b in pairs:
        wanted = (sp.sympify(a) - sp.sympify(b)).subs(places)
        sides = sp.sympify(a).subs(places), sp.sympify(b).subs(places)
        if not wanted.is_Rational or not all(side.is_Rational for side in sides):
            continue
        try:
            gap = value(statement.nodes, relation.gap, point)
            ends = [value(statement.nodes, i, point) for i in (relation.left, relation.right)]
        except Undefined:
            continue
        holds = gap == 0 if relation.equality else (gap > 0 if relation.strict else gap >= 0)
        assert holds == compare(exact(sides[0]) - exact(sides[1]), comparison)
        assert holds == compare(ends[0] - ends[1], comparison)


@given(
    st.recursive(ATOMS, combined, max_leaves=6).filter(lambda e: not e.has(sp.zoo, sp.nan) and e.is_polynomial(x, y, z))
)
def test_the_text_of_a_term_is_read_back(expression: Any) -> None:
    """For certificates: one term, without definitions."""
    table = TermTable()
    names = {n: table.var(n) for n in "xyz"}
    (sexpr,) = read_sexprs(term_text(expression))
    root = read_term(table, sexpr, names)
    for numbers in ((2, 3, 5), (-1, Fraction(1, 7), Fraction(-3, 2))):
        point = dict(zip("xyz", map(Fraction, numbers), strict=True))
        places = {sp.Symbol(n): sp.Rational(v.numerator, v.denominator) for n, v in point.items()}
        assert value(table.nodes, root, point) == exact(sp.sympify(expression).subs(places))


def test_a_statement_in_full() -> None:
    statement = make_statement(
        {x: (0, sp.Rational(6, 5)), y: (None, "1/3"), z: (Fraction(-1, 2), None)},
        (x * sp.sqrt(2), "<", y - 1),
        {"thin": (x**2, "=", 2 * z), "near": (x / 3, ">=", -sp.Rational(1, 7))},
    )
    assert statement.text().splitlines() == [
        "(set-logic QF_NRA)",
        "(declare-const x Real)",
        "(declare-const y Real)",
        "(declare-const z Real)",
        "(assert (! (>= x 0) :named x.lower))",
        "(assert (! (<= x (/ 6 5)) :named x.upper))",
        "(assert (! (<= y (/ 1 3)) :named y.upper))",
        "(assert (! (>= z (- (/ 1 2))) :named z.lower))",
        "(assert (! (= (^ x 2) (* 2 z)) :named thin))",
        "(assert (! (>= (/ x 3) (- (/ 1 7))) :named near))",
        "(assert (! (not (< (* x (sqrt 2)) (- y 1))) :named negated-conclusion))",
        "(check-sat)",
    ]


def test_equal_subexpressions_are_stored_once() -> None:
    shared = (1 + x * y) ** 2
    nodes, _ = encoded(shared / (3 + shared) + sp.sqrt(shared * z))
    assert len(nodes) == len(set(nodes))
    assert sum(node.op == "^" for node in nodes) == 1
    with pytest.raises(ValueError, match="same term"):
        make_statement(FREE, (x + y, "<=", y + x))


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        (3, Fraction(3)),
        (-3, Fraction(-3)),
        ("6/5", Fraction(6, 5)),
        ("-0.25", Fraction(-1, 4)),
        (Fraction(1, 3), Fraction(1, 3)),
        (sp.Rational(-2, 7), Fraction(-2, 7)),
        (sp.Integer(10) ** 30, Fraction(10**30)),
        (Decimal("0.1"), Fraction(1, 10)),
        (sp.S.Half, Fraction(1, 2)),
        (np.int64(5), Fraction(5)),
    ],
)
def test_exact_numbers(given_: Any, wanted: Fraction) -> None:
    assert rational_of(given_) == wanted


@pytest.mark.parametrize("number", [0.5, float("nan"), float("inf"), np.float64(0.5), "abc", "", "1/2/3", "0x1"])
def test_what_is_not_exact_is_refused(number: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of Fraction or ours
        rational_of(number)
    with pytest.raises(ValueError):  # noqa: PT011
        make_statement({x: (0, number)}, (x, "<=", 1))


@pytest.mark.parametrize("number", [np.float32(0.5), sp.Float(0.5), sp.pi, sp.sqrt(2), sp.oo, sp.nan, x])
def test_other_objects_are_refused_by_a_value_error(number: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        rational_of(number)


def test_a_denominator_of_zero_is_refused_by_a_value_error() -> None:
    with pytest.raises(ValueError, match="0"):
        rational_of("1/0")


@pytest.mark.parametrize(
    "expression",
    [
        0.5 * x, x + 0.1, x**0.5, x ** sp.Float(2), sp.Float(0.5), sp.I * x, sp.exp(0.5 * x), sp.asinh(x), sp.gamma(x),
        sp.sec(x), sp.sign(x), sp.floor(x), sp.EulerGamma, x**y, 2**x, x ** sp.Rational(1, 3), sp.cbrt(2), sp.oo,
        sp.zoo, sp.nan, sp.true, sp.Function("f")(x), sp.Piecewise((x, x > 0), (0, True)), sp.Matrix([[x]]),
        sp.Integral(x, x),
    ],
)  # fmt: skip
def test_what_the_kernel_has_no_term_for_is_refused(expression: Any) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        encoded(expression)
    for claimed in ((expression, "<=", y), (y, ">", expression)):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            make_statement(FREE, claimed)
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            make_statement(FREE, (x, "<=", 1), {"h": claimed})


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (sp.exp(x), "(exp x)"), (sp.log(x), "(log x)"), (sp.sin(x), "(sin x)"), (sp.acos(x), "(acos x)"),
        (sp.tanh(x), "(tanh x)"), (sp.Abs(x), "(abs x)"), (sp.Max(x, y), "(max x y)"), (sp.E, "(exp 1)"),
        (sp.pi, "(* 4 (atan 1))"),
    ],
)  # fmt: skip
def test_elementary_functions(expression: Any, text: str) -> None:
    assert f"(<= {text} 7)" in make_statement(FREE, (expression, "<=", 7)).text()


def test_limits_of_the_kernel_are_kept() -> None:
    assert make_statement(FREE, (x**64, ">=", 0)).text()
    for expression in (x**65, x**-65, sp.Integer(10) ** 500, sp.Rational(1, 10**500)):
        with pytest.raises(ValueError):  # noqa: PT011
            make_statement(FREE, (x + expression, ">=", 1))


def test_undeclared_symbols_are_refused() -> None:
    with pytest.raises(ValueError, match=r"conclusion: undeclared symbols \['y', 'z'\]"):
        make_statement({x: (0, 1)}, (x + y, "<=", z))
    with pytest.raises(ValueError, match=r"h: undeclared symbols \['y'\]"):
        make_statement({x: (0, 1)}, (x, "<=", 1), {"h": (y, ">", 0)})


def test_two_symbols_of_one_name_are_refused() -> None:
    """Symbol("x") and Symbol("x", positive=True) are different for sympy and one variable for the kernel."""
    positive = sp.Symbol("x", positive=True)
    with pytest.raises(ValueError):  # noqa: PT011
        make_statement({x: (0, 1), positive: (2, 3)}, (x, "<=", positive + y))
    with pytest.raises(ValueError):  # noqa: PT011
        make_statement({x: (0, 1), positive: (2, 3)}, (x, "<=", positive + 1))
    with pytest.raises(ValueError, match="undeclared"):
        make_statement({x: (0, 1)}, (positive, "<=", 1))


@pytest.mark.parametrize("name", ["", "1x", "x y", "x)", "a|b", "x!", "é", "x'", "x\n", "α", "-x", ".x", "x:"])
def test_bad_names_are_refused(name: str) -> None:
    for build in (
        lambda: make_statement({sp.Symbol(name): (0, 1)}, (sp.Symbol(name), "<=", 1)),
        lambda: make_statement({x: (0, 1)}, (x, "<=", 1), {name: (x, ">", 0)}),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            build()


@pytest.mark.parametrize("name", ["x.lower", "x.upper", "negated-conclusion"])
def test_names_that_stand_for_something_else_are_refused(name: str) -> None:
    with pytest.raises(Malformed):
        make_statement({x: (0, 1)}, (x, "<=", 1), {name: (x, ">", 0)})


@pytest.mark.parametrize("comparison", ["==", "!=", "=>", "", "≤", "< ", "not"])
def test_unknown_comparisons_are_refused(comparison: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        make_statement({x: (0, 1)}, (x, comparison, 1))


def test_bounds_that_cross_are_refused() -> None:
    with pytest.raises(Malformed):
        make_statement({x: (1, 0)}, (x, "<=", 1))


def test_names_that_the_writer_gives_to_definitions() -> None:
    """A variable d0 stands in the way of the definition d0: refused or renamed, but never confused."""
    d0 = sp.Symbol("d0")
    shared = (1 + x) ** 2
    try:
        statement = make_statement({x: (0, 1), d0: (0, 1)}, (shared * d0, "<=", shared + 1))
    except ValueError:
        return
    assert value(statement.nodes, statement.conclusion.gap, {"x": Fraction(1), "d0": Fraction(1)}) == 1


SCRIPT = """
import hashlib
from verify.theorems.scalar import scalar_graph
seen = hashlib.sha256()
for depth in (2, 4):
    for claim in scalar_graph(depth).claims:
        if claim.statement is not None:
            seen.update(claim.statement.digest().encode())
            seen.update(str(claim.proof).encode())
print(seen.hexdigest())
"""


def test_the_digest_is_the_same_in_every_process() -> None:
    """Under any hash seed, sympy orders and the encoder writes the same."""
    found = set()
    for seed in ("0", "1", "4294967295"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            check=True,
            timeout=120,
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_the_order_of_declarations_is_kept() -> None:
    """Letters of a bisection follow it."""
    names = [v.name for v in make_statement({z: (0, 1), x: (0, 1), y: (0, 1)}, (x, "<=", y + z)).variables]
    assert names == ["z", "x", "y"]
    statement: Statement = make_statement({x: (0, 1)}, (x, "<=", 1), {"b": (x, ">", 0), "a": (x, "<", 1)})
    assert [h.name for h in statement.hypotheses] == ["b", "a"]
