"""Interval evaluation of a term over many boxes at once: values and derivatives.

Each interval is a pair of arrays (lo, hi), one entry a box (see `ranges`). Undefined results are nan, which no
comparison accepts.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import inf

import numpy as np

from verify.kernel.terms import Node, extract
from verify.provers import ranges
from verify.provers.ranges import Array, Interval, checked

LARGE = 1e150
PLUS, MINUS = (np.ones(1), np.ones(1)), (-np.ones(1), -np.ones(1))
"""Derivatives that are 1 or -1 whatever the box, told by identity: a product with them is exact."""


def assert_rounding() -> None:
    """Check that this process rounds to nearest and keeps subnormals. Raises RuntimeError when it does not."""
    one, tiny, least = np.array([1.0]), np.array([2.0**-53]), np.array([5e-324])
    nearest = (one + tiny == 1.0) & (one + 3 * tiny == 1 + 4 * tiny) & (-one - tiny == -1.0)
    if not bool(nearest[0]) or not bool(least[0] + least[0] == 2 * 5e-324 and least[0] > 0):
        raise RuntimeError("this process does not round to nearest with gradual underflow; interval bounds are unsafe")


def constant(value: Fraction) -> Interval:
    """Enclose a rational number by floats."""
    try:
        near = float(value)
    except OverflowError:
        near = float(np.copysign(np.finfo(np.float64).max, -1 if value < 0 else 1))
        ends = (near, inf) if near > 0 else (-inf, near)
        return np.array([ends[0]]), np.array([ends[1]])
    exact = Fraction(near) == value
    low, high = (near, near) if exact else (float(np.nextafter(near, -inf)), float(np.nextafter(near, inf)))
    return np.array([low]), np.array([high])


class Tape:
    """One term, prepared for evaluation over batches of boxes.

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
        self.last_use: dict[int, int] = {}
        for i, node in enumerate(self.nodes):
            if node.op == "var" or self.active.intersection(node.args):
                self.active.add(i)
            self.last_use.update(dict.fromkeys(node.args, i))
        self.nonnegative: frozenset[int] = frozenset()
        self.safe: frozenset[int] = frozenset()
        self.smooth = False
        self.curved = any(n.op not in ("+", "-", "neg", "const", "var") for n in self.nodes)

    def note_root(self, lo: Array, hi: Array) -> None:
        """Remember what holds all over the one box (lo, hi); later batches must lie inside that box.

        `nonnegative` are the nodes that are >= 0, `safe` those that are defined and far from overflow; `smooth` says
        that the derivatives are.
        """
        one = (lo.reshape(-1, 1), hi.reshape(-1, 1))
        values = self.evaluate(*one, keep=True)[1]
        self.nonnegative = frozenset(i for i, v in values.items() if bool(np.all(v[0] >= 0)))
        shares: list[Interval] = []
        self.gradient(values, shares)
        self.smooth = all(_moderate(x) for x in shares)
        safe: set[int] = set()
        for i, node in enumerate(self.nodes):
            if _moderate(values[i]) and safe.issuperset(node.args):
                safe.add(i)
        self.safe = frozenset(safe)

    def _apply(self, node: Node, values: Mapping[int, Interval]) -> Interval:
        x = values[node.args[0]]
        match node.op:
            case "+":
                return ranges.add(x, values[node.args[1]])
            case "-":
                return ranges.subtract(x, values[node.args[1]])
            case "*" if node.args[0] == node.args[1]:
                return ranges.square(x)
            case "*":
                return self._product(node.args[0], node.args[1], x, values[node.args[1]])
            case "/":
                both = self.nonnegative.issuperset(node.args)
                return (ranges.divide_both_nonnegative if both else ranges.divide)(x, values[node.args[1]])
            case "neg":
                return ranges.negate(x)
            case "^":
                return ranges.power(x, node.exponent)
            case "min" | "max":
                return ranges.extremum(node.op, x, values[node.args[1]])
        return ranges.function(node.op, x)

    def _product(self, i: int, j: int, x: Interval, y: Interval) -> Interval:
        if i in self.nonnegative and j in self.nonnegative:
            return ranges.multiply_both_nonnegative(x, y)
        if i in self.nonnegative:
            return ranges.multiply_nonnegative(x, y)
        return ranges.multiply_nonnegative(y, x) if j in self.nonnegative else ranges.multiply(x, y)

    def evaluate(
        self, lo: Sequence[Array] | Array, hi: Sequence[Array] | Array, keep: bool = False
    ) -> tuple[Interval, dict[int, Interval]]:
        """Enclose the term over each box.

        Parameters
        ----------
        lo, hi
            One array a variable, of shape (boxes,) each.
        keep
            Whether to return the enclosures of all nodes, which `gradient` needs.

        Returns
        -------
        (lower, upper), and the enclosures by node (the root's only, unless kept). Terms without variables have shape
        (1,).
        """
        values: dict[int, Interval] = {}
        with np.errstate(all="ignore"):
            for index, node in enumerate(self.nodes):
                if node.op == "var":
                    row = self.row[node.name]
                    values[index] = (lo[row], hi[row])
                elif node.op == "const":
                    values[index] = checked(constant(node.value), safe=False)
                else:
                    values[index] = checked(self._apply(node, values), index in self.safe)
                if not keep:
                    for j in node.args:
                        if self.last_use[j] == index:
                            values.pop(j, None)
        return values[self.root], values

    def gradient(self, values: Mapping[int, Interval], shares: list[Interval] | None = None) -> dict[int, Interval]:
        """Enclose d(term)/d(variable) over each box, by reverse differentiation: row -> (lower, upper).

        `values` are the kept enclosures of `evaluate`; every adjoint on the way is appended to `shares`.
        """
        adjoint: dict[int, Interval] = {self.root: PLUS}
        result: dict[int, Interval] = {}
        with np.errstate(all="ignore"):
            for index in reversed(range(len(self.nodes))):
                outer = adjoint.pop(index, None)
                if outer is None or index not in self.active:
                    continue
                node = self.nodes[index]
                if node.op == "var":
                    result[self.row[node.name]] = outer
                    continue
                for argument, part in self._backward(node, index, outer, values):
                    term = part if part is PLUS or part is MINUS else checked(part, self.smooth)
                    if argument in adjoint:
                        term = checked(ranges.add(adjoint[argument], term), self.smooth)
                    adjoint[argument] = term
                    if shares is not None:
                        shares.append(term)
        return result

    def _backward(
        self, node: Node, index: int, outer: Interval, values: Mapping[int, Interval]
    ) -> list[tuple[int, Interval]]:
        """Return (argument, outer * d node / d argument) for each argument that depends on a variable."""
        args = node.args
        x = values[args[0]]
        parts: list[tuple[int, Interval]] = []
        match node.op:
            case "+":
                parts = [(args[0], outer), (args[1], outer)]
            case "-":
                parts = [(args[0], outer), (args[1], _negated(outer))]
            case "neg":
                parts = [(args[0], _negated(outer))]
            case "*":
                for mine, other in ((args[0], args[1]), (args[1], args[0])):
                    if mine in self.active:
                        scale = ranges.multiply_nonnegative if other in self.nonnegative else ranges.multiply
                        parts.append((mine, _scaled(outer, values[other], scale)))
            case "/":
                share = ranges.divide(outer, values[args[1]])
                parts = [(args[0], share)]
                if args[1] in self.active:
                    parts.append((args[1], ranges.negate(ranges.multiply(values[index], share))))
            case "^":
                n = float(node.exponent)
                lower = ranges.power(x, max(node.exponent - 1, 0))
                parts = [(args[0], _scaled(outer, ranges.outward(n * lower[0], n * lower[1])))]
            case "min" | "max":
                for mine, other in (args, args[::-1]):
                    share = ranges.slope_of_extremum(node.op, values[mine], values[other])
                    parts.append((mine, _scaled(outer, share, ranges.multiply_nonnegative)))
            case _:
                parts = [(args[0], _scaled(outer, ranges.slope(node.op, x, values[index])))]
        return [(i, part) for i, part in parts if i in self.active]


def _negated(x: Interval) -> Interval:
    if x is PLUS:
        return MINUS
    return PLUS if x is MINUS else ranges.negate(x)


def _scaled(
    outer: Interval, slope: Interval, product: Callable[[Interval, Interval], Interval] = ranges.multiply
) -> Interval:
    """Return slope * outer, exactly where `outer` is known to be 1 or -1."""
    if outer is PLUS:
        return slope
    return ranges.negate(slope) if outer is MINUS else product(slope, outer)


def _moderate(x: Interval) -> bool:
    return bool(np.all(x[0] >= -LARGE) and np.all(x[1] <= LARGE))
