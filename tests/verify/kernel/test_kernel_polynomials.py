"""Polynomial arithmetic, seen through the rule identity, against evaluation at random points."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import claim, outcome, refusal
from kernel_oracle import evaluate, exactly, parse

from verify.kernel.errors import Malformed, Rejected
from verify.kernel.polynomials import constant, expand, plus, times, variable
from verify.kernel.smtlib import read_sexprs, read_term
from verify.kernel.terms import TermTable

QUICK = settings(max_examples=100, deadline=None, database=None)
FREE = dict.fromkeys("xyz", (None, None))

leaves = st.one_of(st.sampled_from("xyz"), st.integers(0, 5).map(str), st.integers(1, 5).map("(- {})".format))
polynomials = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*"), inner, inner).map("({0[0]} {0[1]} {0[2]})".format),
        inner.map("(- {})".format),
        st.tuples(inner, st.integers(0, 3)).map("(^ {0[0]} {0[1]})".format),
    ),
    max_leaves=10,
)


def at_random(term, seed):
    rng = random.Random(seed)
    point = exactly({name: Fraction(rng.randint(-(10**9), 10**9), rng.randint(1, 10**9)) for name in "xyz"})
    return evaluate(parse(term)[0], point)[0]


def identity(left, right):
    return outcome(claim(FREE, f"(= {left} {right})", {"rule": "identity"}))


@QUICK
@given(polynomials, polynomials)
def test_an_identity_is_accepted_when_both_sides_agree_at_random_points(left, right):
    equal = all(at_random(left, seed) == at_random(right, seed) for seed in range(3))
    assert identity(left, right) == ("proved" if equal else "Rejected")


@QUICK
@given(polynomials, polynomials, polynomials)
def test_laws_of_rings_are_accepted(p, q, r):
    assert identity(f"(* {p} (+ {q} {r}))", f"(+ (* {r} {p}) (* {p} {q}))") == "proved"
    assert identity(f"(^ (- {p} {q}) 2)", f"(+ (- (^ {p} 2) (* 2 (* {p} {q}))) (^ {q} 2))") == "proved"
    assert identity(f"(- {p} {p})", "0") == "proved"
    assert identity(f"(+ {p} 1)", p) == "Rejected"


@QUICK
@given(polynomials, st.integers(0, 5))
def test_expand_agrees_with_evaluation(term, seed):
    table = TermTable()
    index = read_term(table, read_sexprs(term)[0], {name: table.var(name) for name in "xyz"})
    value = expand(table.nodes, {name: variable(name) for name in "xyz"})[index]
    assert value is not None
    assert set(value.denominator) == {()}
    rng = random.Random(seed)
    point = {name: Fraction(rng.randint(-99, 99), rng.randint(1, 99)) for name in "xyz"}
    total = Fraction(0)
    for monomial, coefficient in value.numerator.items():
        for name, exponent in monomial:
            coefficient *= point[name] ** exponent
        total += coefficient
    assert total / value.denominator[()] == evaluate(parse(term)[0], exactly(point))[0]


def test_no_zero_coefficient_is_kept():
    x = {(("x", 1),): Fraction(1)}
    assert plus(x, x, -1) == {}
    assert times(x, {}) == {}
    assert constant(0) == {}
    assert times(plus(x, constant(1)), plus(x, constant(-1))) == {(("x", 2),): 1, (): -1}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("(^ (+ x 1) 64)", "(^ (+ 1 x) 64)"),
        ("(^ (^ x 64) 64)", "(* (^ (^ x 32) 64) (^ (^ x 64) 32))"),
        ("(^ 0 0)", "1"),
        ("(^ x 0)", "1"),
        ("(- (- x))", "x"),
        ("(* 0 x)", "0"),
    ],
)
def test_edge_cases_that_hold(left, right):
    assert identity(left, right) == "proved"


@pytest.mark.parametrize(("left", "right"), [("(^ 0 1)", "1"), ("(^ x 2)", "(^ (- x) 3)"), ("x", "y"), ("(- x)", "x")])
def test_edge_cases_that_do_not_hold(left, right):
    assert identity(left, right) == "Rejected"


def test_a_product_beyond_the_limit_is_refused():
    many = "(^ (+ x (+ y (+ z 1))) 22)"  # 2300 terms
    error = refusal(claim(FREE, f"(= (* {many} {many}) 0)", {"rule": "identity"}))
    assert isinstance(error, Malformed | Rejected)
    assert "limit" in str(error)


def test_a_coefficient_beyond_the_limit_is_malformed():
    number = "7" * 400
    error = refusal(claim({"x": (None, None)}, f"(= (^ (* {number} x) 64) 0)", {"rule": "identity"}))
    assert isinstance(error, Malformed)
    assert "bits" in str(error)
