"""Theorem T: its lemmas are proved and not vacuous, and two exact or random steps do what it says at every depth."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import mpmath
import pytest
from theorem_cases import gfs_sharpness, gradient_step, product_of, require_proved, statement_of

from verify.engine import Limits
from verify.kernel.rules import check_counterexample
from verify.provers.falsifier import falsify
from verify.theorems.two_steps_every_depth import two_step_claims_every_depth

LEMMAS = {c.identifier: c for c in two_step_claims_every_depth() if c.kind == "lemma"}
LIMITS = Limits(seconds=20.0, solver_seconds=0.0)


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    """Work with 60 digits."""
    with mpmath.workdps(60):
        yield


@pytest.mark.parametrize("name", LEMMAS)
def test_each_lemma_is_proved_and_not_vacuous(name: str) -> None:
    require_proved(LEMMAS[name], LIMITS)


@pytest.mark.parametrize(
    ("name", "hypothesis"), [("T1.1", "factor"), ("T2.1", "above"), ("T2.2", "past"), ("T2.3", "first")]
)
def test_without_a_hypothesis_it_is_false(name: str, hypothesis: str) -> None:
    statement = statement_of(LEMMAS[name])
    fewer = replace(statement, hypotheses=tuple(h for h in statement.hypotheses if h.name != hypothesis))
    found = falsify(fewer, seed=0, seconds=5.0)
    assert found is not None
    check_counterexample(fewer, found)


def start(draw: random.Random, depth: int) -> tuple[list[Any], Any]:
    """Return weights and a step size with eta phi <= 2; shapes even, spread or with one or two large weights."""
    power = draw.choice([0.1, 1.0, 4.0])
    squares = [mpmath.mpf(draw.uniform(0.05, 1)) ** power for _ in range(depth)]
    scale = product_of(squares) ** (-mpmath.mpf(1) / depth) * mpmath.mpf(10) ** (draw.uniform(-1.2, 0.25) / depth)
    weights = [mpmath.sqrt(z * scale) for z in squares]
    edge = mpmath.mpf(draw.choice([2, 2, draw.uniform(0.3, 2)]))
    return weights, edge / gfs_sharpness(weights)


@pytest.mark.parametrize("depth", [2, 3, 5, 9, 25])
def test_two_steps(depth: int) -> None:
    """Every case of the theorem is met (the third one not at depth 2, by Theorem P), and none contradicts it."""
    draw = random.Random(depth)
    seen = dict.fromkeys(("back", "above", "apart", "same"), 0)
    for _ in range(250):
        weights, eta = start(draw, depth)
        first = gradient_step(weights, eta)
        second = gradient_step(first, eta)
        if min(*first, *second) <= 0 or product_of(weights) == 1:
            continue
        p, g, last = (product_of(w) for w in (weights, first, second))
        falls = abs(last**2 - 1) < abs(p**2 - 1)
        if p < 1 <= g:
            seen["back"] += 1
            assert last <= 1
        if p > 1 and g >= 1:
            seen["above"] += 1
            assert last >= 1
        if p > 1 and g * g + p * p < 2:
            seen["apart"] += 1
            assert last**2 > 2 - p * p
        if not p < g < 1 < last:
            seen["same"] += 1
            assert falls
    assert min(seen["back"], seen["same"]) > 30
    assert seen["above"] > 2
    assert seen["apart"] > 2 or depth == 2
