"""Interval evaluation of a term over many boxes at once, on numpy, with outward rounding.

Each interval is a pair of float64 arrays (lo, hi), one entry a box. After every operation that can round, lo is
lowered by |lo| 2**-52 + 2**-1074 and hi raised likewise: at least one unit in the last place, so under
round-to-nearest with gradual underflow the result encloses the exact one (Rump, Zimmermann, Boldo, Melquiond,
"Computing predecessor and successor in rounding to nearest", BIT 2009). Undefined results are nan, which no
comparison accepts.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from verify.kernel.terms import Node, extract

Array: TypeAlias = npt.NDArray[np.float64]
Interval: TypeAlias = tuple[Array, Array]

EPSILON = 2.0**-52
TINY = 5e-324


def assert_rounding() -> None:
    """Check that this process rounds to nearest and keeps subnormals. Raises RuntimeError when it does not."""
    one, tiny, least = np.array([1.0]), np.array([2.0**-53]), np.array([5e-324])
    nearest = (one + tiny == 1.0) & (one + 3 * tiny == 1 + 4 * tiny) & (-one - tiny == -1.0)
    if not bool(nearest[0]) or not bool(least[0] + least[0] == 2 * 5e-324 and least[0] > 0):
        raise RuntimeError("this process does not round to nearest with gradual underflow; interval bounds are unsafe")


def outward(lo: Array, hi: Array) -> Interval:
    """Widen by at least one unit in the last place on each side (in place)."""
    lo -= np.abs(lo) * EPSILON + TINY
    hi += np.abs(hi) * EPSILON + TINY
    return lo, hi


def _multiply(x: Interval, y: Interval) -> Interval:
    (a, b), (c, d) = x, y
    p, q, r, s = a * c, a * d, b * c, b * d
    lo = np.minimum(np.minimum(p, q), np.minimum(r, s))
    return outward(lo, np.maximum(np.maximum(p, q), np.maximum(r, s)))


def _multiply_nonnegative(x: Interval, y: Interval) -> Interval:
    """Product with x >= 0."""
    (a, b), (c, d) = x, y
    return outward(np.minimum(a * c, b * c), np.maximum(a * d, b * d))


def _multiply_both_nonnegative(x: Interval, y: Interval) -> Interval:
    return outward(x[0] * y[0], x[1] * y[1])


def _reciprocal(y: Interval) -> Interval:
    bad = (y[0] <= 0) & (y[1] >= 0)
    lo, hi = 1.0 / np.where(bad, np.nan, y[1]), 1.0 / np.where(bad, np.nan, y[0])
    return outward(lo, hi)


def _divide(x: Interval, y: Interval) -> Interval:
    bad = (y[0] <= 0) & (y[1] >= 0)
    c, d = np.where(bad, np.nan, y[0]), np.where(bad, np.nan, y[1])
    p, q, r, s = x[0] / c, x[0] / d, x[1] / c, x[1] / d
    lo = np.minimum(np.minimum(p, q), np.minimum(r, s))
    return outward(lo, np.maximum(np.maximum(p, q), np.maximum(r, s)))


def _square(x: Interval) -> Interval:
    p, q = x[0] * x[0], x[1] * x[1]
    lo, hi = np.minimum(p, q), np.maximum(p, q)
    lo[(x[0] <= 0) & (x[1] >= 0)] = 0.0
    lo, hi = outward(lo, hi)
    return np.maximum(lo, 0.0), hi


def _power(x: Interval, n: int) -> Interval:
    if n == 0:
        one = np.where(np.isnan(x[0]), np.nan, 1.0)
        return one, one
    if n % 2 == 0:
        half = _square(x)
        return half if n == 2 else _power(half, n // 2)
    if n == 1:
        return x
    ends = []
    for end in x:  # an odd power is increasing: enclose the power of each end by itself
        power = factor = (end, end)
        for _ in range(n - 1):
            power = _multiply(power, factor)
        ends.append(power)
    return ends[0][0], ends[1][1]


def _square_root(x: Interval) -> Interval:
    lo = np.where(x[0] < 0, np.nan, x[0])
    low, high = np.sqrt(lo), np.sqrt(np.where(x[0] < 0, np.nan, x[1]))
    low, high = outward(low, high)
    return np.maximum(low, 0.0), high


class Tape:
    """One term, compiled for evaluation over batches of boxes.

    Parameters
    ----------
    nodes, root
        The term table and the index of the term.
    variables
        The names of the variables, in the order of the rows of a batch.
    """

    def __init__(self, nodes: Sequence[Node], root: int, variables: Sequence[str]) -> None:
        self.nodes = extract(nodes, root)
        self.root = len(self.nodes) - 1
        self.row = {name: k for k, name in enumerate(variables)}
        self.active: set[int] = set()
        for i, node in enumerate(self.nodes):
            if node.op == "var" or self.active.intersection(node.args):
                self.active.add(i)
        self.nonnegative: frozenset[int] = frozenset()
        uses: dict[int, int] = {}
        for i, node in enumerate(self.nodes):
            for j in node.args:
                uses[j] = i
        self.last_use = uses

    def note_signs(self, lo: Array, hi: Array) -> None:
        """Remember which nodes are >= 0 on the one box (lo, hi); later batches must lie inside that box."""
        values = self.evaluate(lo.reshape(-1, 1), hi.reshape(-1, 1), keep=True)[1]
        self.nonnegative = frozenset(i for i, v in values.items() if bool(np.all(v[0] >= 0)))

    def _apply(self, node: Node, index: int, values: Mapping[int, Interval]) -> Interval:
        arguments = [values[i] for i in node.args]
        match node.op:
            case "+":
                (a, b), (c, d) = arguments
                return outward(a + c, b + d)
            case "-":
                (a, b), (c, d) = arguments
                return outward(a - d, b - c)
            case "*" if node.args[0] == node.args[1]:
                return _square(arguments[0])
            case "*":
                return self._product(node.args[0], node.args[1], arguments[0], arguments[1])
            case "/":
                x, y = arguments
                if self.nodes[node.args[0]].op == "const" and self.nodes[node.args[0]].value == 1:
                    return _reciprocal(y)
                if node.args[0] in self.nonnegative and node.args[1] in self.nonnegative:
                    c = np.where(y[0] <= 0, np.nan, y[0])
                    return outward(x[0] / np.where(y[0] <= 0, np.nan, y[1]), x[1] / c)
                return _divide(x, y)
            case "neg":
                return -arguments[0][1], -arguments[0][0]
            case "^":
                return _power(arguments[0], node.exponent)
            case "sqrt":
                return _square_root(arguments[0])
            case other:
                raise ValueError(f"no interval rule for {other!r}")

    def _product(self, i: int, j: int, x: Interval, y: Interval) -> Interval:
        if i in self.nonnegative and j in self.nonnegative:
            return _multiply_both_nonnegative(x, y)
        if i in self.nonnegative:
            return _multiply_nonnegative(x, y)
        if j in self.nonnegative:
            return _multiply_nonnegative(y, x)
        return _multiply(x, y)

    def evaluate(self, lo: Array, hi: Array, keep: bool = False) -> tuple[Interval, dict[int, Interval]]:
        """Enclose the term over each box.

        Parameters
        ----------
        lo, hi
            Shape (variables, boxes).
        keep
            Whether to return the enclosures of all nodes, which `gradient` needs.

        Returns
        -------
        (lower, upper) of shape (boxes,) each, and the enclosures by node (the root's only, unless kept).
        """
        values: dict[int, Interval] = {}
        with np.errstate(all="ignore"):
            for index, node in enumerate(self.nodes):
                if node.op == "var":
                    row = self.row[node.name]
                    values[index] = (lo[row], hi[row])
                elif node.op == "const":
                    values[index] = self._constant(node.value)
                else:
                    values[index] = self._apply(node, index, values)
                if not keep:
                    for j in node.args:
                        if self.last_use.get(j) == index:
                            values.pop(j, None)
        low, high = values[self.root]
        count = lo.shape[1]
        return (np.broadcast_to(low, (count,)), np.broadcast_to(high, (count,))), values

    @staticmethod
    def _constant(value: Fraction) -> Interval:
        try:
            near = float(value)
        except OverflowError:
            near = float(np.copysign(np.finfo(np.float64).max, -1 if value < 0 else 1))
            ends = (near, np.inf) if near > 0 else (-np.inf, near)
            return np.array([ends[0]]), np.array([ends[1]])
        exact = Fraction(near) == value
        low, high = (near, near) if exact else (float(np.nextafter(near, -np.inf)), float(np.nextafter(near, np.inf)))
        return np.array([low]), np.array([high])

    def gradient(self, values: Mapping[int, Interval], count: int) -> dict[int, Interval]:
        """Enclose d(term)/d(variable) over each box, by reverse differentiation: row -> (lower, upper).

        `values` are the kept enclosures of `evaluate`.
        """
        adjoint: dict[int, Interval] = {self.root: (np.ones(1), np.ones(1))}
        result: dict[int, Interval] = {}
        with np.errstate(all="ignore"):
            for index in reversed(range(len(self.nodes))):
                outer = adjoint.pop(index, None)
                if outer is None or index not in self.active:
                    continue
                node = self.nodes[index]
                if node.op == "var":
                    result[self.row[node.name]] = (
                        np.broadcast_to(outer[0], (count,)),
                        np.broadcast_to(outer[1], (count,)),
                    )
                    continue
                for argument, term in self._backward(node, index, outer, values):
                    if argument in adjoint:
                        old = adjoint[argument]
                        term = outward(old[0] + term[0], old[1] + term[1])
                    adjoint[argument] = term
        return result

    def _backward(
        self, node: Node, index: int, outer: Interval, values: Mapping[int, Interval]
    ) -> list[tuple[int, Interval]]:
        """Return (argument, outer * d node / d argument) for each argument that depends on a variable."""
        args = node.args
        parts: list[tuple[int, Interval]] = []
        negated = (-outer[1], -outer[0])
        match node.op:
            case "+":
                parts = [(args[0], outer), (args[1], outer)]
            case "-":
                parts = [(args[0], outer), (args[1], negated)]
            case "neg":
                parts = [(args[0], negated)]
            case "*":
                for mine, other in ((args[0], args[1]), (args[1], args[0])):
                    if mine in self.active:
                        scale = _multiply_nonnegative if other in self.nonnegative else _multiply
                        parts.append((mine, scale(values[other], outer)))
            case "/":
                share = _divide(outer, values[args[1]])
                parts = [(args[0], share)]
                if args[1] in self.active:
                    back = _multiply(values[index], share)
                    parts.append((args[1], (-back[1], -back[0])))
            case "^":
                n = float(node.exponent)
                power = _power(values[args[0]], max(node.exponent - 1, 0))
                slope = outward(n * power[0], n * power[1])
                parts = [(args[0], _multiply(outer, slope))]
            case "sqrt":
                root = values[index]
                parts = [(args[0], _divide((outer[0] * 0.5, outer[1] * 0.5), root))]
        return [(i, part) for i, part in parts if i in self.active]
