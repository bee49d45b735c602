"""The search for a bisection proof over all processes or machines at hand: parts of the domain and their trees.

What a finished search finds does not depend on how it was split: the tree is the same for any number of workers.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Protocol

import numpy as np

from verify.kernel.statements import Statement, parse_statement
from verify.provers.bisection import Bisection
from verify.provers.ranges import Array
from verify.provers.subtrees import open_boxes, share_of
from verify.provers.tree import UNDECIDED, Ints
from verify.signals import interrupt_held_back

PARTS_PER_WORKER = 32
FIRST_BOXES = 20_000  # a search that needs no more is not worth splitting
SLICE_SECONDS = 5.0  # a part that takes longer is split again
SHORTEST_SLICE = 0.1
AHEAD = 2  # tasks by worker that are begun or wait for their worker
BYTES_PER_NODE = 16

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Reach:
    """How far a search may go: seconds, width of the smallest boxes, megabytes."""

    seconds: float = 60.0
    precision: float = 1e-9
    megabytes: int = 2048

    def most_open(self, variables: int) -> int:
        """Return how many open boxes fit into the memory."""
        return max(10_000, self.megabytes * 1_000_000 // (BYTES_PER_NODE * (2 * variables + 4)))


@dataclass(frozen=True)
class Found:
    """What a search found: the tree ("?" where undecided), boxes evaluated, and the undecided boxes."""

    tree: str
    boxes: int
    undecided: Array
    share: float

    @property
    def decided(self) -> bool:
        """Whether no box is left."""
        return not len(self.undecided)

    def tightest(self, statement: Statement) -> dict[str, tuple[float, float]]:
        """Return the smallest undecided box, as bounds by variable."""
        if self.decided:
            return {}
        box = self.undecided[int(np.argmin(_widths(self.undecided)))]
        return {v.name: (float(lo), float(hi)) for v, (lo, hi) in zip(statement.variables, box, strict=True)}


@dataclass(frozen=True)
class Part:
    """What became of some boxes: for each its tree, the undecided boxes in the order of the trees, boxes evaluated."""

    trees: Sequence[str]
    undecided: Array
    boxes: int


def _widths(boxes: Array) -> Array:
    """Return the longest side of each box."""
    return np.asarray(np.max(boxes[:, :, 1] - boxes[:, :, 0], axis=1, initial=0.0), dtype=np.float64)


class Workers(Protocol):
    """What runs parts of a search: processes of this machine, or a cluster."""

    @property
    def count(self) -> int:
        """How many parts are worked on at once."""
        ...

    def run(self, tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Part]]:
        """Yield (number of the task, result of `search_part`) as they come; a lost worker's task is done again.

        Tasks are taken from `tasks` when a worker is about to be free, so that none waits long.
        """
        ...


class LocalWorkers:
    """Processes of this machine."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: Executor | None = None

    def _start(self) -> Executor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.count, mp_context=multiprocessing.get_context("spawn"))
        return self._pool

    def run(self, tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Part]]:
        """Yield the results as they come. A process that dies loses its task, which another process does again.

        Raises OSError when processes die three times.
        """
        source, begun = enumerate(tasks), dict[int, tuple[Any, ...]]()
        for _ in range(3):
            pool, pending = self._start(), dict[Future[Part], int]()
            send = dict(begun)
            try:
                while True:
                    send.update(islice(source, max(0, AHEAD * self.count - len(pending) - len(send))))
                    begun.update(send)
                    with interrupt_held_back():  # the workers start here
                        for number, task in send.items():
                            pending[pool.submit(search_part, *task)] = number
                    send = {}
                    if not pending:
                        return
                    for future in wait(pending, return_when=FIRST_COMPLETED).done:
                        number = pending.pop(future)
                        result = future.result()
                        del begun[number]
                        yield number, result
            except BrokenProcessPool:
                self.close()
            finally:
                for future in pending:
                    future.cancel()
        raise OSError("worker processes died three times; what was proved is kept")

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            for process in list((getattr(self._pool, "_processes", None) or {}).values()):
                process.terminate()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


@contextmanager
def local_workers(count: int) -> Iterator[LocalWorkers]:
    """Return workers that are ended at the end of the block."""
    workers = LocalWorkers(count)
    try:
        yield workers
    finally:
        workers.close()


@lru_cache(maxsize=4)
def _bisection(text: str) -> Bisection:
    return Bisection(parse_statement(text))


def search_part(text: str, boxes: Array, seconds: float, precision: float, most_open: int) -> Part:
    """Search some parts of the domain of the statement `text`, shape (parts, variables, 2)."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = _bisection(text).run(
        max_boxes=10**12, seconds=seconds, min_width=precision, parts=boxes, most_open=most_open
    )
    if found.interrupted:
        raise KeyboardInterrupt
    return Part(found.trees, found.open, found.boxes)


class Search:
    """A search that can be continued: the tree so far, and the boxes of its undecided leaves."""

    def __init__(self, statement: Statement, tree: str = UNDECIDED) -> None:
        self.statement = statement
        self.bisection = Bisection(statement)
        self.boxes = 0
        self.state = tree, open_boxes(tree, self.bisection.start)

    @property
    def open(self) -> Array:
        """The undecided boxes in the order of the tree, shape (boxes, variables, 2)."""
        return self.state[1]

    def found(self) -> Found:
        """Return what has been found so far."""
        tree, open_ = self.state
        return Found(tree, self.boxes, open_, share_of(open_, self.bisection.start))

    def _graft(self, parts: Sequence[tuple[Ints, Part]]) -> None:
        """Put what became of undecided leaves, given by their numbers, in their place."""
        tree, open_ = self.state
        grafts = [UNDECIDED] * len(open_)
        for numbers, part in parts:
            for number, text in zip(numbers.tolist(), part.trees, strict=True):
                grafts[number] = text
        first, *pieces = tree.split(UNDECIDED)
        counts = np.array([text.count(UNDECIDED) for text in grafts], dtype=np.int64)
        ends = np.cumsum(counts)
        boxes = np.repeat(open_, counts, axis=0)
        for numbers, part in parts:
            place = np.repeat(ends[numbers] - np.cumsum(counts[numbers]), counts[numbers]) + np.arange(
                len(part.undecided)
            )
            boxes[place] = part.undecided
        joined = chain.from_iterable(zip(grafts, pieces, strict=True))
        self.state = first + "".join(joined), boxes  # at once: an interrupt finds the old state or the new one

    def _wide(self, precision: float) -> Ints:
        """Return which undecided boxes are wide enough to go on with."""
        return np.flatnonzero(_widths(self.open) >= precision)

    def go_on(self, reach: Reach, workers: Workers | None = None, progress: Progress | None = None) -> Found:
        """Search on until everything is decided or the limits are reached. KeyboardInterrupt keeps what is done."""
        deadline, most = time.monotonic() + reach.seconds, reach.most_open(len(self.statement.variables))
        if workers is None or workers.count < 2:
            self._serial(reach, deadline, progress)
            return self.found()
        self._serial(reach, deadline, progress, FIRST_BOXES)
        while self._wide(reach.precision).size and time.monotonic() < deadline and len(self.open) <= most:
            self._parallel(reach, deadline, workers, progress)
        return self.found()

    def _serial(self, reach: Reach, deadline: float, progress: Progress | None, boxes: int = 0) -> None:
        """Work through the open boxes here; with `boxes`, stop after so many, and take the widest first."""
        wide, before = self._wide(reach.precision), self.boxes
        if not wide.size or (boxes and before >= boxes):
            return
        narrow = len(self.open) - len(wide)
        found = self.bisection.run(
            max_boxes=boxes - before if boxes else 10**12,
            seconds=deadline - time.monotonic(),
            min_width=reach.precision,
            parts=self.open[wide],
            most_open=reach.most_open(len(self.statement.variables)) - narrow,
            widest_first=bool(boxes),
            progress=progress and (lambda done, open_: progress(before + done, narrow + open_)),
        )
        self._graft([(wide, Part(found.trees, found.open, found.boxes))])
        self.boxes += found.boxes
        if found.interrupted:
            raise KeyboardInterrupt

    def _parallel(self, reach: Reach, deadline: float, workers: Workers, progress: Progress | None) -> None:
        """Deal the open boxes out to the workers, for a slice of time; put what comes back in place."""
        text, wide = self.statement.text(), self._wide(reach.precision)
        shares = np.array_split(wide, min(len(wide), PARTS_PER_WORKER * workers.count))
        most_open = max(1_000, reach.most_open(len(self.statement.variables)) // len(shares))

        def tasks() -> Iterator[tuple[Any, ...]]:
            for share in shares:
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                seconds = min(SLICE_SECONDS, max(SHORTEST_SLICE, left / 4))
                yield text, self.open[share], seconds, reach.precision, most_open

        done: list[tuple[Ints, Part]] = []
        open_, before = len(self.open), self.boxes
        try:
            for number, part in workers.run(tasks()):
                done.append((shares[number], part))
                open_ += len(part.undecided) - len(part.trees)
                before += part.boxes
                if progress is not None:
                    progress(before, open_)
        finally:
            self._graft(done)
            self.boxes = before
