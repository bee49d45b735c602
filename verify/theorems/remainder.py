"""Claims about the remainder E2 of one step: the exact identity, and its bounds near the minimum."""

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symbolic.remainder import regular_factor, step_tail, weighted_rate
from verify.claims import Claim
from verify.encode import make_statement, term_text
from verify.kernel.statements import Statement
from verify.theorems.writing import lemma, symbols

RADIUS = sp.Rational(283, 5000)  # |e| <= sqrt(2) delta / 10 <= 0.0566 for delta <= 2/5
SHIFT = sp.Rational(3, 25)
LOWEST_A, HIGHEST_A = sp.Rational(6, 5), sp.Integer(2)
SLACK = sp.Rational(1, 4)


def remainder_value(alphas: Sequence[Any], rates: Sequence[Any], a: Any, t: Any, pi: Any, e: Any) -> Any:
    """Return E2 from x_i = alpha_i / (1 + t alpha_i) (`rates`), pi and e = pi - 1; beta_i = a pi x_i is factored out.

    E2 = a (pi + 1) (pi^2 G / h - 1) + a^2 pi^3 (e_2(x) - (a pi e) e_3(x) + ...), G = sum_i alpha_i x_i.
    """
    scale = a * pi
    drift = a * pi**2 * ((pi + 1) * weighted_rate(alphas, rates) / regular_factor(alphas, t)) - a * (pi + 1)
    return drift + pi * scale**2 * step_tail(rates, e * scale)


def shape_variables(depth: int) -> tuple[tuple[Any, ...], tuple[Any, ...], dict[Any, Any], dict[str, Any]]:
    """Return free shape symbols, all D shapes (the last is 1 minus the rest), bounds, and the order hypotheses.

    Shapes are labelled in falling order, so alpha_k <= 1/k.
    """
    free = sp.symbols(f"alpha1:{depth}")
    alphas = (*free, 1 - sp.Add(*free))
    bounds = {alpha: (0, sp.Rational(1, k)) for k, alpha in enumerate(free, start=1)}
    order = {f"order{k}": (alphas[k - 1], ">=", alphas[k]) for k in range(1, depth)}
    return free, alphas, bounds, {**order, "last": (alphas[-1], ">=", 0)}


def regular_remainder(alphas: Sequence[Any], a: Any, t: Any) -> Any:
    """Return E2 as a function of (alpha, a, t) alone, regular at t = 0: pi^2 = 1 + t h and e = t h / (pi + 1)."""
    h = regular_factor(alphas, t)
    pi = sp.sqrt(1 + t * h)
    rates = [alpha / (1 + t * alpha) for alpha in alphas]
    return remainder_value(alphas, rates, a, t, pi, t * h / (pi + 1))


def remainder_identity(depth: int) -> Claim:
    """Return claim C1: pi+ - 1 = (1 - a) e + E2 e^2, an identity on the shapes, with its multipliers."""
    alphas, rates = sp.symbols(f"alpha1:{depth + 1}"), sp.symbols(f"x1:{depth + 1}")
    a, t, e = sp.symbols("a t e")
    pi, h, g = 1 + e, regular_factor(alphas, t), weighted_rate(alphas, rates)
    after = pi * sp.Mul(*(1 - a * pi * x * e for x in rates)) - 1
    before = (1 - a) * e + remainder_value(alphas, rates, a, t, pi, e) * e**2
    hypotheses: dict[str, Any] = {
        f"rate{k}": (x * (1 + t * alpha), "=", alpha)
        for k, (alpha, x) in enumerate(zip(alphas, rates, strict=True), start=1)
    }
    hypotheses["simplex"] = (sp.Add(*alphas), "=", 1)
    hypotheses["product"] = (sp.Mul(*(1 + t * alpha for alpha in alphas)), "=", pi**2)
    hypotheses["regular"] = (h, ">", 0)
    statement = make_statement(
        dict.fromkeys((*alphas, *rates, a, t, e), (None, None)), (after, "=", before), hypotheses
    )
    multipliers = {f"rate{k}": -a * pi**2 * e * h for k in range(1, depth + 1)}
    multipliers |= {"simplex": -a * pi**2 * e * (h + t * g), "product": a * pi**2 * e * g}
    proof = {
        "rule": "combination",
        "denominators": [[{"coefficient": "1", "facts": ["regular"]}]],
        "multiplier": [{"coefficient": "1", "facts": ["regular"]}],
        "equalities": [{"fact": name, "multiplier": term_text(m)} for name, m in multipliers.items()],
    }
    return Claim(
        "C1.1",
        "one step, exactly",
        f"One step at depth {depth} has the linear part $1-a$ and the remainder $E_2$, regular at the minimum. The "
        "statement has $x_i=\\alpha_i/(1+t\\alpha_i)$ and $\\pi=1+e$; "
        "$h=1+e_2(\\alpha)t+e_3(\\alpha)t^2+\\dots$, $G=\\sum\\alpha_ix_i$.",
        r"\pi^+-1=(1-a)\,e+E_2\,e^2,\qquad E_2=a(\pi+1)\Bigl(\frac{\pi^2G}{h}-1\Bigr)"
        r"+a^2\pi^3\bigl(e_2(x)-(a\pi e)\,e_3(x)+(a\pi e)^2e_4(x)-\dots\bigr)",
        scope=f"depth {depth}",
        varies=True,
        statement=statement,
        method="given",
        proof=proof,
        rests_on=("A0.1", "A0.2"),
    )


def product_identity(depth: int) -> Claim:
    """Return claim C1.2: pi^2 - 1 = t h on the shapes, so that e = t h / (pi + 1)."""
    alphas, t = sp.symbols(f"alpha1:{depth + 1}"), sp.Symbol("t")
    h = regular_factor(alphas, t)
    statement = make_statement(
        dict.fromkeys((*alphas, t), (None, None)),
        (sp.Mul(*(1 + t * alpha for alpha in alphas)) - 1, "=", t * h),
        {"simplex": (sp.Add(*alphas), "=", 1)},
    )
    return Claim(
        "C1.2",
        "product and common shift",
        "On the shapes $\\pi^2-1=t\\,h$, hence $e=\\pi-1=t\\,h/(\\pi+1)$.",
        r"\prod_i(1+t\alpha_i)-1=t\,\bigl(1+e_2(\alpha)\,t+e_3(\alpha)\,t^2+\dots\bigr)",
        scope=f"depth {depth}",
        varies=True,
        statement=statement,
        method="given",
        proof={"rule": "combination", "equalities": [{"fact": "simplex", "multiplier": "t"}]},
    )


def _remainder_domain(depth: int) -> tuple[Any, Any, dict[Any, Any], dict[str, Any]]:
    """Return E2, a, and the domain of its bounds: all shapes (in falling order), a in [6/5, 2], |t| <= 3/25."""
    (a, t), (_, alphas, bounds, order) = symbols("a t"), shape_variables(depth)
    over = {**bounds, a: (LOWEST_A, HIGHEST_A), t: (-SHIFT, SHIFT)}
    return regular_remainder(alphas, a, t), a, over, order


def upper_bound_statement(depth: int, bound: Any) -> Statement:
    """Return the statement E2 <= bound on the domain of C2.1."""
    value, _, over, order = _remainder_domain(depth)
    return make_statement(over, (value, "<=", bound), order)


def remainder_bounds(depth: int) -> list[Claim]:
    """Return claims C2.1 and C2.2: the bounds of E2 for all shapes, a in [6/5, 2], |t| <= 3/25."""
    value, a, over, order = _remainder_domain(depth)
    domain = (
        r"\alpha_1\ge\dots\ge\alpha_D\ge0,\;\sum\alpha_i=1,\; a\in[\tfrac65,2],\;|t|\le\tfrac3{25}"
        r"\;\Rightarrow\;"
    )
    shared: dict[str, Any] = {
        "over": over,
        "where": order,
        "method": "bisection",
        "scope": f"depth {depth}",
        "varies": True,
    }
    words = (
        f"Near the minimum the remainder at depth {depth} is {{}}, for every shape (labelled so that $\\alpha$ falls)."
    )
    return [
        lemma(
            "C2.1",
            "upper bound of the remainder",
            words.format("at most $\\frac14$"),
            domain + r"E_2\le\tfrac14",
            then=(value, "<=", SLACK),
            rests_on=("C1.1", "C1.2"),
            **shared,
        ),
        lemma(
            "C2.2",
            "lower bound of the remainder",
            words.format("at least $-(2a-\\frac12a^2)-\\frac14$"),
            domain + r"E_2\ge-\Bigl(2a-\frac{a^2}2\Bigr)-\tfrac14",
            then=(value, ">=", -(2 * a - a**2 / 2) - SLACK),
            rests_on=("C1.1", "C1.2"),
            **shared,
        ),
    ]


def positive_shift_claim() -> Claim:
    """Return claim C0.1, for every depth: t >= 0.12 implies e > 0.0566."""
    p, t, total, alpha = symbols("P t S alpha")
    return lemma(
        "C0.1",
        "a large positive shift is far from the minimum",
        "For $t\\ge\\frac3{25}$: $\\pi^2\\ge1+t>(1+0.0566)^2$. The statement joins one more factor "
        "$1+t\\alpha$ to a "
        "product $P\\ge1+tS$, where $S$ is the sum of the shapes already in it.",
        r"P\ge1+tS\;\Rightarrow\;P(1+t\alpha)\ge1+t(S+\alpha)\qquad(t,S,\alpha\ge0)",
        over={**dict.fromkeys((t, total, alpha), (0, None)), p: (None, None)},
        where={"so-far": (p, ">=", 1 + t * total)},
        then=(p * (1 + t * alpha), ">=", 1 + t * (total + alpha)),
    )


def negative_shift_claim(depth: int) -> Claim:
    """Return claim C0.2: t <= -0.12 implies e < -0.0566."""
    (t,), (_, alphas, bounds, order) = symbols("t"), shape_variables(depth)
    return lemma(
        "C0.2",
        "a large negative shift is far from the minimum",
        "For $t\\le-\\frac3{25}$ with all $1+t\\alpha_i>0$: $\\pi^2<(1-0.0566)^2$.",
        r"t\le-\tfrac3{25}\;\Rightarrow\;\prod_i(1+t\alpha_i)<\bigl(1-\tfrac{283}{5000}\bigr)^2",
        over={**bounds, t: (-depth, -SHIFT)},
        where={**order, "inside": (1 + t * alphas[0], ">", 0)},
        then=(sp.Mul(*(1 + t * alpha for alpha in alphas)), "<", (1 - RADIUS) ** 2),
        method="bisection",
        scope=f"depth {depth}",
        varies=True,
    )


def remainder_graph(depth: int) -> list[Claim]:
    """Return the claims about one step near the minimum at one depth."""
    return [
        positive_shift_claim(),
        negative_shift_claim(depth),
        remainder_identity(depth),
        product_identity(depth),
        *remainder_bounds(depth),
    ]
