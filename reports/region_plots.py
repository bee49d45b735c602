"""The picture of a certified region: where S_eta lies in a plane of two weights, by the verdicts of its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from reports.bounds import decimal
from reports.paving import Leaf, leaves
from reports.plots import BLUE, GREEN, ORANGE, new_figure, style

COLOURS = {"o": "#E4E4E4", "i": BLUE, "c": GREEN, "u": ORANGE}
WORDS = {
    "c": "in $S_\\eta$, convergence proved",
    "i": "in $S_\\eta$, proved",
    "o": "not in $S_\\eta$, proved",
    "u": "undecided",
}
MAX_VECTORS = 60_000
_NARROW = 8.0
"""Ratio of the sides of a box from which on the axes have different scales."""


def region_figure(region: Mapping[str, Any]) -> Figure:
    """Draw the cells of a paving in the plane of its two weights, with the minima (product 1) as a dashed line.

    Parameters
    ----------
    region
        ``depth``, ``eta``, ``axes`` (names of two weights), ``fixed`` (the other weights by name), ``box`` (four ends),
        ``area`` and ``areas`` (by verdict), all numbers exact and as text, ``cells`` (their number by verdict), and
        ``tree`` (:mod:`reports.paving`).
    """
    x0, x1, y0, y1 = (float(Fraction(end)) for end in region["box"])
    found = leaves(region["tree"])
    with style():
        figure = new_figure(7.2, 6.4)
        axes = figure.subplots()
        axes.grid(False)
        for letter in "oicu":
            cells = [cell for cell in found if cell[3] == letter]
            if cells:
                path = Path.make_compound_path_from_polys(_rectangles(cells, (x0, x1, y0, y1)))
                colour, big = COLOURS[letter], len(found) > MAX_VECTORS
                axes.add_patch(PathPatch(path, fc=colour, ec=colour, lw=0.3, antialiased=False, rasterized=big))
        fixed = float(np.prod([float(Fraction(w)) for w in region["fixed"].values()]))
        x = np.geomspace(max(x0, 1.0 / (fixed * y1)), x1, 400)
        if x[0] < x1:
            axes.plot(x, 1.0 / (fixed * x), color="black", lw=1.1, ls=(0, (5, 3)), label="minima, $\\pi = 1$")
        handles: list[Any] = [
            Patch(facecolor=COLOURS[k], label=f"{WORDS[k]} ({percent(region, k, 2)})")
            for k in "ciou"
            if region["cells"][k]
        ]
        handles += axes.get_legend_handles_labels()[0]
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
        axes.set_xlim(x0, x1)
        axes.set_ylim(y0, y1)
        sides = sorted((x1 - x0, y1 - y0))
        axes.set_aspect((x1 - x0) / (y1 - y0) if sides[1] > _NARROW * sides[0] else "equal")
        axes.set_xlabel(_weight(region["axes"][0]))
        axes.set_ylabel(_weight(region["axes"][1]))
        axes.set_title(f"$S_\\eta$: {region_name(region)}")
    return figure


def region_name(region: Mapping[str, Any]) -> str:
    """Return the slice in words."""
    fixed = [f"{name} = {value}" for name, value in region["fixed"].items()]
    return ", ".join([f"depth {region['depth']}", f"η = {region['eta']}", *fixed])


def percent(region: Mapping[str, Any], letters: str, places: int = 3) -> str:
    """Return the share of some verdicts in percent; what is proved is rounded down, what is undecided up."""
    share = sum((Fraction(region["areas"][letter]) for letter in letters), Fraction(0)) / Fraction(region["area"])
    return f"{decimal(100 * share, places, up='u' in letters)} %"


def _rectangles(cells: Sequence[Leaf], box: tuple[float, float, float, float]) -> Any:
    """Return the corners of cells as closed polygons, an array (cells, 5, 2)."""
    x0, x1, y0, y1 = box
    level, i, j = np.array([cell[:3] for cell in cells], dtype=float).T
    side = 0.5**level
    left, bottom = x0 + (x1 - x0) * i * side, y0 + (y1 - y0) * j * side
    right, top = left + (x1 - x0) * side, bottom + (y1 - y0) * side
    corners = np.stack([left, bottom, right, bottom, right, top, left, top], axis=1).reshape(-1, 4, 2)
    return np.concatenate([corners, corners[:, :1]], axis=1)


def _weight(name: str) -> str:
    return f"$w_{{{name[1:]}}}$"
