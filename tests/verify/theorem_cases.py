"""An independent gradient descent step in mpmath, and statements evaluated at its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import mpmath

from verify.claims import Claim, Outcome
from verify.engine import Limits, settle
from verify.kernel.errors import KernelError
from verify.kernel.rules import check_counterexample
from verify.kernel.statements import Relation, Statement, relate
from verify.kernel.terms import TermTable
from verify.provers.falsifier import satisfiable

DIGITS = 60


def gradient_step(weights: Sequence[Any], eta: Any) -> list[Any]:
    """Return the weights after one step on L(w) = (w_1 ... w_D - 1)^2 / 2, from its gradient."""

    def others(i: int) -> Any:
        result = weights[0] * 0 + 1
        for k, w in enumerate(weights):
            result = result * w if k != i else result
        return result

    product = weights[0] * others(0)
    return [w - eta * (product - 1) * others(i) for i, w in enumerate(weights)]


def product_of(values: Sequence[Any]) -> Any:
    result = values[0] * 0 + 1
    for value in values:
        result = result * value
    return result


def gfs_squares(squares: Sequence[Any]) -> list[Any]:
    """Return z + s with product 1 and all entries positive, by bisection."""
    low, high = -min(squares), max(mpmath.mpf(1), -min(squares) + 2)
    for _ in range(8 * DIGITS):
        middle = (low + high) / 2
        if product_of([z + middle for z in squares]) < 1:
            low = middle
        else:
            high = middle
    return [z + (low + high) / 2 for z in squares]


def gfs_sharpness(weights: Sequence[Any]) -> Any:
    return sum(1 / z for z in gfs_squares([w * w for w in weights]))


@dataclass(frozen=True)
class State:
    """A state of gradient descent and one step from it, with its shape coordinates; weights in order of size."""

    weights: list[Any]
    eta: Any
    star: list[Any]
    phi: Any
    alphas: list[Any]
    a: Any
    t: Any
    pi: Any
    after: list[Any]

    @property
    def squares(self) -> list[Any]:
        return [w * w for w in self.weights]

    @property
    def r(self) -> Any:
        return self.eta * self.pi * (self.pi - 1)

    @property
    def rhos(self) -> list[Any]:
        return [self.r / z for z in self.squares]


def state(weights: Sequence[Any], eta: Any) -> State:
    """Return the state, from the definitions; the weights are sorted, so that the shapes fall."""
    ordered = sorted(mpmath.mpf(w) for w in weights)
    star = gfs_squares([w * w for w in ordered])
    phi = sum(1 / z for z in star)
    return State(
        weights=ordered,
        eta=mpmath.mpf(eta),
        star=star,
        phi=phi,
        alphas=[1 / (phi * z) for z in star],
        a=eta * phi,
        t=phi * (ordered[0] ** 2 - star[0]),
        pi=product_of(ordered),
        after=gradient_step(ordered, eta),
    )


def state_of_shape(alphas: Sequence[Any], a: Any, t: Any) -> State:
    """Return the state with the given shape coordinates."""
    ordered = sorted((mpmath.mpf(x) for x in alphas), reverse=True)
    phi = product_of(ordered) ** (-mpmath.mpf(1) / len(ordered))
    squares = [(1 + t * x) / (phi * x) for x in ordered]
    return state([mpmath.sqrt(z) for z in squares], a / phi)


# Statements at a point


def values_at(statement: Statement, point: Mapping[str, Any]) -> list[Any]:
    """Evaluate every term of a statement in mpmath; nan where it is undefined."""
    values: list[Any] = []
    for node in statement.nodes:
        x = [values[i] for i in node.args]
        match node.op:
            case "const":
                values.append(mpmath.mpf(node.value.numerator) / node.value.denominator)
            case "var":
                values.append(mpmath.mpf(point[node.name]))
            case "+":
                values.append(x[0] + x[1])
            case "-":
                values.append(x[0] - x[1])
            case "*":
                values.append(x[0] * x[1])
            case "/":
                values.append(x[0] / x[1] if x[1] else mpmath.nan)
            case "neg":
                values.append(-x[0])
            case "^":
                values.append(x[0] ** node.exponent)
            case "sqrt":
                values.append(mpmath.sqrt(x[0]) if x[0] >= 0 else mpmath.nan)
    return values


def gap_at(statement: Statement, relation: Relation, point: Mapping[str, Any]) -> Any:
    """Return the gap of a relation: nonnegative, positive or zero where it holds."""
    return values_at(statement, point)[relation.gap]


def holds_at(statement: Statement, relation: Relation, point: Mapping[str, Any], tolerance: Any) -> bool:
    """Whether a relation holds at a point up to a tolerance (its gap is not below minus the tolerance)."""
    gap = gap_at(statement, relation, point)
    return bool(abs(gap) <= tolerance) if relation.equality else bool(gap >= -tolerance)


def failed_premises(statement: Statement, point: Mapping[str, Any], tolerance: Any) -> list[str]:
    """Return the names of the bounds and hypotheses that do not hold at a point."""
    failed = [h.name for h in statement.hypotheses if not holds_at(statement, h, point, tolerance)]
    for v in statement.variables:
        value = mpmath.mpf(point[v.name])
        low = v.lower is not None and value < mpmath.mpf(v.lower.numerator) / v.lower.denominator - tolerance
        high = v.upper is not None and value > mpmath.mpf(v.upper.numerator) / v.upper.denominator + tolerance
        failed += [v.name] if low or high else []
    return failed


def require_proved(claim: Claim, limits: Limits) -> Outcome:
    """Require that a lemma is proved by the kernel, and that some point satisfies its premises; return the outcome."""
    found = settle(claim, limits)
    assert (found.verdict, found.tier, found.note) == ("proved", "kernel", "")
    statement = statement_of(claim)
    point = satisfiable(statement, seconds=5.0)
    assert point is not None
    assert premises_hold(statement, point)
    return found


def statement_of(claim: Claim) -> Statement:
    assert claim.statement is not None
    return claim.statement


def premises_hold(statement: Statement, point: Mapping[str, Fraction]) -> bool:
    """Whether the kernel finds that bounds and hypotheses hold at a rational point and the conclusion is defined.

    It is asked for a counterexample to the statement with the false conclusion 1 <= 0 * (gap of the conclusion).
    """
    table = TermTable()
    for node in statement.nodes:
        table.add(node)
    nothing = table.apply("*", (table.const(0), statement.conclusion.gap))
    absurd = relate(table, "conclusion", "<=", table.const(1), nothing)
    proof = {"rule": "counterexample", "point": {name: str(value) for name, value in point.items()}}
    try:
        check_counterexample(replace(statement, nodes=tuple(table.nodes), conclusion=absurd), proof)
    except KernelError:
        return False
    return True
