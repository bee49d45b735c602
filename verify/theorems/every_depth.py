"""One step near the minimum for every depth at once: the remainder E2 and its bounds, in terms of moments."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.encode import make_statement, term_text
from verify.kernel.statements import Statement
from verify.theorems.moments import HIGHEST_SHIFT, LOWEST_SHIFT, A, Moments, R, T, moment_claims
from verify.theorems.remainder import HIGHEST_A, LOWEST_A, SHIFT, SLACK, positive_shift_claim
from verify.theorems.writing import lemma, symbols

SHARP = sp.Rational(1, 8)
LOWER = -(2 * A - A**2 / 2)


def moment_domain(lower: Any = LOWEST_SHIFT, upper: Any = HIGHEST_SHIFT) -> dict[Any, Any]:
    """Return the bounds of all variables, with t between two numbers (the widest are -0.324 and 0.314)."""
    return {A: (LOWEST_A, HIGHEST_A), T: (lower, upper), **Moments().over}


def moment_upper_bound(bound: Any) -> Statement:
    """Return the statement E2 <= bound on the domain of C2.1."""
    return make_statement(moment_domain(), (Moments().remainder(), "<=", bound))


def negative_shift_claim() -> Claim:
    """Return claim C0.2 for every depth: how one more factor keeps the product below a polynomial."""
    p, total, alpha, t, c = symbols("P S alpha t c")

    def bound(s: Any) -> Any:
        return 1 - c * s + c**2 * s**2 / 2

    return lemma(
        "C0.2",
        "a large negative shift is far from the minimum",
        "For $t\\le-c\\le0$ with all $1+t\\alpha_i>0$: $\\pi^2\\le1-c+\\frac12c^2$. The statement joins one more "
        "factor $1+t\\alpha$ to a product $P\\le E(S)$, where $S$ is the sum of the shapes already in it.",
        r"0\le P\le E(S),\;1+t\alpha\ge0\;\Rightarrow\;P(1+t\alpha)\le E(S+\alpha),\qquad "
        r"E(s)=1-cs+\tfrac12(cs)^2\qquad(t\le-c\le0;\;S,\alpha\ge0)",
        over={p: (0, None), total: (0, None), alpha: (0, None), t: (None, None), c: (0, None)},
        where={"so-far": (p, "<=", bound(total)), "shift": (t, "<=", -c), "inside": (1 + t * alpha, ">=", 0)},
        then=(p * (1 + t * alpha), "<=", bound(total + alpha)),
        method="given",
        proof={
            "rule": "combination",
            "denominators": [[{"coefficient": "2", "facts": []}]],
            "sum": [
                {"coefficient": "1", "facts": ["so-far", "inside"]},
                {"coefficient": "1/2", "facts": ["shift", "alpha.lower"]},
                {"coefficient": "1/2", "facts": ["shift", "alpha.lower"], "square": term_text(1 - c * total)},
                {"coefficient": "1/2", "facts": [], "square": term_text(c * alpha)},
                {"coefficient": "1/2", "facts": ["c.lower", "alpha.lower"], "square": term_text(c * total)},
            ],
        },
    )


def step_identity() -> Claim:
    """Return claim C1.1 for every depth: one step, with the sums over the weights as given numbers."""
    a, e, t, h, g, first, tail = symbols("a e t h G p_1 W")
    pi = 1 + e
    rate = a * pi * e
    remainder = a * (pi + 1) * (pi**2 * g / h - 1) + a**2 * pi**3 * tail
    return lemma(
        "C1.1",
        "one step, exactly",
        "One step has the linear part $1-a$ and the remainder $E_2$. With $x_i=\\alpha_i/(1+t\\alpha_i)$: "
        "$p_1=\\sum x_i=1-tG$, $G=\\sum\\alpha_ix_i$, and $W=e_2(x)-(a\\pi e)e_3(x)+\\dots$, so that "
        "$\\pi^+=\\pi\\prod(1-a\\pi e\\,x_i)=\\pi(1-a\\pi e\\,p_1+(a\\pi e)^2W)$.",
        r"\pi\bigl(1-a\pi e\,p_1+(a\pi e)^2W\bigr)-1=(1-a)\,e+E_2\,e^2,\qquad "
        r"E_2=a(\pi+1)\Bigl(\frac{\pi^2G}h-1\Bigr)+a^2\pi^3W",
        over=(a, e, t, h, g, first, tail),
        where={
            "product": (e * (e + 2), "=", t * h),
            "rates": (first, "=", 1 - t * g),
            "regular": (h, ">", 0),
        },
        then=(pi * (1 - rate * first + rate**2 * tail) - 1, "=", (1 - a) * e + remainder * e**2),
        rests_on=("A0.1", "A0.2"),
    )


def moment_bounds() -> list[Claim]:
    """Return claims C2.1 to C2.5: the bounds of E2, and closer ones above and below the minimum."""
    words = (
        "The remainder of C1.1 in terms of the numbers of C5 is {}: $G=q-tm+t^2s$, $p_1=1-tG$, $p_2=q-2tm+t^2sv$, "
        "$W=\\frac12(p_1^2-p_2)(1-a\\pi e\\,p_1\\tau)$, $h=1+(1-q)(\\frac t2+t^2\\rho)$, $\\pi^2=1+th$, "
        "$e=th/(\\pi+1)$, with $q=r^2$, $n=r(r+(1-r)\\mu)$, $m=qn$, "
        "$s=m\\,\\frac{{n+(r-n)\\lambda}}{{1+t(n+(r-n)\\kappa)}}$ and $v=2+\\frac1{{1+tr\\nu}}$."
    )
    domain = (
        r"r,\mu,\lambda,\kappa,\nu\in[0,1],\;\rho\in[0,\tfrac5{27}],\;\tau\in[0,\tfrac{10}{27}],\;"
        r"a\in[\tfrac65,2],\;"
    )
    edge = r"-\Bigl(2a-\frac{a^2}2\Bigr)"
    low, shaped, high = (LOWER, edge), (LOWER * (1 - R**2), edge + "(1-q)"), (sp.Integer(0), "")
    near, up, down = (-SHIFT, SHIFT), (0, HIGHEST_SHIFT), (LOWEST_SHIFT, 0)
    where_up, where_down = r"0\le t\le0.314", r"-0.324\le t\le0"
    rows = (
        ("C2.1", "upper bound of the remainder", "<=", high, SLACK, (down[0], up[1]), r"-0.324\le t\le0.314"),
        ("C2.2", "lower bound of the remainder", ">=", low, -SLACK, near, r"|t|\le0.12"),
        ("C2.3", "lower bound above the minimum", ">=", shaped, -SHARP, up, where_up),
        ("C2.4", "upper bound below the minimum", "<=", shaped, SHARP, down, where_down),
        ("C2.5", "lower bound below the minimum", ">=", low, -2 * SLACK, down, where_down),
    )
    found = []
    for identifier, title, comparison, (bound, text), slack, range_, where in rows:
        sign = "-" if slack < 0 else "+" if text else ""
        size = rf"{text}{sign}\tfrac1{{{abs(1 / slack)}}}"
        formula = (r"E_2\le" if comparison == "<=" else r"E_2\ge") + size
        found.append(
            lemma(
                identifier,
                title,
                words.format(f"at {'most' if comparison == '<=' else 'least'} ${size}$"),
                domain + where + r"\;\Rightarrow\;" + formula,
                over=moment_domain(*range_),
                then=(Moments().remainder(), comparison, bound + slack),
                method="bisection",
                rests_on=("C1.1",),
            )
        )
    return found


def every_depth_graph() -> list[Claim]:
    """Return the claims about one step near the minimum for every depth."""
    return [positive_shift_claim(), negative_shift_claim(), step_identity(), *moment_claims(), *moment_bounds()]
