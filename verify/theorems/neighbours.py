"""False neighbours: statements past a constant of the theorems, which must be refuted or unknown, never proved.

Each stands next to the true claim it resembles (`rests_on`), in the same form; the engine lets the provers try to prove
it before it is refuted.
"""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.direct import depth_two_below
from verify.theorems.every_depth import moment_upper_bound
from verify.theorems.monotone import largest_factor
from verify.theorems.remainder import upper_bound_statement
from verify.theorems.writing import lemma, scope_of, symbols

HALF = sp.Rational(1, 2)


def balanced_step(radius: Any, factor: Any, **options: Any) -> Claim:
    """Return one step of Theorem C at depth 2 with equal weights: L(w_1) <= factor (1-delta)^2 L(w_0).

    phi = 2 there, so eta = (2 - delta)/2; the premise on the loss is |pi - 1| <= radius * delta.
    """
    w, delta = symbols("w delta")
    eta = (2 - delta) / 2
    e = w**2 - 1
    after = (w - eta * e * w) ** 2 - 1
    return lemma(
        over={w: (HALF, sp.Rational(27, 20)), delta: (sp.Rational(1, 100), sp.Rational(2, 5))},
        where={"above": (e, "<=", radius * delta), "below": (-e, "<=", radius * delta)},
        then=(after**2, "<=", factor * (1 - delta) ** 2 * e**2),
        scope="depth 2",
        **options,
    )


def membership_claims() -> list[Claim]:
    """Return the claims that equal weights at depth 2 are in S_eta, with B = 19/10, for 4/5 <= eta <= 1."""
    p, eta = symbols("p eta")
    over: Any = {p: (0, sp.Rational(19, 10)), eta: (sp.Rational(4, 5), 1)}
    factor = 1 + eta * (1 - p)
    return [
        lemma(
            "N0.1",
            "equal weights stay below the bound",
            "At depth 2 with equal weights a step sends the product $p$ to $p(1+\\eta(1-p))^2$, below "
            "$B=\\frac{19}{10}$ for "
            "all $p\\in[0,B]$: with N0.2, such weights are in $S_\\eta$.",
            r"0\le p\le\tfrac{19}{10},\;\tfrac45\le\eta\le1\;\Rightarrow\;p\,(1+\eta(1-p))^2<\tfrac{19}{10}",
            over=over,
            then=(p * factor**2, "<", sp.Rational(19, 10)),
            method="bisection",
            scope="depth 2",
        ),
        lemma(
            "N0.2",
            "equal weights keep their sign",
            "In the same range no weight changes sign.",
            r"0\le p\le\tfrac{19}{10},\;\tfrac45\le\eta\le1\;\Rightarrow\;1+\eta(1-p)>0",
            over=over,
            then=(factor, ">", 0),
            method="bisection",
            scope="depth 2",
        ),
    ]


def neighbour_claims(depth: int | None) -> list[Claim]:
    """Return the false neighbours of the constants of Theorems A and C, and what shows that they are false.

    One of them is about one depth, or (None) about every depth.
    """
    past = -sp.Rational(1, 20)
    false: dict[str, Any] = {"kind": "neighbour", "method": "falsify"}
    member = ("N0.1", "N0.2")
    return [
        depth_two_below(
            "D2.2.false",
            "Theorem A with 2.9 in place of 2 sqrt 2",
            "D2.2 with $\\eta\\varphi\\le2.9$.",
            sp.Rational(29, 10) ** 2,
            rests_on=("D2.2", "theorem-A"),
            **false,
        ),
        largest_factor(
            "A3.1.false",
            "A3.1 with 9 in place of 8",
            "No balance factor exceeds 2, with $a^2\\le9$.",
            r"\kappa\le a^2\alpha_i\alpha_j(1-\pi)^2,\;a^2\le9\;\Rightarrow\;\kappa\le2",
            9,
            rests_on=("A3.1",),
            **false,
        ),
        Claim(
            "C2.1.false",
            "C2.1 with -1/20 in place of 1/4",
            f"The remainder at {'every depth' if depth is None else f'depth {depth}'} is at most $-\\frac1{{20}}$.",
            r"E_2\le-\tfrac1{20}",
            rests_on=("C2.1",),
            statement=moment_upper_bound(past) if depth is None else upper_bound_statement(depth, past),
            **scope_of(depth),
            **false,
        ),
        *membership_claims(),
        balanced_step(
            sp.Rational(1, 10),
            1,
            identifier="N2.false",
            title="Theorem C with the factor 1 in place of 2",
            words="One step of Theorem C at depth 2 with equal weights and the factor 1: "
            "$L(w_{k+1})\\le(1-\\delta)^2L(w_k)$. By N0.1 and N0.2 the witness is in $S_\\eta$, so it refutes the "
            "theorem with that factor.",
            formula=r"|e|\le\tfrac\delta{10}\;\Rightarrow\;(e^+)^2\le(1-\delta)^2e^2",
            rests_on=(*member, "theorem-C"),
            **false,
        ),
        balanced_step(
            2,
            2,
            identifier="N3.false",
            title="Theorem C with the radius 2 delta in place of delta/10",
            words="One step of Theorem C at depth 2 with equal weights, the factor 2 and $|\\pi-1|\\le2\\delta$: "
            "$L(w_{k+1})\\le2(1-\\delta)^2L(w_k)$. By N0.1 and N0.2 the witness is in $S_\\eta$, so it refutes the "
            "theorem with that radius.",
            formula=r"|e|\le2\delta\;\Rightarrow\;(e^+)^2\le2(1-\delta)^2e^2",
            rests_on=(*member, "theorem-C"),
            **false,
        ),
    ]
