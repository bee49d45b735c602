"""Theorem V: below the edge |V(pi) - V(1)| falls until pi = 1, V(pi) = q pi + (1 - q) pi^3/3.

The identities of the step (V1), the series in it (V2), its bounds over boxes (V2.1 to V2.11), one step (V3).
"""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.lyapunov_forms import HALF, NearStep, near_step, sum_of_values
from verify.theorems.lyapunov_identities import identity_claims
from verify.theorems.writing import lemma, symbols, written

SPLIT = sp.Rational(11, 20)  # the largest shape: at least so much, or at most
SPREAD = sp.Rational(7417, 10000)  # above sqrt(11/20)
GROWTH = sp.Rational(34, 25)  # |pi - 1| never exceeds so many times its first value; measured: 1.35927...
LATE = sp.Rational(943, 1000)  # below (7/10)/sqrt(11/20)
HIGH = sp.Rational(37, 200)  # log of a bound of the product after a step from far below
XI, T, KAPPA, OMEGA, RHO, O, ALPHA, K = symbols("xi t kappa omega rho o alpha k")
DIVIDED = {
    "V2.1": ("V1.4", "V1.5", "V1.6", "V1.7", "V1.8"),
    "V2.2": ("V1.4", "V1.5", "V1.6", "V1.7", "V1.8"),
    "V2.3": ("V1.4", "V1.5", "V1.6", "V1.7"),
    "V2.4": ("V1.4", "V1.5", "V1.6", "V1.9", "V1.10"),
    "V2.10": ("V1.5", "V1.6", "V1.7", "V1.8"),
}  # the identities by which what a lemma bounds was divided by its zeros
UNIT: dict[Any, Any] = {KAPPA: (0, 1), OMEGA: (0, 1)}
NONE = sp.Integer(0)

_STEP = r"p^2=(1+xt)e^{\xi t},\;x=1-\xi,\;s=t-2p(p-1)"
_PLACED = (
    "For all $b$ and $F$ between the bounds of V2, placed by $\\kappa$ and $\\omega$; at their true values the "
    "expression is the quotient that is displayed. "
)


def series(z: Any) -> Any:
    """Return F between its bounds of V2, for exp(z) = 1 + z + z^2 F and z <= 0, placed by omega."""
    return HALF + z * OMEGA / 6


def mixed(low: Any, high: Any) -> Any:
    """Return the number between two bounds that kappa places."""
    return low + (high - low) * KAPPA


def above_step() -> tuple[Any, NearStep]:
    """Return p and the step from above, for one shape x = 1 - xi and infinitely many small others."""
    p = sp.sqrt((1 + (1 - XI) * T) * sp.exp(XI * T))
    b = mixed(sp.exp(-XI * T / 4) / 6, sp.Rational(1, 6))
    return p, near_step(p, T, XI, NONE, b)


def below_step() -> tuple[Any, Any, NearStep]:
    """Return p, t and the step from below, 1 + t (1 - xi) = o^2, the others as rho shapes xi and many small ones."""
    t = -(1 - O**2) / (1 - XI)
    u = -XI * t
    b = mixed((1 + 5 * RHO) / 6, (1 - RHO) / (6 * (1 - u / 4)) + RHO / (1 - u))
    p = O / sp.sqrt(1 + u + u**2 * ((1 + RHO) * HALF + u * b))
    return p, t, near_step(p, t, XI, RHO, b)


def spread_step() -> NearStep:
    """Return the step from below for shapes of at most 11/20, with x = 1 - xi the root of q."""
    u = -XI * T
    b = mixed(sp.Rational(1, 6) + u / 24, 1 / (6 * (1 - u / 4)))
    p = sp.sqrt((1 + (1 - XI) * T) / (1 + u + u**2 * (HALF + u * b)))
    return near_step(p, T, XI, NONE, b)


def edge_step_claims() -> list[Claim]:
    """Return V2.1 to V2.5 and V2.10, V2.11: one step at the edge, over boxes that hold every shape."""
    p, above = above_step()
    q = (1 - XI) ** 2
    start, shift, below = below_step()
    second = below.second(XI * shift)
    lack = shift**2 * below.curvature(shift, second)
    far = below.far(below.rest(shift, lack, second, series(XI * (shift + 2 * start * (1 - start)))))
    spread = spread_step()
    s = T - 2 * p * (p - 1)
    inside = {"inside": (-(1 - XI) * T, "<=", sp.Rational(7, 10))}
    wide: dict[Any, Any] = {XI: (1 - SPREAD, 1)}
    unit_box: dict[Any, Any] = {XI: (0, 1), T: (0, 3)}
    vertex: dict[Any, Any] = {XI: (0, 1 - SPLIT), RHO: (0, 1)}
    premise = r"0\le\xi,\kappa,\omega\le1,\;0\le t\le3,\;"
    ratio = r"1+\xi e(2Q+\xi e\,Z/e^3)"
    divided = r"\frac{V(p)+V(\tilde p)-2V(1)}{\xi^2e^3}"
    rows: tuple[tuple[str, str, str, str, dict[Any, Any], Any, tuple[Any, str, Any]], ...] = (
        (
            "V2.1", "V after a step from above",
            _PLACED + f"${_STEP}$, $\\tilde p=(1+xs)e^{{\\xi s}}/p$, $q=x^2$, as long as $V(p)\\le2V(1)$.",
            premise + r"V(p)\le2V(1)\;\Rightarrow\;" + divided + ">0",
            {**unit_box, **UNIT},
            {"range": (q * p + (1 - q) * p**3 / 3, "<=", 2 * q + 2 * (1 - q) / 3)},
            (above.near(series(XI * above.after)), ">", 0),
        ),
        (
            "V2.2", "V after a step from below, a large shape, near the minimum",
            _PLACED + "$p^2=(1+yt)(1+\\xi t)^\\rho e^{(1-\\rho)\\xi t}$, $y=1-\\xi$, $1+yt=o^2$, $q=y^2+\\rho\\xi^2$, "
            "$\\tilde p=(1+ys)e^{\\xi s}/p$, $s=t-2p(p-1)$.",
            r"0\le\xi\le\tfrac9{20},\;0\le\rho,\kappa,\omega\le1,\;\tfrac12\le o\le1\;\Rightarrow\;" + divided + ">0",
            {**vertex, O: (HALF, 1), **UNIT}, None, (below.near(series(XI * below.after)), ">", 0),
        ),
        (
            "V2.3", "V after a step from below, a large shape, far from the minimum",
            _PLACED + "As in V2.2, for the other $o$, where $e<0$ need not be divided out.",
            r"0\le\xi\le\tfrac9{20},\;0\le\rho,\kappa,\omega\le1,\;0\le o\le\tfrac12\;\Rightarrow\;"
            r"\frac{V(p)+V(\tilde p)-2V(1)}{\xi^2}<0",
            {**vertex, O: (0, HALF), **UNIT}, None, (far, "<", 0),
        ),
        (
            "V2.4", "V after a step from below, no large shape, near the minimum",
            _PLACED + f"${_STEP}$, and $g=e^s/p$, an upper bound of the product after the step.",
            r"0\le x\le0.7417,\;0\le\kappa,\omega\le1,\;-\tfrac12\le t\le0,\;-xt\le\tfrac7{10}"
            r"\;\Rightarrow\;\frac{V(p)+V(g)-2V(1)}{e^3}>0",
            {**wide, T: (-HALF, 0), **UNIT}, inside, (spread.deep(series(spread.after)), ">", 0),
        ),
        (
            "V2.5", "V after a step from below, no large shape, farther from the minimum",
            "The same without a division, with $p=\\sqrt{1+xt}\\,e^{\\xi t/2}$.",
            r"0\le x\le0.7417,\;-2\le t\le-\tfrac12,\;-xt\le\tfrac7{10}\;\Rightarrow\;V(p)+V(e^s/p)<2V(1)",
            {**wide, T: (-2, -HALF)}, inside, (sum_of_values(p, sp.exp(s) / p, 1 - q), "<", 0),
        ),
        (
            "V2.10", "how far a step from above goes, near the minimum",
            _PLACED + f"${_STEP}$, $\\tilde p=(1+xs)e^{{\\xi s}}/p$, for $p\\le\\frac98$.",
            premise + rf"p\le\tfrac98\;\Rightarrow\;\frac{{1-\tilde p}}e={ratio}\le\tfrac{{34}}{{25}}",
            {**unit_box, **UNIT}, {"near": (p, "<=", sp.Rational(9, 8))},
            (above.overshoot(series(XI * above.after)), "<=", GROWTH),
        ),
        (
            "V2.11", "how far a step from above goes, farther from the minimum",
            "The same for larger $p=\\sqrt{1+xt}\\,e^{\\xi t/2}$, $s=t-2p(p-1)$.",
            r"0\le\xi\le1,\;0\le t\le3,\;\tfrac98\le p\le\tfrac{59}{34}\;\Rightarrow\;"
            r"1-\frac{(1+xs)e^{\xi s}}p\le\tfrac{34}{25}(p-1)",
            unit_box, {"far": (p, ">=", sp.Rational(9, 8)), "range": (p, "<=", 1 + 1 / GROWTH)},
            (1 - (1 + (1 - XI) * s) * sp.exp(XI * s) / p, "<=", GROWTH * (p - 1)),
        ),
    )  # fmt: skip
    return [
        lemma(
            identifier,
            title,
            words,
            formula,
            over=over,
            where=where,
            then=then,
            method="bisection",
            rests_on=DIVIDED.get(identifier, ()),
        )
        for identifier, title, words, formula, over, where, then in rows
    ]


def far_below_claims() -> list[Claim]:
    """Return V2.6 to V2.9: steps from far below the minimum, no shape above 11/20."""
    share, p, g, q = symbols("T p g q")
    lack = 1 - O**2
    middle: dict[Any, Any] = {ALPHA: (sp.Rational(2, 5), SPLIT), K: (0, 1)}
    factors = {
        "others": (K, "<=", sp.exp(-(1 - ALPHA) * lack / (2 * ALPHA))),
        "late": (lack, ">=", LATE * ALPHA),
    }
    reached = ((O + 2 * ALPHA * K * (1 - O * K)) ** 2, "<=", sp.exp(2 * HIGH * ALPHA))
    words = (
        "Per shape $\\alpha$ between $\\frac25$ and $\\frac{11}{20}$: $1+t\\alpha=o^2$, $p=ok$, and "
        "$\\frac{1+s\\alpha}{o}=o+2\\alpha k(1-ok)$."
    )
    given = r"\tfrac25\le\alpha\le\tfrac{11}{20},\;0\le k\le e^{(1-\alpha)t/2},\;t=-\tfrac{1-o^2}\alpha\le-0.943,\;"
    conclusion = r"\bigl(o+2\alpha k(1-ok)\bigr)^2\le e^{0.37\alpha}"
    return [
        lemma(
            "V2.6",
            "small shapes, far below",
            "With $T=|t|\\alpha$; for $t<-2$ the left side is below $-2+\\frac32$.",
            r"-2\le t\le-0.943,\;0\le T\le\min(\tfrac12,-\tfrac25t)\;\Rightarrow\;"
            r"t+\tfrac12\Bigl(1+\frac1{1-T}\Bigr)\le0.37",
            over={share: (0, HALF), T: (-2, -LATE)},
            where={"small": (share, "<=", -sp.Rational(2, 5) * T)},
            then=(T + (1 + 1 / (1 - share)) / 2, "<=", 2 * HIGH),
            method="bisection",
        ),
        lemma(
            "V2.7",
            "small shapes whose factor is below one half",
            "With $1+t\\alpha=o^2$ and $p=ok$.",
            r"0\le o\le0.7072,\;0\le k\le e^{-\frac34(1-o^2)}\;\Rightarrow\;o+\tfrac45k(1-ok)\le1",
            over={O: (0, sp.Rational(7072, 10000)), K: (0, 1)},
            where={"others": (K, "<=", sp.exp(-sp.Rational(3, 4) * lack))},
            then=(O + sp.Rational(4, 5) * K * (1 - O * K), "<=", 1),
            method="bisection",
        ),
        lemma(
            "V2.8",
            "middle shapes, far below",
            words,
            given + r"0\le o\le\tfrac45,\;p\le e^{(t-0.245)/2}\;\Rightarrow\;" + conclusion,
            over={**middle, O: (0, sp.Rational(4, 5))},
            where={**factors, "spread": (O * K, "<=", sp.exp((-lack / ALPHA - sp.Rational(49, 200)) / 2))},
            then=reached,
            method="bisection",
        ),
        lemma(
            "V2.9",
            "V after a step from far below",
            "For the bounds of both products.",
            r"0\le q\le1,\;0\le p\le e^{-0.594},\;0\le g\le e^{0.185}\;\Rightarrow\;V(p)+V(g)<2V(1)",
            over={q: (0, 1), p: (0, 1), g: (0, 2)},
            where={"before": (p, "<=", sp.exp(-sp.Rational(297, 500))), "after": (g, "<=", sp.exp(HIGH))},
            then=(sum_of_values(p, g, 1 - q), "<", 0),
            method="bisection",
        ),
    ]


def lyapunov_claims() -> list[Claim]:
    """Return the chain of Theorem V, for every depth, in order; it rests on those of Theorems A, B and E."""
    identities = identity_claims()
    boxes = sorted([*edge_step_claims(), *far_below_claims()], key=lambda c: int(c.identifier.partition(".")[2]))
    return [
        *identities,
        written(
            "V2",
            "the series of a step",
            "The numbers $b$ and $F$ of V1.7 and V1.8 lie between these bounds, for $R=(1+v)^\\rho e^{(1-\\rho)v}$, "
            "$v=\\xi t$, $0\\le\\rho\\le1$: $F\\in[\\frac12+\\frac z6,\\frac12]$ for $z\\le0$; for $-1<v\\le0$, with "
            "$u=-v$, $b\\in\\bigl[\\frac{1+5\\rho}6,\\frac{1-\\rho}{6(1-u/4)}+\\frac\\rho{1-u}\\bigr]$; for $\\rho=0$, "
            "$b\\in[\\frac16e^{-v/4},\\frac16]$ if $v\\ge0$, and "
            "$b\\in\\bigl[\\frac16+\\frac u{24},\\frac1{6(1-u/4)}\\bigr]$ if $-4<v\\le0$.",
            r"e^z=1+z+z^2F,\qquad\frac1R=1-v+\frac{1+\rho}2v^2-v^3b",
        ),
        *boxes,
        written(
            "V3",
            "one step below the edge",
            "Let $D\\ge2$, $0<a\\le2$, $p\\ne1$ a product on the curve of a shape at which no weight flips, and $p^+$ "
            "the product after a step from it; $q=\\sum\\alpha_i^2$. Then $V(p)+V(p^+)<2V(1)$ for $p<1$, and "
            "$V(p)+V(p^+)>2V(1)$ and $1-p^+\\le\\frac{34}{25}(p-1)$ for $p>1$.",
            r"\bigl(V(p)+V(p^+)-2V(1)\bigr)(p-1)>0,\qquad V(p)=q\,p+\frac{1-q}3p^3",
            rests_on=("A0.1", "A0.2", *(c.identifier for c in identities), "V2", *(c.identifier for c in boxes)),
        ),
        written(
            "theorem-V",
            "a Lyapunov function below the edge",
            "Let $D\\ge2$ and $w_0\\in S_\\eta$ with $\\eta\\varphi(w_0)\\le2$. Let $q=\\sum_i\\alpha_i^2$ for the "
            "shape $\\alpha$ of the gradient-flow solution of $w_0$, and $V(\\pi)=q\\,\\pi+\\frac{1-q}3\\pi^3$. Then "
            "$|V(\\pi(w_k))-V(1)|$ falls in every step until $\\pi=1$. The loss never exceeds $1.85$ times its first "
            "value, and never exceeds its first value at all if $\\pi(w_0)\\le1$.",
            r"|V(\pi_{k+1})-V(1)|\le|V(\pi_k)-V(1)|,\qquad L(w_k)\le1.85\,L(w_0),\qquad"
            r"\pi_0\le1\;\Rightarrow\;L(w_k)\le L(w_0)",
            theorem=True,
            rests_on=("G2", "theorem-B", "theorem-E", "V3"),
        ),
    ]
