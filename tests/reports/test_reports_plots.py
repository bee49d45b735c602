"""The figures: what they show, and PNG files that are the same each time."""

import struct
import zlib

import matplotlib
import numpy as np
import pytest
from reports_example import example_results

from numeric.gfs import gfs_sharpness
from reports import plots, png, scalar_plots


def shape_of_gap(alpha: list[float], pi: float) -> float:
    """The largest kappa for a shape at a = 2 sqrt 2 and a product, from its definition."""
    alphas = np.asarray(alpha)
    low, high = -1.0 / alphas.max(), 0.0
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if np.prod(1.0 + middle * alphas) < pi**2 else (low, middle)
    scaled = 1.0 + high * alphas
    rho = np.sqrt(8.0) * alphas * pi * (pi - 1.0) / scaled
    return max(rho[i] * rho[j] for i in range(3) for j in range(i))


@pytest.fixture(scope="module")
def trajectory() -> dict:
    return example_results()["experiment"]["edge_trajectory"]


def chunks(data: bytes) -> list[bytes]:
    return [kind for kind, _ in png._chunks(data)]


def test_files_are_the_same_each_time(trajectory) -> None:
    once = [
        plots.png_bytes(scalar_plots.edge_trajectory_figure(trajectory), "x"),
        plots.png_bytes(scalar_plots.shape_simplex_figure(), "x"),
    ]
    with matplotlib.rc_context({"font.size": 20.0, "axes.grid": False, "figure.dpi": 50}):
        again = [
            plots.png_bytes(scalar_plots.edge_trajectory_figure(trajectory), "x"),
            plots.png_bytes(scalar_plots.shape_simplex_figure(), "x"),
        ]
    assert once == again


def test_files_carry_their_source_and_nothing_else() -> None:
    data = plots.png_bytes(scalar_plots.shape_simplex_figure(), "closed form")
    assert png.read(data) == png.Image(936, 767, "closed form")
    assert chunks(data).count(b"tEXt") == 1
    assert not {b"tIME", b"iTXt", b"zTXt"} & set(chunks(data))


def test_styles_are_left_as_they_were() -> None:
    before = dict(matplotlib.rcParams)
    plots.png_bytes(scalar_plots.shape_simplex_figure(), "")
    assert dict(matplotlib.rcParams) == before


def test_trajectory_panels(trajectory) -> None:
    figure = scalar_plots.edge_trajectory_figure(trajectory)
    top, middle, bottom = figure.axes
    last = plots.arrival(trajectory["loss"])
    assert top.get_yscale() == "log"
    assert list(bottom.lines[0].get_ydata()) == trajectory["eta_phi"][: last + 1]
    assert middle.lines[1].get_ydata()[0] == pytest.approx(2.0 / trajectory["eta"])
    assert bottom.lines[1].get_ydata()[0] == 2.0
    assert bottom.get_xlim() == (0.0, last)


@pytest.mark.parametrize("states", [1, 2, 3])
def test_short_trajectories_and_zero_loss(trajectory, states) -> None:
    short = {name: trajectory[name][:states] for name in ("loss", "sharpness", "eta_phi", "product")}
    short["loss"] = [0.0] * states
    assert png.read(plots.png_bytes(scalar_plots.edge_trajectory_figure({**trajectory, **short}), "")).width == 936


def test_arrival() -> None:
    assert plots.arrival([1.0, 1e-3, 1e-30, 1e-31]) == 2
    assert plots.arrival([1.0, 1e-30, 1e-3]) == 2
    assert plots.arrival([0.0, 0.0]) == 0
    assert plots.arrival([1.0]) == 0


def test_example_networks_are_minima_with_their_shapes() -> None:
    for weights in scalar_plots.EXAMPLE_NETWORKS.values():
        assert np.prod(weights) == pytest.approx(1.0)
        alpha = scalar_plots.shape(weights)
        assert sum(alpha) == pytest.approx(1.0)
        assert np.prod(alpha) ** (-1 / 3) == pytest.approx(gfs_sharpness(np.array([weights]))[0])


@pytest.mark.parametrize("level", [0.5, 1.0, 1.75])
@pytest.mark.parametrize("pair", [(0, 1), (1, 2), (0, 2)])
def test_level_curves_are_level(pair, level) -> None:
    alpha = np.stack(scalar_plots.level_curve(pair, level))
    alpha = alpha[:, np.isfinite(alpha).all(axis=0)]
    assert alpha.shape[1] > 50
    np.testing.assert_allclose(alpha.sum(axis=0), 1.0)
    np.testing.assert_allclose(8.0 * alpha[pair[0]] * alpha[pair[1]], level)
    largest_two = np.sort(alpha, axis=0)[1:]
    np.testing.assert_allclose(8.0 * largest_two[0] * largest_two[1], level)


def test_regions_do_not_overlap() -> None:
    _, _, alpha = scalar_plots._simplex_grid(301)
    above = sum((8.0 * alpha[i] * alpha[j] > 1.0 + 1e-9).astype(int) for i, j in ((0, 1), (1, 2), (0, 2)))
    assert above.max() == 1


@pytest.mark.parametrize("alpha", [[0.5, 0.45, 0.05], [0.7, 0.25, 0.05], [0.2, 0.1, 0.7], [0.6, 0.2, 0.2]])
def test_kappa_limit_is_the_limit(alpha) -> None:
    assert shape_of_gap(alpha, 1e-6) == pytest.approx(scalar_plots.kappa_limit(alpha), rel=1e-4, abs=1e-6)
    bound = 8.0 * np.prod(np.sort(alpha)[1:])
    assert all(shape_of_gap(alpha, pi) <= bound for pi in (0.01, 0.1, 0.5, 0.9))


def png_file(*parts: tuple[bytes, bytes]) -> bytes:
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in parts:
        data += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data


HEADER = (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
PIXELS = (b"IDAT", zlib.compress(b"\0\0"))
END = (b"IEND", b"")


def test_read_a_small_image() -> None:
    assert png.read(png_file(HEADER, PIXELS, END)) == png.Image(1, 1, "")
    assert png.read(png_file(HEADER, (b"tEXt", b"Source\0here"), PIXELS, END)).source == "here"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a PNG file"),
        (b"GIF89a", "not a PNG file"),
        (png_file(HEADER, PIXELS), "cut short"),
        (png_file(HEADER, PIXELS, END)[:-1], "cut short"),
        (png_file(HEADER, PIXELS, END).replace(b"IDAT", b"IDAX"), "checksum"),
        (png_file(PIXELS, END), "no header"),
        (png_file((b"IHDR", b"x"), PIXELS, END), "no header"),
        (png_file(HEADER, END), "cannot be decompressed"),
        (png_file(HEADER, (b"IDAT", zlib.compress(b"")), END), "no pixels"),
        (png_file((b"IHDR", bytes(13)), PIXELS, END), "no pixels"),
    ],
)
def test_read_refuses(data, message) -> None:
    with pytest.raises(ValueError, match=message):
        png.read(data)
