"""Theorem P: at depth 2, below the edge, |pi^2 - 1| falls over any two steps.

P1: a step at depth 2 in three numbers, k = eta^2, the product p, and sigma = eta (w_1^2 + w_2^2) / 2. P2: from above
one step is enough. P3: after a step from below past the minimum the next step goes back to it, or past it. P4: a step
from below not past the minimum, and one past it.
"""

from typing import Any

from verify.claims import Claim
from verify.theorems.writing import lemma, symbols, written

K, P, SIGMA = symbols("k p sigma")
SCOPE = "depth 2"
EDGE = {"edge": (SIGMA**2, "<=", 1 + K * (P**2 - 1))}  # eta phi <= 2
BELOW: dict[Any, Any] = {K: (0, 1), P: (0, 1), SIGMA: (None, None)}


def product_after(k: Any, p: Any, sigma: Any) -> Any:
    """Return the product after a step, 1 + (p - 1) (1 + k p (p - 1) - 2 sigma)."""
    return 1 + (p - 1) * (1 + k * p * (p - 1) - 2 * sigma)


def sigma_after(k: Any, p: Any, sigma: Any) -> Any:
    """Return eta times half the sum of the squares after a step, sigma (1 + k (p - 1)^2) - 2 k p (p - 1)."""
    return sigma * (1 + k * (p - 1) ** 2) - 2 * k * p * (p - 1)


def weights_step() -> tuple[Any, Any, Any, Any, Any]:
    """Return w_1, w_2 and eta, and both weights after a step."""
    w1, w2, eta = symbols("w_1 w_2 eta")
    s = eta * (w1 * w2 - 1)
    return w1, w2, eta, w1 - s * w2, w2 - s * w1


def coordinate_claims() -> list[Claim]:
    """Return P1.1 to P1.6: the numbers k, p and sigma, what a step does to them, and the edge."""
    w1, w2, eta, after1, after2 = weights_step()
    p, k, sigma = w1 * w2, eta**2, eta * (w1**2 + w2**2) / 2
    given = r"k=\eta^2,\;p=w_1w_2,\;\sigma=\tfrac\eta2(w_1^2+w_2^2)\;\Rightarrow\;"
    return [
        lemma(
            "P1.1",
            "the product after a step at depth 2",
            "It depends on $k$, $p$ and $\\sigma$ alone.",
            given + r"p^+=1+(p-1)\bigl(1+kp(p-1)-2\sigma\bigr)",
            over=(w1, w2, eta),
            then=(after1 * after2, "=", product_after(k, p, sigma)),
            scope=SCOPE,
        ),
        lemma(
            "P1.2",
            "the sum of the squares after a step at depth 2",
            "So does $\\sigma^+$.",
            given + r"\sigma^+=\sigma(1+k(p-1)^2)-2kp(p-1)",
            over=(w1, w2, eta),
            then=(eta * (after1**2 + after2**2) / 2, "=", sigma_after(k, p, sigma)),
            scope=SCOPE,
        ),
        lemma(
            "P1.3",
            "the edge at depth 2",
            "The left side is $(\\eta\\varphi)^2$, as gradient flow keeps the balance. So $\\eta\\varphi\\le2$ says "
            "$\\sigma^2\\le1+k(p^2-1)$.",
            r"\eta^2\bigl((w_1^2-w_2^2)^2+4\bigr)=4\bigl(\sigma^2-k(p^2-1)\bigr)",
            over=(w1, w2, eta),
            then=(eta**2 * ((w1**2 - w2**2) ** 2 + 4), "=", 4 * (sigma**2 - k * (p**2 - 1))),
            scope=SCOPE,
            rests_on=("D2.1",),
        ),
        lemma(
            "P1.4",
            "the arithmetic and the geometric mean",
            "$\\sigma^2-kp^2$ is the square of $\\frac\\eta2(w_1^2-w_2^2)$.",
            given + r"kp^2\le\sigma^2",
            over=(w1, w2, eta),
            then=(k * p**2, "<=", sigma**2),
            scope=SCOPE,
        ),
        lemma(
            "P1.5",
            "a bound of the step size",
            "Below the edge $k\\le1$.",
            r"kp^2\le\sigma^2\le1+k(p^2-1)\;\Rightarrow\;k\le1",
            over=(K, P, SIGMA),
            where={"means": (K * P**2, "<=", SIGMA**2), **EDGE},
            then=(K, "<=", 1),
            scope=SCOPE,
            rests_on=("P1.3", "P1.4"),
        ),
        lemma(
            "P1.6",
            "a linear bound of the sum of the squares",
            "By $2\\sigma\\le1+\\sigma^2$.",
            r"\sigma^2\le1+k(p^2-1)\;\Rightarrow\;2\sigma\le2+k(p^2-1)",
            over=(K, P, SIGMA),
            where=EDGE,
            then=(2 * SIGMA, "<=", 2 + K * (P**2 - 1)),
            scope=SCOPE,
            rests_on=("P1.3",),
        ),
    ]


def step_claims() -> list[Claim]:
    """Return P2 to P4.2: steps from above, and from below past the minimum and not past it."""
    c, x = symbols("c x")
    first, half = product_after(K, P, SIGMA), sigma_after(K, P, SIGMA)
    linear = {"linear": (2 * SIGMA, "<=", 2 + K * (P**2 - 1))}
    passed = 1 - P
    return [
        lemma(
            "P2",
            "one step from above is enough",
            "From a product between 1 and 2 a step does not go below $\\sqrt{2-p^2}$. (For $p>2$ nothing is to be "
            "shown: $p^2>2$.)",
            r"0\le k\le1,\;1<p\le2,\;2\sigma\le2+k(p^2-1)\;\Rightarrow\;(p^+)^2+p^2>2",
            over={K: (0, 1), P: (None, 2), SIGMA: (None, None)},
            where={"above": (P, ">", 1), **linear},
            then=(first**2 + P**2, ">", 2),
            scope=SCOPE,
            rests_on=("P1.1", "P1.5", "P1.6"),
        ),
        lemma(
            "P3.1",
            "how far a step from below goes past the minimum",
            "With $c=2\\sigma-1+kp(1-p)$ the step leads from $p$ to $p^+=1+(1-p)\\,c$.",
            r"2\sigma\le2+k(p^2-1)\;\Rightarrow\;c\le1-k(1-p)",
            over=BELOW,
            where=linear,
            then=(2 * SIGMA - 1 + K * P * (1 - P), "<=", 1 - K * (1 - P)),
            scope=SCOPE,
            rests_on=("P1.6",),
        ),
        lemma(
            "P3.2",
            "after a step past the minimum the next step comes back",
            "The next step leads to $1+(p^+-1)\\,c^+$ with $c^+=1+kp^+(p^+-1)-2\\sigma^+$. Here "
            "$2\\sigma=1+c-kp(1-p)$.",
            r"0\le k\le1,\;0\le p\le1,\;0\le c\le1-k(1-p),\;p^+=1+(1-p)\,c\;\Rightarrow\;"
            r"1+kp^+(p^+-1)-2\sigma^+\le0",
            over={K: (0, 1), P: (0, 1), c: (0, None)},
            where={"length": (c, "<=", 1 - K * passed)},
            then=(
                1 + K * (1 + passed * c) * passed * c - 2 * sigma_after(K, P, (1 + c - K * P * passed) / 2),
                "<=",
                0,
            ),
            scope=SCOPE,
            rests_on=("P1.1", "P1.2"),
        ),
        lemma(
            "P4.1",
            "the second of two steps from below, the first not past the minimum",
            "The second step leads to $1+(1-p^+)\\,c^+$ with $c^+=2\\sigma^+-1+kp^+(1-p^+)$.",
            r"0\le k,p\le1,\;\sigma^2\le1+k(p^2-1)\;\Rightarrow\;c^+\le p^+",
            over=BELOW,
            where=EDGE,
            then=(2 * half - 1 + K * first * (1 - first), "<=", first),
            scope=SCOPE,
            hints=(SIGMA - 1, SIGMA - P, 1 - first),  # p^+ - c^+ is k (1 - p^+)^2 + p (sigma - p)^2 + ...
            rests_on=("P1.1", "P1.2", "P1.3"),
        ),
        lemma(
            "P4.2",
            "a second step from below past the minimum",
            "With $x=1-p^+$, and $c$ in place of $c^+$.",
            r"0<x\le1,\;0\le c\le1-x\;\Rightarrow\;(1-x)^2+(1+xc)^2<2",
            over={x: (None, 1), c: (0, None)},
            where={"below": (x, ">", 0), "length": (c, "<=", 1 - x)},
            then=((1 - x) ** 2 + (1 + x * c) ** 2, "<", 2),
            scope=SCOPE,
            rests_on=("P4.1",),
        ),
    ]


def two_step_claims() -> list[Claim]:
    """Return the chain of Theorem P, at depth 2, in order; it rests on those of Theorems B and V besides."""
    lemmas = [*coordinate_claims(), *step_claims()]
    return [
        *lemmas,
        written(
            "theorem-P",
            "two steps at depth 2",
            "Let $D=2$ and $w_0\\in S_\\eta$ with $\\eta\\varphi(w_0)\\le2$. Then $|\\pi^2-1|$ falls over any two "
            "steps, until $\\pi=1$; from a product above 1 it falls in one step already. So $|\\pi(w_n)^2-1|$ never "
            "exceeds its first value for even $n$, and for no $n$ at all if $\\pi(w_0)\\ge1$.",
            r"\pi_n\ne1\;\Rightarrow\;\bigl|\pi_{n+2}^2-1\bigr|<\bigl|\pi_n^2-1\bigr|,\qquad"
            r"\pi_n>1\;\Rightarrow\;\bigl|\pi_{n+1}^2-1\bigr|<\bigl|\pi_n^2-1\bigr|",
            theorem=True,
            scope=SCOPE,
            rests_on=("A0.2", "theorem-B", "theorem-V", *(c.identifier for c in lemmas)),
        ),
    ]
