"""False neighbours of Theorems R and S: what goes wrong without one of their premises, with exact counterexamples.

Where a counterexample is known it is the claim's `proof`: the kernel checks it like any other.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.writing import lemma, symbols

Mass = tuple[Any, tuple[int, ...]]
"""A mass and its position."""


def moved(masses: list[Mass], tilt: tuple[Any, ...], step: tuple[Any, ...] | None = None) -> list[Mass]:
    """Return masses after a flow exp(nu . xi), written as the product of tilt_n^(xi_n), and a step (1 - 2 h . xi)^2."""
    result = []
    for mass, place in masses:
        factor = sp.Mul(*(t**k for t, k in zip(tilt, place, strict=True)))
        if step is not None:
            factor *= (1 - 2 * sum(h * k for h, k in zip(step, place, strict=True))) ** 2
        result.append((mass * factor, place))
    return result


def first(masses: list[Mass], n: int) -> Any:
    """Return sum_j xi_jn m_j."""
    return sp.Add(*(place[n] * mass for mass, place in masses))


def second(masses: list[Mass], n: int, k: int) -> Any:
    """Return sum_j xi_jn xi_jk m_j, an entry of the matrix whose largest eigenvalue is (N/4) phi."""
    return sp.Add(*(place[n] * place[k] * mass for mass, place in masses))


def counterexample(point: dict[str, Any]) -> dict[str, Any]:
    """Return the proof object of a counterexample at an exact point."""
    return {"rule": "counterexample", "point": {name: str(Fraction(value)) for name, value in point.items()}}


def one_sample_sign_change() -> Claim:
    """Theorem S without equal magnitudes: x = (3, 4) and 2 eta^2 g_i^2 <= 1 in place of kept signs."""
    p1, p2, q1, q2, before, after, h = symbols("p1 p2 q1 q2 z zn h")
    solution: list[Mass] = [(p1, (3,)), (p2, (4,)), (q1, (-3,)), (q2, (-4,))]
    start = moved(solution, (1 / before,))
    next_solution = moved(start, (after,), (h,))
    return lemma(
        "R.false",
        "Theorem R with weights that change sign, under the condition of Theorem S",
        "One sample with $x=(3,4)$ and $2\\eta^2g_i^2\\le1$ for all $i$: $\\varphi(w^+)\\le\\varphi(w)$. The squares "
        "at the GFS of $w$ are $p_i$ and $q_i$, those at $w$ are $p_iz^{-x_i}$ and $q_iz^{x_i}$, and $h=\\eta r$ "
        "with the residual $r$. At the witness one weight becomes 0 and another changes sign.",
        r"2\,(4h)^2\le1\;\Rightarrow\;\varphi(w^+)\le\varphi(w)",
        over={
            **dict.fromkeys((p1, p2, q1, q2), (0, None)),
            **dict.fromkeys((before, after), (0, None)),
            h: (None, None),
        },
        where={
            "tilt": (before, ">", 0),
            "next-tilt": (after, ">", 0),
            "descent": (h * (first(start, 0) - first(solution, 0)), ">", 0),
            "small": (2 * (4 * h) ** 2, "<=", 1),
            "next-solution": (first(next_solution, 0), "=", first(solution, 0)),
        },
        then=(second(next_solution, 0, 0), "<=", second(solution, 0, 0)),
        kind="neighbour",
        method="falsify",
        scope="N = 1, d = 2",
        rests_on=("theorem-R", "theorem-S"),
        proof=counterexample({"p1": 28, "p2": 27, "q1": 0, "q2": 0, "z": Fraction(1, 2), "zn": 1, "h": Fraction(1, 6)}),
    )


def two_samples() -> Claim:
    """Theorem R without disjoint supports: N = 2, d = 3, columns (2, 0), (0, 1), (1, 2)."""
    masses = symbols("p1 p2 p3 q1 q2 q3")
    y, z, h = symbols("y1 y2"), symbols("z1 z2"), symbols("h1 h2")
    (bound,) = symbols("lam")
    columns = ((2, 0), (0, 1), (1, 2))
    places = [*columns, *((-a, -b) for a, b in columns)]
    solution: list[Mass] = list(zip(masses, places, strict=True))
    start = moved(solution, y)
    next_solution = moved(solution, z, h)
    residual = [first(start, n) - first(solution, n) for n in range(2)]
    steps = {f"sign-{k}": (2 * (h[0] * a + h[1] * b), "<", 1) for k, (a, b) in enumerate(places, start=1)}
    diagonal = [second(solution, n, n) for n in range(2)]
    return lemma(
        "R2.false",
        "Theorem R without disjoint supports",
        "Two samples, $d=3$, the columns of $X$ are $(2,0)$, $(0,1)$, $(1,2)$, and no weight changes sign: "
        "$\\varphi(w^+)\\le\\varphi(w)$. The squares at the GFS of $w$ are $p_i$, $q_i$; those at $w$ have the "
        "factors $y_1^{\\xi_1}y_2^{\\xi_2}$, those at the GFS of $w^+$ the factors "
        "$z_1^{\\xi_1}z_2^{\\xi_2}(1-2h\\cdot\\xi)^2$. $\\lambda$ is an upper bound of the eigenvalues for $w$, and "
        "the claim is that it bounds an entry on the diagonal for $w^+$.",
        r"\lambda\ge\lambda_{\max}(M)\;\Rightarrow\;M^+_{11}\le\lambda",
        over={
            **dict.fromkeys(masses, (0, None)),
            **dict.fromkeys((*y, *z), (0, None)),
            **dict.fromkeys((*h, bound), (None, None)),
        },
        where={
            **{f"positive-{t.name}": (t, ">", 0) for t in (*y, *z)},
            "direction": (h[0] * residual[1], "=", h[1] * residual[0]),
            "descent": (h[0] * residual[0] + h[1] * residual[1], ">", 0),
            **steps,
            "next-solution-1": (first(next_solution, 0), "=", first(solution, 0)),
            "next-solution-2": (first(next_solution, 1), "=", first(solution, 1)),
            "bound-1": (bound, ">=", diagonal[0]),
            "bound-2": (bound, ">=", diagonal[1]),
            "bound-3": ((bound - diagonal[0]) * (bound - diagonal[1]), ">=", second(solution, 0, 1) ** 2),
        },
        then=(second(next_solution, 0, 0), "<=", bound),
        kind="neighbour",
        method="falsify",
        scope="N = 2, d = 3",
        rests_on=("theorem-R",),
        proof=counterexample(TWO_SAMPLES),
    )


TWO_SAMPLES = {
    "p1": "106586977/10741506",
    "p2": "303/56",
    "p3": 1,
    "q1": "178113879/313293925",
    "q2": 0,
    "q3": 0,
    "y1": "34/35",
    "y2": "3/2",
    "z1": "141/140",
    "z2": "5/2",
    "h1": 0,
    "h2": "1/6",
    "lam": "370736170427/8593204800",
}
"""A state of two samples from which a step raises phi by 0.5 percent and no weight changes sign."""


def regression_neighbours() -> list[Claim]:
    """Return the false neighbours of Theorems R and S."""
    p, q, h = symbols("P Q h")
    return [
        lemma(
            "S2.1.false",
            "S2.1 with 101/100 in place of 1",
            "If $2h^2\\le\\frac{101}{100}$ a step does not increase $PQ$.",
            r"2h^2\le\tfrac{101}{100},\;P,Q\ge0\;\Rightarrow\;PQ\,(1-4h^2)^2\le PQ",
            over={p: (0, None), q: (0, None), h: (None, None)},
            where={"small": (2 * h**2, "<=", sp.Rational(101, 100))},
            then=(p * q * (1 - 4 * h**2) ** 2, "<=", p * q),
            kind="neighbour",
            method="falsify",
            scope="every N and d",
            rests_on=("S2.1", "theorem-S"),
        ),
        one_sample_sign_change(),
        two_samples(),
    ]
