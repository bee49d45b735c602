"""Interval operations over many boxes at once, with outward rounding: plain functions of pairs (lo, hi) of arrays.

An interval is a pair of float64 arrays, one entry a box. After every operation that can round, lo is lowered by
|lo| 2**-52, at least one unit in the last place, and hi raised likewise; after a product, quotient or root 2**-1022
more, for what gradual underflow loses (a sum loses nothing). So under round-to-nearest the result encloses the exact
one (Rump, Zimmermann, Boldo, Melquiond, "Computing predecessor and successor in rounding to nearest", BIT 2009).
Undefined results are nan at both ends, and so are results with an infinite end, unless `safe` says that there can
be none; no comparison accepts nan. Every function is made of elementwise operations only, so that it can be traced.
"""

from collections.abc import Callable
from functools import reduce
from math import inf, nan
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from verify.kernel.terms import FUNCTIONS as NAMES
from verify.provers.elementary import FUNCTIONS

Array: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Interval: TypeAlias = tuple[Array, Array]

EPSILON = 2.0**-52
TINY = 2.0**-1022
SMALL = 2.0**-90  # the kernel, which counts in units of 2**-96, may be unable to tell smaller numbers from 0


def lowered(x: Array, tiny: bool = False) -> Array:
    """Return x less one unit in the last place or more (and 2**-1022 if `tiny`)."""
    traced: Callable[[bool], Array] | None = getattr(x, "lowered", None)
    if traced is not None:
        return traced(tiny)
    size = np.abs(x) * EPSILON
    return x - (size + TINY if tiny else size)


def raised(x: Array, tiny: bool = False) -> Array:
    """Return x plus one unit in the last place or more (and 2**-1022 if `tiny`)."""
    traced: Callable[[bool], Array] | None = getattr(x, "raised", None)
    if traced is not None:
        return traced(tiny)
    size = np.abs(x) * EPSILON
    return x + (size + TINY if tiny else size)


def widened(lo: Array, hi: Array) -> Interval:
    """Enclose a sum: at least one unit in the last place on each side; 0 is exact."""
    return lowered(lo), raised(hi)


def outward(lo: Array, hi: Array) -> Interval:
    """Enclose a product, quotient or root: one unit in the last place and what underflow may lose."""
    return lowered(lo, True), raised(hi, True)


def checked(x: Interval, safe: bool) -> Interval:
    """Return the interval, nan at both ends where one is infinite or nan (unless it is `safe`)."""
    if safe:
        return x
    good = x[1] - x[0] < inf
    return np.where(good, x[0], nan), np.where(good, x[1], nan)


def add(x: Interval, y: Interval) -> Interval:
    """Return x + y."""
    return widened(x[0] + y[0], x[1] + y[1])


def subtract(x: Interval, y: Interval) -> Interval:
    """Return x - y."""
    return widened(x[0] - y[1], x[1] - y[0])


def negate(x: Interval) -> Interval:
    """Return -x (exact)."""
    return -x[1], -x[0]


def hull(*values: Array) -> Interval:
    """Return the least and the greatest of some values."""
    return reduce(np.minimum, values), reduce(np.maximum, values)


def multiply(x: Interval, y: Interval) -> Interval:
    """Return x * y."""
    return outward(*hull(x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1]))


def multiply_nonnegative(x: Interval, y: Interval) -> Interval:
    """Return x * y for x >= 0."""
    return outward(np.minimum(x[0] * y[0], x[1] * y[0]), np.maximum(x[0] * y[1], x[1] * y[1]))


def multiply_both_nonnegative(x: Interval, y: Interval) -> Interval:
    """Return x * y for x >= 0 and y >= 0."""
    lo, hi = outward(x[0] * y[0], x[1] * y[1])
    return np.maximum(lo, 0.0), hi


def divide(x: Interval, y: Interval) -> Interval:
    """Return x / y; undefined where y contains 0 or a number close to it."""
    bad = (y[0] <= SMALL) & (y[1] >= -SMALL)
    c, d = np.where(bad, nan, y[0]), np.where(bad, nan, y[1])
    return outward(*hull(x[0] / c, x[0] / d, x[1] / c, x[1] / d))


def divide_both_nonnegative(x: Interval, y: Interval) -> Interval:
    """Return x / y for x >= 0 and y >= 0; undefined where y contains 0 or a number close to it."""
    bad = y[0] <= SMALL
    lo, hi = outward(x[0] / np.where(bad, nan, y[1]), x[1] / np.where(bad, nan, y[0]))
    return np.maximum(lo, 0.0), hi


def square(x: Interval) -> Interval:
    """Return x * x."""
    p, q = x[0] * x[0], x[1] * x[1]
    lo, hi = outward(np.where((x[0] <= 0) & (x[1] >= 0), 0.0, np.minimum(p, q)), np.maximum(p, q))
    return np.maximum(lo, 0.0), hi


def power(x: Interval, n: int) -> Interval:
    """Return x ** n for n >= 1 (for n = 0, 1 where x is defined)."""
    if n == 0:
        one = np.where(x[0] <= x[1], 1.0, nan)
        return one, one
    if n == 1:
        return x
    if n % 2 == 0:
        half = square(x)
        if n == 2:
            return half
        lo, hi = power(half, n // 2)
        return np.maximum(lo, 0.0), hi
    ends = []
    for end in x:  # an odd power is increasing: enclose the power of each end by itself
        result = factor = (end, end)
        for _ in range(n - 1):
            result = multiply(result, factor)
        ends.append(result)
    lo, hi = ends[0][0], ends[1][1]
    return np.where(x[0] >= 0, np.maximum(lo, 0.0), lo), np.where(x[1] <= 0, np.minimum(hi, 0.0), hi)


def square_root(x: Interval) -> Interval:
    """Return sqrt(x); undefined where x contains a negative number."""
    bad = x[0] < 0
    lo, hi = outward(np.sqrt(np.where(bad, nan, x[0])), np.sqrt(np.where(bad, nan, x[1])))
    return np.maximum(lo, 0.0), hi


def absolute(x: Interval) -> Interval:
    """Return |x| (exact)."""
    a, b = np.abs(x[0]), np.abs(x[1])
    return np.where((x[0] <= 0) & (x[1] >= 0), 0.0, np.minimum(a, b)), np.maximum(a, b)


def extremum(op: str, x: Interval, y: Interval) -> Interval:
    """Return min(x, y) or max(x, y) (exact); undefined where one of them is."""
    chosen: Callable[[Array, Array], Array] = np.minimum if op == "min" else np.maximum
    good = (x[0] <= x[1]) & (y[0] <= y[1])
    return np.where(good, chosen(x[0], y[0]), nan), np.where(good, chosen(x[1], y[1]), nan)


def meet(x: Interval, y: Interval) -> Interval:
    """Return the intersection; empty is lo > hi."""
    return np.maximum(x[0], y[0]), np.minimum(x[1], y[1])


def slope(op: str, x: Interval, value: Interval) -> Interval:
    """Enclose the derivative of an elementary function or sqrt or abs, whose value is `value`."""
    one: Interval = (x[0] * 0 + 1.0, x[0] * 0 + 1.0)
    match op:
        case "sqrt":
            return divide((one[0] * 0.5, one[0] * 0.5), (np.where(x[0] > SMALL, value[0], nan), value[1]))
        case "abs":
            return np.where(x[0] > 0, 1.0, -1.0), np.where(x[1] < 0, -1.0, 1.0)
        case "exp":
            return value
        case "log":
            return divide(one, x)
        case "sin" | "sinh":
            return FUNCTIONS["cos" if op == "sin" else "cosh"](x)
        case "cos":
            return negate(FUNCTIONS["sin"](x))
        case "cosh":
            return FUNCTIONS["sinh"](x)
        case "tan":
            return add(one, square(value))
        case "tanh":
            return subtract(one, square(value))
        case "atan":
            return divide(one, add(one, square(x)))
    share = divide(one, square_root(subtract(one, square(x))))  # asin, acos
    return share if op == "asin" else negate(share)


def slope_of_extremum(op: str, x: Interval, y: Interval) -> Interval:
    """Enclose Clarke's generalised derivative of min(x, y) or max(x, y) by x."""
    if op == "max":
        x, y = y, x
    return np.where(x[1] < y[0], 1.0, 0.0), np.where(y[1] < x[0], 0.0, 1.0)


def function(op: str, x: Interval) -> Interval:
    """Enclose sqrt, abs or an elementary function. Raises ValueError for any other operation."""
    if op == "sqrt":
        return square_root(x)
    if op == "abs":
        return absolute(x)
    if op not in NAMES:
        raise ValueError(f"no interval rule for {op!r}")
    if op == "log":
        x = np.where(x[0] > SMALL, x[0], nan), x[1]
    return FUNCTIONS[op](x)
