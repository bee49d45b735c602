"""From an approximate point to an exact counterexample that the kernel accepts."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import floor, log2
from typing import Any

from verify.kernel.errors import KernelError
from verify.kernel.rules import check_counterexample
from verify.kernel.statements import Statement

DENOMINATOR_BITS = (0, 1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 26, 32, 40, 48)
DENOMINATORS = (3, 5, 7, 10, 60, 1000, 10**6, 10**12)

Point = dict[str, Fraction]


def proof_object(point: Mapping[str, Fraction]) -> dict[str, Any]:
    """Return the proof object of the rule counterexample for `point`."""
    return {"rule": "counterexample", "point": {name: str(value) for name, value in point.items()}}


def refutes(statement: Statement, point: Mapping[str, Fraction]) -> bool:
    """Whether the kernel accepts `point` as a counterexample to `statement`."""
    try:
        check_counterexample(statement, proof_object(point))
    except KernelError:
        return False
    return True


def clip(statement: Statement, point: Mapping[str, Fraction]) -> Point:
    """Move each coordinate into its variable's bounds."""
    result = {}
    for v in statement.variables:
        value = point[v.name]
        value = value if v.lower is None else max(value, v.lower)
        result[v.name] = value if v.upper is None else min(value, v.upper)
    return result


def _power_of_two(value: Fraction) -> Fraction:
    """Return the power of two, with the value's sign, that is nearest on a logarithmic scale."""
    if not value:
        return value
    nearest = Fraction(2) ** round(log2(abs(value.numerator)) - log2(value.denominator))
    return nearest if value > 0 else -nearest


def roundings(point: Mapping[str, Fraction]) -> Iterator[Point]:
    """Yield `point` rounded to growing powers of two as denominators, then to small denominators, then itself.

    Between them come points whose coordinates are powers of two, which keep quotients exact in binary.
    """
    for bits in DENOMINATOR_BITS:
        yield {name: Fraction(round(value * 2**bits), 2**bits) for name, value in point.items()}
    yield {name: _power_of_two(value) for name, value in point.items()}
    for denominator in DENOMINATORS:
        yield {name: value.limit_denominator(denominator) for name, value in point.items()}
    yield dict(point)


def corners(point: Mapping[str, Fraction], bits: int, picks: Iterable[int]) -> Iterator[Point]:
    """Yield roundings to denominator 2 ** bits, each coordinate down or up as the binary digits of a pick say."""
    lows = {name: floor(value * 2**bits) for name, value in point.items()}
    for pick in picks:
        yield {name: Fraction(low + (pick >> i & 1), 2**bits) for i, (name, low) in enumerate(lows.items())}


def nearby_counterexample(statement: Statement, point: Mapping[str, Fraction]) -> Point | None:
    """Return the simplest rounding of `point`, or `point` itself, that refutes `statement`; None when none does."""
    for candidate in roundings(point):
        clipped = clip(statement, candidate)
        if refutes(statement, clipped):
            return clipped
    return None
