"""What `verify region` shows: the live view, the table of areas, the picture."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from reports.plots import png_bytes, svg_bytes
from reports.region_plots import region_figure
from verify.limits.paving import Areas, decimal
from verify.limits.paving_cells import Region
from verify.limits.paving_certificate import Paving
from verify.run_region import areas_data

MEANING = {"c": "in S_eta, converges", "i": "in S_eta", "o": "not in S_eta", "u": "undecided"}

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


def drawing_data(paving: Paving, areas: Areas) -> dict[str, Any]:
    """Return what a picture of a region is drawn from, as plain data."""
    return areas_data(paving, areas) | {"tree": paving.cells}


def pictures(paving: Paving, areas: Areas, source: str) -> dict[str, bytes]:
    """Return the picture as PNG and as SVG, by suffix; `source` is the digest of what it was drawn from."""
    figure = region_figure(drawing_data(paving, areas))
    return {".png": png_bytes(figure, source), ".svg": svg_bytes(figure)}
