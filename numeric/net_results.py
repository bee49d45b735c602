"""Results of gradient descent on a real network: frozen, made of plain numbers and lists."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Literal

LARGE = 1e30
"""Stands for an infinite widening: a change between two values whose error bars are zero."""


@dataclass(frozen=True)
class SharpnessRecord:
    """The largest Hessian eigenvalue at a state of gradient descent.

    Attributes
    ----------
    step
        Steps taken before (0: the start).
    value
        Rayleigh quotient ``v.Hv`` of the unit vector found: a lower bound of the largest eigenvalue, up to rounding.
    residual
        ``|Hv - value v|``: some eigenvalue is this close.
    products
        Hessian-vector products used.
    """

    step: int
    value: float
    residual: float
    products: int


@dataclass(frozen=True)
class FlowPoint:
    """A state of the gradient flow on the way to its end: time, loss, sharpness there."""

    time: float
    loss: float
    sharpness: float


@dataclass(frozen=True)
class GfsRecord:
    """The GFS sharpness of a state of gradient descent.

    Attributes
    ----------
    step
        Steps taken before (0: the start).
    value
        Sharpness of the gradient-flow solution; None if the flow could not be followed to its end.
    error
        Error bar: the sum of the three estimates below; None with ``value``.
    error_flow
        Change of the sharpness when the flow is followed to the same loss with twice the tolerance; in a run at least
        the median of those changes over its measurements.
    error_left
        What the extrapolation to infinite time may be wrong by.
    error_eigenvalue
        Residual of the eigenvalue.
    loss_end, time_end
        Loss and flow time at the last state reached.
    sharpness_end
        Sharpness there, before extrapolation.
    gradients, products
        Work done.
    seconds
        Time taken.
    outcome
        ``converged``; ``out of work``: the limit of gradients was met first; ``diverged``: a number was not finite.
    path
        States of the flow at which the sharpness was computed.
    """

    step: int
    value: float | None
    error: float | None
    error_flow: float
    error_left: float
    error_eigenvalue: float
    loss_end: float
    time_end: float
    sharpness_end: float
    gradients: int
    products: int
    seconds: float
    outcome: Literal["converged", "out of work", "diverged"]
    path: list[FlowPoint]


@dataclass(frozen=True)
class FallStatistic:
    """Whether the GFS sharpness falls, within its error bars.

    With values ``phi_k`` and error bars ``e_k`` in the order of the steps: a sequence that never rises passes through
    all intervals ``[phi_k - c e_k, phi_k + c e_k]`` if and only if ``phi_j - c e_j <= phi_i + c e_i`` for ``i < j``.

    Attributes
    ----------
    measurements
        Values compared.
    falls, within, rises
        Neighbouring pairs that fall beyond, stay within, and rise beyond the sum of their error bars.
    widening
        The least ``c >= 0`` for which such a sequence exists: the largest ``(phi_j - phi_i) / (e_i + e_j)`` over
        ``i < j``, or 0.
    largest_rise
        ``max over i < j of phi_j / phi_i - 1``; negative when the values fall strictly; None without a pair.
    rise_from, rise_to
        Steps of the pair with the largest ``(phi_j - phi_i) / (e_i + e_j)``; None without a pair.
    contradicted
        Whether ``widening > 1``: no sequence that never rises is within the error bars.
    """

    measurements: int
    falls: int
    within: int
    rises: int
    widening: float
    largest_rise: float | None
    rise_from: int | None
    rise_to: int | None
    contradicted: bool


@dataclass(frozen=True)
class NetRun:
    """One trajectory of full-batch gradient descent on a network.

    Attributes
    ----------
    eta
        Step size.
    eta_factor
        ``eta phi_0 / 2`` with the GFS sharpness of the start; None if that is not known.
    outcome, diverged_at
        ``finished``, or ``diverged`` with the step after which the loss was not finite or above 10^6 times that of
        the start.
    steps
        Steps taken.
    loss
        Loss of every state, the start first; ``steps + 1`` numbers (of a diverged run those that are finite).
    accuracy
        Share of the samples classified rightly, at the start and at the end.
    sharpness, gfs
        What was measured along the way.
    loss_increases
        Steps that raised the loss.
    seconds_steps, seconds_sharpness, seconds_gfs
        Time taken by each part.
    fall
        The statistic of the GFS sharpness.
    """

    eta: float
    eta_factor: float | None
    outcome: Literal["finished", "diverged"]
    diverged_at: int | None
    steps: int
    loss: list[float]
    accuracy: list[float]
    sharpness: list[SharpnessRecord]
    gfs: list[GfsRecord]
    loss_increases: int
    seconds_steps: float
    seconds_sharpness: float
    seconds_gfs: float
    fall: FallStatistic

    def to_dict(self) -> dict[str, Any]:
        """Return the result as nested dictionaries of plain numbers and lists."""
        return asdict(self)


def pooled(records: Sequence[GfsRecord]) -> list[GfsRecord]:
    """Return the records with ``error_flow`` at least the median over all records that have a value.

    Two flows through the kinks of a network may end close to each other by chance: one small difference says little.
    """
    changes = [r.error_flow for r in records if r.value is not None]
    usual = statistics.median(changes) if changes else 0.0

    def widened(record: GfsRecord) -> GfsRecord:
        if record.value is None:
            return record
        flow = max(record.error_flow, usual)
        return replace(record, error_flow=flow, error=flow + record.error_left + record.error_eigenvalue)

    return [widened(record) for record in records]


def fall_statistic(records: Sequence[GfsRecord]) -> FallStatistic:
    """Return the statistic of the records that have a value, in the order of their steps."""
    known = [(r.step, r.value, r.error) for r in records if r.value is not None and r.error is not None]
    counts = {"falls": 0, "within": 0, "rises": 0}
    for (_, value, error), (_, following, other) in pairwise(known):
        change, bar = following - value, error + other
        counts["falls" if change < -bar else "rises" if change > bar else "within"] += 1
    rise: float | None = None
    place: tuple[int, int] | None = None
    widest = -math.inf
    for index, (step, value, error) in enumerate(known):
        for later, following, other in known[index + 1 :]:
            change, bar = following - value, error + other
            relative = change / abs(value) if value else 0.0
            rise = relative if rise is None else max(rise, relative)
            in_bars = change / bar if bar > 0.0 else math.copysign(LARGE, change) if change else 0.0
            if in_bars > widest:
                widest, place = in_bars, (step, later)
    worst = max(0.0, widest)
    return FallStatistic(
        measurements=len(known),
        **counts,
        widening=worst,
        largest_rise=rise,
        rise_from=place[0] if place else None,
        rise_to=place[1] if place else None,
        contradicted=worst > 1.0,
    )
