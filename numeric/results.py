"""Results of the numerical checks: frozen, made of plain numbers and lists, ready for a report.

A check says ``contradicted`` only when a theorem fails by more than the rounding errors can explain. A check
that is not contradicted is evidence, never a proof.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where something happened: sample number ``sample``, ``step`` steps after ``weights``."""

    sample: int
    step: int
    eta: float
    weights: list[float]


@dataclass(frozen=True)
class SharpnessCheck:
    """Theorem A: a step never increases the GFS sharpness ``phi``.

    Attributes
    ----------
    steps_checked
        Number of steps whose start satisfies the theorem's premise.
    worst_rise
        Largest ``phi+ / phi - 1`` seen; negative when ``phi`` always fell.
    worst_rise_in_error_bars
        Largest ``(phi+ / phi - 1) / error bar`` seen, the error bar being a bound on the rounding errors of
        that step.
    error_bar
        Error bar where that ratio was largest.
    where
        Where that ratio was largest.
    contradicted
        Whether ``worst_rise_in_error_bars`` exceeds 1.
    """

    steps_checked: int
    worst_rise: float
    worst_rise_in_error_bars: float
    error_bar: float
    where: Place | None
    contradicted: bool


@dataclass(frozen=True)
class InvarianceCheck:
    """Theorem B: a step from S_eta leads to S_eta.

    Attributes
    ----------
    states_checked
        Number of states reached by a step and tested for membership.
    worst_margin
        Smallest membership margin ``(p_flip - max(M, pi)) / p_flip`` seen after a step; -1 when a weight
        changed sign.
    tolerance
        Rounding allowance: the check is contradicted when the margin is below ``-tolerance``.
    where
        Where the margin was smallest.
    contradicted
        Whether a state outside S_eta was reached.
    """

    states_checked: int
    worst_margin: float
    tolerance: float
    where: Place | None
    contradicted: bool


@dataclass(frozen=True)
class ConvergenceCheck:
    """Theorem C: from its premise on, the loss falls geometrically and ``phi`` stays close to ``2 / eta``.

    The premise, at step ``t``: the state is in S_eta, ``phi = (2 - delta) / eta`` with ``0 < delta <= 0.4``,
    and the loss is at most ``delta**2 / 200``. The claim, for ``k >= t``:
    ``L_k <= F (1 - delta)**(2 (k - t)) L_t`` with ``F = 2``, and ``eta * phi_k >= 2 - G * delta`` with
    ``G = 2``.

    Attributes
    ----------
    trajectories
        Number of trajectories that met the premise.
    states_checked
        Number of states compared with the bounds.
    loss_factor, phi_factor
        The constants ``F`` and ``G`` that were tested.
    worst_loss_ratio
        Largest loss over its bound, after the rounding errors are taken off; above 1 contradicts.
    loss_where
        Where that ratio was largest.
    worst_phi_ratio
        Largest fall of ``eta * phi`` since ``t`` over the fall allowed, ``(G - 1) * delta``, likewise.
    phi_where
        Where that ratio was largest.
    contradicted
        Whether one of the two ratios exceeds 1.
    """

    trajectories: int
    states_checked: int
    loss_factor: float
    phi_factor: float
    worst_loss_ratio: float
    loss_where: Place | None
    worst_phi_ratio: float
    phi_where: Place | None
    contradicted: bool


@dataclass(frozen=True)
class SharpnessSummary:
    """Distribution of ``eta * phi`` at the end of the trajectories."""

    minimum: float
    median: float
    maximum: float
    share_at_edge: float
    """Share of the trajectories that end in [1.9, 2]."""


@dataclass(frozen=True)
class EdgeTrajectory:
    """One trajectory at the edge of stability, for a plot; lists have one entry a state, the start first."""

    weights: list[float]
    eta: float
    loss: list[float]
    sharpness: list[float]
    eta_phi: list[float]
    product: list[float]


@dataclass(frozen=True)
class ExperimentResult:
    """What :func:`numeric.experiment.run_experiment` saw.

    Attributes
    ----------
    depth, samples, steps, seed
        The request.
    theorem_a, theorem_b, theorem_c
        The three checks along the trajectories.
    gd_steps
        Steps taken in all; a trajectory stops early once it has converged.
    nonmonotone_loss_steps
        Steps that raised the loss by more than rounding explains.
    converged_fraction
        Share of the trajectories that reached ``|pi - 1| <= 1e-12`` with ``eta * phi < 2``.
    final_eta_phi
        Distribution of ``eta * phi`` at the last state of each trajectory.
    edge_trajectory
        An example at the edge of stability.
    contradicted
        Whether one of the three checks is contradicted.
    """

    depth: int
    samples: int
    steps: int
    seed: int
    theorem_a: SharpnessCheck
    theorem_b: InvarianceCheck
    theorem_c: ConvergenceCheck
    gd_steps: int
    nonmonotone_loss_steps: int
    converged_fraction: float
    final_eta_phi: SharpnessSummary
    edge_trajectory: EdgeTrajectory
    contradicted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the result as nested dictionaries of plain numbers and lists."""
        return asdict(self)


@dataclass(frozen=True)
class OneStepResult:
    """What :func:`numeric.one_step.check_one_step` saw.

    Attributes
    ----------
    samples, seed, depths, a_range
        The request.
    order_flips
        Steps in which the two smallest squares changed their order.
    theorem_a
        The check of Theorem A.
    """

    samples: int
    seed: int
    depths: list[int]
    a_range: list[float]
    order_flips: int
    theorem_a: SharpnessCheck

    def to_dict(self) -> dict[str, Any]:
        """Return the result as nested dictionaries of plain numbers and lists."""
        return asdict(self)
