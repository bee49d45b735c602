"""Theorem A proved a second time, directly: phi(w+) <= phi(w) by bisection at depth 2 and 3.

These claims use none of the written arguments; they check the chain A1-A7 from outside, away from the places where
phi(w+) = phi(w). Everything that vanishes with the step is divided out first, so no margin is needed at t = 0.
"""

from typing import Any

import sympy as sp

from symbolic.symmetric import elementary_symmetric, horner
from verify.claims import Claim
from verify.theorems.remainder import shape_variables
from verify.theorems.writing import lemma, symbols

MARGINS = {2: (sp.Rational(1, 32), sp.Rational(1, 500)), 3: (sp.Rational(1, 4), sp.Rational(1, 50))}
LARGEST_SHIFT = 1


def _shifted(alphas: tuple[Any, ...], growth: list[Any], size: Any, tau: Any) -> tuple[dict[str, Any], Any]:
    """Return hypotheses "product >= 1, all m_i > 0" and the left side of "sum alpha_i / m_i <= 1", over `size`.

    m_i = 1 + size * d_i with d_i = alpha_i (alpha_i growth_i - tau) are the ratios of the new GFS squares to the
    old ones for the shift tau. Both relations are divided by `size`: sum_k size^(k-1) e_k(d) >= 0, and
    sum alpha_i d_i / m_i >= 0.
    """
    d = [alpha * (alpha * g - tau) for alpha, g in zip(alphas, growth, strict=True)]
    m = [1 + size * di for di in d]
    where: dict[str, Any] = {f"positive{i}": (mi, ">", 0) for i, mi in enumerate(m, start=1)}
    where["product"] = (horner(elementary_symmetric(d)[1:], size), ">=", 0)
    return where, sum(alpha * di / mi for alpha, di, mi in zip(alphas, d, m, strict=True))


def below_minimum(depth: int, margin: Any, spread: Any) -> Claim:
    """Return the claim for pi <= 1: a^2 <= 8 - margin, 1 + t alpha_1 >= margin, shapes with spread."""
    (size, t, tau), (_, alphas, bounds, order) = symbols("K t tau"), shape_variables(depth)
    factors = [1 + t * alpha for alpha in alphas]
    pi = sp.sqrt(sp.Mul(*factors))
    others = [sp.Mul(*(f for k, f in enumerate(factors) if k != i)) for i in range(depth)]
    where, sharper = _shifted(alphas, others, size, tau)
    where |= {"inside": (factors[0], ">=", margin), "edge": (size, "<=", (8 - margin) * (1 - pi) ** 2)}
    return lemma(
        f"D{depth}.below",
        f"one step at depth {depth}, directly, below the minimum",
        f"Theorem A at depth {depth} for $\\pi\\le1$, $a^2\\le8-{margin}$, $1+t\\alpha_1\\ge{margin}$ and shapes with "
        f"$\\sum\\alpha_i^3-(\\sum\\alpha_i^2)^2\\ge{spread}$ (it is 0 where equal shapes share all the weight). With "
        "$K=a^2(1-\\pi)^2$ the squares of the new GFS are $m_iz_i^*$, "
        "$m_i=1+K\\alpha_i(\\alpha_i\\prod_{k\\ne i}(1+t\\alpha_k)-\\tau)$ for the $\\tau$ with $\\prod m_i=1$; "
        "$\\sum\\alpha_i/m_i$ falls in $-\\tau$, so it is enough that it is at most 1 wherever $\\prod m_i\\ge1$.",
        r"\prod_im_i\ge1,\;m_i>0\;\Rightarrow\;\frac{\varphi(w^+)}{\varphi(w)}\le\sum_i\frac{\alpha_i}{m_i}\le1",
        over={**bounds, size: (0, 8), t: (-depth, 0), tau: (0, 1)},
        where={**order, **_spread(alphas, spread), **where},
        then=(sharper, ">=", 0),
        method="bisection",
        scope=f"depth {depth}",
    )


def above_minimum(depth: int, margin: Any, spread: Any) -> Claim:
    """Return the claim for pi > 1: R = rho_1^2 <= 1 - margin, 0 <= t <= LARGEST_SHIFT, shapes with spread."""
    (ratio, t, tau), (_, alphas, bounds, order) = symbols("R t tau"), shape_variables(depth)
    size = ratio * ((1 + t * alphas[0]) / alphas[0]) ** 2
    where, sharper = _shifted(alphas, [1 / (1 + t * alpha) for alpha in alphas], size, tau)
    return lemma(
        f"D{depth}.above",
        f"one step at depth {depth}, directly, above the minimum",
        f"Theorem A at depth {depth} for $\\pi\\ge1$ with $0\\le t\\le{LARGEST_SHIFT}$, "
        f"$\\rho_i^2\\le1-{margin}$ (no sign "
        f"change) and shapes with $\\sum\\alpha_i^3-(\\sum\\alpha_i^2)^2\\ge{spread}$. With $R=\\rho_1^2$ "
        f"(the largest) and "
        "$N=a^2\\pi^2(\\pi-1)^2=R(1+t\\alpha_1)^2/\\alpha_1^2$, $m_i=1+N\\alpha_i(\\alpha_i/(1+t\\alpha_i)-\\tau)$.",
        r"\prod_im_i\ge1,\;m_i>0\;\Rightarrow\;\frac{\varphi(w^+)}{\varphi(w)}\le\sum_i\frac{\alpha_i}{m_i}\le1",
        over={
            **bounds,
            alphas[0]: (sp.Rational(1, depth), 1),
            ratio: (0, 1 - margin),
            t: (0, LARGEST_SHIFT),
            tau: (0, 1),
        },
        where={**order, **_spread(alphas, spread), **where},
        then=(sharper, ">=", 0),
        method="bisection",
        scope=f"depth {depth}",
    )


def _spread(alphas: tuple[Any, ...], least: Any) -> dict[str, Any]:
    cubes, squares = sum(x**3 for x in alphas), sum(x**2 for x in alphas)
    return {"spread": (cubes - squares**2, ">=", least)}


def direct_claims() -> list[Claim]:
    """Return the direct claims at depth 2 and 3."""
    return [make(depth, *MARGINS[depth]) for depth in (2, 3) for make in (below_minimum, above_minimum)]
