"""Interval arithmetic on integers: an interval is a pair (lo, hi) of integers in units of 2**-BITS.

Every operation rounds lo down and hi up, so the true result of real arithmetic on members is a member (the
fundamental theorem of interval arithmetic, IEEE 1788). Python's integers are exact, so nothing else can round.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isqrt

from verify.kernel.errors import Rejected
from verify.kernel.fixed import BITS, MAX_END, ONE, Interval, Undefined
from verify.kernel.functions import FUNCTIONS
from verify.kernel.terms import Node

UNIT, MINUS, ZERO = (ONE, ONE), (-ONE, -ONE), (0, 0)


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


def absolute(x: Interval) -> Interval:
    """Return |x|."""
    if x[0] <= 0 <= x[1]:
        return 0, max(-x[0], x[1])
    return x if x[0] > 0 else negate(x)


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
        case "abs":
            return absolute(arguments[0])
        case "min" | "max":
            chosen = min if node.op == "min" else max
            return chosen(x[0] for x in arguments), chosen(x[1] for x in arguments)
        case function if function in FUNCTIONS:
            return FUNCTIONS[function](arguments[0])
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


def function_slope(function: str, x: Interval, value: Interval) -> Interval:
    """Enclose the derivative of an elementary function, whose value is `value`. Raises Undefined."""
    match function:
        case "exp":
            return value
        case "log":
            return divide(UNIT, x)
        case "sin" | "sinh":
            return FUNCTIONS["cos" if function == "sin" else "cosh"](x)
        case "cos":
            return negate(FUNCTIONS["sin"](x))
        case "cosh":
            return FUNCTIONS["sinh"](x)
        case "tan":
            return add(UNIT, power(value, 2))
        case "tanh":
            return add(UNIT, negate(power(value, 2)))
        case "atan":
            return divide(UNIT, add(UNIT, power(x, 2)))
    share = divide(UNIT, square_root(add(UNIT, negate(power(x, 2)))))  # asin, acos
    return share if function == "asin" else negate(share)


def slopes(node: Node, arguments: Sequence[Interval], value: Interval) -> tuple[Interval, ...]:
    """Enclose the partial derivatives of one operation by its arguments. Raises Undefined.

    Where "abs", "min" or "max" has a kink, the enclosure is that of Clarke's generalised gradient.
    """
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
        case "abs":
            return ((ONE if arguments[0][0] > 0 else -ONE, -ONE if arguments[0][1] < 0 else ONE),)
        case "min" | "max":
            (a, b), (c, d) = arguments if node.op == "min" else (negate(x) for x in arguments)
            first = UNIT if b < c else ZERO if d < a else (0, ONE)
            return first, (ONE - first[1], ONE - first[0])
        case function if function in FUNCTIONS:
            return (function_slope(function, arguments[0], value),)
    raise Rejected(f"no derivative rule for {node.op!r}")


def linearise(nodes: Sequence[Node], box: Mapping[str, Interval]) -> tuple[Interval, dict[str, tuple[Interval, int]]]:
    """Return f(c) and, for each variable of the last node f, df/dx_i over `box` and c_i; c is near the middle.

    Then f(x) lies in f(c) + sum_i df/dx_i (x_i - c_i). Valid because f is locally Lipschitz on the box when every
    operation and slope is defined there: it is continuously differentiable but for kinks, to which Lebourg's mean value
    theorem and the chain rule of Clarke's generalised gradient apply (Clarke, Optimization and Nonsmooth Analysis,
    1983, 2.3.7 and 2.3.9). One backward pass. Raises Undefined when something is not defined all over the box.
    """
    values = evaluate(nodes, box)
    middle = {name: (low + high) // 2 for name, (low, high) in box.items()}
    at_centre = evaluate(nodes, {name: (c, c) for name, c in middle.items()})[-1]
    active: set[int] = set()  # what depends on a variable: the slopes of the rest need not be bounded
    for index, node in enumerate(nodes):
        if node.op == "var" or active.intersection(node.args):
            active.add(index)
    outer: list[Interval | None] = [None] * len(nodes)
    outer[-1] = UNIT
    gradient: dict[str, tuple[Interval, int]] = {}
    for index in range(len(nodes) - 1, -1, -1):
        node, factor = nodes[index], outer[index]
        if factor is None or index not in active:
            continue
        if node.op == "var":
            gradient[node.name] = add(gradient.get(node.name, (ZERO, 0))[0], factor), middle[node.name]
            continue
        for argument, slope in zip(node.args, slopes(node, [values[i] for i in node.args], values[index]), strict=True):
            share, before = multiply(factor, slope), outer[argument]
            outer[argument] = limited(share if before is None else add(before, share))
    return at_centre, gradient


def mean_value(nodes: Sequence[Node], box: Mapping[str, Interval]) -> Interval:
    """Enclose the range of the last node over `box` by its mean-value form. Raises Undefined as `linearise`."""
    result, gradient = linearise(nodes, box)
    for name, (slope, middle) in gradient.items():
        result = add(result, multiply(slope, (box[name][0] - middle, box[name][1] - middle)))
    return result


def at_faces(nodes: Sequence[Node], box: Mapping[str, Interval]) -> Interval:
    """Enclose the range of the last node over `box` by its values at faces. Raises Undefined as `linearise`.

    Where the derivative by a variable is >= 0 all over the box, the least value is found where this variable is least,
    whatever the others are; where it is <= 0, where it is greatest; and the other way round for the greatest value.
    """
    _, gradient = linearise(nodes, box)
    ends = []
    for sign in (1, -1):
        face = dict(box)
        for name, (slope, _) in gradient.items():
            low, high = box[name]
            if slope[0] >= 0 or slope[1] <= 0:
                least = (low if slope[0] >= 0 else high) if sign > 0 else (high if slope[0] >= 0 else low)
                face[name] = (least, least)
        ends.append(evaluate(nodes, face)[-1])
    return ends[0][0], ends[1][1]
