"""Search for a box in which a counterexample is proved to exist: for statements with equations that no rational solves.

Local searches from many starts look for a point at which the hypotheses hold and the conclusion fails, inequalities by
a margin. Near it as many variables are chosen as there are equations, the other variables are rounded, Newton's method
refines, and boxes around the result of ever other size are offered to the kernel (rule solution).
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import frexp
from typing import Any

import numpy as np
from scipy.linalg import qr
from scipy.optimize import least_squares

from verify.kernel.errors import KernelError
from verify.kernel.existence import MAX_UNKNOWNS, check_solution
from verify.kernel.fixed import ONE
from verify.kernel.intervals import enclose, linearise
from verify.kernel.statements import GOAL, Statement
from verify.kernel.terms import extract
from verify.provers.falsifier import POPULATION, Hunt
from verify.provers.falsifier_branches import branches
from verify.provers.falsifier_elimination import Elimination
from verify.provers.falsifier_evaluation import Array, relations
from verify.provers.falsifier_witness import Point, clip

SAMPLES = 1024
STARTS = 6
ROUNDS = 3
WEIGHT = 100.0
MARGIN = 1e-3
CLAMP = 1e6
NEAR = 1e-7  # closer to a bound, or to gap = 0, counts as on it
DEPENDENT = 1e-9
FIXED_BITS = (0, 2, 5, 10, 20, 45)
RADIUS_BITS = (40, 50, 60, 30, 20, 70, 10)
GRID_BITS = 6  # the ends of a box are multiples of its radius over 2**GRID_BITS
SOLVED_BITS = 90
NEWTON_STEPS = 12
LEAST_SQUARES: Any = least_squares  # its overloads do not cover this call


def short(value: float) -> Fraction:
    """Return a float rounded to 32 significant bits."""
    mantissa, exponent = frexp(value)
    return Fraction(round(mantissa * 2**32)) * Fraction(2) ** (exponent - 32)


class Solver:
    """The search in one branch of a statement; `statement` is the whole, which the kernel checks."""

    def __init__(self, statement: Statement, branch: Statement, seed: int, deadline: float) -> None:
        self.statement, self.branch = statement, branch
        self.hunt = Hunt(Elimination(branch, branch, ()), seed, deadline)
        self.evaluator, self.names = self.hunt.evaluator, self.hunt.names
        self.relations = relations(branch)
        self.tables = [extract(branch.nodes, r.gap) for r in self.relations]
        self.signs = np.ones(len(self.relations))
        self.signs[-1] = -1.0
        self.lower, self.upper = self.hunt.sampler.lower, self.hunt.sampler.upper

    def _residuals(self, x: Array) -> Array:
        """Return what has to vanish: the gaps of equalities, and what each other slack lacks to MARGIN."""
        gaps = self.evaluator.gaps(x[None, :])
        scaled = np.clip(np.nan_to_num(gaps[0] / self.hunt.scale, nan=CLAMP), -CLAMP, CLAMP)
        lacks = np.maximum(0.0, MARGIN - self.hunt.slacks(gaps)[0] / self.hunt.scale)
        equal = [h.equality for h in self.branch.hypotheses]
        return np.asarray(np.where([*equal, False], scaled, np.minimum(lacks, CLAMP)), dtype=np.float64)

    def _slopes(self, x: Array) -> Array:
        gaps = self.evaluator.gaps(x[None, :])
        slopes = self.evaluator.gradients(x) / self.hunt.scale[:, None]
        lacking = self._residuals(x) > 0
        for row, relation in enumerate(self.relations):
            last = row == len(self.relations) - 1
            if last or not relation.equality:
                wanted = np.sign(gaps[0, row]) if relation.equality else self.signs[row]
                slopes[row] *= -wanted if lacking[row] else 0.0
        return np.asarray(np.nan_to_num(slopes), dtype=np.float64)

    def feasible(self, start: Array) -> Array:
        """Return a point near `start` where the residuals are least."""
        above = np.maximum(self.upper, np.nextafter(self.lower, np.inf))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = LEAST_SQUARES(
                self._residuals,
                start,
                jac=self._slopes,
                bounds=(self.lower, above),
                max_nfev=60,
                xtol=1e-15,
                gtol=1e-15,
            )
        return self.hunt.sampler.clip(np.asarray(found.x, dtype=np.float64))

    def points(self) -> Iterator[Array]:
        """Yield points where hypotheses hold and the conclusion fails, up to rounding, while there is time."""
        for _ in range(ROUNDS):
            sample = self.hunt.sampler.sample(SAMPLES)
            self.hunt.rescale(sample)
            order = np.argsort(self.hunt.merit(sample, WEIGHT))
            yield from self._from(sample[np.concatenate([order[:STARTS], self.hunt.random.choice(order, STARTS)])])
            if not self.hunt.late():
                yield from self._from(self.hunt.evolve(sample[order[:POPULATION]], WEIGHT)[: STARTS // 2])

    def _from(self, starts: Array) -> Iterator[Array]:
        for start in starts:
            if self.hunt.late():
                return
            near = self.feasible(start)
            for point in (self.hunt.descend(near, 1.0), near):
                slacks = self.hunt.slacks(self.evaluator.gaps(point[None, :]))[0] / self.hunt.scale
                if slacks.min() >= -1e-5:
                    yield point

    def systems(self, point: Array) -> list[list[int]]:
        """Return the relations to solve for: the equalities, and also with the inequalities that are nearly equal."""
        equal = [k for k, h in enumerate(self.branch.hypotheses) if h.equality]
        slacks = self.hunt.slacks(self.evaluator.gaps(point[None, :]))[0] / self.hunt.scale
        tight = [
            k
            for k, r in enumerate(self.relations)
            if k not in equal and not r.equality and slacks[k] < NEAR and r.strict == (r is self.branch.conclusion)
        ]
        return [equal, equal + tight] if tight else [equal]

    def unknowns(self, point: Array, rows: list[int]) -> tuple[list[int], list[int]]:
        """Choose independent relations among `rows`, and as many variables: the best minor, away from the bounds."""
        room = np.minimum(np.minimum(point - self.lower, self.upper - point), 1 + np.abs(point))
        weights = np.where(room > NEAR * (1 + np.abs(point)), room, 0.0)
        matrix = self.evaluator.gradients(point)[rows] * weights / self.hunt.scale[rows, None]
        if not matrix.size:
            return [], []
        _, triangle, picked = qr(matrix.T, mode="economic", pivoting=True)
        pivots = np.abs(np.diag(triangle))
        rank = int((pivots > DEPENDENT * max(pivots[0], 1e-300)).sum())
        kept = sorted(picked[:rank].tolist())
        _, _, columns = qr(matrix[kept], mode="economic", pivoting=True)
        return [rows[k] for k in kept], sorted(columns[:rank].tolist())

    def _linear(self, rows: Sequence[int], columns: Sequence[int], point: Point) -> tuple[Array, Array]:
        """Return the gaps at a rational point and their slopes, through the kernel. Raises KernelError."""
        box = {name: enclose(value, value) for name, value in point.items()}
        gaps, slopes = np.zeros(len(rows)), np.zeros((len(rows), len(columns)))
        for i, row in enumerate(rows):
            value, gradient = linearise(self.tables[row], box)
            gaps[i] = (value[0] + value[1]) / 2 / ONE
            for j, column in enumerate(columns):
                low, high = gradient.get(self.names[column], ((0, 0), 0))[0]
                slopes[i, j] = (low + high) / 2 / ONE
        return gaps, slopes

    def refined(self, rows: Sequence[int], columns: Sequence[int], point: Point) -> Point | None:
        """Solve the relations for the variables by Newton's method; None when it does not converge in the bounds."""
        current = dict(point)
        for _ in range(NEWTON_STEPS):
            try:
                gaps, slopes = self._linear(rows, columns, current)
                step = np.linalg.solve(slopes, gaps)
            except (KernelError, np.linalg.LinAlgError):
                return None
            if not np.isfinite(step).all():
                return None
            for column, change in zip(columns, step.tolist(), strict=True):
                moved = current[self.names[column]] - Fraction(change)
                current[self.names[column]] = Fraction(round(moved * 2**SOLVED_BITS), 2**SOLVED_BITS)
            current = clip(self.branch, current)
            if np.all(np.abs(step) < 2.0**-75):
                return current
        return None

    def proofs(self, rows: Sequence[int], columns: Sequence[int], point: Point) -> Iterator[dict[str, Any]]:
        """Yield proof objects with boxes of several sizes around `point`."""
        unknown = [self.names[k] for k in columns]
        named = [GOAL if self.relations[k] is self.branch.conclusion else self.relations[k].name for k in rows]
        proof: dict[str, Any] = {"rule": "solution", "equations": named, "unknowns": unknown}
        inverses: list[dict[str, Any]] = [{}] if len(columns) < 2 else []
        if columns:
            try:
                matrix = np.linalg.inv(self._linear(rows, columns, point)[1])
                inverses.insert(0, {"preconditioner": [[str(short(y)) for y in row] for row in matrix.tolist()]})
            except (KernelError, np.linalg.LinAlgError, OverflowError, ValueError):
                pass
        for bits in RADIUS_BITS if columns else (0,):
            sides = {name: (value, value) for name, value in point.items()}
            for name in unknown:
                scale = Fraction(2) ** (bits + GRID_BITS - (int(abs(point[name])) + 1).bit_length() + 1)
                middle = round(point[name] * scale)
                ends = [Fraction(middle + k) / scale for k in (-(2**GRID_BITS), 2**GRID_BITS)]
                low, high = (clip(self.branch, {**point, name: end})[name] for end in ends)
                sides[name] = low, high
            box = {name: [str(low), str(high)] for name, (low, high) in sides.items()}
            for inverse in inverses:
                yield {**proof, "box": box, **inverse}

    def certify(self, point: Array) -> dict[str, Any] | None:
        """Return a proof object that the kernel accepts, with a box near `point`; None when there is none."""
        for wanted in self.systems(point):
            rows, columns = self.unknowns(point, wanted)
            if len(rows) > MAX_UNKNOWNS:
                continue
            for start in self.rounded(point, columns):
                solved = self.refined(rows, columns, start) if rows else start
                for proof in self.proofs(rows, columns, start if solved is None else solved):
                    if self.hunt.late():
                        return None
                    try:
                        check_solution(self.statement, proof)
                    except KernelError:
                        continue
                    return proof
        return None

    def rounded(self, point: Array, columns: Sequence[int]) -> list[Point]:
        """Return the point with the variables outside `columns` rounded, on a bound if next to one; coarsely first."""
        exact = dict(zip(self.names, map(Fraction, point.tolist()), strict=True))
        close = NEAR * (1 + np.abs(point))
        below, above = point - self.lower <= close, self.upper - point <= close
        result = []
        for bits in FIXED_BITS:
            moved = dict(exact)
            for k, v in enumerate(self.branch.variables):
                bound = v.lower if below[k] else v.upper if above[k] else None
                if k not in columns:
                    nearest = Fraction(round(exact[v.name] * 2**bits), 2**bits)
                    moved[v.name] = nearest if bound is None else bound
            result.append(clip(self.branch, moved))
        return [dict(p) for p in dict.fromkeys(tuple(p.items()) for p in result)]


def find_solution(statement: Statement, seed: int = 0, seconds: float = 5.0) -> dict[str, Any] | None:
    """Search for a box in which a counterexample exists.

    Parameters
    ----------
    statement
        Any statement. Hypotheses that are equations, and equations in its clauses, are solved for; inequalities have
        to hold by a margin, or are solved for as equations.
    seed
        Of the random numbers: equal seeds give equal searches, unless time runs out.
    seconds
        Limit of the search.

    Returns
    -------
    dict or None
        The proof object {"rule": "solution", "box": {variable: ["p/q", "p/q"]}, "equations": [names], "unknowns":
        [names], "preconditioner": rows}, accepted by the kernel; None when none was found, which says nothing about
        the statement.
    """
    end = time.monotonic() + seconds
    try:
        parts = branches(statement, seed)
        for number, part in enumerate(parts):
            now = time.monotonic()
            solver = Solver(statement, part, seed, now + (end - now) / (len(parts) - number))
            for point in solver.points() if solver.names else [np.zeros(0)]:
                proof = solver.certify(point)
                if proof is not None:
                    return proof
            if time.monotonic() > end:
                break
    except OverflowError:  # a number of the statement is beyond the range of floating point
        return None
    return None
