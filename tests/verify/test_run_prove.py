"""`verify prove`: verdicts, exit codes, certificates, unfinished searches, bad input."""

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from verify import cli
from verify.kernel.bisection import TOKEN
from verify.kernel.certificates import load, read_json
from verify.kernel.checker import check
from verify.kernel.errors import Incomplete

ROOT = Path(__file__).parents[2]
PROBLEMS = ROOT / "tests" / "problems"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
TRUE = "(declare-const x Real)(assert (>= x 0))(assert (<= x 1))(assert (> (* x (- 1 x)) 0.2500001))(check-sat)"
FALSE = TRUE.replace("0.2500001", "0.2499999")
TOUCHING = "(declare-fun |a x| () Real [0.1, 3])(assert (> (* (sqrt |a x|) 2) (+ 1 |a x|)))(check-sat)"
# a wide flat valley, in which the form comes near its bound: 2,000 boxes; the cosine keeps the algebra out
VALLEY = """(declare-fun x () Real [-1, 1])(declare-fun y () Real [-1, 1])(declare-fun z () Real [-1, 1])
(assert (< (+ (* x x) (* y y) (* z z) (* 0.99 (+ (* x y) (* y z) (* x z))) (* 0.01 (- 1 (cos x)))) (- 0.0001)))"""
ROOT_OF_TWO = "(declare-fun x () Real [0, 2])(assert (= (* x x) 2))(check-sat)"
UNBOUNDED = "(declare-const x Real)(declare-const y Real)(assert (<= (+ (* x x) (* y y)) 1))(assert (> (+ x y) 1.5))"


def prove(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["prove", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
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
    write(problems / "deeper", "c.smt2", FALSE)
    write(problems, "not-asked.txt", TRUE)
    code, out, err = prove(capsys, problems, "--out", tmp_path / "out", "--jobs", 1, "--json")
    assert code == 2
    first, second, third = json.loads(out)
    assert (first["file"], first["verdict"], first["tier"]) == ("a", "proved", "kernel")
    assert (second["file"], second["verdict"]) == ("b", "error")
    assert (third["file"], third["verdict"], third["witness"]) == ("deeper/c", "refuted", {"x": "1/2"})
    assert third["certificate"] == str(tmp_path / "out" / "deeper" / "c.json")
    lines = [line for line in err.splitlines() if "b.smt2:" in line]
    assert lines == [f"error    b {problems / 'b.smt2'}:2:12: undeclared symbol y"]
    code, out, _ = prove(capsys, problems, "--out", tmp_path / "out", "--jobs", 1)
    assert code == 2
    assert "3 problems: 1 proved, 1 refuted, 1 error" in out
    assert f"certificates: {tmp_path / 'out'}" in out
    for name in ("a", "b", "deeper/c"):
        assert re.search(rf"^. {name} ", out, re.MULTILINE)


def test_every_malformed_file_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = prove(capsys, PROBLEMS / "malformed", "--out", tmp_path / "out", "--json")
    assert code == 2
    files = sorted((PROBLEMS / "malformed").glob("*.smt2"))
    expected = [
        f"{file}:{file.read_text(encoding='utf-8').splitlines()[0].removeprefix('; expected: ')}" for file in files
    ]
    assert [row["error"] for row in json.loads(out)] == expected
    assert [line.split(maxsplit=2)[2] for line in err.splitlines()] == expected
    assert list((tmp_path / "out").iterdir()) == []


def test_the_certificates_are_accepted_by_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = tmp_path / "problems"
    for name, text in {"yes": TRUE, "no": FALSE, "root": ROOT_OF_TWO, "bounded": UNBOUNDED}.items():
        write(problems, f"{name}.smt2", text)
    code, out, _ = prove(capsys, problems, "--out", tmp_path / "out", "--json")
    assert code == 1
    rows = {row["file"]: row for row in json.loads(out)}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "yes": "proved", "no": "refuted", "root": "refuted", "bounded": "proved",
    }  # fmt: skip
    low, high = map(Fraction, rows["root"]["solution"]["x"])
    assert low**2 <= 2 <= high**2
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", str(tmp_path / "out")])
    assert ended.value.code == 0
    assert "4 of 4 accepted" in capsys.readouterr()[0]


def test_names_that_are_markup_are_shown_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "[bold]x[red].smt2", TRUE)
    code, out, err = prove(capsys, file, "--out", tmp_path / "out", "--jobs", 1)
    assert code == 0
    assert "[bold]x[red]" in out
    assert "[bold]x[red]" in err


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


def nobody_left(group: int) -> bool:
    """Whether all processes of a group end within a few seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def interrupted(file: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a search in a process group and send all of it Ctrl-C once the long search has begun."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", ANNOUNCED, "prove", str(file), "--out", str(out), *options],
        cwd=out.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "begun" in line:
                break
        os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=120)
        assert nobody_left(process.pid)
    finally:
        process.kill()
        process.wait()
    return subprocess.CompletedProcess([], process.returncode, stdout, stderr)


# The command line, which goes on to the long search at once, with small batches, and says when that has begun (with
# several processes: when their first results have come), and takes its time from there.
ANNOUNCED = """
import sys, time
from functools import partial
from verify import deciding, searching
from verify.cli import main
deciding.QUICK, searching.FIRST_BOXES = 1e-3, 300
searching.Bisection = partial(searching.Bisection, batch=16)
go_on = searching.Search.go_on
def announced(self, reach, workers=None, progress=None):
    def show(done, open_):
        progress(done, open_)
        if done > 320 and workers is not None:
            print("begun", file=sys.stderr, flush=True)
            time.sleep(0.3)
    return go_on(self, reach, workers, show)
searching.Search.go_on = announced
if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_search_goes_on_and_ends_as_if_it_had_not_been(
    jobs: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = tmp_path / "problems"
    write(problems, "a.smt2", TRUE)
    file = write(problems, "h.smt2", VALLEY)
    write(problems, "z.smt2", FALSE)
    once, twice = tmp_path / "once", tmp_path / "twice"
    assert prove(capsys, file, "--out", once, "--jobs", 1)[0] == 0
    done = interrupted(problems, twice, "--jobs", jobs, "--json")
    assert done.returncode == 130, done.stderr
    rows = json.loads(done.stdout)
    assert [(row["file"], row["verdict"]) for row in rows] == [("a", "proved"), ("h", "unknown")]
    assert rows[1]["note"] == "interrupted"
    assert 0 < rows[1]["undecided"] < 1
    assert done.stderr.splitlines()[-1] == "interrupted: what is proved is kept, and --resume goes on from there"
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in twice.iterdir()) == ["a.json", "unfinished"]
    (unfinished,) = (twice / "unfinished").iterdir()
    with pytest.raises(Incomplete):
        check(load(unfinished))
    left = len(re.findall(r"\?", load(unfinished).proof["tree"]))
    assert left > 0

    code, out, _ = prove(capsys, problems, "--out", twice, "--jobs", 1, "--resume", "--json")
    assert code == 1
    rows = json.loads(out)
    assert [row["verdict"] for row in rows] == ["proved", "proved", "refuted"]
    assert rows[0]["boxes"] == 0  # nothing was sought anew
    assert list((twice / "unfinished").iterdir()) == []
    names = [next(folder.glob("h.json*")) for folder in (once, twice)]
    assert names[0].read_bytes() == names[1].read_bytes()
    assert rows[1]["boxes"] < len(TOKEN.findall(load(names[0]).proof["tree"]))


def unfinished_of(file: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, dict[str, Any]]:
    """Return the file that is left of a search with boxes that are too coarse, and its content."""
    assert prove(capsys, file, "--out", out, "--jobs", 1, "--precision", 0.3, "--timeout", 2)[0] == 3
    (path,) = (out / "unfinished").iterdir()
    return path, read_json(path.read_bytes())


def test_an_unfinished_search_is_gone_on_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = write(tmp_path, "h.smt2", VALLEY), tmp_path / "out"
    path, _ = unfinished_of(file, out, capsys)
    code, text, _ = prove(capsys, file, "--out", out, "--jobs", 1, "--resume", "--json")
    assert code == 0
    resumed = json.loads(text)[0]
    assert not path.exists()
    content = (out / "h.json").read_bytes()
    code, text, _ = prove(capsys, file, "--out", tmp_path / "again", "--jobs", 1, "--json")
    assert code == 0
    assert resumed["boxes"] < json.loads(text)[0]["boxes"]
    assert (tmp_path / "again" / "h.json").read_bytes() == content


def test_what_is_kept_is_of_no_use_or_a_lie(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Damaged, of another statement, of the wrong shape, or with leaves that do not hold: the verdict is the same."""
    file = write(tmp_path, "h.smt2", VALLEY)
    _, data = unfinished_of(file, tmp_path / "first", capsys)
    foreign = json.loads(
        unfinished_of(write(tmp_path, "h.smt2", VALLEY.replace("0.0001", "0.0002")), tmp_path / "other", capsys)[
            0
        ].read_text()
    )
    write(tmp_path, "h.smt2", VALLEY)
    tree = data["proof"]["tree"]
    contents = {
        "empty": "",
        "not JSON": "{",
        "another format": json.dumps({**data, "format": "x"}),
        "another statement": json.dumps(foreign),
        "another digest": json.dumps({**data, "digest": "0" * 64}),
        "too short": json.dumps({**data, "proof": {**data["proof"], "tree": tree[:-1]}}),
        "too long": json.dumps({**data, "proof": {**data["proof"], "tree": tree + "."}}),
        "no tree": json.dumps({**data, "proof": {"rule": "bisection", "tree": "%"}}),
        "no bisection": json.dumps({**data, "proof": {"rule": "empty"}}),
        "all is said to hold": json.dumps({**data, "proof": {**data["proof"], "tree": tree.replace("?", ".")}}),
        "a leaf is a lie": json.dumps({**data, "proof": {**data["proof"], "tree": tree.replace("?", ".", 1)}}),
    }
    assert prove(capsys, file, "--out", tmp_path / "fresh", "--jobs", 1)[0] == 0
    fresh = (tmp_path / "fresh" / "h.json").read_bytes()
    for name, content in contents.items():
        for place in ("unfinished", "."):
            out = tmp_path / f"{name}, {place}"
            (out / "unfinished").mkdir(parents=True)
            (out / place / "h.json").write_text(content)
            assert prove(capsys, file, "--out", out, "--jobs", 1, "--resume")[0] == 0, (name, place)
            assert (out / "h.json").read_bytes() == fresh, (name, place)


def test_a_proof_of_what_the_file_said_before_does_not_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, file = tmp_path / "out", write(tmp_path, "t.smt2", TRUE)
    assert prove(capsys, file, "--out", out, "--jobs", 1)[0] == 0
    write(tmp_path, "t.smt2", TOUCHING)
    assert prove(capsys, file, "--out", out, "--jobs", 1, "--timeout", 1)[0] == 3
    assert [p.name for p in out.iterdir()] == ["unfinished"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["missing.smt2"], "missing.smt2"),
        (["--timeout", "0", "t.smt2"], "timeout"),
        (["--timeout", "-1", "t.smt2"], "timeout"),
        (["--timeout", "nan", "t.smt2"], "timeout"),
        (["--timeout", "inf", "t.smt2"], "timeout"),
        (["--timeout", "x", "t.smt2"], "timeout"),
        (["--jobs", "-1", "t.smt2"], "jobs"),
        (["--jobs", "x", "t.smt2"], "jobs"),
        (["--precision", "nan", "t.smt2"], "precision"),
        (["--precision", "0", "t.smt2"], "precision"),
        (["--memory", "-5", "t.smt2"], "memory"),
        (["--seed", "-1", "t.smt2"], "seed"),
        (["--nonsense", "t.smt2"], "nonsense"),
        (["t.smt2", "missing.smt2"], "missing.smt2"),
        (["t.smt2", "--out", "/dev/null/x"], "/dev/null/x"),
        (["t.smt2", "--out", "/proc/nothing/x"], "/proc/nothing"),
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
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "t.smt2"]
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert word in err


def test_content_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.smt2").write_bytes(b"(assert true)\n\xff")
    (tmp_path / "c.smt2").write_bytes(b" " * 4_000_001)
    (tmp_path / "d.smt2").mkdir()
    (tmp_path / "e.smt2").write_text(TRUE)
    code, out, err = prove(capsys, tmp_path, "--out", tmp_path / "out", "--json")
    assert code == 2
    assert [row["verdict"] for row in json.loads(out)] == ["error", "error", "error", "proved"]
    lines = err.splitlines()
    assert lines[0] == f"error    b {tmp_path / 'b.smt2'}:2:1: not UTF-8"
    assert lines[1] == f"error    c {tmp_path / 'c.smt2'}:1:1: longer than 4000000 bytes"
    assert lines[2] == f"error    d {tmp_path / 'd.smt2'}: Is a directory"
    assert lines[3].startswith("proved   e by ")


def test_a_disk_that_is_full(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    out, file = tmp_path / "out", write(tmp_path, "t.smt2", TRUE)
    monkeypatch.setattr(os, "replace", full)
    code, text, err = prove(capsys, file, "--out", out, "--jobs", 1)
    assert (code, text) == (2, "")
    assert err == f"verify: error: {out / 't.json'}: No space left on device\n"
    assert list(out.iterdir()) == []


def test_two_runs_into_one_folder(tmp_path: Path) -> None:
    file = write(tmp_path, "t.smt2", TRUE)
    command = [sys.executable, "-m", "verify", "prove", str(file), "--out", str(tmp_path / "out"), "--jobs", "1"]
    runs = [
        subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [run.wait(timeout=60) for run in runs] == [0, 0]
    assert check(load(tmp_path / "out" / "t.json")) == "proved"
