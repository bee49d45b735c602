"""Gradient-flow solutions of the squared regression model: accuracy, error bounds, refusals, properties."""

import mpmath as mp
import numpy as np
import pytest
import reference_regression as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import solve_ivp

from numeric.regression import RegressionData, correlation, gd_step, loss, sharpness
from numeric.regression_gfs import (
    FlowSolutions,
    Status,
    flow_solution,
    next_start,
    rise_error_bar,
)

usual = st.floats(0.05, 3.0).flatmap(lambda size: st.sampled_from([size, -size]))


def _data(samples: int, dimension: int, seed: int = 0) -> RegressionData:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, dimension))
    return RegressionData(x, x @ rng.standard_normal(dimension))


def _near_half(samples: int, dimension: int, seed: int) -> tuple[RegressionData, np.ndarray]:
    """Gaussian features, a teacher with three features, weights near 1/2."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, dimension))
    teacher = np.zeros(dimension)
    teacher[:3] = rng.choice([-1.0, 1.0], 3)
    return RegressionData(x, x @ teacher), 0.5 * (1 + 0.1 * rng.standard_normal((2, dimension)))


def _phi(found: FlowSolutions) -> float:
    assert found.solved.all(), found.reasons()
    return float(found.sharpness)


def _relative_error(found: FlowSolutions, phi: mp.mpf) -> float:
    with mp.workdps(reference.DIGITS):
        return float(abs(mp.mpf(float(found.sharpness)) / phi - 1))


# Against 50 digits


def _ordinary(rng: np.random.Generator, d: int) -> np.ndarray:
    return rng.standard_normal((2, d))


def _far_from_balanced(rng: np.random.Generator, d: int) -> np.ndarray:
    return np.exp(5 * rng.standard_normal((2, d)))


def _tiny(rng: np.random.Generator, d: int) -> np.ndarray:
    return np.exp(-300 + 20 * rng.standard_normal((2, d)))


def _large(rng: np.random.Generator, d: int) -> np.ndarray:
    return np.exp(100 + 5 * rng.standard_normal((2, d)))


def _ratio_e700(rng: np.random.Generator, d: int) -> np.ndarray:
    return np.asarray(np.exp(np.where(rng.random((2, d)) < 0.5, 0.0, -700.0)))


def _ratio_e750(rng: np.random.Generator, d: int) -> np.ndarray:
    side = rng.random((1, d)) < 0.5
    return np.asarray(np.exp(np.where(np.concatenate([side, ~side]), 50.0, -700.0)))


def _with_zeros(rng: np.random.Generator, d: int) -> np.ndarray:
    w = rng.standard_normal((2, d))
    w[0, rng.integers(d // 2)] = w[1, d // 2 + rng.integers(d // 2)] = 0.0
    w[:, d - 1] = 0.0
    return w


KINDS = [_ordinary, _far_from_balanced, _tiny, _large, _ratio_e700, _ratio_e750, _with_zeros]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("samples", "dimension"), [(1, 4), (2, 8), (4, 12)])
def test_sharpness_within_its_error_bound(kind: object, samples: int, dimension: int) -> None:
    data = _data(samples, dimension, dimension)
    rng = np.random.default_rng(samples)
    for _ in range(3):
        w = kind(rng, dimension)  # type: ignore[operator]
        found = flow_solution(data, w)
        squares, phi = reference.flow_solution(data, reference.squares(w), found.dual)
        assert _relative_error(found, phi) <= float(found.error) <= 1e-11
        expected = np.array([[float(z) for z in row] for row in squares])
        np.testing.assert_allclose(found.squares, expected, rtol=1e-10, atol=1e-14 * expected.max())
        assert float(found.residual) <= 1e-12 * np.abs(data.features).max() * expected.sum()


def test_error_bounds_of_ordinary_states_are_below_1e_12() -> None:
    data, w = _near_half(20, 100, 0)
    found = flow_solution(data, w * np.random.default_rng(0).uniform(0.5, 2.0, (50, 1, 1)))
    assert found.solved.all()
    assert float(found.error.max()) <= 1e-12


def test_badly_conditioned_features() -> None:
    rng = np.random.default_rng(9)
    left, _, right = np.linalg.svd(rng.standard_normal((4, 9)), full_matrices=False)
    for spread, largest in ((1e-3, 1e-11), (1e-5, 1e-7)):
        x = (left * np.geomspace(1.0, spread, 4)) @ right
        data = RegressionData(x, x @ rng.standard_normal(9))
        w = rng.standard_normal((2, 9))
        found = flow_solution(data, w)
        _, phi = reference.flow_solution(data, reference.squares(w), found.dual)
        assert _relative_error(found, phi) <= float(found.error) <= largest
    hopeless = (left * np.geomspace(1.0, 1e-7, 4)) @ right
    refused = flow_solution(RegressionData(hopeless, hopeless @ np.ones(9)), w)
    assert refused.status == Status.INACCURATE
    assert np.isnan(refused.sharpness)


def test_rank_deficient_and_overdetermined_features() -> None:
    rng = np.random.default_rng(10)
    for samples, dimension, rank in ((5, 8, 3), (9, 4, 2), (9, 4, 4)):
        top = rng.integers(-3, 4, (rank, dimension)).astype(float)
        top[:, :rank] += 7 * np.eye(rank)
        x = np.concatenate([top, rng.integers(-2, 3, (samples - rank, rank)) @ top])
        data = RegressionData(x, x @ rng.integers(-2, 3, dimension))
        assert data.rank == rank
        w = rng.standard_normal((2, dimension))
        found = flow_solution(data, w)
        start = np.linalg.lstsq(top.T, data.coordinates.features.T @ found.dual, rcond=None)[0]
        _, phi = reference.flow_solution(data, reference.squares(w), start, list(range(rank)))
        assert _relative_error(found, phi) <= float(found.error) <= 1e-11


def test_equal_largest_eigenvalues() -> None:
    data = RegressionData(np.eye(4), [1.0, 1.0, 1.0, -1.0])
    w = np.full((2, 4), 0.7)
    found = flow_solution(data, w)
    _, phi = reference.flow_solution(data, reference.squares(w), found.dual)
    assert _relative_error(found, phi) <= float(found.error) <= 1e-12
    eta = 2.1 / float(found.sharpness)
    after = flow_solution(data, gd_step(data, w, eta), found.dual)
    _, phi_after = reference.flow_solution(data, reference.gd_step(data, w, eta), after.dual)
    bar = float(rise_error_bar(data, w, eta, found, after))
    assert abs(float(after.sharpness / found.sharpness - phi_after / phi)) <= bar <= 1e-11


def test_one_sample_in_closed_form() -> None:
    data = RegressionData([[1.0, -1.0, 1.0]], [3.0])
    w = np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 1.5]])
    p = w[0, 0] ** 2 + w[1, 1] ** 2 + w[0, 2] ** 2
    q = w[1, 0] ** 2 + w[0, 1] ** 2 + w[1, 2] ** 2
    assert _phi(flow_solution(data, w)) == pytest.approx(4 * np.sqrt(3.0**2 + 4 * p * q), rel=1e-14)


# Rises


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.03, 1.2])
@pytest.mark.parametrize("seed", range(3))
def test_rise_error_bar_at_the_edge_of_stability(factor: float, seed: int) -> None:
    data, w = _near_half(3, 8, seed)
    found = flow_solution(data, w)
    eta = factor * 2 / _phi(found)
    _, phi = reference.flow_solution(data, reference.squares(w), found.dual)
    for _ in range(8):
        w_after = gd_step(data, w, eta)
        after = flow_solution(data, w_after, next_start(data, w, found, eta))
        _, phi_exact_step = reference.flow_solution(data, reference.gd_step(data, w, eta), after.dual)
        with mp.workdps(reference.DIGITS):
            error = float(abs(mp.mpf(float(after.sharpness / found.sharpness)) - phi_exact_step / phi))
        bar = float(rise_error_bar(data, w, eta, found, after))
        assert error <= bar <= 1e-12
        _, phi = reference.flow_solution(data, reference.squares(w_after), after.dual)
        w, found = w_after, after


@pytest.mark.parametrize("kind", [_ordinary, _far_from_balanced, _with_zeros])
def test_rise_error_bar_far_from_the_minimum(kind: object) -> None:
    data, rng = _data(3, 8), np.random.default_rng(11)
    for factor in (0.3, 1.0, 1.5):
        w = kind(rng, 8)  # type: ignore[operator]
        found = flow_solution(data, w)
        eta = factor * 2 / _phi(found)
        after = flow_solution(data, gd_step(data, w, eta))
        _, phi = reference.flow_solution(data, reference.squares(w), found.dual)
        _, phi_after = reference.flow_solution(data, reference.gd_step(data, w, eta), after.dual)
        bar = float(rise_error_bar(data, w, eta, found, after))
        ratio = float(phi_after / phi)
        assert abs(float(after.sharpness / found.sharpness) - ratio) <= bar <= 1e-9 * max(1.0, ratio)


def test_rounding_errors_put_into_a_step_show_up_in_the_bar() -> None:
    """With a residual of size 1 and errors of the step grown a million times, the bar would be exceeded."""
    data, w = _near_half(3, 8, 1)
    found = flow_solution(data, w)
    eta = 2 / _phi(found)
    stepped = gd_step(data, w, eta)
    noise = np.random.default_rng(12).choice([-1e-10, 1e-10], stepped.shape)
    after, disturbed = flow_solution(data, stepped), flow_solution(data, stepped * (1 + noise))
    bar = float(rise_error_bar(data, w, eta, found, after))
    assert abs(float(disturbed.sharpness / after.sharpness) - 1) > 10 * bar


def test_rise_error_bar_is_batched_and_nan_without_a_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numeric.regression_gfs._ENTRIES_AT_ONCE", 1)
    data, w = _near_half(3, 8, 2)
    batch = np.stack([w, 1.1 * w, np.zeros_like(w)])
    eta = np.array([0.1, 0.2, 0.3])
    before = flow_solution(data, batch)
    after = flow_solution(data, gd_step(data, batch, eta))
    bar = rise_error_bar(data, batch, eta, before, after)
    assert np.isnan(bar[2])
    for i in range(2):
        first, second = flow_solution(data, batch[i]), flow_solution(data, gd_step(data, batch[i], eta[i]))
        assert float(rise_error_bar(data, batch[i], eta[i], first, second)) == pytest.approx(float(bar[i]), rel=0.2)


# Against gradient flow


@pytest.mark.parametrize(("samples", "dimension", "seed"), [(1, 3, 0), (3, 8, 1), (6, 4, 2)])
def test_integrating_gradient_flow_arrives_at_the_solution(samples: int, dimension: int, seed: int) -> None:
    data = _data(samples, dimension, seed)
    w = np.random.default_rng(seed).standard_normal((2, dimension))
    w[0, 0] = 0.0

    def velocity(_: float, flat: np.ndarray) -> np.ndarray:
        u = flat.reshape(2, dimension)
        g = correlation(data, u)
        return np.asarray(np.stack([-2 * g * u[0], 2 * g * u[1]]).ravel())

    found = flow_solution(data, w)
    times = np.array([0.0, 0.01, 0.1, 1.0, 1e5])
    flow = solve_ivp(velocity, (0.0, 1e5), w.ravel(), method="Radau", rtol=1e-10, atol=1e-13, t_eval=times)
    points = flow.y.T.reshape(-1, 2, dimension)
    assert loss(data, points[-1]) <= 1e-18
    np.testing.assert_allclose(points[-1] ** 2, found.squares, rtol=1e-6, atol=1e-8)
    assert sharpness(data, points[-1]) == pytest.approx(_phi(found), rel=1e-7)
    along = flow_solution(data, points)
    np.testing.assert_allclose(along.sharpness, _phi(found), rtol=1e-8)


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (2, 6), elements=usual), arrays(np.float64, 3, elements=st.floats(-1.0, 1.0)))
def test_sharpness_is_constant_along_the_flow(w: np.ndarray, nu: np.ndarray) -> None:
    data = _data(3, 6)
    s = data.features.T @ nu
    moved = w * np.exp(np.stack([s, -s]) / 2)
    first, second = flow_solution(data, w), flow_solution(data, moved)
    assert _phi(second) == pytest.approx(_phi(first), rel=1e-11)
    np.testing.assert_allclose(first.squares, second.squares, rtol=1e-8)


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (2, 6), elements=usual))
def test_solution_fits_the_targets_and_keeps_what_the_flow_keeps(w: np.ndarray) -> None:
    data = _data(3, 6)
    found = flow_solution(data, w)
    p, q = found.squares
    np.testing.assert_allclose(data.features @ (p - q), data.targets, atol=1e-13 * (1 + (p + q).sum()))
    np.testing.assert_allclose(p * q, (w[0] * w[1]) ** 2, rtol=1e-12)
    s = np.log(p / w[0] ** 2)
    nu = np.linalg.lstsq(data.features.T, s, rcond=None)[0]
    np.testing.assert_allclose(data.features.T @ nu, s, atol=1e-11)
    assert float(sharpness(data, np.sqrt(found.squares))) == pytest.approx(_phi(found), rel=1e-9)


# Invariances


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, (2, 6), elements=usual),
    arrays(np.int64, (2, 6), elements=st.sampled_from([-1, 1])),
    st.permutations(range(6)),
    st.floats(0.01, 100.0),
    st.integers(0, 1000),
)
def test_invariances(w: np.ndarray, signs: np.ndarray, order: list[int], scale: float, seed: int) -> None:
    data = _data(3, 6)
    phi = _phi(flow_solution(data, w))
    assert _phi(flow_solution(data, w * signs)) == phi
    x, y = data.features, data.targets
    assert _phi(flow_solution(RegressionData(x[:, order], y), w[:, order])) == pytest.approx(phi, rel=1e-11)
    assert _phi(flow_solution(RegressionData(scale * x, scale * y), w)) == pytest.approx(scale**2 * phi, rel=1e-11)
    assert _phi(flow_solution(RegressionData(x, -y), w[::-1])) == pytest.approx(phi, rel=1e-11)
    flip = signs[0]
    swapped = np.where(flip > 0, w, w[::-1])
    assert _phi(flow_solution(RegressionData(x * flip, y), swapped)) == pytest.approx(phi, rel=1e-11)
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((3, 3)))[0]
    assert _phi(flow_solution(RegressionData(rotation @ x, rotation @ y), w)) == pytest.approx(phi, rel=1e-11)
    doubled = RegressionData(np.concatenate([x, x]), np.concatenate([y, y]))
    assert _phi(flow_solution(doubled, w)) == pytest.approx(phi, rel=1e-11)


# Starts and batches


def test_a_start_changes_the_number_of_iterations_only() -> None:
    data, w = _near_half(5, 20, 3)
    cold = flow_solution(data, w)
    for start in (cold.dual, cold.dual + 30.0, cold.dual * np.nan, cold.dual + 1e300):
        warm = flow_solution(data, w, start)
        assert _phi(warm) == pytest.approx(_phi(cold), rel=1e-13)
    assert flow_solution(data, w, cold.dual).iterations < cold.iterations


def test_the_next_start_follows_a_small_step_to_third_order() -> None:
    data, w = _near_half(5, 20, 4)
    found = flow_solution(data, w)
    distances = []
    for eta in (2e-3, 1e-3):
        after = flow_solution(data, gd_step(data, w, eta))
        distances.append(np.linalg.norm(after.dual - next_start(data, w, found, eta)))
    assert distances[0] / distances[1] == pytest.approx(4.0, rel=0.1)


def test_batches_agree_with_single_states(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _data(4, 9)
    w = np.random.default_rng(13).standard_normal((3, 5, 2, 9))
    w[1, 2, 0, 0] = w[2, 2, 1, 3] = 0.0
    w[0, 1, :, 4] = 0.0
    w[2, 4, 0, 0] = np.inf
    monkeypatch.setattr("numeric.regression_gfs._ENTRIES_AT_ONCE", 400)
    together = flow_solution(data, w)
    assert together.squares.shape == (3, 5, 2, 9)
    assert together.dual.shape == (3, 5, 4)
    assert together.status[2, 4] == Status.NOT_FINITE
    assert together.solved.sum() == 14
    for place in zip(*np.nonzero(together.solved), strict=True):
        alone = flow_solution(data, w[place])
        assert float(together.sharpness[place]) == pytest.approx(_phi(alone), rel=1e-13)
    assert flow_solution(data, np.empty((0, 2, 9))).sharpness.shape == (0,)


def test_wide_problems_and_many_samples() -> None:
    data, w = _near_half(150, 200, 5)
    found = flow_solution(data, w)
    assert float(found.residual) <= 1e-11
    assert _phi(found) == pytest.approx(float(sharpness(data, np.sqrt(found.squares))), rel=1e-11)


# Refusals


def _refused(features: object, targets: object, weights: object) -> Status:
    data = RegressionData(np.array(features, dtype=float), np.array(targets, dtype=float))
    found = flow_solution(data, weights)  # type: ignore[arg-type]
    for values in (found.dual, found.squares, found.sharpness, found.error):
        assert np.isnan(values).all()
    return Status(int(found.status))


def test_targets_that_zero_weights_put_out_of_reach() -> None:
    assert _refused([[1, 1]], [-1], [[1, 1], [0, 0]]) == Status.AT_INFINITY
    assert _refused([[1, 1]], [0], [[1, 1], [0, 0]]) == Status.AT_INFINITY
    assert _refused([[1, 0], [0, 1]], [1, 0], [[1, 1], [1, 0]]) == Status.AT_INFINITY
    assert _refused([[1, 1], [1, -1]], [1, 1], [[1, 1], [1, 0]]) == Status.AT_INFINITY
    assert _refused([[1, 2, 3], [3, 1, 2]], [-1, -1], [[1, 1, 2], [0, 0, 0]]) == Status.AT_INFINITY
    assert _refused([[1, 1]], [1], [[0, 0], [0, 0]]) == Status.OUT_OF_REACH
    assert _refused([[1, 0], [0, 1]], [1, 1], [[1, 0], [1, 0]]) == Status.OUT_OF_REACH
    assert _refused([[1, 1]], [1], [[np.nan, 0], [0, 0]]) == Status.NOT_FINITE


def test_zero_weights_that_leave_a_solution() -> None:
    data = RegressionData([[1.0, 1.0]], [1.0])
    assert _phi(flow_solution(data, [[1.0, 1.0], [0.0, 0.0]])) == pytest.approx(4.0, rel=1e-14)
    lost = RegressionData(np.eye(2), [1.0, 0.0])
    found = flow_solution(lost, [[2.0, 0.0], [0.0, 0.0]])
    assert _phi(found) == pytest.approx(2.0, rel=1e-13)
    np.testing.assert_allclose(found.squares, [[1.0, 0.0], [0.0, 0.0]], atol=1e-15)


def test_refused_states_do_not_disturb_their_batch() -> None:
    data = _data(2, 3)
    w = np.random.default_rng(14).standard_normal((6, 2, 3))
    w[1] = 0.0
    w[3] = np.nan
    w[4, :, 1:] = 0.0
    found = flow_solution(data, w)
    assert found.solved.tolist() == [True, False, True, False, False, True]
    for i in (0, 2, 5):
        assert float(found.sharpness[i]) == pytest.approx(_phi(flow_solution(data, w[i])), rel=1e-13)
    assert found.reasons()[1] == "the columns with nonzero weights do not span the targets"


def test_random_zeros_of_one_sample() -> None:
    """A solution exists if weights of both directions are left, or those of the direction of y."""
    rng = np.random.default_rng(15)
    x = np.array([[1.0, 1.0, -1.0]])
    seen = set()
    for _ in range(60):
        w = rng.standard_normal((2, 3)) * (rng.random((2, 3)) < 0.4)
        y = float(rng.choice([-1.0, 0.0, 1.0]))
        up = w[0, :2].any() or w[1, 2] != 0
        down = w[1, :2].any() or w[0, 2] != 0
        exists = (up and down) or (up and y > 0) or (down and y < 0)
        found = flow_solution(RegressionData(x, [y]), w)
        if w.any():
            assert bool(found.solved) == exists
            seen.add(exists)
    assert seen == {True, False}


def test_bad_starts_and_shapes() -> None:
    data = _data(3, 6)
    with pytest.raises(ValueError, match="start must have shape"):
        flow_solution(data, np.ones((2, 6)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 2, 6\)"):
        flow_solution(data, np.ones((2, 5)))
