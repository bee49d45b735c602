"""Faults planted in the arithmetic of unbounded intervals are found by the points that they lose."""

from pathlib import Path
from types import ModuleType

import pytest
from kernel_extended_reference import answered, narrowings, operations, wrong_narrowings, wrong_operations

from verify.kernel import extended
from verify.kernel.errors import Rejected
from verify.kernel.fixed import ONE

SOURCE = Path(extended.__file__).read_text(encoding="utf-8")

# name: (old, new); each is a text that occurs once
FAULTS = {
    "limited: too low an end kept": ("min(low, MAX_END)", "MAX_END"),
    "limited: too high an end kept": ("max(high, -MAX_END)", "-MAX_END"),
    "meet: infinity wins": (
        "high = min((end for end in (x[1], y[1]) if end is not None)",
        "high = min((end or 0 for end in (x[1], y[1]))",
    ),
    "meet: touching is empty": ("low > high else", "low >= high else"),
    "hull: infinity lost": (
        "None if x[0] is None or y[0] is None else min(x[0], y[0])",
        "x[0] if y[0] is None else y[0] if x[0] is None else min(x[0], y[0])",
    ),
    "negate: ends kept": (
        "return None if x[1] is None else -x[1], None if x[0] is None else -x[0]",
        "return None if x[0] is None else -x[0], None if x[1] is None else -x[1]",
    ),
    "add: infinity as 0 below": (
        "None if x[0] is None or y[0] is None else x[0] + y[0]",
        "None if x[0] is None and y[0] is None else (x[0] or 0) + (y[0] or 0)",
    ),
    "add: infinity as 0 above": (
        "None if x[1] is None or y[1] is None else x[1] + y[1]",
        "None if x[1] is None and y[1] is None else (x[1] or 0) + (y[1] or 0)",
    ),
    "positive: by the upper end": (
        "return x[0] is not None and x[0] >= 0\n",
        "return x[1] is not None and x[1] >= 0\n",
    ),
    "positive: infinity below": ("return x[0] is not None and x[0] >= 0\n", "return x[0] is None or x[0] >= 0\n"),
    "multiply: sign lost": ("return negate(_scaled(negate(a), b))", "return _scaled(negate(a), b)"),
    "multiply: both signs, one infinite": (
        "if a0 is None or a1 is None or b0 is None or b1 is None:\n        return LINE",
        "if a0 is None or a1 is None or b0 is None or b1 is None:\n        return POSITIVE",
    ),
    "scaled: lower end": ("low >= 0 else x[1]\n    b =", "low >= -9 * ONE else x[1]\n    b ="),
    "scaled: always the lower end": ("a = x[0] if low is not None and low >= 0 else x[1]\n    b", "a = x[0]\n    b"),
    "scaled: always the upper end": ("b = x[0] if high is not None and high <= 0 else x[1]\n", "b = x[0]\n"),
    "scaled: rounded up": ("a * low >> BITS,", "-(-a * low >> BITS),"),
    "scaled: rounded down": ("-(-b * high >> BITS)", "b * high >> BITS"),
    "divide: 0 at the lower end": ("if small is None or small <= 0:", "if small is None or small < 0:"),
    "divide: infinite divisor": ("if small is None or small <= 0:", "if small is not None and small <= 0:"),
    "divide: sign of the divisor": ("return divide(negate(x), negate(y))", "return divide(x, negate(y))"),
    "divide: lower end": ("a = large if low is not None and low >= 0 else small", "a = large"),
    "divide: upper end": ("b = large if high is not None and high <= 0 else small", "b = large"),
    "divide: lower end, other way": ("a = large if low is not None and low >= 0 else small", "a = small"),
    "divide: upper end, other way": ("b = large if high is not None and high <= 0 else small", "b = small"),
    "divide: rounded up": ("(low << BITS) // a", "-((-low << BITS) // a)"),
    "divide: rounded down": ("-((-high << BITS) // b)", "(high << BITS) // b"),
    "divide: infinity by infinity": ("None if low is None else 0 if a", "0 if low is None else 0 if a"),
    "absolute: one end": ("else max(-low, high)", "else high"),
    "absolute: infinity": (
        "return 0, None if low is None or high is None else",
        "return 0, high if low is None or high is None else",
    ),
    "increasing: upper end of the lower enclosure": ("function((x[0], x[0]))[0]", "function((x[0], x[0]))[1]"),
    "increasing: lower end of the upper enclosure": ("function((x[1], x[1]))[1]", "function((x[1], x[1]))[0]"),
    "increasing: limits swapped": ("limits[0] if x[0] is None", "limits[1] if x[0] is None"),
    "power: odd as even": ("absolute(x) if n % 2 == 0 else x", "absolute(x)"),
    "power: even as odd": ("absolute(x) if n % 2 == 0 else x", "x"),
    "power: n = 0": ("        return ONE, ONE\n", "        return 0, 0\n"),
    "exp: limit": ('"exp": (0, None)', '"exp": (ONE, None)'),
    "atan: limit": ('"atan": (-2 * ONE, 2 * ONE)', '"atan": (-ONE, ONE)'),
    "tanh: limit": ('"tanh": (-ONE, ONE)', '"tanh": (0, ONE)'),
    "minimum: lower end": ("return hull(x, y)[0], min(", "return max(x[0] or 0, y[0] or 0), min("),
    "maximum: sign": ("return negate(_minimum(negate(x), negate(y)))", "return _minimum(x, y)"),
    "difference": ("return add(x, negate(y))", "return add(x, y)"),
    "cosh of a signed argument": ('FUNCTIONS["cosh"], absolute(x))', 'FUNCTIONS["cosh"], x)'),
    "sine of half a line": ("return -ONE, ONE\n    if", "return 0, ONE\n    if"),
    "tan of half a line": (
        "if x[0] is None or x[1] is None:\n        raise",
        "if x[0] is None and x[1] is None:\n        raise",
    ),
    "of size: both sides are positive": ("x[0] > -size[0]:", "x[0] > -size[0] - ONE:"),
    "of size: both sides are negative": ("x[1] < size[0]:", "x[1] < size[0] + ONE:"),
    "of size: negative part": ("return meet(x, negate(size))", "return meet(x, size)"),
    "of size: no negative part": ("return meet(x, (negate(size)[0], size[1]))", "return meet(x, (0, size[1]))"),
    "base of: sign of odd roots": (
        "else finite.negate(root_of(finite.negate(t), n))",
        "else root_of(finite.negate(t), n)",
    ),
    "base of: even as odd": ("    if n % 2:\n", "    if n:\n"),
    "base of: another root": ("return root_of(t, n) if", "return root_of(t, n + 1) if"),
    "of minimum: always equal": ("value if smaller else (value[0], None)", "value"),
    "of minimum: y at most the value": ("y[0] > value[1]\n", "y[0] < value[1]\n"),
    "of maximum: not turned back": ("return None if part is None else negate(part)", "return part"),
    "inverted: sum": (
        "return meet(x, add(value, negate(y))), meet(y, add(value, negate(x)))",
        "return meet(x, add(value, y)), meet(y, add(value, negate(x)))",
    ),
    "inverted: difference": ("meet(y, add(x, negate(value)))", "meet(y, add(value, negate(x)))"),
    "inverted: product, no test": ("meet(x, divide(value, y)) if excludes_zero(y) else x", "meet(x, (0, None))"),
    "inverted: quotient's divisor": (
        "meet(y, divide(x, value)) if excludes_zero(value) else y",
        "meet(y, multiply(x, value))",
    ),
    "inverted: quotient's dividend": (
        "return meet(x, multiply(value, y)), ",
        "return meet(x, divide(value, y)) if excludes_zero(y) else x, ",
    ),
    "inverted: neg": ("return (meet(x, negate(value)),)", "return (meet(x, value),)"),
    "inverted: abs": ("return (_of_size(meet(value, POSITIVE), x),)", "return (meet(x, meet(value, POSITIVE) or x),)"),
    "inverted: min as max": (
        "_of_minimum(value, x, y), _of_minimum(value, y, x)",
        "_of_maximum(value, x, y), _of_maximum(value, y, x)",
    ),
    "inverted: max as min": (
        "_of_maximum(value, x, y), _of_maximum(value, y, x)",
        "_of_minimum(value, x, y), _of_minimum(value, y, x)",
    ),
    "inverted: arguments swapped": (
        "_of_maximum(value, x, y), _of_maximum(value, y, x)",
        "_of_maximum(value, y, x), _of_maximum(value, x, y)",
    ),
    "inverted: sqrt": ("meet(x, power(root, 2))", "meet(x, root)"),
    "inverted: exp at 0": ("(positive[0] or None, positive[1])", "(positive[0] or 1, positive[1])"),
    "inverted: exp": (
        'increasing(FUNCTIONS["log"], (positive[0] or None, positive[1]))',
        "(positive[0] or None, positive[1])",
    ),
    "inverted: log": ("return (meet(x, _exp(value)),)", "return (meet(x, value),)"),
}
NARROWING_FAULTS = {
    "nonzero always": ("(nonzero and top == (0, 0))", "top == (0, 0)"),
    "nonzero at an end": ("(nonzero and top == (0, 0))", "(nonzero and 0 in top)"),
    "powers of negative numbers": ("    if n % 2:\n", "    if n:\n"),
    "products with 0": ("meet(y, divide(value, x)) if excludes_zero(x) else y", "meet(y, x)"),
    "sums with infinity": (
        "None if x[1] is None or y[1] is None else x[1] + y[1]",
        "None if x[1] is None and y[1] is None else (x[1] or 0) + (y[1] or 0)",
    ),
}


def rebuilt(old="", new=""):
    """A copy of the module with a text that occurs once replaced."""
    assert not old or SOURCE.count(old) == 1, old
    module = ModuleType("copy")
    exec(compile(SOURCE.replace(old, new) if old else SOURCE, "copy.py", "exec"), module.__dict__)
    return module


@pytest.fixture(scope="module")
def cases():
    """Operations on intervals around points."""
    return list(operations(seed=1, count=250))


@pytest.fixture(scope="module")
def terms():
    """Terms on boxes around points."""
    return list(narrowings(seed=2, count=4000))


def cuts(terms):
    """How many of the narrowings cut something off."""
    return sum(
        any(extended.narrow(nodes, box, target)[name] != side for name, side in box.items())
        for nodes, _, box, target, _ in terms
        if defined(nodes, box)
    )


def defined(nodes, box):
    """Whether the term is defined all over the box, as far as the kernel can tell."""
    try:
        extended.narrow(nodes, box, extended.LINE)
    except Rejected:
        return False
    return True


def test_no_fault_without_a_fault(cases, terms):
    assert not list(wrong_operations(rebuilt(), cases))
    counts = answered(rebuilt(), cases)
    assert min(counts.values()) > 60
    assert counts["*"] == counts["^3"] == counts["atan"] == 250
    assert not list(wrong_narrowings(rebuilt(), terms))
    assert cuts(terms) > 800


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_loses_a_point(fault, cases):
    assert next(wrong_operations(rebuilt(*FAULTS[fault]), cases), None)


@pytest.mark.parametrize("fault", NARROWING_FAULTS)
def test_a_fault_in_narrowing_loses_a_point(fault, terms):
    assert next(wrong_narrowings(rebuilt(*NARROWING_FAULTS[fault]), terms), None)


def test_ends_stay_within_the_limit():
    limit = extended.MAX_END
    assert extended.limited((-limit - 1, limit + 1)) == (None, None)
    assert extended.limited((limit + 1, None)) == (limit, None)
    assert extended.limited((None, -limit - 1)) == (None, -limit)
    assert extended.limited((-limit, 5 * ONE)) == (-limit, 5 * ONE)
