"""Curves of gradient flow of scalar networks: GFS sharpness, and the assumption S_eta, for boxes of squares.

L(w) = (w_1 ... w_D - 1)**2 / 2, D >= 2, z_i = w_i**2 > 0. On the curve of w the squares are u and u + b_i, with u > 0
the smallest of them and fixed b_i >= 0; the product is p, p**2 = u prod(u + b_i), and u* is where p = 1. The step
multiplies w_i by 1 - r/z_i, r = eta p (p - 1). A box is given by intervals (lo, hi) of integers in units of 2**-bits;
what is returned holds for every point in it. S_eta is symmetric in the weights, so a box of squares is replaced by the
intervals of their order statistics.

S_eta: eta phi <= 2 sqrt 2; p(w) < p_flip; and g < p_flip on the curve for 0 < u <= u*, where g is the product after the
step and p_flip the least p > 1 at which a weight reaches 0 in the step. Three facts turn this into tests on integers:

* r/u = eta (1 - 1/p) prod(u + b_i) grows with u where p > 1, and r/u >= r/z_i, so p_flip is where r = u. Hence
  X < p_flip if and only if the point with u = U := eta X (X - 1) has a product below X: U prod(U + b_i) < X**2 (for
  X >= 1). The left side grows with b_i: the test at the largest b_i is enough, the opposite at the smallest.
* g = (p + eta (1 - p) Q) prod(1 + eta (1 - p) q_i), Q = prod(u + b_i), q_i = p/z_i = sqrt(u/(u + b_i) prod over the
  other j (u + b_j)): regular at u = 0, and p, Q, q_i grow with u. For fixed Q the first factor is linear in p.
* phi = sum 1/z*_i with z* = (u*, u* + b_i); u* falls when a b_i grows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, prod
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]


def raised(value: int, shift: int) -> int:
    """Return value / 2**shift, rounded up; multiplied by 2**-shift for a negative shift."""
    return -(-value >> shift) if shift >= 0 else value << -shift


def lowered(value: int, shift: int) -> int:
    """Return value / 2**shift, rounded down; multiplied by 2**-shift for a negative shift."""
    return value >> shift if shift >= 0 else value << -shift


@dataclass(frozen=True, slots=True)
class Curves:
    """All curves through a box: bounds on the D - 1 differences b_i >= 0 and on u*, in units of 2**-bits."""

    bits: int
    low: tuple[int, ...]
    high: tuple[int, ...]
    root: Interval

    @property
    def excess(self) -> int:
        """What a product of D numbers has to be shifted by to be the square of a number in units of 2**-bits."""
        return self.bits * (len(self.low) - 1)

    def sharpness(self) -> Interval | None:
        """Return bounds on phi; None when the lower bound on u* is 0, that is for too few bits."""
        if self.root[0] == 0:
            return None
        unit = 1 << 2 * self.bits
        lower = sum(unit // (self.root[1] + b) for b in (0, *self.high))
        return lower, sum(-(-unit // (self.root[0] + b)) for b in (0, *self.low))


def smallest_at_one(differences: Sequence[int], bits: int) -> int:
    """Return the largest integer u with u prod(u + b_i) <= 1, all in units of 2**-bits.

    Newton's method from above: the function is convex and grows, so that no step, rounded towards the start, passes
    the root; in the end the sign is checked.
    """
    unit = 1 << bits * (len(differences) + 1)
    u = 1 << bits
    while True:
        factors = [u, *(u + b for b in differences)]
        value = prod(factors)
        move = (value - unit) // sum(value // f for f in factors) if value > unit else 0
        if move <= 0:
            break
        u -= move
    while u * prod(u + b for b in differences) > unit:
        u -= 1
    while (u + 1) * prod(u + 1 + b for b in differences) <= unit:
        u += 1
    return u


def curves_through(squares: Sequence[Interval], bits: int) -> Curves:
    """Return the curves through a box of squares. Raises ValueError for fewer than two, or a bound that is not > 0."""
    if len(squares) < 2 or any(not 0 < lo <= hi for lo, hi in squares):
        raise ValueError("a box needs at least two intervals of positive squares")
    lows, highs = sorted(lo for lo, _ in squares), sorted(hi for _, hi in squares)
    low = tuple(max(0, b - highs[0]) for b in lows[1:])
    high = tuple(b - lows[0] for b in highs[1:])
    return curves_between(low, high, bits)


def curves_between(low: Sequence[int], high: Sequence[int], bits: int) -> Curves:
    """Return the curves whose D - 1 differences b_i (in any order) lie between `low` and `high`, 0 <= low <= high."""
    return Curves(bits, tuple(low), tuple(high), (smallest_at_one(high, bits), smallest_at_one(low, bits) + 1))


def gfs_sharpness(squares: Sequence[Interval], bits: int) -> Interval | None:
    """Return bounds on phi for every point of a box of squares; None for too few bits."""
    return curves_through(squares, bits).sharpness()


def inside(squares: Sequence[Interval], eta: Fraction, bits: int, depth: int) -> bool:
    """Tell whether every point of a box of squares is shown to lie in S_eta, with `depth` halvings of u at most.

    The product of the weights is taken to be positive: squares do not tell.
    """
    curves = curves_through(squares, bits)
    product = isqrt(raised(prod(hi for _, hi in squares), curves.excess)) + 1
    return _below_flip(curves, max(product, 1 << bits), eta) and curves_inside(curves, eta, depth)


def outside(
    squares: Sequence[Interval], eta: Fraction, bits: int, depth: int, witnesses: Iterable[int] | None = None
) -> bool:
    """Tell whether every point of a box of squares is shown to lie outside S_eta; points of the curve as below."""
    curves = curves_through(squares, bits)
    product = isqrt(lowered(prod(lo for lo, _ in squares), curves.excess))
    return _beyond_flip(curves, product, eta) or curves_outside(curves, eta, depth, witnesses)


def curves_inside(curves: Curves, eta: Fraction, depth: int) -> bool:
    """Tell whether eta phi <= 2 sqrt 2 and g < p_flip on all of 0 < u <= u* are shown for all curves."""
    sharpness = curves.sharpness()
    if sharpness is None or not _within_range(sharpness[1], eta, curves.bits):
        return False
    cells = [(0, curves.root[1], depth)]
    while cells:
        low, high, left = cells.pop()
        if _below_flip(curves, largest_next(curves, low, high, eta), eta):
            continue
        middle = (low + high) >> 1
        if left == 0 or middle == low:
            return False
        cells += [(low, middle, left - 1), (middle, high, left - 1)]
    return True


def curves_outside(curves: Curves, eta: Fraction, depth: int, witnesses: Iterable[int] | None = None) -> bool:
    """Tell whether eta phi > 2 sqrt 2, or g >= p_flip at some u, is shown for all curves.

    The u are `witnesses`, in units of 2**-bits, or 2**depth equally spaced ones up to u*.
    """
    sharpness = curves.sharpness()
    if sharpness is not None and _beyond_range(sharpness[0], eta, curves.bits):
        return True
    top = curves.root[0]
    points = (top * k >> depth for k in range(1, (1 << depth) + 1)) if witnesses is None else witnesses
    return any(0 < u <= top and _beyond_flip(curves, smallest_next(curves, u, eta), eta) for u in points)


def largest_next(curves: Curves, low: int, high: int, eta: Fraction) -> int:
    """Return an upper bound, at least 1, on g for all u in [low, high] with 0 < u <= u*, on all curves; high > 0."""
    one, excess = 1 << curves.bits, curves.excess
    above = [high + b for b in curves.high]
    least = isqrt(lowered(low * prod(low + b for b in curves.low), excess))
    most = min(one, isqrt(raised(high * prod(above), excess)) + 1)
    least, rest = min(least, one), prod(above)
    factor = raised(rest, curves.bits * (len(above) - 1))
    result = max(p + _scaled_up(factor * (one - p), eta, curves.bits) for p in (least, most))
    for above_i, b in zip(above, curves.low, strict=True):
        share = -(-(high << curves.bits) // (high + b))
        root = isqrt(raised(share * (rest // above_i), curves.bits * (len(above) - 2))) + 1
        result = raised(result * (one + _scaled_up(root * (one - least), eta, curves.bits)), curves.bits)
    return max(result, one)


def smallest_next(curves: Curves, u: int, eta: Fraction) -> int:
    """Return a lower bound on g at one 0 < u <= u*, on all curves."""
    one, excess = 1 << curves.bits, curves.excess
    below = [u + b for b in curves.low]
    rest = prod(below)
    least = isqrt(lowered(u * rest, excess))
    most = min(one, isqrt(raised(u * prod(u + b for b in curves.high), excess)) + 1)
    factor = lowered(rest, curves.bits * (len(below) - 1))
    result = min(p + _scaled_down(factor * (one - p), eta, curves.bits) for p in (min(least, one), most))
    for below_i, b in zip(below, curves.high, strict=True):
        share = (u << curves.bits) // (u + b)
        root = isqrt(lowered(share * (rest // below_i), curves.bits * (len(below) - 2)))
        result = result * (one + _scaled_down(root * (one - most), eta, curves.bits)) >> curves.bits
    return result


def _scaled_up(value: int, eta: Fraction, shift: int) -> int:
    return -(-value * eta.numerator // (eta.denominator << shift))


def _scaled_down(value: int, eta: Fraction, shift: int) -> int:
    return value * eta.numerator // (eta.denominator << shift)


def _below_flip(curves: Curves, product: int, eta: Fraction) -> bool:
    """Tell whether product < p_flip on all curves; product >= 1."""
    u = _scaled_up(product * (product - (1 << curves.bits)), eta, curves.bits)
    return u * prod(u + b for b in curves.high) < product * product << curves.excess


def _beyond_flip(curves: Curves, product: int, eta: Fraction) -> bool:
    """Tell whether product >= p_flip on all curves."""
    if product <= 1 << curves.bits:
        return False
    u = _scaled_down(product * (product - (1 << curves.bits)), eta, curves.bits)
    return u * prod(u + b for b in curves.low) >= product * product << curves.excess


def _within_range(sharpness: int, eta: Fraction, bits: int) -> bool:
    """Tell whether eta phi <= 2 sqrt 2."""
    return (eta.numerator * sharpness) ** 2 <= 8 * (eta.denominator << bits) ** 2


def _beyond_range(sharpness: int, eta: Fraction, bits: int) -> bool:
    """Tell whether eta phi > 2 sqrt 2."""
    return (eta.numerator * sharpness) ** 2 > 8 * (eta.denominator << bits) ** 2
