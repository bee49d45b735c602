"""Theorem H: from all of S_eta gradient descent converges where eta D <= 2. Lemma, steps, sampled trajectories."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from theorem_cases import gfs_sharpness, gradient_step, product_of, require_proved, statement_of

from numeric.membership import membership
from numeric.sampling import sample_members
from numeric.scalar import gd_step, product
from verify.engine import Limits
from verify.kernel.rules import check_counterexample
from verify.provers.falsifier import falsify
from verify.theorems.global_convergence import past_the_edge_claims

CLAIMS = {claim.identifier: claim for claim in past_the_edge_claims()}
FACTOR = CLAIMS["H1"]


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    """Work with 40 digits."""
    with mpmath.workdps(40):
        yield


def test_the_lemma_is_proved_and_not_vacuous() -> None:
    require_proved(FACTOR, Limits(seconds=20.0, solver_seconds=0.0))


@pytest.mark.parametrize("hypothesis", ["edge", "simplex", "factor", "positive"])
def test_without_a_hypothesis_a_balance_factor_reaches_2(hypothesis: str) -> None:
    statement = statement_of(FACTOR)
    fewer = replace(statement, hypotheses=tuple(h for h in statement.hypotheses if h.name != hypothesis))
    found = falsify(fewer, seed=0, seconds=5.0)
    assert found is not None
    check_counterexample(fewer, found)


def test_the_claim_says_what_the_checker_of_regions_asks_for() -> None:
    words = CLAIMS["theorem-H"].words
    assert "$D\\ge2$, $\\eta D\\le2$ and $w_0\\in S_\\eta$" in words
    assert {"F3", "G3", "theorem-B", "theorem-G"} <= set(CLAIMS["theorem-H"].rests_on)


def gaps(weights: list[mpmath.mpf]) -> list[mpmath.mpf]:
    return [b - a for a, b in pairwise(sorted(w * w for w in weights))]


def weights_at(squares: list[mpmath.mpf], target: mpmath.mpf) -> list[mpmath.mpf]:
    """Return the point with product `target` of the curve through these squares."""
    low, high = -min(squares), mpmath.mpf(10)
    for _ in range(140):
        middle = (low + high) / 2
        low, high = (middle, high) if product_of([z + middle for z in squares]) < target**2 else (low, middle)
    return [mpmath.sqrt(z + high) for z in squares]


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_in_every_step_some_gap_shrinks_the_first_if_it_is_not_0(depth: int) -> None:
    """Also where the smallest squares change order (small products, a = 2 sqrt 2), are equal, or almost equal."""
    rng, flips, equal = np.random.default_rng(depth), 0, 0
    for case in range(80):
        squares = [mpmath.mpf(float(x)) for x in 10 ** rng.uniform(-1, 1, depth)]
        squares[1] = squares[0] * (1, 1 + mpmath.mpf(10) ** -8, mpmath.mpf("1.02"), mpmath.mpf(5))[case % 4]
        squares[2:] = [z * (1, 100)[case // 4 % 2] + squares[1] for z in squares[2:]]
        if len(set(squares)) == 1:
            continue
        edge = 2 * mpmath.sqrt(2) * mpmath.mpf(float(rng.choice([0.8, 1.0])))
        eta = edge / gfs_sharpness([mpmath.sqrt(z) for z in squares])
        weights = weights_at(squares, mpmath.mpf(10) ** -float(rng.choice([0.01, 0.3, 2.0, 6.0])))
        before, after = gaps(weights), gaps(gradient_step(weights, eta))
        first = next(k for k, gap in enumerate(before) if gap)
        assert after[first] < before[first]
        assert all(b < a + mpmath.mpf(10) ** -30 for a, b in zip(before, after, strict=True))
        z1, z2 = sorted(w * w for w in weights)[:2]
        r = eta * product_of(weights) * (1 - product_of(weights))
        flips += 1 < r * r / (z1 * z2) < 2
        equal += first > 0
    assert flips > 3
    assert equal > 3 or depth == 2


@pytest.mark.parametrize("squares", [(0, 3), (0, 1, 2), (0, 0, 2), (0, 2, 2, 5), (0, 0, 0, 1)])
def test_the_step_from_next_to_0_leads_to_eta_times_the_product_of_the_gaps(squares: tuple[int, ...]) -> None:
    eta, u = mpmath.mpf(2) / 5, mpmath.mpf(10) ** -34
    weights = [mpmath.sqrt(z + u) for z in squares]
    after = product_of(gradient_step(weights, eta))
    assert abs(after - eta * product_of([mpmath.mpf(z) for z in squares[1:]])) < mpmath.mpf(10) ** -7


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
def test_sampled_trajectories_from_past_the_edge_converge(depth: int) -> None:
    """From 2 < eta phi <= 2 sqrt 2: nearly all are at a minimum after 12,000 steps, with eta phi <= 2.

    Where a square is large its gap shrinks by a nearly constant amount in each step, so that some take much longer:
    of these phi still falls.
    """
    states = sample_members(depth, 200, np.random.default_rng(depth), a_range=(2.0, 8**0.5))
    kept = (states.eta * depth <= 1.9) & (product(states.weights) > 0.05)
    assert kept.sum() > 20
    w, eta = states.weights[kept], states.eta[kept]
    edges = [membership(w, eta).eta_phi]
    for _ in range(3):
        for _ in range(4000):
            w = gd_step(w, eta)
        edges.append(membership(w, eta).eta_phi)
        there = np.abs(product(w) - 1) < 1e-9
        assert (there | (edges[-1] < edges[-2])).all()
    assert (w > 0).all()
    assert there.mean() > 0.8
    assert (edges[-1][there] <= 2).all()


def test_a_minimum_past_the_edge_stays_where_it_is() -> None:
    """So eta phi <= 2 at the end is not claimed where the product is 1 at some step."""
    weights, eta = [Fraction(39, 20), Fraction(20, 39)], Fraction(1, 2)
    assert gradient_step(weights, eta) == weights
    assert 2 < eta * sum(1 / w**2 for w in weights) < Fraction(21, 10)
    assert membership(np.array([weights], dtype=float), 0.5).member.all()
