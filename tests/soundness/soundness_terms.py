"""Random boxes and random term graphs, and what an exact judge says of them at points."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from prover_exact import Enclosure, Undefined, Unknown, exact_value

from verify.kernel.fixed import ONE, Interval
from verify.kernel.intervals import enclose
from verify.kernel.terms import FUNCTIONS, Node, TermTable

NAMES = ("x", "y", "z")
UNARY = ("neg", "sqrt", "^", *FUNCTIONS)
BINARY = ("+", "-", "*", "/", "min", "max")
Sides = dict[str, tuple[Fraction, Fraction]]
Point = dict[str, Fraction]

doubles = st.one_of(
    st.integers(-6, 6).map(float),
    st.floats(-4, 4),
    st.floats(-1e6, 1e6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.builds(lambda m, e: m * 2.0**e, st.floats(-2, 2), st.integers(-1070, 1000)),
    st.sampled_from([0.0, -0.0, 5e-324, 2.0**-1022, 1 - 2.0**-53, 1.0, 1 + 2.0**-52, 1.5707963267948966, 1e300]),
)
modest = st.one_of(st.integers(-12, 12).map(lambda k: k / 4), st.floats(-3, 3), st.floats(0.0625, 1))
widths = st.one_of(st.just(0.0), st.integers(0, 40).map(lambda k: 2.0**-k), st.floats(0, 3))
shares = st.lists(st.integers(0, 64).map(lambda k: Fraction(k, 64)), min_size=3, max_size=3)
sources = st.integers(0, 10**6)
recipes = st.lists(st.tuples(st.sampled_from(UNARY + BINARY * 2), sources, sources), min_size=1, max_size=9)
constants = st.one_of(st.integers(-3, 3).map(Fraction), st.fractions(-4, 4, max_denominator=60))


@dataclass(frozen=True)
class Case:
    """A term (the last of `nodes`) over a box with floating-point ends."""

    nodes: tuple[Node, ...]
    sides: Sides

    def kernel_box(self) -> dict[str, Interval]:
        return {name: enclose(*side) for name, side in self.sides.items()}

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        low, high = ([[float(side[k])] for side in self.sides.values()] for k in (0, 1))
        return np.array(low), np.array(high)

    def point(self, share: Sequence[Fraction]) -> Point:
        """Return the point at shares of the sides."""
        pairs = zip(self.sides.items(), share, strict=True)
        return {name: low + (high - low) * s for (name, (low, high)), s in pairs}

    def value(self, point: Point) -> Enclosure | None:
        """Return the exact value at a point, None where the judge cannot tell. Raises Undefined."""
        try:
            return exact_value(self.nodes, len(self.nodes) - 1, point)
        except Unknown:
            return None


def build(recipe: Sequence[tuple[str, int, int]], number: Fraction) -> tuple[Node, ...]:
    """Build a term graph: each step takes earlier nodes, preferably late ones, as its arguments."""
    table = TermTable()
    for name in NAMES:
        table.var(name)
    table.const(number)
    last = 0
    for op, first, second in recipe:
        size = len(table.nodes)
        arguments = (
            [size - 1 - first % min(size, 5)] if op in UNARY else [size - 1 - first % min(size, 4), second % size]
        )
        last = table.apply(op, arguments, exponent=second % 6 if op == "^" else 0)
    return tuple(table.nodes[: last + 1])


def box(centres: Sequence[float], sizes: Sequence[float]) -> Sides:
    return {
        name: (Fraction(c), max(Fraction(c), Fraction(c + w))) for name, c, w in zip(NAMES, centres, sizes, strict=True)
    }


triples = st.tuples(modest, modest, modest)
cases = st.builds(
    lambda recipe, number, centres, sizes: Case(build(recipe, number), box(centres, sizes)),
    recipes,
    constants,
    triples,
    st.tuples(widths, widths, widths),
)


def met(interval: tuple[Fraction, Fraction], value: Enclosure) -> bool:
    """Whether an interval meets what the judge knows of a value: it encloses that to 2**-120 at least."""
    return interval[0] <= value.high and value.low <= interval[1]


def of_kernel(x: Interval) -> tuple[Fraction, Fraction]:
    return Fraction(x[0], ONE), Fraction(x[1], ONE)


__all__ = ["Undefined"]
