"""Theorem G: below the edge of stability gradient descent converges to a minimum, from every state without a flip.

The balances shrink until they stop shrinking, and they only stop at a minimum or where all weights are equal. There
the product follows a map of one variable, P -> P (1 + eta P^theta (1 - P))^D with theta = 1 - 2/D, for which
|P^(2 + theta) - 1| falls at every step. Theorem H: so it does past the edge, if minima with equal weights do not repel.
"""

from typing import Any

import sympy as sp

from verify.claims import Claim
from verify.theorems.monotone import EDGE_SQUARED
from verify.theorems.writing import lemma, symbols, written

PAST = sp.Rational(21, 20)  # eta phi = 2.1 at depth 2 with equal weights
FARTHEST = sp.Rational(3, 2)  # P^(2 + theta) < 2 implies P < 3/2


def slope_numerator(p: Any, m: Any, theta: Any) -> Any:
    """Return Q: the derivative of log(P C^D) - log(2 - P^c)/c is 2 Q / (P C (2 - P^c)), c = 2 + theta, m = P^theta."""
    return 1 + m * (1 + theta - (3 + theta) * p) + m**2 * p**2 * ((1 + theta) * p - theta)


def reduced_numerator(p: Any, lam: Any, theta: Any) -> Any:
    """Return Q / (P - 1)^2 for m = 1 + lambda (P - 1), a polynomial."""
    sharp = 1 + theta
    return (
        2
        + theta
        - lam * sharp
        + p * (sharp + 2 * lam)
        + p**2 * (2 * lam * sharp - lam**2 * theta)
        + p**3 * lam**2 * sharp
    )


def balanced_claims() -> list[Claim]:
    """Return G2.1 to G2.4: one step with equal weights at the edge, for every depth."""
    p, m, lam, theta = symbols("P m lambda theta")
    inside, left = 1 + (1 - theta) * m * (1 - p), 2 - p**2 * m
    between = 1 + lam * (p - 1)
    over: Any = {p: (0, FARTHEST), lam: (0, 1), theta: (0, 1)}
    return [
        lemma(
            "G2.1",
            "the derivative behind G3",
            "With $\\theta=1-\\frac2D$, $m=P^\\theta$ and $C=1+\\frac2Dm(1-P)$, the left side is $P$ times the "
            "derivative of $\\log(P\\,C^D)-\\frac1{2+\\theta}\\log(2-P^{2+\\theta})$.",
            r"1+\frac{2m(\theta(1-P)-P)}{1+(1-\theta)m(1-P)}+\frac{P^2m}{2-P^2m}"
            r"=\frac{2Q}{(1+(1-\theta)m(1-P))(2-P^2m)},\quad "
            r"Q=1+m(1+\theta-(3+\theta)P)+m^2P^2((1+\theta)P-\theta)",
            over=(p, m, theta),
            where={"inside": (inside, ">", 0), "left": (left, ">", 0)},
            then=(
                1 + 2 * m * (theta * (1 - p) - p) / inside + p**2 * m / left,
                "=",
                2 * slope_numerator(p, m, theta) / (inside * left),
            ),
        ),
        lemma(
            "G2.2",
            "the numerator vanishes twice at the minimum",
            "With $m=1+\\lambda(P-1)$ the $Q$ of G2.1 is $(P-1)^2$ times a polynomial.",
            r"m=1+\lambda(P-1)\;\Rightarrow\;Q=(P-1)^2\bigl(2+\theta-\lambda(1+\theta)+P(1+\theta+2\lambda)"
            r"+P^2(2\lambda(1+\theta)-\lambda^2\theta)+P^3\lambda^2(1+\theta)\bigr)",
            over=(p, lam, theta),
            then=(slope_numerator(p, between, theta), "=", (p - 1) ** 2 * reduced_numerator(p, lam, theta)),
        ),
        lemma(
            "G2.3",
            "the rest of the numerator",
            "The polynomial of G2.2 is positive: between 1 and $P$ lies every $P^\\theta$ with $0\\le\\theta\\le1$.",
            r"0\le P\le\tfrac32,\;0\le\lambda,\theta\le1\;\Rightarrow\;2+\theta-\lambda(1+\theta)+P(1+\theta+2\lambda)"
            r"+P^2(2\lambda(1+\theta)-\lambda^2\theta)+P^3\lambda^2(1+\theta)>0",
            over=over,
            then=(reduced_numerator(p, lam, theta), ">", 0),
            method="bisection",
        ),
        lemma(
            "G2.4",
            "no flip of equal weights near the minimum",
            "Equal weights keep their sign in a step at the edge from a product up to $\\frac32$.",
            r"0\le P\le\tfrac32,\;0\le\lambda,\theta\le1,\;m=1+\lambda(P-1)\;\Rightarrow\;1+(1-\theta)m(1-P)>0",
            over=over,
            then=(inside.subs(m, between), ">", 0),
            method="bisection",
        ),
    ]


def equal_step(p: Any, eta: Any) -> Any:
    """Return the product after a step from two equal weights, P (1 + eta (1 - P))^2."""
    return p * (1 + eta * (1 - p)) ** 2


def balanced_step_at_depth_two(identifier: str, title: str, words: str, eta: Any, **options: Any) -> Claim:
    """Return the claim that at depth 2 with equal weights a step from P < 1 does not go past sqrt(2 - P^2)."""
    (p,) = symbols("P")
    return lemma(
        identifier,
        title,
        words,
        rf"0\le P\le1\;\Rightarrow\;\bigl(P\,(1+{sp.latex(eta)}(1-P))^2\bigr)^2\le2-P^2",
        over={p: (0, 1)},
        then=(equal_step(p, eta) ** 2, "<=", 2 - p**2),
        scope="depth 2",
        **options,
    )


def convergence_beside() -> list[Claim]:
    """Return the direct check of G3 at depth 2, and the same past the edge, which is false."""
    return [
        balanced_step_at_depth_two(
            "N5",
            "one step of equal weights at depth 2, directly",
            "G3 at depth 2 for $P\\le1$, at the edge ($\\eta=1$, $\\eta\\varphi=2$), by algebra alone.",
            sp.Integer(1),
        ),
        balanced_step_at_depth_two(
            "N5.false",
            "one step of equal weights with 2.1 in place of 2",
            "N5 with $\\eta=\\frac{21}{20}$, that is $\\eta\\varphi=2.1$: past the edge the minimum repels.",
            PAST,
            kind="neighbour",
            method="falsify",
            rests_on=("N5", "theorem-G"),
        ),
    ]


def global_claims_every_depth() -> list[Claim]:
    """Return the chain of Theorem G, for every depth, in order; it rests on those of Theorems A, B and E."""
    a, x, y, pi, kappa = symbols("a alpha_i alpha_j pi kappa")
    balanced = balanced_claims()
    return [
        lemma(
            "G1",
            "below the edge no pair changes order",
            "If $a\\le2$ and $0<\\pi\\le1$ then $\\kappa_{ij}<1$ for every pair.",
            r"\kappa\le a^2\alpha_i\alpha_j(1-\pi)^2,\;a\le2,"
            r"\;\alpha_i+\alpha_j\le1,\;0<\pi\le1\;\Rightarrow\;\kappa<1",
            over={a: (0, 2), x: (0, None), y: (0, None), pi: (None, 1), kappa: (None, None)},
            where={
                "simplex": (x + y, "<=", 1),
                "positive": (pi, ">", 0),
                "factor": (kappa, "<=", a**2 * x * y * (1 - pi) ** 2),
            },
            then=(kappa, "<", 1),
            rests_on=("A2.1", "A2.2"),
        ),
        *balanced,
        written(
            "G2",
            "the trajectory stays away from 0 and from flips",
            "Let $w_0\\in S_\\eta$ with $\\eta\\varphi(w_0)\\le2$. The weights $w_t$ stay in a compact set, and there "
            "are $c>0$ and $\\bar\\rho<1$ with $\\pi(w_t)\\ge c$ for all $t$; and either $\\pi(w_t)>1$ for all $t$, or "
            "$\\rho_k\\le\\bar\\rho$ for all $k$ from some $t$ on.",
            r"\pi(w_t)\ge c>0,\qquad\rho_k(w_t)\le\bar\rho<1",
            rests_on=("A5", "A6", "theorem-B", "E2", "E3", "theorem-E"),
        ),
        written(
            "G3",
            "one step of equal weights",
            "At equal weights, $\\eta D\\le2$, let $P\\ne1$ be the product before a step in which no weight changes "
            "sign, and $P^+$ the product after it. Then $|P^c-1|$ falls, $c=3-\\frac2D$.",
            r"\bigl|(P^+)^c-1\bigr|<\bigl|P^c-1\bigr|",
            rests_on=("A0.2", *(c.identifier for c in balanced)),
        ),
        written(
            "theorem-G",
            "below the edge gradient descent converges",
            "Let $D\\ge2$ and $w_0\\in S_\\eta$ with $\\eta\\varphi(w_0)\\le2$; by Theorem E that is: "
            "$0<\\pi(w_0)<p_{\\mathrm{flip}}$, for instance $0<\\pi(w_0)\\le1$. Then $w_t$ converges to a global "
            "minimum $w_\\infty$, whose sharpness is the limit of $\\varphi(w_t)$, and at most $\\frac2\\eta$. (So it "
            "does from any $w_0\\in S_\\eta$ with $\\eta\\varphi(w_t)\\le2$ at some step $t$: $w_t$ is in $S_\\eta$ by "
            "Theorem B.)",
            r"w_t\to w_\infty,\quad\pi(w_\infty)=1,\quad\lambda_{\max}\bigl(\nabla^2L(w_\infty)\bigr)"
            r"=\lim_{t\to\infty}\varphi(w_t)\le\varphi(w_0)\le\frac2\eta",
            theorem=True,
            rests_on=("A1", "A2.1", "A2.2", "A0.1", "A0.2", "A0.3", "A4", "A5", "theorem-B", "G1", "G2", "G3"),
        ),
    ]


def past_the_edge_claims() -> list[Claim]:
    """Return H1 and Theorem H: convergence from all of S_eta, for every depth; it rests on Theorem G and on F3."""
    return [
        below_two_claim(),
        written(
            "theorem-H",
            "convergence wherever the assumption holds",
            "Let $D\\ge2$, $\\eta D\\le2$ and $w_0\\in S_\\eta$. Then $w_t$ converges to a global minimum. Its "
            "sharpness is the limit of $\\varphi(w_t)$, and at most $\\frac2\\eta$ unless $\\pi(w_t)=1$ at some step "
            "$t$. (This is Theorem G without the premise $\\eta\\varphi(w_0)\\le2$, from which $\\eta D\\le2$ follows. "
            "If $\\eta D>2$, then $\\eta\\varphi\\ge\\eta D>2$ at every minimum: all repel.) It is what "
            "`verify region` proves convergence with.",
            r"w_0\in S_\eta,\;\eta D\le2\quad\Rightarrow\quad w_t\to w_\infty,\;\pi(w_\infty)=1",
            theorem=True,
            rests_on=("A1", "A4", "A5", "H1", "theorem-B", "F3", "G3", "theorem-G"),
        ),
    ]


def below_two_claim() -> Claim:
    """Return claim H1: a balance factor is below 2 before a step from a product below 1."""
    a, x, y, pi, kappa = symbols("a alpha_i alpha_j pi kappa")
    return lemma(
        "H1",
        "no balance factor reaches 2",
        "If $a\\le2\\sqrt2$ and $0<\\pi\\le1$ then $\\kappa_{ij}<2$ for every pair.",
        r"\kappa\le a^2\alpha_i\alpha_j(1-\pi)^2,\;a^2\le8,\;\alpha_i+\alpha_j\le1,\;0<\pi\le1"
        r"\;\Rightarrow\;\kappa<2",
        over={a: (0, None), x: (0, None), y: (0, None), pi: (None, 1), kappa: (None, None)},
        where={
            "edge": (a**2, "<=", EDGE_SQUARED),
            "simplex": (x + y, "<=", 1),
            "positive": (pi, ">", 0),
            "factor": (kappa, "<=", a**2 * x * y * (1 - pi) ** 2),
        },
        then=(kappa, "<", 2),
        rests_on=("A2.1", "A2.2"),
    )
