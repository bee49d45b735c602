"""The figures of the report on a run with a real network: the trajectory, and the gradient flows that leave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from reports.numbers import number
from reports.plots import BLUE, GREEN, GREY, RED, limit_line, new_figure, style

FloatArray = NDArray[np.float64]

_FEW = 120
"""Points of a curve up to which each has a marker."""

_WIDE = 8.0
"""A sharpness above this multiple of 2 / eta makes its axis logarithmic."""

_DARK = 0.92
"""Share of the colour map that is dark enough for lines on white."""


def trajectory_figure(run: Mapping[str, Any]) -> Figure:
    r"""Draw loss, sharpness and GFS sharpness with its error bars against the step of gradient descent.

    Parameters
    ----------
    run
        With ``loss``, one entry a state; the records ``sharpness`` and ``gfs``; ``eta``, ``steps`` and
        ``diverged_at``. A GFS measurement without a value is a cross at the bottom of its panel.
    """
    with style():
        figure = new_figure(7.2, 7.6)
        top, middle, bottom = figure.subplots(3, 1, sharex=True)
        losses = _positive(run["loss"])
        top.plot(range(len(losses)), losses, color=BLUE, lw=1.1, **_marks(len(losses)))
        if np.isfinite(losses).any():
            top.set_yscale("log")
        top.set_ylabel("loss $L$")
        steps, values = _columns(run["sharpness"], "step", "value")
        middle.plot(steps, values, color=GREEN, lw=1.1, **_marks(len(steps)))
        middle.set_ylabel(r"sharpness $\lambda_{\max}(\nabla^2 L)$")
        known = [record for record in run["gfs"] if record["value"] is not None]
        steps, gfs, errors = _columns(known, "step", "value", "error")
        _with_bars(bottom, steps, gfs, errors, RED)
        bottom.set_ylabel(r"GFS sharpness $\varphi$")
        failed = [record["step"] for record in run["gfs"] if record["value"] is None]
        _failures(bottom, failed)
        bottom.set_xlabel("gradient descent step")
        bottom.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        bottom.xaxis.set_major_formatter(lambda step, _: number(int(step)))
        last = max(run["steps"], 1)
        bottom.set_xlim(-0.015 * last, 1.015 * last)
        for axes in (top, middle, bottom):
            axes.margins(y=0.12)
            _divergence(axes, run["diverged_at"])
        for axes, drawn in ((middle, values), (bottom, gfs)):
            _sharpness_axis(axes, drawn, 2.0 / run["eta"])
        _name_divergence(top, run["diverged_at"])
        figure.align_ylabels([top, middle, bottom])
    return figure


def flows_figure(run: Mapping[str, Any]) -> Figure:
    r"""Draw the sharpness along each gradient flow against the loss there, from high loss to low.

    Parameters
    ----------
    run
        With ``gfs``, the records with the ``path`` of each flow; ``eta`` and ``steps``. The colour is the step of
        gradient descent that the flow starts from. A disc with its error bar is the GFS sharpness, at the loss where
        the flow was left; a cross is the last point of a flow that did not reach its end.
    """
    records = [record for record in run["gfs"] if record["path"]]
    colours = LinearSegmentedColormap.from_list(
        "dark viridis", matplotlib.colormaps["viridis"](np.linspace(0.0, _DARK, 256))
    )
    norm = Normalize(0.0, max(run["steps"], 1))
    with style():
        figure = new_figure(7.2, 5.4)
        axes = figure.subplots()
        drawn: list[FloatArray] = []
        for record in records:
            loss, sharpness = _columns(record["path"], "loss", "sharpness")
            colour = colours(norm(record["step"]))
            axes.plot(_positive(loss), sharpness, color=colour, lw=0.9, marker=".", ms=2.5)
            drawn.append(sharpness)
            end = float(_positive([record["loss_end"]])[0])
            if record["value"] is None:
                axes.plot(_positive(loss)[-1:], sharpness[-1:], color=colour, ls="none", marker="x", ms=7.0, mew=1.6)
            else:
                _with_bars(axes, [end], [record["value"]], [record["error"]], colour, cap=5.0)
        axes.set_xscale("log")
        axes.margins(x=0.05, y=0.12)
        _sharpness_axis(axes, np.concatenate(drawn), 2.0 / run["eta"])
        axes.invert_xaxis()
        axes.set_xlabel("loss along the gradient flow (falling to the right)")
        axes.set_ylabel(r"sharpness along the gradient flow")
        bar = figure.colorbar(ScalarMappable(norm, colours), ax=axes, pad=0.02, aspect=30)
        bar.set_label("gradient descent step that the flow starts from")
        bar.ax.yaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        bar.ax.yaxis.set_major_formatter(lambda step, _: number(int(step)))
        bar.outline.set_visible(False)
    return figure


def _positive(values: Sequence[float] | FloatArray) -> FloatArray:
    found = np.asarray(values, dtype=np.float64)
    return np.where(found > 0.0, found, np.nan)


def _columns(records: Sequence[Mapping[str, Any]], *names: str) -> list[FloatArray]:
    return [np.array([record[name] for record in records], dtype=np.float64) for name in names]


def _marks(count: int) -> dict[str, Any]:
    return {"marker": ".", "markersize": 4.0} if count <= _FEW else {}


def _with_bars(axes: Axes, x: Any, values: Any, errors: Any, colour: Any, cap: float = 4.0) -> None:
    """Draw values with their error bars; the caps are wider than the markers, so that short bars show as well."""
    axes.errorbar(x, values, yerr=errors, fmt="none", ecolor=colour, elinewidth=1.3, capsize=cap, capthick=1.2)
    axes.plot(x, values, color=colour, lw=0.9, marker="o", ms=0.8 * cap)


def _failures(axes: Axes, steps: Sequence[int]) -> None:
    """Put a cross at the bottom for each measurement that has no value."""
    if steps:
        axes.plot(
            steps,
            [0.04] * len(steps),
            color=GREY,
            ls="none",
            marker="x",
            ms=6.5,
            mew=1.5,
            transform=axes.get_xaxis_transform(),
            label="flow did not reach its end",
        )
        axes.legend(loc="best")


def _sharpness_axis(axes: Axes, values: FloatArray, edge: float) -> None:
    """Draw ``2 / eta``, and make the axis logarithmic if the values leave it far behind."""
    limit_line(axes, edge, r"$2/\eta$")
    if values.size and values.max() > _WIDE * edge:
        axes.set_yscale("log", nonpositive="mask")
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, edge / 2.0), high)


def _divergence(axes: Axes, step: int | None) -> None:
    """Draw a line at the step at which the run diverged, if it did."""
    if step is not None:
        axes.axvline(step, color=GREY, lw=1.2, ls=":")


def _name_divergence(axes: Axes, step: int | None) -> None:
    """Put a marker and its name at the upper end of the line of :func:`_divergence`."""
    if step is None:
        return
    place = axes.get_xaxis_transform()
    axes.plot([step], [0.96], color=GREY, marker="X", ms=8.0, mec="white", mew=0.6, transform=place, clip_on=False)
    axes.annotate(
        "diverged",
        (step, 0.96),
        xycoords=place,
        xytext=(-8, 0) if step > 0 else (8, 0),
        textcoords="offset points",
        ha="right" if step > 0 else "left",
        va="center",
        color=GREY,
    )
