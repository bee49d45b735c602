"""Theorem C: near the minimum and just below the edge, gradient descent converges and stays near the edge."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.every_depth import every_depth_graph
from verify.theorems.remainder import RADIUS, SHIFT, SLACK, remainder_graph
from verify.theorems.writing import PAPER, lemma, scope_of, symbols, written

DELTA = sp.Rational(2, 5)
DECAY = sp.Rational(51, 10)  # K in phi+ >= phi (1 - K e^2)


def sharpness_claims() -> list[Claim]:
    """Return C3: how much one step can lower phi, for every depth."""
    z, star, r, u, a, pi, x, t = symbols("z z_star r u a pi alpha t")
    positive = {"z-positive": (z, ">", 0), "star-positive": (star, ">", 0), "u-positive": (u, ">", 0)}
    return [
        lemma(
            "C3.1",
            "one reciprocal after a step",
            "If $u\\le z^*+r^2/z$ is the new square at the minimum, $1/u$ has lost at most the factor $1-r^2/(z z^*)$.",
            r"0<u\le z^*+\frac{r^2}{z}\;\Rightarrow\;\frac1u\ge\frac1{z^*}\Bigl(1-\frac{r^2}{z\,z^*}\Bigr)",
            over=(z, star, r, u),
            where={**positive, "below": (u, "<=", star + r**2 / z)},
            then=(1 / u, ">=", (1 - r**2 / (z * star)) / star),
        ),
        lemma(
            "C3.2",
            "size of the loss",
            "In shape coordinates $r^2/(z_iz_i^*)=a^2\\pi^2e^2\\alpha_i^2/(1+t\\alpha_i)$, at most "
            "$5.1\\,e^2$ near the minimum.",
            r"0\le a\le2,\;|\pi-1|\le0.0566,\;0\le\alpha\le1,\;|t|\le0.12\;\Rightarrow\;"
            r"\frac{a^2\pi^2\alpha^2}{1+t\alpha}\le5.1",
            over={a: (0, 2), pi: (1 - RADIUS, 1 + RADIUS), x: (0, 1), t: (-SHIFT, SHIFT)},
            then=(a**2 * pi**2 * x**2 / (1 + t * x), "<=", DECAY),
            method="bisection",
            rests_on=("A0.2",),
        ),
        written(
            "C3",
            "one step lowers the GFS sharpness little",
            "If $0\\le a\\le2$, $|e|\\le0.0566$, $|t|\\le0.12$ and all $w_i,w_i^+>0$, then "
            "$\\varphi(w^+)\\ge\\varphi(w)(1-5.1\\,e^2)$.",
            r"\varphi(w^+)\ge\varphi(w)\,(1-5.1\,e^2)",
            rests_on=("A0.1", "A0.2", "C3.1", "C3.2"),
        ),
    ]


def step_claims() -> list[Claim]:
    """Return the inequalities for one step and for the sums over all steps, in delta alone."""
    delta, a, e, big = symbols("delta a e E_2")
    over: dict[Any, Any] = {delta: (0, DELTA), a: (None, None), e: (None, None), big: (None, None)}
    near = {
        "a-lower": (a, ">=", 2 - 2 * delta),
        "a-upper": (a, "<=", 2 - delta),
        "radius": (e**2, "<=", delta**2 / 50),
    }
    low = {"E-lower": (big, ">=", -(2 * a - a**2 / 2) - SLACK)}
    high = {"E-upper": (big, "<=", SLACK)}
    above, below = {"above": (e, ">", 0)}, {"below": (e, "<", 0)}
    after = (1 - a) * e + big * e**2
    premise = r"2-2\delta\le a\le2-\delta,\;e^2\le\tfrac{\delta^2}{50},\;"
    return [
        lemma(
            "C4.1",
            "the radius of the induction",
            "With $e^2\\le\\delta^2/50$ and $\\delta\\le\\frac25$, $|e|\\le0.0566$.",
            r"e^2\le\tfrac{\delta^2}{50}\;\Rightarrow\;e^2\le0.0566^2",
            over={delta: (0, DELTA), e: (None, None)},
            where={"radius": (e**2, "<=", delta**2 / 50)},
            then=(e**2, "<=", RADIUS**2),
        ),
        lemma(
            "C4.2",
            "from above the minimum to below",
            "After $e>0$ comes $e^+<0$.",
            premise + r"e>0,\;E_2\le\tfrac14\;\Rightarrow\;e^+<0",
            where={**near, **above, **high},
            then=(after, "<", 0),
            over=over,
        ),
        lemma(
            "C4.3",
            "size of the step from above",
            "After $e>0$ the distance is at most $(1-\\delta)e+(\\frac94-\\frac{\\delta^2}2)e^2$.",
            premise + r"e>0,\;E_2\ge-(2a-\tfrac{a^2}2)-\tfrac14\;\Rightarrow\;"
            r"-e^+\le(1-\delta)\,e+\Bigl(\tfrac94-\tfrac{\delta^2}2\Bigr)e^2",
            where={**near, **above, **low},
            then=(-after, "<=", (1 - delta) * e + (sp.Rational(9, 4) - delta**2 / 2) * e**2),
            over=over,
        ),
        lemma(
            "C4.4",
            "from below the minimum to above",
            "After $e<0$ comes $e^+>0$.",
            premise + r"e<0,\;E_2\ge-(2a-\tfrac{a^2}2)-\tfrac14\;\Rightarrow\;e^+>0",
            where={**near, **below, **low},
            then=(after, ">", 0),
            over=over,
        ),
        lemma(
            "C4.5",
            "size of the step from below",
            "After $e<0$ the distance is at most $(1-\\delta)|e|+\\frac14e^2$.",
            premise + r"e<0,\;E_2\le\tfrac14\;\Rightarrow\;e^+\le(1-\delta)(-e)+\tfrac14e^2",
            where={**near, **below, **high},
            then=(after, "<=", (1 - delta) * (-e) + SLACK * e**2),
            over=over,
        ),
    ]


def growth(delta: Any) -> Any:
    """Return S(delta) = (sqrt 2 / 10) (c- + (1 - delta) c+) / ((2 - delta)(1 - delta))."""
    worst = sp.Rational(9, 4) - delta**2 / 2 + (1 - delta) * SLACK
    return sp.sqrt(2) / 10 * worst / ((2 - delta) * (1 - delta))


def truncated_exponential(s: Any) -> Any:
    """Return 1 + s + s^2/2 + s^3/6 + (s^4/24) / (1 - s/5), an upper bound of exp(s) for 0 <= s < 5."""
    return 1 + s + s**2 / 2 + s**3 / 6 + s**4 / 24 * (5 / (5 - s))


def sum_claims() -> list[Claim]:
    """Return the two inequalities in delta that close the induction."""
    delta = sp.Symbol("delta")
    return [
        lemma(
            "C4.6",
            "the product of all growth factors",
            "The sum $S(\\delta)$ of the relative second-order terms over all steps is so small that the "
            "product of the "
            "factors, at most $\\sum_kS^k/k!$, stays below $\\sqrt2$.",
            r"S=\frac{\sqrt2}{10}\cdot\frac{\frac94-\frac{\delta^2}2+\frac14(1-\delta)}{(2-\delta)(1-\delta)},\qquad "
            r"1+S+\frac{S^2}2+\frac{S^3}6+\frac{S^4}{24}\cdot\frac5{5-S}\le\sqrt2\qquad(0\le\delta\le\tfrac25)",
            over={delta: (0, DELTA)},
            then=(truncated_exponential(growth(delta)), "<=", sp.sqrt(2)),
            method="bisection",
        ),
        lemma(
            "C4.7",
            "the growth is small",
            "The sum $S(\\delta)$ is at most $\\frac12$.",
            r"S(\delta)\le\tfrac12\qquad(0\le\delta\le\tfrac25)",
            over={delta: (0, DELTA)},
            then=(growth(delta), "<=", sp.Rational(1, 2)),
            method="bisection",
        ),
        lemma(
            "C4.8",
            "the edge stays near",
            "The loss of $\\varphi$ summed over all steps keeps $a$ above $2-2\\delta$.",
            r"(2-\delta)\Bigl(1-5.1\cdot\frac{2(\delta/10)^2}{1-(1-\delta)^2}\Bigr)\ge2-2\delta\qquad(0<\delta\le\tfrac25)",
            over={delta: (0, DELTA)},
            where={"positive": (delta, ">", 0)},
            then=(
                (2 - delta) * (1 - DECAY * (delta**2 / 50) / (delta * (2 - delta))),
                ">=",
                2 - 2 * delta,
            ),
        ),
    ]


def near_claims(depth: int | None) -> list[Claim]:
    """Return what is needed of one step near the minimum, at one depth or (None) at every depth."""
    claims = every_depth_graph() if depth is None else remainder_graph(depth)
    more = (
        " If only $|e|\\le0.1461$: $-0.324<t<0.314$ and $E_2\\le\\frac14$; "
        "$E_2\\ge-(2a-\\frac12a^2)(1-q)-\\frac18$ where $e\\ge0$, and $-(2a-\\frac12a^2)-\\frac12\\le E_2\\le"
        "-(2a-\\frac12a^2)(1-q)+\\frac18$ where $e\\le0$, with $q=\\sum\\alpha_i^2$."
    )
    bounds = ("C5", "C2.1", "C2.2", "C2.3", "C2.4", "C2.5") if depth is None else ("C1.2", "C2.1", "C2.2")
    return [
        *claims,
        written(
            "C2",
            "one step near the minimum",
            "If all $w_i>0$, $|e|\\le0.0566$ and $\\frac65\\le a\\le2$, then $|t|<\\frac3{25}$ and "
            f"$-(2a-\\frac12a^2)-\\frac14\\le E_2\\le\\frac14$.{more if depth is None else ''}",
            r"\pi^+-1=(1-a)\,e+E_2\,e^2,\qquad-\Bigl(2a-\frac{a^2}2\Bigr)-\tfrac14\le E_2\le\tfrac14",
            text="C2-every-depth" if depth is None else "C2",
            rests_on=("C0.1", "C0.2", "C1.1", *bounds),
            **scope_of(depth),
        ),
    ]


def convergence_claims(depth: int | None) -> list[Claim]:
    """Return the chain of Theorem C at one depth, or (None) at every depth; it rests on Theorem B's."""
    steps, sums = step_claims(), sum_claims()
    shared = [c.identifier for c in (*steps, *sums)]
    return [
        *near_claims(depth),
        *sharpness_claims(),
        *steps,
        *sums,
        written(
            "C4",
            "induction over the steps",
            "Under the premise of Theorem C, with $e_j=\\pi(w_j)-1$ and $a_j=\\eta\\varphi(w_j)$: for all $k\\ge t$, "
            "$|e_k|\\le\\sqrt2(1-\\delta)^{k-t}|e_t|$ and $2-2\\delta\\le a_k\\le2-\\delta$.",
            r"|e_k|\le\sqrt2\,(1-\delta)^{k-t}\,|e_t|,\qquad 2-2\delta\le a_k\le2-\delta",
            rests_on=("C2", "C3", *shared, "theorem-B"),
            **scope_of(depth),
        ),
        written(
            "theorem-C",
            "convergence to the edge of stability",
            "If $w_t\\in S_\\eta$, $\\varphi(w_t)=(2-\\delta)/\\eta$ with $\\delta\\in(0,0.4]$ and "
            "$L(w_t)\\le\\delta^2/200$, then "
            "for all $k\\ge t$: $L(w_k)\\le2(1-\\delta)^{2(k-t)}L(w_t)$ and $\\varphi(w_k)\\ge2(1-\\delta)/\\eta$.",
            r"L(w_k)\le2\,(1-\delta)^{2(k-t)}\,L(w_t),\qquad\varphi(w_k)\ge\frac{2(1-\delta)}\eta",
            theorem=True,
            rests_on=("C4",),
            source=f"{PAPER}, convergence theorem, with its constants",
            **scope_of(depth),
        ),
    ]
