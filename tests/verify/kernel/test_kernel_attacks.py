"""An attacker with every small proof: false statements that no rule may prove.

Each statement is false at a point of its domain, or its conclusion is undefined at one where no hypothesis is false.
The attacker tries every tree up to three letters, trees along the sides of the domain, and every combination from a
stock of summands, multipliers, equalities and denominators. A control, of true statements nearby, shows that the
stock is not idle.
"""

from itertools import product

import pytest
from kernel_cases import certificate, outcome, summand, text_of

from verify.kernel.certificates import Certificate
from verify.kernel.checker import check
from verify.kernel.errors import KernelError
from verify.kernel.statements import read_statement

UNIT, CENTRED, FREE, POINT = ("0", "1"), ("(- 1)", "1"), (None, None), ("0", "0")

FALSE = {
    "0 > 0": ({}, "(> 0 0)", {}),
    "0 < 0": ({"x": UNIT}, "(< 0 0)", {}),
    "1 = 0": ({"x": UNIT}, "(= 1 0)", {}),
    "negative": ({"x": CENTRED}, "(>= x 0)", {}),
    "strict at a bound": ({"x": UNIT}, "(> x 0)", {}),
    "strict at the other bound": ({"x": UNIT}, "(< x 1)", {}),
    "strict at the only point": ({"x": POINT}, "(> x 0)", {}),
    "strict square": ({"x": CENTRED}, "(> (^ x 2) 0)", {}),
    "strict from weak": ({"x": FREE}, "(> x 0)", {"h": "(>= x 0)"}),
    "square of a number below 1": ({"x": UNIT}, "(>= (^ x 2) x)", {}),
    "equal from at least": ({"x": FREE}, "(= x 0)", {"h": "(>= x 0)"}),
    "at most from at least": ({"x": UNIT}, "(<= x 0)", {"h": "(>= x 0)"}),
    "converse": ({"x": CENTRED}, "(>= x 0)", {"h": "(>= (^ x 2) 0)"}),
    "root of an equation": ({"x": CENTRED}, "(= x 1)", {"h": "(= (^ x 2) 1)"}),
    "cancelled factor": ({"x": CENTRED}, "(= x 1)", {"h": "(= (* x x) x)"}),
    "unused facts": ({"x": FREE, "y": CENTRED}, "(>= y 0)", {"h": "(> x 0)"}),
    "facts of odd names": ({"x": FREE}, "(>= x 0)", {"lemma": "(<= x 5)", "conclusion": "(<= x 6)"}),
    "x/x at 0": ({"x": CENTRED}, "(= (/ x x) 1)", {}),
    "x/x at least 1": ({"x": CENTRED}, "(>= (/ x x) 1)", {}),
    "x/x at the bound": ({"x": UNIT}, "(>= (/ x x) 1)", {}),
    "0/x": ({"x": CENTRED}, "(= (/ 0 x) 0)", {}),
    "0 * 1/x": ({"x": CENTRED}, "(>= (* 0 (/ 1 x)) 0)", {}),
    "1/x - 1/x": ({"x": CENTRED}, "(= (- (/ 1 x) (/ 1 x)) 0)", {}),
    "(1/x)^0": ({"x": CENTRED}, "(= (^ (/ 1 x) 0) 1)", {}),
    "1/x^2": ({"x": CENTRED}, "(> (/ 1 (^ x 2)) 0)", {}),
    "1/(1/x)": ({"x": CENTRED}, "(= (/ 1 (/ 1 x)) x)", {}),
    "1/0": ({"x": CENTRED}, "(= (/ 1 0) (/ 1 0))", {}),
    "1/0 at least": ({"x": CENTRED}, "(>= (/ 1 0) (/ 1 0))", {}),
    "1/x from itself": ({"x": CENTRED}, "(> (/ 1 x) 0)", {"h": "(> x (- 1))"}),
    "root of a negative": ({"x": CENTRED}, "(>= (sqrt x) 0)", {}),
    "square of a root": ({"x": CENTRED}, "(= (^ (sqrt x) 2) x)", {}),
    "root to the power 0": ({"x": CENTRED}, "(>= (^ (sqrt x) 0) 1)", {}),
    "strict root": ({"x": UNIT}, "(> (sqrt x) 0)", {}),
    "root above": ({"x": UNIT}, "(<= (sqrt x) x)", {}),
    "strict absolute value": ({"x": CENTRED}, "(> (abs x) 0)", {}),
    "absolute value of a hypothesis": ({"x": CENTRED}, "(> x 0)", {"h": "(>= (abs x) (/ 1 2))"}),
    "minimum": ({"x": CENTRED}, "(>= x 0)", {"h": "(<= (min x 0) 0)"}),
    "maximum": ({"x": CENTRED}, "(<= x 0)", {"h": "(>= (max x 0) 0)"}),
    "tangent of exp": ({"x": CENTRED}, "(> (exp x) (+ 1 x))", {}),
    "exp from above": ({"x": UNIT}, "(< (exp x) 2)", {}),
    "log of a negative": ({"x": CENTRED}, "(<= (log x) 0)", {}),
    "log at zero": ({"x": UNIT}, "(<= (log x) 1)", {}),
    "arc beyond its domain": ({"x": ("0", "2")}, "(>= (asin x) 0)", {}),
    "tangent over a pole": ({"x": ("0", "2")}, "(>= (tan x) 0)", {}),
    "sine": ({"x": CENTRED}, "(> x 0)", {"h": "(>= (* x (sin x)) 0)"}),
    "one of two": ({"x": CENTRED}, "(> x 0)", {"h": "(or (> x 0) (< x 0))"}),
    "two of which one fails": ({"x": CENTRED}, "(> x 0)", {"h": "(or (> x 1) (<= x 0))"}),
    "both": ({"x": CENTRED}, "(> x 0)", {"h": "(and (>= x 0) (<= x 0))"}),
}
# Here the hypothesis is undefined at a point where the conclusion is false: no rule takes "undefined" for "false".
UNDEFINED_HYPOTHESES = {
    "positive reciprocal": ({"x": CENTRED}, "(> x 0)", {"h": "(>= (/ 1 x) 0)"}),
    "double reciprocal": ({"x": CENTRED}, "(> x 0)", {"h": "(>= (/ 1 (/ 1 x)) 0)"}),
    "unit quotient": ({"x": CENTRED}, "(> (^ x 2) 0)", {"h": "(= (/ x x) 1)"}),
    "reciprocal to the power 0": ({"x": CENTRED}, "(> (^ x 2) 0)", {"h": "(= (^ (/ 1 x) 0) 1)"}),
    "root": ({"x": CENTRED}, "(>= x 0)", {"h": "(>= (sqrt x) 0)"}),
    "impossible root": ({"x": CENTRED}, "(>= x 0)", {"h": "(< (sqrt x) 0)"}),
    "1/0": ({"x": CENTRED}, "(>= x 0)", {"h": "(< (/ 1 0) 0)"}),
    "log": ({"x": CENTRED}, "(> x 0)", {"h": "(< (log x) (- 900))"}),
    "part of a clause": ({"x": CENTRED}, "(> x 0)", {"h": "(and (>= (/ 1 x) 0) (<= x 0))"}),
    "other part of a clause": ({"x": CENTRED}, "(> x 0)", {"h": "(or (>= (sqrt x) 0) (> x 5))"}),
    "1/0 equals 1/0": ({"x": CENTRED}, "(> 0 1)", {"h": "(= (/ 1 0) (/ 1 0))"}),
}
# True statements nearby, and the rules that prove them: intervals decide no equality and need bounds, algebra no root.
TREE, ALGEBRA = True, False
TRUE = {
    "negative": ({"x": UNIT}, "(>= x 0)", {}, {TREE, ALGEBRA}),
    "strict": ({"x": ("1", "2")}, "(> x 0)", {}, {TREE, ALGEBRA}),
    "square": ({"x": CENTRED}, "(>= (^ x 2) 0)", {}, {TREE, ALGEBRA}),
    "strict from strict": ({"x": FREE}, "(> x 0)", {"h": "(> x 0)"}, {ALGEBRA}),
    "equal": ({"x": FREE}, "(= x 0)", {"h": "(= x 0)"}, {ALGEBRA}),
    "square of a number from 1 on": ({"x": ("1", "2")}, "(>= (^ x 2) x)", {}, {TREE, ALGEBRA}),
    "square of a number from 2 on": ({"x": ("2", "3")}, "(>= (^ x 2) x)", {}, {TREE}),
    "x/x": ({"x": ("1", "2")}, "(= (/ x x) 1)", {}, {ALGEBRA}),
    "reciprocal": ({"x": ("1", "2")}, "(> (/ 1 x) 0)", {}, {TREE, ALGEBRA}),
    "root": ({"x": ("1", "2")}, "(> (sqrt x) 0)", {}, {TREE}),
    "absolute value": ({"x": ("(- 2)", "(- 1)")}, "(> (abs x) 0)", {}, {TREE}),
    "minimum": ({"x": CENTRED}, "(>= x 0)", {"h": "(>= (min x 0) 0)"}, {TREE}),
    "exp": ({"x": CENTRED}, "(> (exp x) 0)", {}, {TREE}),
    "exp from above": ({"x": UNIT}, "(<= (exp x) 3)", {}, {TREE}),
    "one of two": ({"x": CENTRED}, "(>= x 0)", {"h": "(or (> x 1) (> x 0))"}, {TREE}),
    "both": ({"x": CENTRED}, "(> x 0)", {"h": "(and (> x 0) (> 0 1))"}, {TREE}),
}
CASES = {**FALSE, **{f"hypothesis: {name}": case for name, case in UNDEFINED_HYPOTHESES.items()}}


def trees():
    letters = ".AaB!^"
    for size in range(1, 4):
        yield from ("".join(word) for word in product(letters, repeat=size))
    for token in ("A", "!A", ".", "!."):
        yield f"({token})"
        for leaf in (".", "A", f"({token})", "!."):
            bounds = ("a<32", "a>32", "a<1", "a>63", "a>32 a<32", "a<32 a>1", "a>1 a<63")
            yield from (f"({token} {bound}){leaf}" for bound in bounds)
            yield from (f"a({token} {bound}){leaf}{leaf}" for bound in bounds[:4])
            yield from (f"a{leaf}({token} {bound}){leaf}" for bound in bounds[:4])
    for leaf in (".", "!.", "^.", "A", "!A", "^A", "[A1]", "[A1/2]", "[A0]", "[A2]"):
        yield leaf
        yield f"a{leaf}{leaf}"
        yield from ("a" * depth + leaf * (depth + 1) for depth in (4, 12, 60))
        yield from (f"a{leaf}" * depth + leaf for depth in (4, 12, 60))


def stock(names, variables):
    """Sums, multipliers, equalities and denominators to try."""
    squares = [None, *variables, *(f"(- {v} 1)" for v in variables)]
    singles = [[summand("1", square=s)] for s in squares]
    singles += [[summand("1", n, square=s)] for n in names for s in squares[:2]]
    singles += [[summand("1", n, m)] for k, n in enumerate(names) for m in names[k:]]
    pairs = [[*a, *b] for a in singles[:3] for b in singles[:4]]
    halves = [[summand("1/2", n) for n in names]] if names else []
    return [[], *singles, *pairs, *halves]


def derivations(names, variables):
    """Yield algebraic proofs without their denominators."""
    shifted = [[summand("1", n), summand("1")] for n in names]
    multipliers = [None, [], *([summand("1", n)] for n in names), *shifted, [summand("1", square="0")]]
    equalities = [[], *([{"fact": n, "multiplier": m}] for n in names for m in ("1", "(- 1)", *variables))]
    for total in stock(names, variables):
        for multiplier in multipliers:
            for equal in equalities if len(total) < 2 else equalities[:1]:
                proof = {"rule": "combination", "sum": total, "equalities": equal}
                yield proof if multiplier is None else {**proof, "multiplier": multiplier}


def denominators(names, count):
    """Yield every choice of proofs that so many denominators are positive."""
    single = [
        [],
        [summand("1")],
        *([summand("1", n)] for n in names),
        *([summand("1", n), summand("1")] for n in names),
    ]
    yield from (list(choice) for choice in product(single, repeat=count))


def attack(case):
    """Yield (proof, whether the kernel accepts it) for every proof of the stock."""
    variables, conclusion, hypotheses = case
    statement = read_statement(text_of(*case))

    def refusal(proof):
        try:
            return "" if check(Certificate(statement, "", proof)) == "proved" else "refuted"
        except KernelError as error:
            return str(error)

    for tree in trees():
        proof = {"rule": "bisection", "tree": tree}
        yield proof, not refusal(proof)
    if "sqrt" in conclusion:
        return
    names = [f"{v}.{side}" for v, bounds in variables.items() if bounds != FREE for side in ("lower", "upper")]
    names += list(hypotheses)
    divisors = {node.args[1] for node in statement.nodes if node.op == "/"}
    for shown in denominators(names, len(divisors)):
        identity = {"rule": "identity", "denominators": shown}
        reason = refusal(identity)
        yield identity, not reason
        if not reason.startswith("proof.denominators"):  # else every proof with these denominators falls alike
            for proof in derivations(names, list(variables)):
                full = {**proof, "denominators": shown}
                yield full, not refusal(full)


@pytest.mark.parametrize("name", CASES)
def test_no_small_proof_of_a_false_statement(name):
    tried = 0
    for proof, accepted in attack(CASES[name]):
        assert not accepted, proof
        tried += 1
    assert tried > 155


@pytest.mark.parametrize("name", TRUE)
def test_the_attacker_proves_true_statements(name):
    *case, wanted = TRUE[name]
    found = {}
    for proof, accepted in attack(case):
        if accepted:
            found.setdefault(TREE if "tree" in proof else ALGEBRA, proof)
    assert set(found) == wanted
    for proof in found.values():
        assert outcome(certificate(text_of(*case), proof)) == "proved"
