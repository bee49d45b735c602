"""The remainder E2 for every depth at once: sums over the weights enclosed by a few moments of the shape."""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.writing import lemma, symbols, written

SHIFT = sp.Rational(17, 100)
GAIN = sp.Rational(8, 27)  # bound of |g| e_1 in a tail e_k + g e_{k+1} + g^2 e_{k+2} + ...
TAIL = sp.Rational(27, 25)  # such a tail is at most so many e_k, for k >= 3
A, T, R, MU, LAM, V, RHO, TAU = symbols("a t r mu lambda v rho tau")
"""Step size and shift; r, mu, lambda, v, rho, tau place the sums over a shape between their bounds."""


@dataclass(frozen=True)
class Moments:
    """Sums over the weights in terms of r, mu, lambda, v, rho and tau, for |t| <= shift.

    q = sum alpha^2 = r^2, m = sum alpha^3 between q^2 and q^(3/2), s = sum alpha^4/(1 + t alpha) between
    m^2/q/(1 + shift) and m/(1 - shift).
    """

    shift: Any = SHIFT

    @property
    def over(self) -> dict[Any, Any]:
        """The bounds of the variables but a and t."""
        unit = dict.fromkeys((R, MU, LAM), (0, 1))
        return {**unit, V: (2 + self.below, 2 + self.above), RHO: (0, TAIL / 6), TAU: (0, TAIL / 3)}

    @property
    def above(self) -> Any:
        """The upper bound of 1/(1 + t alpha)."""
        return 1 / (1 - self.shift)

    @property
    def below(self) -> Any:
        """The lower bound of 1/(1 + t alpha)."""
        return 1 / (1 + self.shift)

    def regular_factor(self) -> Any:
        """Return h = 1 + (1 - q)(t/2 + t^2 rho), with pi^2 = 1 + t h."""
        return 1 + (1 - R**2) * (T / 2 + T**2 * RHO)

    def product(self) -> tuple[Any, Any]:
        """Return pi and e = pi - 1 = t h/(pi + 1)."""
        h = self.regular_factor()
        pi = sp.sqrt(1 + T * h)
        return pi, T * h / (pi + 1)

    def remainder(self) -> Any:
        """Return E2 = a (pi + 1) (pi^2 G/h - 1) + a^2 pi^3 W.

        G = q - t m + t^2 s, p_1 = 1 - t G, p_2 = q - 2 t m + t^2 s v, W = (p_1^2 - p_2)/2 (1 - a pi e p_1 tau).
        """
        (pi, e), q, mean = self.product(), R**2, R * (R + (1 - R) * MU)
        m = q * mean
        s = m * (LAM * self.above + (1 - LAM) * self.below * mean)
        g = q - T * m + T**2 * s
        first = 1 - T * g
        pairs = (first**2 - (q - 2 * T * m + T**2 * s * V)) / 2
        linear = A * (pi + 1) * (pi**2 * g / self.regular_factor() - 1)
        return linear + A**2 * pi**3 * pairs * (1 - A * pi * e * first * TAU)


def _near(t: Any) -> dict[Any, Any]:
    return {sp.Symbol("alpha"): (0, 1), t: (-SHIFT, SHIFT)}


def power_claims() -> list[Claim]:
    """Return claims C5.1 to C5.6: what each shape adds to the moments."""
    alpha, t, q, m, r = symbols("alpha t q m r")
    y = alpha**4 / (1 + t * alpha)
    positive = {alpha: (0, None)}
    return [
        lemma(
            "C5.1",
            "the third moment from below",
            "Summed over the shapes ($\\sum\\alpha_i=1$, $\\sum\\alpha_i^2=q$): $m=\\sum\\alpha_i^3\\ge q^2$.",
            r"\alpha^3\ge2q\,\alpha^2-q^2\alpha\qquad(\alpha\ge0)",
            over={**positive, q: (None, None)},
            then=(alpha**3, ">=", 2 * q * alpha**2 - q**2 * alpha),
        ),
        lemma(
            "C5.2",
            "the third moment from above",
            "With $r=\\sqrt q$, where each $\\alpha_i\\le r$: $m\\le q^{3/2}$.",
            r"\alpha\le r\;\Rightarrow\;\alpha^3\le r\,\alpha^2\qquad(\alpha,r\ge0)",
            over={**positive, r: (0, None)},
            where={"largest": (alpha, "<=", r)},
            then=(alpha**3, "<=", r * alpha**2),
        ),
        lemma(
            "C5.3",
            "the fourth moment from below",
            "Summed: $q\\sum\\alpha_i^4\\ge m^2$.",
            r"q^2\alpha^4\ge2qm\,\alpha^3-m^2\alpha^2",
            over=(alpha, q, m),
            then=(q**2 * alpha**4, ">=", 2 * q * m * alpha**3 - m**2 * alpha**2),
        ),
        lemma(
            "C5.4",
            "the weighted fourth moment, per shape",
            "Summed: $s=\\sum\\alpha_i^4/(1+t\\alpha_i)$ is at most $\\frac{100}{83}m$.",
            r"0\le\alpha\le1,\;|t|\le0.17\;\Rightarrow\;\frac{\alpha^4}{1+t\alpha}\le\tfrac{100}{83}\alpha^3",
            over=_near(t),
            where={"factor": ((1 + t * alpha) * sp.Rational(100, 83), ">=", 1)},
            then=(y, "<=", sp.Rational(100, 83) * alpha**3),
        ),
        *(
            lemma(
                identifier,
                f"the factors of a step from {side}",
                f"$1/(1+t\\alpha)$ is at {word} $\\frac{{100}}{{{limit}}}$.",
                r"0\le\alpha\le1,\;|t|\le0.17\;\Rightarrow\;1+t\alpha" + rf"\{symbol}\tfrac{{{limit}}}{{100}}",
                over=_near(t),
                then=(1 + t * alpha, comparison, sp.Rational(limit, 100)),
            )
            for identifier, side, word, limit, symbol, comparison in (
                ("C5.5", "below", "most", 83, "ge", ">="),
                ("C5.6", "above", "least", 117, "le", "<="),
            )
        ),
    ]


def expansion_claims() -> list[Claim]:
    """Return claims C5.7 to C5.11: expansions in t, and the tails of two series of symmetric functions."""
    alpha, t, x, y, n, g, u, p = symbols("alpha t x y n g u p")
    inside = {"inside": (1 + t * alpha, ">", 0)}
    factor = 1 + t * alpha
    pi, e = Moments().product()
    big = sp.Symbol("G")
    over = {x: (0, None), y: (0, None), n: (0, None), p: (0, None), u: (0, None), g: (None, None)}
    where = {
        "tail": (y, "<=", TAIL * n),
        "next": (n, "<=", p * x / 4),
        "g-lower": (g, ">=", -u),
        "g-upper": (g, "<=", u),
        "gain": (u * p, "<=", GAIN),
    }
    tail = r"0\le y\le\tfrac{27}{25}n,\;n\le\tfrac14px,\;|g|\le u,\;u\,p\le\tfrac8{27}\;\Rightarrow\;"
    return [
        lemma(
            "C5.7",
            "expansion of the first sum",
            "Summed over the shapes: $G=\\sum\\alpha_i^2/(1+t\\alpha_i)=q-tm+t^2s$.",
            r"\frac{\alpha^2}{1+t\alpha}=\alpha^2-t\,\alpha^3+t^2\,\frac{\alpha^4}{1+t\alpha}",
            over=(alpha, t),
            where=inside,
            then=(alpha**2 / factor, "=", alpha**2 - t * alpha**3 + t**2 * (alpha**4 / factor)),
        ),
        lemma(
            "C5.8",
            "expansion of the second sum",
            "Summed: $\\sum\\alpha_i^2/(1+t\\alpha_i)^2=q-2tm+t^2sv$, where $v$ is a mean of the "
            "$2+1/(1+t\\alpha_i)$ with the terms of $s$ as weights.",
            r"\frac{\alpha^2}{(1+t\alpha)^2}=\alpha^2-2t\,\alpha^3+t^2\,\frac{\alpha^4}{1+t\alpha}"
            r"\Bigl(2+\frac1{1+t\alpha}\Bigr)",
            over=(alpha, t),
            where=inside,
            then=(
                alpha**2 / factor**2,
                "=",
                alpha**2 - 2 * t * alpha**3 + t**2 * (alpha**4 / factor) * (2 + 1 / factor),
            ),
        ),
        lemma(
            "C5.9",
            "a tail of symmetric functions from below",
            "With $x=e_k$, $n=e_{k+1}\\le e_1e_k/(k+1)$, $k\\ge3$, $p=e_1$, and $y$ the tail that begins with $n$: the "
            "tail $x+gy$ that begins with $x$ is not negative.",
            tail + r"x+gy\ge0",
            then=(x + g * y, ">=", 0),
            over=over,
            where=where,
        ),
        lemma(
            "C5.10",
            "a tail of symmetric functions from above",
            "In the same way, the tail that begins with $x$ is at most $\\frac{27}{25}x$.",
            tail + r"x+gy\le\tfrac{27}{25}x",
            then=(x + g * y, "<=", TAIL * x),
            over=over,
            where=where,
        ),
        lemma(
            "C5.11",
            "the gain of the tail of a step",
            "$|a\\pi e|\\,p_1\\le\\frac8{27}$, with $p_1=1-tG$ and $0\\le G\\le\\frac{100}{83}$.",
            r"0\le a\le2,\;|t|\le0.17,\;0\le r\le1,\;0\le\rho\le\tfrac9{50}\;\Rightarrow\;"
            r"a\,\pi\,|e|\,(1-tG)\le\tfrac8{27}",
            over={A: (0, 2), T: (-SHIFT, SHIFT), R: (0, 1), RHO: (0, TAIL / 6), big: (0, sp.Rational(100, 83))},
            then=(A * pi * sp.Abs(e) * (1 - T * big), "<=", GAIN),
            method="bisection",
        ),
    ]


def moment_claims() -> list[Claim]:
    """Return claim C5, that every shape has such moments, and the lemmas it rests on."""
    lemmas = [*power_claims(), *expansion_claims()]
    return [
        *lemmas,
        written(
            "C5",
            "every shape has such moments",
            "For a shape of any depth, $|t|\\le0.17$ and $0\\le a\\le2$ there are $r,\\mu,\\lambda\\in[0,1]$, "
            "$v\\in[\\frac{334}{117},\\frac{266}{83}]$, $\\rho\\in[0,\\frac9{50}]$ and $\\tau\\in[0,\\frac9{25}]$ for "
            "which the sums over the weights in C1.1 are these, with $q=r^2$, $m=r^3(r+(1-r)\\mu)$ and "
            "$s=m\\bigl(\\tfrac{100}{83}\\lambda+\\tfrac{100}{117}(1-\\lambda)\\tfrac mq\\bigr)$.",
            r"G=q-tm+t^2s,\quad p_2=q-2tm+t^2sv,\quad W=\tfrac12(p_1^2-p_2)(1-a\pi e\,p_1\tau),\quad "
            r"h=1+(1-q)\bigl(\tfrac t2+t^2\rho\bigr)",
            rests_on=tuple(c.identifier for c in lemmas),
        ),
    ]
