"""Single steps that raise the GFS sharpness: found where they exist, never where Theorem R holds."""

import json

import mpmath as mp
import numpy as np
import pytest
import reference_regression as reference

from numeric import regression_map
from numeric.regression import RegressionData, correlation
from numeric.regression_data import gaussian_data
from numeric.regression_gfs import flow_solution
from numeric.regression_map import (
    ETA_PHI,
    MapExample,
    compare,
    contradicts,
    near_balanced,
    random_steps,
    run_regression_map,
    unbalanced,
)
from numeric.regression_results import RegressionMapResult


@pytest.fixture(scope="module")
def result() -> RegressionMapResult:
    return run_regression_map(seed=1, samples_per_cell=60)


def test_theorem_r_holds_in_its_columns(result: RegressionMapResult) -> None:
    assert not result.theorem_contradicted
    one, balanced, extreme = result.panels
    columns = [(one, i) for i in range(8)] + [(panel, i) for panel in (balanced, extreme) for i in (0, -1)]
    for panel, column in columns:
        rising, tested = np.array(panel.rising)[:, column], np.array(panel.tested)[:, column]
        assert tested.sum() > 400
        assert not rising.any()


def test_one_sample_is_one_panel(result: RegressionMapResult) -> None:
    panel = result.panels[0]
    assert panel.columns.values[0] == 1.0
    assert np.array(panel.tested).sum() > 4000
    assert (np.array(panel.worst_in_error_bars, dtype=float) <= 1.0).all()


def test_several_samples_rise_at_any_step_size(result: RegressionMapResult) -> None:
    for panel in result.panels[1:]:
        rising, tested = np.array(panel.rising), np.array(panel.tested)
        assert not rising[:, 0].any()
        assert (rising <= tested).all()
        assert (rising[:, 1:-1].sum(axis=1) > 0).all()
        worst, in_bars = np.array(panel.worst_rise, dtype=float), np.array(panel.worst_in_error_bars, dtype=float)
        assert ((in_bars > 1.0) == (rising > 0)).all()
        assert (worst[rising > 0] > 0.0).all()


def exact_rise(example: MapExample) -> mp.mpf:
    data, weights = RegressionData(np.array(example.x), np.array(example.y)), np.array(example.weights)
    start = flow_solution(data, weights).dual
    _, before = reference.flow_solution(data, reference.squares(weights), start)
    _, after = reference.flow_solution(data, reference.gd_step(data, weights, example.eta), start)
    with mp.workdps(50):
        return after / before - 1


def test_examples_are_confirmed_with_50_digits(result: RegressionMapResult) -> None:
    assert [example.panel for example in result.examples] == [1, 2]
    for example in result.examples:
        assert abs(exact_rise(example) - example.rise) <= example.error_bar
        assert example.rise > 0.05
        data = RegressionData(np.array(example.x), np.array(example.y))
        change = np.abs(2.0 * example.eta * correlation(data, np.array(example.weights))).max()
        assert change < 1.0
        assert f"max |2ηg| = {change:.3f}" in example.text
        panel = np.array(result.panels[example.panel].worst_rise, dtype=float)
        assert np.nanmax(panel) == example.rise


def test_a_small_counterexample_with_integers() -> None:
    """Two samples, three features, ``u_minus = 0``: ``phi`` rises by 12.8 %."""
    data = RegressionData(np.array([[0.0, 1.0, 1.0], [1.0, 1.0, -1.0]]), np.array([3.0, 2.0]))
    weights = np.sqrt(np.array([[[1.0, 4.0, 2.0], [0.0, 0.0, 0.0]]]))
    steps = compare(data, weights, np.array([0.225]))
    assert steps.tested.all()
    assert np.abs(2.0 * 0.225 * correlation(data, weights)).max() == pytest.approx(0.9)
    # The solution is p = (1, 2, 1), so H = [[3, 1], [1, 4]].
    assert steps.eta_phi[0] == pytest.approx(0.225 * 2.0 * (3.5 + np.sqrt(1.25)), rel=1e-14)
    assert steps.rise[0] == pytest.approx(0.12773888, abs=1e-7)
    assert steps.rise[0] > 1e10 * steps.bar[0]


def test_a_counterexample_from_equal_weights() -> None:
    """Gradient descent from u = 1: the first step raises ``phi``, just above the edge and without a sign change."""
    x = np.array([[0.0, -1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, -1.0]])
    data = RegressionData(x, np.array([-5.0, -2.0, -1.0]))
    steps = compare(data, np.ones((1, 2, 4)), np.array([3.0 / 28.0]))
    assert steps.tested.all()
    assert 2.26 < steps.eta_phi[0] < 2.28
    assert steps.rise[0] == pytest.approx(0.0270546, abs=1e-6)
    _, after = reference.flow_solution(
        data, reference.gd_step(data, np.ones((2, 4)), 3.0 / 28.0), flow_solution(data, np.ones((2, 4))).dual
    )
    _, before = reference.flow_solution(data, reference.squares(np.ones((2, 4))), np.zeros(3))
    assert after / before - 1 > 0.027


@pytest.mark.parametrize("weights", [near_balanced, unbalanced])
def test_random_steps_are_what_they_say(weights: regression_map.Weights) -> None:
    data = gaussian_data(3, 6, seed=2).data
    wanted = np.linspace(0.3, 7.0, 200)
    steps = random_steps(data, wanted, weights, np.random.default_rng(0))
    assert steps.tested.mean() > 0.95
    assert steps.eta_phi == pytest.approx(wanted, rel=1e-8)
    change = np.abs(2.0 * steps.eta[:, np.newaxis] * correlation(data, steps.weights)).max(axis=1)
    assert (change[steps.tested] < 1.0).all()
    assert change.max() > 0.95
    assert change.min() < 0.1


def test_sign_changes_are_not_tested() -> None:
    data = RegressionData(np.array([[1.0]]), np.array([1.0]))
    steps = compare(data, np.array([[[2.0], [0.5]], [[2.0], [0.5]]]), np.array([0.5, 0.1]))
    assert steps.tested.tolist() == [False, True]
    assert np.isnan(steps.rise[0])


def test_planted_rise_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    step = regression_map.gd_step
    monkeypatch.setattr(regression_map, "gd_step", lambda data, weights, eta: step(data, weights, eta) * 1.5)
    found = run_regression_map(samples_per_cell=8)
    assert found.theorem_contradicted
    assert np.array(found.panels[0].rising).sum() > 0
    assert len(found.examples) == 3


def test_contradictions_are_rises_on_covered_data() -> None:
    data = gaussian_data(2, 3).data
    full = gaussian_data(3, 3).data
    weights = near_balanced(np.random.default_rng(0), 2, 3)
    for chosen, expected in ((data, False), (full, True)):
        steps = compare(chosen, weights, np.full(2, 1e-3))
        assert not contradicts([steps])
        risen = regression_map.Steps(
            chosen, weights, steps.eta, steps.eta_phi, 2.0 * steps.bar, steps.bar, steps.tested
        )
        assert contradicts([risen]) is expected
        untested = np.zeros(2, dtype=np.bool_)
        hidden = regression_map.Steps(chosen, weights, steps.eta, steps.eta_phi, steps.bar * 2.0, steps.bar, untested)
        assert not contradicts([hidden])


def test_plain_data_and_same_seed(result: RegressionMapResult) -> None:
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert set(data) == {"seed", "samples_per_cell", "panels", "examples", "theorem_contradicted"}
    for panel in data["panels"]:
        assert set(panel) == {"title", "rows", "columns", "tested", "rising", "worst_rise", "worst_in_error_bars"}
        assert panel["rows"]["values"] == list(ETA_PHI)
        for cells in (panel["tested"], panel["rising"], panel["worst_rise"], panel["worst_in_error_bars"]):
            assert (len(cells), len(cells[0])) == (len(ETA_PHI), len(panel["columns"]["values"]))
    first, second = (run_regression_map(seed=5, samples_per_cell=3).to_dict() for _ in range(2))
    assert first == second


def test_bad_request() -> None:
    with pytest.raises(ValueError, match="samples per cell"):
        run_regression_map(samples_per_cell=0)
