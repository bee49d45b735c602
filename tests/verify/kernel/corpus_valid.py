"""Certificates that the kernel accepts: a few of each rule."""

from typing import Any

from corpus_narrowing import right
from kernel_cases import bisection, claim, equality, summand

Data = dict[str, Any]

UNIT = ("0", "1")
CENTRED = ("(- 1)", "1")
FREE = (None, None)


def combination(*summands: Data, **others: Any) -> Data:
    """Return a proof by the rule combination."""
    return {"rule": "combination", **({"sum": list(summands)} if summands else {}), **others}


def identities() -> dict[str, Data]:
    """Return certificates of the rule identity."""
    squares = "(= (* (- x y) (+ x y)) (- (^ x 2) (^ y 2)))"
    fractions = "(= (- (/ 1 x) (/ 1 (+ x 1))) (/ 1 (* x (+ x 1))))"
    proofs = [
        [summand("1", "x.lower"), summand("1/2")],
        [summand("1", "x.lower"), summand("3/2")],
        [summand("1", "x.lower", "x.lower"), summand("2", "x.lower"), summand("3/4")],
    ]
    return {
        "identity-difference-of-squares": claim({"x": FREE, "y": FREE}, squares, {"rule": "identity"}),
        "identity-partial-fractions": claim(
            {"x": ("(/ 1 2)", None)}, fractions, {"rule": "identity", "denominators": proofs}
        ),
        "identity-numbers-only": claim({}, "(= (+ 1 (/ 1 2)) (/ 3 2))", {"rule": "identity"}),
        "identity-power-zero": claim({"x": FREE}, "(= (^ x 0) 1)", {"rule": "identity"}),
    }


def combinations() -> dict[str, Data]:
    """Return certificates of the rule combination."""
    plane = {"x": FREE, "y": FREE}
    unit = {"x": UNIT, "y": UNIT}
    circle = {"circle": "(= (+ (^ x 2) (^ y 2)) 1)"}
    one_to_two = {"x": ("1", "2")}
    reciprocal = combination(
        summand("1/2", "x.upper"),
        multiplier=[summand("1", "x.lower"), summand("1")],
        denominators=[[summand("1", "x.lower"), summand("1")]],
    )
    by_circle = combination(summand("1/2", square="(- x y)"), equalities=[equality("circle", "(- (/ 1 2))")])
    product_positive = combination(summand("1", "product"), summand("1"), multiplier=[summand("1", "positive")])
    return {
        "combination-square": claim(
            plane, "(>= (+ (^ x 2) (^ y 2)) (* 2 (* x y)))", combination(summand("1", square="(- x y)"))
        ),
        "combination-product-of-bounds": claim(
            unit, "(<= (* x y) 1)", combination(summand("1", "x.upper"), summand("1", "x.lower", "y.upper"))
        ),
        "combination-strict": claim(
            {"x": FREE}, "(> (+ (^ x 2) (/ 1 7)) 0)", combination(summand("1", square="x"), summand("1/7"))
        ),
        "combination-equality-hypothesis": claim(plane, "(<= (* x y) (/ 1 2))", by_circle, circle),
        "combination-equality-conclusion": claim(
            plane, "(= (^ x 2) (^ y 2))", combination(equalities=[equality("same", "(+ x y)")]), {"same": "(= x y)"}
        ),
        "combination-multiplier": claim(
            plane, "(> y 0)", product_positive, {"product": "(>= (* x y) 1)", "positive": "(> x 0)"}
        ),
        "combination-reciprocal": claim(one_to_two, "(>= (/ 1 x) (/ 1 2))", reciprocal),
        "combination-contradictory-hypotheses": claim(
            {"x": FREE},
            "(> 0 1)",
            combination(summand("1", "large"), summand("1", "small")),
            {"large": "(> x 1)", "small": "(> 0 x)"},
        ),
        "combination-strict-product": claim(
            plane,
            "(> (* x y) 0)",
            combination(summand("1", "first", "second")),
            {"first": "(> x 0)", "second": "(< 0 y)"},
        ),
        "combination-square-root-hypothesis-unused": claim(
            {"x": ("0", "1")}, "(>= x 0)", combination(summand("1", "x.lower")), {"root": "(>= (sqrt x) (/ 1 2))"}
        ),
    }


DISC = {"disc": "(<= (+ (^ x 2) (^ y 2)) 1)"}
DISC_TREE = "a.b.a.b.ab.ab.Abab.AAAbab.ab.AAAA"
BALL_TREE = (
    "abcabcaAbAcAabAcA.bcA..abAcaAbA..bcaAbA...cabcAaAbcA..cA.bcaAbcA.....bcabcAabAcA.bA.cabAcA.bA..bcA.....c..bc..c.ab."
    "c.ab.c.Abc.ab.Abc.AAcab.Abc.AAAbc.ab.c.ab.c.AAbc.Acab.c.AAAcab.c.ab.AAbc.ab.AAAabcab.c.Abc.AAAAA"
)


def bisections() -> dict[str, Data]:
    """Return certificates of the rule bisection."""
    square, unit = {"x": CENTRED, "y": CENTRED}, {"x": UNIT, "y": UNIT}
    logistic = "(<= (* x (- 1 x)) (/ 3 10))"
    wide_step = {"s": ("(/ 1 10)", "(/ 19 10)"), "x": CENTRED}
    return {
        "bisection-single-leaf": claim({"x": ("1", "2")}, "(> (^ x 2) 0)", bisection(".")),
        "bisection-logistic": claim({"x": UNIT}, logistic, bisection("aa.a.a..aaa....")),
        "bisection-logistic-mean-value": claim({"x": UNIT}, logistic, bisection("aa.!.a!..")),
        "bisection-two-variables": claim(square, "(<= (+ x y) (/ 3 2))", bisection(DISC_TREE), DISC),
        "bisection-square-root": claim(
            {"x": ("0", "4")}, "(<= (sqrt x) (/ (+ x (/ 5 4)) 2))", bisection("aaaa..!.!.!.")
        ),
        "bisection-quotient": claim({"x": ("(- 2)", "2")}, "(> (/ (+ x 3) (+ 1 (^ x 2))) (/ 1 6))", bisection(".")),
        "bisection-quotient-and-root": claim(
            {"x": ("0", "2"), "y": ("(/ 1 2)", "(/ 3 2)")},
            "(<= (/ (* x y) (+ 1 (* x x))) (sqrt (/ (+ y 1) 2)))",
            bisection("aa.b.a..ab.a..!."),
        ),
        "bisection-equality-hypothesis": claim(
            unit, "(<= (- y x) (/ 1 2))", bisection("ab.A."), {"parabola": "(= y (* x x))"}
        ),
        "bisection-cubic": claim(
            {"x": ("(- 2)", "2")},
            "(>= (+ (- (^ x 3) (* 3 x)) (/ 9 4)) 0)",
            bisection("aaA.aa.a.!.aa!.!.!."),
            {"right": "(> x (- 1))"},
        ),
        "bisection-two-hypotheses": claim(
            {"x": ("0", "2"), "y": ("0", "2")},
            "(< (* x y) 2)",
            bisection("ab.a.b.a.b.a.AbBabBaba.AAAB"),
            {"line": "(<= (+ x y) (/ 5 2))", "order": "(< (+ x (/ 1 2)) y)"},
        ),
        "bisection-gradient-step": claim(
            wide_step, "(<= (^ (- x (* s x)) 2) 1)", bisection("ba.ba.ba.b!....a.b.a.b.a.b.!.")
        ),
        "bisection-multiplier": claim(
            {"x": UNIT, "y": UNIT},
            "(<= (^ x 2) (- 2 (^ y 2)))",
            bisection("[A1]"),
            {"near": "(<= (+ (^ x 2) (^ y 2)) 2)"},
        ),
        "bisection-multiplier-strict": claim(
            {"x": CENTRED, "y": CENTRED},
            "(< (+ (* x y) y) (/ 3 2))",
            bisection("ab..b.ab.a.b.[A1/2]b.ab.[A3/4]b[A1/2]A"),
            {"near": "(<= (+ (^ x 2) (^ y 2)) 1)"},
        ),
        "bisection-point-domain": claim({"x": ("(/ 1 4)", "(/ 1 4)")}, "(= x 7)", bisection("A"), {"other": "(< x 0)"}),
        "bisection-numbers-only": claim({}, "(> 2 1)", bisection(".")),
        "bisection-no-point-in-hypothesis": claim({"x": UNIT}, "(= x 5)", bisection("A"), {"far": "(>= x 2)"}),
        "bisection-undefined-where-hypothesis-fails": claim(
            {"x": CENTRED}, "(>= (sqrt x) 0)", bisection("aaAA."), {"positive": "(> x 0)"}
        ),
    }


def ball() -> Data:
    """Return a certificate of the rule bisection in three variables."""
    box = dict.fromkeys("xyz", CENTRED)
    hypotheses = {"ball": "(<= (+ (^ x 2) (^ y 2) (^ z 2)) 1)"}
    return claim(box, "(<= (+ (* x y) (* y z) (* z x)) (/ 7 5))", bisection(BALL_TREE), hypotheses)


def doubled(lemma: Data, conclusion: str = "(<= (* (* 2 y) (- 1 (* 2 y))) (/ 3 10))") -> Data:
    """Use a lemma on x in [0, 1] at x = 2 y, for y in [0, 1/2]."""
    proof = {
        "rule": "substitution",
        "lemma": lemma,
        "instance": {"x": "(* 2 y)"},
        "discharge": {"x.lower": {"sum": [summand("2", "y.lower")]}, "x.upper": {"sum": [summand("2", "y.upper")]}},
        "sum": [summand("1", "lemma")],
    }
    return claim({"y": ("0", "(/ 1 2)")}, conclusion, proof)


def renamed_again(lemma: Data) -> Data:
    """Use the certificate `doubled` as a lemma at y = z / 2, for z in [0, 1]."""
    proof = {
        "rule": "substitution",
        "lemma": lemma,
        "instance": {"y": "(/ z 2)"},
        "discharge": {"y.lower": {"sum": [summand("1/2", "z.lower")]}, "y.upper": {"sum": [summand("1/2", "z.upper")]}},
        "sum": [summand("1", "lemma")],
    }
    return claim({"z": UNIT}, "(<= (* z (- 1 z)) (/ 3 10))", proof)


def substitutions() -> dict[str, Data]:
    """Return certificates of the rule substitution."""
    lemma = bisections()["bisection-logistic"]
    half_plane = claim({"x": CENTRED, "y": CENTRED}, "(<= (+ x y) (/ 3 2))", bisection(DISC_TREE), DISC)
    on_axis = {
        "rule": "substitution",
        "lemma": half_plane,
        "instance": {"x": "t", "y": "0"},
        "discharge": {
            "x.lower": {"sum": [summand("1", "t.lower"), summand("1")]},
            "x.upper": {"sum": [summand("1", "t.upper")]},
            "y.lower": {"sum": [summand("1")]},
            "y.upper": {"sum": [summand("1")]},
            "disc": {"sum": [summand("1", "t.upper"), summand("1", "t.lower", "t.upper")]},
        },
        "sum": [summand("2", "lemma"), summand("1", "t.upper")],
    }
    squares = combinations()["combination-equality-conclusion"]
    by_equality = {
        "rule": "substitution",
        "lemma": squares,
        "instance": {"x": "a", "y": "1"},
        "discharge": {"same": {"equalities": [equality("root", "1")]}},
        "equalities": [equality("lemma", "1")],
    }
    return {
        "substitution-doubled": doubled(lemma),
        "substitution-of-substitution": renamed_again(doubled(lemma)),
        "substitution-hypothesis-discharged": claim({"t": UNIT}, "(<= (* 3 t) 4)", on_axis),
        "substitution-equality-lemma": claim({"a": FREE}, "(= (^ a 2) 1)", by_equality, {"root": "(= a 1)"}),
    }


def counterexamples() -> dict[str, Data]:
    """Return certificates of the rule counterexample."""
    return {
        "counterexample-half": claim(
            {"x": ("(- 2)", "2")}, "(>= (^ x 2) x)", {"rule": "counterexample", "point": {"x": "1/2"}}
        ),
        "counterexample-hypothesis-and-root": claim(
            {"x": ("0", "9"), "y": FREE},
            "(< (* (sqrt x) y) 6)",
            {"rule": "counterexample", "point": {"x": "4", "y": "3"}},
            {"sum": "(= (+ x y) 7)", "order": "(> x y)"},
        ),
        "counterexample-touching": claim({"x": UNIT}, "(< x 1)", {"rule": "counterexample", "point": {"x": "1"}}),
        "counterexample-tiny": claim(
            {"x": UNIT}, "(<= x 0)", {"rule": "counterexample", "point": {"x": "1/1" + "0" * 60}}
        ),
        "counterexample-rational-root": claim(
            {"x": UNIT, "y": UNIT},
            "(<= (sqrt (* 4 (* x y))) (/ 1 2))",
            {"rule": "counterexample", "point": {"x": "1/3", "y": "1/3"}},
            {"line": "(= (+ (* 3 x) (* 6 y)) 3)"},
        ),
        "counterexample-irrational-root": claim(
            {"x": ("0", "2")}, "(= (* (sqrt x) (sqrt x)) 3)", {"rule": "counterexample", "point": {"x": "2"}}
        ),
        "counterexample-third": claim({"x": UNIT}, "(= (* 3 x) 2)", {"rule": "counterexample", "point": {"x": "1/3"}}),
    }


def valid() -> dict[str, Data]:
    """Return the certificates that the kernel accepts."""
    return {**identities(), **combinations(), **bisections(), **substitutions(), **counterexamples(), **right()}
