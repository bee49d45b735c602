"""The squared regression model: data, loss, gradient descent, Hessian."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from numeric.regression import (
    RegressionData,
    correlation,
    gd_step,
    hessian,
    loss,
    residual,
    sharpness,
)

moderate = st.floats(-3.0, 3.0, allow_subnormal=False)


def _data(samples: int, dimension: int, seed: int = 0) -> RegressionData:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, dimension))
    return RegressionData(x, x @ rng.standard_normal(dimension))


def _gradient(data: RegressionData, w: np.ndarray) -> np.ndarray:
    """From the definition, sample by sample."""
    total = np.zeros_like(w)
    for x, y in zip(data.features, data.targets, strict=True):
        r = sum(x * w[0] ** 2) - sum(x * w[1] ** 2) - y
        total += 2 * r * np.stack([x * w[0], -x * w[1]]) / data.samples
    return total


@pytest.mark.parametrize(("samples", "dimension"), [(1, 1), (1, 6), (3, 7), (5, 5), (8, 3)])
def test_step_is_the_weights_minus_the_gradient_of_the_loss(samples: int, dimension: int) -> None:
    data = _data(samples, dimension)
    w = np.random.default_rng(1).standard_normal((2, dimension))
    gradient = _gradient(data, w)
    np.testing.assert_allclose(gd_step(data, w, 0.03), w - 0.03 * gradient, rtol=1e-13, atol=1e-14)
    h = 1e-5
    for place in np.ndindex(w.shape):
        e = np.zeros_like(w)
        e[place] = h
        slope = float(loss(data, w + e) - loss(data, w - e)) / (2 * h)
        assert slope == pytest.approx(gradient[place], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("samples", "dimension"), [(1, 1), (2, 5), (6, 4)])
def test_hessian_is_the_derivative_of_the_gradient(samples: int, dimension: int) -> None:
    data = _data(samples, dimension)
    w = np.random.default_rng(2).standard_normal((2, dimension))
    h = 1e-5
    columns = []
    for place in np.ndindex(w.shape):
        e = np.zeros_like(w)
        e[place] = h
        columns.append((_gradient(data, w + e) - _gradient(data, w - e)).ravel() / (2 * h))
    found = hessian(data, w)
    np.testing.assert_allclose(found, np.array(columns), rtol=1e-6, atol=1e-7)
    assert sharpness(data, w) == pytest.approx(np.linalg.eigvalsh(found)[-1], rel=1e-13)


def test_sharpness_where_the_loss_is_zero_comes_from_a_matrix_of_samples() -> None:
    x = np.random.default_rng(3).standard_normal((4, 9))
    w = np.random.default_rng(4).standard_normal((2, 9))
    data = RegressionData(x, x @ (w[0] ** 2 - w[1] ** 2))
    small = x @ np.diag((w**2).sum(axis=0)) @ x.T
    assert sharpness(data, w) == pytest.approx(np.linalg.eigvalsh(small)[-1] * 4 / 4, rel=1e-12)
    assert loss(data, w) == pytest.approx(0.0, abs=1e-28)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, (2, 6), elements=moderate), st.floats(1e-3, 0.3))
def test_products_of_weights_shrink_by_the_stated_factor(w: np.ndarray, eta: float) -> None:
    data = _data(3, 6)
    g, after = correlation(data, w), gd_step(data, w, eta)
    expected = w[0] * w[1] * (1 - 4 * eta**2 * g**2)
    scale = np.abs(w[0] * w[1]) * (1 + 4 * eta**2 * g**2)
    assert (np.abs(after[0] * after[1] - expected) <= 1e-14 * scale + 1e-300).all()


def test_batches_and_step_sizes_broadcast() -> None:
    data = _data(4, 6)
    w = np.random.default_rng(5).standard_normal((2, 3, 2, 6))
    eta = np.array([[0.01, 0.02, 0.03], [0.04, 0.05, 0.06]])
    together = gd_step(data, w, eta)
    for place in np.ndindex(2, 3):
        np.testing.assert_allclose(together[place], gd_step(data, w[place], eta[place]), rtol=1e-13)
        assert loss(data, w)[place] == pytest.approx(float(loss(data, w[place])), rel=1e-13)
        assert sharpness(data, w)[place] == pytest.approx(float(sharpness(data, w[place])), rel=1e-13)
    assert residual(data, w).shape == (2, 3, 4)
    assert correlation(data, w).shape == (2, 3, 6)


def test_a_diverging_state_leaves_the_others_alone() -> None:
    data = _data(3, 5)
    w = np.random.default_rng(6).standard_normal((2, 2, 5))
    w[1] *= 1e200
    assert np.isfinite(loss(data, w)[0])
    assert not np.isfinite(loss(data, w)[1])
    np.testing.assert_allclose(gd_step(data, w, 0.1)[0], gd_step(data, w[0], 0.1), rtol=1e-14)
    values = sharpness(data, w)
    assert values[0] == pytest.approx(float(sharpness(data, w[0])), rel=1e-14)
    assert np.isnan(values[1])


def test_rank_and_coordinates_of_deficient_features() -> None:
    x = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0], [1.0, 3.0, 1.0], [2.0, 4.0, 0.0]])
    data = RegressionData(x, x @ np.array([1.0, -1.0, 2.0]), "four rows, rank two")
    assert (data.samples, data.dimension, data.rank, data.name) == (4, 3, 2, "four rows, rank two")
    space = data.coordinates
    np.testing.assert_allclose(space.basis @ space.features, x, atol=1e-14)
    np.testing.assert_allclose(space.basis @ space.targets, data.targets, atol=1e-14)
    assert not space.exact
    assert _data(3, 5).coordinates.exact


def test_gram_matrices_of_a_batch() -> None:
    space = _data(4, 7).coordinates
    w = np.random.default_rng(7).random((3, 7))
    found = space.gram(w)
    for one, matrix in zip(w, found, strict=True):
        np.testing.assert_allclose(matrix, space.features @ np.diag(one) @ space.features.T, rtol=1e-12)


def test_inconsistent_targets_are_refused_with_their_residual() -> None:
    x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    with pytest.raises(ValueError, match=r"relative residual of the least-squares solution is 0\.577"):
        RegressionData(x, np.array([1.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match="is 1, more than"):
        RegressionData([[1.0], [-1.0]], [1.0, 1.0])
    y = x @ np.array([2.0, 3.0])
    off = np.array([1.0, 1.0, -1.0]) / np.sqrt(3) * np.linalg.norm(y)
    assert RegressionData(x, y + 5e-10 * off).rank == 2
    with pytest.raises(ValueError, match="relative residual"):
        RegressionData(x, y + 2e-9 * off)


def test_explained_data_have_the_same_steps_and_a_loss_lower_by_a_constant() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((30, 4)), rng.standard_normal(30)
    data = RegressionData.explained(x, y, "noise")
    assert data.name == "noise"
    w = rng.standard_normal((5, 2, 4))
    beta = w[:, 0] ** 2 - w[:, 1] ** 2
    r = beta @ x.T - y
    np.testing.assert_allclose(correlation(data, w), r @ x / 30, rtol=1e-11, atol=1e-13)
    shift = (r**2).sum(axis=1) / 60 - loss(data, w)
    best = np.linalg.lstsq(x, y, rcond=None)[1][0] / 60
    np.testing.assert_allclose(shift, best, rtol=1e-11)
    full = _data(3, 5)
    np.testing.assert_array_equal(RegressionData.explained(full.features, full.targets).targets, full.targets)


def test_targets_of_zero_are_fine() -> None:
    data = RegressionData([[1.0, 1.0], [2.0, 2.0]], [0.0, 0.0])
    assert loss(data, np.ones((2, 2))) == 0.0


def test_data_are_copied_and_cannot_be_changed() -> None:
    x, y = np.ones((1, 2)), np.ones(1)
    data = RegressionData(x, y)
    x[0, 0] = 5.0
    assert data.features[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        data.features[0, 0] = 2.0


@pytest.mark.parametrize(
    ("features", "targets", "message"),
    [
        (np.ones(3), [1.0], "matrix with at least one row"),
        (np.ones((0, 3)), [], "matrix with at least one row"),
        (np.ones((2, 0)), [1.0, 1.0], "matrix with at least one row"),
        (np.ones((2, 3)), [1.0], "one target a row"),
        (np.ones((2, 3)), [[1.0], [1.0]], "one target a row"),
        ([[1.0, np.nan]], [1.0], "finite"),
        ([[1.0, 2.0]], [np.inf], "finite"),
        ([[0.0, 0.0]], [0.0], "must not all be zero"),
    ],
)
def test_bad_data(features: object, targets: object, message: str) -> None:
    for make in (RegressionData, RegressionData.explained):
        with pytest.raises(ValueError, match=message):
            make(features, targets)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(6,), (6, 2), (1, 6), (2, 5), (3, 6)])
@pytest.mark.parametrize("function", [loss, residual, correlation, hessian, sharpness])
def test_bad_shapes_of_weights(function: object, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape \(\.\.\., 2, 6\)"):
        function(_data(3, 6), np.ones(shape))  # type: ignore[operator]


@pytest.mark.parametrize("eta", [0.0, -1.0, np.nan, np.inf])
def test_bad_step_sizes(eta: float) -> None:
    with pytest.raises(ValueError, match="step size"):
        gd_step(_data(3, 6), np.ones((2, 6)), eta)
