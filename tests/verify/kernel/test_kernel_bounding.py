"""The rule bounded: what narrowing leaves, certificates that are accepted, and what is refused."""

import random
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import bisection, claim, outcome, paths, refusal, removed, replaced, summand, verdict
from kernel_extended_reference import (
    around,
    exact_values,
    narrowings,
    operations,
    oracle,
    random_term,
    wrong_narrowings,
    wrong_operations,
)

from verify.kernel import bounding, extended, intervals
from verify.kernel.bounding import MAX_DEPTH, MAX_STEPS, Narrowing
from verify.kernel.certificates import build_certificate
from verify.kernel.errors import Incomplete, Malformed, Rejected
from verify.kernel.fixed import ONE, Undefined
from verify.kernel.statements import GOAL, Clause, Junction, Relation, Statement, Variable, relate
from verify.kernel.terms import Node, TermTable

FREE = (None, None)
FALSE = "(< 1 0)"
EMPTY = {"rule": "empty"}
QUICK = settings(max_examples=40, deadline=None, database=None)


def bounded(steps, bounds=None, inner=None):
    return {"rule": "bounded", "steps": list(steps), "bounds": bounds or {}, "proof": inner or bisection(".")}


def one(hypothesis, steps, bounds, conclusion, inner=None, variable=FREE):
    """A certificate with the variable x and the hypothesis h."""
    return claim({"x": variable}, conclusion, bounded(steps, bounds and {"x": list(bounds)}, inner), {"h": hypothesis})


CIRCLE = claim(
    {"x": FREE, "y": FREE},
    "(<= (+ x y) 2)",
    bounded(["h"], {"x": ["-1", "1"], "y": ["-1", "1"]}),
    {"h": "(= (+ (* x x) (* y y)) 1)"},
)
PAIR = {"c": "(or (<= b 0) (= x 1))", "d": "(or (>= b 1) (= x 2))"}
SWITCH = {"b": ("0", "1"), "x": FREE}
CHAIN = claim(
    {"x": FREE, "y": FREE, "z": ("0", "1")},
    "(<= x 5)",
    bounded(["first", "second"], {"x": ["3", "4"], "y": ["2", "3"]}),
    {"first": "(= y (+ z 2))", "second": "(= (- x 1) y)"},
)
EMPTIED = claim({"x": FREE}, "(> (+ (^ x 2) 1) 0)", bounded(["negated-conclusion"], inner=EMPTY))
ACCEPTED = {
    "circle": CIRCLE,
    "wider bounds": replaced(CIRCLE, ["proof", "bounds", "y"], ["-101/100", "1"]),
    "several steps": CHAIN,
    "steps again": replaced(CHAIN, ["proof", "steps"], ["second", "first", "first", "second"]),
    "nothing is left": EMPTIED,
    "a contradiction": claim(
        {"x": FREE}, FALSE, bounded(["a", "b"], inner=EMPTY), {"a": "(>= x 2)", "b": "(<= (exp x) 7)"}
    ),
    "strictly": one("(= x 1)", ["h", GOAL], None, "(>= (* x x) 1)", EMPTY),
    "the negated conclusion": claim(
        {"x": FREE}, "(> (+ (^ x 2) (sin x)) (/ (- 9) 10))", bounded([GOAL], {"x": ["-1/3", "1/3"]})
    ),
    "one side is given": one("(<= (sqrt x) 2)", ["h"], ("0", "4"), "(<= x 4)", variable=("0", None)),
    "bounds beyond the given side": one("(<= x 2)", ["h"], ("-1", "2"), "(>= x (/ 1 4))", variable=("(/ 1 3)", None)),
    "exp": one("(<= (exp x) 2)", ["h"], ("0", "7/10"), "(<= x 1)", variable=("0", None)),
    "log": one("(<= (log x) 1)", ["h"], ("1", "3"), "(<= x 3)", variable=("1", None)),
    "quotient": one("(>= (/ 1 (+ 1 (^ x 2))) (/ 1 2))", ["h"], ("-2", "2"), "(<= x 2)"),
    "max": one("(<= (max x (- x)) 3)", ["h"], ("-3", "3"), "(>= x (- 3))"),
    "odd power": one("(<= (^ x 3) 8)", ["h"], ("-2", "3"), "(<= x 3)", variable=("(- 2)", None)),
    "atan": one("(= x (* 3 (atan (^ x 3))))", ["h"], ("-6", "6"), "(<= x 6)"),
    "sin": one("(= x (* 2 (sin (* 3 x))))", ["h"], ("-2", "2"), "(<= x 2)"),
    "product": claim(
        {"x": ("0", None), "y": ("1", "2")}, "(<= x 4)", bounded(["h"], {"x": ["0", "4"]}), {"h": "(<= (* x y) 4)"}
    ),
    "a clause": claim(
        {"x": FREE},
        "(<= x 2)",
        bounded(["c"], {"x": ["1", "2"]}),
        {"c": "(or (= x 1) (and (>= x 2) (<= x 2)) (= 1 2))"},
    ),
    "two clauses at once": claim(SWITCH, "(<= x 2)", bounded(["c d"], {"x": ["1", "2"]}), PAIR),
    "by a combination": claim(
        {"x": FREE, "y": FREE},
        "(<= x 1)",
        bounded(["h"], {"x": ["-1", "1"], "y": ["-1", "1"]}, {"rule": "combination", "sum": [summand("1", "x.upper")]}),
        {"h": "(= (+ (* x x) (* y y)) 1)"},
    ),
    "an inner tree": replaced(CIRCLE, ["proof", "proof", "tree"], "ab.a..."),
    "nothing to bound": claim({"x": ("0", "1")}, "(<= x 1)", bounded([])),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_bounded_is_proved(name):
    assert verdict(ACCEPTED[name]) == "proved"


INWARD = {
    "lower bound": replaced(CIRCLE, ["proof", "bounds", "x", 0], "-999999/1000000"),
    "upper bound": replaced(CIRCLE, ["proof", "bounds", "y", 1], "999999/1000000"),
    "of a chain": replaced(CHAIN, ["proof", "bounds", "x", 1], "399/100"),
    "of a chain, below": replaced(CHAIN, ["proof", "bounds", "y", 0], "201/100"),
    "of a function": one("(<= (exp x) 2)", ["h"], ("0", "69/100"), "(<= x 1)", variable=("0", None)),
    "of a clause": replaced(ACCEPTED["a clause"], ["proof", "bounds", "x"], ["1", "199/100"]),
    "of two clauses": replaced(ACCEPTED["two clauses at once"], ["proof", "bounds", "x"], ["2", "2"]),
    "the other way round": replaced(CIRCLE, ["proof", "bounds", "x"], ["1", "-1"]),
}
TREES = {
    "too few leaves": (Malformed, replaced(CIRCLE, ["proof", "proof", "tree"], "a.")),
    "an undecided leaf": (Incomplete, replaced(CIRCLE, ["proof", "proof", "tree"], "a.?")),
    "a leaf that is not decided": (Rejected, replaced(CIRCLE, ["proof", "proof", "tree"], "aA.")),
    "another field": (Malformed, replaced(CIRCLE, ["proof", "proof", "more"], "1")),
    "no rule": (Malformed, replaced(CIRCLE, ["proof", "proof"], {"tree": "."})),
    "no object": (Malformed, replaced(CIRCLE, ["proof", "proof"], ".")),
    "empty, but it is not": (Rejected, replaced(CIRCLE, ["proof", "proof"], EMPTY)),
    "an unknown rule": (Rejected, replaced(CIRCLE, ["proof", "proof", "rule"], "trust me")),
    "a rule that is no text": (Malformed, replaced(CIRCLE, ["proof", "proof", "rule"], ["bisection"])),
    "nested": (Rejected, replaced(CIRCLE, ["proof", "proof"], CIRCLE["proof"])),
    "a counterexample": (
        Rejected,
        replaced(CIRCLE, ["proof", "proof"], {"rule": "counterexample", "point": {"x": "1", "y": "0"}}),
    ),
    "a tree where nothing is left": (Malformed, replaced(EMPTIED, ["proof", "proof"], bisection("."))),
    "a tree with the rule empty": (Malformed, replaced(EMPTIED, ["proof", "proof", "tree"], ".")),
    "bounds where nothing is left": (Malformed, replaced(EMPTIED, ["proof", "bounds", "x"], ["0", "1"])),
    "steps where nothing is left": (Malformed, replaced(EMPTIED, ["proof", "steps"], [GOAL, GOAL])),
}
STEPS = {
    "none": (Rejected, replaced(CIRCLE, ["proof", "steps"], [])),
    "unknown": (Malformed, replaced(CIRCLE, ["proof", "steps"], ["g"])),
    "of a bound": (Malformed, replaced(CIRCLE, ["proof", "steps"], ["h", "x.upper"])),
    "without a name": (Malformed, replaced(CIRCLE, ["proof", "steps"], ["h", ""])),
    "two spaces": (Malformed, replaced(CIRCLE, ["proof", "steps"], ["h  h"])),
    "not a list": (Malformed, replaced(CIRCLE, ["proof", "steps"], "h")),
    "not names": (Malformed, replaced(CIRCLE, ["proof", "steps"], [["h"]])),
    "too many": (Malformed, replaced(CIRCLE, ["proof", "steps"], ["h"] * (MAX_STEPS + 1))),
    "in another order": (Rejected, replaced(CHAIN, ["proof", "steps"], ["second", "first"])),
    "one dropped": (Rejected, replaced(CHAIN, ["proof", "steps"], ["first"])),
    "one twice": (Rejected, replaced(CHAIN, ["proof", "steps"], ["second", "second"])),
    "the conclusion by its name": (Malformed, replaced(EMPTIED, ["proof", "steps"], ["conclusion"])),
    "one clause after the other": (Rejected, replaced(ACCEPTED["two clauses at once"], ["proof", "steps"], ["c", "d"])),
    "only one of two clauses": (Rejected, replaced(ACCEPTED["two clauses at once"], ["proof", "steps"], ["c"])),
}
BOUNDS = {
    "a variable without any": (Malformed, removed(CIRCLE, ["proof", "bounds", "y"])),
    "a variable that has bounds": (Malformed, replaced(CHAIN, ["proof", "bounds", "z"], ["0", "1"])),
    "an unknown variable": (Malformed, replaced(CIRCLE, ["proof", "bounds", "t"], ["0", "1"])),
    "three ends": (Malformed, replaced(CIRCLE, ["proof", "bounds", "x"], ["-1", "1", "1"])),
    "a decimal": (Malformed, replaced(CIRCLE, ["proof", "bounds", "x"], ["-1.5", "1"])),
    "no text": (Malformed, replaced(CIRCLE, ["proof", "bounds", "x"], [-1, 1])),
    "infinity": (Malformed, replaced(CIRCLE, ["proof", "bounds", "x"], ["-1", None])),
    "not a list": (Malformed, replaced(CIRCLE, ["proof", "bounds", "x"], "-1")),
    "not an object": (Malformed, replaced(CIRCLE, ["proof", "bounds"], [])),
    "infinite still": (Rejected, one("(<= x 1)", ["h"], ("-1000000", "1"), "(<= x 1)")),
    "infinite still, above": (Rejected, one("(<= 0 (log x))", ["h"], ("0", "9"), "(<= x 9)", variable=("1", None))),
    "an odd power": (Rejected, one("(<= (^ x 3) 8)", ["h"], ("-2", "2"), "(<= x 2)")),
    "a product with 0": (
        Rejected,
        claim(
            {"x": ("0", None), "y": ("0", "2")},
            "(<= x 4)",
            bounded(["h"], {"x": ["0", "4"]}),
            {"h": "(<= (* x y) 4)"},
        ),
    ),
}
UNDEFINED = {
    "sqrt": one("(<= (sqrt x) 2)", ["h"], ("0", "4"), "(<= x 4)"),
    "sqrt, given a bound above": one("(<= (sqrt x) 2)", ["h"], ("-4", "4"), "(<= x 4)", variable=(None, "4")),
    "log": one("(<= (log x) 1)", ["h"], ("0", "3"), "(<= x 3)", variable=("0", None)),
    "quotient": one("(>= (/ 1 x) (/ 1 3))", ["h"], ("0", "4"), "(<= x 4)"),
    "quotient at an end": one("(>= (/ 1 x) (/ 1 3))", ["h"], ("0", "4"), "(<= x 4)", variable=("0", None)),
    "quotient with 0 left over": one("(= (/ x x) 2)", ["h"], None, FALSE, EMPTY),
    "tan": one("(<= (abs x) (* 0 (tan x)))", ["h"], ("-1", "1"), "(<= x 1)", variable=("0", None)),
    "asin": one("(= (asin x) 0)", ["h"], ("-1", "1"), "(<= x 1)"),
    "the conclusion": claim({"x": FREE}, "(> (* x x (sqrt (+ 1 x))) (- 1))", bounded([GOAL], inner=EMPTY)),
    "in one case": claim(
        {"x": FREE}, "(<= x 2)", bounded(["c"], {"x": ["1", "2"]}), {"c": "(or (= x 1) (= (sqrt x) 1))"}
    ),
}


@pytest.mark.parametrize("name", INWARD)
def test_bounds_that_are_not_reached(name):
    assert isinstance(refusal(INWARD[name]), Rejected)


@pytest.mark.parametrize("name", UNDEFINED)
def test_terms_that_are_not_defined(name):
    assert isinstance(refusal(UNDEFINED[name]), Undefined)


REFUSED = {
    f"{kind}: {name}": case
    for kind, cases in (("proof", TREES), ("steps", STEPS), ("bounds", BOUNDS))
    for name, case in cases.items()
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    kind, data = REFUSED[name]
    assert type(refusal(data)) is kind


FALSEHOODS = {  # the same text with another relation, and so false
    "not strictly": one("(= x 1)", ["h", GOAL], None, "(> (* x x) 1)", EMPTY),
    "an open end": one("(>= x 1)", ["h", GOAL], None, "(> x 1)", EMPTY),
    "negation taken for the conclusion": claim({"x": FREE}, "(<= (^ x 2) 1)", bounded([GOAL], {"x": ["-1", "1"]})),
    "the conclusion is assumed": claim({"x": FREE}, "(< (^ x 2) (- 1))", bounded([GOAL], inner=EMPTY)),
    "one case is enough": claim(
        {"x": FREE}, "(<= x 1)", bounded(["c"], {"x": ["1", "1"]}), {"c": "(or (= x 1) (= x 2))"}
    ),
    "and for or": claim({"x": FREE}, FALSE, bounded(["c"], inner=EMPTY), {"c": "(or (<= x 1) (>= x 2))"}),
    "a case that leaves nothing": claim(
        {"x": FREE}, FALSE, bounded(["c"], inner=EMPTY), {"c": "(or (<= (^ x 2) (- 1)) (= x 2))"}
    ),
    "at most": one("(<= x 1)", ["h"], ("-1", "1"), "(>= x (- 1))"),
    "an even power": one("(= (^ x 2) 4)", ["h"], ("0", "2"), "(>= x 0)"),
    "the negation of an equation": claim({"x": FREE}, "(= (^ x 2) (- 1))", bounded([GOAL], inner=EMPTY)),
    "a divisor of either sign": one("(<= (/ 1 (+ 1 (* x x))) 2)", ["h"], ("-1", "1"), "(<= x 1)"),
}


@pytest.mark.parametrize("name", FALSEHOODS)
def test_a_false_statement_is_not_proved(name):
    assert isinstance(refusal(FALSEHOODS[name]), Rejected | Malformed)


@pytest.mark.parametrize("name", ["circle", "several steps", "nothing is left", "two clauses at once"])
def test_every_part_is_needed(name):
    data = ACCEPTED[name]
    for path in paths(data["proof"], ("proof",)):
        if len(path) > 1:
            assert outcome(removed(data, path)) in ("Malformed", "Rejected"), path
            for value in ("", "h g", "0", "2/0", None, [], {}, 7, ["0", "1"]):
                if path[-1] != "steps" or value != []:
                    changed = replaced(data, path, value)
                    accepted = outcome(changed) == "proved"
                    assert not accepted or bounds_contain(data, changed), (path, value)


def bounds_contain(data, changed):
    """Whether two certificates differ by bounds, and those of the second contain those of the first."""
    first, second = data["proof"]["bounds"], changed["proof"]["bounds"]
    same = replaced(changed, ["proof", "bounds"], first) == data
    return same and all(
        Fraction(second[name][0]) <= Fraction(low) and Fraction(high) <= Fraction(second[name][1])
        for name, (low, high) in first.items()
    )


def test_a_step_with_too_many_cases():
    hypotheses = {f"c{k}": f"(or (= x{k} 1) (= x{k} 2))" for k in range(40)}
    variables = {"x1": FREE, **{f"x{k}": ("0", "9") for k in range(40) if k != 1}}
    data = claim(variables, "(<= x1 2)", bounded([" ".join(hypotheses)], {"x1": ["1", "2"]}), hypotheses)
    assert verdict(replaced(data, ["proof", "steps"], ["c1 c2 c3 c4"])) == "proved"
    assert "too many" in str(refusal(data))


def test_a_step_with_too_many_junctions():
    nested = "(and (= x 1) (or (= x 1) (= x 2)))"
    data = claim({"x": FREE}, "(<= x 2)", bounded([" ".join(["c"] * MAX_DEPTH)], {"x": ["1", "2"]}), {"c": nested})
    assert "junctions" in str(refusal(data))


def test_numbers_do_not_grow():
    growing = {f"h{k}": f"(>= x{k + 1} (^ x{k} 64))" for k in range(8)}
    variables = {"x0": ("2", "3"), **{f"x{k + 1}": FREE for k in range(8)}}
    narrowing = Narrowing(build_certificate(claim(variables, FALSE, bounded([]), growing)).statement)
    box = bounding.domain(narrowing.statement)
    for name in growing:
        box = narrowing.step(name, box)
    assert box["x1"] == (2**64 * ONE, None)
    assert box["x3"] == box["x8"] == (extended.MAX_END, None)


def test_operations_enclose():
    assert not list(wrong_operations(extended, operations(seed=7, count=200)))


def test_narrowing_keeps_points():
    assert not list(wrong_narrowings(extended, narrowings(seed=8, count=5000)))


@QUICK
@given(st.integers(0, 2**32))
def test_any_operation_and_any_narrowing(seed):
    assert not list(wrong_operations(extended, operations(seed, count=5)))
    assert not list(wrong_narrowings(extended, narrowings(seed, count=40)))


SHARP = [
    ("*", (2, None), (3, None), (6, None)),
    ("*", (2, None), (-3, None), (None, None)),
    ("*", (2, None), (-3, -1), (None, -2)),
    ("*", (2, 4), (None, -3), (None, -6)),
    ("*", (None, -2), (None, -3), (6, None)),
    ("*", (-2, 3), (-5, None), (None, None)),
    ("*", (-2, 3), (-5, 7), (-15, 21)),
    ("*", (1, None), (-2, 0), (None, 0)),
    ("/", (1, None), (2, 4), ("1/4", None)),
    ("/", (1, 2), (2, None), (0, 1)),
    ("/", (-1, None), (2, None), ("-1/2", None)),
    ("/", (None, -1), (-4, -2), ("1/4", None)),
    ("/", (-3, -1), (None, -2), (0, "3/2")),
    ("+", (1, None), (2, 3), (3, None)),
    ("-", (1, None), (None, 3), (-2, None)),
    ("-", (1, None), (2, None), (None, None)),
    ("min", (1, None), (2, 3), (1, 3)),
    ("min", (1, None), (None, 3), (None, 3)),
    ("max", (1, None), (2, 3), (2, None)),
    ("max", (None, 1), (None, 3), (None, 3)),
    ("abs", (None, -2), None, (2, None)),
    ("abs", (-2, None), None, (0, None)),
    ("neg", (None, -2), None, (2, None)),
    ("sqrt", (4, None), None, (2, None)),
    ("log", (1, None), None, (0, None)),
    ("exp", (None, 0), None, (0, 1)),
    ("exp", (0, None), None, (1, None)),
    ("tanh", (None, 0), None, (-1, 0)),
    ("sin", (0, None), None, (-1, 1)),
    ("cosh", (0, None), None, (1, None)),
]


def scaled(x):
    return tuple(None if end is None else int(Fraction(end) * ONE) for end in x)


@pytest.mark.parametrize(("op", "x", "y", "expected"), SHARP)
def test_no_end_is_lost_without_need(op, x, y, expected):
    arguments = [scaled(side) for side in (x, y) if side is not None]
    assert extended.apply(Node(op, tuple(range(len(arguments)))), arguments) == scaled(expected)


def test_bounded_intervals_give_what_the_bounded_arithmetic_gives():
    same = 0
    for _, node, _, boxes, _, _ in operations(seed=5, count=150):
        if any(None in box for box in boxes):
            continue
        try:
            expected = intervals.apply(node, boxes)
        except Rejected as error:
            if isinstance(error, Undefined):
                with pytest.raises(Undefined):
                    extended.apply(node, boxes)
            continue
        assert extended.apply(node, boxes) == expected
        same += 1
    assert same > 1000


def random_formula(rng, table, depth=0):
    """A relation between a term and a number, or a junction of some."""
    if depth < 2 and rng.random() < 0.5:
        parts = tuple(random_formula(rng, table, depth + 1) for _ in range(rng.randint(2, 3)))
        return Junction(rng.choice(["and", "or"]), parts)
    return random_relation(rng, table, "r")


def random_relation(rng, table, name):
    nodes = random_term(rng, ["x", "y", "z"], rng.randint(1, 4))
    places = []
    for node in nodes:
        places.append(
            table.add(Node(node.op, tuple(places[i] for i in node.args), node.value, node.name, node.exponent))
        )
    right = table.const(Fraction(rng.randint(-4, 4)))
    return relate(table, name, rng.choice(["<=", "<", ">=", ">", "="]), places[-1], right)


def truth(formula, values):
    if isinstance(formula, Relation):
        gap = values[formula.gap]
        return gap == 0 if formula.equality else gap > 0 if formula.strict else gap >= 0
    each = [truth(part, values) for part in formula.parts]
    return all(each) if formula.op == "and" else any(each)


def random_steps(rng):
    """A statement, a counterexample of it, and names of what may narrow; None when the terms have no values."""
    table, names = TermTable(), ["x", "y", "z"]
    formulas = {f"c{k}": random_formula(rng, table) for k in range(3)}
    relations = {f"h{k}": random_relation(rng, table, f"h{k}") for k in range(2)}
    goal = random_relation(rng, table, "conclusion")
    where = {name: Fraction(rng.randint(-6, 6), rng.choice([1, 1, 2, 3])) for name in names}
    try:
        values = exact_values(table.nodes, where)
    except oracle.Undefined:
        return None
    held = {name: f for name, f in {**formulas, **relations}.items() if truth(f, values)}
    box = {name: around(rng, p) for name, p in where.items()}
    ends = [[None if end is None else Fraction(end, ONE) for end in box[name]] for name in names]
    statement = Statement(
        tuple(table.nodes),
        tuple(Variable(name, *side) for name, side in zip(names, ends, strict=True)),
        tuple(h for name, h in relations.items() if name in held),
        goal,
        tuple(
            Clause(n, f if isinstance(f, Junction) else Junction("or", (f, f)))
            for n, f in formulas.items()
            if n in held
        ),
    )
    useful = list(held) + ([] if goal.equality or truth(goal, values) else [GOAL])
    return (statement, where, useful) if useful else None


def lost_counterexamples(module, seed, count):
    """Yield the steps after which a counterexample is gone, or "left" for each sequence of steps that kept it."""
    rng = random.Random(seed)
    for _ in range(count):
        case = random_steps(rng)
        if case is None:
            continue
        statement, where, useful = case
        narrowing, box = module.Narrowing(statement), module.domain(statement)
        steps = [" ".join(rng.sample(useful, min(len(useful), rng.choice([1, 1, 2, 3])))) for _ in range(6)]
        for step in steps:
            try:
                box = narrowing.step(step, box)
            except Rejected:
                continue
            if box is None or any(
                (low is not None and low > where[name] * ONE) or (high is not None and high < where[name] * ONE)
                for name, (low, high) in box.items()
            ):
                yield statement.text(), where, steps
                break
        else:
            yield "kept"


def test_no_counterexample_is_lost():
    found = list(lost_counterexamples(bounding, seed=3, count=800))
    assert set(found) == {"kept"}
    assert len(found) > 500


SOURCE = Path(bounding.__file__).read_text(encoding="utf-8")
FAULTS = {
    "a case is left out": ("for part in parts), None)", "for part in parts[1:]), None)"),
    "the rest is left out and all is and": ('if formula.op == "and":', "if True:"),
    "the intersection of cases": ("hull(side, y[name])", "(extended.meet(side, y[name]) or side)"),
    "an empty case empties all": ("return x if y is None else y", "return x"),
    "the conclusion holds": ("(None, 0), nonzero=not", "(0, None), nonzero=not"),
    "the conclusion, not strict": ("(None, 0), nonzero=not relation.strict", "(None, 0), nonzero=True"),
    "the conclusion, strict": ("nonzero=not relation.strict", "nonzero=relation.strict"),
    "a hypothesis, strict": ("(0, None), nonzero=relation.strict", "(0, None), nonzero=not relation.equality"),
    "an equation is not one": ("(0, 0) if relation.equality", "(0, 0) if not relation.strict"),
    "hypotheses turned around": ("else (0, None)", "else (None, 0)"),
    "the domain, below": ("None if v.lower is None else enclose(v.lower, v.lower)[0]", "0"),
    "the domain, above": ("None if v.upper is None else enclose(v.upper, v.upper)[1]", "0"),
}


def rebuilt(old, new):
    assert SOURCE.count(old) == 1, old
    module = ModuleType("copy")
    module.extended = extended
    exec(compile(SOURCE.replace(old, new), "copy.py", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_loses_a_counterexample(fault):
    found = lost_counterexamples(rebuilt(*FAULTS[fault]), seed=4, count=4000)
    assert any(case != "kept" for case in found)


RULE_FAULTS = {
    "lower bound not compared": ("low < lower * ONE or high", "high", INWARD["lower bound"]),
    "upper bound not compared": ("low < lower * ONE or high > upper * ONE", "low < lower * ONE", INWARD["upper bound"]),
    "compared in other units": ("low < lower * ONE or", "low < lower or", INWARD["of a chain, below"]),
    "infinite ends pass": (
        "if low is None or high is None or low < lower * ONE or high > upper * ONE:",
        "if (low or 0) < lower * ONE or (high or 0) > upper * ONE:",
        BOUNDS["infinite still"][1],
    ),
    "empty without steps": (
        "if rule not in INNER:",
        'if rule == "empty":\n        return\n    if rule not in INNER:',
        TREES["empty, but it is not"][1],
    ),
}


@pytest.mark.parametrize("fault", RULE_FAULTS)
def test_a_planted_fault_in_the_rule_is_seen(fault):
    old, new, data = RULE_FAULTS[fault]
    assert isinstance(refusal(data), Rejected | Malformed)
    certificate = build_certificate(data)
    rebuilt(old, new).check_bounded(certificate.statement, certificate.proof)
