"""Elementary functions on intervals against mpmath: containment, tightness, extrema, domains, proved error bounds."""

from fractions import Fraction
from math import factorial

import mpmath
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from kernel_functions_reference import (
    HARD,
    HYPERBOLIC,
    NAMES,
    PLAIN,
    TRIGONOMETRIC,
    allowed,
    encloses,
    excess,
    fits,
    meets,
    precision,
    true_range,
    value,
)

from verify.kernel import functions, series
from verify.kernel.errors import Rejected
from verify.kernel.fixed import BITS, MAX_END, ONE, Undefined
from verify.kernel.functions import FUNCTIONS
from verify.kernel.series import PI_BITS, WHOLE, WORK

QUICK = settings(max_examples=150, deadline=None, database=None)
MEASURES = st.integers(0, 4096).flatmap(lambda bits: st.integers(0, 1 << bits)) | st.integers(0, 10 * ONE)
ENDS = st.builds(lambda size, sign: sign * size, MEASURES, st.sampled_from([1, -1]))
ENDS |= st.sampled_from(PLAIN) | st.sampled_from(HARD) | st.integers(-4 * ONE, 4 * ONE)


@pytest.mark.parametrize("name", NAMES)
@QUICK
@given(ENDS, ENDS | st.none(), st.fractions(0, 1, max_denominator=1 << 20))
@example(0, None, Fraction(0))
@example(-1, 1, Fraction(1, 3))
def test_the_range_is_enclosed_tightly(name, low, other, share):
    x = fits(name, low, low if other is None else other)
    assume(allowed(name, x))
    result, span = FUNCTIONS[name](x), true_range(name, x)
    assert encloses(result, span)
    if name != "tan" or max(map(abs, span)) < 1 << (BITS + 100):
        assert excess(result, span) < 2
    inner = value(name, x[0] + int(share * (x[1] - x[0])))
    assert result[0] <= inner <= result[1]


@QUICK
@given(ENDS, st.integers(0, 7 * ONE) | st.integers(0, 1 << 40), st.sampled_from(TRIGONOMETRIC))
def test_an_interval_of_at_most_a_period_next_to_any_number(low, length, name):
    x = (low, min(low + length, MAX_END))
    if name == "tan" and meets(x, mpmath.mpf(1) / 2, 1):
        with pytest.raises(Undefined):
            functions.tan(x)
        return
    result, span = FUNCTIONS[name](x), true_range(name, x)
    assert encloses(result, span)
    if max(map(abs, span)) < 1 << (BITS + 100):
        assert excess(result, span) < 2


@pytest.mark.parametrize("name", TRIGONOMETRIC)
def test_thin_intervals_next_to_multiples_of_half_pi(name):
    for t in HARD:
        span = true_range(name, (t, t))
        if max(map(abs, span)) < 1 << (BITS + 100):
            result = FUNCTIONS[name]((t, t))
            assert encloses(result, span)
            assert excess(result, span) < 2


def test_extrema_of_sine_and_cosine():
    quarter = functions.pi()[0] // 2
    assert functions.sin((quarter - 9, quarter + 9)) == (ONE - 1, ONE)
    assert functions.sin((3 * quarter - 9, 3 * quarter + 9)) == (-ONE, 1 - ONE)
    assert functions.cos((-9, 9)) == (ONE - 1, ONE)
    assert functions.cos((2 * quarter - 9, 2 * quarter + 9)) == (-ONE, 1 - ONE)
    assert functions.sin((0, 2 * quarter))[1] == ONE
    assert functions.sin((0, 2 * quarter))[0] in (-1, 0)
    assert functions.sin((quarter // 2, 7 * quarter // 2)) == (-ONE, ONE)
    assert functions.cos((quarter // 2, 3 * quarter)) == (-ONE, functions.cos((quarter // 2,) * 2)[1])
    assert functions.sin((-1, 2 << 4096)) == functions.cos((-(2 << 9999), 0)) == (-ONE, ONE)


@pytest.mark.parametrize(
    ("name", "t", "result"),
    [(name, 0, 0) for name in ("sin", "tan", "asin", "atan", "sinh", "tanh")]
    + [(name, 0, ONE) for name in ("exp", "cos", "cosh")]
    + [("log", ONE, 0), ("acos", ONE, 0)],
)
def test_whole_values_are_exact(name, t, result):
    assert FUNCTIONS[name]((t, t)) == (result, result)


def test_signs_and_bounds_hold_next_to_whole_values():
    for name in ("sin", "tan", "asin", "atan", "sinh", "tanh"):
        assert FUNCTIONS[name]((1, 1))[0] >= 0
        assert FUNCTIONS[name]((-1, -1))[1] <= 0
    assert functions.exp((1, 1))[0] >= ONE >= functions.exp((-1, -1))[1]
    assert functions.cosh((-1, 1))[0] == ONE
    assert functions.log((ONE - 1, ONE - 1))[1] <= 0 <= functions.log((ONE + 1, ONE + 1))[0]
    assert functions.tanh((-(1 << 9999), 1 << 9999)) == (-ONE, ONE)
    assert functions.exp((-(1 << 9999), -100 * ONE)) == (0, 1)
    assert functions.exp((-(1 << 9999), 0)) == (0, ONE)


@pytest.mark.parametrize(
    ("name", "x"),
    [("log", (0, 1)), ("log", (0, 0)), ("log", (-1, ONE)), ("log", (-5, -3)), ("log", (-(1 << 9999), 1 << 9999))]
    + [
        (name, x)
        for name in ("asin", "acos")
        for x in ((-ONE - 1, 0), (0, ONE + 1), (5 * ONE, 6 * ONE), (-9 << 999, 0))
    ]
    + [("tan", (ONE, 2 * ONE)), ("tan", (-2 * ONE, -ONE)), ("tan", (0, 4 * ONE)), ("tan", (4 * ONE, 5 * ONE))]
    + [("tan", (0, MAX_END)), ("tan", (2**3000 * ONE, 2**3000 * ONE + 4 * ONE))],
)
def test_undefined(name, x):
    with pytest.raises(Undefined):
        FUNCTIONS[name](x)


def test_tangent_up_to_its_pole():
    pole = functions.pi()[0] // 2  # the grid points around pi/2 are this one and the next
    assert functions.tan((pole, pole))[0] > 1 << (2 * BITS - 2)
    assert functions.tan((pole + 1, pole + 1))[1] < -1 << (2 * BITS - 2)
    assert functions.tan((-pole, pole)) == (functions.tan((-pole, -pole))[0], functions.tan((pole, pole))[1])
    with pytest.raises(Undefined):
        functions.tan((pole, pole + 1))


@pytest.mark.parametrize("bits", [108, 4096, 100_000])
@pytest.mark.parametrize("name", HYPERBOLIC)
def test_a_value_beyond_the_limit_is_rejected_at_once(name, bits):
    size = 1 << bits
    for x in [(size, size), (0, size), (-size, size)] + [(-size, 0)] * (name != "exp"):
        with pytest.raises(Rejected, match="beyond the limit") as caught:
            FUNCTIONS[name](x)
        assert type(caught.value) is Rejected


@pytest.mark.parametrize(("name", "excess_of_argument"), [("exp", 0), ("sinh", 1), ("cosh", 1)])
def test_the_limit_is_met(name, excess_of_argument):
    """exp(t) <= 2**4000 up to t = 4000 log(2), sinh and cosh up to 4001 log(2)."""
    with mpmath.workprec(800):
        last = int(mpmath.floor(mpmath.ldexp((4000 + excess_of_argument) * mpmath.log(2), BITS)))
    assert MAX_END - (MAX_END >> 90) < FUNCTIONS[name]((0, last))[1] <= MAX_END
    with pytest.raises(Rejected, match="beyond the limit"):
        FUNCTIONS[name]((0, last + 1))


@pytest.mark.parametrize("name", TRIGONOMETRIC)
def test_an_argument_beyond_the_limit_is_rejected(name):
    for t in (MAX_END + 1, -MAX_END - 1, 1 << 99_999):
        with pytest.raises(Rejected, match="beyond the limit") as caught:
            FUNCTIONS[name]((t, t))
        assert type(caught.value) is Rejected


def test_constants_and_tables():
    with mpmath.workprec(PI_BITS + 100):
        assert abs(series.PI - mpmath.ldexp(mpmath.pi, PI_BITS)) < 64
        lowest, highest = functions.pi()
        assert (highest - lowest, lowest) == (1, int(mpmath.floor(mpmath.ldexp(mpmath.pi, BITS))))
        exact = {
            "HALF_PI": mpmath.pi / 2,
            "QUARTER_PI": mpmath.pi / 4,
            "ARC_HALF": mpmath.atan(0.5),
            "LOG_2": mpmath.log(2),
        }
        for name, real in exact.items():
            assert abs(getattr(series, name) - mpmath.ldexp(real, WORK)) < 2


def test_what_the_tables_leave_out_is_small():
    exp, sin, cos, arc = (len(table) for table in (series.EXP, series.SIN, series.COS, series.ARC))
    rest = [
        Fraction(3, 8) ** exp / factorial(exp) * Fraction(8, 5),
        Fraction(5, 8) ** sin / factorial(2 * sin + 1) * Fraction(8, 3),
        Fraction(5, 8) ** cos / factorial(2 * cos) * Fraction(8, 3),
        Fraction(1, 16) ** arc / (2 * arc + 1) * Fraction(16, 15),
    ]
    assert max(rest) < Fraction(1, 16 * WHOLE)


@QUICK
@given(st.sampled_from(["EXP", "SIN", "COS", "ARC"]), st.fractions(-1, 1, max_denominator=10**9))
@example("EXP", Fraction(1))
@example("COS", Fraction(1))
@example("ARC", Fraction(1))
def test_the_series_is_within_its_error(name, share):
    most = {"EXP": Fraction(3, 8), "ARC": Fraction(1, 16)}.get(name, Fraction(5, 8))
    z = int(share * most * WHOLE)
    weights = {"EXP": lambda n: factorial(n), "SIN": lambda n: factorial(2 * n + 1)}
    weights |= {"COS": lambda n: factorial(2 * n), "ARC": lambda n: 2 * n + 1}
    exact = sum(Fraction(z, WHOLE) ** n / weights[name](n) for n in range(60))
    assert abs(series.series(getattr(series, name), z) - exact * WHOLE) < 6


@QUICK
@given(ENDS, st.sampled_from([WORK, WORK + BITS]))
def test_the_reduction_is_within_its_error(t, bits):
    q, r = functions._reduce(t, bits)
    with mpmath.workprec(precision(t)):
        rest = mpmath.ldexp(mpmath.mpf(t), -BITS) - q * mpmath.pi / 2
        assert abs(r - mpmath.ldexp(rest, bits)) < 2
        assert abs(rest) < 0.786
