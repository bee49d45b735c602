"""A search on a Dask cluster of this machine: workers and scheduler that are lost, addresses that lead nowhere."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from verify_cases import called

from verify import cluster, deciding
from verify.cluster import ClusterWorkers, cluster_workers
from verify.deciding import decide
from verify.encode import make_statement
from verify.searching import PARTS_PER_WORKER, Part, Reach, Search

ROOT = Path(__file__).parents[2]
X = sp.symbols("x1:6")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TERM": "dumb", "NO_COLOR": "1"}
QUESTION = "(declare-fun x () Real [0, 1])(assert (> (* x (- 1 x)) 0.2500001))(check-sat)"

# equal at 0 but for a little, in a wide flat valley: 200,000 boxes
FORM = sum(x**2 for x in X) + sp.Rational(9, 10) * sum(X[i] * X[j] for i in range(5) for j in range(i))
CLAIM = make_statement(dict.fromkeys(X, (-1, 1)), (FORM + X[0] ** 2 * X[1] ** 2, ">=", sp.Rational(-1, 10**5)))


def started(stack: ExitStack, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a process of the cluster, which ends with the stack."""
    command = [sys.executable, "-m", *arguments, "--no-dashboard"]
    with (folder / f"{len(list(folder.glob('*.log')))}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, cwd=folder, env=ENVIRONMENT)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def said(folder: Path, pattern: str) -> str:
    """Wait until a process has said something in its log; return what is in brackets in the pattern."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for log in folder.glob("*.log"):
            found = re.search(pattern, log.read_text(errors="replace"))
            if found:
                return found[1]
        time.sleep(0.05)
    raise AssertionError([log.read_text(errors="replace") for log in folder.glob("*.log")])


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler on a port that the system chooses, and two workers: address and processes."""
    with ExitStack() as stack:
        scheduler = started(stack, folder, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        address = said(folder, r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")
        options = "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1"
        workers = [started(stack, folder, "distributed.cli.dask_worker", address, *options) for _ in range(2)]
        yield address, [scheduler, *workers]


class Watched:
    """The workers of a cluster, with something done before a result of a given number is handed on."""

    def __init__(self, workers: ClusterWorkers, number: int, act: Callable[[], None]) -> None:
        self.workers, self.number, self.act, self.tasks = workers, number, act, 0

    @property
    def count(self) -> int:
        return self.workers.count

    def run(self, tasks: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, Part]]:
        for number, result in enumerate(self.workers.run(map(self._counted, tasks))):
            if number == self.number:
                self.act()
            yield result

    def _counted(self, task: tuple[Any, ...]) -> tuple[Any, ...]:
        self.tasks += 1
        return task


def both_there(workers: ClusterWorkers) -> None:
    deadline = time.monotonic() + 60
    while len(workers.client.nthreads()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_cluster_loses_a_worker_and_then_its_scheduler(tmp_path: Path) -> None:
    """Without a worker the tree is the same; without a scheduler what has come back is kept, and one can go on."""
    whole = Search(CLAIM).go_on(Reach(120.0))
    assert whole.decided
    with running(tmp_path) as (address, (scheduler, first, _)), cluster_workers(address) as workers:
        both_there(workers)
        watched = Watched(workers, 3, first.kill)
        began = time.monotonic()
        found = Search(CLAIM).go_on(Reach(120.0), watched)
        assert time.monotonic() - began < 60.0
        assert watched.tasks == 2 * PARTS_PER_WORKER
        assert found.tree == whole.tree
        assert first.wait(timeout=10) == -9
        assert len(workers.client.nthreads()) == 1

        search = Search(CLAIM)
        with pytest.raises(OSError, match=r"^the scheduler of the cluster is lost$"):
            search.go_on(Reach(120.0), Watched(workers, 3, scheduler.kill))
        assert len(search.open) > 0
        assert search.boxes > 0
        assert Search(CLAIM, search.found().tree).go_on(Reach(120.0)).tree == whole.tree
        with pytest.raises(OSError, match=r"^the scheduler of the cluster is lost$"):
            search.go_on(Reach(120.0), workers)


def test_without_its_workers_a_claim_is_unknown_and_what_is_done_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def nthreads(self) -> dict[str, int]:
            raise AttributeError("scheduler")

    monkeypatch.setattr(deciding, "QUICK", 1e-3)
    found = decide(CLAIM, Reach(60.0), workers=ClusterWorkers(Client()))
    assert (found.verdict, found.note) == ("unknown", "the scheduler of the cluster is lost")
    assert found.certificate is not None
    assert found.certificate["proof"]["tree"].count("?") == len(Search(CLAIM, found.certificate["proof"]["tree"]).open)
    assert found.boxes > 0


def test_a_part_that_fails_on_a_worker_ends_the_search(tmp_path: Path) -> None:
    with running(tmp_path) as (address, _), cluster_workers(address) as workers:
        both_there(workers)
        with pytest.raises(OSError, match=r"^a worker of the cluster failed: "):
            list(workers.run([("no statement", Search(CLAIM).open, 1.0, 0.1, 1000)]))


def test_the_command_line_on_a_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").mkdir()
    file = tmp_path / "t.smt2"
    file.write_text(QUESTION)
    with running(tmp_path / "logs") as (address, _):
        code, out, _ = called(capsys, "prove", str(file), "--out", str(tmp_path / "out"), "--scheduler", address)
    assert code == 0
    assert "1 problems: 1 proved" in out


def test_a_scheduler_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cluster.CONNECT_SECONDS <= 15.0
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    file = tmp_path / "t.smt2"
    file.write_text(QUESTION)
    with socket.socket() as taken:  # bound and not listening: nobody else's scheduler either
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        code, out, err = called(capsys, "prove", str(file), "--out", str(tmp_path / "out"), "--scheduler", address)
    assert (code, out) == (2, "")
    assert err == f"verify: error: --scheduler {address}: cannot be reached (OSError)\n"
    code, out, err = called(capsys, "prove", str(file), "--out", str(tmp_path / "out"), "--scheduler", "tls://a:1")
    assert (code, out) == (2, "")
    assert err.startswith("verify: error: --scheduler tls://a:1: certificates are missing")


@pytest.mark.parametrize(
    "address", ["host:8786", "http://host:1", "tcp://host", "tcp://", "tcp://a b:1", "tcp://h:1/x"]
)
def test_what_is_no_address(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "t.smt2"
    file.write_text(QUESTION)
    out = tmp_path / "out"
    code, _, err = called(capsys, "prove", str(file), "--out", str(out), "--scheduler", address)
    assert code == 2
    assert len(err.splitlines()) == 1
    assert address in err
    assert not out.exists()


def test_a_package_that_is_missing_is_named_with_its_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    file = tmp_path / "t.smt2"
    file.write_text(QUESTION)
    code, _, err = called(
        capsys, "prove", str(file), "--out", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:1"
    )
    assert code == 2
    assert err.splitlines() == [
        "verify: error: the package distributed is missing; install this project with pip to get it: "
        "pip install '.[cluster]'"
    ]
