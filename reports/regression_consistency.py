"""What the results of the squared regression model must agree on, beyond the types of their fields."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from reports.consistency import require_equal_lengths
from reports.errors import ResultsError

Enclosure = tuple[Fraction, Fraction] | None
"""Bounds of ``eta * phi`` at a state."""

_LARGEST = 10**300
"""Ends of enclosures are below this in magnitude, so that they can be drawn."""


def require_consistent_regression(results: Mapping[str, Any]) -> None:
    """Check that data sets, experiment, map, certified run and proved rises do not contradict themselves or each other.

    Raises
    ------
    ResultsError
        Naming the first run, cell or count that the rest of the data does not bear out.
    """
    covered: dict[str, bool] = {}
    for data in results["data_sets"]:
        if data["name"] in covered:
            raise ResultsError(f"two data sets have the name {data['name']!r}")
        if not data["name"].strip():
            raise ResultsError("a data set has an empty name")
        if data["rank"] > min(data["samples"], data["features"]):
            raise ResultsError(f"data set {data['name']!r}: its rank exceeds its size")
        covered[data["name"]] = data["covered"]
    if results["experiment"] is not None:
        _require_experiment(results["experiment"], covered)
    if results["map"] is not None:
        for index, panel in enumerate(results["map"]["panels"]):
            _require_panel(panel, results["map"]["samples_per_cell"], f"map: panel {index}")
        for example in results["map"]["examples"]:
            if not 0 <= example["panel"] < len(results["map"]["panels"]):
                raise ResultsError(f"map: an example refers to panel {example['panel']}, which does not exist")
    if results["certified"] is not None:
        _require_certified(results["certified"], covered)
    for index, found in enumerate(results["rises"] or []):
        _require_rise(found, f"rise {index}")


def _require_experiment(experiment: Mapping[str, Any], covered: Mapping[str, bool]) -> None:
    runs = experiment["runs"]
    for index, run in enumerate(runs):
        _require_run(run, experiment["steps"], f"experiment: run {index}")
        _require_data(run, covered, f"experiment: run {index}")
    for index, trajectory in enumerate(experiment["trajectories"]):
        require_equal_lengths(trajectory, ("loss", "sharpness", "eta_phi"), f"experiment: trajectory {index}")
        _require_data(trajectory, covered, f"experiment: trajectory {index}")
    _require_worst(runs, experiment["worst_run"])
    monotone = sum(run["rises"] == 0 for run in runs)
    if experiment["monotone_runs"] != monotone:
        raise ResultsError(f"experiment: {experiment['monotone_runs']} monotone runs, but {monotone} have no rise")
    rising = {run["data"] for run in runs if run["rises"]}
    _require_flag(experiment["observation_contradicted"], bool(rising), "experiment: observation_contradicted")
    against = any(covered[name] for name in rising)
    _require_flag(experiment["theorem_contradicted"], against, "experiment: theorem_contradicted")


def _require_data(record: Mapping[str, Any], covered: Mapping[str, bool], place: str) -> None:
    if record["data"] not in covered:
        raise ResultsError(f"{place}: no data set has the name {record['data']!r}")


def _require_flag(flag: bool, expected: bool, place: str) -> None:
    if flag is not expected:
        raise ResultsError(f"{place} is {str(flag).lower()}, but the rises of the runs say {str(expected).lower()}")


def _require_run(run: Mapping[str, Any], limit: int, place: str) -> None:
    """Raise unless the counts of a run fit each other and its worst step."""
    bounds = (
        ("steps", "steps asked for", limit),
        ("loss_increases", "steps", run["steps"]),
        ("phi_steps", "steps without a sign change", run["steps"] - run["sign_changes"]),
        ("rises", "steps compared", run["phi_steps"]),
        ("phi_rises_after_sign_change", "sign changes", run["sign_changes"]),
    )
    for field, what, most in bounds:
        if run[field] > most:
            raise ResultsError(f"{place}: {field} is {run[field]}, more than the {most} {what}")
    for field in ("eta_phi_end", "loss_end"):
        if (run[field] is None) is not (run["outcome"] == "diverged"):
            raise ResultsError(f"{place}: {run['outcome']}, but {field} is {run[field]}")
    worst = [run[field] for field in ("worst_rise", "worst_rise_in_error_bars", "error_bar")]
    if run["phi_steps"] == 0:
        return
    if None in worst or not 1 <= run["worst_step"] <= run["steps"]:
        raise ResultsError(f"{place}: steps were compared, but the worst of them is missing")
    bars = run["worst_rise_in_error_bars"]
    if not _fits(bars, run["rises"]):
        raise ResultsError(f"{place}: {run['rises']} rises above 1 error bar, but the worst is {bars} error bars")


def _fits(bars: float, rises: int) -> bool:
    """Say whether a number of rises above 1 error bar fits the largest rise in error bars."""
    return bars >= 1.0 if rises else bars <= 1.0


def _require_worst(runs: Sequence[Mapping[str, Any]], index: int) -> None:
    """Raise unless the worst run is one of those with the largest rise in error bars; -1 if nothing was compared."""
    compared = [run["worst_rise_in_error_bars"] for run in runs if run["phi_steps"]]
    if not compared:
        if index != -1:
            raise ResultsError(f"experiment: worst_run is {index}, but no steps were compared")
        return
    if not 0 <= index < len(runs) or not runs[index]["phi_steps"]:
        raise ResultsError(f"experiment: worst_run is {index}, which is not a run with steps compared")
    if runs[index]["worst_rise_in_error_bars"] != max(compared):
        raise ResultsError(f"experiment: worst_run is {index}, but another run has a larger rise")


def _require_panel(panel: Mapping[str, Any], samples: int, place: str) -> None:
    """Raise unless the tables of a panel have its size and each cell fits its counts."""
    size = (len(panel["rows"]["values"]), len(panel["columns"]["values"]))
    if 0 in size:
        raise ResultsError(f"{place}: it has no cells")
    for field in ("tested", "rising", "worst_rise", "worst_in_error_bars"):
        if len(panel[field]) != size[0] or any(len(row) != size[1] for row in panel[field]):
            raise ResultsError(f"{place}: {field} is not a table of {size[0]} x {size[1]} cells")
    total, drawn = sum(map(sum, panel["tested"])), samples * size[0] * size[1]
    if total > drawn:
        raise ResultsError(f"{place}: {total} steps tested, but only {drawn} samples")
    for row, column in itertools.product(*map(range, size)):
        tested, rising = panel["tested"][row][column], panel["rising"][row][column]
        bars = panel["worst_in_error_bars"][row][column]
        cell = f"{place}: cell ({row}, {column})"
        if rising > tested:
            raise ResultsError(f"{cell}: {rising} rising of {tested} tested")
        if (bars is None) is not (tested == 0) or (bars is None) is not (panel["worst_rise"][row][column] is None):
            raise ResultsError(f"{cell}: {tested} tested, but the worst is {bars}")
        if bars is not None and not _fits(bars, rising):
            raise ResultsError(f"{cell}: {rising} rising, but the worst is {bars} error bars")


def _require_certified(run: Mapping[str, Any], covered: Mapping[str, bool]) -> None:
    """Raise unless the counts, enclosures and tier of a certified run bear each other out."""
    _require_data(run, covered, "certified run")
    taken = run["steps_proved"] + run["steps_refuted"] + run["steps_unknown"]
    if taken > run["steps_asked"]:
        raise ResultsError(f"certified run: {taken} steps, but {run['steps_asked']} were asked for")
    if taken < run["steps_asked"] and not run["reason"].strip():
        raise ResultsError(f"certified run: it stopped after {taken} of {run['steps_asked']} steps, without a reason")
    for what in ("refuted", "unknown"):
        first, count = run[f"first_{what}"], run[f"steps_{what}"]
        if (first is None) is not (count == 0) or (first is not None and first > taken):
            raise ResultsError(f"certified run: {count} steps {what}, but the first of them is {first}")
    decided = run["steps_proved"] + run["steps_refuted"]
    if decided and run["tier"] == "none":
        raise ResultsError("certified run: steps proved or refuted, but its tier is none")
    if run["tier"] != "none" and not (run["certificate"] and run["digest"]):
        raise ResultsError(f"certified run: tier {run['tier']}, but no certificate or no digest")
    for field in ("sign_changes", "loss_increases"):
        if run[field] > taken:
            raise ResultsError(f"certified run: {field} is {run[field]}, more than its {taken} steps")
    _require_enclosures(run, taken)


def _require_rise(found: Mapping[str, Any], place: str) -> None:
    """Raise unless a proved rise is one, and has a certificate."""
    if not found["certificate"] or not found["digest"]:
        raise ResultsError(f"{place}: no certificate or no digest")
    if Fraction(found["rise"]) <= 0 or found["rises"] < 1:
        raise ResultsError(f"{place}: phi does not rise")
    if len(found["eta_phi"]) != 2 or not 0 < Fraction(found["eta_phi"][0]) <= Fraction(found["eta_phi"][1]):
        raise ResultsError(f"{place}: the enclosure of eta * phi is empty")
    if found["sign_change"] is False and Fraction(found["largest_move"]) > 1:
        raise ResultsError(f"{place}: no sign change, but a weight moves by more than itself")


def enclosures(eta_phi: Sequence[Sequence[str] | None]) -> list[Enclosure]:
    """Return enclosures of ``eta * phi`` as exact numbers, one a state; None where nothing is enclosed."""
    return [None if pair is None else (Fraction(pair[0]), Fraction(pair[1])) for pair in eta_phi]


def proved_falls(states: Sequence[Enclosure]) -> list[Fraction | None]:
    """Return, for each step, ``low(t) - high(t + 1)``: a fall if positive; None where an enclosure is missing."""
    return [None if x is None or y is None else x[0] - y[1] for x, y in itertools.pairwise(states)]


def proved_rises(states: Sequence[Enclosure]) -> list[Fraction | None]:
    """Return, for each step, ``low(t + 1) - high(t)``: a rise if positive; None where an enclosure is missing."""
    return [None if x is None or y is None else y[0] - x[1] for x, y in itertools.pairwise(states)]


def _require_enclosures(run: Mapping[str, Any], taken: int) -> None:
    """Raise unless there is an enclosure a state, and none contradicts a count or the smallest fall."""
    if any(pair is not None and len(pair) != 2 for pair in run["eta_phi"]):
        raise ResultsError("certified run: an enclosure of eta * phi is not a pair")
    states = enclosures(run["eta_phi"])
    if len(states) != taken + 1:
        raise ResultsError(f"certified run: {len(states)} enclosures of eta * phi for {taken} steps")
    for pair in states:
        if pair is not None and not -_LARGEST < pair[0] <= pair[1] < _LARGEST:
            raise ResultsError("certified run: an enclosure of eta * phi is empty")
    found = [rise for rise in proved_rises(states) if rise is not None]
    decided = run["steps_proved"] + run["steps_refuted"]
    if decided > len(found):
        raise ResultsError(f"certified run: {decided} steps decided, but only {len(found)} have enclosures")
    rises = sum(rise > 0 for rise in found)
    if rises > run["steps_refuted"]:
        raise ResultsError(f"certified run: eta * phi rises in {rises} steps, but {run['steps_refuted']} are refuted")
    if Fraction(run["eta"]) >= _LARGEST:
        raise ResultsError("certified run: its step size is too large")
    if run["steps_proved"] == taken > 0 and run["smallest_fall"]:
        fall = Fraction(run["eta"]) * Fraction(run["smallest_fall"])
        if any(fall > -rise for rise in found):
            raise ResultsError("certified run: a step falls by less than the smallest fall")
