"""The command line: rendering a folder, checking and updating a gallery, and its exit codes."""

import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from reports_example import example_results

import reports
from reports.__main__ import main
from reports.render import render
from reports.scalar import draw, shows_simplex


@functools.cache
def drawn(simplex: bool, trajectory: str) -> dict[str, bytes]:
    """Draw the plots of a trajectory, given as JSON, once for all tests."""
    experiment = json.loads(trajectory) and {"edge_trajectory": json.loads(trajectory)}
    return draw({"claims": [{"identifier": "A3.3"}] * simplex, "experiment": experiment})


@pytest.fixture(autouse=True, scope="module")
def _draw_once() -> Iterator[None]:
    def draw_from_memory(results):
        experiment = results["experiment"]
        return drawn(shows_simplex(results), json.dumps(experiment and experiment["edge_trajectory"]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reports.scalar.draw", draw_from_memory)
        yield


@pytest.fixture(scope="module")
def rendered(tmp_path_factory) -> dict[str, bytes]:
    """The files of an example, by their path inside its folder."""
    folder = tmp_path_factory.mktemp("rendered")
    (folder / "results.json").write_text(json.dumps(example_results()), encoding="utf-8")
    render(example_results(), folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def gallery(tmp_path, rendered) -> Path:
    for name, content in rendered.items():
        path = tmp_path / "gallery" / "depth-4" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "gallery"


def run(capsys, *arguments) -> tuple[int, list[str], list[str]]:
    """Return the exit code and the lines on the two streams."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as left:
        code = left.code
    output = capsys.readouterr()
    return code, output.out.splitlines(), output.err.splitlines()


def test_render_a_folder(tmp_path, capsys, rendered) -> None:
    (tmp_path / "results.json").write_bytes(rendered["results.json"])
    assert run(capsys, tmp_path) == (0, [str(tmp_path / "report.md")], [])
    assert (tmp_path / "report.md").read_bytes() == rendered["report.md"]


def test_an_unchanged_gallery(gallery, capsys) -> None:
    assert run(capsys, "--check", gallery) == (0, ["as rendered: depth-4"], [])


def test_an_edited_report(gallery, capsys) -> None:
    report = gallery / "depth-4" / "report.md"
    report.write_text(
        report.read_text("utf-8").replace("| proved | argument | every", "| proved | kernel | every", 1), "utf-8"
    )
    code, out, err = run(capsys, "--check", gallery)
    assert (code, err) == (1, [])
    (line,) = out
    assert line.startswith("depth-4/report.md: line 16: ")
    assert "kernel" in line.split(" should be ")[0]


def test_a_report_cut_short_or_missing(gallery, capsys) -> None:
    report = gallery / "depth-4" / "report.md"
    lines = report.read_text("utf-8").split("\n")
    report.write_text("\n".join(lines[:-3]), "utf-8")
    assert run(capsys, "--check", gallery)[1] == [f"depth-4/report.md: {len(lines) - 3} lines, should be {len(lines)}"]
    report.unlink()
    assert run(capsys, "--check", gallery) == (1, ["depth-4/report.md: missing"], [])


def test_edited_results(gallery, capsys) -> None:
    path = gallery / "depth-4" / "results.json"
    results = json.loads(path.read_text("utf-8"))
    results["experiment"]["edge_trajectory"]["loss"][3] *= 2.0
    path.write_text(json.dumps(results), "utf-8")
    code, out, _ = run(capsys, "--check", gallery)
    assert code == 1
    assert [line.split(": ")[0] for line in out] == ["depth-4/report.md", "depth-4/plots/edge-trajectory.png"]
    assert out[1].endswith("drawn from other data")


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(b""), "not a PNG file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-20]), "cut short"),
        (lambda path: path.write_bytes(path.read_bytes()[:-30] + b"x" + path.read_bytes()[-29:]), "damaged"),
    ],
)
def test_damaged_plots(gallery, capsys, damage, line) -> None:
    damage(gallery / "depth-4" / "plots" / "shape-simplex.png")
    code, out, err = run(capsys, "--check", gallery)
    assert (code, err) == (1, [])
    assert len(out) == 1
    assert out[0].startswith(f"depth-4/plots/shape-simplex.png: {line}")


def test_a_plot_of_another_kind(gallery, capsys) -> None:
    plots = gallery / "depth-4" / "plots"
    (plots / "shape-simplex.png").write_bytes((plots / "edge-trajectory.png").read_bytes())
    (plots / "old.png").write_bytes(b"")
    assert run(capsys, "--check", gallery)[1] == [
        "depth-4/plots/shape-simplex.png: drawn from other data",
        "depth-4/plots/old.png: the report does not show it",
    ]


def test_update(gallery, capsys, rendered) -> None:
    folder = gallery / "depth-4"
    (folder / "report.md").write_text("edited", "utf-8")
    (folder / "plots" / "shape-simplex.png").unlink()
    assert run(capsys, "--update", gallery) == (0, [str(folder / "report.md")], [])
    assert {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == rendered


@pytest.mark.parametrize("option", ["--check", "--update"])
def test_bad_galleries(tmp_path, capsys, option) -> None:
    assert run(capsys, option, tmp_path / "none") == (2, [], [f"reports: {tmp_path / 'none'}: no such folder"])
    code, out, err = run(capsys, option, tmp_path)
    assert (code, out, len(err)) == (2, [], 1)
    (tmp_path / "example").mkdir()
    results = tmp_path / "example" / "results.json"
    assert run(capsys, option, tmp_path) == (2, [], [f"reports: {results}: no such file"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON"),
        ("{}", "'schema' is missing"),
        ('{"schema": 1}', "schema version 1"),
        ('{"schema": 2}', "'model' is missing"),
        ("[]", "expected an object"),
    ],
)
def test_bad_results(tmp_path, capsys, content, message) -> None:
    (tmp_path / "results.json").write_text(content, "utf-8")
    code, out, err = run(capsys, tmp_path)
    assert (code, out, len(err)) == (2, [], 1)
    assert message in err[0]
    assert not (tmp_path / "report.md").exists()


def test_a_folder_that_cannot_be_written(tmp_path, capsys, rendered) -> None:
    (tmp_path / "results.json").write_bytes(rendered["results.json"])
    (tmp_path / "plots").write_bytes(b"")
    code, out, err = run(capsys, tmp_path)
    assert (code, out) == (2, [])
    assert err == [f"reports: {tmp_path / 'plots'}: File exists"]


@pytest.mark.parametrize("arguments", [[], ["--check", "a", "--update", "b"], ["a", "b"], ["--nope"]])
def test_wrong_calls(capsys, arguments) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith("reports: ")


def test_help(capsys) -> None:
    assert run(capsys, "--help")[0] == 0


def test_as_a_module(tmp_path) -> None:
    root = Path(reports.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-m", "reports", str(tmp_path)], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"reports: {tmp_path / 'results.json'}: no such file\n"
