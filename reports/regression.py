"""The report on the squared regression model: its plots, and what its template sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from reports import regression_words as facts
from reports.page import PLOTS, Page
from reports.plots import png_bytes
from reports.regression_plots import certified_figure, end_figure, map_figure, trajectories_figure
from reports.schema import digest

TEMPLATE = "regression.md.j2"
TRAJECTORIES_PLOT = "trajectories.png"
END_PLOT = "final-sharpness.png"
CERTIFIED_PLOT = "certified-run.png"
MAP_PLOT = "map.png"
FIGURES = frozenset({TRAJECTORIES_PLOT, END_PLOT, CERTIFIED_PLOT, MAP_PLOT})
"""Names of all plots that such a report may have."""

_MAKERS: dict[str, Callable[[Any], Figure]] = {
    TRAJECTORIES_PLOT: trajectories_figure,
    END_PLOT: end_figure,
    CERTIFIED_PLOT: certified_figure,
    MAP_PLOT: map_figure,
}


def draw(results: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the PNG files of a report by name: those of the parts that were run and have something to show."""
    files: dict[str, bytes] = {}
    for name, (part, data) in _drawn(results).items():
        figure = _MAKERS[name](data)
        files[name] = png_bytes(figure, f"{part} sha256:{digest(data)}")
    return files


def page(results: Mapping[str, Any], anchors: Mapping[str, str]) -> Page:
    """Return the page of valid results, with the anchors of its headings as far as they are known."""
    return _RegressionPage(results, anchors)


class _RegressionPage(Page):
    def context(self) -> dict[str, Any]:
        """Return the variables and functions of the template."""
        context = super().context()
        neighbours = context["neighbours"]
        return {
            **context,
            "title": "Gradient descent on the squared regression model: theorems, a certified run, measurements",
            "words_of": {name: claim["words"] for name, claim in self.claims.items()},
            "formula_of": {name: claim["formula"] for name, claim in self.claims.items()},
            "covered": sum(data["covered"] for data in self.results["data_sets"]),
            "refuted_neighbours": [claim for claim in neighbours if claim["verdict"] == "refuted"],
            "figures": {name: f"{PLOTS}/{name}" for name in _drawn(self.results)},
            "facts": facts,
        }


def _drawn(results: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """Return, for each plot of a report, the name of the part of the results that it shows, and the data."""
    experiment, panels, certified = results["experiment"], results["map"], results["certified"]
    found: dict[str, tuple[str, Any]] = {}
    if experiment is not None and experiment["trajectories"]:
        found[TRAJECTORIES_PLOT] = ("trajectories", experiment["trajectories"])
    if experiment is not None and len(experiment["runs"]) > 1:
        found[END_PLOT] = ("runs", experiment["runs"])
    if certified is not None and len(certified["eta_phi"]) > 1:
        found[CERTIFIED_PLOT] = ("eta_phi", certified["eta_phi"])
    if panels is not None and panels["panels"]:
        found[MAP_PLOT] = ("panels", panels["panels"])
    return found
