"""Theorems A, B and C along trajectories: kept where they hold, contradicted where they do not."""

import json

import numpy as np
import pytest
from reference_mpmath import exact_squares, gfs_sharpness, squares_after_step

from numeric.experiment import check_trajectories, edge_trajectory, run_experiment
from numeric.gfs import flow_solution_columns
from numeric.membership import membership
from numeric.one_step import check_one_step, check_states
from numeric.sampling import SampledStates, sample_members, sample_states, sample_unflipped
from numeric.scalar import gd_step, gd_trajectory
from numeric.tracking import SharpnessTracker, sharpness_error_bar, step_columns


@pytest.fixture(scope="module")
def result() -> object:
    return run_experiment(depth=4, samples=400, steps=200, seed=1)


def test_nothing_is_contradicted(result) -> None:  # type: ignore[no-untyped-def]
    assert not result.contradicted
    assert result.theorem_a.worst_rise < 1e-14
    assert result.theorem_a.worst_rise_in_error_bars <= 1.0
    assert result.theorem_b.worst_margin > 0.0
    assert 0.5 <= result.theorem_c.worst_loss_ratio < 1.0
    assert result.theorem_c.worst_phi_ratio < 0.1
    assert result.theorem_c.trajectories > 50


def test_counts_and_summary(result) -> None:  # type: ignore[no-untyped-def]
    assert result.theorem_a.steps_checked == result.theorem_b.states_checked == result.gd_steps
    assert result.gd_steps < 400 * 200
    assert result.nonmonotone_loss_steps > 0
    assert 0.3 < result.converged_fraction < 1.0
    final = result.final_eta_phi
    assert 0 < final.minimum < final.median < final.maximum < 2.83
    assert 0.05 < final.share_at_edge < 0.5


def test_result_is_plain_data_with_the_initial_weights(result) -> None:  # type: ignore[no-untyped-def]
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    place = data["theorem_c"]["loss_where"]
    assert len(place["weights"]) == 4
    states = gd_trajectory(place["weights"], place["eta"], place["step"])
    assert np.isfinite(states).all()
    assert membership(place["weights"], place["eta"]).member


def test_same_seed_same_result() -> None:
    first, second = (run_experiment(3, 20, 30, seed=7).to_dict() for _ in range(2))
    assert first == second


def test_edge_trajectory_falls_to_just_below_the_edge() -> None:
    found = edge_trajectory(4, 500, np.random.default_rng(0))
    eta_phi, loss = np.array(found.eta_phi), np.array(found.loss)
    assert len(found.product) == len(found.sharpness) == loss.size == 501
    assert 2.3 <= eta_phi[0] <= 2.6
    assert 1.9 <= eta_phi[-1] < 2.0
    assert (np.diff(eta_phi) <= 1e-14).all()
    assert (np.diff(loss) > 0).sum() > 100
    tail = found.eta * np.array(found.sharpness[-100:])
    assert abs(tail.mean() - 2.0) < 0.1
    assert membership(found.weights, found.eta).member


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_error_bar_covers_the_rounding_of_a_step(depth: int) -> None:
    states = sample_unflipped(depth, 40, np.random.default_rng(depth), smallest_product=1e-12)
    w = np.ascontiguousarray(states.weights.T)
    step = step_columns(w, w.prod(axis=0), states.eta)
    before, after = flow_solution_columns(w), flow_solution_columns(step.weights)
    bars = sharpness_error_bar(step, after)
    ratios = after.sharpness / before.sharpness
    for one, eta, ratio, bar in zip(states.weights, states.eta, ratios, bars, strict=True):
        exact = gfs_sharpness(squares_after_step(one, eta)) / gfs_sharpness(exact_squares(one))
        assert abs(float(ratio / exact - 1)) <= bar
        assert exact <= 1
    assert np.median(bars) < 1e-14


def test_one_step_check_holds_on_the_premise() -> None:
    found = check_one_step(4000, 3)
    assert not found.theorem_a.contradicted
    assert found.theorem_a.steps_checked == 5 * 4000
    assert found.order_flips > 100
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


def test_planted_false_a_beyond_the_limit_is_contradicted() -> None:
    """Two nearly balanced weights, a = 2.9, pi -> 0: kappa > 2, so the balance and the sharpness grow."""
    found = check_one_step(2000, 0, depths=(2,), a_range=(2.89, 2.91)).theorem_a
    assert found.contradicted
    assert found.worst_rise > 1e-3
    assert found.where is not None
    w, eta = np.array(found.where.weights), found.where.eta
    assert gfs_sharpness(squares_after_step(w, eta)) > gfs_sharpness(exact_squares(w))


def test_planted_false_a_by_hand() -> None:
    states = SampledStates(np.array([[1e-4, 0.1]]), np.array([1.45]))
    assert membership(states.weights, states.eta).eta_phi[0] == pytest.approx(2.9, abs=1e-3)
    tracker = SharpnessTracker()
    check_states(states, tracker)
    assert tracker.result(states).contradicted


def test_planted_false_b_outside_the_set_is_contradicted() -> None:
    states = sample_states(2, 400, np.random.default_rng(0), a_range=(2.2, 2.8), product_range=(1e-3, 1.0))
    outside = membership(states.weights, states.eta).margin < -0.05
    assert outside.sum() > 20
    found = check_trajectories(SampledStates(states.weights[outside], states.eta[outside]), 20).theorem_b
    assert found.contradicted
    assert found.worst_margin < -0.05


def test_planted_false_c_with_factor_one_is_contradicted() -> None:
    starts = sample_members(3, 300, np.random.default_rng(2), a_range=(1.6, 2.2))
    found = check_trajectories(starts, 60, loss_factor=1.0).theorem_c
    assert found.contradicted
    assert found.worst_loss_ratio > 1.01
    assert found.loss_where is not None
    fine = check_trajectories(starts, 60).theorem_c
    assert not fine.contradicted
    assert fine.worst_loss_ratio == pytest.approx(found.worst_loss_ratio / 2, rel=1e-6)


def test_planted_false_c_without_slack_for_the_sharpness_is_contradicted() -> None:
    starts = sample_members(3, 300, np.random.default_rng(2), a_range=(1.6, 2.2))
    assert check_trajectories(starts, 60, phi_factor=1.0001).theorem_c.contradicted


def test_a_sign_change_ends_a_trajectory_and_contradicts_b() -> None:
    w = np.array([[1.5, 1.4], [0.9, 1.0]])
    assert (gd_step(w[1], 1.0) > 0).all()
    found = check_trajectories(SampledStates(w, np.array([1.5, 0.5])), 50)
    assert found.theorem_b.worst_margin == -1.0
    assert found.theorem_b.contradicted
    assert found.converged.tolist() == [False, True]
    alone = check_trajectories(SampledStates(w[:1], np.array([1.5])), 50)
    assert alone.gd_steps == 1
    assert not alone.theorem_a.contradicted


def test_start_at_a_minimum() -> None:
    found = check_trajectories(SampledStates(np.array([[2.0, 0.5]]), np.array([0.1])), 5)
    assert found.gd_steps == 0
    assert found.converged.all()
    assert found.theorem_b.worst_margin == 1.0


@pytest.mark.parametrize("bad", [{"depth": 1}, {"samples": 0}, {"steps": 0}], ids=["depth", "samples", "steps"])
def test_bad_requests(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        run_experiment(**bad)


def test_bad_checks() -> None:
    start = SampledStates(np.array([[1.0, 0.5]]), np.array([0.1]))
    with pytest.raises(ValueError, match="steps"):
        check_trajectories(start, 0)
    with pytest.raises(ValueError, match="constants"):
        check_trajectories(start, 1, loss_factor=0.0)
    with pytest.raises(ValueError, match="constants"):
        check_trajectories(start, 1, phi_factor=1.0)
    with pytest.raises(ValueError, match="at least one depth"):
        check_one_step(depths=())
    with pytest.raises(ValueError, match="depth"):
        check_one_step(depths=(1,))
