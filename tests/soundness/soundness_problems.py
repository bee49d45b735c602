"""Random small polynomial problems in SMT-LIB 2, and what z3 and cvc5 say of their texts, each in a process of its own.

As a program, `python soundness_problems.py SOLVER SECONDS` reads a JSON list of texts and writes an answer a line.
"""

import json
import random
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[2]
COUNT = 60
NAMES = ("x", "y", "z")
START_SECONDS, GRACE_SECONDS = 20.0, 0.5
MEMORY = 3 << 30
READY = "ready"
Powers = tuple[int, ...]
Polynomial = dict[Powers, int]


def polynomial(rng: random.Random, variables: int, degree: int, terms: int) -> Polynomial:
    """Return a random polynomial with small coefficients and an even leading power, so that it has a least value."""
    result: Polynomial = {}
    for _ in range(terms):
        powers = [0] * variables
        for _ in range(rng.randint(1, degree)):
            powers[rng.randrange(variables)] += 1
        result[tuple(powers)] = rng.choice([-3, -2, -1, 1, 2, 3])
    for k in range(variables):
        top = tuple((degree // 2 * 2) * (i == k) for i in range(variables))
        result[top] = abs(result.get(top, 0)) + 1
    return result


def value(p: Polynomial, point: tuple[Fraction, ...]) -> Fraction:
    total = Fraction(0)
    for powers, coefficient in p.items():
        term = Fraction(coefficient)
        for base, power in zip(point, powers, strict=True):
            term *= base**power
        total += term
    return total


def number(value: Fraction | int) -> str:
    value = Fraction(value)
    size = str(abs(value.numerator)) if value.denominator == 1 else f"(/ {abs(value.numerator)} {value.denominator})"
    return f"(- {size})" if value < 0 else size


def term(p: Polynomial, rng: random.Random) -> str:
    """Write a polynomial; powers as products or with ^ , which both solvers read."""
    terms = []
    for powers, coefficient in p.items():
        factors = [number(coefficient)]
        for name, power in zip(NAMES, powers, strict=False):
            factors += [name] * power
        rng.shuffle(factors)
        terms.append(f"(* {' '.join(factors)})" if len(factors) > 1 else factors[0])
    return f"(+ {' '.join(terms)})" if len(terms) > 1 else terms[0]


def _grid(sides: list[tuple[int, int]]) -> list[tuple[Fraction, ...]]:
    """Return points on a grid, of multiples of 1/4 or, for three variables, 1/2."""
    steps = 8 if len(sides) < 3 else 4
    return list(product(*([lo + Fraction((hi - lo) * k, steps) for k in range(steps + 1)] for lo, hi in sides)))


def problem(seed: int) -> str:
    """Return the text of one problem: a polynomial is at most a number that is close to its least value on a grid.

    By the seed there are no hypotheses, one, a clause, or an equation; comparisons are strict or not.
    """
    rng = random.Random(seed)
    variables, kind = rng.choice([2, 2, 3]), seed % 4
    degree = rng.choice([2, 3, 4]) if variables == 2 else 2
    sides = [rng.choice([(-1, 1), (-2, 2), (0, 2), (-1, 3)]) for _ in range(variables)]
    goal, other, third = (polynomial(rng, variables, degree, 4) for _ in range(3))
    grid = _grid(sides)
    middle = value(other, rng.choice(grid))
    level = Fraction(round(middle * 8), 8)
    lines = ["(set-logic QF_NRA)", *(f"(declare-fun {name} () Real)" for name in NAMES[:variables])]
    for name, (lo, hi) in zip(NAMES, sides, strict=False):
        lines += [f"(assert (<= {number(lo)} {name}))", f"(assert ({rng.choice(['<=', '<'])} {name} {number(hi)}))"]
    allowed: Callable[[tuple[Fraction, ...]], bool] = lambda _: True  # noqa: E731
    if kind == 1:
        lines.append(f"(assert ({rng.choice(['<=', '<'])} {term(other, rng)} {number(level)}))")
        allowed = lambda p: value(other, p) <= level  # noqa: E731
    if kind == 2:
        least = Fraction(round(value(third, rng.choice(grid)) * 8), 8)
        first, second = (
            f"({rng.choice(['<=', '<'])} {term(other, rng)} {number(level)})",
            f"(>= x {number(sides[0][0] + 1)})",
        )
        inner = f"(and {second} (> {term(third, rng)} {number(least)}))"
        lines.append(f"(assert (or {first} {inner}))")
        allowed = lambda p: value(other, p) <= level or (p[0] >= sides[0][0] + 1 and value(third, p) >= least)  # noqa: E731
    if kind == 3:
        lines.append(f"(assert (= {term(other, rng)} {number(level)}))")
        allowed = lambda p: abs(value(other, p) - level) < 1  # noqa: E731
    low = min([value(goal, p) for p in grid if allowed(p)] or [value(goal, grid[0])])
    bound = low + rng.choice([Fraction(-1), Fraction(-1, 4), Fraction(-1, 16), Fraction(0), Fraction(1, 8)])
    lines.append(f"(assert ({rng.choice(['<=', '<'])} {term(goal, rng)} {number(bound)}))")
    return "\n".join(lines) + "\n"


def problems() -> list[str]:
    """Return the texts of all problems."""
    return [problem(seed) for seed in range(COUNT)]


def _lines(process: "subprocess.Popen[str]", seconds: float) -> Iterator[str]:
    """Yield the lines of a process while they come in time."""
    assert process.stdout is not None
    while select.select([process.stdout], [], [], seconds)[0]:
        line = process.stdout.readline()
        if not line:
            return
        yield line.strip()


def ask(solver: str, texts: list[str], seconds: float) -> list[str]:
    """Return a solver's answers: sat, unsat, or another word. A process that dies or hangs is started again."""
    found: list[str] = []
    command = [sys.executable, str(Path(__file__).resolve()), solver, str(seconds)]
    while len(found) < len(texts):
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
        ) as process:
            assert process.stdin is not None
            process.stdin.write(json.dumps(texts[len(found) :]))
            process.stdin.close()
            if next(_lines(process, START_SECONDS), "") == READY:
                found += _lines(process, seconds + GRACE_SECONDS)
            process.kill()
        if len(found) < len(texts):
            found.append("lost")
    return found


def main() -> None:
    """Answer the texts on standard input, one after the other."""
    sys.path.insert(0, str(ROOT))
    from verify.provers.smt_worker import ASK, limit_resources

    solver, seconds = sys.argv[1], float(sys.argv[2])
    __import__(solver)
    limit_resources(600, MEMORY)
    print(READY, flush=True)
    for text in json.loads(sys.stdin.read()):
        try:
            answer = str(ASK[solver](text, {}, seconds)["answer"])
        except Exception as error:
            answer = f"error {type(error).__name__}"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
