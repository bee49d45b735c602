"""Interval bisection over batches of boxes: search for a tree of cuts that proves a statement.

Untrusted: the tree that comes out is re-checked leaf by leaf by the kernel's rule bisection. What becomes of a box does
not depend on the batch it is in, nor on the order of the search: the tree of a finished search is always the same.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from verify.kernel.bisection import MAX_LETTERS, PARTS
from verify.kernel.statements import Statement
from verify.provers.decision import LEAF, NARROW, Decision
from verify.provers.ranges import Array, Bools
from verify.provers.subtrees import open_boxes
from verify.provers.tape import assert_rounding
from verify.provers.tracing import Program
from verify.provers.tree import OPEN, Ints, Tree, bounds_texts

DRIFT = 64  # units in the last place by which bounds made by halving and narrowing may be off
EXACT_BITS = 20  # bounds on a grid of so many bits are halved without rounding for long
COMPILE_AFTER = 3  # batches; compiling takes as long as some five of them by numpy

Boxes: TypeAlias = tuple[Array, Array, Ints]


@dataclass(frozen=True)
class BisectionResult:
    """Outcome of a search.

    `tree` is in the kernel's notation (with "?" where undecided); `boxes` counts the boxes evaluated; `undecided` those
    left; `undecided_volume` is their share of the domain; `hardest` the widest one left, as bounds by variable; `open`
    all of them, in the order of the tree, shape (boxes, variables, 2). A search in several parts has as many `trees`;
    `tree` joins them.
    """

    trees: list[str]
    boxes: int
    leaves: int
    undecided: int
    undecided_volume: float
    seconds: float
    open: Array = field(compare=False)
    hardest: dict[str, tuple[float, float]] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def tree(self) -> str:
        """The tree, or the trees one after the other."""
        return "".join(self.trees)

    @property
    def decided(self) -> bool:
        """Whether no box is left."""
        return self.undecided == 0


class Bisection:
    """Search for a proof of one statement by cutting its domain into boxes.

    Parameters
    ----------
    statement
        Every variable needs finite bounds, at most 260 variables, hypotheses and clauses. Raises ValueError otherwise.
    batch
        Boxes evaluated at once.
    mean_value
        Whether to use the mean-value form (and multipliers) where plain evaluation does not decide; without it, boxes
        are cut along the variable that is widest relative to its bounds.
    narrowing
        Whether to narrow boxes by what the hypotheses and the negated conclusion say.
    compiled
        Whether to run the decisions on the vector machine: False is numpy, None decides by the size of the search.
    """

    def __init__(
        self,
        statement: Statement,
        batch: int = 4096,
        mean_value: bool = True,
        narrowing: bool = True,
        compiled: bool | None = None,
    ) -> None:
        assert_rounding()
        self.statement, self.batch, self.compiled = statement, batch, compiled
        bounds = [(v.lower, v.upper) for v in statement.variables]
        if any(lo is None or hi is None for lo, hi in bounds):
            raise ValueError("bisection needs finite bounds for every variable")
        if max(len(bounds), len(statement.hypotheses) + len(statement.clauses)) > MAX_LETTERS:
            raise ValueError(f"bisection handles at most {MAX_LETTERS} variables, hypotheses and clauses")
        exact = [(lo, hi) for lo, hi in bounds if lo is not None and hi is not None]
        self.start = np.array([[float(lo), float(hi)] for lo, hi in exact]).reshape(-1, 2)
        span = self.start[:, 1:] - self.start[:, :1]
        self.span = np.where(span > 0, span, 1.0)
        slack = [DRIFT * float(np.spacing(np.abs(s).max())) for s in self.start]
        self.decision = Decision(statement, self.start, slack, [_on_grid(*s) for s in exact], mean_value, narrowing)
        self.programs: tuple[Program, Program] | None = None
        self.batches = 0

    def run(
        self,
        max_boxes: int = 5_000_000,
        seconds: float = 60.0,
        min_width: float = 1e-9,
        progress: Callable[[int, int], None] | None = None,
        parts: Array | None = None,
        most_open: int = 20_000_000,
        widest_first: bool = False,
    ) -> BisectionResult:
        """Cut until every box is decided, or a limit is reached (boxes narrower than min_width are not cut).

        An interrupt (KeyboardInterrupt) ends the search early and keeps what is decided. `progress` is called with
        (boxes evaluated, boxes open). `parts`, of shape (parts, variables, 2), are the parts of the domain to start
        from. The search goes on from the newest boxes, or from the oldest (`widest_first`), while no more than
        `most_open` are open.
        """
        began = time.monotonic()
        start = self.start[np.newaxis] if parts is None else parts
        tree = Tree(len(start))
        pending: list[Boxes] = [(start[:, :, 0].T, start[:, :, 1].T, np.arange(len(start)))]
        stuck: list[Boxes] = []
        boxes, count, interrupted = 0, len(start), False
        try:
            while pending and boxes < max_boxes and count <= most_open and time.monotonic() - began < seconds:
                hand = self._take(pending, 0 if widest_first else -1)
                boxes += hand[2].size
                self._compile()
                self.batches += 1
                more, uncut = self._advance(hand, tree, min_width)
                pending += more
                stuck += [uncut] if uncut[2].size else []
                count = sum(b[2].size for b in (*pending, *stuck))
                if progress is not None:
                    progress(boxes, count)
        except KeyboardInterrupt:
            interrupted = True
        trees, place = tree.texts()
        if interrupted:  # perhaps in the middle of a batch, so that the lists lack its boxes
            found = [open_boxes(text, box) for text, box in zip(trees, start, strict=True)]
            left = np.concatenate([np.zeros((0, *self.start.shape)), *found])
        else:
            left = _ordered([*pending, *stuck], place, self.start.shape)
        decided: Bools = (tree.code[: tree.size] >= LEAF) & (tree.code[: tree.size] < NARROW)
        return self._result(trees, boxes, int(decided.sum()), left, time.monotonic() - began, interrupted)

    def _compile(self) -> None:
        """Compile the two decisions for the vector machine, where this is wanted and not done yet."""
        wanted = self.batches >= COMPILE_AFTER if self.compiled is None else self.compiled
        if wanted and self.programs is None:
            rows = 2 * len(self.start)
            self.programs = Program(self.decision.plain, rows), Program(self.decision.refine, rows)

    def _take(self, pending: list[Boxes], end: int) -> Boxes:
        """Take up to one batch of boxes from one end of the list."""
        taken: list[Boxes] = []
        room = self.batch
        while pending and room > 0:
            lo, hi, ids = pending.pop(end)
            if ids.size > room:
                pending.insert(len(pending) if end else 0, (lo[:, room:], hi[:, room:], ids[room:]))
                lo, hi, ids = lo[:, :room], hi[:, :room], ids[:room]
            taken.append((lo, hi, ids))
            room -= ids.size
        lows, highs, indices = zip(*taken, strict=True)
        return np.concatenate(lows, axis=1), np.concatenate(highs, axis=1), np.concatenate(indices)

    def _decide(self, which: int, lo: Array, hi: Array) -> Array:
        """Return the rows of `Decision.plain` (0) or `Decision.refine` (1) for a batch."""
        rows = np.concatenate([lo, hi])
        if self.programs is not None:
            return self.programs[which](rows)
        function = self.decision.refine if which else self.decision.plain
        with np.errstate(all="ignore"):
            return np.array([np.broadcast_to(r, (lo.shape[1],)) for r in function(list(rows))])

    def _advance(self, boxes: Boxes, tree: Tree, min_width: float) -> tuple[list[Boxes], Boxes]:
        """Decide what can be, and write it into the tree; return what is left, narrowed or cut, and what stays."""
        lo, hi, ids = boxes
        code = self._decide(0, lo, hi)[0].astype(np.int32)
        open_ = code == OPEN
        tree.code[ids[~open_]] = code[~open_]
        lo, hi, ids = lo[:, open_], hi[:, open_], ids[open_]
        if not ids.size:
            return [], (lo, hi, ids)
        found = self._decide(1, lo, hi)
        code, axis = found[0].astype(np.int32), found[1].astype(np.int64)
        leaf = (code >= LEAF) & (code < NARROW)
        tree.code[ids[leaf]] = code[leaf]
        stays = ~leaf & (((hi - lo).max(axis=0, initial=0.0) < min_width) | (axis < 0))
        narrow, cut = (code >= NARROW) & ~stays, (code == OPEN) & ~stays
        left: list[Boxes] = []
        if narrow.any():
            kept = found[2:, narrow]
            left.append(self._narrowed(lo[:, narrow], hi[:, narrow], ids[narrow], code[narrow], kept, tree))
        if cut.any():
            left += self._cut(lo[:, cut], hi[:, cut], ids[cut], axis[cut], tree)
        return left, (lo[:, stays], hi[:, stays], ids[stays])

    def _narrowed(self, lo: Array, hi: Array, ids: Ints, code: Array, kept: Array, tree: Tree) -> Boxes:
        """Keep the parts of each box that narrowing leaves."""
        first, last = kept[0::2], kept[1::2]
        step = (hi - lo) / PARTS
        new_lo, new_hi = np.where(first > 0, lo + step * first, lo), np.where(last < PARTS, lo + step * last, hi)
        children = tree.extend(ids.size)
        tree.child[ids] = children
        tree.bounds.update(zip(ids.tolist(), bounds_texts(first, last), strict=True))
        tree.code[ids] = code
        return new_lo, new_hi, children

    def _cut(self, lo: Array, hi: Array, ids: Ints, axis: Ints, tree: Tree) -> list[Boxes]:
        """Halve each box along its axis."""
        columns = np.arange(ids.size)
        middle = 0.5 * (lo[axis, columns] + hi[axis, columns])
        left_hi, right_lo = hi.copy(), lo.copy()
        left_hi[axis, columns] = middle
        right_lo[axis, columns] = middle
        children = tree.extend(2 * ids.size)
        tree.child[ids] = children[0::2]  # first, so that an interrupt leaves no cut without children
        tree.code[ids] = axis
        return [(right_lo, hi, children[1::2]), (lo, left_hi, children[0::2])]

    def _result(
        self, trees: list[str], boxes: int, leaves: int, left: Array, seconds: float, interrupted: bool
    ) -> BisectionResult:
        width = left[:, :, 1] - left[:, :, 0]
        share = np.prod(np.where(width > 0, width / self.span.T, 1.0), axis=1)
        hardest: dict[str, tuple[float, float]] = {}
        if share.size:
            ends = left[int(np.argmax(share))].tolist()
            hardest = {v.name: (a, b) for v, (a, b) in zip(self.statement.variables, ends, strict=True)}
        return BisectionResult(trees, boxes, leaves, len(left), float(share.sum()), seconds, left, hardest, interrupted)


def _ordered(boxes: list[Boxes], place: Ints, shape: tuple[int, ...]) -> Array:
    """Return boxes in the order of their places in the text, shape (boxes, variables, 2)."""
    if not boxes:
        return np.zeros((0, *shape))
    lows, highs, indices = (np.concatenate(arrays, axis=-1) for arrays in zip(*boxes, strict=True))
    order = np.argsort(place[indices])
    return np.stack([lows.T[order], highs.T[order]], axis=2)


def _on_grid(lower: Fraction, upper: Fraction) -> bool:
    """Whether both bounds are multiples of one power of two, of at most EXACT_BITS bits."""
    scale = max(lower.denominator, upper.denominator)
    largest = max(abs(lower), abs(upper)) * scale
    return scale & (scale - 1) == 0 and largest < 1 << EXACT_BITS
