"""Functions over boxes in mean-value form."""

from dataclasses import dataclass

import numpy as np

from verify.provers.tape import Array, Interval, outward
from verify.provers.tree import Ints

TINY_SCORE = 1e-300


@dataclass(frozen=True)
class Linear:
    """A function over boxes in mean-value form: `value` at the centres (boxes,), `slope`, `radius` by variable."""

    value: Interval
    slope: Interval
    radius: Array

    def reach(self) -> Array:
        """Return |slope| * radius, by variable."""
        with np.errstate(all="ignore"):
            largest = np.maximum(np.abs(self.slope[0]), np.abs(self.slope[1]))
            return np.asarray(largest * self.radius * (1 + 4e-16) + 5e-324)

    def range(self) -> Interval:
        """Enclose the function over each box."""
        with np.errstate(all="ignore"):
            total = self.reach().sum(axis=0) * (1 + 1e-14)
            return outward(self.value[0] - total, self.value[1] + total)

    def smear(self) -> Array:
        """Return each variable's share in the width of the range."""
        reach: Array = np.nan_to_num(self.reach(), nan=1e300, posinf=1e300)
        return np.asarray(reach / (reach.sum(axis=0) + TINY_SCORE))

    def multiplier(self, other: "Linear", chosen: Ints) -> Array:
        """Return, for boxes `chosen` of this function, the factor m that makes this - m * other flattest."""
        with np.errstate(all="ignore"):
            mine = (self.slope[0] + self.slope[1])[:, chosen] * other.radius
            theirs = (other.slope[0] + other.slope[1]) * other.radius
            return np.asarray((mine * theirs).sum(axis=0) / (theirs * theirs).sum(axis=0))

    def minus(self, other: "Linear", chosen: Ints, factor: Array) -> "Linear":
        """Return this - factor * other on boxes `chosen` of this function, factor >= 0."""
        with np.errstate(all="ignore"):
            ends = [
                outward(mine[0][..., chosen] - factor * theirs[1], mine[1][..., chosen] - factor * theirs[0])
                for mine, theirs in ((self.value, other.value), (self.slope, other.slope))
            ]
            extra = [np.abs(factor * np.abs(b[0]) + factor * np.abs(b[1])) * 2**-51 for b in (other.value, other.slope)]
            (v, s) = (outward(lo - e, hi + e) for (lo, hi), e in zip(ends, extra, strict=True))
        return Linear(v, s, other.radius)
