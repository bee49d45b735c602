"""The end of a gradient flow from its last phase by a linear solve, to compare integrators with.

Where the tangent kernel no longer moves, the network is linear in its weights, and the flow of a squared error ends at
the least-norm correction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, lsqr
from threadpoolctl import threadpool_limits
from torch import Tensor

from numeric.flow_end import END_RTOL, WATCH_RTOL, Extrapolation, FlowWatch
from numeric.objective import Cost, Objective
from numeric.spectrum import Eigenpair, largest_eigenpair

JUMP_RATIO = 9.0
"""The loss falls by this factor before the first jump, and between two jumps."""

REDUCTION = 1e-3
"""LSQR stops when the residual of the linearised network has shrunk by this factor."""

MOST_ITERATIONS = 2000
"""Iterations of LSQR at most."""

SQUARED = 0.99
"""Least cosine between the gradient of the loss and ``J^T (f - y)``: 1 for a squared error."""


class LeastSquares(Objective, Protocol):
    """An objective proportional to ``|f(w) - y|^2``.

    Attributes
    ----------
    targets
        ``y``, shape ``(n, C)``.
    """

    targets: Tensor

    def outputs(self, weights: Tensor) -> Tensor:
        """Return ``f(w)``, shape ``(n, C)``, detached."""

    def jacobian_products(self, weights: Tensor) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
        """Return ``v -> J v``, ``(P,)`` to ``(n, C)``, and ``u -> J^T u``; each use adds a gradient to the cost."""


@dataclass(frozen=True)
class LinearEnd:
    """The end of the flow of the network linearised at a state.

    Attributes
    ----------
    weights
        ``w + J^+ (y - f(w))``, shape ``(P,)``.
    pair
        Largest eigenpair of the Hessian of the loss (not linearised) there.
    loss
        Loss there: how far the linearisation holds.
    iterations
        Iterations of LSQR.
    residual
        Norm of the residual left of the linear equations, relative to ``|y - f(w)|``.
    cost
        Work done.
    """

    weights: Tensor
    pair: Eigenpair
    loss: float
    iterations: int
    residual: float
    cost: Cost


def linear_end(
    objective: LeastSquares,
    weights: Tensor,
    *,
    start: Tensor | None = None,
    reduction: float = REDUCTION,
    max_iterations: int = MOST_ITERATIONS,
) -> LinearEnd:
    """Return the end of the flow of the network linearised at ``weights``, and the sharpness there.

    Where the tangent kernel ``J J^T`` has stopped moving, the flow ``dw/dt = -c J^T (f + J (w' - w) - y)`` ends at the
    least-norm correction ``w + J^+ (y - f(w))``, by LSQR on products with ``J`` and ``J^T``.

    Parameters
    ----------
    objective
        A squared error.
    weights
        A state in the last phase of the flow, shape ``(P,)``.
    start
        Vector to start the eigenvalue from, shape ``(P,)``.
    reduction
        LSQR stops when the residual has shrunk by this factor.
    max_iterations
        Iterations at most, each of two gradients.

    Raises
    ------
    ValueError
        If the gradient of the loss is not along ``J^T (f - y)``: the loss is not a squared error.
    FloatingPointError
        If a product is not finite.

    References
    ----------
    C. C. Paige, M. A. Saunders, "LSQR: An algorithm for sparse linear equations and sparse least squares", ACM Trans.
    Math. Softw. 8 (1982) 43-71.
    """
    before = objective.cost.copy()
    wanted = objective.targets - objective.outputs(weights)
    jvp, vjp = objective.jacobian_products(weights)
    _check_squared(objective, weights, vjp(wanted))
    operator = _operator(jvp, vjp, wanted.shape, objective)
    given = wanted.reshape(-1).cpu().numpy().astype(np.float64)
    size = float(np.linalg.norm(given))
    with threadpool_limits(limits=1, user_api="blas"):
        found = lsqr(operator, given, atol=0.0, btol=reduction, conlim=0.0, iter_lim=max_iterations)
    correction = torch.from_numpy(np.asarray(found[0], dtype=np.float64))
    end = weights + correction.to(objective.device, objective.dtype)
    loss = objective.gradient(end)[0]
    pair = largest_eigenpair(objective, end, start=start, rtol=END_RTOL)
    residual = float(found[3]) / size if size > 0.0 else 0.0
    return LinearEnd(end, pair, loss, int(found[2]), residual, objective.cost.since(before))


def _check_squared(objective: LeastSquares, weights: Tensor, descent: Tensor) -> None:
    """Compare ``J^T (y - f)`` with the gradient of the loss."""
    slope = objective.gradient(weights)[1]
    norms = float(torch.linalg.vector_norm(slope) * torch.linalg.vector_norm(descent))
    if norms > 0.0 and float(-torch.dot(slope, descent)) < SQUARED * norms:
        raise ValueError("the loss is not a squared error of outputs and targets: the linear solve does not apply")


def _operator(
    jvp: Callable[[Tensor], Tensor], vjp: Callable[[Tensor], Tensor], shape: torch.Size, objective: Objective
) -> LinearOperator[Any]:
    def through(product: Callable[[Tensor], Tensor], array: np.ndarray, *size: int) -> np.ndarray:
        given = torch.from_numpy(np.ascontiguousarray(array).reshape(size)).to(objective.device, objective.dtype)
        found = product(given).detach().reshape(-1)
        if not bool(torch.isfinite(found).all()):
            raise FloatingPointError("a product with the Jacobian is not finite")
        return found.cpu().numpy().astype(np.float64)

    return LinearOperator(
        (shape.numel(), objective.dimension),
        matvec=lambda v: through(jvp, v, objective.dimension),
        rmatvec=lambda u: through(vjp, u, *shape),
        dtype=np.float64,
    )


@dataclass
class LinearSolveWatch(FlowWatch):
    """Leaves a flow by :func:`linear_end`, instead of waiting for the sharpness to settle.

    A jump is made each time the loss has fallen by :data:`JUMP_RATIO`; the flow is left when the sharpness after two
    jumps differs by at most ``rtol`` of itself. The last is the value, their difference its error.

    Attributes
    ----------
    jumps
        The ends found.
    """

    objective: LeastSquares
    reduction: float = REDUCTION
    jumps: list[LinearEnd] = field(default_factory=list)
    _jumped_at: float = 0.0

    def measure(self, time: float, loss: float, weights: Tensor, rtol: float = WATCH_RTOL) -> None:
        """Measure the sharpness of a state, and that after a jump from it when one is due."""
        super().measure(time, loss, weights, rtol)
        if len(self.path) == 1:
            self._jumped_at = loss
        elif loss <= self._jumped_at / JUMP_RATIO:
            self._jumped_at = loss
            start = self.pair.vector if self.pair is not None else None
            self.jumps.append(linear_end(self.objective, weights, start=start, reduction=self.reduction))

    def refine(self, weights: Tensor) -> None:
        """Do nothing: the eigenvalue after a jump has the accuracy of the end."""

    def finished(self) -> bool:
        """Return whether two jumps agree."""
        if len(self.jumps) < 2:
            return False
        last = self.jumps[-1].pair.value
        return last > 0.0 and self.extrapolation().spread <= self.rtol * last

    def extrapolation(self) -> Extrapolation:
        """Return the sharpness after the last jump, and its difference from the jump before."""
        last, before = self.jumps[-1].pair.value, self.jumps[-2].pair.value
        return Extrapolation(last, abs(last - before), abs(last - self.path[-1].sharpness))
