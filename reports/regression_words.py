"""Words and facts for the report on the squared regression model: its runs, its map, and its certified run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Any

from reports.markdown import code, escape
from reports.numbers import NOTHING, counted, number

LONGEST_TABLE = 200
"""Rows of a table that are shown; the rest stays in ``results.json``."""

_LONGEST_NUMERAL = 60
_LONGEST_LIST = 12
_LONGEST_END, _LAST_DIGIT, _ENOUGH = 40, Decimal("1e-20"), 2000
_COUNTS = ("steps", "phi_steps", "rises", "loss_increases", "sign_changes", "phi_rises_after_sign_change")


def totals(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what some runs amount to.

    Returns
    -------
    dict
        The sums of their counts; ``runs`` and how many of them ``converged``, ``stopped`` and ``diverged``; ``rising``,
        the runs with a rise above 1 error bar, and ``rising_factors``, the factors of their step sizes; ``start`` and
        ``end``, the smallest and largest ``eta * phi`` there (None where all diverged); ``worst``, the run with the
        largest rise in error bars (None if none was compared).
    """
    outcomes = [run["outcome"] for run in runs]
    compared = [run for run in runs if run["phi_steps"]]
    return {
        **{name: sum(run[name] for run in runs) for name in _COUNTS},
        "runs": len(runs),
        **{name: outcomes.count(name) for name in ("converged", "stopped", "diverged")},
        "rising": sum(run["rises"] > 0 for run in runs),
        "rising_factors": sorted({run["eta_factor"] for run in runs if run["rises"]}),
        "start": _range(run["eta_phi_start"] for run in runs),
        "end": _range(run["eta_phi_end"] for run in runs),
        "worst": max(compared, key=lambda run: float(run["worst_rise_in_error_bars"]), default=None),
    }


def _range(values: Iterable[float | None]) -> tuple[float, float] | None:
    finite = [value for value in values if value is not None and math.isfinite(value)]
    return (min(finite), max(finite)) if finite else None


def groups(runs: Sequence[Mapping[str, Any]]) -> list[tuple[str, float, dict[str, Any]]]:
    """Return the data, the factor of the step size and the :func:`totals` of the runs that share both."""
    found: dict[tuple[str, float], list[Mapping[str, Any]]] = {}
    for run in runs:
        found.setdefault((run["data"], run["eta_factor"]), []).append(run)
    order: dict[str, int] = {}
    for name, _ in found:
        order.setdefault(name, len(order))
    keys = sorted(found, key=lambda key: (order[key[0]], key[1]))
    return [(name, factor, totals(found[name, factor])) for name, factor in keys]


def span(ends: tuple[float, float] | None, digits: int = 4) -> str:
    """Return a range of numbers for a table; one number when both ends are shown alike, a dash for no range."""
    if ends is None:
        return NOTHING
    low, high = (number(end, digits) for end in ends)
    return low if low == high else f"{low} to {high}"


def rise(run: Mapping[str, Any] | None) -> str:
    """Return the worst rise of ``phi`` in a run, relative and in error bars; a dash if nothing was compared."""
    if run is None or run["phi_steps"] == 0:
        return NOTHING
    bars = number(float(run["worst_rise_in_error_bars"]))
    return f"{number(float(run['worst_rise']))}; {bars} error bars of {number(float(run['error_bar']), 2)}"


def optional(value: float | None, digits: int = 3) -> str:
    """Return a number, or a dash where there is none."""
    return NOTHING if value is None else number(value, digits)


def place(run: Mapping[str, Any]) -> str:
    """Return which run it is, as Markdown: data, factor of the step size, scale, seed."""
    factor, scale = number(run["eta_factor"], 4), number(run["scale"], 4)
    return f"{escape(run['data'])}, $`c`$ = {factor}, scale {scale}, seed {run['seed']}"


def rise_place(found: Mapping[str, Any]) -> str:
    """Return which run a proved rise is in, as Markdown for a table."""
    return escape(found["data"]) if found["eta_factor"] is None else place(found)


def digits(text: str) -> str:
    """Return an exact decimal to four digits."""
    return number(float(text), 4)


def panel_facts(panel: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a panel of the map amounts to.

    Returns
    -------
    dict
        ``tested`` and ``rising`` steps; ``cells`` with a step tested and ``rising_cells`` among them; ``share``, the
        largest share of rising steps in a cell; ``row`` and ``column`` of that cell (indices); ``worst``, the largest
        ``phi+ / phi - 1``, and ``bars``, the largest rise in error bars, over all cells (None if none was tested).
    """
    sizes = (len(panel["rows"]["values"]), len(panel["columns"]["values"]))
    cells = [(i, j) for i in range(sizes[0]) for j in range(sizes[1]) if panel["tested"][i][j]]
    share = {(i, j): panel["rising"][i][j] / panel["tested"][i][j] for i, j in cells}
    row, column = max(cells, key=lambda cell: share[cell], default=(0, 0))
    return {
        "tested": sum(panel["tested"][i][j] for i, j in cells),
        "rising": sum(panel["rising"][i][j] for i, j in cells),
        "cells": len(cells),
        "rising_cells": sum(value > 0.0 for value in share.values()),
        "share": share.get((row, column), 0.0),
        "row": row,
        "column": column,
        "worst": max((panel["worst_rise"][i][j] for i, j in cells), default=None),
        "bars": max((panel["worst_in_error_bars"][i][j] for i, j in cells), default=None),
    }


def taken(run: Mapping[str, Any]) -> int:
    """Return the number of steps of a certified run that were looked at."""
    return int(run["steps_proved"] + run["steps_refuted"] + run["steps_unknown"])


def certified_outcome(run: Mapping[str, Any]) -> str:
    """Return what is proved about a certified run, as a part of a sentence in Markdown."""
    proved, asked = number(run["steps_proved"]), counted(run["steps_asked"], "step")
    parts = [f"$`\\varphi(t+1) \\le \\varphi(t)`$ proved for **{proved} of {asked}**"]
    if run["steps_refuted"]:
        parts.append(f"**refuted** for {number(run['steps_refuted'])} (first: $`t`$ = {run['first_refuted']})")
    if run["steps_unknown"]:
        parts.append(f"undecided for {number(run['steps_unknown'])} (first: $`t`$ = {run['first_unknown']})")
    if taken(run) < run["steps_asked"]:
        parts.append(f"the run stopped after {counted(taken(run), 'step')}: {escape(run['reason'])}")
    return "; ".join(parts)


def end_of(run: Mapping[str, Any], which: str) -> str:
    """Return the ``first`` or ``last`` enclosure of ``eta * phi`` of a certified run to six digits."""
    known = [pair for pair in run["eta_phi"] if pair is not None]
    if not known:
        return NOTHING
    return number(float(known[0 if which == "first" else -1][0]), 6)


def map_totals(panels: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers of ``tested`` and of ``rising`` steps in a map."""
    found = [panel_facts(panel) for panel in panels["panels"]]
    return {name: sum(panel[name] for panel in found) for name in ("tested", "rising")}


def single_data(runs: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether all runs are on the same data."""
    return len({run["data"] for run in runs}) == 1


def listed(values: Sequence[float]) -> str:
    """Return numbers for a sentence: all of them if they are few, else how many there are and their range."""
    if not values:
        return NOTHING
    if len(values) <= _LONGEST_LIST:
        return ", ".join(number(value, 4) for value in values)
    return f"{number(min(values), 4)} to {number(max(values), 4)}, {len(values)} in all"


def numeral(text: str, digits: int = 6) -> str:
    """Return an exact number given as a string: as code, or to a few digits if it is long; a dash for nothing."""
    if not text:
        return NOTHING
    return code(text) if len(text) <= _LONGEST_NUMERAL else f"≈ {number(_rounded(text), digits)}"


def enclosure(pair: Sequence[str] | None) -> str:
    """Return an enclosure as code, its ends rounded outwards if they are long; a dash for none."""
    if pair is None:
        return NOTHING
    low, high = _shortened(pair[0], ROUND_FLOOR), _shortened(pair[1], ROUND_CEILING)
    return code(f"[{low}, {high}]")


def _shortened(text: str, rounding: str) -> str:
    if len(text) <= _LONGEST_END:
        return text
    with localcontext(prec=_ENOUGH):
        return f"{Decimal(text).quantize(_LAST_DIGIT, rounding):f}"


def _rounded(text: str) -> float:
    numerator, _, denominator = text.partition("/")
    if not denominator:
        return float(numerator)
    return int(numerator) / int(denominator)
