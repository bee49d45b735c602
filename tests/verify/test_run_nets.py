"""`verify nets`: what is asked, a run from end to end, resumed, interrupted, and refused."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from verify_cases import called

from numeric import checkpoints, net_experiment
from verify.nets_view import CHECKPOINT, verdict_line
from verify.proof_regression import gallery_differences
from verify.run_nets import SMALL, Question, flow_words, read_data

TINY = ["nets", "--width", "0.05", "--samples", "12", "--steps", "4", "--gfs-every", "2", "--rtol", "0.02"]
ROOT = Path(__file__).parents[2]
SECONDS = re.compile(r"seconds.*")


def without_times(value: Any) -> Any:
    """Return plain data without what depends on the clock."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if not SECONDS.fullmatch(k)}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def results(folder: Path) -> Any:
    return json.loads((folder / "results.json").read_text())


@pytest.mark.parametrize(
    ("asked", "command"),
    [
        ({}, "python -m verify nets --arch fc-hardtanh"),
        (
            {"arch": "vgg11-bn", "width": 0.5, "loss": "cross-entropy", "lr": 0.01, "chunk": 10},
            "python -m verify nets --arch vgg11-bn --loss cross-entropy --width 0.5 --lr 0.01 --chunk 10",
        ),
        (
            {"data": "cifar10", "data_dir": Path("somewhere"), "samples": 1000},
            "python -m verify nets --arch fc-hardtanh --data cifar10 --samples 1000 --data-dir DIR",
        ),
        ({"arch": "resnet20"}, "python -m verify nets --arch resnet20"),
        ({"arch": "resnet20", "width": 0.5}, "python -m verify nets --arch resnet20 --width 0.5"),
        ({"arch": "resnet20", "activation": "relu"}, "python -m verify nets --arch resnet20 --activation relu"),
        ({"arch": "resnet20", "width": 1.0}, "python -m verify nets --arch resnet20 --width 1.0"),
        (
            {"arch": "resnet20", "width": 1.0, "activation": "gelu"},
            "python -m verify nets --arch resnet20 --activation gelu --width 1.0",
        ),
    ],
)
def test_the_command_asks_the_same_again(asked: dict[str, Any], command: str) -> None:
    question = Question(**asked)
    assert question.command() == command
    words = iter(shlex.split(command)[4:])
    given = {word.removeprefix("--").replace("-", "_"): next(words) for word in words}
    kinds: dict[str, Any] = {"width": float, "lr": float, "chunk": int, "samples": int, "data_dir": Path}
    again = Question(**{k: kinds.get(k, str)(v) for k, v in given.items()})
    assert again.asked() == question.asked()


@pytest.mark.parametrize("arch", SMALL)
def test_the_small_sizes_are_filled_in(arch: str) -> None:
    question = Question(arch=arch)
    assert question.width == SMALL[arch]["width"]
    assert question.samples == SMALL[arch]["samples"]
    papers = "hardtanh" if arch == "fc-hardtanh" else "relu"
    assert question.asked()["activation"] == ("gelu" if arch == "resnet20" else papers)
    assert Question(arch=arch, width=1.0).asked()["activation"] == papers
    assert Question(arch=arch, activation="relu").asked()["activation"] == "relu"


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (["--arch", "vgg19"], "--arch"),
        (["--activation", "sine"], "activation"),
        (["--loss", "hinge"], "--loss"),
        (["--data", "mnist"], "--data"),
        (["--data-dir", "."], "--data-dir"),
        (["--width", "0"], "--width"),
        (["--width", "nan"], "--width"),
        (["--samples", "0"], "--samples"),
        (["--samples", "1798"], "1797"),
        (["--lr", "0"], "--lr"),
        (["--lr", "nan"], "--lr"),
        (["--lr-factor", "-1"], "--lr-factor"),
        (["--rtol", "0"], "--rtol"),
        (["--rtol", "0.03"], "--rtol"),
        (["--steps", "0"], "--steps"),
        (["--gfs-every", "0"], "--gfs-every"),
        (["--chunk", "-1"], "--chunk"),
        (["--dtype", "float16"], "--dtype"),
        (["--device", "nowhere"], "--device"),
        (["--seed", "-1"], "--seed"),
        (["--max-gradients", "0"], "--max-gradients"),
        (["--data", "cifar10", "--data-dir", "no/such/folder"], "no/such/folder"),
    ],
)
def test_bad_input_gets_one_line(
    wrong: list[str], word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = called(capsys, *TINY, *wrong, "--out", str(tmp_path / "report"))
    assert code == 2
    assert out == ""
    assert word in err
    assert err.count("\n") == 1
    assert not (tmp_path / "report" / "report.md").exists()


def test_a_foreign_data_file_gets_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data_batch_1.bin").write_bytes(bytes(3073 * 20 - 1))
    arguments = ("--data", "cifar10", "--data-dir", str(tmp_path), "--out", str(tmp_path / "report"))
    code, _, err = called(capsys, *TINY, *arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert "data_batch_1.bin" in err


@pytest.mark.parametrize("arch", SMALL)
def test_a_run_ends_with_a_report(arch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = [*TINY, "--arch", arch, "--activation", "tanh", "--out", str(tmp_path)]
    sizes = ("--width", "0.1", "--samples", "3", "--steps", "2", "--max-gradients", "100", "--lr", "0.01")
    code, out, _ = called(capsys, *small, *sizes)
    data = results(tmp_path)
    assert code in (0, 1, 3)
    assert "measured:" in out
    assert (tmp_path / "report.md").read_text().startswith("# GFS sharpness")
    assert (tmp_path / "plots" / "nets-trajectory.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / CHECKPOINT).exists()
    assert len(data["run"]["loss"]) == 3
    assert [record["step"] for record in data["run"]["gfs"]] == [0, 2]
    assert data["network"]["parameters"] == sum(layer["parameters"] for layer in data["network"]["layers"])


def test_the_step_size_is_a_factor_of_the_edge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    called(capsys, *TINY, "--lr-factor", "1.25", "--out", str(tmp_path))
    run = results(tmp_path)["run"]
    assert run["eta"] == pytest.approx(1.25 * 2.0 / run["gfs"][0]["value"])


def test_a_run_that_diverges_is_a_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, *TINY, "--activation", "relu", "--lr", "1000", "--out", str(tmp_path))
    run = results(tmp_path)["run"]
    assert code == 0
    assert run["outcome"] == "diverged"
    assert f"diverged at step {run['diverged_at']}" in out
    assert 1 <= run["diverged_at"] <= 4


def test_too_little_work_is_undecided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, *TINY, "--max-gradients", "40", "--lr", "0.01", "--out", str(tmp_path))
    assert code == 3
    assert "undecided" in out
    assert {record["outcome"] for record in results(tmp_path)["run"]["gfs"]} == {"out of work"}


def test_without_a_gfs_sharpness_there_is_no_step_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = called(capsys, *TINY, "--max-gradients", "40", "--out", str(tmp_path))
    assert code == 2
    assert "give --lr" in err


@pytest.mark.parametrize("stop", [0, 1, 3])
def test_a_resumed_run_has_the_numbers_of_an_uninterrupted_one(
    stop: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    called(capsys, *TINY, "--out", str(whole))
    genuine = net_experiment.largest_eigenpair
    calls = iter(range(100))

    def interrupting(*arguments: Any, **named: Any) -> Any:
        if next(calls) == stop:
            raise KeyboardInterrupt
        return genuine(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(net_experiment, "largest_eigenpair", interrupting)
        code, _, err = called(capsys, *TINY, "--out", str(cut))
    assert code == 130
    assert "--resume" in err
    assert not (cut / "report.md").exists()
    code, _, err = called(capsys, *TINY, "--out", str(cut))
    assert code == 2
    assert "--resume" in err
    code, _, err = called(capsys, *TINY, "--resume", "--rtol", "0.015", "--out", str(cut))
    assert code == 2
    assert "rtol" in err
    called(capsys, *TINY, "--resume", "--out", str(cut))
    assert without_times(results(cut)) == without_times(results(whole))


def test_an_interrupt_within_a_flow_keeps_the_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    called(capsys, *TINY, "--out", str(whole))
    genuine = net_experiment.measure_gfs

    def interrupting(*arguments: Any, step: int, **named: Any) -> Any:
        if step == 2:
            raise KeyboardInterrupt
        return genuine(*arguments, step=step, **named)

    with monkeypatch.context() as patch:
        patch.setattr(net_experiment, "measure_gfs", interrupting)
        assert called(capsys, *TINY, "--out", str(cut))[0] == 130
    called(capsys, *TINY, "--resume", "--out", str(cut))
    assert without_times(results(cut)) == without_times(results(whole))


def test_no_space_for_a_checkpoint_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, checkpoint: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(checkpoints, "save", full)
    code, _, err = called(capsys, *TINY, "--out", str(tmp_path))
    assert code == 2
    assert err.strip().endswith("No space left on device")
    assert not (tmp_path / "report.md").exists()


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content in (b"", b"PK\x03\x04 no zip", np.arange(5).tobytes()):
        (tmp_path / CHECKPOINT).write_bytes(content)
        code, _, err = called(capsys, *TINY, "--resume", "--out", str(tmp_path))
        assert code == 2
        assert CHECKPOINT in err
        assert err.count("\n") == 1


@pytest.mark.parametrize(("package", "arguments"), [("torch", []), ("pooch", ["--data", "cifar10"])])
def test_a_missing_package_is_named_with_its_extra(package: str, arguments: list[str], tmp_path: Path) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; from verify.cli import main; main({['nets', *arguments]})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert f"the package {package} is missing" in done.stderr
    assert "'.[nets]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_words_name_what_the_network_has() -> None:
    assert any("kink" in text for text in flow_words(Question(arch="vgg11-bn", activation="gelu"))["assumes"])
    assert not any("kink" in text for text in flow_words(Question(activation="tanh"))["assumes"])
    assert any("Batch normalisation" in text for text in flow_words(Question(arch="resnet20"))["assumes"])
    assert any("no minimum" in text for text in flow_words(Question(loss="cross-entropy"))["assumes"])


def test_the_verdict_names_a_rise() -> None:
    fall = {"measurements": 3, "falls": 1, "within": 0, "rises": 1, "contradicted": True}
    run = {"outcome": "finished", "fall": fall, "loss_increases": 2, "steps": 9, "diverged_at": None}
    assert "RISES" in verdict_line(run)
    assert "never rises" in verdict_line(run | {"fall": fall | {"contradicted": False}})


def test_the_proof_regression_knows_that_such_a_run_has_no_claims(tmp_path: Path) -> None:
    (tmp_path / "example").mkdir()
    results = {"model": "nets", "claims": [], "question": {}}
    (tmp_path / "example" / "results.json").write_text(json.dumps(results))
    assert gallery_differences({}, tmp_path) == []


def test_the_default_data_are_the_digits() -> None:
    assert read_data(Question()).kind == "digits"
