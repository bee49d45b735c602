"""Counterexamples: found, exact, accepted by the kernel, and absent for true claims."""

import time
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from prover_cases import free, two_largest

from verify.encode import make_statement
from verify.kernel.rules import check_counterexample
from verify.kernel.statements import parse_statement
from verify.provers.falsifier import falsify, satisfiable
from verify.provers.falsifier_elimination import eliminate
from verify.provers.falsifier_evaluation import Evaluator
from verify.provers.falsifier_sampling import Sampler, kronecker, simple_points
from verify.provers.falsifier_witness import corners, nearby_counterexample, refutes, roundings

q = sp.Rational
a, k, p, u, v, w, x, y, z, R = sp.symbols("a kappa p u v w x y z R")


def remainder(bound):
    return make_statement({x: (0, 1), a: ("6/5", 2)}, (-(2 * a - a**2 / 2) * (1 - x**2 - (1 - x) ** 2), "<=", bound))


FALSE = {
    "remainder at a vertex": remainder(q(-1, 20)),
    "two largest": two_largest(9),
    "barely, at one point": make_statement(
        {x: (0, 1), y: (0, 1)}, ((x - q(1, 3)) ** 2 + (y - q(2, 7)) ** 2, ">=", q(1, 10**6))
    ),
    "barely, in a narrow valley": make_statement(
        {x: (0, 1), y: (0, 1)},
        ((x**2 + y**2 - q(1, 2)) ** 2 + (1 + x) * (x - y + q(1, 7)) ** 2, ">=", q(1, 10**6)),
    ),
    "barely, many valleys": make_statement(
        {x: (-2, 2), y: (-2, 2)},
        (((x**2 - 2) ** 2 - q(1, 9)) ** 2 + (x + y / 3 - 1) ** 2 * (y**2 + q(1, 5)), ">=", q(1, 10**6)),
    ),
    "roots": make_statement({x: (0, 1), y: (0, 1)}, (sp.sqrt(x) + sp.sqrt(y), "<=", q(7, 5)), {"h": (x + y, "<=", 1)}),
    "root in a hypothesis": make_statement(
        {x: (None, None), y: (0, 3)}, (x * y, "<=", q(76, 100)), {"h": (x, "<=", 1 - sp.sqrt(y) / 3)}
    ),
    "quotient": make_statement(free(x), (x + 1 / x, ">=", 2)),
    "unbounded": make_statement(free(x, y), (x**2 + y, ">=", -1000)),
    "strict at one point": make_statement(free(x), ((x - q(1, 2)) ** 2, ">", 0)),
    "equality": make_statement({x: (0, 1), y: (0, 1)}, (x, "=", y), {"h": (x**2, ">=", y**2)}),
    "no hypothesis matters": make_statement(free(x), (1, "<", 0)),
    "no variables": make_statement({}, (1, "<", q(1, 2))),
    "linear equality": make_statement(free(x, y), (x * y, "<=", q(1, 5)), {"sum": (x + y, "=", 1)}),
    "two equalities": make_statement(
        {x: (0, 1), y: (None, None), z: (None, 2)},
        (x * y * z, "<=", q(9, 10)),
        {"s": (x + y, "=", 2), "t": (y + z, "=", 2)},
    ),
    "equality with a slope": make_statement(
        {u: (None, None), v: (None, None), R: (0, 2), p: (None, None)},
        (p**2, "<=", u * v),
        {"u": (u, ">", 0), "v": (v, ">", 0), "product": (p**2, "=", u * v * R)},
    ),
    "circle": make_statement(free(x, y), (x + y, "<", 1), {"circle": (x**2 + y**2, "=", 1)}),
}

TRUE = {
    "remainder": remainder(0),
    "two largest": two_largest(8),
    "roots": make_statement(
        {x: (0, 1), y: (0, 1)}, (sp.sqrt(x) + sp.sqrt(y), "<=", sp.sqrt(2 * (x + y)) + q(1, 10**6))
    ),
    "quotient": make_statement(free(x), (x + 1 / x, ">=", 2), {"x": (x, ">", 0)}),
    "equality": make_statement(free(x, y), (x**2, "=", y**2), {"h": (x, "=", -y)}),
    "vacuous": make_statement({x: (0, 1)}, (x, "<=", q(1, 2)), {"h": (x, ">=", 2)}),
    "defined nowhere": make_statement({x: (-2, -1)}, (sp.sqrt(x), ">=", 5)),
}


@pytest.mark.parametrize("name", FALSE)
@pytest.mark.parametrize("seed", [0, 1])
def test_counterexamples_are_found(name, seed):
    statement = FALSE[name]
    proof = falsify(statement, seed=seed, seconds=10)
    assert proof is not None
    assert set(proof) == {"rule", "point"}
    check_counterexample(statement, proof)


@pytest.mark.parametrize("name", TRUE)
def test_true_claims_have_none(name):
    start = time.perf_counter()
    assert falsify(TRUE[name], seconds=3) is None
    assert time.perf_counter() - start < 4


def test_simple_counterexamples_stay_simple():
    assert falsify(FALSE["remainder at a vertex"])["point"] == {"x": "0", "a": "2"}
    proof = falsify(FALSE["two largest"])
    assert all(Fraction(value).denominator <= 64 for value in proof["point"].values())


def test_equal_seeds_give_equal_searches():
    statement = FALSE["barely, in a narrow valley"]
    assert falsify(statement, seed=3) == falsify(statement, seed=3)


SATISFIABLE = {
    "thin": make_statement(
        {x: (None, None), y: (None, None), z: (None, q(2, 5))},
        (x, "<=", 0),
        {
            "z": (z, ">", 0),
            "low": (2 - 2 * z, "<=", y),
            "high": (y, "<=", 2 - z),
            "x": (x, ">", 0),
            "r": (x**2, "<=", z**2 / 50),
        },
    ),
    "root": make_statement({x: (0, 1)}, (x, "<=", 0), {"h": (sp.sqrt(x), ">=", q(99, 100))}),
    "equality": FALSE["equality with a slope"],
    "at one point": make_statement({x: (0, 1)}, (x, "<=", 0), {"h": (x, ">=", 1)}),
    "no hypothesis": make_statement(free(x), (x**2, ">=", 0)),
}


@pytest.mark.parametrize("name", SATISFIABLE)
def test_hypotheses_can_hold(name):
    statement = SATISFIABLE[name]
    point = satisfiable(statement)
    gaps = Evaluator(statement).gaps(np.array([[float(point[v.name]) for v in statement.variables]]))[0]
    for gap, h in zip(gaps, statement.hypotheses, strict=False):
        assert abs(gap) < 1e-9 if h.equality else gap > 0 or (gap >= -1e-12 and not h.strict)


@pytest.mark.parametrize("name", ["vacuous", "defined nowhere"])
def test_vacuous_claims_are_not_satisfiable(name):
    assert satisfiable(TRUE[name], seconds=2) is None


def test_time_limit():
    start = time.perf_counter()
    assert falsify(TRUE["two largest"], seconds=0.2, rounds=1000) is None
    assert time.perf_counter() - start < 1.5


def test_numbers_beyond_floating_point_give_none():
    text = f"""(set-logic QF_NRA)
(declare-const x Real)
(assert (! (not (<= x {10**350})) :named negated-conclusion))
(check-sat)
"""
    assert falsify(parse_statement(text)) is None


def test_gaps_and_gradients_agree_with_sympy():
    left, right = sp.sqrt(x) * y**3 / (1 + y), (x - y) ** 2 - x / 3
    statement = make_statement({x: (0, 4), y: (0, 4)}, (left, "<=", right), {"h": (x * y, ">", 1 - x)})
    evaluator, point = Evaluator(statement), np.array([1.7, 0.6])
    values = {x: 1.7, y: 0.6}
    for row, gap in enumerate((x * y - (1 - x), right - left)):
        assert evaluator.gaps(point[None, :])[0, row] == pytest.approx(float(gap.subs(values)))
        for column, variable in enumerate((x, y)):
            slope = float(sp.diff(gap, variable).subs(values))
            assert evaluator.gradients(point)[row, column] == pytest.approx(slope)


def test_undefined_points_are_nan():
    statement = make_statement(free(x), (sp.sqrt(x) / (x - 1), "<=", 1))
    assert np.isnan(Evaluator(statement).gaps(np.array([[-1.0], [1.0], [4.0]]))[:, 0]).tolist() == [True, True, False]


def test_elimination_is_exact():
    statement = make_statement(
        {x: (0, 1), y: (0, None), z: (None, None)}, (x, "<=", z), {"s": (x + 3 * y, "=", z), "t": (y * z, "=", 1)}
    )
    elimination = eliminate(statement)
    assert len(elimination.reduced.variables) == 1
    assert not any(h.equality for h in elimination.reduced.hypotheses)
    (left,) = elimination.reduced.variables
    point = elimination.complete({left.name: Fraction(5, 7)})
    assert point["x"] + 3 * point["y"] == point["z"]
    assert point["y"] * point["z"] == 1
    assert elimination.complete({left.name: Fraction(0)}) is None


def test_equalities_without_a_linear_variable_stay():
    elimination = eliminate(FALSE["circle"])
    assert elimination.steps == ()
    assert elimination.reduced == FALSE["circle"]


def test_samples_respect_bounds_and_reach_far():
    statement = make_statement({x: (0, 1), y: (2, None), z: (None, -3), w: (None, None)}, (x, "<=", 1))
    points = Sampler(statement, np.random.default_rng(5)).sample(2000)
    assert points.shape[0] >= 1900
    assert points[:, 0].min() == 0
    assert points[:, 0].max() == 1
    assert points[:, 1].min() == 2
    assert points[:, 2].max() == -3
    assert points[:, 1].max() > 100
    assert points[:, 3].min() < -100
    for point in simple_points(statement, np.random.default_rng(5)):
        assert 0 <= point["x"] <= 1
        assert point["y"] >= 2


def test_kronecker_points_are_even():
    points = kronecker(1000, 2, np.zeros(2))
    counts, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=5, range=[[0, 1], [0, 1]])
    assert counts.min() >= 30
    assert counts.max() <= 50


@settings(max_examples=30, deadline=None)
@given(st.fractions(min_value=-9, max_value=9, max_denominator=500), st.fractions(min_value=-9, max_value=9))
def test_roundings_end_with_the_point(first, second):
    point = {"x": first, "y": second}
    found = list(roundings(point))
    assert found[-1] == point
    assert all(abs(c[n] - point[n]) <= 1 for c in found[:15] for n in point)
    square = list(corners(point, 4, range(4)))
    assert all(0 <= abs(c[n] - point[n]) <= Fraction(1, 16) for c in square for n in point)


def test_nearby_counterexample_prefers_small_denominators():
    statement = make_statement({x: (0, 1)}, (x, "<=", q(1, 3)))
    found = nearby_counterexample(statement, {"x": Fraction(123456789, 200000000)})
    assert found == {"x": Fraction(1)}
    assert refutes(statement, found)
    assert nearby_counterexample(statement, {"x": Fraction(1, 9)}) is None
