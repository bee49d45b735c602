"""The page of figures on scalar networks: its pictures, and what its template sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from reports import figures_words as facts
from reports.figures_fields import REGIONS
from reports.limit_plots import convergence_figure, trajectory_figure
from reports.numbers import counted
from reports.page import PLOTS, Page
from reports.plane_plots import plane_figure
from reports.plots import png_bytes
from reports.region_plots import region_figure
from reports.schema import digest

TEMPLATE = "figures.md.j2"
MONOTONE_PLOT, CONVERGENCE_PLOT, PLANE_PLOT = "monotone.png", "convergence.png", "plane.png"
FIGURES = frozenset({MONOTONE_PLOT, CONVERGENCE_PLOT, PLANE_PLOT, *(f"{name}.png" for name in REGIONS)})
"""Names of all pictures that such a page may have."""

WINDOW = 60
"""Steps in the column that shows an orbit from near."""


def draw(results: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the PNG files of a page by name: those of which there is something to show."""
    sources = drawn(results)
    return {
        name: png_bytes(figure, f"{name} sha256:{digest(sources[name])}") for name, figure in figures(results).items()
    }


def figures(results: Mapping[str, Any]) -> dict[str, Figure]:
    """Return the figures of a page by the names of their files."""
    return {name: _figure(name, data) for name, data in drawn(results).items()}


def drawn(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return, for each picture of a page, what it shows: a list of orbits, one orbit, or a region."""
    orbits = {figure: facts.shown(results, figure) for figure in ("monotone", "convergence", "plane")}
    found: dict[str, Any] = {}
    if orbits["monotone"]:
        found[MONOTONE_PLOT] = orbits["monotone"]
    found |= {f"{region['name']}.png": region for region in results["regions"]}
    if orbits["convergence"]:
        found[CONVERGENCE_PLOT] = orbits["convergence"]
    if orbits["plane"]:
        found[PLANE_PLOT] = orbits["plane"][0]
    return found


def _figure(name: str, data: Any) -> Figure:
    if name == MONOTONE_PLOT:
        return trajectory_figure([data[0], *data], (WINDOW,))
    if name == CONVERGENCE_PLOT:
        return convergence_figure(data)
    return plane_figure(data) if name == PLANE_PLOT else region_figure(data)


def page(results: Mapping[str, Any], anchors: Mapping[str, str]) -> Page:
    """Return the page of valid results, with the anchors of its headings as far as they are known."""
    return _FiguresPage(results, anchors)


class _FiguresPage(Page):
    def context(self) -> dict[str, Any]:
        """Return the variables and functions of the template: those of a report without theorems."""
        return {
            **self.results,
            "title": "Gradient descent on scalar networks: figures from certified data",
            "alerts": facts.alerts(self.results),
            "figures": {name: f"{PLOTS}/{name}" for name in drawn(self.results)},
            "orbits": {name: facts.shown(self.results, name) for name in ("monotone", "convergence", "plane")},
            "window": WINDOW,
            "facts": facts,
            "counted": counted,
            "results_digest": digest(self.results),
            "commands": facts.commands(self.results),
            "heading": self.heading,
            "anchor": self.anchor,
        }
