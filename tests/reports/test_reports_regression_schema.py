"""Results of the squared regression model that contradict themselves are refused, naming the place."""

import json
import math

import pytest
from regression_example import GAUSSIAN, ONE_SAMPLE, regression_results

from reports.__main__ import main
from reports.errors import ResultsError
from reports.schema import validate


def change_run(index: int = 0, **fields):
    return lambda r: r["experiment"]["runs"][index].update(fields)


def change(part: str, **fields):
    return lambda r: r[part].update(fields)


def change_data(index: int = 0, **fields):
    return lambda r: r["data_sets"][index].update(fields)


def change_enclosure(state: int, *pair: str):
    def apply(results: dict) -> None:
        results["certified"]["eta_phi"][state] = list(pair)

    return apply


def change_cell(table: str, value, panel: int = 0):
    def apply(results: dict) -> None:
        results["map"]["panels"][panel][table][0][0] = value

    return apply


def refused(results: dict, message: str) -> None:
    with pytest.raises(ResultsError, match=message):
        validate(results)


def test_the_example_is_valid_and_goes_through_json() -> None:
    validate(json.loads(json.dumps(regression_results())))


def test_further_fields_are_allowed() -> None:
    results = regression_results()
    for record in (results, results["experiment"]["runs"][0], results["map"]["examples"][0], results["certified"]):
        record["later"] = 1
    validate(results)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda r: r.pop("data_sets"), "results: the field 'data_sets' is missing"),
        (lambda r: r.pop("map"), "results: the field 'map' is missing"),
        (lambda r: r.update(model="scalar"), "results.question: the field 'depth' is missing"),
        (change("question", certify=1), "results.question.certify: expected true or false, got 1"),
        (change("question", eta_factor="1"), 'results.question.eta_factor: expected a number, got "1"'),
        (change_data(kind="web"), r"data_sets\[0\].kind: expected one of gaussian, diabetes, file"),
        (change_run(outcome="crashed"), r"runs\[0\].outcome: expected one of converged, stopped, diverged"),
        (change_run(rises=-1), r"runs\[0\].rises: expected an integer of at least 0, got -1"),
        (change_run(rises=True), r"runs\[0\].rises: expected an integer of at least 0, got true"),
        (lambda r: r["experiment"]["runs"][0].pop("error_bar"), r"runs\[0\]: the field 'error_bar' is missing"),
        (change("certified", tier="measured"), "results.certified.tier: expected one of kernel, none"),
        (change("certified", eta="1/0"), "results.certified.eta: expected a positive rational number in a string"),
        (change("certified", eta="0/7"), "results.certified.eta: expected a positive rational number"),
        (change("certified", eta=0.5), "results.certified.eta: expected a positive rational number"),
        (change("certified", smallest_fall="1e99999"), "smallest_fall: expected a decimal number in a string, or"),
        (change_enclosure(3, "2", "x"), r"certified.eta_phi\[3\]\[1\]: expected a decimal number in a string, got"),
        (change_enclosure(3, "2", "٣"), r"certified.eta_phi\[3\]\[1\]: expected a decimal number in a string, got"),
        (change_cell("tested", None), r"panels\[0\].tested\[0\]\[0\]: expected an integer of at least 0, got null"),
        (lambda r: r["map"].pop("theorem_contradicted"), "results.map: the field 'theorem_contradicted' is missing"),
    ],
)
def test_wrong_fields(alter, message) -> None:
    results = regression_results()
    alter(results)
    refused(results, message)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (change_data(1, name=GAUSSIAN), "two data sets have the name 'Gaussian, N = 5, d = 20, seed 0'"),
        (change_data(name=" "), "a data set has an empty name"),
        (change_data(rank=6), "its rank exceeds its size"),
        (change_run(data="x"), "experiment: run 0: no data set has the name 'x'"),
        (change("experiment", monotone_runs=12), "experiment: 12 monotone runs, but 13 have no rise"),
        (change("experiment", worst_run=13), "worst_run is 13, which is not a run with steps compared"),
        (change("experiment", worst_run=12), "worst_run is 12, which is not a run with steps compared"),
        (change("experiment", worst_run=-1), "worst_run is -1, which is not a run with steps compared"),
        (change("experiment", runs=[], monotone_runs=0), r"worst_run is \d+, but no steps were compared"),
        (
            change("experiment", observation_contradicted=True),
            "observation_contradicted is true, but the rises of the runs say false",
        ),
        (
            change("experiment", theorem_contradicted=True),
            "theorem_contradicted is true, but the rises of the runs say false",
        ),
        (change_run(steps=201), "run 0: steps is 201, more than the 200 steps asked for"),
        (change_run(loss_increases=201), "run 0: loss_increases is 201, more than the 200 steps"),
        (change_run(sign_changes=1), "run 0: phi_steps is 200, more than the 199 steps without a sign change"),
        (change_run(rises=201), "run 0: rises is 201, more than the 200 steps compared"),
        (change_run(phi_rises_after_sign_change=1), "phi_rises_after_sign_change is 1, more than the 0 sign changes"),
        (change_run(eta_phi_end=None), "run 0: converged, but eta_phi_end is None"),
        (change_run(12, loss_end=1.0), "run 12: diverged, but loss_end is 1.0"),
        (change_run(worst_rise=None), "run 0: steps were compared, but the worst of them is missing"),
        (change_run(worst_step=0), "run 0: steps were compared, but the worst of them is missing"),
        (change_run(rises=1), "run 0: 1 rises above 1 error bar, but the worst is "),
        (change_run(worst_rise_in_error_bars=7.0), "run 0: 0 rises above 1 error bar, but the worst is 7.0"),
        (change_run(worst_rise_in_error_bars=math.nan), "run 0: 0 rises above 1 error bar, but the worst is nan"),
        (lambda r: r["experiment"]["trajectories"][1]["loss"].pop(), "experiment: trajectory 1: its lists"),
        (lambda r: r["experiment"]["trajectories"][1].update(data="x"), "trajectory 1: no data set has the name 'x'"),
    ],
)
def test_experiments_that_contradict_themselves(alter, message) -> None:
    results = regression_results()
    alter(results)
    refused(results, message)


@pytest.mark.parametrize(("name", "covered"), [(GAUSSIAN, False), (ONE_SAMPLE, True)])
def test_a_rise_cannot_be_hidden(name, covered) -> None:
    results = regression_results()
    experiment = results["experiment"]
    index = next(k for k, run in enumerate(experiment["runs"]) if run["data"] == name)
    experiment["runs"][index].update(rises=1, worst_rise_in_error_bars=3.0)
    experiment["worst_run"] = -1
    refused(results, "worst_run is -1, which is not a run with steps compared")
    experiment["worst_run"] = next(k for k, run in enumerate(experiment["runs"]) if run["rises"] == 0)
    refused(results, r"worst_run is \d+, but another run has a larger rise")
    experiment["worst_run"] = index
    refused(results, "13 monotone runs, but 12 have no rise")
    experiment["monotone_runs"] = 12
    refused(results, "observation_contradicted is false, but the rises of the runs say true")
    experiment.update(observation_contradicted=True, theorem_contradicted=not covered)
    refused(results, f"theorem_contradicted is {str(not covered).lower()}, but the rises")
    experiment["theorem_contradicted"] = covered
    validate(results)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (lambda r: r["map"]["panels"][1]["tested"].pop(), "map: panel 1: tested is not a table of 4 x 3 cells"),
        (
            lambda r: r["map"]["panels"][1]["worst_rise"][2].pop(),
            "map: panel 1: worst_rise is not a table of 4 x 3 cells",
        ),
        (lambda r: r["map"]["panels"][0]["rows"].update(values=[]), "map: panel 0: it has no cells"),
        (change_cell("rising", 101), r"panel 0: cell \(0, 0\): 101 rising of 100 tested"),
        (change("map", samples_per_cell=90), "map: panel 0: 4700 steps tested, but only 4320 samples"),
        (change_cell("tested", 0), r"panel 0: cell \(0, 0\): 0 tested, but the worst is -40.0"),
        (change_cell("worst_rise", None), r"panel 0: cell \(0, 0\): 100 tested, but the worst is -40.0"),
        (change_cell("worst_in_error_bars", 2.0), r"cell \(0, 0\): 0 rising, but the worst is 2.0 error bars"),
        (change_cell("rising", 1), r"cell \(0, 0\): 1 rising, but the worst is -40.0 error bars"),
        (lambda r: r["map"]["examples"][0].update(panel=2), "map: an example refers to panel 2, which does not exist"),
        (lambda r: r["map"]["examples"][0].update(panel=-1), "map: an example refers to panel -1"),
    ],
)
def test_maps_that_contradict_themselves(alter, message) -> None:
    results = regression_results()
    alter(results)
    refused(results, message)


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (change("certified", data="x"), "certified run: no data set has the name 'x'"),
        (change("certified", steps_proved=41), "certified run: 41 steps, but 40 were asked for"),
        (change("certified", steps_proved=39), "it stopped after 39 of 40 steps, without a reason"),
        (change("certified", steps_proved=39, reason="x"), "certified run: 41 enclosures of eta \\* phi for 39 steps"),
        (change("certified", first_refuted=3), "certified run: 0 steps refuted, but the first of them is 3"),
        (change("certified", steps_proved=39, steps_unknown=1), "1 steps unknown, but the first of them is None"),
        (
            change("certified", steps_proved=39, steps_unknown=1, first_unknown=41),
            "1 steps unknown, but the first of them is 41",
        ),
        (change("certified", tier="none"), "certified run: steps proved or refuted, but its tier is none"),
        (change("certified", certificate=""), "certified run: tier kernel, but no certificate or no digest"),
        (change("certified", digest=""), "certified run: tier kernel, but no certificate or no digest"),
        (change("certified", sign_changes=41), "certified run: sign_changes is 41, more than its 40 steps"),
        (change_enclosure(3, "2"), "certified run: an enclosure of eta \\* phi is not a pair"),
        (change_enclosure(3, "2", "1"), "certified run: an enclosure of eta \\* phi is empty"),
        (change_enclosure(3, "2", "1e999"), "certified run: an enclosure of eta \\* phi is empty"),
        (change_enclosure(3, "2.41", "2.42"), "certified run: eta \\* phi rises in 1 steps, but 0 are refuted"),
        (
            lambda r: r["certified"]["eta_phi"].__setitem__(3, None),
            "certified run: 40 steps decided, but only 38 have enclosures",
        ),
        (change("certified", smallest_fall="0.001"), "certified run: a step falls by less than the smallest fall"),
        (change("certified", eta="1" + "0" * 301), "certified run: its step size is too large"),
    ],
)
def test_certified_runs_that_say_too_much(alter, message) -> None:
    results = regression_results()
    alter(results)
    refused(results, message)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"certificate": ""}, "rise 1: no certificate or no digest"),
        ({"digest": ""}, "rise 1: no certificate or no digest"),
        ({"rise": "0"}, "rise 1: phi does not rise"),
        ({"rise": "-1e-3"}, "rise 1: phi does not rise"),
        ({"rises": 0}, "rise 1: phi does not rise"),
        ({"eta_phi": ["2"]}, "rise 1: the enclosure of eta \\* phi is empty"),
        ({"eta_phi": ["2", "1"]}, "rise 1: the enclosure of eta \\* phi is empty"),
        ({"sign_change": False}, "rise 1: no sign change, but a weight moves by more than itself"),
        ({"rise": "x"}, "rises\\[1\\].rise"),
        ({"seed": "0"}, "rises\\[1\\].seed"),
    ],
)
def test_rises_that_are_none(fields, message) -> None:
    results = regression_results()
    results["rises"][1] |= fields
    refused(results, message)


def test_a_rise_of_one_error_bar_may_count_or_not() -> None:
    results = regression_results()
    results["experiment"]["runs"][4]["worst_rise_in_error_bars"] = 1.0
    results["experiment"]["worst_run"] = 4
    validate(results)


@pytest.mark.parametrize("part", ["experiment", "map", "certified", "rises"])
def test_a_part_may_be_missing(part) -> None:
    validate({**regression_results(), part: None})


def test_the_command_line_renders_and_checks_this_model(tmp_path, capsys) -> None:
    folder = tmp_path / "gallery" / "regression"
    folder.mkdir(parents=True)
    results = regression_results()
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert main([str(folder)]) == 0
    assert main(["--check", str(folder.parent)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(folder / "report.md"), "as rendered: regression"]
    results["experiment"]["trajectories"][0]["loss"][1] *= 2.0
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert main(["--check", str(folder.parent)]) == 1
    assert "regression/plots/trajectories.png: drawn from other data" in capsys.readouterr().out
    results["experiment"]["monotone_runs"] = 1
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    assert main([str(folder)]) == 2
    assert capsys.readouterr().err.endswith("experiment: 1 monotone runs, but 13 have no rise\n")
