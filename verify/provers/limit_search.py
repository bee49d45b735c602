"""The search for certified limits: a number of steps and a precision with which `verify.limits` is content.

Integers alone. A run at one precision stops when the enclosures have become too wide for the question; the precision is
then doubled. What is found is a certificate; nothing of it is trusted before the checker has accepted it.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any, Literal, TypeAlias

from verify.kernel.errors import Rejected
from verify.limits import checker, curves
from verify.limits.certificate import FORMAT, MAX_WORK, VERSION, Bounds, Problem, work
from verify.limits.orbit import State, starting_state, step
from verify.limits.tail import Tail

FIRST_BITS, UNSTABLE_BITS, MOST_BITS = 128, 512, 4096
NEEDED_BITS = 40
HALVINGS = 12
EXACT_STEPS = 6
LOOK_EVERY = 64
NEAR = Fraction(1, 4)
GRID = 256

Stop: TypeAlias = Literal["converges", "diverges", "steps", "time", "precision"]
Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True)
class Aim:
    """What is asked for: the width of the bounds on lim eta phi, the steps at most, the time (of `time.monotonic`)."""

    width: Fraction = Fraction(1, 10**6)
    steps: int = 100_000
    deadline: float = float("inf")


@dataclass
class Run:
    """The orbit at one precision: states, the step from which on Theorem A applies to each step, how it ended."""

    states: list[State]
    kept_from: int = 0
    stop: Stop = "steps"
    reason: str = ""
    found: Tail | None = None


@dataclass(frozen=True)
class Found:
    """A certificate, and the run from which it was read (without states where exact arithmetic was enough)."""

    certificate: dict[str, Any]
    states: list[State] = field(default_factory=list)


def search_limit(problem: Problem, aim: Aim, progress: Progress | None = None) -> Found:
    """Return a certificate for gradient descent on a problem; its verdict is "undecided" where nothing was found."""
    zero = _exact_zero(problem)
    if zero is not None:
        return Found(_certificate(problem, "reaches zero", FIRST_BITS, zero))
    bits, unstable = FIRST_BITS, problem.eta * len(problem.weights) > 2
    top = UNSTABLE_BITS if unstable else MOST_BITS
    while True:
        run = _run(problem, bits, aim, progress)
        most = work(len(problem.weights), 2 * bits, max(len(run.states), 1))
        if run.stop != "precision" or 2 * bits > top or most > MAX_WORK:
            break
        bits *= 2
    if unstable:  # the sharpness at a minimum is sum 1/z_i >= D, since prod z_i = 1
        run.reason += "; eta D > 2: no minimum is stable"
    try:
        return Found(_read_off(problem, bits, run), run.states)
    except Rejected as error:
        return Found(_certificate(problem, "undecided", bits, 0, reason=f"step 0: {error} at {bits} bits"))


def _run(problem: Problem, bits: int, aim: Aim, progress: Progress | None) -> Run:
    """Run gradient descent at one precision, to a proof or to a limit."""
    state, eta = starting_state(problem.weights, bits), problem.eta
    run, look, one = Run([state]), 0, 1 << bits
    near = int(NEAR * one)
    for number in range(aim.steps + 1):
        if state.radius.bit_length() > bits - NEEDED_BITS:
            return _stopped(run, "precision", f"step {number}: the enclosure is too wide at {bits} bits")
        try:
            low, high = state.error()
            if -near < low and high < near and number >= look:
                look = number + 1 + number // 50
                run.found = checker.tail_from(state, eta, number == 0 and prod(problem.weights) == 1)
                if run.found is not None and run.found.limit[1] - run.found.limit[0] <= aim.width:
                    run.stop = "converges"
                    return run
                if low <= 0 <= high and state.radius:
                    return _stopped(run, "precision", f"step {number}: pi - 1 is not told from 0 at {bits} bits")
            if max(high, -low) > one and checker.diverges(state, eta):
                run.stop = "diverges"
                return run
            if number == aim.steps:
                break
            state, kept = step(state, eta)
        except Rejected as error:
            return _stopped(run, "precision", f"step {number}: {error} at {bits} bits")
        run.kept_from = run.kept_from if kept else number + 1
        run.states.append(state)
        if number * bits % (LOOK_EVERY * FIRST_BITS) < bits:
            if progress is not None:
                progress(number, aim.steps)
            if time.monotonic() > aim.deadline:
                return _stopped(run, "time", f"the time was up after {number + 1} steps")
    return _stopped(run, "steps", _where(run.states[-1], eta, aim.steps))


def _stopped(run: Run, stop: Stop, reason: str) -> Run:
    run.stop, run.reason = stop, reason
    return run


def _where(state: State, eta: Fraction, steps: int) -> str:
    """Say where an orbit is when its steps are used up."""
    bounds, error = checker.sharpness(state, eta), checker.error_bound(state)
    value = "unknown" if bounds is None else f"{approximate(bounds[0]):.6f}"
    return f"after {steps} steps eta phi is {value} and |pi - 1| at most {approximate(error):.3g}"


def _exact_zero(problem: Problem) -> int | None:
    """Return the step after which a weight is exactly 0, if it is among the first ones."""
    for steps in range(1, EXACT_STEPS + 1):
        try:
            orbit = checker.exact_orbit(problem, steps)
        except Rejected:
            return None
        if 0 in orbit[-1]:
            return len(orbit) - 1
    return None


def _certificate(problem: Problem, verdict: str, bits: int, number: int, **claims: Any) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "digest": problem.digest(),
        "problem": problem.as_json(),
        "verdict": verdict,
        "bits": bits,
        "step": number,
        **{name: claim for name, claim in claims.items() if claim is not None},
    }


def _read_off(problem: Problem, bits: int, run: Run) -> dict[str, Any]:
    """Return the certificate for what a run has shown."""
    start, eta, last = run.states[0], problem.eta, len(run.states) - 1
    inside = checker.is_inside(start, eta, HALVINGS)
    witness = None if inside else _witness(start, eta)
    outside = {} if witness is None else {"outside": str(witness), "depth": 0}
    if run.stop == "converges":
        assert run.found is not None
        claims = _claims(problem, run, inside)
        limit, point = run.found.limit, checker.limit_point(run.states[-1], run.found)
        places = max(12, len(str((1 / max(limit[1] - limit[0], Fraction(1, 10**200))).__ceil__())) + 1)
        rounded = {"limit": _outward(limit, places), "point": [_outward(x, places) for x in point]}
        return _certificate(problem, "converges", bits, last, **rounded, **outside | claims)
    if run.stop == "diverges":
        return _certificate(problem, "diverges", bits, last, **outside)
    if outside:
        return _certificate(problem, "outside", bits, 0, **outside)
    return _certificate(problem, "undecided", bits, 0, reason=run.reason)


def _claims(problem: Problem, run: Run, inside: bool) -> dict[str, Any]:
    """Return what is claimed of single steps of an orbit that converges."""
    eta, states, last = problem.eta, run.states, len(run.states) - 1
    monotone = next(
        (k for k in _onward(run.kept_from, last) if checker.within_range(states[k], eta)),
        None,
    )
    claims: dict[str, Any] = {"monotone_from": monotone}
    entry = 0 if inside else None
    if entry is None and monotone is not None:
        candidates = (k for k in _onward(max(monotone, 1), last) if checker.is_inside(states[k], eta, HALVINGS))
        entry = next(candidates, None)
    if entry is not None:
        claims |= {"inside_from": entry, "depth": HALVINGS, "premise": _premise(states, eta, entry)}
    if monotone is not None:
        claims["edge"] = _edge(states, eta, monotone)
    return claims


def _onward(first: int, last: int) -> Iterator[int]:
    """Yield step numbers from `first` to `last`, at growing distances."""
    number, distance = first, 1
    while number < last:
        yield number
        number, distance = number + distance, distance * 2
    yield last


def _edge(states: list[State], eta: Fraction, monotone: int) -> int | None:
    """Return the first step from `monotone` on with eta phi <= 2, if it was above 2 before it."""

    def below(number: int) -> bool:
        bounds = checker.sharpness(states[number], eta)
        return bounds is not None and bounds[1] <= 2

    low, high = (-1, len(states) - 1) if monotone == 0 else (monotone, len(states) - 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if below(middle) else (middle, high)
    if not below(high) or 0 < high <= monotone:
        return None
    before = checker.sharpness(states[high - 1], eta) if high else None
    return high if high == 0 or (before is not None and before[0] > 2) else None


def _premise(states: list[State], eta: Fraction, entry: int) -> int | None:
    """Return the first step from `entry` on at which the premise of Theorem C is shown."""
    end = checker.sharpness(states[-1], eta)
    if end is None:
        return None
    for number in range(entry, len(states)):
        if 10 * checker.error_bound(states[number]) > min(2 - end[0], checker.EDGE_DELTA):
            continue
        if checker.premise_holds(states[number], eta):
            return number
        bounds = checker.sharpness(states[number], eta)
        if bounds is not None and 2 - bounds[1] > checker.EDGE_DELTA:
            return None
    return None


def _witness(start: State, eta: Fraction) -> int | None:
    """Return a point of the start's curve that shows it to lie outside S_eta; 0 when none is needed."""
    if checker.is_outside(start, eta, 0):
        return 0
    top = curves.curves_through(start.squares(), start.bits).root[0]
    points = [top * k // GRID for k in range(1, GRID)] + [top >> k for k in range(1, start.bits)]
    return next((u for u in points if u and checker.is_outside(start, eta, u)), None)


def _outward(bounds: Bounds, places: int) -> list[str]:
    """Round bounds outward to decimal places, as exact rationals."""
    unit = 10**places
    low, high = (bounds[0] * unit).__floor__(), (bounds[1] * unit).__ceil__()
    return [str(Fraction(low, unit)), str(Fraction(high, unit))]


def approximate(value: Fraction) -> float:
    """Return the nearest double; inf beyond its range."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
