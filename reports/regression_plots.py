"""The figures of the report on the squared regression model: runs, their ends, the certified run, and the map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import SymmetricalLogLocator
from numpy.typing import NDArray

from reports.numbers import number
from reports.plots import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    arrival,
    limit_line,
    new_figure,
    style,
)
from reports.regression_consistency import enclosures, proved_falls, proved_rises

FloatArray = NDArray[np.float64]

_COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, GREY)
_MARKERS = "osD^vPX*"
_NO_RISE = "#EDEDED"
_LONGEST_LABEL = 64
_LEGEND = 14
"""Entries of a legend; the rest is counted in its last line."""

_LEGEND_WIDTH = 76
"""Characters of a row of a legend."""

_LINEAR_STEPS = 10
"""The axis of steps is linear up to this step, and logarithmic from there on."""

_SMOOTH = 0.9 / math.log(10.0)
"""Width of the linear part over that of a decade, for which the axis has no kink."""

_TICKS = 12
_NUMBERED_CELLS = 12
"""Rows and columns up to which the cells of a map carry their share in digits."""


def plain(text: str) -> str:
    """Return plain text for a legend: one line, cut if it is long, no mathematics, only characters of the font."""
    line = _drawable(text)
    return (line if len(line) <= _LONGEST_LABEL else line[: _LONGEST_LABEL - 1] + "…").replace("$", r"\$")


def label(text: str) -> str:
    """Return text for a title or an axis: with its mathematics if matplotlib can set it, else as plain text."""
    line = _drawable(text)
    try:
        MathTextParser("agg").parse(line)
    except ValueError:
        return plain(line)
    return line


def _drawable(text: str) -> str:
    """Return text on one line, with a replacement character for each character that the font lacks."""
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    known = font.get_charmap()
    return "".join(c if ord(c) in known else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split()))


def trajectories_figure(trajectories: Sequence[Mapping[str, Any]]) -> Figure:
    r"""Draw loss, :math:`\eta` times the sharpness, and :math:`\eta\varphi` of a few runs against the step.

    Parameters
    ----------
    trajectories
        Each with the lists ``loss``, ``sharpness`` and ``eta_phi``, one entry a state, and the numbers ``eta`` and
        ``eta_factor``. States after the loss has come down to rounding are left out.
    """
    several = len({run["data"] for run in trajectories}) > 1
    with style():
        figure = new_figure(7.2, 7.4)
        top, middle, bottom = figure.subplots(3, 1, sharex=True)
        longest = 1
        for index, run in enumerate(trajectories):
            last = arrival([value / (run["loss"][0] or 1.0) for value in run["loss"]])
            longest = max(longest, last)
            steps = np.arange(last + 1)
            loss, sharpness, eta_phi = (_finite(run[name][: last + 1]) for name in ("loss", "sharpness", "eta_phi"))
            look = {"color": _colour(index, len(trajectories)), "alpha": 0.9}
            top.semilogy(steps, np.where(loss > 0.0, loss, np.nan), lw=1.0, **look)
            middle.plot(steps, run["eta"] * sharpness, lw=0.9, **look)
            name = f"$c$ = {number(run['eta_factor'], 4)}" + (f", {plain(run['data'])}" if several else "")
            bottom.plot(steps, eta_phi, lw=1.7, label=name if index < _LEGEND else None, **look)
        top.set_ylabel("loss $L$")
        middle.set_ylabel(r"$\eta\,\lambda_{\max}(\nabla^2 L)$")
        bottom.set_ylabel(r"GFS sharpness $\eta\,\varphi$")
        bottom.set_xlabel("gradient descent step")
        bottom.set_xscale("symlog", linthresh=_LINEAR_STEPS, linscale=_SMOOTH)
        bottom.xaxis.set_major_formatter(lambda step, _: number(int(step)))
        bottom.xaxis.set_minor_locator(SymmetricalLogLocator(base=10.0, linthresh=_LINEAR_STEPS, subs=range(2, 10)))
        bottom.set_xlim(0, longest)
        for axes in (middle, bottom):
            limit_line(axes, 2.0, "$2$")
        for axes in (top, middle, bottom):
            axes.margins(y=0.10)
        _legend_above(figure, bottom, len(trajectories))
        figure.align_ylabels([top, middle, bottom])
    return figure


def _finite(values: Sequence[float]) -> FloatArray:
    found = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _colour(index: int, count: int) -> Any:
    if count <= len(_COLOURS):
        return _COLOURS[index]
    return matplotlib.colormaps["viridis"](index / count)


def _legend_above(figure: Figure, axes: Axes, count: int) -> None:
    """Put the legend of ``axes`` above the figure, and say how many of ``count`` entries it leaves out."""
    handles, names = axes.get_legend_handles_labels()
    columns = max(1, min(len(names), _LEGEND_WIDTH // max(map(len, names), default=1)))
    title = None if count <= _LEGEND else f"the first {_LEGEND} of {count}"
    figure.legend(handles, names, loc="outside upper center", ncols=columns, title=title)


def end_figure(runs: Sequence[Mapping[str, Any]]) -> Figure:
    r"""Draw :math:`\eta\varphi` at the end of each run against the factor of its step size.

    The data sets stand a little side by side at each factor.

    Parameters
    ----------
    runs
        Each with ``data``, ``eta_factor``, and ``eta_phi_end`` (None if it diverged).
    """
    names = list(dict.fromkeys(run["data"] for run in runs))
    with style():
        figure = new_figure(7.2, 4.6)
        axes = figure.subplots()
        factors = sorted({float(run["eta_factor"]) for run in runs})
        ends = (factors[0], factors[-1]) if len(factors) > 1 else (0.9 * factors[0], 1.1 * factors[0])
        axes.plot(ends, [2.0 * end for end in ends], color="black", lw=1.2, ls=":", label="start, $2c$")
        for index, name in enumerate(names):
            own = [run for run in runs if run["data"] == name]
            ended = [run for run in own if run["eta_phi_end"] is not None]
            look: dict[str, Any] = {"color": _colour(index, len(names)), "ls": "none", "alpha": 0.8}
            aside = (index - (len(names) - 1) / 2.0) * min(0.012, 0.04 / len(names)) * (ends[1] - ends[0])
            axes.plot(
                [run["eta_factor"] + aside for run in ended],
                _finite([run["eta_phi_end"] for run in ended]),
                marker=_MARKERS[index % len(_MARKERS)],
                ms=5.5,
                mec="white",
                mew=0.5,
                label=plain(name) if index < _LEGEND else None,
                **look,
            )
            diverged = [run["eta_factor"] + aside for run in own if run["eta_phi_end"] is None]
            axes.plot(
                diverged, [0.02] * len(diverged), marker="x", ms=6.0, transform=axes.get_xaxis_transform(), **look
            )
        limit_line(axes, 2.0, "$2$")
        axes.margins(x=0.04, y=0.12)
        axes.set_xlabel(r"factor $c$ of the step size $\eta = c \cdot 2/\varphi(w_0)$")
        axes.set_ylabel(r"$\eta\,\varphi$ at the end")
        _legend_above(figure, axes, len(names))
    return figure


def certified_figure(eta_phi: Sequence[Sequence[str] | None]) -> Figure:
    r"""Draw :math:`\eta\varphi` along a certified run, and the falls and rises of it that the enclosures prove.

    Parameters
    ----------
    eta_phi
        Lower and upper end of each enclosure, decimal strings, one pair a state; None where nothing is enclosed.
    """
    states = enclosures(eta_phi)
    middles = [math.nan if pair is None else float(sum(pair) / 2) for pair in states]
    falls, rises = _positive(proved_falls(states)), _positive(proved_rises(states))
    with style():
        figure = new_figure(7.2, 5.0)
        top, bottom = figure.subplots(2, 1, sharex=True)
        marks = {"marker": ".", "markersize": 3.5} if len(states) <= 150 else {}
        top.plot(range(len(states)), middles, color=RED, lw=1.6, **marks)
        limit_line(top, 2.0, "$2$")
        top.set_ylabel(r"GFS sharpness $\eta\,\varphi$")
        top.margins(y=0.10)
        bottom.plot(range(len(falls)), falls, color=BLUE, ls="none", marker=".", markersize=3.5)
        if np.isfinite(rises).any():
            bottom.plot(range(len(rises)), rises, color=RED, ls="none", marker="^", markersize=6, label="proved rise")
            bottom.legend()
        if np.isfinite(falls + rises).any():
            bottom.set_yscale("log")
        bottom.set_ylabel(r"proved fall of $\eta\,\varphi$")
        bottom.set_xlabel("gradient descent step")
        bottom.set_xlim(0, len(states) - 1)
        figure.align_ylabels([top, bottom])
    return figure


def _positive(values: Sequence[Fraction | None]) -> list[float]:
    return [math.nan if value is None or value <= 0 else float(value) for value in values]


def map_figure(panels: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw, for each panel of the map, the share of rising steps in each cell.

    Parameters
    ----------
    panels
        Each with a ``title``, the axes ``rows`` and ``columns``, and the tables ``tested`` and ``rising``.
    """
    across = min(len(panels), 2)
    down = -(-len(panels) // across)
    shares = [_shares(panel) for panel in panels]
    highest = max((float(np.nanmax(share)) for share in shares if not np.isnan(share).all()), default=0.0) or 1.0
    with style():
        figure = new_figure(4.3 * across + 0.9, 3.7 * down + 0.2)
        grid = figure.subplots(down, across, squeeze=False)
        for axes, panel, share in zip(grid.flat, panels, shares, strict=False):
            image = _heat_map(axes, panel, share, highest)
        for axes in list(grid.flat)[len(panels) :]:
            axes.set_axis_off()
        bar = figure.colorbar(image, ax=grid, shrink=0.8 if down == 1 else 0.5, extend="min")
        bar.set_label("share of rising steps (light grey: none)")
    return figure


def _shares(panel: Mapping[str, Any]) -> FloatArray:
    """Return the share of rising steps of each cell, nan where none was tested."""
    tested = np.asarray(panel["tested"], dtype=np.float64)
    rising = np.asarray(panel["rising"], dtype=np.float64)
    return np.where(tested > 0.0, rising / np.maximum(tested, 1.0), np.nan)


def _heat_map(axes: Axes, panel: Mapping[str, Any], share: FloatArray, highest: float) -> Any:
    colours = matplotlib.colormaps["viridis_r"].with_extremes(under=_NO_RISE, bad="none")
    # the smallest positive share is at least 1 / tested, so only 0 is below the range
    norm = Normalize(vmin=min(1e-9, highest / 2.0), vmax=highest)
    axes.grid(visible=False)
    rows, columns = share.shape
    axes.patch.set(facecolor="white", hatch="////", edgecolor="#999999", linewidth=0.0)
    edges = (np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5)
    image = axes.pcolormesh(*edges, np.ma.masked_invalid(share), cmap=colours, norm=norm, edgecolor="white", lw=0.6)
    if max(share.shape) <= _NUMBERED_CELLS:
        for (row, column), value in np.ndenumerate(share):
            if value > 0.0:
                shade = "white" if value > 0.5 * highest else "black"
                text = f"{value:.2f}".lstrip("0") if value >= 0.005 else "<.01"
                axes.annotate(text, (column, row), ha="center", va="center", fontsize=7.5, color=shade)
    axes.set_title(label(panel["title"]))
    axes.set_xlabel(label(panel["columns"]["label"]))
    axes.set_ylabel(label(panel["rows"]["label"]))
    for axis, values in ((axes.xaxis, panel["columns"]["values"]), (axes.yaxis, panel["rows"]["values"])):
        shown = range(0, len(values), -(-len(values) // _TICKS))
        axis.set_ticks(list(shown), [number(values[k], 3) for k in shown])
    return image
