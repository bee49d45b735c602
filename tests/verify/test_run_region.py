"""`verify region`: areas, certificate and pictures, exit codes, Ctrl-C, bad input."""

import json
import os
import signal
from fractions import Fraction
from pathlib import Path

import pytest

from verify import cli, run_region
from verify.kernel.certificates import load, read_file, read_json
from verify.kernel.errors import Malformed
from verify.limits.paving import check_paving, decimal
from verify.limits.paving_cells import Cell
from verify.provers.region_search import Search
from verify.run_region import default_box, number, read_region


def region(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["region", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def test_the_plane_of_depth_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = region(capsys, "--depth", 2, "--eta", "1/2", "--axes", "w1,w2", "--out", tmp_path, "--json")
    assert (code, "error" in err) == (0, False)
    data = json.loads(out)
    low, high = map(Fraction, data["area_of_S_eta"])
    assert 3.6 < low < high < 3.7
    assert high - low < Fraction(9, 100)
    assert Fraction(data["area_convergent"]) > Fraction(36, 10)
    assert sum(map(Fraction, data["areas"].values())) == Fraction(data["area"]) == 9
    assert Fraction(data["share_undecided"]) < Fraction(1, 100)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["region.json", "region.png", "region.svg"]
    _, areas = check_paving(read_json(read_file(tmp_path / "region.json")))
    assert {k: str(9 * share) for k, share in areas.shares.items()} == data["areas"]
    assert (tmp_path / "region.png").read_bytes()[:4] == b"\x89PNG"
    assert b"<svg" in (tmp_path / "region.svg").read_bytes()[:2000]


def test_check_accepts_the_certificate_and_rejects_it_when_changed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = region(capsys, "--out", tmp_path, "--no-plot", "--eta", "0.5")
    assert code == 0
    assert "area of S_eta in the box" in out
    for change, expected in ((lambda s: s, 0), (lambda s: s.replace('"1/2"', '"2/3"'), 2), (lambda s: s[:-40], 2)):
        file = tmp_path / "region.json"
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            cli.main(["check", str(tmp_path)])
        assert ended.value.code == expected
        assert ("accepted" if expected == 0 else "REJECTED") in "".join(capsys.readouterr())


def test_a_region_is_no_certificate_of_the_kernel(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    region(capsys, "--out", tmp_path, "--no-plot")
    with pytest.raises(Malformed):
        load(tmp_path / "region.json")


def test_the_same_question_gives_the_same_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert region(capsys, "--out", tmp_path / name, "--eta", "2/3")[0] == 0
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_a_slice_of_depth_4_is_symmetric_in_its_axes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = ("--depth", 4, "--eta", "1/5", "--fix", "w3=1, w4=3/2", "--timeout", 4, "--json", "--no-plot")
    _, first, _ = region(capsys, *asked, "--axes", "w1,w2", "--box", "0:1,0:3", "--out", tmp_path / "a")
    _, second, _ = region(capsys, *asked, "--axes", "w2,w1", "--box", "0:3,0:1", "--out", tmp_path / "b")
    a, b = json.loads(first), json.loads(second)
    for one, other in ((a, b), (b, a)):
        assert Fraction(one["area_of_S_eta"][0]) <= Fraction(other["area_of_S_eta"][1])
    assert a["fixed"] == {"w3": "1", "w4": "3/2"}


def test_little_time_leaves_it_unknown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, _ = region(capsys, "--depth", 3, "--fix", "w3=1", "--timeout", 0.01, "--out", tmp_path)
    assert code == 3
    _, areas = check_paving(read_json(read_file(tmp_path / "region.json")))
    assert areas.shares["u"] > Fraction(1, 100)


def test_ctrl_c_in_the_search_keeps_what_is_proved(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, count = Search.verdict, iter(range(10**9))

    def verdict(self: Search, cell: Cell) -> str:
        if next(count) == 300:
            os.kill(os.getpid(), signal.SIGINT)
        return plain(self, cell)

    monkeypatch.setattr(Search, "verdict", verdict)
    code, out, err = region(capsys, "--out", tmp_path)
    assert code == 3
    assert "area of S_eta" in out
    assert "interrupted" in err
    assert {p.name for p in tmp_path.iterdir()} == {"region.json", "region.png", "region.svg"}
    _, areas = check_paving(read_json(read_file(tmp_path / "region.json")))
    assert areas.shares["u"] > Fraction(1, 100)
    assert areas.shares["c"] > Fraction(1, 10)


def test_ctrl_c_after_the_search_waits_for_the_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(data: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return check_paving(data)

    monkeypatch.setattr(run_region, "check_paving", check)
    code, out, err = region(capsys, "--out", tmp_path)
    assert code == 0
    assert "area of S_eta" in out
    assert "interrupted" in err
    assert {p.name for p in tmp_path.iterdir()} == {"region.json", "region.png", "region.svg"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--depth", "1"), "--depth"),
        (("--depth", "17"), "--depth"),
        (("--depth", "two"), "--depth"),
        (("--depth", "²"), "--depth"),
        (("--eta", "0"), "--eta"),
        (("--eta", "-1/2"), "--eta"),
        (("--eta", "1e-3"), "--eta"),
        (("--eta", "nan"), "--eta"),
        (("--eta", "1/0"), "--eta"),
        (("--eta", "1" + "0" * 400), "--eta"),
        (("--eta", "0.00000000000001"), "--eta"),
        (("--axes", "w1,w3"), "--axes"),
        (("--axes", "w1,w1"), "--axes"),
        (("--axes", "w1"), "--axes"),
        (("--axes", "w0,w1"), "--axes"),
        (("--axes", "x,y"), "--axes"),
        (("--depth", "3"), "w3"),
        (("--depth", "3", "--fix", "w3=0"), "--fix"),
        (("--depth", "3", "--fix", "w3=-1"), "--fix"),
        (("--depth", "3", "--fix", "w3=1e5"), "--fix"),
        (("--depth", "3", "--fix", "w3"), "--fix"),
        (("--depth", "3", "--fix", "w2=1,w3=1"), "--fix"),
        (("--depth", "3", "--fix", "w3=1,w3=1"), "--fix"),
        (("--fix", "w3=1"), "--fix"),
        (("--box", "3:0,0:3"), "--box"),
        (("--box", "0:3,1:1"), "--box"),
        (("--box", "0:3"), "--box"),
        (("--box", "-1:3,0:3"), "--box"),
        (("--box", "0:1e400,0:3"), "--box"),
        (("--timeout", "0"), "--timeout"),
        (("--timeout", "nan"), "--timeout"),
        (("--out", "/dev/null/x"), "/dev/null"),
    ],
)
def test_bad_input_gets_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = region(capsys, "--out", tmp_path / "none", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("verify: error: ")
    assert err.count("\n") == 1
    assert words in err
    assert len(err) < 250
    assert not (tmp_path / "none").exists()


def test_numbers_are_read_exactly() -> None:
    assert [number(text, "x") for text in ("3", "3/4", "0.1", "0")] == [3, Fraction(3, 4), Fraction(1, 10), 0]
    assert read_region("2", "0.1", "w2,w1", "", "0:1/3,0.2:3").box == (0, Fraction(1, 3), Fraction(1, 5), 3)
    assert read_region("2", "0.1", "w2,w1", "", "").axes == (1, 0)


def test_bounds_on_areas_are_rounded_outward() -> None:
    assert decimal(Fraction(2, 3), up=False) == "0.666666"
    assert decimal(Fraction(2, 3), up=True) == "0.666667"
    assert decimal(Fraction(5, 2), up=True) == "2.500000"


@pytest.mark.parametrize("eta", ["1/2", "1/5", "1/100", "9/10"])
def test_the_default_box_holds_s_eta_at_depth_2(eta: str) -> None:
    # no point of the upper or right side is in S_eta: there cells of a finer box are all outside
    _, side, _, _ = default_box(Fraction(eta))
    search = Search(read_region("2", eta, "w1,w2", "", f"{side}:{side + 1},0:{side + 1}"))
    search.run(0.01, 20.0)
    _, areas = check_paving(search.paving().data())
    assert areas.shares["i"] == areas.shares["c"] == 0
    assert areas.shares["o"] > Fraction(99, 100)
