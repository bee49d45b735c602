"""Interval operations: what they contain, what they leave exact, where they are undefined; slopes and kinks."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prover_exact import DERIVATIVES, Enclosure, Undefined, Unknown, exactly, function
from test_tape import SPECIAL, boxes, enclosure, inside, shares, tape_of

from verify.kernel.fixed import BITS
from verify.kernel.intervals import slopes as kernel_slopes
from verify.kernel.terms import Node
from verify.provers import ranges
from verify.provers.ranges import SMALL, Interval

Pair = tuple[float, float]


def arrays(x: Pair) -> Interval:
    return np.array([x[0]]), np.array([x[1]])


def computed(operation: Callable[..., Interval], *arguments: Any) -> Pair:
    with np.errstate(all="ignore"):
        low, high = operation(*arguments)
    return float(low[0]), float(high[0])


def assert_in(value: Enclosure, found: Pair) -> None:
    """Infinite bounds are none; nan claims nothing."""
    for bound, wrong in ((found[0], lambda b: b > value.high), (found[1], lambda b: b < value.low)):
        assert math.isnan(bound) or math.isinf(bound) or not wrong(Fraction(bound)), (found, value)
    assert found[0] != math.inf
    assert found[1] != -math.inf


EXACT: dict[str, tuple[Callable[..., Interval], Callable[[Enclosure, Enclosure], Enclosure]]] = {
    "add": (ranges.add, lambda x, y: x + y),
    "subtract": (ranges.subtract, lambda x, y: x - y),
    "multiply": (ranges.multiply, lambda x, y: x * y),
    "divide": (ranges.divide, lambda x, y: x / y),
    "min": (lambda x, y: ranges.extremum("min", x, y), lambda x, y: min(x, y, key=lambda v: v.low)),
    "max": (lambda x, y: ranges.extremum("max", x, y), lambda x, y: max(x, y, key=lambda v: v.low)),
}
UNARY: dict[str, tuple[Callable[[Interval], Interval], Callable[[Enclosure], Enclosure]]] = {
    "negate": (ranges.negate, lambda x: -x),
    "square": (ranges.square, lambda x: x * x),
    "square root": (ranges.square_root, lambda x: x.root()),
    "absolute": (ranges.absolute, lambda x: max(x, -x, key=lambda v: v.low)),
    **{f"power {n}": (lambda x, n=n: ranges.power(x, n), lambda x, n=n: x.power(n)) for n in (0, 1, 2, 3, 6, 7)},
}


@pytest.mark.parametrize("name", EXACT)
@given(x=boxes(), y=boxes(), s=shares, u=shares)
def test_operations_of_two_contain_the_exact_value(name: str, x: Pair, y: Pair, s: Fraction, u: Fraction) -> None:
    operation, exact = EXACT[name]
    found = computed(operation, arrays(x), arrays(y))
    for p, q in ((s, u), (Fraction(0), Fraction(1)), (Fraction(1), Fraction(0))):
        try:
            value = exact(exactly(inside(x, p)), exactly(inside(y, q)))
        except Undefined:
            assert all(map(math.isnan, found))
        else:
            assert_in(value, found)


@pytest.mark.parametrize("name", UNARY)
@given(x=boxes(), s=shares)
def test_operations_of_one_contain_the_exact_value(name: str, x: Pair, s: Fraction) -> None:
    operation, exact = UNARY[name]
    found = computed(operation, arrays(x))
    for p in (s, Fraction(0), Fraction(1)):
        try:
            value = exact(exactly(inside(x, p)))
        except Undefined:
            assert all(map(math.isnan, found))
        else:
            assert_in(value, found)


@given(x=boxes(), y=boxes())
def test_operations_for_what_is_not_negative_are_never_worse(x: Pair, y: Pair) -> None:
    (a, b), (c, d) = (sorted(map(abs, pair)) for pair in (x, y))
    one, two = arrays((a, b)), arrays((c, d))
    for special, general, other in (
        (ranges.multiply_both_nonnegative, ranges.multiply, two),
        (ranges.multiply_nonnegative, ranges.multiply, two),
        (ranges.multiply_nonnegative, ranges.multiply, arrays(y)),
        (ranges.divide_both_nonnegative, ranges.divide, two),
    ):
        found, wider = computed(special, one, other), computed(general, one, other)
        if all(map(math.isfinite, wider)):
            assert wider[0] <= found[0] <= found[1] <= wider[1]
        for p in (a, b):
            for q in (float(end[0]) for end in other):
                if special is not ranges.divide_both_nonnegative:
                    assert_in(exactly(Fraction(p) * Fraction(q)), found)
                elif c > SMALL:
                    assert_in(exactly(Fraction(p) / Fraction(q)), found)
                else:
                    assert all(map(math.isnan, found))


# What stays exact


@given(st.sampled_from(SPECIAL) | st.floats(allow_nan=False, allow_infinity=False))
def test_what_cancels_exactly_is_zero(x: float) -> None:
    one = arrays((x, x))
    assert computed(ranges.subtract, one, one) == (0.0, 0.0)
    assert computed(ranges.add, one, ranges.negate(one)) == (0.0, 0.0)


@given(x=boxes(), y=boxes())
def test_absolute_values_and_extrema_do_not_round(x: Pair, y: Pair) -> None:
    assert computed(ranges.extremum, "min", arrays(x), arrays(y)) == (min(x[0], y[0]), min(x[1], y[1]))
    assert computed(ranges.extremum, "max", arrays(x), arrays(y)) == (max(x[0], y[0]), max(x[1], y[1]))
    low, high = computed(ranges.absolute, arrays(x))
    assert high == max(abs(x[0]), abs(x[1]))
    assert low == (0.0 if x[0] <= 0 <= x[1] else min(abs(x[0]), abs(x[1])))


@pytest.mark.parametrize(
    "term",
    [("sqrt", ("-", 1, "x")), ("sqrt", ("-", "y", "x")), ("sqrt", ("*", "x", ("-", 1, "x"))), ("asin", "x")],
)
def test_functions_are_defined_up_to_the_end_of_their_domain(term: tuple) -> None:
    """The difference at the end is 0, not a little less."""
    if term[1] != ("*", "x", ("-", 1, "x")):
        low, high = enclosure(tape_of(term), [(0.0, 1.0), (1.0, 1.0), (0.0, 0.0)])
        assert 0.0 == low < high
    tape = tape_of(term)
    tape.note_root(np.array([0.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0]))  # x >= 0 and 1 - x >= 0 are known
    low, high = enclosure(tape, [(0.5, 1.0), (1.0, 1.0), (0.0, 0.0)])
    assert 0.0 <= low < high <= 1.6


def test_powers_of_what_is_zero_start_at_zero() -> None:
    for n in (2, 4, 6, 8, 12):
        assert computed(ranges.power, arrays((-1.0, 2.0)), n)[0] == 0.0
    for n in (1, 3, 5, 6, 7):
        assert computed(ranges.power, arrays((0.0, 2.0)), n)[0] == 0.0
    for n in (1, 3, 5, 7):
        assert computed(ranges.power, arrays((-2.0, 0.0)), n)[1] == 0.0
        low, high = computed(ranges.power, arrays((-1.0, 1.0)), n)
        assert low <= -1
        assert high >= 1
    assert computed(ranges.square_root, arrays((0.0, 4.0)))[0] == 0.0
    assert computed(ranges.multiply_both_nonnegative, arrays((0.0, 1.0)), arrays((0.0, 1.0)))[0] == 0.0


# Where something is undefined


@pytest.mark.parametrize("operation", [ranges.absolute, ranges.square, ranges.square_root, ranges.negate])
def test_nan_stays_nan(operation: Callable[[Interval], Interval]) -> None:
    assert all(map(math.isnan, computed(operation, arrays((math.nan, math.nan)))))


@pytest.mark.parametrize("op", ["min", "max"])
def test_the_extremum_of_something_undefined_is_undefined(op: str) -> None:
    for x, y in (((math.nan, math.nan), (1.0, 2.0)), ((1.0, 2.0), (math.nan, math.nan))):
        assert all(map(math.isnan, computed(ranges.extremum, op, arrays(x), arrays(y))))


@pytest.mark.parametrize("size", [0.0, SMALL, -SMALL, SMALL / 2, 5e-324])
def test_what_the_kernel_cannot_tell_from_zero_is_no_divisor(size: float) -> None:
    assert abs(size) * 2**BITS <= 64
    for y in ((size, size), (min(size, 1.0), 1.0), (-1.0, max(size, -1.0))):
        assert all(map(math.isnan, computed(ranges.divide, arrays((1.0, 2.0)), arrays(y))))
    if size >= 0:
        for operation in (ranges.divide_both_nonnegative, lambda x, y: ranges.function("log", y)):
            assert all(map(math.isnan, computed(operation, arrays((1.0, 2.0)), arrays((size, 1.0)))))


def test_an_unknown_operation_is_refused() -> None:
    for op in ("+", "neg", "gamma", ""):
        with pytest.raises(ValueError, match="no interval rule"):
            ranges.function(op, arrays((0.0, 1.0)))


@pytest.mark.parametrize("safe", [False, True])
def test_infinite_ends_become_nan_unless_safe(safe: bool) -> None:
    x = np.array([1.0, -math.inf, 0.0, math.nan, -1e308]), np.array([2.0, 0.0, math.inf, math.nan, 1e308])
    with np.errstate(all="ignore"):
        low, high = ranges.checked(x, safe)
    wanted = [False] * 3 + [True, False] if safe else [False, True, True, True, True]  # 1e308 + 1e308 is no float
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == wanted


def test_the_intersection_of_disjoint_intervals_is_empty() -> None:
    low, high = ranges.meet(arrays((0.0, 1.0)), arrays((2.0, 3.0)))
    assert low[0] > high[0]
    assert computed(ranges.meet, arrays((0.0, 2.0)), arrays((1.0, 3.0))) == (1.0, 2.0)


# Slopes


@st.composite
def moderate(draw: st.DrawFn) -> Pair:
    low = draw(st.floats(-4, 4) | st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-9, -1e-300, 30.0]))
    return low, low + draw(st.sampled_from([0.0, 1e-12, 0.125, 1.0, 3.0]))


@pytest.mark.parametrize("name", [*DERIVATIVES, "sqrt"])
@given(x=moderate(), s=shares)
@example(x=(0.0, 0.0), s=Fraction(0))
@example(x=(-1.0, 1.0), s=Fraction(1))
def test_slopes_of_functions_contain_the_derivative(name: str, x: Pair, s: Fraction) -> None:
    with np.errstate(all="ignore"):
        defined = ranges.function(name, arrays(x))
    found = computed(ranges.slope, name, arrays(x), defined)
    for p in (s, Fraction(0), Fraction(1)):
        at = exactly(inside(x, p))
        try:
            value = exactly(Fraction(1, 2)) / at.root() if name == "sqrt" else function(name, at, derivative=True)
        except Undefined:  # the function, or its derivative
            assert all(map(math.isnan, found)) or math.isnan(defined[0][0])
        except Unknown:
            continue
        else:
            assert_in(value, found)


@pytest.mark.parametrize("name", [*DERIVATIVES, "sqrt", "abs"])
def test_slopes_at_a_point_are_narrow(name: str) -> None:
    """An enclosure that says nothing would contain everything, too."""
    x = arrays((0.375, 0.375))
    low, high = computed(ranges.slope, name, x, ranges.function(name, x))
    assert low <= high <= low + 1e-14 * abs(low)


def test_the_slope_of_an_absolute_value() -> None:
    for x, wanted in (((1.0, 2.0), (1.0, 1.0)), ((-2.0, -1.0), (-1.0, -1.0)), ((-1.0, 2.0), (-1.0, 1.0))):
        assert computed(ranges.slope, "abs", arrays(x), arrays(x)) == wanted
    for x in ((0.0, 1.0), (-1.0, 0.0), (0.0, 0.0)):  # Clarke's gradient at the kink is [-1, 1]
        assert computed(ranges.slope, "abs", arrays(x), arrays(x)) == (-1.0, 1.0)


@given(op=st.sampled_from(["min", "max"]), x=boxes(), y=boxes())
@example(op="max", x=(0.0, 1.0), y=(1.0, 2.0))
@example(op="min", x=(1.0, 1.0), y=(1.0, 1.0))
def test_slopes_of_extrema_are_those_of_clarke(op: str, x: Pair, y: Pair) -> None:
    """1 where x is chosen all over, 0 where y is, [0, 1] where it may be either, as where they touch."""
    chosen = x[1] < y[0] if op == "min" else x[0] > y[1]
    other = x[0] > y[1] if op == "min" else x[1] < y[0]
    wanted = (1.0, 1.0) if chosen else (0.0, 0.0) if other else (0.0, 1.0)
    assert computed(ranges.slope_of_extremum, op, arrays(x), arrays(y)) == wanted
    second = computed(ranges.slope_of_extremum, op, arrays(y), arrays(x))
    assert second == (1 - wanted[1], 1 - wanted[0])
    ends = [tuple(int(Fraction(end) * 2**BITS) for end in pair) for pair in (x, y)]
    if all(Fraction(end) * 2**BITS == int(Fraction(end) * 2**BITS) for pair in (x, y) for end in pair):
        kernel = kernel_slopes(Node(op, (0, 1)), ends, (0, 0))
        assert kernel == tuple((int(a) << BITS, int(b) << BITS) for a, b in (wanted, second))
