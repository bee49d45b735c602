"""Theorem C with sharper constants, for every depth: twice the radius in the loss, and a closer bound of the edge."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.convergence import DELTA, truncated_exponential
from verify.theorems.every_depth import SHARP
from verify.theorems.moments import SHIFT
from verify.theorems.writing import lemma, symbols, written

RADIUS = sp.Rational(2, 25)  # |e| <= sqrt(2) delta / sqrt(50) <= 0.08
DECAY = sp.Integer(5)  # K in phi+ >= phi (1 - K e^2)
FIRST = 1 / (5 * sp.sqrt(2))  # |e_t| <= delta / sqrt(50)


def sharpness_claim() -> Claim:
    """Return C6.1: how much one step can lower phi, with e up to 0.08."""
    a, pi, x, t = symbols("a pi alpha t")
    return lemma(
        "C6.1",
        "size of the loss, farther from the minimum",
        "In shape coordinates $r^2/(z_iz_i^*)=a^2\\pi^2e^2\\alpha_i^2/(1+t\\alpha_i)$, at most $5\\,e^2$; $t$ has the "
        "sign of $\\pi-1$.",
        r"0\le a\le2,\;|\pi-1|\le0.08,\;0\le\alpha\le1,\;|t|\le0.17,\;t(\pi-1)\ge0\;\Rightarrow\;"
        r"\frac{a^2\pi^2\alpha^2}{1+t\alpha}\le5",
        over={a: (0, 2), pi: (1 - RADIUS, 1 + RADIUS), x: (0, 1), t: (-SHIFT, SHIFT)},
        where={"same-sign": (t * (pi - 1), ">=", 0)},
        then=(a**2 * pi**2 * x**2 / (1 + t * x), "<=", DECAY),
        method="bisection",
        rests_on=("A0.2",),
    )


def step_claims() -> list[Claim]:
    """Return C6.2 to C6.6: one step, in delta alone."""
    delta, a, e, big = symbols("delta a e E_2")
    over: dict[Any, Any] = {delta: (0, DELTA), a: (None, None), e: (None, None), big: (None, None)}
    near = {
        "a-lower": (a, ">=", 2 - sp.Rational(6, 5) * delta),
        "a-upper": (a, "<=", 2 - delta),
        "radius": (e**2, "<=", delta**2 / 25),
    }
    edge = 2 * a - a**2 / 2
    after = (1 - a) * e + big * e**2
    above, below = {"above": (e, ">", 0)}, {"below": (e, "<", 0)}
    premise = r"2-\tfrac65\delta\le a\le2-\delta,\;e^2\le\tfrac{\delta^2}{25},\;"
    rows: tuple[tuple[str, str, str, str, dict[str, Any], tuple[Any, str, Any]], ...] = (
        (
            "C6.3", "from above the minimum to below", "After $e>0$ comes $e^+<0$.",
            r"e>0,\;E_2\le\tfrac14\;\Rightarrow\;e^+<0",
            {**above, "E-upper": (big, "<=", sp.Rational(1, 4))}, (after, "<", 0),
        ),
        (
            "C6.4", "size of the step from above",
            "After $e>0$ the distance is at most $(1-\\delta)e+(2-\\frac{\\delta^2}2+\\frac1{25})e^2$.",
            r"e>0,\;E_2\ge-(2a-\tfrac{a^2}2)-\tfrac1{25}\;\Rightarrow\;"
            r"-e^+\le(1-\delta)\,e+\Bigl(2-\tfrac{\delta^2}2+\tfrac1{25}\Bigr)e^2",
            {**above, "E-lower": (big, ">=", -edge - SHARP)},
            (-after, "<=", (1 - delta) * e + (2 - delta**2 / 2 + SHARP) * e**2),
        ),
        (
            "C6.5", "from below the minimum to above", "After $e<0$ comes $e^+>0$.",
            r"e<0,\;E_2\ge-(2a-\tfrac{a^2}2)-\tfrac12\;\Rightarrow\;e^+>0",
            {**below, "E-lower": (big, ">=", -edge - sp.Rational(1, 2))}, (after, ">", 0),
        ),
        (
            "C6.6", "size of the step from below",
            "After $e<0$ the distance is at most $(1-\\delta)|e|+\\frac1{25}e^2$.",
            r"e<0,\;E_2\le\tfrac1{25}\;\Rightarrow\;e^+\le(1-\delta)(-e)+\tfrac1{25}e^2",
            {**below, "E-upper": (big, "<=", SHARP)}, (after, "<=", (1 - delta) * (-e) + SHARP * e**2),
        ),
    )  # fmt: skip
    return [
        lemma(
            "C6.2",
            "the radius of the induction",
            "With $e^2\\le\\delta^2/25$ and $\\delta\\le\\frac25$, $|e|\\le0.08$.",
            r"e^2\le\tfrac{\delta^2}{25}\;\Rightarrow\;e^2\le0.08^2",
            over={delta: (0, DELTA), e: (None, None)},
            where={"radius": (e**2, "<=", delta**2 / 25)},
            then=(e**2, "<=", RADIUS**2),
        ),
        *(
            lemma(identifier, title, words, premise + formula, over=over, where={**near, **more}, then=then)
            for identifier, title, words, formula, more, then in rows
        ),
    ]


def growths(delta: Any) -> tuple[Any, Any, Any, Any]:
    """Return x_+ and s_+, x_- and s_-: the first growth factor less 1, and a bound of the sum of all others.

    The trajectory starts above (+) or below (-) the minimum, with |e_t| <= delta/sqrt(50).
    """
    worst, small = 2 - delta**2 / 2 + SHARP, SHARP
    first = FIRST * delta / (1 - delta)
    rest = sp.sqrt(2) * FIRST / ((1 - delta) * (2 - delta))
    up, down = (1 - delta) * small + (1 - delta) ** 2 * worst, (1 - delta) * worst + (1 - delta) ** 2 * small
    return worst * first, rest * up, small * first, rest * down


def sum_claims() -> list[Claim]:
    """Return C6.7 and C6.8: the product of all growth factors stays below sqrt 2."""
    delta = sp.Symbol("delta")
    x_up, s_up, x_down, s_down = growths(delta)
    found = []
    for identifier, side, x, s, sign in (
        ("C6.7", "above", x_up, s_up, "+"),
        ("C6.8", "below", x_down, s_down, "-"),
    ):
        found.append(
            lemma(
                identifier,
                f"the product of all growth factors, from {side}",
                f"Starting {side} the minimum, the first factor $1+x$ and the sum $s$ of the relative second-order "
                "terms of all other steps are so small that the product stays below $\\sqrt2$.",
                r"(1+x_" + sign + r")\Bigl(1+s+\frac{s^2}2+\frac{s^3}6+\frac{s^4}{24}\cdot\frac5{5-s}\Bigr)\le\sqrt2,"
                r"\quad s=s_" + sign + r"\qquad(0\le\delta\le\tfrac25)",
                over={delta: (0, DELTA)},
                then=((1 + x) * truncated_exponential(s), "<=", sp.sqrt(2)),
                method="bisection",
            )
        )
    return found


def far_claims() -> list[Claim]:
    """Return N6.1 and N6.2 (equal weights of depth 8 at eta = 1/5 are in S_eta), and the false N6.false beside them."""
    w, delta = symbols("w delta")
    top, eta = sp.Rational(21, 20), sp.Rational(1, 5)
    factor = 1 + eta * (1 - w**8) * w**6
    step = 1 + (2 - delta) / 8 * (1 - w**8) * w**6
    e = w**8 - 1
    options: dict[str, Any] = {"over": {w: (0, top)}, "method": "bisection", "scope": "depth 8"}
    premise = r"0\le w\le\tfrac{21}{20}\;\Rightarrow\;"
    return [
        lemma(
            "N6.1",
            "eight equal weights stay below the bound",
            "At depth 8 with equal weights and $\\eta=\\frac15$ a step sends $w$ to $w(1+\\frac15(1-w^8)w^6)$, below "
            "$\\frac{21}{20}$ for all $w\\in[0,\\frac{21}{20}]$: with N6.2, such weights are in $S_\\eta$, "
            "$B=(\\frac{21}{20})^8$.",
            premise + r"w\,\bigl(1+\tfrac15(1-w^8)w^6\bigr)<\tfrac{21}{20}",
            then=(w * factor, "<", top),
            **options,
        ),
        lemma(
            "N6.2",
            "eight equal weights keep their sign",
            "In the same range no weight changes sign.",
            premise + r"1+\tfrac15(1-w^8)w^6>0",
            then=(factor, ">", 0),
            **options,
        ),
        lemma(
            "N6.false",
            "Theorem C with the loss up to delta^2/10",
            "One step of Theorem C at depth 8 with equal weights ($\\varphi=8$), the factor 2 and "
            "$L(w_k)\\le\\delta^2/10$: $L(w_{k+1})\\le2(1-\\delta)^2L(w_k)$. By N6.1 and N6.2 the witness, "
            "with $\\eta=(2-\\delta)/8=\\frac15$, is in $S_\\eta$, so no proof for every depth reaches that radius.",
            r"e^2\le\tfrac{\delta^2}5\;\Rightarrow\;(e^+)^2\le2(1-\delta)^2e^2",
            over={w: (sp.Rational(9, 10), top), delta: (sp.Rational(1, 100), DELTA)},
            where={"loss": (e**2, "<=", delta**2 / 5)},
            then=(((w * step) ** 8 - 1) ** 2, "<=", 2 * (1 - delta) ** 2 * e**2),
            kind="neighbour",
            method="falsify",
            proof={"rule": "counterexample", "point": {"w": "5103/5000", "delta": "2/5"}},
            scope="depth 8",
            rests_on=("N6.1", "N6.2", "theorem-C-sharper"),
        ),
    ]


def sharper_claims() -> list[Claim]:
    """Return the chain of the sharper theorem; it rests on those of Theorems B and C for every depth."""
    lemmas = [sharpness_claim(), *step_claims(), *sum_claims()]
    return [
        *lemmas,
        written(
            "C6",
            "induction over the steps, with sharper constants",
            "If $w_t\\in S_\\eta$, $a_t=2-\\delta$ with $\\delta\\in(0,0.4]$ and $e_t^2\\le\\delta^2/50$, then for all "
            "$k\\ge t$: $|e_k|\\le\\sqrt2(1-\\delta)^{k-t}|e_t|$ and $2-\\delta-10e_t^2/\\delta\\le a_k\\le2-\\delta$.",
            r"|e_k|\le\sqrt2\,(1-\delta)^{k-t}\,|e_t|,\qquad 2-\delta-\frac{10\,e_t^2}\delta\le a_k\le2-\delta",
            rests_on=("C2", "C3.1", "A0.1", "A0.2", "theorem-B", *(c.identifier for c in lemmas)),
        ),
        written(
            "theorem-C-sharper",
            "convergence to the edge, sharper",
            "For every depth: if $w_t\\in S_\\eta$, $\\varphi(w_t)=(2-\\delta)/\\eta$ with $\\delta\\in(0,0.4]$ and "
            "$L(w_t)\\le\\delta^2/100$, then for all $k\\ge t$: $L(w_k)\\le2(1-\\delta)^{2(k-t)}L(w_t)$ and "
            "$\\eta\\varphi(w_k)\\ge2-\\delta-20L(w_t)/\\delta$; so $\\varphi(w_k)\\ge(2-1.2\\delta)/\\eta$, and with "
            "the paper's $L(w_t)\\le\\delta^2/200$ even $\\varphi(w_k)\\ge(2-1.1\\delta)/\\eta$.",
            r"L(w_k)\le2\,(1-\delta)^{2(k-t)}\,L(w_t),\qquad\eta\,\varphi(w_k)\ge2-\delta-\frac{20\,L(w_t)}\delta",
            theorem=True,
            rests_on=("C6",),
        ),
    ]
