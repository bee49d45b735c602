"""Exact non-negative solutions of sparse linear systems: guided by a linear program, solved over the rationals."""

import time
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csc_array

Column: TypeAlias = Mapping[Any, int]

TOLERANCES = (1e-9, 1e-7, 1e-5)
POLISH_SECONDS = 3.0
FEW = 3
SOLVE: Any = linprog  # its type leaves sparse matrices out


def _matrix(columns: Sequence[Column]) -> tuple[Any, dict[Any, int], list[int]]:
    """Return (sparse matrix with columns scaled to at most 1, row numbers, scales)."""
    rows: dict[Any, int] = {}
    scales = [max(map(abs, column.values()), default=1) for column in columns]
    entries = [
        (rows.setdefault(row, len(rows)), j, value / scales[j])
        for j, column in enumerate(columns)
        for row, value in column.items()
    ]
    i, j, values = zip(*entries, strict=True)
    shape = (len(rows), len(columns))
    return csc_array((np.array(values), (np.array(i), np.array(j))), shape=shape), rows, scales


def float_solution(
    columns: Sequence[Column], right: Mapping[Any, Fraction], cost: Sequence[float], seconds: float
) -> list[float] | None:
    """Minimise cost . x over x >= 0 with sum of x_j columns_j = right, in floating point; None when infeasible."""
    if not any(columns):
        return None
    matrix, rows, scales = _matrix(columns)
    if any(row not in rows for row, value in right.items() if value):
        return None
    target = np.zeros(len(rows))
    for row, value in right.items():
        if value:
            target[rows[row]] = float(value)
    scaled_cost = [c / s for c, s in zip(cost, scales, strict=True)]
    options = {"time_limit": max(seconds, 0.01)}
    result = SOLVE(scaled_cost, A_eq=matrix, b_eq=target, bounds=(0, None), method="highs-ds", options=options)
    if result.x is None or result.status != 0:
        return None
    return [float(x) / s for x, s in zip(result.x, scales, strict=True)]


def separation(
    columns: Sequence[Column], right: Mapping[Any, Fraction], seconds: float
) -> tuple[float, dict[Any, float]] | None:
    """Return the least sum of |residual| over x >= 0, and the dual y: row -> value in [-1, 1]; None without either.

    y . column <= 0 for every column and y . right = the least residual, so a further column helps only when its
    product with y is positive.
    """
    columns = [*columns, *({row: sign} for row in {r for c in columns for r in c} | right.keys() for sign in (1, -1))]
    matrix, rows, _ = _matrix(columns)
    target = np.zeros(len(rows))
    for row, value in right.items():
        target[rows[row]] = float(value)
    cost = np.array([0.0] * (len(columns) - 2 * len(rows)) + [1.0] * (2 * len(rows)))
    options = {"time_limit": max(seconds, 0.01)}
    result = SOLVE(cost, A_eq=matrix, b_eq=target, bounds=(0, None), method="highs-ds", options=options)
    if result.x is None or result.status != 0:
        return None
    return float(result.fun), {row: float(result.eqlin.marginals[i]) for row, i in rows.items()}


def exact_system(
    columns: Sequence[Column], right: Mapping[Any, Fraction], guess: Sequence[float]
) -> list[Fraction] | None:
    """Solve sum of x_j columns_j = right over the rationals; None when there is no solution.

    Unknowns that the system leaves open take their guess, rounded to a small denominator.
    """
    rows: dict[Any, dict[int, Fraction]] = {row: {-1: Fraction(v)} for row, v in right.items() if v}
    for j, column in enumerate(columns):
        for place, entry in column.items():
            rows.setdefault(place, {})[j] = Fraction(entry)
    pending, solved = list(rows.values()), list[tuple[int, dict[int, Fraction]]]()
    for j in range(len(columns)):
        having = [row for row in pending if row.get(j)]
        if not having:
            continue
        pivot = min(having, key=len)
        pending = [row for row in pending if row is not pivot]
        for row in having:
            if row is not pivot:
                ratio = row[j] / pivot[j]
                for k, value in pivot.items():
                    row[k] = row.get(k, Fraction(0)) - ratio * value
                    if not row[k]:
                        del row[k]
        solved.append((j, pivot))
    if any(row for row in pending):
        return None
    pivots = {j for j, _ in solved}
    x = [Fraction(0) if j in pivots else Fraction(g).limit_denominator(64) for j, g in enumerate(guess)]
    for j, row in reversed(solved):
        rest = sum((value * x[k] for k, value in row.items() if k not in (j, -1)), Fraction(0))
        x[j] = (row.get(-1, Fraction(0)) - rest) / row[j]
    return x


def _exact_from(
    columns: Sequence[Column], right: Mapping[Any, Fraction], x: Mapping[int, float]
) -> dict[int, Fraction] | None:
    """Solve exactly on the support of the floating-point solution `x`; None unless all values are >= 0."""
    for tolerance in TOLERANCES:
        support = [j for j, value in x.items() if value > tolerance]
        values = exact_system([columns[j] for j in support], right, [x[j] for j in support])
        if values is not None and all(value >= 0 for value in values):
            return {j: value for j, value in zip(support, values, strict=True) if value}
    return None


class _Sparsifier:
    """Solutions of one system with ever fewer groups of columns, then ever fewer columns."""

    def __init__(
        self,
        columns: Sequence[Column],
        right: Mapping[Any, Fraction],
        cost: Sequence[float],
        groups: Sequence[Hashable],
        seconds: float,
    ) -> None:
        self.columns, self.right, self.cost, self.groups = columns, right, cost, groups
        self.deadline = time.monotonic() + seconds

    def solve(self, allowed: Sequence[int]) -> dict[int, Fraction] | None:
        """Return an exact solution on the allowed columns."""
        seconds = self.deadline - time.monotonic()
        columns, cost = [self.columns[j] for j in allowed], [self.cost[j] for j in allowed]
        x = float_solution(columns, self.right, cost, seconds) if seconds > 0 else None
        return None if x is None else _exact_from(self.columns, self.right, dict(zip(allowed, x, strict=True)))

    def same_groups(self, best: Mapping[int, Fraction]) -> list[int]:
        """Return the columns whose group the solution uses, and those of the group None."""
        kept = {None, *(self.groups[j] for j in best)}
        return [j for j, g in enumerate(self.groups) if g in kept]

    def drop_groups(self, best: dict[int, Fraction]) -> dict[int, Fraction]:
        """Leave out one group after another, the dearest first, as long as a solution remains."""
        tried: set[Hashable] = {None}
        while time.monotonic() < self.deadline:
            weight: dict[Hashable, float] = {}
            for j, value in best.items():
                weight[self.groups[j]] = weight.get(self.groups[j], 0.0) + self.cost[j] * (1 + float(value))
            open_groups = sorted(weight.keys() - tried, key=lambda g: -weight[g])
            if not open_groups:
                break
            tried.add(open_groups[0])
            kept = (weight.keys() | {None}) - {open_groups[0]}
            best = self.solve([j for j, g in enumerate(self.groups) if g in kept]) or best
        return best

    def drop_columns(self, best: dict[int, Fraction]) -> dict[int, Fraction]:
        """Leave out one column after another, the one with the longest coefficient first."""
        allowed, tried = self.same_groups(best), set[int]()
        while len(best) > FEW and time.monotonic() < self.deadline:
            sizes = {j: _digits(value) * self.cost[j] for j, value in best.items() if j not in tried}
            if not sizes:
                break
            worst = max(sizes, key=lambda j: sizes[j])
            tried.add(worst)
            other = self.solve([j for j in allowed if j != worst])
            if other is not None and _size(other) < _size(best):
                best = other
                allowed.remove(worst)
        return best


def _digits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _size(solution: Mapping[int, Fraction]) -> int:
    """Length of a solution when written down."""
    return sum(20 + _digits(value) for value in solution.values())


def nonnegative_solution(
    columns: Sequence[Column],
    right: Mapping[Any, Fraction],
    cost: Sequence[float],
    groups: Sequence[Hashable],
    seconds: float,
) -> list[Fraction] | None:
    """Return x >= 0, exact, with sum of x_j columns_j = right; None when none is found.

    Prefers few groups of columns, then few columns with short coefficients: POLISH_SECONDS at most are spent on
    that. The group None is free.
    """
    first = _Sparsifier(columns, right, cost, groups, seconds)
    best = first.solve(range(len(columns)))
    if best is None:
        return None
    polish = _Sparsifier(columns, right, cost, groups, min(seconds, POLISH_SECONDS))
    best = polish.drop_columns(polish.drop_groups(best))
    return [best.get(j, Fraction(0)) for j in range(len(columns))]
