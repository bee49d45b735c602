"""One operation on intervals, put to the engine and to the kernel and compared with the judge of the vectors."""

import math
from fractions import Fraction

import numpy as np
from mpmath import mp, mpf
from soundness_vectors import (
    FUNCTIONS,
    LARGEST,
    PRECISION,
    Ends,
    Range,
    Vector,
    at_least,
    at_most,
    mpf_of,
    true_range,
)

from verify.kernel.errors import Rejected
from verify.kernel.fixed import BITS, ONE, Interval, Undefined
from verify.kernel.intervals import apply, enclose, limited
from verify.kernel.terms import Node
from verify.provers import elementary, ranges
from verify.provers.tape import Tape

KERNEL = {"add": "+", "sub": "-", "mul": "*", "div": "/", "sqr": "^", "pown": "^"}
WIDTHS = {name: getattr(elementary, {"cos": "SINE", "sin": "SINE"}.get(name, name.upper())) for name in FUNCTIONS}
UNIT = elementary.UNIT
REACH = elementary.REACH
KERNEL_UNITS, KERNEL_BITS = 2, 90


def exact(ends: Ends) -> tuple[Fraction, Fraction]:
    return Fraction(ends[0]), Fraction(ends[1])


def node(vector: Vector) -> Node:
    exponent = 2 if vector.op == "sqr" else vector.exponent
    return Node(KERNEL.get(vector.op, vector.op), tuple(range(len(vector.operands))), exponent=exponent)


def tape(vector: Vector) -> Tape:
    """Return the engine's tape of one operation on variables."""
    names = [f"x{k}" for k in range(len(vector.operands))]
    nodes = [*(Node("var", name=name) for name in names), node(vector)]
    return Tape(nodes, len(nodes) - 1, names)


def by_engine(vector: Vector) -> Ends:
    lo, hi = (np.array([[x[k]] for x in vector.operands]) for k in (0, 1))
    found = tape(vector).evaluate(lo, hi)[0]
    return float(found[0][0]), float(found[1][0])


def by_kernel(vector: Vector) -> tuple[tuple[tuple[Fraction, Fraction], ...], Interval]:
    """Return the operands as the kernel has them, and its result. Raises Undefined, Rejected."""
    operands = [enclose(*exact(x)) for x in vector.operands]
    result = limited(apply(node(vector), operands))
    return tuple((Fraction(a, ONE), Fraction(b, ONE)) for a, b in operands), result


def kernel_operands(vector: Vector) -> tuple[tuple[Fraction, Fraction], ...]:
    found = (enclose(*exact(x)) for x in vector.operands)
    return tuple((Fraction(a, ONE), Fraction(b, ONE)) for a, b in found)


def slack(vector: Vector, end: mpf) -> mpf:
    """Return by how much an end of the engine's result may exceed the true one: a factor of it, and underflow."""
    op, n = vector.op, max(vector.exponent, 1)
    if op in ("neg", "abs", "min", "max"):
        return mpf(0)
    # of an ulp: half by rounding, up to two by widening; a power is a chain of products
    factor = {"pown": 4 * n}.get(op, 4) if op not in FUNCTIONS else 2 * WIDTHS[op] / UNIT + 2
    room = factor * UNIT * abs(end) + mpf(2) ** -1020
    if op in ("sin", "cos", "tan") and max(abs(x) for x in vector.operands[0]) > 0.7:
        room += mpf(2) ** -95 * (1 + end**2 if op == "tan" else 1)
    return room


def coarse(vector: Vector) -> bool:
    """Whether the engine says by design that it does not compute here: see the docstrings of `elementary`."""
    low, high = vector.operands[0]
    match vector.op:
        case "sin" | "cos" | "tan":
            return max(-low, high) > REACH
        case "exp":
            return low < -708
        case "log":
            return low < elementary.LEAST
    return False


def refused(vector: Vector) -> bool:
    """Whether the engine may refuse by design: tan far out; divisors and arguments of log too close to 0."""
    if vector.op == "div":
        low, high = vector.operands[1]
        return low <= ranges.SMALL and high >= -ranges.SMALL
    if vector.op == "log":
        return vector.operands[0][0] <= ranges.SMALL
    return vector.op == "tan" and coarse(vector)


def judged(vector: Vector) -> Range | None:
    """Return the true range of a vector's operation."""
    return true_range(vector.op, tuple(map(exact, vector.operands)), vector.exponent)


def assert_engine(vector: Vector) -> str:
    """Assert that the engine's result encloses, tightly, or is nan where it may be; return what it did."""
    (low, high), span = by_engine(vector), judged(vector)
    if span is None:
        assert math.isnan(low), (vector, low)
        assert math.isnan(high), (vector, high)
        return "undefined"
    with mp.workprec(PRECISION):
        if math.isnan(low):
            large = max(abs(mpf_of(end)) for end in span) > LARGEST / 16
            assert large or refused(vector), vector
            return "beyond"
        assert at_most(low, span[0]), (vector, low)
        assert at_least(high, span[1]), (vector, high)
        if coarse(vector):
            return "coarse"
        for end, true in zip((low, high), map(mpf_of, span), strict=True):
            assert abs(mpf(end) - true) <= slack(vector, true), (vector, end)
    return "enclosed"


def assert_kernel(vector: Vector) -> str:
    """Assert that the kernel's result encloses, tightly, or that it refuses; return what it did."""
    operands = kernel_operands(vector)
    span: Range | None = true_range(vector.op, operands, vector.exponent)
    try:
        found = by_kernel(vector)[1]
    except Undefined:
        assert span is None, (vector, "undefined")
        return "undefined"
    except Rejected:
        assert span is not None
        with mp.workprec(PRECISION):
            assert max(abs(mpf_of(end)) for end in span) > mpf(2) ** 3990, (vector, "beyond the limit")
        return "beyond"
    assert span is not None, (vector, found)
    original = judged(vector)
    assert original is not None, (vector, found)
    ends = [Fraction(end, ONE) for end in found]
    with mp.workprec(PRECISION):
        values = [mpf(end.numerator) / end.denominator for end in ends]
        for low, high in (span, original):
            inner = values if isinstance(low, mpf) else ends
            assert inner[0] <= low, (vector, found)
            inner = values if isinstance(high, mpf) else ends
            assert high <= inner[1], (vector, found)
        for end, true in zip(values, map(mpf_of, span), strict=True):
            room = max(KERNEL_UNITS * mpf(2) ** -BITS, abs(true) * mpf(2) ** -KERNEL_BITS)
            if vector.op == "tan" and abs(true) > 2:  # next to a pole the slope is as large as the square
                room = max(room, true**2 * mpf(2) ** -(BITS + 40))
            assert abs(end - true) <= room, (vector, found)
    return "enclosed"
