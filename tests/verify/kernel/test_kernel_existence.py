"""The rule solution: boxes in which a counterexample exists, and boxes that do not show one."""

import json
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kernel_cases import claim, outcome, paths, refusal, removed, replaced, text_of, verdict

from verify.kernel.errors import Malformed, Rejected
from verify.kernel.existence import crosses, krawczyk
from verify.kernel.fixed import ONE, Undefined
from verify.kernel.intervals import enclose
from verify.kernel.statements import parse_statement
from verify.kernel.terms import Node, extract

FREE = (None, None)
FALSE = "(< 1 0)"
ROOT = {"h": "(= (^ x 2) 2)"}
QUICK = settings(max_examples=150, deadline=None, database=None)


def solution(box, equations=("h",), unknowns=("x",), preconditioner=None):
    proof = {"rule": "solution", "box": box, "equations": list(equations), "unknowns": list(unknowns)}
    return proof if preconditioner is None else {**proof, "preconditioner": preconditioner}


def around(value, radius="1/1000000"):
    low, high = Fraction(value) - Fraction(radius), Fraction(value) + Fraction(radius)
    return [str(low), str(high)]


def root(low, high, preconditioner=(("1/3",),), conclusion="(<= x 1)", bounds=FREE, hypotheses=ROOT):
    matrix = None if preconditioner is None else [list(row) for row in preconditioner]
    return claim({"x": bounds}, conclusion, solution({"x": [low, high]}, preconditioner=matrix), hypotheses)


CIRCLE = claim(
    {"x": FREE, "y": FREE},
    "(<= (+ x y) (/ 5 4))",
    solution(
        {"x": around("31622776/100000000"), "y": around("94868329/100000000")},
        ("circle", "line"),
        ("x", "y"),
        [["3/20", "-3/10"], ["9/20", "1/10"]],
    ),
    {"circle": "(= (+ (^ x 2) (^ y 2)) 1)", "line": "(= y (* 3 x))"},
)
SYSTEM = claim(
    {"x": ("0", "1"), "y": ("0", "1"), "z": ("0", "1")},
    "(<= (+ x (+ y z)) 2)",
    solution(
        {name: around("69314718/100000000", "1/100000") for name in "xyz"},
        ("a", "b", "c"),
        ("x", "y", "z"),
        [["1/2", "0", "0"], ["1/2", "-1", "0"], ["1/2", "-1", "-13/10"]],
    ),
    {"a": "(= (exp x) 2)", "b": "(= x y)", "c": "(= (sin y) (sin z))"},
)
ACCEPTED = {
    "a root": root("14/10", "15/10"),
    "a root by the change of sign": root("14/10", "15/10", None),
    "circle and line": CIRCLE,
    "a falling function": root("-3/2", "-14/10", None, "(>= x 0)"),
    "sine of one half": claim(
        {"x": ("0", "3")},
        "(<= x 2)",
        solution({"x": around("2617993/1000000", "1/1000")}, preconditioner=[["-8/7"]]),
        {"h": "(= (sin x) (/ 1 2))"},
    ),
    "three equations": SYSTEM,
    "a kink": claim(
        {"x": ("(- 5)", "5")},
        "(>= x 0)",
        solution({"x": ["-3/2", "-1"]}),
        {"h": "(= (+ (abs x) (^ x 3)) (- 1))"},
    ),
    "a root at the end of the box": claim(
        {"x": ("0", "1")}, "(> x 0)", solution({"x": ["0", "0"]}), {"h": "(= (sin x) 0)"}
    ),
    "a threefold root": root("1", "2", None, FALSE, FREE, {"h": "(= (^ (- (^ x 2) 2) 3) 0)"}),
    "no equations": claim({"x": ("0", "2")}, "(<= (sin x) (/ 9 10))", solution({"x": ["14/10", "15/10"]}, (), ())),
    "an equation that holds everywhere": claim(
        {"x": ("0", "2")}, "(>= x 2)", solution({"x": ["0", "1"]}, (), ()), {"h": "(= (* 0 x) 0)"}
    ),
    "another variable, for all of its values": claim(
        {"x": FREE, "y": ("1", "2")},
        "(<= x 1)",
        solution({"x": ["13/10", "16/10"], "y": ["19/10", "2"]}, preconditioner=[["1/3"]]),
        {"h": "(= (^ x 2) y)"},
    ),
    "another variable, at a number that is not binary": claim(
        {"x": FREE, "y": ("1", "3")},
        "(<= x 1)",
        solution({"x": ["14/10", "16/10"], "y": ["7/3", "7/3"]}, preconditioner=[["1/3"]]),
        {"h": "(= (^ x 2) y)"},
    ),
    "touching from both sides": root(
        "14/10", "15/10", [["-1/3"]], hypotheses={"h": "(<= (^ x 2) 2)", "above": "(>= (^ x 2) 2)"}, conclusion=FALSE
    ),
    "the conclusion is solved": claim(
        {"x": ("0", "2")},
        "(> (^ x 2) 2)",
        solution({"x": ["14/10", "15/10"]}, ("negated-conclusion",), preconditioner=[["1/3"]]),
        {"h": "(>= (^ x 2) 2)"},
    ),
    "a clause": claim(
        {"x": FREE},
        FALSE,
        solution({"x": ["14/10", "15/10"]}, ("c.2",), preconditioner=[["1/3"]]),
        {"c": "(or (= x 0) (and (> x 1) (= (^ x 2) 2)) (< x 0))", "d": "(or (> x 7) (< x 2))"},
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_boxes_with_a_solution_refute(name):
    assert verdict(ACCEPTED[name]) == "refuted"


LINE = {"x": FREE, "y": FREE}
REJECTED = {
    "no solution": root("-1", "1", hypotheses={"h": "(= (^ x 2) (- 1))"}, conclusion=FALSE),
    "no solution, no change of sign": root("-1", "1", None, FALSE, FREE, {"h": "(= (^ x 2) (- 1))"}),
    "a double root": root("1", "2", None, FALSE, FREE, {"h": "(= (^ (- (^ x 2) 2) 2) 0)"}),
    "a double root, preconditioned": root("1", "2", (("1",),), FALSE, FREE, {"h": "(= (^ (- (^ x 2) 2) 2) 0)"}),
    "a jump": root("-1", "1", None, FALSE, FREE, {"h": "(= (/ 1 x) 0)"}),
    "a pole": root("1", "2", None, FALSE, FREE, {"h": "(= (tan x) 0)"}),
    "the root is outside": root("142/100", "15/10"),
    "the root is outside, no change of sign": root("142/100", "15/10", None),
    "above the bounds": root("14/10", "15/10", bounds=("0", "(/ 149 100)")),
    "below the bounds": root("14/10", "15/10", bounds=("(/ 141 100)", None)),
    "a singular preconditioner": root("14/10", "15/10", (("0",),)),
    "a singular preconditioner where nothing is a solution": root("142/100", "15/10", (("0",),)),
    "a preconditioner of the wrong sign": root("14/10", "15/10", (("-1/3",),)),
    "a box too wide": root("1/10", "3"),
    "no width": root("14/10", "14/10"),
    "a hypothesis fails on a part": root("14/10", "15/10", hypotheses={**ROOT, "g": "(<= x (/ 145 100))"}),
    "a strict hypothesis is touched": root("14/10", "15/10", hypotheses={**ROOT, "g": "(> x (/ 14 10))"}),
    "another equation": root("14/10", "15/10", hypotheses={**ROOT, "g": "(= (* x x) (/ 2000001 1000000))"}),
    "the conclusion holds on a part": root("14/10", "15/10", conclusion="(<= x (/ 145 100))"),
    "the conclusion holds at an end": root("14/10", "15/10", conclusion="(<= x (/ 14 10))"),
    "the conclusion is an equality that may hold": root("14/10", "15/10", conclusion="(= x (/ 142 100))"),
    "the conclusion is solved and holds": root("14/10", "15/10", conclusion="(= 2 (^ x 2))"),
    "undefined in the conclusion": root("14/10", "15/10", conclusion="(<= (sqrt (- x (/ 145 100))) (- 1))"),
    "undefined in a hypothesis": root("14/10", "15/10", hypotheses={**ROOT, "g": "(>= (^ (/ 1 (- x (/ 3 2))) 2) 0)"}),
    "undefined in a part of a clause": root(
        "14/10", "15/10", hypotheses={**ROOT, "g": "(or (> x 1) (> (log (- x (/ 145 100))) 0))"}
    ),
    "a clause fails on a part": root(
        "14/10", "15/10", hypotheses={**ROOT, "g": "(or (> x (/ 145 100)) (and (< x 7) (< x (/ 145 100))))"}
    ),
    "an equation in an or is not solved": root("14/10", "15/10", hypotheses={**ROOT, "g": "(or (= x 1) (> x 2))"}),
    "a strict relation is solved": root("14/10", "15/10", hypotheses={"h": "(< (^ x 2) 2)"}, conclusion=FALSE),
    "not for all values of another variable": claim(
        {"x": FREE, "y": ("1", "3")},
        "(<= x 1)",
        solution({"x": ["14/10", "15/10"], "y": ["1", "3"]}, preconditioner=[["1/3"]]),
        {"h": "(= (^ x 2) y)"},
    ),
    "not for all values of another variable, no change of sign": claim(
        {"x": FREE, "y": ("1", "3")},
        "(<= x 1)",
        solution({"x": ["14/10", "15/10"], "y": ["1", "3"]}),
        {"h": "(= (^ x 2) y)"},
    ),
    "a nearby number that is not binary": claim(
        {"x": FREE, "y": FREE},
        "(< x 1)",
        solution({"x": ["1/3", "1/3"], "y": ["0", "0"]}, (), ()),
        {"h": "(= (* 3 x) 1)"},
    ),
    "parallel lines": claim(
        LINE,
        FALSE,
        solution({"x": ["-1", "1"], "y": ["-1", "1"]}, ("a", "b"), ("x", "y"), [["1/2", "1/2"], ["1/2", "1/2"]]),
        {"a": "(= (+ x y) 0)", "b": "(= (+ x y) (/ 1 100))"},
    ),
    "parallel lines, nothing is moved": claim(
        LINE,
        FALSE,
        solution({"x": ["-1", "1"], "y": ["-1", "1"]}, ("a", "b"), ("x", "y"), [["0", "0"], ["0", "0"]]),
        {"a": "(= (+ x y) 0)", "b": "(= (+ x y) (/ 1 100))"},
    ),
}


@pytest.mark.parametrize("name", REJECTED)
def test_boxes_that_show_no_counterexample(name):
    assert type(refusal(REJECTED[name])) is not Malformed


def test_the_reason_is_named():
    places = {
        "a hypothesis fails on a part": "g does not hold all over the box",
        "the conclusion holds on a part": "the conclusion does not fail all over the box",
        "above the bounds": "proof.box.x: outside its bounds",
        "the root is outside": "does not map the box into its interior",
        "a double root": "no certain change of sign",
        "a singular preconditioner": "does not map the box into its interior",
    }
    for name, words in places.items():
        assert words in str(refusal(REJECTED[name]))


MALFORMED = [
    (("box",), {}),
    (("box",), {"x": ["1", "2"], "y": ["1", "2"]}),
    (("box",), [["1", "2"]]),
    (("box", "x"), "1"),
    (("box", "x"), ["1"]),
    (("box", "x"), ["1", "2", "3"]),
    (("box", "x"), ["15/10", "14/10"]),
    (("box", "x"), ["1.4", "1.5"]),
    (("box", "x"), [1, 2]),
    (("box", "x"), ["1/0", "2"]),
    (("box", "x"), {"0": "1", "1": "2"}),
    (("equations",), "h"),
    (("equations",), []),
    (("equations",), ["g"]),
    (("equations",), ["h", "h"]),
    (("equations",), [["h"]]),
    (("equations",), [None]),
    (("equations",), ["x.lower"]),
    (("unknowns",), "x"),
    (("unknowns",), []),
    (("unknowns",), ["y"]),
    (("unknowns",), ["x", "x"]),
    (("unknowns",), [{}]),
    (("preconditioner",), "1/3"),
    (("preconditioner",), []),
    (("preconditioner",), ["1"]),
    (("preconditioner",), [[]]),
    (("preconditioner",), [["1/3", "0"]]),
    (("preconditioner",), [["1/3"], ["0"]]),
    (("preconditioner",), [["x"]]),
    (("preconditioner",), [[1]]),
    (("preconditioner",), {"0": ["1/3"]}),
    (("extra",), "1"),
]


@pytest.mark.parametrize(("path", "value"), MALFORMED, ids=json.dumps)
def test_malformed_fields(path, value):
    assert type(refusal(replaced(ACCEPTED["a root"], ("proof", *path), value))) is Malformed


@pytest.mark.parametrize("field", ["box", "equations", "unknowns"])
def test_missing_fields(field):
    assert type(refusal(removed(ACCEPTED["a root"], ("proof", field)))) is Malformed


def test_a_system_needs_a_preconditioner():
    assert type(refusal(removed(CIRCLE, ("proof", "preconditioner")))) is Malformed


def test_an_unknown_that_stands_twice():
    doubled = solution({"x": ["14/10", "15/10"]}, ("h", "h"), ("x", "x"), [["1/3", "0"], ["0", "1/3"]])
    assert type(refusal(replaced(ACCEPTED["a root"], ("proof",), doubled))) is Malformed
    singular = solution({"x": ["14/10", "15/10"]}, ("h", "g"), ("x", "x"), [["1/6", "1/6"], ["1/6", "1/6"]])
    assert type(refusal(claim({"x": FREE}, FALSE, singular, {**ROOT, "g": "(= (* x x) 2)"}))) is Malformed


def test_no_sign_changes_across_a_pole():
    nodes = (Node("const", value=Fraction(1)), Node("var", name="x"), Node("/", (0, 1)))
    with pytest.raises(Undefined):
        crosses(nodes, {"x": (-ONE, ONE)}, "x", (Fraction(-1), Fraction(1)))


def test_too_many_unknowns():
    names = [f"x{k}" for k in range(65)]
    unit = [["1" if j == k else "0" for j in range(65)] for k in range(65)]
    proof = solution({n: ["-1", "1"] for n in names}, [f"h{k}" for k in range(65)], names, unit)
    data = claim(dict.fromkeys(names, FREE), FALSE, proof, {f"h{k}": f"(= x{k} 0)" for k in range(65)})
    assert "at most 64" in str(refusal(data))


def test_a_lemma_that_is_refuted_proves_nothing():
    wrapped = {"rule": "substitution", "lemma": ACCEPTED["a root"], "instance": {"x": "x"}, "discharge": {}}
    assert type(refusal(replaced(ACCEPTED["a root"], ("proof",), wrapped))) is Rejected


def test_a_clause_and_a_hypothesis_of_one_name():
    """The name h.0 stands for the hypothesis, or for the first relation of the clause h: no crash, no wrong proof."""
    hypotheses = {"h": "(or (= (^ x 2) 3) (= (^ x 2) 2))", "h.0": "(<= x 2)"}
    proof = solution({"x": ["14/10", "15/10"]}, ("h.0",), preconditioner=[["1/3"]])
    refusal(claim({"x": FREE}, FALSE, proof, hypotheses))
    assert verdict(claim({"x": FREE}, FALSE, {**proof, "equations": ["h.1"]}, hypotheses)) == "refuted"


def number(value):
    text = f"(/ {abs(value.numerator)} {value.denominator})"
    return text if value >= 0 else f"(- {text})"


ends = st.fractions(-4, 4, max_denominator=60)
entries = st.fractions(-3, 3, max_denominator=12)
targets = st.fractions(-1, 9, max_denominator=7)


@QUICK
@given(targets, ends, st.fractions(0, 3, max_denominator=60), st.none() | entries)
@example(Fraction(2), Fraction(7, 5), Fraction(1, 10), Fraction(1, 3))
@example(Fraction(1, 100), Fraction(-1), Fraction(2), Fraction(0))
def test_an_accepted_box_holds_a_root_of_a_square(target, low, width, slope):
    """The judge compares squares: x^2 = a has a root in [l, h] exactly if some square root lies between."""
    high = low + width
    matrix = None if slope is None else [[str(slope)]]
    hypothesis = {"h": f"(= (^ x 2) {number(target)})"}
    data = claim({"x": FREE}, FALSE, solution({"x": [str(low), str(high)]}, preconditioner=matrix), hypothesis)
    positive = high >= 0 and max(low, Fraction(0)) ** 2 <= target <= high**2
    negative = low <= 0 and min(high, Fraction(0)) ** 2 <= target <= low**2
    if outcome(data) == "refuted":
        assert positive or negative


@QUICK
@given(
    st.tuples(*[entries] * 4),
    st.tuples(entries, entries),
    st.tuples(*[st.fractions(Fraction(-1, 3), Fraction(1, 3), max_denominator=12)] * 4),
    st.tuples(ends, ends),
    st.booleans(),
)
@example((2, 1, 1, 2), (1, 0), (0, 0, 0, 0), (Fraction(1, 9), 0), True)
@example((1, 1, 1, 1), (0, Fraction(1, 9)), (1, 0, 0, 0), (0, 0), False)
@example((1, 1, 1, 1), (0, Fraction(1, 9)), (0, 0, 0, 0), (0, 0), False)
def test_an_accepted_box_holds_the_solution_of_a_linear_system(matrix, right, noise, offset, near):
    """The judge is Cramer's rule. With `near` the box lies next to the solution, the preconditioner is nearly right.

    The box has radius 1. With the exact inverse K is the solution alone: accepted exactly if it is inside the box.
    """
    a, b, c, d = map(Fraction, matrix)
    determinant, centre, inverse, truth = a * d - b * c, offset, list(noise), None
    if determinant:
        truth = (right[0] * d - b * right[1]) / determinant, (a * right[1] - c * right[0]) / determinant
        if near:
            centre = [t + o / 3 for t, o in zip(truth, offset, strict=True)]
            exactly = [d / determinant, -b / determinant, -c / determinant, a / determinant]
            inverse = [y * (1 + n) for y, n in zip(exactly, noise, strict=True)]
    rows = {
        name: f"(= (+ (* {number(p)} x) (* {number(q)} y)) {number(r)})"
        for name, p, q, r in (("u", a, b, Fraction(right[0])), ("v", c, d, Fraction(right[1])))
    }
    box = {name: around(value, 1) for name, value in zip("xy", centre, strict=True)}
    given_inverse = [[str(y) for y in inverse[:2]], [str(y) for y in inverse[2:]]]
    data = claim(LINE, FALSE, solution(box, ("u", "v"), ("x", "y"), given_inverse), rows)
    distance = 1 if truth is None else max(abs(t - m) for t, m in zip(truth, centre, strict=True))
    accepted = outcome(data) == "refuted"
    assert not accepted or distance < 1
    if near and determinant and not any(noise) and distance < Fraction(999, 1000):
        assert accepted


@QUICK
@given(
    st.tuples(*[entries] * 4),
    st.lists(st.tuples(ends, st.fractions(0, 2, max_denominator=9)), min_size=3, max_size=3),
    st.lists(st.fractions(0, 1, max_denominator=8), min_size=3, max_size=3),
)
@example((1, 0, 0, 1), [(Fraction(1), Fraction(1)), (Fraction(1), Fraction(0)), (Fraction(0), Fraction(2))], [0, 0, 1])
def test_the_operator_encloses_the_step(matrix, sides, shares):
    """K holds x - Y f(x, p) at every point of the box; the judge computes it exactly, for two quadratic equations."""
    text = text_of(
        {"x": FREE, "y": FREE, "p": FREE},
        FALSE,
        {"u": "(= (- (* x (* y p)) (^ x 2)) 3)", "v": "(= (+ (abs (- y p)) (* 2 x)) (* p p))"},
    )
    statement = parse_statement(text)
    system = [extract(statement.nodes, h.gap) for h in statement.hypotheses]
    x, y, p = (low + share * width for (low, width), share in zip(sides, shares, strict=True))
    box = {name: enclose(low, low + width) for name, (low, width) in zip("xyp", sides, strict=True)}
    gaps = x * y * p - x * x - 3, abs(y - p) + 2 * x - p * p
    a, b, c, d = matrix
    images = krawczyk(system, box, ["x", "y"], [[enclose(*[Fraction(e)] * 2) for e in row] for row in ((a, b), (c, d))])
    steps = x - a * gaps[0] - b * gaps[1], y - c * gaps[0] - d * gaps[1]
    for (low, high), step in zip(images, steps, strict=True):
        assert low <= step * ONE <= high


def _mutations(data):
    """Edits of the numbers of a proof: sign, a factor of 4, a swap with the next."""
    proof = data["proof"]
    for path in paths(proof):
        value = proof
        for key in path:
            value = value[key]
        if path and path[0] in ("box", "preconditioner") and isinstance(value, str):
            number = Fraction(value)
            for new in (-number, 4 * number, number / 4, number + 1):
                if new != number:
                    yield path, replaced(data, ("proof", *path), str(new))
        if path and isinstance(value, list) and len(value) == 2 and value[0] != value[1]:
            yield path, replaced(data, ("proof", *path), value[::-1])


@pytest.mark.parametrize("name", ["circle and line", "three equations", "sine of one half"])
def test_mutated_proofs(name):
    """A changed box is accepted only if the solution is still in it; most changed preconditioners do not work."""
    data, refused, total = ACCEPTED[name], 0, 0
    for path, mutated in _mutations(data):
        total += 1
        wrong = outcome(mutated) != "refuted"
        refused += wrong
        if path[0] == "box":
            low, high = (Fraction(end) for end in mutated["proof"]["box"][path[1]])
            true = sum(map(Fraction, data["proof"]["box"][path[1]])) / 2  # the solution is close to the old middle
            assert wrong or low < true < high, path
    assert total > 10
    assert refused >= 0.7 * total


@pytest.mark.parametrize("name", ["circle and line", "three equations", "sine of one half", "a root"])
def test_a_box_moved_off_the_solution_is_refused(name):
    data = ACCEPTED[name]
    for variable, (low, high) in data["proof"]["box"].items():
        width = Fraction(high) - Fraction(low)
        for sign in (-1, 1):
            moved = [str(Fraction(end) + sign * width) for end in (low, high)]
            refusal(replaced(data, ("proof", "box", variable), moved))
