"""The sharper Theorem C: its claims, its false neighbours, and trajectories that try to break it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod
from operator import add, mul, sub, truediv
from typing import Any

import mpmath
import pytest
import sympy as sp

from verify.claims import Claim
from verify.engine import Limits, search, settle
from verify.kernel.statements import Statement
from verify.kernel.terms import extract
from verify.theorems.scalar import scalar_graph
from verify.theorems.sharper import sharper_claims
from verify.theorems.sharper_ranges import FAR, NEAR, Range, first_step_claim, two_steps_claims

GRAPH = scalar_graph(None)
BOTH = (NEAR, FAR)


def found(identifier: str) -> tuple[str, str]:
    outcome = settle(GRAPH.by_identifier[identifier], Limits())
    return outcome.verdict, outcome.tier


@pytest.mark.parametrize("identifier", [c.identifier for c in sharper_claims() if c.statement])
def test_its_lemmas_are_proved_by_the_kernel(identifier: str) -> None:
    assert found(identifier) == ("proved", "kernel")


def test_every_lemma_is_used() -> None:
    """Each is cited by the written argument, which cites no other."""
    argument = GRAPH.by_identifier["C6"]
    assert {name for name in argument.rests_on if f"[{name}](#{name})" not in argument.argument} == set()
    assert {c.identifier for c in sharper_claims() if c.statement} <= set(argument.rests_on)


def radius(delta: sp.Rational) -> sp.Rational:
    """Return the largest loss of the premise."""
    return delta**2 / 15 if delta <= sp.Rational(2, 5) else (1 - delta) ** 2 / 36


@pytest.mark.parametrize("range_", BOTH, ids=["near", "far"])
def test_the_scale_and_the_radius_are_those_of_the_theorem(range_: Range) -> None:
    """squared m^2 = e^2 = 2 L, and no bound of u is below the root of `squared`."""
    for k in range(1, 5):
        delta = range_.lower + (range_.upper - range_.lower) * sp.Rational(k, 4)
        assert range_.squared * range_.scale(delta) ** 2 == 2 * radius(delta)
        assert 0 < range_.scale(delta) <= delta
    assert range_.squared <= range_.u**2
    assert 2 * range_.bend * range_.u < sp.Rational(33, 25)  # f rises


def two_steps(range_: Range, point: Mapping[str, sp.Rational]) -> sp.Rational:
    """Return zeta from the two bounds of one step, C6.7 and C6.8, at a point (delta, u, q, lambda)."""
    delta, u, q, share = (point[name] for name in ("delta", "u", "q", "lambda"))
    e = u * range_.scale(delta)
    width = 2 - delta**2 / 2
    x = (1 - delta) * e + share * (width * (1 - q) + sp.Rational(1, 8)) * e**2
    after = q / (1 - ((2 - delta) * (1 + e) * e) ** 2) ** 4
    return ((1 - delta) * x - (width * (1 - after) - sp.Rational(1, 8)) * x**2) / e


@pytest.mark.parametrize("range_", BOTH, ids=["near", "far"])
def test_the_claims_on_two_steps_say_what_their_words_say(range_: Range) -> None:
    """zeta <= 1 and zeta f(u zeta) <= (1 - delta)^2 f(u) exactly where the two statements hold."""
    nearer, falls = two_steps_claims(range_)
    for shares in product((0, 1, 2, 5), repeat=4):
        values = [sp.Rational(1 + 2 * k, 11) for k in shares]
        delta = range_.lower + (range_.upper - range_.lower) * values[0]
        point = {"delta": delta, "u": range_.u * values[1], "q": values[2], "lambda": values[3]}
        zeta, u = two_steps(range_, point), point["u"]
        by = delta if range_ is NEAR else sp.Integer(1)
        left, right = sides(nearer, point)
        assert by * (left - right) == 1 - zeta
        left, right = sides(falls, point)
        wanted = range_.growth(u) - zeta / (1 - delta) ** 2 * range_.growth(u * zeta)
        assert u * by * (right - left) == wanted


def value(statement: Statement, root: int, point: Mapping[str, Fraction]) -> Fraction:
    """Return the exact value of a node at a point."""
    done: list[Fraction] = []
    for node in extract(statement.nodes, root):
        x = [done[k] for k in node.args]
        if node.op in ("const", "var"):
            done.append(node.value if node.op == "const" else point[node.name])
        elif node.op == "^":
            done.append(x[0] ** node.exponent)
        elif len(x) == 1:
            done.append(-x[0])
        else:
            done.append({"+": add, "-": sub, "*": mul, "/": truediv}[node.op](x[0], x[1]))
    return done[-1]


def sides(claim: Claim, point: Mapping[str, sp.Rational]) -> tuple[sp.Rational, sp.Rational]:
    """Return both sides of a claim's conclusion at a point."""
    statement = claim.statement
    assert statement is not None
    assert set(point) == {v.name for v in statement.variables}
    place = {name: Fraction(int(x.p), int(x.q)) for name, x in point.items()}
    found = (value(statement, root, place) for root in (statement.conclusion.left, statement.conclusion.right))
    left, right = (sp.Rational(x.numerator, x.denominator) for x in found)
    return left, right


@pytest.mark.parametrize("identifier", ["N6.false", "N11.false"])
def test_the_loss_cannot_be_much_larger(identifier: str) -> None:
    """128 equal weights: an exact step multiplies the loss by more than 2 (1 - delta)^2; they are in S_eta."""
    outcome = settle(GRAPH.by_identifier[identifier], Limits())
    assert (outcome.verdict, outcome.tier) == ("refuted", "kernel")
    w, delta = (sp.Rational(outcome.witness[name]) for name in ("w", "delta"))
    eta = (2 - delta) / 128
    before, after = w**128 - 1, (w - eta * (w**128 - 1) * w**127) ** 128 - 1
    assert radius(delta) < before**2 / 2 <= (delta**2 / 14 if identifier == "N6.false" else (1 - delta) ** 2 / 33)
    assert after**2 > 2 * (1 - delta) ** 2 * before**2
    assert w < sp.Rational(10012, 10000)
    assert 1 <= 2 - delta <= sp.Rational(8, 5)


@pytest.mark.parametrize("identifier", ["N6.1", "N6.2"])
def test_their_witnesses_are_in_the_set_of_the_theorem(identifier: str) -> None:
    assert found(identifier) == ("proved", "kernel")


@pytest.mark.parametrize("range_", BOTH, ids=["near", "far"])
def test_a_larger_first_step_is_not_proved(range_: Range) -> None:
    """With a smaller f, below what a step of many equal weights needs, the claim on the first step is unknown."""
    past = replace(range_, bend=range_.bend + sp.Rational(1, 2))
    assert "note" not in search(first_step_claim(range_), Limits(boxes=20_000))[1]
    assert "undecided" in search(first_step_claim(past), Limits(boxes=20_000))[1]["note"]


def root_of(function: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Return the zero of a rising function between two numbers."""
    for _ in range(110):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return (low + high) / 2


def shift_to(squares: Sequence[Any], target: Any) -> Any:
    """Return s for which the product of all z_i + s is the target."""
    least = min(squares)
    top = max(mpmath.mpf(1), target) - least + 1
    return root_of(lambda s: mpmath.fsum(mpmath.log(z + s) for z in squares) - mpmath.log(target), -least, top)


def shapes_of(depth: int) -> list[list[Any]]:
    """Return a balanced shape, one with a large and many small parts, and two equal parts and small ones."""
    balanced = [mpmath.mpf(1)] * depth
    single = [mpmath.mpf(1)] + [mpmath.mpf(1) / 100] * (depth - 1)
    pair = [mpmath.mpf(1)] * 2 + [mpmath.mpf(1) / 30] * (depth - 2)
    return [[x / mpmath.fsum(raw) for x in raw] for raw in (balanced, single, pair)]


def trajectory(alphas: Sequence[Any], delta: Any, e: Any, steps: int) -> list[tuple[Any, Any]]:
    """Return e_k and eta phi_k along gradient descent from a state of this shape, a = 2 - delta and pi = 1 + e."""
    depth = len(alphas)
    phi = 1 / mpmath.exp(mpmath.fsum(mpmath.log(x) for x in alphas) / depth)
    eta = (2 - delta) / phi
    minimum = [1 / (phi * x) for x in alphas]
    s = shift_to(minimum, (1 + e) ** 2)
    w = [mpmath.sqrt(z + s) for z in minimum]
    states = []
    for _ in range(steps):
        pi = prod(w)
        squares = [x * x for x in w]
        s = shift_to(squares, mpmath.mpf(1))
        states.append((pi - 1, eta * mpmath.fsum(1 / (z + s) for z in squares)))
        w = [x - eta * pi * (pi - 1) / x for x in w]
    return states


@pytest.mark.parametrize("depth", [2, 3, 8, 40])
@pytest.mark.parametrize("delta", ["1/20", "1/5", "2/5", "1/2", "3/5"])
def test_no_trajectory_breaks_the_theorem(depth: int, delta: str) -> None:
    """At the largest loss of the premise, from above and below: both bounds, and that Y falls over two steps."""
    exact = sp.Rational(delta)
    range_ = NEAR if exact <= NEAR.upper else FAR
    with mpmath.workdps(30):
        d, scale = (mpmath.mpf(x.p) / x.q for x in (exact, range_.scale(exact)))
        start = mpmath.sqrt(2 * mpmath.mpf(radius(exact).p) / radius(exact).q)
        bend = mpmath.mpf(range_.bend.p) / range_.bend.q
        for alphas, sign in product(shapes_of(depth), (1, -1)):
            states = trajectory(alphas, d, sign * start, 12)
            energy = [e + mpmath.mpf(33) / 25 * e**2 / scale - bend * e**3 / scale**2 for e, _ in states]
            for k, (e, a) in enumerate(states):
                assert abs(e) <= mpmath.sqrt(2) * (1 - d) ** k * start
                assert 2 - d - 8 * start**2 / d <= a <= 2 - d + mpmath.mpf(10) ** -20
                assert sign * (-1) ** k * e > 0
                if e > 0 and k + 1 < len(states):
                    assert abs(states[k + 1][0]) <= (1 - d) * energy[k]
                if e > 0 and k + 2 < len(states):
                    assert energy[k + 2] <= (1 - d) ** 2 * energy[k]


def test_the_same_experiment_finds_the_violation_at_a_larger_loss() -> None:
    with mpmath.workdps(30):
        d = mpmath.mpf(2) / 5
        start = mpmath.sqrt(d**2 / mpmath.mpf("6.9"))
        (_, _), (e, _) = trajectory(shapes_of(128)[0], d, start, 2)
        assert abs(e) > mpmath.sqrt(2) * (1 - d) * start
