"""`verify prove`: verdicts, exit codes, certificates, unfinished searches, bad input."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from verify import cli
from verify.kernel.certificates import load
from verify.kernel.checker import check

ROOT = Path(__file__).parents[2]
TRUE = "(declare-const x Real)(assert (>= x 0))(assert (<= x 1))(assert (> (* x (- 1 x)) 0.2500001))(check-sat)"
FALSE = TRUE.replace("0.2500001", "0.2499999")
TOUCHING = "(declare-fun |a x| () Real [0.1, 3])(assert (> (* (sqrt |a x|) 2) (+ 1 |a x|)))(check-sat)"
HARD = """(declare-fun x () Real [-1, 1])(declare-fun y () Real [-1, 1])(declare-fun z () Real [-1, 1])
(declare-fun w () Real [-1, 1])(assert (< (+ (^ (- x y) 2) (^ (- y z) 2) (^ (- z w) 2) (* 0.001 x x)) (- 0.0000001)))"""


def prove(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["prove", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_true_claim_and_one_false_by_less_than_a_millionth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert prove(capsys, write(tmp_path, "yes.smt2", TRUE), "--out", out, "--jobs", 1)[0] == 0
    assert check(load(out / "yes.json")) == "proved"
    code, text, err = prove(capsys, write(tmp_path, "no.smt2", FALSE), "--out", out, "--jobs", 1)
    assert code == 1
    assert "refuted" in text
    assert "at x = 1/2" in err
    assert check(load(out / "no.json")) == "refuted"


def test_a_folder_with_a_malformed_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = tmp_path / "problems"
    write(problems, "a.smt2", TRUE)
    write(problems, "b.smt2", "(declare-const x Real)\n(assert (> y 0))")
    code, out, err = prove(capsys, problems, "--out", tmp_path / "out", "--jobs", 1, "--json")
    assert code == 2
    first, second = json.loads(out)
    assert (first["file"], first["verdict"], first["tier"]) == ("a", "proved", "kernel")
    assert (second["file"], second["verdict"]) == ("b", "error")
    assert "b.smt2:2:12: " in err


def test_names_of_the_file_and_a_status_that_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "(set-info :status unsat)(declare-fun |a x| () Real [0, 1])(assert (> |a x| 0.5))"
    code, out, err = prove(capsys, write(tmp_path, "w.smt2", text), "--out", tmp_path / "out", "--jobs", 1, "--json")
    (row,) = json.loads(out)
    assert code == 1
    assert row["contradiction"] is True
    assert list(row["witness"]) == ["a x"]
    assert "CONTRADICTS the file, which says unsat" in err


def test_standard_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TRUE.encode())))
    code, out, _ = prove(capsys, "-", "--out", tmp_path / "out", "--jobs", 1)
    assert code == 0
    assert "stdin" in out


def test_unknown_says_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    file = write(tmp_path, "t.smt2", TOUCHING)
    code, _, err = prove(capsys, file, "--out", out, "--jobs", 1, "--timeout", 1)
    assert code == 3
    assert "of the domain, tightest box a x in [" in " ".join(err.split())
    assert not list(out.glob("*.json"))
    code, _, err = prove(
        capsys, write(tmp_path, "u.smt2", "(declare-const x Real)(assert (< (abs x) x))"), "--out", out, "--timeout", 1
    )
    assert code == 3
    assert "unbounded: x" in err


def test_an_unfinished_search_goes_on_and_ends_as_if_it_had_not_been_interrupted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, "h.smt2", HARD)
    once, twice = tmp_path / "once", tmp_path / "twice"
    assert prove(capsys, file, "--out", once, "--jobs", 1)[0] == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "verify", "prove", str(file), "--out", str(twice), "--jobs", "1"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode in (0, 130)
    assert prove(capsys, file, "--out", twice, "--jobs", 1, "--resume")[0] == 0
    names = [next(folder.glob("h.json*")) for folder in (once, twice)]
    assert names[0].read_bytes() == names[1].read_bytes()


def test_a_kept_certificate_of_something_else_is_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, file = tmp_path / "out", write(tmp_path, "t.smt2", TRUE)
    for content in ("not JSON", json.dumps({"format": "x"})):
        write(out, "x", "")
        write(out / "unfinished", "t.json", content)
        assert prove(capsys, file, "--out", out, "--jobs", 1, "--resume")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["missing.smt2"], "missing.smt2"),
        (["--timeout", "0", "t.smt2"], "timeout"),
        (["--timeout", "nan", "t.smt2"], "timeout"),
        (["--precision", "-1", "t.smt2"], "precision"),
        (["--memory", "0", "t.smt2"], "memory"),
        (["--jobs", "1000", "t.smt2"], "jobs"),
        (["empty"], "no .smt2 file"),
        (["t.smt2", "t.smt2"], "two problems"),
        (["t.smt2", "--out", "t.smt2"], "t.smt2"),
        ([], "files"),
    ],
)
def test_bad_input_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    write(tmp_path, "t.smt2", TRUE)
    code, out, err = prove(capsys, *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert word in err


def test_content_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.smt2").write_bytes(b"(assert true)\n\xff")
    (tmp_path / "c.smt2").write_bytes(b" " * 4_000_001)
    code, _, err = prove(capsys, tmp_path / "b.smt2", tmp_path / "c.smt2", "--out", tmp_path / "out")
    assert code == 2
    assert "b.smt2:2:1: not UTF-8" in err
    assert "longer than" in err


def test_two_runs_into_one_folder(tmp_path: Path) -> None:
    file = write(tmp_path, "t.smt2", TRUE)
    command = [sys.executable, "-m", "verify", "prove", str(file), "--out", str(tmp_path / "out"), "--jobs", "1"]
    runs = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [run.wait(timeout=60) for run in runs] == [0, 0]
    assert check(load(tmp_path / "out" / "t.json")) == "proved"


def test_a_scheduler_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from verify import cluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    file = write(tmp_path, "t.smt2", TRUE)
    code, _, err = prove(capsys, file, "--out", tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9")
    assert code == 2
    assert err.strip().splitlines()[-1].startswith("verify: error: --scheduler tcp://127.0.0.1:9: cannot be reached")
