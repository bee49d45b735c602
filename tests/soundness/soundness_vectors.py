"""Interval vectors in the manner of the ITF1788 files, and an independent judge of them.

A line is `op [lo,hi] ... = [lo,hi];` with decimal or hexadecimal floats; `pown` has an integer last; `undefined` stands
for a result that does not exist all over the operands. The result is the tightest one that doubles can express.
The judge finds ranges from exact rationals, and from mpmath with PRECISION bits where values are irrational.
"""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import mpmath
from mpmath import mp, mpf

FOLDER = Path(__file__).parent / "vectors"
PRECISION = 2800
CLOSE = mpf(2) ** -2600
LARGEST = math.ldexp(2 - 2.0**-52, 1023)
INTERVAL = re.compile(r"\[\s*([^\s,\]]+)\s*,\s*([^\s,\]]+)\s*\]")
LINE = re.compile(r"(\w+)((?:\s+\[[^\]]*\])+)(?:\s+(\d+))?\s*=\s*(undefined|\[[^\]]*\]);")
BINARY = ("add", "sub", "mul", "div", "min", "max")
FUNCTIONS = ("exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
DECREASING = ("acos",)
EXACT = {
    **dict.fromkeys(("exp", "cos", "cosh"), (0, 1)),
    **dict.fromkeys(("sin", "tan", "asin", "atan", "sinh", "tanh"), (0, 0)),
    **dict.fromkeys(("log", "acos"), (1, 0)),
}

Number = Fraction | mpf
Ends = tuple[float, float]
Range = tuple[Number, Number]


@dataclass(frozen=True)
class Vector:
    """One line of a file; `result` None is undefined."""

    place: str
    op: str
    operands: tuple[Ends, ...]
    exponent: int
    result: Ends | None


def real(text: str) -> float:
    """Read a decimal or hexadecimal float, or infinity."""
    return float.fromhex(text) if "0x" in text.lower() else float(text.replace("infinity", "inf"))


def read(file: Path) -> list[Vector]:
    """Read a file; every line that is neither blank nor a comment must be a vector."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.split("//")[0].strip()
        if not text:
            continue
        match = LINE.fullmatch(text)
        assert match, f"{file.name}:{number}: not a vector: {line}"
        ends = [(real(a), real(b)) for a, b in INTERVAL.findall(match[2])]
        wanted = None if match[4] == "undefined" else tuple(real(end) for end in INTERVAL.fullmatch(match[4]).groups())
        found.append(Vector(f"{file.name}:{number}", match[1], tuple(ends), int(match[3] or 0), wanted))
    return found


def all_vectors() -> list[Vector]:
    """Return the vectors of all files."""
    return [vector for file in sorted(FOLDER.glob("*.itl")) for vector in read(file)]


def at_most(x: float, y: Number) -> bool:
    """Whether a double is <= a number, without rounding."""
    if math.isinf(x):
        return x < 0
    return Fraction(x) <= y if isinstance(y, Fraction) else mpf(x) <= y


def at_least(x: float, y: Number) -> bool:
    """Whether a double is >= a number, without rounding."""
    if math.isinf(x):
        return x > 0
    return Fraction(x) >= y if isinstance(y, Fraction) else mpf(x) >= y


def below(y: Number) -> float:
    """Return the largest double <= y."""
    try:
        x = min(max(float(y), -LARGEST), LARGEST)
    except OverflowError:
        x = LARGEST if y > 0 else -LARGEST
    while not at_most(x, y):
        x = math.nextafter(x, -math.inf)
    while x < LARGEST and at_most(math.nextafter(x, math.inf), y):
        x = math.nextafter(x, math.inf)
    return x


def tightest(span: Range) -> Ends:
    """Return the smallest interval of doubles around a range."""
    return below(span[0]), -below(-span[1])


def value(op: str, t: Fraction) -> Range:
    """Enclose an elementary function at a rational number of its domain.

    At other arguments than those of EXACT the values are irrational (Lindemann, Weierstrass), so the slack decides
    nothing.
    """
    if t == EXACT[op][0]:
        return Fraction(EXACT[op][1]), Fraction(EXACT[op][1])
    y = getattr(mpmath, op)(mpf(t.numerator) / t.denominator)
    low, high = y - abs(y) * CLOSE, y + abs(y) * CLOSE
    if op in ("sin", "cos", "tanh"):
        return max(low, mpf(-1)), min(high, mpf(1))
    return (max(low, mpf(1)) if op == "cosh" else low), high


def meets(x: tuple[Fraction, Fraction], phase: float, period: int) -> bool:
    """Whether (phase + k period) pi lies in the interval for a whole k."""
    low, high = (mpf(end.numerator) / end.denominator / mp.pi for end in x)
    return bool(phase + mp.ceil((low - phase) / period) * period <= high)


def _root(t: Fraction) -> Range:
    up, down = math.isqrt(t.numerator), math.isqrt(t.denominator)
    if up**2 == t.numerator and down**2 == t.denominator:
        return Fraction(up, down), Fraction(up, down)
    y = mp.sqrt(mpf(t.numerator) / t.denominator)
    return y - y * CLOSE, y + y * CLOSE


def _of_function(op: str, x: tuple[Fraction, Fraction]) -> Range | None:
    if (op == "log" and x[0] <= 0) or (op in ("asin", "acos") and (x[0] < -1 or x[1] > 1)):
        return None
    if op == "tan" and meets(x, 0.5, 1):
        return None
    lows, highs = zip(*(value(op, end) for end in x), strict=True)
    extremes = []
    if op == "cosh" and x[0] <= 0 <= x[1]:
        extremes = [Fraction(1)]
    if op in ("sin", "cos"):
        turns = ((1, 0.5 if op == "sin" else 0.0), (-1, -0.5 if op == "sin" else 1.0))
        extremes = [Fraction(v) for v, phase in turns if meets(x, phase, 2)]
    return min([*lows, *extremes], key=mpf_of), max([*highs, *extremes], key=mpf_of)


def mpf_of(y: Number) -> mpf:
    """Return a number as an mpf."""
    return mpf(y.numerator) / y.denominator if isinstance(y, Fraction) else y


def true_range(op: str, operands: tuple[tuple[Fraction, Fraction], ...], exponent: int) -> Range | None:
    """Return the range of an operation, up to CLOSE of an irrational end; None where it is not defined everywhere."""
    x = operands[0]
    inside = x[0] <= 0 <= x[1]
    with mp.workprec(PRECISION):
        if op in FUNCTIONS:
            return _of_function(op, x)
        if op == "sqrt":
            return None if x[0] < 0 else (_root(x[0])[0], _root(x[1])[1])
        if op == "div" and operands[1][0] <= 0 <= operands[1][1]:
            return None
        if op in BINARY:
            rules = {
                "add": lambda a, b: a + b,
                "sub": lambda a, b: a - b,
                "mul": lambda a, b: a * b,
                "div": lambda a, b: a / b,
                "min": min,
                "max": max,
            }
            values = [rules[op](a, b) for a in x for b in operands[1]]
        else:
            rule = {"neg": lambda a: -a, "abs": abs, "sqr": lambda a: a * a, "pown": lambda a: a**exponent}[op]
            turning = op in ("abs", "sqr") or (op == "pown" and exponent % 2 == 0)
            values = [rule(a) for a in x] + ([rule(Fraction(0))] if inside and turning else [])
        return min(values), max(values)
