"""The command line, as it is called: exit codes, one line for bad input, nothing loaded or written that need not be."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from verify_cases import called

from verify import cli
from verify.explain import proof_lines
from verify.theorems.scalar import scalar_graph, selected_graph

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "certificates"
PROOFS = ROOT / "verify" / "proofs"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "TERM": "dumb"}

# The command line on a part of the claims, so that a run takes seconds: the claims named in the first argument.
PART = """
import sys
from dataclasses import replace
import verify.theorems.scalar as scalar
from verify.claims import ClaimGraph
whole, names = scalar.selected_graph, sys.argv.pop(1).split()
def part(depth, theorem):
    claims = [c for c in whole(depth, theorem).claims if c.identifier in names]
    return ClaimGraph(tuple(replace(c, rests_on=tuple(i for i in c.rests_on if i in names)) for c in claims))
scalar.selected_graph = part
from verify.cli import main
main()
"""
FEW = "A1 A2.2 A5.1 A5.3 A5 A6.1 A6 theorem-A D2.1 B1 theorem-B D2.2.false"


def verify(*arguments: str, cwd: Path, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run `python -m verify` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "verify", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=ENVIRONMENT,
        timeout=timeout,
        check=False,
    )


def part_command(names: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", PART, names, *arguments]


# Help


def test_help_is_quick_and_names_the_commands(tmp_path: Path) -> None:
    began = time.perf_counter()
    done = verify("--help", cwd=tmp_path)
    assert time.perf_counter() - began < 2.0
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("scalar", "regression", "nets", "prove", "check", "explain", "proofs"):
        assert re.search(rf"^\s+{command}\s", done.stdout, re.MULTILINE)
    assert verify(cwd=tmp_path).stdout == done.stdout


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("scalar", ["--depth", "--theorem", "--out", "--jobs", "--seed", "--samples", "--json"]),
        ("regression", ["--data", "--target", "--eta-factor", "--certify", "--steps", "--out", "--json"]),
        ("check", ["--quiet", "paths"]),
        (
            "prove",
            [
                "files",
                "--timeout",
                "--memory",
                "--precision",
                "--jobs",
                "--scheduler",
                "--seed",
                "--resume",
                "--out",
                "--json",
            ],
        ),
        ("explain", ["--depth", "claim"]),
        ("proofs", ["--update", "--jobs"]),
    ],
)
def test_help_of_each_command(command: str, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(capsys, command, "--help")
    assert (code, err) == (0, "")
    assert all(option.lower() in out.lower() for option in options)


# Bad input


BAD = {
    "depth 1": ["scalar", "--depth", "1"],
    "depth 7": ["scalar", "--depth", "7"],
    "depth 0": ["scalar", "--depth", "0"],
    "depth -1": ["scalar", "--depth", "-1"],
    "depth x": ["scalar", "--depth", "x"],
    "depth 2.5": ["scalar", "--depth", "2.5"],
    "depth 1e0": ["scalar", "--depth", "4e0"],
    "depth of 400 digits": ["scalar", "--depth", str(10**400)],
    "depth empty": ["scalar", "--depth", ""],
    "depth in other digits": ["scalar", "--depth", "٤"],
    "depth with a line break": ["scalar", "--depth", "4\n5"],
    "depth with a sign": ["scalar", "--depth", "+4"],
    "depth with spaces": ["scalar", "--depth", " 4 "],
    "depth without a value": ["scalar", "--depth"],
    "theorem foo": ["scalar", "--theorem", "foo"],
    "theorem empty": ["scalar", "--theorem", ""],
    "theorem with a line break": ["scalar", "--theorem", "a\nb"],
    "samples 0": ["scalar", "--samples", "0"],
    "samples -5": ["scalar", "--samples", "-5"],
    "samples of 400 digits": ["scalar", "--samples", str(10**400)],
    "samples x": ["scalar", "--samples", "x"],
    "samples 1.5": ["scalar", "--samples", "1.5"],
    "jobs -1": ["scalar", "--jobs", "-1"],
    "jobs 100000": ["scalar", "--jobs", "100000"],
    "jobs nan": ["scalar", "--jobs", "nan"],
    "seed -1": ["scalar", "--seed", "-1"],
    "seed of 400 digits": ["scalar", "--seed", str(10**400)],
    "seed of 5000 digits": ["scalar", "--seed", "1" * 5000],
    "unknown option": ["scalar", "--nonsense"],
    "unknown argument": ["scalar", "more"],
    "unknown command": ["improve"],
    "prove nothing": ["prove"],
    "empty command": [""],
    "out below a device": ["scalar", "--samples", "1", "--out", "/dev/null/x"],
    "out in /proc": ["scalar", "--samples", "1", "--out", "/proc/nothing/x"],
    "out below a file": ["scalar", "--samples", "1", "--out", "file/below"],
    "out is a file": ["scalar", "--samples", "1", "--out", "file"],
    "out with a zero byte": ["scalar", "--samples", "1", "--out", "a\0b"],
    "out with a long name": ["scalar", "--samples", "1", "--out", "x" * 300],
    "explain an unknown claim": ["explain", "Z9"],
    "explain an empty claim": ["explain", ""],
    "explain a claim with a line break": ["explain", "A\n1"],
    "explain nothing": ["explain"],
    "explain at depth 9": ["explain", "A1", "--depth", "9"],
    "check nothing": ["check"],
    "proofs with jobs -1": ["proofs", "--jobs", "-1"],
    "proofs with an argument": ["proofs", "x"],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_one_line_and_writes_nothing(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("kept")
    monkeypatch.chdir(tmp_path)
    code, out, err = called(capsys, *BAD[name])
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("verify: error: ")
    assert err.isprintable() or err.rstrip("\n").isprintable()
    assert len(err) < 6000
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize(
    "name", ["depth 2.5", "theorem foo", "samples x", "unknown option", "unknown command", "out below a file"]
)
def test_bad_input_as_it_is_called(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = verify(*BAD[name], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_package_that_is_missing_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_depth", lambda text: (_ for _ in ()).throw(ModuleNotFoundError(name="sympy")))
    code, _, err = called(capsys, "scalar")
    assert code == 2
    assert err == "verify: error: the package sympy is missing; install this project with pip to get it\n"


def test_an_interrupt_gives_130(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(text: str) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_depth", interrupted)
    assert called(capsys, "explain", "A1")[0] == 130


# check


def test_check_of_what_is_no_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = (PROOFS / "every-depth" / "A1.json").read_bytes()
    damaged = {
        "truncated.json": content[: len(content) // 2],
        "newer.json": content.replace(b'"version": 1', b'"version": 2'),
        "empty.json": b"",
        "binary.json": bytes(range(256)),
        "gzip.json.gz": gzip.compress(content)[:-4],
        "digest.json": content.replace(b'"digest": "', b'"digest": "f'),
    }
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
        code, out, err = called(capsys, "check", str(tmp_path / name))
        assert code == 2
        assert out == "0 of 1 accepted, 1 rejected, 0 incomplete or missing\n"
        assert len(err.splitlines()) == 1
        assert err.startswith("REJECTED")
    code, _, err = called(capsys, "check", str(tmp_path / "missing.json"))
    assert (code, len(err.splitlines())) == (2, 1)
    code, out, err = called(capsys, "check", str(tmp_path))
    assert (code, len(err.splitlines())) == (2, len(damaged))
    (tmp_path / "none").mkdir()
    assert called(capsys, "check", str(tmp_path / "none"))[0] == 3


@pytest.mark.parametrize("kind", ["invalid", "malformed"])
def test_check_accepts_none_of_the_corpus_of_wrong_certificates(kind: str, tmp_path: Path) -> None:
    done = verify("check", str(CORPUS / kind), cwd=tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(r"0 of \d+ accepted, \d+ rejected, \d+ incomplete or missing\n", done.stdout)
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_of_the_corpus_of_valid_certificates(tmp_path: Path) -> None:
    done = verify("check", "--quiet", str(CORPUS / "valid"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"(\d+) of \1 accepted, 0 rejected, 0 incomplete or missing\n", done.stdout)


HEAVY = ("numpy", "sympy", "z3", "cvc5", "scipy", "matplotlib", "mpmath", "rich", "jinja2")


def test_check_loads_the_checkers_alone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "verify", "check", str(PROOFS / "every-depth" / "A1.json")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        timeout=60,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "verify.kernel.checker" in loaded
    assert [name for name in sorted(loaded) if name.split(".")[0] in HEAVY] == []
    ours = {
        name
        for name in loaded
        if name.startswith("verify.") and not name.startswith(("verify.kernel", "verify.trajectory", "verify.limits"))
    }
    commands = {"verify.cli", "verify.cli_scalar", "verify.__main__"}
    assert ours <= {*commands, "verify.checking", "verify.trees"}


# explain


def test_explain_a_lemma(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(capsys, "explain", "A2.1")
    assert (code, err) == (0, "")
    claim = scalar_graph(4).by_identifier["A2.1"]
    assert claim.statement is not None
    for part in (claim.title, claim.words, claim.formula, claim.statement.digest(), claim.statement.text().rstrip()):
        assert part in out
    assert "proved, re-checked by the kernel just now" in out
    assert "sum: " in out
    below = set(scalar_graph(4).closure(["A2.1"])) - {"A2.1"}
    assert all(re.search(rf"^    {re.escape(name)} ", out, re.MULTILINE) for name in below)


def test_explain_a_theorem(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(capsys, "explain", "theorem-C", "--depth", "3")
    assert (code, err) == (0, "")
    claim = scalar_graph(3).by_identifier["theorem-C"]
    assert "depth 3" in out.splitlines()[0]
    assert "Written proof (checked by no program)" in out
    assert claim.argument in out
    for name in set(scalar_graph(3).closure(["theorem-C"])) - {"theorem-C"}:
        assert re.search(rf"^    {re.escape(name)} ", out, re.MULTILINE), name
    assert re.search(r"^    theorem-B .*\(written argument\)$", out, re.MULTILINE)


def test_explain_a_false_neighbour(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "explain", "D2.2.false")
    assert code == 0
    assert "refuted, re-checked by the kernel just now" in out
    assert re.search(r"^    eta = \d+(/\d+)?$", out, re.MULTILINE)


def test_explain_a_proof_by_boxes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "explain", "C2.1", "--depth", "2")
    assert code == 0
    tree = json.loads((PROOFS / "depth-2" / "C2.1.json").read_text())["proof"]["tree"]
    cuts = sum("a" <= letter <= "z" for letter in re.sub(r"\([^)]*\)", "", tree))  # without what is narrowed
    assert f"{cuts} cuts, {cuts + 1} leaves" in out


@pytest.mark.slow
@pytest.mark.parametrize("name", ["A1", "C4", "D2.above", "theorem-A", "N0.1", "C1.1"])
@pytest.mark.parametrize("depth", ["2", "5"])
def test_explain_other_claims(name: str, depth: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(capsys, "explain", name, "--depth", depth)
    assert (code, err) == (0, "")
    assert out.startswith(f"{name}: ")


def test_leaves_with_multipliers_are_counted_by_themselves() -> None:
    """A leaf with a multiplier shows the conclusion; it is not one on which a hypothesis fails."""
    (line,) = proof_lines({"rule": "bisection", "tree": "aa.!.b[A3/4]!A"})
    assert line.startswith("3 cuts, 4 leaves")
    assert [int(n) for n in re.findall(r"on (\d+)", line)] == [2, 1, 1]
    assert "multiplier" in line


# scalar


def run_part(names: str, out: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], float]:
    began = time.perf_counter()
    done = subprocess.run(
        part_command(names, "scalar", "--depth", "2", "--jobs", "2", "--out", str(out), *arguments),
        capture_output=True,
        text=True,
        cwd=out.parent,
        env=ENVIRONMENT,
        timeout=120,
        check=False,
    )
    return done, time.perf_counter() - began


def assert_results(data: dict[str, Any], out: Path, names: list[str]) -> None:
    assert (data["schema"], data["model"]) == (2, "scalar")
    assert set(data) == {
        "schema", "model", "command", "question", "versions", "seconds", "theorems", "claims", "identities",
        "experiment", "one_step",
    }  # fmt: skip
    assert [c["identifier"] for c in data["claims"]] == names
    assert data["question"]["depth"] == 2
    for claim in data["claims"]:
        assert claim["verdict"] == ("refuted" if claim["kind"] == "neighbour" else "proved"), claim["identifier"]
        assert claim["tier"] in ("kernel", "argument")
        if claim["certificate"]:
            file = out / claim["certificate"]
            assert file.stat().st_size == claim["certificate_bytes"]
            assert claim["digest"] in file.read_text()
    assert data["identities"]
    assert all(identity["holds"] for identity in data["identities"])
    assert data["experiment"]["contradicted"] is False
    assert data["one_step"]["theorem_a"]["contradicted"] is False


def test_a_run_from_end_to_end_and_again(tmp_path: Path) -> None:
    """On a part of the claims: table or JSON, results, report; the second run finds the certificates of the first."""
    out = tmp_path / "out"
    done, _ = run_part(FEW, out, "--samples", "50", "--theorem", "invariance", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data == json.loads((out / "results.json").read_text())
    names = [c.identifier for c in scalar_graph(2).claims if c.identifier in FEW.split()]
    assert_results(data, out, names)
    assert data["command"] == "python -m verify scalar --depth 2 --theorem invariance --samples 50"
    report = (out / "report.md").read_text()
    assert all(name in report for name in names if not name.startswith("theorem"))
    assert "Theorem A" in report
    assert f"report: {out / 'report.md'}" in done.stderr.replace("\n", "")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert not [p for p in out.rglob("*") if p.name.startswith(".")]

    kept = {p: p.read_bytes() for p in (out / "certificates").iterdir()}
    again, _ = run_part(FEW, out, "--samples", "20")
    assert again.returncode == 0, again.stderr
    assert "theorem-B" in again.stdout
    assert "proved" in again.stdout
    second = json.loads((out / "results.json").read_text())
    assert all(c["prover_seconds"] == 0.0 for c in second["claims"])
    assert sum(c["prover_seconds"] for c in data["claims"]) > 0.0
    assert {p: p.read_bytes() for p in (out / "certificates").iterdir()} == kept


@pytest.mark.parametrize("whole_group", [True, False])
def test_an_interrupt_keeps_what_is_proved(whole_group: bool, tmp_path: Path) -> None:
    """Ctrl-C, which reaches every process of the group, or a signal to the command alone."""
    out, slow = tmp_path / "out", "N0.2 A5.1 A3.1 A3.3"  # N0.2 first and at once, then the two that take seconds
    process = subprocess.Popen(
        part_command(slow, "scalar", "--depth", "2", "--jobs", "2", "--out", str(out), "--samples", "10"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not list(out.glob("certificates/[A-Z]*.json*")) and time.monotonic() < deadline:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.02)
        if whole_group:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert process.returncode == 130
    assert stdout == ""
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1] == "verify: interrupted; what was proved is kept"
    assert stderr.count("interrupted") == 1
    kept = sorted(p.name for p in (out / "certificates").iterdir())
    assert kept
    assert not (out / "results.json").exists()
    assert called_check(out / "certificates").returncode == 0
    if whole_group:
        done, _ = run_part("N0.2 A5.1", out, "--samples", "10", "--json")
        assert done.returncode == 0, done.stderr
        claims = {c["identifier"]: c for c in json.loads(done.stdout)["claims"]}
        assert claims["N0.2"]["prover_seconds"] == 0.0
        assert (claims["A5.1"]["prover_seconds"] == 0.0) == ("A5.1.json" in kept)


def called_check(folder: Path) -> subprocess.CompletedProcess[str]:
    return verify("check", "--quiet", str(folder), cwd=folder.parent)


@pytest.mark.slow
def test_a_whole_run_from_end_to_end_and_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["scalar", "--depth", "2", "--theorem", "invariance", "--samples", "50", "--json", "--out", str(out)]
    first = verify(*command, cwd=tmp_path, timeout=400)
    second = verify(*command, cwd=tmp_path, timeout=400)
    assert (first.returncode, second.returncode) == (0, 0)
    assert_results_of_whole(json.loads(first.stdout), [c.identifier for c in selected_graph(2, "invariance").claims])
    assert all(c["prover_seconds"] == 0 for c in json.loads(second.stdout)["claims"])


def assert_results_of_whole(data: dict[str, Any], names: list[str]) -> None:
    assert [c["identifier"] for c in data["claims"]] == names
    assert {c["verdict"] for c in data["claims"] if c["kind"] != "neighbour"} == {"proved"}
    assert {c["verdict"] for c in data["claims"] if c["kind"] == "neighbour"} == {"refuted"}
