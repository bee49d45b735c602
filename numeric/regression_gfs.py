"""Gradient-flow solutions (GFS) of the squared regression model and their sharpness, batched.

Gradient flow keeps every ``u_plus_i u_minus_i`` and moves ``log(u_plus_i / u_minus_i)`` within the row space of X. In
squares ``p_i = u_plus_i**2``, ``q_i = u_minus_i**2`` it reaches the points ``p_i e^{s_i}, q_i e^{-s_i}`` with
``s = X^T nu``. The solution has ``X (p e^s - q e^{-s}) = y``: there a convex function of ``nu`` is stationary, whose
Hessian is ``H = X diag(p e^s + q e^{-s}) X^T`` (:mod:`numeric.regression_gfs_newton`). The largest eigenvalue of the
Hessian of the loss at the solution, the GFS sharpness, is ``phi = (4/N) lambda_max(H)``.

A state may have no such solution: when weights are zero, ``y`` may be out of reach, or reached only in the limit
``|nu| -> inf``. Such states are refused with a reason; the other states of the batch are not affected.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from numeric.compensated import ROUND_OFF, FloatArray
from numeric.regression import RANGE_TOLERANCE, RegressionData, RowSpace, checked_weights, correlation, row_space
from numeric.regression import residual as residual_of
from numeric.regression_gfs_errors import CLOSE_EIGENVALUES, Response, change_bound, respond
from numeric.regression_gfs_newton import IntArray
from numeric.regression_gfs_solve import REASONS, FlowSolutions, Status, blank, solve

__all__ = ["REASONS", "FlowSolutions", "Status", "flow_solution", "next_start", "rise_error_bar"]

_ENTRIES_AT_ONCE = 1 << 18
"""Keeps the matrix products of small problems below the size from which OpenBLAS starts threads."""


def _parts(space: RowSpace, log_squares: FloatArray) -> Iterator[tuple[IntArray, RowSpace, FloatArray, bool]]:
    """States grouped by the coordinates that their nonzero columns span.

    Yields the states, their coordinates, a map of dual variables ``(r, rank)`` and whether y lies in the span.
    """
    rank = len(space.targets)
    dead = np.isneginf(log_squares[:, 0]) & np.isneginf(log_squares[:, 1])
    plain = ~np.any(dead, axis=1)
    if plain.any():
        yield np.flatnonzero(plain), space, np.eye(rank), True
    if plain.all():
        return
    for pattern in np.unique(dead[~plain], axis=0):
        states = np.flatnonzero((dead == pattern).all(axis=1))
        columns = np.where(pattern, 0.0, space.features)
        if not columns.any():
            yield states, space, np.eye(rank), False
            continue
        part, distance = row_space(columns, space.targets)
        if part.exact:
            yield states, space, np.eye(rank), True
        else:
            reduced = RowSpace(space.basis @ part.basis, part.features, part.targets, False)
            yield states, reduced, part.basis, distance <= RANGE_TOLERANCE


def _states_at_once(data: RegressionData) -> int:
    return max(1, _ENTRIES_AT_ONCE // (data.rank * max(data.rank, data.dimension) + 4 * data.dimension))


def _logarithms(w: FloatArray) -> FloatArray:
    """``2 log |w|``, ``-inf`` for zeros."""
    with np.errstate(divide="ignore"):
        return np.asarray(2.0 * np.log(np.abs(w)))


def _solve_chunk(data: RegressionData, w: FloatArray, start: FloatArray) -> FlowSolutions:
    found = blank(len(w), data.rank, data.dimension)
    finite = np.flatnonzero(np.isfinite(w).all(axis=(1, 2)))
    log_squares = _logarithms(w[finite])
    for states, space, lift, reachable in _parts(data.coordinates, log_squares):
        places = finite[states]
        if not reachable:
            found.status[places] = int(Status.OUT_OF_REACH)
            continue
        part = solve(space, data.samples, log_squares[states], start[places] @ lift)
        found.dual[places] = part.dual @ lift.T
        for name in ("squares", "sharpness", "error", "residual", "iterations", "status"):
            getattr(found, name)[places] = getattr(part, name)
    return found


def flow_solution(data: RegressionData, weights: ArrayLike, start: ArrayLike | None = None) -> FlowSolutions:
    """Gradient-flow solution and GFS sharpness of each state.

    Parameters
    ----------
    data
        The regression problem.
    weights
        States of shape ``(..., 2, d)``; zero and negative weights are allowed.
    start
        First guess of the dual variables, shape ``(..., r)``: ``dual`` of nearby states, or :func:`next_start`.
        Guesses that are not finite or far out count as 0. They change the time, not the result beyond its error.

    Returns
    -------
    The solutions; states without one carry a status other than ``SOLVED`` and NaN.

    Raises
    ------
    ValueError
        If the shape of the weights or of `start` does not fit.

    Examples
    --------
    >>> data = RegressionData([[1.0]], [0.0])
    >>> float(flow_solution(data, [[2.0], [0.5]]).sharpness)
    8.0
    """
    w = checked_weights(data, weights)
    leading = w.shape[:-2]
    first = np.zeros((*leading, data.rank)) if start is None else np.asarray(start, dtype=np.float64)
    if first.shape != (*leading, data.rank):
        raise ValueError(f"start must have shape {(*leading, data.rank)}, got {first.shape}")
    flat, first = w.reshape(-1, *w.shape[-2:]), first.reshape(-1, data.rank)
    first = np.where(np.isfinite(first).all(axis=1, keepdims=True), first, 0.0)
    at_once = _states_at_once(data)
    chunks = [
        _solve_chunk(data, flat[begin : begin + at_once], first[begin : begin + at_once])
        for begin in range(0, max(1, len(flat)), at_once)
    ]
    joined = {
        name: np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in FlowSolutions.__dataclass_fields__
    }
    return FlowSolutions(**{name: part.reshape((*leading, *part.shape[1:])) for name, part in joined.items()})


def next_start(data: RegressionData, weights: ArrayLike, solutions: FlowSolutions, eta: ArrayLike) -> FloatArray:
    """Guess of the dual variables after one step of gradient descent from solved states.

    A step moves ``log p, log q`` by ``-4 eta g, 4 eta g`` to first order, along the flow; so the solution stays
    where it is, at ``nu + 4 eta r / N``. Of second order in ``eta g``.

    Parameters
    ----------
    data, weights, eta
        As in :func:`numeric.regression.gd_step`.
    solutions
        Solutions of `weights`.

    Returns
    -------
    A `start` for the states after the step, shape ``(..., r)``.
    """
    step = np.asarray(eta, dtype=np.float64)[..., np.newaxis]
    moved = residual_of(data, weights) @ data.coordinates.basis
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(solutions.dual + (4.0 / data.samples) * step * moved)


def _step_changes(
    data: RegressionData, w: FloatArray, step: FloatArray, response: Response
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Bound the rounding errors of ``gd_step(w)``.

    Returns bounds on the changes of ``log p, log q`` apart from the rounding of the residual; those by the residual;
    and the effect of the latter on ``log phi``, with the cancellation along the flow.
    """
    size = np.abs(data.features)
    r = residual_of(data, w)
    change = 2.0 * step * correlation(data, w)
    factors = np.stack([1.0 - change, 1.0 + change], axis=1)
    with np.errstate(divide="ignore"):
        inverse = np.where(factors == 0.0, 0.0, 1.0 / factors)
    squares = (w * w).sum(axis=1)
    residual_error = ROUND_OFF * ((data.dimension + 4) * (squares @ size.T) + np.abs(r) + np.abs(data.targets))
    own = (2.0 * ROUND_OFF / data.samples) * (data.samples + 2) * step * (np.abs(r) @ size)
    own = own + 3.0 * ROUND_OFF * np.abs(change)
    relative = own[:, np.newaxis] * np.abs(inverse) + 2.0 * ROUND_OFF
    logs = 2.0 * relative + relative**2
    along = response.to_logs[:, 1] * inverse[:, 1] - response.to_logs[:, 0] * inverse[:, 0]
    through_residual = (
        (4.0 / data.samples) * step[:, 0] * (np.abs(along @ data.features.T) * residual_error).sum(axis=1)
    )
    moved = (2.0 / data.samples) * step * (residual_error @ size)
    return logs, 2.0 * moved[:, np.newaxis] * np.abs(inverse), through_residual


def _step_effect(data: RegressionData, w: FloatArray, step: FloatArray, squares: FloatArray) -> FloatArray:
    """First-order bound on how the rounding of the step from w changes ``log phi(w+)``, shape ``(batch,)``."""
    space = data.coordinates
    response = respond(space, squares)
    logs, moved, through_residual = _step_changes(data, w, step, response)
    none = np.zeros((len(w), len(space.targets)))
    effect = change_bound(space, response, logs, none) + through_residual
    for i in np.flatnonzero(~(response.gap > CLOSE_EIGENVALUES)):
        one = Response(*(part[i : i + 1] for part in response))
        effect[i] = change_bound(space, one, logs[i : i + 1] + moved[i : i + 1], none[:1])[0]
    return effect


def rise_error_bar(
    data: RegressionData, weights: ArrayLike, eta: ArrayLike, before: FlowSolutions, after: FlowSolutions
) -> FloatArray:
    """Bound on the error of ``phi(w+) / phi(w) - 1`` computed in float64, against exact arithmetic from the given w.

    Parameters
    ----------
    data, weights, eta
        As in :func:`numeric.regression.gd_step`, which made the states w+ from `weights`.
    before, after
        Solutions of `weights` and of w+.

    Returns
    -------
    Shape ``(...)``; NaN where one of the two is not solved. A computed rise above it is a rise.

    Notes
    -----
    It is ``phi(w+) / phi(w)`` times the sum of

    - the error bounds of both solutions (:func:`numeric.regression_gfs_errors.solver_error`) and a rounding;
    - twice the first-order effect on phi(w+) of the rounding errors of the step, through ``d log phi / d log p`` and
      ``d log phi / d log q`` (:mod:`numeric.regression_gfs_errors`), which include the induced change of nu. With
      ``u = 2**-53``, ``f = 1 -+ 2 eta g`` and an error ``e`` of f, ``log p+`` is off by ``2 e/f + (e/f)**2`` and some
      roundings. The parts of e are the rounding of ``X^T r``, ``2 eta (N + 2) u |X|^T |r| / N`` and ``3 u |2 eta g|``,
      and that of r, ``rho_n <= u ((d + 4) sum_i |x_ni| (u_plus_i**2 + u_minus_i**2) + |r_n| + |y_n|)``. The
      latter moves w+ nearly along the flow, which leaves phi alone: what is added is
      ``(4 eta / N) sum_n rho_n |sum_i x_ni (S_q,i / f_q,i - S_p,i / f_p,i)|``, S the derivatives.

    Raises
    ------
    ValueError
        If the shape of the weights does not fit.
    """
    w = checked_weights(data, weights)
    leading = w.shape[:-2]
    flat = w.reshape(-1, *w.shape[-2:])
    step = np.broadcast_to(np.asarray(eta, dtype=np.float64), leading).reshape(-1, 1)
    squares = after.squares.reshape(flat.shape)
    ratio = (after.sharpness / before.sharpness).reshape(-1)
    errors = (before.error + after.error).reshape(-1)
    bar = np.full(len(flat), np.nan)
    good = np.flatnonzero((before.solved & after.solved).reshape(-1))
    at_once = _states_at_once(data)
    for part in (good[begin : begin + at_once] for begin in range(0, good.size, at_once)):
        effect = _step_effect(data, flat[part], step[part], squares[part])
        bar[part] = ratio[part] * (errors[part] + 2.0 * effect + 2.0 * ROUND_OFF)
    return bar.reshape(leading)
