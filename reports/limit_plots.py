"""The pictures of certified orbits: loss, sharpness and GFS sharpness against the step; many orbits; a plane of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reports.plots import BLUE, GREEN, GREY, RED, limit_line, new_figure, style

FloatArray = NDArray[np.float64]
EDGE = 2.0
"""The edge of stability: ``eta * phi`` there."""

_MARKED = 150
"""Steps up to which each is marked by a dot."""

_LINEAR = 4.0
_TALL = 100.0


def trajectory_figure(orbits: Sequence[Mapping[str, Any]], windows: Sequence[int | None] = ()) -> Figure:
    r"""Draw loss, :math:`\eta` times the sharpness and :math:`\eta\varphi` of orbits against the step, a column each.

    Parameters
    ----------
    orbits
        Each with ``series``: the lists ``step``, ``loss``, ``sharpness`` and ``eta_phi`` (None where it is not known),
        and ``eta_phi_limit``: proved bounds on its limit as exact text, or None.
    windows
        The last step shown of each; None, or nothing, for all.
    """
    with style():
        figure = new_figure(7.2 if len(orbits) == 1 else 4.6 * len(orbits), 5.4)
        panels = figure.subplots(2, len(orbits), sharex="col", squeeze=False)
        for column, orbit in enumerate(orbits):
            last = windows[column] if column < len(windows) else None
            _trajectory(panels[0, column], panels[1, column], orbit, last)
            if len(orbits) > 1:
                steps = f"{orbit['series']['step'][-1]:,}"
                panels[0, column].set_title(f"all {steps} steps" if last is None else f"the first {last:,} steps")
        panels[0, 0].set_ylabel("loss $L$")
        panels[1, -1].legend(loc="best")
        for axes in panels.flat:
            axes.margins(y=0.10)
        ends = np.array([axes.get_ylim() for axes in panels[1]])
        for axes in panels[1]:
            axes.set_ylim(ends[:, 0].min(), ends[:, 1].max())
        figure.align_ylabels(panels[:, 0])
    return figure


def _trajectory(top: Axes, bottom: Axes, orbit: Mapping[str, Any], last: int | None) -> None:
    steps = np.asarray(orbit["series"]["step"])
    shown = steps <= (steps[-1] if last is None else last)
    loss, sharpness, eta_phi = (_array(orbit["series"][name])[shown] for name in ("loss", "sharpness", "eta_phi"))
    steps = steps[shown]
    marks: dict[str, Any] = {"marker": ".", "markersize": 3.5} if len(steps) <= _MARKED else {}
    top.plot(steps, np.where(loss > 0, loss, np.nan), color=BLUE, lw=1.1, **marks)
    if (loss > 0).any():
        top.set_yscale("log")
    width = 0.9 if marks else 0.6
    label = r"$\eta\,\lambda_{\max}(\nabla^2 L)$, floating point"
    bottom.plot(steps, sharpness, color=GREEN, lw=width, label=label, **marks)
    bottom.plot(steps, eta_phi, color=RED, lw=1.6, label=r"GFS sharpness $\eta\,\varphi$", **marks)
    limit_line(bottom, EDGE, "$2$")
    if orbit["eta_phi_limit"] is not None:
        height = float(Fraction(orbit["eta_phi_limit"][0]))
        bottom.axhline(height, color=GREY, lw=1.0, ls=":", label=r"$\eta\lim\varphi$, proved")
    if np.nanmax([_LINEAR, *sharpness, *eta_phi]) > _TALL:
        bottom.set_yscale("symlog", linthresh=_LINEAR)
    bottom.set_xlabel("gradient descent step")


def convergence_figure(orbits: Sequence[Mapping[str, Any]], last: int = 250) -> Figure:
    r"""Draw :math:`\eta\varphi` of orbits against the step, and the proved limits against where they start.

    Parameters
    ----------
    orbits
        Each as in :func:`trajectory_figure`, with ``eta_phi_start`` and ``eta_phi_limit``.
    last
        The last step shown.
    """
    starts = np.array([float(Fraction(orbit["eta_phi_start"][0])) for orbit in orbits])
    colours = _colours(starts)
    with style():
        figure = new_figure(9.6, 4.4)
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
        for orbit, colour in zip(orbits, colours, strict=True):
            steps, values = np.asarray(orbit["series"]["step"]), _array(orbit["series"]["eta_phi"])
            if steps[-1] < last:
                steps, values = np.append(steps, last), np.append(values, values[-1])
            left.plot(steps[steps <= last], values[steps <= last], color=colour, lw=1.3)
        left.axhline(EDGE, color="black", lw=1.1, ls=(0, (5, 3)), zorder=4)
        left.set_xlabel("gradient descent step")
        left.set_ylabel(r"GFS sharpness $\eta\,\varphi$")
        left.set_xlim(0, last)
        ends = np.array([float(Fraction(orbit["eta_phi_limit"][0])) for orbit in orbits])
        span = np.array([min(starts.min(), ends.min()) - 0.05, starts.max() + 0.1])
        right.plot(span, span, color=GREY, lw=0.9, ls=":", label="limit = start")
        right.scatter(starts, ends, c=colours, s=26, zorder=5, edgecolors="black", linewidths=0.5)
        limit_line(right, EDGE, "$2$")
        right.set_xlabel(r"$\eta\,\varphi$ at the start")
        right.set_ylabel(r"$\eta\,\lim\varphi$, proved")
        right.set_xlim(*span)
        right.set_ylim(span[0], 2.25)
        _inset(right, starts, ends, colours)
        right.legend(loc="upper left")
    return figure


def _inset(axes: Axes, starts: FloatArray, ends: FloatArray, colours: Sequence[Any]) -> None:
    """Show how far below the edge the limits of the orbits that start above it are."""
    above = starts > EDGE
    if not above.any():
        return
    inner = axes.inset_axes((0.58, 0.16, 0.38, 0.34))
    inner.scatter(
        starts[above],
        EDGE - ends[above],
        c=[colour for colour, is_above in zip(colours, above, strict=True) if is_above],
        s=16,
        zorder=5,
        edgecolors="black",
        linewidths=0.4,
    )
    inner.set_ylim(0.0, 1.25 * (EDGE - ends[above]).max())
    inner.set_title(r"$2-\eta\,\lim\varphi$, starts above 2", fontsize=8.5)
    inner.tick_params(labelsize=7.5)


def _colours(starts: FloatArray) -> list[Any]:
    """Return a colour for each start: shades of blue below the edge, of red above it, darker further away."""
    import matplotlib

    found = []
    for start in starts:
        name, low, high = ("Blues_r", starts.min(), EDGE) if start <= EDGE else ("OrRd", EDGE, starts.max())
        share = (start - low) / (high - low) if high > low else 0.5
        place = 0.15 + 0.45 * share if start <= EDGE else 0.45 + 0.45 * share
        found.append(matplotlib.colormaps[name](place))
    return found


def _array(values: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)
