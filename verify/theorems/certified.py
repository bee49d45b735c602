"""What certified limits and regions rest on: convergence, divergence and membership from facts of one place."""

from verify.claims import Claim
from verify.theorems.monotone import EDGE_SQUARED
from verify.theorems.writing import lemma, symbols, written


def certified_claims() -> list[Claim]:
    """Return claims F1 (limits), F2 (divergence), F3 (families of curves), F4 (convergence), for every depth."""
    return [
        written(
            "F1",
            "a contraction at every depth below the edge",
            "At step $n$ let $|e_n|\\le E<1$ and $A_-\\le a_n\\le A_+<2$ ($a=\\eta\\varphi$, $e=\\pi-1$), "
            "$E(1+E)A_+<1$ and $EA_+<1-E$. Let $C<1$ be at least $A_+(1+E)^2-1$, $1-\\frac\\ell{1+E}$, "
            "$1-\\ell(1-E)^2$ and $\\frac{A_+/(1-E)-1}{1-EA_+/(1-E)}$, where $0<\\ell\\le "
            "A_-\\bigl(1-\\frac{KE^2}{1-C^2}\\bigr)$ and $K=(A_+(1+E))^2$. Then $w_j$ converges to a global minimum; "
            "$|e_j|\\le C^{j-n}|e_n|$ and $a_j$ falls for $j\\ge n$; and no weight moves farther than "
            "$(1+E)\\sqrt{\\eta A_+}\\,|e_n|/(1-C)$. It is what `verify trajectory` ends with.",
            r"|e_j|\le C^{\,j-n}|e_n|,\qquad a_n\Bigl(1-\frac{K\,e_n^2}{1-C^2}\Bigr)\le\lim_{j\to\infty}a_j\le a_n",
            rests_on=("A0.1", "A0.2", "C3.1", "C3", "theorem-A"),
        ),
        written(
            "F2",
            "divergence",
            "If $|\\pi|\\ge2$ and $\\rho_i=\\eta\\pi(\\pi-1)/z_i\\ge3$ for all $i$ at one step, then $|\\pi|$ grows "
            "by a factor of at least 4 in every later step: the loss tends to infinity.",
            r"|\pi|\ge2,\;\rho_i\ge3\text{ for all }i\quad\Rightarrow\quad"
            r"|\pi^+|\ge4\,|\pi|,\;\rho_i^+\ge\tfrac73\rho_i",
        ),
        written(
            "F3",
            "curves with smaller gaps are tamer",
            "If no gap between neighbouring squares of one curve exceeds that of another, then $\\varphi$ is not "
            "larger on it, a step from the same $p<1$ leads not farther up, a step from the same "
            "$p\\in(1,p_{\\mathrm{flip}})$ of the other not farther down, and $p_{\\mathrm{flip}}$ is not smaller. "
            "So one curve settles $S_\\eta$ for a family.",
            rests_on=("A6",),
            formula="",
        ),
        below_two_claim(),
        written(
            "F4",
            "convergence wherever the assumption holds",
            "Let $D\\ge2$, $\\eta D\\le2$ and $w_0\\in S_\\eta$. Then $w_t$ converges to a global minimum. Its "
            "sharpness is the limit of $\\varphi(w_t)$, and at most $\\frac2\\eta$ unless $\\pi(w_t)=1$ at some step "
            "$t$. (This is Theorem G without the premise $\\eta\\varphi(w_0)\\le2$, from which $\\eta D\\le2$ follows. "
            "If $\\eta D>2$, then $\\eta\\varphi\\ge\\eta D>2$ at every minimum: all repel.) It is what "
            "`verify region` proves convergence with.",
            r"w_0\in S_\eta,\;\eta D\le2\quad\Rightarrow\quad w_t\to w_\infty,\;\pi(w_\infty)=1",
            rests_on=("A1", "A4", "A5", "F4.1", "theorem-B", "F3", "G3", "theorem-G"),
        ),
    ]


def below_two_claim() -> Claim:
    """Return claim F4.1: a balance factor is below 2 before a step from a product below 1."""
    a, x, y, pi, kappa = symbols("a alpha_i alpha_j pi kappa")
    return lemma(
        "F4.1",
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
