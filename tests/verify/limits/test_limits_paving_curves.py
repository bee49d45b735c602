"""Verdicts on families of curves: the border in closed form, and against the other test of membership."""

import random
from fractions import Fraction
from math import isqrt

from verify.limits.curves import inside, outside
from verify.limits.paving_curves import BITS, ONE, Curve, fails, holds

HALF = Fraction(1, 2)


def curve(gap: str, eta: Fraction = HALF) -> Curve:
    return Curve([int(Fraction(gap) * ONE)], eta)


def test_the_border_of_the_curves_at_depth_2_is_where_it_is_in_closed_form() -> None:
    # at depth 2 and eta = 1/2 the largest g is its limit b/2 at u = 0, and p_flip = b/2 at b = 4 sqrt 2 - 2 = 3.6568...
    border, near = isqrt(32 << 2 * BITS) - 2 * ONE, ONE >> 24
    below, above = Curve([border - near], HALF), Curve([border + near], HALF)
    assert holds(below)
    assert not holds(above)
    assert fails(above, ONE >> 60)
    assert not fails(below, ONE >> 60)
    assert not fails(above, ONE // 4)


def test_too_large_a_sharpness_fails_without_a_witness() -> None:
    # sqrt(b^2 + 4)/2 = 2 sqrt 2 at b = sqrt 28 = 5.2915...
    assert fails(curve("5.292"), 0)
    assert not fails(curve("5.291"), 0)


def test_the_sharpness_alone_can_fail_a_balanced_curve() -> None:
    # depth 3, balanced: phi = 3 and g < p_flip far beyond 3 eta = 2 sqrt 2, eta = 0.942809...
    for eta, right in (("0.9428", True), ("0.9429", False)):
        assert holds(Curve([0, 0], Fraction(eta))) == right
        assert fails(Curve([0, 0], Fraction(eta)), 0) != right


def test_a_witness_above_the_minimum_shows_nothing() -> None:
    for witness in (2 * ONE, 50 * ONE, -1, 0):
        assert not fails(curve("1"), witness)


def test_curves_agree_with_the_other_test_of_membership() -> None:
    draw, agreed = random.Random(7), 0
    for _ in range(60):
        gaps = [
            int(draw.choice([0.0, draw.random(), 4 * draw.random()]) * 2**60) << 36 for _ in range(draw.randint(1, 3))
        ]
        eta = Fraction(draw.randint(2, 40), 40)
        one = Curve(gaps, eta)
        squares = [(one.root + b, one.root + b) for b in one.offsets]
        shown = holds(one), any(fails(one, one.root >> k) for k in range(0, 60, 2))
        other = inside(squares, eta, BITS, 12), outside(squares, eta, BITS, 12)
        assert not (shown[0] and other[1])
        assert not (shown[1] and other[0])
        agreed += shown == other
    assert agreed > 50
