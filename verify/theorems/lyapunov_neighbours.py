"""Beside Theorem V: its inequality for equal weights at depth 2, directly, and false neighbours of its constants."""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.global_convergence import PAST, equal_step
from verify.theorems.lyapunov import GROWTH
from verify.theorems.writing import lemma, symbols

LESS = sp.Rational(181, 100)  # at depth 16; deeper equal weights come up to 1.8476...
DEPTH = 16


def equal_weights(identifier: str, title: str, words: str, eta: Any, share: Any, **options: Any) -> Claim:
    """Return the claim that q P + (1 - q) P^3/3 does not overshoot in a step from P < 1, depth 2, q = share."""
    (p,) = symbols("P")
    after = equal_step(p, eta)
    value = share * (p + after - 2) + (1 - share) * (p**3 + after**3 - 2) / 3
    return lemma(
        identifier,
        title,
        words,
        rf"0\le P\le1,\;P^+=P\,(1+{sp.latex(eta)}(1-P))^2\;\Rightarrow\;V(P)+V(P^+)\le2V(1),\quad "
        rf"V(P)={sp.latex(share)}\,P+{sp.latex((1 - share) / 3)}\,P^3",
        over={p: (0, 1)},
        then=(value, "<=", 0),
        scope="depth 2",
        **options,
    )


def lyapunov_neighbours() -> list[Claim]:
    """Return the direct check of Theorem V at depth 2 with equal weights, and false neighbours of its constants."""
    p, w = symbols("P w")
    one, half = sp.Integer(1), sp.Rational(1, 2)
    product = w**DEPTH
    after = (w - sp.Rational(2, DEPTH) * product * (product - 1) / w) ** DEPTH
    false: dict[str, Any] = {"kind": "neighbour", "method": "falsify"}
    return [
        equal_weights(
            "N7",
            "Theorem V for equal weights at depth 2, directly",
            "V3 for $P\\le1$ at the edge ($\\eta=1$, $q=\\frac12$), by algebra alone.",
            one,
            half,
        ),
        equal_weights(
            "N7.false",
            "Theorem V with 2.1 in place of 2",
            "N7 with $\\eta=\\frac{21}{20}$, that is $\\eta\\varphi=2.1$.",
            PAST,
            half,
            rests_on=("N7", "theorem-V"),
            **false,
        ),
        equal_weights(
            "N8.false",
            "Theorem V with the cube of the product",
            "N7 with $q=0$ in $V$: $|\\pi^3-1|$ in place of $|V(\\pi)-V(1)|$.",
            one,
            sp.Integer(0),
            rests_on=("N7", "theorem-V"),
            **false,
        ),
        lemma(
            "N9.false",
            "Theorem V with the product itself",
            "For equal weights at depth 2, at the edge, from above, with $q=1$ in $V$: $|\\pi-1|$ in place of "
            "$|V(\\pi)-V(1)|$.",
            r"1\le P\le\tfrac32,\;P^+=P\,(2-P)^2\;\Rightarrow\;P+P^+\ge2",
            over={p: (1, sp.Rational(3, 2))},
            then=(p + equal_step(p, one), ">=", 2),
            scope="depth 2",
            rests_on=("N7", "theorem-V"),
            **false,
        ),
        lemma(
            "N10.false",
            "Theorem V with 1.81 in place of 1.85",
            "Sixteen equal weights $w$ at the edge, $\\eta=\\frac18$: the loss grows by more than the factor 1.81 in "
            f"one step. Theorem V says at most $({GROWTH.p}/{GROWTH.q})^2=1.8496$.",
            r"1\le w\le\tfrac{21}{20},\;P=w^{16},\;P^+=\Bigl(w-\frac{P(P-1)}{8\,w}\Bigr)^{16}\;\Rightarrow\;"
            r"(P^+-1)^2\le1.81\,(P-1)^2",
            over={w: (1, sp.Rational(21, 20))},
            then=((after - 1) ** 2, "<=", LESS * (product - 1) ** 2),
            scope=f"depth {DEPTH}",
            rests_on=("theorem-V",),
            proof={"rule": "counterexample", "point": {"w": "49/48"}},
            **false,
        ),
    ]
