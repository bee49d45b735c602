"""GFS sharpness ``phi`` along gradient descent on the squared regression model, over a grid of runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from numeric.compensated import ROUND_OFF, FloatArray
from numeric.regression import RegressionData, gd_step, loss, residual, sharpness
from numeric.regression_data import DataSet, covered, diabetes_full, diabetes_quadratic, gaussian_data, initial_weights
from numeric.regression_gfs import FlowSolutions, flow_solution, next_start, rise_error_bar
from numeric.regression_results import RegressionExperimentResult, RegressionRun, RegressionTrajectory
from numeric.tracking import BoolArray, IntArray

ETA_FACTORS = (0.5, 0.9, 1.03, 1.1, 1.2, 1.4, 1.6, 2.0)
"""Step sizes of the grid, in units of ``2 / phi`` of the start."""

SCALES = (0.3, 0.5, 1.0)
"""Scales of the initial weights in the grid."""

CONVERGED = 1e-24
"""A run has converged when the loss is at most this times ``L_start + |y|**2 / (2 N)``, and ``eta * phi < 2``."""

DIVERGED = 1e12
"""A run has diverged when the loss exceeds this times the same, or is not finite."""

PLOTTED_FACTORS = (0.9, 1.03, 1.2)
PLOTTED_STEPS = 600
PLOTTED_FEATURES = 500
PLOTTED_WORK = 10**10
"""Trajectories are recorded up to 600 steps, 500 features and this much of steps times ``(2 d)**3``: their sharpness
takes a 2d x 2d eigenvalue problem a state."""

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""


@dataclass
class _Live:
    """The runs of a batch that are still going; ``ids`` are their places in the batch."""

    ids: IntArray
    weights: FloatArray
    eta: FloatArray
    loss: FloatArray
    loss_error: FloatArray
    flow: FlowSolutions

    def keep(self, mask: BoolArray) -> _Live:
        flow = FlowSolutions(**{name: part[mask] for name, part in vars(self.flow).items()})
        return _Live(self.ids[mask], self.weights[mask], self.eta[mask], self.loss[mask], self.loss_error[mask], flow)


def loss_and_error(data: RegressionData, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Loss, and a bound on its rounding error.

    The residual is off by ``rho_n <= u ((d + 4) sum_i |x_ni| (u_plus_i**2 + u_minus_i**2) + |y_n|)``, the loss by
    ``sum_n rho_n (|r_n| + rho_n / 2) / N`` and ``(N + 2) u L``, with ``u = 2**-53``.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        r, value = np.abs(residual(data, weights)), loss(data, weights)
        sums = (weights * weights).sum(axis=-2) @ np.abs(data.features).T
        rho = ROUND_OFF * ((data.dimension + 4) * sums + np.abs(data.targets))
        error = (rho * (r + 0.5 * rho)).sum(axis=-1) / data.samples + (data.samples + 2) * ROUND_OFF * value
    return value, np.asarray(error)


class _Rises:
    """Rises of ``phi`` in the steps of a batch of runs, against their error bars."""

    def __init__(self, runs: int) -> None:
        self.compared, self.rises, self.sign_changes, self.flipped_rises = np.zeros((4, runs), dtype=np.int64)
        self.worst = np.full(runs, -np.inf)
        self.worst_in_bars = np.full(runs, -np.inf)
        self.bar = np.full(runs, np.nan)
        self.step = np.zeros(runs, dtype=np.int64)

    def feed(self, ids: IntArray, rise: FloatArray, bar: FloatArray, changed: BoolArray, number: int) -> None:
        """Take in step ``number`` of the runs ``ids``; ``rise`` is NaN where ``phi`` could not be computed."""
        known = np.isfinite(rise) & np.isfinite(bar)
        above = known & (rise > bar)
        compared = known & ~changed
        self.sign_changes[ids[changed]] += 1
        self.flipped_rises[ids[above & changed]] += 1
        self.compared[ids[compared]] += 1
        self.rises[ids[above & compared]] += 1
        at, rise, bar = ids[compared], rise[compared], bar[compared]
        self.worst[at] = np.maximum(self.worst[at], rise)
        more = rise / bar > self.worst_in_bars[at]
        at = at[more]
        self.worst_in_bars[at], self.bar[at], self.step[at] = (rise / bar)[more], bar[more], number


class _Batch:
    """Runs on one data set, all taken at once."""

    def __init__(self, data: RegressionData, weights: FloatArray, factors: FloatArray) -> None:
        flow = flow_solution(data, weights)
        if not flow.solved.all():
            reason = flow.reasons()[int(np.argmin(flow.solved))]
            raise ValueError(f"{data.name or 'data'}: the start has no gradient-flow solution ({reason})")
        runs = len(weights)
        self.data, self.factors = data, factors
        self.weights, self.eta = weights, factors * 2.0 / flow.sharpness
        value, error = loss_and_error(data, weights)
        self.size = value + (data.targets @ data.targets) / (2 * data.samples)
        self.rises = _Rises(runs)
        self.steps, self.loss_increases = np.zeros((2, runs), dtype=np.int64)
        self.outcome = np.full(runs, "stopped", dtype="<U9")
        self.eta_phi = np.full((2, runs), np.nan)
        self.loss = np.full((2, runs), np.nan)
        self.eta_phi[:], self.loss[:] = self.eta * flow.sharpness, value
        self.live = self._retire(_Live(np.arange(runs), weights, self.eta, value, error, flow))

    def advance(self, number: int) -> None:
        """Take step ``number`` of the runs that are still going."""
        live, data = self.live, self.data
        weights = gd_step(data, live.weights, live.eta)
        flow = flow_solution(data, weights, next_start(data, live.weights, live.flow, live.eta))
        value, error = loss_and_error(data, weights)
        bar = rise_error_bar(data, live.weights, live.eta, live.flow, flow)
        changed = (np.sign(weights) != np.sign(live.weights)).any(axis=(1, 2))
        with np.errstate(invalid="ignore"):
            rise = flow.sharpness / live.flow.sharpness - 1.0
            rose = value - error > live.loss + live.loss_error
        self.rises.feed(live.ids, rise, bar, changed, number)
        self.loss_increases[live.ids[rose]] += 1
        self.steps[live.ids] = number
        self.live = self._retire(_Live(live.ids, weights, live.eta, value, error, flow))

    def _retire(self, live: _Live) -> _Live:
        """Note where the runs are, and let go of those that have converged or diverged."""
        size = self.size[live.ids]
        eta_phi = live.eta * live.flow.sharpness
        known = np.isfinite(eta_phi)
        self.eta_phi[1, live.ids[known]], self.loss[1, live.ids] = eta_phi[known], live.loss
        converged = (live.loss <= CONVERGED * size) & (eta_phi < 2.0)
        diverged = ~(live.loss <= DIVERGED * size)
        self.outcome[live.ids[converged]] = "converged"
        self.outcome[live.ids[diverged]] = "diverged"
        return live.keep(~(converged | diverged))

    def run(self, i: int, scale: float, seed: int) -> RegressionRun:
        """Describe run ``i`` by plain values."""
        rises = self.rises
        compared = bool(rises.compared[i])
        outcome: Literal["converged", "stopped", "diverged"]
        outcome = next(name for name in ("converged", "stopped", "diverged") if name == self.outcome[i])
        return RegressionRun(
            data=self.data.name,
            eta_factor=float(self.factors[i]),
            eta=float(self.eta[i]),
            scale=scale,
            seed=seed,
            steps=int(self.steps[i]),
            outcome=outcome,
            eta_phi_start=float(self.eta_phi[0, i]),
            eta_phi_end=None if outcome == "diverged" else float(self.eta_phi[1, i]),
            loss_start=float(self.loss[0, i]),
            loss_end=None if outcome == "diverged" else float(self.loss[1, i]),
            loss_increases=int(self.loss_increases[i]),
            phi_steps=int(rises.compared[i]),
            worst_rise=float(rises.worst[i]) if compared else None,
            worst_rise_in_error_bars=float(rises.worst_in_bars[i]) if compared else None,
            error_bar=float(rises.bar[i]) if compared else None,
            worst_step=int(rises.step[i]),
            rises=int(rises.rises[i]),
            sign_changes=int(rises.sign_changes[i]),
            phi_rises_after_sign_change=int(rises.flipped_rises[i]),
        )


def default_data_sets(seed: int = 0) -> list[DataSet]:
    """Return the data sets of the grid: two Gaussian ones, diabetes with quadratic features, diabetes as a whole.

    Raises
    ------
    ModuleNotFoundError
        Without scikit-learn.
    """
    return [gaussian_data(5, 20, seed), gaussian_data(10, 50, seed), diabetes_quadratic(20, seed), diabetes_full()]


def run_regression_experiment(
    data_sets: Sequence[DataSet],
    *,
    eta_factors: Sequence[float] = ETA_FACTORS,
    scales: Sequence[float] = SCALES,
    seeds: int = 2,
    steps: int = 2000,
    seed: int = 0,
    progress: Progress | None = None,
) -> RegressionExperimentResult:
    """Run gradient descent for each data set, step size, scale and seed, and compare ``phi`` around each step.

    Parameters
    ----------
    data_sets
        The data; see :func:`default_data_sets`.
    eta_factors
        Step sizes ``eta`` in units of ``2 / phi`` of the start.
    scales
        Scales of the initial weights (:func:`numeric.regression_data.initial_weights`).
    seeds
        Number of initial weights for each scale, with the seeds ``seed``, ``seed + 1``, ...
    steps
        Largest number of steps; a run that has converged or diverged stops early.
    seed
        The first seed.
    progress
        Called now and then with the steps done and the steps in all.

    Raises
    ------
    ValueError
        For an empty list, fewer than 1 seed or step, a step size or scale that is not positive and finite, or a start
        without a gradient-flow solution.
    """
    _check(data_sets, eta_factors, scales, seeds, steps)
    grid = [(f, scale, seed + k) for f in eta_factors for scale in scales for k in range(seeds)]
    runs: list[RegressionRun] = []
    for place, chosen in enumerate(data_sets):
        batch = _Batch(chosen.data, *_starts(chosen.data, grid))
        for number in range(1, steps + 1):
            if batch.live.ids.size == 0:
                break
            batch.advance(number)
            if progress is not None and number % 50 == 0:
                progress(place * steps + number, len(data_sets) * steps)
        runs += [batch.run(i, scale, k) for i, (_, scale, k) in enumerate(grid)]
        if progress is not None:
            progress((place + 1) * steps, len(data_sets) * steps)
    in_bars = [-math.inf if run.worst_rise_in_error_bars is None else run.worst_rise_in_error_bars for run in runs]
    risen = {run.data for run in runs if run.rises}
    return RegressionExperimentResult(
        steps=steps,
        seed=seed,
        eta_factors=[float(factor) for factor in eta_factors],
        scales=[float(scale) for scale in scales],
        runs=runs,
        monotone_runs=sum(run.rises == 0 for run in runs),
        worst_run=int(np.argmax(in_bars)) if any(run.phi_steps for run in runs) else -1,
        trajectories=_trajectories(data_sets[0].data, runs[: len(grid)]),
        observation_contradicted=bool(risen),
        theorem_contradicted=any(covered(one.data) for one in data_sets if one.name in risen),
    )


def _check(
    data_sets: Sequence[DataSet], eta_factors: Sequence[float], scales: Sequence[float], seeds: int, steps: int
) -> None:
    if not (data_sets and eta_factors and scales):
        raise ValueError("at least one data set, one step size and one scale are needed")
    if seeds < 1:
        raise ValueError(f"the number of seeds must be at least 1, got {seeds}")
    if steps < 1:
        raise ValueError(f"the number of steps must be at least 1, got {steps}")
    for factor in eta_factors:
        if not (factor > 0.0 and math.isfinite(factor)):
            raise ValueError(f"the step size factor must be positive and finite, got {factor}")
    names = [one.name for one in data_sets]
    if len(set(names)) < len(names):
        raise ValueError("the data sets must have different names")


def _starts(data: RegressionData, grid: Sequence[tuple[float, float, int]]) -> tuple[FloatArray, FloatArray]:
    weights = np.stack([initial_weights(data.dimension, scale, seed) for _, scale, seed in grid])
    return weights, np.array([factor for factor, _, _ in grid])


def _trajectories(data: RegressionData, runs: Sequence[RegressionRun]) -> list[RegressionTrajectory]:
    """Record a few runs of one data set: the plotted factors, and the largest one that does not diverge.

    Of several runs with the same factor it takes the first with the middle scale.
    """
    if data.dimension > PLOTTED_FEATURES:
        return []
    scales = sorted({run.scale for run in runs})
    usual = [run for run in runs if run.scale == scales[len(scales) // 2] and run.seed == runs[0].seed]
    bounded = [run for run in usual if run.outcome != "diverged"]
    factors = sorted({run.eta_factor for run in usual} & set(PLOTTED_FACTORS)) or [usual[0].eta_factor]
    factors += [max((run.eta_factor for run in bounded), default=factors[0])]
    chosen = [next(run for run in usual if run.eta_factor == factor) for factor in dict.fromkeys(factors)]
    return [_trajectory(data, run) for run in chosen]


def _trajectory(data: RegressionData, run: RegressionRun) -> RegressionTrajectory:
    w = initial_weights(data.dimension, run.scale, run.seed)
    flow = flow_solution(data, w)
    states, phi = [w], [float(flow.sharpness)]
    for _ in range(min(run.steps, PLOTTED_STEPS, PLOTTED_WORK // (2 * data.dimension) ** 3)):
        following = gd_step(data, w, run.eta)
        flow = flow_solution(data, following, next_start(data, w, flow, run.eta))
        w = following
        if not flow.solved:
            break
        states.append(w)
        phi.append(float(flow.sharpness))
    path = np.stack(states)
    return RegressionTrajectory(
        run.data,
        run.eta_factor,
        run.eta,
        run.scale,
        run.seed,
        loss=loss(data, path).tolist(),
        sharpness=sharpness(data, path).tolist(),
        eta_phi=[run.eta * value for value in phi],
    )
