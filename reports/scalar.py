"""The report on the scalar-network theorems: its plots, and what its template sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports import plots, scalar_plots, scalar_words
from reports.page import PLOTS, Page
from reports.schema import digest

TEMPLATE = "scalar.md.j2"
TRAJECTORY_PLOT = "edge-trajectory.png"
SIMPLEX_PLOT = "shape-simplex.png"
FIGURES = frozenset({TRAJECTORY_PLOT, SIMPLEX_PLOT})
"""Names of all plots that such a report may have."""

SIMPLEX_CLAIM = "A3.3"
"""The claim whose section shows the shape simplex."""


def draw(results: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the PNG files of a report by name: the shape simplex with its claim, a trajectory with an experiment."""
    files: dict[str, bytes] = {}
    if shows_simplex(results):
        files[SIMPLEX_PLOT] = plots.png_bytes(scalar_plots.shape_simplex_figure(), "closed form")
    if results["experiment"] is not None:
        trajectory = results["experiment"]["edge_trajectory"]
        figure = scalar_plots.edge_trajectory_figure(trajectory)
        files[TRAJECTORY_PLOT] = plots.png_bytes(figure, f"edge_trajectory sha256:{digest(trajectory)}")
    return files


def page(results: Mapping[str, Any], anchors: Mapping[str, str]) -> Page:
    """Return the page of valid results, with the anchors of its headings as far as they are known."""
    return _ScalarPage(results, anchors)


class _ScalarPage(Page):
    def context(self) -> dict[str, Any]:
        """Return the variables and functions of the template."""
        depth = self.results["question"]["depth"]
        return {
            **super().context(),
            "title": f"Gradient descent on scalar networks: theorems checked at {scalar_words.of_depth(depth)}",
            "of_depth": scalar_words.of_depth,
            "has": {claim["identifier"] for claim in self.results["claims"]}.__contains__,
            "simplex": f"{PLOTS}/{SIMPLEX_PLOT}" if shows_simplex(self.results) else "",
            "simplex_claim": SIMPLEX_CLAIM,
            "trajectory_plot": f"{PLOTS}/{TRAJECTORY_PLOT}",
            "outcome": scalar_words.outcome,
            "rise": scalar_words.worst_rise,
            "weights": scalar_words.weights,
            "places": scalar_words.places(self.results),
            "trajectory_facts": scalar_words.trajectory_facts,
        }


def shows_simplex(results: Mapping[str, Any]) -> bool:
    """Say whether a report has the shape simplex: when the claim it illustrates is among the claims."""
    return any(claim["identifier"] == SIMPLEX_CLAIM for claim in results["claims"])
