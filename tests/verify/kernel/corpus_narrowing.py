"""Certificates with narrowing, clauses and elementary functions: right, wrong, and not in the notation."""

from typing import Any

from kernel_cases import bisection, certificate, claim, raw_text, replaced, text_of

UNIT, CENTRED, FREE = ("0", "1"), ("(- 1)", "1"), (None, None)
SQUARE = {"x": CENTRED, "y": CENTRED}
CIRCLE = {"circle": "(= (+ (^ x 2) (^ y 2)) 1)"}
LINE = {"line": "(= (+ (* 2 x) (* x y)) (/ 3 2))"}
STRIP = {"x": UNIT, "y": ("1", "2")}
OUTER = {"outer": "(or (< x (- (/ 1 2))) (> x (/ 1 2)))"}
CORNERS = {"corners": "(or (and (> x (/ 1 2)) (> y (/ 1 2))) (and (< x (- (/ 1 2))) (< y (- (/ 1 2)))))"}
CURVES = {
    "far": "(>= (abs x) (/ 1 2))",
    "curves": "(or (and (= y (^ x 2)) (< x y)) (and (>= y (exp x)) (<= (cosh y) 2)))",
}
TREE = ("proof", "tree")

Data = dict[str, Any]


def point(**values: str) -> Data:
    """Return a proof by the rule counterexample."""
    return {"rule": "counterexample", "point": values}


def narrowings() -> dict[str, Data]:
    """Return certificates of the rule bisection whose trees narrow, or end in narrowings."""
    return {
        "narrowing-both-sides": claim(
            {"x": CENTRED}, "(<= (abs x) (/ 3 5))", bisection("(A a>16 a<48)."), {"small": "(<= (^ x 2) (/ 1 4))"}
        ),
        "narrowing-one-by-another": claim(
            SQUARE,
            "(>= y (/ 1 5))",
            bisection("(A a>40)(B b>40)."),
            {"first": "(>= x (/ 1 4))", "same": "(= y x)"},
        ),
        "narrowing-two-variables": claim(
            SQUARE,
            "(<= (+ x y) (/ 3 2))",
            bisection("(. a>48 b>48)(A a<47 b<47)(. a>23 b>23)(A a<39 b<39)(. a>41 b>41)A"),
            CIRCLE,
        ),
        "narrowing-by-mean-value": claim(STRIP, "(<= x (/ 5 8))", bisection("(!A a>16 a<38)."), LINE),
        "narrowing-by-the-negation": claim({"x": ("1", "2")}, "(> (- (exp x) (^ x 2)) 1)", bisection("(. a>19 a<40).")),
        "narrowing-to-nothing": claim({"x": UNIT}, "(> 0 1)", bisection("a(!A)(A)"), {"large": "(>= (exp x) 3)"}),
        "narrowing-to-nothing-by-the-negation": claim({"x": UNIT}, "(<= (exp x) 3)", bisection("a(.)(!.)")),
        "narrowing-after-cuts": claim(
            {"x": UNIT, "y": UNIT},
            "(<= (* x y) (/ 2 5))",
            bisection("ab.(A a<32).(A b<19)."),
            {"root": "(<= (+ (sqrt x) y) 1)"},
        ),
        "narrowing-by-inverse-functions": claim(
            SQUARE,
            "(> 0 1)",
            bisection("(B a>10 b<54)(C a<42)(B b<42)A"),
            {"sum": "(= (tanh (+ x y)) (/ 1 2))", "difference": "(= (- x y) (/ 1 3))", "left": "(<= x (/ 2 5))"},
        ),
    }


def functions() -> dict[str, Data]:
    """Return certificates about elementary functions, and about faces of the box, where they increase or decrease."""
    bend = {"a": "(> (tanh x) (atan (sinh x)))", "b": "(> x (/ 1 4))"}
    return {
        "functions-log": claim(
            {"x": ("(/ 1 8)", "8")},
            "(<= (log x) (- x (/ 9 10)))",
            bisection("(. a<24)(. a>7 a<42)(. a>7 a<47)(. a>8 a<49)(. a>10 a<48)!."),
        ),
        "faces-of-a-sum": claim(SQUARE, "(<= (- (+ (exp x) x) (* y (+ y 4))) (/ 27 4))", bisection("^.")),
        "faces-of-a-hypothesis": claim({"x": ("1", "2")}, "(> 0 1)", bisection("^A"), {"h": "(> (- x (^ x 3)) 0)"}),
        "functions-arcs": claim({"x": CENTRED}, "(<= (- (asin x) (acos x)) (/ 8 5))", bisection(".")),
        "functions-bend": claim({"x": ("(- 2)", "2")}, "(= x 5)", bisection("(B a>36)aaaaa!A!A!Aa!A!Aa!A!AaAA"), bend),
        "functions-minimum": claim({"x": ("(- 1)", "2")}, "(<= (min x (- 1 x)) (/ 1 2))", bisection("(. a>32 a<32).")),
        "functions-maximum": claim(
            SQUARE,
            "(<= (max x y) (/ 3 5))",
            bisection("(A a>16 a<48 b>16 b<48)."),
            {"small": "(<= (max (abs x) (abs y)) (/ 1 2))"},
        ),
        "functions-sine": claim(
            {"x": ("(- 3)", "3")},
            "(<= (abs (sin x)) (+ (abs x) (/ 1 8)))",
            bisection("(. a>22 a<42)(. a>8 a<56)(. a>8 a<56)(. a>9 a<55)(. a>11 a<53)(. a>16 a<48)."),
        ),
    }


def clauses() -> dict[str, Data]:
    """Return certificates of statements with clauses: leaves on which one fails, and rules that do not need them."""
    no_use = {"rule": "combination", "sum": [{"coefficient": "1", "square": "(- x y)"}]}
    return {
        "clause-or": claim({"x": CENTRED}, "(>= (^ x 2) (/ 1 5))", bisection("aa.AaA."), OUTER),
        "clause-and-in-or": claim(SQUARE, "(>= (* x y) (/ 1 5))", bisection("aba(. b>38)AAAbAaA(. b<26)A"), CORNERS),
        "clause-behind-a-hypothesis": claim(
            {"x": CENTRED, "y": UNIT}, "(>= y (/ 1 5))", bisection("(. b<13)a(A a<32)B(A a>32)B"), CURVES
        ),
        "clause-and": claim({"x": UNIT}, "(> 0 1)", bisection("A"), {"both": "(and (>= x 0) (> x 1))"}),
        "clause-by-mean-value": claim(
            {"x": ("(/ 9 8)", "(/ 3 2)")}, "(> 0 1)", bisection("!A"), {"either": "(or (> (- x (* x x)) 0) (> x 2))"}
        ),
        "clause-not-used": claim({"x": FREE, "y": FREE}, "(>= (+ (^ x 2) (^ y 2)) (* 2 (* x y)))", no_use, OUTER),
        "counterexample-clause": claim(SQUARE, "(< (* x y) 1)", point(x="-1", y="-1"), CORNERS),
        "counterexample-clause-with-functions": claim(
            {"x": CENTRED, "y": UNIT}, "(<= y (exp x))", point(x="-1", y="1"), CURVES | {"far": "(= (abs x) (max x y))"}
        ),
        "counterexample-functions": claim(
            {"x": FREE},
            "(>= (max (sinh x) (log (abs x))) (tan x))",
            point(x="-2"),
            {"far": "(<= (min x 0) (- (abs x)))"},
        ),
    }


def right() -> dict[str, Data]:
    """Return the certificates that the kernel accepts."""
    return {**narrowings(), **functions(), **clauses()}


def wrong_narrowings() -> dict[str, Data]:
    """Return trees that narrow by more than a relation bears out, or by one that is not defined everywhere."""
    good = narrowings()
    box = {"x": CENTRED}

    def tree(name: str, text: str) -> Data:
        return replaced(good[name], TREE, text)

    def undefined(term: str, text: str) -> Data:
        return claim(box, "(> 0 1)", bisection(text), {"h": f"(> {term} 5)"})

    return {
        "faces-decreasing": claim({"x": UNIT}, "(<= (- x (* 2 x)) (- 1))", bisection("^.")),
        "faces-both-ways": claim(box, "(>= (+ x (^ x 2)) 0)", bisection("^.")),
        "faces-strict": claim({"x": UNIT}, "(> (+ x (^ x 3)) 0)", bisection("^.")),
        "faces-hypothesis-touching": claim({"x": UNIT}, "(> 0 1)", bisection("^A"), {"h": "(>= (- x 1) 0)"}),
        "faces-kink": claim(box, "(<= (abs x) (+ x (/ 1 2)))", bisection("^.")),
        "faces-undefined": claim(box, "(<= (/ 1 x) 1)", bisection("^.")),
        "faces-root-at-zero": claim({"x": UNIT}, "(>= (sqrt x) 0)", bisection("^.")),
        "faces-equality": claim({"x": UNIT}, "(= x x)", bisection("^.")),
        "narrowing-too-far-above": tree("narrowing-both-sides", "(A a>16 a<47)."),
        "narrowing-too-far-below": tree("narrowing-both-sides", "(A a>17 a<48)."),
        "narrowing-turned-round": tree("narrowing-both-sides", "(A a<16 a<48)."),
        "narrowing-repeated-bound": tree("narrowing-both-sides", "(A a>16 a<20 a<48)."),
        "narrowing-not-enough": tree("narrowing-both-sides", "(A a>12 a<53)."),
        "narrowing-by-another-relation": tree("narrowing-one-by-another", "(B a>40)(B b>40)."),
        "narrowing-in-the-wrong-order": tree("narrowing-one-by-another", "(B b>40)(A a>40)."),
        "narrowing-of-a-variable-that-does-not-occur": tree("narrowing-one-by-another", "(A a>40 b>40)."),
        "narrowing-mark-dropped": tree("narrowing-by-mean-value", "(A a>16 a<38)."),
        "narrowing-mark-added": claim(box, "(<= x (/ 3 5))", bisection("(!A a<48)."), {"h": "(<= (^ x 2) (/ 1 4))"}),
        "narrowing-to-nothing-but-something-is-left": tree("narrowing-both-sides", "(A)"),
        "narrowing-to-nothing-but-a-point-is-left": claim({"x": UNIT}, "(> 0 1)", bisection("(A)"), {"h": "(>= x 1)"}),
        "narrowing-strict-but-a-point-is-left": claim({"x": UNIT}, "(> 0 1)", bisection("(A)"), {"h": "(> x 1)"}),
        "narrowing-by-the-conclusion": claim(box, "(>= x 0)", bisection("(. a<32).")),
        "narrowing-by-the-conclusion-then-nothing": claim(box, "(>= x 0)", bisection("(. a<32)(.)")),
        "narrowing-by-the-negation-of-an-equality": claim({"x": ("1", "2")}, "(= x 0)", bisection("(.)")),
        "narrowing-by-a-strict-conclusion": claim({"x": UNIT}, "(> x 0)", bisection("(.)")),
        "narrowing-leaves-undecided": tree("narrowing-both-sides", "(A a>16 a<48)?"),
        "narrowing-division-by-zero": undefined("(/ 1 x)", "(A a>33)?"),
        "narrowing-zero-over-zero": undefined("(/ x x)", "(A)"),
        "narrowing-root-of-negative": undefined("(sqrt x)", "(A)"),
        "narrowing-log-of-negative": undefined("(log x)", "(A)"),
        "narrowing-arc-beyond-one": undefined("(asin (* 2 x))", "(A)"),
        "narrowing-tan-over-a-pole": undefined("(tan (* 2 x))", "(A a>20)?"),
        "narrowing-kink-of-a-root": claim({"x": UNIT}, "(> 0 1)", bisection("(!A)"), {"h": "(> (sqrt x) 5)"}),
        "narrowing-undefined-conclusion": claim(box, "(<= (/ (abs x) x) 1)", bisection("(.)")),
    }


def wrong_clauses() -> dict[str, Data]:
    """Return leaves on which a clause does not fail, points at which one does not hold, and functions out of bounds."""
    good = clauses()
    one_of_two = {"c": "(or (> x 1) (>= x 0))"}
    unit, box = {"x": UNIT}, {"x": CENTRED}

    def refutation(formula: str, value: str = "-1") -> Data:
        return claim(box, "(>= x 0)", point(x=value), {"c": formula})

    with_clause = claim({"x": UNIT}, "(>= x 0)", bisection("."), {"c": "(or (> x 0) (< x 1))"})
    instance: Data = {
        "rule": "substitution",
        "lemma": with_clause,
        "instance": {"x": "y"},
        "discharge": {f"x.{s}": {"sum": [{"coefficient": "1", "facts": [f"y.{s}"]}]} for s in ("lower", "upper")},
        "sum": [{"coefficient": "1", "facts": ["lemma"]}],
    }
    return {
        "clause-one-part-does-not-fail": claim(unit, "(> 0 1)", bisection("A"), one_of_two),
        "clause-other-part-does-not-fail": claim(unit, "(> 0 1)", bisection("A"), {"c": "(or (>= x 0) (> x 1))"}),
        "clause-and-of-satisfiable-parts": claim(unit, "(> 0 1)", bisection("A"), {"c": "(and (>= x 0) (<= x 1))"}),
        "clause-parts-fail-in-turn": claim(
            unit, "(> 0 1)", bisection("A"), {"c": "(or (and (< x (/ 1 2)) (>= x 0)) (and (> x (/ 1 2)) (<= x 1)))"}
        ),
        "clause-touching": claim(unit, "(> 0 1)", bisection("A"), {"c": "(or (>= x 1) (> x 2))"}),
        "clause-undefined-part": claim(box, "(> 0 1)", bisection("A"), {"c": "(and (> x 2) (> (/ 1 x) 0))"}),
        "clause-letters-exchanged": replaced(good["clause-behind-a-hypothesis"], TREE, "(. b<13)a(A a<32)A(A a>32)A"),
        "clause-leaf-exchanged": replaced(good["clause-or"], TREE, "aaA.aA."),
        "counterexample-clause-fails": refutation("(and (< x 0) (< x (- 1)))"),
        "counterexample-clause-of-false-parts": refutation("(or (> x 0) (< x (- 1)))"),
        "counterexample-clause-undefined-part": refutation("(or (< x 0) (> (sqrt x) 0))"),
        "counterexample-clause-undecided": refutation(
            "(and (< x 0) (= (^ (sqrt (abs x)) 2) (* (sqrt 3) (sqrt 3))))", "-3"
        ),
        "counterexample-clause-undecided-part": claim(
            {"x": ("(- 3)", "3")}, "(>= x 0)", point(x="-3"), {"c": "(or (= (exp (log 2)) 2) (> x 0))"}
        ),
        "counterexample-function-undefined": refutation("(or (< x 0) (> (log x) 0))"),
        "counterexample-function-undecided": claim(unit, "(< (exp (log 2)) 2)", point(x="1")),
        "counterexample-absolute-value": claim(box, "(>= (abs x) 0)", point(x="-1")),
        "substitution-lemma-with-clause": claim({"y": UNIT}, "(>= y 0)", instance),
        "functions-false-exp": claim(box, "(>= (exp x) (+ 1 x))", bisection(".")),
        "functions-false-by-little": claim({"x": ("0", "0")}, "(> (exp x) 1)", bisection(".")),
        "functions-beyond-the-limit": claim({"x": ("0", "3000")}, "(>= (exp x) 0)", bisection(".")),
        "functions-kink-in-mean-value": claim(box, "(>= (abs x) (/ 1 1000))", bisection("!.")),
        "functions-log-at-zero": claim(unit, "(<= (log x) 1)", bisection(".")),
        "identity-with-a-function": claim(box, "(= (exp x) (exp x))", {"rule": "identity"}),
        "combination-with-a-function": claim(
            unit,
            "(>= x 0)",
            {"rule": "combination", "sum": [{"coefficient": "1", "facts": ["h"]}]},
            {"h": "(>= (abs x) 0)"},
        ),
    }


def wrong() -> dict[str, Data]:
    """Return the certificates that are well formed and wrong."""
    return {**wrong_narrowings(), **wrong_clauses()}


TOKENS = {
    "narrowing-unclosed": "(A a>16",
    "narrowing-not-opened": "? a>16)",
    "narrowing-empty": "()",
    "narrowing-without-relation": "( a>16).",
    "narrowing-two-relations": "(A B a>16).",
    "narrowing-by-multiplier": "([A1] a>16).",
    "narrowing-by-undecided": "(? a>16).",
    "narrowing-by-no-hypothesis": "(B a>16).",
    "narrowing-by-a-digit-of-the-conclusion": "(.1 a>16).",
    "narrowing-of-no-variable": "(A c>16).",
    "narrowing-of-a-numbered-variable": "(A a1>16).",
    "narrowing-at-zero": "(A a>0).",
    "narrowing-at-64": "(A a<64).",
    "narrowing-at-100": "(A a<100).",
    "narrowing-leading-zero": "(A a>016).",
    "narrowing-negative": "(A a>-16).",
    "narrowing-fraction": "(A a>1/2).",
    "narrowing-at-most": "(A a<=16).",
    "narrowing-equal": "(A a=16).",
    "narrowing-two-spaces": "(A  a>16).",
    "narrowing-no-space": "(Aa>16).",
    "narrowing-space-at-end": "(A a>16 ).",
    "narrowing-comma": "(A a>16,a<48).",
    "narrowing-tab": "(A\ta>16).",
    "narrowing-two-marks": "(!!A a>16).",
    "narrowing-mark-outside": "!(A a>16).",
    "narrowing-upper-case-variable": "(A A>16).",
    "narrowing-lower-case-relation": "(a a>16).",
    "narrowing-by-faces": "(^A a>16).",
    "faces-of-nothing": "^",
    "faces-of-a-cut": "^a..",
    "faces-of-a-narrowing": "^(A a>16).",
    "faces-and-mean-value": "^!.",
    "narrowing-nested": "((A a>16)).",
    "narrowing-only": "(A a>16)",
    "narrowing-full-width": "(A a>１６).",
    "narrowing-superscript": "(A a>1²).",
    "narrowing-line-break": "(A\na>16).",
    "letter-with-zero": "a0..",
    "letter-with-two-digits": "a11..",
    "letter-of-a-numbered-variable": "a1..",
    "letter-of-a-numbered-hypothesis": "A1",
    "letter-with-digit-marked": "!.1",
}


def broken() -> dict[str, Data]:
    """Return proofs that are not in the notation, and statements with clauses that are not in the language."""
    good, unit = narrowings()["narrowing-both-sides"], {"x": UNIT}
    clause = text_of(unit, "(>= x 0)", {"h": "(< x 1)", "c": "(or (< x 1) (> x 0))"})
    formulas = {
        "of-one": "(or (< x 1))",
        "of-none": "(and)",
        "not": "(or (not (< x 1)) (> x 0))",
        "implies": "(=> (< x 1) (> x 0))",
        "xor": "(xor (< x 1) (> x 0))",
        "of-a-term": "(or x (> x 0))",
        "of-a-name": "(or h (> x 0))",
        "of-true": "(or true (> x 0))",
        "in-a-term": "(< (or x x) 1)",
        "upper-case": "(OR (< x 1) (> x 0))",
        "deep": "(or (< x 1) " * 60 + "(> x 0)" + ")" * 60,
        "as-comparison": "(or (< x 1) (> x 0) 1)",
    }
    return {
        **{name: replaced(good, TREE, token) for name, token in TOKENS.items()},
        "narrowing-to-nothing-and-more": claim(unit, "(> 0 1)", bisection("(A)."), {"h": "(> x 2)"}),
        "narrowing-crossed": claim(unit, "(> 0 1)", bisection("(A a>40 a<30)."), {"h": "(> x 2)"}),
        "narrowing-by-a-clause": claim(unit, "(> 0 1)", bisection("(A a>1)."), {"c": "(or (> x 2) (> x 3))"}),
        "narrowing-to-nothing-by-a-clause": claim(unit, "(> 0 1)", bisection("(A)"), {"c": "(or (> x 2) (> x 3))"}),
        "multiplier-of-a-clause": claim(unit, "(>= x 0)", bisection("[A1]"), {"c": "(or (> x 2) (> x 3))"}),
        "letter-beyond-clauses": claim(unit, "(> 0 1)", bisection("B"), {"c": "(or (> x 2) (> x 3))"}),
        **{
            f"clause-{name}": certificate(raw_text(unit, "(>= x 0)", {"c": formula}), bisection("."))
            for name, formula in formulas.items()
        },
        "clause-before-hypothesis": certificate(
            raw_text(unit, "(>= x 0)", {"c": "(or (< x 1) (> x 0))", "h": "(< x 1)"}), bisection(".")
        ),
        "clause-named-like-a-hypothesis": certificate(clause.replace(":named c", ":named h"), bisection(".")),
        "clause-named-like-a-bound": certificate(clause.replace(":named c", ":named x.upper"), bisection(".")),
        "clause-as-conclusion": certificate(raw_text(unit, "(or (>= x 0) (< x 1))"), bisection(".")),
        "clause-as-bound": certificate(
            clause.replace("(! (>= x 0) :named x.lower)", "(! (and (>= x 0) (>= x 0)) :named x.lower)"), bisection(".")
        ),
        "function-of-two-arguments": certificate(raw_text(unit, "(>= (exp x x) 0)"), bisection(".")),
        "function-of-no-argument": certificate(raw_text(unit, "(>= (exp) 0)"), bisection(".")),
        "minimum-of-one": certificate(raw_text(unit, "(>= (min x) 0)"), bisection(".")),
        "minimum-of-three": certificate(raw_text(unit, "(>= (min x x 1) 0)"), bisection(".")),
        "function-upper-case": certificate(raw_text(unit, "(>= (Exp x) 0)"), bisection(".")),
        "function-power": certificate(raw_text(unit, "(>= (pow x 2) 0)"), bisection(".")),
    }
