"""Inequalities over boxes: claims of this project, and test problems of the literature with known minima.

Sources of the polynomial problems: C. Muñoz and A. Narkawicz, Formalization of Bernstein polynomials and applications
to global optimization, J. Automated Reasoning 51 (2013) 151-196, as in NASA's PVS library
(Bernstein/examples/bernstein_minmax.pvs, bernstein_examples.pvs) and, with the sharper bounds that are used here, in
HOL Light (Formal_ineqs/examples_poly.hl; A. Solovyev and T. Hales, Formal verification of nonlinear inequalities with
Taylor interval approximations, NFM 2013). The latter leaves x4^3 out of "butcher"; here it stands, as in PVS. The six
humps of the camel: R. Zumkeller's bound, from the PVS library. "delta": inequality 4717061266 of the Flyspeck
project (flyspeck/flyspeck), the positive Cayley-Menger determinant of a simplex with edges in [2, 2.52].

Goldstein-Price, Trid, Branin, Ackley, Rastrigin, McCormick, Adjiman, Shubert and Hartmann are the usual test functions
of global optimization on their usual boxes (M. Jamil and X.-S. Yang, A literature survey of benchmark functions, IJMMNO
4(2), 2013). "hundred digits": L. N. Trefethen's fourth problem (SIAM News 35(1), 2002), on [-1, 1]^2. "polynomial for
exp" (A. Ayad and C. Marché, IJCAR 2010) and "polynomial for atan": MetiTarski problems, from
MetiTarski/metit_examples.pvs of the PVS library.

`minimum` is the smallest value of the function over the box (found by multi-start descent, or at a known point), and
the claim is that it is at least `bound`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import sympy as sp

from benchmarks.engine import remainder_statements
from verify.encode import make_statement
from verify.kernel.statements import Statement
from verify.kernel.terms import FUNCTIONS
from verify.theorems.convergence import sharpness_claims
from verify.theorems.remainder import remainder_bounds
from verify.theorems.writing import symbols

Bounds = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Problem:
    """One statement with its name; `gap` is the distance of the claimed bound from the minimum, where it is known."""

    name: str
    statement: Statement
    gap: float | None = None

    @property
    def algebraic(self) -> bool:
        """Whether SMT solvers know all its operations."""
        return all(n.op not in ("min", "max", *FUNCTIONS) for n in self.statement.nodes)


def _lower_bound(
    name: str, value: Callable[..., Any], box: Bounds, minimum: str, bound: str, comparison: str = ">="
) -> Problem:
    variables = symbols(" ".join(f"x{k}" for k in range(1, len(box) + 1)))
    if not isinstance(variables, tuple):
        variables = (variables,)
    statement = make_statement(dict(zip(variables, box, strict=True)), (value(*variables), comparison, q(bound)))
    return Problem(name, statement, float(Fraction(minimum) - Fraction(bound)))


def q(text: str) -> Any:
    """Return the exact rational that a decimal or a quotient says."""
    return sp.Rational(text)


def cube(low: str, high: str, dimension: int) -> Bounds:
    return ((low, high),) * dimension


def chain(*x: Any) -> Any:
    """Return sum x_i^2 - sum x_i x_(i+1), a form with the eigenvalues 1 - cos(k pi / (n + 1)) > 0."""
    return sp.Add(*(a**2 for a in x)) - sp.Add(*(a * b for a, b in pairwise(x)))


def chain_form(dimension: int, gap: str) -> Problem:
    """Return chain(x) >= -gap on [-1, 1]^n."""
    return _lower_bound(f"quadratic form, {dimension} variables", chain, cube("-1", "1", dimension), "0", f"-{gap}")


def own_problems() -> list[Problem]:
    """Return claims of this project: the bounds of E2 at depth 4, and two lemmas of Theorem C."""
    lower, upper = remainder_statements(4)
    size = next(c.statement for c in sharpness_claims() if c.identifier == "C3.2")
    sharp = next(c.statement for c in remainder_bounds(4) if c.identifier == "C2.1")
    assert size is not None
    assert sharp is not None
    return [
        Problem("E2 >= -13/5, depth 4", lower),
        Problem("E2 <= 1/2, depth 4", upper),
        Problem("C2.1: E2 <= 1/4, depth 4", sharp),
        Problem("C3.2: size of the loss", size),
        chain_form(4, "1/1000"),
    ]


def near_minimum(name: str, gap: str) -> Problem:
    """Return one of NEAR with a claimed bound that lies `gap` below the minimum."""
    value, box, minimum = NEAR[name]
    return _lower_bound(name, value, box, minimum, str(Fraction(minimum) - Fraction(gap)))


def schwefel(gap: str) -> Problem:
    def value(x1: Any, x2: Any, x3: Any) -> Any:
        return (x1 - x2**2) ** 2 + (x2 - 1) ** 2 + (x1 - x3**2) ** 2 + (x3 - 1) ** 2

    return _lower_bound("schwefel", value, cube("-10", "10", 3), "0", f"-{gap}")


def caprasse(x1: Any, x2: Any, x3: Any, x4: Any) -> Any:
    cubic = -x1 * x3**3 + 4 * x2 * x3**2 * x4 + 4 * x1 * x3 * x4**2 + 2 * x2 * x4**3
    return cubic + 4 * x1 * x3 + 4 * x3**2 - 10 * x2 * x4 - 10 * x4**2 + 2


def heart(x1: Any, x2: Any, x3: Any, x4: Any, x5: Any, x6: Any, x7: Any, x8: Any) -> Any:
    first = -x1 * x6**3 + 3 * x1 * x6 * x7**2 - x3 * x7**3 + 3 * x3 * x7 * x6**2
    return first - x2 * x5**3 + 3 * x2 * x5 * x8**2 - x4 * x8**3 + 3 * x4 * x8 * x5**2 - q("0.9563453")


def delta(x1: Any, x2: Any, x3: Any, x4: Any, x5: Any, x6: Any) -> Any:
    first = x1 * x4 * (-x1 + x2 + x3 - x4 + x5 + x6) + x2 * x5 * (x1 - x2 + x3 + x4 - x5 + x6)
    second = x3 * x6 * (x1 + x2 - x3 + x4 + x5 - x6)
    return first + second - x2 * x3 * x4 - x1 * x3 * x5 - x1 * x2 * x6 - x4 * x5 * x6


def goldstein_price(x: Any, y: Any) -> Any:
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    return first * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2))


def trid(*x: Any) -> Any:
    return sp.Add(*((a - 1) ** 2 for a in x)) - sp.Add(*(a * b for a, b in pairwise(x)))


def polynomial_problems() -> list[Problem]:
    """Return the polynomial problems of the literature, with the bounds published there."""
    butcher_box = (("-1", "0"), ("-0.1", "0.9"), ("-0.1", "0.5"), ("-1", "-0.1"), ("-0.1", "-0.05"), ("-0.1", "-0.03"))
    heart_box = (
        ("-0.1", "0.4"), ("0.4", "1"), ("-0.7", "-0.4"), ("-0.7", "0.4"),
        ("0.1", "0.2"), ("-0.1", "0.2"), ("-0.3", "1.1"), ("-1.1", "-0.3"),
    )  # fmt: skip
    return [
        schwefel("0.00000000058806"),
        _lower_bound(
            "reaction-diffusion",
            lambda x1, x2, x3: -x1 + 2 * x2 - x3 - q("0.835634534") * x2 * (1 + x2),
            cube("-5", "5", 3), "-36.71269068", "-36.7126907",
        ),
        _lower_bound("caprasse", caprasse, cube("-1/2", "1/2", 4), "-3.1800966258", "-3.1801"),
        _lower_bound(
            "Lotka-Volterra (adaptive)",
            lambda x1, x2, x3, x4: x1 * x2**2 + x1 * x3**2 + x1 * x4**2 - q("1.1") * x1 + 1,
            cube("-2", "2", 4), "-20.8", "-20.801",
        ),
        _lower_bound(
            "butcher",
            lambda x1, x2, x3, x4, x5, x6: (
                x6 * x2**2 + x5 * x3**2 - x1 * x4**2 + x4**3 + x4**2 - x1 / 3 + q("4/3") * x4
            ),
            butcher_box, "-1.4393333333", "-1.44",
        ),
        _lower_bound(
            "magnetism",
            lambda x1, *x: x1**2 + 2 * sp.Add(*(a**2 for a in x)) - x1,
            cube("-1", "1", 7), "-0.25", "-0.25001",
        ),
        _lower_bound("heart dipole", heart, heart_box, "-1.7434485794", "-1.7435"),
        _lower_bound(
            "six-hump camel",
            lambda x, y: 4 * x**2 - q("2.1") * x**4 + x**6 / 3 + x * y - 4 * y**2 + 4 * y**4,
            cube("-5", "5", 2), "-1.0316284535", "-13941776395527295/13510798882111488",
        ),
        _lower_bound("Goldstein-Price", goldstein_price, cube("-2", "2", 2), "3", "2.9"),
        _lower_bound("Trid", trid, cube("-16", "16", 4), "-16", "-16.01"),
        _lower_bound("delta (Flyspeck)", delta, cube("4", "6.3504", 6), "128", "0", ">"),
    ]  # fmt: skip


def branin(x: Any, y: Any) -> Any:
    valley = y - q("5.1") * x**2 / (4 * sp.pi**2) + 5 * x / sp.pi - 6
    return valley**2 + 10 * (1 - 1 / (8 * sp.pi)) * sp.cos(x) + 10


def ackley(x: Any, y: Any) -> Any:
    far = 20 * sp.exp(-sp.sqrt((x**2 + y**2) / 2) / 5)
    return 20 + sp.E - far - sp.exp((sp.cos(2 * sp.pi * x) + sp.cos(2 * sp.pi * y)) / 2)


def rastrigin(*x: Any) -> Any:
    return 10 * len(x) + sp.Add(*(a**2 - 10 * sp.cos(2 * sp.pi * a) for a in x))


def mccormick(x: Any, y: Any) -> Any:
    return sp.sin(x + y) + (x - y) ** 2 - q("3/2") * x + q("5/2") * y + 1


def shubert(*x: Any) -> Any:
    return sp.Mul(*(sp.Add(*(i * sp.cos((i + 1) * a + i) for i in range(1, 6))) for a in x))


def hundred_digits(x: Any, y: Any) -> Any:
    waves = sp.exp(sp.sin(50 * x)) + sp.sin(60 * sp.exp(y)) + sp.sin(70 * sp.sin(x)) + sp.sin(sp.sin(80 * y))
    return waves - sp.sin(10 * (x + y)) + (x**2 + y**2) / 4


NEAR: Mapping[str, tuple[Callable[..., Any], Bounds, str]] = {
    "quadratic form, 4 variables": (chain, cube("-1", "1", 4), "0"),
    "caprasse": (caprasse, cube("-1/2", "1/2", 4), "-3.1800966258"),
    "Shubert": (shubert, cube("-10", "10", 2), "-186.730908831"),
}

HARTMANN = (
    ("1", "10 3 17 3.5 1.7 8", "1312 1696 5569 124 8283 5886"),
    ("1.2", "0.05 10 17 0.1 8 14", "2329 4135 8307 3736 1004 9991"),
    ("3", "3 3.5 1.7 10 17 8", "2348 1451 3522 2883 3047 6650"),
    ("3.2", "17 8 0.05 10 0.1 14", "4047 8828 8732 5743 1091 381"),
)


def hartmann(*x: Any) -> Any:
    """Return Hartmann's function of six variables: minus a sum of four Gaussian bells."""
    value = sp.Integer(0)
    for height, rates, centres in HARTMANN:
        parts = zip(x, rates.split(), centres.split(), strict=True)
        value -= q(height) * sp.exp(-sp.Add(*(q(rate) * (a - q(c) / 10_000) ** 2 for a, rate, c in parts)))
    return value


def transcendental_problems() -> list[Problem]:
    """Return the problems with elementary functions."""
    (x,) = symbols("x")
    exponential = q("0.9890365552") + q("1.130258690") * x + q("0.5540440796") * x**2 - sp.exp(x)
    arctangent = sp.atan(x) - x + q("11184811/33554432") * x**3 + q("13421773/67108864") * x**5
    one: Mapping[str, tuple[Any, tuple[str, str], Any]] = {
        "polynomial for exp": (exponential, ("-1", "1"), q("65535/65536") / 16),
        "polynomial for atan": (arctangent, ("-0.33", "0.33"), q("1/512")),
    }
    return [
        _lower_bound("Branin", branin, (("-5", "10"), ("0", "15")), "0.3978873577", "0.397"),
        _lower_bound("Ackley", ackley, cube("-32.768", "32.768", 2), "0", "-0.01"),
        _lower_bound("Rastrigin", rastrigin, cube("-5.12", "5.12", 2), "0", "-0.01"),
        _lower_bound("McCormick", mccormick, (("-1.5", "4"), ("-3", "4")), "-1.9132229550", "-1.914"),
        _lower_bound(
            "Adjiman",
            lambda x, y: sp.cos(x) * sp.sin(y) - x / (y**2 + 1),
            (("-1", "2"), ("-1", "1")), "-2.0218067834", "-2.022",
        ),
        _lower_bound("Shubert", shubert, cube("-10", "10", 2), "-186.730908831", "-186.8"),
        _lower_bound("hundred digits", hundred_digits, cube("-1", "1", 2), "-3.3068686475", "-3.307"),
        _lower_bound("Hartmann, 6 variables", hartmann, cube("0", "1", 6), "-3.3223680114", "-3.4"),
        *(
            Problem(name, make_statement({x: side}, (sp.Abs(value), "<=", bound)))
            for name, (value, side, bound) in one.items()
        ),
    ]  # fmt: skip
