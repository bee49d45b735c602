"""Every operation on balls contains the true result: exact against Fractions, exp against mpmath."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from verify.kernel.errors import Rejected
from verify.trajectory.balls import MAX_EXPONENT, divided, exponentials, hull, multiplied, shifted

MIDDLES = st.integers(-(10**6), 10**6) | st.integers(-(10**40), 10**40)
RADII = st.integers(0, 50) | st.integers(0, 10**30)
BALLS = st.tuples(MIDDLES, RADII)
PLACES = st.fractions(-1, 1)


def member(x, place):
    return x[0] + place * x[1]


def contains(x, value):
    return x[1] >= 0 and abs(value - x[0]) <= x[1]


def test_all_operations_on_all_small_balls():
    balls = list(product(range(-6, 7), range(3)))
    ends = (Fraction(-1), Fraction(0), Fraction(1))
    for x, shift in product(balls, range(4)):
        assert all(contains(shifted(x, shift), Fraction(member(x, e), 2**shift)) for e in ends)
    for x, divisor in product(balls, range(1, 6)):
        assert all(contains(divided(x, divisor), Fraction(member(x, e), divisor)) for e in ends)
    for x, y, bits in product(balls, balls, range(3)):
        result = multiplied(x, y, bits)
        assert all(contains(result, Fraction(member(x, e) * member(y, f), 2**bits)) for e in ends for f in ends)
    for low, width, shift in product(range(-9, 10), range(6), range(4)):
        result = hull(low, low + width, shift)
        assert contains(result, Fraction(low, 2**shift))
        assert contains(result, Fraction(low + width, 2**shift))


@given(BALLS, BALLS, PLACES, PLACES, st.integers(0, 200), st.integers(1, 10**20))
def test_random_balls(x, y, e, f, bits, divisor):
    assert contains(shifted(x, bits), member(x, e) / 2**bits)
    assert contains(divided(x, divisor), member(x, e) / divisor)
    assert contains(multiplied(x, y, bits), member(x, e) * member(y, f) / 2**bits)


@given(BALLS, BALLS, st.integers(0, 100))
def test_balls_are_not_wider_than_they_have_to_be(x, y, bits):
    """The radius is what the arguments force, up to 2 units of rounding; exact results stay exact."""
    forced = abs(x[0]) * y[1] + abs(y[0]) * x[1] + x[1] * y[1]
    assert multiplied(x, y, bits)[1] <= Fraction(forced, 2**bits) + 2
    assert shifted((x[0] << bits, 0), bits) == (x[0], 0)
    assert divided((3 * x[0], 0), 3) == (x[0], 0)


def check_exponentials(x, bits, places):
    results = exponentials(x, bits)
    with mp.workprec(2 * bits + 4 * MAX_EXPONENT + 100):
        for place in places:
            value = mp.mpf(x[0]) + mp.mpf(place.numerator) / place.denominator * x[1]
            for sign, (middle, radius) in zip((1, -1), results, strict=True):
                true = mp.exp(sign * mp.ldexp(value, -bits)) * mp.mpf(2) ** bits
                assert middle - radius <= true <= middle + radius
    return results


@given(st.integers(32, 400), st.fractions(-40, 40), st.integers(0, 2**20), PLACES)
def test_exponentials(bits, value, radius, place):
    check_exponentials((int(value * 2**bits), radius), bits, (place, Fraction(-1), Fraction(1)))


@pytest.mark.parametrize("bits", [32, 33, 64, 257, 1000])
def test_exponentials_at_the_corners(bits):
    one = 1 << bits
    most = MAX_EXPONENT * one - 1
    for middle in (0, 1, -1, one, -one, one // 4, one // 4 - 1, one >> 9, 700 * one, -700 * one, most, -most):
        for radius in (0, 1, one // 2):
            check_exponentials((middle, radius), bits, (Fraction(-1), Fraction(0), Fraction(1)))


@given(st.integers(32, 600), st.fractions(-3, 3))
def test_exponentials_are_sharp(bits, value):
    for middle, radius in exponentials((int(value * 2**bits), 0), bits):
        assert radius <= 1 + (middle >> bits - 4)
        assert radius <= 4


@pytest.mark.parametrize("x", [(MAX_EXPONENT << 64, 0), (-MAX_EXPONENT << 64, 0), (0, (1 << 63) + 1), (1 << 9000, 0)])
def test_exponents_beyond_the_limit_are_refused(x):
    with pytest.raises(Rejected, match="exponent"):
        exponentials(x, 64)
