"""Theorem C with sharper constants, for every depth: 13 times the radius in the loss, and delta up to 3/5.

The bounds come from a function Y(e) = e f(e/m) of the states above the minimum (e > 0), f(u) = 1 + b u - c u^2, which
falls by (1 - delta)^2 over every two steps; |e| <= (1 - delta) Y after one. The scale is m = delta up to delta = 2/5,
m = 2 (1 - delta)/3 from there on.
"""

import sympy as sp

from verify.claims import Claim
from verify.encode import term_text
from verify.theorems.every_depth import SHARP
from verify.theorems.moments import LOWEST_SHIFT, NEARBY
from verify.theorems.remainder import SLACK
from verify.theorems.sharper_ranges import DELTA, FAR, LOW, NEAR, Q, range_claims, slow_claim
from verify.theorems.writing import lemma, symbols, written


def sharpness_claims() -> list[Claim]:
    """Return C6.1 to C6.4: how much one step can lower phi, in terms of delta."""
    x, t, e = symbols("alpha t e")
    c = sp.Rational(13, 10) * DELTA
    return [
        lemma(
            "C6.1",
            "the largest shape counts",
            "Over $\\alpha\\le1$, $\\alpha^2/(1+t\\alpha)$ is at most $1/(1+t)$; without denominators:",
            r"0\le\alpha\le1,\;t\ge-1\;\Rightarrow\;\alpha^2(1+t)\le1+t\alpha",
            over={x: (0, 1), t: (-1, None)},
            then=(x**2 * (1 + t), "<=", 1 + t * x),
        ),
        lemma(
            "C6.2",
            "size of the loss above the minimum",
            "For $e\\ge0$, $r^2/(z_iz_i^*)$ is at most $(a\\pi e)^2$, where $a\\pi\\le2$.",
            r"0\le\delta\le\tfrac35,\;0\le e\le0.3652\,\delta\;\Rightarrow\;(2-\delta)(1+e)\le2",
            over={DELTA: (0, FAR.upper), e: (0, None)},
            where={"radius": (e, "<=", sp.Rational(3652, 10000) * DELTA)},
            then=((2 - DELTA) * (1 + e), "<=", 2),
        ),
        lemma(
            "C6.3",
            "the shift below the minimum",
            "With $c=1.3\\,\\delta$ the bound of C0.2 is below $(1-0.517\\,\\delta)^2$, so $e\\ge-0.517\\,\\delta$ "
            "implies $t>-1.3\\,\\delta$.",
            r"0<\delta\le\tfrac14\;\Rightarrow\;1-c+\tfrac12c^2<(1-0.517\,\delta)^2,\quad c=1.3\,\delta",
            over={DELTA: (0, sp.Rational(1, 4))},
            where={"positive": (DELTA, ">", 0)},
            then=(1 - c + c**2 / 2, "<", (1 - sp.Rational(517, 1000) * DELTA) ** 2),
        ),
        lemma(
            "C6.4",
            "size of the loss below the minimum",
            "For $e\\le0$, where $\\pi^2\\le1+t+\\frac12t^2$: $a^2\\pi^2/(1+t)\\le4$.",
            r"0\le\delta\le\tfrac35,\;-0.324\le t\le0,\;t\ge-1.3\,\delta\;\Rightarrow\;"
            r"(2-\delta)^2\bigl(1+t+\tfrac12t^2\bigr)\le4(1+t)",
            over={DELTA: (0, FAR.upper), t: (LOWEST_SHIFT, 0)},
            where={"shift": (t, ">=", -c)},
            then=((2 - DELTA) ** 2 * (1 + t + t**2 / 2), "<=", 4 * (1 + t)),
        ),
    ]


def step_claims() -> list[Claim]:
    """Return C6.5 to C6.8: the sign and the size of one step from the bounds of its remainder."""
    a, e, x, big = symbols("a e x E_2")
    after = (1 - a) * e + big * e**2
    edge = 2 * a - a**2 / 2
    width = 2 - DELTA**2 / 2
    reals = {DELTA: (0, FAR.upper), big: (None, None), Q: (0, 1)}
    return [
        lemma(
            "C6.5",
            "from above the minimum to below",
            "After $e>0$ comes $e^+<0$.",
            r"a\ge\tfrac{13}{10},\;0<e\le0.1461,\;E_2\le\tfrac14\;\Rightarrow\;e^+<0",
            over={a: (LOW, None), e: (0, NEARBY), big: (None, SLACK)},
            where={"above": (e, ">", 0)},
            then=(after, "<", 0),
        ),
        lemma(
            "C6.6",
            "from below the minimum to above",
            "After $e=-x<0$ comes $e^+>0$: $e^+=(a-1)x+E_2x^2$, here divided by $x$, with the least $E_2$.",
            r"\tfrac{13}{10}\le a\le2,\;0\le x\le0.1461,\;x\le0.42\,(a-1)\;\Rightarrow\;"
            r"(a-1)-\Bigl(2a-\frac{a^2}2+\tfrac12\Bigr)x>0",
            over={a: (LOW, 2), x: (0, NEARBY)},
            where={"radius": (x, "<=", sp.Rational(21, 50) * (a - 1))},
            then=(a - 1 - (edge + 2 * SLACK) * x, ">", 0),
            method="bisection",
        ),
        lemma(
            "C6.7",
            "size of the step from above",
            "After $e>0$ the distance is at most $(1-\\delta)e+\\bigl((2-\\frac{\\delta^2}2)(1-q)+\\frac18\\bigr)e^2$.",
            r"0\le a\le2-\delta,\;e\ge0,\;0\le q\le1,\;E_2\ge-(2a-\tfrac{a^2}2)(1-q)-\tfrac18\;\Rightarrow\;"
            r"-e^+\le(1-\delta)\,e+\Bigl(\bigl(2-\tfrac{\delta^2}2\bigr)(1-q)+\tfrac18\Bigr)e^2",
            over={**reals, a: (0, None), e: (0, None)},
            where={"a-upper": (a, "<=", 2 - DELTA), "E-lower": (big, ">=", -edge * (1 - Q) - SHARP)},
            then=(-after, "<=", (1 - DELTA) * e + (width * (1 - Q) + SHARP) * e**2),
            method="given",
            proof={
                "rule": "combination",
                "denominators": [[{"coefficient": "2", "facts": []}]],
                "sum": [
                    {"coefficient": "1", "facts": ["a-upper", "e.lower"]},
                    {"coefficient": "1", "facts": ["E-lower"], "square": term_text(e)},
                    {"coefficient": "1/2", "facts": ["q.upper"], "square": term_text(e * (2 - DELTA - a))},
                    {"coefficient": "1", "facts": ["a-upper", "q.upper", "delta.lower"], "square": term_text(e)},
                ],
            },
        ),
        lemma(
            "C6.8",
            "size of the step from below",
            "After $e=-x<0$ the distance is at most "
            "$(1-\\delta)x-\\bigl((2-\\frac{\\delta^2}2)(1-q)-\\frac18\\bigr)x^2$.",
            r"1\le a\le2-\delta,\;0\le x\le1,\;0\le q\le1,\;E_2\le-(2a-\tfrac{a^2}2)(1-q)+\tfrac18\;\Rightarrow\;"
            r"e^+\le(1-\delta)\,x-\Bigl(\bigl(2-\tfrac{\delta^2}2\bigr)(1-q)-\tfrac18\Bigr)x^2",
            over={**reals, a: (1, None), x: (0, 1)},
            where={"a-upper": (a, "<=", 2 - DELTA), "E-upper": (big, "<=", -edge * (1 - Q) + SHARP)},
            then=((a - 1) * x + big * x**2, "<=", (1 - DELTA) * x - (width * (1 - Q) - SHARP) * x**2),
            method="given",
            proof={
                "rule": "combination",
                "denominators": [[{"coefficient": "2", "facts": []}]],
                "sum": [
                    {"coefficient": "1", "facts": ["E-upper"], "square": term_text(x)},
                    {"coefficient": "1", "facts": ["a-upper", "x.lower", "x.upper"]},
                    {"coefficient": "1/2", "facts": ["a-upper", "a.lower"], "square": term_text(x)},
                    {"coefficient": "1/2", "facts": ["a-upper", "delta.upper"], "square": term_text(x)},
                    {"coefficient": "1/5", "facts": ["a-upper"], "square": term_text(x)},
                    {"coefficient": "1/2", "facts": ["q.lower"], "square": term_text(x * (2 - DELTA - a))},
                    {"coefficient": "1", "facts": ["a-upper", "q.lower", "delta.lower"], "square": term_text(x)},
                ],
            },
        ),
    ]


def sharper_claims() -> list[Claim]:
    """Return the chain of the sharper theorem; it rests on those of Theorems B and C for every depth."""
    lemmas = [*sharpness_claims(), *step_claims(), *range_claims(NEAR), *range_claims(FAR), slow_claim()]
    premise = (
        "$\\varphi(w_t)=(2-\\delta)/\\eta$ with either $0<\\delta\\le\\frac25$ and $L(w_t)\\le\\delta^2/15$, or "
        "$\\frac25\\le\\delta\\le\\frac35$ and $L(w_t)\\le(1-\\delta)^2/36$"
    )
    return [
        *lemmas,
        written(
            "C6",
            "induction over the steps, with sharper constants",
            f"If $w_t\\in S_\\eta$ and {premise}, then for all $k\\ge t$: "
            "$|e_k|\\le\\sqrt2(1-\\delta)^{k-t}|e_t|$ and $2-\\delta-8e_t^2/\\delta\\le a_k\\le2-\\delta$.",
            r"|e_k|\le\sqrt2\,(1-\delta)^{k-t}\,|e_t|,\qquad 2-\delta-\frac{8\,e_t^2}\delta\le a_k\le2-\delta",
            rests_on=("C0.2", "C2", "C3.1", "A0.1", "A0.2", "theorem-B", *(c.identifier for c in lemmas)),
        ),
        written(
            "theorem-C-sharper",
            "convergence to the edge, sharper",
            f"For every depth: if $w_t\\in S_\\eta$ and {premise}, then for all $k\\ge t$: "
            "$L(w_k)\\le2(1-\\delta)^{2(k-t)}L(w_t)$ and $\\eta\\varphi(w_k)\\ge2-\\delta-16L(w_t)/\\delta$. So with "
            "$L(w_t)\\le\\delta^2/16$, 12.5 times the paper's radius, still $\\varphi(w_k)\\ge2(1-\\delta)/\\eta$, "
            "and with the paper's $L(w_t)\\le\\delta^2/200$ even $\\varphi(w_k)\\ge(2-1.08\\delta)/\\eta$.",
            r"L(w_k)\le2\,(1-\delta)^{2(k-t)}\,L(w_t),\qquad\eta\,\varphi(w_k)\ge2-\delta-\frac{16\,L(w_t)}\delta",
            theorem=True,
            rests_on=("C6",),
        ),
    ]
