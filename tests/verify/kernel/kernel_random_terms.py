"""Random term graphs on random boxes, with a point of the box and the term's value there, exact or by mpmath.

The graphs share subterms, and every operation is defined on the whole box.
"""

import random
from dataclasses import dataclass
from fractions import Fraction

import mpmath

from verify.kernel.errors import Rejected
from verify.kernel.fixed import BITS, ONE
from verify.kernel.intervals import apply, enclose
from verify.kernel.terms import FUNCTIONS, Node, TermTable, extract

PRECISION = 6_000  # bits; no value exceeds 2**LARGEST, so not even ten operations of a slope as large lose what matters
LARGEST = 300
BINARY = ("+", "-", "*", "/", "min", "max")
RATIONAL = (*BINARY, "neg", "^", "abs")
EVERY = (*RATIONAL, "sqrt", *FUNCTIONS)
ENDS = [Fraction(k, d) for d in (1, 2, 3, 64) for k in range(-8, 9)] + [Fraction(1, 3 << 90), Fraction(-1, 1 << 99)]


@dataclass
class Sample:
    """A term graph, its root last; a box; a point in it; and integers value[0] <= f(point) 2**BITS <= value[1]."""

    nodes: tuple[Node, ...]
    box: dict[str, tuple[int, int]]
    point: dict[str, Fraction]
    value: tuple[int, int]


def _number(value):
    return mpmath.mpf(value.numerator) / value.denominator


def at_point(node, x):
    """Apply one operation to numbers: Fractions, or mpf where a function is or was irrational."""
    if node.op in ("min", "max", "abs", "neg", "^"):
        results = {
            "min": min,
            "max": max,
            "abs": lambda a: abs(a),
            "neg": lambda a: -a,
            "^": lambda a: a**node.exponent,
        }
        return results[node.op](*x)
    if node.op in ("+", "-", "*", "/"):
        if isinstance(x[0], Fraction) and isinstance(x[1], Fraction):
            return {"+": x[0] + x[1], "-": x[0] - x[1], "*": x[0] * x[1], "/": x[0] / x[1] if x[1] else None}[node.op]
        a, b = (_number(v) if isinstance(v, Fraction) else v for v in x)
        return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[node.op]()
    argument = _number(x[0]) if isinstance(x[0], Fraction) else x[0]
    return getattr(mpmath, node.op)(argument)


def in_units(value):
    """Return the integers around value 2**BITS."""
    if isinstance(value, Fraction):
        scaled = value * ONE
        return scaled.numerator // scaled.denominator, -(-scaled.numerator // scaled.denominator)
    scaled = mpmath.ldexp(value, BITS)
    doubt = mpmath.ldexp(1, -200)
    return int(mpmath.floor(scaled - doubt)), int(mpmath.ceil(scaled + doubt))


def comparable(x):
    """Bring numbers to one type: mpmath does not compare with Fractions."""
    return x if all(isinstance(v, Fraction) for v in x) else [_number(v) if isinstance(v, Fraction) else v for v in x]


def _operation(rng, operations, count):
    """Choose an operation on earlier terms, mostly on the last one and on another, each as good as any."""
    pool = BINARY if rng.random() < 0.5 else [op for op in operations if op not in BINARY]
    op = rng.choice(pool)
    arguments = [count - 1 if rng.random() < 0.7 else rng.randrange(count)]
    if op in BINARY:
        arguments.insert(rng.randrange(2), rng.randrange(count))
    return op, arguments, rng.choice([0, 1, 2, 3, 4, 5, 7]) if op == "^" else 0


def sample(seed: int, operations: tuple[str, ...] = EVERY, steps: int = 8) -> Sample:
    """Draw a term of up to `steps` operations with a box and a point."""
    rng, table = random.Random(seed), TermTable()
    sides = {name: sorted(rng.choices(ENDS, k=2)) for name in "xyz"[: rng.randint(1, 3)]}
    shares = [Fraction(0), Fraction(1), Fraction(1, 2), Fraction(rng.randrange(98), 97)]
    point = {name: low + (high - low) * rng.choice(shares) for name, (low, high) in sides.items()}
    box = {name: enclose(*side) for name, side in sides.items()}
    ranges, values = [], []
    for number in {rng.choice(ENDS), Fraction(rng.choice([0, 1, 2, -1]))}:
        table.const(number)
        ranges.append(enclose(number, number))
        values.append(number)
    for name in sides:
        table.var(name)
        ranges.append(box[name])
        values.append(point[name])
    with mpmath.workprec(PRECISION):
        for _ in range(rng.randint(1, 3 * steps)):
            if len(table.nodes) >= steps + len(sides) + 2:
                break
            op, arguments, exponent = _operation(rng, operations, len(table.nodes))
            node = Node(op, tuple(arguments), exponent=exponent)
            try:
                result = apply(node, [ranges[i] for i in arguments])
            except Rejected:
                continue
            if max(map(abs, result)) > ONE << LARGEST:
                continue
            count = len(table.nodes)
            table.add(node)
            if len(table.nodes) > count:
                ranges.append(result)
                values.append(at_point(node, comparable([values[i] for i in arguments])))
        used = {name: point[name] for name in sides}
        return Sample(extract(table.nodes, len(table.nodes) - 1), box, used, in_units(values[-1]))
