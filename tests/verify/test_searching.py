"""A search that is split, interrupted, continued: always the same tree."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import pytest
import sympy as sp

from verify.encode import make_statement
from verify.kernel.certificates import build_certificate, dump
from verify.kernel.checker import check
from verify.kernel.statements import Statement
from verify.searching import Reach, Search, local_workers

ROOT = Path(__file__).parents[2]
X = sp.symbols("x1:6")
SMALL, LARGE = sp.Rational(1, 10**5), sp.Rational(1, 100)


def statement(gap: sp.Rational = SMALL) -> Statement:
    form = sum(x**2 for x in X) + sp.Rational(9, 10) * sum(X[i] * X[j] for i in range(5) for j in range(i))
    return make_statement(dict.fromkeys(X, (-1, 1)), (form + X[0] ** 2 * X[1] ** 2, ">=", -gap))


def whole(claim: Statement) -> str:
    found = Search(claim).go_on(Reach(120.0))
    assert found.decided
    return found.tree


def test_two_processes_find_the_tree_that_one_finds() -> None:
    claim = statement()
    with local_workers(2) as workers:
        found = Search(claim).go_on(Reach(120.0), workers)
    assert found.tree == whole(claim)
    assert check(build_certificate(dump(claim, {"rule": "bisection", "tree": found.tree}))) == "proved"


def test_a_search_in_many_pieces_finds_the_same_tree() -> None:
    claim = statement(LARGE)
    tree, rounds = "?", 0
    while "?" in tree and rounds < 2_000:
        found = Search(claim, tree).go_on(Reach(0.01))
        tree, rounds = found.tree, rounds + 1
    assert rounds > 1
    assert tree == whole(claim)


def test_a_process_that_dies_loses_nothing() -> None:
    claim = statement()
    with local_workers(2) as workers:

        def kill() -> None:
            while workers._pool is None or not getattr(workers._pool, "_processes", None):
                time.sleep(0.01)
            os.kill(next(iter(workers._pool._processes)), signal.SIGKILL)  # type: ignore[attr-defined]

        thread = threading.Thread(target=kill)
        thread.start()
        found = Search(claim).go_on(Reach(120.0), workers)
        thread.join()
    assert found.tree == whole(claim)


def test_limits() -> None:
    false = make_statement(dict.fromkeys(X, (-1, 1)), (sum(x**2 for x in X), ">=", 100))
    found = Search(false).go_on(Reach(0.2))
    assert not found.decided
    assert found.share == pytest.approx(1.0)
    coarse = Search(false).go_on(Reach(60.0, precision=0.9))
    assert all(0.4 <= hi - lo < 0.9 for lo, hi in coarse.tightest(false).values())


def free_port() -> int:
    with socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A Dask scheduler and two workers on loopback."""
    address = f"tcp://127.0.0.1:{free_port()}"
    base = [sys.executable, "-m"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    options = ["--no-dashboard"]
    processes = [
        subprocess.Popen([*base, "distributed.cli.dask_scheduler", "--host", address, *options], **quiet),  # type: ignore[call-overload]
        *(
            subprocess.Popen(  # type: ignore[call-overload]
                [*base, "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", *options], **quiet
            )
            for _ in range(2)
        ),
    ]
    try:
        yield address, processes
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_loses_a_worker_finds_the_same_tree() -> None:
    from verify.cluster import cluster_workers

    claim = statement()
    with cluster() as (address, processes), cluster_workers(address) as workers:
        deadline = time.monotonic() + 60
        while len(workers.client.nthreads()) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(workers.client.nthreads()) == 2
        search = Search(claim)
        timer = threading.Timer(0.5, processes[1].kill)
        timer.start()
        found = search.go_on(Reach(120.0), workers)
        timer.join()
        assert found.tree == whole(claim)
