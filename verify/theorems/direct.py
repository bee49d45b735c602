"""Theorem A proved a second time, directly, at depth 2 and 3: these claims use none of the written arguments.

At depth 2 algebra proves all of it (D2.1 to D2.3). At depth 2 and 3 bisection proves phi(w+) <= phi(w) in shape
coordinates, on a part of the domain that keeps away from the places where the two are equal (arguments/D.md says how
this reduces to Theorem A). Everything that vanishes with the step is divided out first: no margin is needed at t = 0.
"""

from typing import Any

import sympy as sp

from symbolic.symmetric import elementary_symmetric, horner
from verify.claims import Claim
from verify.encode import term_text
from verify.theorems.remainder import shape_variables
from verify.theorems.writing import lemma, symbols, written

MARGINS = {2: (sp.Rational(1, 64), sp.Rational(1, 1000)), 3: (sp.Rational(1, 8), sp.Rational(1, 50))}
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
        "by [D](#D), Theorem A asks that $\\sum\\alpha_i/m_i\\le1$ there, and it is enough that this "
        "holds wherever all $m_i>0$ and "
        "$\\prod m_i\\ge1$.",
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


def depth_two_sharpness() -> Claim:
    """Return the claim that phi^2 = b^2 + 4 at depth 2, b the balance."""
    p, q, b = symbols("z_1 z_2 b")
    return lemma(
        "D2.1",
        "sharpness and balance at depth 2",
        "At depth 2 the GFS sharpness is a function of the balance $b=z_1^*-z_2^*$ alone, and grows with $|b|$.",
        r"z_1^*z_2^*=1,\;b=z_1^*-z_2^*\;\Rightarrow\;\varphi^2=\Bigl(\frac1{z_1^*}+\frac1{z_2^*}\Bigr)^2=b^2+4",
        over=(p, q, b),
        where={
            "positive1": (p, ">", 0),
            "positive2": (q, ">", 0),
            "minimum": (p * q, "=", 1),
            "balance": (b, "=", p - q),
        },
        then=((1 / p + 1 / q) ** 2, "=", b**2 + 4),
        scope="depth 2",
    )


def _weights_step() -> tuple[tuple[Any, ...], Any, Any, tuple[Any, Any]]:
    """Return the symbols w_1, w_2, eta, the balance, s = eta (pi - 1), and the weights after a step at depth 2."""
    w1, w2, eta = symbols("w_1 w_2 eta")
    s = eta * (w1 * w2 - 1)
    return (w1, w2, eta), w1**2 - w2**2, s, (w1 - s * w2, w2 - s * w1)


def _squares(parts: list[tuple[str, list[str], Any]]) -> list[dict[str, Any]]:
    """Return summands of a combination from (coefficient, facts, square)."""
    return [{"coefficient": c, "facts": facts, "square": term_text(square)} for c, facts, square in parts]


def depth_two_below(identifier: str, title: str, words: str, limit: Any, **options: Any) -> Claim:
    """Return Theorem A at depth 2 for pi <= 1 and (eta phi)^2 <= limit, in the weights: |b| does not grow.

    b^2 - (b+)^2 = b^2 kappa (2 - kappa) with kappa = s^2, s = eta (pi - 1).
    """
    (w1, w2, eta), b, _, (after1, after2) = _weights_step()
    return lemma(
        identifier,
        title,
        words,
        rf"w_1w_2\le1,\;\eta^2(b^2+4)\le{limit}\;\Rightarrow\;(b^+)^2\le b^2\qquad(b=w_1^2-w_2^2)",
        over={w1: (None, None), w2: (None, None), eta: (0, None)},
        where={
            "w_1-positive": (w1, ">", 0),
            "w_2-positive": (w2, ">", 0),
            "below": (w1 * w2, "<=", 1),
            "edge": (eta**2 * (b**2 + 4), "<=", limit),
        },
        then=((after1**2 - after2**2) ** 2, "<=", b**2),
        scope="depth 2",
        **options,
    )


def _depth_two_below_proof() -> dict[str, Any]:
    """With t = b s, b^2 - (b+)^2 = t^2 (8 - eta^2 (b^2 + 4)) / 4 + (t eta b)^2 / 4 + (t eta)^2 pi (1 + (1 - pi))."""
    (_, _, eta), b, s, _ = _weights_step()
    weights = ["w_1-positive", "w_2-positive"]
    parts = [("1/4", ["edge"], b * s), ("1/4", [], b * s * eta * b), ("1", weights, b * s * eta)]
    return {"rule": "combination", "sum": _squares([*parts, ("1", [*weights, "below"], b * s * eta)])}


def depth_two_above() -> Claim:
    """Return Theorem A at depth 2 for pi >= 1 without sign change, in the weights.

    w_1 (b^2 - (b+)^2) = (b s)^2 (w_1 + w_1 (1 - s^2)), and w_1 (1 - s^2) = w_1^+ + s w_2^+.
    """
    (w1, w2, eta), b, s, (after1, after2) = _weights_step()
    parts: list[tuple[str, list[str], Any]] = [
        ("1", ["w_1-positive"], b * s),
        ("1", ["sign1"], b * s),
        ("1", ["eta.lower", "above", "sign2"], b * s),
    ]
    return lemma(
        "D2.3",
        "Theorem A at depth 2, above the minimum",
        "Theorem A at depth 2 for $w_1w_2\\ge1$ when every weight keeps its sign: $|b|$ does not grow.",
        r"w_1w_2\ge1,\;w_1^+>0,\;w_2^+>0\;\Rightarrow\;(b^+)^2\le b^2",
        over={w1: (None, None), w2: (None, None), eta: (0, None)},
        where={
            "w_1-positive": (w1, ">", 0),
            "w_2-positive": (w2, ">", 0),
            "above": (w1 * w2, ">=", 1),
            "sign1": (after1, ">", 0),
            "sign2": (after2, ">", 0),
        },
        then=((after1**2 - after2**2) ** 2, "<=", b**2),
        scope="depth 2",
        method="given",
        proof={
            "rule": "combination",
            "multiplier": [{"coefficient": "1", "facts": ["w_1-positive"]}],
            "sum": _squares(parts),
        },
        rests_on=("D2.1",),
    )


def direct_claims() -> list[Claim]:
    """Return the direct claims at depth 2 and 3."""
    below = depth_two_below(
        "D2.2",
        "Theorem A at depth 2, below the minimum",
        "Theorem A at depth 2 below the minimum, in the weights themselves: as $\\varphi^2=b^2+4$, it says that $|b|$ "
        "does not grow.",
        8,
        method="given",
        proof=_depth_two_below_proof(),
        rests_on=("D2.1",),
    )
    by_boxes = [make(depth, *MARGINS[depth]) for depth in (2, 3) for make in (below_minimum, above_minimum)]
    claims = [depth_two_sharpness(), below, depth_two_above(), *by_boxes]
    reduction = written(
        "D",
        "Theorem A directly, at depth 2 and on part of depth 3",
        "D2.1 to D2.3 are Theorem A at depth 2. D2.below to D3.above are the inequality to which it reduces in shape "
        "coordinates, at depth 2 and 3, on the part of the domain that each names.",
        r"\frac{\varphi(w^+)}{\varphi(w)}=\sum_i\frac{\alpha_i}{m_i}\quad\text{for the }\tau\text{ with "
        r"}\prod_im_i=1,\;m_i>0",
        scope="depth 2 and 3",
        rests_on=("A0.1", "A0.2", *(c.identifier for c in claims)),
    )
    return [*claims, reduction]
