"""The report on a run of gradient descent on a real network: its plots, and what its template sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from reports import nets_words as facts
from reports import words
from reports.nets_plots import flows_figure, trajectory_figure
from reports.numbers import counted
from reports.page import PLOTS, Page
from reports.plots import png_bytes
from reports.regression_words import optional, span
from reports.schema import digest

TEMPLATE = "nets.md.j2"
TRAJECTORY_PLOT = "nets-trajectory.png"
FLOWS_PLOT = "nets-flows.png"
FIGURES = frozenset({TRAJECTORY_PLOT, FLOWS_PLOT})
"""Names of all plots that such a report may have."""

_MAKERS: dict[str, Callable[[Mapping[str, Any]], Figure]] = {
    TRAJECTORY_PLOT: trajectory_figure,
    FLOWS_PLOT: flows_figure,
}


def draw(results: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the PNG files of a report by name: that of the flows only if there is a flow to show."""
    run = results["run"]
    source = f"run sha256:{digest(run)}"
    return {name: png_bytes(_MAKERS[name](run), source) for name in _drawn(run)}


def page(results: Mapping[str, Any], anchors: Mapping[str, str]) -> Page:
    """Return the page of valid results, with the anchors of its headings as far as they are known."""
    return _NetsPage(results, anchors)


class _NetsPage(Page):
    def context(self) -> dict[str, Any]:
        """Return the variables and functions of the template: those of a report without theorems."""
        return {
            **self.results,
            "title": f"GFS sharpness along gradient descent: {facts.network_name(self.results['network'])} "
            f"on {self.results['data']['name']}",
            "alerts": facts.alerts(self.results["run"]),
            "figures": {name: f"{PLOTS}/{name}" for name in _drawn(self.results["run"])},
            "facts": facts,
            "optional": optional,
            "span": span,
            "counted": counted,
            "results_digest": digest(self.results),
            "commands": words.commands(self.results),
            "heading": self.heading,
            "anchor": self.anchor,
            "embed_line": self.embed_line,
        }


def _drawn(run: Mapping[str, Any]) -> list[str]:
    """Return the names of the plots of a run."""
    return [TRAJECTORY_PLOT, FLOWS_PLOT] if any(record["path"] for record in run["gfs"]) else [TRAJECTORY_PLOT]
