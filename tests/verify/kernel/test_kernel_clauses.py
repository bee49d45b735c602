"""Clauses: "and" and "or" of relations in statements, on leaves of trees, at points, and in the other rules."""

import random
from fractions import Fraction
from itertools import product

import pytest
from corpus_valid import doubled
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import bisection, canonical, certificate, claim, outcome, raw_text, refusal, text_of, verdict
from kernel_oracle import Claim, exactly, tree_survives

from verify.kernel.bisection import LeafChecker, refuted
from verify.kernel.errors import Malformed, Rejected
from verify.kernel.statements import Clause, Junction, parse_statement, read_statement, relations_of

QUICK = settings(max_examples=200, deadline=None, database=None)
UNIT, CENTRED, FREE = ("0", "1"), ("(- 1)", "1"), (None, None)
SQUARE = {"x": CENTRED, "y": CENTRED}
FALSE = "(> 0 1)"
VALUES = ["(- 1)", "(- (/ 1 2))", "0", "(/ 1 2)", "1", "2", "(- 2)"]
NUMBERS = dict(zip(VALUES, [Fraction(k, 2) for k in (-2, -1, 0, 1, 2, 4, -4)], strict=True))
HOLDS = {
    "<=": lambda a, b: a <= b, "<": lambda a, b: a < b, ">=": lambda a, b: a >= b, ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
}  # fmt: skip

atoms = st.tuples(st.sampled_from(sorted(HOLDS)), st.sampled_from("xy"), st.sampled_from(VALUES))
formulas = st.recursive(
    atoms,
    lambda inner: st.tuples(st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3)),
    max_leaves=7,
).filter(lambda formula: formula[0] in ("and", "or"))


def written(formula):
    """Write a formula as text."""
    if formula[0] in ("and", "or"):
        return f"({formula[0]} {' '.join(map(written, formula[1]))})"
    return f"({formula[0]} {formula[1]} {formula[2]})"


def true_at(formula, point):
    """Evaluate a formula at a point."""
    if formula[0] in ("and", "or"):
        return (all if formula[0] == "and" else any)(true_at(part, point) for part in formula[1])
    return HOLDS[formula[0]](point[formula[1]], NUMBERS[formula[2]])


def fails_on(formula, box):
    """Whether a formula can be seen to fail on a box, relation by relation."""
    if formula[0] in ("and", "or"):
        return (any if formula[0] == "and" else all)(fails_on(part, box) for part in formula[1])
    (low, high), value = box[formula[1]], NUMBERS[formula[2]]
    return not any(HOLDS[formula[0]](x, value) for x in ({low, high, value} if low <= value <= high else {low, high}))


@QUICK
@given(
    formulas,
    st.sampled_from([("(- 1)", "0"), ("0", "1"), CENTRED, ("(/ 1 2)", "1")]),
    st.sampled_from(["A", "!A", "^A"]),
)
def test_a_leaf_is_decided_when_each_needed_relation_fails(formula, side, leaf):
    box = {"x": side, "y": CENTRED}
    exactly_known = {"x": tuple(NUMBERS[end] for end in side), "y": (Fraction(-1), Fraction(1))}
    result = outcome(claim(box, FALSE, bisection(leaf), {"c": written(formula)}))
    assert result == ("proved" if fails_on(formula, exactly_known) else "Rejected")
    if result == "proved":
        ends = [[low + (high - low) * Fraction(k, 8) for k in range(9)] for low, high in exactly_known.values()]
        assert not any(true_at(formula, {"x": x, "y": y}) for x, y in product(*ends))


trees = st.recursive(
    st.sampled_from(["A", "B", "!A", ".", "(B)", "!B", "^A", "^B"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("ab"), inner, inner).map("".join),
        st.tuples(st.sampled_from(["(A a>16)", "(A b<48)", "(!A a<32)"]), inner).map("".join),
    ),
    max_leaves=8,
)


@settings(max_examples=600, deadline=None, database=None)
@given(formulas, trees, st.sampled_from(["(>= x (- (/ 1 2)))", "(<= y (/ 1 2))"]), st.sampled_from([FALSE, "(>= x 0)"]))
def test_no_tree_proves_what_is_false_at_a_point(formula, tree, hypothesis, conclusion):
    """The clause comes after the hypothesis, so it is B."""
    text = text_of(SQUARE, conclusion, {"h": hypothesis, "c": written(formula)})
    if outcome(certificate(text, bisection(tree))) != "proved":
        return
    assert tree_survives(Claim(text), tree)
    grid = [Fraction(k, 8) for k in range(-8, 9)]
    judge = Claim(text)
    for x, y in product(grid, grid):
        point = exactly({"x": x, "y": y})
        if judge.hypotheses[0].at(point) and true_at(formula, {"x": x, "y": y}):
            assert judge.conclusion.at(point), (x, y)


@QUICK
@given(formulas, st.integers(-8, 8), st.integers(-8, 8))
def test_a_counterexample_satisfies_every_clause(formula, a, b):
    x, y = Fraction(a, 4), Fraction(b, 4)
    free = {"x": FREE, "y": FREE}
    proof = {"rule": "counterexample", "point": {"x": str(x), "y": str(y)}}
    truth = true_at(formula, {"x": x, "y": y})
    expected = "refuted" if truth else "Rejected"
    assert outcome(claim(free, FALSE, proof, {"c": written(formula)})) == expected
    assert outcome(claim(free, "(> 1 0)", proof, {"c": written(formula)})) == "Rejected"
    assert outcome(claim(free, FALSE, proof, {"c": written(formula), "d": "(or (< x y) (>= x y))"})) == expected
    assert outcome(claim(free, FALSE, proof, {"c": written(formula), "d": "(and (< x y) (>= x y))"})) == "Rejected"
    assert outcome(claim(free, FALSE, proof, {"c": written(formula), "h": "(< x (- 9))"})) == "Rejected"


@QUICK
@given(st.lists(formulas | atoms, min_size=1, max_size=4), st.integers(0, 1 << 30))
def test_round_trip_and_meaning(assumed, seed):
    """Written once, read for ever; hypotheses first, then clauses; the meaning at points stays."""
    raw = raw_text(SQUARE, "(>= x y)", {f"n{k}": written(formula) for k, formula in enumerate(assumed)})
    text = canonical(raw)
    statement = read_statement(text)
    assert statement.text() == text
    order = [k for k, f in enumerate(assumed) if f[0] not in ("and", "or")]
    order += [k for k, f in enumerate(assumed) if f[0] in ("and", "or")]
    assert [h.name for h in (*statement.hypotheses, *statement.clauses)] == [f"n{k}" for k in order]
    assert (raw == text) == (order == sorted(order))
    judge, rng = Claim(text), random.Random(seed)
    names = {f"n{k}": formula for k, formula in enumerate(assumed)}
    for _ in range(5):
        point = {name: Fraction(rng.randint(-8, 8), 4) for name in "xy"}
        for assumption in (*judge.hypotheses, *judge.clauses):
            assert assumption.at(exactly(point)) is true_at(names[assumption.name], point)


@QUICK
@given(formulas)
def test_the_structure_is_read_as_written(formula):
    def shape(node):
        return (node.op, [shape(part) for part in node.parts]) if isinstance(node, Junction) else node.comparison

    def wanted(node):
        return (node[0], [wanted(part) for part in node[1]]) if node[0] in ("and", "or") else node[0]

    statement = parse_statement(raw_text(SQUARE, "(>= x y)", {"c": written(formula)}))
    (clause,) = statement.clauses
    assert isinstance(clause, Clause)
    assert clause.name == "c"
    assert shape(clause.formula) == wanted(formula)
    assert all(relation.name == "c" for relation in relations_of(clause.formula))
    assert len(relations_of(clause.formula)) == written(formula).count("x") + written(formula).count("y")


def test_other_formulas_are_other_statements():
    texts = [
        text_of(SQUARE, "(>= x y)", {"c": formula})
        for formula in (
            "(or (< x 0) (> y 0))", "(and (< x 0) (> y 0))", "(or (> y 0) (< x 0))", "(or (< x 0) (>= y 0))",
            "(or (< x 0) (or (> y 0) (> y 0)))", "(or (< x 0) (> y 0) (> y 0))", "(or (or (< x 0) (> y 0)) (> y 0))",
            "(or (< x 0) (and (> y 0) (> y 0)))",
        )
    ]  # fmt: skip
    assert len({read_statement(text).digest() for text in texts}) == len(texts) == len(set(texts))


def test_hypotheses_and_clauses_share_the_letters():
    hypotheses = {"c": "(or (> x 1) (< x 0))", "h": "(>= x 0)", "d": "(or (> x 2) (< x (- 1)))", "k": "(<= x 1)"}
    statement = parse_statement(raw_text({"x": UNIT}, FALSE, hypotheses))
    names = {letter: getattr(f, "name", None) or relations_of(f)[0].name for letter, f in _formulas(statement).items()}
    assert names == {"A": "h", "B": "k", "C": "c", "D": "d"}
    for letter, expected in {"A": "Rejected", "B": "Rejected", "C": "proved", "D": "proved", "E": "Malformed"}.items():
        assert outcome(claim({"x": UNIT}, FALSE, bisection(letter), hypotheses)) == expected


def _formulas(statement):
    return LeafChecker(statement).formulas


def test_letters_of_clauses_beyond_26():
    """Thirty hypotheses that hold and thirty clauses, of which the last fails: its letter is H2."""
    hypotheses = {f"h{k}": f"(> x (- {k + 1}))" for k in range(30)}
    hypotheses |= {f"c{k}": f"(or (> x (- {k + 1})) (> x 5))" for k in range(29)} | {"last": "(or (> x 1) (> x 5))"}
    text = text_of({"x": UNIT}, FALSE, hypotheses)
    results = {
        token: outcome(certificate(text, bisection(token))) for token in ("A", "A1", "D1", "E1", "G2", "H2", "I2")
    }
    assert results == dict.fromkeys(("A", "A1", "D1", "E1", "G2"), "Rejected") | {"H2": "proved", "I2": "Malformed"}


@pytest.mark.parametrize("part", ["(> (/ 1 x) 9)", "(< (sqrt x) 0)", "(> (log x) 9)", "(< (tan (* 2 x)) (- 9))"])
def test_a_clause_with_an_undefined_part_decides_nothing(part):
    """Neither on a leaf, whatever its other parts say, nor at a point where the part is undefined."""
    for formula in (f"(and (> x 2) {part})", f"(or (> x 2) {part})", f"(and {part} (> x 2))"):
        for leaf in ("A", "!A", "^A", "aAA"):
            assert isinstance(refusal(claim({"x": CENTRED}, FALSE, bisection(leaf), {"c": formula})), Rejected)
    if "tan" not in part:
        for formula in (f"(or (<= x 0) {part})", f"(or {part} (<= x 0))"):
            proof = {"rule": "counterexample", "point": {"x": "0" if "sqrt" not in part else "-1"}}
            data = claim({"x": CENTRED}, FALSE, proof, {"c": formula})
            assert isinstance(refusal(data), Rejected)


def test_parts_that_fail_by_turns_do_not_fail_together():
    """Each part fails on one half only: the clause has to be taken on each half."""
    formula = {"c": "(and (< x 0) (> x (/ 1 4)))"}
    assert outcome(claim({"x": CENTRED}, FALSE, bisection("A"), formula)) == "Rejected"
    assert outcome(claim({"x": CENTRED}, FALSE, bisection("aAA"), formula)) == "proved"
    either = {"c": "(or (and (< x 0) (> x (/ 1 4))) (and (> x 0) (< x (- (/ 1 4)))))"}
    assert outcome(claim({"x": CENTRED}, FALSE, bisection("A"), either)) == "Rejected"
    assert outcome(claim({"x": CENTRED}, FALSE, bisection("aAA"), either)) == "proved"


def test_refuted_takes_both_junctions_apart():
    statement = parse_statement(raw_text(SQUARE, FALSE, {"c": "(or (> x 0) (and (> y 0) (>= x 0)))"}))
    (clause,) = statement.clauses
    x, y = (relation.gap for relation in relations_of(clause.formula)[:2])
    assert x == relations_of(clause.formula)[2].gap  # one node, once strict and once not
    below, touching, above = (-5, -1), (-5, 0), (-1, 5)
    for gap_x, gap_y, expected in [
        (below, below, True), (below, above, True), (touching, touching, True), (touching, above, False),
        (above, below, False), (above, above, False),
    ]:  # fmt: skip
        assert refuted(clause.formula, {x: gap_x, y: gap_y}) is expected


def test_a_lemma_with_a_clause_is_refused_and_a_statement_with_one_is_not():
    tree = bisection("aa.a.a..aaa....")
    plain = claim({"x": UNIT}, "(<= (* x (- 1 x)) (/ 3 10))", tree)
    with_clause = claim({"x": UNIT}, "(<= (* x (- 1 x)) (/ 3 10))", tree, {"c": "(or (> x 0) (<= x 0))"})
    assert verdict(plain) == verdict(with_clause) == "proved"
    good = doubled(plain)
    assert verdict(good) == "proved"
    assert "clauses" in str(refusal(doubled(with_clause)))
    named = doubled(with_clause)
    named["proof"]["discharge"]["c"] = {}
    assert isinstance(refusal(named), Rejected)
    outer = claim(
        {"y": ("0", "(/ 1 2)")}, "(<= (* (* 2 y) (- 1 (* 2 y))) (/ 3 10))", good["proof"], {"c": "(or (> y 0) (> y 1))"}
    )
    assert verdict(outer) == "proved"


def test_a_clause_is_no_fact_of_the_algebraic_rules():
    for facts in (["c"], ["c", "c"]):
        proof = {"rule": "combination", "sum": [{"coefficient": "1", "facts": facts}]}
        assert isinstance(refusal(claim({"x": FREE}, "(>= x 0)", proof, {"c": "(and (>= x 0) (>= x 0))"})), Rejected)


def test_a_denominator_in_a_clause_has_to_be_positive_for_the_algebraic_rules():
    proof = {"rule": "combination", "sum": [{"coefficient": "1", "square": "x"}]}
    clause = {"c": "(or (> (/ 1 x) 0) (> x 5))"}
    assert isinstance(refusal(claim({"x": FREE}, "(>= (^ x 2) 0)", proof, clause)), Rejected)
    with_proof = {**proof, "denominators": [[{"coefficient": "1", "facts": ["x.lower"]}, {"coefficient": "1"}]]}
    shifted = {"c": "(or (> (/ 1 (+ x 1)) 0) (> x 5))"}
    assert verdict(claim({"x": ("0", None)}, "(>= (^ x 2) 0)", with_proof, shifted)) == "proved"


@pytest.mark.parametrize("depth", [1, 50, 51, 90])
def test_nesting_at_its_limit(depth):
    formula = "(or (> x 1) " * depth + "(> x 2)" + ")" * depth
    raw = raw_text({"x": UNIT}, FALSE, {"c": formula})
    if depth <= 50:
        assert read_statement(raw).text() == raw
        assert outcome(certificate(raw, bisection("A"))) == "proved"
    else:
        with pytest.raises(Malformed, match="nest"):
            read_statement(raw)
