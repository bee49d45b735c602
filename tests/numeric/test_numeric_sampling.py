"""Random initialisations: ranges, variety, reproducibility."""

import numpy as np
import pytest

from numeric import sampling
from numeric.gfs import flow_solution, gfs_sharpness
from numeric.membership import SHARPNESS_LIMIT, membership
from numeric.scalar import gd_step, product


@pytest.mark.parametrize("depth", [2, 4, 9])
def test_states_lie_in_the_ranges(depth: int) -> None:
    states = sampling.sample_states(depth, 400, np.random.default_rng(0), a_range=(1.0, 2.5), product_range=(1e-9, 3.0))
    assert states.weights.shape == (400, depth)
    a = states.eta * gfs_sharpness(states.weights)
    pi = product(states.weights)
    assert 1.0 * (1 - 1e-9) <= a.min() < 1.1
    assert 2.4 < a.max() <= 2.5 * (1 + 1e-9)
    assert 1e-9 * (1 - 1e-9) <= pi.min() < 1e-7
    assert 1.0 < pi.max() <= 3.0 * (1 + 1e-9)


def test_shapes_reach_vertices_and_the_balanced_point() -> None:
    states = sampling.sample_states(4, 2000, np.random.default_rng(1))
    alpha = flow_solution(states.weights).shape
    assert alpha.max() > 0.9999
    assert np.ptp(alpha, axis=1).min() < 1e-5


def test_common_step_size_stretches_the_shapes() -> None:
    states = sampling.sample_states(4, 500, np.random.default_rng(2), a_range=(2.0, 2.6), eta=0.4)
    np.testing.assert_array_equal(states.eta, 0.4)
    a = 0.4 * gfs_sharpness(states.weights)
    assert a.min() >= 2.0 * (1 - 1e-9)
    assert a.max() <= 2.6 * (1 + 1e-9)


def test_unflipped_states_satisfy_the_premise_on_signs() -> None:
    states = sampling.sample_unflipped(3, 2000, np.random.default_rng(3))
    pi = product(states.weights)
    assert (pi > 1).any()
    assert (pi < 1e-6).any()
    assert (gd_step(states.weights, states.eta) > 0).all()
    assert (states.eta * gfs_sharpness(states.weights) <= SHARPNESS_LIMIT * (1 + 1e-9)).all()


@pytest.mark.parametrize("depth", [2, 5])
def test_members_are_members(depth: int) -> None:
    states = sampling.sample_members(depth, 500, np.random.default_rng(4))
    found = membership(states.weights, states.eta)
    assert found.member.all()
    assert found.margin.min() >= 1e-7
    assert (found.eta_phi > 2.2).any()


def test_seeds_reproduce() -> None:
    first, second = (sampling.sample_members(3, 50, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.eta, second.eta)


@pytest.mark.parametrize("function", ["sample_states", "sample_unflipped", "sample_members"])
def test_bad_requests(function: str) -> None:
    draw, rng = getattr(sampling, function), np.random.default_rng(0)
    with pytest.raises(ValueError, match="depth"):
        draw(1, 10, rng)
    with pytest.raises(ValueError, match="samples"):
        draw(2, 0, rng)
    for bad in ((0.0, 1.0), (2.0, 1.0), (1.0, np.inf), (np.nan, 1.0)):
        with pytest.raises(ValueError, match="a_range"):
            draw(2, 10, rng, a_range=bad)


def test_bad_step_sizes() -> None:
    rng = np.random.default_rng(0)
    for bad in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="eta"):
            sampling.sample_states(2, 10, rng, eta=bad)
    with pytest.raises(ValueError, match="no state"):
        sampling.sample_states(2, 10, rng, a_range=(0.5, 2.0), eta=1.0)


def test_ranges_without_members() -> None:
    with pytest.raises(ValueError, match="hardly any state"):
        sampling.sample_members(2, 1, np.random.default_rng(0), a_range=(3.0, 3.1))
