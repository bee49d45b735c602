"""A search that is split, interrupted, continued: always the same tree."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy as sp

from verify import searching
from verify.encode import make_statement
from verify.kernel.bisection import TOKEN
from verify.kernel.certificates import build_certificate, dump
from verify.kernel.checker import check
from verify.kernel.statements import Statement
from verify.provers.subtrees import open_boxes, share_of
from verify.searching import LocalWorkers, Part, Reach, Search, local_workers, search_part

X = sp.symbols("x1:6")


def statement(variables: int = 5, gap: int = 10**5) -> Statement:
    """A form with a wide flat valley, which is near its lower bound everywhere in it."""
    x = X[:variables]
    form = sum(v**2 for v in x) + sp.Rational(9, 10) * sum(x[i] * x[j] for i in range(len(x)) for j in range(i))
    return make_statement(dict.fromkeys(x, (-1, 1)), (form + x[0] ** 2 * x[1] ** 2, ">=", sp.Rational(-1, gap)))


CURVED = make_statement(  # with narrowing and multipliers, and bounds that are no floats
    {X[0]: (sp.Rational(1, 3), 2), X[1]: (sp.Rational(1, 3), 2)},
    (X[0] + X[1], ">=", 2 - sp.Rational(1, 1000)),
    {"h": (X[0] * X[1], ">=", 1)},
)
FALSE = make_statement(dict.fromkeys(X, (-1, 1)), (sum(x**2 for x in X), ">=", 100))
LARGE, MIDDLE = statement(), statement(3, 10**4)


@cache
def whole(claim: Statement) -> str:
    """Return the tree of a search by one process without a break."""
    found = Search(claim).go_on(Reach(120.0))
    assert found.decided
    return found.tree


class Watched:
    """Workers that do something before the result of a given number is handed on."""

    def __init__(self, workers: LocalWorkers, number: int, act: Callable[[], None]) -> None:
        self.workers, self.number, self.act = workers, number, act
        self.tasks: list[int] = []

    @property
    def count(self) -> int:
        return self.workers.count

    def run(self, tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Part]]:
        self.tasks.append(0)
        for number, result in enumerate(self.workers.run(map(self._counted, tasks))):
            if number == self.number and len(self.tasks) == 1:
                self.act()
            yield result

    def _counted(self, task: tuple[Any, ...]) -> tuple[Any, ...]:
        self.tasks[-1] += 1
        return task


class Here:
    """Workers that are this process."""

    count = 2

    def run(self, tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Part]]:
        for number, task in reversed(list(enumerate(tasks))):
            yield number, search_part(*task)


def processes(workers: LocalWorkers) -> list[int]:
    return list(getattr(workers._pool, "_processes", None) or {})


def kill_one(workers: LocalWorkers) -> None:
    os.kill(processes(workers)[0], signal.SIGKILL)


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


# The same tree


def test_two_processes_find_the_tree_that_one_finds() -> None:
    with local_workers(2) as workers:
        watched = Watched(workers, 0, lambda: None)
        found = Search(LARGE).go_on(Reach(120.0), watched)
        pids = processes(workers)
    assert watched.tasks
    assert watched.tasks[0] == searching.PARTS_PER_WORKER * 2
    assert found.tree == whole(LARGE)
    assert len(pids) == 2
    assert all(map(ended, pids))


@pytest.mark.parametrize("claim", [MIDDLE, CURVED], ids=["form", "curved"])
@pytest.mark.parametrize("first", [1, 10, 100])
def test_parts_in_any_order_make_the_tree(claim: Statement, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FIRST_BOXES", first)
    monkeypatch.setattr(searching, "PARTS_PER_WORKER", 3)
    found = Search(claim).go_on(Reach(120.0), Here())
    assert found.tree == whole(claim)
    assert check(build_certificate(dump(claim, {"rule": "bisection", "tree": found.tree}))) == "proved"


@pytest.mark.parametrize("claim", [MIDDLE, CURVED], ids=["form", "curved"])
@pytest.mark.parametrize("batch", [1, 4, 50])
def test_a_search_that_is_broken_off_again_and_again_finds_the_tree(claim: Statement, batch: int) -> None:
    """Each piece goes on from the text of the tree alone, is broken off by Ctrl-C after some batches, keeps them."""
    tree, pieces, left = "?", 0, [1.0]
    while "?" in tree:
        search = Search(claim, tree)
        search.bisection.batch = batch
        calls = 0

        def interrupt(boxes: int, open_: int) -> None:
            nonlocal calls
            calls += 1
            if calls == 8:
                raise KeyboardInterrupt

        try:
            search.go_on(Reach(120.0), progress=interrupt)
        except KeyboardInterrupt:
            left.append(search.found().share)
        tree, pieces = search.found().tree, pieces + 1
        assert np.array_equal(search.open, open_boxes(tree, search.bisection.start))
    assert tree == whole(claim)
    assert pieces > 1
    assert left == sorted(left, reverse=True)
    assert left[-1] < 1.0


def test_limits_of_one_search_after_the_other() -> None:
    search = Search(MIDDLE)
    for precision in (0.3, 0.1, 0.03):
        found = search.go_on(Reach(60.0, precision))
        assert not found.decided
        widths = (search.open[:, :, 1] - search.open[:, :, 0]).max(axis=1)
        assert widths.max() < precision
        assert found.share == pytest.approx(share_of(search.open, search.bisection.start))
    assert search.go_on(Reach(60.0)).tree == whole(MIDDLE)


def test_the_open_boxes_are_those_of_the_tree() -> None:
    for claim in (MIDDLE, CURVED):
        search = Search(claim)
        search.bisection.batch = 2
        result = search.bisection.run(max_boxes=12)
        assert np.array_equal(result.open, open_boxes(result.tree, search.bisection.start))
        assert len(result.open) == result.tree.count("?") > 0
        again = search.bisection.run(parts=result.open)
        assert len(again.trees) == len(result.open)
        pieces = result.tree.split("?")
        assert "".join(a + b for a, b in zip(pieces, [*again.trees, ""], strict=True)) == whole(claim)


@pytest.mark.parametrize("tree", ["", "a?", "??", "b?.", "a.x", "(. a>9999999"])
def test_a_tree_that_does_not_fit_is_refused(tree: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Search(make_statement({X[0]: (0, 1)}, (X[0], "<=", 1)), tree)


# Processes that die


class Deadly:
    """An argument that ends the process that reads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (1,)


def test_a_process_that_is_killed_at_work_loses_nothing() -> None:
    with local_workers(2) as workers:
        killed: list[int] = []

        def kill() -> None:
            killed.extend(processes(workers))
            kill_one(workers)

        watched = Watched(workers, 1, kill)
        found = Search(LARGE).go_on(Reach(120.0), watched)
        assert killed
        assert not set(killed) & set(processes(workers))  # new ones did the rest
    assert found.tree == whole(LARGE)


def test_a_process_that_is_killed_at_rest_loses_nothing() -> None:
    with local_workers(2) as workers:
        assert len(list(workers.run(tasks()))) == 4
        for pid in processes(workers):
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        assert sorted(number for number, _ in workers.run(tasks())) == [0, 1, 2, 3]


def test_processes_that_die_again_and_again_end_the_search() -> None:
    with local_workers(1) as workers, pytest.raises(OSError, match="died three times"):
        list(workers.run([(Deadly(),)]))


def tasks(count: int = 4) -> list[tuple[Any, ...]]:
    start = Search(MIDDLE).bisection.start
    return [(MIDDLE.text(), start[np.newaxis], 60.0, 0.2, 10_000)] * count


# Limits


def test_time_is_a_limit() -> None:
    began = time.monotonic()
    found = Search(FALSE).go_on(Reach(0.2))
    assert time.monotonic() - began < 5.0  # 0.2 s of search; the tree is written down
    assert not found.decided
    assert found.share == pytest.approx(1.0)
    assert set(found.tightest(FALSE)) == set(map(str, X))
    with local_workers(2) as workers:
        before = time.monotonic()
        again = Search(FALSE).go_on(Reach(1.0), workers)
        assert time.monotonic() - before < 1.0 + 10.0  # processes start, and the last slices end
    assert not again.decided
    assert again.boxes > searching.FIRST_BOXES


def test_memory_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Reach(megabytes=2048).most_open(3) == 2048 * 10**6 // (16 * 10)
    monkeypatch.setattr(Reach, "most_open", lambda self, variables: 5_000)
    search = Search(FALSE)
    found = search.go_on(Reach(60.0))
    assert 5_000 < len(found.undecided) < 5_000 + 2 * search.bisection.batch
    boxes = found.boxes
    assert search.go_on(Reach(60.0)).boxes == boxes


def test_precision_is_a_limit() -> None:
    found = Search(FALSE).go_on(Reach(60.0, precision=0.9))
    assert all(0.4 <= hi - lo < 0.9 for lo, hi in found.tightest(FALSE).values())
    assert found.boxes == sum(1 for _ in TOKEN.finditer(found.tree))


def test_progress_counts_boxes_and_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FIRST_BOXES", 50)
    seen: list[tuple[int, int]] = []
    search = Search(MIDDLE)
    search.bisection.batch = 8
    search.go_on(Reach(60.0), Here(), lambda boxes, open_: seen.append((boxes, open_)))
    boxes = [b for b, _ in seen]
    assert boxes == sorted(boxes)
    assert seen[-1] == (search.boxes, 0)
    assert len(seen) > 10
    assert max(open_ for _, open_ in seen) > 1


# Ctrl-C


def test_an_interrupt_among_parts_keeps_what_has_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FIRST_BOXES", 50)

    class Interrupted(Here):
        def run(self, tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Part]]:
            for k, result in enumerate(super().run(tasks)):
                if k == 3:
                    raise KeyboardInterrupt
                yield result

    search = Search(MIDDLE)
    with pytest.raises(KeyboardInterrupt):
        search.go_on(Reach(60.0), Interrupted())
    found = search.found()
    assert not found.decided
    assert 50 <= found.boxes < len(TOKEN.findall(whole(MIDDLE)))
    assert np.array_equal(search.open, open_boxes(found.tree, search.bisection.start))
    assert Search(MIDDLE, found.tree).go_on(Reach(60.0)).tree == whole(MIDDLE)
