"""Theorem E: at or below the edge of stability no step from below the minimum reaches a product where a weight flips.

For a = eta phi <= 2 the second half of the assumption S_eta costs nothing. A point below the minimum has the factors
1 + t alpha_k with t <= 0; x = alpha_1 is the largest shape, s = 1 - x the sum of the others, u = 1 + t x the factor of
the largest, R the product of the other factors, so that pi^2 = u R.
"""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.flip_neighbours import flip_neighbours
from verify.theorems.flips import BALANCED, dominant_bound, flip_claims
from verify.theorems.writing import lemma, symbols, written

HALF, TENTH = sp.Rational(1, 2), sp.Rational(1, 10)


def two_factors(s: Any, p: Any) -> Any:
    """Return p + 2 x (1 - p)(x + s p^2), x = 1 - s: a bound of p (1 - rho_1) for a <= 2."""
    return p + 2 * (1 - s) * (1 - p) * (1 - s + s * p**2)


def factor_claims() -> list[Claim]:
    """Return E1.1 to E1.5: the factors of one step from below the minimum, one at a time, for every depth."""
    a, t, p, x, y, u, s, rest = symbols("a t p x alpha u s R")
    product, sigma, tau = symbols("T sigma tau")
    return [
        lemma(
            "E1.1",
            "the factor of the largest shape",
            "With $p^2=uR$ the part of the step that belongs to the largest shape is free of quotients.",
            r"p^2=uR,\;0\le a\le2\;\Rightarrow\;p\Bigl(1+\frac{a\,x\,p(1-p)}{u}\Bigr)\le p+2xR(1-p)",
            over={a: (0, 2), x: (0, 1), p: (0, 1), u: (None, None), rest: (0, None)},
            where={"inside": (u, ">", 0), "product": (p**2, "=", u * rest)},
            then=(p * (1 + a * x * p * (1 - p) / u), "<=", p + 2 * x * rest * (1 - p)),
            rests_on=("A0.2",),
        ),
        lemma(
            "E1.2",
            "one more factor, against the sum",
            "If $T\\ge0$ and $T(1-\\tau)\\le1$, then one more factor $1+\\sigma$ whose sign of $\\sigma$ is that of "
            "$\\tau$ keeps this, with $\\tau+\\sigma$ in place of $\\tau$: a product of factors $1+\\sigma_k\\ge0$, "
            "all $\\sigma_k$ of one sign, satisfies $\\prod(1+\\sigma_k)\\,(1-\\sum\\sigma_k)\\le1$.",
            r"T\ge0,\;T(1-\tau)\le1,\;\sigma\tau\ge0\;\Rightarrow\;T(1+\sigma)(1-\tau-\sigma)\le1",
            over={product: (0, None), sigma: (None, None), tau: (None, None)},
            where={"sofar": (product * (1 - tau), "<=", 1), "sign": (sigma * tau, ">=", 0)},
            then=(product * (1 + sigma) * (1 - tau - sigma), "<=", 1),
        ),
        lemma(
            "E1.3",
            "the factors of the other shapes, together",
            "The product $R$ of the factors of the other shapes, whose sum is $s=1-x$, against $p$ alone.",
            r"R(1-ts)\le1,\;u=1+tx,\;p^2=uR,\;x+s=1\;\Rightarrow\;R\le x+s\,p^2",
            over={t: (None, None), x: (0, 1), p: (0, 1), rest: (0, None)},
            where={
                "sum": (rest * (1 - t * (1 - x)), "<=", 1),
                "product": (p**2, "=", (1 + t * x) * rest),
            },
            then=(rest, "<=", x + (1 - x) * p**2),
            rests_on=("E1.2",),
        ),
        lemma(
            "E1.4",
            "no other factor is below p",
            "Every factor but that of the largest shape is at least $p$. Here $T$ is the product of the factors "
            "besides these two.",
            r"0\le\alpha\le x,\;t\le0,\;1+tx>0,\;p^2=(1+tx)(1+t\alpha)T,\;0\le T\le1\;\Rightarrow\;p\le1+t\alpha",
            over={t: (None, 0), x: (None, None), y: (0, None), p: (0, 1), product: (0, 1)},
            where={
                "inside": (1 + t * x, ">", 0),
                "largest": (y, "<=", x),
                "product": (p**2, "=", (1 + t * x) * (1 + t * y) * product),
            },
            then=(p, "<=", 1 + t * y),
            rests_on=("A2.2",),
        ),
        lemma(
            "E1.5",
            "a factor of a small shape",
            "If the other shapes have the sum $s$, each of their factors is at least $1-\\frac sx(1-p^2)$.",
            r"0\le\alpha\le s,\;p^2=(1+tx)R,\;0\le R\le1\;\Rightarrow\;x-s+s\,p^2\le x\,(1+t\alpha)",
            over={t: (None, 0), x: (0, 1), y: (0, None), s: (0, None), p: (0, 1), rest: (0, 1)},
            where={"inside": (1 + t * x, ">", 0), "part": (y, "<=", s), "product": (p**2, "=", (1 + t * x) * rest)},
            then=(x - s + s * p**2, "<=", x * (1 + t * y)),
            rests_on=("A2.2",),
        ),
    ]


def bound_claims() -> list[Claim]:
    """Return E2.1 to E2.4: the products after a step from below the minimum, in two or three variables."""
    s, p, q = symbols("s p q")
    x, bound = 1 - s, dominant_bound(s)
    ratio = {"ratio": (q * (x - s + s * p**2), "<=", p * x)}
    return [
        lemma(
            "E2.1",
            "no shape above one half",
            "Where the largest shape is at most $\\frac12$, no product after the step reaches $\\frac32$.",
            r"\tfrac12\le s\le1\;\Rightarrow\;\bigl(p+2x(1-p)(x+sp^2)\bigr)\,e^{2s(1-p)}<\tfrac32\qquad(x=1-s)",
            over={s: (HALF, 1), p: (0, 1)},
            then=(two_factors(s, p) * sp.exp(2 * s * (1 - p)), "<", BALANCED),
            method="bisection",
        ),
        lemma(
            "E2.2",
            "a largest shape from 1/2 to 9/10",
            "Where the largest shape is $x=1-s\\in[\\frac12,\\frac9{10}]$, no product after the step reaches "
            "$2x^2+5s^2$. Here $q\\le1$ with $q(x-s+sp^2)\\le px$ bounds $p$ over any factor of the other shapes.",
            r"q(x-s+sp^2)\le px\;\Rightarrow\;\bigl(p+2x(1-p)(x+sp^2)\bigr)\,e^{2s(1-p)q}<2x^2+5s^2",
            over={s: (TENTH, HALF), p: (0, 1), q: (0, 1)},
            where=ratio,
            then=(two_factors(s, p) * sp.exp(2 * s * (1 - p) * q), "<", bound),
            method="bisection",
        ),
        lemma(
            "E2.3",
            "a largest shape above 9/10: the ratio",
            "For $s\\le\\frac1{10}$ the $q$ of E2.2 is at most $\\frac98p$.",
            r"s\le\tfrac1{10},\;q(x-s+sp^2)\le px\;\Rightarrow\;8q\le9p",
            over={s: (0, TENTH), p: (0, 1), q: (0, 1)},
            where=ratio,
            then=(8 * q, "<=", 9 * p),
        ),
        lemma(
            "E2.4",
            "a largest shape above 9/10",
            "For $s\\le\\frac1{10}$, where E2.3 holds: with $e^{-B}\\ge1-B>0$ for $B=2s(1-p)q$, no product after the "
            "step exceeds $2x^2+5s^2$.",
            r"s\le\tfrac1{10},\;8q\le9p\;\Rightarrow\;p+2x(1-p)(x+sp^2)\le(2x^2+5s^2)\bigl(1-2s(1-p)q\bigr)",
            over={s: (0, TENTH), p: (0, 1), q: (0, 1)},
            where={"ratio": (8 * q, "<=", 9 * p)},
            then=(two_factors(s, p), "<=", bound * (1 - 2 * s * (1 - p) * q)),
            rests_on=("E2.3",),
        ),
    ]


def stability_claims_every_depth() -> list[Claim]:
    """Return the chain of Theorem E, for every depth, in order."""
    factors, bounds, flips = factor_claims(), bound_claims(), flip_claims()
    return [
        *factors,
        *bounds,
        *flips,
        written(
            "E2",
            "the products after a step from below the minimum",
            "For $0<a\\le2$, a shape with largest entry $x=1-s<1$ and $0<p\\le1$, the product $g(p)$ after one step "
            "from the point of the curve with product $p$ is at most $\\hat G$: $\\frac32$ for $x\\le\\frac12$, "
            "$2x^2+5s^2$ for $x>\\frac12$.",
            r"g(p)=p\prod_k\Bigl(1+\frac{a\,\alpha_k\,p(1-p)}{1+t\alpha_k}\Bigr)\le\hat G(x)",
            rests_on=("A0.1", "A0.2", "A2.2", *(c.identifier for c in (*factors, *bounds)), "E3.6"),
        ),
        written(
            "E3",
            "no weight flips up to the bound",
            "For $0<a\\le2$ and a shape with largest entry $x<1$, every $\\rho_k$ is below 1 at every product "
            "$p\\in[1,\\hat G(x)]$, with the bound $\\hat G$ of E2.",
            r"\hat G(x)<p_{\mathrm{flip}}",
            rests_on=("A0.1", "A0.2", "E1.2", *(c.identifier for c in flips)),
        ),
        written(
            "theorem-E",
            "below the edge, the assumption only asks that no weight has flipped",
            "Let $D\\ge2$ and $0<\\eta\\varphi(w)\\le2$, all weights nonzero and $\\pi(w)>0$. Then one step from any "
            "point of the curve of $w$ with product at most 1 leads to a product of at most "
            "$\\hat G<p_{\\mathrm{flip}}$, where $p_{\\mathrm{flip}}>1$ is the smallest product at which a weight of "
            "the curve becomes 0 in a step. "
            "Hence $w\\in S_\\eta$ exactly when $\\pi(w)<p_{\\mathrm{flip}}$; in particular whenever $\\pi(w)\\le1$.",
            r"\sup_{0<p\le1}g(p)\le\hat G<p_{\mathrm{flip}},\qquad w\in S_\eta\iff\pi(w)<p_{\mathrm{flip}}",
            theorem=True,
            rests_on=("E2", "E3"),
        ),
    ]


def stability_claims(depth: int | None) -> list[Claim]:
    """Return the claims that stand beside Theorem E: direct checks at depth 2, and false neighbours.

    They are the same for every depth (None: every depth at once). Raises ValueError for a depth below 2.
    """
    if depth is not None and depth < 2:
        raise ValueError(f"depth {depth} is not supported: give at least 2")
    return flip_neighbours()
