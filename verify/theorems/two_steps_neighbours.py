"""Beside Theorem P: false neighbours, with one step in place of two, past the edge, and at depth 3."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.global_convergence import PAST, equal_step
from verify.theorems.two_steps import SCOPE, weights_step
from verify.theorems.writing import lemma, symbols


def two_step_neighbours() -> list[Claim]:
    """Return the false neighbours of Theorem P, each with an exact counterexample."""
    w1, w2, eta, after1, after2 = weights_step()
    p, w = symbols("P w")
    cube = w**3
    false: dict[str, Any] = {"kind": "neighbour", "method": "falsify"}
    return [
        lemma(
            "N14.false",
            "Theorem P with one step in place of two",
            "From below, in the weights, at or below the edge: $|\\pi^2-1|$ may grow in one step. (For equal weights "
            "it does not: N5.)",
            r"w_1,w_2,\eta>0,\;p=w_1w_2\le1,\;\eta^2\bigl((w_1^2-w_2^2)^2+4\bigr)\le4\;\Rightarrow\;(p^+)^2+p^2\le2",
            over={w1: (0, None), w2: (0, None), eta: (0, None)},
            where={
                "positive1": (w1, ">", 0),
                "positive2": (w2, ">", 0),
                "moving": (eta, ">", 0),
                "below": (w1 * w2, "<=", 1),
                "edge": (eta**2 * ((w1**2 - w2**2) ** 2 + 4), "<=", 4),
            },
            then=((after1 * after2) ** 2 + (w1 * w2) ** 2, "<=", 2),
            scope=SCOPE,
            rests_on=("N5", "theorem-P"),
            proof={"rule": "counterexample", "point": {"w_1": "19/10", "w_2": "47/100", "eta": "1/2"}},
            **false,
        ),
        lemma(
            "N12.false",
            "Theorem P with 2.1 in place of 2",
            "Two steps of two equal weights with $\\eta=\\frac{21}{20}$, that is $\\eta\\varphi=2.1$: past the edge "
            "the minimum repels.",
            rf"0\le P\le1,\;g(P)=P\,(1+{sp.latex(PAST)}(1-P))^2\;\Rightarrow\;"
            r"\bigl(g(g(P))^2-1\bigr)^2\le(P^2-1)^2",
            over={p: (0, 1)},
            then=((equal_step(equal_step(p, PAST), PAST) ** 2 - 1) ** 2, "<=", (p**2 - 1) ** 2),
            scope=SCOPE,
            rests_on=("theorem-P",),
            **false,
        ),
        lemma(
            "N13.false",
            "one step from above at depth 3",
            "P2 for three equal weights $w$ at the edge, $\\eta=\\frac23$: there $|\\pi^2-1|$ may grow in "
            "one step from above.",
            r"1\le w\le\tfrac{11}{10},\;P=w^3,\;P^+=\Bigl(w-\frac{2P(P-1)}{3\,w}\Bigr)^3\;\Rightarrow\;(P^+)^2+P^2\ge2",
            over={w: (1, sp.Rational(11, 10))},
            then=((w - sp.Rational(2, 3) * cube * (cube - 1) / w) ** 6 + cube**2, ">=", 2),
            scope="depth 3",
            rests_on=("P2", "theorem-P"),
            **false,
        ),
    ]
