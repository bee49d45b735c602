"""Exact tests on the cells of a slice: a rectangle of the plane of two weights, the other weights fixed.

All weights are integers over one denominator, so that nothing is rounded but the gaps. A cell is closed, its points are
those with positive weights.

* p(w) < p_flip or p(w) <= 1 when every F_i = w_i - eta (p - 1) P_i > 0, P_i the product of the other weights: F_i is
  what becomes of w_i in a step. F_i = w_i + eta P_i - eta P_i^2 w_i is linear in w_i and concave in P_i, which vary
  independently of each other: it is positive when it is at the four corners. (At the corner w_i = P_i = 0 it is 0; a
  point with positive weights has a positive share of another corner.)
* p(w) >= p_flip when some F_i <= 0. Where w_i P_i >= 1 all over the cell, F_i falls with P_i, so two corners suffice.
* The gaps of the sorted squares are bounded by their order statistics.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod
from typing import TypeAlias

from verify.limits.paving_curves import ONE

MAX_LEVEL = 16

Interval: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Region:
    """A slice: depth, step size, the two axes, the fixed weights (None at the axes), the box (x0, x1, y0, y1)."""

    depth: int
    eta: Fraction
    axes: tuple[int, int]
    weights: tuple[Fraction | None, ...]
    box: tuple[Fraction, Fraction, Fraction, Fraction]

    @property
    def area(self) -> Fraction:
        """The area of the box."""
        x0, x1, y0, y1 = self.box
        return (x1 - x0) * (y1 - y0)

    @property
    def converges(self) -> bool:
        """Whether eta D <= 2: then gradient descent converges from every point of S_eta, by Theorem H."""
        return self.eta * self.depth <= 2


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell number (i, j) of the 2**level by 2**level equal cells of the box."""

    level: int
    i: int
    j: int

    def children(self) -> tuple["Cell", "Cell", "Cell", "Cell"]:
        """Return its quarters: first i, then j grows."""
        level, i, j = self.level + 1, 2 * self.i, 2 * self.j
        return Cell(level, i, j), Cell(level, i + 1, j), Cell(level, i, j + 1), Cell(level, i + 1, j + 1)


class Geometry:
    """The tests on the cells of a region."""

    def __init__(self, region: Region) -> None:
        self.region = region
        fixed = [w for w in region.weights if w is not None]
        self.over = lcm(*(x.denominator for x in (*fixed, *region.box))) << MAX_LEVEL
        self.n, self.d = region.eta.numerator, region.eta.denominator
        self.x0, self.x1, self.y0, self.y1 = (int(x * self.over) for x in region.box)
        self.fixed = [None if w is None else (int(w * self.over),) * 2 for w in region.weights]

    def weights(self, cell: Cell) -> list[Interval]:
        """Return the weights of a cell, in units of 1/over."""
        result = []
        ends = iter(((self.x0, self.x1, cell.i), (self.y0, self.y1, cell.j)))
        x, y = ((a + (b - a) * k // (1 << cell.level), a + (b - a) * (k + 1) // (1 << cell.level)) for a, b, k in ends)
        for k, interval in enumerate(self.fixed):
            result.append(interval or (x if k == self.region.axes[0] else y))
        return result

    def _kept(self, w: int, others: int) -> int:
        """Return F_i times a positive number."""
        one = prod([self.over] * (self.region.depth - 1))
        return self.d * w * one * one + self.n * others * (self.over * one - others * w)

    def _pairs(self, weights: Sequence[Interval]) -> Iterator[tuple[Interval, Interval]]:
        """Yield every weight with the product of the others."""
        for k, interval in enumerate(weights):
            rest = [w for i, w in enumerate(weights) if i != k]
            yield interval, (prod(w[0] for w in rest), prod(w[1] for w in rest))

    def keeps_signs(self, weights: Sequence[Interval]) -> bool:
        """Return whether p < p_flip is proved all over a cell."""
        return all(
            self._kept(w, p) > 0 or not (w or p) for ends, rest in self._pairs(weights) for w in ends for p in rest
        )

    def loses_sign(self, weights: Sequence[Interval]) -> bool:
        """Return whether p >= p_flip is proved all over a cell."""
        one = self.over**self.region.depth
        return any(
            ends[0] * rest[0] >= one and all(self._kept(w, rest[0]) <= 0 for w in ends)
            for ends, rest in self._pairs(weights)
        )

    def gaps(self, weights: Sequence[Interval]) -> tuple[list[int], list[int]]:
        """Return the least and the largest gaps of a cell, rounded down and up, in units of 2**-BITS."""
        low = sorted(w[0] * w[0] for w in weights)
        high = sorted(w[1] * w[1] for w in weights)
        square = self.over * self.over
        pairs = range(len(low) - 1)
        return (
            [max(0, low[k + 1] - high[k]) * ONE // square for k in pairs],
            [-(-(high[k + 1] - low[k]) * ONE // square) for k in pairs],
        )
