"""Functions over boxes in mean-value form, and rounding of multipliers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from verify.provers.elementary import exponent_and_mantissa, power_of_two
from verify.provers.ranges import EPSILON, SMALL, TINY, Array, Bools, Interval, lowered, outward, raised

HUGE = 1e300
EXPONENTS = 32


@dataclass(frozen=True)
class Linear:
    """A function over boxes in mean-value form: `value` at the centres, `slopes` and `radius` by row of a variable."""

    value: Interval
    slopes: Mapping[int, Interval]
    radius: Sequence[Array]

    def reach(self) -> dict[int, Array]:
        """Return |slope| * radius, by row."""
        return {
            row: np.maximum(np.abs(lo), np.abs(hi)) * self.radius[row] * (1 + 2 * EPSILON) + TINY
            for row, (lo, hi) in self.slopes.items()
        }

    def range(self) -> Interval:
        """Enclose the function over each box."""
        total = sum(self.reach().values(), 0.0) * (1 + 1e-13) + SMALL
        return outward(self.value[0] - total, self.value[1] + total)

    def smear(self) -> dict[int, Array]:
        """Return each variable's share in the width of the range, by row."""
        reach = {row: np.where(r < HUGE, r, HUGE) for row, r in self.reach().items()}
        total = sum(reach.values(), 0.0) + TINY
        return {row: r / total for row, r in reach.items()}

    def multiplier(self, other: "Linear") -> Array:
        """Return the factor m that makes this - m * other flattest (nan where other is flat)."""
        above = below = self.value[0] * 0.0
        for row, (lo, hi) in other.slopes.items():
            theirs = (lo + hi) * self.radius[row]
            below = below + theirs * theirs
            if row in self.slopes:
                above = above + (self.slopes[row][0] + self.slopes[row][1]) * self.radius[row] * theirs
        return above / np.where(below > 0, below, np.nan)

    def minus(self, other: "Linear", factor: Array) -> "Linear":
        """Return this - factor * other, factor >= 0."""
        slopes = {}
        for row in {**self.slopes, **other.slopes}:
            if row not in other.slopes:
                slopes[row] = self.slopes[row]
            else:
                slopes[row] = _minus(self.slopes.get(row), other.slopes[row], factor)
        return Linear(_minus(self.value, other.value, factor), slopes, self.radius)


def _minus(mine: Interval | None, theirs: Interval, factor: Array) -> Interval:
    lo, hi = lowered(factor * theirs[0], True), raised(factor * theirs[1], True)
    return outward(-hi, -lo) if mine is None else outward(mine[0] - hi, mine[1] - lo)


def quantise(multiplier: Array) -> tuple[Array, Array, Bools]:
    """Round positive multipliers down to n 2**e with n in 8..15.

    Returns the rounded multiplier, its packed form 8 (e + 16) + n - 8, and where both are good (0 <= e + 16 < 32).
    """
    good = (multiplier > 2.0**-20) & (multiplier < 2.0**20)
    exponent, mantissa = exponent_and_mantissa(np.where(good, multiplier, 1.0))
    eighths = np.floor(mantissa * 8.0)
    shifted = exponent - 3.0 + EXPONENTS // 2
    good = good & (shifted >= 0.0) & (shifted < EXPONENTS)
    rounded = eighths * power_of_two(exponent - 3.0)
    return np.where(good, rounded, 0.0), np.where(good, shifted * 8.0 + eighths - 8.0, -1.0), good
