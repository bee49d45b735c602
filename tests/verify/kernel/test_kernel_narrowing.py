"""Narrowing: no point at which a term lies in the target is cut off, and what a token claims is held against it."""

import random
from fractions import Fraction
from itertools import product

import mpmath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kernel_cases import bisection, certificate, claim, outcome, replaced, text_of, verdict
from kernel_oracle import Claim, exactly
from kernel_random_terms import BINARY, EVERY, RATIONAL, at_point, in_units, sample

from verify.kernel.errors import Rejected
from verify.kernel.fixed import MAX_END, ONE
from verify.kernel.intervals import apply, at_faces, evaluate, linearise, mean_value
from verify.kernel.narrowing import base_of, integer_root, inverted, meet, narrow, narrow_linear, root_of
from verify.kernel.terms import Node
from verify.trees import count_tree

UNIT, CENTRED = ("0", "1"), ("(- 1)", "1")
THOROUGH = settings(max_examples=400, deadline=None, database=None)
QUICK = settings(max_examples=150, deadline=None, database=None)
seeds = st.integers(0, 1 << 48)
METHODS = (narrow, narrow_linear)


def targets(rng, value):
    """Intervals that contain the value: tight, loose, one-sided, and those of hypotheses and negated conclusions."""
    low, high = value
    loose = [0, 1, 5, ONE >> 40, ONE >> 3, ONE, ONE << 70]
    yield low, high
    yield low - rng.choice(loose), high + rng.choice(loose)
    yield low - rng.choice(loose), MAX_END
    yield -MAX_END, high + rng.choice(loose)
    if low >= 0:
        yield 0, MAX_END
    if high <= 0:
        yield -MAX_END, 0


def assert_kept(found, one, target):
    """Assert that the point is in what is left, and that what is left is part of the box."""
    assert found is not None, (one, target)
    for name, (low, high) in found.items():
        assert one.box[name][0] <= low <= one.point[name] * ONE <= high <= one.box[name][1], (name, one, target)


@THOROUGH
@given(seeds, st.sampled_from([RATIONAL, EVERY]), st.integers(1, 10))
def test_no_solution_is_cut_off(seed, operations, steps):
    one, rng = sample(seed, operations, steps), random.Random(seed)
    for target in targets(rng, one.value):
        for method in METHODS:
            try:
                found = method(one.nodes, one.box, target)
            except Rejected:
                assert method is narrow_linear  # a slope may be undefined or beyond the limit, the term is not
                continue
            assert_kept(found, one, target)


@THOROUGH
@given(seeds, st.sampled_from([RATIONAL, EVERY]), st.integers(1, 10))
def test_enclosures_contain_the_value(seed, operations, steps):
    one = sample(seed, operations, steps)
    low, high = evaluate(one.nodes, one.box)[-1]
    assert low <= one.value[1]
    assert one.value[0] <= high
    try:
        low, high = mean_value(one.nodes, one.box)
        centre, gradient = linearise(one.nodes, one.box)
    except Rejected:
        return
    assert low <= one.value[1]
    assert one.value[0] <= high
    low, high = at_faces(one.nodes, one.box)
    assert low <= one.value[1]
    assert one.value[0] <= high
    assert set(gradient) == {node.name for node in one.nodes if node.op == "var"}
    assert evaluate(one.nodes, {n: (sum(side) // 2,) * 2 for n, side in one.box.items()})[-1] == centre


def test_narrowing_is_not_idle():
    """Random terms with tight targets cut many a variable by either method; a target off the range empties the box."""
    cut = dict.fromkeys(METHODS, 0)
    empty = total = 0
    for seed in range(400):
        one = sample(seed, EVERY, 5)
        span = evaluate(one.nodes, one.box)[-1]
        empty += narrow(one.nodes, one.box, (span[1] + 1, MAX_END)) is None
        total += 1
        for method in METHODS:
            try:
                found = method(one.nodes, one.box, one.value)
            except Rejected:
                continue
            cut[method] += any(side != one.box[name] for name, side in found.items())
    assert empty == total
    assert cut[narrow] > 100
    assert cut[narrow_linear] > 90


units = st.one_of(
    st.integers(-3, 3), st.integers(-5 * ONE, 5 * ONE), st.integers(-6, 6).map(lambda k: k * ONE // 2), st.just(ONE + 1)
)
intervals = st.tuples(units, units).map(lambda pair: (min(pair), max(pair)))
shares = st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(96, 97)])
margins = st.tuples(*[st.sampled_from([0, 1, ONE >> 50, ONE, MAX_END])] * 2)


@settings(max_examples=1500, deadline=None, database=None)
@given(st.sampled_from(EVERY), intervals, intervals, shares, shares, margins, st.integers(0, 6), st.booleans())
@example("*", (-ONE, ONE), (-ONE, ONE), Fraction(0), Fraction(0), (0, 0), 0, True)
@example("^", (-2 * ONE, ONE), (0, 0), Fraction(0), Fraction(0), (0, 0), 2, False)
@example("^", (-2 * ONE, -ONE), (0, 0), Fraction(1), Fraction(0), (0, 0), 3, False)
@example("^", (-ONE, ONE), (0, 0), Fraction(0), Fraction(0), (0, 0), 0, False)
@example("min", (0, ONE), (0, ONE), Fraction(1), Fraction(0), (0, 0), 0, True)
@example("max", (0, ONE), (ONE, 2 * ONE), Fraction(1), Fraction(0), (0, 0), 0, False)
@example("abs", (-ONE, 0), (0, 0), Fraction(0), Fraction(0), (0, 0), 0, False)
@example("exp", (-200 * ONE, 0), (0, 0), Fraction(0), Fraction(0), (0, 0), 0, False)
def test_the_inverse_of_one_operation_keeps_its_arguments(op, x, y, s, t, margin, exponent, same):
    """The arguments that give a value of the target are in what is left of them, also when they are one term."""
    count = 2 if op in BINARY else 1
    same = same and count == 2
    node = Node(op, (0, 0) if same else tuple(range(count)), exponent=exponent if op == "^" else 0)
    arguments = [x, x if same else y][:count]
    members = [
        Fraction(low) + (high - low) * share
        for (low, high), share in zip(arguments, (s, s if same else t), strict=False)
    ]
    try:
        span = apply(node, arguments)
    except Rejected:
        return
    with mpmath.workprec(1000):
        low, high = in_units(at_point(node, [member / ONE for member in members]))
    target = meet(span, (low - margin[0], high + margin[1]))
    assert target is not None
    for part, member, whole in zip(inverted(node, target, arguments), members, arguments, strict=True):
        assert part is not None
        assert whole[0] <= part[0] <= member <= part[1] <= whole[1]


@QUICK
@given(st.integers(0, 1 << 700), st.integers(1, 64))
@example(0, 1)
@example(1, 64)
@example(2**64 - 1, 64)
@example(2**64, 64)
@example(2**4096, 2)
def test_integer_root(value, n):
    root = integer_root(value, n)
    assert root**n <= value < (root + 1) ** n


@QUICK
@given(st.integers(0, 1 << 300), st.integers(0, 1 << 300), st.integers(1, 64))
def test_root_of_encloses_and_is_tight(a, b, n):
    x = min(a, b), max(a, b)
    low, high = root_of(x, n)
    scale = ONE ** (n - 1)
    assert low**n <= x[0] * scale < (low + 1) ** n
    assert (high - 1) ** n < x[1] * scale <= high**n or high == x[1] == 0


@pytest.mark.parametrize(
    ("value", "base", "n", "expected"),
    [
        ((0, 4), (-3, 3), 2, (-2, 2)),
        ((1, 4), (-3, 3), 2, (-2, 2)),
        ((1, 4), (0, 3), 2, (1, 2)),
        ((1, 4), (-3, 0), 2, (-2, -1)),
        ((1, 4), (-1, 3), 2, (-1, 2)),
        ((4, 9), (-1, 1), 2, None),
        ((4, 9), (-1, 2), 2, (2, 2)),
        ((-4, -1), (-3, 3), 2, None),
        ((-4, 4), (-3, 3), 2, (-2, 2)),
        ((-4, 0), (-3, 3), 2, (0, 0)),
        ((-8, 27), (-9, 9), 3, (-2, 3)),
        ((-27, -8), (-9, 9), 3, (-3, -2)),
        ((8, 27), (-9, 2), 3, (2, 2)),
        ((8, 27), (-9, 1), 3, None),
        ((0, 0), (-1, 1), 3, (0, 0)),
        ((0, 0), (-1, 1), 4, (0, 0)),
        ((-5, 7), (-9, 9), 1, (-5, 7)),
        ((16, 81), (-9, 9), 4, (-3, 3)),
    ],
)
def test_base_of_a_power(value, base, n, expected):
    scaled = None if expected is None else tuple(end * ONE for end in expected)
    assert base_of(tuple(end * ONE for end in value), tuple(end * ONE for end in base), n) == scaled


BOUNDS = {"c": CENTRED, "u": UNIT, "log": ("(/ 1 2)", "(/ 3 2)")}
# domain, relation, and the best bounds that its narrowing supports on x, in 64ths of the domain
BEST = [
    ("c", "(<= (+ x (/ 1 2)) 1)", "A", "a<48"),
    ("c", "(>= (+ (/ 1 2) x) 1)", "A", "a>48"),
    ("c", "(>= (- 1 x) (/ 1 2))", "A", "a<48"),
    ("c", "(<= (- 1 x) (/ 1 2))", "A", "a>48"),
    ("c", "(<= (* 2 x) 1)", "A", "a<48"),
    ("c", "(<= (* x (- 2)) 1)", "A", "a>16"),
    ("c", "(<= (/ x 2) (/ 1 4))", "A", "a<48"),
    ("c", "(<= (/ x (- 2)) (/ 1 4))", "A", "a>16"),
    ("c", "(>= (/ 1 (+ x 2)) (/ 1 2))", "A", "a<32"),
    ("c", "(>= (- x) (/ 1 2))", "A", "a<16"),
    ("c", "(<= (^ x 2) (/ 1 4))", "A", "a>16 a<48"),
    ("c", "(<= (* x x) (/ 1 4))", "A", "a>16 a<48"),
    ("c", "(<= (^ x 6) (/ 1 64))", "A", "a>16 a<48"),
    ("u", "(>= (^ x 2) (/ 1 4))", "A", "a>32"),
    ("c", "(>= (^ x 3) (/ 1 8))", "A", "a>48"),
    ("c", "(<= (^ x 3) (- (/ 1 8)))", "A", "a<16"),
    ("c", "(<= (^ x 1) (/ 1 4))", "A", "a<40"),
    ("u", "(<= (sqrt x) (/ 1 2))", "A", "a<16"),
    ("u", "(>= (sqrt x) (/ 1 2))", "A", "a>16"),
    ("c", "(<= (abs x) (/ 1 2))", "A", "a>16 a<48"),
    ("u", "(>= (abs x) (/ 1 2))", "A", "a>32"),
    ("c", "(>= (min x 5) (/ 1 2))", "A", "a>48"),
    ("c", "(>= (min (+ x 1) x) (/ 1 2))", "A", "a>48"),
    ("c", "(<= (min x 2) (/ 1 2))", "A", "a<48"),
    ("c", "(<= (max (- 5) x) (/ 1 2))", "A", "a<48"),
    ("c", "(>= (max x (- 2)) (/ 1 2))", "A", "a>48"),
    ("c", "(<= (exp x) 1)", "A", "a<32"),
    ("c", "(>= (exp x) 1)", "A", "a>32"),
    ("log", "(<= (log x) 0)", "A", "a<32"),
    ("log", "(>= (log x) 0)", "A", "a>32"),
    ("c", "(= (* 4 x) 2)", "A", "a>48 a<48"),
    ("c", "(> x (/ 1 2))", "A", "a>48"),
    ("c", "(<= (+ x x) 1)", "!A", "a<48"),
    ("c", "(>= (- (* 3 x) x) 1)", "!A", "a>48"),
    ("c", "(= (- x (* 3 x)) 1)", "!A", "a>16 a<16"),
    ("c", "(<= (max (* 2 x) (+ x 8)) (/ 17 2))", "A", "a<48"),
]  # fmt: skip
OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}


def accepts(domain, relation, token):
    """Whether a narrowing by a hypothesis is accepted; an undecided leaf follows it."""
    result = outcome(claim({"x": BOUNDS[domain]}, "(> 0 1)", bisection(f"({token})?"), {"h": relation}))
    assert result in ("Incomplete", "Rejected")
    return result == "Incomplete"


@pytest.mark.parametrize(("domain", "relation", "name", "bounds"), BEST)
def test_the_best_bounds_are_accepted_and_better_ones_are_not(domain, relation, name, bounds):
    assert accepts(domain, relation, f"{name} {bounds}")
    for bound in bounds.split():
        mark, number = bound[1], int(bound[2:])
        weaker, stronger = (number + 1, number - 1) if mark == "<" else (number - 1, number + 1)
        assert accepts(domain, relation, f"{name} a{mark}{weaker}")
        assert not accepts(domain, relation, f"{name} a{mark}{stronger}")
        if len(bounds.split()) == 1:
            assert not accepts(domain, relation, f"{name} a{'<' if mark == '>' else '>'}{number}")


@pytest.mark.parametrize(
    ("domain", "relation", "name", "bounds"), [case for case in BEST if not case[1].startswith("(= ")]
)
def test_the_negated_conclusion_narrows_like_its_opposite_as_a_hypothesis(domain, relation, name, bounds):
    """The conclusion's negation is the hypothesis; strictness makes no difference to closed bounds."""
    comparison = relation[1:].split()[0]
    negation = relation.replace(comparison, OPPOSITE[comparison], 1)
    name = name.replace("A", ".")

    def result(conclusion, token):
        return outcome(claim({"x": BOUNDS[domain]}, conclusion, bisection(f"({token})?")))

    assert result(negation, f"{name} {bounds}") == "Incomplete"
    for bound in bounds.split():
        stronger = int(bound[2:]) + (-1 if bound[1] == "<" else 1)
        assert result(negation, f"{name} {bound[:2]}{stronger}") == "Rejected"
        assert result(relation, f"{name} {bound}") == "Rejected"


@pytest.mark.parametrize(
    ("relation", "tokens"),
    [
        ("(>= (^ x 2) (/ 1 4))", ["A a>1", "A a<63", "!A a>1"]),
        ("(>= (abs x) (/ 1 4))", ["A a>1", "A a<63", "!A a>1"]),
        ("(>= (+ x x) 1)", ["A a>33", "!A a>49"]),
        ("(>= (- x x) 0)", ["A a>1", "A a<63", "!A a>1"]),
        ("(<= (^ x 0) 1)", ["A a>1", "A a<63", "!A a<63"]),
        ("(<= (sin x) 0)", ["A a<63"]),
        ("(>= (min x 5) (- 1))", ["A a>1"]),
        ("(<= (max x y) 5)", ["A a<63", "A b<63"]),
        ("(<= (min x y) 0)", ["A a<63", "A b<63"]),
        ("(>= (max x y) 0)", ["A a>1", "A b>1"]),
        ("(<= (* x y) 0)", ["A a<63", "A b>1"]),
        ("(= (* x y) (/ 1 2))", ["A a>1", "A a<32"]),
        ("(<= y 0)", ["A a<63", "A a>1", "A b<32 a<63"]),
        ("(> 1 0)", ["A a<63", "A"]),
    ],
)
def test_bounds_that_do_not_follow(relation, tokens):
    for token in tokens:
        tree = bisection(f"({token})?" if " " in token else f"({token})")
        data = claim({"x": CENTRED, "y": CENTRED}, "(> 0 1)", tree, {"h": relation})
        assert outcome(data) == "Rejected", token


TIGHT = claim({"x": CENTRED}, "(<= (^ x 4) (/ 1 16))", bisection("(A a>16 a<48)."), {"h": "(<= (^ x 2) (/ 1 4))"})


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("(A a>16 a<48).", "proved"),
        ("(A a<48 a>16).", "proved"),
        ("(A a>16)(A a<43).", "Rejected"),
        ("(A a>16 a>3 a<48 a<50).", "Rejected"),  # the last bound of a side counts: too weak for the leaf
        ("(A a>3 a>16 a<50 a<48).", "proved"),
        ("(A a>17 a<48).", "Rejected"),
        ("(A a>15 a<48).", "Rejected"),
        ("(A a>16 a<47).", "Rejected"),
        ("(A a>16 a<49).", "Rejected"),
        ("(A a<16 a<48).", "Rejected"),
        ("(A a>16 a>48).", "Rejected"),
        ("(A a>16).", "Rejected"),
        ("(A a<48).", "Rejected"),
        ("(!A a>16 a<48).", "Rejected"),
        ("(. a>16 a<48).", "Rejected"),
        ("(A)", "Rejected"),
        ("(A).", "Rejected"),
        ("(A a>16 a<48)?", "Incomplete"),
        ("(A a>16 a<48)", "Malformed"),
        ("(A a>16 a<48)..", "Malformed"),
        ("(A a>16 a<48)A", "Rejected"),
        ("(A a>16 a<48)a.", "Malformed"),
        ("(A a>16 a<48)a..", "proved"),
        ("(B a>16 a<48).", "Malformed"),
        ("(A b>16 a<48).", "Malformed"),
        ("a(A a<48).(A a>16).", "Rejected"),
        ("a(A a>32).(A a<32).", "proved"),
        ("a(A a>33).(A a<32).", "Rejected"),
    ],
)
def test_edits_of_a_tight_tree(tree, expected):
    assert outcome(replaced(TIGHT, ("proof", "tree"), tree)) == expected


@pytest.mark.parametrize("bounds", [("(- 1)", "2"), ("(- 2)", "1"), ("(- 1)", "(/ 9 10)"), ("(- (/ 9 10))", "1")])
def test_the_same_tree_on_another_box_is_rejected(bounds):
    text = text_of({"x": bounds}, "(<= (^ x 4) (/ 1 16))", {"h": "(<= (^ x 2) (/ 1 4))"})
    assert outcome(claim({"x": bounds}, "(<= (^ x 4) (/ 1 16))", TIGHT["proof"], {"h": "(<= (^ x 2) (/ 1 4))"})) != (
        "proved"
    )
    assert outcome({**TIGHT, "statement": text}) == "Malformed"  # the digest


def test_a_narrowing_that_leaves_nothing_supports_any_bounds_but_crossed_ones():
    def result(tree):
        return outcome(claim({"x": UNIT}, "(> 0 1)", bisection(tree), {"h": "(> x 2)"}))

    assert result("(A)") == result("(A a>40)A") == result("(A a>40 a<50)A") == result("(A a>40 a<40)A") == "proved"
    assert result("(A a>40 a<39)A") == "Malformed"
    assert result("(A a>40).") == "Rejected"


def test_a_box_of_one_point_narrows_to_itself():
    for relation, token, expected in [("(= x 1)", "A a<1", "Incomplete"), ("(= x 1)", "A a>63", "Incomplete")]:
        assert outcome(claim({"x": ("1", "1")}, "(> 0 1)", bisection(f"({token})?"), {"h": relation})) == expected
    third = ("(/ 1 3)", "(/ 1 3)")  # not a whole number of units: the bound is between two
    assert outcome(claim({"x": third}, "(> 0 1)", bisection("(A a<1)?"), {"h": "(<= x 1)"})) == "Rejected"


def test_rounding_of_bounds_that_are_no_multiples_of_the_unit():
    """x <= 1/3 and x >= 1/3 on [0, 64/3]: 1/3 itself is not reached, for lack of digits, from neither side."""
    box = {"x": ("0", "(/ 64 3)")}
    for number, expected in [(1, "Rejected"), (2, "Incomplete")]:
        assert outcome(claim(box, "(> 0 1)", bisection(f"(A a<{number})?"), {"h": "(<= x (/ 1 3))"})) == expected
    for number, expected in [(2, "Rejected"), (1, "Incomplete")]:
        assert outcome(claim(box, "(> 0 1)", bisection(f"(A a>{number})?"), {"h": "(>= x (/ 2 3))"})) == expected
    assert verdict(claim(box, "(<= x 1)", bisection("(A a<2)a.."), {"h": "(<= x (/ 1 3))"})) == "proved"


FORMULAS = [
    "(<= (+ (^ x 2) (^ y 2)) (/ 1 2))", "(= (* x y) (/ 1 3))", "(>= (min x y) (/ 1 3))", "(< (max x (* 2 y)) 0)",
    "(= (exp x) (+ 1 y))", "(<= (abs (- x y)) (/ 1 5))", "(>= (sin (* 3 x)) (cos y))", "(= (- x (^ x 3)) y)",
    "(> (/ x (+ y 2)) (/ 1 3))", "(<= (log (+ x 2)) (sqrt (+ y 1)))", "(= (tanh (+ x y)) (atan (* 2 x)))",
    "(<= (+ x (* x y)) (- (/ 1 3)))", "(> (* (+ x 1) (- 1 y)) 3)", "(= (abs x) (abs y))", "(>= (asin x) (acos y))",
    "(< (cosh (+ x y)) (/ 11 10))", "(= (min x (- y)) (max y (- (/ 1 2))))", "(>= (^ (- x y) 3) 2)",
]  # fmt: skip
BOXES = [{"x": x, "y": y} for x in (CENTRED, UNIT, ("(/ 1 3)", "1")) for y in (CENTRED, ("(- 1)", "(- (/ 1 7))"))]
BOXES.append({"x": ("0", "(/ 1 4)"), "y": ("(/ 3 8)", "1")})


def strongest(text, name, axis, mark):
    """The best bound of one side that is accepted, found by halving; None when none is."""
    good, bad = (64, 0) if mark == "<" else (0, 64)
    while abs(good - bad) > 1:
        middle = (good + bad) // 2
        result = outcome(certificate(text, bisection(f"({name} {axis}{mark}{middle})?")))
        assert result in ("Incomplete", "Rejected", "Undefined")
        good, bad = (middle, bad) if result == "Incomplete" else (good, middle)
    return None if good in (0, 64) else good


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_strongest_bounds_that_are_accepted_survive_the_judge(formula):
    """On no point of a grid outside them does the hypothesis hold, or the conclusion fail."""
    found = 0
    weak = formula.replace("(=", "(<=", 1)
    for box, name in product(BOXES, ("A", "!A", ".", "!.")):
        text = text_of(box, weak) if name.endswith(".") else text_of(box, "(> 0 1)", {"h": formula})
        judge = Claim(text)
        sides = [tuple(judge.bounds[v]) for v in box]
        grid = list(product(*[[low + (high - low) * Fraction(k, 16) for k in range(17)] for low, high in sides]))
        truths = [judge.environment(exactly({"x": x, "y": y})) for x, y in grid]
        relation, solution = (judge.conclusion, False) if name.endswith(".") else (judge.hypotheses[0], True)
        solutions = [point for point, there in zip(grid, truths, strict=True) if relation.at(there) is solution]
        for axis, mark in product((0, 1), "<>"):
            number = strongest(text, name, "ab"[axis], mark)
            if number is None:
                continue
            found += 1
            low, high = sides[axis]
            bound = low + (high - low) * Fraction(number, 64)
            assert all(point[axis] <= bound if mark == "<" else point[axis] >= bound for point in solutions)
    assert found


def test_tokens_are_counted():
    counts = count_tree("(A a>5 b<37)a(!.)b(.)(A2)(. b1<3)c9!Ba^A^.[A1/2]")
    assert (counts.cuts, counts.narrowed, counts.concluded, counts.failed) == (4, 2, 3, 3)
    assert (counts.multiplied, counts.undecided, counts.leaves) == (1, 0, 7)
    assert "2 boxes are narrowed first" in str(counts)
    assert count_tree("a.?").narrowed == 0
    assert "narrowed" not in str(count_tree("a.?"))
