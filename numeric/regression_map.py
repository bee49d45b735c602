"""Where one step of gradient descent on the squared regression model can raise the GFS sharpness ``phi``.

Single random steps without a sign change (``|2 eta g_i| < 1``), sorted by the data and by ``eta * phi``. A state is
made from random weights: their gradient-flow solution is moved back along the flow, in a random direction of ``nu``, so
far that ``max |2 eta g_i|`` is uniform in (0, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from numeric.compensated import FloatArray
from numeric.regression import RegressionData, correlation, gd_step
from numeric.regression_data import covered, gaussian_data
from numeric.regression_gfs import flow_solution, rise_error_bar
from numeric.regression_results import Axis, MapExample, MapPanel, RegressionMapResult
from numeric.tracking import BoolArray

ETA_PHI = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0)
"""Upper ends of the bins of ``eta * phi``; the first bin begins at 0.05."""

RATIOS = (1.0, 1.1, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
FEATURES = 8
DATA_SETS = 8
"""Gaussian data sets for each number of samples."""

_LOWEST = 0.05
_BISECTIONS = 60
_LONGEST_SHIFT = 30.0

Weights = Callable[[np.random.Generator, int, int], FloatArray]


def near_balanced(rng: np.random.Generator, states: int, features: int) -> FloatArray:
    """Weights ``c (1 + 0.1 U)``, ``U`` standard normal, ``c`` log-uniform between 0.1 and 3; ``(states, 2, d)``."""
    scale = 10.0 ** rng.uniform(-1.0, 0.5, (states, 1, 1))
    return np.asarray(scale * (1.0 + 0.1 * rng.standard_normal((states, 2, features))))


def unbalanced(rng: np.random.Generator, states: int, features: int) -> FloatArray:
    """Weights log-uniform between 0.01 and 10; in half of the states one of each pair is 1e4 times smaller."""
    weights = 10.0 ** rng.uniform(-2.0, 1.0, (states, 2, features))
    smaller = np.arange(2)[:, np.newaxis] == rng.integers(0, 2, (states, 1, features))
    half = rng.random((states, 1, 1)) < 0.5
    return np.where(smaller & half, 1e-4 * weights, weights)


def either(rng: np.random.Generator, states: int, features: int) -> FloatArray:
    """Draw from :func:`near_balanced` and :func:`unbalanced`, one of them for each state."""
    first = rng.random((states, 1, 1)) < 0.5
    return np.where(first, near_balanced(rng, states, features), unbalanced(rng, states, features))


@dataclass(frozen=True)
class Steps:
    """Single steps on one data set; ``tested`` says on which ``phi`` was compared (others have a rise of NaN)."""

    data: RegressionData
    weights: FloatArray
    eta: FloatArray
    eta_phi: FloatArray
    rise: FloatArray
    bar: FloatArray
    tested: BoolArray


def compare(data: RegressionData, weights: FloatArray, eta: FloatArray, start: FloatArray | None = None) -> Steps:
    """Take one step from each state ``(batch, 2, d)`` and compare ``phi`` before and after.

    Steps in which a weight changes sign, and states without a gradient-flow solution, are not tested.
    """
    following = gd_step(data, weights, eta)
    before, after = flow_solution(data, weights, start), flow_solution(data, following, start)
    kept = (np.sign(following) == np.sign(weights)).all(axis=(1, 2)) & before.solved & after.solved
    bar = rise_error_bar(data, weights, eta, before, after)
    rise = np.where(kept, after.sharpness / before.sharpness - 1.0, np.nan)
    return Steps(data, weights, eta, eta * before.sharpness, rise, bar, kept & np.isfinite(bar))


def random_steps(data: RegressionData, eta_phi: FloatArray, weights: Weights, rng: np.random.Generator) -> Steps:
    """Random states with the given ``eta * phi`` and no sign change in the next step, and that step."""
    first = weights(rng, eta_phi.size, data.dimension)
    solved = flow_solution(data, first)
    first, eta_phi = first[solved.solved], eta_phi[solved.solved]
    squares, eta = solved.squares[solved.solved], eta_phi / solved.sharpness[solved.solved]
    dual = rng.standard_normal((eta.size, data.samples))
    shift = dual @ data.features
    longest = np.abs(shift).max(axis=1, keepdims=True)
    dual, shift = dual / longest, shift / longest
    largest_change = rng.uniform(0.0, 1.0, eta.size)

    def moved(length: FloatArray) -> FloatArray:
        half = 0.5 * length[:, np.newaxis] * shift
        return np.asarray(np.sqrt(squares) * np.exp(np.stack([half, -half], axis=1)))

    low, high = np.zeros(eta.size), np.full(eta.size, _LONGEST_SHIFT)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        change = np.abs(2.0 * eta[:, np.newaxis] * correlation(data, moved(middle))).max(axis=1)
        low, high = np.where(change < largest_change, middle, low), np.where(change < largest_change, high, middle)
    return compare(data, moved(low), eta, -low[:, np.newaxis] * dual)


@dataclass
class _Panel:
    """Counts of a panel; the worst step so far."""

    title: str
    columns: Axis
    steps: list[list[Steps]] = field(default_factory=list)

    def finish(self, place: int) -> tuple[MapPanel, list[MapExample]]:
        rows = len(ETA_PHI)
        shape = (rows, len(self.columns.values))
        tested, rising = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        worst, in_bars = np.full(shape, -np.inf), np.full(shape, -np.inf)
        for column, found in enumerate(self.steps):
            for steps in found:
                row = np.minimum(np.searchsorted(ETA_PHI, steps.eta_phi), rows - 1)
                at, rise, bar = row[steps.tested], steps.rise[steps.tested], steps.bar[steps.tested]
                np.add.at(tested[:, column], at, 1)
                np.add.at(rising[:, column], at[rise > bar], 1)
                np.maximum.at(worst[:, column], at, rise)
                np.maximum.at(in_bars[:, column], at, rise / bar)
        panel = MapPanel(
            self.title,
            Axis("ηφ, up to", list(ETA_PHI)),
            self.columns,
            tested.tolist(),
            rising.tolist(),
            _or_none(worst),
            _or_none(in_bars),
        )
        return panel, self._examples(place)

    def _examples(self, place: int) -> list[MapExample]:
        """Return the largest rise, if it is above its error bar."""
        every = [steps for found in self.steps for steps in found if (steps.tested & (steps.rise > steps.bar)).any()]
        if not every:
            return []
        steps = max(every, key=lambda one: float(np.nanmax(one.rise)))
        at, data = int(np.nanargmax(steps.rise)), steps.data
        rise, eta, bar = float(steps.rise[at]), float(steps.eta[at]), float(steps.bar[at])
        change = float(np.abs(2.0 * eta * correlation(data, steps.weights[at])).max())
        text = (
            f"N = {data.samples}, d = {data.dimension}, ηφ = {steps.eta_phi[at]:.3f}, max |2ηg| = {change:.3f}:"
            f" φ rises by {100.0 * rise:.3g} % (error bar {bar:.1e})"
        )
        x, y, w = data.features.tolist(), data.targets.tolist(), steps.weights[at].tolist()
        return [MapExample(place, x, y, w, eta, rise, bar, text)]


def _or_none(values: FloatArray) -> list[list[float | None]]:
    return [[float(value) if np.isfinite(value) else None for value in row] for row in values]


def _columns(
    columns: Sequence[Sequence[RegressionData]], per_cell: int, weights: Weights, rng: np.random.Generator
) -> list[list[Steps]]:
    """Random steps of each column, ``per_cell`` of every bin, shared out among the data sets of the column."""
    lower, upper = np.array((_LOWEST, *ETA_PHI[:-1])), np.array(ETA_PHI)
    found = []
    for sets in columns:
        shares = [len(range(i, per_cell, len(sets))) for i in range(len(sets))]
        found.append(
            [
                random_steps(data, rng.uniform(np.repeat(lower, share), np.repeat(upper, share)), weights, rng)
                for data, share in zip(sets, shares, strict=True)
                if share
            ]
        )
    return found


def run_regression_map(seed: int = 0, samples_per_cell: int = 400) -> RegressionMapResult:
    """Look for rises of ``phi`` in single random steps.

    Three panels, with rows of ``eta * phi``: one sample ``x = (1, rho)`` with targets 1 and 0, a column a ``rho``; and
    Gaussian data (:func:`numeric.regression_data.gaussian_data`, eight for each column) with 8 features, a column a
    number of samples, once for near-balanced and once for unbalanced weights.

    Parameters
    ----------
    seed
        Seed of the random numbers.
    samples_per_cell
        States drawn for each cell; those in which rounding moves a weight to another sign are not tested.

    Raises
    ------
    ValueError
        For fewer than 1 state a cell.
    """
    if samples_per_cell < 1:
        raise ValueError(f"the number of samples per cell must be at least 1, got {samples_per_cell}")
    rng = np.random.default_rng(seed)
    one = [[RegressionData(np.array([[1.0, ratio]]), np.array([target])) for target in (1.0, 0.0)] for ratio in RATIOS]
    counts = range(1, FEATURES + 1)
    several = [[gaussian_data(n, FEATURES, seed + k).data for k in range(DATA_SETS)] for n in counts]
    samples = Axis("samples N", [float(n) for n in counts])
    panels = [_Panel("One sample, x = (1, ρ)", Axis("ρ", list(RATIOS)), _columns(one, samples_per_cell, either, rng))]
    for title, weights in (("near-balanced weights", near_balanced), ("unbalanced weights", unbalanced)):
        drawn = _columns(several, samples_per_cell, weights, rng)
        panels.append(_Panel(f"Gaussian X, d = {FEATURES}, {title}", samples, drawn))
    finished = [panel.finish(place) for place, panel in enumerate(panels)]
    return RegressionMapResult(
        seed=seed,
        samples_per_cell=samples_per_cell,
        panels=[panel for panel, _ in finished],
        examples=[example for _, examples in finished for example in examples],
        theorem_contradicted=contradicts([steps for panel in panels for found in panel.steps for steps in found]),
    )


def contradicts(found: Sequence[Steps]) -> bool:
    """Say whether ``phi`` rose by more than its error bar on data that Theorem R covers."""
    return any(covered(steps.data) for steps in found if (steps.tested & (steps.rise > steps.bar)).any())
