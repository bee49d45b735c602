"""The rule bisection: covering, leaves, marks, and the limits of what intervals can decide."""

import contextlib
from fractions import Fraction

import pytest
from corpus_valid import CENTRED, FREE, UNIT
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import bisection, certificate, claim, outcome, raw_text, refusal, text_of, verdict
from kernel_oracle import Claim, falsify, tree_survives

from verify.kernel.bisection import check_bisection
from verify.kernel.errors import Incomplete, KernelError, Malformed, Rejected
from verify.kernel.statements import parse_statement

QUICK = settings(max_examples=150, deadline=None, database=None)

trees = st.recursive(
    st.sampled_from([".", "A", "B", "!.", "!A", "^.", "^A", "^B", "?"]),
    lambda inner: st.tuples(st.sampled_from("ab"), inner, inner).map("".join),
    max_leaves=8,
)


def written(value, digits=None):
    """Write a rational as a term; rounded to so many digits when asked."""
    if digits is not None:
        value = Fraction(round(value * 10**digits), 10**digits)
    term = f"(/ {abs(value.numerator)} {value.denominator})"
    return term if value >= 0 else f"(- {term})"


with_multipliers = st.recursive(
    st.sampled_from([".", "A", "!.", "[A1]", "[A0]", "[B1/2]", "[A3]", "[B2]"]),
    lambda inner: st.tuples(st.sampled_from("ab"), inner, inner).map("".join),
    max_leaves=6,
)
narrowings = st.tuples(
    st.sampled_from(["A", "B", ".", "!A", "!B", "!."]),
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("<>"), st.sampled_from([1, 31, 32, 33, 48, 63])), max_size=2
    ),
).map(lambda pair: f"({' '.join([pair[0], *(f'{a}{mark}{k}' for a, mark, k in pair[1])])})")
with_narrowings = st.recursive(
    st.sampled_from([".", "A", "B", "!.", "(A)", "(B)", "(.)", "(!A)"]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("ab"), inner, inner).map("".join),
        st.tuples(narrowings.filter(lambda token: " " in token), inner).map("".join),
    ),
    max_leaves=6,
)
SQUARE = {"x": CENTRED, "y": CENTRED}
CLAIMS = {
    "true": text_of(SQUARE, "(<= (* x y) 2)", {"h": "(>= x 0)", "k": "(> y 0)"}),
    "true at the edge": text_of(SQUARE, "(<= (* x y) 1)", {"h": "(>= x 0)", "k": "(> y 0)"}),
    "false in a corner": text_of(SQUARE, "(<= (* x y) (/ 99 100))", {"h": "(>= x 0)", "k": "(> y 0)"}),
    "false at one point": text_of(SQUARE, "(> (+ (^ x 2) (^ y 2)) 0)", {"h": "(>= x 0)", "k": "(>= y 0)"}),
    "false on a line": text_of(SQUARE, "(< x 1)", {"h": "(>= y 0)", "k": "(>= x (/ 1 2))"}),
    "undefined on a line": text_of(SQUARE, "(>= (/ (* x x) (* x x)) 1)", {"h": "(>= y 0)", "k": "(> x (- 1))"}),
    "undefined hypothesis": text_of(SQUARE, "(> 0 1)", {"h": "(> (/ 1 x) 2)", "k": "(< (sqrt y) 0)"}),
}


@QUICK
@given(st.sampled_from(sorted(CLAIMS)), trees | with_multipliers | with_narrowings)
def test_random_trees(name, tree):
    """What a tree proves, the judge cannot refute; the false claims are never proved."""
    result = outcome(certificate(CLAIMS[name], bisection(tree)))
    assert result in ("proved", "Rejected", "Undefined", "Incomplete") or ("(" in tree and result == "Malformed")
    if result == "proved":
        assert name.startswith("true")
        assert tree_survives(Claim(CLAIMS[name]), tree)
    if result == "Incomplete":
        assert "?" in tree


@QUICK
@given(trees, st.text(".?!abAB", min_size=1, max_size=3), st.integers(0, 40))
def test_a_tree_of_another_size_is_refused(tree, extra, position):
    """Letters added to a tree that proves never leave a proof that ends early or late."""
    text = text_of(SQUARE, "(<= (* x y) 2)", {"h": "(>= x 2)", "k": "(> y 2)"})
    whole = tree.replace("?", ".")
    assert outcome(certificate(text, bisection(whole))) == "proved"
    for longer in (whole + extra, whole[:-1], whole + "."):
        assert isinstance(refusal(certificate(text, bisection(longer))), Malformed)
    changed = whole[:position] + extra + whole[position:]
    leaves = sum(letter in ".AB?" for letter in changed)
    if leaves != 1 + sum(letter in "ab" for letter in changed):
        assert isinstance(refusal(certificate(text, bisection(changed))), Malformed)


@pytest.mark.parametrize("name", [name for name in CLAIMS if not name.startswith("true")])
def test_false_claims_have_no_tree(name):
    """Deep trees along each corner: the leaf at the fault is never decided by the conclusion."""
    for letters in ("a", "b", "ab"):
        for leaf in (".", "!.", "^.", "A", "B", "!A", "!B", "^A", "^B"):
            for depth in (0, 1, 5, 30):
                spine = (letters * depth)[:depth]
                left = spine + leaf * (depth + 1)
                right = "".join(cut + leaf for cut in spine) + leaf
                for tree in (left, right):
                    refusal(certificate(CLAIMS[name], bisection(tree)))


@pytest.mark.parametrize(
    ("bounds", "conclusion"),
    [
        (UNIT, "(> x 0)"),
        (UNIT, "(< x 1)"),
        (UNIT, "(>= (* x x) x)"),
        (CENTRED, "(> (^ x 2) 0)"),
        (CENTRED, "(> (^ x 64) 0)"),
        (UNIT, "(> (sqrt x) 0)"),
        (("0", "0"), "(> x 0)"),
        (("0", "0"), "(< x 0)"),
        (("1", "1"), "(> (- x 1) 0)"),
        (("(/ 1 3)", "(/ 1 3)"), "(> (* 3 x) 1)"),
        (("(/ 1 3)", "(/ 1 3)"), "(< (* 3 x) 1)"),
        (("0", "(/ 1 1000000000000000000000000000000000000000000)"), "(> x 0)"),
        (("(- (/ 1 1000000000000000000000000000000000000000000))", "0"), "(>= x 0)"),
        (("2", "2"), "(> (^ (sqrt x) 2) 2)"),
        (("2", "2"), "(< (^ (sqrt x) 2) 2)"),
        (("2", "2"), "(>= (* (sqrt x) (sqrt x)) (+ 2 (/ 1 1000000000000000000000000000000000000)))"),
    ],
)
def test_false_by_a_point_or_below_the_resolution(bounds, conclusion):
    text = text_of({"x": bounds}, conclusion)
    assert falsify(text) is not None or "sqrt" in conclusion
    for tree in (".", "!.", "^.", "a..", "a!.!.", "a^.^.", "aa...", "aaa....", "aa.a...", "a.a.a.."):
        refusal(certificate(text, bisection(tree)))


@pytest.mark.parametrize("conclusion", ["(= x x)", "(= x 0)", "(= 0 0)", "(= (- x x) 0)", "(= (* 0 x) 0)"])
def test_an_equality_is_never_decided_by_intervals(conclusion):
    for bounds in (UNIT, ("0", "0")):
        for tree in (".", "!.", "^.", "a..", "aa..."):
            assert isinstance(refusal(claim({"x": bounds}, conclusion, bisection(tree))), Rejected)


@pytest.mark.parametrize(
    ("formula", "fails"), [("(= x 2)", True), ("(= x (- 1))", True), ("(= x 1)", False), ("(= x 0)", False)]
)
def test_an_equality_hypothesis_fails_off_its_values_only(formula, fails):
    assert outcome(claim({"x": UNIT}, "(> 0 1)", bisection("A"), {"h": formula})) == ("proved" if fails else "Rejected")


@pytest.mark.parametrize(
    ("formula", "fails"),
    [
        ("(> x 1)", True),
        ("(>= x 1)", False),
        ("(< x 0)", True),
        ("(<= x 0)", False),
        ("(> x 2)", True),
        ("(> 0 0)", True),
        ("(>= 0 0)", False),
    ],
)
def test_a_hypothesis_fails_at_its_edge_when_it_is_strict(formula, fails):
    for tree in ("A", "!A", "^A"):
        result = outcome(claim({"x": UNIT}, "(> 0 1)", bisection(tree), {"h": formula}))
        assert result == ("proved" if fails else "Rejected")


@pytest.mark.parametrize(
    "term",
    [
        "(sqrt x)",
        "(* (sqrt x) (sqrt x))",
        "(^ (sqrt x) 0)",
        "(* 0 (sqrt x))",
        "(- (sqrt x) (sqrt x))",
        "(^ (sqrt x) 2)",
        "(sqrt (sqrt x))",
    ],
)
def test_no_mean_value_form_where_a_root_has_no_derivative(term):
    for leaf in ("!.", "^."):
        data = claim({"x": UNIT}, f"(>= (+ {term} 1) 0)", bisection(leaf))
        assert isinstance(refusal(data), Rejected)
    assert verdict(claim({"x": UNIT}, f"(>= (+ {term} 1) 0)", bisection("."))) == "proved"
    assert verdict(claim({"x": ("(/ 1 2)", "1")}, f"(>= (+ {term} 1) 0)", bisection("!."))) == "proved"


QUOTIENTS = ["(/ 1 x)", "(* 0 (/ 1 x))", "(^ (/ 1 x) 0)", "(/ x x)", "(/ 0 x)", "(- (/ 1 x) (/ 1 x))"]
ROOTS = ["(sqrt x)", "(^ (sqrt x) 0)", "(* 0 (sqrt x))", "(- (sqrt x) (sqrt x))"]
TO_ZERO, NEGATIVE = ("(- 1)", "0"), ("(- 2)", "(- 1)")


@pytest.mark.parametrize(
    ("term", "bounds"),
    [(t, b) for t in QUOTIENTS + ROOTS for b in (CENTRED, TO_ZERO)] + [(t, NEGATIVE) for t in ROOTS],
)
def test_terms_that_are_not_defined_on_the_box(term, bounds):
    """Neither a conclusion holds nor a hypothesis fails where it is undefined, whatever its value would be."""
    for cuts in ("", "a", "aa", "aaa"):
        for mark in ("", "!", "^"):
            holds, fails = (cuts + (mark + leaf) * (len(cuts) + 1) for leaf in ".A")
            data = claim({"x": bounds}, f"(>= (^ {term} 2) 0)", bisection(holds))
            assert isinstance(refusal(data), Rejected)
            data = claim({"x": bounds}, "(> 0 1)", bisection(fails), {"h": f"(< (^ {term} 2) 0)"})
            assert isinstance(refusal(data), Rejected)


def test_power_zero_of_an_interval_around_zero():
    assert verdict(claim({"x": CENTRED}, "(>= (^ x 0) 1)", bisection("."))) == "proved"
    assert verdict(claim({"x": CENTRED}, "(>= (^ x 0) 1)", bisection("!."))) == "proved"
    assert verdict(claim({"x": CENTRED}, "(>= (^ x 1) (- 1))", bisection("!."))) == "proved"
    refusal(claim({"x": CENTRED}, "(> (^ x 0) 1)", bisection(".")))
    refusal(claim({"x": CENTRED}, "(< (^ x 0) 1)", bisection("!.")))


@pytest.mark.parametrize(
    ("tree", "error"),
    [
        ("!", Malformed), (".!", Malformed), ("!!.", Malformed), ("!a..", Malformed), ("a!.!", Malformed),
        ("a!!..", Malformed), ("!?", Malformed), ("a!..", None), ("a.!.", None), ("a!.!.", None), ("!.", None),
        ("!.!", Malformed), ("a!..!", Malformed), ("^", Malformed), ("^!.", Malformed), ("!^.", Malformed),
        ("^a..", Malformed), ("^?", Malformed), (".^", Malformed), ("^.", None), ("a^.!.", None), ("^^.", Malformed),
    ],
)  # fmt: skip
def test_marks_stand_before_leaves(tree, error):
    data = claim({"x": UNIT}, "(>= (+ x 1) 0)", bisection(tree))
    if error is None:
        assert verdict(data) == "proved"
    else:
        assert isinstance(refusal(data), error)


def test_a_rejected_leaf_is_rejected_whatever_follows():
    """An undecided leaf elsewhere does not hide a wrong one, nor the other way round."""
    text = text_of({"x": UNIT}, "(>= x (/ 1 2))")
    assert isinstance(refusal(certificate(text, bisection("a?."))), Incomplete)
    for tree in ("a..", "a.?"):
        assert isinstance(refusal(certificate(text, bisection(tree))), Rejected)
    assert isinstance(refusal(certificate(text, bisection("a?.."))), Malformed)


def test_the_left_half_comes_first():
    right = claim({"x": UNIT}, "(>= x (/ 1 2))", bisection("aA."), {"h": "(> x (/ 1 2))"})
    assert verdict(right) == "proved"
    refusal(claim({"x": UNIT}, "(>= x (/ 1 2))", bisection("a.A"), {"h": "(> x (/ 1 2))"}))


def test_letters_belong_to_variables_and_hypotheses_in_order():
    variables = {"u": UNIT, "v": ("2", "3")}
    hypotheses = {"first": "(> u v)", "second": "(< (- v u) (- 1))"}
    for tree, accepted in {
        "A": True,
        "B": True,
        "C": False,
        "aAB": True,
        "bBA": True,
        "cAB": False,
        "aCA": False,
    }.items():
        assert (outcome(claim(variables, "(> 0 1)", bisection(tree), hypotheses)) == "proved") is accepted


@pytest.mark.parametrize(
    "letter",
    [*"CDZ", *"cz", "{", "[", "@", "`", " ", "\n", "\0", "é", "а", "А", "．", "\ud83d", "\U0001f600", "0", "-", "¡"],
)
def test_letters_that_mean_nothing(letter):
    for tree in (letter, f"{letter}..", f"a{letter}.", f"!{letter}", f"a.{letter}"):
        data = claim({"x": UNIT, "y": UNIT}, "(>= (+ x y) 0)", bisection(tree), {"h": "(> x 2)", "k": "(> y 2)"})
        assert isinstance(refusal(data), Malformed)


def numbered(first, number):
    """Letter number 0, 1, 2, ...: A to Z, then A1 to Z1, A2 and so on."""
    return chr(ord(first) + number % 26) + (str(number // 26) if number > 25 else "")


@pytest.mark.parametrize("number", [0, 24, 25, 26, 27, 51, 52, 233, 234, 259])
def test_letters_of_variables_go_on_with_digits(number):
    """A letter cuts the variable it names, and no other one decides the leaves."""
    box = {f"v{k}": UNIT for k in range(260)}
    text = raw_text(box, f"(<= (* v{number} (- 1 v{number})) (/ 3 10))")
    tree = "aa.a.a..aaa...."
    assert outcome(certificate(text, bisection(tree.replace("a", numbered("a", number))))) == "proved"
    for other in {number - 1, number + 1, number - 26, number + 26, 0, 26, 52} - {number}:
        name = numbered("a", other % 260)
        assert outcome(certificate(text, bisection(tree.replace("a", name)))) == "Rejected"


def test_more_variables_than_letters_are_refused():
    for count, result in ((260, "proved"), (261, "Rejected")):
        box = {f"v{k}": UNIT for k in range(count)}
        for tree in (".", "z9..", "!."):
            assert outcome(certificate(raw_text(box, f"(>= v{count - 1} 0)"), bisection(tree))) == result
    for tree in ("a10..", "a0..", "A10", "A0", "\x7f..", "{.."):
        assert outcome(certificate(raw_text(box, "(> v0 0)"), bisection(tree))) != "proved"


@pytest.mark.parametrize("number", [0, 24, 25, 26, 27, 51, 52, 233, 234, 259, 260, 286, 299])
def test_letters_of_hypotheses_go_on_with_digits(number):
    """Of three hundred hypotheses one fails: its letter proves anything, no other does; letters end at Z9."""
    hypotheses = {f"h{k}": f"(> x {1 if k == number else f'(- {k + 1})'})" for k in range(300)}
    statement = parse_statement(raw_text({"x": UNIT}, "(> 0 1)", hypotheses))
    names = [chr(code) for code in range(33, 127)] + [f"{c}{d}" for c in map(chr, range(65, 91)) for d in range(10)]
    proved = []
    for name in names:
        with contextlib.suppress(KernelError):
            check_bisection(statement, bisection(name))
            proved.append(name)
    assert proved == ([numbered("A", number)] if number < 260 else [])


@pytest.mark.parametrize("bounds", [FREE, ("0", None), (None, "1")])
def test_every_variable_needs_bounds(bounds):
    """Also one that does not occur, or whose value does not matter."""
    for conclusion in ("(>= (^ x 2) 0)", "(> 1 0)", "(>= y 0)"):
        assert isinstance(refusal(claim({"x": bounds, "y": UNIT}, conclusion, bisection("."))), Rejected)


def test_no_variables():
    assert verdict(claim({}, "(> (sqrt 2) (/ 7 5))", bisection("."))) == "proved"
    assert isinstance(refusal(claim({}, "(> (sqrt 2) (/ 3 2))", bisection("."))), Rejected)
    for tree in ("a..", "", "?", ".."):
        refusal(claim({}, "(> 2 1)", bisection(tree)))


@QUICK
@given(
    st.fractions(-3, 3, max_denominator=50),
    st.fractions(-3, 3, max_denominator=50),
    st.integers(0, 9),
    st.sampled_from([".", "!.", "^."]),
)
def test_the_forms_enclose_the_range(a, b, seed, leaf):
    """Bounds that some point of the box violates are never proved, by any form."""
    low, high = min(a, b), max(a, b)
    terms = [
        "(- (^ x 3) (* 2 x))", "(/ (+ x 5) (+ 1 (^ x 2)))", "(sqrt (+ 4 x))", "(* (- x 1) (* x (+ x 1)))",
        "(/ 1 (+ x 4))",
        "(^ (- (* x x) 1) 4)", "(- (sqrt (+ 1 (^ x 2))) x)", "(- (- x) (/ x (+ 5 x)))", "(* x (sqrt (+ x 7)))",
        "(^ (- x) 5)",
    ]  # fmt: skip
    term = terms[seed]

    bounds = {"x": (written(low), written(high))}
    probe = Claim(text_of(bounds, f"(>= {term} 0)")).conclusion
    values = [probe.gap({"x": (p, p)}) for p in (low + (high - low) * Fraction(k, 8) for k in range(9))]
    least, most = min(v[1] for v in values), max(v[0] for v in values)
    step = Fraction(2, 10**20)
    for formula in (f"(>= {term} {written(least + step, 20)})", f"(<= {term} {written(most - step, 20)})"):
        assert outcome(claim(bounds, formula, bisection(leaf))) != "proved"
    easy = (high - low) * 10**5 + Fraction(1, 10**9)
    assert outcome(claim(bounds, f"(>= {term} {written(least - easy, 12)})", bisection(leaf))) == "proved"
