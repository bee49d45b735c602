"""The methods that the benchmarks of the prover compare, and how their times are written.

Ours: the search (`search`) and the kernel's check of its certificate (`recheck`). Others: a plain loop over the
interval numbers of a library (`Walker`) and the contractors of codac (`contracted`).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt, ulp
from typing import Any

from mpmath import iv
from mpmath.libmp import ComplexResult

from verify.kernel.certificates import dump, read_certificate
from verify.kernel.checker import check
from verify.kernel.statements import Relation, Statement
from verify.kernel.terms import FUNCTIONS, Node, extract
from verify.provers.bisection import DRIFT, Bisection, BisectionResult

PACKAGES = {"z3": "z3-solver", "cvc5": "cvc5"}
MAX_BOXES, SEARCH_SECONDS = 50_000_000, 600.0


def figures(value: float) -> str:
    """Write a positive number with two significant figures, three from 100 on."""
    return f"{value:#.2g}".rstrip(".") if value < 99.5 else f"{float(f'{value:.3g}'):,.0f}"


def median(run: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """Return the result of one run and the median wall time of `repeats` more runs, or without these its own."""
    began = time.perf_counter()
    result, seconds = run(), []
    if not repeats:
        return result, time.perf_counter() - began
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return result, statistics.median(seconds)


def search(statements: Sequence[Statement], repeats: int, **options: Any) -> tuple[list[BisectionResult], float]:
    """Search the tree of every statement with the engine, compiling included; `options` are those of `Bisection`."""

    def run() -> list[BisectionResult]:
        return [Bisection(s, **options).run(MAX_BOXES, SEARCH_SECONDS) for s in statements]

    results, seconds = median(run, repeats)
    if not all(r.decided for r in results):
        raise SystemExit("the search left boxes undecided: nothing to compare with")
    return results, seconds


def recheck(statements: Sequence[Statement], trees: Sequence[str], repeats: int) -> float:
    """Re-check certificates with the kernel, from the bytes of the file to the verdict; return the seconds."""
    contents = [
        json.dumps(dump(s, {"rule": "bisection", "tree": tree})).encode()
        for s, tree in zip(statements, trees, strict=True)
    ]
    verdicts, seconds = median(lambda: [check(read_certificate(content)) for content in contents], repeats)
    if set(verdicts) != {"proved"}:
        raise SystemExit("the kernel does not accept a certificate: nothing to compare with")
    return seconds


@dataclass(frozen=True)
class Arithmetic:
    """Interval numbers of a library; they have + - * / and comparisons that are not true where undecided."""

    name: str
    rational: Callable[[Fraction], Any]
    interval: Callable[[float, float], Any]
    power: Callable[[Any, int], Any]
    functions: Mapping[str, Callable[..., Any]]


def mpmath_arithmetic() -> Arithmetic:
    """Return mpmath's intervals. It has no asin, acos, sinh, cosh, tanh: these are made of those it has."""

    def paired(choose: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        return lambda x, y: iv.mpf([choose(x.a, y.a), choose(x.b, y.b)])

    functions = {name: getattr(iv, name) for name in ("sqrt", "exp", "log", "sin", "cos", "tan")}
    functions |= {
        "abs": abs,
        "min": paired(min),
        "max": paired(max),
        "atan": lambda x: iv.atan2(x, iv.mpf(1)),
        "asin": lambda x: iv.atan2(x, iv.sqrt(1 - x**2)),
        "acos": lambda x: iv.atan2(iv.sqrt(1 - x**2), x),
        "sinh": lambda x: (iv.exp(x) - iv.exp(-x)) / 2,
        "cosh": lambda x: (iv.exp(abs(x)) + iv.exp(-abs(x))) / 2,
        "tanh": lambda x: 1 - 2 / (iv.exp(2 * x) + 1),
    }
    return Arithmetic(
        "`mpmath.iv`",
        lambda q: iv.mpf(q.numerator) / q.denominator,
        lambda lo, hi: iv.mpf([lo, hi]),
        lambda x, n: x**n,
        functions,
    )


def flint_arithmetic() -> Arithmetic | None:
    """Return python-flint's balls, None where it is not installed.

    Powers are products: `arb(0, 1) ** 2` is nan. A ball that should end at 0 goes a little below it, where `sqrt` is
    nan; so roots are taken of the ends, a negative one read as 0.
    """
    try:
        from flint import arb, fmpq
    except ImportError:
        return None

    def power(x: Any, n: int) -> Any:
        result = arb(1)
        for _ in range(n):
            result = result * x
        return result

    def root(x: Any) -> Any:
        return x.sqrt() if x > 0 else x.lower().max(arb(0)).sqrt().union(x.upper().sqrt())

    functions = {name: getattr(arb, name) for name in ("min", "max", *FUNCTIONS) if name != "abs"}
    return Arithmetic(
        "python-flint `arb`",
        lambda q: arb(fmpq(q.numerator, q.denominator)),
        lambda lo, hi: arb(lo).union(arb(hi)),
        power,
        {**functions, "abs": abs, "sqrt": root},
    )


class Walker:
    """Decides single boxes of one statement by walking its term tables, as a plain program would."""

    def __init__(self, statement: Statement, numbers: Arithmetic) -> None:
        self.numbers, self.names = numbers, [v.name for v in statement.variables]
        self.relations = [(r, self._table(statement, r)) for r in statement.hypotheses]
        self.conclusion = (statement.conclusion, self._table(statement, statement.conclusion))
        bounds = [[b for b in (v.lower, v.upper) if b is not None] for v in statement.variables]
        self.start = [(float(lo), float(hi)) for lo, hi in bounds]
        self.scale = [1 / (hi - lo) if hi > lo else 1.0 for lo, hi in self.start]
        # as in the engine: a bound that is no float, and midpoints made from it, are off by less than this
        self.slack = [
            0.0 if all(Fraction(float(b)) == b for b in side) else DRIFT * max(ulp(float(b)) for b in side)
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
                case name:
                    value = self.numbers.functions[name](*(values[i] for i in node.args))
            values.append(value)
        return values[-1]

    def decides(self, sides: list[tuple[float, float]]) -> bool:
        """Whether a hypothesis fails all over the box or the conclusion holds all over it."""
        box = {
            name: self.numbers.interval(lo - slack, hi + slack)
            for name, (lo, hi), slack in zip(self.names, sides, self.slack, strict=True)
        }
        try:
            for relation, table in self.relations:
                gap = self._gap(table, box)
                if gap <= 0 if relation.strict else gap < 0:
                    return True
            relation, table = self.conclusion
            gap = self._gap(table, box)
            return bool(gap > 0 if relation.strict else gap >= 0)
        except (ComplexResult, ZeroDivisionError):  # not defined all over the box
            return False

    def run(self, seconds: float) -> tuple[int, float, bool]:
        """Cut along the relatively widest side until all is decided or time is up: boxes, seconds, whether all is."""
        stack, boxes, began = [self.start], 0, time.perf_counter()
        while stack and time.perf_counter() - began < seconds:
            sides = stack.pop()
            boxes += 1
            if self.decides(sides):
                continue
            # as the engine scores, so that ties fall alike
            wide = [(hi + s) - (lo - s) for (lo, hi), s in zip(sides, self.slack, strict=True)]
            score = [1e-3 * sqrt(sqrt(sqrt(w * scale))) for w, scale in zip(wide, self.scale, strict=True)]
            axis = score.index(max(score))
            lo, hi = sides[axis]
            middle = 0.5 * (lo + hi)
            for half in ((middle, hi), (lo, middle)):
                stack.append([*sides[:axis], half, *sides[axis + 1 :]])
        return boxes, time.perf_counter() - began, not stack


def contracted(statement: Statement, seconds: float) -> tuple[str, float, int]:
    """Ask codac in a process of its own (importing it changes the rounding of the process).

    Return "proved", "undecided" or "timeout", the seconds without the start of the process, and the boxes.
    """
    command = [sys.executable, "-m", "benchmarks.contractors"]
    try:
        done = subprocess.run(command, input=statement.text(), capture_output=True, text=True, timeout=seconds + 2)
    except subprocess.TimeoutExpired:
        return "timeout", seconds, 0
    if done.returncode:
        raise SystemExit(f"codac: {done.stderr.strip().splitlines()[-1]}")
    answer = json.loads(done.stdout)
    return answer["answer"], answer["seconds"], answer["boxes"]
