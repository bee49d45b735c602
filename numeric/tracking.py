"""Running checks of Theorems A, B and C over a batch of trajectories, with their rounding errors.

Arrays are in the solvers' layout: weights ``(D, batch)``, everything else ``(batch,)``. A check is fed step
by step and remembers the worst case and where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from numeric.compensated import ROUND_OFF, FloatArray
from numeric.gfs import FlowColumns, solver_error
from numeric.results import ConvergenceCheck, InvarianceCheck, Place, SharpnessCheck
from numeric.sampling import SampledStates

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MARGIN_TOLERANCE = 1e-9
"""Allowance for rounding in a membership margin; the errors seen are below 1e-12."""

LARGEST_DELTA = 0.4
"""Theorem C speaks of ``eta * phi = 2 - delta`` with ``0 < delta <= 0.4``."""


@dataclass(frozen=True)
class Step:
    """One step of gradient descent of a batch, with a bound on the rounding error of the new weights."""

    weights: FloatArray
    error: FloatArray


def step_columns(w: FloatArray, pi: FloatArray, eta: FloatArray) -> Step:
    """Step of gradient descent ``w_i - r / w_i`` with ``r = eta * pi * (pi - 1)``, and its rounding error.

    To first order in the unit round-off ``u`` the product has a relative error of ``(D - 1) u``, so
    ``pi - 1`` has an absolute one of ``(D - 1) u pi + u |pi - 1|``, and ``r / w_i`` and the difference add
    their own.
    """
    depth, u = w.shape[0], ROUND_OFF
    e = pi - 1.0
    scale = eta * pi
    r = scale * e
    r_error = u * (scale * ((depth - 1) * pi + np.abs(e)) + (depth + 2) * np.abs(r))
    move = r / w
    following = w - move
    return Step(following, r_error / w + u * (np.abs(move) + np.abs(following)))


def sharpness_error_bar(step: Step, after: FlowColumns) -> FloatArray:
    """Bound on the relative rounding error of ``phi+ / phi``, doubled for the terms of second order.

    A change ``dz_i`` of the squares changes ``phi`` by ``phi**2 * alpha_i * (q - alpha_i) * dz_i`` with ``q``
    the sum of the ``alpha_i**2``; relative to ``phi`` that is ``(q - alpha_i) * dz_i / z*_i``.
    """
    alpha = 1.0 / after.squares / after.sharpness
    sensitivity = np.abs((alpha * alpha).sum(axis=0) - alpha) / after.squares
    from_step = (sensitivity * (2.0 * np.abs(step.weights) * step.error)).sum(axis=0)
    return np.asarray(2.0 * (from_step + solver_error(alpha.shape[0]) + 2.0 * ROUND_OFF))


@dataclass
class _Worst:
    """Largest value fed so far, and where it was."""

    value: float = -np.inf
    sample: int = -1
    step: int = -1

    def feed(self, values: FloatArray, ids: IntArray, step: int) -> bool:
        """Take in values of the samples ``ids``; say whether there is a new largest one."""
        if values.size == 0:
            return False
        top = int(np.argmax(values))
        if not float(values[top]) > self.value:
            return False
        self.value, self.sample, self.step = float(values[top]), int(ids[top]), step
        return True

    def place(self, starts: SampledStates) -> Place | None:
        if self.sample < 0:
            return None
        eta, weights = float(starts.eta[self.sample]), starts.weights[self.sample].tolist()
        return Place(self.sample, self.step, eta, weights)


@dataclass
class SharpnessTracker:
    """Theorem A along the way: relative rises of ``phi`` against their error bars."""

    count: int = 0
    rise: float = -np.inf
    error_bar: float = 0.0
    _worst: _Worst = field(default_factory=_Worst)

    def feed(self, rise: FloatArray, bars: FloatArray, ids: IntArray, step: int) -> None:
        """Take in the rises ``phi+ / phi - 1`` of the steps that lead to step number ``step``."""
        if rise.size == 0:
            return
        self.count += rise.size
        self.rise = max(self.rise, float(rise.max()))
        ratio = rise / bars
        if self._worst.feed(ratio, ids, step):
            self.error_bar = float(bars[int(np.argmax(ratio))])

    def result(self, starts: SampledStates) -> SharpnessCheck:
        """Sum up; ``starts`` are the states that the sample numbers refer to."""
        worst = self._worst
        if self.count == 0:
            return SharpnessCheck(0, 0.0, 0.0, 0.0, None, False)
        return SharpnessCheck(
            self.count, self.rise, worst.value, self.error_bar, worst.place(starts), worst.value > 1.0
        )


@dataclass
class InvarianceTracker:
    """Theorem B along the way: membership margins of the states reached."""

    count: int = 0
    _worst: _Worst = field(default_factory=_Worst)

    def feed(self, margin: FloatArray, ids: IntArray, step: int) -> None:
        """Take in the margins of the states at step number ``step``."""
        self.count += margin.size
        self._worst.feed(-margin, ids, step)

    def result(self, starts: SampledStates) -> InvarianceCheck:
        """Sum up; ``starts`` are the states that the sample numbers refer to."""
        margin = -self._worst.value if self.count else 1.0
        return InvarianceCheck(
            self.count, margin, MARGIN_TOLERANCE, self._worst.place(starts), margin < -MARGIN_TOLERANCE
        )


class ConvergenceTracker:
    """Theorem C along the way, from the first state of each trajectory that meets its premise.

    With ``e = pi - 1`` the premise on the loss is ``|e| <= delta / 10`` and the claim
    ``L_k <= F (1 - delta)**(2n) L_t``, ``n = k - t``, is ``|e_k| <= sqrt(F) (1 - delta)**n |e_t|``. Each step
    adds a rounding error of a few units to ``e`` and the steps contract by ``1 - delta``, so the error of
    ``e_k`` is taken as ``(4 D + 12) u min(n + 1, 1 / delta)``. The error bars of ``phi`` add up over the
    steps.

    Parameters
    ----------
    samples, depth
        Number of trajectories and of weights.
    loss_factor, phi_factor
        The constants ``F`` and ``G`` of :class:`numeric.results.ConvergenceCheck`.
    """

    def __init__(self, samples: int, depth: int, loss_factor: float = 2.0, phi_factor: float = 2.0) -> None:
        self._factors = (loss_factor, phi_factor)
        self._unit = (4 * depth + 12) * ROUND_OFF
        self._since = np.full(samples, -1, dtype=np.int64)
        self._a = np.zeros(samples)
        self._e = np.zeros(samples)
        self._bars = np.zeros(samples)
        self._count = 0
        self._loss, self._phi = _Worst(), _Worst()

    def feed(self, e: FloatArray, a: FloatArray, bars: FloatArray, member: BoolArray, ids: IntArray, step: int) -> None:
        """Take in ``e = pi - 1``, ``a = eta * phi``, the last error bars and membership at step ``step``."""
        delta = 2.0 - a
        premise = member & (delta > 0.0) & (delta <= LARGEST_DELTA) & (np.abs(e) <= 0.1 * delta)
        begins = premise & (self._since[ids] < 0)
        self._since[ids[begins]] = step
        self._a[ids[begins]], self._e[ids[begins]] = a[begins], np.abs(e[begins])
        self._bars[ids] = np.where(begins, 0.0, self._bars[ids] + bars)
        follows = self._since[ids] >= 0
        if follows.any():
            self._compare(np.abs(e[follows]), a[follows], ids[follows], step)

    def _compare(self, e: FloatArray, a: FloatArray, ids: IntArray, step: int) -> None:
        self._count += ids.size
        loss_factor, phi_factor = self._factors
        delta = 2.0 - self._a[ids]
        n = (step - self._since[ids]).astype(np.float64)
        noise = self._unit * np.minimum(n + 1.0, 1.0 / delta)
        allowed = np.sqrt(loss_factor) * (1.0 - delta) ** n * (self._e[ids] + self._unit)
        excess = np.maximum(e - noise, 0.0)
        ratio = np.divide(excess, allowed, out=np.full(e.shape, np.inf), where=allowed > 0.0)
        self._loss.feed(np.where(excess > 0.0, ratio, 0.0) ** 2, ids, step)
        fall = self._a[ids] * (1.0 - self._bars[ids]) - a
        self._phi.feed(fall / ((phi_factor - 1.0) * delta), ids, step)

    def result(self, starts: SampledStates) -> ConvergenceCheck:
        """Sum up; ``starts`` are the states that the sample numbers refer to."""
        loss_factor, phi_factor = self._factors
        loss_ratio = max(self._loss.value, 0.0)
        phi_ratio = self._phi.value if self._count else 0.0
        return ConvergenceCheck(
            trajectories=int((self._since >= 0).sum()),
            states_checked=self._count,
            loss_factor=loss_factor,
            phi_factor=phi_factor,
            worst_loss_ratio=loss_ratio,
            loss_where=self._loss.place(starts),
            worst_phi_ratio=phi_ratio,
            phi_where=self._phi.place(starts),
            contradicted=loss_ratio > 1.0 or phi_ratio > 1.0,
        )
