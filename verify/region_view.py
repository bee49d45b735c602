"""What `verify region` shows: the live view, the table of areas, the picture."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from reports.plots import BLUE, GREEN, ORANGE, new_figure, png_bytes, style
from verify.limits.paving import Areas, decimal
from verify.limits.paving_cells import Region
from verify.limits.paving_certificate import Paving, leaves

COLOURS = {"o": "#E4E4E4", "i": BLUE, "c": GREEN, "u": ORANGE}
WORDS = {
    "c": "in $S_\\eta$, convergence proved",
    "i": "in $S_\\eta$, proved",
    "o": "not in $S_\\eta$, proved",
    "u": "undecided",
}
MEANING = {"c": "in S_eta, converges", "i": "in S_eta", "o": "not in S_eta", "u": "undecided"}
MAX_VECTORS = 60_000

Show: TypeAlias = Callable[[int, int, float], None]


def name_of(region: Region) -> str:
    """Return the slice in words."""
    fixed = [f"w{k + 1} = {w}" for k, w in enumerate(region.weights) if w is not None]
    return ", ".join([f"depth {region.depth}", f"eta = {region.eta}", *fixed])


@contextmanager
def live_view(console: Console) -> Iterator[Show]:
    """Show how far the search is, while the block runs; return a function (cells, level, share undecided)."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("paving", total=1.0)

        def show(cells: int, level: int, undecided: float) -> None:
            words = f"{cells:,} cells, level {level}, {100 * undecided:.2f} % undecided"
            progress.update(task, description=words, completed=1.0 - undecided)

        yield show


def print_areas(console: Console, region: Region, areas: Areas, data: dict[str, Any]) -> None:
    """Print the table of the areas and the bounds on the area of S_eta."""
    table = Table(title=name_of(region), title_justify="left")
    for heading in ("verdict", "cells", "area", "of the box"):
        table.add_column(heading, justify="left" if heading == "verdict" else "right")
    for letter in "ciou":
        area = decimal(areas.shares[letter] * region.area, up=letter == "u")
        table.add_row(MEANING[letter], f"{areas.counts[letter]:,}", area, areas.percent(letter))
    console.print(table)
    low, high = data["area_of_S_eta"]
    console.print(
        f"area of S_eta in the box: {low} to {high}; convergence proved on {data['area_convergent']}", highlight=False
    )


def region_figure(paving: Paving, areas: Areas) -> Figure:
    """Draw the cells of a paving in the plane of its two weights, with the minima (product 1) as a dashed line."""
    region = paving.region
    x0, x1, y0, y1 = (float(x) for x in region.box)
    with style():
        figure = new_figure(7.2, 6.4)
        axes = figure.subplots()
        axes.grid(False)
        found = leaves(paving.cells)
        for letter in "oicu":
            cells = np.array([(c.i, c.j, c.level) for c, other in found if other == letter], dtype=float)
            if not len(cells):
                continue
            side = 0.5 ** cells[:, 2]
            left, bottom = x0 + (x1 - x0) * cells[:, 0] * side, y0 + (y1 - y0) * cells[:, 1] * side
            right, top = left + (x1 - x0) * side, bottom + (y1 - y0) * side
            corners = np.stack([left, bottom, right, bottom, right, top, left, top], axis=1).reshape(-1, 4, 2)
            path = Path.make_compound_path_from_polys(np.concatenate([corners, corners[:, :1]], axis=1))
            colour = COLOURS[letter]
            big = len(found) > MAX_VECTORS
            axes.add_patch(PathPatch(path, fc=colour, ec=colour, lw=0.3, antialiased=False, rasterized=big))
        fixed = float(np.prod([float(w) for w in region.weights if w is not None]))
        x = np.geomspace(max(x0, 1.0 / (fixed * y1)), x1, 400)
        if x[0] < x1:
            axes.plot(x, 1.0 / (fixed * x), color="black", lw=1.1, ls=(0, (5, 3)), label="minima, $\\pi = 1$")
        handles: list[Any] = [Patch(facecolor=COLOURS[k], label=f"{WORDS[k]} ({areas.percent(k, 2)})") for k in "ciou"]
        handles += axes.get_legend_handles_labels()[0]
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
        axes.set_xlim(x0, x1)
        axes.set_ylim(y0, y1)
        axes.set_aspect((x1 - x0) / (y1 - y0) if max(x1 - x0, y1 - y0) > 8 * min(x1 - x0, y1 - y0) else "equal")
        axes.set_xlabel(f"$w_{{{region.axes[0] + 1}}}$")
        axes.set_ylabel(f"$w_{{{region.axes[1] + 1}}}$")
        axes.set_title(f"$S_\\eta$: {name_of(region).replace('eta', 'η')}")
    return figure


def svg_bytes(figure: Figure) -> bytes:
    """Return a figure as an SVG file; the same figure gives the same bytes."""
    import matplotlib

    buffer = io.BytesIO()
    with style(), matplotlib.rc_context({"svg.hashsalt": "region"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def pictures(paving: Paving, areas: Areas, source: str) -> dict[str, bytes]:
    """Return the picture as PNG and as SVG, by suffix; `source` is the digest of what it was drawn from."""
    figure = region_figure(paving, areas)
    return {".png": png_bytes(figure, source), ".svg": svg_bytes(figure)}
