"""What the results of a run on a network must agree on, beyond the types of their fields.

The statistic of the GFS sharpness is computed here anew from the values and their error bars, by its definition.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from reports.errors import ResultsError

ETA_TOLERANCE = 1e-6
"""Relative difference up to which two step sizes, or factors of them, count as the same."""

_ROUNDING = 1e-9
"""Relative difference up to which two computations of the same sum or quotient agree."""

Measured = tuple[int, float, float]
"""Step, GFS sharpness and error bar."""


def require_consistent_nets(results: Mapping[str, Any]) -> None:
    """Check that question, network, data and run do not contradict themselves or each other.

    Raises
    ------
    ResultsError
        Naming the first part that the rest of the data does not bear out.
    """
    for name in ("theorems", "claims", "identities"):
        if results[name]:
            raise ResultsError(f"{name}: a run on a network is measured and proves nothing, but the list is not empty")
    question, network, data, run = (results[name] for name in ("question", "network", "data", "run"))
    if not math.isfinite(results["seconds"]):
        raise ResultsError("seconds: not a finite number")
    for name in ("arch", "activation", "width"):
        _require_same(network[name], question[name], f"network: {name}", "was asked for")
    _require_same(data["kind"], question["data"], "data: kind", "was asked for")
    _require_same(data["samples"], question["samples"], "data: samples", "were asked for")
    total = sum(layer["parameters"] for layer in network["layers"])
    _require_same(network["parameters"], total, "network: parameters", "is the sum over its layers")
    _require_length(run, question["steps"])
    _require_order(run)
    for record in run["gfs"]:
        _require_gfs(record, f"gfs at step {record['step']}")
    _require_eta(run, question)
    _require_fall(run["fall"], measured(run["gfs"]))


def measured(records: Sequence[Mapping[str, Any]]) -> list[Measured]:
    """Return step, value and error bar of the GFS measurements that have a value."""
    return [(record["step"], record["value"], record["error"]) for record in records if record["value"] is not None]


def in_error_bars(before: Measured, after: Measured) -> float:
    """Return the rise from one measurement to another in units of the sum of their error bars.

    It is ``(phi_j - phi_i) / (e_i + e_j)``, infinite for a change without error bars.
    """
    change, bars = after[1] - before[1], before[2] + after[2]
    if bars == 0.0:
        return math.copysign(math.inf, change) if change else 0.0
    return change / bars


def _require_same(found: Any, expected: Any, place: str, why: str) -> None:
    if found != expected:
        raise ResultsError(f"{place} is {found}, but {expected} {why}")


def _require_length(run: Mapping[str, Any], asked: int) -> None:
    """Raise unless outcome, steps, losses and accuracies fit each other."""
    steps, losses, diverged = run["steps"], run["loss"], run["outcome"] == "diverged"
    if (run["diverged_at"] is not None) is not diverged:
        raise ResultsError(f"run: {run['outcome']}, but diverged_at is {run['diverged_at']}")
    if diverged and run["diverged_at"] > steps:
        raise ResultsError(f"run: diverged at step {run['diverged_at']}, but {steps} steps were taken")
    if steps > asked or (steps < asked and not diverged):
        raise ResultsError(f"run: {run['outcome']} after {steps} steps, but {asked} were asked for")
    if not 1 <= len(losses) <= steps + 1 or (len(losses) <= steps and not diverged):
        raise ResultsError(f"run: {len(losses)} losses for {steps} steps")
    if not (len(run["accuracy"]) == 2 or (diverged and len(run["accuracy"]) == 1)):
        raise ResultsError("run: accuracy is not that of the start and of the end")
    rises = sum(after > before for before, after in itertools.pairwise(losses))
    if run["loss_increases"] != rises:
        raise ResultsError(f"run: loss_increases is {run['loss_increases']}, but the loss rises in {rises} steps")


def _require_order(run: Mapping[str, Any]) -> None:
    """Raise unless the measurements follow each other in steps of the run."""
    for name in ("sharpness", "gfs"):
        steps = [record["step"] for record in run[name]]
        if any(after <= before for before, after in itertools.pairwise(steps)):
            raise ResultsError(f"run: the steps of {name} do not increase")
        if steps and steps[-1] > run["steps"]:
            raise ResultsError(f"run: {name} at step {steps[-1]}, but {run['steps']} steps were taken")


def _require_gfs(record: Mapping[str, Any], place: str) -> None:
    """Raise unless a GFS measurement has a value exactly if it converged, and the error bar of its three parts."""
    for name in ("value", "error"):
        if (record[name] is not None) is not (record["outcome"] == "converged"):
            raise ResultsError(f"{place}: {record['outcome']}, but {name} is {record[name]}")
    times = [point["time"] for point in record["path"]]
    if any(after < before for before, after in itertools.pairwise(times)):
        raise ResultsError(f"{place}: the times of its path decrease")
    if record["value"] is None:
        return
    if record["value"] == 0.0:
        raise ResultsError(f"{place}: the value is 0, so that no relative rise is defined")
    parts = sum(record[f"error_{name}"] for name in ("flow", "left", "eigenvalue"))
    if not math.isclose(record["error"], parts, rel_tol=_ROUNDING):
        raise ResultsError(f"{place}: error is {record['error']}, but its parts add up to {parts}")


def _require_eta(run: Mapping[str, Any], question: Mapping[str, Any]) -> None:
    """Raise unless the step size is the one asked for, and its factor that of the GFS sharpness at the start."""
    eta, factor = run["eta"], run["eta_factor"]
    if question["lr"] is None and question["lr_factor"] is None:
        raise ResultsError("question: neither lr nor lr_factor is given")
    if question["lr"] is not None and not math.isclose(eta, question["lr"], rel_tol=ETA_TOLERANCE):
        raise ResultsError(f"run: eta is {eta}, but {question['lr']} was asked for")
    start = start_value(run)
    if start is None:
        if question["lr"] is None:
            raise ResultsError("run: eta is a multiple of 2 / phi at the start, which was not measured")
        return
    expected = eta * start / 2.0
    if factor is None or not math.isclose(factor, expected, rel_tol=ETA_TOLERANCE):
        raise ResultsError(f"run: eta_factor is {factor}, but eta phi / 2 at the start is {expected}")
    if question["lr"] is None and not math.isclose(factor, question["lr_factor"], rel_tol=ETA_TOLERANCE):
        raise ResultsError(f"run: eta_factor is {factor}, but {question['lr_factor']} was asked for")


def start_value(run: Mapping[str, Any]) -> float | None:
    """Return the GFS sharpness of the start; None if it was not measured."""
    return next((record["value"] for record in run["gfs"] if record["step"] == 0), None)


def _require_fall(fall: Mapping[str, Any], values: Sequence[Measured]) -> None:
    """Raise unless the statistic is that of the values."""
    neighbours = [(after[1] - before[1], before[2] + after[2]) for before, after in itertools.pairwise(values)]
    falls = sum(change < -bars for change, bars in neighbours)
    rises = sum(change > bars for change, bars in neighbours)
    counts = {
        "measurements": len(values),
        "falls": falls,
        "rises": rises,
        "within": len(neighbours) - falls - rises,
    }
    for name, expected in counts.items():
        _require_same(fall[name], expected, f"fall: {name}", "follows from the values")
    pairs = {(before[0], after[0]): (before, after) for before, after in itertools.combinations(values, 2)}
    place = (fall["rise_from"], fall["rise_to"])
    if not pairs:
        found = [name for name in ("largest_rise", "rise_from", "rise_to") if fall[name] is not None]
        if found or fall["widening"] != 0.0 or fall["contradicted"]:
            raise ResultsError(f"fall: {len(values)} values have no pair, but the statistic compares some")
        return
    if place not in pairs:
        raise ResultsError(f"fall: rise_from {place[0]} and rise_to {place[1]} are not steps of a pair of values")
    widest = max(in_error_bars(*pair) for pair in pairs.values())
    _require_close(in_error_bars(*pairs[place]), widest, "rise_from and rise_to: rise in error bars")
    _require_close(fall["widening"], max(0.0, widest), "widening")
    _require_close(
        fall["largest_rise"], max(after[1] / before[1] - 1.0 for before, after in pairs.values()), "largest_rise"
    )
    if fall["contradicted"] is not (fall["widening"] > 1.0):
        raise ResultsError(f"fall: contradicted is {fall['contradicted']}, but widening is {fall['widening']}")


def _require_close(found: float | None, expected: float, place: str) -> None:
    if found is None or not math.isclose(found, expected, rel_tol=_ROUNDING, abs_tol=1e-12):
        raise ResultsError(f"fall: {place} is {found}, but {expected} follows from the values")
