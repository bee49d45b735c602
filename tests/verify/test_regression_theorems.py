"""Theorems R and S say what they should: true at real steps of an independent implementation, false next to them."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from regression_theorem_cases import DIGITS, correlation, gfs, matrix_of, sharpness, step
from theorem_cases import statement_of

from verify.engine import Limits, settle
from verify.kernel.statements import Statement
from verify.provers.falsifier import satisfiable
from verify.provers.falsifier_witness import refutes
from verify.theorems.squared_regression import regression_graph

GRAPH = regression_graph()
FORMAL = [c for c in GRAPH.claims if c.statement is not None]
LEMMAS = [c for c in FORMAL if c.kind == "lemma"]
NO_SOLVERS = Limits(solver_seconds=0)
TINY = mpmath.mpf(10) ** (10 - DIGITS)


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    with mpmath.workdps(DIGITS):
        yield


def numbers(values: Any) -> list[Any]:
    return [mpmath.mpf(float(v)) for v in values]


@pytest.mark.parametrize("claim", FORMAL, ids=lambda c: c.identifier)
def test_every_formal_claim_is_decided_by_the_kernel(claim: Any) -> None:
    outcome = settle(claim, NO_SOLVERS)
    assert (outcome.verdict, outcome.tier) == ("refuted" if claim.kind == "neighbour" else "proved", "kernel")


@pytest.mark.parametrize("claim", LEMMAS, ids=lambda c: c.identifier)
def test_no_statement_is_vacuous(claim: Any) -> None:
    assert satisfiable(statement_of(claim), seed=0, seconds=5.0)


HYPOTHESES = [
    (c, h.name) for c in LEMMAS for h in statement_of(c).hypotheses if (c.identifier, h.name) != ("R1.1", "sign")
]


@pytest.mark.parametrize(("claim", "name"), HYPOTHESES, ids=[f"{c.identifier}-{name}" for c, name in HYPOTHESES])
def test_without_one_of_its_hypotheses_a_lemma_is_not_proved(claim: Any, name: str) -> None:
    statement = statement_of(claim)
    kept = tuple(h for h in statement.hypotheses if h.name != name)
    weaker = Statement(statement.nodes, statement.variables, kept, statement.conclusion)
    outcome = settle(replace(claim, statement=weaker), replace(NO_SOLVERS, seconds=5.0))
    if (claim.identifier, name) in DISPENSABLE:
        assert outcome.verdict == "proved"
    else:
        assert outcome.verdict != "proved"


DISPENSABLE = {("S3.2", "positive")}
"""Hypotheses that a lemma would hold without."""


def one_sample(rng: Any, dimension: int) -> tuple[Any, list[Any], list[Any]]:
    """Return a sample with entries of any size and sign, and weights over two orders of magnitude, some of them 0."""
    features = rng.normal(size=dimension) * 10.0 ** rng.uniform(-0.5, 0.5, dimension)
    plus, minus = rng.normal(size=(2, dimension)) * 10.0 ** rng.uniform(-1, 1, (2, dimension))
    plus[rng.random(dimension) < 0.2] = 0.0
    plus[0], minus[0] = 0.7, -0.3
    return ([numbers(features)], [mpmath.mpf(float(rng.normal()))]), numbers(plus), numbers(minus)


def eta_with(data: Any, plus: Any, minus: Any, largest: float) -> Any:
    """Return the step size at which the largest |2 eta g_i| is `largest`."""
    return largest / (2 * max(abs(g) for g in correlation(data, plus, minus)))


@pytest.mark.parametrize("seed", range(12))
def test_theorem_r_at_real_steps_of_one_sample(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data, plus, minus = one_sample(rng, 2 + seed % 4)
    for largest in (0.05, 0.5, 0.9, 0.999):
        eta = eta_with(data, plus, minus, largest)
        after = step(data, plus, minus, eta)
        assert all(a * b >= 0 for a, b in zip([*plus, *minus], [*after[0], *after[1]], strict=True))
        assert sharpness(data, *after) <= sharpness(data, plus, minus) * (1 + TINY)


@pytest.mark.parametrize("seed", range(6))
def test_theorem_r_at_real_steps_with_several_blocks(seed: int) -> None:
    """Two samples, whose rows span (1, 2, 0, 0, 0) and (0, 0, 3, -1, 1/2) together."""
    rng = np.random.default_rng(seed)
    rows = np.array([[1.0, 2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 3.0, -1.0, 0.5]])
    features = rng.normal(size=(2, 2)) @ rows
    data = ([numbers(row) for row in features], numbers(rng.normal(size=2)))
    plus, minus = (numbers(rng.normal(size=5)) for _ in range(2))
    for largest in (0.3, 0.99):
        after = step(data, plus, minus, eta_with(data, plus, minus, largest))
        assert sharpness(data, *after) <= sharpness(data, plus, minus) * (1 + TINY)


@pytest.mark.parametrize("seed", range(8))
def test_theorem_s_is_sharp_for_one_sample(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dimension = 1 + seed % 4
    data = ([[mpmath.mpf(3) * s for s in rng.choice([-1, 1], dimension).tolist()]], [mpmath.mpf(float(rng.normal()))])
    plus, minus = (numbers(rng.normal(size=dimension)) for _ in range(2))
    edge = mpmath.sqrt(2)  # 2 eta^2 g^2 = 1
    for factor, rises in ((0.1, False), (0.8, False), (0.9999, False), (1.0001, True), (1.3, True)):
        after = step(data, plus, minus, eta_with(data, plus, minus, edge * factor))
        assert (sharpness(data, *after) > sharpness(data, plus, minus)) is rises


def test_r3_the_hessian_at_the_gfs_by_second_differences() -> None:
    """The largest eigenvalue of (4/N) X diag(u+^2 + u-^2) X^T is that of the Hessian, which is differentiated here."""
    rng = np.random.default_rng(5)
    data = ([numbers(row) for row in rng.normal(size=(2, 3))], numbers(rng.normal(size=2)))
    plus, minus = gfs(data, *(numbers(rng.normal(size=3)) for _ in range(2)))

    def loss(*weights: Any) -> Any:
        beta = [u * u - v * v for u, v in zip(weights[:3], weights[3:], strict=True)]
        return sum((sum(a * b for a, b in zip(r, beta, strict=True)) - y) ** 2 for r, y in zip(*data, strict=True)) / 4

    def order(i: int, j: int) -> tuple[int, ...]:
        return tuple((k == i) + (k == j) for k in range(6))

    hessian = mpmath.matrix(6, 6)
    for i in range(6):
        for j in range(6):
            hessian[i, j] = mpmath.diff(loss, (*plus, *minus), order(i, j))
    small = max(mpmath.eigsy(matrix_of(data[0], plus, minus), eigvals_only=True)) * 4 / 2
    large = max(mpmath.eigsy(hessian, eigvals_only=True))
    assert abs(small - large) < mpmath.mpf(10) ** -12
    assert abs(small - sharpness(data, plus, minus)) < TINY * 100


def witness(name: str) -> dict[str, Fraction]:
    claim = GRAPH.by_identifier[name]
    assert claim.proof is not None
    point = {key: Fraction(value) for key, value in claim.proof["point"].items()}
    assert refutes(statement_of(claim), point)
    return point


def exact(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def test_the_counterexample_with_sign_changes_is_a_step_that_raises_phi() -> None:
    w = {name: exact(value) for name, value in witness("R.false").items()}
    x = [3, 4]
    data = ([[mpmath.mpf(k) for k in x]], [3 * (w["p1"] - w["q1"]) + 4 * (w["p2"] - w["q2"])])
    plus = [mpmath.sqrt(w[f"p{i}"] * w["z"] ** -k) for i, k in enumerate(x, start=1)]
    minus = [mpmath.sqrt(w[f"q{i}"] * w["z"] ** k) for i, k in enumerate(x, start=1)]
    eta = w["h"] / (3 * (plus[0] ** 2 - minus[0] ** 2) + 4 * (plus[1] ** 2 - minus[1] ** 2) - data[1][0])
    assert eta > 0
    assert all(2 * (eta * g) ** 2 <= 1 for g in correlation(data, plus, minus))
    after = step(data, plus, minus, eta)
    assert after[0][1] < 0 < plus[1]
    assert mpmath.nstr(sharpness(data, *after) / sharpness(data, plus, minus), 4) == "1.123"  # 768 / 684


def test_the_counterexample_with_two_samples_is_a_step_that_raises_phi() -> None:
    w = {name: exact(value) for name, value in witness("R2.false").items()}
    columns = [(2, 0), (0, 1), (1, 2)]
    features = [[mpmath.mpf(c[n]) for c in columns] for n in range(2)]

    def state(tilt: str) -> tuple[list[Any], list[Any]]:
        one, two = (mpmath.mpf(1), mpmath.mpf(1)) if not tilt else (w[f"{tilt}1"], w[f"{tilt}2"])
        factors = [one**a * two**b for a, b in columns]
        plus = [mpmath.sqrt(w[f"p{i}"] * f) for i, f in enumerate(factors, start=1)]
        return plus, [mpmath.sqrt(w[f"q{i}"] / f) for i, f in enumerate(factors, start=1)]

    solution = state("")
    beta = [u * u - v * v for u, v in zip(*solution, strict=True)]
    data = (features, [sum(a * b for a, b in zip(r, beta, strict=True)) for r in features])
    plus, minus = state("y")
    residual = [
        sum(a * (u * u - v * v) for a, u, v in zip(r, plus, minus, strict=True)) - y for r, y in zip(*data, strict=True)
    ]
    eta = w["h2"] * 2 / residual[1]
    assert eta > 0
    assert abs(residual[0]) < TINY
    assert all(abs(2 * eta * g) < 1 for g in correlation(data, plus, minus))
    ratio = sharpness(data, *step(data, plus, minus, eta)) / sharpness(data, plus, minus)
    assert 1 + mpmath.mpf(1) / 1000 < ratio < 1 + mpmath.mpf(1) / 100


def test_the_same_counterexample_with_one_sample_of_it_is_none() -> None:
    """Theorem R holds for the second sample alone, at the same weights."""
    w = {name: exact(value) for name, value in witness("R2.false").items()}
    plus = [mpmath.sqrt(w[f"p{i}"]) for i in (1, 2, 3)]
    minus = [mpmath.sqrt(w[f"q{i}"]) for i in (1, 2, 3)]
    data = ([[mpmath.mpf(0), mpmath.mpf(1), mpmath.mpf(2)]], [mpmath.mpf(1)])
    for largest in (0.5, 0.99):
        after = step(data, plus, minus, eta_with(data, plus, minus, largest))
        assert sharpness(data, *after) <= sharpness(data, plus, minus) * (1 + TINY)
