"""Theorem A: one step of gradient descent never increases the sharpness of the gradient-flow solution."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.majorization import majorization_claims
from verify.theorems.writing import PAPER, lemma, symbols, written

EDGE_SQUARED = sp.Integer(8)  # a <= 2 sqrt 2


def coordinate_claims() -> list[Claim]:
    """Return A0: squares, step and balance factor in shape coordinates, from the definitions of these."""
    a, t, pi, x, y, phi, eta, z, v, star, r = symbols("a t pi alpha_i alpha_j phi eta z_i z_j z_star r")
    f, g, step = 1 + t * x, 1 + t * y, a * pi * (pi - 1)
    definitions = {"shape": (x * phi * star, "=", 1), "shift": (t, "=", phi * (z - star))}
    return [
        lemma(
            "A0.1",
            "squares in shape coordinates",
            "With $\\alpha_i = 1/(\\varphi z^*_i)$ and $t = \\varphi(z_i - z^*_i)$, $z_i=z^*_i(1+t\\alpha_i)$.",
            r"\alpha_i\varphi z_i^*=1,\;t=\varphi(z_i-z_i^*)\;\Rightarrow\;z_i^*(1+t\alpha_i)=z_i",
            over=(z, star, phi, x, t),
            where=definitions,
            then=(star * f, "=", z),
        ),
        lemma(
            "A0.2",
            "relative step in shape coordinates",
            "With $a=\\eta\\varphi$ besides, the relative step $\\rho_i = r/z_i$ of a square depends on "
            "$(\\alpha, a, t)$ alone.",
            r"r=\eta\,\pi(\pi-1)\;\Rightarrow\;r\,(1+t\alpha_i)=a\,\alpha_i\,\pi(\pi-1)\,z_i,\quad\text{that is}\quad "
            r"\rho_i=\frac{a\,\alpha_i\,\pi(\pi-1)}{1+t\alpha_i}",
            over=(z, star, phi, x, t, a, eta, pi, r),
            where={**definitions, "edge": (a, "=", eta * phi), "step": (r, "=", eta * pi * (pi - 1))},
            then=(r * f, "=", step * x * z),
        ),
        lemma(
            "A0.3",
            "balance factor in shape coordinates",
            "The factor $\\kappa_{ij} = r^2/(z_i z_j)$ is $\\rho_i\\rho_j$.",
            r"\kappa_{ij}=\frac{r^2}{z_iz_j}=\frac{a^2\alpha_i\alpha_j\,\pi^2(1-\pi)^2}{(1+t\alpha_i)(1+t\alpha_j)}",
            over=(a, t, pi, x, y, z, v, r),
            where={
                "positive_i": (z, ">", 0),
                "positive_j": (v, ">", 0),
                "inside_i": (f, ">", 0),
                "inside_j": (g, ">", 0),
                "step_i": (r * f, "=", step * x * z),
                "step_j": (r * g, "=", step * y * v),
            },
            then=(r**2 / (z * v), "=", a**2 * x * y * pi**2 * (1 - pi) ** 2 / (f * g)),
            rests_on=("A0.2",),
        ),
    ]


def step_claims() -> list[Claim]:
    """Return A1: what a step does to a balance."""
    w, v, r = symbols("w_i w_j r")
    return [
        lemma(
            "A1",
            "a step multiplies each balance",
            "A step multiplies the balance $b_{ij} = w_i^2 - w_j^2$ by $1-\\kappa_{ij}$.",
            r"b_{ij}^+ = b_{ij}\,(1-\kappa_{ij}),\qquad \kappa_{ij} = \frac{r^2}{z_i z_j}",
            over=(w, v, r),
            where={"positive_i": (w, ">", 0), "positive_j": (v, ">", 0)},
            then=((w - r / w) ** 2 - (v - r / v) ** 2, "=", (w**2 - v**2) * (1 - r**2 / (w**2 * v**2))),
            source=f"{PAPER}, proof of the monotonicity theorem",
        ),
    ]


def largest_factor(identifier: str, title: str, words: str, formula: str, limit: Any, **options: Any) -> Claim:
    """Return the claim that no balance factor exceeds 2 when a^2 <= limit."""
    a, x, y, pi, kappa = symbols("a alpha_i alpha_j pi kappa")
    return lemma(
        identifier,
        title,
        words,
        formula,
        over={a: (0, None), x: (0, None), y: (0, None), pi: (0, 1), kappa: (None, None)},
        where={
            "edge": (a**2, "<=", limit),
            "simplex": (x + y, "<=", 1),
            "factor": (kappa, "<=", a**2 * x * y * (1 - pi) ** 2),
        },
        then=(kappa, "<=", 2),
        **options,
    )


def below_claims() -> list[Claim]:
    """Return A2 and A3: the balance factors for pi <= 1."""
    a, t, pi, x, y, rest, kappa = symbols("a t pi alpha_i alpha_j P kappa")
    x1, x2, x3 = symbols("alpha_1 alpha_2 alpha_3")
    f, g = 1 + t * x, 1 + t * y
    square = {"edge": (a**2, "<=", EDGE_SQUARED)}
    return [
        lemma(
            "A2.1",
            "balance factor below the minimum",
            "For $\\pi\\le 1$ every $\\kappa_{ij}$ is at most $a^2\\alpha_i\\alpha_j(1-\\pi)^2$. Here $P$ "
            "is the product "
            "of all factors $1+t\\alpha_k$ but the two of $i$ and $j$, so $\\pi^2 = (1+t\\alpha_i)(1+t\\alpha_j)P$.",
            r"0\le P\le 1\;\Rightarrow\;\frac{a^2\alpha_i\alpha_j\,\pi^2(1-\pi)^2}{(1+t\alpha_i)(1+t\alpha_j)}"
            r"\le a^2\alpha_i\alpha_j(1-\pi)^2",
            over={a: (None, None), t: (None, None), x: (0, None), y: (0, None), pi: (None, None), rest: (0, 1)},
            where={"inside_i": (f, ">", 0), "inside_j": (g, ">", 0), "product": (pi**2, "=", f * g * rest)},
            then=(a**2 * x * y * pi**2 * (1 - pi) ** 2 / (f * g), "<=", a**2 * x * y * (1 - pi) ** 2),
            rests_on=("A0.3",),
        ),
        lemma(
            "A2.2",
            "one more factor of the product",
            "A product $P\\in[0,1]$ stays in $[0,1]$ when one more factor $1+t\\alpha$, $t\\le0\\le\\alpha$, joins it.",
            r"0\le P\le 1,\; t\le 0\le\alpha,\; 1+t\alpha > 0\;\Rightarrow\; P(1+t\alpha)\le 1",
            over={rest: (0, 1), t: (None, 0), x: (0, None)},
            where={"inside": (f, ">", 0)},
            then=(rest * f, "<=", 1),
        ),
        largest_factor(
            "A3.1",
            "no balance factor exceeds 2",
            "If $a\\le 2\\sqrt2$ and $\\pi\\le 1$ then $\\kappa_{ij}\\le 2$ for every pair.",
            r"\kappa\le a^2\alpha_i\alpha_j(1-\pi)^2,\; a^2\le 8,\; \alpha_i+\alpha_j\le 1,\; 0\le\pi\le 1"
            r"\;\Rightarrow\;\kappa\le 2",
            EDGE_SQUARED,
            rests_on=("A2.1", "A2.2"),
        ),
        lemma(
            "A3.2",
            "largest and third largest shape",
            "For three shapes $\\alpha_1\\ge\\alpha_2\\ge\\alpha_3\\ge0$ with sum at most 1, "
            "$\\alpha_1\\alpha_3\\le\\frac18$.",
            r"\alpha_1\ge\alpha_2\ge\alpha_3\ge 0,\;\alpha_1+\alpha_2+\alpha_3\le 1\;\Rightarrow\;"
            r"\alpha_1\alpha_3\le\tfrac18",
            over={x1: (0, None), x2: (0, None), x3: (0, None)},
            where={"order1": (x1, ">=", x2), "order2": (x2, ">=", x3), "simplex": (x1 + x2 + x3, "<=", 1)},
            then=(x1 * x3, "<=", sp.Rational(1, 8)),
        ),
        lemma(
            "A3.3",
            "only the two smallest squares can change order",
            "If $a\\le2\\sqrt2$, $\\pi\\le1$ and the pair is not that of the two largest shapes, then "
            "$\\alpha_i\\alpha_j\\le\\alpha_1\\alpha_3\\le\\frac18$ and $\\kappa_{ij}\\le1$.",
            r"0\le\alpha_i\le\alpha_1,\;0\le\alpha_j\le\alpha_3,\;\alpha_1\alpha_3\le\tfrac18,\;a^2\le "
            r"8,\;0\le\pi\le1,\;"
            r"\kappa\le a^2\alpha_i\alpha_j(1-\pi)^2\;\Rightarrow\;\kappa\le 1",
            over={
                a: (None, None),
                x: (0, None),
                y: (0, None),
                x1: (0, None),
                x3: (0, None),
                pi: (0, 1),
                kappa: (None, None),
            },
            where={
                **square,
                "first": (x, "<=", x1),
                "second": (y, "<=", x3),
                "eighth": (x1 * x3, "<=", sp.Rational(1, 8)),
                "factor": (kappa, "<=", a**2 * x * y * (1 - pi) ** 2),
            },
            then=(kappa, "<=", 1),
            rests_on=("A2.1", "A2.2", "A3.2"),
        ),
    ]


def gap_claims() -> list[Claim]:
    """Return A4 and A5: the balance factors for pi > 1, and the gaps of the sorted squares."""
    r, z1, z2, z3, b, kappa = symbols("r z_1 z_2 z_3 b kappa")
    positive = {"positive1": (z1, ">", 0), "positive2": (z2, ">", 0)}
    return [
        lemma(
            "A4",
            "balance factor above the minimum",
            "For $\\pi>1$, if no weight changes sign then $0<r<\\min_k z_k$ and every $\\kappa_{ij}$ is below 1.",
            r"0<r<z_i,\;r<z_j\;\Rightarrow\;\frac{r^2}{z_i z_j}<1",
            over=(r, z1, z2),
            where={"step": (r, ">", 0), "no-change1": (r, "<", z1), "no-change2": (r, "<", z2), **positive},
            then=(r**2 / (z1 * z2), "<", 1),
        ),
        lemma(
            "A5.1",
            "a gap that keeps its order",
            "A gap $b\\ge0$ with factor $\\kappa\\in[0,1]$ keeps its sign and does not grow.",
            r"0\le\kappa\le1,\;b\ge0\;\Rightarrow\;b(1-\kappa)\le b",
            over={b: (0, None), kappa: (0, 1)},
            then=(b * (1 - kappa), "<=", b),
        ),
        lemma(
            "A5.2",
            "a gap that keeps its order stays nonnegative",
            "A gap $b\\ge0$ with factor $\\kappa\\in[0,1]$ stays nonnegative.",
            r"0\le\kappa\le1,\;b\ge0\;\Rightarrow\;b(1-\kappa)\ge0",
            over={b: (0, None), kappa: (0, 1)},
            then=(b * (1 - kappa), ">=", 0),
        ),
        lemma(
            "A5.3",
            "a gap that changes order",
            "A gap $b\\ge0$ with factor $\\kappa\\in[1,2]$ turns around and does not grow.",
            r"1\le\kappa\le2,\;b\ge0\;\Rightarrow\;(\kappa-1)\,b\le b",
            over={b: (0, None), kappa: (1, 2)},
            then=((kappa - 1) * b, "<=", b),
        ),
        lemma(
            "A5.4",
            "the gap above a change of order",
            "When the two smallest squares $z_1<z_2$ change order, the gap between the new second "
            "smallest (which comes "
            "from $z_1$) and the third (from $z_3$) is at most the old gap $z_3-z_2$.",
            r"0<z_1<z_2\le z_3,\; r^2>z_1z_2,\; r^2\le z_1z_3\;\Rightarrow\;"
            r"\Bigl(z_3+\frac{r^2}{z_3}\Bigr)-\Bigl(z_1+\frac{r^2}{z_1}\Bigr)\le z_3-z_2",
            over=(r, z1, z2, z3),
            where={
                **positive,
                "positive3": (z3, ">", 0),
                "order1": (z1, "<", z2),
                "order2": (z2, "<=", z3),
                "change": (r**2, ">", z1 * z2),
                "no-change": (r**2, "<=", z1 * z3),
            },
            then=((z3 + r**2 / z3) - (z1 + r**2 / z1), "<=", z3 - z2),
        ),
    ]


def monotone_claims() -> list[Claim]:
    """Return the chain of Theorem A, for every depth, in order."""
    return [
        *coordinate_claims(),
        *step_claims(),
        *below_claims(),
        *gap_claims(),
        written(
            "A5",
            "sorted gaps do not grow",
            "Sort the squares before and after a step: under the premise of Theorem A every gap between "
            "neighbours after "
            "the step is at most the gap at the same place before it.",
            r"z^+_{(k+1)}-z^+_{(k)}\;\le\;z_{(k+1)}-z_{(k)}\qquad(k=1,\dots,D-1)",
            rests_on=(
                *("A0.1", "A0.2", "A0.3", "A1", "A2.1", "A2.2", "A3.1", "A3.2", "A3.3", "A4"),
                *("A5.1", "A5.2", "A5.3", "A5.4"),
            ),
        ),
        *majorization_claims(),
        written(
            "theorem-A",
            "one step never increases the GFS sharpness",
            "Let $D\\ge2$, $\\eta>0$, $\\pi(w)>0$ and $\\eta\\varphi(w)\\le2\\sqrt2$, and let "
            "$\\pi(w)\\le1$ or every weight keep "
            "its sign in the step ($w_iw_i^+>0$; none becomes 0). Then $\\varphi(w^+)\\le\\varphi(w)$.",
            r"\varphi(w^+)\le\varphi(w)",
            theorem=True,
            rests_on=("A5", "A6"),
            source=f"{PAPER}, monotonicity of the GFS sharpness",
        ),
    ]
