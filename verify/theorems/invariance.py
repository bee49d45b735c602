"""Theorem B: the assumption under which Theorem A applies is kept by gradient descent."""

from verify.claims import Claim
from verify.theorems.writing import PAPER, lemma, symbols, written


def invariance_claims() -> list[Claim]:
    """Return the chain of Theorem B, for every depth; it rests on Theorem A's."""
    u, c, p = symbols("u c p")
    return [
        lemma(
            "B1",
            "a shrinking factor",
            "For $0<c<u$ the factor $1-c/u$ of one weight is positive.",
            r"0<c<u\;\Rightarrow\;1-\frac cu>0",
            over=(u, c),
            where={"step": (c, ">", 0), "above": (u, ">", c), "positive": (u, ">", 0)},
            then=(1 - c / u, ">", 0),
        ),
        lemma(
            "B2",
            "a product of shrinking factors",
            "A product $P\\in[0,1]$ of such factors stays at most 1 when one more factor joins it.",
            r"0\le P\le1,\;0<c<u\;\Rightarrow\;P\Bigl(1-\frac cu\Bigr)\le1",
            over={p: (0, 1), u: (None, None), c: (None, None)},
            where={"step": (c, ">", 0), "above": (u, ">", c), "positive": (u, ">", 0)},
            then=(p * (1 - c / u), "<=", 1),
        ),
        written(
            "theorem-B",
            "the assumption is invariant",
            "If $w\\in S_\\eta$ then $w^+\\in S_\\eta$ and $\\varphi(w^+)\\le\\varphi(w)$; so "
            "$\\varphi(w_t)$ never increases along the trajectory, and no weight changes sign in any "
            "step. $S_\\eta$: $\\eta\\varphi(w)\\le2\\sqrt2$ and there is $B>1$ with "
            "$\\pi(w)\\in(0,B)$ such that "
            "from every point of the curve of $w$ with product in $(0,B)$ the step leads to a product in $(0,B)$.",
            r"w\in S_\eta\;\Rightarrow\;w^+\in S_\eta\ \text{ and }\ \varphi(w^+)\le\varphi(w)",
            theorem=True,
            rests_on=("A5", "A6", "B1", "B2", "theorem-A"),
            source=f"{PAPER}, the weak assumption is preserved",
        ),
    ]
