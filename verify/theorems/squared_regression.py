"""Theorems R and S: one step of gradient descent on the squared regression model never increases the GFS sharpness.

Both are about data whose row space is spanned by vectors with disjoint supports (blocks): a single sample, data of rank
d, and what lies between. R asks that no weight changes sign; S, for entries in {-1, 0, 1}, has the sharp condition.

In a block the squares of the weights are masses m at positions xi = +-x_i: + for u+_i, - for u-_i. Gradient flow
multiplies a mass by exp(nu xi), a step by (1 - 2 h xi)^2. m is the mass at the GFS of w, m (1 + D) the mass at the GFS
of the next iterate; sum xi m is the same at both, C = sum xi^2 m is what the sharpness depends on.
"""

from verify.claims import Claim, ClaimGraph
from verify.theorems.regression_neighbours import regression_neighbours
from verify.theorems.writing import PAPER, lemma, symbols, written

SCOPE = "every N and d"


def regression_graph() -> ClaimGraph:
    """Return all claims on the squared regression model."""
    return ClaimGraph((*sign_keeping_claims(), *sharp_claims(), *regression_neighbours()), shared="regression")


def sign_keeping_claims() -> list[Claim]:
    """Return the chain of Theorem R."""
    xi, root, mass, excess = symbols("xi root m D")
    (h,) = symbols("h")
    term = xi * (xi - root) * excess
    return [
        lemma(
            "R1.1",
            "the second derivative of a factor's logarithm",
            "While $1-2h\\xi>0$ and $h\\ne0$ the second derivative of $\\delta\\xi+2\\log(1-2h\\xi)$ in $\\xi$, which "
            "is $-8h^2/(1-2h\\xi)^2$, is negative: the function is strictly concave.",
            r"1-2h\xi>0,\;h^2>0\;\Rightarrow\;-\frac{8h^2}{(1-2h\xi)^2}<0",
            over=(h, xi),
            where={"sign": (1 - 2 * h * xi, ">", 0), "step": (h**2, ">", 0)},
            then=(-8 * h**2 / (1 - 2 * h * xi) ** 2, "<", 0),
            scope=SCOPE,
        ),
        written(
            "R1",
            "where a factor exceeds 1",
            "Let $\\varrho(\\xi)=e^{\\delta\\xi}(1-2h\\xi)^2$ and let $I$ be the interval around 0 on which "
            "$1-2h\\xi>0$. There is $\\xi_0$ in $I$ with $\\varrho\\ge1$ on $I$ between 0 and $\\xi_0$ and "
            "$\\varrho\\le1$ elsewhere on $I$; or $\\varrho-1$ has the sign of $\\xi$ on all of $I$, or the sign of "
            "$-\\xi$ on all of $I$.",
            r"\varrho(\xi)=e^{\delta\xi}(1-2h\xi)^2",
            rests_on=("R1.1",),
            scope=SCOPE,
        ),
        lemma(
            "R2.1",
            "a mass between 0 and the root grows",
            "With $D=\\varrho(\\xi)-1$: if $0\\le\\xi\\le\\xi_0$ and $D\\ge0$ then $\\xi(\\xi-\\xi_0)D\\le0$.",
            r"0\le\xi\le\xi_0,\;D\ge0\;\Rightarrow\;\xi(\xi-\xi_0)D\le0",
            over={xi: (0, None), root: (None, None), excess: (0, None)},
            where={"below": (xi, "<=", root)},
            then=(term, "<=", 0),
            scope=SCOPE,
        ),
        lemma(
            "R2.2",
            "a mass beyond the root shrinks",
            "If $\\xi\\ge\\xi_0\\ge0$ and $D\\le0$ then $\\xi(\\xi-\\xi_0)D\\le0$.",
            r"\xi\ge\xi_0\ge0,\;D\le0\;\Rightarrow\;\xi(\xi-\xi_0)D\le0",
            over={xi: (None, None), root: (0, None), excess: (None, 0)},
            where={"beyond": (xi, ">=", root)},
            then=(term, "<=", 0),
            scope=SCOPE,
        ),
        lemma(
            "R2.3",
            "a mass on the other side shrinks",
            "If $\\xi\\le0\\le\\xi_0$ and $D\\le0$ then $\\xi(\\xi-\\xi_0)D\\le0$.",
            r"\xi\le0\le\xi_0,\;D\le0\;\Rightarrow\;\xi(\xi-\xi_0)D\le0",
            over={xi: (None, 0), root: (0, None), excess: (None, 0)},
            then=(term, "<=", 0),
            scope=SCOPE,
        ),
        lemma(
            "R2.4",
            "a second moment in terms of the first",
            "The change $\\xi^2mD$ of a mass's second moment is $m\\,\\xi(\\xi-\\xi_0)D$ plus $\\xi_0$ times the "
            "change $\\xi mD$ of its first.",
            r"\xi^2mD=m\,\xi(\xi-\xi_0)D+\xi_0\,\xi mD",
            over=(xi, root, mass, excess),
            then=(xi**2 * mass * excess, "=", mass * term + root * (xi * mass * excess)),
            scope=SCOPE,
        ),
        written(
            "R2",
            "in a block the second moment does not grow",
            "Let finitely many masses $m_j\\ge0$ at positions $\\xi_j$ become $m_j\\varrho(\\xi_j)$ with $\\varrho$ "
            "as in [R1](#R1), and let $1-2h\\xi_j>0$ wherever $m_j>0$. If $\\sum_j\\xi_jm_j$ stays the same, "
            "$\\sum_j\\xi_j^2m_j$ does not grow.",
            r"\sum_j\xi_jm_j\varrho(\xi_j)=\sum_j\xi_jm_j\;\Rightarrow\;\sum_j\xi_j^2m_j\varrho(\xi_j)\le\sum_j\xi_j^2m_j",
            rests_on=("R1", "R2.1", "R2.2", "R2.3", "R2.4"),
            scope=SCOPE,
        ),
        written(
            "R3",
            "the GFS is the minimum of a convex function, and a step acts on each block by itself",
            "Let $X=ZB$ with $Z$ of full column rank and the rows of $B$ nonzero with disjoint supports. Along the "
            "curve of $w$ gradient flow is gradient flow of a convex function; the points of zero loss on the curve "
            "are its minima, and the flow converges to one if there is one. There "
            "$\\varphi=\\frac4N\\lambda_{\\max}(Z\\,\\mathrm{diag}(C_b)Z^\\top)$, where $C_b$ is the second moment "
            "of block $b$, and the first moment of each block is determined by $X$ and $y$ alone.",
            r"\varphi=\tfrac4N\lambda_{\max}\bigl(Z\,\mathrm{diag}(C_1,\dots,C_r)\,Z^\top\bigr),\quad "
            r"C_b=\sum_{j\in b}\xi_j^2m_j",
            source=f"{PAPER}, squared regression model; this project",
            scope=SCOPE,
        ),
        written(
            "theorem-R",
            "a step that keeps the signs never increases the GFS sharpness",
            "Let the row space of $X$ be spanned by vectors with disjoint supports: one sample ($N=1$, any $x$), or "
            "rank $d$, or anything between. Let $w$ have a gradient-flow solution and let no nonzero weight change "
            "sign or vanish in the step. Then $w^+$ has a gradient-flow solution, and "
            "$\\varphi(w^+)\\le\\varphi(w)$. There is no condition on $\\eta>0$ besides; on $d$, $y$ and the weights "
            "there is none.",
            r"1-2\eta g_i>0\ (u_{+,i}\ne0)\ \text{ and }\ 1+2\eta g_i>0\ (u_{-,i}\ne0)"
            r"\;\Rightarrow\;\varphi(w^+)\le\varphi(w)",
            theorem=True,
            rests_on=("R2", "R3"),
            scope=SCOPE,
        ),
    ]


def sharp_claims() -> list[Claim]:
    """Return the chain of Theorem S."""
    p, q, h, s = symbols("P Q h s")
    c, c_next, k, k_next = symbols("C Cn K Kn")
    factor = (1 - 4 * h**2) ** 2
    moments = {
        "curve": (c**2, "=", s**2 + 4 * k),
        "next": (c_next**2, "=", s**2 + 4 * k_next),
    }
    moments_over = {s: (None, None), c: (0, None), c_next: (0, None), k: (0, None), k_next: (0, None)}
    return [
        lemma(
            "S1.1",
            "the product of the two masses after a step",
            "In a block with entries $\\pm1$ all masses at $+1$ together are $P$, those at $-1$ are $Q$. A step "
            "multiplies $PQ$ by $(1-4h^2)^2$.",
            r"P(1-2h)^2\cdot Q(1+2h)^2=PQ\,(1-4h^2)^2",
            over=(p, q, h),
            then=(p * (1 - 2 * h) ** 2 * (q * (1 + 2 * h) ** 2), "=", p * q * factor),
            scope=SCOPE,
        ),
        lemma(
            "S1.2",
            "the second moment from the product",
            "With $s=P-Q$ and $C=P+Q$: $C^2=s^2+4PQ$.",
            r"(P+Q)^2=(P-Q)^2+4PQ",
            over=(p, q),
            then=((p + q) ** 2, "=", (p - q) ** 2 + 4 * p * q),
            scope=SCOPE,
        ),
        lemma(
            "S2.1",
            "the product does not grow",
            "If $2h^2\\le1$ a step does not increase $PQ$.",
            r"2h^2\le1,\;P,Q\ge0\;\Rightarrow\;PQ\,(1-4h^2)^2\le PQ",
            over={p: (0, None), q: (0, None), h: (None, None)},
            where={"small": (2 * h**2, "<=", 1)},
            then=(p * q * factor, "<=", p * q),
            scope=SCOPE,
        ),
        lemma(
            "S2.2",
            "the product grows beyond",
            "If $2h^2>1$ and $P,Q>0$ a step increases $PQ$.",
            r"2h^2>1,\;P,Q>0\;\Rightarrow\;PQ\,(1-4h^2)^2>PQ",
            over=(p, q, h),
            where={"large": (2 * h**2, ">", 1), "plus": (p, ">", 0), "minus": (q, ">", 0)},
            then=(p * q * factor, ">", p * q),
            scope=SCOPE,
        ),
        lemma(
            "S2.3",
            "keeping the signs is more than enough",
            "If $-1<2h<1$, so that no weight of the block changes sign, then $2h^2\\le1$.",
            r"-1<2h<1\;\Rightarrow\;2h^2\le1",
            over=(h,),
            where={"above": (2 * h, "<", 1), "below": (2 * h, ">", -1)},
            then=(2 * h**2, "<=", 1),
            scope=SCOPE,
        ),
        lemma(
            "S3.1",
            "a smaller product, a smaller moment",
            "If $C^2=s^2+4K$ and $C_+^2=s^2+4K_+$ with $K_+\\le K$ and $C>0$ then $C_+\\le C$.",
            r"K_+\le K\;\Rightarrow\;C_+\le C",
            over=moments_over,
            where={**moments, "falls": (k_next, "<=", k), "positive": (c, ">", 0)},
            then=(c_next, "<=", c),
            scope=SCOPE,
        ),
        lemma(
            "S3.2",
            "a larger product, a larger moment",
            "If $C^2=s^2+4K$ and $C_+^2=s^2+4K_+$ with $K_+>K$ and $C>0$ then $C_+>C$.",
            r"K_+>K\;\Rightarrow\;C_+>C",
            over=moments_over,
            where={**moments, "rises": (k_next, ">", k), "positive": (c, ">", 0)},
            then=(c_next, ">", c),
            scope=SCOPE,
        ),
        written(
            "theorem-S",
            "the sharp condition for blocks of equal magnitude",
            "Let the row space of $X$ be spanned by vectors with disjoint supports and entries in $\\{-1,0,1\\}$: one "
            "sample with all $|x_i|$ equal, or rank $d$. If $w$ and $w^+$ have gradient-flow solutions and "
            "$2\\eta^2g_i^2\\le1$ for all $i$, then $\\varphi(w^+)\\le\\varphi(w)$, whether weights change sign or "
            "not. For one sample this is sharp: unless all nonzero weights lie on one side ($u_{+,i}$ with $x_i>0$ "
            "and $u_{-,i}$ with $x_i<0$ are one side, the rest the other), $\\varphi(w^+)\\le\\varphi(w)$ exactly when "
            "$2\\eta^2g_i^2\\le1$.",
            r"2\eta^2g_i^2\le1\ \text{ for all } i\;\Rightarrow\;\varphi(w^+)\le\varphi(w)",
            theorem=True,
            rests_on=("S1.1", "S1.2", "S2.1", "S2.2", "S2.3", "S3.1", "S3.2", "R3"),
            scope=SCOPE,
        ),
    ]
