"""Interval arithmetic on numpy: enclosures contain the exact value, undefined results are nan, rounding is known."""

import math
import os
import platform
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prover_exact import DERIVATIVES, Enclosure, Undefined, Unknown, dual, exact_value

from verify.kernel.terms import Node, TermTable
from verify.provers.linear import Linear
from verify.provers.ranges import EPSILON, TINY
from verify.provers.tape import Tape, assert_rounding

ROOT = Path(__file__).parents[3]
LARGEST = sys.float_info.max
SPECIAL = [
    0.0, -0.0, 5e-324, -5e-324, 1e-323, 2.0**-1074 * 3, 2.0**-1022, -(2.0**-1022), 2.0**-1023, 1e-200, -1e-160, 1e-154,
    2.0**-53, 1.0, -1.0, 1.0 + 2.0**-52, 1.0 - 2.0**-53, 1 / 3, -2 / 3, 2.0, 7.0, 1e16, -1e100, 1e154, 1.5e154, 1e300,
    LARGEST, -LARGEST, LARGEST / 2,
]  # fmt: skip

numbers = st.sampled_from(SPECIAL) | st.floats(allow_nan=False, allow_infinity=False) | st.floats(-4.0, 4.0, width=32)
shares = st.fractions(0, 1, max_denominator=64)


@st.composite
def boxes(draw: st.DrawFn) -> tuple[float, float]:
    """An interval of floats: any two, two that are close, or one point."""
    low = draw(numbers)
    match draw(st.sampled_from(["any", "any", "ulp", "point", "negative", "around zero"])):
        case "any":
            high = draw(numbers)
        case "ulp":
            high = math.nextafter(low, math.inf)
        case "negative":
            low, high = -abs(low), -abs(draw(numbers))
        case "around zero":
            low, high = -abs(low), abs(draw(numbers))
        case _:
            high = low
    if not math.isfinite(high):
        high = low
    return min(low, high), max(low, high)


def inside(box: tuple[float, float], share: Fraction) -> Fraction:
    """Return the exact point of the box at a share of its width."""
    low, high = Fraction(box[0]), Fraction(box[1])
    return low + (high - low) * share


def table_of(text: str | tuple) -> tuple[tuple[Node, ...], int]:
    """Build a term table from nested tuples: ("+", a, b), ("^", a, n), names and Fractions."""
    table = TermTable()

    def build(term: str | tuple | Fraction | int) -> int:
        if isinstance(term, str):
            return table.var(term)
        if isinstance(term, Fraction | int):
            return table.const(Fraction(term))
        op, *args = term
        if op == "^":
            return table.apply("^", (build(args[0]),), args[1])
        if op == "neg":
            return table.add(Node("neg", (build(args[0]),)))
        return table.apply(op, [build(a) for a in args])

    root = build(text)
    return tuple(table.nodes), root


def tape_of(term: str | tuple, names: str = "xyz") -> Tape:
    nodes, root = table_of(term)
    return Tape(nodes, root, list(names))


def columns(found: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return intervals, one a variable, as one box of a batch."""
    return np.array([[b[0]] for b in found]), np.array([[b[1]] for b in found])


def enclosure(tape: Tape, found: list[tuple[float, float]]) -> tuple[float, float]:
    (low, high), _ = tape.evaluate(*columns(found))
    assert low.shape == high.shape == (1,)
    return float(low[0]), float(high[0])


def assert_contains(interval: tuple[float, float], value: Enclosure) -> None:
    """A bound that is nan claims nothing; any other bound has to be one."""
    low, high = interval
    assert math.isnan(low) or low <= value.high, f"{value.high} is below {low!r}"
    assert math.isnan(high) or high >= value.low, f"{value.low} is above {high!r}"
    if not value.low <= value.high:
        raise AssertionError("the oracle is wrong")


OPERATIONS = {
    "sum": ("+", "x", "y"),
    "difference": ("-", "x", "y"),
    "product": ("*", "x", "y"),
    "square as a product": ("*", "x", "x"),
    "quotient": ("/", "x", "y"),
    "quotient by itself": ("/", "x", "x"),
    "reciprocal": ("/", 1, "y"),
    "quotient of a number": ("/", Fraction(-3, 7), "y"),
    "quotient by a number": ("/", "x", Fraction(1, 3)),
    "negation": ("neg", "x"),
    "root": ("sqrt", "x"),
    "absolute value": ("abs", "x"),
    "minimum": ("min", "x", "y"),
    "maximum": ("max", "x", "y"),
    "maximum with itself": ("max", "x", "x"),
    "minimum with a third": ("min", "x", Fraction(1, 3)),
    **{name: (name, "x") for name in DERIVATIVES},
    "sum with a third": ("+", "x", Fraction(1, 3)),
    "product with a tiny number": ("*", "x", Fraction(1, 10**330)),
    **{f"power {n}": ("^", "x", n) for n in (0, 1, 2, 3, 4, 5, 9, 12, 63, 64)},
}


@pytest.mark.parametrize("name", OPERATIONS)
@given(x=boxes(), y=boxes(), s=shares, u=shares)
@example(x=(-0.0, 0.0), y=(0.0, 0.0), s=Fraction(0), u=Fraction(0))
@example(x=(5e-324, 5e-324), y=(5e-324, 5e-324), s=Fraction(0), u=Fraction(0))
@example(x=(-5e-324, 5e-324), y=(2.0**-1022, 2.0**-1022), s=Fraction(1, 3), u=Fraction(0))
@example(x=(LARGEST, LARGEST), y=(LARGEST, LARGEST), s=Fraction(0), u=Fraction(0))
@example(x=(-LARGEST, LARGEST), y=(-LARGEST, -1.0), s=Fraction(1, 7), u=Fraction(1, 7))
@example(x=(1 / 3, 1 / 3), y=(-1 / 3, -1 / 3), s=Fraction(0), u=Fraction(0))
@example(x=(-1.1, -1.1), y=(1.0, 1.0), s=Fraction(0), u=Fraction(0))
@example(x=(-1 / 3, -1 / 3), y=(1.0, 1.0), s=Fraction(0), u=Fraction(0))
def test_every_operation_contains_the_exact_value(
    name: str, x: tuple[float, float], y: tuple[float, float], s: Fraction, u: Fraction
) -> None:
    nodes, root = table_of(OPERATIONS[name])
    found = enclosure(Tape(nodes, root, ["x", "y"]), [x, y])
    for p, q in ((s, u), (Fraction(0), Fraction(0)), (Fraction(0), Fraction(1)), (Fraction(1), Fraction(1))):
        point = {"x": inside(x, p), "y": inside(y, q)}
        try:
            value = exact_value(nodes, root, point)
        except Undefined:
            assert math.isnan(found[0])
            assert math.isnan(found[1])
        except Unknown:
            continue
        else:
            assert_contains(found, value)


@pytest.mark.parametrize("low", [-1.0, 0.0, -5e-324, -0.0])
@pytest.mark.parametrize("high", [0.0, 5e-324, 3.0, LARGEST])
def test_a_quotient_by_an_interval_around_zero_is_undecided(low: float, high: float) -> None:
    for term in (("/", "x", "y"), ("/", 1, "y"), ("/", "y", "y"), ("*", 0, ("/", "x", "y")), ("sqrt", ("/", "x", "y"))):
        assert all(map(math.isnan, enclosure(tape_of(term), [(1.0, 2.0), (low, high), (0.0, 0.0)])))


@pytest.mark.parametrize("low", [-1.0, -5e-324, -LARGEST])
def test_a_root_of_an_interval_with_a_negative_number_is_undecided(low: float) -> None:
    for term in (("sqrt", "x"), ("^", ("sqrt", "x"), 2), ("*", 0, ("sqrt", "x")), ("-", ("sqrt", "x"), ("sqrt", "x"))):
        assert all(map(math.isnan, enclosure(tape_of(term), [(low, 2.0), (0.0, 0.0), (0.0, 0.0)])))


def test_a_root_at_zero_is_defined() -> None:
    low, high = enclosure(tape_of(("sqrt", "x")), [(0.0, 4.0)] * 3)
    assert low == 0.0
    assert 2.0 <= high <= 2.0 + 1e-14
    assert enclosure(tape_of(("sqrt", "x")), [(0.0, 0.0)] * 3)[0] == 0.0


@pytest.mark.parametrize("term", [("^", ("sqrt", "x"), 0), ("^", ("/", 1, "x"), 0)])
def test_the_power_zero_of_an_undefined_term_is_undecided(term: tuple) -> None:
    assert all(map(math.isnan, enclosure(tape_of(term), [(-1.0, 1.0)] * 3)))


@pytest.mark.parametrize("value", [Fraction(1, 3), Fraction(-1, 10), Fraction(2, 3) * 10**200, Fraction(1, 10**330)])
def test_a_number_that_is_no_float_is_enclosed_and_one_that_is_stays_exact(value: Fraction) -> None:
    low, high = (a[0] for a in tape_of(value).evaluate(np.zeros((3, 1)), np.zeros((3, 1)))[0])
    assert Fraction(float(low)) < value < Fraction(float(high))
    assert math.nextafter(math.nextafter(low, math.inf), math.inf) == high
    exact = Fraction(float(value))
    assert enclosure(tape_of(exact), [(0.0, 0.0)] * 3) == (float(exact), float(exact))


@pytest.mark.parametrize(
    "term", [("-", "x", 10**400), ("+", "x", 10**400), ("*", "y", -(10**400)), ("/", "y", 10**400)]
)
def test_a_number_beyond_the_range_of_floats_is_enclosed(term: tuple) -> None:
    nodes, root = table_of(term)
    found = enclosure(tape_of(term), [(0.0, 1.0), (-2.0, 3.0), (0.0, 0.0)])
    for x, y in ((0, -2), (1, 3), (Fraction(1, 3), 0)):
        assert_contains(found, exact_value(nodes, root, {"x": Fraction(x), "y": Fraction(y)}))


def test_overflow_never_leaves_a_false_bound() -> None:
    """Beyond the largest float a bound is infinite on the safe side or nan."""
    big = (1e200, 1e200)
    for term in (("*", "x", "y"), ("^", "x", 2), ("^", "x", 3), ("/", "x", ("/", 1, "y")), ("+", ("*", "x", "y"), "x")):
        low, high = enclosure(tape_of(term), [big, big, big])
        assert math.isnan(low) or low <= LARGEST
        assert math.isnan(high) or high == math.inf
    low, high = enclosure(tape_of(("/", 1, ("*", "x", "y"))), [big, big, big])
    assert math.isnan(low) or low <= 0.0
    assert math.isnan(high) or high > 0.0


# Random terms

POWERS = (0, 1, 2, 3, 4, 5)


def terms(leaves: st.SearchStrategy, powers: tuple[int, ...] = POWERS) -> st.SearchStrategy:
    return st.recursive(
        leaves,
        lambda inner: (
            st.tuples(st.sampled_from(["+", "-", "*", "/"]), inner, inner)
            | st.tuples(st.just("^"), inner, st.sampled_from(powers))
            | st.tuples(st.sampled_from(["neg", "sqrt", "abs", *DERIVATIVES]), inner)
            | st.tuples(st.sampled_from(["min", "max"]), inner, inner)
        ),
        max_leaves=9,
    )


LEAVES = st.sampled_from(["x", "y", "z", "x", "y"]) | st.sampled_from(
    [Fraction(1), Fraction(2), Fraction(-3), Fraction(1, 3), Fraction(5, 2), Fraction(0)]
)
small = st.floats(-3.0, 3.0, width=16)
positive = st.floats(0.125, 3.0, width=16)


@st.composite
def small_boxes(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Three intervals of moderate numbers, often positive, often narrow."""
    found = []
    for _ in range(3):
        low = draw(small | positive)
        width = draw(st.sampled_from([0.0, 2.0**-30, 0.01, 0.25, 1.0]))
        found.append((low, low + width))
    return found


def points(found: list[tuple[float, float]], share: list[Fraction]) -> list[dict[str, Fraction]]:
    """Return a point within the box and three of its corners."""
    choices = [share, [Fraction(0)] * 3, [Fraction(1)] * 3, [Fraction(1), Fraction(0), Fraction(1)]]
    return [{n: inside(b, s) for n, b, s in zip("xyz", found, c, strict=True)} for c in choices]


@given(terms(LEAVES), small_boxes(), st.lists(shares, min_size=3, max_size=3))
def test_random_terms(term: tuple, found: list[tuple[float, float]], share: list[Fraction]) -> None:
    nodes, root = table_of(term)
    interval = enclosure(Tape(nodes, root, list("xyz")), found)
    for point in points(found, share):
        try:
            value = exact_value(nodes, root, point)
        except Undefined:
            assert all(map(math.isnan, interval))
        except Unknown:
            continue
        else:
            assert_contains(interval, value)


@given(terms(LEAVES), small_boxes(), st.lists(shares, min_size=3, max_size=3))
@example(("sqrt", ("^", "x", 2)), [(-1.0, 1.0)] * 3, [Fraction(1, 3)] * 3)
@example(("/", ("^", "x", 3), ("+", "y", 1)), [(-0.5, 1.0)] * 3, [Fraction(1, 3)] * 3)
@example(("*", ("+", "x", "y"), ("+", "x", "y")), [(-1.0, 2.0)] * 3, [Fraction(1, 3)] * 3)
def test_gradients_contain_the_exact_derivatives(
    term: tuple, found: list[tuple[float, float]], share: list[Fraction]
) -> None:
    nodes, root = table_of(term)
    tape = Tape(nodes, root, list("xyz"))
    _, values = tape.evaluate(*columns(found), keep=True)
    slopes = tape.gradient(values)
    for point in points(found, share):
        for row, name in enumerate("xyz"):
            try:
                slope = dual(nodes, root, point, name)
            except (Undefined, Unknown):
                continue
            if row in slopes:
                assert_contains((float(slopes[row][0][0]), float(slopes[row][1][0])), slope)
            else:
                assert slope.low == slope.high == 0


def linear(tape: Tape, found: list[tuple[float, float]]) -> Linear:
    """Return the mean-value form of a tape over one box, made as the search makes it."""
    lo, hi = columns(found)
    _, values = tape.evaluate(lo, hi, keep=True)
    centre = 0.5 * (lo + hi)
    radius = np.maximum(hi - centre, centre - lo) * (1 + 2 * EPSILON) + TINY
    return Linear(tape.evaluate(centre, centre)[0], tape.gradient(values), list(radius))


def form_range(form: Linear) -> tuple[float, float]:
    """Return the range of a mean-value form over its one box, computed as the search does: with overflow allowed."""
    with np.errstate(all="ignore"):
        low, high = form.range()
    return float(low[0]), float(high[0])


@given(terms(LEAVES), small_boxes(), st.lists(shares, min_size=3, max_size=3))
def test_the_mean_value_form_contains_the_range(
    term: tuple, found: list[tuple[float, float]], share: list[Fraction]
) -> None:
    nodes, root = table_of(term)
    low, high = form_range(linear(Tape(nodes, root, list("xyz")), found))
    for point in points(found, share):
        try:
            value = exact_value(nodes, root, point)
        except Undefined:
            # defined at the centre or not, some slope is not bounded
            assert math.isnan(low) or low == -math.inf
            assert math.isnan(high) or high == math.inf
        except Unknown:
            continue
        else:
            assert_contains((low, high), value)


@given(
    terms(LEAVES),
    terms(LEAVES),
    small_boxes(),
    st.lists(shares, min_size=3, max_size=3),
    st.sampled_from([0.0, 0.5, 3.0, 13 * 2.0**10, 9 * 2.0**-16]),
)
def test_a_difference_of_mean_value_forms_contains_the_range(
    first: tuple, second: tuple, found: list[tuple[float, float]], share: list[Fraction], factor: float
) -> None:
    (n1, r1), (n2, r2) = table_of(first), table_of(second)
    one, two = (linear(Tape(n, r, list("xyz")), found) for n, r in ((n1, r1), (n2, r2)))
    with np.errstate(all="ignore"):
        difference = one.minus(two, np.array([factor]))
    low, high = form_range(difference)
    for point in points(found, share):
        try:
            a, b = exact_value(n1, r1, point), exact_value(n2, r2, point)
        except (Undefined, Unknown):
            continue
        m = Fraction(factor)
        assert_contains((low, high), Enclosure(a.low - m * b.high, a.high - m * b.low))


def test_a_mean_value_form_sees_what_plain_evaluation_does_not() -> None:
    """x (1 - x) on a narrow box: first-order cancellation."""
    tape = tape_of(("*", "x", ("-", 1, "x")))
    plain = enclosure(tape, [(0.49, 0.51)] * 3)
    low, high = form_range(linear(tape, [(0.49, 0.51)] * 3))
    assert high - low < 0.05 * (plain[1] - plain[0])
    assert low <= 0.2499
    assert high >= 0.25


# Specialised paths


@given(
    terms(LEAVES),
    st.lists(st.tuples(small | positive, st.sampled_from([0.0, 0.5, 2.0])), min_size=3, max_size=3),
    st.lists(shares, min_size=3, max_size=3),
    st.lists(shares, min_size=3, max_size=3),
)
def test_paths_for_what_is_known_of_the_root_box_agree_with_the_general_ones(
    term: tuple, outer: list[tuple[float, float]], s: list[Fraction], u: list[Fraction]
) -> None:
    nodes, root = table_of(term)
    general, special = (Tape(nodes, root, list("xyz")) for _ in range(2))
    whole = [(a, a + width) for a, width in outer]
    lo, hi = columns(whole)
    special.note_root(lo[:, 0], hi[:, 0])
    ends = [sorted((float(inside(b, p)), float(inside(b, q)))) for b, p, q in zip(whole, s, u, strict=True)]
    part = [(max(low, b[0]), min(high, b[1])) for (low, high), b in zip(ends, whole, strict=True)]
    for box in (part, whole, [(b[0], b[0]) for b in whole]):
        one, two = (tape.evaluate(*columns(box), keep=True) for tape in (general, special))
        assert_agrees(one[0], two[0])
        grads = [tape.gradient(values) for tape, (_, values) in ((general, one), (special, two))]
        assert grads[0].keys() == grads[1].keys()
        for row, slope in grads[0].items():
            assert_agrees(slope, grads[1][row])
        point = {n: Fraction(b[0]) for n, b in zip("xyz", box, strict=True)}
        try:
            value = exact_value(nodes, root, point)
        except Undefined:
            assert np.isnan(two[0][0][0])
        except Unknown:
            continue
        else:
            assert_contains((float(two[0][0][0]), float(two[0][1][0])), value)
        for row, slope in grads[1].items():
            try:
                exact = dual(nodes, root, point, "xyz"[row])
            except (Undefined, Unknown):
                continue
            assert_contains((float(slope[0][0]), float(slope[1][0])), exact)


def assert_agrees(general: tuple[np.ndarray, np.ndarray], special: tuple[np.ndarray, np.ndarray]) -> None:
    """A special path is never worse: it may leave out what underflow loses below 0."""
    (a, b), (c, d) = ([float(end[0]) for end in interval] for interval in (general, special))
    if not math.isnan(a):
        assert a <= c <= d <= b


def test_a_batch_is_evaluated_box_by_box() -> None:
    """One batch gives for each box what the box gives alone; the inputs stay as they are."""
    random = np.random.default_rng(5)
    tape = tape_of(("/", ("*", ("-", "x", "y"), ("^", "z", 3)), ("+", ("sqrt", ("*", "x", "x")), Fraction(1, 3))))
    lo = random.uniform(-2, 2, (3, 40))
    hi = lo + random.uniform(0, 1, (3, 40))
    kept = lo.copy(), hi.copy()
    (low, high), values = tape.evaluate(lo, hi, keep=True)
    slopes = tape.gradient(values)
    assert low.shape == high.shape == (40,)
    assert sorted(slopes) == [0, 1, 2]
    for k in range(40):
        one, alone = tape.evaluate(lo[:, k : k + 1], hi[:, k : k + 1], keep=True)
        assert (one[0][0], one[1][0]) == (low[k], high[k])
        single = tape.gradient(alone)
        for row in slopes:
            assert slopes[row][0].shape == (40,)
            for whole, part in zip(slopes[row], single[row], strict=True):
                assert np.array_equal(whole[k : k + 1], part, equal_nan=True)
    assert np.array_equal(lo, kept[0])
    assert np.array_equal(hi, kept[1])


def test_only_the_root_is_kept_unless_asked() -> None:
    tape = tape_of(("+", ("*", "x", "y"), ("*", ("*", "x", "y"), "z")))
    lo, hi = np.ones((3, 4)), 2 * np.ones((3, 4))
    assert set(tape.evaluate(lo, hi)[1]) == {tape.root}
    assert set(tape.evaluate(lo, hi, keep=True)[1]) == set(range(len(tape.nodes)))


# Rounding


def test_this_process_rounds_to_nearest() -> None:
    assert_rounding()


ROUNDING = """
import ctypes, ctypes.util, sys
from verify.kernel.statements import parse_statement
from verify.provers.bisection import Bisection
from verify.provers.tape import assert_rounding
statement = parse_statement({text!r})
Bisection(statement)
libm = ctypes.CDLL(ctypes.util.find_library("m"))
{change}
for attempt in (assert_rounding, lambda: Bisection(statement)):
    try:
        attempt()
    except RuntimeError as error:
        print("refused:", error)
    else:
        print("ran")
"""
TEXT = """(set-logic QF_NRA)
(declare-const x Real)
(assert (! (>= x 0) :named x.lower))
(assert (! (<= x 1) :named x.upper))
(assert (! (not (<= x 2)) :named negated-conclusion))
(check-sat)
"""
MODES = {"x86_64": (0x800, 0x400, 0xC00), "aarch64": (0x400000, 0x800000, 0xC00000)}
# the control word's place in fenv_t, and the bits that flush results, and operands, to zero
FLUSH = {"x86_64": (28, (0x8000, 0x0040, 0x8040)), "aarch64": (0, (1 << 24,))}
MACHINE = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
CHANGES = {
    "to nearest": "pass",
    **{
        f"mode {mode:#x}": f"assert libm.fesetround({mode}) == 0"
        for mode in (MODES.get(MACHINE, ()) if sys.platform == "linux" else ())
    },
    **{
        f"flush {bits:#x}": (
            "state = (ctypes.c_uint32 * 16)(); assert libm.fegetenv(state) == 0; "
            f"state[{FLUSH[MACHINE][0] // 4}] |= {bits}; assert libm.fesetenv(state) == 0"
        )
        for bits in (FLUSH[MACHINE][1] if sys.platform == "linux" and MACHINE in FLUSH else ())
    },
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_process_with_other_rounding_is_refused(change: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ROUNDING.format(text=TEXT, change=CHANGES[change])],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=True,
    )
    words = [line.split(":")[0] for line in done.stdout.splitlines()]
    assert words == (["ran"] * 2 if change == "to nearest" else ["refused"] * 2)
