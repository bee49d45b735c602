"""Bisection: what it decides the kernel accepts; what is false by a millionth it never decides; limits are kept."""

import itertools
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.encode import make_statement
from verify.kernel.bisection import check_bisection
from verify.kernel.errors import Incomplete, KernelError, Malformed, Rejected
from verify.kernel.statements import Statement, parse_statement
from verify.provers.bisection import Bisection, BisectionResult
from verify.provers.linear import quantise

x, y, z = sp.symbols("x y z")
Q = sp.Rational
LITTLE = Q(1, 10**6)
TOKEN = re.compile(r"\[[^\]]*\]|\([^)]*\)|[!^]?[.?A-Z][1-9]?|[a-z][1-9]?")


def accept(statement: Statement, tree: str) -> None:
    """Let the kernel check a tree. Raises KernelError."""
    check_bisection(statement, {"rule": "bisection", "tree": tree})


BOUND = re.compile(r" ([a-z][1-9]?)([<>])([0-9]+)")


def axis_of(name: str) -> int:
    return ord(name[0]) - ord("a") + 26 * int(name[1:] or 0)


def leaves(statement: Statement, tree: str) -> list[tuple[str, tuple[tuple[Fraction, Fraction], ...]]]:
    """Return (token, box) of every leaf."""
    return [(token, box) for token, box in nodes(statement, tree) if not token[0].islower() and " " not in token]


def nodes(statement: Statement, tree: str) -> list[tuple[str, tuple[tuple[Fraction, Fraction], ...]]]:
    """Return (token, box) of every node, by exact halving and narrowing."""
    whole = tuple((v.lower, v.upper) for v in statement.variables)
    found, stack = [], [whole]
    for token in TOKEN.findall(tree):
        box = stack.pop()
        found.append((token, box))
        if " " in token:
            kept = list(box)
            for name, side, part in BOUND.findall(token):
                axis = axis_of(name)
                value = box[axis][0] + (box[axis][1] - box[axis][0]) * Fraction(int(part), 64)
                kept[axis] = (kept[axis][0], value) if side == "<" else (value, kept[axis][1])
            stack.append(tuple(kept))
        elif token[0].islower():
            axis = axis_of(token)
            low, high = box[axis]
            middle = (low + high) / 2
            for half in ((middle, high), (low, middle)):
                stack.append((*box[:axis], half, *box[axis + 1 :]))
    assert not stack
    return found


def volume(box: tuple[tuple[Fraction, Fraction], ...]) -> Fraction:
    result = Fraction(1)
    for low, high in box:
        result *= high - low if high > low else 1
    return result


def assert_consistent(statement: Statement, result: BisectionResult) -> None:
    """The counts of a result are those of its tree."""
    found = leaves(statement, result.tree)
    open_ = [box for token, box in found if token == "?"]
    whole = volume(tuple((v.lower, v.upper) for v in statement.variables))
    assert result.undecided == len(open_)
    assert result.decided == (not open_)
    assert result.leaves == len(found) - len(open_)
    assert result.undecided_volume == pytest.approx(float(sum(map(volume, open_)) / whole), rel=1e-6)
    assert bool(result.hardest) == bool(open_)
    if open_:
        assert list(result.hardest) == [v.name for v in statement.variables]


UNIT = {x: (0, 1)}
SQUARE = {x: (0, 1), y: (0, 1)}
# name -> (domain, left side, comparison, sharp bound, hypotheses)
SHARP: dict[str, tuple[Any, Any, str, Any, dict[str, Any]]] = {
    "parabola": (UNIT, x * (1 - x), "<=", Q(1, 4), {}),
    "parabola, strict": (UNIT, x * (1 - x), "<", Q(1, 4), {}),
    "at a corner": (SQUARE, x + x * y**2, "<=", 2, {}),
    "cubic": ({x: (-1, 1)}, x * x * x - x, ">=", -2 * sp.sqrt(3) / 9, {}),
    "quotient": ({x: (0, 3)}, x / (1 + x**2), "<=", Q(1, 2), {}),
    "reciprocal": ({x: (Q(1, 2), 3)}, x + 1 / x, ">=", 2, {}),
    "roots": (UNIT, sp.sqrt(x) + sp.sqrt(Q(5, 4) - x), "<=", sp.sqrt(Q(5, 2)), {}),
    "positive square": ({x: (-1, 1)}, (x - Q(1, 3)) ** 2, ">", 0, {}),
    "bounds that are no floats": ({x: (Q(6, 5), Q(7, 3))}, x * (3 - x), "<=", Q(9, 4), {}),
    "at such a bound": ({x: (Q(1, 3), Q(7, 3))}, 3 * x**2, ">=", Q(1, 3), {}),
    "linear hypothesis": (SQUARE, x * y, "<=", Q(1, 4), {"h": (x + y, "<=", 1)}),
    "curved hypothesis": ({x: (Q(1, 2), 2), y: (Q(1, 2), 2)}, x + y, ">=", 2, {"h": (x * y, ">=", 1)}),
    "strict hypothesis": ({x: (Q(1, 2), 2), y: (Q(1, 2), 2)}, x + y, ">=", 2, {"h": (x * y, ">", 1)}),
    "equality": (SQUARE, x + 2 * y, "<=", sp.sqrt(5), {"h": (x**2 + y**2, "=", 1)}),
    "two hypotheses": (SQUARE, x * y, "<=", Q(1, 4), {"g": (x, "<=", y), "h": (x + y**2, "<=", Q(3, 4))}),
}


def sharp(name: str, margin: Any) -> Statement:
    """Return the statement, weakened by a margin (or made false by a negative one)."""
    domain, left, comparison, bound, hypotheses = SHARP[name]
    weaker = bound + margin if comparison in ("<=", "<") else bound - margin
    return make_statement(domain, (left, comparison, weaker), hypotheses)


@pytest.mark.parametrize("name", SHARP)
def test_true_claims_are_proved_and_accepted_by_the_kernel(name: str) -> None:
    statement = sharp(name, LITTLE)
    result = Bisection(statement).run(max_boxes=300_000)
    assert result.decided
    assert_consistent(statement, result)
    accept(statement, result.tree)


@pytest.mark.parametrize("name", SHARP)
def test_claims_that_are_false_by_a_millionth_are_never_decided(name: str) -> None:
    statement = sharp(name, -LITTLE)
    result = Bisection(statement).run(max_boxes=20_000)
    assert not result.decided
    assert_consistent(statement, result)
    with pytest.raises(Incomplete):
        accept(statement, result.tree)


@pytest.mark.parametrize("name", SHARP)
def test_plain_evaluation_alone_uses_no_other_leaves(name: str) -> None:
    statement = sharp(name, Q(1, 500))
    result = Bisection(statement, mean_value=False).run(max_boxes=100_000)
    assert result.decided
    assert not set(result.tree) & set("![]")
    accept(statement, result.tree)
    assert not Bisection(sharp(name, -LITTLE), mean_value=False).run(max_boxes=10_000).decided


def test_the_mean_value_form_needs_fewer_boxes() -> None:
    statement = sharp("parabola", LITTLE)
    with_it, without = (Bisection(statement, mean_value=on).run() for on in (True, False))
    assert "!." in with_it.tree
    assert 20 * with_it.boxes < without.boxes


def test_the_tree_does_not_depend_on_the_batch() -> None:
    statement = sharp("curved hypothesis", Q(1, 1000))
    trees = {Bisection(statement, batch=batch).run().tree for batch in (1, 7, 64, 4096)}
    assert len(trees) == 1


def test_a_statement_holds_or_not_at_its_only_point() -> None:
    point = {x: (Q(1, 3), Q(1, 3)), y: (2, 2)}
    statement = make_statement(point, (x * y, "<=", Q(2, 3) + LITTLE))
    result = Bisection(statement).run()
    assert (result.tree, result.undecided) == (".", 0)
    accept(statement, result.tree)
    for bound in (Q(2, 3), Q(2, 3) - LITTLE):
        result = Bisection(make_statement(point, (x * y, "<", bound))).run()
        assert (result.tree, result.undecided, result.undecided_volume) == ("?", 1, 1.0)


@pytest.mark.parametrize("mean_value", [True, False])
def test_a_variable_with_one_value_beside_others(mean_value: bool) -> None:
    statement = make_statement({x: (Q(1, 3), Q(1, 3)), y: (0, 1)}, (3 * x * y * (1 - y), "<=", Q(1, 4) + Q(1, 1000)))
    result = Bisection(statement, mean_value=mean_value).run()
    assert result.decided
    assert "a" not in result.tree
    accept(statement, result.tree)


def test_a_statement_without_variables() -> None:
    statement = make_statement({}, (sp.sqrt(2), ">", Q(7, 5)))
    result = Bisection(statement).run()
    accept(statement, result.tree)


def test_a_multiplier_of_zero_is_no_reason_for_a_warning() -> None:
    statement = make_statement({x: (-2, 2), y: (-2, 2)}, (x + y, "<=", Q(3, 2)), {"h": (x**2 + y**2, "=", 1)})
    result = Bisection(statement).run()
    accept(statement, result.tree)


# Multipliers


def test_thin_hypotheses_are_settled_by_multipliers() -> None:
    """x y >= 1 meets x + y = 2 in one point: without multipliers the curve has to be covered by tiny boxes."""
    statement = sharp("curved hypothesis", LITTLE)
    result = Bisection(statement).run()
    multipliers = [token for token, _ in leaves(statement, result.tree) if token[0] == "["]
    assert len(multipliers) >= 10
    assert result.boxes < 2000
    accept(statement, result.tree)


MULTIPLIER = re.compile(r"\[A([0-9/]+)\]")


def test_a_changed_multiplier_or_letter_is_rejected() -> None:
    statement = sharp("curved hypothesis", LITTLE)
    tree = Bisection(statement).run().tree
    places = list(MULTIPLIER.finditer(tree))
    rejected = 0
    for place in places:
        for other in ("0", "1/16", "16", str(Fraction(place[1]) * Fraction(9, 4))):
            changed = tree[: place.start()] + f"[A{other}]" + tree[place.end() :]
            try:
                accept(statement, changed)
            except Rejected:
                rejected += 1
        for token in (f"[B{place[1]}]", f"[Z{place[1]}]"):
            with pytest.raises(Malformed):
                accept(statement, tree[: place.start()] + token + tree[place.end() :])
        for token in (".", "!.", "A", "!A"):
            with pytest.raises(Rejected):
                accept(statement, tree[: place.start()] + token + tree[place.end() :])
    assert rejected > 3 * len(places)


def test_a_multiplier_of_another_hypothesis_is_rejected() -> None:
    """The letters follow the order of the hypotheses: swapped hypotheses need swapped letters."""
    domain = {x: (Q(1, 2), 2), y: (Q(1, 2), 2)}
    hypotheses = {"g": (x**3, "<=", 9), "h": (x * y, ">=", 1)}
    statement = make_statement(domain, (x + y, ">=", 2 - LITTLE), hypotheses)
    swapped = make_statement(domain, (x + y, ">=", 2 - LITTLE), dict(reversed(hypotheses.items())))
    tree = Bisection(statement).run().tree
    assert "[B" in tree
    accept(statement, tree)
    accept(swapped, tree.translate(str.maketrans("AB", "BA")))
    for wrong in (swapped, make_statement(domain, (x + y, ">=", 2 + LITTLE), hypotheses)):
        with pytest.raises(KernelError):
            accept(wrong, tree)


def test_multipliers_are_rounded_to_four_bits_and_stay_in_range() -> None:
    with np.errstate(all="ignore"):
        given_ = np.array([1.0, 0.3, 7.9, 1e-3, 1e5, -1.0, np.nan, np.inf, 1e300, 1e-300])
        rounded, packed, good = quantise(given_)
    assert good[:4].all()
    assert (packed[:4] >= 0).all()
    assert not good[5:].any()
    assert (packed[5:] == -1).all()
    for wanted, got, code, sure in zip(given_, rounded, packed, good, strict=True):
        assert sure == (code >= 0)
        if code >= 0:
            assert 0.875 * wanted <= got <= wanted
            mantissa, exponent = 8 + code % 8, code // 8 - 16
            assert got == mantissa * 2.0**exponent
        else:
            assert got == 0.0


# Limits


@pytest.mark.parametrize(
    ("limits", "boxes", "most_volume"),
    [
        ({"max_boxes": 0}, 0, 1.0),
        ({"seconds": 0.0}, 0, 1.0),
        ({"max_boxes": 500}, 500, 0.9),
        ({"min_width": 0.1}, 1, 0.9),
    ],
)
def test_a_limit_leaves_the_rest_undecided(limits: dict[str, Any], boxes: int, most_volume: float) -> None:
    statement = make_statement(SQUARE, (x * y * (1 - x) * (1 - y) * 16, "<=", Q(9, 10)))
    result = Bisection(statement, batch=64).run(**limits)
    assert not result.decided
    assert boxes <= result.boxes <= boxes + 4096
    assert 0 < result.undecided_volume <= most_volume
    assert_consistent(statement, result)
    with pytest.raises(Incomplete):
        accept(statement, result.tree)


@pytest.mark.parametrize("narrowing", [True, False])
def test_boxes_narrower_than_the_limit_are_not_cut(narrowing: bool) -> None:
    statement = make_statement({x: (0, 1), y: (0, 1)}, (x + y, "<=", Q(1, 3)))
    result = Bisection(statement, narrowing=narrowing).run(min_width=0.01)
    for token, box in nodes(statement, result.tree):
        size = max(high - low for low, high in box)
        if token == "?":
            assert size < 0.01
            assert narrowing or size >= 0.005
        elif token[0].islower() or " " in token:
            assert size >= 0.01
    assert result.undecided_volume == pytest.approx(1 - 1 / 18, abs=0.02)


def test_the_hardest_box_is_the_widest_left() -> None:
    statement = make_statement(UNIT, (x, "<=", Q(1, 3)))
    result = Bisection(statement, batch=16).run(max_boxes=2000)
    widest = max(high - low for token, ((low, high),) in leaves(statement, result.tree) if token == "?")
    low, high = result.hardest["x"]
    assert high - low == pytest.approx(float(widest))


def test_an_interrupt_keeps_what_is_decided() -> None:
    statement = sharp("curved hypothesis", LITTLE)
    whole = Bisection(statement, batch=8).run()
    calls = itertools.count()

    def interrupt(boxes: int, open_: int) -> None:
        if next(calls) == 12:
            raise KeyboardInterrupt

    result = Bisection(statement, batch=8).run(progress=interrupt)
    assert 0 < result.boxes < whole.boxes
    assert result.leaves > 0
    assert not result.decided
    assert_consistent(statement, result)
    with pytest.raises(Incomplete):
        accept(statement, result.tree)
    boxes = {box: token for token, box in leaves(statement, whole.tree)}
    assert all(boxes[box] == token for token, box in leaves(statement, result.tree) if token != "?")


def test_an_interrupt_in_the_middle_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = sharp("parabola", LITTLE)
    search = Bisection(statement)

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "_decide", interrupt)
    result = search.run()
    assert "?" in result.tree
    assert not result.decided
    assert_consistent(statement, result)


def test_few_boxes_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Depth first: the boxes that wait are bounded by batch and depth, not by the number of boxes evaluated."""
    statement = make_statement({x: (0, 1), y: (0, 1), z: (0, 1)}, ((x - y) ** 2 + (y - z) ** 2, ">", 0))
    batch, most = 64, 0
    search = Bisection(statement, batch=batch, mean_value=False)
    take = search._take

    def watch(pending: list[Any], end: int) -> Any:
        nonlocal most
        most = max(most, sum(ids.size for _, _, ids in pending))
        return take(pending, end)

    monkeypatch.setattr(search, "_take", watch)
    result = search.run(max_boxes=200_000)
    assert result.boxes >= 200_000
    cuts = 3 * 30  # until every side is below 1e-9
    assert most < batch * cuts


def test_progress_is_told_of_every_batch() -> None:
    calls: list[tuple[int, int]] = []
    statement = sharp("parabola", LITTLE)
    result = Bisection(statement, batch=4).run(progress=lambda *seen: calls.append(seen))
    assert [boxes for boxes, _ in calls] == sorted({boxes for boxes, _ in calls})
    assert calls[-1] == (result.boxes, 0)


def many(count: int, hypotheses: int = 0) -> Statement:
    names = sp.symbols(f"v1:{count + 1}")
    assumed = {f"h{k}": (names[0], "<=", 1 + k) for k in range(hypotheses)}
    return make_statement(dict.fromkeys(names, (0, 1)), (sum(names), "<=", count + 1), assumed)


@pytest.mark.parametrize(
    "statement",
    [
        make_statement({x: (0, None)}, (x + 1, ">", 0)),
        make_statement({x: (None, 1)}, (x, "<", 2)),
        make_statement({x: (0, 1), y: (None, None)}, (x, "<", 2)),
        many(261),
        many(1, hypotheses=261),
    ],
)
def test_what_bisection_does_not_handle(statement: Statement) -> None:
    with pytest.raises(ValueError, match=r"bisection (needs|handles)"):
        Bisection(statement)


def test_twenty_six_variables_and_hypotheses() -> None:
    """The last letters: z and Z."""
    statement = many(26, hypotheses=26)
    accept(statement, Bisection(statement).run().tree)
    names = sp.symbols("v1:27")
    last = make_statement(dict.fromkeys(names, (0, 1)), (names[25] * (1 - names[25]), "<=", Q(26, 100)))
    result = Bisection(last).run()
    assert set(result.tree) & set("abcdefghijklmnopqrstuvwxyz") == {"z"}
    accept(last, result.tree)
    hypotheses = {f"h{k}": (names[0], "<=", 1 + k) for k in range(25)} | {"last": (names[1], ">=", 2)}
    fails = make_statement(dict.fromkeys(names[:2], (0, 1)), (names[0], ">", 5), hypotheses)
    result = Bisection(fails).run()
    assert result.tree == "Z"
    accept(fails, result.tree)


# Any statement


coefficients = st.fractions(-3, 3, max_denominator=12)


@settings(max_examples=40)
@given(
    st.lists(coefficients, min_size=6, max_size=6),
    st.lists(st.fractions(-2, 2, max_denominator=30), min_size=4, max_size=4),
    coefficients,
    st.sampled_from(["<=", "<", ">=", ">"]),
    st.sampled_from(["<=", "<", ">=", ">", "="]),
    st.booleans(),
)
def test_what_is_decided_is_accepted_and_has_no_counterexample(
    c: list[Fraction], ends: list[Fraction], bound: Fraction, comparison: str, assumed: str, thin: bool
) -> None:
    """Random quadratics and hypotheses over boxes whose bounds are no floats."""
    a0, a1, a2, a3, a4, a5 = (Q(v.numerator, v.denominator) for v in c)
    low = [min(ends[0], ends[1]), min(ends[2], ends[3])]
    high = [max(ends[0], ends[1]) + Fraction(1, 7), max(ends[2], ends[3]) + Fraction(1, 7)]
    left = a0 + a1 * x + a2 * y + a3 * x * y + a4 * x**2
    hypothesis = x**2 + a5 * x * y - y if thin else x + a5 * y
    statement = make_statement(
        {x: (low[0], high[0]), y: (low[1], high[1])},
        (left + x - x / 2 + y / 3, comparison, Q(bound.numerator, bound.denominator)),
        {"h": (hypothesis, assumed, Q(1, 3))},
    )
    result = Bisection(statement).run(max_boxes=3000)
    assert_consistent(statement, result)
    if not result.decided:
        return
    accept(statement, result.tree)
    for i, j in itertools.product(range(7), repeat=2):
        p, q = (Fraction(lo) + (hi - lo) * Fraction(k, 6) for lo, hi, k in zip(low, high, (i, j), strict=True))
        value = c[0] + c[1] * p + c[2] * q + c[3] * p * q + c[4] * p**2 + p / 2 + q / 3
        premise = (p**2 + c[5] * p * q - q if thin else p + c[5] * q) - Fraction(1, 3)
        if holds(premise, assumed):
            assert holds(value - bound, comparison)


def holds(gap: Fraction, comparison: str) -> bool:
    return {"<=": gap <= 0, "<": gap < 0, ">=": gap >= 0, ">": gap > 0, "=": gap == 0}[comparison]


def raw(conclusion: str, low: str = "(- 1)", high: str = "1") -> Statement:
    return parse_statement(
        "(set-logic QF_NRA)\n(declare-const x Real)\n"
        f"(assert (! (>= x {low}) :named x.lower))\n(assert (! (<= x {high}) :named x.upper))\n"
        f"(assert (! (not {conclusion}) :named negated-conclusion))\n(check-sat)\n"
    )


@pytest.mark.parametrize(
    "conclusion",
    [
        "(>= (sqrt x) (- 1))",
        "(>= (/ x x) 0)",
        "(<= (* 0 (/ 1 x)) 1)",
        "(>= (^ (/ 1 x) 2) (- 1))",
        "(= x x)",
    ],
)
def test_what_is_undefined_somewhere_or_undecidable_by_intervals_stays_open(conclusion: str) -> None:
    statement = raw(conclusion)
    result = Bisection(statement).run(max_boxes=2000)
    assert not result.decided


def test_a_number_is_as_large_as_itself() -> None:
    """Plain evaluation does not see it; the values at faces do, where the slope is 0."""
    statement = raw("(>= x x)")
    assert not Bisection(statement, mean_value=False).run(max_boxes=2000).decided
    accept(statement, Bisection(statement).run(max_boxes=2000).tree)


def test_the_power_zero_of_an_undefined_term_stays_open() -> None:
    assert not Bisection(raw("(>= (^ (sqrt x) 0) (/ 1 2))")).run(max_boxes=2000).decided


def test_the_slack_covers_what_midpoints_of_bounds_that_are_no_floats_drift() -> None:
    """Cut left, right, left, ... as the search does; compare with the kernel's exact midpoints."""
    for low, high in ((Fraction(9, 10), Fraction(167, 180)), (Fraction(-14, 17), Fraction(-58, 153))):
        search = Bisection(make_statement({x: (low, high)}, (x, "<=", 2)))
        (lo, hi), slack = search.start[0].tolist(), Fraction(search.decision.slack[0])
        for k in range(30):
            middle, exact = 0.5 * (lo + hi), (low + high) / 2
            assert abs(Fraction(middle) - exact) <= slack
            if k % 2:
                lo, low = middle, exact
            else:
                hi, high = middle, exact
