"""Narrowing of a box by a constraint: the part of the box in which a term can take a value of a target interval.

What is cut off holds no point where the term lies in the target: every bound follows from the enclosures of the
operations, inverted one by one (HC4-revise: Benhamou, Goualard, Granvilliers, Puget, "Revising hull and box
consistency", ICLP 1999), or from the mean-value form solved for one variable (interval Newton).
"""

from collections.abc import Mapping, Sequence

from verify.kernel.fixed import BITS, MAX_END, Interval
from verify.kernel.functions import FUNCTIONS
from verify.kernel.intervals import absolute, add, divide, evaluate, linearise, multiply, negate, power
from verify.kernel.terms import Node

Box = Mapping[str, Interval]

EVERYTHING = (-MAX_END, MAX_END)


def meet(x: Interval, y: Interval) -> Interval | None:
    """Return the intersection, None when it is empty."""
    low, high = max(x[0], y[0]), min(x[1], y[1])
    return (low, high) if low <= high else None


def integer_root(value: int, n: int) -> int:
    """Return the largest r with r ** n <= value, for value >= 0 and n >= 1."""
    if value == 0:
        return 0
    root = 1 << -(-value.bit_length() // n)  # above the root; Newton's steps fall from there
    while True:
        lower = ((n - 1) * root + value // root ** (n - 1)) // n
        if lower >= root:
            return root
        root = lower


def root_of(x: Interval, n: int) -> Interval:
    """Enclose the n-th roots of an interval of non-negative numbers."""
    scaled = x[0] << BITS * (n - 1), x[1] << BITS * (n - 1)
    high = integer_root(scaled[1], n)
    return integer_root(scaled[0], n), high + (high**n < scaled[1])


def base_of(value: Interval, base: Interval, n: int) -> Interval | None:
    """Return the part of `base` whose n-th power can lie in `value`, n >= 1."""
    if n % 2 == 0:
        positive = meet(value, (0, MAX_END))
        if positive is None:
            return None
        low, high = root_of(positive, n)
        if base[0] > -low:
            return meet(base, (low, high))
        return meet(base, (-high, -low) if base[1] < low else (-high, high))
    roots = [root_of((abs(end), abs(end)), n) for end in value]
    first, last = (root if end >= 0 else negate(root) for root, end in zip(roots, value, strict=True))
    return meet(base, (first[0], last[1]))


def inverted(node: Node, value: Interval, arguments: Sequence[Interval]) -> tuple[Interval | None, ...]:
    """Return, for each argument, the part of it with which the operation can lie in `value` (None: no part)."""
    x = arguments[0]
    match node.op:
        case "+":
            y = arguments[1]
            return meet(x, add(value, negate(y))), meet(y, add(value, negate(x)))
        case "-":
            y = arguments[1]
            return meet(x, add(value, y)), meet(y, add(x, negate(value)))
        case "*" if node.args[0] == node.args[1]:
            return (base_of(value, x, 2),) * 2
        case "*":
            y = arguments[1]
            first = x if y[0] <= 0 <= y[1] else meet(x, divide(value, y))
            return first, (y if x[0] <= 0 <= x[1] else meet(y, divide(value, x)))
        case "/":
            y = arguments[1]
            return meet(x, multiply(value, y)), (y if value[0] <= 0 <= value[1] else meet(y, divide(x, value)))
        case "neg":
            return (meet(x, negate(value)),)
        case "^" if node.exponent:
            return (base_of(value, x, node.exponent),)
        case "sqrt":
            root = meet(value, (0, MAX_END))
            return (None if root is None else meet(x, power(root, 2)),)
        case "abs":
            return (_signed(value, x),)
        case "min" | "max":
            return _of_extremum(node.op, value, x, arguments[1])
        case "exp":
            return (None if value[1] <= 0 else meet(x, _logarithm(value)),)
        case "log":
            return (meet(x, FUNCTIONS["exp"](value)),)
    return tuple(arguments)


def _signed(value: Interval, x: Interval) -> Interval | None:
    """Return the part of `x` whose absolute value can lie in `value`."""
    magnitude = meet(value, absolute(x))
    if magnitude is None:
        return None
    low, high = magnitude
    if x[0] > -low:
        return meet(x, (low, high))
    return meet(x, (-high, -low) if x[1] < low else (-high, high))


def _of_extremum(op: str, value: Interval, x: Interval, y: Interval) -> tuple[Interval | None, Interval | None]:
    """Return the parts of `x` and `y` whose minimum (maximum) can lie in `value`."""
    if op == "max":
        first, second = _of_extremum("min", negate(value), negate(x), negate(y))
        return (None if first is None else negate(first)), (None if second is None else negate(second))
    above = (value[0], MAX_END)
    first = meet(x, value if y[0] > value[1] else above)
    return first, meet(y, value if x[0] > value[1] else above)


def _logarithm(value: Interval) -> Interval:
    """Enclose the logarithms of the positive members of an interval that has some."""
    high = FUNCTIONS["log"]((value[1], value[1]))[1]
    return (FUNCTIONS["log"]((value[0], value[0]))[0] if value[0] > 0 else -MAX_END), high


def narrow(nodes: Sequence[Node], box: Box, target: Interval) -> dict[str, Interval] | None:
    """Return the variables' bounds where the last node can lie in `target`, None when it cannot (HC4-revise).

    Raises Undefined when an operation is not defined all over the box.
    """
    values = evaluate(nodes, box)
    top = meet(values[-1], target)
    if top is None:
        return None
    values[-1] = top
    result: dict[str, Interval] = {}
    for index in range(len(nodes) - 1, -1, -1):
        node = nodes[index]
        if node.op == "var":
            result[node.name] = values[index]
        if not node.args:
            continue
        for argument, part in zip(
            node.args, inverted(node, values[index], [values[i] for i in node.args]), strict=True
        ):
            both = None if part is None else meet(values[argument], part)
            if both is None:
                return None
            values[argument] = both
    return result


def narrow_linear(nodes: Sequence[Node], box: Box, target: Interval) -> dict[str, Interval] | None:
    """Return the variables' bounds where the mean-value form of the last node can lie in `target`, None when it cannot.

    Raises Undefined when an operation or slope is not defined all over the box.
    """
    value, gradient = linearise(nodes, box)
    reach = {n: multiply(slope, (box[n][0] - c, box[n][1] - c)) for n, (slope, c) in gradient.items()}
    whole = value[0] + sum(r[0] for r in reach.values()), value[1] + sum(r[1] for r in reach.values())
    if meet(whole, target) is None:
        return None
    result: dict[str, Interval] = {}
    for name, (slope, c) in gradient.items():
        if slope[0] <= 0 <= slope[1]:
            continue
        others = [r for n, r in reach.items() if n != name]
        rest = value[0] + sum(r[0] for r in others), value[1] + sum(r[1] for r in others)
        part = meet(box[name], add(divide(add(target, negate(rest)), slope), (c, c)))
        if part is None:
            return None
        result[name] = part
    return result
