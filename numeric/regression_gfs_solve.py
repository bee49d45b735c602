"""Gradient-flow solutions of the squared regression model, for one batch of squares in coordinates of full rank.

A solution counts only with an error bound; a state without one gets a reason. Zero weights take reachable
targets away: with ``p_i = 0`` only ``beta_i <= 0`` is left. A solution at finite dual variables exists if and only
if ``y = X (a - b)`` for some a, b that are positive wherever p, q are, which a linear program decides when Newton's
method leaves it open.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy.optimize import linprog

from numeric.compensated import FloatArray
from numeric.regression import RANGE_TOLERANCE, RowSpace
from numeric.regression_gfs_errors import respond, solver_error
from numeric.regression_gfs_newton import BoolArray, IntArray, newton, shifted

LARGEST_ERROR = 1e-6
"""Bound on the relative error of phi above which a state is refused."""

_FARTHEST_START = 1e4
_CLEARLY_POSITIVE = 1e-8
_RANGE = 1e100


class Status(IntEnum):
    """Why a state has no computed solution; ``SOLVED`` if it has one."""

    SOLVED = 0
    NOT_FINITE = 1
    OUT_OF_REACH = 2
    AT_INFINITY = 3
    NOT_CONVERGED = 4
    INACCURATE = 5


REASONS = {
    Status.SOLVED: "solved",
    Status.NOT_FINITE: "a weight is infinite or NaN",
    Status.OUT_OF_REACH: "the columns with nonzero weights do not span the targets",
    Status.AT_INFINITY: "no solution at finite dual variables: the zero weights leave the targets outside or on the "
    "boundary of what can be reached",
    Status.NOT_CONVERGED: "Newton's method did not converge",
    Status.INACCURATE: f"the error bound of the sharpness exceeds {LARGEST_ERROR:g}, or the solution leaves the range "
    "of float64",
}
"""What each :class:`Status` means, in words."""


@dataclass(frozen=True)
class FlowSolutions:
    """Gradient-flow solutions of states of shape ``(..., 2, d)``; NaN where the status is not ``SOLVED``.

    Attributes
    ----------
    dual
        ``nu`` in the coordinates of full rank r, shape ``(..., r)``; a `start` for nearby states.
    squares
        ``u_plus**2`` and ``u_minus**2`` at the solution, shape ``(..., 2, d)``.
    sharpness
        ``phi``, shape ``(...)``.
    error
        Bound on the relative error of `sharpness`, shape ``(...)``; see
        :func:`numeric.regression_gfs_errors.solver_error`.
    residual
        ``|X beta - y|`` at the computed squares, shape ``(...)``.
    iterations
        Newton steps, shape ``(...)``.
    status
        :class:`Status` of each state, shape ``(...)``.
    """

    dual: FloatArray
    squares: FloatArray
    sharpness: FloatArray
    error: FloatArray
    residual: FloatArray
    iterations: IntArray
    status: IntArray

    @property
    def solved(self) -> BoolArray:
        """Which states have a solution, shape ``(...)``."""
        return np.asarray(self.status == Status.SOLVED)

    def reasons(self) -> list[str]:
        """Status of each state in words, states in the order of memory."""
        return [REASONS[Status(code)] for code in self.status.reshape(-1).tolist()]


def blank(batch: int, rank: int, dimension: int) -> FlowSolutions:
    """Solutions of no state yet: NaN, with the status ``NOT_FINITE``."""
    return FlowSolutions(
        np.full((batch, rank), np.nan),
        np.full((batch, 2, dimension), np.nan),
        np.full(batch, np.nan),
        np.full(batch, np.nan),
        np.full(batch, np.nan),
        np.zeros(batch, dtype=np.int64),
        np.full(batch, int(Status.NOT_FINITE), dtype=np.int64),
    )


def _reaches_interior(space: RowSpace, used: BoolArray) -> bool:
    """Whether ``X (a - b) = y`` for some a, b that are positive on `used` ``(2, d)`` and zero elsewhere."""
    size = max(float(np.abs(space.targets).max()), 1e-300)
    columns = np.concatenate([space.features[:, used[0]], -space.features[:, used[1]]], axis=1)
    matrix = np.concatenate([columns, columns.sum(axis=1, keepdims=True)], axis=1)
    scale = np.abs(matrix).max(axis=1, keepdims=True)
    cost = np.zeros(matrix.shape[1])
    cost[-1] = -1.0
    bounds = [(0.0, None)] * columns.shape[1] + [(0.0, 1.0)]
    right = space.targets / size
    found = linprog(cost, A_eq=matrix / scale, b_eq=right / scale[:, 0], bounds=bounds, method="highs")
    return found.status == 0 and found.x is not None and bool(found.x[-1] > RANGE_TOLERANCE)


def solve(space: RowSpace, samples: int, log_squares: FloatArray, start: FloatArray) -> FlowSolutions:
    """Solutions of states whose columns with nonzero weights span the coordinates."""
    batch, _, dimension = log_squares.shape
    found = blank(batch, len(space.targets), dimension)
    used = np.isfinite(log_squares)
    far = np.abs(start @ space.features).max(axis=1) > _FARTHEST_START
    last = newton(space, log_squares, np.where(far[:, np.newaxis], 0.0, start))
    found.iterations[:] = last.iterations
    found.status[:] = np.where(last.converged, int(Status.SOLVED), int(Status.NOT_CONVERGED))
    with np.errstate(over="ignore"):
        squares = np.exp(shifted(log_squares, last.dual @ space.features))
    smallest = np.where(used, squares, np.inf).min(axis=(1, 2))
    doubtful = ~(last.converged & (smallest > _CLEARLY_POSITIVE * squares.max(axis=(1, 2))))
    one_sided = np.any(used[:, 0] != used[:, 1], axis=1)
    for i in np.flatnonzero(doubtful & one_sided):
        if not _reaches_interior(space, used[i]):
            found.status[i] = int(Status.AT_INFINITY)
    total = squares.sum(axis=1)
    largest = np.asarray(total.max(axis=1))
    found.status[found.solved & ~((largest > 1.0 / _RANGE) & (largest < _RANGE))] = int(Status.INACCURATE)
    good = np.flatnonzero(found.solved)
    if good.size:
        response = respond(space, squares[good])
        error = solver_error(space, response, log_squares[good], last.dual[good])
        found.status[good[~(error <= LARGEST_ERROR)]] = int(Status.INACCURATE)
        kept = error <= LARGEST_ERROR
        good = good[kept]
        found.dual[good], found.squares[good], found.error[good] = last.dual[good], squares[good], error[kept]
        found.sharpness[good] = (4.0 / samples) * response.largest[kept]
        beta = squares[good, 0] - squares[good, 1]
        found.residual[good] = np.linalg.norm(beta @ space.features.T - space.targets, axis=1)
    return found
