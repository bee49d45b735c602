"""Speed of proving inequalities: against other methods, by dimension, by distance from the sharp bound, by box.

Run from the repository root: ``python -m benchmarks.prove [--seconds 20] [--only methods rate]``. Prints Markdown
tables; benchmarks/README.md says how they are measured.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import contextlib
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from statistics import median as middle
from typing import Any

import numpy as np
import sympy as sp

from benchmarks.methods import (
    MAX_BOXES,
    PACKAGES,
    Arithmetic,
    Walker,
    contracted,
    figures,
    flint_arithmetic,
    median,
    mpmath_arithmetic,
    recheck,
)
from benchmarks.problems import (
    NEAR,
    Problem,
    chain_form,
    near_minimum,
    own_problems,
    polynomial_problems,
    transcendental_problems,
)
from verify.encode import make_statement
from verify.kernel.statements import Statement
from verify.provers.bisection import Bisection, BisectionResult
from verify.provers.smt import decide
from verify.searching import FIRST_BOXES, LocalWorkers, Reach, Search, local_workers
from verify.theorems.remainder import upper_bound_statement

TABLES = ("methods", "dimension", "gap", "rate")
DIMENSIONS = range(2, 9)
GAPS = ("1/10", "1/100", "1/1000", "1/10000", "1/100000", "1/1000000")
REPEATS, SHORT = 5, 1.0  # a run shorter than this many seconds is repeated
RESOLUTION = 0.02  # seconds of a solver without the start of its process that can be told
MOST_LEAVES = 200_000  # larger certificates are not re-checked here
PROCESSES = 2
TRIVIAL = make_statement({sp.Symbol("x"): (0, 1)}, (sp.Symbol("x"), ">=", -1))


@dataclass(frozen=True)
class Cell:
    """Seconds of one method, or a word; `sign` goes before the ratio (">" a limit that was reached, "<")."""

    seconds: float | None = None
    sign: str = ""
    word: str = "-"

    def text(self, ours: float) -> str:
        """Return the ratio to `ours` seconds, or the word."""
        return self.word if self.seconds is None else self.sign + figures(self.seconds / ours)


@contextlib.contextmanager
def all_cores() -> Iterator[None]:
    """Give the process all cores for a while."""
    try:
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    except (AttributeError, OSError):
        yield
        return
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


@contextlib.contextmanager
def started() -> Iterator[LocalWorkers]:
    """Return workers on all cores that have done something, so that their start is over."""
    text = TRIVIAL.text()
    with all_cores(), local_workers(PROCESSES) as workers:
        list(workers.run([(text, np.array([[[0.0, 1.0]]]), 1.0, 1e-9, 1_000)] * 16 * PROCESSES))
        yield workers


def steady(run: Callable[[], Any]) -> tuple[Any, float]:
    """Return a run's result and its seconds: the median of REPEATS more runs if it is short."""
    began = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - began
    return (result, seconds) if seconds > SHORT else median(run, REPEATS)


def searched(statement: Statement, seconds: float, **options: Any) -> tuple[BisectionResult, float]:
    return steady(lambda: Bisection(statement, **options).run(MAX_BOXES, seconds))


def checked(statement: Statement, result: BisectionResult) -> Cell:
    """Measure the kernel on the certificate of a finished search."""
    if not result.decided or result.leaves > MOST_LEAVES:
        return Cell(word="not measured")
    return Cell(recheck([statement], [result.tree], 0 if result.leaves > 2_000 else REPEATS))


def by_two(statement: Statement, result: BisectionResult, seconds: float) -> Cell:
    """Measure the search on two processes that have been started; the tree must be the same."""
    if result.boxes <= FIRST_BOXES:
        return Cell(word="not split")
    with started() as workers:
        began = time.perf_counter()
        found = Search(statement).go_on(Reach(seconds=seconds), workers)
        spent = time.perf_counter() - began
    if found.decided and found.tree != result.tree:
        raise SystemExit("two processes found another tree than one: nothing to compare")
    return Cell(spent, "" if found.decided else ">")


def looped(statement: Statement, numbers: Arithmetic | None, seconds: float) -> Cell:
    if numbers is None:
        return Cell(word="not installed")
    walker = Walker(statement, numbers)
    (_, spent, finished), _ = steady(lambda: walker.run(seconds))
    return Cell(spent, "" if finished else ">")


def contracting(statement: Statement, seconds: float) -> Cell:
    if find_spec("codac") is None:
        return Cell(word="not installed")
    answer, spent, _ = contracted(statement, seconds)
    if answer == "proved" and spent < SHORT:
        spent = middle(contracted(statement, seconds)[1] for _ in range(3))
    return Cell(word="undecided") if answer == "undecided" else Cell(spent, "" if answer == "proved" else ">")


def start_up(solver: str) -> float:
    """Return the seconds in which a solver answers a trivial query."""
    return middle(decide(TRIVIAL, 10.0, (solver,))[solver].seconds for _ in range(3))


def solved(problem: Problem, solver: str, start: float, seconds: float) -> Cell:
    if not problem.algebraic:
        return Cell(word="-")
    answer = decide(problem.statement, seconds, (solver,))[solver]
    if answer.answer == "timeout":
        return Cell(seconds, ">")
    if answer.answer != "unsat":
        return Cell(word=answer.message if answer.message == "not installed" else answer.answer)
    spent = answer.seconds - start
    return Cell(spent) if spent > RESOLUTION else Cell(RESOLUTION, "<")


def compare_methods(seconds: float) -> None:
    """Print the ratios of all methods' times to that of the engine's search."""
    loops = (mpmath_arithmetic(), flint_arithmetic())
    starts = {solver: start_up(solver) for solver in PACKAGES}
    columns = ["problem", "variables", "gap", "boxes", "leaves", "engine, seconds", "kernel", "numpy", "two processes"]
    columns += ["`mpmath.iv`", "`arb`", "codac", *PACKAGES]
    groups = {"Own claims": own_problems(), "Polynomials": polynomial_problems()}
    for title, problems in (groups | {"Elementary functions": transcendental_problems()}).items():
        heading(title, columns)
        for problem in problems:
            s = problem.statement
            result, ours = searched(s, seconds)
            if not result.decided:
                row(
                    [
                        problem.name,
                        len(s.variables),
                        f"undecided after {seconds:g} seconds",
                        *["-"] * (len(columns) - 3),
                    ]
                )
                continue
            slower, spent = searched(s, seconds, compiled=False)
            cells = [checked(s, result), Cell(spent, "" if slower.decided else ">")]
            cells += [by_two(s, result, seconds), *(looped(s, numbers, seconds) for numbers in loops)]
            cells += [contracting(s, seconds), *(solved(problem, name, starts[name], seconds) for name in PACKAGES)]
            gap = "-" if problem.gap is None else f"{problem.gap:.0e}"
            head = [problem.name, len(s.variables), gap, f"{result.boxes:,}", f"{result.leaves:,}", figures(ours)]
            row([*head, *(cell.text(ours) for cell in cells)])
    said = ", ".join(f"{solver} {figures(start)} s" for solver, start in starts.items())
    print(f"\nA solver's process and a trivial query, not counted: {said}")


def heading(title: str, columns: list[str]) -> None:
    print(f"\n{title}\n\n| {' | '.join(columns)} |")
    print(f"| --- |{' ---: |' * (len(columns) - 1)}", flush=True)


def row(values: list[Any]) -> None:
    print(f"| {' | '.join(str(v) for v in values)} |", flush=True)


def grow(problem: Problem, label: str, seconds: float) -> bool:
    """Print one line of a table of growth; return whether the search was decided."""
    result, ours = searched(problem.statement, seconds)
    if not result.decided:
        row([label, f">{result.boxes:,}", "-", f">{figures(seconds)}", "-"])
        return False
    kernel = checked(problem.statement, result)
    seconds_kernel = kernel.word if kernel.seconds is None else figures(kernel.seconds)
    row([label, f"{result.boxes:,}", f"{result.leaves:,}", figures(ours), seconds_kernel])
    return True


COSTS = ["boxes", "leaves", "search, seconds", "kernel, seconds"]


def by_dimension(seconds: float) -> None:
    """Print the cost of the quadratic form by its dimension, until the limit is reached."""
    heading("Quadratic form in n variables, 1/1000 from its minimum", ["n", *COSTS])
    for n in DIMENSIONS:
        if not grow(chain_form(n, "1/1000"), str(n), seconds):
            break


def by_gap(seconds: float) -> None:
    """Print the cost by the distance of the claimed bound from the minimum, until the limit is reached."""
    for name in NEAR:
        heading(name, ["distance", *COSTS])
        for gap in GAPS:
            if not grow(near_minimum(name, gap), gap, seconds):
                break


def rate_of_engine(statement: Statement, seconds: float, **options: Any) -> float:
    """Return boxes per second on one core, searching again and again; compiling is not counted."""
    bisection, boxes, spent = Bisection(statement, **options), 0, 0.0
    bisection.run(max_boxes=1)
    while spent < seconds:
        began = time.perf_counter()
        boxes += bisection.run(MAX_BOXES, seconds - spent).boxes
        spent += time.perf_counter() - began
    return boxes / spent


def rate_of_two(statement: Statement, seconds: float) -> float | None:
    """Return boxes per second on two processes together, compiling counted; None if the search is not split."""
    with started() as workers:
        began = time.perf_counter()
        found = Search(statement).go_on(Reach(seconds=seconds), workers)
        spent = time.perf_counter() - began
    return found.boxes / spent if found.boxes > FIRST_BOXES else None


def rate_of_loop(statement: Statement, numbers: Arithmetic, seconds: float) -> float:
    boxes, spent, _ = Walker(statement, numbers).run(seconds)
    return boxes / spent


def rates(seconds: float) -> None:
    """Print boxes per second."""
    seconds = min(seconds, 5.0)
    forms = {
        "4 variables": chain_form(4, "1/1000").statement,
        "6 variables": chain_form(6, "1/1000").statement,
        "E2": upper_bound_statement(4, sp.Rational(1, 10_000_000)),
    }
    plain = {"mean_value": False, "narrowing": False}
    methods: dict[str, Callable[[Statement], float | None]] = {
        "engine, plain evaluation": lambda s: rate_of_engine(s, seconds, compiled=True, **plain),
        "engine, plain evaluation, numpy": lambda s: rate_of_engine(s, seconds, compiled=False, **plain),
        "engine, the default": lambda s: rate_of_engine(s, seconds, compiled=True),
        "engine, the default, numpy": lambda s: rate_of_engine(s, seconds, compiled=False),
        "engine, the default, two processes": lambda s: rate_of_two(s, seconds),
    }
    for numbers in filter(None, (mpmath_arithmetic(), flint_arithmetic())):
        methods[f"loop over {numbers.name}"] = partial(rate_of_loop, numbers=numbers, seconds=seconds)
    columns = ["method", *(text for name in forms for text in (name, f"{name}, ratio"))]
    heading("Boxes per second: quadratic forms 1/1000 from their minimum, E2 <= 1e-7 at depth 4", columns)
    first: list[float | None] = []
    for name, measure in methods.items():
        found = [measure(s) for s in forms.values()]
        first = first or found
        said = [
            (f"{r:,.0f}", figures(r / f)) if r and f else ("not split", "-") for f, r in zip(first, found, strict=True)
        ]
        row([name, *(text for pair in said for text in pair)])


def versions() -> str:
    """Name the versions of what is compared."""
    names = ["numpy", "llvmlite", "mpmath", "python-flint", "codac", *PACKAGES.values()]
    said = [f"Python {platform.python_version()}"]
    for name in names:
        try:
            said.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            said.append(f"{name} not installed")
    return ", ".join(said)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the prover of inequalities.")
    parser.add_argument("--seconds", type=float, default=20.0, help="limit of each method on each problem")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=TABLES, metavar="TABLE", help=", ".join(TABLES))
    options = parser.parse_args()
    load = "unknown"
    with contextlib.suppress(AttributeError, OSError):
        load = f"{os.getloadavg()[0]:.1f}"
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(
        f"{versions()}; {os.cpu_count()} cores; load average before the run {load}; limit {options.seconds:g} seconds"
    )
    tables = {"methods": compare_methods, "dimension": by_dimension, "gap": by_gap, "rate": rates}
    for name in options.only:
        tables[name](options.seconds)


if __name__ == "__main__":
    main()
