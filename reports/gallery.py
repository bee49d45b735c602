"""The committed example reports: ``gallery/<name>/`` with ``results.json``, ``report.md`` and ``plots/``.

A report is compared byte for byte. Plots are not, since their bytes depend on the versions of matplotlib and of the
font library: each must be a whole PNG file, of the expected size, that says it was drawn from the same data.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from reports import png
from reports.errors import ResultsError
from reports.page import PLOTS
from reports.render import REPORT, render
from reports.schema import RESULTS, load

GALLERY = Path(__file__).parent / "gallery"
"""The gallery that comes with the package."""


def examples(gallery: Path) -> list[Path]:
    """Return the folders of a gallery, sorted.

    Raises
    ------
    ResultsError
        If there is no such folder, or no example in it: a check of nothing must not pass.
    """
    if not gallery.is_dir():
        raise ResultsError(f"{gallery}: no such folder")
    folders = sorted(path for path in gallery.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise ResultsError(f"{gallery}: no example with a {RESULTS} in it")
    return folders


def update(gallery: Path) -> list[Path]:
    """Render every example of a gallery again from its results, and return the reports written.

    Raises
    ------
    ResultsError
        If the gallery is empty or an example's results are missing or wrong; then nothing has been written.
    OSError
        If a folder cannot be written.
    """
    loaded = [(folder, load(folder)) for folder in examples(gallery)]
    return [render(results, folder) for folder, results in loaded]


def check(gallery: Path) -> list[str]:
    """Compare every example of a gallery with a fresh rendering of its results.

    Returns
    -------
    list
        One line for each difference; empty if there is none.

    Raises
    ------
    ResultsError
        If the gallery is empty or an example's results are missing or wrong.
    """
    differences: list[str] = []
    for folder in examples(gallery):
        with tempfile.TemporaryDirectory() as fresh:
            render(load(folder), Path(fresh))
            differences += [f"{folder.name}/{line}" for line in _compare(folder, Path(fresh))]
    return differences


def _compare(folder: Path, fresh: Path) -> list[str]:
    expected = {path.name: path for path in (fresh / PLOTS).iterdir()}
    found = {path.name for path in (folder / PLOTS).glob("*")}
    lines = [_plot_difference(folder / PLOTS / name, path) for name, path in sorted(expected.items())]
    lines += [f"{PLOTS}/{name}: the report does not show it" for name in sorted(found - expected.keys())]
    return [line for line in [_text_difference(folder / REPORT, fresh / REPORT), *lines] if line]


def _text_difference(path: Path, expected: Path) -> str:
    """Return where a text differs from the expected one, or the empty string."""
    if not path.is_file():
        return f"{path.name}: missing"
    content, wanted = path.read_bytes(), expected.read_bytes()
    if content == wanted:
        return ""
    ours, theirs = (text.decode("utf-8", "replace").split("\n") for text in (content, wanted))
    for number, (line, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if line != other:
            start = next((k for k, (x, y) in enumerate(zip(line, other, strict=False)) if x != y), len(other))
            start = max(start - 10, 0)
            return f"{path.name}: line {number}: {line[start : start + 50]!r} should be {other[start : start + 50]!r}"
    return f"{path.name}: {len(ours)} lines, should be {len(theirs)}"


def _plot_difference(path: Path, expected: Path) -> str:
    """Return what is wrong with a plot, or the empty string."""
    name = f"{PLOTS}/{path.name}"
    if not path.is_file():
        return f"{name}: missing"
    wanted = png.read(expected.read_bytes())
    try:
        image = png.read(path.read_bytes())
    except ValueError as error:
        return f"{name}: {error}"
    if image.source != wanted.source:
        return f"{name}: drawn from other data"
    if (image.width, image.height) != (wanted.width, wanted.height):
        return f"{name}: {image.width} x {image.height} pixels, should be {wanted.width} x {wanted.height}"
    return ""
