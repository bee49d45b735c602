"""The elementary functions by mpmath with hundreds of bits: values, true ranges on intervals, and hard arguments.

Numbers are integers in units of 2**-BITS, values mpf in the same units.
"""

import mpmath

from verify.kernel.fixed import BITS, MAX_END, ONE
from verify.kernel.functions import FUNCTIONS

NAMES = sorted(FUNCTIONS)
TRIGONOMETRIC, HYPERBOLIC = ("sin", "cos", "tan"), ("exp", "sinh", "cosh")
DOMAINS = {"log": (1, None), "asin": (-ONE, ONE), "acos": (-ONE, ONE)}  # None is unbounded


def precision(*ends):
    """Bits enough to reduce any of the numbers and to have 600 left."""
    return 800 + max(abs(end).bit_length() for end in ends)


def value(name, t):
    """f(t * 2**-BITS) * 2**BITS."""
    with mpmath.workprec(precision(t)):
        return mpmath.ldexp(getattr(mpmath, name)(mpmath.ldexp(mpmath.mpf(t), -BITS)), BITS)


def meets(x, phase, period):
    """Whether (phase + k period) pi lies in the interval for a whole k."""
    with mpmath.workprec(precision(*x)):
        low, high = (mpmath.ldexp(mpmath.mpf(end), -BITS) / mpmath.pi for end in x)
        return phase + mpmath.ceil((low - phase) / period) * period <= high


def true_range(name, x):
    """Least and greatest value on the interval, in units of 2**-BITS."""
    values = [value(name, end) for end in x]
    half = mpmath.mpf(1) / 2
    if (
        (name == "cosh" and x[0] <= 0 <= x[1])
        or (name == "cos" and meets(x, 0, 2))
        or (name == "sin" and meets(x, half, 2))
    ):
        values.append(mpmath.mpf(ONE))
    if (name == "cos" and meets(x, 1, 2)) or (name == "sin" and meets(x, -half, 2)):
        values.append(mpmath.mpf(-ONE))
    return min(values), max(values)


def convergents(limit):
    """Numerators and denominators of the continued fraction of pi: 3/1, 22/7, 333/106, 355/113, ..."""
    with mpmath.workprec(2 * limit.bit_length() + 64):
        rest, pairs = +mpmath.pi, [(0, 1), (1, 0)]
        while pairs[-1][0] < limit:
            whole = int(mpmath.floor(rest))
            pairs.append((whole * pairs[-1][0] + pairs[-2][0], whole * pairs[-1][1] + pairs[-2][1]))
            rest = 1 / (rest - whole)
    return pairs[2:-1]


def near_quarter_turns():
    """Whole and half numbers next to a multiple of pi/2, and multiples of pi/2 rounded to the grid."""
    numerators = [p for p, _ in convergents(1 << 3990)]
    picked = numerators[:40] + numerators[40::97] + numerators[-2:]
    ends = [p * ONE for p in picked] + [p * (ONE // 2) for p in picked]
    ends += [2**1000 * ONE, 6381956970095103 * 2**797 * ONE, MAX_END, 103993 * ONE, 5 * 10**20 * ONE]
    for q in (1, 2, 3, 4, 5, 6, 7, 8, 1001, 10**30, 2**3990 + 1):
        with mpmath.workprec(5000):
            ends.append(int(mpmath.nint(mpmath.ldexp(mpmath.pi * q / 2, BITS))))
    return [sign * (end + d) for end in ends for d in (-1, 0, 1) for sign in (1, -1) if end + d <= MAX_END]


HARD = near_quarter_turns()
PLAIN = [0, 1, 2, 3, 5, ONE - 1, ONE, ONE + 1, ONE // 2, 2 * ONE, 7 * ONE, 1 << 30, 1 << 60, 1 << 95, 3 << 94]
PLAIN += [-end for end in PLAIN[1:]]


def allowed(name, x):
    """Whether the function is defined on the interval and its values are within the limit."""
    low, high = DOMAINS.get(name, (None, None))
    if (low is not None and x[0] < low) or (high is not None and x[1] > high):
        return False
    if name == "tan":
        return not meets(x, mpmath.mpf(1) / 2, 1)
    # log(2**4000) = 2772.58...: the greatest argument whose value is within the limit
    return name not in HYPERBOLIC or (x[1] <= 2772 * ONE and (name == "exp" or x[0] >= -2772 * ONE))


def fits(name, low, high):
    """Bring two integers into the domain of the function, as an interval."""
    if name in DOMAINS:
        low, high = (abs(end) % (2 * ONE + 1) - ONE if name != "log" else abs(end) + 1 for end in (low, high))
    if name in HYPERBOLIC:
        low, high = (max(min(end, 2772 * ONE), -2772 * ONE) for end in (low, high))
    return min(low, high), max(low, high)


def excess(result, span):
    """By how many units the result exceeds the true range at its ends; a large value may be off by 2**-120 of it."""
    slack = [int(abs(end)) >> 120 for end in span]
    return max(span[0] - result[0] - slack[0], result[1] - span[1] - slack[1])


def encloses(result, span):
    return all(type(end) is int for end in result) and result[0] <= span[0] and span[1] <= result[1]
