"""Curves: GFS sharpness and S_eta on boxes of squares, against mpmath and the float64 estimate of numeric/."""

import random
from fractions import Fraction

import limits_cases as cases
import mpmath as mp
import numpy as np
import pytest

from numeric.membership import membership
from verify.limits import curves

BITS = 128


def box(weights: list[Fraction], radius: Fraction) -> list[curves.Interval]:
    """Return intervals of squares around weights."""
    unit = 1 << BITS
    return [(int((w - radius) ** 2 * unit), int((w + radius) ** 2 * unit) + 1) for w in weights]


def random_weights(generator: random.Random, depth: int) -> list[Fraction]:
    return [Fraction(generator.randint(20, 300), 100) for _ in range(depth)]


@pytest.mark.parametrize("depth", [2, 3, 4, 7])
def test_the_gfs_sharpness_of_a_box_contains_that_of_its_points(depth: int) -> None:
    generator = random.Random(depth)
    for _ in range(8):
        weights, radius = random_weights(generator, depth), Fraction(1, 10 ** generator.randint(2, 20))
        bounds = curves.gfs_sharpness(box(weights, radius), BITS)
        assert bounds is not None
        for _ in range(3):
            point = [w + radius * Fraction(generator.randint(-100, 100), 100) for w in weights]
            with mp.workdps(50):
                value = cases.eta_phi([cases.exact(w) for w in point], Fraction(1))
                assert mp.mpf(bounds[0]) / 2**BITS <= value <= mp.mpf(bounds[1]) / 2**BITS


def test_the_gfs_sharpness_of_a_point_is_sharp() -> None:
    bounds = curves.gfs_sharpness(box([Fraction(1)] * 4, Fraction(0)), BITS)
    assert bounds is not None
    assert bounds[0] <= 4 << BITS <= bounds[1]
    assert bounds[1] - bounds[0] < 1000


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_verdicts_on_points_agree_with_the_estimate(depth: int) -> None:
    generator, seen = random.Random(10 + depth), set()
    for _ in range(60):
        weights = random_weights(generator, depth)
        sharp = curves.gfs_sharpness(box(weights, Fraction(0)), BITS)
        assert sharp is not None
        eta = Fraction(generator.randint(100, 300) * 2**BITS, 100 * sharp[0]).limit_denominator(10**6)
        squares = box(weights, Fraction(0))
        inside, outside = (f(squares, eta, BITS, depth=10) for f in (curves.inside, curves.outside))
        estimate = membership(np.array([[float(w) for w in weights]]), float(eta))
        assert not (inside and outside)
        if inside:
            assert estimate.member[0]
        if outside:
            assert not estimate.member[0] or abs(estimate.margin[0]) < 1e-6
        seen.add((inside, outside))
        clear = abs(estimate.margin[0]) > 0.02 and abs(estimate.eta_phi[0] - 8**0.5) > 0.02
        assert inside or outside or not clear
    assert {(True, False), (False, True)} <= seen


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_boxes_proved_inside_hold_points_inside_only(depth: int) -> None:
    generator, proved = random.Random(20 + depth), 0
    for _ in range(40):
        weights = random_weights(generator, depth)
        sharp = curves.gfs_sharpness(box(weights, Fraction(0)), BITS)
        assert sharp is not None
        eta, radius = (
            Fraction(generator.randint(150, 290) * 2**BITS, 100 * sharp[0]).limit_denominator(1000),
            Fraction(1, 50),
        )
        verdicts = [f(box(weights, radius), eta, BITS, depth=9) for f in (curves.inside, curves.outside)]
        assert not all(verdicts)
        signs = [[generator.choice((-1, 1, 0)) for _ in weights] for _ in range(12)]
        points = np.array([[float(w + s * radius) for w, s in zip(weights, row, strict=True)] for row in signs])
        member = membership(points, float(eta)).member
        if verdicts[0]:
            assert member.all()
        if verdicts[1]:
            assert not member.any()
        proved += any(verdicts)
    assert proved > 15


@pytest.mark.parametrize("weights", ["1/2,3/2,2", "3,1/4", "1,1,1,2"])
def test_bounds_on_the_next_product_contain_it(weights: str) -> None:
    eta, exact = Fraction(1, 4), [Fraction(w) for w in weights.split(",")]
    found = curves.curves_through(box(exact, Fraction(0)), BITS)
    with mp.workdps(50):
        offsets = cases.curve([cases.exact(w) for w in exact])[0]
        for product in (mp.mpf("0.01"), mp.mpf("0.3"), mp.mpf("0.8"), mp.mpf("0.999")):
            value = cases.after_step(offsets, product, cases.exact(eta))
            u = int(cases.at_product(offsets, product) * 2**BITS)
            assert curves.largest_next(found, u, u + 1, eta) >= min(value, 1) * 2**BITS * (1 - mp.mpf(10) ** -30)
            low = curves.smallest_next(found, u, eta)
            assert 0 < low <= value * 2**BITS * (1 + mp.mpf(10) ** -30)
            assert low >= value * 2**BITS * (1 - mp.mpf(10) ** -20)


@pytest.mark.parametrize("weights", ["1/2,3/2,2", "3,1/4", "1,1,1,2", "1/10,2,3"])
def test_the_flip_product_is_where_the_test_turns(weights: str) -> None:
    eta, exact = Fraction(1, 4), [Fraction(w) for w in weights.split(",")]
    found = curves.curves_through(box(exact, Fraction(0)), BITS)
    with mp.workdps(60):
        flip = cases.flip_product(cases.curve([cases.exact(w) for w in exact])[0], cases.exact(eta))
        below, above = int(flip * 2**BITS * (1 - mp.mpf(10) ** -12)), int(flip * 2**BITS * (1 + mp.mpf(10) ** -12))
    assert curves._below_flip(found, below, eta)
    assert not curves._beyond_flip(found, below, eta)
    assert curves._beyond_flip(found, above, eta)
    assert not curves._below_flip(found, above, eta)


def test_the_limit_two_root_two_of_the_sharpness_is_kept() -> None:
    ones = box([Fraction(1), Fraction(1)], Fraction(0))
    assert curves.inside(ones, Fraction(14142, 10000), BITS, 12)
    assert not curves.inside(ones, Fraction(14143, 10000), BITS, 12)
    assert curves.outside(ones, Fraction(14143, 10000), BITS, 4)
    assert not curves.outside(ones, Fraction(14142, 10000), BITS, 4)


def test_a_start_beyond_the_flip_product_is_outside() -> None:
    far = box([Fraction(2), Fraction(2)], Fraction(0))
    assert curves.outside(far, Fraction(1, 2), BITS, 0, [0])
    assert not curves.inside(far, Fraction(1, 2), BITS, 12)
    assert curves.inside(far, Fraction(1, 10), BITS, 12)


@pytest.mark.parametrize("squares", [[(1, 2)], [(0, 1), (1, 2)], [(2, 1), (1, 1)], []])
def test_what_is_no_box_of_squares_is_refused(squares: list[curves.Interval]) -> None:
    with pytest.raises(ValueError, match="positive squares"):
        curves.inside(squares, Fraction(1), BITS, 3)


def test_too_few_bits_are_undecided() -> None:
    squares = [(1, 2), (1 << 80, (1 << 80) + 1), (1 << 80, (1 << 80) + 1)]
    assert curves.gfs_sharpness(squares, 32) is None
    assert not curves.inside(squares, Fraction(1, 10**9), 32, 8)
