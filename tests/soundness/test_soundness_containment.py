"""Enclosures against exact rationals: single operations, random term graphs in every form, and narrowing."""

import math
import os
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from soundness_operations import assert_engine, assert_kernel
from soundness_terms import NAMES, Case, Undefined, cases, doubles, met, modest, of_kernel, shares
from soundness_vectors import BINARY, FUNCTIONS, Vector

from verify.kernel.errors import KernelError
from verify.kernel.intervals import enclose, evaluate, mean_value
from verify.kernel.narrowing import narrow, narrow_linear
from verify.kernel.terms import FUNCTIONS as KERNEL_FUNCTIONS
from verify.provers.linear import Linear
from verify.provers.narrowing import propagated, solved
from verify.provers.tape import Tape

SCALE = 1 if os.environ.get("CI") else 10
TRANSCENDENTAL = set(KERNEL_FUNCTIONS) - {"abs"} | {"sqrt"}
OPS = (*FUNCTIONS, *BINARY, "neg", "abs", "sqr", "sqrt", "pown")
SINGLE, GRAPHS, NARROWINGS = 5_720, 3_000, 1_500


def examples(count: int) -> settings:
    """Return settings with so many examples in CI and a tenth elsewhere."""
    return settings(max_examples=count // SCALE, deadline=None, database=None, derandomize=True)


def vector(op: str, ends: tuple[float, ...], exponent: int) -> Vector:
    """Return a vector of one operation, its operands moved into the domain of those functions that have small ones."""
    if op in ("asin", "acos") and not all(abs(e) <= 2 for e in ends):
        ends = tuple(math.remainder(e, 2.0) for e in ends)
    if op == "log":
        ends = tuple(abs(e) for e in ends)
    if op in ("exp", "sinh", "cosh"):
        ends = tuple(max(min(e, 3e3), -3e3) for e in ends)
    pairs = [(min(ends[k : k + 2]), max(ends[k : k + 2])) for k in ((0, 2) if op in BINARY else (0,))]
    return Vector("", op, tuple(pairs), exponent if op == "pown" else 0, None)


@pytest.mark.parametrize("op", OPS)
def test_single_operations(op: str) -> None:
    """The engine and the kernel enclose, tightly, over doubles of all sizes."""
    tally: Counter[str] = Counter()
    ends = doubles | modest

    @examples(SINGLE // len(OPS))
    @given(st.tuples(ends, ends, ends, ends), st.integers(0, 12), st.booleans())
    def run(found: tuple[float, ...], exponent: int, thin: bool) -> None:
        one = vector(op, (found[0], found[0], found[2], found[2]) if thin else found, exponent)
        tally["engine " + assert_engine(one)] += 1
        tally["kernel " + assert_kernel(one)] += 1

    run()
    least = 0.04 if op == "tan" else 0.2
    assert min(tally["engine enclosed"], tally["kernel enclosed"]) >= least * (SINGLE // len(OPS) // SCALE), tally


def engine_forms(case: Case) -> tuple[Tape, dict[int, tuple[np.ndarray, np.ndarray]], Linear]:
    """Return a tape that knows the box, the enclosures of all nodes, and the mean-value form."""
    lo, hi = case.ends()
    tape = Tape(case.nodes, len(case.nodes) - 1, NAMES)
    tape.note_root(lo, hi)
    with np.errstate(all="ignore"):
        centre = 0.5 * (lo + hi)
        values = tape.evaluate(lo, hi, keep=True)[1]
        radius = np.maximum(hi - centre, centre - lo) * (1 + 2.0**-50) + 2.0**-1022
        return tape, values, Linear(tape.evaluate(centre, centre)[0], tape.gradient(values), list(radius))


def numbers(x: tuple[np.ndarray, np.ndarray]) -> tuple[Fraction, Fraction] | None:
    """Return an enclosure of the engine as rationals; None where it is nan."""
    low, high = float(np.ravel(x[0])[0]), float(np.ravel(x[1])[0])
    if math.isnan(low) or math.isnan(high):
        return None
    far = Fraction(2) ** 5000
    return (Fraction(low) if low > -math.inf else -far), (Fraction(high) if high < math.inf else far)


def kernel_forms(case: Case) -> dict[str, tuple[Fraction, Fraction] | None]:
    """Return the kernel's plain and mean-value enclosures; None where it refuses."""
    found: dict[str, tuple[Fraction, Fraction] | None] = {}
    for name, form in (("plain", lambda n, b: evaluate(n, b)[-1]), ("mean value", mean_value)):
        try:
            found[name] = of_kernel(form(case.nodes, case.kernel_box()))
        except KernelError:
            found[name] = None
    return found


def test_random_term_graphs() -> None:
    """Plain evaluation and mean-value form contain the value at every point, and are refused where it has none."""
    tally: Counter[str] = Counter()

    @examples(GRAPHS)
    @given(cases, st.lists(shares, min_size=2, max_size=2))
    def run(case: Case, points: list[list[Fraction]]) -> None:
        tape, values, linear = engine_forms(case)
        with np.errstate(all="ignore"):
            engine = {"plain": numbers(values[tape.root]), "mean value": numbers(linear.range())}
        forms = {**{f"engine, {k}": v for k, v in engine.items()}}
        forms |= {f"kernel, {k}": v for k, v in kernel_forms(case).items()}
        for share in points:
            point = case.point(share)
            try:
                value = case.value(point)
            except Undefined:
                if not any(node.op in TRANSCENDENTAL for node in case.nodes):
                    assert not any(forms.values()), (case, point, forms)
                    tally["undefined"] += 1
                continue
            for name, interval in forms.items():
                if value is not None and interval is not None:
                    assert met(interval, value), (name, case, point, interval, value)
                    tally[name] += 1

    run()
    for form in ("plain", "mean value"):
        assert min(tally[f"engine, {form}"], tally[f"kernel, {form}"]) > 0.4 * GRAPHS / SCALE, tally
    assert tally["undefined"] > 0 or SCALE > 1, tally  # a tenth of the examples may have none


def test_narrowing_keeps_every_point_that_meets_the_target() -> None:
    """The target is drawn around, beside or up to the value at a point; the point must be left."""
    tally: Counter[str] = Counter()
    kinds = st.sampled_from(["around", "from", "up to", "exactly"])

    @examples(NARROWINGS)
    @given(cases, shares, kinds, st.integers(0, 60).map(lambda k: Fraction(1, 2**k)))
    def run(case: Case, share: list[Fraction], kind: str, room: Fraction) -> None:
        point = case.point(share)
        try:
            value = case.value(point)
        except Undefined:
            return
        if value is None or max(abs(value.low), abs(value.high)) > 10**300:
            return
        far = Fraction(10) ** 305
        low = value.low - room if kind == "around" else -far if kind == "up to" else value.low
        high = value.high + room if kind == "around" else far if kind == "from" else value.high
        for name, left in kernel_narrowings(case, low, high) + engine_narrowings(case, low, high):
            assert left is not None, (name, case, point)
            for variable, (first, last) in left.items():
                assert first <= point[variable] <= last, (name, case, point, variable)
            whole = all(left[v][0] <= low and high <= left[v][1] for v, (low, high) in case.sides.items() if v in left)
            tally[name + (" kept all" if whole else " narrowed")] += 1

    run()
    for name in ("kernel, narrow", "kernel, narrow_linear", "engine, propagated", "engine, solved"):
        assert tally[f"{name} narrowed"] > 0.04 * NARROWINGS / SCALE, tally


Left = list[tuple[str, dict[str, tuple[Fraction, Fraction]] | None]]


def kernel_narrowings(case: Case, low: Fraction, high: Fraction) -> Left:
    """Return what the kernel's narrowings leave; nothing where it refuses."""
    found: Left = []
    for method in (narrow, narrow_linear):
        try:
            left = method(case.nodes, case.kernel_box(), enclose(low, high))
        except KernelError:
            continue
        kept = None if left is None else {name: of_kernel(x) for name, x in left.items()}
        found.append((f"kernel, {method.__name__}", kept))
    return found


def engine_narrowings(case: Case, low: Fraction, high: Fraction) -> Left:
    """Return what the engine's narrowings leave; nothing where the term is nan."""
    tape, values, linear = engine_forms(case)
    if numbers(values[tape.root]) is None:
        return []
    lo, hi = case.ends()
    target = np.array([math.nextafter(float(low), -math.inf)]), np.array([math.nextafter(float(high), math.inf)])
    with np.errstate(all="ignore"):
        rows, empty = propagated(tape, values, target)
        newton = solved(linear, dict(enumerate(lo)), dict(enumerate(hi)), target)
    found: Left = []
    for name, kept, nothing in (("propagated", rows, bool(np.any(empty))), ("solved", newton, False)):
        ends = {NAMES[row]: numbers(x) for row, x in kept.items()}
        left = {variable: pair for variable, pair in ends.items() if pair is not None}
        found.append((f"engine, {name}", None if nothing else left))
    return found
