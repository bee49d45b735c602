"""The picture of gradient descent at depth 2 in the plane of its weights, with the gradient flow from each iterate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reports.plots import GREEN, GREY, new_figure, style

FloatArray = NDArray[np.float64]
FLATTEST = (1.0, 1.0)
"""The minimum at which ``phi = 2`` is least."""

_FLOWS = 9
"""Iterates, the first ones, from which the gradient flow is drawn."""

_NUMBERED = 6
_POWER = 0.5
_PAD = 0.07


def flow_end(w: Sequence[float]) -> tuple[float, float]:
    """Return the end of gradient flow from positive weights of depth 2.

    Gradient flow keeps ``b = w_1**2 - w_2**2``; at the end ``w_1 w_2 = 1``, so ``w_1**2 = (b + sqrt(b**2 + 4)) / 2``.
    """
    b = w[0] ** 2 - w[1] ** 2
    root = np.hypot(b, 2.0)
    first = (root + b) / 2.0 if b >= 0.0 else 2.0 / (root - b)
    return float(np.sqrt(first)), float(1.0 / np.sqrt(first))


def plane_figure(orbit: Mapping[str, Any]) -> Figure:
    r"""Draw iterates, the gradient flow from the first of them, and the minima with :math:`\eta\varphi` below 2.

    Parameters
    ----------
    orbit
        ``eta`` as exact text, and ``path``: the weights after each step, positive.
    """
    path = np.array(orbit["path"], dtype=float)
    ends = np.array([flow_end(w) for w in path])
    norm, shades = PowerNorm(_POWER, 0.0, max(len(path) - 1, 1)), _shades()
    colours = shades(norm(np.arange(len(path))))
    box = _box(np.concatenate([path, ends, [FLATTEST]]))
    with style():
        figure = new_figure(7.6, 6.8)
        axes = figure.subplots()
        _minima(axes, float(Fraction(orbit["eta"])), box)
        for start, end, colour in list(zip(path, ends, colours, strict=True))[:_FLOWS]:
            axes.plot(*_flow(start, end), color=colour, lw=1.2, zorder=3)
        axes.plot(*path.T, color=GREY, lw=0.6, ls=(0, (2, 2)), zorder=2)
        look: dict[str, Any] = {"c": colours, "edgecolors": "black", "linewidths": 0.5}
        axes.scatter(path[:, 0], path[:, 1], s=30, zorder=5, label="gradient descent", **look)
        axes.scatter(
            ends[:, 0], ends[:, 1], s=34, marker="D", zorder=6, label="end of gradient flow from there (GFS)", **look
        )
        axes.scatter(*FLATTEST, s=90, marker="*", color="black", zorder=6, label="flattest minimum")
        for number in range(min(_NUMBERED, len(path))):
            axes.annotate(str(number), path[number], xytext=(6, 5), textcoords="offset points", fontsize=9.0, zorder=7)
        axes.set_xlim(box[0], box[1])
        axes.set_ylim(box[2], box[3])
        axes.set_aspect("equal")
        axes.set_xlabel("$w_1$")
        axes.set_ylabel("$w_2$")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
        bar = figure.colorbar(ScalarMappable(norm, shades), ax=axes, shrink=0.75, pad=0.02)
        bar.set_label("gradient descent step")
    return figure


def _box(points: FloatArray) -> tuple[float, float, float, float]:
    """Return the left, right, lower and upper end of what is shown, for points that have to be."""
    low, high = points.min(axis=0), points.max(axis=0)
    pad = _PAD * (high - low).max()
    return max(low[0] - pad, pad / 2), high[0] + pad, max(low[1] - pad, pad / 2), high[1] + pad


def _shades() -> matplotlib.colors.ListedColormap:
    return matplotlib.colors.ListedColormap(matplotlib.colormaps["plasma"](np.linspace(0.0, 0.9, 256)))


def _minima(axes: Axes, eta: float, box: tuple[float, float, float, float]) -> None:
    """Draw the minima, those whose sharpness is below ``2 / eta`` in bold.

    At a minimum ``phi = x**2 + 1/x**2`` with ``x = w_1``.
    """
    x = np.geomspace(max(box[0], 1.0 / box[3]), min(box[1], 1.0 / box[2]), 400)
    axes.plot(x, 1.0 / x, color="black", lw=1.1, ls=(0, (5, 3)), zorder=1, label=r"minima, $w_1 w_2 = 1$")
    flat = eta * (x**2 + x**-2) <= 2.0
    if flat.any():
        axes.plot(
            x[flat],
            1.0 / x[flat],
            color=GREEN,
            lw=4.5,
            alpha=0.45,
            zorder=1,
            label=r"minima with $\eta\,\varphi\leq 2$",
        )


def _flow(start: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the curve of gradient flow between two of its points: ``w_1**2`` and ``w_2**2`` move by one shift."""
    shift = np.linspace(0.0, end[0] ** 2 - start[0] ** 2, 60)
    return np.sqrt(start[0] ** 2 + shift), np.sqrt(np.maximum(start[1] ** 2 + shift, 0.0))
