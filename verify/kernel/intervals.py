"""Interval arithmetic on integers: an interval is a pair (lo, hi) of integers in units of 2**-BITS.

Every operation rounds lo down and hi up, so the true result of real arithmetic on members is a member (the
fundamental theorem of interval arithmetic, IEEE 1788). Python's integers are exact, so nothing else can round.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import TypeAlias

from verify.kernel.errors import Rejected
from verify.kernel.terms import Node

BITS = 96
ONE = 1 << BITS
MAX_END = 1 << 4096
UNIT, MINUS = (ONE, ONE), (-ONE, -ONE)

Interval: TypeAlias = tuple[int, int]


class Undefined(Rejected):
    """An operation is not defined everywhere on the interval."""


def enclose(lower: Fraction, upper: Fraction) -> Interval:
    """Smallest interval that contains [lower, upper]."""
    return (lower.numerator << BITS) // lower.denominator, -((-upper.numerator << BITS) // upper.denominator)


def add(x: Interval, y: Interval) -> Interval:
    """Return x + y (exact)."""
    return x[0] + y[0], x[1] + y[1]


def negate(x: Interval) -> Interval:
    """Return -x (exact)."""
    return -x[1], -x[0]


def multiply(x: Interval, y: Interval) -> Interval:
    """Return x * y."""
    if x[0] >= 0:  # the ends of the product depend on the sign of y only
        low = x[0] * y[0] if y[0] >= 0 else x[1] * y[0]
        high = x[1] * y[1] if y[1] >= 0 else x[0] * y[1]
        return low >> BITS, -(-high >> BITS)
    products = x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1]
    return min(products) >> BITS, -(-max(products) >> BITS)


def power(x: Interval, n: int) -> Interval:
    """Return x ** n for a natural number n; an even power of an interval around 0 starts at 0."""
    if n == 0:
        return ONE, ONE
    low, high = x[0] ** n, x[1] ** n
    if n % 2 == 0:
        low, high = (0 if x[0] <= 0 <= x[1] else min(low, high)), max(low, high)
    shift = BITS * (n - 1)
    return low >> shift, -(-high >> shift)


def divide(x: Interval, y: Interval) -> Interval:
    """Return x / y. Raises Undefined when y contains 0."""
    if y[0] <= 0 <= y[1]:
        raise Undefined("division by an interval that contains 0")
    pairs = [(a << BITS, b) for a in x for b in y]
    return min(a // b for a, b in pairs), max(-(-a // b) for a, b in pairs)


def square_root(x: Interval) -> Interval:
    """Return sqrt(x). Raises Undefined when x contains a negative number."""
    if x[0] < 0:
        raise Undefined("square root of an interval that contains a negative number")
    root = isqrt(x[1] << BITS)
    return isqrt(x[0] << BITS), root + (root * root < x[1] << BITS)


def apply(node: Node, arguments: Sequence[Interval]) -> Interval:
    """Enclose one operation (not a constant or variable) on enclosures of its arguments. Raises Undefined."""
    match node.op:
        case "*":
            same = node.args[0] == node.args[1]
            return power(arguments[0], 2) if same else multiply(arguments[0], arguments[1])
        case "+":
            return add(arguments[0], arguments[1])
        case "-":
            return add(arguments[0], negate(arguments[1]))
        case "/":
            return divide(arguments[0], arguments[1])
        case "neg":
            return negate(arguments[0])
        case "^":
            return power(arguments[0], node.exponent)
        case "sqrt":
            return square_root(arguments[0])
    raise Rejected(f"no interval rule for {node.op!r}")


def limited(x: Interval) -> Interval:
    """Return x. Raises Rejected when an end exceeds MAX_END, so that no number grows without bound."""
    if x[0] < -MAX_END or x[1] > MAX_END:
        raise Rejected("an interval beyond the limit")
    return x


def evaluate(nodes: Sequence[Node], box: Mapping[str, Interval]) -> list[Interval]:
    """Enclose the range of every node over `box`. Raises Undefined when an operation is not defined all over it."""
    values: list[Interval] = []
    for node in nodes:
        if node.op == "var":
            values.append(box[node.name])
        elif node.op == "const":
            values.append(enclose(node.value, node.value))
        else:
            values.append(limited(apply(node, [values[i] for i in node.args])))
    return values


def slopes(node: Node, arguments: Sequence[Interval], value: Interval) -> tuple[Interval, ...]:
    """Enclose the partial derivatives of one operation by its arguments. Raises Undefined."""
    match node.op:
        case "*":
            return arguments[1], arguments[0]
        case "+":
            return UNIT, UNIT
        case "-":
            return UNIT, MINUS
        case "/":
            share = divide(UNIT, arguments[1])
            return share, negate(multiply(value, share))
        case "neg":
            return (MINUS,)
        case "^":
            scale = node.exponent << BITS
            return (multiply((scale, scale), power(arguments[0], max(node.exponent - 1, 0))),)
        case "sqrt":
            return (divide((ONE // 2, ONE // 2), value),)
    raise Rejected(f"no derivative rule for {node.op!r}")


def mean_value(nodes: Sequence[Node], box: Mapping[str, Interval]) -> Interval:
    """Enclose the range of the last node f over `box` by f(c) + sum_i df/dx_i(box) (x_i - c_i), c near the middle.

    Valid because f is continuously differentiable on the box when every operation and slope is defined there. The
    derivatives come from one backward pass. Raises Undefined when something is not defined all over the box.
    """
    values = evaluate(nodes, box)
    centre: dict[str, Interval] = {}
    for name, (low, high) in box.items():
        middle = (low + high) // 2
        centre[name] = (middle, middle)
    result = evaluate(nodes, centre)[-1]
    outer: list[Interval | None] = [None] * len(nodes)
    outer[-1] = UNIT
    for index in range(len(nodes) - 1, -1, -1):
        node, factor = nodes[index], outer[index]
        if factor is None or node.op == "const":
            continue
        if node.op == "var":
            low, high = box[node.name]
            middle = centre[node.name][0]
            result = add(result, multiply(factor, (low - middle, high - middle)))
            continue
        for argument, slope in zip(node.args, slopes(node, [values[i] for i in node.args], values[index]), strict=True):
            share, before = multiply(factor, slope), outer[argument]
            outer[argument] = limited(share if before is None else add(before, share))
    return result
