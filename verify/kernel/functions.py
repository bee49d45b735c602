"""Enclosures of the elementary functions: f(x) contains the value of f at every member of the interval x.

What happens between the ends of x and those of the result is computed in the finer units of 2**-WORK ("units"), each
step with a proved error (see series.py). It is taken off below and added above before the last rounding, which is down
for lo and up for hi, so the result exceeds the true range by about 2**-BITS, relative to it if it is large. Whole
values come out exactly, without error: at 0, and for log and acos at 1.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from math import isqrt

from verify.kernel.errors import Rejected
from verify.kernel.fixed import BITS, MAX_END, ONE, Interval, Undefined
from verify.kernel.series import (
    ARC,
    ARC_HALF,
    COS,
    EXP,
    GUARD,
    HALF_PI,
    LOG_2,
    PI,
    PI_BITS,
    QUARTER_PI,
    SIN,
    WHOLE,
    WORK,
    series,
)

EXP_MOST = 2800 * ONE  # exp(2800) > 2**4000, the value of MAX_END


def _outward(low: int, high: int, shift: int = GUARD) -> Interval:
    """Return the smallest interval around [low, high] * 2**-shift."""
    if shift < 0:
        return low << -shift, high << -shift
    return low >> shift, -(-high >> shift)


def _increasing(at: Callable[[int], Interval]) -> Callable[[Interval], Interval]:
    """Turn an enclosure of an increasing function at a number t into one on an interval x, by both ends.

    Raises Rejected for a value beyond MAX_END.
    """

    @wraps(at)
    def function(x: Interval) -> Interval:
        low = at(x[0])
        high = low if x[0] == x[1] else at(x[1])
        if low[0] < -MAX_END or high[1] > MAX_END:
            raise Rejected("a value of a function is beyond the limit")
        return low[0], high[1]

    return function


def pi() -> Interval:
    """Enclose pi."""
    return _outward(PI - 64, PI + 64, PI_BITS - BITS)


def _exp(t: int) -> tuple[int, int, int]:
    """Return (a, b, k) with a * 2**k <= exp(t) <= b * 2**k in units, for t >= -100. Raises Rejected if t > 2800.

    t = k log(2) + r with abs(r) < 3/8. LOG_2 is off by 2, so r by 2 abs(k), so exp(r) by 3 abs(k), for exp(3/8) < 3/2.
    """
    if t > EXP_MOST:
        raise Rejected("a value of exp, sinh or cosh is beyond the limit")
    k = ((t << GUARD) + (LOG_2 >> 1)) // LOG_2
    value, error = series(EXP, (t << GUARD) - k * LOG_2), 3 * abs(k) + 6 if t else 0
    return value - error, value + error, k


def _powers(t: int) -> tuple[int, int, int, int]:
    """Return (a, b, c, d) with a <= exp(t) <= b and c <= exp(-t) <= d in units, for t >= 0 (so k >= 0)."""
    low, high, k = _exp(t)
    low, high = low << k, high << k
    return low, high, WHOLE * WHOLE // high, -(-WHOLE * WHOLE // low)


@_increasing
def exp(t: int) -> Interval:
    """Enclose exp. Raises Rejected for a value beyond MAX_END."""
    if t < -100 * ONE:  # exp(-100) < 2**-144
        return 0, 1
    low, high, k = _exp(t)
    return _outward(low, high, GUARD - k)


@_increasing
def sinh(t: int) -> Interval:
    """Enclose sinh. Raises Rejected for a value beyond MAX_END."""
    low, high, below, above = _powers(abs(t))
    low, high = low - above, high - below
    return _outward(low, high, GUARD + 1) if t >= 0 else _outward(-high, -low, GUARD + 1)


@_increasing
def _cosh(t: int) -> Interval:
    low, high, below, above = _powers(t)
    return _outward(low + below, high + above, GUARD + 1)


def cosh(x: Interval) -> Interval:
    """Enclose cosh, which increases with the size of its argument. Raises Rejected for a value beyond MAX_END."""
    near, far = sorted((abs(x[0]), abs(x[1])))
    low, high = _cosh((0 if x[0] <= 0 <= x[1] else near, far))
    return max(low, ONE), high


@_increasing
def tanh(t: int) -> Interval:
    """Enclose tanh(t) = 2 / (1 + exp(-2t)) - 1."""
    if abs(t) > 50 * ONE:  # 1 - tanh(50) < 2 exp(-100) < 2**-143
        return (ONE - 1, ONE) if t > 0 else (-ONE, 1 - ONE)
    _, _, below, above = _powers(2 * abs(t))
    low = 2 * WHOLE * WHOLE // (WHOLE + above) - WHOLE
    high = -(-2 * WHOLE * WHOLE // (WHOLE + below)) - WHOLE
    return _outward(low, high) if t >= 0 else _outward(-high, -low)


@_increasing
def log(t: int) -> Interval:
    """Enclose log(t) = k log(2) + 2 atanh(z), z = (p - 1) / (p + 1), p = t * 2**-k in [2/3, 4/3). Raises Undefined.

    So -1/5 <= z < 1/7. The error of z is below 1, that of atanh(z) below 25/24 + (6 + 1) / 5 + 1 < 4: by z, where the
    slope is at most 1 / (1 - z * z) <= 25/24; by the series, and its argument z * z, of slope < 1; by the rounding.
    """
    if t <= 0:
        raise Undefined("log of an interval that contains 0 or a negative number")
    bits = (3 * t).bit_length() - 2
    z, k = ((t - (1 << bits)) << WORK) // (t + (1 << bits)), bits - BITS
    value, error = k * LOG_2 + 2 * (z * series(ARC, z * z >> WORK) >> WORK), 2 * abs(k) + 8 if t != ONE else 0
    return _outward(value - error, value + error)


def _angle(y: int, x: int) -> int:
    """Return atan(y / x), in [0, pi/2], error below 10, for y, x >= 0 that are not both 0.

    The quotient is at most 1 after a reflection, atan(y/x) = pi/2 - atan(x/y). With c the first of 0, 1/2, 1 that is
    near, atan(y/x) = atan(c) + atan(z), z = (y - c x) / (x + c y), abs(z) <= 1/4. The errors are below 1 by z (the
    slope of atan is at most 1), (6 + 1) / 4 by the series and its argument z * z (of slope < 1), 1 by rounding, 2 by
    the constant, 2 by pi/2.
    """
    if y > x:
        return HALF_PI - _angle(x, y)
    start = 0
    if 4 * y > 3 * x:
        start, y, x = QUARTER_PI, y - x, x + y
    elif 4 * y > x:
        start, y, x = ARC_HALF, 2 * y - x, 2 * x + y
    z = (y << WORK) // x
    return start + (z * series(ARC, -(z * z >> WORK)) >> WORK)


@_increasing
def atan(t: int) -> Interval:
    """Enclose atan."""
    value, error = _angle(abs(t), ONE), 10 if t else 0
    return _outward(value - error, value + error) if t >= 0 else _outward(-value - error, error - value)


def _asin(t: int) -> int:
    """Return asin(t) = atan(t / sqrt(1 - t * t)), error below 12. Raises Undefined outside [-1, 1].

    The root s is off by less than 1, so the angle by less than 2 for it: its slope by s is
    -t / (t * t + s * s), which is near -t.
    """
    if abs(t) > ONE:
        raise Undefined("asin or acos of an interval that exceeds [-1, 1]")
    value = _angle(abs(t) << GUARD, isqrt((ONE * ONE - t * t) << (2 * GUARD)))
    return value if t >= 0 else -value


@_increasing
def asin(t: int) -> Interval:
    """Enclose asin. Raises Undefined outside [-1, 1]."""
    value, error = _asin(t), 12 if t else 0
    return _outward(value - error, value + error)


@_increasing
def _minus_acos(t: int) -> Interval:
    value, error = _asin(t) - HALF_PI, 14 if t != ONE else 0
    return _outward(value - error, value + error)


def acos(x: Interval) -> Interval:
    """Enclose acos(x) = pi/2 - asin(x). Raises Undefined outside [-1, 1]."""
    low, high = _minus_acos(x)
    return -high, -low


def _reduce(t: int, bits: int) -> tuple[int, int]:
    """Return (q, r) with t = q pi/2 + r, r in units of 2**-bits, error of r below 2, abs(r) < 0.786. Raises Rejected.

    r is computed with n = `more` bits more, where the number t is below 2**(n-4) in size, so abs(q) <= 2**(n-4).
    pi/2 is off by less than 2, so q pi/2 by less than 2**(n-3), 1/8 of a unit of r; the last rounding is below 1.
    """
    if abs(t) > MAX_END:
        raise Rejected("an argument of sin, cos or tan is beyond the limit")
    more = max(t.bit_length() - BITS, 0) + 4
    half = PI >> (PI_BITS + 1 - bits - more)
    fine = t << (bits + more - BITS)
    q = (fine + (half >> 1)) // half
    return q, (fine - q * half) >> more


def _may_contain(low: tuple[int, int], high: tuple[int, int], remainder: int, modulus: int) -> bool:
    """Whether q pi/2 may lie between two reduced numbers for a q = remainder (mod modulus). False is certain.

    The error of r is below 2, so the sign of the number r means is certain if abs(r) > 2.
    """
    first = low[0] + 1 if low[1] > 2 else low[0]
    last = high[0] - 1 if high[1] < -2 else high[0]
    return first + (remainder - first) % modulus <= last


def _sine_at(q: int, r: int, turn: int) -> Interval:
    """Enclose sin((q + turn) pi/2 + r). Error: 2 by r, 6 + 1 by the series and its argument r * r, 1 by rounding."""
    error = 12 if q or r else 0  # q = r = 0 is the argument 0 only
    odd, negative = (q + turn) % 2, (q + turn) % 4 >= 2
    z = -(r * r >> WORK)
    value = series(COS, z) if odd else r * series(SIN, z) >> WORK
    if negative:
        value = -value
    return _outward(value - error, value + error)


def _wave(x: Interval, turn: int) -> Interval:
    """Enclose sin(x + turn pi/2) by its values at both ends and by -1 and 1 where a minimum or maximum may lie."""
    if x[1] - x[0] > 7 * ONE:  # a period is shorter
        return -ONE, ONE
    low = high = _reduce(x[0], WORK)
    first = last = _sine_at(*low, turn)
    if x[0] < x[1]:
        high = _reduce(x[1], WORK)
        last = _sine_at(*high, turn)
    least = -ONE if _may_contain(low, high, 3 - turn, 4) else max(-ONE, min(first[0], last[0]))
    most = ONE if _may_contain(low, high, 1 - turn, 4) else min(ONE, max(first[1], last[1]))
    return least, most


def sin(x: Interval) -> Interval:
    """Enclose sin. Raises Rejected for an argument beyond MAX_END."""
    return _wave(x, 0)


def cos(x: Interval) -> Interval:
    """Enclose cos(x) = sin(x + pi/2). Raises Rejected for an argument beyond MAX_END."""
    return _wave(x, 1)


def _tan_at(q: int, r: int) -> Interval:
    """Enclose tan(q pi/2 + r), r in units of 2**-(WORK + BITS) so that it stays exact enough next to a pole.

    The quotient is sin(r) / cos(r), or -cos(r) / sin(r) for odd q, each in the units of r. Error of sin(r): 2 by r,
    (6 + 1) abs(r) by the series and its argument (in units of 2**-WORK), 1 by rounding. Of cos(r): 6 + 1 (units of
    2**-WORK), and 2 by r.
    """
    if q == 0 and r == 0:  # the argument 0 only
        return 0, 0
    z = -(r * r >> (WORK + 2 * BITS))
    above, error = r * series(SIN, z) >> WORK, (7 * abs(r) >> WORK) + 4
    below, doubt = series(COS, z) << BITS, 8 << BITS
    if q % 2:
        above, error, below, doubt = -below, doubt, above, error
    if below < 0:
        above, below = -above, -below
    if below <= doubt:
        raise Undefined("tan too close to an odd multiple of pi/2")
    low, high, small, large = above - error, above + error, below - doubt, below + doubt
    return (low << BITS) // (large if low > 0 else small), -((-high << BITS) // (small if high > 0 else large))


def tan(x: Interval) -> Interval:
    """Enclose tan. Raises Undefined if x may contain a pole, Rejected for an argument beyond MAX_END."""
    bits = WORK + BITS
    low = _reduce(x[0], bits)
    high = low if x[0] == x[1] else _reduce(x[1], bits)
    if _may_contain(low, high, 1, 2):
        raise Undefined("tan of an interval that may contain an odd multiple of pi/2")
    first = _tan_at(*low)
    return first if x[0] == x[1] else (first[0], _tan_at(*high)[1])


FUNCTIONS: Mapping[str, Callable[[Interval], Interval]] = {
    function.__name__: function for function in (exp, log, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh)
}
