"""The gradient flow ``dw/dt = -grad L(w)`` to its end, and the sharpness there.

The integrators differ in how they step; all share the watch of :mod:`numeric.flow_end`, so that their costs compare.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from numeric import rkc
from numeric.flow_end import Extrapolation, FlowWatch, is_finite
from numeric.net_results import FlowPoint
from numeric.objective import Cost, Objective
from numeric.spectrum import Eigenpair

Outcome = Literal["converged", "out of work", "diverged"]

LOCAL_ERROR = 30.0
"""Norm of the local error of a step that is accepted, in units of ``rtol^(3/2)`` times the distance travelled."""

SHRINK, GROW, SAFETY = 0.1, 5.0, 0.8
"""Limits on the change of the step size, and the safety factor."""


@dataclass(frozen=True)
class State:
    """A state of the flow: time, loss, weights and gradient, shape ``(P,)``."""

    time: float
    loss: float
    weights: Tensor
    gradient: Tensor


def state_at(objective: Objective, time: float, weights: Tensor) -> State:
    """Return the state of given time and weights, by one gradient."""
    loss, gradient = objective.gradient(weights)
    return State(time, loss, weights, gradient)


@dataclass(frozen=True)
class FlowEnd:
    """The end of a gradient flow.

    Attributes
    ----------
    outcome
        ``converged``, ``out of work`` (the limit of gradients was met) or ``diverged`` (a number was not finite).
    state
        The last state reached.
    limit
        The sharpness that the flow tends to; None unless converged.
    pair
        Eigenpair at the last state measured.
    path
        States at which the sharpness was measured.
    steps, rejected
        Steps accepted and refused.
    cost
        Work done.
    """

    outcome: Outcome
    state: State
    limit: Extrapolation | None
    pair: Eigenpair | None
    path: list[FlowPoint]
    steps: int
    rejected: int
    cost: Cost


class Stepper(Protocol):
    """A rule that takes a flow from one state to the next."""

    rejected: int

    def advance(self, state: State, bound: float) -> State:
        """Return the next state; ``bound`` is an upper bound of the sharpness."""


def local_tolerance(rtol: float) -> float:
    """Return the local error allowed, relative to the distance travelled: ``LOCAL_ERROR * rtol^(3/2)``.

    The local error of a method of order 2 is of order 3 in the step, the global one of order 2, so that the latter is
    proportional to ``rtol`` (where the flow is smooth).
    """
    return LOCAL_ERROR * rtol * math.sqrt(rtol)


class RungeKuttaChebyshev:
    """Adaptive steps of the method of :mod:`numeric.rkc`, stages chosen from the sharpness.

    A step is accepted when the norm of its estimated local error is at most ``local_tolerance(rtol)`` times the way
    travelled so far (at first ``(2 L / sharpness)^(1/2)``, what a step along the steepest direction would take).

    Parameters
    ----------
    objective
        The loss.
    start
        Where the flow starts.
    rtol
        Relative accuracy.
    """

    def __init__(self, objective: Objective, start: Tensor, rtol: float) -> None:
        self.objective, self.start, self.rtol = objective, start, rtol
        self.size = 0.0
        self.floor = 0.0
        self.rejected = 0

    def advance(self, state: State, bound: float) -> State:
        """Return the next state; a step of no use (a number not finite) ends with a state that says so."""
        if self.size == 0.0:
            self.size = 0.5 / bound
            self.floor = (2.0 * abs(state.loss) / bound) ** 0.5
        travelled = float(torch.linalg.vector_norm(state.weights - self.start))
        allowed = local_tolerance(self.rtol) * max(travelled, self.floor)
        slope = -state.gradient
        while True:
            size = min(self.size, rkc.longest_step(rkc.MOST_STAGES) / bound)
            stages = rkc.stages_needed(size * bound)
            weights = rkc.step(self._slope, state.weights, slope, size, stages)
            after = state_at(self.objective, state.time + size, weights)
            estimate = rkc.error_estimate(state.weights, slope, weights, -after.gradient, size)
            error = float(torch.linalg.vector_norm(estimate)) / allowed
            if error <= 1.0:
                self.size = size * min(GROW, max(SHRINK, SAFETY / (error + 1e-10) ** (1.0 / 3.0)))
                return after
            self.rejected += 1
            finite = error < float("inf")  # false for NaN, too
            self.size = size * (max(SHRINK, SAFETY / error ** (1.0 / 3.0)) if finite else SHRINK)
            if not finite and self.size * bound < 1e-6:
                return after

    def _slope(self, weights: Tensor) -> Tensor:
        return -self.objective.gradient(weights)[1]


def follow(
    objective: Objective,
    start: Tensor,
    stepper: Stepper,
    watch: FlowWatch,
    *,
    max_gradients: int,
    progress: Callable[[State, int], None] = lambda state, work: None,
) -> FlowEnd:
    """Follow the flow from ``start`` until the watch ends it.

    Parameters
    ----------
    objective, start, stepper, watch
        The loss, the weights of shape ``(P,)``, the rule of the steps, and what measures the sharpness.
    max_gradients
        Work at most; a Hessian-vector product counts as two gradients.
    progress
        Called after every step with the state and the work so far.
    """
    before = objective.cost.copy()
    state = state_at(objective, 0.0, start.detach())
    steps = 0

    def end(outcome: Outcome) -> FlowEnd:
        limit = watch.extrapolation() if outcome == "converged" else None
        cost = objective.cost.since(before)
        return FlowEnd(outcome, state, limit, watch.pair, watch.path, steps, stepper.rejected, cost)

    try:
        while is_finite(state.loss, state.weights):
            if watch.due(state.loss):
                watch.measure(state.time, state.loss, state.weights)
                if watch.finished():
                    watch.refine(state.weights)
                    return end("converged")
            work = objective.cost.since(before).equivalents
            progress(state, work)
            if work >= max_gradients:
                return end("out of work")
            state = stepper.advance(state, watch.bound)
            steps += 1
    except FloatingPointError:
        pass
    return end("diverged")
