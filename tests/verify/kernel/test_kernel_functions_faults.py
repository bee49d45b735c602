"""Faults planted in the elementary functions are found, and the error bounds hold where nothing hides them.

The bounds are proved in units that do not depend on the guard bits. A copy of the modules with 3 guard bits therefore
has to enclose too, and there a bound that is too small shows in the result.
"""

import random
import re
from pathlib import Path
from types import ModuleType

import pytest
from kernel_functions_reference import HARD, NAMES, PLAIN, allowed, encloses, fits, true_range

from verify.kernel import functions, series
from verify.kernel.errors import Rejected
from verify.kernel.fixed import MAX_END, ONE

SOURCES = [Path(module.__file__).read_text(encoding="utf-8") for module in (series, functions)]
SOURCE = re.sub(r"from verify\.kernel\.series import \([^)]*\)\n", "", "\n".join(SOURCES))
COARSE = ("GUARD = 48", "GUARD = 3")
ALL = set(NAMES)
TRIGONOMETRIC = {"sin", "cos", "tan"}

# name: (functions that must be found wrong, edits). An error bound is dropped where the guard bits do not hide it.
FAULTS = {
    "floor and ceiling swapped": (
        ALL - {"tan"},
        ("return low >> shift, -(-high >> shift)", "return -(-low >> shift), high >> shift"),
    ),
    "lower end rounded up": (
        ALL - {"tan"},
        ("return low >> shift, -(-high >> shift)", "return -(-low >> shift), -(-high >> shift)"),
    ),
    "upper end rounded down": (
        ALL - {"tan"},
        ("return low >> shift, -(-high >> shift)", "return low >> shift, high >> shift"),
    ),
    "tan rounded down": (
        {"tan"},
        ("-((-high << BITS) // (small if high > 0 else large))", "(high << BITS) // (small if high > 0 else large)"),
    ),
    "tan divided by the wrong bound": (
        {"tan"},
        ("(large if low > 0 else small)", "(small if low > 0 else large)"),
        COARSE,
    ),
    "no error in exp": ({"exp", "sinh", "cosh", "tanh"}, ("3 * abs(k) + 6", "0"), COARSE),
    "no error in exp for k": ({"exp", "sinh", "cosh"}, ("3 * abs(k) + 6", "6"), ("LOG_2 = ", "LOG_2 = 1 + "), COARSE),
    "no error in log": ({"log"}, ("2 * abs(k) + 8", "0"), COARSE),
    "no error in log for k": ({"log"}, ("2 * abs(k) + 8", "8"), ("LOG_2 = ", "LOG_2 = 1 + "), COARSE),
    "no error in sine": ({"sin", "cos"}, ("error = 12 if q", "error = 0 if q")),
    "no error in atan": ({"atan"}, ("ONE), 10 if t else 0", "ONE), 0")),
    "no error in asin": ({"asin"}, ("_asin(t), 12 if t else 0", "_asin(t), 0")),
    "no error in acos": ({"acos"}, ("14 if t != ONE else 0", "0"), COARSE),
    "no error in tan": ({"tan"}, ("(7 * abs(r) >> WORK) + 4", "0"), ("8 << BITS", "0"), COARSE),
    "exp cut short": ({"exp", "sinh", "cosh", "tanh"}, ("reversed(range(30))", "reversed(range(20))")),
    "sine cut short": (
        TRIGONOMETRIC,
        ("(2 * n + 1) for n in reversed(range(18))", "(2 * n + 1) for n in reversed(range(11))"),
    ),
    "cosine cut short": (
        TRIGONOMETRIC,
        ("(2 * n) for n in reversed(range(18))", "(2 * n) for n in reversed(range(11))"),
    ),
    "arc cut short": ({"log", "atan", "asin", "acos"}, ("reversed(range(36))", "reversed(range(15))")),
    "a coefficient off": (
        TRIGONOMETRIC,
        ("WHOLE // factorial(2 * n + 1)", "WHOLE // factorial(2 * n + 1) + (n == 3) * 2**GUARD"),
    ),
    "quadrant: sign": ({"sin", "cos"}, ("% 4 >= 2", "% 4 == 2")),
    "quadrant: parity": ({"sin", "cos"}, ("odd, negative = (q + turn) % 2", "odd, negative = (q + turn + 1) % 2")),
    "quadrant: cosine turns back": ({"cos"}, ("return _wave(x, 1)", "return _wave(x, -1)")),
    "quadrant: cotangent": ({"tan"}, ("if q % 2:", "if q % 4 == 1:")),
    "minimum missed": ({"sin", "cos"}, ("high, 3 - turn, 4)", "high, 1 - turn, 4)")),
    "maximum missed": ({"sin", "cos"}, ("high, 1 - turn, 4)", "high, 3 - turn, 4)")),
    "multiple missed at the low end": ({"sin", "cos"}, ("if low[1] > 2 else low[0]", "")),
    "multiple missed at the high end": ({"sin", "cos"}, ("high[0] - 1 if high[1] < -2 else high[0]", "high[0] - 1")),
    "longer than a period": (
        {"sin", "cos"},
        ("> 7 * ONE", "> 1 << 9999"),
        ("first + (remainder - first) % modulus <= last", "last - first >= modulus"),
    ),
    "pi with too few bits": (TRIGONOMETRIC, ("max(t.bit_length() - BITS, 0) + 4", "4")),
    "pi is off": (ALL - {"exp", "log", "sinh", "cosh", "tanh"}, ("arc_of_reciprocal(239", "arc_of_reciprocal(240")),
    "log(2) is off": (
        {"exp", "log", "sinh", "cosh", "tanh"},
        ("arc_of_reciprocal(3, 1, WORK + 1)", "arc_of_reciprocal(3, 1, WORK + 1) + (1 << GUARD)"),
    ),
    "atan(1/2) is off": (
        {"atan", "asin", "acos"},
        ("arc_of_reciprocal(2, -1, WORK)", "arc_of_reciprocal(2, -1, WORK) + (1 << GUARD)"),
    ),
    "atanh for atan": ({"atan", "asin", "acos"}, ("-(z * z >> WORK))", "z * z >> WORK)")),
    "no reflection": ({"atan", "asin", "acos"}, ("return HALF_PI - _angle(x, y)", "return _angle(x, y)")),
    "exp vanishes too early": ({"exp"}, ("t < -100 * ONE", "t < -60 * ONE")),
    "tanh saturates too early": ({"tanh"}, ("> 50 * ONE", "> 30 * ONE")),
    "cosh by its ends": ({"cosh"}, ("0 if x[0] <= 0 <= x[1] else near", "near")),
    "cosh without its sign": ({"sinh"}, ("GUARD + 1) if t >= 0 else _outward(-high, -low, GUARD + 1)", "GUARD + 1)")),
    "acos not turned around": ({"acos"}, ("return -high, -low\n", "return -low, -high\n")),
    "one end for both": (
        ALL - {"sin", "cos", "tan", "acos"},
        ("high = low if x[0] == x[1] else at(x[1])", "high = low"),
    ),
}


def rebuilt(*edits):
    """FUNCTIONS of a copy of both modules; each edit replaces a text that occurs once."""
    source = SOURCE
    for old, new in edits:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    module = ModuleType("copy")
    exec(compile(source, "copy.py", "exec"), module.__dict__)
    return module.FUNCTIONS


def intervals(name):
    """Thin and wide intervals in the domain of the function, the same each time."""
    rng = random.Random(name)
    numbers = [*PLAIN, *HARD[:: 1 if name in ("sin", "cos", "tan") else 40]]
    numbers += [
        rng.choice([1, -1]) * rng.getrandbits(rng.choice([8, 50, 95, 96, 97, 98, 100, 103])) for _ in range(250)
    ]
    numbers += [rng.randint(-3 * ONE, 3 * ONE) for _ in range(250)]
    numbers += [rng.randint(-100 * ONE, 100 * ONE) for _ in range(60)]
    pairs = [(t, t) for t in numbers] + [(t, t + rng.getrandbits(rng.choice([4, 96, 98]))) for t in numbers[::3]]
    found = [fits(name, *pair) for pair in pairs if max(map(abs, pair)) <= MAX_END]
    return [x for x in found if allowed(name, x)]


@pytest.fixture(scope="module")
def cases():
    """Every case: function, interval and true range."""
    return [(name, x, true_range(name, x)) for name in NAMES for x in intervals(name)]


def found_wrong(copy, cases):
    """The functions that do not enclose their range somewhere, or raise what they should not."""
    wrong = set()
    for name, x, span in cases:
        if name not in wrong:
            try:
                result = copy[name](x)
            except Rejected:
                continue  # too close to a pole
            except (ValueError, ZeroDivisionError, OverflowError):
                wrong.add(name)
            else:
                if not encloses(result, span):
                    wrong.add(name)
    return wrong


def test_no_fault_without_a_fault(cases):
    assert len(cases) > 5000
    assert {name for name, _, _ in cases} == set(NAMES)
    assert not found_wrong(functions.FUNCTIONS, cases)
    assert not found_wrong(rebuilt(), cases)


@pytest.mark.parametrize("bits", [3, 4, 5, 8])
def test_the_error_bounds_hold_with_few_guard_bits(bits, cases):
    assert not found_wrong(rebuilt(("GUARD = 48", f"GUARD = {bits}")), cases)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault, cases):
    expected, *edits = FAULTS[fault]
    wrong = found_wrong(rebuilt(*edits), cases)
    assert expected <= wrong, sorted(expected - wrong)
