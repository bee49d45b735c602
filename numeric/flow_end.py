"""When a gradient flow may be left, and what its sharpness tends to: a watch on the states of any integrator."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from numeric.net_results import FlowPoint
from numeric.objective import Objective
from numeric.spectrum import Eigenpair, largest_eigenpair

LOSS_RATIO = 3.0
"""The sharpness is measured each time the loss has fallen by this factor."""

FITTED = 4
"""Measurements that the extrapolation uses."""

FLAT = 1e-12
"""Least bound of the sharpness: that of a flat loss."""

EXPONENTS = (0.25, 0.5, 1.0)
"""The sharpness is taken to approach its limit like the loss to one of these powers; the middle one gives the value."""

START_RTOL, WATCH_RTOL, END_RTOL = 1e-2, 3e-2, 3e-3
"""Accuracy of the eigenvalue at the start, on the way (its Rayleigh quotient is far more accurate) and at the end."""


@dataclass(frozen=True)
class Extrapolation:
    """The sharpness that a flow tends to.

    Attributes
    ----------
    value
        Constant term of the least-squares fit ``S = a + b L^(1/2)``.
    spread
        Largest ``|a' - a|`` for the fits with the other exponents ``p`` in ``S = a' + b L^p``.
    change
        Largest distance of any of those ``a'`` from the last value measured.
    """

    value: float
    spread: float
    change: float


def extrapolate(losses: list[float], values: list[float]) -> Extrapolation:
    """Return the limit of the sharpness as the loss tends to zero, from at least two states.

    In the last phase of the flow the residual decays along fixed directions, and the weights are still
    ``O(L^(1/2))`` away from their end; a spectrum of decay rates that reaches down to zero makes the power smaller.

    Raises
    ------
    ValueError
        If fewer than two states are given.
    """
    if len(losses) < 2:
        raise ValueError("an extrapolation needs at least two states")
    loss = np.asarray(losses, dtype=np.float64)
    value = np.asarray(values, dtype=np.float64)
    ends: list[float] = []
    for power in EXPONENTS:
        scaled = (loss / loss[0]) ** power
        ends.append(float(np.polynomial.polynomial.polyfit(scaled, value, 1)[0]))
    middle = ends[1]
    return Extrapolation(middle, max(abs(e - middle) for e in ends), max(abs(e - values[-1]) for e in ends))


@dataclass
class FlowWatch:
    """Measures the sharpness along a flow and says when to stop.

    Parameters
    ----------
    objective
        The loss.
    rtol
        Stop when the sharpness is predicted to change by less than ``2 rtol`` of itself whatever the exponent of
        :data:`EXPONENTS`, hence by about ``rtol`` for the middle one.
    stop_loss
        Stop at this loss instead: for losses without a minimum, such as cross-entropy. 0 stands for the end.
    first
        Vector to start the first eigenvalue from, shape ``(P,)``.

    Attributes
    ----------
    path
        The states at which the sharpness was measured.
    pair
        The last eigenpair.
    """

    objective: Objective
    rtol: float
    stop_loss: float = 0.0
    first: Tensor | None = None
    path: list[FlowPoint] = field(default_factory=list)
    pair: Eigenpair | None = None

    def measure(self, time: float, loss: float, weights: Tensor, rtol: float = WATCH_RTOL) -> None:
        """Measure the sharpness of a state and add it to the path."""
        start = self.first if self.pair is None else self.pair.vector
        accuracy = START_RTOL if self.pair is None else rtol
        self.pair = largest_eigenpair(self.objective, weights, start=start, rtol=accuracy)
        self.path.append(FlowPoint(time, loss, self.pair.value))

    def refine(self, weights: Tensor) -> None:
        """Measure the last state again, at the accuracy of the end."""
        last = self.path.pop()
        self.measure(last.time, last.loss, weights, END_RTOL)

    def due(self, loss: float) -> bool:
        """Return whether the sharpness has to be measured at a state with this loss."""
        return not self.path or loss < self.path[-1].loss / LOSS_RATIO or loss <= self.stop_loss

    @property
    def bound(self) -> float:
        """An upper bound of the sharpness on the next stretch: the last value, a margin, and its recent growth."""
        last = self.path[-1].sharpness
        before = self.path[-2].sharpness if len(self.path) > 1 else last
        growth = min(max(last / before - 1.0, 0.0), 0.5) if before > 0.0 else 0.0
        return max(abs(last) * (1.1 + growth), FLAT)

    def finished(self) -> bool:
        """Return whether the last measurement ends the flow.

        Beside the prediction, the residual must have fallen by the factor ``rtol`` (the loss by its square): a
        sharpness that rests early in a flow says little about its end.
        """
        last = self.path[-1]
        if self.stop_loss > 0.0:
            return last.loss <= self.stop_loss
        if last.loss == 0.0:
            return True
        if len(self.path) <= FITTED or last.sharpness <= 0.0 or last.loss < 0.0:
            return False
        far = last.loss <= self.rtol**2 * self.path[0].loss
        return far and self.extrapolation().change <= 2.0 * self.rtol * last.sharpness

    def extrapolation(self) -> Extrapolation:
        """Return the limit predicted from the last measurements."""
        if self.stop_loss > 0.0:
            return self._at_stop_loss()
        if self.path[-1].loss == 0.0:
            return Extrapolation(self.path[-1].sharpness, 0.0, 0.0)
        tail = self.path[-FITTED:]
        return extrapolate([p.loss for p in tail], [p.sharpness for p in tail])

    def _at_stop_loss(self) -> Extrapolation:
        """Return the sharpness at the loss of the stop, interpolated: a power of the loss between two measurements."""
        last = self.path[-1]
        if len(self.path) < 2 or last.loss >= self.stop_loss:
            return Extrapolation(last.sharpness, 0.0, 0.0)
        before = self.path[-2]
        share = float(np.log(before.loss / self.stop_loss) / np.log(before.loss / last.loss))
        value = before.sharpness + share * (last.sharpness - before.sharpness)
        if min(before.sharpness, last.sharpness) > 0.0:
            value = before.sharpness ** (1.0 - share) * last.sharpness**share
        return Extrapolation(value, 0.1 * abs(value - last.sharpness), abs(value - last.sharpness))


def is_finite(loss: float, weights: Tensor) -> bool:
    """Return whether loss and weights are finite numbers."""
    return bool(np.isfinite(loss)) and bool(torch.isfinite(weights).all())
