"""Theorem T: two steps below the edge at every depth.

From above |pi^2 - 1| falls over two steps; from below it does unless only the second step passes the minimum.

With x_i the relative steps of the weights, the relative steps of the next step are multiples of x_i / (1 +- x_i)^2.
"""

import sympy as sp

from verify.claims import Claim
from verify.theorems.lyapunov import GROWTH
from verify.theorems.writing import lemma, symbols, written


def per_weight_claims() -> list[Claim]:
    """Return T1.1 to T1.4: what each weight adds to the next step, and how factors join."""
    x, u, v, big = symbols("x u v P")
    return [
        lemma(
            "T1.1",
            "a weight in the step back from above",
            "With $P=\\prod(1+x_j)\\ge1+x_i$: what a weight adds to the relative steps of the step back.",
            r"x\ge0,\;P\ge1+x\;\Rightarrow\;\frac{P\,x}{(1+x)^2}\ge1-\frac1{1+x}",
            over={x: (0, None), big: (None, None)},
            where={"factor": (big, ">=", 1 + x)},
            then=(big * x / (1 + x) ** 2, ">=", 1 - 1 / (1 + x)),
        ),
        lemma(
            "T1.2",
            "shares of a product from below",
            "Joined one by one: $\\sum(1-u_i)\\ge1-\\prod u_i$ for numbers in $[0,1]$.",
            r"0\le u,v\le1\;\Rightarrow\;(1-u)+(1-v)\ge1-uv",
            over={u: (0, 1), v: (0, 1)},
            then=((1 - u) + (1 - v), ">=", 1 - u * v),
        ),
        lemma(
            "T1.3",
            "a weight in a second step from above",
            "Joined one by one, with $u_i=1/(1-x_i)$: $\\sum\\frac{x_i}{(1-x_i)^2}\\le\\frac{1-g}{g^2}$ for "
            "$g=\\prod(1-x_i)$, as $\\frac x{(1-x)^2}=u^2-u$.",
            r"u,v\ge1\;\Rightarrow\;(u^2-u)+(v^2-v)\le u^2v^2-uv",
            over={u: (1, None), v: (1, None)},
            then=((u**2 - u) + (v**2 - v), "<=", u**2 * v**2 - u * v),
        ),
        lemma(
            "T1.4",
            "a weight in the step back from below",
            "What a weight gains in the step back from below outweighs what it lost.",
            r"0\le x<1\;\Rightarrow\;1+\frac x{(1-x)^2}\ge\frac1{1-x}",
            over={x: (0, None)},
            where={"kept": (x, "<", 1)},
            then=(1 + x / (1 - x) ** 2, ">=", 1 / (1 - x)),
        ),
    ]


def product_claims() -> list[Claim]:
    """Return T2.1 to T2.3: inequalities in the products before and after the first step."""
    p, g = symbols("p g")
    share = g * (1 + p) / (p * (1 + g))
    return [
        lemma(
            "T2.1",
            "a second step from above does not pass the minimum either",
            "With the bound of T1.3 for the sum of the relative steps; $g=p^+$.",
            r"p>1\;\Rightarrow\;g-\frac{(g-1)(p-g)}{p-1}\ge1",
            over=(p, g),
            where={"above": (p, ">", 1)},
            then=(g - (g - 1) * (p - g) / (p - 1), ">=", 1),
        ),
        lemma(
            "T2.2",
            "the share of the step back",
            "Where one step goes past $\\sqrt{2-p^2}$, the step back is at least the share "
            "$\\mu=\\frac{g(1+p)}{p(1+g)}<1$ of the way; $g=p^+$.",
            r"p>1,\;0<g<1,\;g^2+p^2<2\;\Rightarrow\;\frac{g(1-g)}{p(p-1)}\ge\frac{g(1+p)}{p(1+g)}",
            over={p: (None, 2), g: (None, 1)},
            where={"above": (p, ">", 1), "positive": (g, ">", 0), "past": (g**2 + p**2, "<", 2)},
            then=(g * (1 - g) / (p * (p - 1)), ">=", share),
        ),
        lemma(
            "T2.3",
            "the step back is long enough",
            "With $\\mu$ of T2.2 and the bound of V3 for the first step; $g=p^+$.",
            r"1\le p\le\tfrac{17}{12},\;\tfrac14\le g\le1,\;g\ge1-\tfrac{34}{25}(p-1)\;\Rightarrow\;"
            r"\frac{34}{25}\cdot\frac{1-\mu}g<\frac\mu p+\frac{1+p}2,\quad\mu=\frac{g(1+p)}{p(1+g)}",
            over={p: (1, sp.Rational(17, 12)), g: (sp.Rational(1, 4), 1)},
            where={"first": (g, ">=", 1 - GROWTH * (p - 1))},
            then=(GROWTH * (1 - share) / g, "<", share / p + (1 + p) / 2),
            method="bisection",
        ),
    ]


def two_step_claims_every_depth() -> list[Claim]:
    """Return the chain of Theorem T, in order; it rests on those of Theorems B, E and V besides."""
    lemmas = [*per_weight_claims(), *product_claims()]
    return [
        *lemmas,
        written(
            "theorem-T",
            "two steps at every depth",
            "Let $D\\ge2$ and $w_0\\in S_\\eta$ with $\\eta\\varphi(w_0)\\le2$. If $\\pi_n>1$ then "
            "$|\\pi_{n+2}^2-1|<|\\pi_n^2-1|$; if $\\pi_n<1$ then so it is, unless $\\pi_n<\\pi_{n+1}<1<\\pi_{n+2}$. "
            "A step from below that reaches or passes the minimum is followed by one that comes back to it or past it, "
            "and a step from above that does not pass the minimum is not followed by one that does.",
            r"\pi_n>1\;\Rightarrow\;|\pi_{n+2}^2-1|<|\pi_n^2-1|,\qquad"
            r"\pi_n<1\le\pi_{n+1}\;\Rightarrow\;\pi_{n+2}\le1",
            theorem=True,
            rests_on=("A0.2", "E1.2", "V1.2", "theorem-B", "V3", "theorem-V", *(c.identifier for c in lemmas)),
        ),
    ]
