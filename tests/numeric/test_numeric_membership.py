"""Membership in S_eta against closed forms and against its definition."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numeric import membership as mem
from numeric.gfs import curve_point
from numeric.sampling import sample_states
from numeric.scalar import gd_step, product


def _curve(alpha: list[float], a: np.ndarray) -> mem.RelativeCurve:
    """Curves with one shape and several values of ``a = eta * phi``."""
    k = np.array(alpha) / max(alpha)
    columns = np.ones((len(alpha), a.size))
    return mem.RelativeCurve((1 - k)[:, np.newaxis] * columns, k[:, np.newaxis] * columns, a * max(alpha))


def test_two_balanced_weights_in_closed_form() -> None:
    """With z_1 = z_2 = p: p_flip = 1 + 1/eta and M = 4 (1 + eta)**3 / (27 eta), for eta >= 1/2."""
    for eta in (0.5, 0.8, 1.2, 1.414):
        found = mem.membership([0.9, 0.9], eta)
        assert found.flip_product == pytest.approx(1 + 1 / eta, rel=1e-12)
        assert found.peak_product == pytest.approx(4 * (1 + eta) ** 3 / (27 * eta), rel=1e-9)
        assert found.peak_at == pytest.approx((1 + eta) / (3 * eta), rel=1e-4)
        assert found.member


@pytest.mark.parametrize(
    ("alpha", "largest"),
    [
        ([0.5, 0.5], 2 * (1.5 * np.sqrt(3) - 1)),
        ([1 / 3] * 3, 3.66),
        ([0.25] * 4, 3.98),
        ([0.68, 0.32], 2.89),
        ([0.86, 0.14], 2.34),
        ([0.999, 0.001], 2.0001),
    ],
)
def test_largest_a_with_the_peak_below_the_flip(alpha: list[float], largest: float) -> None:
    a = np.array([largest - 0.01, largest + 0.01])
    curve = _curve(alpha, a)
    below, above = mem.peak_product_columns(curve)[0] < mem.flip_product_columns(curve)
    assert below
    assert not above


def test_one_weight_limit() -> None:
    """A vertex of the simplex: p_flip = a / (a - 1) and M = a."""
    a = np.array([1.2, 1.7, 2.5])
    curve = _curve([1.0, 1e-13], a)
    np.testing.assert_allclose(mem.flip_product_columns(curve), a / (a - 1), rtol=1e-9)
    np.testing.assert_allclose(mem.peak_product_columns(curve)[0], a, rtol=1e-9)


@pytest.mark.parametrize("alpha", [[0.6, 0.4], [0.9, 0.06, 0.04], [0.999, 1e-3, 1e-9], [0.3, 0.3, 0.2, 0.2]])
@pytest.mark.parametrize("a", [0.01, 0.9, 2.0, 2.8])
def test_flip_product_agrees_with_30_digits(alpha: list[float], a: float) -> None:
    found = float(mem.flip_product_columns(_curve(alpha, np.array([a])))[0])
    context = mpmath.mp.clone()
    context.dps = 30
    k = [context.mpf(float(v)) for v in np.array(alpha) / max(alpha)]
    drive = context.mpf(a * max(alpha))

    def log_rho(y: mpmath.mpf) -> mpmath.mpf:
        s = context.exp(y)
        p = context.sqrt(context.fprod(1 + (s - 1) * one for one in k))
        return context.log(drive * p * (p - 1) / s), p

    low, high = context.mpf("1e-20"), context.mpf(80)
    for _ in range(110):
        middle = (low + high) / 2
        low, high = (middle, high) if log_rho(middle)[0] < 0 else (low, middle)
    assert found == pytest.approx(float(log_rho(low)[1]), rel=1e-9)


@pytest.mark.parametrize("depth", [2, 3, 4, 7])
def test_agrees_with_the_definition_on_dense_curves(depth: int) -> None:
    """For members B = p_flip serves; for others a step from some p < p_flip leaves (0, p_flip)."""
    states = sample_states(depth, 60, np.random.default_rng(depth), a_range=(1.0, 2.8))
    found = mem.membership(states.weights, states.eta)
    assert 0 < found.member.sum() < 60 or depth > 4
    grid = np.concatenate([np.geomspace(1e-9, 0.01, 100), np.linspace(0.01, 0.9999999, 900)])
    for w, eta, flip, margin, peak in zip(
        states.weights, states.eta, found.flip_product, found.margin, found.peak_product, strict=True
    ):
        above = 1.0 + (flip - 1.0) * np.linspace(1e-6, 1 - 1e-6, 200)
        p = np.concatenate([grid, above])
        points = curve_point(np.broadcast_to(w, (p.size, depth)), p)
        after = gd_step(points, eta)
        reached = product(after)
        assert (after > 0).all()
        if margin > 1e-6:
            assert (reached < flip).all()
        if peak > flip * (1 + 1e-4):
            assert (reached > flip).any()
        assert reached[: grid.size].max() == pytest.approx(peak, rel=1e-4)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.5, 0.999999), st.floats(0.05, 2.0))
def test_peak_stays_below_the_flip_up_to_the_edge(alpha: float, a: float) -> None:
    curve = _curve([alpha, 1 - alpha], np.array([a]))
    assert mem.peak_product_columns(curve)[0] <= mem.flip_product_columns(curve) * (1 + 1e-12)


def test_sharpness_limit_and_product_limit() -> None:
    w = np.array([[0.9, 0.9], [0.9, 0.9], [1.5, 1.5]])
    found = mem.membership(w, [1.41, 1.42, 1.0])
    np.testing.assert_array_equal(found.member, [True, False, False])
    assert found.margin[1] > 0
    assert found.margin[2] < 0
    np.testing.assert_allclose(found.eta_phi, [2.82, 2.84, 2.0])


def test_shapes_and_signs() -> None:
    w = np.exp(np.random.default_rng(0).standard_normal((2, 3, 4)))
    found = mem.membership(w, 0.1)
    assert found.member.shape == found.peak_at.shape == (2, 3)
    flipped = mem.membership(w * np.array([-1, 1, 1, -1]), 0.1)
    np.testing.assert_array_equal(found.flip_product, flipped.flip_product)


def test_extreme_but_legal_inputs() -> None:
    assert mem.membership([1e-30, 1e30, 1.0], 1e-62).member
    assert mem.membership(np.full(200, 0.99), 0.01).member


@pytest.mark.parametrize(("weights", "eta"), [([1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0), ([1.0, -1.0], 1.0)])
def test_bad_input(weights: list[float], eta: float) -> None:
    with pytest.raises(ValueError, match=r"depth|non-zero|eta|positive"):
        mem.membership(weights, eta)
