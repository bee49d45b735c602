"""The picture of gradient descent at depth 2 in the plane of its weights, with the gradient flow from each iterate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reports.plots import GREEN, GREY, new_figure, style

FloatArray = NDArray[np.float64]
_FLOWS = 9
"""Iterates, the first ones, from which the gradient flow is drawn."""


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
    shades = matplotlib.colormaps["plasma"](_norm(len(path))(1.0 + np.arange(len(path))) * 0.9)
    with style():
        figure = new_figure(7.6, 6.0)
        axes = figure.subplots()
        points = np.concatenate([path, ends])
        low, high = points.min(axis=0), points.max(axis=0)
        pad = 0.10 * (high - low).max()
        box = (max(low[0] - pad, 0.02), high[0] + pad, max(low[1] - pad, 0.02), high[1] + pad)
        _minima(axes, float(Fraction(orbit["eta"])), box)
        for start, end, shade in list(zip(path, ends, shades, strict=True))[:_FLOWS]:
            axes.plot(*_flow(start, end), color=shade, lw=1.0, zorder=3)
        axes.plot(*path.T, color=GREY, lw=0.7, ls=(0, (2, 2)), zorder=2)
        axes.scatter(*path.T, c=shades, s=30, zorder=5, edgecolors="black", linewidths=0.5, label="gradient descent")
        label = "end of gradient flow from there (GFS)"
        axes.scatter(*ends.T, c=shades, s=34, marker="D", zorder=6, edgecolors="black", linewidths=0.5, label=label)
        for number in range(min(4, len(path))):
            axes.annotate(str(number), path[number], xytext=(6, 5), textcoords="offset points", fontsize=9.0, zorder=7)
        axes.set_xlim(box[0], box[1])
        axes.set_ylim(box[2], box[3])
        axes.set_aspect("equal")
        axes.set_xlabel("$w_1$")
        axes.set_ylabel("$w_2$")
        axes.legend(loc="upper right", frameon=True, framealpha=0.9)
        bar = figure.colorbar(ScalarMappable(_norm(len(path)), _shades()), ax=axes, shrink=0.75, pad=0.02)
        bar.set_label("gradient descent step + 1")
    return figure


def _norm(count: int) -> LogNorm:
    return LogNorm(1.0, max(count, 2))


def _shades() -> matplotlib.colors.ListedColormap:
    return matplotlib.colors.ListedColormap(matplotlib.colormaps["plasma"](np.linspace(0.0, 0.9, 256)))


def _minima(axes: Axes, eta: float, box: tuple[float, float, float, float]) -> None:
    """Draw the minima, those whose sharpness is below ``2 / eta`` in bold.

    At a minimum ``phi = x**2 + 1/x**2`` with ``x = w_1``; it is ``2 / eta`` where ``x**2 = 1/eta ± sqrt(1/eta**2 - 1)``.
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
