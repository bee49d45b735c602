"""Error-free transformations against exact rationals."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from numeric.compensated import fast_two_sum, two_product, two_sum

floats = st.floats(min_value=1e-60, max_value=1e60) | st.floats(min_value=-1e60, max_value=-1e-60)


def _exact(high: np.ndarray, low: np.ndarray) -> Fraction:
    return Fraction(float(high)) + Fraction(float(low))


@settings(max_examples=200, deadline=None)
@given(floats, floats)
def test_sum_and_product_are_exact(a: float, b: float) -> None:
    x, y = np.asarray(a), np.asarray(b)
    assert _exact(*two_sum(x, y)) == Fraction(a) + Fraction(b)
    assert _exact(*two_product(x, y)) == Fraction(a) * Fraction(b)
    if abs(a) >= abs(b):
        assert _exact(*fast_two_sum(x, y)) == Fraction(a) + Fraction(b)
