"""`verify trajectory`: verdicts, exit codes, files, bad input, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from reports.png import read as read_image
from verify import cli, run_trajectory
from verify.limits.checker import check_limit_file
from verify.run_trajectory import read_number

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["trajectory", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_a_start_above_the_edge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--eta", "1/5", "--init", "11/5,2/5,1/2,5/2", "--out", tmp_path)
    assert code == 0
    assert "converges" in out
    assert "phi falls in every step; at the edge from step 108 on" in err
    assert check_limit_file(tmp_path / "init-001.json").certificate.edge == 108
    image = read_image((tmp_path / "init-001.png").read_bytes())
    assert image.width > 500
    assert sorted(path.name for path in tmp_path.iterdir()) == ["init-001.json", "init-001.png"]
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", str(tmp_path)])
    assert ended.value.code == 0
    assert "converges by 604 steps" in capsys.readouterr().out


def test_a_batch_with_every_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "starts.txt"
    file.write_text("# starts\n2,1,1/2,.5\n\n-3,-2,1.5,1/2  # two signs\n5/2,1\n", encoding="utf-8")
    arguments = ("--eta", "0.2", "--file", file, "--init", "1,1", "--no-plot", "--json", "--out", tmp_path / "out")
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    rows: list[dict[str, Any]] = json.loads(out)
    assert [row["verdict"] for row in rows] == ["converges", "converges", "diverges", "converges"]
    assert rows[2]["weights"] == ["-3", "-2", "3/2", "1/2"]
    low, high = map(Fraction, rows[1]["eta_phi_limit"])
    assert 0 < high - low < Fraction(1, 10**6)
    assert not list((tmp_path / "out").glob("*.png"))
    assert len(list((tmp_path / "out").glob("init-*.json"))) == 4


def test_signs_come_back_in_the_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = []
    for name, start in (("plain", "2,1,1/2,1/2"), ("signs", "-2,1,-1/2,1/2")):
        code, out, _ = run(capsys, "--eta", "1/5", f"--init={start}", "--no-plot", "--json", "--out", tmp_path / name)
        assert code == 0
        points.append([tuple(map(Fraction, bounds)) for bounds in json.loads(out)[0]["point"]])
    plain, signs = points
    assert signs == [(-plain[0][1], -plain[0][0]), plain[1], (-plain[2][1], -plain[2][0]), plain[3]]


def test_what_is_undecided_has_exit_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = ("--eta", "1/5", "--init", "11/5,2/5,1/2,5/2", "--steps", 50, "--out", tmp_path)
    code, out, err = run(capsys, *case)
    assert code == 3
    assert "undecided" in out
    assert "after 50 steps eta phi is 2.0" in err
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", str(tmp_path)])
    assert ended.value.code == 3


def test_the_width_is_that_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = ("--eta", "1/5", "--init", "11/5,2/5,1/2,5/2", "--width", "1/10000000000", "--no-plot", "--json")
    code, out, _ = run(capsys, *case, "--out", tmp_path)
    low, high = map(Fraction, json.loads(out)[0]["eta_phi_limit"])
    assert code == 0
    assert high - low <= Fraction(1, 10**10)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--eta", "1/5", "--init", "3,0"], "a weight is 0"),
        (["--eta", "1/5", "--init", "3,0/7"], "a weight is 0"),
        (["--eta", "1/5", "--init=-3,1"], "product of the weights is negative"),
        (["--eta", "1/5", "--init=-3,-1,-1"], "product of the weights is negative"),
        (["--eta", "1/5", "--init", "1" + "0" * 400 + ",1"], "at most 100 digits"),
        (["--eta", "1/5", "--init", "1e5,1"], "not an exact number"),
        (["--eta", "2e-1", "--init", "1,1"], "not an exact number"),
        (["--eta", "1/5", "--init", "3"], "depth 2 at least"),
        (["--eta", "1/5", "--init", ""], "not an exact number"),
        (["--eta", "1/5", "--init", "1,,1"], "not an exact number"),
        (["--eta", "1/5", "--init", "nan,1"], "not an exact number"),
        (["--eta", "1/5", "--init", "inf,1"], "not an exact number"),
        (["--eta", "1/5", "--init", "1_0,1"], "not an exact number"),
        (["--eta", "1/5", "--init", "٣,1"], "not an exact number"),
        (["--eta", "1/5", "--init", "1/0,1"], "denominator 0"),
        (["--eta", "1/5", "--init", ",".join(["1"] * 65)], "more than 64 weights"),
        (["--eta", "0", "--init", "1,1"], "positive"),
        (["--eta=-1/5", "--init", "1,1"], "positive"),
        (["--eta", "nan", "--init", "1,1"], "not an exact number"),
        (["--eta", "1/5"], "0 initialisations"),
        (["--init", "1,1"], "--eta"),
        (["--eta", "1/5", "--init", "1,1", "--steps", "-1"], "--steps"),
        (["--eta", "1/5", "--init", "1,1", "--steps", "1000000"], "--steps"),
        (["--eta", "1/5", "--init", "1,1", "--timeout", "0"], "--timeout"),
        (["--eta", "1/5", "--init", "1,1", "--timeout", "nan"], "--timeout"),
        (["--eta", "1/5", "--init", "1,1", "--width", "0"], "--width"),
        (["--eta", "1/5", "--init", "1,1", "--width", "1e-6"], "not an exact number"),
        (["--eta", "1/5", "--file", "/nowhere/starts"], "No such file"),
        (["--eta", "1/5", "--init", "1,1", "--out", "/dev/null/x"], "Not a directory"),
    ],
    ids=range(29),
)
def test_bad_input_gets_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert says in err
    assert not out
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "says"), [("1,1\n3,x # no\n", ":2"), ("1,1\n\xff", "UTF-8"), ("# nothing\n", "0 init")]
)
def test_a_bad_line_of_a_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    file = tmp_path / "starts.txt"
    file.write_bytes(text.encode("latin-1"))
    code, _, err = run(capsys, "--eta", "1/5", "--file", file)
    assert code == 2
    assert says in err


def test_a_certificate_that_the_checker_rejects_is_undecided(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search is not trusted: a claim beside the truth does not become a verdict."""
    honest = run_trajectory.search_limit

    def lying(*arguments: Any) -> Any:
        found = honest(*arguments)
        found.certificate["limit"] = [str(Fraction(x) + Fraction(1, 10**6)) for x in found.certificate["limit"]]
        return found

    monkeypatch.setattr(run_trajectory, "search_limit", lying)
    code, out, err = run(capsys, "--eta", "1/5", "--init", "11/5,2/5,1/2,5/2", "--out", tmp_path)
    assert code == 3
    assert "the checker rejects the certificate" in err
    assert "1 undecided" in out


def test_an_interrupt_leaves_whole_files_only(tmp_path: Path) -> None:
    starts = tmp_path / "starts.txt"
    starts.write_text("11/5,2/5,1/2,5/2\n" + "1/2,1/2\n" * 50, encoding="utf-8")
    command = [sys.executable, "-m", "verify", "trajectory", "--eta", "1/5", "--file", str(starts), "--out", "out"]
    slow = [*command[:5], "11/10", *command[6:], "--steps", "100000"]
    with subprocess.Popen(slow, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as job:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out" / "init-002.json").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        job.send_signal(signal.SIGINT)
        out, err = job.communicate(timeout=60)
    assert job.returncode == 130, err
    assert b"interrupted" in err
    assert b"init-001" in out
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) < 100
    assert not [file for file in files if file.name.startswith(".")]
    for file in files:
        content = file.read_bytes()
        assert json.loads(content)["format"] == "gd-limit" if file.suffix == ".json" else read_image(content).width


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("+3", 3), ("-3/4", "-3/4"), (".5", "1/2"), ("2.", 2), (" 1/3 ", "1/3")]
)
def test_numbers_are_read_exactly(text: str, value: Any) -> None:
    assert read_number(text, "x") == Fraction(value)
