"""The majorization step A6: smaller gaps and the same product order the sums of three functions."""

from verify.claims import Claim
from verify.theorems.writing import lemma, symbols, written


def one_variable_claims() -> list[Claim]:
    """Return the signs of the derivatives behind three inequalities for the logarithm."""
    y, lam, mu = symbols("y lambda mu")
    return [
        lemma(
            "A6.1",
            "tangent of the logarithm",
            "The derivative $1-1/y$ of $F(y) = y-1-\\log y$ is $\\le0$ before and $\\ge0$ after 1, so "
            "that $F\\ge F(1)=0$.",
            r"(y-1)\Bigl(1-\frac1y\Bigr)\ge0\quad(y>0)",
            over=(y,),
            where={"positive": (y, ">", 0)},
            then=((y - 1) * (1 - 1 / y), ">=", 0),
        ),
        lemma(
            "A6.2",
            "concavity of the logarithm",
            "The derivative of $F(y)=\\log(\\lambda y+1-\\lambda)-\\lambda\\log y$ is $\\le0$ before "
            "and $\\ge0$ after 1 for $0<\\lambda\\le1$, so that $F\\ge F(1)=0$.",
            r"(y-1)\Bigl(\frac{\lambda}{\lambda y+1-\lambda}-\frac{\lambda}{y}\Bigr)\ge0\quad(y>0,\;0<\lambda\le1)",
            over={y: (None, None), lam: (None, 1)},
            where={"positive": (y, ">", 0), "weight": (lam, ">", 0)},
            then=((y - 1) * (lam / (lam * y + 1 - lam) - lam / y), ">=", 0),
        ),
        lemma(
            "A6.3",
            "concavity of the logarithm, outside",
            "The derivative of $F(y)=\\mu\\log y-\\log(\\mu y+1-\\mu)$ is $\\le0$ before and $\\ge0$ after 1 "
            "for $\\mu\\ge1$ while $\\mu y+1-\\mu>0$, so that $F\\ge F(1)=0$.",
            r"(y-1)\Bigl(\frac{\mu}{y}-\frac{\mu}{\mu y+1-\mu}\Bigr)\ge0\quad(y>0,\;\mu\ge1,\;\mu y+1-\mu>0)",
            over={y: (None, None), mu: (1, None)},
            where={"positive": (y, ">", 0), "inside": (mu * y + 1 - mu, ">", 0)},
            then=((y - 1) * (mu / y - mu / (mu * y + 1 - mu)), ">=", 0),
        ),
    ]


def index_claims() -> list[Claim]:
    """Return the facts about one index k, with z = z_k, u = u_k and the threshold T."""
    u, z, threshold, c = symbols("u z T c")
    positive = {"u-positive": (u, ">", 0), "z-positive": (z, ">", 0), "T-positive": (threshold, ">", 0)}
    side = {"side": ((u - z) * (threshold - u), ">=", 0)}
    above = {"u-above": (u, ">", c), "z-above": (z, ">", c), "T-above": (threshold, ">", c)}
    return [
        lemma(
            "A6.4",
            "one reciprocal",
            "What the reciprocal gains at one index is at least $1/T$ times the relative change of the square.",
            r"(u-z)(T-u)\ge0\;\Rightarrow\;\frac1z-\frac1u\ge\frac1T\Bigl(\frac uz-1\Bigr)",
            over=(u, z, threshold),
            where={**positive, **side},
            then=(1 / z - 1 / u, ">=", (u / z - 1) / threshold),
        ),
        lemma(
            "A6.5",
            "weights for a growing factor",
            "With $\\lambda(u)=u/(u+c)$: replacing $\\lambda(u)$ by $\\lambda(T)$ has the right sign.",
            r"(u-z)(T-u)\ge0,\;c\ge0\;\Rightarrow\;"
            r"\Bigl(\frac{u}{u+c}-\frac{T}{T+c}\Bigr)\Bigl(\frac zu-1\Bigr)\ge0",
            over={u: (None, None), z: (None, None), threshold: (None, None), c: (0, None)},
            where={**positive, **side},
            then=((u / (u + c) - threshold / (threshold + c)) * (z / u - 1), ">=", 0),
        ),
        lemma(
            "A6.6",
            "a growing factor as a weighted mean",
            "The ratio of two factors $1+c/x$ is a weighted mean of $z/u$ and 1.",
            r"\frac{z+c}{u+c}=\lambda\,\frac zu+1-\lambda,\qquad\lambda=\frac{u}{u+c}",
            over={u: (None, None), z: (None, None), c: (0, None)},
            where={"u-positive": (u, ">", 0)},
            then=((z + c) / (u + c), "=", u / (u + c) * (z / u) + 1 - u / (u + c)),
        ),
        lemma(
            "A6.7",
            "weights for a shrinking factor",
            "With $\\mu(u)=u/(u-c)$: replacing $\\mu(u)$ by $\\mu(T)$ has the right sign.",
            r"(u-z)(T-u)\ge0,\;0<c<u,z,T\;\Rightarrow\;"
            r"\Bigl(\frac{u}{u-c}-\frac{T}{T-c}\Bigr)\Bigl(\frac zu-1\Bigr)\le0",
            over=(u, z, threshold, c),
            where={**positive, **side, **above, "step": (c, ">", 0)},
            then=((u / (u - c) - threshold / (threshold - c)) * (z / u - 1), "<=", 0),
        ),
        lemma(
            "A6.8",
            "a shrinking factor as a weighted mean",
            "The ratio of two factors $1-c/x$ is an affine combination of $z/u$ and 1.",
            r"\frac{z-c}{u-c}=\mu\,\frac zu+1-\mu,\qquad\mu=\frac{u}{u-c}",
            over=(u, z, c),
            where={"u-positive": (u, ">", 0), "u-above": (u, ">", c)},
            then=((z - c) / (u - c), "=", u / (u - c) * (z / u) + 1 - u / (u - c)),
        ),
    ]


def majorization_claims() -> list[Claim]:
    """Return A6 with all it rests on."""
    facts = [*one_variable_claims(), *index_claims()]
    return [
        *facts,
        written(
            "A6",
            "majorization and summation",
            "Let $z$ and $u$ be sorted, positive, of equal product, the gaps of $u$ at most those of $z$. Then "
            "$\\sum 1/u_k\\le\\sum 1/z_k$; for $c\\ge0$, $\\prod(1+c/u_k)\\le\\prod(1+c/z_k)$; and for "
            "$0<c<\\min_k z_k$: $c<\\min_k u_k$ and $\\prod(1-c/u_k)\\ge\\prod(1-c/z_k)$.",
            r"\sum_k\frac1{u_k}\le\sum_k\frac1{z_k},\qquad \prod_k\Bigl(1+\frac c{u_k}\Bigr)\le"
            r"\prod_k\Bigl(1+\frac c{z_k}\Bigr)",
            rests_on=tuple(fact.identifier for fact in facts),
        ),
    ]
