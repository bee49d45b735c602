"""Ball arithmetic on integers: a ball (m, r) with r >= 0 is the set of all reals within r of m, in units of 2**-bits.

Every operation returns a ball that contains the true result for all members of its arguments: what is rounded off the
midpoint is added to the radius, and radii are rounded up. Python's integers are exact, so nothing else can round.
"""

from math import isqrt
from typing import TypeAlias

from verify.kernel.errors import Rejected

MAX_EXPONENT = 2048

Ball: TypeAlias = tuple[int, int]


def shifted(x: Ball, shift: int) -> Ball:
    """Return x / 2**shift, shift >= 0, in the same units; or x in units that are 2**shift times as large."""
    middle = x[0] >> shift
    return middle, -(-x[1] >> shift) + (middle << shift != x[0])


def divided(x: Ball, divisor: int) -> Ball:
    """Return x / divisor for an integer divisor > 0."""
    middle, rest = divmod(x[0], divisor)
    return middle, -(-x[1] // divisor) + (rest != 0)


def multiplied(x: Ball, y: Ball, bits: int) -> Ball:
    """Return x * y: |xy - mn| <= |m| s + r (|n| + s) for x = (m, r), y = (n, s)."""
    return shifted((x[0] * y[0], abs(x[0]) * y[1] + x[1] * (abs(y[0]) + y[1])), bits)


def hull(low: int, high: int, shift: int) -> Ball:
    """Return a ball that contains [low, high] / 2**shift."""
    low, high = low >> shift, -(-high >> shift)
    middle = (low + high) >> 1
    return middle, high - middle


def _exponential_above_zero(x: int, bits: int) -> tuple[int, int, int]:
    """Return (low, error, work) with low <= exp(x / 2**bits) * 2**work <= low + error, for x >= 0.

    The argument y = x / 2**(bits + halvings) is at most 1/4 and exact in units of 2**-work. Each term of the Taylor
    series is rounded down from the one before, so it is less than 2 units too small (e' <= e/4 + 1); the first term
    that is rounded to 0 is below 2 units, so it and all later ones sum to less than 4. Then exp(y) is squared
    `halvings` times.
    """
    depth = isqrt(bits) // 2 + 2
    halvings = max(0, x.bit_length() - bits + depth)
    work = bits + halvings + 12
    y, term, low, error = x << (work - bits - halvings), 1 << work, 0, 4
    count = 0
    while term:
        low, error, count = low + term, error + 2, count + 1
        term = (term * y >> work) // count
    for _ in range(halvings):  # (low + e)**2 = low**2 + (2 low + e) e; each of the two floors loses less than 1
        low, error = low * low >> work, ((2 * low + error) * error >> work) + 2
    return low, error, work


def exponentials(x: Ball, bits: int) -> tuple[Ball, Ball]:
    """Return exp(x) and exp(-x). Raises Rejected unless |m| < MAX_EXPONENT and r <= 1/2.

    For |t| <= r <= 1/2, |exp(t) - 1| <= 2 r.
    """
    if abs(x[0]) >= MAX_EXPONENT << bits or 2 * x[1] > 1 << bits:
        raise Rejected("an exponent beyond the limit")
    low, error, work = _exponential_above_zero(abs(x[0]), bits)
    high, square = low + error, 1 << 2 * work
    results = hull(low, high, work - bits), hull(square // high, square // low + 1, work - bits)
    if x[1]:
        up, down = ((m, r - (-(m + r) * 2 * x[1] >> bits)) for m, r in results)
        results = up, down
    return results if x[0] >= 0 else (results[1], results[0])
