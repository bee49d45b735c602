"""Certificates that are well formed and wrong: each breaks one condition of a rule, or carries another's digest."""

from typing import Any

from corpus_narrowing import wrong
from corpus_valid import (
    CENTRED,
    DISC_TREE,
    FREE,
    UNIT,
    Data,
    bisections,
    combination,
    combinations,
    doubled,
    identities,
    substitutions,
    valid,
)
from kernel_cases import bisection, claim, equality, removed, replaced, summand


def wrong_identities() -> dict[str, Data]:
    """Return identities that are none, or whose denominators may vanish."""
    rule, right = {"rule": "identity"}, identities()["identity-partial-fractions"]
    around_zero = {"x": CENTRED}
    one = {"rule": "identity", "denominators": [[summand("1")]]}
    return {
        "identity-coefficient-changed": claim(
            {"x": FREE, "y": FREE}, "(= (* (- x y) (+ x y)) (- (^ x 2) (* 2 (^ y 2))))", rule
        ),
        "identity-of-an-inequality": claim({"x": FREE, "y": FREE}, "(<= x y)", rule),
        "identity-true-at-integers-only": claim({"x": FREE}, "(= (* x (* (- x 1) (- x 2))) 0)", rule),
        "identity-square-root": claim({"x": UNIT}, "(= (^ (sqrt x) 2) x)", rule),
        "identity-denominator-not-proved": removed(right, ("proof", "denominators", 2)),
        "identity-denominators-swapped": replaced(
            right, ("proof", "denominators"), right["proof"]["denominators"][::-1]
        ),
        "identity-denominator-vanishes-at-bound": claim(
            {"x": UNIT}, "(= (/ x x) 1)", {"rule": "identity", "denominators": [[summand("1", "x.lower")]]}
        ),
        "identity-denominator-vanishes-inside": claim(around_zero, "(= (/ x x) 1)", one),
        "identity-denominator-square": claim(
            around_zero, "(= (/ (^ x 2) (^ x 2)) 1)", {"rule": "identity", "denominators": [[summand("1", square="x")]]}
        ),
        "identity-zero-times-undefined": claim(around_zero, "(= (* 0 (/ 1 x)) 0)", one),
        "identity-undefined-power-zero": claim(around_zero, "(= (^ (/ 1 x) 0) 1)", one),
        "identity-division-by-zero": claim({}, "(= (/ 1 0) 5)", one),
        "identity-division-by-zero-polynomial": claim(around_zero, "(= (/ x (- x x)) 5)", one),
        "identity-double-reciprocal": claim(
            around_zero, "(= (/ 1 (/ 1 x)) x)", {"rule": "identity", "denominators": [[summand("1")], [summand("1")]]}
        ),
    }


def wrong_combinations() -> dict[str, Data]:
    """Return combinations that break one condition of the rule each."""
    right = combinations()
    product, multiplier, circle = (
        right[f"combination-{name}"] for name in ("product-of-bounds", "multiplier", "equality-hypothesis")
    )
    unit, plane = {"x": UNIT}, {"x": FREE, "y": FREE}
    rational_fact = combination(summand("1", "h"), denominators=[[summand("1", "h")]])
    many = combination(summand("1", *["x.lower"] * 41))
    nested: Any = "x.upper"
    for _ in range(30):
        nested = [nested]
    return {
        "combination-sign-flipped": replaced(product, ("proof", "sum", 0, "coefficient"), "-1"),
        "combination-zero-coefficient": claim(unit, "(>= 0 0)", combination(summand("0"))),
        "combination-coefficient-changed": replaced(product, ("proof", "sum", 1, "coefficient"), "2"),
        "combination-summand-dropped": removed(product, ("proof", "sum", 0)),
        "combination-no-sum": removed(product, ("proof", "sum")),
        "combination-wrong-square": replaced(right["combination-square"], ("proof", "sum", 0, "square"), "(+ x y)"),
        "combination-strict-from-bound": claim(unit, "(> x 0)", combination(summand("1", "x.lower"))),
        "combination-strict-from-square": claim({"x": FREE}, "(> (^ x 2) 0)", combination(summand("1", square="x"))),
        "combination-strict-from-mixed-product": claim(
            plane, "(> (* x y) 0)", combination(summand("1", "h", "k")), {"h": "(> x 0)", "k": "(>= y 0)"}
        ),
        "combination-zero-above-zero": claim({}, "(> 0 0)", combination()),
        "combination-zero-above-zero-by-zero": claim({}, "(> 0 0)", combination(summand("0"))),
        "combination-empty-multiplier": claim(unit, "(>= (- x 2) 0)", combination(multiplier=[])),
        "combination-zero-multiplier": claim(
            unit, "(>= (- x 2) 0)", combination(multiplier=[summand("1", "zero")]), {"zero": "(= (- x x) 0)"}
        ),
        "combination-vanishing-multiplier": claim(
            unit, "(>= (- 0 x) 0)", combination(multiplier=[summand("1", square="0")])
        ),
        "combination-multiplier-not-strict": replaced(multiplier, ("proof", "multiplier"), [summand("1", "product")]),
        "combination-multiplier-negative": claim(
            {"x": ("(- 2)", "(- 1)")}, "(>= x 0)", combination(summand("1", square="x"), multiplier=[summand("-1")])
        ),
        "combination-equality-as-inequality": claim(
            plane, "(>= x y)", combination(summand("1", "same")), {"same": "(= x y)"}
        ),
        "combination-inequality-as-equality": claim(
            plane, "(= x y)", combination(equalities=[equality("order", "1")]), {"order": "(>= x y)"}
        ),
        "combination-equality-by-sum": claim(
            plane, "(= x y)", combination(summand("1", "order")), {"order": "(>= x y)"}
        ),
        "combination-bound-of-no-variable": claim({"x": FREE}, "(>= x 0)", combination(summand("1", "x.lower"))),
        "combination-conclusion-as-fact": claim({"x": FREE}, "(>= x 0)", combination(summand("1", "conclusion"))),
        "combination-negated-conclusion-as-fact": claim(
            {"x": FREE}, "(>= x 0)", combination(summand("1", "negated-conclusion"))
        ),
        "combination-lemma-as-fact": claim({"x": FREE}, "(>= x 0)", combination(summand("1", "lemma"))),
        "combination-bound-of-other-side": claim(unit, "(>= x 1)", combination(summand("1", "x.upper"))),
        "combination-fact-not-a-name": replaced(product, ("proof", "sum", 0, "facts", 0), ["x.upper"]),
        "combination-fact-nested": replaced(product, ("proof", "sum", 0, "facts", 0), nested),
        "combination-fact-of-5000-letters": replaced(product, ("proof", "sum", 0, "facts", 0), "x" * 5_000),
        "combination-fact-with-line-break": replaced(product, ("proof", "sum", 0, "facts", 0), "x\nupper"),
        "combination-equality-multiplier-changed": replaced(
            circle, ("proof", "equalities", 0, "multiplier"), "(/ 1 2)"
        ),
        "combination-equality-dropped": removed(circle, ("proof", "equalities", 0)),
        "combination-denominator-from-its-own-hypothesis": claim(
            {"x": CENTRED}, "(>= (/ 1 x) 0)", rational_fact, {"h": "(>= (/ 1 x) 0)"}
        ),
        "combination-denominator-not-strict": replaced(
            right["combination-reciprocal"], ("proof", "denominators", 0), [summand("1", "x.lower")]
        ),
        "combination-square-root-hypothesis": claim(
            {"x": ("0", "1")}, "(>= x 0)", combination(summand("1", "root")), {"root": "(>= (sqrt x) (/ 1 2))"}
        ),
        "combination-square-root-conclusion": claim({"x": UNIT}, "(>= (sqrt x) 0)", combination()),
        "combination-too-many-factors": claim(unit, "(>= (^ x 41) 0)", many),
        "combination-square-above-a-division-by-zero": replaced(
            right["combination-square"], ("proof", "sum", 0, "square"), "(/ x 0)"
        ),
    }


def wrong_bisections() -> dict[str, Data]:
    """Return trees with a leaf that its box does not bear out."""
    right = bisections()
    disc, logistic = right["bisection-two-variables"], right["bisection-logistic"]
    tree = ("proof", "tree")
    around_zero = {"x": CENTRED}
    return {
        "bisection-hypothesis-of-5000-letters": claim({"x": UNIT}, "(> 0 1)", bisection("A"), {"h" * 5_000: "(> x 0)"}),
        "bisection-undecided-leaf": replaced(logistic, tree, "aa.a.a.?aaa...."),
        "bisection-only-undecided": replaced(logistic, tree, "?"),
        "bisection-multiplier-too-large": replaced(right["bisection-multiplier"], tree, "[A2]"),
        "bisection-multiplier-too-small": replaced(right["bisection-multiplier"], tree, "[A1/2]"),
        "bisection-multiplier-zero": replaced(right["bisection-multiplier"], tree, "[A0]"),
        "bisection-multiplier-strict-from-weak": claim({"x": UNIT}, "(> x 0)", bisection("[A1]"), {"h": "(>= x 0)"}),
        "bisection-multiplier-equality": claim({"x": UNIT}, "(= x 0)", bisection("[A1]"), {"h": "(= x 0)"}),
        "bisection-multiplier-undefined-hypothesis": claim(
            around_zero, "(>= x 0)", bisection("[A0]"), {"h": "(>= (/ x x) 0)"}
        ),
        "bisection-multiplier-undefined-conclusion": claim(
            around_zero, "(>= (/ 1 x) 0)", bisection("[A1]"), {"h": "(>= (/ 1 x) 0)"}
        ),
        "bisection-multiplier-root-at-zero": claim(
            {"x": UNIT}, "(>= (sqrt x) 0)", bisection("[A1]"), {"h": "(>= (sqrt x) 0)"}
        ),
        "bisection-not-cut": replaced(logistic, tree, "."),
        "bisection-cut-too-little": replaced(logistic, tree, "aa.a..aaa...."),
        "bisection-mean-value-mark-dropped": replaced(right["bisection-logistic-mean-value"], tree, "aa..a!.."),
        "bisection-leaf-swapped": replaced(disc, tree, DISC_TREE.replace("A", ".", 1)),
        "bisection-hypothesis-said-to-fail": replaced(disc, tree, DISC_TREE.replace(".", "A", 1)),
        "bisection-axis-swapped": replaced(disc, tree, DISC_TREE.replace("b", "a")),
        "bisection-mirrored": replaced(disc, tree, DISC_TREE[:1] + DISC_TREE[2:] + "."),
        "bisection-false-by-little": claim({"x": UNIT}, "(<= (* x (- 1 x)) (/ 6 25))", bisection("aa.a.a..aaa....")),
        "bisection-strict-at-bound": claim({"x": UNIT}, "(> x 0)", bisection(".")),
        "bisection-strict-touching": claim({"x": UNIT}, "(< x 1)", bisection("a..")),
        "bisection-hypothesis-touching": claim({"x": UNIT}, "(> 0 1)", bisection("A"), {"h": "(>= x 1)"}),
        "bisection-equality-conclusion": claim({"x": ("0", "0")}, "(= x 0)", bisection(".")),
        "bisection-equality-hypothesis-touching": claim({"x": UNIT}, "(> 0 1)", bisection("A"), {"h": "(= x 1)"}),
        "bisection-division-by-zero": claim(around_zero, "(>= (/ 1 (* x x)) 0)", bisection(".")),
        "bisection-zero-over-zero": claim(around_zero, "(<= (/ x x) 1)", bisection("a..")),
        "bisection-zero-times-undefined": claim(around_zero, "(>= (* 0 (/ 1 x)) 0)", bisection(".")),
        "bisection-undefined-power-zero": claim(around_zero, "(>= (^ (/ 1 x) 0) 1)", bisection(".")),
        "bisection-number-by-zero": claim({"x": UNIT}, "(>= (/ 1 0) 0)", bisection(".")),
        "bisection-undefined-hypothesis": claim(around_zero, "(> 0 1)", bisection("A"), {"h": "(< (sqrt x) 0)"}),
        "bisection-root-of-negative": claim(around_zero, "(>= (sqrt x) 0)", bisection("a..")),
        "bisection-root-of-negative-squared": claim(around_zero, "(>= (^ (sqrt x) 2) 0)", bisection(".")),
        "bisection-mean-value-root-at-zero": claim({"x": UNIT}, "(>= (+ (sqrt x) 1) 0)", bisection("!.")),
        "bisection-mean-value-division": claim(around_zero, "(>= (+ (* 0 (/ 1 x)) 1) 0)", bisection("!.")),
        "bisection-no-bounds": claim({"x": FREE}, "(>= (^ x 2) 0)", bisection(".")),
        "bisection-one-bound": claim({"x": ("0", None)}, "(>= x 0)", bisection(".")),
        "bisection-unused-variable-without-bounds": claim({"x": UNIT, "y": FREE}, "(>= x 0)", bisection(".")),
    }


def wrong_substitutions() -> dict[str, Data]:
    """Return substitutions whose lemma, instance or discharge does not fit."""
    right = substitutions()
    good = right["substitution-doubled"]
    lemma, sums = ("proof", "lemma"), ("proof", "discharge", "x.upper", "sum")
    strict = claim({"x": UNIT}, "(> (+ x 1) 0)", bisection("."))
    weak = claim({"x": UNIT}, "(>= x 0)", bisection("."))
    root = claim({"x": UNIT}, "(>= x 0)", bisection("."), {"root": "(>= (sqrt x) 0)"})
    stretched = replaced(doubled(weak, "(> (* 2 y) 0)"), ("proof", "instance", "x"), "(* 2 y)")
    false_lemma = claim({"x": UNIT}, "(<= (* x (- 1 x)) (/ 1 10))", bisection("aa.a.a..aaa...."))
    refuted = claim({"x": UNIT}, "(<= (* x (- 1 x)) (/ 1 10))", {"rule": "counterexample", "point": {"x": "1/2"}})
    equal = right["substitution-equality-lemma"]
    with_root = doubled(root, "(>= (* 2 y) 0)")
    with_root["proof"]["discharge"]["root"] = {}
    rational = claim({"x": UNIT}, "(>= x 0)", bisection("."), {"h": "(>= (/ 1 (+ x 1)) 0)"})
    with_rational = doubled(rational, "(>= (* 2 y) 0)")
    with_rational["proof"]["discharge"]["h"] = {"sum": [summand("1")]}
    return {
        "substitution-instance-outside-bounds": replaced(good, ("proof", "instance", "x"), "(* 3 y)"),
        "substitution-instance-negated": replaced(good, ("proof", "instance", "x"), "(- (* 2 y))"),
        "substitution-discharge-empty": replaced(good, ("proof", "discharge", "x.upper"), {}),
        "substitution-discharge-by-lemma": replaced(good, (*sums, 0, "facts"), ["lemma"]),
        "substitution-discharge-by-lemma-bound": replaced(good, (*sums, 0, "facts"), ["x.upper"]),
        "substitution-discharge-sign-flipped": replaced(good, (*sums, 0, "coefficient"), "-2"),
        "substitution-discharges-swapped": replaced(
            good,
            ("proof", "discharge"),
            dict(zip(["x.lower", "x.upper"], [*good["proof"]["discharge"].values()][::-1], strict=True)),
        ),
        "substitution-lemma-refuted": doubled(refuted, "(<= (* (* 2 y) (- 1 (* 2 y))) (/ 1 10))"),
        "substitution-lemma-false": doubled(false_lemma, "(<= (* (* 2 y) (- 1 (* 2 y))) (/ 1 10))"),
        "substitution-lemma-incomplete": replaced(good, (*lemma, "proof", "tree"), "aa.a.a.?aaa...."),
        "substitution-lemma-not-used": removed(good, ("proof", "sum")),
        "substitution-lemma-does-not-suffice": doubled(weak),
        "substitution-strict-from-weak-lemma": stretched,
        "substitution-lemma-strictness-borrowed": doubled(strict, "(> (* 2 y) 0)"),
        "substitution-lemma-with-root-hypothesis": with_root,
        "substitution-lemma-with-rational-hypothesis": with_rational,
        "substitution-equality-lemma-in-sum": replaced(equal, ("proof", "sum"), [summand("1", "lemma")]),
        "substitution-equality-lemma-dropped": removed(equal, ("proof", "equalities", 0)),
        "substitution-inequality-lemma-as-equality": replaced(
            removed(good, ("proof", "sum")), ("proof", "equalities"), [equality("lemma", "1")]
        ),
    }


def wrong_counterexamples() -> dict[str, Data]:
    """Return points that refute nothing."""

    def refutation(variables: Any, conclusion: str, point: dict[str, str], hypotheses: Any = None) -> Data:
        return claim(variables, conclusion, {"rule": "counterexample", "point": point}, hypotheses)

    return {
        "counterexample-outside-bounds": refutation({"x": UNIT}, "(<= x 1)", {"x": "2"}),
        "counterexample-variable-of-5000-letters": refutation(
            {"x" * 5_000: UNIT}, f"(<= {'x' * 5_000} 1)", {"x" * 5_000: "2"}
        ),
        "counterexample-below-bounds": refutation({"x": UNIT}, "(>= x 0)", {"x": "-1/1000000"}),
        "counterexample-conclusion-holds": refutation({"x": UNIT}, "(<= x 1)", {"x": "1"}),
        "counterexample-conclusion-touches": refutation({"x": FREE}, "(>= (^ x 2) 0)", {"x": "0"}),
        "counterexample-hypothesis-fails": refutation({"x": FREE}, "(>= x 0)", {"x": "-1"}, {"h": "(> x (- 1))"}),
        "counterexample-equality-hypothesis-fails": refutation(
            {"x": FREE}, "(>= x 0)", {"x": "-1"}, {"h": "(= x (- 2))"}
        ),
        "counterexample-conclusion-undefined": refutation({"x": CENTRED}, "(>= (/ 1 x) 0)", {"x": "0"}),
        "counterexample-root-undefined": refutation({"x": CENTRED}, "(>= (sqrt x) 1)", {"x": "-1"}),
        "counterexample-hypothesis-undefined": refutation(
            {"x": CENTRED}, "(>= x 1)", {"x": "0"}, {"h": "(>= (/ 1 x) 0)"}
        ),
        "counterexample-below-the-resolution": refutation({"x": FREE}, "(> x 0)", {"x": "1/" + "1" + "0" * 60}),
        "counterexample-division-by-zero-after-a-root": refutation(
            {"x": CENTRED}, "(>= (+ (- (/ 1 x) (sqrt 2)) (sqrt 3)) 5)", {"x": "0"}
        ),
        "counterexample-root-of-minus-a-square": refutation({"x": CENTRED}, "(>= (sqrt (- (^ x 2))) 1)", {"x": "-1"}),
        "counterexample-undefined-power-zero": refutation({"x": CENTRED}, "(> (^ (/ 1 x) 0) 1)", {"x": "0"}),
        "counterexample-undefined-times-zero": refutation({"x": CENTRED}, "(> (* 0 (sqrt x)) 0)", {"x": "-1"}),
        "counterexample-hypothesis-of-an-irrational-root": refutation(
            {"x": ("0", "2")}, "(< x 2)", {"x": "2"}, {"h": "(= (^ (sqrt x) 4) 4)"}
        ),
        "counterexample-irrational-touch": refutation({"x": UNIT}, "(< (* (sqrt 2) (sqrt 2)) 2)", {"x": "0"}),
    }


def wrong_digests() -> dict[str, Data]:
    """Return certificates whose statement was edited, or exchanged, without its digest."""
    data = valid()
    disc, logistic = data["bisection-two-variables"], data["bisection-logistic"]
    text = disc["statement"]

    def edited(old: str, new: str) -> Data:
        assert text.count(old) == 1, old
        return {**disc, "statement": text.replace(old, new)}

    return {
        "digest-swapped": {**disc, "digest": logistic["digest"]},
        "digest-upper-case": {**disc, "digest": disc["digest"].upper()},
        "digest-shortened": {**disc, "digest": disc["digest"][:-1]},
        "digest-empty": {**disc, "digest": ""},
        "digest-null": {**disc, "digest": None},
        "digest-one-digit-changed": {
            **disc,
            "digest": disc["digest"][:-1] + format(15 - int(disc["digest"][-1], 16), "x"),
        },
        "digest-list": {**disc, "digest": [disc["digest"]]},
        "digest-of-lemma-swapped": replaced(
            data["substitution-doubled"], ("proof", "lemma", "digest"), data["substitution-doubled"]["digest"]
        ),
        "statement-of-another-claim": {**disc, "statement": logistic["statement"]},
        "statement-and-digest-of-another-claim": {**disc, **{k: logistic[k] for k in ("statement", "digest")}},
        "box-shrunk": edited("(<= x 1)", "(<= x (/ 1 2))"),
        "box-widened": edited("(<= x 1)", "(<= x 2)"),
        "bound-dropped": edited("(assert (! (<= x 1) :named x.upper))\n", ""),
        "comparison-flipped": edited("(<= (+ x y) (/ 3 2))", "(>= (+ x y) (/ 3 2))"),
        "comparison-made-strict": edited("(<= (+ x y) (/ 3 2))", "(< (+ x y) (/ 3 2))"),
        "conclusion-strengthened": edited("(/ 3 2)", "(/ 7 5)"),
        "hypothesis-renamed": edited("disc", "disk"),
        "hypothesis-added": edited("(assert (! (not", "(assert (! (<= x 0) :named more))\n(assert (! (not"),
        "variable-renamed": {**disc, "statement": text.replace("y", "z")},
    }


def invalid() -> dict[str, Data]:
    """Return the certificates that are well formed and wrong."""
    return {
        **wrong_identities(),
        **wrong_combinations(),
        **wrong_bisections(),
        **wrong_substitutions(),
        **wrong_counterexamples(),
        **wrong_digests(),
        **wrong(),
    }
