"""The claims say what the theory says: not vacuous, true at real gradient descent steps, false where they should be."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import pytest
import sympy as sp
from theorem_cases import (
    DIGITS,
    State,
    failed_premises,
    gap_at,
    gfs_sharpness,
    gfs_squares,
    gradient_step,
    premises_hold,
    product_of,
    state,
    state_of_shape,
    statement_of,
    values_at,
)

from symbolic.remainder import remainder
from verify.claims import Claim
from verify.files import certificate_path
from verify.kernel.certificates import load
from verify.proofs import proof_folder
from verify.provers.falsifier import falsify, satisfiable
from verify.provers.falsifier_witness import refutes
from verify.theorems.remainder import regular_remainder
from verify.theorems.scalar import DEPTHS, THEOREMS, scalar_graph, selected_graph

ROOT = Path(__file__).parents[2]
GRAPHS = {depth: scalar_graph(depth) for depth in DEPTHS}
THEOREM_NAMES = [f"theorem-{letter}" for letter in "ABCEGHVTP"]
TOLERANCE = mpmath.mpf(10) ** -40


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    """Work with 60 digits."""
    with mpmath.workdps(DIGITS):
        yield


def claims() -> list[tuple[int, Claim]]:
    """Return every formal claim once: those for every depth, then those of each depth."""
    every = [(2, c) for c in GRAPHS[2].claims if c.statement is not None and not c.varies]
    return every + [(d, c) for d in DEPTHS for c in GRAPHS[d].claims if c.statement is not None and c.varies]


NAMES = [f"{claim.identifier}-depth-{depth}" if claim.varies else claim.identifier for depth, claim in claims()]


# The graph


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_graph_of_each_depth(depth: int) -> None:
    graph = GRAPHS[depth]
    assert [c.identifier for c in graph.claims] == [c.identifier for c in GRAPHS[2].claims]
    for claim in graph.claims:
        other = GRAPHS[2].by_identifier[claim.identifier]
        assert claim.varies == other.varies
        assert claim == other or (claim.varies and (depth == 2 or claim != other))
        assert (claim.scope == f"depth {depth}") >= claim.varies
    assert [c.identifier for c in graph.claims if c.kind == "theorem"] == THEOREM_NAMES


@pytest.mark.parametrize("depth", [-1, 0, 1, 7, 10**400])
def test_other_depths_are_refused(depth: int) -> None:
    with pytest.raises(ValueError, match=r"depth -?\d+ is not supported: give one of 2 to 6"):
        scalar_graph(depth)


def test_parts_of_the_graph() -> None:
    whole = GRAPHS[3]
    assert selected_graph(3, "all") == whole
    for name, theorem in THEOREMS.items():
        part = selected_graph(3, name)
        used = whole.closure([theorem, *(["theorem-T"] if name == "two-steps" else [])])
        assert set(used) <= set(part.by_identifier)
        assert {c.identifier for c in part.claims if c.kind == "theorem"} == {
            i for i in used if whole.by_identifier[i].kind == "theorem"
        }
        assert any(c.kind == "neighbour" for c in part.claims)
        assert all(set(c.rests_on) <= set(part.by_identifier) for c in part.claims)
    for wrong in ("foo", "", "ALL", "theorem-A"):
        with pytest.raises(ValueError, match=f"is not known: give one of {', '.join(THEOREMS)}, all"):
            selected_graph(3, wrong)


def test_every_lemma_is_used_or_stands_for_itself() -> None:
    """Claims of no theorem are direct checks of one (D, N), or what certificates rest on (F)."""
    graph = GRAPHS[4]
    used = set(graph.closure([c.identifier for c in graph.claims if c.kind == "theorem"]))
    beside = {c.identifier for c in graph.claims if c.kind != "neighbour"} - used
    assert all(name[0] in "DFN" for name in beside)


# Not vacuous


def trick(depth: int, e_sign: int = 1) -> dict[str, Fraction]:
    """Return an exact state of C1.1: 1 + t alpha_i = g_i^2 for rational g_i, so that pi = prod g_i is rational."""
    g = [1 + e_sign * Fraction(1, 10 + 3 * k) for k in range(depth)]
    t = sum((x * x - 1 for x in g), Fraction(0))
    alphas = [(x * x - 1) / t for x in g]
    point = {"t": t, "a": Fraction(13, 7), "e": product_of(g) - 1}
    for k, (alpha, x) in enumerate(zip(alphas, g, strict=True), start=1):
        point |= {f"alpha{k}": alpha, f"x{k}": alpha / (x * x)}
    return point


@pytest.mark.parametrize(("depth", "claim"), claims(), ids=NAMES)
def test_no_statement_is_vacuous(depth: int, claim: Claim) -> None:
    """The kernel finds the hypotheses to hold at a rational point, at which the conclusion is defined."""
    statement = statement_of(claim)
    if claim.identifier == "C1.1":
        for sign in (1, -1):
            assert premises_hold(statement, trick(depth, sign))
        assert not premises_hold(statement, trick(depth) | {"e": Fraction(0)})
        return
    point = satisfiable(statement, seconds=5.0)
    assert point is not None
    assert premises_hold(statement, point)


@pytest.mark.parametrize("name", ["A2.1", "A3.1", "A3.3", "A5.4", "A6.5", "B2", "C4.3", "C2.1", "C2.2", "D2.above"])
def test_lemmas_survive_a_short_attack(name: str) -> None:
    assert falsify(statement_of(GRAPHS[3].by_identifier[name]), seed=7, seconds=0.8, rounds=1) is None


# The remainder


SHAPES = {
    2: [("0.6", "0.4"), ("0.95", "0.05")],
    3: [("0.5", "0.3", "0.2"), ("0.9", "0.06", "0.04")],
    4: [("0.4", "0.3", "0.2", "0.1"), ("0.25", "0.25", "0.25", "0.25")],
    5: [("0.3", "0.25", "0.2", "0.15", "0.1"), ("0.8", "0.1", "0.05", "0.03", "0.02")],
    6: [("0.3", "0.2", "0.2", "0.15", "0.1", "0.05"), ("0.5", "0.1", "0.1", "0.1", "0.1", "0.1")],
}


def near_states(depth: int) -> list[State]:
    """States in the domain of the bounds on the remainder: a in [6/5, 2], |t| <= 3/25."""
    return [
        state_of_shape([mpmath.mpf(x) for x in shape], mpmath.mpf(a), mpmath.mpf(t))
        for shape in SHAPES[depth]
        for a, t in (("1.2", "0.119"), ("1.9", "-0.11"), ("2", "0.01"), ("1.5", "1e-12"))
    ]


def measured_remainder(s: State) -> Any:
    """Return (pi+ - 1 - (1 - a) e) / e^2 from the step itself."""
    e = s.pi - 1
    return (product_of(s.after) - 1 - (1 - s.a) * e) / e**2


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_remainder_is_that_of_a_gradient_descent_step(depth: int) -> None:
    symbols = sp.symbols(f"alpha1:{depth + 1}")
    a, t = sp.symbols("a t")
    ours, theirs = regular_remainder(symbols, a, t), remainder(depth)
    for s in near_states(depth):
        with mpmath.workdps(DIGITS + 30):
            exact = state_of_shape(s.alphas, s.a, s.t)
            wanted = measured_remainder(exact)
        numbers = [sp.Float(mpmath.nstr(v, DIGITS), DIGITS) for v in (*s.alphas, s.a, s.t)]
        one = ours.subs(dict(zip((*symbols, a, t), numbers, strict=True)))
        two = theirs.value.subs(dict(zip((*theirs.alphas, theirs.a, theirs.t), numbers, strict=True)))
        assert abs(mpmath.mpf(str(one)) - wanted) < mpmath.mpf(10) ** -45
        assert abs(mpmath.mpf(str(two)) - mpmath.mpf(str(one))) < mpmath.mpf(10) ** -50


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_bounds_of_the_remainder_are_stated_for_that_remainder(depth: int) -> None:
    """C2.1 is 1/4 - E2 >= 0 and C2.2 is E2 + 2a - a^2/2 + 1/4 >= 0, on a domain that contains the states."""
    upper, lower = (statement_of(GRAPHS[depth].by_identifier[name]) for name in ("C2.1", "C2.2"))
    for s in near_states(depth):
        point = {f"alpha{k}": alpha for k, alpha in enumerate(s.alphas, start=1)} | {"a": s.a, "t": s.t}
        with mpmath.workdps(DIGITS + 30):
            e2 = measured_remainder(state_of_shape(s.alphas, s.a, s.t))
        assert failed_premises(upper, point, TOLERANCE) == []
        assert failed_premises(lower, point, TOLERANCE) == []
        quarter = mpmath.mpf(1) / 4
        assert abs(gap_at(upper, upper.conclusion, point) - (quarter - e2)) < TOLERANCE
        assert abs(gap_at(lower, lower.conclusion, point) - (e2 + 2 * s.a - s.a**2 / 2 + quarter)) < TOLERANCE


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_exact_step_is_an_identity_of_real_steps(depth: int) -> None:
    statement = statement_of(GRAPHS[depth].by_identifier["C1.1"])
    names = {v.name for v in statement.variables}
    for s in near_states(depth):
        point = {"a": s.a, "t": s.t, "e": s.pi - 1}
        for k, alpha in enumerate(s.alphas, start=1):
            point |= {f"alpha{k}": alpha, f"x{k}": alpha / (1 + s.t * alpha)}
        assert names == set(point)
        assert failed_premises(statement, point, TOLERANCE) == []
        values = values_at(statement, point)
        for side in (statement.conclusion.left, statement.conclusion.right):
            assert abs(values[side] - (product_of(s.after) - 1)) < TOLERANCE


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_exact_step_in_rationals(depth: int) -> None:
    """The same without any rounding: pi+ = pi prod(1 - a pi x_i e), and E2 from the regular formula."""
    for sign in (1, -1):
        p = trick(depth, sign)
        pi, e, a, t = 1 + p["e"], p["e"], p["a"], p["t"]
        alphas = [p[f"alpha{k}"] for k in range(1, depth + 1)]
        after = pi * product_of([1 - a * pi * e * p[f"x{k}"] for k in range(1, depth + 1)])
        symbols = sp.symbols(f"alpha1:{depth + 1}")
        values = dict(zip((*symbols, *sp.symbols("a t")), (*alphas, a, t), strict=True))
        exact = {s: sp.Rational(v.numerator, v.denominator) for s, v in values.items()}
        value = sp.nsimplify(regular_remainder(symbols, *sp.symbols("a t")).subs(exact))
        assert value.is_Rational
        assert after - 1 == (1 - a) * e + Fraction(int(value.p), int(value.q)) * e**2


# Statements at real steps


STATES = [
    (["0.6", "0.9"], "0.9"),
    (["0.3", "1.4"], "0.7"),
    (["0.5", "0.8", "1.1"], "0.8"),
    (["0.35", "0.4", "2.5"], "0.3"),
    (["0.7", "0.7", "0.9", "1.0"], "0.6"),
    (["0.2", "0.9", "1.5", "2.0", "0.8"], "0.05"),
    (["1.2", "1.1"], "0.6"),
    (["1.05", "1.3", "0.9"], "0.5"),
    (["1.01", "1.02", "1.1", "0.95"], "0.3"),
    (["0.2", "0.25"], "1.3"),
    (["0.05", "0.06", "8"], "0.168"),
    (["0.05", "0.06", "4", "2"], "0.168"),
]


def states() -> list[State]:
    with mpmath.workdps(DIGITS):
        return [state([mpmath.mpf(w) for w in weights], mpmath.mpf(eta)) for weights, eta in STATES]


def pairs(s: State) -> Iterator[tuple[int, int]]:
    yield from ((i, j) for i in range(len(s.weights)) for j in range(i + 1, len(s.weights)))


def instances(s: State) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (claim, values of its variables) for what a written step uses at a state, from the definitions alone."""
    z, x, n = s.squares, s.alphas, len(s.weights)
    shape = {"phi": s.phi, "t": s.t, "a": s.a, "eta": s.eta, "pi": s.pi, "r": s.r}
    for i in range(n):
        one = shape | {"alpha_i": x[i], "z_i": z[i], "z_star": s.star[i]}
        yield "A0.1", one
        yield "A0.2", one
    for i, j in pairs(s):
        two = shape | {"alpha_i": x[i], "alpha_j": x[j], "z_i": z[i], "z_j": z[j]}
        kappa = s.r**2 / (z[i] * z[j])
        yield "A0.3", two
        yield "A1", {"w_i": s.weights[i], "w_j": s.weights[j], "r": s.r}
        if s.pi <= 1:
            rest = product_of([1 + s.t * x[k] for k in range(n) if k not in (i, j)] or [mpmath.mpf(1)])
            yield "A2.1", two | {"P": rest}
            yield "A2.2", {"P": rest, "t": s.t, "alpha_i": x[i]}
            if s.a**2 <= 8:
                yield "A3.1", two | {"kappa": kappa}
                if j >= 2:
                    largest = {"alpha_1": x[0], "alpha_2": x[1], "alpha_3": x[2]}
                    yield "A3.2", largest
                    yield "A3.3", two | largest | {"kappa": kappa}
        elif max(s.rhos) < 1:
            yield "A4", {"r": s.r, "z_i": z[i], "z_j": z[j], "z_1": z[i], "z_2": z[j]}


@pytest.mark.parametrize("k", range(len(STATES)))
def test_lemmas_hold_at_real_steps_with_premises_that_are_met(k: int) -> None:
    s = states()[k]
    graph, seen = GRAPHS[2], set()
    for name, values in instances(s):
        statement = statement_of(graph.by_identifier[name])
        assert {v.name for v in statement.variables} <= set(values), (
            f"{name} has variables that this test does not know"
        )
        point = {v.name: values[v.name] for v in statement.variables}
        assert failed_premises(statement, point, TOLERANCE) == [], name
        gap = gap_at(statement, statement.conclusion, point)
        assert abs(gap) < TOLERANCE if statement.conclusion.equality else gap >= -TOLERANCE, name
        seen.add(name)
    assert {"A0.1", "A0.2", "A0.3", "A1"} <= seen


@pytest.mark.parametrize("k", range(len(STATES)))
def test_balances_and_sharpness_of_real_steps(k: int) -> None:
    """A1, A5 and Theorem A themselves, at the same states."""
    s = states()[k]
    before, after = s.squares, [w * w for w in s.after]
    for i, j in pairs(s):
        kappa = s.r**2 / (before[i] * before[j])
        assert abs((after[i] - after[j]) - (before[i] - before[j]) * (1 - kappa)) < TOLERANCE
    if s.a**2 <= 8 and (s.pi <= 1 or max(s.rhos) < 1):
        u, z = sorted(after), sorted(before)
        gaps = [(b - a, d - c) for a, b, c, d in zip(u, u[1:], z, z[1:], strict=False)]
        assert all(new <= old + TOLERANCE for new, old in gaps)
        assert gfs_sharpness(s.after) <= s.phi + TOLERANCE


def test_the_states_contain_a_change_of_order_and_both_sides() -> None:
    found = {"below": 0, "above": 0, "change of order": 0}
    for s in states():
        found["above" if s.pi > 1 else "below"] += 1
        after = [w * w for w in s.after]
        found["change of order"] += after != sorted(after)
    assert all(found.values()), found


@pytest.mark.parametrize("side", ["below", "above"])
@pytest.mark.parametrize("depth", [2, 3])
def test_the_direct_claims_speak_of_the_sharpness_after_a_step(depth: int, side: str) -> None:
    """At the tau with prod m_i = 1 the premises hold with equality, and the conclusion is (1 - phi+/phi) / size."""
    statement = statement_of(GRAPHS[2].by_identifier[f"D{depth}.{side}"])
    shapes = {2: [("0.8", "0.2"), ("0.6", "0.4")], 3: [("0.6", "0.3", "0.1"), ("0.7", "0.15", "0.15")]}[depth]
    moves = {"below": [("2.0", "-0.5"), ("2.5", "-0.05"), ("0.5", "-0.9")], "above": [("1.5", "0.2"), ("0.4", "0.8")]}
    met = 0
    for shape in shapes:
        for a, t in moves[side]:
            s = state_of_shape([mpmath.mpf(x) for x in shape], mpmath.mpf(a), mpmath.mpf(t))
            growth = [s.rhos[i] ** 2 * (1 + s.t * x) for i, x in enumerate(s.alphas)]  # r^2 / (z_i z*_i)
            size = s.a**2 * (s.pi - 1) ** 2 * (1 if side == "below" else s.pi**2)
            after = gfs_sharpness(s.after)
            # the common shift of the new GFS against z*_i + r^2 / z_i
            star = gfs_squares([w * w for w in s.after])
            shift = star[0] / s.star[0] - 1 - growth[0]
            tau = -shift / (size * s.alphas[0])
            point = {"t": s.t, "tau": tau, "K": size, "R": s.rhos[0] ** 2}
            point |= {f"alpha{k}": alpha for k, alpha in enumerate(s.alphas, start=1)}
            assert {v.name for v in statement.variables} <= set(point)
            named = {h.name: h for h in statement.hypotheses}
            assert abs(gap_at(statement, named["product"], point)) < TOLERANCE
            for i in range(depth):
                ratio = gap_at(statement, named[f"positive{i + 1}"], point)
                assert abs(ratio - star[i] / s.star[i]) < TOLERANCE
            conclusion = gap_at(statement, statement.conclusion, point)
            assert abs(conclusion - (1 - after / s.phi) / size) < TOLERANCE
            assert conclusion >= 0
            failed = failed_premises(statement, point, TOLERANCE)
            assert set(failed) <= {"spread", "inside", "edge", "R"}, failed
            met += not failed
    assert met >= 2


def test_sharpness_and_balance_at_depth_two() -> None:
    """phi^2 = b^2 + 4, on which the direct claims in the weights rest."""
    for s in states():
        if len(s.weights) == 2:
            assert abs(s.phi**2 - (s.squares[0] - s.squares[1]) ** 2 - 4) < TOLERANCE


# False neighbours


NEIGHBOURS = [(d, c) for d, c in claims() if c.kind == "neighbour"]
IDS = [f"{c.identifier}-depth-{d}" for d, c in NEIGHBOURS]


def committed_witness(depth: int, claim: Claim) -> dict[str, Fraction]:
    """Return the witness that comes with the package."""
    certificate = load(certificate_path(proof_folder(GRAPHS[depth], claim), claim.identifier))
    assert certificate.digest == statement_of(claim).digest()
    assert certificate.proof["rule"] == "counterexample"
    return {name: Fraction(value) for name, value in certificate.proof["point"].items()}


def fresh_witness(claim: Claim) -> dict[str, Fraction]:
    found = falsify(statement_of(claim), seed=3, seconds=5.0)
    assert found is not None
    return {name: Fraction(value) for name, value in found["point"].items()}


@pytest.mark.parametrize(("depth", "claim"), NEIGHBOURS, ids=IDS)
def test_false_neighbours_are_refuted_exactly(depth: int, claim: Claim) -> None:
    for point in (committed_witness(depth, claim), fresh_witness(claim)):
        assert refutes(statement_of(claim), point)
    true = [GRAPHS[depth].by_identifier[i] for i in claim.rests_on]
    assert true, "a neighbour stands next to something"
    assert all(c.kind != "neighbour" for c in true)
    same = [c for c in true if c.statement is not None and c.statement.variables == statement_of(claim).variables]
    assert not any(refutes(statement_of(c), point) for c in same)


def neighbours_next_to(name: str, depth: int = 2) -> list[Claim]:
    return [c for c in GRAPHS[depth].claims if c.kind == "neighbour" and name in c.rests_on]


def test_theorem_a_fails_beyond_its_edge() -> None:
    """At depth 2, weights > 0, pi <= 1, eta phi <= 2.9: an exact gradient descent step raises phi^2 = b^2 + 4."""
    (claim,) = neighbours_next_to("theorem-A")
    for point in (committed_witness(2, claim), fresh_witness(claim)):
        w, eta = [point["w_1"], point["w_2"]], point["eta"]
        assert min(w) > 0
        assert eta >= 0
        assert w[0] * w[1] <= 1
        phi_squared = (w[0] ** 2 - w[1] ** 2) ** 2 + 4
        assert 8 < eta**2 * phi_squared <= Fraction(29, 10) ** 2
        after = gradient_step(w, eta)
        assert min(after) > 0
        assert (after[0] ** 2 - after[1] ** 2) ** 2 + 4 > phi_squared
        assert gfs_sharpness([mpmath.mpf(x.numerator) / x.denominator for x in after]) > mpmath.sqrt(
            mpmath.mpf(phi_squared.numerator) / phi_squared.denominator
        )


def test_the_balance_factor_exceeds_two_beyond_the_edge() -> None:
    (claim,) = neighbours_next_to("A3.1")
    for p in (committed_witness(2, claim), fresh_witness(claim)):
        x, y = p["alpha_i"], p["alpha_j"]
        assert x >= 0 <= y
        assert x + y <= 1
        assert 0 <= p["pi"] <= 1
        assert 8 < p["a"] ** 2 <= 9
        assert 2 < p["kappa"] <= p["a"] ** 2 * x * y * (1 - p["pi"]) ** 2


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_remainder_exceeds_minus_a_twentieth(depth: int) -> None:
    """Weights with shape 0 are left out: the remainder is that of the network without them."""
    (claim,) = [c for c in GRAPHS[depth].claims if c.kind == "neighbour" and c.varies]
    for p in (committed_witness(depth, claim), fresh_witness(claim)):
        free = [p[f"alpha{k}"] for k in range(1, depth)]
        alphas = [*free, 1 - sum(free)]
        assert min(alphas) >= 0
        assert sum(alphas) == 1
        assert Fraction(6, 5) <= p["a"] <= 2
        assert abs(p["t"]) <= Fraction(3, 25)
        nonzero = [mpmath.mpf(x.numerator) / x.denominator for x in alphas if x]
        a = mpmath.mpf(p["a"].numerator) / p["a"].denominator
        # at t = 0, where e = 0, the remainder is a limit
        t = mpmath.mpf(p["t"].numerator) / p["t"].denominator if p["t"] else mpmath.mpf(10) ** -12
        assert measured_remainder(state_of_shape(nonzero, a, t)) > -mpmath.mpf(1) / 20


def test_theorem_c_fails_with_the_factor_one_and_with_twenty_times_the_radius() -> None:
    """Equal weights at depth 2: phi = 2. An exact step from a state in S_eta breaks the bound on the loss."""
    found = neighbours_next_to("theorem-C")
    assert len(found) == 2
    for claim, radius, factor in zip(found, (Fraction(1, 10), Fraction(2)), (1, 2), strict=True):
        for p in (committed_witness(2, claim), fresh_witness(claim)):
            w, delta = p["w"], p["delta"]
            eta = (2 - delta) / 2
            assert 0 < delta <= Fraction(2, 5)
            assert w > 0
            before = (w * w - 1) ** 2 / 2
            assert before <= radius**2 * delta**2 / 2
            after = (product_of(gradient_step([w, w], eta)) - 1) ** 2 / 2
            assert after > factor * (1 - delta) ** 2 * before
            # in S_eta with B = 19/10: eta phi <= 2 sqrt 2, and a step from the product q leads to a product in (0, B)
            assert (2 * eta) ** 2 <= 8
            assert w * w < Fraction(19, 10)
            for k in range(1, 200):
                q = Fraction(19, 10) * Fraction(k, 200)
                assert 0 < q * (1 + eta * (1 - q)) ** 2 < Fraction(19, 10)
                assert 1 + eta * (1 - q) > 0


# Numbers in the written steps


def test_the_regression_example_of_the_remark_in_a5() -> None:
    """Squares (s, s + 1, s + 3) and (s', s' + 2, s' + 2) of product 1: smaller differences, larger sharpness."""
    one, two = (gfs_sharpness([mpmath.sqrt(9 + d) for d in shape]) for shape in ((0, 1, 3), (0, 2, 2)))
    assert mpmath.nstr(one, 4) == "5.159"
    assert mpmath.nstr(two, 3) == "5.77"
    assert "5.159 to 5.77" in GRAPHS[2].by_identifier["A5"].argument


@pytest.mark.parametrize("depth", DEPTHS)
def test_one_step_near_the_minimum(depth: int) -> None:
    """C3 at real steps: phi+ >= phi (1 - 5.1 e^2), and r^2 / (z_i z*_i) is what C3.2 bounds."""
    statement = statement_of(GRAPHS[2].by_identifier["C3.2"])
    for s in near_states(depth):
        e = s.pi - 1
        assert abs(e) < mpmath.mpf("0.0566") + mpmath.mpf("0.01")
        assert gfs_sharpness(s.after) >= s.phi * (1 - mpmath.mpf("5.1") * e**2) - TOLERANCE
        for alpha, z, star in zip(s.alphas, s.squares, s.star, strict=True):
            point = {"a": s.a, "pi": s.pi, "alpha": alpha, "t": s.t}
            left = values_at(statement, point)[statement.conclusion.left]
            assert abs(left * e**2 - s.r**2 / (z * star)) < TOLERANCE


SEARCH = """
import sys
from verify.theorems.scalar import scalar_graph
from verify.provers.falsifier import falsify
claim = scalar_graph(int(sys.argv[1])).by_identifier["C1.1"]
assert falsify(claim.statement, seconds=0.5, rounds=1) is None
"""


def test_the_falsifier_keeps_its_time_on_a_long_statement() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", SEARCH, "4"], env=environment, timeout=8, check=True)
