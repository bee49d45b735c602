"""Theorem P: its lemmas are proved, are about exact steps, need their hypotheses; |pi^2 - 1| falls over two steps."""

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
from theorem_cases import gradient_step, premises_hold, product_of, require_proved, statement_of

from verify.engine import Limits, settle
from verify.provers.falsifier import falsify
from verify.provers.falsifier_witness import refutes
from verify.theorems.two_steps import product_after, sigma_after, two_step_claims
from verify.theorems.two_steps_neighbours import two_step_neighbours

CHAIN = [*two_step_claims(), *two_step_neighbours()]
LEMMAS = {c.identifier: c for c in CHAIN if c.kind == "lemma"}
NEIGHBOURS = {c.identifier: c for c in CHAIN if c.kind == "neighbour"}
LIMITS = Limits(seconds=30.0, solver_seconds=0.0)
ONE = Fraction(1)


@pytest.mark.parametrize("name", LEMMAS)
def test_each_lemma_is_proved_by_algebra_and_not_vacuous(name: str) -> None:
    assert require_proved(LEMMAS[name], LIMITS).rule in ("identity", "combination")


@pytest.mark.parametrize(
    ("name", "hypothesis"),
    [(name, h.name) for name, claim in LEMMAS.items() for h in statement_of(claim).hypotheses],
)
def test_without_a_hypothesis_it_is_false(name: str, hypothesis: str) -> None:
    statement = statement_of(LEMMAS[name])
    rest = tuple(h for h in statement.hypotheses if h.name != hypothesis)
    assert falsify(replace(statement, hypotheses=rest), seconds=10.0) is not None


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_false_neighbours_are_refuted(name: str) -> None:
    found = settle(NEIGHBOURS[name], LIMITS)
    assert (found.verdict, found.tier, found.rule) == ("refuted", "kernel", "counterexample")
    assert premises_hold(statement_of(NEIGHBOURS[name]), {k: Fraction(v) for k, v in found.witness.items()})


# Exact steps, from the gradient


def distance(weights: list[Fraction]) -> Fraction:
    """Return |pi^2 - 1|."""
    return abs(product_of(weights) ** 2 - 1)


def below_edge(weights: list[Fraction], eta: Fraction) -> bool:
    """Whether eta phi <= 2, from phi^2 = b^2 + 4."""
    return eta**2 * ((weights[0] ** 2 - weights[1] ** 2) ** 2 + 4) <= 4


def starts(count: int, seed: int) -> Iterator[tuple[list[Fraction], Fraction]]:
    """Yield random rational weights and step sizes in S_eta with eta phi <= 2, some very near the edge.

    Below the edge the largest relative step grows with the product, so a state is in S_eta when no weight flips.
    """
    draw, found = random.Random(seed), 0
    while found < count:
        weights = [Fraction(draw.randint(1, 400), draw.choice([40, 100, 200])) for _ in range(2)]
        phi = ((weights[0] ** 2 - weights[1] ** 2) ** 2 + 4) ** 0.5
        eta = Fraction(draw.choice([2.0, 2.0, 0.5 + 1.5 * draw.random()]) / float(phi)).limit_denominator(1000)
        if eta > 0 and below_edge(weights, eta) and min(gradient_step(weights, eta)) > 0:
            found += 1
            yield weights, eta


def numbers(weights: list[Fraction], eta: Fraction) -> dict[str, Fraction]:
    """Return k, p and sigma of a state."""
    return {"k": eta**2, "p": product_of(weights), "sigma": eta * (weights[0] ** 2 + weights[1] ** 2) / 2}


def test_it_falls_over_two_exact_steps_from_every_side() -> None:
    cases: dict[tuple[bool, bool, bool], int] = {}
    for weights, eta in starts(6000, seed=1):
        first = gradient_step(weights, eta)
        second = gradient_step(first, eta)
        if product_of(weights) == 1:
            continue
        assert distance(second) < distance(weights)
        sides = (product_of(weights) > 1, product_of(first) > 1, product_of(second) > 1)
        cases[sides] = cases.get(sides, 0) + 1
        if sides[0]:
            assert distance(first) < distance(weights)
    assert (False, True, True) not in cases  # P3.2
    assert len(cases) >= 6
    assert min(cases.values()) >= 5


def test_along_exact_steps_even_ones_never_exceed_the_first() -> None:
    """Ten steps in arithmetic of 400 digits."""
    for weights, eta in starts(60, seed=2):
        orbit, limit = [weights], Fraction(1, 10**400)
        for _ in range(10):
            orbit.append([Fraction(round(w / limit)) * limit for w in gradient_step(orbit[-1], eta)])
        sizes = [distance(w) for w in orbit]
        assert all(later < size or size < limit**0.5 for size, later in zip(sizes, sizes[2:], strict=False))
        if product_of(weights) >= 1:
            assert max(sizes) == sizes[0]


def test_the_lemmas_speak_of_the_steps() -> None:
    """At every state the premises of the lemma of its case hold, and the products are those of the gradient."""
    used = dict.fromkeys(("P2", "P3.1", "P3.2", "P4.1", "P4.2"), 0)
    for weights, eta in starts(1500, seed=3):
        here = numbers(weights, eta)
        first = gradient_step(weights, eta)
        there = numbers(first, eta)
        k, p, sigma = here.values()
        assert there == {"k": k, "p": product_after(k, p, sigma), "sigma": sigma_after(k, p, sigma)}
        assert premises_hold(statement_of(LEMMAS["P1.5"]), here)
        last = product_of(gradient_step(first, eta))
        q, tau = there["p"], there["sigma"]
        if 1 < p <= 2:
            points = {"P2": here}
        elif p < 1 <= q:
            c = (q - 1) / (1 - p)
            assert last == 1 + (q - 1) * (1 + k * q * (q - 1) - 2 * tau)
            points = {"P3.1": here, "P3.2": {"k": k, "p": p, "c": c}}
            assert 2 * sigma == 1 + c - k * p * (1 - p)
        elif p < 1 and q < 1 < last:
            c = (last - 1) / (1 - q)
            assert c == 2 * tau - 1 + k * q * (1 - q) <= q
            points = {"P4.1": here, "P4.2": {"x": 1 - q, "c": c}}
        else:
            points = {}
        for name, point in points.items():
            used[name] += 1
            assert premises_hold(statement_of(LEMMAS[name]), point)
            assert not refutes(statement_of(LEMMAS[name]), point)
    assert min(used.values()) > 10


def test_two_unequal_weights_go_past_in_one_step() -> None:
    """The counterexample N14.false is a state of S_eta whose |pi^2 - 1| grows in a step, and falls over two."""
    point = {k: Fraction(v) for k, v in settle(NEIGHBOURS["N14.false"], LIMITS).witness.items()}
    weights, eta = [point["w_1"], point["w_2"]], point["eta"]
    first = gradient_step(weights, eta)
    assert below_edge(weights, eta)
    assert product_of(weights) < ONE < product_of(first)
    assert distance(gradient_step(first, eta)) < distance(weights) < distance(first)
