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
from verify.limits.paving import Checker, Curves
from verify.limits.paving_cells import MAX_LEVEL, Cell, Region
from verify.limits.paving_certificate import MAX_CURVES, MAX_PARTS, MAX_WORK, Contracting, Failing, Paving, work
from verify.limits.paving_curves import ONE

STEPS = 24
PARTS = (24, 96)
EDGES = (1.98, 1.9, 1.7, 1.4)
CURVE_LEVEL = 7
ORBIT_LEVEL = 9
GRID = 2**24
SAMPLES = 129
ROOT = Cell(0, 0, 0)

Array: TypeAlias = npt.NDArray[np.float64]
Proved: TypeAlias = tuple[tuple[Fraction, ...], Fraction | int]
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
    kept: dict[str, list[Proved]] = field(default_factory=lambda: {"holds": [], "fails": [], "contracts": []})
    vain: dict[str, list[Array]] = field(default_factory=lambda: {"holds": [], "fails": [], "contracts": []})

    def serve(self, name: str, units: Sequence[int], level: int) -> bool:
        """Return whether a family covers these gaps (in units of 2**-BITS), after trying to prove a curve for them."""
        if self.curves.covers(name, units):
            return True
        gaps = np.array([float(Fraction(g, ONE)) for g in units])
        if self._tried(name, gaps) or sum(map(len, self.kept.values())) >= MAX_CURVES:
            return False
        spent = sum(int(parts) for _, parts in self.kept["contracts"])
        if name == "contracts" and (level > CURVE_LEVEL or spent + PARTS[-1] > MAX_PARTS):
            return False
        if getattr(self, f"_{name}")(gaps) and self.curves.covers(name, units):
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

    def _keep(self, name: str, gaps: Array, hint: Fraction | int) -> bool:
        """Prove a curve with these gaps, rounded to a grid so as to be of use, and keep it."""
        rounded = (np.floor if name == "fails" else np.ceil)(gaps * GRID)
        if not np.all(np.isfinite(rounded)):
            return False
        exact = tuple(Fraction(int(x), GRID) for x in rounded)
        try:
            proved = self.curves.add(name, exact, hint)
        except Rejected:
            return False
        if proved:
            self.kept[name].append((exact, hint))
        return proved

    def _holds(self, gaps: Array) -> bool:
        if not good(self._look(gaps), 1e-12):
            return False
        for room in (1e-6, 1e-4):
            if good(self._look(gaps), room):
                outward = along(gaps, partial(self._good, room=room))
                if self._keep("holds", outward, 0):
                    return True
        return self._keep("holds", gaps, 0)

    def _fails(self, gaps: Array) -> bool:
        for room in (1e-6, 1e-4, 0.0):
            if good(self._look(gaps), -room):
                continue
            inward = gaps / along(np.ones(1), partial(self._bad, gaps, room=room))
            if self._keep("fails", inward, Fraction(int(self._look(inward).at * 2**80), 2**80)):
                return True
        return False

    def _contracts(self, gaps: Array) -> bool:
        edge = self._look(gaps).edge
        for limit in EDGES:
            if edge < limit:
                outward = along(gaps, partial(self._below, limit=limit))
                if any(self._keep("contracts", outward, parts) for parts in PARTS):
                    return True
        return edge < EDGES[0] and any(self._keep("contracts", gaps, parts) for parts in PARTS)

    def _good(self, gaps: Array, room: float) -> bool:
        return good(self._look(gaps), room)

    def _bad(self, gaps: Array, factor: Array, room: float) -> bool:
        return not good(self._look(gaps / factor), -room)

    def _below(self, gaps: Array, limit: float) -> bool:
        return self._look(gaps).edge < limit

    def _look(self, gaps: Array) -> Seen:
        return look(gaps, float(self.region.eta))


class Search:
    """A paving that grows, level by level; `paving` may be asked for at any time."""

    def __init__(self, region: Region, steps: int = STEPS) -> None:
        self.region, self.steps = region, steps
        self.curves = Curves(region)
        self.checker = Checker(region, self.curves, steps)
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
        if geometry.loses_sign(weights) or serve("fails", least, cell.level):
            return "o"
        if geometry.keeps_signs(weights) and serve("holds", most, cell.level):
            return self.converges(cell)
        return "u"

    def converges(self, cell: Cell) -> str:
        """Return the letter of a cell that is in S_eta."""
        weights = self.checker.geometry.weights(cell)
        _, most = self.checker.geometry.gaps(weights)
        if self.finder.serve("contracts", most, cell.level) or self.checker.accepts(cell, "c"):
            return "c"
        return "i"

    def run(self, aim: float, timeout: float, progress: Progress | None = None) -> bool:
        """Cut cells until less than the share `aim` is undecided; return whether it is. Ctrl-C ends the search.

        Then cells in S_eta are cut for a proof of convergence, while there is time, up to ORBIT_LEVEL.
        """
        self.end, self.progress = perf_counter() + timeout, progress
        try:
            self._decide(aim)
            self._follow()
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
            followed = sum(letter == "c" for letter in self.letters.values())
            if 2 * work(4 * self.count, 4 * followed, curves, self.region.depth * self.steps) > MAX_WORK:
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

    def _follow(self) -> None:
        """Cut cells in S_eta that are not known to converge; the parts stay in S_eta."""
        frontier = sorted((c for c, letter in self.letters.items() if letter == "i"), key=lambda c: c.level)
        for level in range(ORBIT_LEVEL):
            parts = [c for c in frontier if c.level == level]
            frontier = [c for c in frontier if c.level > level]
            for parent in parts:
                self._tick(parent)
                self.cut.add(parent)
                for cell in parent.children():
                    self.letters[cell] = self.converges(cell)
                    if self.letters[cell] == "i":
                        frontier.append(cell)

    def tree(self, cell: Cell = ROOT) -> str:
        """Return the tree of verdicts below a cell."""
        letter = self.letters.get(cell)
        if cell not in self.cut:
            return letter or "u"
        parts = [self.tree(child) for child in cell.children()]
        if letter == "i":
            parts = ["i" if part == "u" else part for part in parts]
            if all(part == "i" for part in parts):
                return "i"
        return "+" + "".join(parts)

    def paving(self) -> Paving:
        """Return what is found so far as a certificate, without curves that another of their family makes useless."""
        kept = self.finder.kept
        return Paving(
            self.region,
            tuple(gaps for gaps, _ in extreme(kept["holds"], largest=True)),
            tuple(Failing(gaps, Fraction(at)) for gaps, at in extreme(kept["fails"], largest=False)),
            tuple(Contracting(gaps, int(parts)) for gaps, parts in extreme(kept["contracts"], largest=True)),
            self.steps,
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
