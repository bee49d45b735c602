"""The identities behind Theorem V: a step as a move of the shift, and the change of V with its zeros divided out."""

import sympy as sp

from verify.claims import Claim
from verify.theorems.lyapunov_forms import NearStep, Step, expanded_sum, sum_of_values
from verify.theorems.writing import lemma, symbols


def identity_claims() -> list[Claim]:
    """Return V1.1 to V1.10: a step as a move of the shift, and the change of V with its zeros divided out."""
    a, alpha, t, p, sigma, tau, xi, rho, b, f, u, c, second, lack, e = symbols(
        "a alpha t p sigma tau xi rho b F u c B T e"
    )
    factor = 1 + t * alpha
    plain = Step(p, xi, rho, b)
    product = {"product": (p**2 * (1 - xi * t + xi**2 * t**2 * second), "=", 1 + (1 - xi) * t)}
    given = r"p^2(1-\xi t+\xi^2t^2B)=1+(1-\xi)t\;\Rightarrow\;"
    shift = p**2 - 1 - xi * lack
    after = shift + 2 * p * (1 - p)
    reached = (1 + xi * after + xi**2 * after**2 * f) * (
        p * (1 - xi * shift + xi**2 * shift**2 * second) + 2 * (1 - xi) * (1 - p)
    )
    near = NearStep(1 + e, xi, rho, b, 2 + e - xi * e * tau, tau)
    deep = NearStep(1 + e, xi, sp.Integer(0), b, 2 + e - xi * e * tau, tau)
    grown = 1 + near.after + near.after**2 * f
    return [
        lemma(
            "V1.1",
            "a step moves the shift",
            "So $p\\,p^+=\\prod_i(1+t'\\alpha_i)$, where $p^2=\\prod_i(1+t\\alpha_i)$ and $t'=t-a\\,p(p-1)$.",
            r"1+t\alpha>0\;\Rightarrow\;(1+t\alpha)\Bigl(1-\frac{a\,\alpha\,p(p-1)}{1+t\alpha}\Bigr)"
            r"=1+\bigl(t-a\,p(p-1)\bigr)\alpha",
            over=(a, alpha, t, p),
            where={"inside": (factor, ">", 0)},
            then=(factor * (1 - a * alpha * p * (p - 1) / factor), "=", 1 + (t - a * p * (p - 1)) * alpha),
            rests_on=("A0.2",),
        ),
        lemma(
            "V1.2",
            "two factors against their sum",
            "Joined one by one: $\\prod_k(1+\\sigma_k)\\ge1+\\sum_k\\sigma_k$ if all $\\sigma_k\\ge-1$ have one sign.",
            r"\sigma\tau\ge0\;\Rightarrow\;(1+\sigma)(1+\tau)\ge1+\sigma+\tau",
            over=(sigma, tau),
            where={"sign": (sigma * tau, ">=", 0)},
            then=((1 + sigma) * (1 + tau), ">=", 1 + sigma + tau),
        ),
        lemma(
            "V1.3",
            "the shift after a step at the edge is negative",
            "At $a=2$, on both sides of the minimum.",
            r"1+t\le p^2\;\Rightarrow\;t-2p(p-1)\le-(p-1)^2",
            over=(t, p),
            where={"sum": (1 + t, "<=", p**2)},
            then=(t - 2 * p * (p - 1), "<=", -((p - 1) ** 2)),
        ),
        lemma(
            "V1.4",
            "the change of V",
            "With $c=1-q$, $e=p-1$ and $p^+=1-e-u$: what $V(p)+V(p^+)-2V(1)$ is.",
            r"(1-c)(p+p^+-2)+\tfrac c3\bigl(p^3+(p^+)^3-2\bigr)"
            r"=-u+c\bigl(2e^2+2eu+u^2-e^2u-eu^2-\tfrac13u^3\bigr)",
            over=(p, u, c),
            then=(sum_of_values(p, 2 - p - u, c), "=", expanded_sum(p, u, c)),
        ),
        lemma(
            "V1.5",
            "the product by its shift",
            "With $R=1/(1-\\xi t+\\xi^2t^2B)$ the product of the other factors, $p^2=(1+(1-\\xi)t)R$.",
            given + r"p^2-1=t\,m,\quad m=1-\xi+\xi p^2(1-\xi tB)",
            over=(p, t, xi, second),
            where=product,
            then=(p**2 - 1, "=", t * plain.slope(t, second)),
        ),
        lemma(
            "V1.6",
            "the product against the sum of its shapes",
            "The $T$ of V1.7 is $t^2\\theta$.",
            given + r"p^2-1-t=\xi\,t^2\theta,\quad\theta=m-\xi p^2B",
            over=(p, t, xi, second),
            where=product,
            then=(p**2 - 1 - t, "=", xi * t**2 * plain.curvature(t, second)),
        ),
        lemma(
            "V1.7",
            "the comparison product after a step",
            "Let $e=p-1$, $t=p^2-1-\\xi T$, $s=t+2p(1-p)$, $Q=2-\\xi(1+\\rho)$ and $\\tilde p=e^{\\xi s}"
            "\\bigl(\\frac pR+2(1-\\xi)(1-p)\\bigr)$ with $\\frac1R=1-\\xi t+\\xi^2t^2B$ and "
            "$e^{\\xi s}=1+\\xi s+\\xi^2s^2F$.",
            r"2-p-\tilde p=\xi(2Qe^2+\xi Z),\quad Z=2T(1-p)-pt^2B+2(1+\rho)e^2-s^2F(2-p-\xi X)+sX,\quad "
            r"X=2(1-p)+pt-\xi pt^2B",
            over=(p, lack, xi, second, f, rho),
            then=(
                2 - p - reached,
                "=",
                xi * (2 * plain.complement * plain.e**2 + xi * plain.rest(shift, lack, second, f)),
            ),
        ),
        lemma(
            "V1.8",
            "the same, near the minimum too",
            "Let $t=eh$, $T=e^2\\tau$, $h=2+e-\\xi e\\tau$, $B=\\frac{1+\\rho}2-\\xi ehb$, $p=1+e$.",
            r"Z=e^3\Bigl(-2\tau+\tfrac{1+\rho}2\bigl(-4-p(4r+er^2)\bigr)+\xi ph^3b-e(1+\xi\tau)^2F(2-p-\xi eY)"
            r"-(1+\xi\tau)Y\Bigr),\quad r=1-\xi\tau,\;Y=-2+ph-\xi eph^2B",
            over=(e, xi, tau, b, f, rho),
            then=(
                near.rest(e * near.h, e**2 * tau, near.second_order, f),
                "=",
                e**3 * near.divided_rest(f),
            ),
        ),
        lemma(
            "V1.9",
            "the bound of the product after a step, away from the vertex",
            "For $\\rho=0$ and $g=e^s/p$ with $s=-e^2(1+\\xi\\tau)$, $e^s=1+s+s^2F$: $p\\,(2-p-g)$ is",
            r"(1+e)(1-e)-(1+s+s^2F)=e^2\bigl(\xi\tau-(1+\xi\tau)^2e^2F\bigr)",
            over=(e, xi, tau, f),
            then=((1 + e) * (1 - e) - grown, "=", e**2 * (xi * tau - near.turned**2 * e**2 * f)),
        ),
        lemma(
            "V1.10",
            "the same, near the minimum too",
            "$Q=2-\\xi$, $B=\\frac12-\\xi ehb$, $h=2+e-\\xi e\\tau$, $r=1-\\xi\\tau$, $p=1+e$.",
            r"\tau=h(2+e-\xi p^2hB)\;\Rightarrow\;\tau-2Qp=e(e+\xi C),\quad "
            r"C=-\tau(2+e)+\tfrac p2\bigl(-4-p(4r+er^2)\bigr)+\xi p^2h^3b",
            over=(e, xi, tau, b),
            where={"shift": (tau, "=", deep.h * (2 + e - xi * deep.p**2 * deep.h * deep.second_order))},
            then=(tau - 2 * deep.complement * deep.p, "=", e * (e + xi * deep.turn())),
        ),
    ]
