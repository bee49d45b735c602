"""Gradient descent, loss and Hessian of the scalar network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from numeric import scalar

STATES = [[0.5, 2.0], [1.3, 0.7, 0.9], [0.3, -1.1, -2.0, 1.4], [1.01] * 6]


@pytest.mark.parametrize("weights", STATES)
def test_gradient_is_the_central_difference_of_the_loss(weights: list[float]) -> None:
    w = np.array(weights)
    h = 1e-6
    shifted = [scalar.loss(w + h * d) - scalar.loss(w - h * d) for d in np.eye(w.size)]
    np.testing.assert_allclose(scalar.gradient(w), np.array(shifted) / (2 * h), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("weights", STATES)
def test_hessian_is_the_central_difference_of_the_gradient(weights: list[float]) -> None:
    w = np.array(weights)
    h = 1e-6
    rows = [scalar.gradient(w + h * d) - scalar.gradient(w - h * d) for d in np.eye(w.size)]
    np.testing.assert_allclose(scalar.hessian(w), np.array(rows) / (2 * h), rtol=1e-7, atol=1e-8)


def test_sharpness_is_the_largest_eigenvalue_of_the_dense_hessian() -> None:
    rng = np.random.default_rng(1)
    w = np.exp(0.5 * rng.standard_normal((20, 5)))
    for one, found in zip(w, scalar.sharpness(w), strict=True):
        pi = np.prod(one)
        dense = [[(pi**2 if i == j else 2 * pi**2 - pi) / (one[i] * one[j]) for j in range(5)] for i in range(5)]
        assert found == pytest.approx(np.linalg.eigvals(np.array(dense)).real.max(), rel=1e-10)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, 4, elements=st.floats(0.2, 5.0)))
def test_sharpness_at_a_minimum_is_the_sum_of_inverse_squares(w: np.ndarray) -> None:
    at_minimum = w / np.prod(w) ** 0.25
    assert scalar.sharpness(at_minimum) == pytest.approx((1.0 / at_minimum**2).sum(), rel=1e-10)


def test_step_follows_the_formula_and_broadcasts_over_step_sizes() -> None:
    w = np.array([[[0.5, 2.0, 1.5], [1.0, 1.0, 0.8]]])
    eta = np.array([[0.1, 0.2]])
    pi = w.prod(axis=-1)
    expected = w - (eta * pi * (pi - 1))[..., np.newaxis] / w
    np.testing.assert_allclose(scalar.gd_step(w, eta), expected, rtol=1e-15)
    np.testing.assert_allclose(scalar.gd_step(w, 0.1)[0, 0], scalar.gd_step(w, eta)[0, 0], rtol=0)


def test_an_even_number_of_sign_flips_commutes_with_a_step() -> None:
    w, signs = np.array([0.4, 1.2, 2.0]), np.array([-1.0, 1.0, -1.0])
    np.testing.assert_array_equal(scalar.gd_step(signs * w, 0.3), signs * scalar.gd_step(w, 0.3))


def test_trajectory_repeats_the_step() -> None:
    states = scalar.gd_trajectory([0.5, 0.7, 1.0], 0.2, 3)
    assert states.shape == (4, 3)
    np.testing.assert_array_equal(states[3], scalar.gd_step(scalar.gd_step(states[1], 0.2), 0.2))


def test_trajectory_that_leaves_the_positive_products_is_rejected() -> None:
    with pytest.raises(ValueError, match="product of the weights must be positive"):
        scalar.gd_trajectory([2.0, 0.9], 1.0, 5)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "depth"),
        (3.0, "depth"),
        ([1.0, np.nan], "finite"),
        ([1.0, np.inf], "finite"),
        ([1.0, 0.0], "non-zero"),
        ([1.0, -1.0], "must be positive"),
        ([1.0, 1e200], "between"),
    ],
)
def test_bad_weights(weights: object, message: str) -> None:
    for function in (scalar.product, scalar.loss, scalar.gradient, scalar.hessian, scalar.sharpness):
        with pytest.raises(ValueError, match=message):
            function(weights)
    with pytest.raises(ValueError, match=message):
        scalar.gd_step(weights, 0.1)


def test_product_out_of_range() -> None:
    with pytest.raises(ValueError, match="outside the range"):
        scalar.product([1e90] * 4)


@pytest.mark.parametrize("eta", [0.0, -1.0, np.nan, np.inf])
def test_bad_step_size(eta: float) -> None:
    with pytest.raises(ValueError, match="eta must be a positive finite number"):
        scalar.gd_step([1.0, 2.0], eta)


def test_negative_number_of_steps() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        scalar.gd_trajectory([1.0, 2.0], 0.1, -1)
