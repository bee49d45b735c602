"""Enclosures of exp, log, sin, cos, tan, asin, acos, atan, sinh, cosh and tanh over many intervals at once.

An interval is a pair (lo, hi) of float64 arrays of one shape. The system's exp, sin, ... are not used: every value
comes from + - * / sqrt, which round to nearest, and from exact steps (scaling by powers of two, comparisons, rint,
floor, minimum, maximum, abs). With u = 2**-53 each rounding is off by a factor in [1 - u, 1 + u]. A compiler must keep
the order of the operations; contracting a product and a sum into one does no harm. Results are sound for every input:
undefined ones (log at lo <= 0, asin and acos beyond [-1, 1], tan on an interval that touches a pole) and those of nan
or of lo > hi are nan at both ends, and infinite ends are bounded. Overflow and invalid operations occur on the way:
call with numpy's warnings off.

A function is computed at an end as a series in a reduced argument and then widened by `n u` of its modulus. What
has been lost up to there, in units of u and relative to the value (the remainders of the series are below 0.1 u):

- exp, 2.7 (EXP = 6 u): x = k ln 2 + r with |r| < 0.34658. k < 2**11 times the 40-bit head of ln 2 is exact, and so is
  x minus it: a multiple of 2**-54 below 1/2 (k != 0 needs |x| > 0.34). One rounding of r: 0.35; Horner to r**13: 2.2.
- log, 6.4 (LOG = 10 u): x = 2**e m with m in [0.707, 1.415], f = m - 1 is exact, log m = 2 atanh(s) for
  s = f / (2 + f): 2 for s, 2.3 for the series to s**21. For e != 0, |log x| > 0.346 > |log m| - tiny: 2 for the sums.
  So the relative error stays small next to log 1 = 0.
- sinh, 5.0 (SINH = 8 u): below 1 its series to x**19, 3.2; from 1 on h - 1/(4 h), h = exp(x)/2, 2.7 * 1.32 + 1.4.
- cosh, 3.8 (COSH = 6 u): h + 1/(4 h).
- tanh, 6.4 (TANH = 8 u): s / sqrt(1 + s**2), s = sinh x, whose error is damped by 1 / (1 + s**2): 3.2; 3 more.
- atan, 9.3 (ATAN = 12 u): atan t = atan c + atan r with r = (t - c) / (1 + c t), or pi/2 - atan(1/t), |r| < 0.2: 4 for
  r, 2.2 for the series to r**23; c = 53/128, t = tan(pi/16) is worst: 2 for atan c, 6.2 for atan r, 1 for the sum.
- asin, 12.9 (ASIN = 14 u): atan(x / sqrt((1 - x) (1 + x))), whose argument is off by 3.5.
- acos, 11.9 (ACOS = 14 u): 2 atan(sqrt((1 - x) / (1 + x))), 2.5; it is relatively accurate next to acos 1 = 0.
- sin and cos, 8.1 (SINE = 10 u): x = m pi/2 + r for |x| <= 2**20, |m| < 2**20, pi/2 = P1 + P2 + P3 (33 + 33 + 53 bits),
  so that m P1 and m P2 are exact; x - m P1 is a multiple of 2**-52 below 2 where |x| >= 1, thus exact. r is off by
  3 u |r| + |m| 2**-119 (subtractions; the product m P3 and P3 itself). The series to r**23 on |r| < 1.5709 adds 5.1.
  The second part is added as |m| 2**-119: relatively accurate near sin 0 = 0, and to 2**-99 near other zeros.
- tan, 12.3 (TAN = 14 u): |r| < 0.7855, s = sin r, off by 4.7; s / sqrt(1 - s**2) or its negative reciprocal doubles
  that at most and adds 3. The part |m| 2**-119 of r changes tan by the factor 1 + |m| 2**-117 / |s| at most.

Widening rounds once more (1 u); where a value may be subnormal min(|value|, 2**-1022) is added, so that 0 stays 0.
Elementary remainders and argument reduction: Muller, "Elementary Functions", 3rd ed., Birkhaeuser 2016, chapters 3,
11; rounding of Horner's rule: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., SIAM 2002, section 5.
"""

from collections.abc import Callable, Sequence
from math import factorial, inf, nan
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Truth: TypeAlias = npt.NDArray[np.bool_]
Interval: TypeAlias = tuple[Array, Array]

UNIT = 2.0**-53
EXP, LOG, SINH, COSH, TANH, ATAN, ASIN, ACOS, SINE, TAN = (n * UNIT for n in (6, 10, 8, 6, 8, 12, 14, 14, 10, 14))
LEAST = 2.0**-1022
LARGEST = (2.0 - 2.0**-52) * 2.0**1023

LN2_HEAD, LN2_TAIL = float.fromhex("0x1.62e42fefa4p-1"), float.fromhex("-0x1.8432a1b0e2634p-43")
PER_LN2, SQRT2 = 1.4426950408889634, 1.4142135623730951
EXP_SERIES = tuple(1 / factorial(n) for n in range(14))
LOG_SERIES = tuple(1 / (2 * n + 1) for n in range(11))
SINH_SERIES = tuple(1 / factorial(2 * n + 1) for n in range(10))
ATAN_SERIES = tuple((-1) ** n / (2 * n + 1) for n in range(12))
SINE_SERIES = tuple((-1) ** n / factorial(2 * n + 1) for n in range(12))

ATAN_CENTRES = (53 / 128, 1.0, 309 / 128)
ATAN_VALUES = tuple(map(float.fromhex, ("0x1.91fde7cd0c662p-2", "0x1.921fb54442d18p-1", "0x1.2d9654c66566fp+0")))
ATAN_LIMITS = (0.199, 0.668, 1.497, 5.03)
HALF_PI = float.fromhex("0x1.921fb54442d18p+0")
PI_PARTS = tuple(map(float.fromhex, ("0x1.921fb544p+0", "0x1.0b4611a6p-34", "0x1.3198a2e037073p-69")))
PER_PI = 0.3183098861837907
REDUCTION = 2.0**-119
REACH = 2.0**20


def power_of_two(k: Array) -> Array:
    """Return 2**k exactly, for integers k from -1022 to 1023 kept as floats."""
    traced: Callable[[], Array] | None = getattr(k, "power_of_two", None)
    if traced is not None:
        return traced()
    bits = (np.asarray(k) + (2.0**52 + 1023)).view(np.int64) << 52  # the lowest bits hold k + 1023
    return bits.view(np.float64)


def exponent_and_mantissa(x: Array) -> tuple[Array, Array]:
    """Return (e, m) with x = 2**e m, 1 <= m < 2, for normal x > 0."""
    traced: Callable[[], tuple[Array, Array]] | None = getattr(x, "exponent_and_mantissa", None)
    if traced is not None:
        return traced()
    bits = np.asarray(x).view(np.int64)
    exponent = ((bits >> 52) | 0x4330000000000000).view(np.float64) - (2.0**52 + 1023)
    return exponent, ((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000).view(np.float64)


def is_finite(x: Array) -> Truth:
    """Return whether x is neither infinite nor nan."""
    traced: Callable[[], Truth] | None = getattr(x, "is_finite", None)
    return np.abs(x) <= LARGEST if traced is None else traced()


def _horner(z: Array, coefficients: Sequence[float]) -> Array:
    """Return the polynomial with these coefficients, the constant one first."""
    value = z * coefficients[-1] + coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        value = value * z + coefficient
    return value


def _defined(valid: Truth, lo: Array, hi: Array) -> Interval:
    return np.where(valid, lo, nan), np.where(valid, hi, nan)


def _around(value: Array, relative: float) -> Interval:
    """Enclose what is computed as value >= 0 (see the table above); 0 is exact."""
    slack = np.minimum(value, LEAST)
    return np.maximum(value * (1 - relative) - slack, 0.0), value * (1 + relative) + slack


def _odd(function: Callable[[Array], Array], relative: float, x: Interval) -> Interval:
    """Enclose an odd increasing function, given its computation on [0, inf)."""
    (a, b), (c, d) = (_around(function(np.abs(end)), relative) for end in x)
    return _defined(x[0] <= x[1], np.where(x[0] < 0, -b, a), np.where(x[1] < 0, -c, d))


def _exp_value(x: Array, halvings: int) -> Array:
    """Return exp(x) / 2**halvings, at most LARGEST, for -708 <= x <= 709.8 + log 2 halvings."""
    k = np.rint(x * PER_LN2)
    r = (x - k * LN2_HEAD) - k * LN2_TAIL
    return np.minimum(2.0 * _horner(r, EXP_SERIES) * power_of_two(k - (1 + halvings)), LARGEST)


def exp(x: Interval) -> Interval:
    """Enclose exp: 0 <= lo <= LARGEST; hi = inf on overflow; on the right side of exp 0 = 1, which is exact."""
    low, high = (_exp_value(np.minimum(np.maximum(end, -708.0), 709.8), 0) for end in x)
    lo, hi = np.where(x[0] < -708, 0.0, low * (1 - EXP)), high * (1 + EXP)
    lo, hi = np.where(x[0] >= 0, np.maximum(lo, 1.0), lo), np.where(x[1] <= 0, np.minimum(hi, 1.0), hi)
    return _defined(x[0] <= x[1], lo, hi)


def _log_value(x: Array) -> Array:
    """Return log(x) for x moved into [LEAST, LARGEST]."""
    exponent, mantissa = exponent_and_mantissa(np.minimum(np.maximum(x, LEAST), LARGEST))
    large = mantissa > SQRT2
    exponent = np.where(large, exponent + 1.0, exponent)
    f = np.where(large, 0.5 * mantissa, mantissa) - 1.0
    s = f / (f + 2.0)
    return exponent * LN2_HEAD + (exponent * LN2_TAIL + 2.0 * s * _horner(s * s, LOG_SERIES))


def log(x: Interval) -> Interval:
    """Enclose log; nan where lo <= 0. A subnormal lo gives -745."""
    low, high = (_log_value(end) for end in x)
    lo = np.where(x[0] < LEAST, -745.0, low - np.abs(low) * LOG)
    hi = np.where(is_finite(x[1]), high + np.abs(high) * LOG, inf)
    return _defined((x[0] > 0) & (x[0] <= x[1]), lo, hi)


def _sinh_value(x: Array) -> Array:
    y = np.minimum(x, 1.0)
    h = _exp_value(np.minimum(x, 710.5), 1)
    return np.where(x < 1, y * _horner(y * y, SINH_SERIES), h - 0.25 / h)


def _tanh_value(x: Array) -> Array:
    s = _sinh_value(np.minimum(x, 20.0))  # tanh 20 > 1 - u
    return s / np.sqrt(s * s + 1.0)


def sinh(x: Interval) -> Interval:
    """Enclose sinh; an end that overflows is infinite, or at LARGEST (1 - 8 u) on the inner side."""
    return _odd(_sinh_value, SINH, x)


def cosh(x: Interval) -> Interval:
    """Enclose cosh: 1 <= lo; hi = inf on overflow."""
    near = np.maximum(np.maximum(x[0], -x[1]), 0.0)
    low, high = (_exp_value(np.minimum(end, 710.5), 1) for end in (near, np.maximum(-x[0], x[1])))
    return _defined(x[0] <= x[1], np.maximum((low + 0.25 / low) * (1 - COSH), 1.0), (high + 0.25 / high) * (1 + COSH))


def tanh(x: Interval) -> Interval:
    """Enclose tanh, inside [-1, 1]."""
    lo, hi = _odd(_tanh_value, TANH, x)
    return np.maximum(lo, -1.0), np.minimum(hi, 1.0)


def _atan_value(x: Array) -> Array:
    """Return atan(x) for x >= 0; beyond 2**60, where it is within u of pi/2, atan(2**60)."""
    t = np.minimum(x, 2.0**60)
    first, second, third, last = (t < limit for limit in ATAN_LIMITS)
    (c1, c2, c3), (v1, v2, v3) = ATAN_CENTRES, ATAN_VALUES
    c = np.where(first, 0.0, np.where(second, c1, np.where(third, c2, c3)))
    value = np.where(first, 0.0, np.where(second, v1, np.where(third, v2, np.where(last, v3, HALF_PI))))
    r = np.where(last, t - c, -1.0) / np.where(last, t * c + 1.0, t)
    return value + r * _horner(r * r, ATAN_SERIES)


def atan(x: Interval) -> Interval:
    """Enclose atan."""
    return _odd(_atan_value, ATAN, x)


def asin(x: Interval) -> Interval:
    """Enclose asin; nan beyond [-1, 1]."""
    lo, hi = _odd(lambda y: _atan_value(y / np.sqrt((1.0 - y) * (1.0 + y))), ASIN, x)
    return _defined((x[0] >= -1) & (x[1] <= 1), lo, hi)


def acos(x: Interval) -> Interval:
    """Enclose acos, which decreases; nan beyond [-1, 1]."""
    (_, hi), (lo, _) = (_around(2.0 * _atan_value(np.sqrt((1.0 - y) / (1.0 + y))), ACOS) for y in x)
    return _defined((x[0] >= -1) & (x[0] <= x[1]) & (x[1] <= 1), lo, hi)


def _reduce(x: Array, m: Array) -> Array:
    """Return x - m pi/2."""
    return ((x - m * PI_PARTS[0]) - m * PI_PARTS[1]) - m * PI_PARTS[2]


def _is_odd(k: Array) -> Truth:
    return k - 2.0 * np.floor(0.5 * k) > 0.5


def _sine(r: Array) -> Array:
    return r * _horner(r * r, SINE_SERIES)


def _sine_at(x: Array, shift: float) -> Interval:
    """Enclose sin(x + shift pi) at points |x| <= REACH, for shift = 0 or 1/2."""
    k = np.rint(x * PER_PI + shift)
    m = 2.0 * (k - shift)
    s = _sine(_reduce(x, m))
    size = np.abs(s)
    error = size * SINE + (np.abs(m) * REDUCTION + np.minimum(size, LEAST))
    value = np.where(_is_odd(k), -s, s)
    return value - error, value + error


def _sine_over(x: Interval, shift: float) -> Interval:
    """Enclose sin(x + shift pi): the ends, 1 or -1 where (x + shift pi) / (2 pi) -+ 1/4 can be an integer inside.

    That quotient is computed to 2**-33 and taken 2**-32 wider; so close to its extremum the sine is 1 within u.
    """
    (a, b), (c, d) = _sine_at(x[0], shift), _sine_at(x[1], shift)
    start = x[0] * (0.5 * PER_PI) + (0.5 * shift - 2.0**-32)
    stop = x[1] * (0.5 * PER_PI) + (0.5 * shift + 2.0**-32)
    far = (x[0] < -REACH) | (x[1] > REACH)
    peak = np.floor(stop - 0.25) >= start - 0.25
    trough = np.floor(stop + 0.25) >= start + 0.25
    lo = np.where(far | trough, -1.0, np.maximum(np.minimum(a, c), -1.0))
    hi = np.where(far | peak, 1.0, np.minimum(np.maximum(b, d), 1.0))
    return _defined(x[0] <= x[1], lo, hi)


def sin(x: Interval) -> Interval:
    """Enclose sin, inside [-1, 1]; it is [-1, 1] where an end exceeds 2**20 in modulus."""
    return _sine_over(x, 0.0)


def cos(x: Interval) -> Interval:
    """Enclose cos, inside [-1, 1]; it is [-1, 1] where an end exceeds 2**20 in modulus."""
    return _sine_over(x, 0.5)


def _tan_at(x: Array) -> tuple[Array, Array, Array]:
    """Enclose tan at points |x| <= REACH: (lo, hi, n), n pi/2 the zero between the same poles (nan: not known)."""
    k = np.rint(x * (2.0 * PER_PI))
    s = _sine(_reduce(x, k))
    c = np.sqrt(1.0 - s * s)
    size, odd = np.abs(s), _is_odd(k)
    value = np.where(odd, -c, s) / np.where(odd, s, c)
    modulus = np.abs(value)
    shift = np.abs(k) * (4.0 * REDUCTION) / np.maximum(size, 2.0**-90)
    error = modulus * (TAN + shift) + np.minimum(modulus, LEAST)
    branch = np.where(odd, np.where(s > 0, k + 1.0, k - 1.0), k)
    sure = (size > 2.0**-90) | (np.abs(k) < 0.5)  # else the sign of s is in doubt
    return value - error, value + error, np.where(sure, branch, nan)


def tan(x: Interval) -> Interval:
    """Enclose tan; nan on an interval that contains a pole, or with an end beyond 2**20 in modulus."""
    (lo, _, start), (_, hi, stop) = _tan_at(x[0]), _tan_at(x[1])
    near = (x[0] >= -REACH) & (x[1] <= REACH)
    return _defined(near & (x[0] <= x[1]) & (start >= stop) & (start <= stop), lo, hi)


FUNCTIONS: dict[str, Callable[[Interval], Interval]] = {
    "exp": exp, "log": log, "sin": sin, "cos": cos, "tan": tan, "asin": asin, "acos": acos, "atan": atan,
    "sinh": sinh, "cosh": cosh, "tanh": tanh,
}  # fmt: skip
