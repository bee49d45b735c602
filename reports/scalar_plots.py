"""The figures of the report on scalar networks: a trajectory at the edge of stability, and the shape simplex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from reports.plots import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, arrival, limit_line, new_figure, style

FloatArray = NDArray[np.float64]

EXAMPLE_NETWORKS = {
    "(1, 1, 1)": (1.0, 1.0, 1.0),
    "(1/2, 1, 2)": (0.5, 1.0, 2.0),
    "(1/2, √2, √2)": (0.5, 2.0**0.5, 2.0**0.5),
}
"""Weights of depth-3 networks at a minimum (product 1) whose shapes are marked in the shape simplex."""

A_SQUARED = 8.0
"""``a**2`` at the limit ``a = 2 sqrt 2`` of Theorem A."""


def edge_trajectory_figure(trajectory: Mapping[str, Any]) -> Figure:
    r"""Draw a trajectory at the edge of stability: loss, sharpness and :math:`\eta\varphi` against the step.

    Parameters
    ----------
    trajectory
        The lists ``loss``, ``sharpness`` (largest eigenvalue of the Hessian) and ``eta_phi``, one entry a state, and
        the number ``eta``. States after the loss has come down to rounding are left out.
    """
    last = max(arrival(trajectory["loss"]), 1)
    steps = np.arange(len(trajectory["loss"]))[: last + 1]
    loss, sharpness, eta_phi = (np.asarray(trajectory[name][: last + 1]) for name in ("loss", "sharpness", "eta_phi"))
    with style():
        figure = new_figure(7.2, 6.6)
        top, middle, bottom = figure.subplots(3, 1, sharex=True)
        marks = {"marker": ".", "markersize": 3.5} if last <= 150 else {}
        top.semilogy(steps, np.where(loss > 0.0, loss, np.nan), color=BLUE, lw=1.1, **marks)
        top.set_ylabel("loss $L$")
        middle.plot(steps, sharpness, color=GREEN, lw=1.1, **marks)
        limit_line(middle, 2.0 / trajectory["eta"], r"$2/\eta$")
        middle.set_ylabel(r"sharpness $\lambda_{\max}(\nabla^2 L)$")
        bottom.plot(steps, eta_phi, color=RED, lw=1.6, **marks)
        limit_line(bottom, 2.0, "$2$")
        bottom.set_ylabel(r"GFS sharpness $\eta\,\varphi$")
        bottom.set_xlabel("gradient descent step")
        bottom.set_xlim(0, last)
        for axes in (top, middle, bottom):
            axes.margins(y=0.10)
        figure.align_ylabels([top, middle, bottom])
    return figure


def shape(weights: Sequence[float]) -> list[float]:
    """Return the shape ``alpha_i = (1 / z_i) / sum_j (1 / z_j)``, ``z_i = w_i**2``, of weights with product 1."""
    inverse = [1.0 / w**2 for w in weights]
    return [value / sum(inverse) for value in inverse]


def to_plane(alpha: Sequence[Any]) -> tuple[Any, Any]:
    """Map a shape of depth 3 to the plane; the vertices go to (0, 0), (1, 0) and (1/2, sqrt(3)/2)."""
    return alpha[1] + alpha[2] / 2.0, np.sqrt(3.0) / 2.0 * alpha[2]


def kappa_limit(alpha: Sequence[Any]) -> Any:
    r"""Return the limit of the largest ``kappa_ij`` as ``pi -> 0`` at ``a**2 = 8``, for a shape of depth 3.

    It is ``8 alpha_2 (alpha_1 - alpha_3)`` for ``alpha_1 >= alpha_2 >= alpha_3``: as ``pi -> 0``, ``t`` goes to
    ``-1 / alpha_1``, and ``kappa_12 = a^2 alpha_1 alpha_2 (1 - pi)^2 (1 + t alpha_3)``.
    """
    first, second, third = np.sort(np.stack([np.asarray(x) for x in alpha]), axis=0)[::-1]
    return A_SQUARED * second * (first - third)


def _simplex_grid(count: int) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
    """Return a grid of the plane and the shape at each of its points, nan outside the simplex."""
    x, y = np.meshgrid(np.linspace(0.0, 1.0, count), np.linspace(0.0, np.sqrt(3.0) / 2.0, count))
    third = y * 2.0 / np.sqrt(3.0)
    second = x - third / 2.0
    first = 1.0 - second - third
    outside = (first < -1e-9) | (second < -1e-9)
    return x, y, [np.where(outside, np.nan, part) for part in (first, second, third)]


def level_curve(pair: tuple[int, int], level: float, count: int = 400) -> list[FloatArray]:
    r"""Return the shapes with ``8 alpha_i alpha_j = level`` for ``pair`` = (i, j).

    They are nan where ``alpha_i`` and ``alpha_j`` are not the two largest. With ``s = alpha_i + alpha_j`` they are
    ``(s ± sqrt(s^2 - level / 2)) / 2``, ``s`` from ``sqrt(level / 2)`` to 1.
    """
    i, j = pair
    lowest = (level / 2.0) ** 0.5
    half = 1.0 - (1.0 - lowest) * np.linspace(0.0, 1.0, count) ** 2
    total = np.concatenate([half, half[-2::-1]])
    root = np.sqrt(np.maximum(total**2 - level / 2.0, 0.0))
    root[count - 1 :] *= -1.0
    alpha = [1.0 - total] * 3
    alpha[i], alpha[j] = (total + root) / 2.0, (total - root) / 2.0
    hidden = 1.0 - total > np.minimum(alpha[i], alpha[j]) + 1e-9
    return [np.where(hidden, np.nan, part) for part in alpha]


def shape_simplex_figure() -> Figure:
    r"""Draw the shapes of depth 3 whose smallest two squares may change order in a step, at ``a = 2 sqrt 2``.

    Shaded: ``8 alpha_i alpha_j > 1``, one colour for each pair. Thin: level curves of ``8 alpha_i alpha_j`` for the
    two largest. Dashed: :func:`kappa_limit` equals 1.
    """
    with style():
        figure = new_figure(7.2, 5.9)
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_aspect("equal")
        for pair, colour in zip(((0, 1), (1, 2), (0, 2)), (BLUE, ORANGE, GREEN), strict=True):
            _pair_region(axes, pair, colour)
        x, y, alpha = _simplex_grid(801)
        axes.contour(x, y, kappa_limit(alpha), levels=[1.0], colors=RED, linewidths=1.5, linestyles="dashed")
        _simplex_frame(axes)
        axes.plot([], [], color="black", lw=1.4, label=r"$8\,\alpha_i\alpha_j = 1$ (bound)")
        axes.plot([], [], color=GREY, lw=0.7, label=r"$8\,\alpha_i\alpha_j$ = 0.5 and 1.75")
        axes.plot([], [], color=RED, lw=1.5, ls="dashed", label=r"limit of $\kappa_{ij}$ = 1")
        _mark_examples(axes)
        axes.legend(loc="upper left", bbox_to_anchor=(-0.05, 1.0))
    return figure


def _pair_region(axes: Axes, pair: tuple[int, int], colour: str) -> None:
    """Shade where the bound lets the pair's ``kappa`` exceed 1, and draw the pair's level curves."""
    edge = to_plane(level_curve(pair, 1.0))
    axes.fill(*edge, color=colour, alpha=0.30, lw=0.0)
    axes.plot(*edge, color="black", lw=1.4)
    for level in (0.5, 1.75):
        axes.plot(*to_plane(level_curve(pair, level)), color=GREY, lw=0.7)
    name = rf"$\kappa_{{{pair[0] + 1}{pair[1] + 1}}}$"
    place = to_plane([0.395 if k in pair else 0.21 for k in range(3)])
    axes.annotate(name, place, ha="center", va="center", fontsize=13)


def _simplex_frame(axes: Axes) -> None:
    corners = [to_plane([float(k == vertex) for k in range(3)]) for vertex in (0, 1, 2, 0)]
    axes.plot(*zip(*corners, strict=True), color="black", lw=1.2)
    places: tuple[tuple[str, float, float], ...] = (("right", -7, -6), ("left", 7, -6), ("center", 0, 9))
    for vertex, (align, dx, dy) in enumerate(places):
        axes.annotate(
            rf"$\alpha_{vertex + 1}=1$",
            corners[vertex],
            xytext=(dx, dy),
            textcoords="offset points",
            ha=align,
            va="center",
            fontsize=12,
        )


def _mark_examples(axes: Axes) -> None:
    for (name, weights), marker in zip(EXAMPLE_NETWORKS.items(), "osD", strict=True):
        point = to_plane(shape(weights))
        axes.plot(*point, marker=marker, ms=7.5, mfc=PURPLE, mec="black", ls="none", label=f"w = {name}", zorder=5)
