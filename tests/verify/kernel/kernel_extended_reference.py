"""Operations on unbounded intervals by exact points: intervals around points, and what a module makes of them.

Points and values are rationals (up to 2**-400 for elementary functions); ends are in units of 2**-BITS.
"""

import random
from fractions import Fraction

import kernel_oracle_terms as oracle

from verify.kernel.errors import Rejected
from verify.kernel.fixed import ONE
from verify.kernel.terms import FUNCTIONS, Node

HUGE = 1 << 300
ENDS = [0, 1, 3, ONE // 7, ONE // 2, ONE - 1, ONE, ONE + 1, 2 * ONE, 5 * ONE, 1000 * ONE, 3000 * ONE, HUGE]
ENDS += [-end for end in ENDS[1:]]
BINARY = {op: Node(op, (0, 1)) for op in ("+", "-", "*", "/", "min", "max")}
UNARY = {op: Node(op, (0,)) for op in ("neg", "sqrt", *FUNCTIONS)}
POWERS = {f"^{n}": Node("^", (0,), exponent=n) for n in (0, 1, 2, 3, 4, 7)}
NODES = {**BINARY, **UNARY, **POWERS, "square": Node("*", (0, 0))}


def value(node, points):
    """The value of one operation, up to 2**-400 for elementary functions and roots. Raises oracle.Undefined."""
    if node.op == "*" and node.args == (0, 0):
        points = [points[0], points[0]]
    names = {"a": oracle.number(points[0]), "b": oracle.number(points[-1])}
    if node.op == "^":
        return oracle.evaluate(["^", "a", str(node.exponent)], names)[0]
    op = "-" if node.op == "neg" else node.op
    if node.op == "/" and not points[1]:
        raise oracle.Undefined
    low, high = oracle.evaluate([op, *"ab"[: len(points)]], names)
    return max((low + high) / 2, oracle.SLACK) if op == "exp" else (low + high) / 2  # exp is never 0


def around(rng, number):
    """An interval that contains a rational, one end or both infinite in a third of the cases."""
    bottom, top = number * ONE // 1, -(-number * ONE // 1)
    below, above = [e for e in ENDS if e <= bottom], [e for e in ENDS if e >= top]
    lower = [None, bottom, bottom, bottom - rng.choice(below or [bottom]) % ONE, *rng.sample(below, min(2, len(below)))]
    upper = [None, top, top, top + rng.choice(above or [top]) % ONE, *rng.sample(above, min(2, len(above)))]
    lower += [max(below, default=bottom), min(bottom, 0)]
    return rng.choice(lower), rng.choice([*upper, min(above, default=top), max(top, 0)])


def contains(x, number):
    """Whether an interval contains a rational."""
    return (x[0] is None or x[0] <= number * ONE) and (x[1] is None or x[1] >= number * ONE)


def point(rng):
    """A rational, often whole or small, sometimes huge."""
    unit = rng.choice([1, ONE // 3, ONE, ONE, 4 * ONE])
    return Fraction(rng.choice([rng.choice(ENDS), rng.randint(-5, 5) * unit, rng.randint(-3 * ONE, 3 * ONE)]), ONE)


def operations(seed, count):
    """Yield (name, node, points, intervals around them, the value, an interval around it), `count` of each name."""
    rng = random.Random(seed)
    for name, node in NODES.items():
        made = 0
        while made < count:
            points = [point(rng) for _ in node.args[:1] if name == "square"] or [point(rng) for _ in node.args]
            try:
                result = value(node, points)
            except oracle.Undefined:
                continue
            made += 1
            boxes = [around(rng, p) for p in points] * (len(node.args) if name == "square" else 1)
            yield name, node, points, boxes, result, around(rng, result)


def wrong_operations(module, cases):
    """Yield how the module fails: (name, "apply" or "inverted", ...). Anything but Rejected that it raises is one."""
    for name, node, points, boxes, number, target in cases:
        try:
            result = module.limited(module.apply(node, boxes))
        except Rejected:
            continue
        except (TypeError, ArithmeticError, RecursionError) as error:
            yield name, "apply", points, boxes, error
            continue
        if not contains(result, number) or undefined_within(name, boxes):
            yield name, "apply", points, boxes, result
        try:
            parts = module.inverted(node, target, boxes)
        except Rejected:
            continue
        except (TypeError, ArithmeticError, RecursionError) as error:
            yield name, "inverted", points, boxes, target, error
            continue
        kept = [part is not None and contains(part, p) for p, part in zip(points, parts, strict=False)]
        if not all(kept) or len(parts) != len(boxes):
            yield name, "inverted", points, boxes, target, parts


def answered(module, cases):
    """How often the module gives an enclosure, by the name of the operation."""
    counts = dict.fromkeys(NODES, 0)
    for name, node, _, boxes, _, _ in cases:
        try:
            module.apply(node, boxes)
        except Rejected:
            continue
        counts[name] += 1
    return counts


def undefined_within(name, boxes):
    """Whether the operation is not defined somewhere in the box."""
    low, high = boxes[-1]
    if name == "/":
        return (low is None or low <= 0) and (high is None or high >= 0)
    least = {"sqrt": 0, "log": 1, "asin": -ONE, "acos": -ONE}.get(name)
    outside = least is not None and (low is None or low < least)
    unbounded = low is None or high is None
    return outside or (name in ("asin", "acos") and (high is None or high > ONE)) or (name == "tan" and unbounded)


SMALL = [Node("const", value=Fraction(v)) for v in ("0", "1", "2", "-3", "1/3", "-5/2")]


def random_term(rng, names, size):
    """A term table of the operations with rational values; its last node depends on most of the others."""
    nodes = [Node("var", name=name) for name in names] + rng.sample(SMALL, 2)
    for number in range(size):
        op = rng.choice(["+", "+", "+", "-", "-", "*", "*", "*", "/", "neg", "^", "^", "abs", "min", "max"])
        args = [len(nodes) - 1 if number else rng.randrange(len(names)), rng.randrange(len(nodes))]
        rng.shuffle(args)
        unary = op in ("neg", "^", "abs")
        args = tuple(args[:1] if unary else args)
        nodes.append(Node(op, args, exponent=rng.choice([2, 3, 4]) if op == "^" else 0))
    return nodes


def exact_values(nodes, point):
    """The values of all nodes as rationals. Raises oracle.Undefined, also for values that are too long to handle."""
    values = []
    for node in nodes:
        if node.op in ("var", "const"):
            values.append(point[node.name] if node.op == "var" else node.value)
            continue
        values.append(value(node, [values[i] for i in node.args]))
        if max(values[-1].numerator.bit_length(), values[-1].denominator.bit_length()) > 4000:
            raise oracle.Undefined
    return values


def narrowings(seed, count):
    """Yield (nodes, point, box around it, target): the last node has a value in the target there, and that value."""
    rng = random.Random(seed)
    while count:
        names = ["x", "y", "z"][: rng.randint(1, 3)]
        nodes = random_term(rng, names, rng.randint(1, 6))
        where = {name: Fraction(rng.randint(-12, 12), rng.choice([1, 1, 2, 3, 7])) for name in names}
        try:
            result = exact_values(nodes, where)[-1]
        except oracle.Undefined:
            continue
        box = {name: around(rng, p) for name, p in where.items()}
        targets = [around(rng, result), *(t for t in ((0, None), (None, 0), (0, 0)) if contains(t, result))]
        count -= 1
        yield nodes, where, box, rng.choice(targets), result


def wrong_narrowings(module, cases):
    """Yield the narrowings that cut off the point, or raise anything but Rejected."""
    for nodes, where, box, target, result in cases:
        try:
            left = module.narrow(nodes, box, target, nonzero=bool(result))
        except Rejected:
            continue
        except (TypeError, ArithmeticError, RecursionError) as error:
            yield nodes, where, box, target, error
            continue
        if left is None or not all(contains(left[name], p) for name, p in where.items()):
            yield nodes, where, box, target, left
