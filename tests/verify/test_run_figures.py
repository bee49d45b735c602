"""`verify figures`: files, page, exit codes, bad input, Ctrl-C; and the committed run against its certificates."""

import itertools
import json
import os
import signal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from reports.errors import ResultsError
from reports.gallery import GALLERY
from reports.png import read as read_image
from reports.schema import load, validate
from verify import cli, run_figures
from verify.kernel.certificates import read_file, read_json
from verify.limits.checker import check_limit_file
from verify.limits.orbit import starting_state, step
from verify.limits.paving import check_paving
from verify.orbit_series import chosen_steps, loss_rises
from verify.run_figures import PAPER, Orbit, Questions, Slice
from verify.runs import View

FEW = Questions(
    orbits=(
        Orbit("monotone", "monotone", "1/5", "11/5,2/5,1/2,5/2"),
        Orbit("below", "convergence", "1/5", "1,2/5,1/2,5/2"),
        Orbit("above", "convergence", "1/5", "19/10,2/5,1/2,5/2"),
        Orbit("plane", "plane", "4/5", "3/2,1/2"),
    ),
    slices=(Slice("region-depth-2", "2", "1/2", "", "0:3,0:3"),),
)
COMMITTED = load(GALLERY / "figures")
FOLDER = GALLERY / "figures"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command ask few questions."""
    plain = run_figures.run_figures
    monkeypatch.setattr(run_figures, "run_figures", lambda folder, **options: plain(folder, FEW, **options))


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["figures", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def check(folder: Path) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", str(folder)])
    return int(ended.value.code or 0)


@pytest.mark.usefixtures("few")
def test_a_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, "--out", tmp_path, "--svg")
    assert code == 0
    assert "report.md" in err
    assert "region-depth-2" in out
    assert names(tmp_path) == {"certificates", "plots", "svg", "report.md", "results.json"}
    pictures = {"monotone", "convergence", "plane", "region-depth-2"}
    assert names(tmp_path / "plots") == {f"{name}.png" for name in pictures}
    assert names(tmp_path / "svg") == {f"{name}.svg" for name in pictures}
    assert names(tmp_path / "certificates") == {f"{name}.json" for name in FEW.names}
    assert all(read_image(path.read_bytes()).width > 500 for path in (tmp_path / "plots").iterdir())
    assert b"<svg" in (tmp_path / "svg" / "plane.svg").read_bytes()[:2000]
    assert check(tmp_path / "certificates") == 0
    assert "5 of 5 accepted" in capsys.readouterr().out
    require_certified(load(tmp_path), tmp_path)


@pytest.mark.usefixtures("few")
def test_the_same_questions_give_the_same_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert run(capsys, "--out", tmp_path / name)[0] == 0
    for folder in ("certificates", "plots"):
        for file in (tmp_path / "a" / folder).iterdir():
            assert file.read_bytes() == (tmp_path / "b" / folder / file.name).read_bytes()
    first, second = ({**load(tmp_path / name), "seconds": 0.0} for name in ("a", "b"))
    assert first == second


@pytest.mark.usefixtures("few")
def test_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "--out", tmp_path, "--json")
    assert code == 0
    assert json.loads(out) == load(tmp_path)


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    for folder in (file, file / "below"):
        code, out, err = run(capsys, "--out", folder)
        assert (code, out) == (2, "")
        assert err.startswith("verify: error: ")
        assert len(err.splitlines()) == 1
    assert names(tmp_path) == {"file"}


def test_a_wrong_option(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--depth", 3)
    assert (code, out, len(err.splitlines())) == (2, "", 1)


@pytest.mark.usefixtures("few")
def test_ctrl_c_keeps_what_is_done(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run_figures.certified_orbit

    def certified(orbit: Orbit, folder: Path, view: View) -> dict[str, Any]:
        if orbit.name == "above":
            os.kill(os.getpid(), signal.SIGINT)
        return plain(orbit, folder, view)

    monkeypatch.setattr(run_figures, "certified_orbit", certified)
    code, _, err = run(capsys, "--out", tmp_path)
    assert code == 130
    assert "interrupted: 2 of 5 are done and kept" in err
    assert load(tmp_path)["missing"] == ["above", "plane", "region-depth-2"]
    assert "**The run was interrupted.**" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert names(tmp_path / "plots") == {"monotone.png", "convergence.png"}
    assert check(tmp_path / "certificates") == 0


@pytest.mark.usefixtures("few")
def test_ctrl_c_in_a_region_keeps_its_cells(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from verify.provers.region_search import Search

    plain, count = Search.verdict, iter(range(10**9))

    def verdict(self: Search, cell: Any) -> str:
        if next(count) == 300:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(self, cell)

    monkeypatch.setattr(Search, "verdict", verdict)
    code, _, err = run(capsys, "--out", tmp_path)
    assert code == 130
    assert "5 of 5" in err
    assert Fraction(load(tmp_path)["regions"][0]["areas"]["u"]) > Fraction(9, 100)
    assert check(tmp_path / "certificates") == 0


def test_what_is_undecided_has_exit_code_3(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_figures, "TIMEOUT", 0.05)
    no_stable_minimum = Questions(orbits=(Orbit("slow", "monotone", "1/2", "1,1,1,11/10"),), slices=())
    assert run_figures.run_figures(tmp_path, no_stable_minimum) == 3
    assert "slow: undecided**, not shown." in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert run_figures.run_figures(tmp_path, Questions((), (PAPER.slices[1],))) == 3
    capsys.readouterr()


def test_the_loss_rises_where_the_enclosures_say_so() -> None:
    state, states = starting_state([Fraction(3, 2), Fraction(1, 2)], 128), []
    for _ in range(20):
        states.append(state)
        state, _ = step(state, Fraction(4, 5))
    errors = [abs(float(Fraction(sum(s.error()), 2 << s.bits))) for s in states]
    assert loss_rises(states) == sum(b > a for a, b in itertools.pairwise(errors)) == 4
    assert loss_rises([states[0], states[0]]) == 0


def test_the_steps_that_are_drawn() -> None:
    assert chosen_steps(0) == [0]
    assert chosen_steps(604) == list(range(605))
    many = chosen_steps(99_999)
    assert (many[:101], many[-1]) == (list(range(101)), 99_999)
    assert len(many) < 1102


def require_certified(results: dict[str, Any], folder: Path) -> None:
    """Check that the results say what the checkers say of the certificates."""
    for orbit in results["trajectories"]:
        shown = check_limit_file(folder / orbit["certificate"])
        claim = shown.certificate
        assert [str(w) for w in claim.problem.weights] == orbit["weights"]
        assert (str(claim.problem.eta), claim.verdict, claim.step) == (orbit["eta"], orbit["verdict"], orbit["step"])
        for name in ("inside_from", "monotone_from", "edge", "premise"):
            assert getattr(claim, name) == orbit[name]
        assert shown.limit is not None
        assert shown.first is not None
        for found, said in ((shown.limit, orbit["eta_phi_limit"]), (shown.first, orbit["eta_phi_start"])):
            low, high = map(Fraction, said)
            assert low <= found[0] <= found[1] <= high
            assert high - low <= found[1] - found[0] + Fraction(3, 10**30)
        assert (folder / orbit["certificate"]).stat().st_size == orbit["certificate_bytes"]
    for region in results["regions"]:
        paving, areas = check_paving(read_json(read_file(folder / region["certificate"])))
        assert paving.cells == region["tree"]
        assert areas.counts == region["cells"]
        assert {k: str(share * paving.region.area) for k, share in areas.shares.items()} == region["areas"]
        assert (str(paving.region.eta), paving.region.depth) == (region["eta"], region["depth"])
        fixed = {f"w{k + 1}": str(w) for k, w in enumerate(paving.region.weights) if w is not None}
        assert (fixed, [str(x) for x in paving.region.box]) == (region["fixed"], region["box"])


def test_the_committed_run_says_what_its_certificates_prove() -> None:
    require_certified(COMMITTED, FOLDER)
    files = {found["certificate"] for found in (*COMMITTED["trajectories"], *COMMITTED["regions"])}
    assert {f"certificates/{name}" for name in names(FOLDER / "certificates")} == files
    assert COMMITTED["question"]["asked"] == PAPER.names
    assert not COMMITTED["missing"]


def test_the_comparison_would_notice_a_wrong_number() -> None:
    wrong = json.loads(json.dumps(COMMITTED))
    orbit = wrong["trajectories"][0]
    low, high = map(Fraction, orbit["eta_phi_limit"])
    orbit["eta_phi_limit"] = [str(low + Fraction(1, 10**8)), str(high)]
    validate(wrong)
    with pytest.raises(AssertionError):
        require_certified(wrong, FOLDER)
    orbit["eta_phi_limit"] = ["3", "3"]
    with pytest.raises(ResultsError):
        validate(wrong)
