"""Sharp constants: functions with a place where they are least over a box, to more digits than any claim needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import isqrt
from typing import Any

import mpmath
import sympy as sp
from mpmath import mp, mpf

from verify.encode import make_statement
from verify.kernel.statements import Statement
from verify.theorems.direct import depth_two_below, direct_claims
from verify.theorems.monotone import largest_factor

DIGITS = 60
x, y, z, t = sp.symbols("x y z t")
q = sp.Rational


@dataclass(frozen=True)
class Sharp:
    """`f` >= its value at `place` over a box, where all of `where` hold; `place` has a number for each variable.

    A number is an integer, a Fraction, or the decimal digits of an irrational one.
    """

    f: Any
    over: Mapping[Any, tuple[Any, Any]]
    place: tuple[Any, ...]
    where: Mapping[str, tuple[Any, str, Any]] = field(default_factory=dict)

    def point(self) -> tuple[Fraction, ...]:
        return tuple(Fraction(p) for p in self.place)

    def at(self, f: Any, point: tuple[Fraction, ...]) -> mpf:
        """Return a function's value at a point with DIGITS digits."""
        with mp.workdps(DIGITS):
            numbers = [mpf(p.numerator) / p.denominator for p in point]
            return mpf(sp.lambdify(list(self.over), f, modules=[mpmath])(*numbers))

    def least(self) -> Fraction:
        """Return the least value, rounded to 40 digits."""
        value = self.at(self.f, self.point())
        with mp.workdps(DIGITS):
            return Fraction(int(mp.nint(value * mpf(10) ** 40)), 10**40)

    def is_exact(self) -> bool:
        """Whether the place is given exactly, and not by its digits."""
        return not any(isinstance(number, str) for number in self.place)

    def witness(self) -> dict[str, Fraction]:
        """Return the place by the names of the variables."""
        return {variable.name: number for variable, number in zip(self.over, self.point(), strict=True)}

    def statement(self, shift: Fraction) -> Statement:
        """Return f >= (least value) + shift, relative to it if it is larger than 1: true for shift < 0."""
        least = self.least()
        bound = least + shift * max(Fraction(1), abs(least))
        return make_statement(self.over, (self.f, ">=", sp.Rational(bound.numerator, bound.denominator)), self.where)


PI = 4 * sp.atan(1)
BRANIN = (y - q(51, 10) / (4 * PI**2) * x**2 + 5 / PI * x - 6) ** 2 + 10 * (1 - 1 / (8 * PI)) * sp.cos(x) + 10
BEALE = (q(3, 2) - x + x * y) ** 2 + (q(9, 4) - x + x * y**2) ** 2 + (q(21, 8) - x + x * y**3) ** 2
GOLDSTEIN = (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)) * (
    30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
)
DISC = {"disc": (x**2 + y**2, "<=", 1)}
SQUARE = {x: (-2, 2), y: (-2, 2)}
UNIT = {x: (0, 1)}

SHARP: Mapping[str, Sharp] = {
    "parabola": Sharp(x**2 - 3 * x + 1, {x: (-5, 5)}, (q(3, 2),)),
    "quadratic form, two variables": Sharp(x**2 + y**2 - x * y + x, SQUARE, (q(-2, 3), q(-1, 3))),
    "quadratic form, three variables": Sharp(
        x**2 + y**2 + z**2 + x * y + y * z + z * x - x - y - z, dict.fromkeys((x, y, z), (-1, 1)), (q(1, 4),) * 3
    ),
    "quadratic form, four variables": Sharp(
        x**2 + y**2 + z**2 + t**2 - x * y - y * z - z * t - t,
        dict.fromkeys((x, y, z, t), (-1, 1)),
        (q(1, 5), q(2, 5), q(3, 5), q(4, 5)),
    ),
    "logistic map": Sharp(-x * (1 - x), UNIT, (q(1, 2),)),
    "arithmetic and geometric mean": Sharp(x + 1 / x, {x: (q(1, 4), 4)}, (1,)),
    "arithmetic and geometric mean of quotients": Sharp(x / y + y / x, {x: (q(1, 2), 2), y: (q(1, 2), 2)}, (1, 1)),
    "arithmetic and geometric mean of cubes": Sharp(
        x**3 + y**3 + z**3 - 3 * x * y * z, dict.fromkeys((x, y, z), (0, 2)), (1, 1, 1)
    ),
    "Nesbitt": Sharp(x / (y + z) + y / (z + x) + z / (x + y), {v: (q(1, 2), 2) for v in (x, y, z)}, (1, 1, 1)),
    "Bernoulli": Sharp((1 + x) ** 5 - 5 * x, {x: (-1, 2)}, (0,)),
    "sin x <= x": Sharp(x - sp.sin(x), {x: (0, 2)}, (0,)),
    "Jordan": Sharp(sp.sin(x) / x, {x: (q(1, 2), q(157, 100))}, (q(157, 100),)),
    "Huygens": Sharp(2 * sp.sin(x) + sp.tan(x) - 3 * x, {x: (0, q(3, 2))}, (0,)),
    "Cusa": Sharp((2 + sp.cos(x)) * x - 3 * sp.sin(x), {x: (0, 3)}, (0,)),
    "x exp(-x) <= 1/e": Sharp(-x * sp.exp(-x), {x: (0, 10)}, (1,)),
    "exp x >= 1 + x": Sharp(sp.exp(x) - x, {x: (-3, 3)}, (0,)),
    "log x <= x - 1": Sharp(x - sp.log(x), {x: (q(1, 10), 10)}, (1,)),
    "x log x >= -1/e": Sharp(
        x * sp.log(x), {x: (q(1, 100), 3)}, ("0.36787944117144232159552377016146086744581113103177",)
    ),
    "entropy": Sharp(x * sp.log(x) + (1 - x) * sp.log(1 - x), {x: (q(1, 10), q(9, 10))}, (q(1, 2),)),
    "cosh x >= 1 + x^2/2": Sharp(sp.cosh(x) - x**2 / 2, {x: (-2, 2)}, (0,)),
    "sinh x >= x": Sharp(sp.sinh(x) - x, {x: (0, 3)}, (0,)),
    "tanh x <= x": Sharp(x - sp.tanh(x), {x: (0, 3)}, (0,)),
    "atan x >= x / (1 + x^2)": Sharp(sp.atan(x) - x / (1 + x**2), {x: (0, 5)}, (0,)),
    "asin x >= x": Sharp(sp.asin(x) - x, {x: (0, q(99, 100))}, (0,)),
    "asin x + acos x = pi/2": Sharp(sp.asin(x) + sp.acos(x), {x: (q(-1, 2), q(1, 2))}, (q(1, 4),)),
    "sin^2 + cos^2 = 1": Sharp(sp.sin(x) ** 2 + sp.cos(x) ** 2, {x: (-3, 3)}, (1,)),
    "a maximum": Sharp(sp.Max(x, 1 - x), UNIT, (q(1, 2),)),
    "a minimum": Sharp(-sp.Min(x, 1 - x), UNIT, (q(1, 2),)),
    "two kinks": Sharp(sp.Abs(x - q(1, 3)) + sp.Abs(x + q(1, 2)), {x: (-1, 1)}, (0,)),
    "x sqrt(1 - x^2) <= 1/2": Sharp(
        -x * sp.sqrt(1 - x**2), {x: (0, q(99, 100))}, ("0.70710678118654752440084436210484903928483593768847",)
    ),
    "product on the disc": Sharp(-x * y, SQUARE, ("0.7071067811865475244008443621",) * 2, DISC),
    "sum on the disc": Sharp(-x - y, SQUARE, ("0.70710678118654752440084436210484903928483593768847",) * 2, DISC),
    "wave in a bowl": Sharp(x**2 - sp.cos(6 * x), {x: (-3, 3)}, (0,)),
    "Motzkin": Sharp(x**4 * y**2 + x**2 * y**4 - 3 * x**2 * y**2, SQUARE, (1, 1)),
    "Robinson": Sharp(
        x**6 + y**6 + 1 - x**4 * (y**2 + 1) - y**4 * (1 + x**2) - (x**2 + y**2) + 3 * x**2 * y**2, SQUARE, (1, 1)
    ),
    "camel with three humps": Sharp(2 * x**2 - q(21, 20) * x**4 + x**6 / 6 + x * y + y**2, SQUARE, (0, 0)),
    "camel with six humps": Sharp(
        (4 - q(21, 10) * x**2 + x**4 / 3) * x**2 + x * y + 4 * (y**2 - 1) * y**2,
        SQUARE,
        ("0.0898420131003180624", "-0.712656403020739633"),
    ),
    "Rosenbrock": Sharp((1 - x) ** 2 + 100 * (y - x**2) ** 2, SQUARE, (1, 1)),
    "Himmelblau": Sharp((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, {x: (-5, 5), y: (-5, 5)}, (3, 2)),
    "Branin": Sharp(BRANIN, {x: (-5, 10), y: (0, 15)}, ("3.14159265358979323846264338327950288", "2.275")),
    "Beale": Sharp(BEALE, {x: (-4, 4), y: (-4, 4)}, (3, q(1, 2))),
    "Goldstein and Price": Sharp(GOLDSTEIN, SQUARE, (0, -1)),
    "McCormick": Sharp(
        sp.sin(x + y) + (x - y) ** 2 - q(3, 2) * x + q(5, 2) * y + 1,
        {x: (q(-3, 2), 4), y: (-3, 4)},
        ("-0.547197551196597746154214461", "-1.547197551196597746154214461"),
    ),
}


@dataclass(frozen=True)
class Theorem:
    """A claim of our theorems with its constant as a parameter, true up to `limit`; and points that refute it past.

    `proof` is the committed proof of the claim at the limit itself, where no search is quick enough.
    """

    claim: Callable[[Any], Statement]
    limit: int
    point: Callable[[Fraction], dict[str, Fraction]]
    proof: Mapping[str, Any] | None = None

    def statement(self, shift: Fraction) -> Statement:
        """Return the claim with the constant limit * (1 + shift): false for shift > 0."""
        constant = self.limit * (1 + shift)
        return self.claim(sp.Rational(constant.numerator, constant.denominator))


def root(value: Fraction) -> Fraction:
    """Return a square root, rounded down to 40 digits."""
    return Fraction(isqrt(int(value * 10**80)), 10**40)


def _edge_of_theorem_a(shift: Fraction) -> dict[str, Fraction]:
    w1, w2 = Fraction(2, 10**6), Fraction(1, 10**6)
    return {"w_1": w1, "w_2": w2, "eta": root(8 * (1 + shift) / ((w1**2 - w2**2) ** 2 + 4))}


def _largest_factor(shift: Fraction) -> dict[str, Fraction]:
    a, half = root(8 * (1 + shift)), Fraction(1, 2)
    return {"a": a, "alpha_i": half, "alpha_j": half, "pi": Fraction(0), "kappa": a**2 / 4}


def _regression(shift: Fraction) -> dict[str, Fraction]:
    return {"P": Fraction(1), "Q": Fraction(1), "h": root((1 + shift) / 2)}


def _product_of_masses(limit: Any) -> Statement:
    """Return the false neighbour S2.1.false with another limit."""
    p, r, h = sp.symbols("P Q h")
    return make_statement(
        {p: (0, None), r: (0, None), h: (None, None)},
        (p * r * (1 - 4 * h**2) ** 2, "<=", p * r),
        {"small": (2 * h**2, "<=", limit)},
    )


THEOREMS: Mapping[str, Theorem] = {
    "A at depth 2: eta^2 phi^2 <= 8": Theorem(
        lambda limit: depth_two_below("D", "", "", limit).statement,
        8,
        _edge_of_theorem_a,
        next(claim.proof for claim in direct_claims() if claim.identifier == "D2.2"),
    ),
    "A3.1: a^2 <= 8": Theorem(lambda limit: largest_factor("A", "", "", "", limit).statement, 8, _largest_factor),
    "S2.1: 2 h^2 <= 1": Theorem(_product_of_masses, 1, _regression),
}
