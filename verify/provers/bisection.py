"""Interval bisection over batches of boxes: search for a tree of cuts that proves a statement.

Untrusted: the tree that comes out is re-checked leaf by leaf by the kernel's rule bisection.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from verify.kernel.statements import Relation, Statement
from verify.provers.linear import Linear
from verify.provers.tape import Array, Interval, Tape, assert_rounding
from verify.provers.tree import EXPONENTS, LEAF, MULTIPLIER, UNDECIDED, Ints, Tree, quantise

Bools: TypeAlias = npt.NDArray[np.bool_]

FAIRNESS = 0.15  # how much a variable's relative width counts beside its effect
DRIFT = 64  # units in the last place by which midpoints of bounds that are no floats may be off


@dataclass(frozen=True)
class BisectionResult:
    """Outcome of a search.

    `tree` is in the kernel's notation (with "?" where undecided); `boxes` counts the boxes evaluated; `undecided` those
    left; `undecided_volume` is their share of the domain; `hardest` the widest one left, as bounds by variable.
    """

    tree: str
    boxes: int
    leaves: int
    undecided: int
    undecided_volume: float
    seconds: float
    hardest: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def decided(self) -> bool:
        """Whether no box is left."""
        return self.undecided == 0


def _holds(relation: Relation, gap: Interval) -> Bools:
    if relation.equality:
        return np.zeros(gap[0].shape, dtype=np.bool_)
    return gap[0] > 0 if relation.strict else gap[0] >= 0


def _fails(relation: Relation, gap: Interval) -> Bools:
    if relation.equality:
        return (gap[0] > 0) | (gap[1] < 0)
    return gap[1] <= 0 if relation.strict else gap[1] < 0


class Bisection:
    """Search for a proof of one statement by cutting its domain into boxes.

    Parameters
    ----------
    statement
        Every variable needs finite bounds, at most 26 variables and 26 hypotheses. Raises ValueError otherwise.
    batch
        Boxes evaluated at once.
    mean_value
        Whether to use the mean-value form (and multipliers) where plain evaluation does not decide; without it,
        boxes are cut along the variable that is widest relative to its bounds.
    """

    def __init__(self, statement: Statement, batch: int = 4096, mean_value: bool = True) -> None:
        assert_rounding()
        self.statement, self.batch, self.mean_value = statement, batch, mean_value
        bounds = [(v.lower, v.upper) for v in statement.variables]
        if any(lo is None or hi is None for lo, hi in bounds):
            raise ValueError("bisection needs finite bounds for every variable")
        if max(len(bounds), len(statement.hypotheses)) > 26:
            raise ValueError("bisection handles at most 26 variables and 26 hypotheses")
        names = [v.name for v in statement.variables]
        self.relations = (statement.conclusion, *statement.hypotheses)
        self.tapes = [Tape(statement.nodes, r.gap, names) for r in self.relations]
        self.curved = [any(n.op not in ("+", "-", "neg", "const", "var") for n in t.nodes) for t in self.tapes]
        exact_ends = [tuple(Fraction(float(b)) == b for b in side if b is not None) for side in bounds]
        self.start = np.array([[float(b) for b in side if b is not None] for side in bounds]).reshape(-1, 2)
        span = self.start[:, 1:] - self.start[:, :1]
        self.span = np.where(span > 0, span, 1.0)
        # a bound that is no float, and every midpoint made from it, may be off by rounding: widen before evaluating
        slack = [
            0.0 if all(e) else DRIFT * np.spacing(np.abs(s).max()) for e, s in zip(exact_ends, self.start, strict=True)
        ]
        self.slack = np.array(slack).reshape(-1, 1)
        for tape in self.tapes:
            tape.note_signs(self.start[:, 0] - self.slack[:, 0], self.start[:, 1] + self.slack[:, 0])

    def run(
        self,
        max_boxes: int = 5_000_000,
        seconds: float = 60.0,
        min_width: float = 1e-9,
        progress: Callable[[int, int], None] | None = None,
    ) -> BisectionResult:
        """Cut until every box is decided, or a limit is reached (boxes narrower than min_width are not cut).

        An interrupt (KeyboardInterrupt) ends the search early and keeps what is decided. `progress` is called with
        (boxes evaluated, boxes open).
        """
        tree, began = Tree(), time.monotonic()
        pending: list[tuple[Array, Array, Ints]] = [(self.start[:, :1], self.start[:, 1:], np.zeros(1, dtype=np.int64))]
        stuck: list[tuple[Array, Array]] = []
        hand: tuple[Array, Array, Ints] | None = None
        boxes = 0
        try:
            while pending and boxes < max_boxes and time.monotonic() - began < seconds:
                lo, hi, ids = hand = self._take(pending)
                boxes += lo.shape[1]
                open_, score = self._decide(lo, hi, ids, tree)
                lo, hi, ids = lo[:, open_], hi[:, open_], ids[open_]
                width = hi - lo
                narrow = width.max(axis=0, initial=0.0) < min_width
                if narrow.any():
                    stuck.append((lo[:, narrow], hi[:, narrow]))
                    lo, hi, ids, score = lo[:, ~narrow], hi[:, ~narrow], ids[~narrow], score[:, ~narrow]
                if lo.shape[1]:
                    pending += self._cut(lo, hi, ids, score, tree)
                hand = None
                if progress is not None:
                    progress(boxes, sum(p[2].size for p in pending))
        except KeyboardInterrupt:
            if hand is not None:
                open_ = tree.code[hand[2]] < 0
                stuck.append((hand[0][:, open_], hand[1][:, open_]))
        left = stuck + [(lo, hi) for lo, hi, _ in pending]
        return self._result(tree, boxes, left, time.monotonic() - began)

    def _take(self, pending: list[tuple[Array, Array, Ints]]) -> tuple[Array, Array, Ints]:
        """Take up to one batch of the newest boxes."""
        taken: list[tuple[Array, Array, Ints]] = []
        room = self.batch
        while pending and room > 0:
            lo, hi, ids = pending.pop()
            if ids.size > room:
                pending.append((lo[:, room:], hi[:, room:], ids[room:]))
                lo, hi, ids = lo[:, :room], hi[:, :room], ids[:room]
            taken.append((lo, hi, ids))
            room -= ids.size
        lows, highs, indices = zip(*taken, strict=True)
        return np.concatenate(lows, axis=1), np.concatenate(highs, axis=1), np.concatenate(indices)

    def _decide(self, lo: Array, hi: Array, ids: Ints, tree: Tree) -> tuple[Bools, Array]:
        """Decide what can be decided, write the leaves; return the mask of open boxes and their cut scores."""
        low, high = lo - self.slack, hi + self.slack
        alive = np.arange(ids.size)
        unsure: list[tuple[int, Ints]] = []
        for k in range(1, len(self.relations)):
            gap, _ = self.tapes[k].evaluate(low[:, alive], high[:, alive])
            failed = _fails(self.relations[k], gap)
            tree.code[ids[alive[failed]]] = LEAF + 2 * k
            if self.curved[k]:
                unsure.append((k, alive[~failed & ~_holds(self.relations[k], gap)]))
            alive = alive[~failed]
        gap, _ = self.tapes[0].evaluate(low[:, alive], high[:, alive])
        proved = _holds(self.relations[0], gap)
        tree.code[ids[alive[proved]]] = LEAF
        alive = alive[~proved]
        score = np.zeros(lo.shape)
        open_ = np.zeros(ids.size, dtype=np.bool_)
        open_[alive] = True
        if alive.size == 0 or not self.mean_value:
            return open_, score[:, open_]
        conclusion = self._linear(0, low[:, alive], high[:, alive])
        done = _holds(self.relations[0], conclusion.range())
        tree.code[ids[alive[done]]] = LEAF + 1
        open_[alive[done]] = False
        score[:, alive] = conclusion.smear()
        place = np.zeros(ids.size, dtype=np.int64)
        place[alive] = np.arange(alive.size)
        for k, among in unsure:
            members = among[open_[among]]
            if members.size == 0:
                continue
            hypothesis = self._linear(k, low[:, members], high[:, members])
            failed = _fails(self.relations[k], hypothesis.range())
            tree.code[ids[members[failed]]] = LEAF + 2 * k + 1
            score[:, members] += hypothesis.smear()
            multiplier, packed = quantise(conclusion.multiplier(hypothesis, place[members]))
            joint = conclusion.minus(hypothesis, place[members], multiplier)
            follows = ~failed & (packed >= 0) & _holds(self.relations[0], joint.range())
            tree.code[ids[members[follows]]] = MULTIPLIER + 8 * EXPONENTS * k + packed[follows]
            open_[members[failed | follows]] = False
        return open_, score[:, open_]

    def _linear(self, k: int, lo: Array, hi: Array) -> Linear:
        """Enclose relation k's gap over each box: value at the centre, slopes over the box, radii."""
        tape, count = self.tapes[k], lo.shape[1]
        _, values = tape.evaluate(lo, hi, keep=True)
        slopes = tape.gradient(values, count)
        centre = 0.5 * (lo + hi)
        value = tape.evaluate(centre, centre)[0]
        low, high = np.zeros(lo.shape), np.zeros(lo.shape)
        for row, (a, b) in slopes.items():
            low[row], high[row] = a, b
        radius = np.maximum(hi - centre, centre - lo) * (1 + 4e-16) + 5e-324
        return Linear(value, (low, high), radius)

    def _cut(self, lo: Array, hi: Array, ids: Ints, score: Array, tree: Tree) -> list[tuple[Array, Array, Ints]]:
        """Halve each box along the variable with the largest score (the widest, relative, where no score tells)."""
        width = (hi - lo) / self.span
        score = (np.where(np.isfinite(score), score, 0.0) + 1e-3) * width**FAIRNESS
        axis = np.argmax(np.where(hi - lo > 0, score, -1.0), axis=0)
        columns = np.arange(ids.size)
        middle = 0.5 * (lo[axis, columns] + hi[axis, columns])
        left_hi, right_lo = hi.copy(), lo.copy()
        left_hi[axis, columns] = middle
        right_lo[axis, columns] = middle
        children = tree.extend(2 * ids.size)
        tree.child[ids] = children[0::2]  # first, so that an interrupt leaves no cut without children
        tree.code[ids] = axis
        return [(right_lo, hi, children[1::2]), (lo, left_hi, children[0::2])]

    def _result(self, tree: Tree, boxes: int, left: list[tuple[Array, Array]], seconds: float) -> BisectionResult:
        text, volume, hardest = tree.text(), 0.0, {}
        largest = -1.0
        for lo, hi in left:
            share = np.prod(np.where(hi > lo, (hi - lo) / self.span, 1.0), axis=0)
            volume += float(share.sum())
            if share.size and float(share.max()) > largest:
                k, largest = int(np.argmax(share)), float(share.max())
                names = [v.name for v in self.statement.variables]
                hardest = {n: (float(a), float(b)) for n, a, b in zip(names, lo[:, k], hi[:, k], strict=True)}
        leaves = int((tree.code[: tree.size] >= LEAF).sum())
        return BisectionResult(text, boxes, leaves, text.count(UNDECIDED), volume, seconds, hardest)
