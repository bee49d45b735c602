"""Leaves with a Lagrange multiplier, [A3/4]: where (conclusion) - 3/4 (hypothesis) holds, the hypothesis implies it."""

import itertools
from fractions import Fraction
from typing import Any

import pytest
from kernel_cases import bisection, certificate, claim, outcome, raw_text, refusal, text_of, verdict

from verify.kernel.bisection import MAX_HELD, LeafChecker, check_bisection
from verify.kernel.errors import Malformed, Rejected
from verify.kernel.statements import parse_statement, read_statement

UNIT, CENTRED, HALF_TO_TWO = ("0", "1"), ("(- 1)", "1"), ("(/ 1 2)", "2")
SQUARE = {"x": CENTRED, "y": CENTRED}


def leaf(
    token: str, conclusion: str, hypotheses: dict[str, str], variables: dict[str, tuple[str, str]] | None = None
) -> dict[str, Any]:
    """Return a certificate whose tree is one token."""
    return claim(SQUARE if variables is None else variables, conclusion, bisection(token), hypotheses)


@pytest.mark.parametrize(
    ("token", "conclusion", "hypothesis"),
    [
        ("[A1]", "(>= (+ x 3) (- y))", "(>= (+ x y) 0)"),
        ("[A1]", "(>= x y)", "(>= x y)"),
        ("[A3/4]", "(>= (* 3 x) (* 3 y))", "(>= (* 4 x) (* 4 y))"),
        ("[A2]", "(<= (* 2 x) y)", "(<= x (/ y 2))"),
        ("[A0]", "(<= x 2)", "(>= y 5)"),
        ("[A0/7]", "(<= x 2)", "(>= y 5)"),
        ("[A14/2]", "(>= (* 7 x) 0)", "(>= x 0)"),
        ("[A999999999]", "(>= (* 999999999 x) 0)", "(>= x 0)"),
        ("[A1/999999999]", "(>= (/ x 999999999) (- (/ 1 1000000)))", "(>= x 0)"),
        ("[A1]", "(> (+ x 1) y)", "(>= x y)"),
        ("[A1]", "(> (+ x (/ 1 1000)) y)", "(> x y)"),
        ("[A1]", "(>= x y)", "(> x y)"),
        ("[A1]", "(>= x y)", "(= x y)"),
        ("[A1]", "(>= (+ x 1) y)", "(= x y)"),
        ("[A1]", "(<= (* x x) 2)", "(<= (* x x) 1)"),
        ("[A1]", "(>= (+ x y) (- (/ 1 9)))", "(>= (+ x y (/ (* x x) 4)) (/ 8 9))"),
        # a hypothesis that is false on the whole box proves anything, with a multiplier that is large enough
        ("[A1]", "(>= x 5)", "(>= y 1000)"),
        ("[A1000]", "(>= x 5)", "(>= y 2)"),
    ],
)
def test_accepted(token: str, conclusion: str, hypothesis: str) -> None:
    assert verdict(leaf(token, conclusion, {"h": hypothesis})) == "proved"


@pytest.mark.parametrize(
    ("token", "conclusion", "hypothesis"),
    [
        # the multiplier: none, too small, too large, for the other side
        ("[A0]", "(>= (+ x y) 0)", "(>= (+ x y) 0)"),
        ("[A99/100]", "(>= (+ x y) 0)", "(>= (+ x y) 0)"),
        ("[A101/100]", "(>= (+ x y) 0)", "(>= (+ x y) 0)"),
        ("[A999999999]", "(>= x 0)", "(>= x 0)"),
        ("[A1]", "(>= x 0)", "(<= x 0)"),
        ("[A1]", "(<= x 0)", "(>= x 0)"),
        # a strict conclusion needs more than the difference gives
        ("[A1]", "(> x y)", "(> x y)"),
        ("[A1]", "(> x y)", "(>= x y)"),
        ("[A1]", "(< x y)", "(= x y)"),
        # an equality is never concluded
        ("[A1]", "(= x y)", "(= x y)"),
        ("[A1]", "(= x y)", "(>= x y)"),
        ("[A0]", "(= 0 0)", "(>= x y)"),
        # a hypothesis that is false on the whole box, with a multiplier that is too small
        ("[A0]", "(>= x 5)", "(>= y 1000)"),
        ("[A1/1000]", "(>= x 5)", "(>= y 1000)"),
        ("[A5]", "(>= x 5)", "(>= y 2)"),
        # negative multipliers of an equality would be sound, but have no syntax: the relation has to be turned around
        ("[A1]", "(>= x y)", "(= (- x) (- y))"),
    ],
)
def test_rejected(token: str, conclusion: str, hypothesis: str) -> None:
    assert isinstance(refusal(leaf(token, conclusion, {"h": hypothesis})), Rejected)


def test_a_hypothesis_that_is_false_on_one_half_proves_nothing_on_the_other() -> None:
    """x <= -1/10 fails on the right half: there any conclusion follows. On the left this one is false."""
    hypothesis, conclusion = {"h": "(<= x (- (/ 1 10)))"}, "(>= x (- (/ 1 1000)))"
    right = {"x": UNIT, "y": CENTRED}
    assert verdict(leaf("[A999]", "(>= x 50)", hypothesis, right)) == "proved"
    for m in ("0", "1", "2", "100", "999999999", "1/100"):
        for tree in (f"[A{m}]", f"a[A{m}][A{m}]", f"a[A{m}].", f"aa[A{m}]..", f"aa.[A{m}]."):
            assert isinstance(refusal(leaf(tree, conclusion, hypothesis)), Rejected)


@pytest.mark.parametrize(
    "token",
    [
        "[A]", "[A1/0]", "[A0/0]", "[a1]", "[A1", "[1]", "[]", "[", "]", "[A1]]", "[[A1]", "[A1][", "[A 1]", "[A1 ]",
        "[ A1]", "[A-1]", "[A+1]", "[A1.5]", "[A1e3]", "[A1/-2]", "[A1/]", "[A/2]", "[A1/2/3]", "[A1//2]", "[AA1]",
        "[A1A]", "[.1]", "[!A1]", "![A1]", "[?1]", "[A٣]", "[A１]", "[A²]", "[A1/٣]", "[А1]", "[Ａ1]", "[A1\n]",
        "[A\x001]", "[A1234567890]", "[A0000000001]", "[A1/1234567890]", "[A_1]", "[A1_0]", "[A0x1]", "[A007]", "(A1)",
        "{A1}", "[A1;", "[B1]", "[Z1]", "[A1],", "[A1] ", " [A1]",
    ],
)  # fmt: skip
def test_malformed_tokens(token: str) -> None:
    """Also where the tree would otherwise prove: the conclusion and its difference hold everywhere."""
    for tree in (token, f"a.{token}", f"a{token}."):
        data = leaf(tree, "(>= (+ x 9) (* 0 y))", {"h": "(>= (+ x 1) 0)"})
        assert isinstance(refusal(data), Malformed)


def test_letters_name_hypotheses_in_their_order() -> None:
    hypotheses = {"g": "(>= y 0)", "h": "(>= x 0)"}
    assert verdict(leaf("[B1]", "(>= x 0)", hypotheses)) == "proved"
    assert isinstance(refusal(leaf("[A1]", "(>= x 0)", hypotheses)), Rejected)
    assert verdict(leaf("[A1]", "(>= x 0)", dict(reversed(hypotheses.items())))) == "proved"
    assert isinstance(refusal(leaf("[A1]", "(>= x 0)", {})), Malformed)


def test_the_last_letter() -> None:
    hypotheses = {f"h{k}": f"(<= y {k + 1})" for k in range(25)} | {"last": "(>= x 0)", "later": "(>= x y)"}
    assert verdict(leaf("[Z1]", "(>= x 0)", hypotheses)) == "proved"
    for code in range(32, 127):
        token = f"[{chr(code)}1]"
        if token != "[Z1]":
            assert outcome(leaf(token, "(>= x 0)", hypotheses)) != "proved"
        assert outcome(leaf(token, "(>= x y)", hypotheses)) != "proved"


UNDEFINED = ["(/ 1 x)", "(* 0 (/ 1 x))", "(/ x x)", "(^ (/ 1 x) 0)", "(sqrt x)", "(* 0 (sqrt x))", "(^ (sqrt x) 0)"]


@pytest.mark.parametrize("term", UNDEFINED)
@pytest.mark.parametrize("bounds", [CENTRED, UNIT, ("(- 1)", "0")])
def test_undefined_terms(term: str, bounds: tuple[str, str]) -> None:
    """Neither side may be undefined anywhere on the box, whatever the multiplier: also 0 times it is undefined."""
    for m in ("0", "1", "1/2", "999999999"):
        for cuts in ("", "a", "aa"):
            tree = cuts + f"[A{m}]" * (len(cuts) + 1)
            above, below = f"(>= (+ 5 (^ {term} 2)) 0)", f"(>= (- (^ {term} 2) 5) 0)"
            for conclusion, hypothesis in ((above, "(>= x 0)"), ("(>= x (- 2))", above), (below, below)):
                data = claim({"x": bounds}, conclusion, bisection(tree), {"h": hypothesis})
                assert isinstance(refusal(data), Rejected)


def test_a_root_without_a_derivative_at_zero() -> None:
    hypothesis = {"h": "(>= (sqrt x) 0)"}
    data = claim({"x": UNIT}, "(>= (sqrt x) 0)", bisection("[A1]"), hypothesis)
    assert isinstance(refusal(data), Rejected)
    data = claim({"x": ("(/ 1 4)", "1")}, "(>= (* 2 (sqrt x)) 0)", bisection("[A1]"), {"h": "(>= x 0)"})
    assert verdict(data) == "proved"


FALSE = {
    "product": ({"x": HALF_TO_TWO, "y": HALF_TO_TWO}, "(>= (+ x y) (/ 2001 1000))", {"h": "(>= (* x y) 1)"}),
    "strict product": ({"x": HALF_TO_TWO, "y": HALF_TO_TWO}, "(> (+ x y) 2)", {"h": "(>= (* x y) 1)"}),
    "circle": (SQUARE, "(<= (+ x y) (/ 7 5))", {"h": "(= (+ (* x x) (* y y)) 1)"}),
    "disc": (SQUARE, "(<= (+ x y) (/ 7 5))", {"h": "(<= (+ (* x x) (* y y)) 1)"}),
    "disc, strict": (SQUARE, "(< x 1)", {"h": "(<= (+ (* x x) (* y y)) 1)"}),
    "converse": (SQUARE, "(<= (+ (* x x) (* y y)) 1)", {"h": "(<= (+ x y) 1)"}),
    "the hypothesis itself, strict": (SQUARE, "(> x y)", {"h": "(>= x y)"}),
    "the hypothesis itself, turned": (SQUARE, "(<= x y)", {"h": "(>= x y)"}),
    "hypothesis false everywhere but at one point": (SQUARE, "(> x 0)", {"h": "(<= (* x x) 0)", "g": "(>= y x)"}),
    "two hypotheses": (SQUARE, "(<= (* x y) (/ 1 5))", {"g": "(<= x y)", "h": "(<= (+ x (* y y)) (/ 3 4))"}),
}
MULTIPLIERS = ("0", "1", "2", "1/2", "3/4", "7/10", "99999", "1/99999")


@pytest.mark.parametrize("name", FALSE)
def test_no_leaf_around_a_counterexample(name: str) -> None:
    """A tree that proves has to decide the box around a counterexample: no token does, however small the box."""
    variables, conclusion, hypotheses = FALSE[name]
    text, point = text_of(variables, conclusion, hypotheses), witness(name)
    refutation = {"rule": "counterexample", "point": {n: str(v) for n, v in point.items()}}
    assert verdict(certificate(text, refutation)) == "refuted"
    statement = read_statement(text)
    letters = "AB"[: len(hypotheses)]
    tokens = [".", "!.", *letters, *(f"!{letter}" for letter in letters)]
    tokens += [f"[{letter}{m}]" for letter in letters for m in MULTIPLIERS]
    for depth in (0, 1, 2, 8, 30):
        before, after = around(path_to(point, variables, depth))
        for token in tokens:
            with pytest.raises(Rejected):
                check_bisection(statement, bisection(before + token + after))


def around(path: list[tuple[int, int]]) -> tuple[str, str]:
    """Return what stands before and after the leaf that the cuts (axis, half) lead to; all other leaves are "?"."""
    before, after = "", ""
    for axis, half in path:
        before += "ab"[axis] + "?" * half
        after = "?" * (1 - half) + after
    return before, after


def witness(name: str) -> dict[str, Fraction]:
    """Return a point at which the hypotheses hold and the conclusion does not."""
    return {
        "product": {"x": Fraction(1), "y": Fraction(1)},
        "strict product": {"x": Fraction(1), "y": Fraction(1)},
        "circle": {"x": Fraction(20, 29), "y": Fraction(21, 29)},
        "disc": {"x": Fraction(20, 29), "y": Fraction(21, 29)},
        "disc, strict": {"x": Fraction(1), "y": Fraction(0)},
        "converse": {"x": Fraction(-1), "y": Fraction(-1)},
        "the hypothesis itself, strict": {"x": Fraction(1, 3), "y": Fraction(1, 3)},
        "the hypothesis itself, turned": {"x": Fraction(1, 3), "y": Fraction(0)},
        "hypothesis false everywhere but at one point": {"x": Fraction(0), "y": Fraction(1, 3)},
        "two hypotheses": {"x": Fraction(1, 2), "y": Fraction(1, 2)},
    }[name]


def path_to(point: dict[str, Fraction], variables: dict[str, tuple[str, str]], depth: int) -> list[tuple[int, int]]:
    """Return the cuts (axis, half), alternating between two axes, that lead to a box with the point inside."""
    ends = {
        name: [Fraction(-1), Fraction(1)] if variables[name] == CENTRED else [Fraction(1, 2), Fraction(2)]
        for name in variables
    }
    path = []
    for axis, name in itertools.islice(itertools.cycle(enumerate(ends)), depth):
        low, high = ends[name]
        middle = (low + high) / 2
        half = int(point[name] > middle)
        ends[name] = [middle, high] if half else [low, middle]
        path.append((axis, half))
    return path


def test_a_true_neighbour_has_one() -> None:
    """The control for the attack: slightly weaker, the same statements have leaves with multipliers."""
    text = text_of({"x": ("1", "1"), "y": HALF_TO_TWO}, "(>= (+ x y) 2)", {"h": "(>= (* x y) 1)"})
    assert verdict(certificate(text, bisection("[A1]"))) == "proved"
    near = {"x": ("(/ 99 100)", "(/ 101 100)"), "y": ("(/ 99 100)", "(/ 101 100)")}
    text = text_of(near, "(>= (+ x y) (/ 1999 1000))", {"h": "(>= (* x y) 1)"})
    assert verdict(certificate(text, bisection("[A1]"))) == "proved"
    for other in ("[A2]", "[A1/2]", ".", "!.", "A", "!A"):
        assert isinstance(refusal(certificate(text, bisection(other))), Rejected)


def test_multipliers_beside_other_leaves() -> None:
    variables = {"x": ("0", "2"), "y": ("0", "2")}
    text = text_of(variables, "(>= (+ x y) 1)", {"h": "(>= (+ x y) 1)", "g": "(>= x 0)"})
    for tree in ("[A1]", "a[A1].", "ab[A1][A1].", "ab[A1]..", "aab[A1][A1]b[A1][A1].", "a[A1]!."):
        assert verdict(certificate(text, bisection(tree))) == "proved"
    for tree in ("a.[A1]", "a[A1][B1]", "a[B0].", "ab.[A1].", "a[A1]A"):
        assert isinstance(refusal(certificate(text, bisection(tree))), Rejected)
    for tree in ("[A1].", "a[A1]", "a[A1][A1][A1]", "[A1][A1]"):
        assert isinstance(refusal(certificate(text, bisection(tree))), Malformed)


def test_a_tree_of_many_multipliers_does_not_fill_the_memory() -> None:
    """A hostile tree names a new multiplier at every leaf: what is kept has to be bounded, whatever the statement."""
    definitions = [("d0", "(+ x 1)"), *((f"d{k}", f"(* d{k - 1} (/ 1 2))") for k in range(1, 3000))]
    total = " ".join(f"d{k}" for k in range(3000))
    raw = raw_text({"x": UNIT}, f"(>= (+ {total}) 0)", {"h": "(>= (+ x 1) 0)"}, definitions)
    checker, kept = LeafChecker(parse_statement(raw)), 0
    for k in range(100):
        try:
            checker.difference("A", f"1/{k + 1}", "here")
        except Malformed:  # a limit is as good as forgetting old tables
            break
        kept = sum(len(table) for table in checker.tables.values())
        assert kept < MAX_HELD + 20_000
