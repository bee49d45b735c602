"""The largest Hessian eigenvalue by Lanczos on Hessian-vector products.

The largest in the algebraic sense: a negative eigenvalue of larger magnitude does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh
from threadpoolctl import threadpool_limits
from torch import Tensor

from numeric.objective import Objective

BASIS = 12
"""Lanczos vectors kept between restarts."""

SMALL_BASIS = 6
"""Lanczos vectors kept when the vector of a state near by is there to start from."""

RESTARTS = 40
"""Restarts at most."""


@dataclass(frozen=True)
class Eigenpair:
    """An approximate largest eigenvalue.

    Attributes
    ----------
    value
        Rayleigh quotient ``v.Hv``, ``|v| = 1``: at most the largest eigenvalue, up to rounding.
    vector
        The vector ``v``, shape ``(P,)``.
    residual
        ``|Hv - value v|``: some eigenvalue of the symmetric ``H`` is within this distance.
    products
        Hessian-vector products used.
    """

    value: float
    vector: Tensor
    residual: float
    products: int


def largest_eigenpair(
    objective: Objective,
    weights: Tensor,
    *,
    start: Tensor | None = None,
    rtol: float = 1e-3,
    seed: int = 0,
) -> Eigenpair:
    """Return the largest eigenvalue of the Hessian at ``weights`` with its vector.

    ARPACK's restarted Lanczos method (``scipy.sparse.linalg.eigsh``, ``which="LA"``), started from ``start``: the
    vector of a point near by saves most of the products. While it runs numpy's BLAS gets one thread, so that its
    threads do not fight those of torch.

    Parameters
    ----------
    objective
        The loss.
    weights
        Where, shape ``(P,)``.
    start
        Vector to start from, shape ``(P,)``, that of a state near by: it needs few Lanczos vectors. Drawn from ``seed``
        if None.
    rtol
        Relative accuracy asked for: ARPACK stops at a residual below ``rtol`` times the eigenvalue.

    Raises
    ------
    FloatingPointError
        If a product is not finite.
    """
    before = objective.cost.products
    apply = objective.hessian(weights)
    size = objective.dimension
    drawn = torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    def multiply(vector: Tensor) -> Tensor:
        found = apply(vector)
        if not bool(torch.isfinite(found).all()):
            raise FloatingPointError("a Hessian-vector product is not finite")
        return found

    vector = _unit(drawn if start is None else start, objective)
    basis = BASIS if start is None else SMALL_BASIS
    if size > 1:
        try:
            vector = _unit(_lanczos(multiply, vector, objective, rtol, basis), objective)
        except ArpackError:  # the Hessian maps the start to zero
            vector = _from_anywhere(multiply, _unit(drawn, objective), objective, rtol)
    image = multiply(vector)
    value = float(torch.dot(vector, image))
    residual = float(torch.linalg.vector_norm(image - value * vector))
    return Eigenpair(value, vector, residual, objective.cost.products - before)


def _unit(vector: Tensor, objective: Objective) -> Tensor:
    found: Tensor = vector.to(objective.device, objective.dtype)
    unit: Tensor = found / torch.linalg.vector_norm(found)
    return unit


def _from_anywhere(multiply: Callable[[Tensor], Tensor], vector: Tensor, objective: Objective, rtol: float) -> Tensor:
    """Return the eigenvector by Lanczos from a drawn vector, or that vector itself when the Hessian is zero."""
    try:
        return _unit(_lanczos(multiply, vector, objective, rtol, BASIS), objective)
    except ArpackError:
        return vector


def _lanczos(
    multiply: Callable[[Tensor], Tensor], vector: Tensor, objective: Objective, rtol: float, basis: int
) -> Tensor:
    size, initial = objective.dimension, vector.cpu().numpy()
    kind = initial.dtype

    def matvec(array: np.ndarray) -> np.ndarray:
        given = torch.from_numpy(np.ascontiguousarray(array, dtype=kind).reshape(size))
        return multiply(given.to(objective.device)).cpu().numpy()

    operator = LinearOperator((size, size), matvec=matvec, dtype=kind)
    with threadpool_limits(limits=1, user_api="blas"):
        try:
            _, found = eigsh(operator, k=1, which="LA", v0=initial, ncv=min(basis, size), tol=rtol, maxiter=RESTARTS)
        except ArpackNoConvergence as error:
            if not error.eigenvectors.size:
                return vector
            found = error.eigenvectors
    top: Tensor = torch.from_numpy(np.ascontiguousarray(found[:, 0]))
    return top
