"""Newton's method for gradient-flow solutions of the squared regression model: damped, batched, safe from overflow.

The dual function of a state with squares ``p_i = u_plus_i**2``, ``q_i = u_minus_i**2`` is, with ``s = X^T nu``,

    F(nu) = sum_i (p_i e^{s_i} + q_i e^{-s_i}) - y.nu.

It is convex; its gradient vanishes at the gradient-flow solution and its Hessian is
``H = X diag(p e^s + q e^{-s}) X^T``. Along a Newton direction with ``delta = max |ds_i|`` the second derivative grows
at most like ``e^{delta tau}``, hence ``F`` falls up to ``tau = log(1 + delta) / delta`` at least, and over the whole
step if ``delta <= 1``. That gives global convergence without evaluating ``F``: a full step where
``delta <= 1/2``, otherwise a search by doubling and bisection on the sign of the slope, from ``log(1 + delta)`` on.

Squares enter by their logarithms; sums of exponentials are scaled by the largest one, so exponents of any size are met.
Rows and columns of ``H`` are scaled to a diagonal of ones, with a ridge of a few units in the last place; a
larger ``H`` keeps the guarantee above.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from numeric.compensated import ROUND_OFF, FloatArray
from numeric.regression import RowSpace

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

MAX_ITERATIONS = 200
LONGEST_STEP = 1e7
"""Change of ``log p`` along one direction after which ``F`` counts as falling for ever."""

_FULL_STEP = 0.5
_LAST_STEP = 1e-8
_STALLED_STEP = 1e-4
_SEARCH_WIDTH = 0.25
_PLAIN_EXPONENT = 300.0
_SIGNS = np.array([[1.0], [-1.0]])


class Newton(NamedTuple):
    """Where Newton's method ended: ``dual`` (batch, r), ``iterations`` (batch,), ``converged`` (batch,)."""

    dual: FloatArray
    iterations: IntArray
    converged: BoolArray


class _Direction(NamedTuple):
    """Newton directions: ``dual`` and ``shift = X^T dual``, scaled to ``max |shift| = 1``, and log delta."""

    dual: FloatArray
    shift: FloatArray
    log_size: FloatArray


def solve_scaled(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve ``H x = right`` for symmetric positive matrices ``(batch, r, r)`` and right sides ``(batch, r, columns)``.

    Rows and columns are scaled to a diagonal of ones; ``4 r`` rounding errors are added to it.
    """
    rank = matrix.shape[-1]
    diagonal = np.einsum("bii->bi", matrix)
    scale = 1.0 / np.sqrt(np.maximum(diagonal, 1e-300))[..., np.newaxis]
    scaled = matrix * (scale * np.swapaxes(scale, 1, 2))
    np.einsum("bii->bi", scaled)[...] = 1.0 + 4 * rank * ROUND_OFF
    return np.asarray(scale * np.linalg.solve(scaled, scale * right))


def _direction(space: RowSpace, exponents: FloatArray) -> _Direction:
    """Newton directions at states with ``log a, log b`` of shape ``(batch, 2, d)``, ``a = p e^s, b = q e^{-s}``."""
    x, y = space.features, space.targets
    target_size = float(np.abs(y).max())
    log_target = np.log(target_size) if target_size > 0.0 else -np.inf
    top = exponents.max(axis=(1, 2))
    far = np.abs(top) > _PLAIN_EXPONENT
    if far.any() or abs(log_target) > _PLAIN_EXPONENT:
        matrix_scale = top
        gradient_scale = np.maximum(top, log_target)
        exponents = exponents - top[:, np.newaxis, np.newaxis]
    else:
        matrix_scale = gradient_scale = np.zeros(len(exponents))
    squares = np.exp(exponents)
    plus, minus = squares[:, 0], squares[:, 1]
    gradient = ((plus - minus) @ x.T) * np.exp(matrix_scale - gradient_scale)[:, np.newaxis]
    gradient -= np.exp(np.minimum(-gradient_scale, 700.0))[:, np.newaxis] * y
    dual = -solve_scaled(space.gram(plus + minus), gradient[..., np.newaxis])[..., 0]
    shift = dual @ x
    size = np.abs(shift).max(axis=1)
    safe = np.maximum(size, 1e-300)[:, np.newaxis]
    with np.errstate(divide="ignore"):
        log_size = np.log(size) + (gradient_scale - matrix_scale)
    return _Direction(dual / safe, shift / safe, log_size)


def _slope_is_positive(exponents: FloatArray, shift: FloatArray, drift: FloatArray, length: FloatArray) -> BoolArray:
    """Whether ``F`` rises at ``nu + length * dual``; ``drift = y.dual``."""
    moved = shifted(exponents, length[:, np.newaxis] * shift)
    with np.errstate(divide="ignore"):
        log_drift = np.log(np.abs(drift))
    top = np.maximum(moved.max(axis=(1, 2)), log_drift)
    grown = np.exp(moved - top[:, np.newaxis, np.newaxis])
    slope = (shift * (grown[:, 0] - grown[:, 1])).sum(axis=1) - np.sign(drift) * np.exp(log_drift - top)
    return np.asarray(slope > 0.0)


def _search(exponents: FloatArray, direction: _Direction, drift: FloatArray) -> FloatArray:
    """Length at which ``F`` still falls and beyond which, by ``_SEARCH_WIDTH``, it rises; infinite if it never does."""
    lower = np.logaddexp(0.0, direction.log_size)
    upper = 2.0 * lower
    falling = np.arange(len(lower))
    while falling.size:
        rises = _slope_is_positive(exponents[falling], direction.shift[falling], drift[falling], upper[falling])
        falling = falling[~rises]
        lower[falling] = upper[falling]
        upper[falling] *= 2.0
        endless = lower[falling] > LONGEST_STEP
        lower[falling[endless]] = upper[falling[endless]] = np.inf
        falling = falling[~endless]
    finite = np.isfinite(lower)
    wide = np.flatnonzero(finite)
    while (wide := wide[upper[wide] - lower[wide] > np.maximum(_SEARCH_WIDTH, 1e-9 * upper[wide])]).size:
        middle = 0.5 * (lower[wide] + upper[wide])
        rises = _slope_is_positive(exponents[wide], direction.shift[wide], drift[wide], middle)
        upper[wide] = np.where(rises, middle, upper[wide])
        lower[wide] = np.where(rises, lower[wide], middle)
    return lower


def shifted(log_squares: FloatArray, shift: FloatArray) -> FloatArray:
    """``log p + s`` and ``log q - s`` for logarithms ``(batch, 2, d)`` and ``s`` of shape ``(batch, d)``."""
    return log_squares + _SIGNS * shift[:, np.newaxis]


def newton(space: RowSpace, log_squares: FloatArray, start: FloatArray) -> Newton:
    """Minimise ``F`` for each state.

    Parameters
    ----------
    space
        The data in coordinates of full row rank r.
    log_squares
        ``log p`` and ``log q``, shape ``(batch, 2, d)``; ``-inf`` for weights that are zero. The columns with a
        nonzero weight must span all r dimensions.
    start
        First guesses of ``nu``, shape ``(batch, r)``, finite.

    Returns
    -------
    The last iterates. Those that converged have a Newton step ``max |ds|`` below 1e-8 behind them, or one below 1e-4
    that rounding kept from becoming smaller.
    """
    dual = start.copy()
    iterations = np.zeros(len(dual), dtype=np.int64)
    converged = np.zeros(len(dual), dtype=np.bool_)
    previous = np.full(len(dual), np.inf)
    active = np.arange(len(dual))
    for _ in range(MAX_ITERATIONS):
        if not active.size:
            break
        exponents = shifted(log_squares[active], dual[active] @ space.features)
        direction = _direction(space, exponents)
        length = np.exp(np.minimum(direction.log_size, 0.0))
        far = np.flatnonzero(~(length <= _FULL_STEP))
        if far.size:
            chosen = _Direction(*(part[far] for part in direction))
            length[far] = _search(exponents[far], chosen, chosen.dual @ space.targets)
        finite = np.isfinite(length)
        dual[active[finite]] += length[finite, np.newaxis] * direction.dual[finite]
        iterations[active] += 1
        stalled = (length < _STALLED_STEP) & (length > 0.5 * previous[active])
        done = (length <= _LAST_STEP) | stalled
        converged[active[done]] = True
        previous[active] = length
        active = active[finite & ~done]
    return Newton(dual, iterations, converged)
