"""The remainder E2 for every depth at once: sums over the weights enclosed by a few moments of the shape."""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.encode import term_text
from verify.theorems.writing import lemma, symbols, written

LOWEST_SHIFT, HIGHEST_SHIFT = -sp.Rational(81, 250), sp.Rational(157, 500)
NEARBY = sp.Rational(1461, 10000)  # |e| <= NEARBY implies that t lies between the two
GAIN = sp.Rational(2, 5)  # bound of |g| e_1 in a tail e_k + g e_{k+1} + g^2 e_{k+2} + ...
TAIL = sp.Rational(10, 9)  # such a tail is at most so many e_k, for k >= 3
A, T, R, MU, LAM, KAPPA, NU, RHO, TAU = symbols("a t r mu lambda kappa nu rho tau")
"""Step size and shift; r, mu, lambda, kappa, nu, rho, tau place the sums over a shape between their bounds."""


@dataclass(frozen=True)
class Moments:
    """Sums over the weights in terms of r, mu, lambda, kappa, nu, rho and tau.

    q = sum alpha^2 = r^2, m = sum alpha^3 = q n with n between q and r, n' = sum alpha^4 / m between n and r,
    s = sum alpha^4/(1 + t alpha) = m n'/(1 + t k) with k between n and r.
    """

    @property
    def over(self) -> dict[Any, Any]:
        """The bounds of the variables but a and t."""
        unit = dict.fromkeys((R, MU, LAM, KAPPA, NU), (0, 1))
        return {**unit, RHO: (0, TAIL / 6), TAU: (0, TAIL / 3)}

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
        s = m * (mean + (R - mean) * LAM) / (1 + T * (mean + (R - mean) * KAPPA))
        v = 2 + 1 / (1 + T * R * NU)
        g = q - T * m + T**2 * s
        first = 1 - T * g
        pairs = (first**2 - (q - 2 * T * m + T**2 * s * v)) / 2
        linear = A * (pi + 1) * (pi**2 * g / self.regular_factor() - 1)
        return linear + A**2 * pi**3 * pairs * (1 - A * pi * e * first * TAU)


def power_claims() -> list[Claim]:
    """Return claims C5.1 to C5.6: what each shape adds to the moments."""
    alpha, n, t, q, m, r = symbols("alpha n t q m r")
    positive = {alpha: (0, None)}
    larger = {"largest": (alpha, "<=", r)}
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
            where=larger,
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
            "the fourth moment from above",
            "Summed: $\\sum\\alpha_i^4\\le r\\,m$.",
            r"\alpha\le r\;\Rightarrow\;\alpha^4\le r\,\alpha^3\qquad(\alpha,r\ge0)",
            over={**positive, r: (0, None)},
            where=larger,
            then=(alpha**4, "<=", r * alpha**3),
        ),
        lemma(
            "C5.5",
            "a mean of the shapes from below",
            "$\\alpha^2/(1+t\\alpha)$ rises with $\\alpha$; the statement has no denominators. Divided by them, "
            "times $\\alpha^2$ and summed, with $n=m/q$: the mean of the shapes with weights "
            "$\\alpha_i^4/(1+t\\alpha_i)$ is at least $n$.",
            r"0\le\alpha,n\le1,\;t\ge-1\;\Rightarrow\;(\alpha-n)\bigl(\alpha^2(1+tn)-n^2(1+t\alpha)\bigr)\ge0",
            over={alpha: (0, 1), n: (0, 1), t: (-1, None)},
            then=((alpha - n) * (alpha**2 * (1 + t * n) - n**2 * (1 + t * alpha)), ">=", 0),
            method="given",
            proof={
                "rule": "combination",
                "sum": [
                    {"coefficient": "1", "facts": ["alpha.lower", "n.upper"], "square": term_text(alpha - n)},
                    {"coefficient": "1", "facts": ["n.lower"], "square": term_text(alpha - n)},
                    {
                        "coefficient": "1",
                        "facts": ["alpha.lower", "n.lower", "t.lower"],
                        "square": term_text(alpha - n),
                    },
                ],
            },
        ),
        lemma(
            "C5.6",
            "the first sum",
            "$p_1=\\sum\\alpha_i/(1+t\\alpha_i)$ is at most $\\frac{250}{169}$, "
            "as its terms are at most so many $\\alpha_i$.",
            r"0\le\alpha\le1,\;t\ge-\tfrac{81}{250}\;\Rightarrow\;\tfrac{250}{169}(1+t\alpha)\ge1",
            over={alpha: (0, 1), t: (LOWEST_SHIFT, None)},
            then=((1 + t * alpha) / (1 + LOWEST_SHIFT), ">=", 1),
        ),
    ]


def expansion_claims() -> list[Claim]:
    """Return claims C5.7 to C5.12: expansions in t, and the tails of two series of symmetric functions."""
    alpha, t, x, y, n, g, u, p = symbols("alpha t x y n g u p")
    inside = {"inside": (1 + t * alpha, ">", 0)}
    factor = 1 + t * alpha
    e = sp.Symbol("e")
    over = {x: (0, None), y: (0, None), n: (0, None), p: (0, None), u: (0, None), g: (None, None)}
    where = {
        "tail": (y, "<=", TAIL * n),
        "next": (n, "<=", p * x / 4),
        "g-lower": (g, ">=", -u),
        "g-upper": (g, "<=", u),
        "gain": (u * p, "<=", GAIN),
    }
    tail = r"0\le y\le\tfrac{10}9n,\;n\le\tfrac14px,\;|g|\le u,\;u\,p\le\tfrac25\;\Rightarrow\;"
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
            "In the same way, the tail that begins with $x$ is at most $\\frac{10}9x$.",
            tail + r"x+gy\le\tfrac{10}9x",
            then=(x + g * y, "<=", TAIL * x),
            over=over,
            where=where,
        ),
        *(
            lemma(
                identifier,
                f"the gain of the tail of a step, from {side}",
                f"$a\\pi|e|\\,p_1\\le\\frac25$, where $p_1\\le{most}$.",
                rf"0\le a\le2,\;{premise}\;\Rightarrow\;a\,(1+e)\,{size}\le\tfrac25",
                over={A: (0, 2), e: bounds},
                then=(A * (1 + e) * gain, "<=", GAIN),
                method="bisection",
            )
            for identifier, side, most, premise, size, bounds, gain in (
                ("C5.11", "above", "1", r"0\le e\le0.1461", "e", (0, NEARBY), e),
                (
                    "C5.12",
                    "below",
                    r"\frac{250}{169}",
                    r"-0.1461\le e\le0",
                    r"(-e)\cdot\tfrac{250}{169}",
                    (-NEARBY, 0),
                    -e / (1 + LOWEST_SHIFT),
                ),
            )
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
            "For a shape of any depth, $-0.324\\le t\\le0.314$, $|e|\\le0.1461$ and $0\\le a\\le2$ there are "
            "$r,\\mu,\\lambda,\\kappa,\\nu\\in[0,1]$, $\\rho\\in[0,\\frac5{27}]$ and $\\tau\\in[0,\\frac{10}{27}]$ for "
            "which the sums over the weights in C1.1 are these, with $q=r^2$, $n=r(r+(1-r)\\mu)$, $m=qn$, "
            "$s=m\\,\\frac{n+(r-n)\\lambda}{1+t(n+(r-n)\\kappa)}$ and $v=2+\\frac1{1+tr\\nu}$.",
            r"G=q-tm+t^2s,\quad p_2=q-2tm+t^2sv,\quad W=\tfrac12(p_1^2-p_2)(1-a\pi e\,p_1\tau),\quad "
            r"h=1+(1-q)\bigl(\tfrac t2+t^2\rho\bigr)",
            rests_on=tuple(c.identifier for c in lemmas),
        ),
    ]
