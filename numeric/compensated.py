"""Error-free transformations in float64: sums and products with their exact rounding error.

Each function returns ``(high, low)`` where ``high`` is the rounded result and ``high + low`` the exact one
(Dekker 1971, Knuth 1969), as long as nothing overflows or falls below the normal range.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ROUND_OFF: float = float(np.finfo(np.float64).eps) / 2
"""Largest relative error of one rounding to nearest, 2**-53."""

_SPLITTER = 134217729.0  # 2**27 + 1


def two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum of two arrays with its rounding error, elementwise and broadcast."""
    high = a + b
    b_seen = high - a
    return high, (a - (high - b_seen)) + (b - b_seen)


def fast_two_sum(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum of two arrays with its rounding error, for ``abs(a) >= abs(b)``."""
    high = a + b
    return high, b - (high - a)


def _split(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


def two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Product of two arrays with its rounding error, elementwise and broadcast."""
    high = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low
    return high, low
