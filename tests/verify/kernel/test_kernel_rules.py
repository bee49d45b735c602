"""The algebraic rules: conditions that the corpus does not show one by one."""

import pytest
from corpus_valid import CENTRED, FREE, UNIT, combination, doubled, valid
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import bisection, claim, equality, outcome, refusal, removed, replaced, summand, verdict
from kernel_oracle import Claim, violated

from verify.kernel.errors import Malformed, Rejected

PLANE = {"x": FREE, "y": FREE}
QUICK = settings(max_examples=200, deadline=None, database=None)

rationals = st.fractions(-5, 5, max_denominator=9)
leaves = st.one_of(st.sampled_from("xy"), st.integers(0, 4).map(str), st.integers(1, 4).map("(- {})".format))
terms = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*/"), inner, inner).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(st.sampled_from(["-", "sqrt"]), inner).map("({0[0]} {0[1]})".format),
        st.tuples(inner, st.integers(0, 4)).map("(^ {0[0]} {0[1]})".format),
    ),
    max_leaves=6,
)
relations = st.tuples(st.sampled_from(("<=", "<", ">=", ">", "=")), terms, terms).map("({0[0]} {0[1]} {0[2]})".format)


@QUICK
@given(relations, st.lists(relations, max_size=1), rationals, rationals)
def test_a_point_refutes_what_the_judge_finds_violated_there(conclusion, hypotheses, x, y):
    """Where no irrational root occurs the two agree; elsewhere the kernel may leave a point undecided."""
    named = {f"h{k}": formula for k, formula in enumerate(hypotheses)}
    proof = {"rule": "counterexample", "point": {"x": str(x), "y": str(y)}}
    data = claim(PLANE, conclusion, proof, named)
    refuted = outcome(data) == "refuted"
    wanted = violated(Claim(data["statement"]), {"x": x, "y": y})
    assert refuted is wanted or (wanted and "sqrt" in data["statement"])


def test_strictness_of_products():
    """A product is strict when each factor is, and no square stands in it."""
    strict, weak = {"a": "(> x 0)", "b": "(> y 0)"}, {"a": "(> x 0)", "b": "(>= y 0)"}
    proof = combination(summand("1", "a", "b"))
    assert verdict(claim(PLANE, "(> (* x y) 0)", proof, strict)) == "proved"
    assert verdict(claim(PLANE, "(>= (* x y) 0)", proof, weak)) == "proved"
    refusal(claim(PLANE, "(> (* x y) 0)", proof, weak))
    squared = combination(summand("1", "a", "b", square="x"))
    refusal(claim(PLANE, "(> (* (* x y) (^ x 2)) 0)", squared, strict))
    assert verdict(claim(PLANE, "(>= (* (* x y) (^ x 2)) 0)", squared, strict)) == "proved"


def test_one_strict_summand_suffices():
    proof = combination(summand("1", square="x"), summand("1", "a"))
    assert verdict(claim(PLANE, "(> (+ (^ x 2) y) 0)", proof, {"a": "(> y 0)"})) == "proved"
    refusal(claim(PLANE, "(> (+ (^ x 2) y) 0)", proof, {"a": "(>= y 0)"}))


@pytest.mark.parametrize("empty", [{}, {"sum": []}, {"sum": [], "equalities": []}])
def test_the_empty_sum_is_zero(empty):
    proof = {"rule": "combination", **empty}
    assert verdict(claim({"x": FREE}, "(>= (- x x) 0)", proof)) == "proved"
    assert verdict(claim({"x": FREE}, "(= (- x x) 0)", proof)) == "proved"
    for conclusion in ("(> (- x x) 0)", "(>= (- (- x x) 1) 0)", "(= x 0)", "(>= x 0)", "(> 0 0)", "(< 0 0)"):
        refusal(claim({"x": FREE}, conclusion, proof))


@pytest.mark.parametrize(
    "multiplier",
    [
        [],
        [summand("1", square="0")],
        [summand("1", square="x")],
        [summand("1", "x.lower")],
        [summand("0")],
        [summand("-1")],
    ],
)
def test_multipliers_that_may_vanish_or_be_negative(multiplier):
    """0 * goal = 0 and -goal = something positive prove nothing."""
    for conclusion in ("(>= (- x 2) 0)", "(= x 5)", "(> (- x 2) 0)"):
        for extra in ({}, {"sum": [summand("1", square="0")]}, {"sum": [summand("1", square="x")]}):
            refusal(claim({"x": UNIT}, conclusion, {"rule": "combination", "multiplier": multiplier, **extra}))


def test_an_equality_may_be_multiplied_by_anything_and_nothing_else_may():
    same = {"same": "(= x y)"}
    for multiplier in ("1", "(- 1)", "(- x 7)", "0"):
        proof = combination(equalities=[equality("same", multiplier)])
        assert verdict(claim(PLANE, f"(= (* {multiplier} (- x y)) 0)", proof, same)) == "proved"
        assert verdict(claim(PLANE, f"(>= (* {multiplier} (- x y)) 0)", proof, same)) == "proved"
        refusal(claim(PLANE, f"(= (* {multiplier} (- x y)) 0)", proof, {"same": "(>= x y)"}))
        refusal(claim(PLANE, f"(> (* {multiplier} (- x y)) 0)", proof, same))
    refusal(claim(PLANE, "(= x y)", combination(equalities=[equality("same", "(/ 1 x)")]), same))


@pytest.mark.parametrize(
    "name", ["conclusion", "negated-conclusion", "lemma", "goal", "", "x", "y.lower", "X.LOWER", "x.lower "]
)
def test_facts_that_are_none(name):
    for proof in (
        combination(summand("1", name)),
        combination(equalities=[equality(name, "1")]),
        combination(multiplier=[summand("1", name)]),
    ):
        assert isinstance(refusal(claim({"x": UNIT, "y": FREE}, "(>= (- x 1) 0)", proof)), Rejected)


def test_a_statement_has_only_its_own_facts():
    """Facts of the lemma do not leak into the statement, nor the other way round."""
    lemma = claim({"x": UNIT}, "(>= x 0)", bisection("."), {"h": "(<= x 1)"})
    data = doubled(lemma, "(>= (* 2 y) 0)")
    data["proof"]["discharge"]["h"] = {"sum": [summand("2", "y.upper")]}
    assert verdict(data) == "proved"
    for name in ("h", "x.lower", "x.upper"):
        refusal(replaced(data, ("proof", "sum"), [summand("1", name)]))
        refusal(replaced(data, ("proof", "discharge", "h", "sum"), [summand("1", name)]))
    refusal(replaced(data, ("proof", "discharge", "h", "sum"), [summand("1", "lemma")]))


def test_a_hypothesis_named_lemma_is_no_lemma():
    """The name is free for hypotheses; after the lemma is proved it means the lemma's conclusion only."""
    false_here = {"lemma": "(>= x 5)"}
    assert verdict(claim({"x": FREE}, "(>= x 5)", combination(summand("1", "lemma")), false_here)) == "proved"
    weak = claim({"x": UNIT}, "(>= (+ x 1) 0)", bisection("."))
    proof = doubled(weak)["proof"]
    bounds = {"y": ("0", "(/ 1 2)")}
    refusal(claim(bounds, "(>= y 5)", proof, {"lemma": "(>= y 5)"}))
    assert verdict(claim(bounds, "(>= (+ (* 2 y) 1) 0)", proof, {"lemma": "(>= y 5)"})) == "proved"


def test_denominators_are_each_proved_positive():
    one = {"x": ("1", "2")}
    conclusion = "(>= (/ 1 x) (/ 1 x))"
    proof = {"rule": "combination", "denominators": [[summand("1", "x.lower"), summand("1")]]}
    assert verdict(claim(one, conclusion, proof)) == "proved"
    wrong = [
        [],
        [[]],
        [[summand("1", "x.lower")]],
        [[summand("1")]],
        [[summand("1", "x.upper")]],
        [[summand("1", square="x")]],
        [proof["denominators"][0]] * 2,
    ]
    for denominators in wrong:
        refusal(claim(one, conclusion, {**proof, "denominators": denominators}))


@pytest.mark.parametrize(
    "hypothesis",
    [
        "(> (/ 1 x) 0)",
        "(> (* x (/ 1 x)) 0)",
        "(> (/ (* x x) x) 0)",
        "(> (/ 1 (/ 1 x)) 0)",
        "(= (* x (/ 1 x)) 1)",
        "(> (^ (/ 1 x) 0) 0)",
    ],
)
def test_a_hypothesis_does_not_make_its_own_denominators_positive(hypothesis):
    """Each is true wherever it is defined and x is positive; none may show that x is."""
    sums = [[summand("1", "h")], [summand("1")], [summand("1", square="x")], [summand("1", "h"), summand("1")]]
    for first in sums:
        for second in sums:
            for denominators in ([first], [first, second]):
                for total in ([], [summand("1", "h")], [summand("1")]):
                    proof = {"rule": "combination", "sum": total, "denominators": denominators}
                    for conclusion in ("(> x 0)", "(>= (/ 1 x) 0)"):
                        refusal(claim({"x": CENTRED}, conclusion, proof, {"h": hypothesis}))


def test_a_zero_polynomial_is_no_denominator():
    for divisor in ("0", "(- x x)", "(* 0 x)", "(- (^ x 2) (* x x))"):
        for denominators in ([], [[]], [[summand("1")]], [[summand("1", square="0")]]):
            data = claim({"x": FREE}, f"(= (/ x {divisor}) 7)", {"rule": "identity", "denominators": denominators})
            assert isinstance(refusal(data), Rejected)


@pytest.mark.parametrize(
    "term",
    ["(/ x 0)", "(/ 1 (- x x))", "(/ x x)", "(sqrt 4)", "(sqrt x)", "z", "", "x y", "()", "(", "(neg x)", "(^ x 65)"],
)
def test_terms_that_are_no_polynomial(term):
    for proof in (combination(summand("1", square=term)), combination(equalities=[equality("e", term)])):
        error = refusal(claim({"x": FREE}, "(>= (- x x) 0)", proof, {"e": "(= x 0)"}))
        assert isinstance(error, Malformed | Rejected)


@pytest.mark.parametrize("count", [1, 5, 8])
def test_lemmas_nest_as_deep_as_the_limit(count):
    data = claim({"x": UNIT}, "(>= x 0)", combination(summand("1", "x.lower")))
    for _ in range(count):
        discharge = {f"x.{side}": {"sum": [summand("1", f"x.{side}")]} for side in ("lower", "upper")}
        proof = {
            "rule": "substitution",
            "lemma": data,
            "instance": {"x": "x"},
            "discharge": discharge,
            "sum": [summand("1", "lemma")],
        }
        data = claim({"x": UNIT}, "(>= x 0)", proof)
    assert verdict(data) == "proved"
    refusal(replaced(data, ("proof", "lemma", "proof"), {"rule": "bisection", "tree": "?"}))


def test_a_lemma_may_not_be_refuted_or_unproved_at_any_depth():
    refuted = claim({"x": UNIT}, "(>= x 1)", {"rule": "counterexample", "point": {"x": "0"}})
    assert verdict(refuted) == "refuted"
    discharge = {f"x.{side}": {"sum": [summand("1", f"x.{side}")]} for side in ("lower", "upper")}
    proof = {
        "rule": "substitution",
        "lemma": refuted,
        "instance": {"x": "x"},
        "discharge": discharge,
        "sum": [summand("1", "lemma")],
    }
    data = claim({"x": UNIT}, "(>= x 1)", proof)
    assert isinstance(refusal(data), Rejected)
    again = claim({"x": UNIT}, "(>= x 1)", {**proof, "lemma": data})
    assert isinstance(refusal(again), Rejected)
    assert isinstance(refusal(claim({"x": UNIT}, "(>= x 1)", {**proof, "lemma": None})), Malformed)


def test_a_lemma_proved_where_its_hypothesis_is_undefined_claims_nothing_there():
    """1/(1/x) is x as a rational function, but a lemma whose hypothesis is 1/(1/x) >= 0 cannot be proved around 0."""
    for tree in (".", "A", "a.A", "aA.", "aA!.", "!A"):
        refusal(claim({"x": CENTRED}, "(>= x 0)", bisection(tree), {"h": "(>= (/ 1 (/ 1 x)) 0)"}))


def test_an_instance_may_not_turn_a_denominator_into_zero():
    lemma = claim({"x": ("1", "2")}, "(>= (/ 1 x) (/ 1 2))", bisection("."))
    discharge = {f"x.{side}": {"sum": [summand("1")]} for side in ("lower", "upper")}
    proof = {
        "rule": "substitution",
        "lemma": lemma,
        "instance": {"x": "0"},
        "discharge": discharge,
        "sum": [summand("1", "lemma")],
    }
    refusal(claim({"y": UNIT}, "(>= 0 1)", proof))
    constant = replaced(proof, ("instance", "x"), "1")
    constant = replaced(constant, ("discharge", "x.lower"), {})
    assert verdict(claim({"y": UNIT}, "(>= 1 (/ 1 2))", constant)) == "proved"


@pytest.mark.parametrize("instance", ["(* 3 y)", "(- 0 y)", "(+ y 1)", "2", "(- 1)", "(- (* 2 y) (/ 1 1000000))"])
def test_instances_outside_the_lemma_s_bounds(instance):
    """Every discharge of the honest kind fails when the instance leaves [0, 1] for y in [0, 1/2]."""
    good = valid()["substitution-doubled"]
    candidates = [[], [summand("1")], *([summand(c, f"y.{s}")] for c in ("1", "2", "3") for s in ("lower", "upper"))]
    for lower in candidates:
        for upper in candidates:
            data = replaced(good, ("proof", "instance", "x"), instance)
            data["proof"]["discharge"] = {"x.lower": {"sum": lower}, "x.upper": {"sum": upper}}
            data = claim({"y": ("0", "(/ 1 2)")}, f"(<= (* {instance} (- 1 {instance})) (/ 3 10))", data["proof"])
            refusal(data)


def test_no_field_of_a_substitution_may_be_left_out():
    good = valid()["substitution-doubled"]
    for field in ("lemma", "instance", "discharge", "sum"):
        refusal(removed(good, ("proof", field)))
