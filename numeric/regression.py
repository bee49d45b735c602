"""Gradient descent on the squared regression model, batched, in float64.

The model is ``f(x) = <u_plus**2 - u_minus**2, x>`` with ``2 d`` weights, the data ``X`` (N samples, d
features) and targets ``y``. With ``beta = u_plus**2 - u_minus**2``, ``r = X beta - y`` and ``g = X^T r / N``

    L = |r|**2 / (2 N),   dL/du_plus = 2 g u_plus,   dL/du_minus = -2 g u_minus.

Arrays of weights have shape ``(..., 2, d)``: ``[..., 0, :]`` is ``u_plus``, ``[..., 1, :]`` is ``u_minus``; every
function works on all leading dimensions at once. Weights may be zero or negative. What overflows becomes
infinite or NaN without a warning, so a diverging run in a batch does not stop the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from numeric.compensated import FloatArray

RANGE_TOLERANCE = 1e-9
"""Largest relative distance of the targets from the range of the features."""

_ENTRIES_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class RowSpace:
    """Coordinates in which the features have full row rank r.

    Attributes
    ----------
    basis
        Orthonormal columns spanning the range of ``X``, shape ``(N, r)``; the identity if ``r = N``.
    features
        ``basis^T X``, shape ``(r, d)``; ``X`` itself if ``r = N``.
    targets
        ``basis^T y``, shape ``(r,)``.
    exact
        Whether these are the given numbers (``r = N``), without rounding.
    """

    basis: FloatArray
    features: FloatArray
    targets: FloatArray
    exact: bool

    def gram(self, weights: FloatArray) -> FloatArray:
        """``X diag(weights) X^T`` in these coordinates for weights ``(batch, d)``, shape ``(batch, r, r)``."""
        return np.asarray((self.features * weights[:, np.newaxis]) @ self.features.T)


def row_space(features: FloatArray, targets: FloatArray) -> tuple[RowSpace, float]:
    """Coordinates of full rank by a singular value decomposition, and how far ``y`` is from the range of ``X``.

    Singular values up to ``max(N, d) * 2**-52`` times the largest count as zero. The distance is relative to ``|y|``.

    Raises
    ------
    ValueError
        If all features are zero.
    """
    left, values, right = np.linalg.svd(features, full_matrices=False)
    rank = int((values > max(features.shape) * np.finfo(np.float64).eps * values[0]).sum())
    if rank == 0:
        raise ValueError("the features must not all be zero")
    samples = len(targets)
    if rank == samples:
        return RowSpace(np.eye(samples), features, targets, True), 0.0
    basis = left[:, :rank]
    coordinates = basis.T @ targets
    length = float(np.linalg.norm(targets))
    distance = float(np.linalg.norm(targets - basis @ coordinates)) / length if length > 0.0 else 0.0
    return RowSpace(basis, values[:rank, np.newaxis] * right[:rank], coordinates, False), distance


def _checked_data(features: ArrayLike, targets: ArrayLike) -> tuple[FloatArray, FloatArray]:
    x, y = np.array(features, dtype=np.float64), np.array(targets, dtype=np.float64)
    if x.ndim != 2 or x.size == 0:
        raise ValueError(f"the features must be a matrix with at least one row and one column, got shape {x.shape}")
    if y.shape != x.shape[:1]:
        raise ValueError(f"there must be one target a row of the features ({len(x)}), got shape {y.shape}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("every feature and target must be finite, got NaN or infinity")
    return x, y


@dataclass(frozen=True, eq=False)
class RegressionData:
    """Data of a regression problem that has a solution.

    Attributes
    ----------
    features
        ``X``, shape ``(N, d)``, one sample a row; any rank, any N and d.
    targets
        ``y``, shape ``(N,)``, in the range of ``X``.
    name
        What reports call these data.

    Raises
    ------
    ValueError
        For empty, misshapen or non-finite arrays, features that are all zero, or targets further from the range
        of ``X`` than 1e-9 ``|y|`` (see :meth:`explained`).

    Examples
    --------
    >>> RegressionData([[1.0, 2.0], [2.0, 4.0]], [1.0, 2.0]).rank
    1
    """

    features: FloatArray
    targets: FloatArray
    name: str = ""

    def __post_init__(self) -> None:
        x, y = _checked_data(self.features, self.targets)
        x.flags.writeable = y.flags.writeable = False
        object.__setattr__(self, "features", x)
        object.__setattr__(self, "targets", y)
        coordinates, distance = row_space(x, y)
        if not distance <= RANGE_TOLERANCE:
            raise ValueError(
                f"the targets must lie in the range of the features: the relative residual of the least-squares "
                f"solution is {distance:.3g}, more than {RANGE_TOLERANCE:g}"
            )
        object.__setattr__(self, "_coordinates", coordinates)

    @classmethod
    def explained(cls, features: ArrayLike, targets: ArrayLike, name: str = "") -> RegressionData:
        """Replace the targets by their projection on the range of ``X``.

        Gradients, gradient descent and gradient flow stay the same: ``X^T (X beta - y)`` does not see the part
        of ``y`` orthogonal to the range. The loss falls by the constant ``|y - y_projected|**2 / (2 N)``.

        Raises
        ------
        ValueError
            For empty, misshapen or non-finite arrays, or features that are all zero.
        """
        x, y = _checked_data(features, targets)
        coordinates, _ = row_space(x, y)
        return cls(x, y if coordinates.exact else coordinates.basis @ coordinates.targets, name)

    @property
    def samples(self) -> int:
        """Number of samples N."""
        return int(self.features.shape[0])

    @property
    def dimension(self) -> int:
        """Number of features d."""
        return int(self.features.shape[1])

    @property
    def rank(self) -> int:
        """Rank r of ``X`` (singular values up to ``max(N, d) * 2**-52`` times the largest count as zero)."""
        return len(self.coordinates.targets)

    @property
    def coordinates(self) -> RowSpace:
        """The data in coordinates of full row rank."""
        found: RowSpace = self.__dict__["_coordinates"]
        return found


def checked_weights(data: RegressionData, weights: ArrayLike) -> FloatArray:
    """Return the weights as a float64 array of shape ``(..., 2, d)``.

    Raises
    ------
    ValueError
        If the shape is another.
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.ndim < 2 or w.shape[-2:] != (2, data.dimension):
        raise ValueError(f"the weights must have shape (..., 2, {data.dimension}), got {w.shape}")
    return w


def _residual(data: RegressionData, w: FloatArray) -> FloatArray:
    plus, minus = w[..., 0, :], w[..., 1, :]
    return np.asarray(((plus - minus) * (plus + minus)) @ data.features.T - data.targets)


def residual(data: RegressionData, weights: ArrayLike) -> FloatArray:
    """Residual ``r = X (u_plus**2 - u_minus**2) - y`` of each state, shape ``(..., N)``.

    Raises
    ------
    ValueError
        If the shape of the weights is not ``(..., 2, d)``.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return _residual(data, checked_weights(data, weights))


def loss(data: RegressionData, weights: ArrayLike) -> FloatArray:
    """Loss ``L = |r|**2 / (2 N)`` of each state, shape ``(...)``; errors as in :func:`residual`."""
    with np.errstate(over="ignore", invalid="ignore"):
        r = _residual(data, checked_weights(data, weights))
        return np.asarray((r * r).sum(axis=-1) / (2 * data.samples))


def correlation(data: RegressionData, weights: ArrayLike) -> FloatArray:
    """Correlation of features and residual, ``g = X^T r / N``, shape ``(..., d)``; errors as in :func:`residual`."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(_residual(data, checked_weights(data, weights)) @ data.features / data.samples)


def gd_step(data: RegressionData, weights: ArrayLike, eta: ArrayLike) -> FloatArray:
    """One step of gradient descent: ``u_plus (1 - 2 eta g)`` and ``u_minus (1 + 2 eta g)``.

    Parameters
    ----------
    data
        The regression problem.
    weights
        States of shape ``(..., 2, d)``.
    eta
        Positive step size, a number or an array of shape ``(...)``.

    Returns
    -------
    The states after the step, shape ``(..., 2, d)``.

    Raises
    ------
    ValueError
        For misshapen weights, or a step size that is not positive and finite.
    """
    w = checked_weights(data, weights)
    step_size = np.asarray(eta, dtype=np.float64)
    if not (np.isfinite(step_size).all() and (step_size > 0).all()):
        raise ValueError("the step size eta must be a positive finite number")
    with np.errstate(over="ignore", invalid="ignore"):
        change = 2.0 * step_size[..., np.newaxis] * correlation(data, w)
        return np.stack([w[..., 0, :] * (1.0 - change), w[..., 1, :] * (1.0 + change)], axis=-2)


def hessian(data: RegressionData, weights: ArrayLike) -> FloatArray:
    """Hessian of the loss, ``(4/N) J^T J + 2 diag(g, -g)`` with ``J = [X diag(u_plus), -X diag(u_minus)]``.

    Returns
    -------
    Matrices of shape ``(..., 2 d, 2 d)``, the coordinates of ``u_plus`` first; errors as in :func:`residual`.
    """
    w = checked_weights(data, weights)
    x = data.features
    with np.errstate(over="ignore", invalid="ignore"):
        jacobian = np.concatenate([x * w[..., :1, :], -x * w[..., 1:, :]], axis=-1)
        full = (4.0 / data.samples) * (np.swapaxes(jacobian, -1, -2) @ jacobian)
        g = correlation(data, w)
        along = np.arange(2 * data.dimension)
        full[..., along, along] += 2.0 * np.concatenate([g, -g], axis=-1)
    return np.asarray(full)


def sharpness(data: RegressionData, weights: ArrayLike) -> FloatArray:
    """Sharpness, the largest eigenvalue of the ``2 d x 2 d`` Hessian of the loss, shape ``(...)``.

    It is NaN where the Hessian is not finite. Errors as in :func:`residual`.

    Examples
    --------
    >>> float(sharpness(RegressionData([[1.0]], [1.0]), [[1.0], [0.0]]))
    4.0
    """
    w = checked_weights(data, weights)
    flat = w.reshape(-1, *w.shape[-2:])
    found = np.full(len(flat), np.nan)
    at_once = max(1, _ENTRIES_AT_ONCE // (2 * data.dimension) ** 2)
    for begin in range(0, len(flat), at_once):
        part = hessian(data, flat[begin : begin + at_once])
        finite = np.isfinite(part).all(axis=(-2, -1))
        found[begin : begin + at_once][finite] = np.linalg.eigvalsh(part[finite])[:, -1]
    return found.reshape(w.shape[:-2])
