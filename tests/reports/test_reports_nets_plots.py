"""The figures of the report on a run with a real network: what they show, whatever the numbers."""

import matplotlib
import numpy as np
import pytest
from nets_example import EDGE, STEPS, diverged_run, net_run, with_values

from reports import nets_plots as plots
from reports import png
from reports.plots import png_bytes


@pytest.fixture(scope="module")
def run() -> dict:
    return net_run().to_dict()


def drawn(figure) -> png.Image:
    """Draw a figure (warnings are errors) and read it back."""
    return png.read(png_bytes(figure, "x"))


def bars(axes) -> list[tuple[float, float, float]]:
    """Return the place and the ends of each error bar."""
    return [
        (float(low[0]), float(low[1]), float(high[1]))
        for container in axes.containers
        for low, high in container.lines[2][0].get_segments()
    ]


def test_files_are_the_same_each_time(run) -> None:
    def files() -> list[bytes]:
        return [png_bytes(make(run), "x") for make in (plots.trajectory_figure, plots.flows_figure)]

    once = files()
    with matplotlib.rc_context({"font.size": 20.0, "axes.grid": False, "figure.dpi": 50}):
        assert files() == once


def test_trajectory(run) -> None:
    top, middle, bottom = plots.trajectory_figure(run).axes
    assert top.get_yscale() == "log"
    assert list(top.lines[0].get_ydata()) == run["loss"]
    assert list(middle.lines[0].get_xdata()) == [record["step"] for record in run["sharpness"]]
    assert list(middle.lines[0].get_ydata()) == [record["value"] for record in run["sharpness"]]
    for axes in (middle, bottom):
        assert axes.get_yscale() == "linear"
        assert list(axes.lines[-1].get_ydata()) == [EDGE, EDGE]
    expected = [(r["step"], r["value"] - r["error"], r["value"] + r["error"]) for r in run["gfs"]]
    np.testing.assert_allclose(bars(bottom), expected)
    low, high = bottom.get_xlim()
    assert low < 0 < STEPS < high
    assert bottom.get_legend() is None


def test_error_bars_are_within_the_panel() -> None:
    figure = plots.trajectory_figure(with_values((30.0, 4.0), (29.0, 9.0)).to_dict())
    low, high = figure.axes[2].get_ylim()
    assert low < 20.0 < 38.0 < high


def test_a_run_that_diverged() -> None:
    run = diverged_run().to_dict()
    figure = plots.trajectory_figure(run)
    top, middle, bottom = figure.axes
    for axes in (top, middle, bottom):
        assert [90, 90] in [list(line.get_xdata()) for line in axes.lines]
    assert "diverged" in [text.get_text() for text in top.texts]
    assert middle.get_yscale() == "log"
    (failed,) = [line for line in bottom.lines if line.get_label() == "flow did not reach its end"]
    assert list(failed.get_xdata()) == [60, 80]
    assert len(bars(bottom)) == 3
    assert drawn(figure).width == 936


def test_flows(run) -> None:
    axes, bar = plots.flows_figure(run).axes
    left, right = axes.get_xlim()
    assert left > right
    assert axes.get_xscale() == "log"
    shown = [line for line in axes.lines if line.get_marker() == "."]
    assert len(shown) == len(run["gfs"])
    for line, record in zip(shown, run["gfs"], strict=True):
        assert list(line.get_xdata()) == [point["loss"] for point in record["path"]]
        assert list(line.get_ydata()) == [point["sharpness"] for point in record["path"]]
    expected = [(r["loss_end"], r["value"] - r["error"], r["value"] + r["error"]) for r in run["gfs"]]
    np.testing.assert_allclose(bars(axes), expected)
    assert len({line.get_color() for line in shown}) == len(shown)
    assert bar.get_ylim() == (0.0, STEPS)


def test_flows_that_did_not_reach_their_end() -> None:
    run = diverged_run().to_dict()
    axes, _ = plots.flows_figure(run).axes
    ends = [(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "x"]
    assert ends == [(r["path"][-1]["loss"], r["path"][-1]["sharpness"]) for r in run["gfs"][3:]]
    assert len(bars(axes)) == 3


@pytest.mark.parametrize("value", [0.0, 1e-300, 1e99])
def test_odd_numbers(run, value) -> None:
    """A run of no step, losses of 0, numbers at the ends of the range."""
    record = dict(run["gfs"][0], value=value or -1.0, error=value, loss_end=value)
    record["path"] = [{"time": 0.0, "loss": value, "sharpness": value}]
    sharpness = [{"step": 0, "value": value}]
    odd = {**run, "steps": 0, "loss": [value], "sharpness": sharpness, "gfs": [record]}
    for make in (plots.trajectory_figure, plots.flows_figure):
        assert drawn(make(odd)).width == 936


def test_nothing_measured(run) -> None:
    assert drawn(plots.trajectory_figure({**run, "gfs": [], "sharpness": []})).width == 936


def test_long_runs(run) -> None:
    loss = [1.0 / (step + 1.0) for step in range(5001)]
    sharpness = [{"step": step, "value": EDGE} for step in range(0, 5001, 10)]
    gfs = [{**run["gfs"][0], "step": step, "error": 2.0} for step in range(0, 5001, 20)]
    figure = plots.trajectory_figure({**run, "steps": 5000, "loss": loss, "sharpness": sharpness, "gfs": gfs})
    assert len(bars(figure.axes[2])) == 251
    assert drawn(figure).width == 936
