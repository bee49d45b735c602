"""The GFS sharpness of any network, with an error estimate: the main entry for networks of one's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from numeric.flow import FlowEnd, RungeKuttaChebyshev, State, follow
from numeric.flow_end import FlowWatch
from numeric.net_results import GfsRecord
from numeric.objective import Cost, Objective

if TYPE_CHECKING:
    from torch import nn

    from numeric.net_objective import Loss

COARSER = 2.0
"""The second flow, which tells how far the first can be trusted, is followed with this multiple of ``rtol``."""

LARGEST_RTOL = 0.02
"""Beyond this the steps are too coarse to tell by how much they err."""

Progress = Callable[[State, int], None]


def _silent(state: State, work: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class GfsMeasurement:
    """The GFS sharpness of a state.

    Attributes
    ----------
    record
        All that is recorded of it; ``value``, ``error``, ``outcome`` and the cost are there.
    vector
        Top eigenvector at the end of the flow, shape ``(P,)``; None if the flow did not get there.
    end
        Weights at the end of the flow, shape ``(P,)``.
    """

    record: GfsRecord
    vector: Tensor | None
    end: Tensor

    @property
    def value(self) -> float | None:
        """The GFS sharpness; None if the flow could not be followed to its end."""
        return self.record.value

    @property
    def error(self) -> float | None:
        """The error bar; None with :attr:`value`."""
        return self.record.error

    @property
    def gradients(self) -> int:
        """Gradients used, a Hessian-vector product counted as two."""
        return Cost(self.record.gradients, self.record.products).equivalents


def measure_gfs(
    objective: Objective,
    weights: Tensor,
    *,
    step: int = 0,
    rtol: float = 0.01,
    max_gradients: int = 20_000,
    stop_loss: float = 0.0,
    first: Tensor | None = None,
    progress: Progress = _silent,
) -> GfsMeasurement:
    """Return the GFS sharpness of ``weights``.

    The flow is followed twice by the Runge-Kutta-Chebyshev method, with ``rtol`` and, to the same loss, with
    ``COARSER * rtol``. The error bar adds up three estimates, none of which is a bound: the difference of the two
    sharpnesses at that loss (for the error of the integrator), the spread of the extrapolation to infinite time, and
    the residual of the eigenvalue.

    Parameters
    ----------
    objective
        The loss.
    weights
        Where the flow starts, shape ``(P,)``.
    step
        Number of the state, for the record.
    rtol
        Relative accuracy aimed at.
    max_gradients
        Work at most for both flows together; a Hessian-vector product counts as two gradients.
    stop_loss
        Take the sharpness where the flow reaches this loss, for losses that have no minimum; 0 stands for its end.
    first
        Vector to start the first eigenvalue from, shape ``(P,)``.
    progress
        Called after every step of a flow with the state and the work so far.

    Raises
    ------
    ValueError
        If ``rtol`` is not positive or above 0.02. (A start that is not finite has the outcome ``diverged``.)
    """
    if not 0.0 < rtol <= LARGEST_RTOL:
        raise ValueError(f"rtol {rtol}: give a positive number of at most {LARGEST_RTOL}")
    began = time.perf_counter()

    def flow(accuracy: float, work: int, stop: float) -> FlowEnd:
        watch = FlowWatch(objective, accuracy, stop, first)
        stepper = RungeKuttaChebyshev(objective, weights, accuracy)
        return follow(objective, weights, stepper, watch, max_gradients=work, progress=progress)

    fine = flow(rtol, max_gradients, stop_loss)
    left = max_gradients - fine.cost.equivalents
    other = flow(COARSER * rtol, left, stop_loss or fine.path[-1].loss) if fine.limit is not None and left > 0 else None
    return _measurement(step, fine, other, stop_loss, time.perf_counter() - began)


def _measurement(step: int, fine: FlowEnd, other: FlowEnd | None, stop_loss: float, seconds: float) -> GfsMeasurement:
    """Put the record of two flows together; without the second result there is no error bar, hence no value."""
    value = error = None
    parts = (0.0, 0.0, 0.0)
    outcome = fine.outcome
    if fine.limit is not None and fine.pair is not None:
        if other is not None and other.limit is not None:
            value = fine.limit.value
            last_sharpness = value if stop_loss > 0.0 else fine.path[-1].sharpness
            parts = (abs(last_sharpness - other.limit.value), fine.limit.spread, fine.pair.residual)
            error = sum(parts)
        else:
            outcome = "out of work" if other is None else other.outcome
    cost = Cost(fine.cost.gradients, fine.cost.products)
    if other is not None:
        cost = Cost(cost.gradients + other.cost.gradients, cost.products + other.cost.products)
    last = fine.path[-1] if fine.path else None
    record = GfsRecord(
        step=step,
        value=value,
        error=error,
        error_flow=parts[0],
        error_left=parts[1],
        error_eigenvalue=parts[2],
        loss_end=last.loss if last else 0.0,
        time_end=last.time if last else 0.0,
        sharpness_end=last.sharpness if last else 0.0,
        gradients=cost.gradients,
        products=cost.products,
        seconds=seconds,
        outcome=outcome,
        path=fine.path,
    )
    return GfsMeasurement(record, fine.pair.vector if fine.pair else None, fine.state.weights)


def gfs_sharpness(
    model: nn.Module,
    loss: Loss,
    data: tuple[Tensor, Tensor],
    *,
    rtol: float = 0.01,
    chunk: int = 0,
    max_gradients: int = 20_000,
    stop_loss: float = 0.0,
) -> GfsMeasurement:
    """Return the GFS sharpness of a network at its present weights.

    The largest eigenvalue of the Hessian of ``L(w) = loss(model(x; w), y)`` at the point that the gradient flow
    ``dw/dt = -grad L(w)`` tends to from the weights of ``model`` (arXiv 2305.13064). The model is not changed.

    Parameters
    ----------
    model
        Any network whose output depends on its weights and inputs alone (no dropout). Batch normalisation uses the
        statistics of all samples.
    loss
        Maps outputs ``(m, C)`` and targets to the mean over the samples, such as ``torch.nn.MSELoss()``.
    data
        Inputs and targets, each with one row a sample, of the model's dtype and device.
    rtol
        Relative accuracy aimed at; what was reached is in ``error``.
    chunk
        Samples evaluated at once, to bound the memory; 0 stands for all.
    max_gradients, stop_loss
        As for :func:`measure_gfs`.

    Returns
    -------
    GfsMeasurement
        ``value``, ``error``, ``gradients`` used, and ``record`` with the details.

    Raises
    ------
    ValueError
        As :func:`measure_gfs`, or for a model with random layers.

    Examples
    --------
    >>> import torch
    >>> from numeric import gfs_sharpness
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1)).double()
    >>> x = torch.randn(10, 8, dtype=torch.float64)
    >>> found = gfs_sharpness(model, torch.nn.MSELoss(), (x, x[:, :1]), rtol=0.01)
    >>> found.record.outcome
    'converged'
    >>> found.error < 0.1 * found.value
    True
    """
    from numeric.net_objective import NetObjective

    objective = NetObjective(model, loss, *data, chunk=chunk)
    return measure_gfs(objective, objective.weights(), rtol=rtol, max_gradients=max_gradients, stop_loss=stop_loss)
