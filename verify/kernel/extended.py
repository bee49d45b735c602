"""Interval arithmetic with unbounded intervals, and narrowing by it: an end None is -infinity below, +infinity above.

Every operation encloses the results for all real members, as in `intervals`; infinity itself is no member. Ends that
would exceed MAX_END are moved outward, so that numbers stay bounded.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import verify.kernel.intervals as finite
from verify.kernel.fixed import BITS, MAX_END, ONE, Interval, Undefined
from verify.kernel.functions import EXP_MOST, FUNCTIONS
from verify.kernel.narrowing import root_of
from verify.kernel.terms import Node

End: TypeAlias = int | None
Extended: TypeAlias = tuple[End, End]
Box: TypeAlias = Mapping[str, Extended]

LINE: Extended = (None, None)
POSITIVE: Extended = (0, None)
LIMITS: Mapping[str, Extended] = {  # enclosures of the limits of increasing functions at -infinity and +infinity
    "exp": (0, None),
    "sinh": LINE,
    "atan": (-2 * ONE, 2 * ONE),
    "tanh": (-ONE, ONE),
}


def limited(x: Extended) -> Extended:
    """Return x with its ends moved outward, to at most MAX_END in size or to infinity."""
    low, high = x
    return (
        None if low is None or low < -MAX_END else min(low, MAX_END),
        None if high is None or high > MAX_END else max(high, -MAX_END),
    )


def meet(x: Extended, y: Extended) -> Extended | None:
    """Return the intersection, None when it is empty."""
    low = max((end for end in (x[0], y[0]) if end is not None), default=None)
    high = min((end for end in (x[1], y[1]) if end is not None), default=None)
    return None if low is not None and high is not None and low > high else (low, high)


def hull(x: Extended, y: Extended) -> Extended:
    """Return the smallest interval around both."""
    return (
        None if x[0] is None or y[0] is None else min(x[0], y[0]),
        None if x[1] is None or y[1] is None else max(x[1], y[1]),
    )


def negate(x: Extended) -> Extended:
    """Return -x (exact)."""
    return None if x[1] is None else -x[1], None if x[0] is None else -x[0]


def add(x: Extended, y: Extended) -> Extended:
    """Return x + y (exact)."""
    return (
        None if x[0] is None or y[0] is None else x[0] + y[0],
        None if x[1] is None or y[1] is None else x[1] + y[1],
    )


def _positive(x: Extended) -> bool:
    """Whether no member is negative."""
    return x[0] is not None and x[0] >= 0


def multiply(x: Extended, y: Extended) -> Extended:
    """Return x * y."""
    for a, b in ((x, y), (y, x)):
        if _positive(a):
            return _scaled(a, b)
        if _positive(negate(a)):
            return negate(_scaled(negate(a), b))
    (a0, a1), (b0, b1) = x, y
    if a0 is None or a1 is None or b0 is None or b1 is None:
        return LINE
    return finite.multiply((a0, a1), (b0, b1))


def _scaled(x: Extended, y: Extended) -> Extended:
    """Return x * y for x >= 0. For 0 <= y the least product is that of the lower ends, else that with x's upper end."""
    low, high = y
    a = x[0] if low is not None and low >= 0 else x[1]
    b = x[0] if high is not None and high <= 0 else x[1]
    return (
        None if a is None or low is None else a * low >> BITS,
        None if b is None or high is None else -(-b * high >> BITS),
    )


def divide(x: Extended, y: Extended) -> Extended:
    """Return x / y. Raises Undefined when y contains 0."""
    if y[1] is not None and y[1] < 0:
        return divide(negate(x), negate(y))
    small, large = y
    if small is None or small <= 0:
        raise Undefined("division by an interval that contains 0")
    low, high = x  # the ends are divided by those of y that move them outward; by infinity, they become 0
    a = large if low is not None and low >= 0 else small
    b = large if high is not None and high <= 0 else small
    return (
        None if low is None else 0 if a is None else (low << BITS) // a,
        None if high is None else 0 if b is None else -((-high << BITS) // b),
    )


def absolute(x: Extended) -> Extended:
    """Return |x|."""
    low, high = x
    if _positive(x) or _positive(negate(x)):
        return x if _positive(x) else negate(x)
    return 0, None if low is None or high is None else max(-low, high)


def increasing(function: Callable[[Interval], Interval], x: Extended, limits: Extended = LINE) -> Extended:
    """Return the image under an increasing function, given by enclosures at numbers, with these limits at infinity."""
    return (
        limits[0] if x[0] is None else function((x[0], x[0]))[0],
        limits[1] if x[1] is None else function((x[1], x[1]))[1],
    )


def power(x: Extended, n: int) -> Extended:
    """Return x ** n for n >= 0."""
    if n == 0:
        return ONE, ONE
    return increasing(lambda t: finite.power(t, n), absolute(x) if n % 2 == 0 else x)


def _exp(x: Extended) -> Extended:
    high = None if x[1] is not None and x[1] > EXP_MOST else x[1]
    return increasing(FUNCTIONS["exp"], (x[0], high), LIMITS["exp"])


def _minimum(x: Extended, y: Extended) -> Extended:
    return hull(x, y)[0], min((end for end in (x[1], y[1]) if end is not None), default=None)


def apply(node: Node, arguments: Sequence[Extended]) -> Extended:
    """Enclose one operation on enclosures of its arguments. Raises Undefined, Rejected for a value beyond MAX_END."""
    x, y = arguments[0], arguments[-1]
    match node.op:
        case "*":
            return power(x, 2) if node.args[0] == node.args[1] else multiply(x, y)
        case "+":
            return add(x, y)
        case "-":
            return add(x, negate(y))
        case "/":
            return divide(x, y)
        case "neg":
            return negate(x)
        case "^":
            return power(x, node.exponent)
        case "abs":
            return absolute(x)
        case "min":
            return _minimum(x, y)
        case "max":
            return negate(_minimum(negate(x), negate(y)))
        case "exp":
            return _exp(x)
        case "sinh" | "atan" | "tanh":
            return increasing(FUNCTIONS[node.op], x, LIMITS[node.op])
        case "cosh":
            return increasing(FUNCTIONS["cosh"], absolute(x))
        case "sqrt" | "log" if x[0] is not None:  # both raise Undefined at a lower end that is too low
            return increasing(finite.square_root if node.op == "sqrt" else FUNCTIONS["log"], x)
        case "sin" | "cos" if None in x:
            return -ONE, ONE
    if x[0] is None or x[1] is None:
        raise Undefined(f"{node.op} of an unbounded interval")
    return finite.apply(node, [(x[0], x[1])])


def excludes_zero(x: Extended) -> bool:
    """Whether 0 is no member."""
    return (x[0] is not None and x[0] > 0) or (x[1] is not None and x[1] < 0)


def _of_size(size: Extended | None, x: Extended) -> Extended | None:
    """Return the part of x whose absolute value can lie in `size`, an interval without negative members."""
    if size is None:
        return None
    if size[0] is not None and x[0] is not None and x[0] > -size[0]:  # the negative members of x are too small
        return meet(x, size)
    if size[0] is not None and x[1] is not None and x[1] < size[0]:  # the positive ones are
        return meet(x, negate(size))
    return meet(x, (negate(size)[0], size[1]))


def _base_of(value: Extended, x: Extended, n: int) -> Extended | None:
    """Return the part of x whose n-th power can lie in `value`, n >= 1."""

    def root(t: Interval) -> Interval:
        return root_of(t, n) if t[0] >= 0 else finite.negate(root_of(finite.negate(t), n))

    if n % 2:
        return meet(x, increasing(root, value))
    size = meet(value, POSITIVE)
    return None if size is None else _of_size(increasing(root, size), x)


def _of_minimum(value: Extended, x: Extended, y: Extended) -> Extended | None:
    """Return the part of x with which min(x, y) can lie in `value`: x >= min(x, y), with equality where y is more."""
    smaller = y[0] is not None and value[1] is not None and y[0] > value[1]
    return meet(x, value if smaller else (value[0], None))


def _of_maximum(value: Extended, x: Extended, y: Extended) -> Extended | None:
    part = _of_minimum(negate(value), negate(x), negate(y))
    return None if part is None else negate(part)


def inverted(node: Node, value: Extended, arguments: Sequence[Extended]) -> tuple[Extended | None, ...]:
    """Return, for each argument, the part of it with which the operation can lie in `value` (None: no part)."""
    x, y = arguments[0], arguments[-1]
    match node.op:
        case "+":
            return meet(x, add(value, negate(y))), meet(y, add(value, negate(x)))
        case "-":
            return meet(x, add(value, y)), meet(y, add(x, negate(value)))
        case "*" if node.args[0] == node.args[1]:
            return (_base_of(value, x, 2),) * 2
        case "*":
            first = meet(x, divide(value, y)) if excludes_zero(y) else x
            return first, meet(y, divide(value, x)) if excludes_zero(x) else y
        case "/":
            return meet(x, multiply(value, y)), meet(y, divide(x, value)) if excludes_zero(value) else y
        case "neg":
            return (meet(x, negate(value)),)
        case "^" if node.exponent:
            return (_base_of(value, x, node.exponent),)
        case "abs":
            return (_of_size(meet(value, POSITIVE), x),)
        case "min":
            return _of_minimum(value, x, y), _of_minimum(value, y, x)
        case "max":
            return _of_maximum(value, x, y), _of_maximum(value, y, x)
        case "sqrt":
            root = meet(value, POSITIVE)
            return (None if root is None else meet(x, power(root, 2)),)
        case "exp":
            positive = meet(value, POSITIVE)
            if positive is None or positive[1] == 0:
                return (None,)
            return (meet(x, increasing(FUNCTIONS["log"], (positive[0] or None, positive[1]))),)
        case "log":
            return (meet(x, _exp(value)),)
    return tuple(arguments)


def narrow(nodes: Sequence[Node], box: Box, target: Extended, nonzero: bool = False) -> dict[str, Extended] | None:
    """Return the variables' bounds where the last node can lie in `target`, None when it cannot (HC4-revise).

    With `nonzero`, it cannot be 0. Raises Undefined when an operation is not defined all over the box, Rejected for a
    value of a function beyond the limit.
    """
    values: list[Extended] = []
    for node in nodes:
        if node.op == "var":
            values.append(box[node.name])
        elif node.op == "const":
            values.append(finite.enclose(node.value, node.value))
        else:
            values.append(limited(apply(node, [values[i] for i in node.args])))
    top = meet(values[-1], target)
    if top is None or (nonzero and top == (0, 0)):
        return None
    values[-1] = top
    result: dict[str, Extended] = {}
    for index in range(len(nodes) - 1, -1, -1):
        node = nodes[index]
        if node.op == "var":
            result[node.name] = values[index]
        if not node.args:
            continue
        parts = inverted(node, values[index], [values[i] for i in node.args])
        for argument, part in zip(node.args, parts, strict=True):
            both = None if part is None else meet(values[argument], limited(part))
            if both is None:
                return None
            values[argument] = both
    return result
