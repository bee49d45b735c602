"""Narrowing of boxes by a constraint, over many boxes at once: forward-backward propagation and interval Newton.

The kernel does the same with exact integers (`verify.kernel.narrowing`, where the sources are) and decides whether what
is cut off here may be cut off.
"""

from collections.abc import Mapping
from math import inf

import numpy as np

from verify.kernel.terms import Node
from verify.provers import ranges
from verify.provers.elementary import FUNCTIONS
from verify.provers.linear import Linear
from verify.provers.ranges import Array, Bools, Interval, meet
from verify.provers.tape import Tape


def _where(truth: Bools, x: Interval, y: Interval) -> Interval:
    return np.where(truth, x[0], y[0]), np.where(truth, x[1], y[1])


def _quotient(value: Interval, y: Interval, x: Interval) -> Interval:
    """Return the part of `x` with x * y in `value`."""
    around = (y[0] <= 0) & (y[1] >= 0)
    part = meet(x, ranges.divide(value, _where(around, (y[0] * 0 + 1.0, y[0] * 0 + 1.0), y)))
    return _where(around, x, part)


def _even_root(value: Interval, x: Interval, root: Interval) -> Interval:
    """Return the part of `x` whose modulus lies in `root`; nothing where `value` is negative."""
    low, high = root
    right, left = meet(x, root), meet(x, (-high, -low))
    part = _where(x[0] > -low, right, _where(x[1] < low, left, meet(x, (-high, high))))
    return _where(value[1] < 0, (x[0] * 0 + inf, x[0] * 0 - inf), part)


def _sqrt(x: Interval) -> Interval:
    return ranges.square_root((np.maximum(x[0], 0.0), np.maximum(x[1], 0.0)))


def _base(value: Interval, x: Interval, n: int) -> Interval:
    """Return the part of `x` whose n-th power lies in `value`, for n a product of twos (other n: all of x)."""
    if n not in (2, 4, 8):
        return x
    root = value
    for _ in range(n.bit_length() - 1):
        root = _sqrt(root)
    return _even_root(value, x, root)


def _inverted(tape: Tape, node: Node, value: Interval, values: Mapping[int, Interval]) -> tuple[Interval, ...]:
    """Return, for each argument, the part of it with which the operation can lie in `value`."""
    x = values[node.args[0]]
    y = values[node.args[-1]]
    match node.op:
        case "+":
            return meet(x, ranges.subtract(value, y)), meet(y, ranges.subtract(value, x))
        case "-":
            return meet(x, ranges.add(value, y)), meet(y, ranges.subtract(x, value))
        case "*" if node.args[0] == node.args[1]:
            part = _base(value, x, 2)
            return part, part
        case "*":
            return _quotient(value, y, x), _quotient(value, x, y)
        case "/":
            around = (value[0] <= 0) & (value[1] >= 0)
            divisor = ranges.divide(x, _where(around, (value[0] * 0 + 1.0, value[0] * 0 + 1.0), value))
            return meet(x, ranges.multiply(value, y)), _where(around, y, meet(y, divisor))
        case "neg":
            return (meet(x, ranges.negate(value)),)
        case "^" if node.exponent:
            return (_base(value, x, node.exponent),)
        case "sqrt":
            return (meet(x, ranges.square((np.maximum(value[0], 0.0), np.maximum(value[1], 0.0)))),)
        case "abs":
            return (_even_root(value, x, (np.maximum(value[0], 0.0), np.maximum(value[1], 0.0))),)
        case "exp":
            positive = np.maximum(value[0], ranges.TINY), np.maximum(value[1], ranges.TINY)
            logarithm = FUNCTIONS["log"](positive)
            part = meet(x, (np.where(value[0] > ranges.TINY, logarithm[0], -inf), logarithm[1]))
            return (_where(value[1] <= 0, (x[0] * 0 + inf, x[0] * 0 - inf), part),)
        case "log":
            return (meet(x, FUNCTIONS["exp"](value)),)
    return tuple(values[i] for i in node.args)


def propagated(tape: Tape, values: Mapping[int, Interval], target: Interval) -> tuple[dict[int, Interval], Bools]:
    """Return the variables' bounds, by row, where the term can lie in `target`, and where it cannot (HC4-revise).

    `values` are the kept enclosures; where the term is undefined (nan) nothing is narrowed and nothing excluded.
    """
    known, rows = dict(values), {}
    top = meet(known[tape.root], target)
    defined = values[tape.root][0] <= values[tape.root][1]
    empty = defined & (top[0] - ranges.SMALL > top[1])
    known[tape.root] = ranges.hull(*top)
    for index in range(tape.root, -1, -1):
        node = tape.nodes[index]
        if node.op == "var":
            rows[tape.row[node.name]] = known[index]
        if not node.args or index not in tape.active:
            continue
        value = known[index][0] - ranges.SMALL, known[index][1] + ranges.SMALL
        for argument, part in zip(node.args, _inverted(tape, node, value, known), strict=True):
            before = known[argument]
            new = np.where(part[0] > before[0], part[0], before[0]), np.where(part[1] < before[1], part[1], before[1])
            known[argument] = ranges.hull(*new)  # what is empty by less than SMALL may be a point for the kernel
            empty = empty | (defined & (new[0] - ranges.SMALL > new[1]))
    return rows, empty


def solved(form: Linear, lo: Mapping[int, Array], hi: Mapping[int, Array], target: Interval) -> dict[int, Interval]:
    """Return the bounds, by row, where the mean-value form can lie in `target` (interval Newton)."""
    reach, rows = form.reach(), {}
    for row, (least, most) in form.slopes.items():
        slope = least - ranges.SMALL, most + ranges.SMALL
        rest = sum((r for other, r in reach.items() if other != row), 0.0) * (1 + 1e-13) + ranges.SMALL
        value = ranges.outward(form.value[0] - rest, form.value[1] + rest)
        needed = ranges.subtract(target, value)
        around = ~((slope[0] > 0) | (slope[1] < 0))
        shift = ranges.divide(needed, _where(around, (slope[0] * 0 + 1.0, slope[0] * 0 + 1.0), slope))
        centre = 0.5 * (lo[row] + hi[row])
        new = meet((lo[row], hi[row]), ranges.add(shift, (centre, centre)))
        good = ~around & (new[0] == new[0]) & (new[1] == new[1])
        rows[row] = _where(good, new, (lo[row], hi[row]))
    return rows
