"""Beside Theorem E: its inequality at depth 2, directly, and the same past the edge, which is false."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.writing import lemma, symbols

EDGE = sp.Integer(2)
PAST_EDGE = sp.Rational(21, 10)


def depth_two_flip(identifier: str, title: str, words: str, edge: Any, least: tuple[Any, Any], **options: Any) -> Claim:
    """Return the claim that at depth 2 with a = edge the products after a step from below end before the flip.

    Shapes (1 - s, s) with s <= 9/20. Below the minimum 1 + t alpha_1 = u, above it 1 + t' alpha_1 = v. `least` are the
    lower bounds of s and u.
    """
    s, u, v = symbols("s u v")
    x = 1 - s
    other, above = 1 - (1 - u) * s / x, 1 + (v - 1) * s / x
    p, q = sp.sqrt(u * other), sp.sqrt(v * above)
    after = (p + edge * x * other * (1 - p)) * (1 + edge * s * p * (1 - p) / other)
    return lemma(
        identifier,
        title,
        words,
        rf"q\le g(p)\;\Rightarrow\;\rho_1=\frac{{{sp.latex(edge)}\,x\,q(q-1)}}v<1,\quad "
        r"p^2=u\Bigl(1-\frac{(1-u)s}x\Bigr),\;q^2=v\Bigl(1+\frac{(v-1)s}x\Bigr),\;x=1-s",
        over={s: (least[0], sp.Rational(9, 20)), u: (least[1], 1), v: (1, 4)},
        where={"reached": (q, "<=", after)},
        then=(edge * x * q * (q - 1), "<", v),
        scope="depth 2",
        **options,
    )


def flip_neighbours() -> list[Claim]:
    """Return the direct check of Theorem E at depth 2, and false neighbours of its constants."""
    (s,) = symbols("s")
    x = 1 - s
    bound = 2 * x**2 + 40 * s**2
    flipped = 2 * x * bound * (bound - 1)
    return [
        depth_two_flip(
            "N4",
            "Theorem E at depth 2, directly",
            "For $a=2$ and shapes $(1-s,s)$ with $\\frac1{20}\\le s\\le\\frac9{20}$, no weight has flipped at any "
            "product $q\\ge1$ that a step from below the minimum reaches (by none of the written arguments; $v\\le4$).",
            EDGE,
            (sp.Rational(1, 20), 0),
            method="bisection",
        ),
        depth_two_flip(
            "N4.false",
            "Theorem E with 2.1 in place of 2",
            "N4 with $a=\\frac{21}{10}$, $s\\ge\\frac1{1000}$ and $u\\ge10^{-6}$: a step from below the minimum "
            "reaches a product at which a weight has flipped.",
            PAST_EDGE,
            (sp.Rational(1, 1000), sp.Rational(1, 10**6)),
            kind="neighbour",
            method="falsify",
            rests_on=("N4", "theorem-E"),
        ),
        lemma(
            "E3.5.false",
            "E3.5 with 40 in place of 5",
            "The inequality of E3.5 at $G=2x^2+40s^2$.",
            r"0<s\le\tfrac1{10},\;G=2x^2+40s^2\;\Rightarrow\;G\bigl(x-s(2xG(G-1)-1)\bigr)>2x^2(G-1)",
            over={s: (sp.Rational(1, 1000), sp.Rational(1, 10))},
            then=(bound * (x - s * (flipped - 1)), ">", 2 * x**2 * (bound - 1)),
            kind="neighbour",
            method="falsify",
            rests_on=("E3.5",),
        ),
    ]
