"""Enclosures of the elementary functions against mpmath: sound, tight on points, computed from + - * / and sqrt."""

import ast
import inspect
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import iv, mp, mpf

from verify.provers import elementary
from verify.provers.elementary import FUNCTIONS, LARGEST, LEAST, REACH, UNIT

NAMES = sorted(FUNCTIONS)
WIDTHS = {name: getattr(elementary, {"sin": "SINE", "cos": "SINE"}.get(name, name.upper())) for name in NAMES}
# What the docstring of the module says is lost before the widening, in units of u.
LOST = {
    "exp": 2.7, "log": 6.4, "sinh": 5.0, "cosh": 3.8, "tanh": 6.4, "atan": 9.3, "asin": 12.9, "acos": 11.9, "sin": 8.1,
    "cos": 8.1, "tan": 12.3,
}  # fmt: skip
REGIONS = {
    "exp": [(-708, 709.7), (-0.4, 0.4), (-1e-9, 1e-9)],
    "log": [(0.5, 2), (0.999, 1.001), (1.41, 1.42), (1e-300, 1e-290), (1e300, 1e308)],
    "sin": [(-9, 9), (-REACH, REACH), (-0.01, 0.01)],
    "cos": [(-9, 9), (-REACH, REACH), (-1, 1)],
    "tan": [(-9, 9), (-REACH, REACH), (-0.8, 0.8)],
    "asin": [(-1, 1), (-0.3, 0.3), (0.999, 1)],
    "acos": [(-1, 1), (-1e-3, 1e-3), (0.999, 1)],
    "atan": [(-8, 8), (-0.25, 0.25), (0.6, 0.75), (1.4, 1.6), (4.9, 5.2), (-1e6, 1e6)],
    "sinh": [(-710, 710), (-1.2, 1.2), (-1e-9, 1e-9)],
    "cosh": [(-710, 710), (-1.2, 1.2)],
    "tanh": [(-25, 25), (-1.2, 1.2)],
}
SPECIAL = [
    0.0, 5e-324, 1e-320, LEAST, 2 * LEAST, 1e-300, 1e-160, 2.0**-53, 2.0**-27, 0.199, 0.34657, 0.668, 0.785, 1.0,
    1.4142, 1.497, 1.5707963267948966, math.pi, 5.03, 20.0, 22.0, 355.0, 103993.0, 707.9, 708.0, 708.5, 709.78, 709.79,
    710.47, 710.48, 745.2, REACH, math.nextafter(REACH, 0), math.nextafter(REACH, 2e6), 1e16,
    2.0**60, 1e160, 1e300, LARGEST,
]  # fmt: skip

mp.prec = 200


def signed(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[float]:
    return st.tuples(numbers, st.sampled_from([1.0, -1.0])).map(math.prod)


def shifted(number: float, steps: int) -> float:
    """Move a float by that many units of its last place (towards larger moduli)."""
    return number + steps * math.ulp(number)


multiples = st.builds(lambda m, k: shifted(m * (math.pi / 2), k), st.integers(0, 667600), st.integers(-2, 2))
powers = st.builds(lambda m, e: m * 10.0**e, st.floats(1, 9), st.integers(-307, 307))
near_one = st.builds(lambda k, e: 1 + k * 2.0**-e, st.integers(-4, 4), st.integers(3, 53))
numbers = signed(st.sampled_from(SPECIAL) | multiples | powers | near_one | st.floats(0, 8) | st.floats(0, LARGEST))


def enclose(name: str, lo: float, hi: float) -> tuple[float, float]:
    with np.errstate(all="ignore"):
        a, b = FUNCTIONS[name]((np.array([lo]), np.array([hi])))
    return float(a[0]), float(b[0])


def exact(name: str, x: float | mpf) -> mpf:
    return getattr(mpmath, name)(mpf(x))


def in_domain(name: str, lo: float, hi: float) -> bool:
    match name:
        case "log":
            return lo > 0
        case "asin" | "acos":
            return lo >= -1 and hi <= 1
        case "tan":  # between two poles
            return max(-lo, hi) <= REACH and mp.floor(lo / mp.pi + 0.5) == mp.floor(hi / mp.pi + 0.5)
    return True


def assert_encloses(name: str, lo: float, hi: float, points: list[float]) -> None:
    low, high = enclose(name, lo, hi)
    if not in_domain(name, lo, hi):
        assert math.isnan(low), (name, lo, hi, low, high)
        assert math.isnan(high), (name, lo, hi, low, high)
        return
    values = [exact(name, x) for x in points]
    if name in ("sin", "cos"):
        with mp.workprec(1400):
            turns = [mpf(end) / (2 * mp.pi) - (0.25 if name == "sin" else 0) for end in (lo, hi)]
            values += [v for v, t in ((1, 0), (-1, 0.5)) if mp.floor(turns[1] - t) >= turns[0] - t]
    if name == "cosh" and lo <= 0 <= hi:
        values.append(mpf(1))
    assert low <= min(values), (name, lo, hi, low, values)
    assert high >= max(values), (name, lo, hi, high, values)


@pytest.mark.parametrize("name", NAMES)
@given(x=numbers, steps=st.integers(0, 2))
@example(x=0.0, steps=1)
@example(x=1.0, steps=0)
@example(x=-1.0, steps=0)
@example(x=5e-324, steps=0)
def test_narrow_intervals_are_enclosed(name: str, x: float, steps: int) -> None:
    y = x
    for _ in range(steps):
        y = min(math.nextafter(y, math.inf), LARGEST)
    assert_encloses(name, x, y, [x, y])


@pytest.mark.parametrize("name", NAMES)
@given(x=numbers, width=numbers, shares=st.lists(st.floats(0, 1), max_size=3))
def test_wide_intervals_are_enclosed(name: str, x: float, width: float, shares: list[float]) -> None:
    y = min(max(x + width, -LARGEST), LARGEST)
    lo, hi = min(x, y), max(x, y)
    inner = [min(max(lo * (1 - s) + hi * s, lo), hi) for s in shares]
    assert_encloses(name, lo, hi, [lo, hi, *inner])


@pytest.mark.parametrize(("name", "region"), [(name, k) for name in NAMES for k in range(len(REGIONS[name]))])
def test_points_are_enclosed_to_a_few_units(name: str, region: int) -> None:
    x = np.random.default_rng(region).uniform(*REGIONS[name][region], 200)
    with np.errstate(all="ignore"):
        lo, hi = FUNCTIONS[name]((x, x))
    for point, low, high in zip(x.tolist(), lo.tolist(), hi.tolist(), strict=True):
        value = exact(name, point)
        assert low <= value <= high, (name, point)
        # both sides, what is lost, and the part of the reduction: |m| 2**-119 < 2**-99, by the slope of tan
        allowed = 2 * (WIDTHS[name] + LOST[name] * UNIT) * abs(value)
        if name in ("sin", "cos", "tan") and abs(point) > 0.7:
            allowed += 2.0**-95 * (1 + value**2 if name == "tan" else 1)
        assert mpf(high) - mpf(low) <= allowed, (name, point)
        assert WIDTHS[name] <= 16 * 2.0**-52


def hardest_multiples() -> tuple[np.ndarray, np.ndarray]:
    """Return the doubles nearest to m pi/2, one unit to each side, and their distances, for 0 < m pi/2 < 2**20."""
    m = np.arange(1.0, 667544)
    nearest = m * (math.pi / 2)  # at most one unit off
    candidates = [nearest, np.nextafter(nearest, 0), np.nextafter(nearest, 2 * REACH)]
    distances = [np.abs(elementary._reduce(x, m)) for x in candidates]
    return np.concatenate(candidates), np.concatenate(distances)


def test_doubles_next_to_multiples_of_half_pi() -> None:
    x, distance = hardest_multiples()
    assert float(distance.min()) > 2.0**-80  # so the tangent is known to be defined at every double within reach
    hardest = x[np.argsort(distance)[:60]]
    assert all(abs(mpf(v) - mp.nint(mpf(v) / (mp.pi / 2)) * mp.pi / 2) < 2.0**-44 for v in hardest.tolist())
    for name in ("sin", "cos", "tan"):
        for point in hardest.tolist():
            for end in (point, -point):
                low, high = enclose(name, end, end)
                value, m = exact(name, end), mp.nint(2 * abs(mpf(end)) / mp.pi)
                assert low <= value <= high, (name, end)
                # room for what the reduction may lose, times the slope; the doubles within reach need less of it
                slope = 1 + value**2 if name == "tan" else mp.sqrt(1 - value**2)
                assert high - mpf(low) >= 2 * m * elementary.REDUCTION * slope, (name, end)
        assert all(np.isfinite(FUNCTIONS["tan"]((hardest, hardest))[k]).all() for k in (0, 1))


def test_reduction_is_as_exact_as_stated() -> None:
    x = np.concatenate([np.random.default_rng(5).uniform(-REACH, REACH, 300), hardest_multiples()[0][:300]])
    m = np.rint(x * (2 * elementary.PER_PI))
    for point, k, r in zip(x.tolist(), m.tolist(), elementary._reduce(x, m).tolist(), strict=True):
        true = mpf(point) - k * mp.pi / 2
        assert abs(r - true) <= 3 * UNIT * abs(true) + abs(k) * elementary.REDUCTION


def test_constants() -> None:
    head, tail = Fraction(elementary.LN2_HEAD), Fraction(elementary.LN2_TAIL)
    assert (head * 2**40).denominator == 1
    assert abs(mpf(head.numerator) / head.denominator + mpf(tail.numerator) / tail.denominator - mp.log(2)) < 2.0**-96
    first, second, third = map(Fraction, elementary.PI_PARTS)
    assert (first * 2**32).denominator == (second * 2**66).denominator == 1
    assert second < Fraction(1, 2**33)
    parts = sum(mpf(part.numerator) / part.denominator for part in (first, second, third))
    assert abs(parts - mp.pi / 2) + UNIT * abs(mpf(elementary.PI_PARTS[2])) * 2 < elementary.REDUCTION
    for value, true in [
        (elementary.HALF_PI, mp.pi / 2), (elementary.PER_PI, 1 / mp.pi), (elementary.PER_LN2, 1 / mp.log(2)),
        (elementary.SQRT2, mp.sqrt(2)),
        *((v, mp.atan(c)) for c, v in zip(elementary.ATAN_CENTRES, elementary.ATAN_VALUES, strict=True)),
    ]:  # fmt: skip
        assert abs(value - true) <= UNIT * true


def series_loss(
    series: tuple[float, ...], true: Callable[[int], Fraction], ends: tuple[float, float], z: float
) -> float:
    """Bound what Horner's rule loses and what the series leaves out, relative to the value, in u.

    `z` is the relative error of the argument in u. A running error analysis in interval arithmetic, over cells.
    """
    worst, cells = 0.0, 64
    for cell in range(cells):
        x = iv.mpf([ends[0] + (ends[1] - ends[0]) * (cell + k) / cells for k in (0, 1)])
        value = slope = error = iv.mpf(0)
        for n in reversed(range(len(series))):
            coefficient = Fraction(true(n))
            off = abs(iv.mpf(series[n]) - iv.mpf(coefficient.numerator) / coefficient.denominator)
            slope, product = slope * x + value, value * x
            value = product + series[n]
            error = (error * abs(x) + UNIT * abs(product)) * (1 + 4 * UNIT) + UNIT * abs(value) + off
        for n in range(len(series), len(series) + 20):  # what the series leaves out
            error += abs(x) ** n * abs(Fraction(true(n)).numerator) / Fraction(true(n)).denominator
        total = (error / UNIT + z * abs(slope * x)) / abs(value)
        worst = max(worst, float(total.b))
    return worst * (1 + 1e-9)  # for what is of second order in u


def atan_loss() -> float:
    """Bound the loss of atan over the five reductions."""

    def term(n: int) -> Fraction:
        return Fraction((-1) ** n, 2 * n + 1)

    losses = [series_loss(elementary.ATAN_SERIES, term, (0, 0.04), 1) + 1]
    series = 4 + series_loss(elementary.ATAN_SERIES, term, (0, 0.04), 9) + 1
    limits = [mpf(t) for t in elementary.ATAN_LIMITS]
    for t, centre in [
        *((t, c) for k, c in enumerate(elementary.ATAN_CENTRES) for t in limits[k : k + 2]), (limits[3], mp.inf),
    ]:  # fmt: skip
        base, angle = mp.atan(centre), mp.atan(t)
        assert abs(mp.tan(angle - base)) < 0.2
        losses.append(float((base + series * abs(angle - base)) / min(base, angle) + 1))
    return max(losses)


def test_losses_are_as_stated() -> None:
    """The table of the module's docstring, recomputed: by running error analysis."""
    e = math.factorial
    tail = 0.01  # the last parts of ln 2 and pi/2 and their products, below 2**-60
    exp = series_loss(elementary.EXP_SERIES, lambda n: Fraction(1, e(n)), (-0.34658, 0.34658), 0) + 0.34658 + tail
    log_m = series_loss(elementary.LOG_SERIES, lambda n: Fraction(1, 2 * n + 1), (0, 0.02945), 5) + 2 + 1 + tail
    log = (log_m + 1) * float(0.34658 / (mp.log(2) - 0.34658)) + 1
    small = series_loss(elementary.SINH_SERIES, lambda n: Fraction(1, e(2 * n + 1)), (0, 1), 1) + 1 + tail
    h, q = math.e / 2, 1 / (2 * math.e)
    sinh = max(small, (exp * (h + q) + q) / (h - q) + 1)
    tanh = max(small, sinh / math.cosh(1) ** 2) + 3
    wave, half = (
        series_loss(elementary.SINE_SERIES, lambda n: Fraction((-1) ** n, e(2 * n + 1)), (0, r**2), 1) + 1 + tail
        for r in (1.5709, 0.7855)
    )
    wave, tan = wave + 3, 2.001 * (half + 2) + 3
    atan = atan_loss()
    found = {
        "exp": exp, "log": log, "sinh": sinh, "cosh": exp + 1, "tanh": tanh, "sin": wave, "cos": wave, "tan": tan,
        "atan": atan, "asin": atan + 3.5, "acos": atan + 2.5,
    }  # fmt: skip
    for name in NAMES:
        assert found[name] <= LOST[name], (name, found)
        assert LOST[name] + 1.05 <= WIDTHS[name] / UNIT, name


INF, NAN = math.inf, math.nan
CASES = [
    ("exp", -INF, 0.0, 0.0, 1.0), ("exp", 0.0, INF, 1.0, INF), ("exp", INF, INF, LARGEST, INF),
    ("exp", -1e300, -800.0, 0.0, 0.0), ("log", 0.0, 1.0, NAN, NAN), ("log", -1.0, 1.0, NAN, NAN),
    ("log", 1.0, INF, 0.0, INF), ("log", 1.0, 1.0, 0.0, 0.0), ("log", INF, INF, 709.78, INF),
    ("log", -0.0, 1.0, NAN, NAN), ("sin", -INF, INF, -1.0, 1.0), ("sin", 0.0, 0.0, 0.0, 0.0),
    ("sin", INF, INF, -1.0, 1.0), ("cos", INF, INF, -1.0, 1.0), ("cos", -1e300, 0.0, -1.0, 1.0),
    ("sin", 2e6, 2e6, -1.0, 1.0), ("cos", -0.5, 0.5, 0.87758, 1.0), ("sin", 0.0, 4.0, -0.7568025, 1.0),
    ("tan", 2e6, 2e6, NAN, NAN), ("tan", -INF, INF, NAN, NAN), ("tan", INF, INF, NAN, NAN),
    ("tan", 1.0, 2.0, NAN, NAN), ("tan", 0.0, 0.0, 0.0, 0.0), ("tan", -8.0, -7.0, NAN, NAN),
    ("tan", 2.0, 4.0, -2.1851, 1.1579), ("asin", -1.0, 1.0, -1.5708, 1.5708), ("asin", 0.0, 1.0 + 2.0**-52, NAN, NAN),
    ("acos", 1.0, 1.0, 0.0, 0.0), ("acos", -1.0, 1.0, 0.0, 3.1416), ("acos", -2.0, 0.0, NAN, NAN),
    ("asin", -INF, INF, NAN, NAN), ("atan", -INF, INF, -1.5708, 1.5708), ("atan", INF, INF, 1.5708, 1.5708),
    ("atan", 0.0, 0.0, 0.0, 0.0), ("sinh", -INF, INF, -INF, INF), ("sinh", INF, INF, LARGEST, INF),
    ("sinh", 0.0, 0.0, 0.0, 0.0), ("cosh", -INF, 1.0, 1.0, INF), ("cosh", INF, INF, LARGEST, INF),
    ("tanh", -INF, INF, -1.0, 1.0), ("tanh", INF, INF, 1.0, 1.0), ("tanh", 0.0, 0.0, 0.0, 0.0),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(CASES)))
def test_ends_of_the_domains(case: int) -> None:
    name, lo, hi, low, high = CASES[case]
    found = enclose(name, lo, hi)
    assert found == pytest.approx((low, high), rel=1e-4, abs=1e-300, nan_ok=True)
    if math.isfinite(low) and low in (-1.0, 0.0, 1.0) and name in ("sin", "cos", "cosh", "log", "acos", "exp"):
        assert found[0] <= low


@pytest.mark.parametrize("name", NAMES)
def test_nan_and_empty_intervals_give_nan_at_both_ends(name: str) -> None:
    for lo, hi in [(NAN, NAN), (NAN, 0.5), (0.5, NAN), (0.75, 0.5)]:
        assert all(map(math.isnan, enclose(name, lo, hi))), (lo, hi)


@pytest.mark.parametrize("name", ["sin", "tan", "asin", "atan", "sinh", "tanh"])
def test_signs_are_kept_and_tiny_arguments_are_strictly_enclosed(name: str) -> None:
    above = name not in ("sin", "atan", "tanh")  # f(x) > x > 0, else 0 < f(x) < x
    for x in (5e-324, 1e-310, LEAST, 1e-300, 1e-100, 1e-9):
        low, high = enclose(name, x, x)
        assert high > x if above else low < x
        assert low <= x <= high
        assert enclose(name, -x, -x) == (-high, -low)
    assert enclose(name, 0.0, 0.75)[0] == 0 == enclose(name, -0.75, 0.0)[1]


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("exp", 0, INF),
        ("sin", -1, 1),
        ("cos", -1, 1),
        ("tanh", -1, 1),
        ("cosh", 1, INF),
        ("acos", 0, 3.15),
    ],
)
def test_the_range_is_not_left(name: str, least: float, most: float) -> None:
    x = np.array([s * v for v in (*SPECIAL, 1e-8, 1e-9, 3.0, 1.5707963, 1000.0) for s in (1.0, -1.0)])
    with np.errstate(all="ignore"):
        lo, hi = FUNCTIONS[name]((x, x))
    assert not np.any(lo < least)
    assert not np.any(hi > most)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_gives_what_single_boxes_give(name: str) -> None:
    generator = np.random.default_rng(11)
    ends = np.sort(generator.normal(size=(2, 257)) * 10.0 ** generator.integers(-9, 9, 257), axis=0)
    with np.errstate(all="ignore"):
        lo, hi = FUNCTIONS[name]((ends[0], ends[1]))
    for k in range(257):
        assert np.array_equal([lo[k], hi[k]], enclose(name, *ends[:, k].tolist()), equal_nan=True)
    assert ends.shape == (2, 257)


ALLOWED = {"where", "minimum", "maximum", "abs", "sqrt", "rint", "floor"}
HELPERS = {"power_of_two", "exponent_and_mantissa", "is_finite"}


def test_the_source_uses_no_function_of_the_system() -> None:
    tree = ast.parse(inspect.getsource(elementary))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    sources = {node.module: {a.name for a in node.names} for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"numpy", "numpy.typing"}
    assert sources.pop("math") == {"factorial", "inf", "nan"}
    assert set(sources) == {"collections.abc", "typing"}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        used = {
            node.attr
            for node in ast.walk(ast.Module(function.body, []))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np"
        }
        assert used <= (ALLOWED | {"asarray", "int64", "float64"} if function.name in HELPERS else ALLOWED), (
            function.name
        )


class Traced:
    """A value that knows only what a tracing compiler knows: the operators, seven numpy functions, three helpers."""

    __array_priority__ = 1000.0

    def __init__(self, value: Any) -> None:
        self.value = np.asarray(value)

    def __array__(self, *_: object, **__: object) -> Any:
        raise AssertionError("a traced value was turned into an array")

    def __bool__(self) -> bool:
        raise AssertionError("a branch depends on a traced value")

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> "Traced":
        assert method == "__call__"
        assert not options
        assert function.__name__ in {"absolute", "minimum", "maximum", "sqrt", "rint", "floor"}
        return Traced(function(*map(plain, inputs)))

    def __array_function__(self, function: Any, types: object, args: Any, options: Any) -> "Traced":
        assert function is np.where
        assert not options
        return Traced(np.where(*map(plain, args)))

    def power_of_two(self) -> "Traced":
        return Traced(elementary.power_of_two(self.value))

    def exponent_and_mantissa(self) -> tuple["Traced", "Traced"]:
        e, m = elementary.exponent_and_mantissa(self.value)
        return Traced(e), Traced(m)

    def is_finite(self) -> "Traced":
        return Traced(elementary.is_finite(self.value))

    def __neg__(self) -> "Traced":
        return Traced(-self.value)


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Traced) else value


for _operator in [
    "add",
    "radd",
    "sub",
    "rsub",
    "mul",
    "rmul",
    "truediv",
    "rtruediv",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
]:
    _name = f"__{_operator}__"
    setattr(Traced, _name, lambda self, other, _name=_name: Traced(getattr(self.value, _name)(plain(other))))


@pytest.mark.parametrize("name", NAMES)
def test_the_source_can_be_traced(name: str) -> None:
    ends = np.sort(np.random.default_rng(3).normal(size=(2, 64)), axis=0)
    with np.errstate(all="ignore"):
        expected = FUNCTIONS[name]((ends[0], ends[1]))
        found = FUNCTIONS[name]((Traced(ends[0]), Traced(ends[1])))
    for a, b in zip(expected, found, strict=True):
        assert np.array_equal(a, plain(b), equal_nan=True)


@given(k=st.integers(-1022, 1023), m=st.floats(1, 2, exclude_max=True))
def test_powers_of_two_and_exponents_are_exact(k: int, m: float) -> None:
    power = elementary.power_of_two(np.array([float(k)]))
    assert power.tolist() == [math.ldexp(1, k)]
    exponent, mantissa = elementary.exponent_and_mantissa(m * power)
    assert (exponent.tolist(), mantissa.tolist()) == ([k], [m])
    assert elementary.is_finite(np.array([m, NAN, INF, -INF, -LARGEST])).tolist() == [True, False, False, False, True]
