"""The page of figures on scalar networks: what it says and shows, and which results it refuses."""

import copy
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reports_page import assert_sound, destinations, row

from reports import figures, png
from reports.bounds import decimal, interval
from reports.errors import ResultsError
from reports.figures_words import above_the_edge
from reports.gallery import GALLERY
from reports.limit_plots import convergence_figure, trajectory_figure
from reports.paving import leaves, shares
from reports.plane_plots import flow_end, plane_figure
from reports.plots import svg_bytes
from reports.region_plots import percent, region_figure
from reports.render import render, report_text
from reports.schema import load, validate

COMMITTED = load(GALLERY / "figures")
SIDE = Fraction(3)


@pytest.fixture
def results() -> dict[str, Any]:
    return copy.deepcopy(COMMITTED)


@pytest.fixture
def small(results: dict[str, Any]) -> dict[str, Any]:
    """Two orbits of convergence, one of each other figure, a region of four cells."""
    starts = [orbit for orbit in results["trajectories"] if orbit["figure"] == "convergence"]
    others = [orbit for orbit in results["trajectories"] if orbit["figure"] != "convergence"]
    results["trajectories"] = [*others, starts[0], starts[-1]]
    region = results["regions"][0]
    quarter = SIDE**2 / 4
    areas = {"i": 0 * quarter, "c": quarter, "o": 2 * quarter, "u": quarter}
    region |= {
        "tree": "+cuoo",
        "areas": {letter: str(area) for letter, area in areas.items()},
        "cells": {"i": 0, "c": 1, "o": 2, "u": 1},
        "area_of_S_eta": ["2.250000", "4.500000"],
        "area_convergent": "2.250000",
    }
    results["regions"] = [region]
    results["question"]["asked"] = [found["name"] for found in (*results["trajectories"], region)]
    validate(results)
    return results


def test_the_page_is_sound_and_its_files_are_there(results: dict[str, Any]) -> None:
    text = report_text(results)
    assert_sound(text)
    links = {href for href in destinations(text) if not href.startswith(("#", "http"))}
    shown = {f"plots/{name}" for name in re.findall(r"!\[[^\]]*\]\(plots/([^)]*)\)", text)}
    assert shown == {f"plots/{name}" for name in figures.FIGURES}
    certificates = {found["certificate"] for found in (*results["trajectories"], *results["regions"])}
    assert links == {*certificates, "results.json"}
    assert all((GALLERY / "figures" / link).is_file() for link in links | shown)


def test_the_page_names_the_tier_and_what_is_floating_point(results: dict[str, Any]) -> None:
    text = report_text(results)
    assert "Tier of all that is called proved here: argument." in text
    assert "no program checked" in text
    sharpness = [line for line in text.splitlines() if "the curve of the sharpness" in line]
    assert [line.startswith("- **Floating point:**") for line in sharpness] == [True]


@pytest.mark.parametrize(
    "orbit", [found for found in COMMITTED["trajectories"] if found["figure"] == "convergence"], ids=lambda o: o["name"]
)
def test_every_number_of_the_table_is_within_its_bounds(orbit: dict[str, Any]) -> None:
    cells = [cell.strip() for cell in row(report_text(COMMITTED), f"| `({', '.join(orbit['weights'])})`").split("|")]
    low, high = map(Fraction, cells[7].strip("[]").split(", "))
    assert low <= Fraction(orbit["eta_phi_limit"][0]) <= Fraction(orbit["eta_phi_limit"][1]) <= high
    assert high - low < Fraction(1, 10**5)
    assert abs(Fraction(cells[3]) - Fraction(orbit["eta_phi_start"][0])) <= Fraction(1, 2 * 10**6)
    assert cells[4:7] == [str(orbit[name]) for name in ("inside_from", "monotone_from", "edge")]


def test_the_starts_show_the_theorem(results: dict[str, Any]) -> None:
    starts = [orbit for orbit in results["trajectories"] if orbit["figure"] == "convergence"]
    above = above_the_edge(starts)
    assert 3 <= len(above) <= len(starts) - 3
    assert all(Fraction(orbit["eta_phi_limit"][1]) < 2 for orbit in starts)
    assert all(Fraction(orbit["eta_phi_limit"][0]) > Fraction(198, 100) for orbit in above)
    assert all(orbit["inside_from"] == orbit["monotone_from"] == 0 for orbit in results["trajectories"])


def test_the_same_results_give_the_same_files(small: dict[str, Any], tmp_path: Path) -> None:
    for name in ("a", "b"):
        render(small, tmp_path / name)
    first = {str(p.relative_to(tmp_path / "a")): p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()}
    second = {str(p.relative_to(tmp_path / "b")): p.read_bytes() for p in (tmp_path / "b").rglob("*") if p.is_file()}
    assert first == second
    assert set(first) == {
        "report.md",
        *(f"plots/{name}" for name in ("monotone.png", "convergence.png", "plane.png", "region-depth-2.png")),
    }
    assert all(png.read(content).width > 500 for name, content in first.items() if name.endswith(".png"))
    assert svg_bytes(figures.figures(small)["plane.png"]) == svg_bytes(figures.figures(small)["plane.png"])


def test_a_page_with_nothing_on_it(small: dict[str, Any], tmp_path: Path) -> None:
    small |= {"missing": small["question"]["asked"], "trajectories": [], "regions": []}
    validate(small)
    assert "**The run was interrupted.** Missing: monotone, plane" in render(small, tmp_path).read_text("utf-8")
    assert not list((tmp_path / "plots").iterdir())
    assert_sound(report_text(small))


def test_a_region_that_is_cut_short_has_a_warning(small: dict[str, Any]) -> None:
    assert "region-depth-2: 25.000 % of the box is undecided" in report_text(small)
    assert "[!WARNING]" not in report_text(COMMITTED)


def test_an_orbit_that_is_undecided_is_named_and_not_drawn(small: dict[str, Any]) -> None:
    orbit = small["trajectories"][0]
    proved = ("eta_phi_start", "eta_phi_limit", "inside_from", "monotone_from", "edge", "premise")
    nothing = dict.fromkeys((*proved, "loss_rises", "series", "path"))
    orbit |= {"verdict": "undecided", "reason": "the time was up", **nothing}
    validate(small)
    text = report_text(small)
    assert_sound(text)
    assert "monotone: undecided**, not shown. the time was up" in text
    assert "monotone.png" not in text
    assert "monotone.png" not in figures.drawn(small)


def test_what_is_not_shown_is_said_so(small: dict[str, Any]) -> None:
    for orbit in small["trajectories"]:
        orbit |= dict.fromkeys(("inside_from", "monotone_from", "edge", "premise"))
    validate(small)
    text = report_text(small)
    assert_sound(text)
    assert "whether $`\\varphi`$ falls is not shown" in text
    assert "rises in no step" not in text
    assert "the premise of Theorem C" not in text


def test_the_figure_of_one_orbit(small: dict[str, Any]) -> None:
    orbit = small["trajectories"][0]
    top, bottom = trajectory_figure([orbit]).axes
    drawn = orbit["series"]
    np.testing.assert_allclose(top.lines[0].get_ydata(), drawn["loss"])
    assert list(bottom.lines[0].get_ydata()) == drawn["sharpness"]
    assert list(bottom.lines[1].get_ydata()) == drawn["eta_phi"]
    assert list(bottom.lines[2].get_ydata()) == [2.0, 2.0]
    assert bottom.lines[3].get_ydata()[0] == pytest.approx(float(Fraction(orbit["eta_phi_limit"][0])))
    near = trajectory_figure([orbit, orbit], (60,)).axes
    assert [max(axes.lines[0].get_xdata()) for axes in near] == [60, orbit["step"], 60, orbit["step"]]


def test_the_figure_of_convergence(results: dict[str, Any]) -> None:
    starts = [orbit for orbit in results["trajectories"] if orbit["figure"] == "convergence"]
    left, right = convergence_figure(starts).axes
    assert len(left.lines) == len(starts) + 1
    expected = [[float(Fraction(o[name][0])) for name in ("eta_phi_start", "eta_phi_limit")] for o in starts]
    np.testing.assert_allclose(right.collections[0].get_offsets(), expected)
    (inner,) = right.child_axes
    above = [(x, 2.0 - y) for x, y in expected if x > 2.0]
    np.testing.assert_allclose(inner.collections[0].get_offsets(), above)


def test_the_figure_of_the_plane(small: dict[str, Any]) -> None:
    (orbit,) = (found for found in small["trajectories"] if found["figure"] == "plane")
    axes = plane_figure(orbit).axes[0]
    path, ends, _ = (collection.get_offsets() for collection in axes.collections)
    np.testing.assert_allclose(path, orbit["path"])
    np.testing.assert_allclose(ends[:, 0] * ends[:, 1], 1.0)
    np.testing.assert_allclose(ends[:, 0] ** 2 - ends[:, 1] ** 2, path[:, 0] ** 2 - path[:, 1] ** 2)
    eta_phi = 0.8 * (ends[:, 0] ** -2.0 + ends[:, 1] ** -2.0)
    steps = orbit["series"]["step"]
    np.testing.assert_allclose(eta_phi[steps], orbit["series"]["eta_phi"], rtol=1e-7)
    assert (np.diff(eta_phi) <= 1e-9).all()


@pytest.mark.parametrize("w", [(3.0, 1e-9), (1e-9, 3.0), (0.5, 0.5), (1e5, 2.0)])
def test_the_end_of_gradient_flow(w: tuple[float, float]) -> None:
    x, y = flow_end(w)
    assert x * y == pytest.approx(1.0)
    assert x**2 - y**2 == pytest.approx(w[0] ** 2 - w[1] ** 2)


def test_a_tree_of_cells() -> None:
    assert leaves("+cuoo") == [(1, 0, 0, "c"), (1, 1, 0, "u"), (1, 0, 1, "o"), (1, 1, 1, "o")]
    assert leaves("+i+ooocuu")[1:3] == [(2, 2, 0, "o"), (2, 3, 0, "o")]
    assert shares(leaves("+cuoo")) == {"i": 0, "c": Fraction(1, 4), "o": Fraction(1, 2), "u": Fraction(1, 4)}


def test_the_figure_of_a_region(small: dict[str, Any]) -> None:
    (region,) = small["regions"]
    axes = region_figure(region).axes[0]
    boxes = [patch.get_path().get_extents().bounds for patch in axes.patches]
    assert boxes == [(0.0, 1.5, 3.0, 1.5), (0.0, 0.0, 1.5, 1.5), (1.5, 0.0, 1.5, 1.5)]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert [label.rpartition("(")[2] for label in labels[:3]] == ["25.00 %)", "50.00 %)", "25.00 %)"]
    assert len(labels) == 4
    assert [percent(region, letters) for letters in ("ic", "u")] == ["25.000 %", "25.000 %"]


def test_bounds_are_rounded_outward() -> None:
    third = Fraction(1, 3)
    assert (decimal(third, 2, up=False), decimal(third, 2, up=True)) == ("0.33", "0.34")
    assert (decimal(-third, 2, up=False), decimal(-third, 2, up=True)) == ("-0.34", "-0.33")
    low, high = map(Fraction, interval((third, 2 * third)).strip("[]").split(", "))
    assert low <= third < 2 * third <= high


def changed(**fields: Any) -> Any:
    return lambda record: record.update(fields)


ORBIT_FAULTS = {
    "a limit without convergence": changed(verdict="diverges"),
    "undecided without a reason": changed(verdict="undecided", eta_phi_limit=None),
    "a reason, but decided": changed(reason="the time was up"),
    "a claim beyond the certificate": lambda o: o.update(premise=o["step"] + 1),
    "a limit above the start": changed(eta_phi_limit=["5/2", "5/2"]),
    "a limit upside down": lambda o: o["eta_phi_limit"].reverse(),
    "a limit of three bounds": lambda o: o["eta_phi_limit"].append("2"),
    "a start above the edge that is said to be below": changed(edge=0),
    "a limit below which the drawing ends": changed(eta_phi_limit=["199/100", "2"]),
    "a start elsewhere than the drawing": changed(eta_phi_start=["5/2", "5/2"]),
    "a loss that rises too often": lambda o: o.update(loss_rises=o["step"] + 1),
    "a drawing of another length": lambda o: o["series"]["loss"].pop(),
    "a drawing with nothing in it": lambda o: o.update(series={name: [] for name in o["series"]}),
    "no drawing": changed(series=None),
    "a drawing of what is not proved to converge": lambda o: o.update(
        dict.fromkeys(("eta_phi_limit", "inside_from", "monotone_from", "edge", "premise")), verdict="diverges"
    ),
    "a drawing that rises": lambda o: o["series"]["eta_phi"].__setitem__(50, 2.3),
    "steps out of order": lambda o: o["series"]["step"].__setitem__(5, 4),
    "a path that does not belong": changed(path=[[1.0, 1.0]]),
    "a certificate elsewhere": changed(certificate="../certificates/x.json"),
    "a number that is none": lambda o: o["series"]["loss"].__setitem__(0, float("nan")),
    "a weight of 0": lambda o: o["weights"].__setitem__(0, "0"),
    "a name that was not asked for": changed(name="other"),
}


@pytest.mark.parametrize("fault", ORBIT_FAULTS)
def test_orbits_that_contradict_themselves(small: dict[str, Any], fault: str) -> None:
    ORBIT_FAULTS[fault](small["trajectories"][0])
    with pytest.raises(ResultsError):
        validate(small)


PATH_FAULTS = {
    "none": changed(path=None),
    "elsewhere": lambda o: o["path"].__setitem__(0, [1.0, 1.0]),
    "a weight that is not positive": lambda o: o["path"].__setitem__(3, [1.0, 0.0]),
    "three weights": lambda o: o["path"].__setitem__(3, [1.0, 1.0, 1.0]),
    "longer than the certificate": lambda o: o["path"].extend(o["path"]),
}


@pytest.mark.parametrize("fault", PATH_FAULTS)
def test_paths_that_contradict_themselves(small: dict[str, Any], fault: str) -> None:
    (orbit,) = (found for found in small["trajectories"] if found["figure"] == "plane")
    PATH_FAULTS[fault](orbit)
    with pytest.raises(ResultsError):
        validate(small)


REGION_FAULTS = {
    "a larger area": lambda r: r["areas"].update(c="9"),
    "another area of the box": changed(area="10"),
    "more cells": lambda r: r["cells"].update(c=2),
    "a tree cut off": changed(tree="+cuo"),
    "a tree that goes on": changed(tree="+cuooo"),
    "a tree too deep": changed(tree="+" * 18 + "c"),
    "another letter": changed(tree="+cuox"),
    "an inverted box": changed(box=["3", "0", "0", "3"]),
    "a bound that is too good": changed(area_of_S_eta=["2.250001", "4.500000"]),
    "more convergence": changed(area_convergent="2.250001"),
    "an axis twice": changed(axes=["w1", "w1"]),
    "a weight too many": changed(fixed={"w3": "1"}),
    "a name that cannot be drawn": changed(name="region-depth-3"),
}


@pytest.mark.parametrize("fault", REGION_FAULTS)
def test_regions_that_contradict_themselves(small: dict[str, Any], fault: str) -> None:
    REGION_FAULTS[fault](small["regions"][0])
    with pytest.raises(ResultsError):
        validate(small)


def test_what_is_missing_has_to_be_said(small: dict[str, Any]) -> None:
    small["regions"] = []
    with pytest.raises(ResultsError, match="asked for"):
        validate(small)
    small["missing"] = ["region-depth-2"]
    validate(json.loads(json.dumps(small)))
