"""The text of statements: one canonical form, read strictly; random statements keep their meaning when written."""

import hashlib
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import assert_presentable, canonical, claim, outcome, raw_text, text_of, valid_data
from kernel_oracle import Claim, Undefined, exactly

from verify.kernel.errors import Malformed
from verify.kernel.statements import read_statement

QUICK = settings(max_examples=120, deadline=None, database=None)
NAMES = ("x", "y", "z_1", "d0.lower")
UNIT = ("0", "1")
FUNCTIONS = ("abs", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
TEXTS = {name: data["statement"] for name, data in valid_data().items()}


def refused(text):
    """Return the message with which a text is refused."""
    with pytest.raises(Malformed) as caught:
        read_statement(text)
    assert_presentable(str(caught.value))
    return str(caught.value)


numbers = st.one_of(
    st.integers(0, 12).map(str), st.tuples(st.integers(0, 99), st.integers(1, 99)).map("(/ {0[0]} {0[1]})".format)
)
constants = st.one_of(
    numbers, numbers.map("(- {})".format), st.sampled_from(["0.5", "12.25", "(/ 1 3 5)", "(- (- 2))"])
)
leaves = st.one_of(constants, st.sampled_from(NAMES))
terms = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*/"), st.lists(inner, min_size=2, max_size=4)).map(
            lambda pair: f"({pair[0]} {' '.join(pair[1])})"
        ),
        st.tuples(st.sampled_from(("min", "max")), st.lists(inner, min_size=2, max_size=3)).map(
            lambda pair: f"({pair[0]} {' '.join(pair[1])})"
        ),
        st.tuples(st.sampled_from(("-", "sqrt", *FUNCTIONS)), inner).map("({0[0]} {0[1]})".format),
        st.tuples(inner, st.integers(0, 5)).map("(^ {0[0]} {0[1]})".format),
    ),
    max_leaves=12,
)
relations = st.tuples(st.sampled_from(("<=", "<", ">=", ">", "=")), terms, terms).map("({0[0]} {0[1]} {0[2]})".format)


formulas = st.recursive(
    relations,
    lambda inner: st.tuples(st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3)).map(
        lambda pair: f"({pair[0]} {' '.join(pair[1])})"
    ),
    max_leaves=4,
)


@st.composite
def raw_statements(draw):
    """Statements in any form that the parser takes: sums of several terms, decimals, shared terms by name."""
    shared = draw(st.lists(terms, max_size=2))
    definitions = [(f"s{k}", term) for k, term in enumerate(shared)]
    names = [name for name, _ in definitions]
    conclusion = draw(relations)
    if names:
        conclusion = f"(< {conclusion.split(' ', 1)[1][:-1].join(['(+ ', f' {names[-1]})'])} {names[0]})"
    hypotheses = {f"h{k}": formula for k, formula in enumerate(draw(st.lists(formulas, max_size=3)))}
    bounds = {
        name: draw(st.sampled_from([UNIT, (None, None), ("(- 5)", None), ("(/ 1 3)", "(/ 1 3)")])) for name in NAMES
    }
    return raw_text(bounds, conclusion, hypotheses, definitions)


@QUICK
@given(raw_statements())
def test_written_once_read_for_ever(raw):
    text = canonical(raw)
    statement = read_statement(text)
    assert statement.text() == text
    assert canonical(text) == text
    assert statement.digest() == hashlib.sha256(text.encode()).hexdigest()


@QUICK
@given(raw_statements(), st.integers(0, 10**6))
def test_canonical_form_keeps_the_meaning(raw, seed):
    """The judge reads the raw and the canonical text with its own parser; they agree at random points."""
    one, other, rng = Claim(raw), Claim(canonical(raw)), random.Random(seed)
    assert one.bounds == other.bounds
    for _ in range(5):
        point = exactly({name: Fraction(rng.randint(-9, 9), rng.randint(1, 4)) for name in NAMES})
        here, there = one.environment(point), other.environment(point)
        if here is None or there is None:
            continue
        for a, b in zip(one.clauses, other.clauses, strict=True):
            assert (a.name, a.op, a.at(here)) == (b.name, b.op, b.at(there))
        for a, b in zip((*one.hypotheses, one.conclusion), (*other.hypotheses, other.conclusion), strict=True):
            assert (a.name, a.comparison) == (b.name, b.comparison)
            gaps = []
            for relation, environment in ((a, here), (b, there)):
                try:
                    gaps.append(relation.gap(environment))
                except Undefined:
                    gaps.append(None)
            assert gaps[0] == gaps[1]


@pytest.mark.parametrize("name", TEXTS)
def test_round_trip(name):
    assert read_statement(TEXTS[name]).text() == TEXTS[name]


@pytest.mark.parametrize("extra", [" ", "\n", "\t", "\r", "\f", "\u00a0", "\u2028", ";", "()", "\ufeff", "\x00"])
def test_a_character_anywhere_is_refused(extra):
    text = TEXTS["bisection-equality-hypothesis"]
    for position in range(len(text) + 1):
        refused(text[:position] + extra + text[position:])


def test_a_character_less_or_twice_is_refused_or_another_statement():
    text = TEXTS["bisection-two-variables"]
    others = 0
    for position, letter in enumerate(text):
        for changed in (text[:position] + text[position + 1 :], text[:position] + letter + text[position:]):
            if changed == text:
                continue
            try:
                statement = read_statement(changed)
            except Malformed:
                continue
            others += 1
            assert statement.text() == changed
            assert statement.digest() != read_statement(text).digest()
    assert others < 40


def test_every_other_order_of_the_lines_is_refused():
    lines = TEXTS["bisection-two-variables"].splitlines(keepends=True)
    for i in range(len(lines)):
        for j in range(i):
            changed = lines.copy()
            changed[i], changed[j] = changed[j], changed[i]
            refused("".join(changed))
        refused("".join(lines[:i] + lines[i : i + 1] + lines[i:]))


def test_hypotheses_in_another_order_are_another_statement():
    first = text_of({"x": UNIT}, "(>= x 0)", {"a": "(> x 0)", "b": "(< x 1)"})
    second = text_of({"x": UNIT}, "(>= x 0)", {"b": "(< x 1)", "a": "(> x 0)"})
    assert read_statement(first).digest() != read_statement(second).digest()


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "()", ")", "(", "((", "(set-logic QF_NRA)", "(check-sat)", "x", "'", '"', "|"]
)
def test_no_statement(text):
    refused(text)
    refused(text + "\n" + text)


@pytest.mark.parametrize("logic", ["QF_LRA", "NRA", "ALL", "qf_nra", "QF_NRA ", "(QF_NRA)"])
def test_another_logic_is_refused(logic):
    refused(text_of({"x": UNIT}, "(>= x 0)").replace("QF_NRA", logic))


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "negated-conclusion",
        "x.lower",
        "x.upper",
        "y.lower",
        "y.upper",
        "h",
        "1h",
        "é",
        "h h",
        ":h",
        "|h|",
        "",
        "h'",
    ],
)
def test_names_of_hypotheses_that_are_refused(name):
    """Clashes with a bound, with the conclusion and with another hypothesis, and names that are no symbols."""
    bounds = {"x": UNIT, "y": (None, None)}
    text = raw_text(bounds, "(>= x 0)", {"h": "(> x 0)", name: "(< x 1)"})
    if name == "h":
        text = raw_text(bounds, "(>= x 0)", {"h": "(> x 0)"}).replace(
            "(assert (! (not", "(assert (! (> x 0) :named h))\n(assert (! (not"
        )
    if name == "x":  # a hypothesis may bear the name of a variable: the two are never looked up together
        assert read_statement(text).hypotheses[1].name == "x"
    else:
        refused(text)


@pytest.mark.parametrize(
    "name", ["lemma", "conclusion", "d0", "z.lower", "sqrt", "Real", "x.middle", "lower", "x.lower.lower"]
)
def test_odd_names_of_hypotheses_that_are_only_names(name):
    statement = read_statement(raw_text({"x": UNIT}, "(>= x 0)", {name: "(< x 1)"}))
    assert [h.name for h in statement.hypotheses] == [name]


@pytest.mark.parametrize(
    "name",
    [
        "sqrt",
        "not",
        "Real",
        "assert",
        "lemma",
        "conclusion",
        "x.lower",
        "negated-conclusion",
        "E1",
        "and",
        "or",
        "exp",
        "min",
    ],
)
def test_odd_names_of_variables_that_are_only_names(name):
    statement = read_statement(text_of({"x": UNIT, name: UNIT}, f"(>= (sqrt {name}) x)"))
    assert [v.name for v in statement.variables] == ["x", name]
    assert statement.variables[1].lower == 0


def test_a_variable_named_like_a_bound_keeps_the_bounds_apart():
    text = text_of({"x": UNIT, "x.lower": ("5", "6")}, "(>= x x.lower)")
    x, other = read_statement(text).variables
    assert (x.lower, x.upper, other.lower, other.upper) == (0, 1, 5, 6)
    assert "(assert (! (>= x.lower 5) :named x.lower.lower))" in text


@pytest.mark.parametrize("name", ["1x", "é", "x'", "|x|", "x y", ":x", "#x", "", "-", "+", "x²", "х", "x\u200b"])
def test_names_of_variables_that_are_refused(name):
    refused(raw_text({name: UNIT}, "(>= 1 0)"))


def test_a_variable_named_like_a_definition_that_is_needed_is_refused():
    """The written text declares d0 twice, so it cannot be read back as anything else."""
    refused(canonical(raw_text({"d0": UNIT}, "(>= (+ (^ d0 2) (+ 1 (^ d0 2))) 0)")))
    assert read_statement(text_of({"d1": UNIT}, "(>= (+ (^ d1 2) (+ 1 (^ d1 2))) 0)"))


@pytest.mark.parametrize(
    ("lower", "upper"), [("1", "0"), ("(/ 1 3)", "(/ 1 4)"), ("0", "(- (/ 1 1000000))"), ("(- 1)", "(- 2)")]
)
def test_crossed_bounds_are_refused(lower, upper):
    assert "bound" in refused(raw_text({"x": (lower, upper)}, "(>= x 0)"))


@pytest.mark.parametrize(
    "bound", ["x", "y", "(+ 1 1)", "(* 1 1)", "(/ 1 0)", "(- x)", "1.5", "01", "(/ 2 4)", "(- 0)", "()", "(/ 0 1)"]
)
def test_bounds_that_are_no_canonical_number_are_refused(bound):
    refused(raw_text({"x": (bound, None), "y": UNIT}, "(>= x 0)"))


@pytest.mark.parametrize(
    "line",
    [
        "(assert (! (>= y 0) :named y.lower))",  # y is not declared: a hypothesis, of an undeclared variable
        "(assert (! (> x 0) :named x.lower))",
        "(assert (! (<= x 0) :named x.lower))",
        "(assert (! (<= 0 x) :named x.lower))",
        "(assert (! (= x 0) :named x.lower))",
        "(assert (! (>= x 0 1) :named x.lower))",
        "(assert (! (>= x) :named x.lower))",
        "(assert (! x :named x.lower))",
        "(assert (! () :named x.lower))",
        "(assert (>= x 0))",
        "(assert x)",
        "(assert)",
        "(assert (! (>= x 0) :named x.lower :named x.upper))",
        "(assert (! (>= x 0) x.lower :named))",
        "assert",
        "()",
    ],
)
def test_bound_lines_that_are_refused(line):
    lines = raw_text({"x": (None, None)}, "(>= 1 0)").splitlines(keepends=True)
    refused("".join([*lines[:2], line + "\n", *lines[2:]]))


@pytest.mark.parametrize("comparison", ["=>", "==", "!=", "distinct", "<>", "≤", "not", "", "(>=)"])
def test_unknown_comparisons_are_refused(comparison):
    refused(raw_text({"x": UNIT}, f"({comparison} x 0)"))
    refused(raw_text({"x": UNIT}, "(>= x 0)", {"h": f"({comparison} x 0)"}))


@pytest.mark.parametrize("digit", ["²", "１", "١", "½", "Ⅷ", "①", "۳", "1²", "１0"])
def test_digits_of_other_scripts_are_refused(digit):
    refused(raw_text({"x": UNIT}, f"(>= (+ x {digit}) 0)"))
    refused(raw_text({"x": UNIT}, f"(>= (^ x {digit}) 0)"))
    refused(raw_text({"x": (digit, None)}, "(>= x 0)"))


def test_zero_on_the_right_and_on_the_left():
    """The shortcut for comparisons with zero keeps the direction."""
    for formula, wanted in {
        "(>= x 0)": {-1: False, 0: True, 1: True},
        "(<= x 0)": {-1: True, 0: True, 1: False},
        "(>= 0 x)": {-1: True, 0: True, 1: False},
        "(<= 0 x)": {-1: False, 0: True, 1: True},
        "(> 0 x)": {-1: True, 0: False, 1: False},
        "(< 0 x)": {-1: False, 0: False, 1: True},
        "(= 0 x)": {-1: False, 0: True, 1: False},
        "(= x 0)": {-1: False, 0: True, 1: False},
    }.items():
        for value, truth in wanted.items():
            refutation = {"rule": "counterexample", "point": {"x": str(value)}}
            assert (outcome(claim({"x": (None, None)}, formula, refutation)) == "refuted") is not truth
