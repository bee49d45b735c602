"""Speed of the bisection engine on one claim, against a plain interval loop and against SMT solvers.

The claim has two statements: -13/5 <= E2 and E2 <= 1/2 for all sorted shapes, a in [6/5, 2], |t| <= 3/25, at depth 4
(and at depth 2, a size that may suit SMT solvers better). Every method runs on one core, one after another.

Run from the repository root: ``python -m benchmarks.engine [--solver-seconds 100]``. Prints Markdown tables.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import contextlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

import sympy as sp
from mpmath.libmp import BACKEND

from benchmarks.methods import (
    PACKAGES,
    Arithmetic,
    Walker,
    figures,
    flint_arithmetic,
    mpmath_arithmetic,
    recheck,
    search,
)
from verify.encode import make_statement
from verify.kernel.statements import Statement
from verify.provers.smt import SOLVERS, decide
from verify.theorems.remainder import HIGHEST_A, LOWEST_A, SHIFT, regular_remainder, shape_variables
from verify.theorems.writing import symbols

DEPTHS = (4, 2)
LOWER, UPPER = sp.Rational(-13, 5), sp.Rational(1, 2)


@dataclass(frozen=True)
class Row:
    """One line of a table: `boxes` None where a method has none; `sign` goes before seconds and ratio ("~", ">")."""

    method: str
    answer: str
    boxes: int | None
    seconds: float
    sign: str = ""

    def text(self, ours: float) -> str:
        """Return the line; `ours` are the seconds of the method all others are compared with."""
        boxes, rate = ("-", "-") if self.boxes is None else (f"{self.boxes:,}", figures(self.boxes / self.seconds))
        seconds, ratio = (self.sign + figures(x) for x in (self.seconds, self.seconds / ours))
        return f"| {self.method} | {self.answer} | {boxes} | {seconds} | {rate} | {ratio} |"


def remainder_statements(depth: int) -> tuple[Statement, Statement]:
    """Return E2 >= LOWER and E2 <= UPPER over all sorted shapes, a and t."""
    (a, t), (_, alphas, bounds, order) = symbols("a t"), shape_variables(depth)
    value = regular_remainder(alphas, a, t)
    over = {**bounds, a: (LOWEST_A, HIGHEST_A), t: (-SHIFT, SHIFT)}
    return make_statement(over, (value, ">=", LOWER), order), make_statement(over, (value, "<=", UPPER), order)


def loop_row(statements: Sequence[Statement], numbers: Arithmetic, needed: Sequence[int], seconds: float) -> Row:
    """Measure the loop; what it does not finish in time is extrapolated, statement by statement, to `needed` boxes."""
    boxes, total, extrapolated = 0, 0.0, False
    for statement, need in zip(statements, needed, strict=True):
        count, spent, finished = Walker(statement, numbers).run(seconds)
        extrapolated |= not finished
        boxes += count if finished else need
        total += spent if finished else spent * need / count
    name = f"loop over {numbers.name}, one box at a time"
    return Row(name, "extrapolated" if extrapolated else "proved", boxes, total, "~" if extrapolated else "")


def solver_row(solver: str, statements: Sequence[Statement], seconds: float) -> Row:
    """Ask one solver about each statement in turn, in a process of its own, start-up included."""
    answers = [decide(s, seconds, (solver,))[solver] for s in statements]
    words = ", ".join(a.answer if a.answer != "error" else f"error ({a.message})" for a in answers)
    total = sum(a.seconds for a in answers)
    return Row(f"{solver} {version(PACKAGES[solver])}", words, None, total, "" if "timeout" not in words else ">")


def compare(depth: int, solver_seconds: float, loop_seconds: float, repeats: int) -> None:
    """Measure every method at one depth and print the table."""
    statements = remainder_statements(depth)
    flat, ours = search(statements, repeats)
    plain, plain_seconds = search(statements, repeats, mean_value=False, narrowing=False)
    boxes, plain_boxes = sum(r.boxes for r in flat), sum(r.boxes for r in plain)
    rows = [
        Row("engine, mean-value form (the default)", "proved", boxes, ours),
        Row("engine, plain evaluation", "proved", plain_boxes, plain_seconds),
    ]
    for name, found in (("mean-value", flat), ("plain", plain)):
        leaves, seconds = sum(r.leaves for r in found), recheck(statements, [r.tree for r in found], min(repeats, 3))
        rows.append(Row(f"kernel, leaves of the {name} certificates", "proved", leaves, seconds))
    flint = flint_arithmetic()
    loops = [
        loop_row(statements, numbers, [r.boxes for r in plain], loop_seconds)
        for numbers in (mpmath_arithmetic(), flint)
        if numbers is not None
    ]
    rows += loops + [solver_row(solver, statements, solver_seconds) for solver in SOLVERS]
    print(f"\nDepth {depth}, both statements together\n")
    print("| method | answer | boxes | seconds | boxes per second | ratio to ours (seconds) |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for row in rows:
        print(row.text(ours))
    flat_proof, plain_proof = ours + rows[2].seconds, plain_seconds + rows[3].seconds
    print(f"\nSearch and re-check: plain evaluation {figures(plain_proof / flat_proof)} times the mean-value form.")
    for row in loops:
        ratio = (row.seconds / (row.boxes or 1)) / (plain_seconds / plain_boxes)
        print(f"Time a box, {row.method}: {figures(ratio)} times that of the engine's plain evaluation.")
    if flint is None:
        print("Loop over python-flint: not installed, skipped.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the engine with other ways to decide one claim.")
    parser.add_argument("--solver-seconds", type=float, default=100.0, help="limit of a solver, each statement")
    parser.add_argument("--loop-seconds", type=float, default=20.0, help="limit of a plain loop, each statement")
    parser.add_argument("--repeats", type=int, default=7, help="runs whose median is taken")
    options = parser.parse_args()
    load = "unknown"
    with contextlib.suppress(AttributeError, OSError):
        load = f"{os.getloadavg()[0]:.1f}"
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    versions = f"Python {platform.python_version()}, numpy {version('numpy')}, mpmath {version('mpmath')} ({BACKEND})"
    print(f"-13/5 <= E2 <= 1/2. {versions}; one core of {os.cpu_count()}; load average before the run {load}")
    for depth in DEPTHS:
        compare(depth, options.solver_seconds, options.loop_seconds, max(1, options.repeats))


if __name__ == "__main__":
    main()
