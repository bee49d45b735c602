"""Gradient-flow solutions (GFS) of scalar networks: a batched, safeguarded Newton method.

Gradient flow keeps every balance ``w_i**2 - w_j**2``, so it moves all squares ``z_i = w_i**2`` by one common
shift. The solution it reaches is the point ``z*`` of that line with product 1. With
``b_i = z_i - min(z) >= 0`` and ``x`` the smallest square of the solution, ``z*_i = x + b_i`` and

    f(log x) = sum_i log(x + b_i) = 0.

All terms are positive, so nothing cancels, and ``f`` is increasing and convex with slope between 1 and D:
Newton's method converges from every start and, from the right, monotonically. Since
``max(x, b_i) <= x + b_i <= 2 * max(x, b_i)``, the root lies within ``(D - 1) * log 2`` to the left of the
root of the piecewise linear ``sum_i max(log x, log b_i)``, which a sort gives in closed form: that is the
bracket. One last Newton step with products in twice the working precision leaves an error of a few units in
the last place.

Balances are taken from the weights as ``(w_i - w_min) * (w_i + w_min)`` with the rounding errors kept, so the
results belong to the given float64 weights, not to rounded squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from numeric.compensated import ROUND_OFF, FloatArray, fast_two_sum, two_product, two_sum
from numeric.scalar import checked_weights, to_columns

CHUNK = 4096
"""States solved at once: their arrays stay in the cache of one core."""

_STEP_TOLERANCE = 1e-7
_MAX_ITERATIONS = 100
_LOG_RANGE = 690.0


@dataclass(frozen=True)
class FlowColumns:
    """Gradient-flow solutions of a batch in the solvers' layout.

    Attributes
    ----------
    squares
        ``z*_i``, shape ``(D, batch)``.
    balances
        ``b_i = z_i - min(z)``, shape ``(D, batch)``.
    smallest
        ``x = min(z*)``, shape ``(batch,)``.
    sharpness
        ``phi = sum 1 / z*_i``, shape ``(batch,)``.
    """

    squares: FloatArray
    balances: FloatArray
    smallest: FloatArray
    sharpness: FloatArray


@dataclass(frozen=True)
class FlowSolution:
    """Gradient-flow solutions of states of shape ``(..., D)``.

    Attributes
    ----------
    weights
        Weights of the solution with the signs of the input, shape ``(..., D)``.
    squares
        ``z*_i``, shape ``(..., D)``; their product is 1.
    shape
        ``alpha_i = 1 / (phi * z*_i)``, shape ``(..., D)``; they add up to 1.
    sharpness
        ``phi = sum 1 / z*_i``, the sharpness at the solution, shape ``(...)``.
    """

    weights: FloatArray
    squares: FloatArray
    shape: FloatArray
    sharpness: FloatArray


def solver_error(depth: int) -> float:
    """Relative error allowed for a computed GFS sharpness, ``(D + 4) / 2**53`` (half of it was seen)."""
    return (depth + 4) * ROUND_OFF


def balances_columns(w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Balances ``w_i**2 - min(w)**2`` of positive weights ``(D, batch)`` as sums ``high + low``."""
    w_min = w.min(axis=0)
    difference, difference_low = two_sum(w, -w_min)
    total, total_low = two_sum(w, w_min)
    high, low = two_product(difference, total)
    low += difference * total_low + difference_low * total
    return fast_two_sum(high, low)


def _bracket(b: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bounds on ``log x`` where ``sum log(x + b_i) = target``; the smallest ``b`` is 0."""
    depth = b.shape[0]
    log_b = np.log(np.maximum(np.sort(b, axis=0), 1e-300))
    above = np.zeros_like(b)
    np.cumsum(log_b[:0:-1], axis=0, out=above[1:])
    roots = (target - above[::-1]) / np.arange(1.0, depth + 1.0)[:, np.newaxis]
    upper = roots.min(axis=0)
    pad = 1e-9 * (1.0 + np.abs(upper))
    return upper - (depth - 1) * np.log(2.0) - pad, upper + pad


def _products_stay_in_range(b: FloatArray, lower: FloatArray, upper: FloatArray) -> bool:
    """Whether every partial product of the ``x + b_i`` met on the way is a normal float64 number."""
    log_largest = np.logaddexp(upper.max(), np.log(max(float(b.max()), 1e-300)))
    return bool(b.shape[0] * max(log_largest, -lower.min(), 0.0) < 600.0)


def _solve_chunk(b: FloatArray, target: FloatArray, start: FloatArray | None) -> tuple[FloatArray, bool]:
    """Safeguarded Newton for ``log x``; also says whether plain products stayed in range."""
    lower, upper = _bracket(b, target)
    if upper.max() > _LOG_RANGE or lower.min() < -_LOG_RANGE:
        raise ValueError("the gradient-flow curve leaves the range of float64 at the wanted product")
    in_range = _products_stay_in_range(b, lower, upper)
    y = upper if start is None else np.clip(np.log(start), lower, upper)
    for _ in range(_MAX_ITERATIONS):
        x = np.exp(y)
        factors = x + b
        if in_range:
            value = np.log(np.multiply.reduce(factors, axis=0)) - target
        else:
            value = np.log(factors).sum(axis=0) - target
        upper = np.where(value >= 0.0, y, upper)
        lower = np.where(value < 0.0, y, lower)
        candidate = y - value / (x / factors).sum(axis=0)
        outside = (candidate < lower) | (candidate > upper)
        following = np.where(outside, 0.5 * (lower + upper), candidate)
        converged = bool((np.abs(following - y) <= _STEP_TOLERANCE).all())
        y = following
        if converged:
            break
    return np.exp(y), in_range


def _polish(x: FloatArray, high: FloatArray, low: FloatArray, in_range: bool) -> tuple[FloatArray, FloatArray]:
    """One Newton step for ``prod (x + b_i) = 1`` with the product in twice the working precision."""
    factors, factors_low = two_sum(x, high)
    factors_low += low
    slope = (x / factors).sum(axis=0)
    exponent = np.zeros(x.shape, dtype=np.int64)
    if not in_range:
        factors, exponents = np.frexp(factors)
        factors_low = np.ldexp(factors_low, -exponents)
        exponent = exponents.sum(axis=0)
    value, error = factors[0], factors_low[0]
    for factor, factor_low in zip(factors[1:], factors_low[1:], strict=True):
        error = error * factor + value * factor_low
        value, rounding = two_product(value, factor)
        error = error + rounding
    if not in_range:
        value, error = np.ldexp(value, exponent), np.ldexp(error, exponent)
    correction = -x * (np.log1p((value - 1.0) + error) / slope)
    return fast_two_sum(x, correction)


def smallest_square(b: FloatArray, log_product: FloatArray, start: FloatArray | None = None) -> FloatArray:
    """Solve ``sum_i log(x + b_i) = log_product`` for ``x > 0``.

    Parameters
    ----------
    b
        Balances above the smallest square, shape ``(D, batch)``, non-negative, one of them 0 in each column.
    log_product
        Logarithm of the wanted product of squares, shape ``(batch,)``.
    start
        A positive first guess, shape ``(batch,)``.

    Raises
    ------
    ValueError
        If a solution is outside the range of float64.
    """
    x = np.empty(b.shape[1])
    for begin in range(0, b.shape[1], CHUNK):
        part = slice(begin, begin + CHUNK)
        guess = None if start is None else start[part]
        x[part], _ = _solve_chunk(b[:, part], log_product[part], guess)
    return x


def flow_solution_columns(w: FloatArray, start: FloatArray | None = None) -> FlowColumns:
    """Gradient-flow solutions of positive weights ``(D, batch)``.

    ``start`` is an optional guess of ``min(z*)``, shape ``(batch,)``; a good one saves about half of the
    time.

    Raises
    ------
    ValueError
        If a solution is outside the range of float64.
    """
    squares, balances = np.empty(w.shape), np.empty(w.shape)
    smallest, sharpness = np.empty(w.shape[1]), np.empty(w.shape[1])
    for begin in range(0, w.shape[1], CHUNK):
        part = slice(begin, begin + CHUNK)
        high, low = balances_columns(w[:, part])
        guess = None if start is None else start[part]
        x, in_range = _solve_chunk(high, np.zeros(high.shape[1]), guess)
        x, x_low = _polish(x, high, low, in_range)
        z = high + x + (low + x_low)
        squares[:, part], balances[:, part], smallest[part] = z, high, x
        sharpness[part] = (1.0 / z).sum(axis=0)
    return FlowColumns(squares, balances, smallest, sharpness)


def flow_solution(weights: ArrayLike) -> FlowSolution:
    """Gradient-flow solution of each state.

    Parameters
    ----------
    weights
        Array of shape ``(..., D)``, non-zero, an even number of negative weights in each state.

    Raises
    ------
    ValueError
        For weights that :func:`numeric.scalar.checked_weights` rejects, or a solution outside float64's
        range.

    Examples
    --------
    >>> float(flow_solution([2.0, 2.0]).sharpness)
    2.0
    """
    w = checked_weights(weights)
    columns = flow_solution_columns(to_columns(w))
    squares = columns.squares.T.reshape(w.shape)
    phi = columns.sharpness.reshape(w.shape[:-1])
    alpha = 1.0 / squares / phi[..., np.newaxis]
    return FlowSolution(np.copysign(np.sqrt(squares), w), squares, alpha, phi)


def gfs_sharpness(weights: ArrayLike) -> FloatArray:
    """GFS sharpness ``phi(w) = sum 1 / z*_i``, shape ``(...)``; errors as in :func:`flow_solution`."""
    w = checked_weights(weights)
    return flow_solution_columns(to_columns(w)).sharpness.reshape(w.shape[:-1])


def curve_point(weights: ArrayLike, wanted_product: ArrayLike) -> FloatArray:
    """Point with the given product on the gradient-flow curve of each state.

    Parameters
    ----------
    weights
        Array of shape ``(..., D)``.
    wanted_product
        Positive products, a number or an array of shape ``(...)``.

    Returns
    -------
    Weights of shape ``(..., D)`` with the balances (and signs) of the input.

    Raises
    ------
    ValueError
        For bad weights, a product that is not positive and finite, or a point outside float64's range.
    """
    w = checked_weights(weights)
    p = np.broadcast_to(np.asarray(wanted_product, dtype=np.float64), w.shape[:-1])
    if not (np.isfinite(p).all() and (p > 0).all()):
        raise ValueError("the wanted product must be a positive finite number")
    high, _ = balances_columns(to_columns(w))
    squares = high + smallest_square(high, 2.0 * np.log(p).reshape(-1))
    return np.copysign(np.sqrt(squares).T.reshape(w.shape), w)
