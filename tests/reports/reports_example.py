"""A realistic ``results.json``: depth 4, all theorems, every rule, tier and kind, and a small numerical experiment."""

import copy
import functools
import hashlib

from numeric.experiment import run_experiment
from numeric.one_step import check_one_step

PROJECT = "this project"
PAPER = "arXiv 2305.13064"

A5_ARGUMENT = r"""
Sort $z$ and $z^+$. Shifts do not matter, so take $z_i^+ = z_i + r^2 / z_i$. **No flip.** If no two squares change
order, the gap between neighbours is $b (1 - \kappa)$ with $0 \le \kappa \le 1$ ([A1](#A1), [A3.3](#A3.3), [A4](#A4)),
so it does not grow.

**One flip.** By [A3.3](#A3.3) only the two smallest can flip, $z_D < z_{D-1}$ with $\kappa > 1$. The new smallest gap
is $(\kappa - 1) b \le b$, as $\kappa \le 2$. For any $k$ above them

$$
\Bigl(z_k + \frac{r^2}{z_k}\Bigr) - \Bigl(z_D + \frac{r^2}{z_D}\Bigr) \le z_k - z_{D-1},
$$

because $z_D z_k$ times the difference is $z_k (r^2 - z_D z_{D-1}) + z_D (z_k z_D - r^2)$, where

- $r^2 > z_D z_{D-1}$, as the pair flips, and
- $r^2 \le z_k z_D$, as no other pair does.
"""

A6_ARGUMENT = r"""
The difference $u_i - z_i$ falls as $z_i$ grows, and the logarithms sum to the same. So there is a threshold: the small
entries grew, the large ones shrank, and every grown $u$ is at most every shrunk $u$. Let $g(x) = f(e^x)$, convex with
slope $s$. Then $g(\log u) - g(\log z) \le s(\log u) (\log u - \log z)$. Replace $s(\log u_i)$ by its value at the
threshold: the slope is monotone and the signs fit. The differences of the logarithms sum to 0, so the sum is at most 0.

For $f(x) = 1/x$ the one fact needed is $\log y \le y - 1$; if 0<c<min z the same works for $\log(1 - c/x)$.
"""

STATEMENT = """(set-logic QF_NRA)
(declare-const a Real)
(declare-const x Real)
(declare-const y Real)
(assert (! (>= x 0) :named x.nonnegative))
(assert (! (>= y 0) :named y.nonnegative))
(assert (! (<= (+ x y) 1) :named simplex))
(assert (! (<= (^ a 2) 8) :named below-limit))
(assert (! (not (<= (* (^ a 2) (* x y)) 2)) :named negated-conclusion))
(check-sat)
"""


def claim(identifier: str, title: str, **fields) -> dict:
    """Return a claim, proved by a certificate with the rule "combination" unless ``fields`` say otherwise."""
    certified = fields.get("rule", "combination") in (
        "identity",
        "combination",
        "bisection",
        "substitution",
        "counterexample",
    )
    made = {
        "identifier": identifier,
        "title": title,
        "words": f"{title}, in words.",
        "formula": "",
        "source": PROJECT,
        "scope": "every depth",
        "kind": "lemma",
        "rests_on": [],
        "verdict": "proved",
        "own_tier": "kernel",
        "tier": "kernel",
        "rule": "combination",
        "digest": hashlib.sha256(identifier.encode()).hexdigest() if certified else "",
        "statement": STATEMENT if certified else "",
        "certificate": f"certificates/{identifier}.json" if certified else "",
        "certificate_bytes": 1234 if certified else 0,
        "leaves": 0,
        "boxes": 0,
        "prover_seconds": 0.0123 if certified else 0.0,
        "kernel_seconds": 0.0021 if certified else 0.0,
        "solvers": [],
        "argument": "",
        "note": "",
        "witness": {},
    }
    return {**made, **fields}


def written(identifier: str, title: str, argument: str, **fields) -> dict:
    """Return a claim whose own step is a written argument."""
    grounds = {"own_tier": "argument", "tier": "argument", "rule": "argument", "kind": "argument"}
    return claim(identifier, title, argument=argument, **{**grounds, **fields})


def answers(first: str = "unsat", second: str = "unsat") -> list[dict]:
    """Return what z3 and cvc5 answered."""
    return [
        {"solver": "z3", "version": "5.4.1", "answer": first, "seconds": 0.0213},
        {"solver": "cvc5", "version": "1.4.2", "answer": second, "seconds": 0.147},
    ]


def _theorem_a_claims() -> list[dict]:
    return [
        claim(
            "A1",
            "A step scales every balance",
            words="A gradient descent step takes the balance $b_{ij}$ to $b_{ij} (1 - \\kappa_{ij})$.",
            formula=r"b_{ij}^+ = b_{ij}\,\Bigl(1 - \frac{r^2}{z_i z_j}\Bigr)",
            rule="identity",
            source=PAPER,
            solvers=answers(),
        ),
        claim(
            "A2",
            "Bound on kappa below the minimum",
            words="For $\\pi \\le 1$ the shrinkage of every balance is at most $a^2 \\alpha_i \\alpha_j (1 - \\pi)^2$.",
            formula=r"\pi \le 1 \;\Longrightarrow\; \kappa_{ij} \le a^2 \alpha_i \alpha_j (1 - \pi)^2",
            solvers=answers(),
        ),
        claim(
            "A3.3",
            "At most one pair of squares changes order",
            words="For $\\pi \\le 1$ and $a^2 \\le 8$ all $\\kappa_{ij} \\le 2$, and at most one exceeds 1.",
            formula=r"\alpha_1 \ge \alpha_2 \ge \alpha_3 \ge 0,\ \sum_i \alpha_i \le 1 \;\Longrightarrow\; "
            r"\alpha_1 \alpha_3 \le \tfrac18",
            rests_on=["A2"],
            solvers=answers(second="timeout"),
        ),
        claim(
            "A4",
            "No flip above the minimum",
            words="For $\\pi > 1$ and no sign change, $0 < r < \\min_i z_i$, so all $\\kappa_{ij} < 1$.",
            own_tier="solvers",
            tier="solvers",
            rule="none",
            digest="",
            certificate="",
            certificate_bytes=0,
            solvers=answers(),
        ),
        written(
            "A5",
            "Sorted gaps do not grow",
            A5_ARGUMENT,
            words="Every gap between neighbours of the sorted $z^+$ is at most the gap there in the sorted $z$.",
            rests_on=["A1", "A3.3", "A4"],
        ),
        written(
            "A6",
            "Majorisation",
            A6_ARGUMENT,
            words="If the gaps of $u$ are at most those of $z$ and the products agree, "
            "$\\sum_i f(u_i) \\le \\sum_i f(z_i)$ for $f(x) = 1/x$ and $f(x) = \\log(1 + c/x)$.",
            formula=r"\prod_i u_i = \prod_i z_i \;\Longrightarrow\; \sum_i \frac{1}{u_i} \le \sum_i \frac{1}{z_i}",
        ),
        written(
            "theorem-A",
            "The GFS sharpness never increases in a step",
            "Apply [A6](#A6) to $z^*$ and to the GFS of $w^+$: both have product 1, and by [A5](#A5) the "
            "gaps of the second "
            "are at most those of the first, as gaps do not change under a shift.",
            kind="theorem",
            source=PAPER,
            words="If $\\eta \\phi(w) \\le 2\\sqrt2$ and $\\pi \\le 1$ or no weight changes sign, "
            "$\\phi(w^+) \\le \\phi(w)$.",
            rests_on=["A5", "A6"],
        ),
    ]


def _theorem_b_and_c_claims() -> list[dict]:
    return [
        written(
            "theorem-B",
            "The set S_eta is kept",
            "Theorem A, and [A6](#A6) with $c = |r|$ on the curves of $w$ and $w^+$ at equal product.",
            kind="theorem",
            source=PAPER,
            words="If $w \\in S_\\eta$ then $w^+ \\in S_\\eta$ and $\\phi(w^+) \\le \\phi(w)$.",
            rests_on=["theorem-A", "A6"],
        ),
        claim(
            "C1",
            "Second-order remainder",
            words="The product after a step is $1 + (1 - a) e + E_2 e^2$, with $e = \\pi - 1$.",
            formula=r"\pi^+ - 1 = (1 - a)\, e + E_2\, e^2",
            rule="identity",
            scope="depth 4",
        ),
        claim(
            "C2",
            "The remainder is between its bounds",
            words="For $a \\in [1.2, 2]$ and $|e| \\le 0.0566$: $-(2a - a^2/2) - 1/4 \\le E_2 \\le 1/4$.",
            formula=r"-\Bigl(2a - \frac{a^2}{2}\Bigr) - \frac14 \le E_2 \le \frac14",
            scope="depth 4",
            rule="bisection",
            leaves=1185,
            boxes=2369,
            certificate_bytes=56012,
            prover_seconds=3.217,
            kernel_seconds=12.04,
            rests_on=["C1"],
            solvers=answers("timeout", "unknown"),
        ),
        claim(
            "C3",
            "The sharpness falls by little",
            words="$\\phi^+ / \\phi \\ge 1 - K e^2$ with $K = 50$.",
            formula=r"\phi^+ / \phi \ge 1 - K e^2",
            rule="substitution",
            rests_on=["A2"],
        ),
        written(
            "C4",
            "Induction over the steps",
            "The error alternates in sign ([C2](#C2)), and the product of the factors is at most $\\sqrt2$.",
            words="$|e_k| \\le \\sqrt2 (1 - \\delta)^{k - t} |e_t|$.",
            scope="depth 4",
            rests_on=["C2", "C3"],
        ),
        written(
            "theorem-C",
            "Convergence at the edge of stability",
            "Square the bound of [C4](#C4); the bound on $\\phi$ is [C3](#C3), multiplied up.",
            kind="theorem",
            source=PAPER,
            words="The loss falls geometrically, and $\\phi(w_k) \\ge 2 (1 - \\delta) / \\eta$.",
            scope="depth 4",
            rests_on=["C3", "C4"],
        ),
    ]


def _neighbours() -> list[dict]:
    return [
        claim(
            "A3.3-too-much",
            "At most one pair, for a^2 up to 9",
            kind="neighbour",
            words="As A3.3, but for $a^2 \\le 9$.",
            verdict="refuted",
            rule="counterexample",
            witness={"alpha_1": "1/2", "alpha_2": "1/4", "alpha_3": "1/4", "a": "3"},
            argument="At $(1/2, 1/4, 1/4)$ two pairs have $a^2 \\alpha_i \\alpha_j = 9/8 > 1$.",
        ),
        claim(
            "C2-too-small",
            "The remainder, with a hundredth",
            kind="neighbour",
            words="As C2, but with 1/100 for 1/4.",
            verdict="unknown",
            own_tier="none",
            tier="none",
            rule="none",
            digest="",
            certificate="",
            argument="The bound is below a value that was measured.",
        ),
    ]


@functools.cache
def _experiments() -> tuple[dict, dict]:
    return (
        run_experiment(depth=4, samples=60, steps=300, seed=0).to_dict(),
        check_one_step(samples=200, seed=0).to_dict(),
    )


def theorem_line(name: str, claims: list[dict]) -> dict:
    """Return the summary line of a theorem, computed from the claims."""
    by_name = {c["identifier"]: c for c in claims}
    below: set[str] = set()
    waiting = [name]
    while waiting:
        below.add(current := waiting.pop())
        waiting += by_name[current]["rests_on"]
    return {
        **{field: by_name[name][field] for field in ("identifier", "title", "scope", "verdict", "tier")},
        "claims": sorted(below - {name}),
        "arguments": sorted(c for c in below - {name} if by_name[c]["own_tier"] == "argument"),
    }


def example_results() -> dict:
    """Return valid results that a test may change."""
    claims = [*_theorem_a_claims(), *_theorem_b_and_c_claims(), *_neighbours()]
    experiment, one_step = copy.deepcopy(_experiments())
    return {
        "schema": 2,
        "model": "scalar",
        "command": "python -m verify scalar --depth 4",
        "question": {"depth": 4, "theorem": "all", "seed": 0, "samples": 60},
        "versions": {
            "gd-verify": "0.1.0",
            "python": "3.11.7",
            "numpy": "2.4.6",
            "z3-solver": "5.4.1.0",
            "cvc5": "1.4.2",
        },
        "seconds": 38.21,
        "theorems": [theorem_line(f"theorem-{name}", claims) for name in "ABC"],
        "claims": claims,
        "identities": [
            {
                "name": "balance-step",
                "statement": "a step takes b_ij to b_ij (1 - r^2 / (z_i z_j))",
                "source": PAPER,
                "holds": True,
            },
            {"name": "hessian", "statement": "where pi = 1 the Hessian is v v^T", "source": PROJECT, "holds": True},
        ],
        "experiment": experiment,
        "one_step": one_step,
    }


def find_claim(results: dict, identifier: str) -> dict:
    """Return a claim of the results, to look at or to change."""
    return next(c for c in results["claims"] if c["identifier"] == identifier)


def refresh_theorems(results: dict) -> dict:
    """Bring the theorems' lines in step with changed claims, and return the results."""
    names = [theorem["identifier"] for theorem in results["theorems"]]
    results["theorems"] = [theorem_line(name, results["claims"]) for name in names]
    return results
