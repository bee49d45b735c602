"""Results of the experiments with the squared regression model: frozen, made of plain numbers and lists."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class DataRecord:
    """What data were used.

    Attributes
    ----------
    name
        Name that the runs refer to.
    kind
        Where the data come from.
    samples, features
        Size of ``X``.
    rank
        Rank of ``X``.
    description
        How the data were made and standardised.
    covered
        Whether the row space of ``X`` is spanned by vectors with disjoint supports, so that Theorem R covers steps
        without a sign change.
    """

    name: str
    kind: Literal["gaussian", "diabetes", "file"]
    samples: int
    features: int
    rank: int
    description: str
    covered: bool


@dataclass(frozen=True)
class RegressionRun:
    """One trajectory of gradient descent.

    Attributes
    ----------
    data
        Name of the data.
    eta_factor, eta
        Step size, ``eta = eta_factor * 2 / phi`` with the GFS sharpness ``phi`` of the start.
    scale, seed
        The initial weights.
    steps
        Steps taken.
    outcome
        ``converged``: zero loss up to rounding, and ``eta * phi < 2``; ``diverged``; ``stopped``: neither within
        the steps asked for.
    eta_phi_start, eta_phi_end
        ``eta * phi`` at the start and at the last state whose ``phi`` could be computed; the end is None when the run
        diverged.
    loss_start, loss_end
        Loss at both ends; the end is None when the run diverged.
    loss_increases
        Steps that raised the loss by more than rounding explains.
    phi_steps
        Steps on which ``phi`` before and after were compared: no weight changed sign, and both are finite.
    worst_rise
        Largest ``phi+ / phi - 1`` over those; negative when ``phi`` always fell, None without such a step.
    worst_rise_in_error_bars, error_bar, worst_step
        Largest ``(phi+ / phi - 1) / error bar`` over those, the error bar there, and the step (the first is 1).
    rises
        Steps among those with a rise above 1 error bar.
    sign_changes
        Steps in which a weight changed sign.
    phi_rises_after_sign_change
        Steps among those with a rise above 1 error bar.
    """

    data: str
    eta_factor: float
    eta: float
    scale: float
    seed: int
    steps: int
    outcome: Literal["converged", "stopped", "diverged"]
    eta_phi_start: float
    eta_phi_end: float | None
    loss_start: float
    loss_end: float | None
    loss_increases: int
    phi_steps: int
    worst_rise: float | None
    worst_rise_in_error_bars: float | None
    error_bar: float | None
    worst_step: int
    rises: int
    sign_changes: int
    phi_rises_after_sign_change: int


@dataclass(frozen=True)
class RegressionTrajectory:
    """One trajectory for a plot; lists have one entry a state, the start first."""

    data: str
    eta_factor: float
    eta: float
    scale: float
    seed: int
    loss: list[float]
    sharpness: list[float]
    eta_phi: list[float]


@dataclass(frozen=True)
class RegressionExperimentResult:
    """What :func:`numeric.regression_experiment.run_regression_experiment` saw.

    Attributes
    ----------
    steps, seed, eta_factors, scales
        The request.
    runs
        The trajectories.
    monotone_runs
        Runs without a rise of ``phi`` above 1 error bar (sign changes aside).
    worst_run
        Index of the run with the largest ``worst_rise_in_error_bars``; -1 without a compared step.
    trajectories
        A few runs in full.
    observation_contradicted
        Whether ``phi`` rose by more than 1 error bar in a step without a sign change.
    theorem_contradicted
        Whether it did so on data that Theorem R covers.
    """

    steps: int
    seed: int
    eta_factors: list[float]
    scales: list[float]
    runs: list[RegressionRun]
    monotone_runs: int
    worst_run: int
    trajectories: list[RegressionTrajectory]
    observation_contradicted: bool
    theorem_contradicted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the result as nested dictionaries of plain numbers and lists."""
        return asdict(self)


@dataclass(frozen=True)
class Axis:
    """Axis of a panel: what it shows, and one value a row or column (the upper end of a bin)."""

    label: str
    values: list[float]


@dataclass(frozen=True)
class MapPanel:
    """Rises of ``phi`` in single random steps, one list a row.

    Attributes
    ----------
    title, rows, columns
        What is varied.
    tested
        Steps tested in the cell.
    rising
        Steps among them that raised ``phi`` by more than 1 error bar.
    worst_rise
        Largest ``phi+ / phi - 1`` in the cell; None in an empty one.
    worst_in_error_bars
        Largest ``(phi+ / phi - 1) / error bar`` in the cell, likewise.
    """

    title: str
    rows: Axis
    columns: Axis
    tested: list[list[int]]
    rising: list[list[int]]
    worst_rise: list[list[float | None]]
    worst_in_error_bars: list[list[float | None]]


@dataclass(frozen=True)
class MapExample:
    """A step that raised ``phi``: float64 data, to be taken as exact numbers.

    Attributes
    ----------
    panel
        Index of the panel it is from.
    x, y, weights, eta
        Data ``(N, d)`` and ``(N,)``, weights ``(2, d)``, step size.
    rise, error_bar
        ``phi+ / phi - 1`` and the bound on its rounding error.
    text
        The same in words.
    """

    panel: int
    x: list[list[float]]
    y: list[float]
    weights: list[list[float]]
    eta: float
    rise: float
    error_bar: float
    text: str


@dataclass(frozen=True)
class RegressionMapResult:
    """What :func:`numeric.regression_map.run_regression_map` saw.

    Attributes
    ----------
    seed, samples_per_cell
        The request.
    panels
        The panels.
    examples
        The largest rise of each panel that has any.
    theorem_contradicted
        Whether ``phi`` rose by more than 1 error bar in a column that Theorem R covers.
    """

    seed: int
    samples_per_cell: int
    panels: list[MapPanel]
    examples: list[MapExample]
    theorem_contradicted: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the result as nested dictionaries of plain numbers and lists."""
        return asdict(self)
