"""Certificates of the rule combination: claims that must be found, neighbours that must not, exactness throughout."""

import json
from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from prover_cases import free, two_largest

from verify.encode import make_statement
from verify.kernel.certificates import build_certificate, dump
from verify.kernel.checker import check
from verify.provers import algebra
from verify.provers.algebra import Hints, find_combination
from verify.provers.algebra_linear import exact_system, nonnegative_solution
from verify.provers.algebra_polynomials import factors, from_sympy, primitive, times, to_text

q = sp.Rational
a, b, d, e, k, p, r, u, v, x, y, z = sp.symbols("a b d e kappa p r u v x y z")
E, R, T, x1, x2, x3, z1, z2, z3, zs = sp.symbols("E R T x1 x2 x3 z1 z2 z3 zs")


def third_largest(bound):
    return make_statement(
        {x1: (None, None), x2: (None, None), x3: (0, None)},
        (x1 * x3, "<=", bound),
        {"s12": (x1, ">=", x2), "s23": (x2, ">=", x3), "shape": (x1 + x2 + x3, "<=", 1)},
    )


def third_pair(edge):
    return make_statement(
        {x1: (None, None), x2: (None, None), x3: (0, None), p: (0, 1), a: (None, None), k: (None, None)},
        (k, "<=", 1),
        {
            "s12": (x1, ">=", x2),
            "s23": (x2, ">=", x3),
            "shape": (x1 + x2 + x3, "<=", 1),
            "edge": (a**2, "<=", edge),
            "step": (k, "<=", a**2 * x1 * x3 * (1 - p) ** 2),
        },
    )


def inside(factor):
    hypotheses = {
        "z1": (z1, ">", 0),
        "z2": (z2, ">", 0),
        "r": (r, ">", 0),
        "r1": (r, "<", z1),
        "r2": (r, "<", factor * z2),
    }
    return make_statement(free(r, z1, z2), (r**2 / (z1 * z2), "<", 1), hypotheses)


def flipped(bound):
    return make_statement({k: (None, bound), b: (0, None)}, ((k - 1) * b, "<=", b), {"flip": (k, ">", 1)})


def shifted(factor):
    hypotheses = {"z": (z, ">", 0), "zs": (zs, ">", 0), "u": (u, ">", 0), "upper": (u, "<=", zs + factor * r**2 / z)}
    return make_statement(free(z, zs, r, u), (1 / u, ">=", (1 / zs) * (1 - r**2 / (z * zs))), hypotheses)


def edge_hypotheses(**more):
    return {
        "d": (d, ">", 0),
        "low": (2 - 2 * d, "<=", a),
        "high": (a, "<=", 2 - d),
        "e": (e, ">", 0),
        "radius": (e**2, "<=", d**2 / 50),
        **more,
    }


def sign_change(largest):
    variables = {d: (None, largest), a: (None, None), e: (None, None), E: (None, q(1, 4))}
    return make_statement(variables, ((1 - a) * e + E * e**2, "<", 0), edge_hypotheses())


CLAIMS = {
    "balance": make_statement(
        free(z1, z2, r),
        ((z1 - 2 * r + r**2 / z1) - (z2 - 2 * r + r**2 / z2), "=", (z1 - z2) * (1 - r**2 / (z1 * z2))),
        {"z1": (z1, ">", 0), "z2": (z2, ">", 0)},
    ),
    "shrinkage": make_statement(
        {a: (None, None), x: (0, None), y: (0, None), p: (None, None), u: (None, None), v: (None, None), R: (0, 1)},
        (a**2 * x * y * p**2 * (1 - p) ** 2 / (u * v), "<=", a**2 * x * y * (1 - p) ** 2),
        {"u": (u, ">", 0), "v": (v, ">", 0), "product": (p**2, "=", u * v * R)},
    ),
    "two largest": two_largest(8),
    "third largest": third_largest(q(1, 8)),
    "third pair": third_pair(8),
    "third pair from the lemma": make_statement(
        {x1: (0, None), x3: (0, None), p: (0, 1), a: (None, None), k: (None, None)},
        (k, "<=", 1),
        {"lemma": (x1 * x3, "<=", q(1, 8)), "edge": (a**2, "<=", 8), "step": (k, "<=", a**2 * x1 * x3 * (1 - p) ** 2)},
    ),
    "no sign change": inside(1),
    "no sign change, lean": make_statement(
        free(r, z1, z2), (r**2 / (z1 * z2), "<", 1), {"r": (r, ">", 0), "r1": (r, "<", z1), "r2": (r, "<", z2)}
    ),
    "gap above a flip": make_statement(
        free(z1, z2, z3, r),
        ((z3 + r**2 / z3) - (z1 + r**2 / z1), "<=", z3 - z2),
        {
            "z1": (z1, ">", 0),
            "s12": (z1, "<", z2),
            "s23": (z2, "<=", z3),
            "flip": (r**2, ">", z1 * z2),
            "keep": (r**2, "<=", z1 * z3),
        },
    ),
    "flipped gap": flipped(2),
    "kept gap is not negative": make_statement({k: (0, 1), b: (0, None)}, (0, "<=", b * (1 - k))),
    "kept gap does not grow": make_statement({k: (0, 1), b: (0, None)}, (b * (1 - k), "<=", b)),
    "majorisation of one entry": make_statement(
        free(u, z, T),
        (1 / z - 1 / u, ">=", (u / z - 1) / T),
        {"u": (u, ">", 0), "z": (z, ">", 0), "T": (T, ">", 0), "threshold": ((u - z) * (T - u), ">=", 0)},
    ),
    "fall of the sharpness": shifted(1),
    "sign alternates": sign_change(q(2, 5)),
    "next error": make_statement(
        {d: (None, q(2, 5)), a: (None, None), e: (None, None), E: (None, q(1, 4))},
        (-((1 - a) * e + E * e**2), "<=", (1 - d) * e + (q(9, 4) - d**2 / 2) * e**2),
        edge_hypotheses(remainder=(E, ">=", -(2 * a - a**2 / 2) - q(1, 4))),
    ),
}

LONGEST = {"third pair": 60, "two largest": 20}

FALSE_NEIGHBOURS = {
    "two largest": two_largest(9),
    "third largest": third_largest(q(1, 9)),
    "no sign change": inside(2),
    "flipped gap": flipped(3),
    "fall of the sharpness": shifted(2),
    "sign alternates": sign_change(q(3, 5)),
    "strict where equal": make_statement({x: (0, 1)}, (x**2, "<", x)),
    "identity": make_statement(free(x), ((x + 1) ** 2, "=", x**2 + 1)),
    "no fact": make_statement(free(x), (x, ">", 0)),
}

GENERAL = {
    "three-term square": make_statement(
        free(x, y, z, u), (x**2 + 4 * y**2 + 9 * z**2 + 4 * x * y + 6 * x * z + 12 * y * z + u**2 - u + 1, ">", 0)
    ),
    "quadratic form": make_statement(
        free(x, y, z), (5 * x**2 + 2 * y**2 + 3 * z**2 + 2 * y * z, ">=", 4 * x * y + 2 * x * z)
    ),
    "means": make_statement({x: (0, None), y: (0, None), z: (0, None)}, (x**3 + y**3 + z**3, ">=", 3 * x * y * z)),
    "Schur": make_statement(
        {x: (0, None), y: (0, None), z: (0, None)},
        (x * (x - y) * (x - z) + y * (y - x) * (y - z) + z * (z - x) * (z - y), ">=", 0),
        {"xy": (x, ">=", y), "yz": (y, ">=", z)},
    ),
    "multiplier": make_statement(free(x, y), (x, ">=", 0), {"product": (x * y, ">=", 0), "y": (y, ">", 0)}),
    "chain of equalities": make_statement(free(x, y, z), (x**3, "=", z**3), {"xy": (x, "=", y), "yz": (y, "=", z)}),
    "cancelled factor": make_statement(free(x, y, z), (x, "=", y), {"xz": (x * z, "=", y * z), "z": (z, ">", 0)}),
    "circle": make_statement(free(x, y), (x + y, "<=", q(3, 2)), {"circle": (x**2 + y**2, "=", 1)}),
    "positive lower bound": make_statement({x: ("1/10", None)}, (x + 1 / x, ">=", 2)),
    "rational hypothesis": make_statement(free(x), (x, "<", 1), {"x": (x, ">", 0), "h": (1 / x, ">", 1)}),
    "rational equality": make_statement(free(x, y), (x, "=", 2 * y), {"y": (y, ">", 0), "h": (x / y, "=", 2)}),
    "contradiction": make_statement(free(x), (0, ">", 1), {"low": (x, ">", 1), "high": (x, "<", 0)}),
    "constants": make_statement({}, (q(1, 2), "<", 1)),
    "unused root": make_statement({x: (0, 1)}, (x**2, "<=", x), {"root": (sp.sqrt(x), "<=", 1)}),
}


def accepted(statement, proof):
    text = json.dumps(dump(statement, proof))
    return check(build_certificate(json.loads(text)))


def size(proof):
    return sum(len(proof.get(part, [])) for part in ("sum", "multiplier", "equalities"))


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_are_found(name):
    proof = find_combination(CLAIMS[name], seconds=30)
    assert proof is not None
    assert proof["rule"] == ("identity" if name == "balance" else "combination")
    assert accepted(CLAIMS[name], proof) == "proved"
    assert size(proof) <= LONGEST.get(name, 12)


@pytest.mark.parametrize("name", FALSE_NEIGHBOURS)
def test_false_neighbours_are_not(name):
    assert find_combination(FALSE_NEIGHBOURS[name], max_degree=3, seconds=10) is None


@pytest.mark.parametrize("name", GENERAL)
def test_general_machinery(name):
    proof = find_combination(GENERAL[name], max_degree=4, seconds=20)
    assert proof is not None
    assert accepted(GENERAL[name], proof) == "proved"


def test_common_factors_leave_a_short_proof():
    proof = find_combination(CLAIMS["shrinkage"])
    assert proof["sum"] == [
        {
            "coefficient": "1",
            "facts": ["R.upper", "u", "v", "x.lower", "y.lower"],
            "square": "(+ (* a p) (* (- 1) a))",
        }
    ]
    assert [item["fact"] for item in proof["equalities"]] == ["product"]


def test_proof_of_the_fall_of_the_sharpness_is_the_known_square():
    proof = find_combination(CLAIMS["fall of the sharpness"])
    assert [s.get("square") for s in proof["sum"]].count(None) == 1
    assert len(proof["sum"]) == 2


def test_what_the_rules_cannot_express_gives_none():
    root = make_statement({x: (0, 1)}, (sp.sqrt(x), "<=", 1))
    unsigned = make_statement(free(x, y), (x / y, "<=", 1), {"h": (x, "<=", y)})
    negative = make_statement(free(x), (1 / x, "<", 0), {"x": (x, "<", -1)})
    no_sign = make_statement(free(x, y), (x, ">=", 0), {"h": (1 / (1 - x * y - x**2), ">", 1)})
    assert find_combination(root) is None
    assert find_combination(no_sign, max_degree=2) is None
    assert find_combination(negative) is None
    assert find_combination(unsigned) is None


def test_no_time_gives_none():
    assert find_combination(CLAIMS["third pair"], seconds=0.001) is None


def test_hints_are_used():
    statement = make_statement({x: (0, 1), y: (0, 1)}, ((3 * x - 5 * y + 1) ** 2 + x * y * (1 - x), ">=", 0))
    hints = Hints(squares=["3*x - 5*y + 1"], products=[("x.lower", "y.lower", "x.upper")])
    proof = find_combination(statement, max_degree=1, hints=hints)
    assert sorted(json.dumps(s) for s in proof["sum"]) == [
        '{"coefficient": "1", "facts": ["x.lower", "x.upper", "y.lower"]}',
        '{"coefficient": "1", "square": "(+ (* 3 x) (* (- 5) y) 1)"}',
    ]


@pytest.mark.parametrize("hints", [Hints(squares=["w + x"]), Hints(squares=["1/x"]), Hints(products=[("nothing",)])])
def test_useless_hints_are_refused(hints):
    with pytest.raises(ValueError, match=r"not a polynomial|no inequality"):
        find_combination(make_statement({x: (0, 1)}, (x, ">=", 0)), hints=hints)


@pytest.mark.parametrize("field", ["sum", "multiplier"])
def test_a_changed_coefficient_is_rejected(field):
    statement = CLAIMS["fall of the sharpness"]
    proof = find_combination(statement)
    proof[field][0]["coefficient"] = "17/16"
    assert algebra._checked(statement, proof) is None


ROOTS = (x - y, x + 2 * y, x - 1, x * y - 1)
FACTS = {"x.lower": x, "x.upper": 1 - x, "y.lower": y, "shape": 2 - x - y}


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.lists(st.sampled_from(sorted(FACTS)), max_size=2), st.sampled_from(ROOTS)),
        min_size=1,
        max_size=3,
    ),
    st.integers(1, 3),
)
def test_sums_made_of_facts_and_squares_are_found(parts, positive):
    conclusion = q(positive, 4)
    for coefficient, facts, root in parts:
        conclusion += q(coefficient, 3) * sp.prod([FACTS[f] for f in facts]) * root**2
    statement = make_statement({x: (0, 1), y: (0, None)}, (sp.expand(conclusion), ">", 0), {"shape": (x + y, "<=", 2)})
    proof = find_combination(statement, max_degree=4, seconds=20)
    assert proof is not None
    assert accepted(statement, proof) == "proved"


def test_exact_system():
    columns = [{"m": 3, "n": 1}, {"n": 7}, {"m": 1, "n": 2}]
    solution = exact_system(columns, {"m": Fraction(1), "n": Fraction(2, 3)}, [0.2, 0.0, 0.26])
    assert all(isinstance(value, Fraction) for value in solution)
    for row, wanted in (("m", Fraction(1)), ("n", Fraction(2, 3))):
        assert sum(c.get(row, 0) * value for c, value in zip(columns, solution, strict=True)) == wanted
    assert exact_system([{"m": 1}], {"m": Fraction(1), "n": Fraction(1)}, [1.0]) is None


def test_nonnegative_solution_is_exact_and_signed():
    columns = [{"m": 3}, {"m": 1, "n": -1}, {"n": 1}]
    right = {"m": Fraction(1, 3), "n": Fraction(0)}
    solution = nonnegative_solution(columns, right, [1.0, 1.0, 1.0], [None, "g", None], 5.0)
    assert solution == [Fraction(1, 9), 0, 0]
    assert nonnegative_solution([{"m": 1}], {"m": Fraction(-1)}, [1.0], [None], 5.0) is None


def test_polynomials_keep_scale_and_sign():
    assert primitive({(1,): Fraction(-2, 3), (0,): Fraction(4, 9)}) == (Fraction(2, 9), {(1,): -3, (0,): 2})
    _, polynomial = from_sympy(-2 * (x - y) ** 2 * (x + 1), ("x", "y"))
    content, parts = factors(polynomial, ("x", "y"))
    product = {(0, 0): content}
    for factor, multiplicity in parts:
        for _ in range(multiplicity):
            product = times(product, factor)
    assert product == polynomial
    assert to_text({(2, 1): -3, (0, 0): 1}, ("x", "y")) == "(+ (* (- 3) (^ x 2) y) 1)"
    assert to_text({}, ("x",)) == "0"
