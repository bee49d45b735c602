"""Words and facts for the report on a run with a real network: its verdict, its alerts, its measurements."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from reports.markdown import escape
from reports.nets_consistency import in_error_bars, measured, start_value
from reports.numbers import NOTHING, counted, number

LONGEST_TABLE = 200
"""Rows of a table that are shown; the rest stays in ``results.json``."""

LOSSES = {
    "mse": {
        "name": "squared error",
        "formula": r"L(w) = \frac{1}{2n} \sum_{i=1}^n \lVert f_w(x_i) - y_i \rVert^2",
        "target": "the target of a sample is the unit vector of its class",
    },
    "cross-entropy": {
        "name": "cross-entropy",
        "formula": r"L(w) = -\frac{1}{n} \sum_{i=1}^n \log \frac{\exp f_w(x_i)_{y_i}}{\sum_k \exp f_w(x_i)_k}",
        "target": "the target of a sample is its class",
    },
}
"""Name and formula of each loss, and what its targets are."""

PARTS = {"flow": "flow", "left": "infinite time", "eigenvalue": "eigenvalue"}
"""The parts of an error bar, by the names of their fields, with their names for readers."""

_NAMES = {"fc": "FC", "bn": "BN", "resnet20": "ResNet-20"}
_FEWEST_DECIMALS, _MOST_DECIMALS = 0, 12


def network_name(network: Mapping[str, Any]) -> str:
    """Return the name of a network for readers, such as ``FC-hardtanh``: its architecture and its activation."""
    words = network["arch"].split("-")
    name = "-".join(_NAMES.get(word, word.upper() if word.startswith("vgg") else word) for word in words)
    activation = network["activation"]
    return name if not activation or activation in words else f"{name} with {activation}"


def with_bar(value: float | None, error: float | None) -> str:
    """Return a value and its error bar, the bar with two digits and the value with as many decimals."""
    if value is None or error is None:
        return NOTHING
    decimals = 1 - math.floor(math.log10(error)) if error > 0.0 else _MOST_DECIMALS + 1
    if not 1e-3 <= abs(value) < 1e6 or not _FEWEST_DECIMALS <= decimals <= _MOST_DECIMALS:
        return f"{number(float(value), 6)} ± {number(float(error), 2)}"
    return f"{value:,.{decimals}f} ± {error:,.{decimals}f}".replace("-", "−")


def verdict(run: Mapping[str, Any]) -> str:
    """Return what was measured of the GFS sharpness, as a paragraph in Markdown."""
    fall = run["fall"]
    values = measured(run["gfs"])
    if fall["measurements"] < 2:
        return (
            "**Measured: undecided.** Whether the GFS sharpness falls cannot be said from "
            f"{counted(fall['measurements'], 'value')}; two are needed."
        )
    counts = (
        f"{number(fall['measurements'])} measurements; from one to the next: {counted(fall['falls'], 'fall')} beyond "
        f"the error bars, {counted(fall['within'], 'change')} within them, {counted(fall['rises'], 'rise')} beyond "
        f"them; widening {number(fall['widening'])}."
    )
    if fall["contradicted"]:
        return (
            f"**Measured: the GFS sharpness rises beyond its error bars.** {counts} No sequence that never rises is "
            f"within the error bars; they would have to be {number(fall['widening'])} times as wide."
        )
    fell = fall["falls"] or in_error_bars(values[0], values[-1]) < -1.0
    lead = "the GFS sharpness falls, and does not rise" if fell else "the GFS sharpness does not change"
    least = "the values themselves never rise."
    if fall["widening"] > 0.0:
        least = f"one would even if they were {number(fall['widening'])} times as wide ({rise(run)})."
    return (
        f"**Measured: {lead} beyond its error bars.** {counts} A sequence that never rises passes through all the "
        f"error bars; {least}"
    )


def rise(run: Mapping[str, Any]) -> str:
    """Return the rise that is largest in error bars, with its steps: a part of a sentence in Markdown."""
    fall = run["fall"]
    by_step = {step: (step, value, error) for step, value, error in measured(run["gfs"])}
    before, after = by_step[fall["rise_from"]], by_step[fall["rise_to"]]
    bars = number(float(in_error_bars(before, after)))
    return (
        f"from {with_bar(*before[1:])} at step {number(before[0])} to {with_bar(*after[1:])} at step "
        f"{number(after[0])}, {bars} times the sum of the two bars"
    )


def change(run: Mapping[str, Any]) -> str:
    """Return the first and the last value of the GFS sharpness, as a part of a sentence; empty without two values."""
    values = measured(run["gfs"])
    if len(values) < 2:
        return ""
    first, last = values[0], values[-1]
    return f"from {with_bar(*first[1:])} at step {number(first[0])} to {with_bar(*last[1:])} at step {number(last[0])}"


def loss_words(run: Mapping[str, Any]) -> str:
    """Return what the loss does along the run, as a part of a sentence."""
    losses = run["loss"]
    return (
        f"rose in {number(run['loss_increases'])} of {counted(len(losses) - 1, 'step')}, and went from "
        f"{number(float(losses[0]))} to {number(float(losses[-1]))}"
    )


def diverged(run: Mapping[str, Any]) -> str:
    """Return that gradient descent diverged, and when, as a sentence in Markdown; empty if it did not."""
    if run["outcome"] != "diverged":
        return ""
    return (
        f"**Gradient descent diverged at step {number(run['diverged_at'])}:** the loss was no longer finite, or above "
        "10⁶ times that of the start."
    )


def alerts(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a reader must see first, as pairs of a GitHub alert kind and one paragraph of Markdown.

    That the run diverged, that the GFS sharpness rises beyond its error bars, and measurements without a value.
    """
    found = [diverged(run)] if run["outcome"] == "diverged" else []
    if run["fall"]["contradicted"]:
        found.append(
            "**The observation that the GFS sharpness never increases does not hold in this run:** it rose "
            f"{rise(run)}."
        )
    failed = [record for record in run["gfs"] if record["value"] is None]
    if failed:
        why = {name: sum(record["outcome"] == name for record in failed) for name in ("out of work", "diverged")}
        reasons = {"out of work": "the limit of gradients was met", "diverged": "a number was not finite"}
        parts = "; ".join(f"{reasons[name]} in {number(count)}" for name, count in why.items() if count)
        found.append(
            f"**{number(len(failed))} of {counted(len(run['gfs']), 'GFS measurement')} did not reach the end of the "
            f"flow** ({parts}). They have no value and are not compared."
        )
    return [("WARNING", text) for text in found]


def late_sharpness(run: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the least and the largest sharpness in the second half of the run, in units of ``2 / eta``."""
    late = [record["value"] * run["eta"] / 2.0 for record in run["sharpness"] if 2 * record["step"] >= run["steps"]]
    return (min(late), max(late)) if late else None


def step_size(run: Mapping[str, Any]) -> str:
    """Return the step size in words: Markdown with its factor, if the GFS sharpness of the start is known."""
    eta = f"$`\\eta`$ = {number(float(run['eta']), 4)}"
    if start_value(run) is None:
        return eta
    return f"{eta}, which is {number(float(run['eta_factor']), 4)} times $`2 / \\varphi(w_0)`$"


def sharpness_at(run: Mapping[str, Any], step: int) -> float | None:
    """Return the sharpness at a step of gradient descent; None where it was not measured."""
    return next((record["value"] for record in run["sharpness"] if record["step"] == step), None)


def loss_at(run: Mapping[str, Any], step: int) -> float | None:
    """Return the loss at a step of gradient descent; None where it was not finite."""
    return run["loss"][step] if step < len(run["loss"]) else None


def dominant(run: Mapping[str, Any]) -> str:
    """Return which part of the error bar is the largest, and how often, as a sentence; empty without values."""
    known = [record for record in run["gfs"] if record["value"] is not None]
    if not known:
        return ""
    largest = [max(PARTS, key=lambda name: float(record[f"error_{name}"])) for record in known]
    counts = "; ".join(f"{PARTS[name]} in {number(largest.count(name))}" for name in PARTS if name in largest)
    bars = [float(record["error"] / abs(record["value"])) for record in known]
    return (
        f"The largest part of the bar is, among {counted(len(known), 'value')}: {counts}. The bars are "
        f"{number(min(bars), 2)} to {number(max(bars), 2)} times the values."
    )


def work(run: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the work of one GFS measurement: what is counted, its least, median and largest number."""
    counts: dict[str, Sequence[float]] = {
        "Gradients": [record["gradients"] for record in run["gfs"]],
        "Hessian-vector products": [record["products"] for record in run["gfs"]],
        "Gradients + 2 × products": [record["gradients"] + 2 * record["products"] for record in run["gfs"]],
        "Seconds": [float(record["seconds"]) for record in run["gfs"]],
    }
    return [
        (name, *(number(found) for found in (min(values), statistics.median(values), max(values))))
        for name, values in counts.items()
        if values
    ]


def parts_of_time(run: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """Return the parts of the run, the seconds that each took, and what was done in it."""
    return [
        ("Gradient descent", float(run["seconds_steps"]), counted(run["steps"], "step")),
        ("Sharpness", float(run["seconds_sharpness"]), counted(len(run["sharpness"]), "measurement")),
        ("GFS sharpness", float(run["seconds_gfs"]), counted(len(run["gfs"]), "measurement")),
    ]


def shape(sizes: Sequence[int]) -> str:
    """Return the shape of a layer's output, such as ``32 × 16 × 16``."""
    return " × ".join(str(size) for size in sizes) or NOTHING


def outcome(record: Mapping[str, Any]) -> str:
    """Return the outcome of a GFS measurement for a table, in bold unless it converged."""
    return str(record["outcome"]) if record["outcome"] == "converged" else f"**{escape(record['outcome'])}**"
