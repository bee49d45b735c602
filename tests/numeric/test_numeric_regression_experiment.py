"""GFS sharpness along gradient descent on the squared regression model: what the experiment counts and notices."""

import json
from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
import reference_regression as reference

from numeric import regression_experiment
from numeric.regression import RegressionData, gd_step, loss
from numeric.regression_data import DataSet, diabetes_full, gaussian_data, initial_weights
from numeric.regression_experiment import (
    _Rises,
    default_data_sets,
    loss_and_error,
    run_regression_experiment,
)
from numeric.regression_gfs import flow_solution
from numeric.regression_results import RegressionExperimentResult

SAMPLE = gaussian_data(5, 20)


@pytest.fixture(scope="module")
def result() -> RegressionExperimentResult:
    sets = [SAMPLE, gaussian_data(3, 2)]
    return run_regression_experiment(sets, eta_factors=(0.9, 1.03, 1.2, 2.5), scales=(0.3, 0.5), seeds=2, steps=900)


def test_runs_are_a_grid(result: RegressionExperimentResult) -> None:
    assert len(result.runs) == 2 * 4 * 2 * 2
    assert len({(run.data, run.eta_factor, run.scale, run.seed) for run in result.runs}) == len(result.runs)
    for run in result.runs:
        assert run.eta_phi_start == pytest.approx(2.0 * run.eta_factor, rel=1e-12)
        assert run.phi_steps + run.sign_changes <= run.steps <= 900
        assert run.rises <= run.phi_steps


def test_outcomes(result: RegressionExperimentResult) -> None:
    first = [run for run in result.runs if run.data == SAMPLE.name]
    for run in first:
        if run.eta_factor <= 1.2:
            assert run.outcome == "converged"
            assert run.loss_end is not None
            assert run.loss_end <= 1e-23 * (run.loss_start + (SAMPLE.data.targets**2).sum())
            assert run.eta_phi_end is not None
            assert run.eta_phi_end < 2.0
        else:
            assert run.outcome == "diverged"
            assert run.loss_end is run.eta_phi_end is None
    assert all(run.loss_increases == 0 for run in first if run.eta_factor == 0.9)
    assert any(run.loss_increases > 0 and not run.sign_changes for run in first if run.eta_factor == 1.2)


def test_data_that_theorem_r_covers_never_rise() -> None:
    found = run_regression_experiment([diabetes_full(), gaussian_data(4, 3)], scales=(0.5,), seeds=2, steps=150)
    assert not found.theorem_contradicted
    assert not found.observation_contradicted
    assert found.monotone_runs == len(found.runs) == 32
    assert sum(run.phi_steps for run in found.runs) > 1000
    assert found.runs[found.worst_run].worst_rise_in_error_bars < 1.0


def test_the_observation_fails_on_gaussian_data(result: RegressionExperimentResult) -> None:
    """``phi`` rises in step 3 of a run slightly above the edge; 50 digits agree."""
    assert result.observation_contradicted
    assert not result.theorem_contradicted
    worst = result.runs[result.worst_run]
    assert (worst.data, worst.eta_factor, worst.scale, worst.seed) == (SAMPLE.name, 1.03, 0.3, 1)
    assert (worst.rises, worst.worst_step, worst.sign_changes) == (1, 3, 0)
    weights = initial_weights(20, 0.3, 1)
    for _ in range(2):
        weights = gd_step(SAMPLE.data, weights, worst.eta)
    start = flow_solution(SAMPLE.data, weights).dual
    _, before = reference.flow_solution(SAMPLE.data, reference.squares(weights), start)
    _, after = reference.flow_solution(SAMPLE.data, reference.gd_step(SAMPLE.data, weights, worst.eta), start)
    with mp.workdps(50):
        rise = after / before - 1
        assert rise > 1e-6
        assert float(rise) == pytest.approx(worst.worst_rise, abs=10 * worst.error_bar)
    assert result.monotone_runs == sum(run.rises == 0 for run in result.runs)


def test_a_run_agrees_with_plain_gradient_descent(result: RegressionExperimentResult) -> None:
    run = next(run for run in result.runs if run.data == SAMPLE.name and run.eta_factor == 1.2 and run.scale == 0.5)
    states = [initial_weights(20, 0.5, run.seed)]
    for _ in range(run.steps):
        states.append(gd_step(SAMPLE.data, states[-1], run.eta))
    values = loss(SAMPLE.data, np.stack(states))
    phi = flow_solution(SAMPLE.data, states[-1]).sharpness
    assert run.eta * phi == pytest.approx(run.eta_phi_end, rel=1e-9)
    assert run.loss_increases == (np.diff(values) > 1e-12 * values[:-1]).sum() > 0


def test_trajectories_are_for_plots(result: RegressionExperimentResult) -> None:
    assert [path.eta_factor for path in result.trajectories] == [0.9, 1.03, 1.2]
    for path in result.trajectories:
        run = next(
            run
            for run in result.runs
            if (run.data, run.eta_factor, run.scale, run.seed) == (path.data, path.eta_factor, path.scale, path.seed)
        )
        assert path.eta == run.eta
        assert len(path.loss) == len(path.sharpness) == len(path.eta_phi) == 1 + min(run.steps, 600)
        assert path.loss[0] == pytest.approx(run.loss_start, rel=1e-14)
        assert path.eta_phi[0] == pytest.approx(run.eta_phi_start, rel=1e-14)
        assert path.sharpness[-1] * path.eta == pytest.approx(path.eta_phi[-1], rel=1e-6)


def test_the_largest_bounded_step_size_is_plotted_too() -> None:
    found = run_regression_experiment([SAMPLE], eta_factors=(0.9, 1.4, 3.0), scales=(0.5,), seeds=1, steps=20)
    assert [path.eta_factor for path in found.trajectories] == [0.9, 1.4]
    alone = run_regression_experiment([SAMPLE], eta_factors=(1.25,), scales=(0.5,), seeds=1, steps=20)
    assert [path.eta_factor for path in alone.trajectories] == [1.25]
    assert len(alone.runs) == 1
    assert alone.runs[0].outcome == "stopped"


def test_plain_data_by_the_schema(result: RegressionExperimentResult) -> None:
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert set(data) == {
        *("steps", "seed", "eta_factors", "scales", "runs", "monotone_runs", "worst_run", "trajectories"),
        *("observation_contradicted", "theorem_contradicted"),
    }
    assert set(data["runs"][0]) == {
        *("data", "eta_factor", "eta", "scale", "seed", "steps", "outcome", "eta_phi_start", "eta_phi_end"),
        *("loss_start", "loss_end", "loss_increases", "phi_steps", "worst_rise", "worst_rise_in_error_bars"),
        *("error_bar", "worst_step", "rises", "sign_changes", "phi_rises_after_sign_change"),
    }
    assert set(data["trajectories"][0]) == {
        *("data", "eta_factor", "eta", "scale", "seed", "loss", "sharpness", "eta_phi"),
    }


def test_same_request_same_result_and_progress() -> None:
    seen: list[tuple[int, int]] = []
    request = {"eta_factors": (1.1,), "scales": (0.5,), "seeds": 2, "steps": 120, "seed": 3}
    first = run_regression_experiment([SAMPLE], **request, progress=lambda done, of: seen.append((done, of)))  # type: ignore[arg-type]
    assert first == run_regression_experiment([SAMPLE], **request)  # type: ignore[arg-type]
    assert seen == [(50, 120), (100, 120), (120, 120)]
    assert [run.seed for run in first.runs] == [3, 4]


def test_planted_rise_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that grow by 1e-6 in a step raise ``phi`` near a minimum: a false Theorem R would be noticed."""
    covered_data = gaussian_data(4, 3)
    step = regression_experiment.gd_step
    monkeypatch.setattr(
        regression_experiment,
        "gd_step",
        lambda data, w, eta: step(data, w, eta) * (1.0 + 1e-6),
    )
    found = run_regression_experiment([covered_data], eta_factors=(0.5,), scales=(0.5,), seeds=1, steps=200)
    assert found.theorem_contradicted
    assert found.observation_contradicted
    assert found.monotone_runs == 0
    assert found.runs[0].rises > 50
    assert 0 < found.runs[0].worst_rise < 1e-5
    other = run_regression_experiment([SAMPLE], eta_factors=(0.5,), scales=(0.5,), seeds=1, steps=200)
    assert other.observation_contradicted
    assert not other.theorem_contradicted


def test_rises_by_hand() -> None:
    seen = _Rises(3)
    ids, bar = np.arange(3), np.full(3, 1e-12)
    seen.feed(ids, np.array([-1.0, 2e-12, 5.0]), bar, np.array([False, False, True]), 1)
    seen.feed(ids[:2], np.array([1e-13, 1e-12]), bar[:2], np.array([False, False]), 2)
    seen.feed(ids[1:], np.array([np.nan, -0.5]), bar[1:], np.array([False, True]), 3)
    assert seen.compared.tolist() == [2, 2, 0]
    assert seen.rises.tolist() == [0, 1, 0]
    assert seen.sign_changes.tolist() == [0, 0, 2]
    assert seen.flipped_rises.tolist() == [0, 0, 1]
    assert seen.worst.tolist() == [1e-13, 2e-12, -np.inf]
    assert seen.worst_in_bars[:2] == pytest.approx([0.1, 2.0])
    assert seen.step.tolist() == [2, 1, 0]


def test_loss_error_covers_the_rounding() -> None:
    weights = np.stack([initial_weights(20, 1.0, k) for k in range(20)])
    value, error = loss_and_error(SAMPLE.data, weights)
    x, y = SAMPLE.data.features.tolist(), SAMPLE.data.targets.tolist()
    with mp.workdps(40):
        for one, computed, bound in zip(weights, value, error, strict=True):
            plus, minus = reference.squares(one)
            beta = [p - q for p, q in zip(plus, minus, strict=True)]
            exact = sum((mp.fdot(row, beta) - mp.mpf(t)) ** 2 for row, t in zip(x, y, strict=True)) / 10
            assert abs(mp.mpf(float(computed)) - exact) <= bound
    assert np.median(error / value) < 1e-12


def test_a_start_at_a_minimum_has_nothing_to_compare() -> None:
    data = RegressionData(np.array([[1.0]]), np.array([0.0]), "nothing")
    at_zero = replace(SAMPLE, data=data)
    found = run_regression_experiment([at_zero], eta_factors=(0.5,), scales=(1.0,), seeds=1, steps=400)
    assert found.runs[0].outcome == "converged"
    assert found.worst_run == 0


def test_default_data_sets() -> None:
    records = [one.record() for one in default_data_sets(1)]
    assert [record.covered for record in records] == [False, False, False, True]
    assert len({record.name for record in records}) == 4


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"data_sets": []}, "at least one data set"),
        ({"eta_factors": ()}, "at least one data set"),
        ({"scales": ()}, "at least one data set"),
        ({"eta_factors": (0.0,)}, "factor must be positive"),
        ({"eta_factors": (float("nan"),)}, "factor must be positive"),
        ({"scales": (-1.0,)}, "scale must be positive"),
        ({"seeds": 0}, "seeds must be at least 1"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"data_sets": [SAMPLE, SAMPLE]}, "different names"),
    ],
)
def test_bad_requests(request_: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_regression_experiment(**{"data_sets": [SAMPLE], **request_})  # type: ignore[arg-type]


def test_a_start_without_a_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression_experiment, "initial_weights", lambda features, scale, seed: np.zeros((2, features)))
    with pytest.raises(ValueError, match=r"Gaussian.*no gradient-flow solution"):
        run_regression_experiment([DataSet("gaussian", "", SAMPLE.data)])


def test_trajectories_of_many_features_are_short_or_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    request = {"eta_factors": (0.2,), "scales": (0.5,), "seeds": 1, "steps": 30}
    monkeypatch.setattr(regression_experiment, "PLOTTED_WORK", 19 * 40**3 + 1)
    found = run_regression_experiment([SAMPLE], **request)  # type: ignore[arg-type]
    assert found.runs[0].steps == 30
    assert [len(path.loss) for path in found.trajectories] == [20]
    monkeypatch.setattr(regression_experiment, "PLOTTED_FEATURES", 19)
    assert not run_regression_experiment([SAMPLE], **request).trajectories  # type: ignore[arg-type]
