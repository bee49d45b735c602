"""The claims about one range of delta in the sharper Theorem C: the radius, the first step, and every two steps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.every_depth import SHARP, moment_domain
from verify.theorems.moments import HIGHEST_SHIFT, NEARBY, A, Moments
from verify.theorems.remainder import LOWEST_A
from verify.theorems.writing import lemma, symbols

LINEAR = sp.Rational(33, 25)  # b in f(u) = 1 + b u - c u^2
LOW = sp.Rational(13, 10)  # a bound of a = eta phi on all of the trajectory
DELTA, U, Q = symbols("delta u q")


@dataclass(frozen=True)
class Range:
    """A range of delta: its bounds, the scale m, the radius |e| <= sqrt(squared) m, and c in f(u) = 1 + b u - c u^2.

    `u` bounds e/m from above: squared <= u^2. `first` is the identifier of the first of its nine claims.
    """

    first: int
    lower: Any
    upper: Any
    scale: Callable[[Any], Any]
    squared: Any
    u: Any
    bend: Any
    words: str
    tex: str

    def growth(self, u: Any) -> Any:
        """Return f(u)."""
        return 1 + LINEAR * u - self.bend * u**2

    @property
    def over(self) -> dict[Any, Any]:
        """The bounds of delta."""
        return {DELTA: (self.lower, self.upper)}

    def name(self, number: int) -> str:
        """Return the identifier of one of its claims, counted from 0."""
        return f"C6.{self.first + number}"

    @property
    def f(self) -> str:
        """The function f, in TeX."""
        return rf"f(u)=1+\tfrac{{33}}{{25}}u-\tfrac{{{self.bend.p}}}{{{self.bend.q}}}u^2"

    @property
    def domain(self) -> str:
        """The ranges of delta and u, in TeX."""
        return rf"{self.tex},\;0\le u\le{float(self.u):g}"


NEAR = Range(
    9, sp.Integer(0), sp.Rational(2, 5), lambda d: d, sp.Rational(2, 15), sp.Rational(36515, 100000),
    sp.Rational(51, 100), "up to $\\delta=\\frac25$", r"0\le\delta\le\tfrac25,\;m=\delta",
)  # fmt: skip
FAR = Range(
    18, sp.Rational(2, 5), sp.Rational(3, 5), lambda d: 2 * (1 - d) / 3, sp.Rational(1, 8), sp.Rational(221, 625),
    sp.Rational(43, 100), "from $\\delta=\\frac25$", r"\tfrac25\le\delta\le\tfrac35,\;m=\tfrac23(1-\delta)",
)  # fmt: skip
SLOWLY = sp.Rational(3, 10)  # up to here the first step needs no third order


def first_step_claim(range_: Range) -> Claim:
    """Return the claim on one step from above in terms of the moments: |e+| <= (1 - delta) Y(e)."""
    lower = max(range_.lower, SLOWLY)
    m, (_, e) = range_.scale(DELTA), Moments().product()
    value = -Moments().remainder()
    bound = (1 - DELTA) * (LINEAR * m - range_.bend * e)
    where = {"a-upper": (A, "<=", 2 - DELTA), "radius": (e, "<=", range_.u * m)}
    return lemma(
        range_.name(3),
        f"one step from above, third order, {range_.words}",
        "The remainder in terms of the numbers of C5, as in C2.1. Times $e^2$: $-e^+\\le(1-\\delta)\\,e\\,f(e/m)$.",
        range_.tex.replace(r"0\le", r"\tfrac3{10}\le")
        + rf",\;\tfrac65\le a\le2-\delta,\;0\le t\le0.314,\;e\le{float(range_.u):g}\,m\;\Rightarrow\;"
        rf"-E_2\,m^2\le(1-\delta)\bigl(\tfrac{{33}}{{25}}m-\tfrac{{{range_.bend.p}}}{{{range_.bend.q}}}e\bigr)",
        over={DELTA: (lower, range_.upper), **moment_domain(0, HIGHEST_SHIFT), A: (LOWEST_A, 2 - lower)},
        where=where,
        then=(value * m**2, "<=", bound),
        method="bisection",
        rests_on=("C1.1",),
    )


def two_steps_claims(range_: Range) -> list[Claim]:
    """Return the two claims that Y falls by (1 - delta)^2 over two steps, in delta, u = e/m, q and lambda.

    With x the distance after the first step, x/e = 1 - delta + v e, and y/e the bound of the second:
    y/e = (1 - delta)^2 (1 + e M).
    """
    share = sp.Symbol("lambda")
    m = range_.scale(DELTA)
    e = U * m
    width = 2 - DELTA**2 / 2
    rate = (2 - DELTA) * (1 + e) * e
    v = share * (width * (1 - Q) + SHARP)
    ratio = 1 - DELTA + v * e
    back = width * (1 - Q / (1 - rate**2) ** 4) - SHARP
    gain = ((1 - DELTA) * v - back * ratio**2) / (1 - DELTA) ** 2
    both = (1 - DELTA) ** 2 * (1 + e * gain)
    # m = delta is a common factor of both sides: it is taken out
    fall, by = (2 - DELTA, sp.Integer(1)) if range_ is NEAR else (DELTA * (2 - DELTA), m)
    left, factor = (r"(2-\delta)", "") if range_ is NEAR else (r"\delta(2-\delta)", "m")
    one, both_sides = "The left side", "Times $u$"
    if range_ is NEAR:
        one, both_sides = "The left side, times $\\delta$,", "Times $u\\delta$"
    rest = fall - by * U * (1 - DELTA) ** 2 * gain
    over = {**range_.over, U: (0, range_.u), Q: (0, 1), share: (0, 1)}
    words = (
        "With $e=um$, $\\omega=2-\\frac{\\delta^2}2$, $\\rho=(2-\\delta)(1+e)e$, $v=\\lambda(\\omega(1-q)+\\frac18)$, "
        "$\\xi=1-\\delta+ve$ and "
        "$M=\\bigl((1-\\delta)v-(\\omega(1-q(1-\\rho^2)^{-4})-\\frac18)\\xi^2\\bigr)/(1-\\delta)^2$, "
        "two steps take $e$ to at most $\\zeta e$, $\\zeta=(1-\\delta)^2(1+eM)$"
    )
    domain = range_.domain + r",\;q,\lambda\in[0,1]\;\Rightarrow\;"
    bracket = rf"{left}-{factor}u(1-\delta)^2M"
    options: dict[str, Any] = {"over": over, "method": "bisection"}
    return [
        lemma(
            range_.name(4),
            f"two steps do not lead away, {range_.words}",
            f"{words}. {one} is $1-\\zeta$: $\\zeta\\le1$.",
            domain + bracket + r"\ge0",
            then=(rest, ">=", 0),
            **options,
        ),
        lemma(
            range_.name(5),
            f"two steps, {range_.words}",
            f"{words}. {both_sides}, with $b$, $c$ as in $f(u)=1+bu-cu^2$ and "
            "$f(u)-f(u\\zeta)=u(1-\\zeta)(b-cu(1+\\zeta))$: $(1+eM)f(u\\zeta)\\le f(u)$, so "
            "$\\zeta f(u\\zeta)\\le(1-\\delta)^2f(u)$.",
            domain + rf"{factor}M\,f(u\zeta)\le\bigl({bracket}\bigr)\bigl(\tfrac{{33}}{{25}}"
            rf"-\tfrac{{{range_.bend.p}}}{{{range_.bend.q}}}u(1+\zeta)\bigr)",
            then=(by * gain * range_.growth(U * both), "<=", rest * (LINEAR - range_.bend * U * (1 + both))),
            **options,
        ),
    ]


def range_claims(range_: Range) -> list[Claim]:
    """Return the nine claims about one range of delta."""
    m, root = range_.scale(DELTA), sp.sqrt(2)
    first = 1 - DELTA + U * m * SHARP
    squared = range_.squared * m**2
    lowest = 2 - DELTA - 8 * squared / DELTA + 4 * (2 - DELTA) * squared
    near = {**range_.over, U: (0, range_.u)}
    domain = range_.domain + r"\;\Rightarrow\;"
    kappa = r"\kappa=1-\delta+\tfrac18um"
    rows: tuple[tuple[int, str, str, str, dict[Any, Any], tuple[Any, str, Any]], ...] = (
        (
            0, "the radius", "With $|e|=um$: $|e|\\le0.1461$.", domain + r"um\le0.1461",
            near, (U * m, "<=", NEARBY),
        ),
        (
            1, "the radius after a step from above", "With $\\sqrt2(1-\\delta)um$: at most 0.126.",
            domain + r"\sqrt2\,(1-\delta)\,um\le0.126",
            near, (root * (1 - DELTA) * U * m, "<=", sp.Rational(63, 500)),
        ),
        (
            2, "the first factor", "Where a trajectory starts above the minimum, $f(u)\\le\\sqrt2$.",
            rf"0\le u\le{float(range_.u):g}\;\Rightarrow\;{range_.f}\le\sqrt2",
            {U: (0, range_.u)}, (range_.growth(U), "<=", root),
        ),
        (
            7, "the first step from below", "With $|e|=um$, $|e^+|\\le\\kappa|e|$: $Y(e^+)\\le\\sqrt2(1-\\delta)|e|$.",
            domain + r"\kappa\,f(u\kappa)\le\sqrt2\,(1-\delta),\quad " + kappa,
            near, (first * range_.growth(U * first), "<=", root * (1 - DELTA)),
        ),
        (
            8, "the edge stays near", "With the largest $e_t^2$: $a$ stays above 1.3.",
            range_.tex + rf"\;\Rightarrow\;2-\delta-\frac{{8s}}\delta+4(2-\delta)s\ge\tfrac{{13}}{{10}},\quad "
            rf"s=\tfrac{{{range_.squared.p}}}{{{range_.squared.q}}}m^2",
            range_.over, (lowest, ">=", LOW),
        ),
    )  # fmt: skip
    found = [
        lemma(range_.name(n), f"{title}, {range_.words}", words, formula, over=over, then=then, method="bisection")
        for n, title, words, formula, over, then in rows
    ]
    size = lemma(
        range_.name(6),
        f"the first step from below leads nearer, {range_.words}",
        "With $|e|=um$ and $|e^+|\\le\\kappa|e|$: $\\kappa\\le1$.",
        domain + r"\tfrac18um\le\delta",
        over=near,
        then=(U * m * SHARP, "<=", DELTA),
    )
    return [*found[:3], first_step_claim(range_), *two_steps_claims(range_), size, *found[3:]]


def slow_claim() -> Claim:
    """Return C6.27: where delta is small, the size of the step from above needs only the second order."""
    bend = LINEAR - NEAR.bend * U
    return lemma(
        "C6.27",
        "one step from above, second order",
        "For $\\delta\\le\\frac3{10}$ and $e=u\\delta$ the bound of C6.7 is at most $(1-\\delta)\\,e\\,f(u)$: "
        "the terms in $e^2$, over $u^2\\delta$.",
        r"0\le\delta\le\tfrac3{10},\;0\le u\le0.36515\;\Rightarrow\;"
        r"\bigl(2-\tfrac{\delta^2}2+\tfrac18\bigr)\delta\le(1-\delta)\bigl(\tfrac{33}{25}-\tfrac{51}{100}u\bigr)",
        over={DELTA: (0, SLOWLY), U: (0, NEAR.u)},
        then=((2 - DELTA**2 / 2 + SHARP) * DELTA, "<=", (1 - DELTA) * bend),
        method="bisection",
    )
