"""Accuracy and properties of the gradient-flow solver."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference_mpmath import exact_squares
from reference_mpmath import flow_solution as reference_solution

from numeric import gfs
from numeric.scalar import gd_step, product

moderate = st.floats(min_value=0.05, max_value=20.0)


def _ordinary(depth: int, rng: np.random.Generator) -> np.ndarray:
    return np.exp(rng.standard_normal(depth))


def _balance_1e12(depth: int, rng: np.random.Generator) -> np.ndarray:
    w = _ordinary(depth, rng)
    w[rng.integers(depth)] = 1e6
    return w


def _two_balances_1e12(depth: int, rng: np.random.Generator) -> np.ndarray:
    w = _balance_1e12(depth, rng)
    w[0], w[-1] = 1e6, 1.5e6
    return w


def _nearly_balanced(depth: int, rng: np.random.Generator) -> np.ndarray:
    return 1.0 + 1e-9 * rng.standard_normal(depth)


def _product_1e_12(depth: int, rng: np.random.Generator) -> np.ndarray:
    w = _ordinary(depth, rng)
    return np.asarray(w * (1e-12 / w.prod()) ** (1 / depth))


def _one_tiny_weight(depth: int, rng: np.random.Generator) -> np.ndarray:
    w = _ordinary(depth, rng)
    w[0] *= 1e-12 / w.prod()
    return w


def _huge_product(depth: int, rng: np.random.Generator) -> np.ndarray:
    return 1e3 * _ordinary(depth, rng)


KINDS = [
    _ordinary,
    _balance_1e12,
    _two_balances_1e12,
    _nearly_balanced,
    _product_1e_12,
    _one_tiny_weight,
    _huge_product,
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("depth", [2, 3, 4, 5, 6, 10, 50])
def test_within_a_few_ulps_of_50_digits(depth: int, kind: object) -> None:
    rng = np.random.default_rng(depth)
    w = np.stack([kind(depth, rng) for _ in range(4)])  # type: ignore[operator]
    if kind is _huge_product and depth == 50:
        w /= 100.0
    found = gfs.flow_solution(w)
    for one, squares, phi in zip(w, found.squares, found.sharpness, strict=True):
        exact = reference_solution(exact_squares(one))
        errors = [abs(z - e) / e for z, e in zip(squares, exact, strict=True)]
        exact_phi = sum(1 / e for e in exact)
        assert max(errors) <= 4 * 2.0**-53
        assert abs(phi - exact_phi) / exact_phi <= gfs.solver_error(depth)


@pytest.mark.parametrize(("depth", "large"), [(10, 1e80), (50, 1e10)])
def test_squares_whose_product_overflows_on_the_way(depth: int, large: float) -> None:
    w = _ordinary(depth, np.random.default_rng(0))
    w[: depth // 2] *= large
    w[depth // 2 :] = 0.9
    exact = reference_solution(exact_squares(w))
    exact_phi = sum(1 / e for e in exact)
    found = gfs.flow_solution(w)
    assert abs(found.sharpness - exact_phi) / exact_phi <= gfs.solver_error(depth)
    assert max(abs(z - e) / e for z, e in zip(found.squares, exact, strict=True)) <= 4 * 2.0**-53


def test_depth_two_in_closed_form() -> None:
    w = np.array([[3.0, 0.2], [1e6, 1.0], [0.7, 0.7000001]])
    b = (w[:, 0] - w[:, 1]) * (w[:, 0] + w[:, 1])
    np.testing.assert_allclose(gfs.gfs_sharpness(w), np.sqrt(b * b + 4.0), rtol=4e-15)


def test_larger_sharpness_although_every_difference_matches_a_smaller_one() -> None:
    """Squares (s, s+1, s+3) against (s, s+2, s+2): smaller balances alone do not lower the sharpness."""
    first, second = gfs.gfs_sharpness(np.sqrt([[1.0, 2.0, 4.0], [1.0, 3.0, 3.0]]))
    assert first == pytest.approx(5.159, abs=5e-4)
    assert second == pytest.approx(5.77, abs=5e-3)


def test_batches_agree_with_single_states_across_chunks() -> None:
    rng = np.random.default_rng(3)
    w = np.exp(rng.standard_normal((gfs.CHUNK + 5, 3)))
    together = gfs.gfs_sharpness(w)
    alone = np.array([gfs.gfs_sharpness(one) for one in w[-8:]])
    np.testing.assert_allclose(together[-8:], alone, rtol=1e-15)
    assert gfs.gfs_sharpness(w.reshape(1, -1, 3)).shape == (1, gfs.CHUNK + 5)


def test_a_guess_changes_nothing_but_the_time() -> None:
    w = np.exp(np.random.default_rng(4).standard_normal((4, 100)))
    plain = gfs.flow_solution_columns(w).sharpness
    for factor in (1e-30, 0.9, 1e30):
        guess = np.full(100, factor)
        np.testing.assert_allclose(gfs.flow_solution_columns(w, guess).sharpness, plain, rtol=1e-15)


def test_signs_are_kept() -> None:
    found = gfs.flow_solution([-2.0, 3.0, -0.5])
    np.testing.assert_array_equal(np.sign(found.weights), [-1.0, 1.0, -1.0])
    assert product(found.weights) == pytest.approx(1.0, rel=1e-14)
    assert found.sharpness == gfs.gfs_sharpness([2.0, 3.0, 0.5])


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, (3, 4), elements=moderate))
def test_solution_has_product_one_and_the_balances_of_the_state(w: np.ndarray) -> None:
    found = gfs.flow_solution(w)
    np.testing.assert_allclose(found.squares.prod(axis=-1), 1.0, rtol=1e-14)
    shift = found.squares - w * w
    scale = (found.squares + w * w).max()
    assert np.ptp(shift, axis=-1).max() <= 1e-14 * scale
    np.testing.assert_allclose(found.shape.sum(axis=-1), 1.0, rtol=1e-14)
    assert (found.sharpness >= 4.0 * (1 - 1e-15)).all()


@settings(max_examples=100, deadline=None)
@given(arrays(np.float64, 5, elements=moderate), st.floats(0.01, 100.0))
def test_sharpness_is_constant_along_the_flow_curve(w: np.ndarray, p: float) -> None:
    moved = gfs.curve_point(w, p)
    assert product(moved) == pytest.approx(p, rel=1e-11)
    assert gfs.gfs_sharpness(moved) == pytest.approx(float(gfs.gfs_sharpness(w)), rel=1e-10)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, 4, elements=moderate), st.permutations(range(4)))
def test_order_of_the_weights_is_irrelevant(w: np.ndarray, order: list[int]) -> None:
    assert gfs.gfs_sharpness(w[order]) == pytest.approx(float(gfs.gfs_sharpness(w)), rel=1e-15)


def test_a_step_moves_balances_by_the_known_factor() -> None:
    w, eta = np.array([0.8, 1.1, 0.6]), 0.3
    pi = w.prod()
    r = eta * pi * (pi - 1)
    after = gd_step(w, eta) ** 2
    before = w**2
    kappa = r * r / (before[0] * before[1])
    assert after[0] - after[1] == pytest.approx((before[0] - before[1]) * (1 - kappa), rel=1e-12)


def test_solution_outside_the_range_of_float64() -> None:
    with pytest.raises(ValueError, match="range of float64"):
        gfs.gfs_sharpness([1.0] + [1e80] * 5)


@pytest.mark.parametrize("bad", [[1.0], [1.0, 0.0], [1.0, np.nan], [1.0, -2.0]])
def test_bad_weights(bad: list[float]) -> None:
    for function in (gfs.gfs_sharpness, gfs.flow_solution):
        with pytest.raises(ValueError, match=r"depth|non-zero|finite|positive"):
            function(bad)
    with pytest.raises(ValueError, match=r"depth|non-zero|finite|positive"):
        gfs.curve_point(bad, 1.0)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf, np.nan])
def test_bad_product(bad: float) -> None:
    with pytest.raises(ValueError, match="wanted product"):
        gfs.curve_point([1.0, 2.0], bad)
