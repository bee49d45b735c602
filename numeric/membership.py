"""Membership in S_eta, the set on which Theorems A, B and C speak, estimated in float64.

A state ``w`` is in S_eta when ``phi(w) <= 2 * sqrt(2) / eta`` and there is ``B > 1`` with ``pi(w)`` in
``(0, B)`` such that from every point of the gradient-flow curve of ``w`` with product in ``(0, B)`` a step of
gradient descent leads to a product in ``(0, B)``. The best ``B`` is the flip product: the smallest ``p > 1``
at which the step brings a weight to zero. So the condition is

    phi(w) <= 2 * sqrt(2) / eta,   pi(w) < p_flip   and   M = sup over p in (0, 1] of g(p) < p_flip,

with ``g(p)`` the product after a step from the point with product ``p``. Points of the curve are written
relative to the gradient-flow solution ``z*``: with ``x = min(z*)``, ``c_i = (z*_i - x) / z*_i``,
``k_i = x / z*_i`` and ``A = eta / x`` (that is ``eta * phi * max(alpha)``), the point whose smallest square
is ``s * x`` has

    z_i = z*_i * m_i,   m_i = c_i + k_i * s,   p**2 = prod m_i,   rho_i = A * k_i * p * (p - 1) / m_i,

and the product after a step is ``p * prod(1 - rho_i)``. For ``p > 1`` the largest ``rho_i`` is that of the
smallest square, ``A * p * (p - 1) / s``. It increases with ``s`` from 0 to infinity, since
``d log p / d log s >= 1/2``: the flip product is finite and unique for every depth ``D >= 2``.

``M`` comes from a grid with local refinement, which can only miss a higher peak: everything here is an
estimate, never a proof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric.compensated import FloatArray
from numeric.gfs import FlowColumns, flow_solution_columns
from numeric.scalar import checked_step_size, checked_weights, product, to_columns

SHARPNESS_LIMIT = 2.0 * math.sqrt(2.0)
"""Largest ``eta * phi`` in S_eta."""

_GRID = 64
_ZOOMS = 4
_ZOOM_POINTS = 9
_CHUNK = 256
_MAX_ITERATIONS = 100


@dataclass(frozen=True)
class RelativeCurve:
    """Gradient-flow curves relative to their solutions, in the solvers' layout.

    Attributes
    ----------
    offset
        ``c_i = (z*_i - x) / z*_i``, shape ``(D, batch)``.
    slope
        ``k_i = x / z*_i = 1 - c_i``, shape ``(D, batch)``.
    drive
        ``A = eta / x``, shape ``(batch,)``.
    """

    offset: FloatArray
    slope: FloatArray
    drive: FloatArray


@dataclass(frozen=True)
class Membership:
    """Estimated membership in S_eta of states of shape ``(..., D)``; all arrays have shape ``(...)``.

    Attributes
    ----------
    member
        Whether the state is in S_eta, as far as float64 can tell.
    margin
        ``(p_flip - max(M, pi)) / p_flip``: positive when the condition on products holds. It does not contain
        the condition ``eta * phi <= 2 * sqrt(2)``.
    eta_phi
        ``a = eta * phi``.
    flip_product
        ``p_flip``, the smallest product above 1 from which a step brings a weight to zero.
    peak_product
        ``M``, the supremum of the product after a step from a point with product in ``(0, 1]``.
    peak_at
        The product ``p`` at which ``M`` is attained; 0 when it is approached as ``p -> 0``.
    """

    member: NDArray[np.bool_]
    margin: FloatArray
    eta_phi: FloatArray
    flip_product: FloatArray
    peak_product: FloatArray
    peak_at: FloatArray


def relative_curve(flow: FlowColumns, eta: FloatArray) -> RelativeCurve:
    """Curves of a batch of gradient-flow solutions; ``eta`` has shape ``(batch,)``."""
    return RelativeCurve(flow.balances / flow.squares, flow.smallest / flow.squares, eta / flow.smallest)


def _upper_bound_of_flip(curve: RelativeCurve) -> FloatArray:
    """Upper bound on ``log s`` at the flip product.

    With ``s >= 4``, so ``p >= 2``, it suffices that ``1 + (s - 1) * K >= 2 / A``, where ``K`` is the sum of
    the ``k_i`` without that of the smallest square.
    """
    lowest = np.argmin(curve.offset, axis=0)
    others = curve.slope.copy()
    np.put_along_axis(others, lowest[np.newaxis], 0.0, axis=0)
    needed = np.maximum(2.0 / curve.drive - 1.0, 0.0) / np.maximum(others.sum(axis=0), 1e-200)
    return np.asarray(np.log1p(np.clip(needed, 3.0, 1e250)))


def _critical_product(y: FloatArray, log_drive: FloatArray) -> FloatArray:
    """Product ``P > 1`` at which ``A * P * (P - 1) = s``, for ``y = log s``."""
    return np.asarray(0.5 * (1.0 + np.sqrt(1.0 + 4.0 * np.exp(np.minimum(y - log_drive, 700.0)))))


def flip_product_columns(curve: RelativeCurve) -> FloatArray:
    """Smallest product above 1 at which a step brings a weight to zero, shape ``(batch,)``.

    Solves ``p(s) = P(s)`` for ``s > 1`` by a bracketed Newton method on ``log s``, where
    ``p(s)**2 = prod m_i`` and ``P = (1 + sqrt(1 + 4 * s / A)) / 2`` is the product at which
    ``A * P * (P - 1) = s``.
    """
    upper = _upper_bound_of_flip(curve)
    lower = np.zeros_like(upper)
    y = np.minimum(upper, 1.0)
    log_drive = np.log(curve.drive)
    for _ in range(_MAX_ITERATIONS):
        rise = curve.slope * np.exp(y)
        m = curve.offset + rise
        critical = _critical_product(y, log_drive)
        value = 0.5 * np.log(m).sum(axis=0) - np.log(critical)
        upper = np.where(value >= 0.0, y, upper)
        lower = np.where(value < 0.0, y, lower)
        growth = 0.5 * (rise / m).sum(axis=0) - (critical - 1.0) / (2.0 * critical - 1.0)
        candidate = y - value / np.maximum(growth, 1e-300)
        outside = ~((candidate >= lower) & (candidate <= upper))
        following = np.where(outside, 0.5 * (lower + upper), candidate)
        converged = bool((np.abs(following - y) <= 1e-9 * (1.0 + np.abs(y))).all())
        y = following
        if converged:
            break
    return _critical_product(y, log_drive)


def _after_step(curve: RelativeCurve, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Products before and after a step at the points ``s = q**2 <= 1``, shape ``(points, batch)``."""
    s = q * q
    squared = np.ones_like(s)
    for c, k in zip(curve.offset, curve.slope, strict=True):
        squared *= c + k * s
    p = np.sqrt(squared)
    push = curve.drive * p * (1.0 - p)
    after = 1.0 / np.maximum(p, 1e-300)
    for c, k in zip(curve.offset, curve.slope, strict=True):
        after *= c + k * (s + push)
    return p, after


def _peak_chunk(curve: RelativeCurve, grid: int) -> tuple[FloatArray, FloatArray]:
    """Largest product after a step over ``0 < p <= 1`` and the product ``p`` where it was found."""
    batch = np.arange(curve.drive.size)
    even = np.arange(1.0, grid + 1.0)[:, np.newaxis] / grid
    exponent = 1.0 / curve.slope.sum(axis=0)
    q = np.concatenate([np.broadcast_to(even, (grid, batch.size)), even**exponent])
    best = np.argmax(_after_step(curve, q)[1], axis=0)
    left = np.where(best % grid == 0, 0.0, q[best - 1, batch])
    right = np.where(best % grid == grid - 1, 1.0, q[np.minimum(best + 1, 2 * grid - 1), batch])
    inside = np.arange(1.0, _ZOOM_POINTS + 1.0)[:, np.newaxis] / (_ZOOM_POINTS + 1.0)
    peak, peak_at = np.ones(batch.size), np.ones(batch.size)
    for _ in range(_ZOOMS):
        q = left + (right - left) * inside
        p, after = _after_step(curve, q)
        best = np.argmax(after, axis=0)
        found = after[best, batch]
        peak_at = np.where(found > peak, p[best, batch], peak_at)
        peak = np.maximum(found, peak)
        width = (right - left) / (_ZOOM_POINTS + 1.0)
        left, right = np.maximum(q[best, batch] - width, 0.0), np.minimum(q[best, batch] + width, 1.0)
    return peak, peak_at


def peak_product_columns(curve: RelativeCurve, grid: int = _GRID) -> tuple[FloatArray, FloatArray]:
    """Supremum ``M`` of the product after a step from ``p`` in ``(0, 1]``, and the ``p`` that attains it.

    The search takes ``grid`` points even in ``sqrt(s)`` (close to even in ``p`` for one small square) and
    ``grid`` points even in ``s**(sum k_i / 2)`` (close to even in ``p`` near ``p = 1``), then refines around
    the best of them. The limit ``p -> 0`` is ``A * prod c_i`` over all squares but the smallest. Both results
    have shape ``(batch,)``.
    """
    batch = curve.drive.size
    peak, peak_at = np.empty(batch), np.empty(batch)
    for begin in range(0, batch, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        piece = RelativeCurve(curve.offset[:, part], curve.slope[:, part], curve.drive[part])
        peak[part], peak_at[part] = _peak_chunk(piece, grid)
    others = curve.offset.copy()
    np.put_along_axis(others, np.argmin(curve.offset, axis=0)[np.newaxis], 1.0, axis=0)
    at_zero = curve.drive * np.multiply.reduce(others, axis=0)
    return np.maximum(peak, at_zero), np.where(at_zero > peak, 0.0, peak_at)


def membership_columns(flow: FlowColumns, pi: FloatArray, eta: FloatArray, grid: int = _GRID) -> Membership:
    """Membership of states given by their gradient-flow solutions, products and step sizes."""
    curve = relative_curve(flow, eta)
    flip = flip_product_columns(curve)
    peak, peak_at = peak_product_columns(curve, grid)
    margin = 1.0 - np.maximum(peak, pi) / flip
    eta_phi = eta * flow.sharpness
    return Membership((margin > 0.0) & (eta_phi <= SHARPNESS_LIMIT), margin, eta_phi, flip, peak, peak_at)


def membership(weights: ArrayLike, eta: ArrayLike) -> Membership:
    """Estimate which states are in S_eta.

    Parameters
    ----------
    weights
        Array of shape ``(..., D)``.
    eta
        Step size, a number or an array of shape ``(...)``.

    Raises
    ------
    ValueError
        For weights or step sizes that :mod:`numeric.scalar` rejects, or a solution outside float64's range.

    Examples
    --------
    >>> bool(membership([0.5, 1.0], 1.0).member)
    True
    """
    w = checked_weights(weights)
    batch_shape = w.shape[:-1]
    step_size = np.broadcast_to(checked_step_size(eta), batch_shape).reshape(-1)
    found = membership_columns(flow_solution_columns(to_columns(w)), product(w).reshape(-1), step_size)
    return Membership(
        found.member.reshape(batch_shape),
        found.margin.reshape(batch_shape),
        found.eta_phi.reshape(batch_shape),
        found.flip_product.reshape(batch_shape),
        found.peak_product.reshape(batch_shape),
        found.peak_at.reshape(batch_shape),
    )
