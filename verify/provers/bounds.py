"""Bounds for the variables of a statement that have none, from what it assumes, by the kernel's own narrowing.

Each hypothesis and clause in turn, and the negated conclusion, narrow the box of the variables' bounds until all ends
are finite and no step takes off more than a share of a side; pairs of clauses join in when these leave an end infinite.
The steps that are needed for the result are kept, and the result is rounded outward to short numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from verify.kernel.bounding import MAX_STEPS, Narrowing, domain
from verify.kernel.errors import KernelError
from verify.kernel.extended import Box, End, Extended
from verify.kernel.fixed import BITS, ONE
from verify.kernel.statements import Formula, Statement, relations_of
from verify.kernel.terms import extract

SHARE = 10
PASSES = 30
MAX_WORK = 300_000
MAX_PAIRED = 20
LARGEST = 1 << 200
GRID, BITS_OF_SIDE = 10, 10
"""The bounds are multiples of 2**-GRID, and of a power of two that is about 2**-BITS_OF_SIDE of their distance."""

Sides = Mapping[str, tuple[Fraction, Fraction]]


@dataclass(frozen=True)
class Reached:
    """The steps that narrowed the box and what they left of it; None is nothing."""

    steps: list[str]
    box: Box | None

    def unbounded(self) -> list[str]:
        """Return the variables that have an infinite end still, or one that exceeds LARGEST in size."""
        return [
            name
            for name, side in (self.box or {}).items()
            if any(end is None or abs(end) > LARGEST * ONE for end in side)
        ]


def _moved(before: End, after: End) -> bool:
    """Whether an end became finite, or moved by more than a share of its size."""
    if before is None or after is None:
        return before is not after
    return abs(after - before) * SHARE > abs(before)


def _gains(before: Extended, after: Extended) -> bool:
    """Whether a side became much shorter."""
    if None in before:
        return any(_moved(a, b) for a, b in zip(before, after, strict=True))
    (a, b), (c, d) = _finite(before), _finite(after)
    return ((b - a) - (d - c)) * SHARE > b - a


def _finite(side: Extended) -> tuple[int, int]:
    low, high = side
    assert low is not None
    assert high is not None
    return low, high


def _step(narrowing: Narrowing, name: str, box: Box) -> Box | None:
    """Narrow by one name; the same box where the kernel refuses it."""
    try:
        return narrowing.step(name, box)
    except KernelError:
        return box


def _reach(statement: Statement) -> Reached:
    narrowing = Narrowing(statement, MAX_WORK)
    found, names = Reached([], domain(statement)), list(narrowing.assumed)
    paired = False
    for _ in range(PASSES):
        before = len(found.steps)
        found = _pass(narrowing, names, found)
        if found.box is None or narrowing.work > MAX_WORK:
            break
        if len(found.steps) == before:
            if paired or not found.unbounded():
                break
            names, paired = names + _pairs(statement, set(found.unbounded())), True
    return found


def _pass(narrowing: Narrowing, names: Sequence[str], found: Reached) -> Reached:
    """Narrow by each of the names once."""
    steps, box = list(found.steps), found.box
    for name in names:
        left = None if box is None else _step(narrowing, name, box)
        if box is None or left is None:
            return Reached([*steps, name], None)
        if len(steps) < MAX_STEPS - 1 and any(_gains(side, left[variable]) for variable, side in box.items()):
            steps.append(name)
            box = left
    return Reached(steps, box)


def _pairs(statement: Statement, variables: set[str]) -> list[str]:
    """Return the pairs of clauses in which some of the variables stand, but of no more than MAX_PAIRED clauses."""

    def concerns(formula: Formula) -> bool:
        gaps = (extract(statement.nodes, r.gap) for r in relations_of(formula))
        return any(node.op == "var" and node.name in variables for nodes in gaps for node in nodes)

    names = [c.name for c in statement.clauses if concerns(c.formula)]
    return [f"{a} {b}" for a, b in combinations(names[:MAX_PAIRED], 2)]


def _suffices(narrowing: Narrowing, steps: Sequence[str], bounds: Sides) -> bool:
    """Whether the kernel accepts the steps, and they reach the bounds (none: nothing is left after the last one)."""
    left: Box | None = domain(narrowing.statement)
    try:
        for name in steps:
            if left is None:
                return False
            left = narrowing.step(name, left)
    except KernelError:
        return False
    return not bounds if left is None else bool(bounds) and _within(left, bounds)


def _needed(statement: Statement, steps: list[str], bounds: Sides) -> list[str]:
    """Leave out the steps, from the last one on, without which the bounds are reached as well (none: nothing left)."""
    narrowing = Narrowing(statement, MAX_WORK)
    for number in range(len(steps) - 1, -1, -1):
        if narrowing.work > MAX_WORK:
            break
        fewer = [*steps[:number], *steps[number + 1 :]]
        if _suffices(narrowing, fewer, bounds):
            steps = fewer
    return steps


def _within(box: Box, bounds: Sides) -> bool:
    return all(
        low is not None and high is not None and lower * ONE <= low and high <= upper * ONE
        for (low, high), (lower, upper) in ((box[name], side) for name, side in bounds.items())
    )


def _rounded(side: Extended) -> tuple[Fraction, Fraction]:
    low, high = _finite(side)
    shift = max(BITS - GRID, (high - low).bit_length() - BITS_OF_SIDE)
    return Fraction(low >> shift << shift, ONE), Fraction(-(-high >> shift) << shift, ONE)


def unreached(statement: Statement) -> list[str]:
    """Return the variables that stay unbounded."""
    return _reach(statement).unbounded()


def find_bounds(statement: Statement) -> tuple[list[str], dict[str, tuple[Fraction, Fraction]]] | None:
    """Find bounds for all variables without a finite bound on both sides.

    Returns
    -------
    tuple or None
        The steps of the kernel's rule bounded, and the bounds by variable. Without any bounds, the steps leave nothing,
        and the statement is proved. None if some variable stays unbounded, see `unreached`, or if none is.
    """
    found, free = _reach(statement), [v.name for v in statement.variables if v.lower is None or v.upper is None]
    if found.box is None:
        return _needed(statement, found.steps, {}), {}
    if not free or found.unbounded():
        return None
    bounds = {name: _rounded(found.box[name]) for name in free}
    return _needed(statement, found.steps, bounds), bounds


def bounded_statement(statement: Statement, bounds: Sides) -> Statement:
    """Return the statement with the bounds as well: those within which the rule bounded checks its inner proof."""
    variables = []
    for v in statement.variables:
        if v.name in bounds:
            lower, upper = bounds[v.name]
            lower = lower if v.lower is None else max(lower, v.lower)
            v = replace(v, lower=lower, upper=upper if v.upper is None else min(upper, v.upper))
        variables.append(v)
    return replace(statement, variables=tuple(variables))


def bounded_proof(steps: Sequence[str], bounds: Sides, inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the proof object of the rule bounded around that of its inner proof."""
    written = {name: [str(lower), str(upper)] for name, (lower, upper) in bounds.items()}
    return {"rule": "bounded", "steps": list(steps), "bounds": written, "proof": dict(inner)}
