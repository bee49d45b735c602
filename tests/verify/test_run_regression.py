"""`verify regression`: what is asked, what it is asked of, and a run from end to end."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from verify_cases import called

from verify.run_regression import Question, certified_problem, data_sets, make_plan
from verify.theorems.squared_regression import regression_graph

SMALL = ["regression", "--samples", "2", "--features", "4", "--eta-factor", "1.05", "--steps", "25", "--jobs", "2"]


def table(folder: Path, text: str) -> str:
    path = folder / "numbers.csv"
    path.write_text(text)
    return str(path)


GOOD = "a,b,c,y\n1,2,0.5,1\n-1,0.3,2,0\n0.2,-1,1,2\n"


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        ({}, "python -m verify regression"),
        (
            {"data": "gaussian", "samples": 10, "features": 50, "eta_factor": 1.05, "steps": 500, "certify": True},
            "python -m verify regression --data gaussian --samples 10 --features 50 --eta-factor 1.05 --steps 500 "
            "--certify",
        ),
        ({"data": "a b.csv", "target": "y"}, "python -m verify regression --data 'a b.csv' --target y"),
    ],
)
def test_the_command_asks_the_same_again(asked: dict[str, Any], command: str) -> None:
    question = Question(**asked)
    assert question.command() == command
    words = iter(shlex.split(command)[4:])
    again: dict[str, Any] = {}
    for word in words:
        name = word.removeprefix("--").replace("-", "_")
        again[name] = True if name == "certify" else next(words)
    kinds: dict[str, Any] = {"samples": int, "features": int, "steps": int, "eta_factor": float}
    assert Question(**{k: kinds.get(k, lambda v: v)(v) for k, v in again.items()}) == question


@pytest.mark.parametrize(
    "asked",
    [
        {"samples": -1},
        {"data": "gaussian", "features": 10**6},
        {"steps": 10**6},
        {"eta_factor": 0.0},
        {"eta_factor": -1.0},
        {"eta_factor": float("nan")},
        {"eta_factor": float("inf")},
        {"scale": float("nan")},
        {"scale": -1.0},
        {"seed": -1},
        {"seed": 2**32},
        {"data": "file.csv"},
        {"data": "all", "target": "y"},
        {"data": "diabetes", "features": 5},
    ],
)
def test_questions_that_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="--"):
        Question(**asked)


def test_the_file_is_named_without_its_folder() -> None:
    assert Question(data="/secret/place/a.csv", target="y").asked()["data"] == "a.csv"


def test_the_data_that_are_asked_for(tmp_path: Path) -> None:
    assert len(data_sets(Question())) == 4
    (one,) = data_sets(Question(data="gaussian", samples=3, features=7, seed=5))
    assert one.data.features.shape == (3, 7)
    (patients,) = data_sets(Question(data="diabetes", samples=6))
    assert patients.data.features.shape == (6, 64)
    (read,) = data_sets(Question(data=table(tmp_path, GOOD), target="y"))
    assert read.data.features.shape == (3, 3)


def test_the_problem_to_certify_is_the_run_of_the_experiment() -> None:
    question = Question(data="gaussian", samples=3, features=7, eta_factor=1.1, seed=5, certify=True)
    (one,) = data_sets(question)
    problem = certified_problem(question, one.data)
    assert [[float(x) for x in row] for row in problem.features] == one.data.features.tolist()
    plan = make_plan(question)
    assert plan.problem == problem
    assert make_plan(Question(data="gaussian", samples=3, features=7)).problem is None
    assert Question().certifies
    assert not Question(eta_factor=1.0).certifies


def test_data_that_cannot_be_certified(tmp_path: Path) -> None:
    question = Question(data="gaussian", samples=4, features=2, certify=True)
    with pytest.raises(ValueError, match="--certify needs samples that are linearly independent"):
        make_plan(question)
    with pytest.raises(ValueError, match="200"):
        make_plan(Question(data="gaussian", samples=2, features=300, certify=True))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--samples", "0"], "--samples 0"),
        (["--features", "0"], "--features 0"),
        (["--samples", "-3"], "--samples -3"),
        (["--steps", "0"], "--steps 0"),
        (["--eta-factor", "0"], "--eta-factor"),
        (["--eta-factor", "-1"], "--eta-factor"),
        (["--eta-factor", "nan"], "--eta-factor"),
        (["--eta-factor", "inf"], "--eta-factor"),
        (["--eta-factor", "x"], "eta-factor"),
        (["--scale", "0"], "--scale"),
        (["--scale", "nan"], "--scale"),
        (["--data", "nowhere.csv", "--target", "y"], "nowhere.csv"),
        (["--data", "/dev/null", "--target", "y"], "null"),
        (["--data", ".", "--target", "y"], ""),
        (["--data", "nowhere.csv"], "--target"),
        (["--target", "y"], "--target"),
        (["--data", "diabetes", "--samples", "100000"], "--samples"),
        (["--data", "diabetes", "--samples", "65"], "64"),
        (["--out", "/dev/null/x"], "/dev/null"),
        (["--jobs", "-1"], "--jobs"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = called(capsys, "regression", *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1, err
    assert words in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a,y\n1,2\nx,3\n", "x"),
        ("a,y\n1,nan\n2,3\n", "nan"),
        ("a,y\n1,inf\n2,3\n", "inf"),
        ("a,b\n1,2\n3,5\n", "y"),
        ("a,y\n1,2\n1,3\n", "constant"),
        ("a,y\n1,2\n3\n", ""),
        ("a,y\n1,2\n2,3\n3,1\n", "no linear function"),
    ],
)
def test_a_bad_file_is_one_line(
    text: str, words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = called(capsys, "regression", "--data", table(tmp_path, text), "--target", "y")
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1, err
    assert words in err
    assert [p.name for p in tmp_path.iterdir()] == ["numbers.csv"]


def test_a_run_from_end_to_end_and_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    code, printed, err = called(capsys, *SMALL, "--certify", "--out", str(out))
    assert code == 0, err
    assert "phi(t+1) <= phi(t) proved for 25 of 25 steps, tier kernel" in " ".join(printed.split())
    data = json.loads((out / "results.json").read_text())
    assert [c["identifier"] for c in data["claims"]] == [c.identifier for c in regression_graph().claims]
    assert {c["verdict"] for c in data["claims"] if c["kind"] != "neighbour"} == {"proved"}
    assert {c["verdict"] for c in data["claims"] if c["kind"] == "neighbour"} == {"refuted"}
    assert {t["identifier"]: t["tier"] for t in data["theorems"]} == dict.fromkeys(
        ("theorem-R", "theorem-S"), "argument"
    )
    assert all(identity["holds"] for identity in data["identities"])
    assert data["certified"]["steps_proved"] == 25
    assert data["map"] is None
    (run,) = data["experiment"]["runs"]
    assert np.isclose(float(data["certified"]["eta_phi"][0][0]), run["eta_phi_start"], rtol=1e-12)
    assert "25" in (out / "report.md").read_text()
    assert (out / data["certified"]["certificate"]).is_file()
    code, printed, err = called(capsys, *SMALL, "--out", str(out), "--json")
    assert code == 0, err
    again = json.loads(printed)
    assert again["certified"] is None
    assert all(c["prover_seconds"] == 0.0 for c in again["claims"])


def test_divergence_is_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*SMALL[:-6], "--eta-factor", "40", "--steps", "60", "--certify", "--out", str(tmp_path / "out")]
    code, _, err = called(capsys, *arguments)
    assert code in (1, 3), err
    data = json.loads((tmp_path / "out" / "results.json").read_text())
    assert data["experiment"]["runs"][0]["outcome"] == "diverged"
    assert data["certified"]["steps_proved"] + data["certified"]["steps_refuted"] < 60
    assert data["certified"]["reason"]
