"""Search for a certificate that the GFS sharpness phi does not increase along gradient descent on the regression model.

Nothing here is trusted: the certificate counts once `verify.trajectory.checker` has re-checked it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from verify.kernel.certificates import MAX_BYTES, MAX_ITEMS
from verify.kernel.errors import Malformed, Rejected
from verify.provers.trajectory_search import Found, evaluate, find
from verify.trajectory.balls import Ball
from verify.trajectory.certificate import (
    FORMAT,
    MAX_BITS,
    MAX_STATE_BITS,
    MAX_STEPS,
    MIN_BITS,
    VERSION,
    Stop,
    TrajectoryCertificate,
    Verdict,
    build_trajectory,
)
from verify.trajectory.model import Hint, State, moves, next_state, residual, squared_length, starting_state
from verify.trajectory.problem import Data, Problem, integer_data

FIRST_BITS = 512
LEAST_BITS = 96
MARGIN = 16

Progress: TypeAlias = Callable[[int, int], None]
Starts: TypeAlias = list[Fraction]


class Interrupted(KeyboardInterrupt):
    """The search was interrupted; `certificate` holds what was found until then."""

    def __init__(self, certificate: dict[str, Any]) -> None:
        super().__init__("the search was interrupted")
        self.certificate = certificate


def certify(
    problem: Problem,
    steps: int,
    *,
    progress: Progress | None = None,
    known: Mapping[str, Any] | None = None,
    max_bits: int = 4096,
) -> dict[str, Any]:
    """Return a certificate for `steps` steps of gradient descent, or for as many as can be followed.

    Parameters
    ----------
    problem
        Data, start and step size.
    steps
        Number of steps, at most MAX_STEPS.
    progress
        Called with (t, steps) when state t is done.
    known
        A certificate of an earlier, shorter or interrupted search for the same problem, whose hints are used again.
    max_bits
        Most bits for the bounds of phi at one state, MIN_BITS to MAX_BITS. The search ends where it needs more.

    Raises
    ------
    ValueError
        For a number of steps or bits out of range, or a `known` that is malformed or belongs to another problem.
    Interrupted
        On KeyboardInterrupt, with the certificate of what was found.
    """
    if not 0 <= steps <= MAX_STEPS or not MIN_BITS <= max_bits <= MAX_BITS:
        raise ValueError(f"steps must be from 0 to {MAX_STEPS} and max_bits from {MIN_BITS} to {MAX_BITS}")
    before = None if known is None else build_trajectory(known)
    if before is not None and before.problem != problem:
        raise Malformed("the known certificate belongs to another problem")
    search = Search(problem, steps, max_bits, before)
    try:
        search.run(progress)
    except KeyboardInterrupt:
        search.stopped = "interrupted"
        raise Interrupted(search.certificate()) from None
    return search.certificate()


class Search:
    """The search for one certificate: what was found so far, by state, and the verdicts on the steps between them."""

    def __init__(self, problem: Problem, steps: int, max_bits: int, known: TrajectoryCertificate | None) -> None:
        self.problem, self.data = problem, integer_data(problem)
        self.steps, self.max_bits = steps, max_bits
        self.hints: Sequence[Hint | None] = () if known is None else known.states
        self.state_bits = MIN_BITS if known is None else known.state_bits
        self.found: list[Found | None] = []
        self.verdicts: list[Verdict] = []
        self.stopped: Stop | None = None
        self.size = len(str(problem.as_json()))
        self.items = len(problem.features) * (len(problem.plus) + 2) + 2 * len(problem.plus)

    def certificate(self) -> dict[str, Any]:
        """Return the certificate of what was found so far."""
        count = max(0, min(len(self.verdicts), len(self.found) - 1))
        states = tuple(None if found is None else found.hint for found in self.found[: count + 1]) or (None,)
        verdicts = tuple(self.verdicts[:count])
        return trajectory_json(
            TrajectoryCertificate(self.problem, self.steps, self.state_bits, verdicts, states, self.stopped)
        )

    def run(self, progress: Progress | None) -> None:
        """Follow the trajectory until its end, or until `stopped` says why not."""
        self.state_bits = max(self.state_bits, planned_bits(self.problem, self.steps, self.max_bits))
        start, shifts = [Fraction(0)] * len(self.data.rows), list[Ball]()
        previous, state = None, None
        for step in range(self.steps + 1):
            try:
                state = starting_state(self.problem, self.state_bits) if state is None else next_state(state, shifts)
            except Rejected:
                self.stopped = "diverged"
                break
            errors = residual(self.data, state.plus, state.minus, state.bits)
            shifts = moves(self.data, errors)
            if not self.add(step, state, previous, wanted_bits(errors, state.bits), start):
                break
            if progress is not None:
                progress(step, self.steps)
            start, previous = self.next_start(start, errors, state.bits), state

    def next_start(self, start: Starts, errors: Sequence[Ball], bits: int) -> Starts:
        """Return nu near the GFS of the next state: to first order a step moves along the flow by (4 eta / N) r."""
        found, rate = self.found[-1], 2 * self.data.rate
        if found is not None:
            start = [Fraction(n, 1 << found.hint.bits) for n in found.hint.centre]
        return [n + rate * Fraction(m, 1 << bits) for n, (m, _) in zip(start, errors, strict=True)]

    def add(self, step: int, state: State, previous: State | None, wanted: int, start: Starts) -> bool:
        """Add a state and the verdict on the step to it; return False, with `stopped` set, when this is the end."""
        room = min(self.max_bits, room_of(state))
        if wanted > room:
            self.stopped = "precision"
            return False
        found = self.reused(step, state) or find(self.data, state, wanted, start)
        if previous is not None:
            before, verdict = self.found[-1], compared(self.found[-1], found)
            bits, most = wanted, min(room, room_of(previous), 3 * wanted // 2 + 32)
            while before and found and verdict == "unknown" and bits < most:
                bits = min(most, bits + bits // 4)
                found = self.refined(state, found, bits)
                before = self.refined(previous, before, bits)
                verdict = compared(before, found)
            self.found[-1] = before
            self.verdicts.append(verdict)
        self.found.append(found)
        self.items += 2 * len(self.data.rows) + 10
        if found is not None:
            self.size += len(json.dumps(hint_json(found.hint), indent=1)) + 4 * len(self.data.rows) + 40
        if self.size > MAX_BYTES * 7 // 8 or self.items > MAX_ITEMS * 7 // 8:
            self.stopped = "size" if len(self.verdicts) < self.steps else None
            return False
        return True

    def reused(self, step: int, state: State) -> Found | None:
        """Return what the hint of the known certificate gives at a state, if anything."""
        hint = self.hints[step] if step < len(self.hints) else None
        try:
            return None if hint is None else evaluate(self.data, state, hint)
        except Rejected:
            return None

    def refined(self, state: State, found: Found, bits: int) -> Found:
        """Return bounds at a state with more bits, if they are found and lie within those at hand."""
        if bits <= found.hint.bits:
            return found
        start = [Fraction(n, 1 << found.hint.bits) for n in found.hint.centre]
        better = find(self.data, state, bits, start)
        return better if better and found.lower <= better.lower and better.upper <= found.upper else found


def trajectory_json(certificate: TrajectoryCertificate) -> dict[str, Any]:
    """Return the JSON object of a certificate."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "digest": certificate.problem.digest(),
        "problem": certificate.problem.as_json(),
        "asked": certificate.asked,
        "state_bits": certificate.state_bits,
        "steps": list(certificate.steps),
        "states": [{} if hint is None else hint_json(hint) for hint in certificate.states],
        **({} if certificate.stopped is None else {"stopped": certificate.stopped}),
    }


def hint_json(hint: Hint) -> dict[str, Any]:
    """Return the JSON object of the hints for one state."""
    return {
        "bits": hint.bits,
        "centre": [f"{n:x}" for n in hint.centre],
        "floor": f"{hint.floor:x}",
        "vector": [f"{n:x}" for n in hint.vector],
        "slack": f"{hint.slack:x}",
    }


def compared(before: Found | None, after: Found | None) -> Verdict:
    """Return what bounds before and after a step show, with a distance that survives another rounding."""
    if before is None or after is None:
        return "unknown"
    distance = Fraction(1, 1 << min(before.hint.bits, after.hint.bits) - 5)
    if after.upper + distance <= before.lower:
        return "proved"
    return "refuted" if after.lower > before.upper + distance else "unknown"


def wanted_bits(errors: Sequence[Ball], bits: int) -> int:
    """Return the bits for phi at a state: a step changes it by an amount of the order of |r|**2."""
    length = squared_length(errors)[1]
    return LEAST_BITS + (2 * max(0, bits - length.bit_length() // 2) if length else 0)


def room_of(state: State) -> int:
    """Return to how many bits the squares of the weights are known."""
    return state.bits - max(r for _, r in (*state.plus, *state.minus)).bit_length() - MARGIN


def planned_bits(problem: Problem, steps: int, max_bits: int) -> int:
    """Return the bits that the states need, found by following the trajectory without phi."""
    data, bits = integer_data(problem), FIRST_BITS
    while bits < MAX_STATE_BITS:
        reached = follow(problem, data, steps, bits, max_bits)
        if reached is None:
            return bits
        bits = min(MAX_STATE_BITS, max(bits * 5 // 4, min(4 * bits, bits * steps // max(1, reached) * 9 // 8)))
    return MAX_STATE_BITS


def follow(problem: Problem, data: Data, steps: int, bits: int, max_bits: int) -> int | None:
    """Return the first step at which `bits` bits do not suffice; None when they do, as far as the search goes."""
    try:
        state = starting_state(problem, bits)
        for step in range(steps + 1):
            errors = residual(data, state.plus, state.minus, bits)
            wanted = wanted_bits(errors, bits)
            if min(3 * wanted // 2 + 32, max_bits) > room_of(state):
                return step
            if wanted > max_bits:
                return None
            state = next_state(state, moves(data, errors))
    except Rejected:
        pass
    return None
