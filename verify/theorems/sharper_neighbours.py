"""False neighbours of the sharper Theorem C: equal weights at great depth, just past its radii."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.writing import lemma, symbols

DEPTH = 128
TOP = sp.Rational(10012, 10000)  # no weight exceeds it; TOP**128 > 1.16
FASTEST = sp.Rational(8, 5)  # 2 - delta at delta = 2/5


def _less_one(x: Any, half: int) -> Any:
    """Return x^(2 half) - 1 as a product: the kernel's terms have exponents up to 64."""
    return (x**half - 1) * (x**half + 1)


def _factor(rate: Any, w: Any) -> Any:
    """Return the factor 1 - (rate/D) (w^D - 1) w^(D - 2) of each of D = `DEPTH` equal weights; rate = eta phi."""
    return 1 - rate / DEPTH * _less_one(w, DEPTH // 2) * (1 + _less_one(w, DEPTH // 2 - 1))


def membership_claims() -> list[Claim]:
    """Return N6.1 and N6.2: equal weights of depth 128 with eta phi at most 8/5 are in S_eta."""
    w, a = symbols("w a")
    options: dict[str, Any] = {
        "over": {w: (0, TOP), a: (1, FASTEST)},
        "method": "bisection",
        "scope": f"depth {DEPTH}",
    }
    premise = r"0\le w\le1.0012,\;1\le a\le\tfrac85\;\Rightarrow\;"
    factor = r"1+\tfrac a{128}(1-w^{128})w^{126}"
    return [
        lemma(
            "N6.1",
            "many equal weights stay below the bound",
            "At depth 128 with equal weights, $\\eta=a/128$, a step sends $w$ to "
            "$w(1+\\frac a{128}(1-w^{128})w^{126})$, below 1.0012 for all $w\\in[0,1.0012]$: with N6.2, such weights "
            "are in $S_\\eta$, $B=1.0012^{128}$.",
            premise + rf"w\,\bigl({factor}\bigr)<1.0012",
            then=(w * _factor(a, w), "<", TOP),
            **options,
        ),
        lemma(
            "N6.2",
            "many equal weights keep their sign",
            "In the same range no weight changes sign.",
            premise + factor + ">0",
            then=(_factor(a, w), ">", 0),
            **options,
        ),
    ]


def _past(identifier: str, title: str, radius: Any, formula: str, at: tuple[str, str], words: str) -> Claim:
    """Return the false claim of one step with the factor 2 where e^2 <= radius(delta), and its counterexample."""
    w, delta = symbols("w delta")
    e, after = (_less_one(x, DEPTH // 2) for x in (w, w * _factor(2 - delta, w)))
    return lemma(
        identifier,
        title,
        f"One step of Theorem C at depth 128 with equal weights ($\\varphi=128$) and the factor 2, where {words}: "
        "$L(w_{k+1})\\le2(1-\\delta)^2L(w_k)$. By N6.1 and N6.2 the witness, with $\\eta=(2-\\delta)/128$, is "
        "in $S_\\eta$, so no proof for every depth reaches that radius.",
        formula + r"\;\Rightarrow\;(e^+)^2\le2(1-\delta)^2e^2",
        over={w: (sp.Rational(99, 100), TOP), delta: (sp.Rational(2, 5), sp.Rational(3, 5))},
        where={"loss": (e**2, "<=", 2 * radius(delta))},
        then=(after**2, "<=", 2 * (1 - delta) ** 2 * e**2),
        kind="neighbour",
        method="falsify",
        proof={  # a point: exact values would be too long for the rule counterexample
            "rule": "solution",
            "box": {"w": [at[0], at[0]], "delta": [at[1], at[1]]},
            "equations": [],
            "unknowns": [],
        },
        scope=f"depth {DEPTH}",
        rests_on=("N6.1", "N6.2", "theorem-C-sharper"),
    )


def far_claims() -> list[Claim]:
    """Return the false neighbours of the two radii of the sharper theorem, and that their witnesses are in S_eta."""
    return [
        *membership_claims(),
        _past(
            "N6.false",
            "Theorem C with the loss up to delta^2/14",
            lambda delta: delta**2 / 14,
            r"L\le\tfrac{\delta^2}{14}",
            ("10011/10000", "2/5"),
            "$L(w_k)\\le\\delta^2/14$",
        ),
        _past(
            "N11.false",
            "Theorem C with the loss up to (1-delta)^2/33",
            lambda delta: (1 - delta) ** 2 / 33,
            r"L\le\tfrac{(1-\delta)^2}{33}",
            ("500367/500000", "3/5"),
            "$L(w_k)\\le(1-\\delta)^2/33$",
        ),
    ]
