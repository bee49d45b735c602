"""Theorem G: its lemmas are proved, steps of equal weights and trajectories do what it says, 2.1 is too much."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from theorem_cases import gradient_step, premises_hold, product_of, require_proved, statement_of, values_at

from numeric.membership import membership
from numeric.sampling import sample_unflipped
from numeric.scalar import gd_step, product, sharpness
from verify.claims import ClaimGraph
from verify.engine import Limits, settle
from verify.kernel.rules import check_counterexample
from verify.provers.algebra import find_combination
from verify.provers.falsifier import falsify
from verify.theorems.global_convergence import convergence_beside, global_claims_every_depth
from verify.theorems.invariance import invariance_claims
from verify.theorems.monotone import monotone_claims
from verify.theorems.self_stabilising import stability_claims_every_depth

CHAIN = global_claims_every_depth()
BESIDE = convergence_beside()
LEMMAS = {c.identifier: c for c in (*CHAIN, *BESIDE) if c.kind == "lemma"}
NEIGHBOURS = {c.identifier: c for c in BESIDE if c.kind == "neighbour"}
LIMITS = Limits(seconds=20.0, solver_seconds=0.0)


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    """Work with 40 digits."""
    with mpmath.workdps(40):
        yield


def test_the_claims_join_the_graph_of_theorem_e() -> None:
    below = (*monotone_claims(), *invariance_claims(), *stability_claims_every_depth())
    graph = ClaimGraph((*below, *CHAIN, *BESIDE))
    used = set(graph.closure(["theorem-G"]))
    assert {c.identifier for c in CHAIN} <= used
    assert {"theorem-A", "theorem-B", "theorem-E"} <= used
    assert all(c.scope == "every depth" and not c.varies for c in CHAIN)


@pytest.mark.parametrize("name", LEMMAS)
def test_each_lemma_is_proved_and_not_vacuous(name: str) -> None:
    require_proved(LEMMAS[name], LIMITS)


@pytest.mark.parametrize("hypothesis", ["simplex", "factor", "positive"])
def test_without_a_hypothesis_pairs_may_change_order(hypothesis: str) -> None:
    """Only for pi = 0 is the hypothesis that pi is positive needed, so that a combination is what fails there."""
    statement = statement_of(LEMMAS["G1"])
    fewer = replace(statement, hypotheses=tuple(h for h in statement.hypotheses if h.name != hypothesis))
    found = falsify(fewer, seed=0, seconds=5.0)
    assert found is not None
    check_counterexample(fewer, found)


@pytest.mark.parametrize("hypothesis", ["inside", "left"])
def test_without_a_hypothesis_the_derivative_is_undefined(hypothesis: str) -> None:
    statement = statement_of(LEMMAS["G2.1"])
    fewer = replace(statement, hypotheses=tuple(h for h in statement.hypotheses if h.name != hypothesis))
    assert find_combination(fewer, seconds=1.0) is None


def test_false_neighbours_are_refuted() -> None:
    for claim in NEIGHBOURS.values():
        found = settle(claim, LIMITS)
        assert (found.verdict, found.tier, found.rule) == ("refuted", "kernel", "counterexample")
        assert premises_hold(statement_of(claim), {k: Fraction(v) for k, v in found.witness.items()})


# One step of equal weights


def balanced_step(p: float, depth: int, eta: float) -> mpmath.mpf:
    """Return the product after a gradient step from equal weights with product p."""
    weight = mpmath.mpf(p) ** (mpmath.mpf(1) / depth)
    return product_of(gradient_step([weight] * depth, mpmath.mpf(eta)))


@pytest.mark.parametrize("depth", [2, 3, 4, 6, 20])
def test_one_step_of_equal_weights(depth: int) -> None:
    """|P^c - 1| falls, at the edge and below it."""
    power = 3 - mpmath.mpf(2) / depth
    for edge in (2, 1.9, 1.0, 0.1):
        for p in (1e-9, 0.01, 0.2, 0.5, 0.9, 0.999999, 1.000001, 1.1, 1.2, 1.25, 1.4):
            after = balanced_step(p, depth, mpmath.mpf(edge) / depth)
            if after > 0:
                assert abs(after**power - 1) < abs(mpmath.mpf(p) ** power - 1)
            else:
                assert p > 1.25


def test_the_power_is_the_right_one() -> None:
    """At the edge no other power will do: |P^c - 1| rises from one side of the minimum."""
    for depth in (2, 4):
        power = 3 - mpmath.mpf(2) / depth
        for other, p in ((power - 0.1, 1 + 1e-4), (power + 0.1, 1 - 1e-4)):
            after = balanced_step(p, depth, mpmath.mpf(2) / depth)
            assert abs(after**other - 1) > abs(mpmath.mpf(p) ** other - 1)


@pytest.mark.parametrize("depth", [2, 3, 7])
def test_the_derivative_is_that_of_the_comparison(depth: int) -> None:
    """The left side of G2.1 is P times the numerical derivative of log(P C^D) - log(2 - P^c) / c."""
    statement, theta = statement_of(LEMMAS["G2.1"]), 1 - mpmath.mpf(2) / depth

    def comparison(p: mpmath.mpf) -> mpmath.mpf:
        step = balanced_step(p, depth, mpmath.mpf(2) / depth)
        return mpmath.log(step) - mpmath.log(2 - p ** (2 + theta)) / (2 + theta)

    for p in (mpmath.mpf("0.3"), mpmath.mpf("0.8"), mpmath.mpf("1.15")):
        values = values_at(statement, {"P": p, "m": p**theta, "theta": theta})
        left, right = statement.nodes[statement.conclusion.gap].args
        assert abs(values[left] - p * mpmath.diff(comparison, p)) < mpmath.mpf(10) ** -12
        assert abs(values[left] - values[right]) < mpmath.mpf(10) ** -30
        assert values[left] > 0


# The theorem at sampled states


@pytest.mark.parametrize("depth", range(2, 7))
def test_sampled_trajectories_converge(depth: int) -> None:
    """Every unflipped state with eta phi <= 1.98 reaches loss 0; sharpness at the end at most phi at the start.

    Products from 0.05 to 0.7 of the flip: the time to leave a saddle, beside which a step from a product just below the
    flip may end, grows without bound as the weights shrink.
    """
    rng = np.random.default_rng(depth)
    states = sample_unflipped(depth, 300, rng, a_range=(0.2, 1.98), smallest_product=0.05)
    start = membership(states.weights, states.eta)
    assert start.member[start.margin > 1e-6].all()
    kept = start.margin > 0.3
    assert kept.sum() > 150
    w, eta = states.weights[kept], states.eta[kept]
    for _ in range(4000):
        w = gd_step(w, eta)
    assert (w * states.weights[kept] > 0).all()
    assert np.abs(product(w) - 1).max() < 1e-9
    assert (eta * sharpness(w) <= start.eta_phi[kept] * (1 + 1e-6)).all()


def test_past_the_edge_the_minimum_repels() -> None:
    """With eta phi = 2.1 and equal weights, in S_eta, the product stays away from 1."""
    w = np.full((1, 2), 0.99)
    assert membership(w, 1.05).member.all()
    tail = []
    for k in range(2000):
        w = gd_step(w, 1.05)
        tail += [abs(float(product(w)[0]) - 1)] if k >= 1900 else []
    assert min(tail) > 0.05
