"""Claims about flips: the product above the minimum at which a step sends the first weight of a curve to 0."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.encode import term_text
from verify.theorems.writing import lemma, symbols

HALF = sp.Rational(1, 2)
BALANCED = sp.Rational(3, 2)  # bound of the products after a step where no shape exceeds 1/2


def dominant_bound(s: Any) -> Any:
    """Return 2 (1 - s)^2 + 5 s^2, the bound of the products after a step where the largest shape is 1 - s >= 1/2."""
    return 2 * (1 - s) ** 2 + 5 * s**2


def flip_claims() -> list[Claim]:
    """Return E3.1 to E3.5: where a weight flips above the minimum."""
    a, t, x, y, s, g, pi, rest = symbols("a t x alpha s G p N")
    f, bound = 1 + t * x, dominant_bound(s)
    flipped = 2 * x * g * (g - 1)
    own = 2 * (1 - s) * bound * (bound - 1)
    return [
        lemma(
            "E3.1",
            "the largest shape flips first",
            "Above the minimum ($t\\ge0$) the largest shape has the largest relative step.",
            r"0\le\alpha\le x,\;t\ge0\;\Rightarrow\;\frac\alpha{1+t\alpha}\le\frac x{1+tx}",
            over={t: (0, None), x: (None, None), y: (0, None)},
            where={"largest": (y, "<=", x)},
            then=(y / (1 + t * y), "<=", x / f),
        ),
        lemma(
            "E3.2",
            "the largest relative step above the minimum",
            "With $N$ the product of the factors of the other shapes, $\\rho_1=a\\,x\\,N(1-1/p)$, "
            "which grows with $p$.",
            r"p^2=(1+tx)N\;\Rightarrow\;\frac{a\,x\,p(p-1)}{1+tx}=a\,x\,N\Bigl(1-\frac1p\Bigr)",
            over=(a, t, x, pi, rest),
            where={"positive": (pi, ">", 0), "inside": (f, ">", 0), "product": (pi**2, "=", f * rest)},
            then=(a * x * pi * (pi - 1) / f, "=", a * x * rest * (1 - 1 / pi)),
            rests_on=("A0.2",),
        ),
        lemma(
            "E3.3",
            "no flip up to 3/2 if no shape is above one half",
            "With $p=\\frac32$ and $x\\le\\frac12$ the largest relative step $\\frac34ax/(1+tx)$ is below 1.",
            r"0\le a\le2,\;0\le x\le\tfrac12,\;t\ge0\;\Rightarrow\;a\,x\,\tfrac32\,(\tfrac32-1)<1+tx",
            over={a: (0, 2), x: (0, HALF), t: (0, None)},
            then=(a * x * BALANCED * (BALANCED - 1), "<", f),
        ),
        lemma(
            "E3.4",
            "what a flip would need",
            "If the largest shape has flipped at the product $G\\ge1$, then $x$ and $G$ satisfy an inequality.",
            r"G^2=(1+tx)N,\;N(1-ts)\le1,\;a\,x\,G(G-1)\ge1+tx\;\Rightarrow\;"
            r"G\bigl(x-s(2xG(G-1)-1)\bigr)\le2x^2(G-1)",
            over={a: (0, 2), x: (0, 1), s: (0, 1), t: (0, None), g: (1, None), rest: (0, None)},
            where={
                "product": (g**2, "=", f * rest),
                "sum": (rest * (1 - t * s), "<=", 1),
                "flip": (a * x * g * (g - 1), ">=", f),
            },
            then=(g * (x - s * (flipped - 1)), "<=", 2 * x**2 * (g - 1)),
            method="given",
            proof=_flip_proof(),
            rests_on=("E1.2", "E3.2"),
        ),
        lemma(
            "E3.5",
            "no flip at the bound",
            "At $G=2x^2+5s^2$, $x=1-s$, the inequality of E3.4 does not hold: the two sides differ by a multiple of "
            "$s^2$, with equality only at the vertex.",
            r"0<s\le\tfrac12,\;x=1-s,\;G=2x^2+5s^2\;\Rightarrow\;G\bigl(x-s(2xG(G-1)-1)\bigr)>2x^2(G-1)",
            over={s: (None, HALF)},
            where={"inner": (s, ">", 0)},
            then=(bound * (1 - s - s * (own - 1)), ">", 2 * (1 - s) ** 2 * (bound - 1)),
        ),
        lemma(
            "E3.6",
            "the bound is above the minimum",
            "The bound of the products after a step exceeds 1.",
            r"2(1-s)^2+5s^2>1",
            over={s: (0, HALF)},
            then=(bound, ">", 1),
            method="bisection",
        ),
    ]


def _flip_proof() -> dict[str, Any]:
    """Return the proof of E3.4: G times the difference is (x + s G^2)(V - f) + x f (1 - N (1 - t s)) + x (1 - t s) 0.

    Here f = 1 + t x, V = 2 x G (G - 1), V - f = (2 - a) x G (G - 1) + (a x G (G - 1) - f), and 0 = f N - G^2.
    """
    t, x, s, g = symbols("t x s G")
    parts: list[dict[str, Any]] = []
    for weight, square in ((["x.lower"], None), (["s.lower"], g)):
        with_square = {} if square is None else {"square": term_text(square)}
        parts += [
            {"coefficient": "1", "facts": [*weight, "a.upper", "x.lower", "G.lower", "G.lower"], **with_square},
            {"coefficient": "1", "facts": [*weight, "a.upper", "x.lower", "G.lower"], **with_square},
            {"coefficient": "1", "facts": [*weight, "flip"], **with_square},
        ]
    parts += [
        {"coefficient": "1", "facts": ["x.lower", "sum"]},
        {"coefficient": "1", "facts": ["x.lower", "t.lower", "x.lower", "sum"]},
    ]
    return {
        "rule": "combination",
        "multiplier": [{"coefficient": "1", "facts": ["G.lower"]}, {"coefficient": "1", "facts": []}],
        "sum": parts,
        "equalities": [{"fact": "product", "multiplier": term_text(-x * (1 - t * s))}],
    }
