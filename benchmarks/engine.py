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
import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from math import ulp
from typing import Any

import sympy as sp
from mpmath import iv
from mpmath.libmp import BACKEND

from verify.encode import make_statement
from verify.kernel.certificates import dump, read_certificate
from verify.kernel.checker import check
from verify.kernel.statements import Relation, Statement
from verify.kernel.terms import Node, extract
from verify.provers.bisection import FAIRNESS, Bisection, BisectionResult
from verify.provers.smt import SOLVERS, decide
from verify.theorems.remainder import HIGHEST_A, LOWEST_A, SHIFT, regular_remainder, shape_variables
from verify.theorems.writing import symbols

DEPTHS = (4, 2)
LOWER, UPPER = sp.Rational(-13, 5), sp.Rational(1, 2)
PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5"}
MAX_BOXES, SEARCH_SECONDS = 50_000_000, 600.0


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


def figures(value: float) -> str:
    """Write a positive number with two significant figures, three from 100 on."""
    return f"{value:#.2g}".rstrip(".") if value < 99.5 else f"{float(f'{value:.3g}'):,.0f}"


def remainder_statements(depth: int) -> tuple[Statement, Statement]:
    """Return E2 >= LOWER and E2 <= UPPER over all sorted shapes, a and t."""
    (a, t), (_, alphas, bounds, order) = symbols("a t"), shape_variables(depth)
    value = regular_remainder(alphas, a, t)
    over = {**bounds, a: (LOWEST_A, HIGHEST_A), t: (-SHIFT, SHIFT)}
    return make_statement(over, (value, ">=", LOWER), order), make_statement(over, (value, "<=", UPPER), order)


def median(run: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """Return the result of one run and the median wall time of `repeats` runs, after one that is not counted."""
    result, seconds = run(), []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return result, statistics.median(seconds)


def search(statements: Sequence[Statement], mean_value: bool, repeats: int) -> tuple[list[BisectionResult], float]:
    """Search both trees with the engine, compiling the terms included."""

    def run() -> list[BisectionResult]:
        return [Bisection(s, mean_value=mean_value).run(MAX_BOXES, SEARCH_SECONDS) for s in statements]

    results, seconds = median(run, repeats)
    if not all(r.decided for r in results):
        raise SystemExit("the search left boxes undecided: nothing to compare with")
    return results, seconds


def recheck(statements: Sequence[Statement], results: Sequence[BisectionResult], repeats: int) -> float:
    """Re-check both certificates with the kernel, from the bytes of the file to the verdict."""
    contents = [
        json.dumps(dump(s, {"rule": "bisection", "tree": r.tree})).encode()
        for s, r in zip(statements, results, strict=True)
    ]
    verdicts, seconds = median(lambda: [check(read_certificate(content)) for content in contents], repeats)
    if set(verdicts) != {"proved"}:
        raise SystemExit("the kernel does not accept a certificate: nothing to compare with")
    return seconds


@dataclass(frozen=True)
class Arithmetic:
    """Interval numbers of a library; they have + - * / and comparisons that are false where undecided."""

    name: str
    rational: Callable[[Fraction], Any]
    interval: Callable[[float, float], Any]
    power: Callable[[Any, int], Any]
    root: Callable[[Any], Any]


def mpmath_arithmetic() -> Arithmetic:
    return Arithmetic(
        "`mpmath.iv`",
        lambda q: iv.mpf(q.numerator) / q.denominator,
        lambda lo, hi: iv.mpf([lo, hi]),
        lambda x, n: x**n,
        iv.sqrt,
    )


def flint_arithmetic() -> Arithmetic | None:
    """Return python-flint's balls, None where it is not installed. Powers are products: `arb(0, 1) ** 2` is nan."""
    try:
        from flint import arb, fmpq
    except ImportError:
        return None

    def power(x: Any, n: int) -> Any:
        result = arb(1)
        for _ in range(n):
            result = result * x
        return result

    return Arithmetic(
        "python-flint `arb`",
        lambda q: arb(fmpq(q.numerator, q.denominator)),
        lambda lo, hi: arb(lo).union(arb(hi)),
        power,
        lambda x: x.sqrt(),
    )


class Walker:
    """Decides single boxes of one statement by walking its term tables, as a plain program would."""

    def __init__(self, statement: Statement, numbers: Arithmetic) -> None:
        self.numbers, self.names = numbers, [v.name for v in statement.variables]
        self.relations = [(r, self._table(statement, r)) for r in statement.hypotheses]
        self.conclusion = (statement.conclusion, self._table(statement, statement.conclusion))
        bounds = [[b for b in (v.lower, v.upper) if b is not None] for v in statement.variables]
        self.start = [(float(lo), float(hi)) for lo, hi in bounds]
        # as in the engine: a bound that is no float, and midpoints made from it, are off by less than this
        self.slack = [
            0.0 if all(Fraction(float(b)) == b for b in side) else 4 * max(ulp(float(b)) for b in side)
            for side in bounds
        ]

    def _table(self, statement: Statement, relation: Relation) -> list[tuple[Node, Any]]:
        nodes = extract(statement.nodes, relation.gap)
        return [(node, self.numbers.rational(node.value) if node.op == "const" else None) for node in nodes]

    def _gap(self, table: list[tuple[Node, Any]], box: dict[str, Any]) -> Any:
        values: list[Any] = []
        for node, constant in table:
            match node.op:
                case "const":
                    value = constant
                case "var":
                    value = box[node.name]
                case "+":
                    value = values[node.args[0]] + values[node.args[1]]
                case "-":
                    value = values[node.args[0]] - values[node.args[1]]
                case "*" if node.args[0] == node.args[1]:
                    value = self.numbers.power(values[node.args[0]], 2)
                case "*":
                    value = values[node.args[0]] * values[node.args[1]]
                case "/":
                    value = values[node.args[0]] / values[node.args[1]]
                case "neg":
                    value = -values[node.args[0]]
                case "^":
                    value = self.numbers.power(values[node.args[0]], node.exponent)
                case "sqrt":
                    value = self.numbers.root(values[node.args[0]])
                case other:
                    raise ValueError(f"no rule for {other!r}")
            values.append(value)
        return values[-1]

    def decides(self, sides: list[tuple[float, float]]) -> bool:
        """Whether a hypothesis fails all over the box or the conclusion holds all over it."""
        box = {
            name: self.numbers.interval(lo - slack, hi + slack)
            for name, (lo, hi), slack in zip(self.names, sides, self.slack, strict=True)
        }
        for relation, table in self.relations:
            gap = self._gap(table, box)
            if gap <= 0 if relation.strict else gap < 0:
                return True
        relation, table = self.conclusion
        gap = self._gap(table, box)
        return bool(gap > 0 if relation.strict else gap >= 0)

    def run(self, seconds: float) -> tuple[int, float, bool]:
        """Cut along the relatively widest side until all is decided or time is up: boxes, seconds, whether all is."""
        stack, boxes, began = [self.start], 0, time.perf_counter()
        while stack and time.perf_counter() - began < seconds:
            sides = stack.pop()
            boxes += 1
            if self.decides(sides):
                continue
            width = [(hi - lo) / (top - low) for (lo, hi), (low, top) in zip(sides, self.start, strict=True)]
            score = [1e-3 * w**FAIRNESS for w in width]  # as the engine scores, so that ties fall alike
            axis = score.index(max(score))
            lo, hi = sides[axis]
            middle = 0.5 * (lo + hi)
            for half in ((middle, hi), (lo, middle)):
                stack.append([*sides[:axis], half, *sides[axis + 1 :]])
        return boxes, time.perf_counter() - began, not stack


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
    flat, ours = search(statements, True, repeats)
    plain, plain_seconds = search(statements, False, repeats)
    boxes, plain_boxes = sum(r.boxes for r in flat), sum(r.boxes for r in plain)
    rows = [
        Row("engine, mean-value form (the default)", "proved", boxes, ours),
        Row("engine, plain evaluation", "proved", plain_boxes, plain_seconds),
    ]
    for name, found in (("mean-value", flat), ("plain", plain)):
        leaves, seconds = sum(r.leaves for r in found), recheck(statements, found, min(repeats, 3))
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
