"""Results of a run on a network that contradict themselves are refused, naming the place."""

import itertools
import json
import math

import numpy as np
import pytest
from nets_example import ETA, PHI_START, STEPS, diverged_run, net_run, nets_results, with_values

from numeric.net_results import FallStatistic
from reports.__main__ import main
from reports.errors import ResultsError
from reports.nets_consistency import in_error_bars, measured
from reports.schema import validate


def change(*path, **fields):
    """Return a function that changes fields of the record at a path of names and indices."""

    def apply(results: dict) -> None:
        found = results
        for key in path:
            found = found[key]
        found.update(fields)

    return apply


def drop(name: str, *path):
    def apply(results: dict) -> None:
        found = results
        for key in path:
            found = found[key]
        found.pop(name)

    return apply


def refused(results: dict, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        validate(results)


@pytest.mark.parametrize(
    "run", [net_run(), diverged_run(), with_values((30.0, 0.1)), with_values((3.0, 0.1), (4.0, 1.0))]
)
def test_runs_of_the_experiment_are_valid_and_go_through_json(run) -> None:
    validate(json.loads(json.dumps(nets_results(run))))


def test_further_fields_are_allowed() -> None:
    results = nets_results()
    for record in (results, results["run"], results["run"]["gfs"][0], results["network"]["layers"][0]):
        record["later"] = 1
    validate(results)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (drop("flow"), "results: the field 'flow' is missing"),
        (drop("network"), "results: the field 'network' is missing"),
        (change(model="regression"), "results.question: the field 'features' is missing"),
        (change("question", loss="l1"), "results.question.loss: expected one of mse, cross-entropy, got"),
        (change("question", dtype="int8"), "results.question.dtype: expected one of float32, float64"),
        (change("question", rtol=0.0), "results.question.rtol: expected a finite number above 0, got 0.0"),
        (change("question", lr="1"), 'results.question.lr: expected a finite number above 0, got "1"'),
        (change("question", chunk=-1), "results.question.chunk: expected an integer of at least 0, got -1"),
        (change("data", kind="mnist"), "results.data.kind: expected one of cifar10, digits"),
        (change("machine", torch=2), "results.machine.torch: expected a string, got 2"),
        (change("flow", assumes="x"), "results.flow.assumes: expected a list"),
        (change("network", "layers", 1, output_shape=[0.5]), r"layers\[1\].output_shape\[0\]: expected an integer"),
        (change("run", eta=-0.1), "results.run.eta: expected a finite number above 0, got -0.1"),
        (change("run", eta=True), "results.run.eta: expected a finite number above 0, got true"),
        (change("run", eta=10**400), "results.run.eta: expected a finite number above 0, got 1000"),
        (change("run", loss=[math.nan]), r"run.loss\[0\]: expected a finite number of at least 0, got NaN"),
        (change("run", loss=[1.0, math.inf]), r"run.loss\[1\]: expected a finite number of at least 0, got Infinity"),
        (change("run", accuracy=[0.1, 1.5]), r"run.accuracy\[1\]: expected a number from 0 to 1, got 1.5"),
        (change("run", outcome="stopped"), "run.outcome: expected one of finished, diverged"),
        (change("run", "sharpness", 3, value=math.inf), r"sharpness\[3\].value: expected a finite number, got Inf"),
        (change("run", "sharpness", 3, residual=-1.0), r"sharpness\[3\].residual: expected a finite number of at"),
        (change("run", "gfs", 2, value=math.nan), r"gfs\[2\].value: expected a finite number, got NaN"),
        (change("run", "gfs", 2, error_left=-0.1), r"gfs\[2\].error_left: expected a finite number of at least 0"),
        (change("run", "gfs", 2, outcome="lost"), r"gfs\[2\].outcome: expected one of converged, out of work, div"),
        (change("run", "gfs", 2, "path", 1, loss=-1), r"gfs\[2\].path\[1\].loss: expected a finite number of at"),
        (drop("sharpness", "run", "gfs", 2, "path", 1), r"path\[1\]: the field 'sharpness' is missing"),
        (change("run", "fall", widening=math.inf), "fall.widening: expected a finite number of at least 0, got Inf"),
        (change("run", "fall", contradicted=0), "fall.contradicted: expected true or false, got 0"),
    ],
)
def test_wrong_fields(alter, message) -> None:
    results = nets_results()
    alter(results)
    refused(results, message)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (change(seconds=math.nan), "seconds: not a finite number"),
        (
            change(identities=[{"name": "x", "statement": "x", "source": "x", "holds": True}]),
            "identities: a run on a network is measured and proves nothing, but the list is not empty",
        ),
        (change("network", arch="vgg11"), "network: arch is vgg11, but fc-hardtanh was asked for"),
        (change("network", activation="tanh"), "network: activation is tanh, but hardtanh was asked for"),
        (change("network", width=2.0), "network: width is 2.0, but 1.0 was asked for"),
        (change("network", parameters=1), "network: parameters is 1, but 616610 is the sum over its layers"),
        (change("network", "layers", 2, parameters=0), "parameters is 616610, but 614600 is the sum over its layers"),
        (change("data", kind="digits"), "data: kind is digits, but cifar10 was asked for"),
        (change("data", samples=999), "data: samples is 999, but 1000 were asked for"),
        (change("run", diverged_at=3), "run: finished, but diverged_at is 3"),
        (change("run", outcome="diverged"), "run: diverged, but diverged_at is None"),
        (
            change("run", outcome="diverged", diverged_at=STEPS + 1),
            "run: diverged at step 241, but 240 steps were taken",
        ),
        (change("run", steps=STEPS - 1), "run: finished after 239 steps, but 240 were asked for"),
        (change("run", steps=STEPS + 1), "run: finished after 241 steps, but 240 were asked for"),
        (change("run", loss=[]), "run: 0 losses for 240 steps"),
        (change("run", loss=[1.0] * STEPS), "run: 240 losses for 240 steps"),
        (change("run", loss=[1.0] * (STEPS + 2)), "run: 242 losses for 240 steps"),
        (change("run", accuracy=[0.1]), "run: accuracy is not that of the start and of the end"),
        (change("run", loss_increases=0), r"run: loss_increases is 0, but the loss rises in \d+ steps"),
        (change("run", "sharpness", 2, step=4), "run: the steps of sharpness do not increase"),
        (change("run", "gfs", 2, step=60), "run: the steps of gfs do not increase"),
        (change("run", "gfs", -1, step=241), "run: gfs at step 241, but 240 steps were taken"),
        (change("run", "gfs", 2, value=None), "gfs at step 40: converged, but value is None"),
        (change("run", "gfs", 2, error=None), "gfs at step 40: converged, but error is None"),
        (change("run", "gfs", 2, outcome="diverged"), "gfs at step 40: diverged, but value is 2"),
        (change("run", "gfs", 2, value=0.0), "gfs at step 40: the value is 0, so that no relative rise is defined"),
        (change("run", "gfs", 2, error=1.0), "gfs at step 40: error is 1.0, but its parts add up to 0.0"),
        (change("run", "gfs", 2, error_eigenvalue=0.0), "gfs at step 40: error is 0.0"),
        (change("run", "gfs", 2, "path", 4, time=1.0), "gfs at step 40: the times of its path decrease"),
        (change("question", lr=None), "question: neither lr nor lr_factor is given"),
        (change("question", lr=0.081), "run: eta is 0.08, but 0.081 was asked for"),
        (change("question", lr=None, lr_factor=1.3), "run: eta_factor is 1.2, but 1.3 was asked for"),
        (change("run", eta_factor=1.1), "run: eta_factor is 1.1, but eta phi / 2 at the start is 1.2"),
        (change("run", eta_factor=None), "run: eta_factor is None, but eta phi / 2 at the start is 1.2"),
    ],
)
def test_results_that_contradict_themselves(alter, message) -> None:
    results = nets_results()
    alter(results)
    refused(results, message)


def test_step_sizes_of_both_kinds() -> None:
    results = nets_results()
    results["question"].update(lr=None, lr_factor=ETA * PHI_START / 2.0 * (1.0 + 5e-7))
    validate(results)


def test_a_start_that_was_not_measured() -> None:
    results = nets_results(diverged_run())
    results["run"]["gfs"] = results["run"]["gfs"][3:]
    results["run"].update(eta_factor=None, fall=vars(FallStatistic(0, 0, 0, 0, 0.0, None, None, None, False)))
    validate(results)
    results["question"].update(lr=None, lr_factor=1.2)
    refused(results, "run: eta is a multiple of 2 / phi at the start, which was not measured")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"measurements": 3}, "fall: measurements is 3, but 4 follows from the values"),
        ({"falls": 2}, "fall: falls is 2, but 1 follows from the values"),
        ({"within": 2}, "fall: within is 2, but 1 follows"),
        ({"rises": 0}, "fall: rises is 0, but 1 follows"),
        ({"widening": 2.0}, "fall: widening is 2.0, but 3.12"),
        ({"widening": 0.9}, "fall: widening is 0.9, but 3.12"),
        ({"largest_rise": None}, "fall: largest_rise is None, but 0.0625"),
        ({"largest_rise": 0.04}, "fall: largest_rise is 0.04, but 0.0625"),
        ({"rise_from": 60}, "fall: rise_from 60 and rise_to 60 are not steps of a pair of values"),
        ({"rise_from": None}, "fall: rise_from None and rise_to 60 are not steps of a pair"),
        ({"rise_from": 0, "rise_to": 20}, "rise_from and rise_to: rise in error bars is -12.5"),
        ({"contradicted": False}, "fall: contradicted is False, but widening is 3.12"),
    ],
)
def test_the_statistic_cannot_be_embellished(fields, message) -> None:
    results = nets_results(with_values((25.0, 0.25), (20.0, 0.15), (21.0, 0.25), (21.25, 0.25)))
    assert results["run"]["fall"] == {
        "measurements": 4,
        "falls": 1,
        "within": 1,
        "rises": 1,
        "widening": pytest.approx(3.125),
        "largest_rise": pytest.approx(0.0625),
        "rise_from": 20,
        "rise_to": 60,
        "contradicted": True,
    }
    validate(results)
    results["run"]["fall"] |= fields
    refused(results, message)


@pytest.mark.parametrize("field", ["widening", "largest_rise", "rise_from", "contradicted"])
def test_a_single_value_has_no_statistic(field) -> None:
    results = nets_results(with_values((30.0, 0.05)))
    results["run"]["fall"][field] = field == "contradicted" or 1
    refused(results, "fall: 1 values have no pair, but the statistic compares some")


def test_random_values_have_the_statistic_of_the_experiment() -> None:
    """The experiment and this package compute it apart from each other; a sequence that never rises decides."""
    rng = np.random.default_rng(0)
    contradicted = 0
    for _ in range(60):
        count = int(rng.integers(2, 9))
        values = 10.0 - 0.2 * np.arange(count) + rng.normal(0.0, 0.3, count)
        errors = rng.uniform(0.02, 0.25, count)
        results = nets_results(with_values(*zip(values.tolist(), errors.tolist(), strict=True)))
        validate(results)
        lowest = list(itertools.accumulate((values + errors).tolist(), min))
        fits = all(low >= value - error for low, value, error in zip(lowest, values, errors, strict=True))
        assert results["run"]["fall"]["contradicted"] is not fits
        contradicted += not fits
    assert 10 < contradicted < 50


def test_rises_in_error_bars() -> None:
    assert in_error_bars((0, 1.0, 0.25), (1, 2.0, 0.25)) == 2.0
    assert in_error_bars((0, 1.0, 0.0), (1, 2.0, 0.0)) == math.inf
    assert in_error_bars((0, 2.0, 0.0), (1, 1.0, 0.0)) == -math.inf
    assert in_error_bars((0, 1.0, 0.0), (1, 1.0, 0.0)) == 0.0
    assert [step for step, _, _ in measured(nets_results(diverged_run())["run"]["gfs"])] == [0, 20, 40]


def test_the_command_line_renders_and_checks_this_model(tmp_path, capsys) -> None:
    folder = tmp_path / "gallery" / "nets"
    folder.mkdir(parents=True)
    results = nets_results()
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert main([str(folder)]) == 0
    assert main(["--check", str(folder.parent)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(folder / "report.md"), "as rendered: nets"]
    results["run"]["gfs"][1]["path"][1]["loss"] *= 2.0
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert main(["--check", str(folder.parent)]) == 1
    assert "nets/plots/nets-flows.png: drawn from other data" in capsys.readouterr().out
    results["run"]["loss_increases"] = 1
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert main([str(folder)]) == 2
    assert "run: loss_increases is 1, but the loss rises in" in capsys.readouterr().err
