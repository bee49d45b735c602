"""Theorem E: each lemma is proved and needs its hypotheses; the theorem holds at sampled shapes; 2.1 is too much."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from theorem_cases import gap_at, premises_hold, product_of, require_proved, state_of_shape, statement_of

from numeric.gfs import flow_solution
from numeric.membership import membership
from numeric.sampling import sample_states
from verify.claims import Claim, ClaimGraph
from verify.engine import Limits, settle
from verify.kernel.rules import check_counterexample
from verify.provers.algebra import find_combination
from verify.provers.falsifier import falsify
from verify.theorems.invariance import invariance_claims
from verify.theorems.monotone import monotone_claims
from verify.theorems.self_stabilising import stability_claims, stability_claims_every_depth

CHAIN = stability_claims_every_depth()
BESIDE = stability_claims(2)
LEMMAS = {c.identifier: c for c in (*CHAIN, *BESIDE) if c.kind == "lemma"}
NEIGHBOURS = {c.identifier: c for c in BESIDE if c.kind == "neighbour"}
LIMITS = Limits(seconds=20.0, solver_seconds=0.0)

# Without these the conclusion is undefined somewhere (and without E1.5-inside it is false for p = 0 only); without any
# other one it is false on an open set.
UNDEFINED = {("E1.1", "inside"), ("E3.2", "positive"), ("E3.2", "inside"), ("E1.5", "inside")}
DROPPED = [(c.identifier, h.name) for c in LEMMAS.values() for h in statement_of(c).hypotheses]


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    """Work with 40 digits."""
    with mpmath.workdps(40):
        yield


def test_the_claims_join_the_graph_of_theorem_b() -> None:
    graph = ClaimGraph((*monotone_claims(), *invariance_claims(), *CHAIN, *BESIDE))
    used = set(graph.closure(["theorem-E"]))
    assert {c.identifier for c in CHAIN} <= used
    assert all(c.scope == "every depth" and not c.varies for c in CHAIN)
    assert stability_claims(6) == BESIDE
    with pytest.raises(ValueError, match="depth 1 is not supported: give at least 2"):
        stability_claims(1)
    assert stability_claims(None) == BESIDE


@pytest.mark.parametrize("name", LEMMAS)
def test_each_lemma_is_proved_and_not_vacuous(name: str) -> None:
    assert require_proved(LEMMAS[name], LIMITS).prover_seconds < LIMITS.seconds


@pytest.mark.parametrize(("name", "hypothesis"), DROPPED, ids=["-".join(pair) for pair in DROPPED])
def test_each_hypothesis_is_needed(name: str, hypothesis: str) -> None:
    statement = statement_of(LEMMAS[name])
    fewer = replace(statement, hypotheses=tuple(h for h in statement.hypotheses if h.name != hypothesis))
    if (name, hypothesis) in UNDEFINED:
        assert find_combination(fewer, seconds=1.0) is None
        return
    found = falsify(fewer, seed=0, seconds=5.0)
    assert found is not None
    check_counterexample(fewer, found)


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_false_neighbours_are_refuted(name: str) -> None:
    found = settle(NEIGHBOURS[name], LIMITS)
    assert (found.verdict, found.tier, found.rule) == ("refuted", "kernel", "counterexample")
    assert premises_hold(statement_of(NEIGHBOURS[name]), {k: Fraction(v) for k, v in found.witness.items()})


# The theorem at sampled shapes


def sampled_shapes(depth: int, count: int) -> list[list[float]]:
    """Return shapes in falling order: even ones, spread ones, and ones near a vertex; no entry below 10^-9."""
    rng = np.random.default_rng(depth)
    shapes = [[1 / depth] * depth]
    for _ in range(count):
        others = rng.dirichlet(np.full(depth - 1, rng.choice([0.3, 1.0, 10.0])))
        largest = 1 - 10 ** rng.uniform(-4.0, -0.05)
        shape = np.maximum(np.concatenate([[largest], (1 - largest) * others]), 1e-9)
        shapes.append(sorted((float(v) for v in shape / shape.sum()), reverse=True))
    return shapes


def bound_of(x: Any) -> Any:
    """Return the bound of the products after a step from below the minimum, written out once more."""
    return mpmath.mpf(3) / 2 if 2 * x <= 1 else 2 * x**2 + 5 * (1 - x) ** 2


def shift_of(alphas: list[Any], product: Any) -> Any:
    """Return t with prod (1 + t alpha_i) = product^2, by bisection (for a product of at least 1)."""
    low, high = mpmath.mpf(0), product**2 / max(alphas)
    for _ in range(150):
        middle = (low + high) / 2
        low, high = (middle, high) if product_of([1 + middle * y for y in alphas]) < product**2 else (low, middle)
    return high


@pytest.mark.parametrize("depth", range(2, 7))
def test_no_sampled_step_reaches_a_flip(depth: int) -> None:
    """With gradient steps on the weights themselves, a = 2: g(p) <= bound, and rho_1 < 1 at the bound."""
    for shape in sampled_shapes(depth, 12):
        alphas = [mpmath.mpf(v) / mpmath.fsum(shape) for v in shape]
        bound = bound_of(alphas[0])
        for u in (mpmath.mpf(10) ** -12, 1e-4, 0.03, 0.2, 0.5, 0.9):
            below = state_of_shape(alphas, 2, (u - 1) / alphas[0])
            assert below.pi < 1
            assert 0 < product_of(below.after) <= bound
        above = state_of_shape(alphas, 2, shift_of(alphas, bound))
        assert above.pi > bound * (1 - mpmath.mpf(10) ** -30) > 1
        assert max(above.rhos) == above.rhos[0] < 1


@pytest.mark.parametrize("depth", range(2, 7))
def test_the_numerical_membership_agrees(depth: int) -> None:
    """The floating-point supremum M and flip product of 2,000 states: M <= bound < p_flip."""
    states = sample_states(depth, 2000, np.random.default_rng(depth), a_range=(0.1, 2.0))
    found = membership(states.weights, states.eta)
    smallest = flow_solution(states.weights).squares.min(axis=-1)
    largest = np.minimum(states.eta / (found.eta_phi * smallest), 1.0)
    bound = np.where(largest <= 0.5, 1.5, 2 * largest**2 + 5 * (1 - largest) ** 2)
    assert (found.peak_product <= bound * (1 + 1e-9)).all()
    assert (bound <= found.flip_product * (1 + 1e-9)).all()


def test_the_bound_is_attained_at_a_vertex() -> None:
    """Near a vertex, at a = 2 and a product near 0, the step reaches the bound, and the flip, up to O(s^2)."""
    s = mpmath.mpf(10) ** -4
    alphas = [1 - s, s]
    after = product_of(state_of_shape(alphas, 2, (mpmath.mpf(10) ** -18 - 1) / alphas[0]).after)
    assert 0 < bound_of(alphas[0]) - after < 8 * s**2
    above = state_of_shape(alphas, 2, shift_of(alphas, after))
    assert 0 < 1 - above.rhos[0] < 100 * s**2


def test_the_counterexample_past_the_edge_is_a_gradient_step() -> None:
    """At the witness of N4.false: with a = 2.1 a step from below reaches more than a product with a flipped weight."""
    point = {k: mpmath.mpf(v) for k, v in (("s", 0.001), ("u", 0.000001), ("v", 4))}
    shapes = [1 - point["s"], point["s"]]
    below, above = (state_of_shape(shapes, mpmath.mpf("2.1"), (point[k] - 1) / shapes[0]) for k in "uv")
    assert 1 < above.pi < product_of(below.after)
    assert above.after[0] < 0 < above.weights[0]
    assert gap_at(statement_of(NEIGHBOURS["N4.false"]), statement_of(NEIGHBOURS["N4.false"]).conclusion, point) < 0


@pytest.mark.parametrize("name", ["E1.1", "E1.3", "E1.4", "E1.5"])
def test_lemmas_of_the_factors_hold_at_states(name: str) -> None:
    """The variables of a lemma, read off a state below the minimum, satisfy its premise and its conclusion."""
    claim: Claim = LEMMAS[name]
    statement = statement_of(claim)
    tight = mpmath.mpf(10) ** -30
    for shape in sampled_shapes(4, 5):
        now = state_of_shape(shape, mpmath.mpf("1.9"), -mpmath.mpf("0.9") / shape[0])
        x, y, u = now.alphas[0], now.alphas[1], 1 + now.t * now.alphas[0]
        rest = now.pi**2 / u
        point = {"a": now.a, "t": now.t, "p": now.pi, "x": x, "alpha": y, "u": u, "s": 1 - x, "R": rest}
        point["T"] = rest / (1 + now.t * y)
        here = {v.name: point[v.name] for v in statement.variables}
        for h in statement.hypotheses:
            gap = gap_at(statement, h, here)
            assert abs(gap) < tight if h.equality else gap > -tight
        assert gap_at(statement, statement.conclusion, here) > -tight
