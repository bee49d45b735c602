"""The figures of the report on the squared regression model: what they show, whatever the names and numbers."""

import matplotlib
import numpy as np
import pytest
from regression_example import FACTORS, GAUSSIAN, ONE_SAMPLE, regression_results

from reports import png
from reports import regression_plots as plots
from reports.plots import png_bytes

HOSTILE = "a $x_{$ \\frac $y$ \x07 \u202e \U0001f600 " + "long " * 30


@pytest.fixture(scope="module")
def results() -> dict:
    return regression_results()


def drawn(figure) -> png.Image:
    """Draw a figure (warnings are errors) and read it back."""
    return png.read(png_bytes(figure, "x"))


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_files_are_the_same_each_time(results) -> None:
    def files() -> list[bytes]:
        return [
            png_bytes(plots.trajectories_figure(results["experiment"]["trajectories"]), "x"),
            png_bytes(plots.end_figure(results["experiment"]["runs"]), "x"),
            png_bytes(plots.certified_figure(results["certified"]["eta_phi"]), "x"),
            png_bytes(plots.map_figure(results["map"]["panels"]), "x"),
        ]

    once = files()
    with matplotlib.rc_context({"font.size": 20.0, "axes.grid": False, "figure.dpi": 50}):
        assert files() == once


def test_trajectories(results) -> None:
    trajectories = results["experiment"]["trajectories"]
    figure = plots.trajectories_figure(trajectories)
    top, middle, bottom = figure.axes
    assert top.get_yscale() == "log"
    for index, run in enumerate(trajectories):
        shown = bottom.lines[index].get_ydata()
        assert list(shown) == run["eta_phi"][: len(shown)]
        assert 1 < len(shown) < len(run["eta_phi"])
        assert middle.lines[index].get_ydata() == pytest.approx(run["eta"] * np.array(run["sharpness"][: len(shown)]))
    for axes in (middle, bottom):
        assert list(axes.lines[-1].get_ydata()) == [2.0, 2.0]
    assert legend(figure) == [f"$c$ = {factor}" for factor in FACTORS]


def test_trajectories_on_several_data_are_named(results) -> None:
    first = results["experiment"]["trajectories"][0]
    figure = plots.trajectories_figure([first, {**first, "data": "b $5"}])
    assert legend(figure) == [f"$c$ = 0.9, {GAUSSIAN}", "$c$ = 0.9, b \\$5"]
    assert drawn(figure).width == 936


def test_many_and_odd_trajectories(results) -> None:
    first = results["experiment"]["trajectories"][0]
    odd = {**first, "loss": [0.0], "sharpness": [float("nan")], "eta_phi": [float("inf")], "data": HOSTILE}
    figure = plots.trajectories_figure([odd, *(dict(first, eta_factor=1.0 + k / 100) for k in range(20))])
    assert len(legend(figure)) == 14
    assert figure.legends[0].get_title().get_text() == "the first 14 of 21"
    assert drawn(figure).width == 936
    assert drawn(plots.trajectories_figure([odd])).width == 936


def test_ends(results) -> None:
    runs = results["experiment"]["runs"]
    figure = plots.end_figure(runs)
    (axes,) = figure.axes
    start, own, diverged, *_ = axes.lines
    assert list(start.get_ydata()) == [2.0 * factor for factor in start.get_xdata()]
    ended = [run for run in runs if run["data"] == GAUSSIAN and run["outcome"] != "diverged"]
    assert list(own.get_ydata()) == [run["eta_phi_end"] for run in ended]
    assert own.get_xdata() == pytest.approx([run["eta_factor"] for run in ended], abs=0.01)
    assert diverged.get_xdata() == pytest.approx([1.6], abs=0.01)
    assert list(axes.lines[-1].get_ydata()) == [2.0, 2.0]
    assert legend(figure) == ["start, $2c$", GAUSSIAN, ONE_SAMPLE]


def test_ends_of_a_single_run_and_of_many_data_sets(results) -> None:
    run = results["experiment"]["runs"][0]
    assert drawn(plots.end_figure([run])).width == 936
    assert drawn(plots.end_figure([dict(run, eta_phi_end=None)])).width == 936
    figure = plots.end_figure([dict(run, data=f"{k} {HOSTILE}", eta_phi_end=float(k)) for k in range(30)])
    assert len(legend(figure)) == 15
    assert drawn(figure).width == 936


def test_certified_falls_are_what_the_enclosures_prove(results) -> None:
    eta_phi = [["2.5", "2.6"], ["2.0", "2.25"], ["2.125", "2.2"], ["2.3", "2.4"], None, ["1", "1"]]
    top, bottom = plots.certified_figure(eta_phi).axes
    middles, falls, rises = top.lines[0].get_ydata(), bottom.lines[0].get_ydata(), bottom.lines[1].get_ydata()
    np.testing.assert_allclose(middles, [2.55, 2.125, 2.1625, 2.35, np.nan, 1.0])
    np.testing.assert_allclose(falls, [0.25, np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(rises, [np.nan, np.nan, 0.1, np.nan, np.nan])
    assert bottom.get_yscale() == "log"
    figure = plots.certified_figure(results["certified"]["eta_phi"])
    assert len(figure.axes[1].lines) == 1
    assert np.isfinite(figure.axes[1].lines[0].get_ydata()).all()


def test_tiny_falls_are_not_lost_to_rounding() -> None:
    eta_phi = [["2." + "0" * 30 + "3", "2." + "0" * 30 + "3"], ["2." + "0" * 30 + "1", "2." + "0" * 30 + "1"]]
    assert plots.certified_figure(eta_phi).axes[1].lines[0].get_ydata() == pytest.approx([2e-31])


@pytest.mark.parametrize("eta_phi", [[["2", "3"], ["2", "3"]], [None, None], [["-1", "1e299"], ["2", "2"]]])
def test_certified_runs_that_prove_nothing(eta_phi) -> None:
    figure = plots.certified_figure(eta_phi)
    assert figure.axes[1].get_yscale() == "linear"
    assert drawn(figure).width == 936


def test_map_cells(results) -> None:
    panels = results["map"]["panels"]
    figure = plots.map_figure(panels)
    for axes, panel in zip(figure.axes, panels, strict=False):
        (mesh,) = [c for c in axes.collections if c.get_array() is not None]
        tested, rising = np.array(panel["tested"]), np.array(panel["rising"])
        share = mesh.get_array().reshape(tested.shape)
        assert (share.mask == (tested == 0)).all()
        np.testing.assert_allclose(share.compressed(), (rising[tested > 0] / tested[tested > 0]))
        assert len(axes.texts) == (rising > 0).sum()
        none = mesh.cmap(mesh.norm(0.0))
        assert none == matplotlib.colors.to_rgba("#EDEDED")
        assert mesh.cmap(mesh.norm(1e-4)) != none
    assert figure.axes[1].get_title() == "One sample, $|x_i|$ in [1, r]"


@pytest.mark.parametrize("count", [1, 3])
def test_maps_of_other_sizes(results, count) -> None:
    panel = {
        **results["map"]["panels"][1],
        "title": HOSTILE,
        "rows": {"label": HOSTILE, "values": [1e-5 * k for k in range(40)]},
        "columns": {"label": "", "values": [float("inf")]},
        "tested": [[0]] * 40,
        "rising": [[0]] * 40,
    }
    figure = plots.map_figure([panel] * count)
    assert len(figure.axes[0].get_yticks()) <= 12
    assert drawn(figure).height > 400


def test_labels() -> None:
    assert plots.label(r"$\eta\varphi$ before") == r"$\eta\varphi$ before"
    assert plots.label(r"$\nosuchcommand$ x") == r"\$\nosuchcommand\$ x"
    assert plots.label("5 $ and ρ") == r"5 \$ and ρ"
    assert plots.plain("a\n b\x07\U0001f680") == "a b\ufffd\ufffd"
    assert len(plots.plain("x" * 100)) == 64
