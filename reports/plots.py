"""What all figures of the reports share. They are drawn with matplotlib's object interface on the Agg canvas.

The same data gives the same bytes on the same installation: fixed style, fonts that come with matplotlib, no time
stamp and no software version in the file. Each file carries a digest of the data it was drawn from.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reports.png import SOURCE

DPI = 130
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#595959"
"""Colours that readers with colour-blindness can tell apart (Okabe and Ito)."""

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "savefig.facecolor": "white",
}
FLAT = 1e-24
"""A loss below this is rounding: the trajectory has arrived."""


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of the reports, whatever the settings of the installation."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def png_bytes(figure: Figure, source: str) -> bytes:
    """Return a figure as a PNG file that names ``source`` as what it was drawn from."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None, SOURCE: source})
    return buffer.getvalue()


def svg_bytes(figure: Figure) -> bytes:
    """Return a figure as an SVG file."""
    buffer = io.BytesIO()
    with style(), matplotlib.rc_context({"svg.hashsalt": "reports"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def arrival(loss: Sequence[float]) -> int:
    """Return the first step from which on the loss is only rounding, or the last step if there is none."""
    above = [step for step, value in enumerate(loss) if not value <= FLAT]
    return min(above[-1] + 1 if above else 0, len(loss) - 1)


def limit_line(axes: Axes, height: float, label: str) -> None:
    """Draw a dashed horizontal line with its label at the right edge."""
    axes.axhline(height, color="black", lw=1.1, ls=(0, (5, 3)), zorder=4)
    axes.annotate(
        label,
        (1.0, height),
        xycoords=("axes fraction", "data"),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
    )
