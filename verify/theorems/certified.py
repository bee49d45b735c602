"""What certified limits and regions rest on: convergence, divergence and membership from facts of one place."""

from verify.claims import Claim
from verify.theorems.writing import written


def certified_claims() -> list[Claim]:
    """Return claims F1 (limits), F2 (divergence), F3 (families of curves), for every depth."""
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
    ]
