"""Exact values and derivatives of terms at rational points, independent of the kernel and of numpy.

A value is a pair of rationals (low, high); both are equal unless an irrational square root is involved, which is
enclosed to a relative error of 2**-200, or an elementary function: its values come from mpmath with 300 bits and are
taken 2**-120 wider, relative to them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any

import mpmath
from mpmath import mp, mpf

from verify.kernel.terms import Node

BITS = 200


class Undefined(Exception):
    """The term is not defined at the point, or an irrational number cannot be told from zero."""


class Unknown(Exception):
    """The value is too large to be written down, or the derivative is not the same on both sides."""


@dataclass(frozen=True)
class Enclosure:
    """A pair of rationals around a real number."""

    low: Fraction
    high: Fraction

    def __add__(self, other: "Enclosure") -> "Enclosure":
        return Enclosure(self.low + other.low, self.high + other.high)

    def __neg__(self) -> "Enclosure":
        return Enclosure(-self.high, -self.low)

    def __sub__(self, other: "Enclosure") -> "Enclosure":
        return self + -other

    def __mul__(self, other: "Enclosure") -> "Enclosure":
        ends = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Enclosure(min(ends), max(ends))

    def __truediv__(self, other: "Enclosure") -> "Enclosure":
        if other.low <= 0 <= other.high:
            raise Undefined
        return self * Enclosure(1 / other.high, 1 / other.low)

    def power(self, n: int) -> "Enclosure":
        result = exactly(1)
        for _ in range(n):
            result = result * self
        return result

    def root(self) -> "Enclosure":
        if self.low < 0:
            raise Undefined
        return Enclosure(_root(self.low)[0], _root(self.high)[1])


def exactly(value: Fraction | int) -> Enclosure:
    return Enclosure(Fraction(value), Fraction(value))


def _root(value: Fraction) -> tuple[Fraction, Fraction]:
    """Return rationals around the square root of a nonnegative rational, equal when it is rational."""
    if not value:
        return Fraction(0), Fraction(0)
    shift = max(0, value.denominator.bit_length() - value.numerator.bit_length()) + 2 * BITS
    scaled = (value.numerator << 2 * shift) // value.denominator
    low = Fraction(isqrt(scaled), 1 << shift)
    exact = isqrt(value.numerator), isqrt(value.denominator)
    if (exact[0] ** 2, exact[1] ** 2) == value.as_integer_ratio():
        return Fraction(*exact), Fraction(*exact)
    return low, low + Fraction(1, 1 << shift)


DERIVATIVES: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "log": lambda x: 1 / x,
    "sin": mpmath.cos,
    "cos": lambda x: -mpmath.sin(x),
    "tan": lambda x: 1 + mpmath.tan(x) ** 2,
    "asin": lambda x: 1 / mpmath.sqrt((1 - x) * (1 + x)),
    "acos": lambda x: -1 / mpmath.sqrt((1 - x) * (1 + x)),
    "atan": lambda x: 1 / (1 + x * x),
    "sinh": mpmath.cosh,
    "cosh": mpmath.sinh,
    "tanh": lambda x: 1 / mpmath.cosh(x) ** 2,
}


def _rational(x: mpf) -> Fraction:
    sign, mantissa, exponent, _ = x._mpf_
    return (-1) ** sign * Fraction(mantissa) * Fraction(2) ** exponent


def function(name: str, x: Enclosure, derivative: bool = False) -> Enclosure:
    """Return the value of an elementary function, or of its derivative. Raises Undefined, Unknown."""
    if (name == "log" and x.low <= 0) or (name in ("asin", "acos") and not -1 <= x.low <= x.high <= 1):
        raise Undefined
    if derivative and name in ("asin", "acos") and not -1 < x.low <= x.high < 1:
        raise Undefined
    if name in ("exp", "sinh", "cosh", "tanh") and max(abs(x.low), abs(x.high)) > 5000:
        raise Unknown
    compute = DERIVATIVES[name] if derivative else getattr(mpmath, name)
    with mp.workprec(300):
        ends = [_rational(compute(mpf(end.numerator) / end.denominator)) for end in (x.low, x.high)]
    low, high = min(ends), max(ends)
    return Enclosure(low - abs(low) / 2**120, high + abs(high) / 2**120)


def _apply(node: Node, x: list[Enclosure], point: Mapping[str, Fraction]) -> Enclosure:
    match node.op:
        case "const":
            return exactly(node.value)
        case "var":
            return exactly(point[node.name])
        case "+":
            return x[0] + x[1]
        case "-":
            return x[0] - x[1]
        case "*":
            return x[0] * x[1]
        case "/":
            return x[0] / x[1]
        case "neg":
            return -x[0]
        case "^":
            return x[0].power(node.exponent)
        case "sqrt":
            return x[0].root()
        case "abs":
            return _larger(x[0], -x[0])
        case "max":
            return _larger(*x)
        case "min":
            return -_larger(-x[0], -x[1])
        case op if op in DERIVATIVES:
            return function(op, x[0])
    raise AssertionError(node.op)


def _larger(x: Enclosure, y: Enclosure) -> Enclosure:
    return Enclosure(max(x.low, y.low), max(x.high, y.high))


def exact_value(nodes: Sequence[Node], root: int, point: Mapping[str, Fraction]) -> Enclosure:
    """Return the value of the term at a point. Raises Undefined, Unknown."""
    values: dict[int, Enclosure] = {}
    for index in needed(nodes, root):
        values[index] = _apply(nodes[index], [values[i] for i in nodes[index].args], point)
    return values[root]


def needed(nodes: Sequence[Node], root: int) -> list[int]:
    """Return the indices that the term depends on, in order."""
    wanted, stack = {root}, [root]
    while stack:
        new = set(nodes[stack.pop()].args) - wanted
        wanted |= new
        stack += new
    return sorted(wanted)


def dual(nodes: Sequence[Node], root: int, point: Mapping[str, Fraction], name: str) -> Enclosure:
    """Return d(term)/d(name) at a point, by forward differentiation. Raises Undefined, Unknown (at a kink)."""
    values: dict[int, Enclosure] = {}
    slopes: dict[int, Enclosure] = {}
    for index in needed(nodes, root):
        node = nodes[index]
        x, d = [values[i] for i in node.args], [slopes[i] for i in node.args]
        values[index] = _apply(node, x, point)
        match node.op:
            case "const":
                slope = exactly(0)
            case "var":
                slope = exactly(node.name == name)
            case "+":
                slope = d[0] + d[1]
            case "-":
                slope = d[0] - d[1]
            case "neg":
                slope = -d[0]
            case "*":
                slope = d[0] * x[1] + x[0] * d[1]
            case "/":
                slope = (d[0] - values[index] * d[1]) / x[1]
            case "^":
                slope = exactly(node.exponent) * x[0].power(max(node.exponent - 1, 0)) * d[0]
            case "abs" | "min" | "max":
                y, e = (x[1], d[1]) if len(x) == 2 else (-x[0], -d[0])
                if not (x[0].high < y.low or x[0].low > y.high):
                    raise Unknown
                slope = d[0] if (x[0].low > y.high) == (node.op != "min") else e
            case op if op in DERIVATIVES:
                constant = d[0].low == d[0].high == 0
                slope = exactly(0) if constant else d[0] * function(op, x[0], derivative=True)
            case _:
                constant = d[0].low == d[0].high == 0
                slope = exactly(0) if constant and x[0].low > 0 else d[0] / (exactly(2) * values[index])
        slopes[index] = slope
    return slopes[root]
