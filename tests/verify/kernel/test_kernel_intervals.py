"""Interval operations against exact rationals: containment, tightness, and vectors in the manner of IEEE 1788.

An interval is a pair of integers in units of 2**-BITS. The vectors are written in whole numbers and dyadic fractions,
for which the tightest enclosure is exact.
"""

from fractions import Fraction
from itertools import product
from math import isqrt

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from verify.kernel.errors import Rejected
from verify.kernel.intervals import BITS, ONE, Undefined, add, divide, enclose, multiply, negate, power, square_root

settings.register_profile("kernel", max_examples=120, deadline=None, database=None)
QUICK = settings.get_profile("kernel")

small = st.integers(-40, 40)
wide = st.integers(-(1 << 300), 1 << 300)
ends = st.one_of(
    small, st.integers(-(1 << 100), 1 << 100), wide, small.map(lambda k: k * ONE), st.sampled_from([0, 1, -1])
)
intervals = st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair)))
shares = st.fractions(0, 1, max_denominator=64)


def exact(units):
    return Fraction(units, ONE)


def members(x, share):
    """Return both ends and an inner point."""
    lo, hi = exact(x[0]), exact(x[1])
    return lo, hi, lo + share * (hi - lo)


def assert_encloses(result, values):
    assert all(isinstance(end, int) for end in result)
    assert result[0] <= result[1]
    for value in values:
        assert exact(result[0]) <= value <= exact(result[1])


def assert_tight(result, low, high, slack=2):
    """The enclosure exceeds the true range by at most `slack` units a side."""
    assert low - exact(slack) <= exact(result[0]) <= low
    assert high <= exact(result[1]) <= high + exact(slack)


@QUICK
@given(intervals, intervals, shares, shares)
def test_add(x, y, s, t):
    sums = [a + b for a, b in product(members(x, s), members(y, t))]
    assert_encloses(add(x, y), sums)
    assert_tight(add(x, y), min(sums), max(sums), 0)


@QUICK
@given(intervals, shares)
def test_negate(x, s):
    assert_encloses(negate(x), [-a for a in members(x, s)])
    assert_tight(negate(x), -exact(x[1]), -exact(x[0]), 0)
    assert negate(negate(x)) == x


@QUICK
@given(intervals, intervals, shares, shares)
@example((-1, 1), (-1, 1), Fraction(1, 2), Fraction(1, 3))
@example((-3, -1), (-1, 2), Fraction(0), Fraction(0))
def test_multiply(x, y, s, t):
    values = [a * b for a, b in product(members(x, s), members(y, t))]
    assert_encloses(multiply(x, y), values)
    assert_tight(multiply(x, y), min(values), max(values))
    assert multiply(x, y) == multiply(y, x)


@QUICK
@given(intervals, intervals, shares, shares)
@example((1, 1), (3, 3), Fraction(0), Fraction(0))
@example((-1, 1), (-3, -1), Fraction(0), Fraction(0))
def test_divide(x, y, s, t):
    if y[0] <= 0 <= y[1]:
        with pytest.raises(Undefined):
            divide(x, y)
        return
    values = [a / b for a, b in product(members(x, s), members(y, t))]
    assert_encloses(divide(x, y), values)
    assert_tight(divide(x, y), min(values), max(values))


@QUICK
@given(st.tuples(st.integers(-(1 << 200), 1 << 200), st.integers(-(1 << 200), 1 << 200)), st.integers(0, 9), shares)
@example((-ONE, ONE), 2, Fraction(1, 2))
@example((-ONE, ONE), 3, Fraction(1, 2))
@example((0, 0), 0, Fraction(0))
@example((-1, 1), 64, Fraction(1, 2))
def test_power(ends, n, s):
    x = min(ends), max(ends)
    values = [a**n for a in members(x, s)] + ([Fraction(0) ** n] if x[0] <= 0 <= x[1] else [])
    assert_encloses(power(x, n), values)
    assert_tight(power(x, n), min(values), max(values))
    if n % 2 == 0:
        assert power(x, n)[0] >= 0


@QUICK
@given(st.tuples(ends, ends), st.integers(2, 5))
def test_power_is_no_wider_than_repeated_multiplication(ends, n):
    x = min(ends), max(ends)
    repeated = x
    for _ in range(n - 1):
        repeated = multiply(repeated, x)
    assert repeated[0] <= power(x, n)[0]
    assert power(x, n)[1] <= repeated[1]


@QUICK
@given(st.tuples(ends, ends), shares)
@example((0, 0), Fraction(0))
@example((1, 1), Fraction(0))
@example((4 * ONE, 9 * ONE), Fraction(1, 2))
def test_square_root(pair, s):
    x = min(pair), max(pair)
    if x[0] < 0:
        with pytest.raises(Undefined):
            square_root(x)
        return
    low, high = square_root(x)
    assert 0 <= low <= high
    # containment and tightness by squaring: low**2 <= x <= high**2, and two units inwards no longer
    assert exact(low) ** 2 <= exact(x[0])
    assert exact(x[1]) <= exact(high) ** 2
    assert exact(low + 2) ** 2 > exact(x[0])
    assert high < 2 or exact(high - 2) ** 2 < exact(x[1])


@QUICK
@given(st.fractions(), st.fractions())
@example(Fraction(1, 3), Fraction(1, 3))
@example(Fraction(-1, 3), Fraction(1, 3))
@example(Fraction(0), Fraction(0))
@example(Fraction(1, 10**400), Fraction(1, 10**400))
@example(Fraction(-(10**400)), Fraction(10**400))
def test_enclose(a, b):
    low, high = min(a, b), max(a, b)
    assert_encloses(enclose(low, high), [low, high])
    assert_tight(enclose(low, high), low, high, 1)


@pytest.mark.parametrize("value", [Fraction(0), Fraction(1), Fraction(-3), Fraction(5, 8), Fraction(-1, 1 << BITS)])
def test_dyadic_points_are_exact(value):
    low, high = enclose(value, value)
    assert low == high == value * ONE


def test_undefined_is_a_rejection():
    assert issubclass(Undefined, Rejected)


@QUICK
@given(intervals, intervals, intervals, shares)
def test_inclusion_is_monotone(x, y, outer, s):
    """Wider arguments give wider results (the fundamental theorem of interval arithmetic)."""
    wider = min(x[0], outer[0]), max(x[1], outer[1])
    for operation in (add, multiply):
        inner, large = operation(x, y), operation(wider, y)
        assert large[0] <= inner[0]
        assert inner[1] <= large[1]
    if not y[0] <= 0 <= y[1]:
        inner, large = divide(x, y), divide(wider, y)
        assert large[0] <= inner[0]
        assert inner[1] <= large[1]


H = Fraction(1, 2)

ADD = [
    ((1, 2), (3, 4), (4, 6)),
    ((-1, 2), (-4, 3), (-5, 5)),
    ((0, 0), (0, 0), (0, 0)),
    ((-1, -1), (1, 1), (0, 0)),
]
# the nine sign cases of a product, and products with an end at zero
MULTIPLY = [
    ((2, 3), (5, 7), (10, 21)),
    ((2, 3), (-7, 5), (-21, 15)),
    ((2, 3), (-7, -5), (-21, -10)),
    ((-2, 3), (5, 7), (-14, 21)),
    ((-2, 3), (-7, 5), (-21, 15)),
    ((-5, 3), (-7, 5), (-25, 35)),
    ((-2, 3), (-7, -5), (-21, 14)),
    ((-3, -2), (5, 7), (-21, -10)),
    ((-3, -2), (-7, 5), (-15, 21)),
    ((-3, -2), (-7, -5), (10, 21)),
    ((0, 3), (5, 7), (0, 21)),
    ((-3, 0), (5, 7), (-21, 0)),
    ((0, 0), (-7, 5), (0, 0)),
    ((0, 3), (-7, 0), (-21, 0)),
    ((H, H), (H, H), (H / 2, H / 2)),
    ((-H, H), (-4, 4), (-2, 2)),
]
DIVIDE = [
    ((8, 16), (2, 4), (2, 8)),
    ((8, 16), (-4, -2), (-8, -2)),
    ((-16, 8), (2, 4), (-8, 4)),
    ((-16, 8), (-4, -2), (-4, 8)),
    ((-16, -8), (2, 4), (-8, -2)),
    ((-16, -8), (-4, -2), (2, 8)),
    ((0, 8), (2, 4), (0, 4)),
    ((-8, 0), (2, 4), (-4, 0)),
    ((0, 0), (2, 4), (0, 0)),
    ((1, 1), (4, 4), (Fraction(1, 4), Fraction(1, 4))),
]
POWER = [
    ((-2, 3), 0, (1, 1)),
    ((0, 0), 0, (1, 1)),
    ((-2, 3), 1, (-2, 3)),
    ((-2, 3), 2, (0, 9)),
    ((-3, 2), 2, (0, 9)),
    ((-3, -2), 2, (4, 9)),
    ((2, 3), 2, (4, 9)),
    ((-2, 3), 3, (-8, 27)),
    ((-3, -2), 3, (-27, -8)),
    ((0, 2), 4, (0, 16)),
    ((-2, 0), 4, (0, 16)),
    ((-1, 1), 64, (0, 1)),
    ((-H, H), 2, (0, H / 2)),
    ((-H, H), 3, (-H / 4, H / 4)),
]
ROOT = [((0, 0), (0, 0)), ((1, 1), (1, 1)), ((4, 9), (2, 3)), ((0, 16), (0, 4)), ((H / 2, 1), (H, 1))]


def units(interval):
    lo, hi = (Fraction(end) * ONE for end in interval)
    assert lo.denominator == hi.denominator == 1
    return int(lo), int(hi)


@pytest.mark.parametrize(("x", "y", "expected"), ADD)
def test_add_vectors(x, y, expected):
    assert add(units(x), units(y)) == units(expected)


@pytest.mark.parametrize(("x", "y", "expected"), MULTIPLY)
def test_multiply_vectors(x, y, expected):
    assert multiply(units(x), units(y)) == units(expected)
    assert multiply(units(y), units(x)) == units(expected)


@pytest.mark.parametrize(("x", "y", "expected"), DIVIDE)
def test_divide_vectors(x, y, expected):
    assert divide(units(x), units(y)) == units(expected)


@pytest.mark.parametrize(("x", "n", "expected"), POWER)
def test_power_vectors(x, n, expected):
    assert power(units(x), n) == units(expected)


@pytest.mark.parametrize(("x", "expected"), ROOT)
def test_square_root_vectors(x, expected):
    assert square_root(units(x)) == units(expected)


@pytest.mark.parametrize("y", [(0, 0), (0, 1), (-1, 0), (-1, 1), (-ONE, ONE), (0, ONE), (-ONE, 0)])
@pytest.mark.parametrize("x", [(0, 0), (1, 1), (-ONE, ONE)])
def test_division_by_zero_is_undefined(x, y):
    with pytest.raises(Undefined):
        divide(x, y)


@pytest.mark.parametrize("x", [(-1, -1), (-1, 0), (-1, ONE), (-ONE, -1)])
def test_root_of_a_negative_number_is_undefined(x):
    with pytest.raises(Undefined):
        square_root(x)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [((1, 1), (1, 1), (0, 1)), ((-1, -1), (1, 1), (-1, 0)), ((1, ONE), (1, 1), (0, 1)), ((-1, 1), (1, 1), (-1, 1))],
)
def test_a_product_below_the_resolution_keeps_its_sign_open(x, y, expected):
    """2**-BITS squared is not zero: the enclosure must not collapse to [0, 0]."""
    assert multiply(x, y) == expected


def test_a_power_below_the_resolution_keeps_its_sign_open():
    assert power((1, 1), 2) == (0, 1)
    assert power((-1, -1), 3) == (-1, 0)
    assert power((1, 1), 64) == (0, 1)


def test_a_quotient_below_the_resolution_keeps_its_sign_open():
    assert divide((1, 1), (3 * ONE, 3 * ONE)) == (0, 1)
    assert divide((-1, -1), (3 * ONE, 3 * ONE)) == (-1, 0)


@pytest.mark.parametrize("value", [2, 3, 5, 10**30 + 1, (1 << BITS) - 1])
def test_an_irrational_root_lies_strictly_between_its_ends(value):
    low, high = square_root((value, value))
    assert high - low == (0 if isqrt(value << BITS) ** 2 == value << BITS else 1)
    assert low * low <= value << BITS <= high * high
