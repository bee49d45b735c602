"""Rendering the results of any model: ``results.json`` in, ``report.md`` and ``plots/*.png`` out."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import jinja2

from reports import figures, markdown, nets, numbers, regression, scalar
from reports.files import write
from reports.page import PLOTS, Page
from reports.schema import validate

REPORT = "report.md"
"""Name of the report's file."""


class Model(Protocol):
    """What the module of a model has: its template, the names of all its plots, and the makers of page and plots."""

    TEMPLATE: str
    FIGURES: frozenset[str]

    def draw(self, results: Mapping[str, Any]) -> dict[str, bytes]:
        """Return the PNG files of a report by name."""

    def page(self, results: Mapping[str, Any], anchors: Mapping[str, str]) -> Page:
        """Return what the template sees."""


MODELS: dict[str, Model] = {"scalar": scalar, "regression": regression, "nets": nets, "figures": figures}
"""The models by the name that results give."""


def render(results: Mapping[str, Any], folder: Path) -> Path:
    """Write the report on a run into ``folder`` and return the path of ``report.md``.

    Every file is written under a temporary name and moved into place, the report after the plots, so that a report
    never refers to a plot that is not there. A plot left by an earlier run that this report lacks is removed.

    Parameters
    ----------
    results
        The run's results, version 2 of the schema, of any model.
    folder
        Where to write; made if it does not exist.

    Raises
    ------
    ResultsError
        If the results do not have the schema or contradict themselves.
    OSError
        If the folder cannot be written.
    """
    validate(results)
    text = report_text(results)
    plots = MODELS[results["model"]].draw(results)
    (folder / PLOTS).mkdir(parents=True, exist_ok=True)
    for name, content in plots.items():
        write(folder / PLOTS / name, content)
    report = folder / REPORT
    write(report, text.encode("utf-8"))
    for name in frozenset().union(*(model.FIGURES for model in MODELS.values())) - plots.keys():
        (folder / PLOTS / name).unlink(missing_ok=True)
    return report


def report_text(results: Mapping[str, Any]) -> str:
    """Return the report of valid results as Markdown.

    The template is run twice: the first pass finds the anchors of the headings, the second writes the links.
    """
    model = MODELS[results["model"]]
    template = _environment().get_template(model.TEMPLATE)
    anchors: dict[str, str] = {}
    text = ""
    for _ in range(2):
        page = model.page(results, anchors)
        text = template.render(page.context())
        anchors = page.headings.anchors
    return text.rstrip("\n") + "\n"


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(
        plain=markdown.escape,
        cell=markdown.cell,
        code=markdown.code,
        fence=markdown.fence,
        path=markdown.link,
        num=numbers.number,
        seconds=numbers.seconds,
        percent=numbers.percent,
        size=numbers.size,
    )
    return environment
