"""Terms for the independent judge: exact rationals; irrational roots by integers, elementary functions by mpmath.

The value of a function is exact where it is a number that anyone can name: at 0, and for log and acos at 1.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from math import isqrt
from typing import Any

import mpmath

ROOT_BITS = 200
BITS = 500
MOST_BITS = 6_000  # of a value; the kernel's limit is lower
SLACK = Fraction(1, 1 << 400)
Range = tuple[Fraction, Fraction]
EXACT = {
    **dict.fromkeys(("exp", "cos", "cosh"), (0, 1)),
    **dict.fromkeys(("sin", "tan", "asin", "atan", "sinh", "tanh"), (0, 0)),
    **dict.fromkeys(("log", "acos"), (1, 0)),
}
NAMES = tuple(EXACT)


class Undefined(Exception):
    """A term has no value, or none that the judge can write down."""


def _fraction(value: mpmath.mpf) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    if abs(exponent) > MOST_BITS:
        if exponent > 0 or not mantissa:
            raise Undefined
        return Fraction(0)
    size = Fraction(mantissa) * Fraction(2) ** exponent
    return -size if sign else size


def value(name: str, t: Fraction) -> Fraction:
    """Return f(t) up to SLACK, relative to it if it is large. Raises Undefined."""
    if (name == "log" and t <= 0) or (name in ("asin", "acos") and abs(t) > 1):
        raise Undefined
    if name in ("exp", "sinh", "cosh") and abs(t) > MOST_BITS:
        if name == "exp" and t < 0:
            return Fraction(0)
        raise Undefined
    size = max(t.numerator.bit_length() - t.denominator.bit_length(), 0)
    if size > MOST_BITS:
        raise Undefined
    with mpmath.workprec(BITS + size):
        return _fraction(getattr(mpmath, name)(mpmath.mpf(t.numerator) / t.denominator))


def enclosure(name: str, x: Range) -> Range:
    """Enclose f on a range that is one number or so narrow that f is monotone on it, or turns on SLACK of it only.

    Raises Undefined.
    """
    exact = EXACT[name]
    if x[0] is x[1] and x[0] == exact[0]:
        result = Fraction(exact[1])
        return result, result
    ends = [value(name, end) for end in x]
    if name == "tan" and abs(ends[0] - ends[1]) > 1:
        raise Undefined
    slack = SLACK * (1 + max(map(abs, ends)))
    turn = x[1] - x[0] if name in ("sin", "cos", "cosh") else 0
    return min(ends) - slack - turn, max(ends) + slack + turn


def parse(text: str) -> list[Any]:
    """Read S-expressions into nested lists."""
    stack: list[list[Any]] = [[]]
    for token in re.findall(r"[()]|[^\s()]+", text):
        if token == "(":
            stack.append([])
        elif token == ")":
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(token)
    (result,) = stack
    return result


def number(value: Fraction) -> Range:
    return value, value


def is_number(*ranges: Range) -> bool:
    """Whether both ends are one object, as `number` makes them: a quick test for a single number."""
    return all(x[0] is x[1] for x in ranges)


def _product(x: Range, y: Range) -> Range:
    if is_number(x, y):
        return number(x[0] * y[0])
    corners = [a * b for a in x for b in y]
    return min(corners), max(corners)


def _root(x: Range) -> Range:
    if x[0] < 0:
        raise Undefined
    root = Fraction(isqrt(x[1].numerator), isqrt(x[1].denominator))
    if x[0] == x[1] == root**2:
        return number(root)
    scale = 1 << ROOT_BITS
    low, high = (value.numerator * scale * scale // value.denominator for value in x)
    return Fraction(isqrt(low), scale), Fraction(isqrt(high) + 1, scale)


def evaluate(term: Any, environment: Mapping[str, Range]) -> Range:
    """Return an enclosure of a term's value, a single number when no irrational root is involved."""
    if isinstance(term, str):
        return environment[term] if term in environment else number(Fraction(term))
    if term[0] == "^":
        base, result = evaluate(term[1], environment), number(Fraction(1))
        if is_number(base):
            return number(base[0] ** int(term[2]))
        for _ in range(int(term[2])):
            result = _product(result, base)
        return result
    values = [evaluate(argument, environment) for argument in term[1:]]
    if term[0] == "sqrt":
        return _root(values[0])
    if term[0] in NAMES:
        return enclosure(term[0], values[0])
    if term[0] == "-" and len(values) == 1:
        return number(-values[0][0]) if is_number(values[0]) else (-values[0][1], -values[0][0])
    if term[0] == "abs":
        low, high = values[0]
        if is_number(values[0]):
            return number(abs(low))
        return (Fraction(0) if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
    if term[0] in ("min", "max"):
        chosen = min if term[0] == "min" else max
        low, high = chosen(v[0] for v in values), chosen(v[1] for v in values)
        return number(low) if low == high else (low, high)
    result = values[0]
    for value in values[1:]:
        if term[0] in "+-" and is_number(result, value):
            result = number(result[0] + value[0] if term[0] == "+" else result[0] - value[0])
        elif term[0] == "+":
            result = result[0] + value[0], result[1] + value[1]
        elif term[0] == "-":
            result = result[0] - value[1], result[1] - value[0]
        elif term[0] == "*":
            result = _product(result, value)
        else:
            assert term[0] == "/"
            if value[0] <= 0 <= value[1]:
                raise Undefined
            inverse = number(1 / value[0]) if is_number(value) else (1 / value[1], 1 / value[0])
            result = _product(result, inverse)
    return result
