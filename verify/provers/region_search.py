"""Search for a paving of a slice of the space of weights: which cells are in S_eta, which are not, which converge.

Nothing here is trusted: the paving counts once `verify.limits.paving` has re-checked it. Floating point says which
curves are worth a proof: a curve that serves a cell is moved along its ray of gaps to the border of what can be proved,
so that it serves many more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import inf, prod, sqrt
from time import perf_counter
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from verify.kernel.errors import Rejected
from verify.limits.paving import NOWHERE, Checker, Curves
from verify.limits.paving_cells import MAX_LEVEL, Cell, Region
from verify.limits.paving_certificate import MAX_CURVES, MAX_WORK, Failing, Paving, work
from verify.limits.paving_curves import ONE

GRID = 2**24
SAMPLES = 129
ROOT = Cell(0, 0, 0)

Array: TypeAlias = npt.NDArray[np.float64]
Proved: TypeAlias = tuple[tuple[Fraction, ...], Fraction]
Progress: TypeAlias = Callable[[int, int, float], None]


class Seen(NamedTuple):
    """What floating point sees of a curve: eta phi, the largest g over (0, u*], its u, p_flip."""

    edge: float
    top: float
    at: float
    flip: float


def product(u: Array, offsets: Array) -> Array:
    """Return p at each u."""
    squares: Array = np.prod(u[:, None] + offsets, axis=1)
    return np.sqrt(squares)


def look(gaps: Array, eta: float) -> Seen:
    """Look at a curve by samples."""
    offsets = np.concatenate([[0.0], np.cumsum(gaps)])
    others = offsets.tolist()

    def p(u: float) -> float:
        return sqrt(prod([u + b for b in others]))

    root = bisected(lambda u: p(u) <= 1, 0.0, 1.0)
    if not root:
        return Seen(inf, inf, 0.0, 1.0)
    high = 2 * root
    while eta * p(high) * (p(high) - 1) < high:
        high *= 2
    flip = p(bisected(lambda u: eta * p(u) * (p(u) - 1) < u, root, high))
    low, end = root * 1e-15, root
    top, at = 0.0, root
    for _ in range(3):
        u = np.linspace(low, end, SAMPLES)
        value = product(u, offsets)
        after = value * np.prod(1 + (eta * value * (1 - value))[:, None] / (u[:, None] + offsets), axis=1)
        k = int(np.argmax(after))
        top, at = float(after[k]), float(u[k])
        low, end = float(u[max(k - 1, 0)]), float(u[min(k + 1, SAMPLES - 1)])
    return Seen(eta * sum(1 / (root + b) for b in others), top, at, flip)


def bisected(test: Callable[[float], bool], low: float, high: float) -> float:
    """Return the border of a test that holds at `low` and not at `high`."""
    for _ in range(120):
        if low == (middle := (low + high) / 2) or middle == high:
            break
        low, high = (middle, high) if test(middle) else (low, middle)
    return low


def good(seen: Seen, room: float = 0.0) -> bool:
    """Return whether a curve looks as S_eta asks, with some room."""
    return seen.edge <= 8**0.5 - room and seen.top < seen.flip - room


def along(gaps: Array, test: Callable[[Array], bool]) -> Array:
    """Return the gaps farthest out on their ray, up to a factor 4096, at which the test holds; they do themselves."""
    low, high = 1.0, 2.0
    while high < 4096 and test(gaps * high):
        low, high = high, 2 * high
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if test(gaps * middle) else (low, middle)
    return gaps * low


@dataclass
class Finder:
    """Proves curves as cells need them, and remembers which were tried in vain."""

    region: Region
    curves: Curves
    kept: dict[str, list[Proved]] = field(default_factory=lambda: {"holds": [], "fails": []})
    vain: dict[str, list[Array]] = field(default_factory=lambda: {"holds": [], "fails": []})

    def serve(self, name: str, units: Sequence[int]) -> bool:
        """Return whether a family covers these gaps (in units of 2**-BITS), after trying to prove a curve for them."""
        if self.curves.covers(name, units):
            return True
        gaps = np.array([float(Fraction(g, ONE)) for g in units])
        if self._tried(name, gaps) or sum(map(len, self.kept.values())) >= MAX_CURVES:
            return False
        proved = self._fails(gaps) if name == "fails" else self._holds(gaps)
        if proved and self.curves.covers(name, units):
            return True
        self.vain[name].append(gaps)
        return False

    def _tried(self, name: str, gaps: Array) -> bool:
        family = self.vain[name]
        for k in range(len(family) - 1, -1, -1):
            if np.all(gaps <= family[k]) if name == "fails" else np.all(gaps >= family[k]):
                family.append(family.pop(k))
                return True
        return False

    def _keep(self, name: str, gaps: Array, at: Fraction = NOWHERE) -> bool:
        """Prove a curve with these gaps, rounded to a grid so as to be of use, and keep it."""
        rounded = (np.floor if name == "fails" else np.ceil)(gaps * GRID)
        if not np.all(np.isfinite(rounded)):
            return False
        exact = tuple(Fraction(int(x), GRID) for x in rounded)
        try:
            proved = self.curves.add(name, exact, at)
        except Rejected:
            return False
        if proved:
            self.kept[name].append((exact, at))
        return proved

    def _holds(self, gaps: Array) -> bool:
        if not good(self._look(gaps), 1e-12):
            return False
        for room in (1e-6, 1e-4):
            if good(self._look(gaps), room):
                outward = along(gaps, partial(self._good, room=room))
                if self._keep("holds", outward):
                    return True
        return self._keep("holds", gaps)

    def _fails(self, gaps: Array) -> bool:
        for room in (1e-6, 1e-4, 0.0):
            if good(self._look(gaps), -room):
                continue
            inward = gaps / along(np.ones(1), partial(self._bad, gaps, room=room))
            if self._keep("fails", inward, Fraction(int(self._look(inward).at * 2**80), 2**80)):
                return True
        return False

    def _good(self, gaps: Array, room: float) -> bool:
        return good(self._look(gaps), room)

    def _bad(self, gaps: Array, factor: Array, room: float) -> bool:
        return not good(self._look(gaps / factor), -room)

    def _look(self, gaps: Array) -> Seen:
        return look(gaps, float(self.region.eta))


class Search:
    """A paving that grows, level by level; `paving` may be asked for at any time."""

    def __init__(self, region: Region) -> None:
        self.region, self.curves = region, Curves(region)
        self.checker = Checker(region, self.curves)
        self.finder = Finder(region, self.curves)
        self.letters: dict[Cell, str] = {}
        self.cut: set[Cell] = set()
        self.undecided, self.count, self.interrupted = 1.0, 0, False
        self.end: float = 0.0
        self.progress: Progress | None = None

    def verdict(self, cell: Cell) -> str:
        """Return the letter of a cell."""
        geometry, serve = self.checker.geometry, self.finder.serve
        weights = geometry.weights(cell)
        least, most = geometry.gaps(weights)
        if geometry.loses_sign(weights) or serve("fails", least):
            return "o"
        if geometry.keeps_signs(weights) and serve("holds", most):
            return "c" if self.region.converges else "i"
        return "u"

    def run(self, aim: float, timeout: float, progress: Progress | None = None) -> bool:
        """Cut cells until less than the share `aim` is undecided; return whether it is. Ctrl-C ends the search."""
        self.end, self.progress = perf_counter() + timeout, progress
        try:
            self._decide(aim)
        except KeyboardInterrupt:
            self.interrupted = True
        except TimeoutError:
            pass
        return self.undecided < aim

    def _tick(self, cell: Cell) -> None:
        """Show progress now and then. Raises TimeoutError when the time is up or the certificate gets too large."""
        self.count += 1
        if perf_counter() > self.end:
            raise TimeoutError
        if self.count % 64 == 0 and self.progress is not None:
            self.progress(self.count, cell.level, self.undecided)
        if self.count % 256 == 0:
            curves = sum(map(len, self.finder.kept.values()))
            if 2 * work(4 * self.count, curves) > MAX_WORK:
                raise TimeoutError

    def _decide(self, aim: float) -> None:
        """Cut undecided cells, level by level."""
        frontier = [Cell(0, 0, 0)]
        while frontier:
            still = []
            for cell in frontier:
                self._tick(cell)
                letter = self.verdict(cell)
                if letter == "u":
                    still.append(cell)
                else:
                    self.letters[cell] = letter
                    self.undecided -= 0.25**cell.level
            if self.undecided < aim or frontier[0].level == MAX_LEVEL:
                return
            self.cut.update(still)
            frontier = [child for cell in still for child in cell.children()]

    def tree(self, cell: Cell = ROOT) -> str:
        """Return the tree of verdicts below a cell."""
        if cell not in self.cut:
            return self.letters.get(cell, "u")
        return "+" + "".join(self.tree(child) for child in cell.children())

    def paving(self) -> Paving:
        """Return what is found so far as a certificate, without curves that another of their family makes useless."""
        kept = self.finder.kept
        return Paving(
            self.region,
            tuple(gaps for gaps, _ in extreme(kept["holds"], largest=True)),
            tuple(Failing(gaps, at) for gaps, at in extreme(kept["fails"], largest=False)),
            self.tree(),
        )


def extreme(curves: Sequence[Proved], *, largest: bool) -> list[Proved]:
    """Return the curves of a family that no other one of it covers, each once."""
    chosen: list[Proved] = []
    for curve in sorted(set(curves), key=lambda c: sum(c[0]), reverse=largest):
        pairs = [(curve[0], other[0]) if largest else (other[0], curve[0]) for other in chosen]
        if not any(all(a <= b for a, b in zip(x, y, strict=True)) for x, y in pairs):
            chosen.append(curve)
    return chosen
