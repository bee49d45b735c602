"""Other integrators of a gradient flow, to compare :class:`numeric.flow.RungeKuttaChebyshev` with.

Classical Runge-Kutta of order 4, and the Dormand-Prince method of torchdiffeq (optional, extra "nets").
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from numeric.flow import State, local_tolerance, state_at
from numeric.flow_end import LOSS_RATIO
from numeric.objective import Objective

FIRST_STRETCH = 10.0
"""Length of the first stretch that dopri5 is called for, in units of one over the sharpness."""

FINER = 0.1
"""The tolerance of dopri5 in units of that of Runge-Kutta-Chebyshev."""

FLAT = 1.5
"""A stretch on which the loss falls by less than this factor is followed by one of twice its length."""


class RungeKutta4:
    """Classical Runge-Kutta of order 4 at the step size ``factor / sharpness``, four gradients a step."""

    def __init__(self, objective: Objective, factor: float = 1.0) -> None:
        self.objective, self.factor = objective, factor
        self.rejected = 0

    def advance(self, state: State, bound: float) -> State:
        """Return the next state."""
        h = self.factor / bound
        k1 = -state.gradient
        k2 = -self.objective.gradient(state.weights + 0.5 * h * k1)[1]
        k3 = -self.objective.gradient(state.weights + 0.5 * h * k2)[1]
        k4 = -self.objective.gradient(state.weights + h * k3)[1]
        weights = state.weights + (h / 6.0) * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return state_at(self.objective, state.time + h, weights)


class Dopri5:
    """Torchdiffeq's ``dopri5``, called for one stretch of the flow after the other.

    Its steps obey the rule of :class:`numeric.flow.RungeKuttaChebyshev` at a tenth of the tolerance, by ``atol`` alone:
    the norm of the estimated local error is at most ``FINER * local_tolerance(rtol)`` times the distance travelled when
    the stretch began, or ``(2 L / sharpness)^(1/2)`` where this is smaller. At the limit of stability nothing damps the
    errors along steep directions; an error of the latter length would be all of the loss, and a tolerance ten times as
    large was seen to double the sharpness. It costs next to nothing, as stability holds the steps.

    The stretches begin with 10 over the sharpness and double while the loss falls slowly. A restart costs little: the
    step size and the gradient at the start are handed on; the last step of a stretch is cut to end there, and its end
    is evaluated once more for the loss.

    Parameters
    ----------
    objective
        The loss.
    start
        Where the flow starts.
    rtol
        Relative accuracy.

    Raises
    ------
    ModuleNotFoundError
        If torchdiffeq is not installed.
    """

    def __init__(self, objective: Objective, start: Tensor, rtol: float) -> None:
        from torchdiffeq import odeint

        self._odeint: Callable[..., Tensor] = odeint
        self.objective, self.start, self.rtol = objective, start, rtol
        self.size = self.stretch = self.floor = 0.0
        self.rejected = 0

    def advance(self, state: State, bound: float) -> State:
        """Return the state at the end of the next stretch.

        Raises
        ------
        FloatingPointError
            If a gradient is not finite, or the step size underflows.
        """
        if self.stretch == 0.0:
            self.size, self.stretch = 0.5 / bound, FIRST_STRETCH / bound
        length = (2.0 * abs(state.loss) / bound) ** 0.5
        if self.floor == 0.0:
            self.floor = length
        travelled = max(float(torch.linalg.vector_norm(state.weights - self.start)), self.floor)
        allowed = FINER * local_tolerance(self.rtol) * min(travelled, length)
        ends = torch.tensor([0.0, self.stretch], dtype=torch.float64, device=state.weights.device)
        right = _RightHandSide(self.objective, state.gradient)
        options = {"first_step": self.size, "step_t": ends[1:]}
        # the norm of torchdiffeq is the root of the mean square
        atol = allowed / self.objective.dimension**0.5
        try:
            path = self._odeint(right, state.weights, ends, rtol=0.0, atol=atol, method="dopri5", options=options)
        except AssertionError as error:
            raise FloatingPointError(f"dopri5: {error}") from error
        self.size = right.proposed
        self.rejected += right.rejected
        after = state_at(self.objective, state.time + self.stretch, path[-1])
        if after.loss < state.loss / LOSS_RATIO:
            self.stretch *= 0.5
        elif after.loss > state.loss / FLAT:
            self.stretch *= 2.0
        return after


class _RightHandSide:
    """The negative gradient for torchdiffeq, with its callbacks; the first value asked for is known."""

    def __init__(self, objective: Objective, known: Tensor) -> None:
        self.objective = objective
        self.known: Tensor | None = known
        self.rejected = 0
        self.proposed = 0.0

    def __call__(self, _: Tensor, weights: Tensor) -> Tensor:
        if self.known is not None:
            slope, self.known = -self.known, None
            return slope
        slope = -self.objective.gradient(weights)[1]
        if not bool(torch.isfinite(slope).all()):
            raise FloatingPointError("a gradient on the way of dopri5 is not finite")
        return slope

    def callback_step(self, _time: Tensor, _weights: Tensor, step: Tensor) -> None:
        """Keep the step size proposed, before it is cut at the end of the stretch."""
        self.proposed = float(step)

    def callback_reject_step(self, _time: Tensor, _weights: Tensor, _step: Tensor) -> None:
        """Count a step refused."""
        self.rejected += 1
