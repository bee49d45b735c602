"""A regression problem with a start of gradient descent, all exact rationals; its text and digest."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from verify.kernel.certificates import exact, fields, list_field
from verify.kernel.errors import Malformed
from verify.trajectory.matrices import ceiling_root, dot

MAX_SIZE = 200
MAX_NUMBER_BITS = 1328
MAX_DENOMINATOR_BITS = 4096
NAMES = ("features", "targets", "plus", "minus", "eta")


@dataclass(frozen=True)
class Problem:
    """Gradient descent on L(u, v) = |X (u*u - v*v) - y|**2 / (2 N), from a start and with a step size.

    `features` X (N rows, d columns, 1 <= N <= d <= MAX_SIZE), `targets` y (N,), start `plus` u and `minus` v (d,),
    step size `eta` > 0. Raises Malformed (a ValueError) for other shapes, numbers that are no Fractions or longer
    than MAX_NUMBER_BITS, or an array whose common denominator is longer than MAX_DENOMINATOR_BITS.
    """

    features: tuple[tuple[Fraction, ...], ...]
    targets: tuple[Fraction, ...]
    plus: tuple[Fraction, ...]
    minus: tuple[Fraction, ...]
    eta: Fraction

    def __post_init__(self) -> None:
        samples, size = len(self.features), len(self.plus)
        if not 1 <= samples <= size <= MAX_SIZE:
            raise Malformed(f"problem: {samples} samples in dimension {size}; 1 <= N <= d <= {MAX_SIZE} is needed")
        if {len(self.minus), *map(len, self.features)} != {size} or len(self.targets) != samples:
            raise Malformed("problem: features, targets and start do not fit together")
        for values in (*self.features, self.targets, self.plus, self.minus, (self.eta,)):
            if not all(isinstance(value, Fraction) for value in values):
                raise Malformed("problem: a number that is not a Fraction")
        if self.eta <= 0:
            raise Malformed("problem: eta is not positive")
        for numbers in ([x for row in self.features for x in row], self.targets, self.plus, self.minus, [self.eta]):
            if any(max(abs(x.numerator), x.denominator).bit_length() > MAX_NUMBER_BITS for x in numbers):
                raise Malformed(f"problem: a numerator or denominator of more than {MAX_NUMBER_BITS} bits")
            if common_denominator(numbers).bit_length() > MAX_DENOMINATOR_BITS:
                raise Malformed(f"problem: a common denominator of more than {MAX_DENOMINATOR_BITS} bits")

    @classmethod
    def from_floats(
        cls,
        features: Iterable[Iterable[Any]],
        targets: Iterable[Any],
        plus: Iterable[Any],
        minus: Iterable[Any],
        eta: Any,
    ) -> "Problem":
        """Return the problem whose numbers are exactly the given finite ones. Raises Malformed as the class does."""
        try:
            rows = tuple(tuple(_dyadic(x) for x in row) for row in features)
            rest = [tuple(_dyadic(x) for x in values) for values in (targets, plus, minus)]
            return cls(rows, rest[0], rest[1], rest[2], _dyadic(eta))
        except (AttributeError, TypeError):
            raise Malformed("problem: an entry is not a number, or an array has another shape") from None

    def as_json(self) -> dict[str, Any]:
        """Return the problem as plain JSON data, every number a string like `-3` or `3/4`."""
        return {
            "features": [[str(x) for x in row] for row in self.features],
            **{name: [str(x) for x in getattr(self, name)] for name in NAMES[1:4]},
            "eta": str(self.eta),
        }

    def digest(self) -> str:
        """Return the SHA-256 digest of the problem's JSON text with sorted keys and no spaces, in hexadecimal."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Data:
    """X = `rows` / `over`, the same by columns, y = `targets` / `targets_over`, 2 eta / N = `rate`, in integers.

    `longest` / `over` is at least the length of each column of X; `squares` is the square of the length of each column
    of `rows`.
    """

    rows: tuple[tuple[int, ...], ...]
    columns: tuple[tuple[int, ...], ...]
    over: int
    targets: tuple[int, ...]
    targets_over: int
    rate: Fraction
    squares: tuple[int, ...]
    longest: int


def common_denominator(values: Iterable[Fraction]) -> int:
    """Return the least common denominator, or, early, a common multiple beyond MAX_DENOMINATOR_BITS."""
    result = 1
    for value in values:
        result = lcm(result, value.denominator)
        if result.bit_length() > MAX_DENOMINATOR_BITS:
            break
    return result


def integer_data(problem: Problem) -> Data:
    """Return the problem's data as integers over common denominators."""
    over = common_denominator(x for row in problem.features for x in row)
    targets_over = common_denominator(problem.targets)
    rows = tuple(tuple(x.numerator * (over // x.denominator) for x in row) for row in problem.features)
    columns = tuple(zip(*rows, strict=True))
    squares = tuple(dot(column, column) for column in columns)
    return Data(
        rows=rows,
        columns=columns,
        over=over,
        targets=tuple(y.numerator * (targets_over // y.denominator) for y in problem.targets),
        targets_over=targets_over,
        rate=2 * problem.eta / len(rows),
        squares=squares,
        longest=ceiling_root(max(squares)),
    )


def read_problem(data: Any) -> Problem:
    """Read the JSON data of `Problem.as_json`. Raises Malformed for anything else."""
    data = fields(data, set(NAMES), set(), "problem")
    rows = list_field(data, "features", "problem")
    if len(rows) > MAX_SIZE or not all(isinstance(row, list) for row in rows):
        raise Malformed(f"problem: features are not a list of at most {MAX_SIZE} lists")
    targets, plus, minus = (_rationals(list_field(data, name, "problem"), name) for name in NAMES[1:4])
    (eta,) = _rationals([data["eta"]], "eta")
    return Problem(tuple(_rationals(row, "features") for row in rows), targets, plus, minus, eta)


def _rationals(texts: Sequence[Any], name: str) -> tuple[Fraction, ...]:
    """Read exact rationals in lowest terms. Raises Malformed for anything else."""
    if len(texts) > MAX_SIZE:
        raise Malformed(f"problem: {name}: more than {MAX_SIZE} numbers in a list")
    values = tuple(exact(text, f"problem: {name}") for text in texts)
    if [str(value) for value in values] != list(texts):
        raise Malformed(f"problem: {name}: a number not in lowest terms")
    return values


def _dyadic(number: Any) -> Fraction:
    """Return the exact value of a finite number. Raises Malformed for nan and infinities."""
    try:
        return Fraction(*number.as_integer_ratio())
    except (ValueError, OverflowError):
        raise Malformed("problem: a number is not finite") from None
