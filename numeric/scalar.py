"""Gradient descent on a depth-D scalar network, batched, in float64.

The loss is ``L(w) = (pi - 1)**2 / 2`` with ``pi = w_1 * ... * w_D``. Arrays of weights have shape
``(..., D)`` and every function works on all leading dimensions at once. Weights are non-zero and an even
number of them may be negative, since flipping an even number of signs commutes with gradient descent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from numeric.compensated import FloatArray

SMALLEST_WEIGHT = 1e-100
LARGEST_WEIGHT = 1e100


def checked_weights(weights: ArrayLike) -> FloatArray:
    """Return the weights as a float64 array, or say what is wrong with them.

    Parameters
    ----------
    weights
        Array of shape ``(..., D)``.

    Raises
    ------
    ValueError
        If the depth is below 2, a weight is not finite, zero or outside ``[1e-100, 1e100]`` in size, or the
        product of the weights of some state is negative.
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.ndim == 0 or w.shape[-1] < 2:
        raise ValueError(f"the depth (last dimension of the weights) must be at least 2, got shape {w.shape}")
    if not np.isfinite(w).all():
        raise ValueError("every weight must be finite, got NaN or infinity")
    size = np.abs(w)
    if (size == 0).any():
        raise ValueError("every weight must be non-zero")
    if (size < SMALLEST_WEIGHT).any() or (size > LARGEST_WEIGHT).any():
        raise ValueError(f"weights must lie between {SMALLEST_WEIGHT:g} and {LARGEST_WEIGHT:g} in size")
    if (np.count_nonzero(w < 0, axis=-1) % 2).any():
        raise ValueError("the product of the weights must be positive (an even number of negative weights)")
    return w


def checked_step_size(eta: ArrayLike) -> FloatArray:
    """Return the step size (a number, or one a state) as a float64 array.

    Raises
    ------
    ValueError
        If a step size is not a positive finite number.
    """
    step_size = np.asarray(eta, dtype=np.float64)
    if not (np.isfinite(step_size).all() and (step_size > 0).all()):
        raise ValueError("the step size eta must be a positive finite number")
    return step_size


def to_columns(weights: FloatArray) -> FloatArray:
    """Absolute values of weights ``(..., D)`` as an array ``(D, batch)``, the layout of the solvers."""
    flat = np.abs(weights).reshape(-1, weights.shape[-1])
    return np.ascontiguousarray(flat.T)


def product(weights: ArrayLike) -> FloatArray:
    """Product ``pi = w_1 * ... * w_D`` of each state.

    Parameters
    ----------
    weights
        Array of shape ``(..., D)``.

    Returns
    -------
    Array of shape ``(...)``.

    Raises
    ------
    ValueError
        For weights that :func:`checked_weights` rejects, or a product outside the range of float64.
    """
    w = checked_weights(weights)
    with np.errstate(over="ignore", under="ignore"):
        pi = np.asarray(np.multiply.reduce(w, axis=-1))
    if not np.isfinite(pi).all() or (pi == 0).any():
        raise ValueError("the product of the weights is outside the range of float64")
    return pi


def loss(weights: ArrayLike) -> FloatArray:
    """Loss ``(pi - 1)**2 / 2`` of each state; shapes and errors as in :func:`product`."""
    return np.asarray(0.5 * (product(weights) - 1.0) ** 2)


def gradient(weights: ArrayLike) -> FloatArray:
    """Gradient of the loss, ``dL/dw_i = (pi - 1) * pi / w_i``, shape ``(..., D)``."""
    w = checked_weights(weights)
    pi = product(w)
    return np.asarray(((pi - 1.0) * pi)[..., np.newaxis] / w)


def gd_step(weights: ArrayLike, eta: ArrayLike) -> FloatArray:
    """One step of gradient descent, ``w_i - eta * pi * (pi - 1) / w_i``.

    Parameters
    ----------
    weights
        Array of shape ``(..., D)``; signs are kept as they are.
    eta
        Step size, a number or an array of shape ``(...)``.

    Returns
    -------
    Array of shape ``(..., D)``. Its product may be negative when the step is too long.

    Raises
    ------
    ValueError
        For weights or step sizes that :func:`checked_weights` or :func:`checked_step_size` reject.

    Examples
    --------
    >>> gd_step([2.0, 1.0], 0.25)
    array([1.75, 0.5 ])
    """
    step_size = checked_step_size(eta)
    return np.asarray(np.asarray(weights, dtype=np.float64) - step_size[..., np.newaxis] * gradient(weights))


def gd_trajectory(weights: ArrayLike, eta: ArrayLike, steps: int) -> FloatArray:
    """States ``w_0, ..., w_steps`` of gradient descent, shape ``(steps + 1, ..., D)``.

    Raises
    ------
    ValueError
        If ``steps`` is negative, an input is rejected by :func:`gd_step`, or the product of a later state is
        negative (the step size is too large for this start).
    """
    if steps < 0:
        raise ValueError(f"the number of steps must not be negative, got {steps}")
    states = [checked_weights(weights)]
    for _ in range(steps):
        states.append(gd_step(states[-1], eta))
    return np.stack(states)


def hessian(weights: ArrayLike) -> FloatArray:
    """Hessian of the loss, shape ``(..., D, D)``.

    ``H_ii = (pi / w_i)**2`` and ``H_ij = (2 * pi**2 - pi) / (w_i * w_j)``.
    """
    w = checked_weights(weights)
    pi = product(w)[..., np.newaxis, np.newaxis]
    pairs = 1.0 / (w[..., :, np.newaxis] * w[..., np.newaxis, :])
    on_diagonal = np.eye(w.shape[-1], dtype=bool)
    return np.asarray(np.where(on_diagonal, pi**2, 2.0 * pi**2 - pi) * pairs)


def sharpness(weights: ArrayLike) -> FloatArray:
    """Sharpness, the largest eigenvalue of the Hessian of the loss at each state, shape ``(...)``.

    Where ``pi = 1`` it equals ``sum 1 / w_i**2``.
    """
    return np.asarray(np.linalg.eigvalsh(hessian(weights))[..., -1])
