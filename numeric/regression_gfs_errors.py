"""How the GFS sharpness of the squared regression model responds to small changes, and how large rounding makes them.

Let ``a = p e^s``, ``b = q e^{-s}``, ``H = X diag(a + b) X^T`` and ``v`` the unit eigenvector of its largest
eigenvalue ``lambda``. Changes ``alpha, beta`` of ``log p, log q`` and ``rho`` of the gradient ``X (a - b) - y`` move
the solution by ``dnu`` (differentiate ``X (a - b) = y``), and that moves the eigenvalue. With ``z = X^T v``

    H dnu = -X (a alpha - b beta) - rho,
    d log lambda = sum_i z_i**2 (a_i alpha_i + b_i beta_i) / lambda + c.dnu,   c = X (z**2 (a - b)) / lambda,

and with ``t = H^{-1} c``, ``k = z**2 / lambda``, ``m = X^T t``

    d log phi / d log p = a (k - m),   d log phi / d log q = b (k + m),   d log phi / d rho = -t.

Where the two largest eigenvalues of ``H`` nearly agree, ``v`` says little; there
``|d log lambda| <= max_i max(|d log a_i|, |d log b_i|)`` is used, with ``ds = X^T dnu`` bounded by the sizes of the
entries of ``X^T H^{-1} X`` and ``X^T H^{-1}``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from numeric.compensated import ROUND_OFF, FloatArray
from numeric.regression import RowSpace
from numeric.regression_gfs_newton import solve_scaled

CLOSE_EIGENVALUES = 1e-8
"""Relative gap of the two largest eigenvalues below which the eigenvector is not used."""

_SAFETY = 2.0


class Response(NamedTuple):
    """Largest eigenvalue of ``H`` and its first-order response, for a batch of states.

    ``largest`` (batch,) is lambda; ``gap`` (batch,) how far below it the second eigenvalue is, relative to it;
    ``matrix`` (batch, r, r) is ``H``; ``squares`` (batch, 2, d) are a and b; ``to_logs`` (batch, 2, d) and
    ``to_gradient`` (batch, r) the derivatives of ``log phi`` above; ``rounding`` (batch,) bounds the relative rounding
    error of lambda for the computed a and b.
    """

    largest: FloatArray
    gap: FloatArray
    matrix: FloatArray
    squares: FloatArray
    to_logs: FloatArray
    to_gradient: FloatArray
    rounding: FloatArray


def respond(space: RowSpace, squares: FloatArray) -> Response:
    """Eigenvalue and derivatives at squares ``a, b`` of shape ``(batch, 2, d)`` that are finite and not all zero."""
    x = space.features
    rank, dimension = x.shape
    plus, minus = squares[:, 0], squares[:, 1]
    total = plus + minus
    matrix = space.gram(total)
    values, vectors = np.linalg.eigh(matrix)
    largest, v = values[:, -1], vectors[:, :, -1]
    gap = 1.0 - values[:, -2] / largest if rank > 1 else np.ones(len(values))
    z = v @ x
    k = z * z / largest[:, np.newaxis]
    t = solve_scaled(matrix, ((k * (plus - minus)) @ x.T)[..., np.newaxis])[..., 0]
    m = t @ x
    to_logs = np.stack([plus * (k - m), minus * (k + m)], axis=1)
    entries = (total * (np.abs(v) @ np.abs(x)) ** 2).sum(axis=1) / largest
    rounding = ROUND_OFF * ((dimension + 3) * entries + 4 * rank)
    return Response(largest, gap, matrix, squares, to_logs, t, rounding)


def change_bound(space: RowSpace, response: Response, logs: FloatArray, gradient: FloatArray) -> FloatArray:
    """Bound, to first order, on ``|d log phi|`` for changes within the given sizes, shape ``(batch,)``.

    ``logs`` (batch, 2, d) bounds the changes of ``log p, log q``, ``gradient`` (batch, r) those of ``X (a - b) - y``.
    """
    bound = (np.abs(response.to_logs) * logs).sum(axis=(1, 2)) + (np.abs(response.to_gradient) * gradient).sum(axis=1)
    for i in np.flatnonzero(~(response.gap > CLOSE_EIGENVALUES)):
        inverse = solve_scaled(response.matrix[i : i + 1], space.features[np.newaxis])[0].T
        moved = (response.squares[i] * logs[i]).sum(axis=0)
        shift = np.abs(inverse @ space.features) @ moved + np.abs(inverse) @ gradient[i]
        used = response.squares[i] > 0.0
        bound[i] = logs[i][used].max() + shift[used.any(axis=0)].max()
    return np.asarray(bound)


def solver_error(space: RowSpace, response: Response, log_squares: FloatArray, dual: FloatArray) -> FloatArray:
    """Bound on the relative error of ``lambda`` at the computed solution, shape ``(batch,)``.

    To first order with a factor of 2 for the rest, it adds up

    - the logarithms and exponentials: ``log a_i`` is off by at most ``u (3 + 2 |log p_i| + |log a_i| + (r + 1)
      sum_n |x_ni nu_n|)``, ``u = 2**-53``; the same for b;
    - the computed residual ``X (a - b) - y``, which Newton's method left, and its own rounding
      ``u ((d + 3) sum_i |x_ni| (a_i + b_i) + |y_n|)``;
    - the rounding of ``H`` and of its eigenvalue, ``u ((d + 3) |v|^T |X| diag(a + b) |X|^T |v| / lambda + 4 r)``;
    - the rounding of the row-space coordinates, if X has not full row rank: changes of ``X`` and ``y`` by
      ``8 sqrt(max(N, d)) u`` of their size.
    """
    x, y = space.features, space.targets
    rank, dimension = x.shape
    plus, minus = response.squares[:, 0], response.squares[:, 1]
    size = np.abs(x)
    shift_error = (rank + 1) * (np.abs(dual) @ size)
    logs_of_p = np.where(np.isfinite(log_squares), np.abs(log_squares), 0.0)
    shift = dual @ x
    moved = np.abs(np.stack([shift, -shift], axis=1) + np.where(np.isfinite(log_squares), log_squares, 0.0))
    logs = ROUND_OFF * (3.0 + 2.0 * logs_of_p + moved + shift_error[:, np.newaxis])
    residual = (plus - minus) @ x.T - y
    gradient = np.abs(residual) + ROUND_OFF * ((dimension + 3) * ((plus + minus) @ size.T) + np.abs(y))
    rounding = response.rounding
    if not space.exact:
        share = 8.0 * np.sqrt(max(dimension, len(space.basis))) * ROUND_OFF
        off = share * np.linalg.norm(x, 2)
        norm = np.linalg.norm
        logs = logs + off * norm(dual, axis=1)[:, np.newaxis, np.newaxis]
        gradient = gradient + (off * norm(plus - minus, axis=1) + share * norm(y))[:, np.newaxis]
        rounding = rounding + 2.0 * off * np.sqrt((plus + minus).max(axis=1) / response.largest)
    return np.asarray(_SAFETY * (change_bound(space, response, logs, gradient) + rounding))
