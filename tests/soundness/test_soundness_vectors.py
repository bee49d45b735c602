"""Conformance vectors in the manner of IEEE 1788: judged independently, then put to the engine and to the kernel."""

import math
from collections import Counter

import numpy as np
import pytest
from mpmath import mp
from soundness_operations import UNIT, assert_engine, assert_kernel, by_engine, coarse, judged, refused, tape
from soundness_vectors import FUNCTIONS, PRECISION, Vector, all_vectors, tightest

from verify.provers import ranges
from verify.provers.tracing import Program

VECTORS = all_vectors()
OPS = sorted({v.op for v in VECTORS})


def of(op: str) -> list[Vector]:
    return [v for v in VECTORS if v.op == op]


@pytest.mark.parametrize("op", OPS)
def test_the_vectors_are_right(op: str) -> None:
    """Every result is the tightest one: a mistake in the file is found here."""
    assert len(of(op)) >= 10
    for vector in of(op):
        span = judged(vector)
        with mp.workprec(PRECISION):
            wanted = None if span is None else tightest(span)
        assert vector.result == wanted, (vector.place, wanted)
        assert all(low <= high for low, high in vector.operands), vector.place


@pytest.mark.parametrize("op", OPS)
def test_the_engine_encloses(op: str) -> None:
    """To a stated number of units in the last place (`slack`), but where it says that it is coarse."""
    done = Counter(assert_engine(vector) for vector in of(op))
    assert done["enclosed"] >= 8, done
    assert done["undefined"] == sum(v.result is None for v in of(op)), done


@pytest.mark.parametrize("op", OPS)
def test_the_engine_stays_in_the_range_where_it_is_coarse(op: str) -> None:
    """Even there a result is no wider than what it stands for."""
    most = {"sin": (-1.0, 1.0), "cos": (-1.0, 1.0), "exp": (0.0, math.inf), "log": (-746.0, 710.0)}
    for vector in of(op):
        if coarse(vector) and vector.result is not None and op in most:
            low, high = by_engine(vector)
            if math.isnan(low) and refused(vector):
                continue
            assert most[op][0] <= low <= high <= most[op][1], vector.place
            if op == "exp":
                assert high <= vector.result[1] + max(vector.result[1] * 16 * UNIT, 2.0**-1000), vector.place


@pytest.mark.parametrize("op", OPS)
def test_the_machine_gives_the_same_numbers(op: str) -> None:
    """The compiled program and numpy agree to the last bit, also on whole batches of vectors."""
    for key in sorted({(len(v.operands), v.exponent) for v in of(op)}):
        group = [v for v in of(op) if (len(v.operands), v.exponent) == key]
        size, one = key[0], tape(group[0])
        rows = np.array([[v.operands[k][end] for v in group] for end in (0, 1) for k in range(size)])
        program = Program(lambda r, size=size, one=one: one.evaluate(r[:size], r[size:])[0], 2 * size)
        with np.errstate(all="ignore"):
            expected = np.array(one.evaluate(rows[:size], rows[size:])[0])
        np.testing.assert_array_equal(program(rows), expected)


@pytest.mark.parametrize("op", OPS)
def test_the_kernel_encloses(op: str) -> None:
    """To 2 units of 2**-96, or 2**-90 of the value; it has no infinity and no limit below 2**4000."""
    done = Counter(assert_kernel(vector) for vector in of(op))
    assert done["enclosed"] >= 8, done
    assert done["undefined"] >= sum(v.result is None for v in of(op)), done


def test_all_operations_have_vectors() -> None:
    assert {"neg", "sqr", "sqrt", "pown", "abs", "add", "sub", "mul", "div", "min", "max", *FUNCTIONS} == set(OPS)
    assert len(VECTORS) > 500
    assert sum(v.result is None for v in VECTORS) > 20
    assert set(FUNCTIONS) == set(ranges.FUNCTIONS)
