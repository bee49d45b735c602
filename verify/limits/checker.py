"""The checker of limits: one certificate in, a verdict on gradient descent from an exact start out.

What the verdicts and claims say, for the exact orbit w_0, w_1, ... and a_k = eta phi(w_k):

* converges: w_k tends to a global minimum w; lim a_k = eta times the sharpness at w, and w, lie in the bounds.
* inside_from s: w_s lies in S_eta; so do all later w_k, and phi never increases from there (Theorem B).
* monotone_from m: phi(w_{k+1}) <= phi(w_k) for all k >= m (Theorem A: a_m <= 2 sqrt 2, and each step keeps signs).
* edge k: a_j <= 2 for all j >= k; and k = 0, or a_{k-1} > 2.
* premise k: that of Theorem C holds at step k: delta = 2 - a_k in (0, 2/5], (pi_k - 1)**2 <= delta**2 / 100.
* outside: w_0 does not lie in S_eta.
* reaches zero: after exactly `step` steps some weight is 0; the curves are not defined there.
* diverges: |pi| >= 2 and rho_i = eta pi (pi - 1)/z_i >= 3 for all i, at step `step`; so the loss tends to infinity.

Why the last condition persists is the written claim F2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

from verify.kernel.certificates import read_file, read_json
from verify.kernel.errors import Incomplete, Rejected
from verify.limits import curves
from verify.limits.certificate import Bounds, LimitCertificate, Problem, build_limit
from verify.limits.orbit import State, starting_state, step
from verify.limits.tail import Tail, tail

EDGE_DELTA = Fraction(2, 5)
MAX_EXACT_BITS = 100_000
SHOWN_BITS = 512
TOLD_EVERY = 256


@dataclass(frozen=True, slots=True)
class LimitVerdict:
    """What the checker has shown; `certificate` holds the claims, `limit`, `point`, `rate` what was computed.

    `rate`: the factor by which |pi - 1| falls in each step from `certificate.step` on, at least.
    """

    certificate: LimitCertificate
    digest: str
    limit: Bounds | None = None
    point: tuple[Bounds, ...] = ()
    rate: Fraction | None = None
    first: Bounds | None = None


def check_limit(data: Mapping[str, Any], progress: Callable[[int, int], None] | None = None) -> LimitVerdict:
    """Re-check the JSON object of a certificate. `progress(k, steps)` is called now and then.

    Raises Malformed as `build_limit`; Rejected when a claim is not shown; Incomplete for "undecided".
    """
    claim = build_limit(data)
    digest = claim.problem.digest()
    start = starting_state(claim.problem.weights, claim.bits)
    if claim.outside is not None:
        _require(is_outside(start, claim.problem.eta, claim.outside), "the start is not shown to lie outside S_eta")
    if claim.verdict == "undecided":
        raise Incomplete(f"undecided: {claim.reason}")
    if claim.verdict == "reaches zero":
        orbit = exact_orbit(claim.problem, claim.step)
        _require(len(orbit) == claim.step + 1 and 0 in orbit[-1], "no weight is 0 at the step")
    if claim.verdict in ("outside", "reaches zero"):
        return LimitVerdict(claim, digest, first=sharpness(start, claim.problem.eta))
    states, kept_from = _run(claim, start, progress)
    if claim.verdict == "diverges":
        _require(diverges(states[claim.step], claim.problem.eta), "the condition for divergence is not shown")
        return LimitVerdict(claim, digest, first=sharpness(start, claim.problem.eta))
    _check_steps(claim, states, kept_from)
    found = _check_limit(claim, states[claim.step])
    point = limit_point(states[claim.step], found)
    for said, (low, high) in zip(claim.point, point, strict=True):
        _require(said[0] <= low and high <= said[1], "the bounds on a weight of the limit are not shown")
    return LimitVerdict(claim, digest, found.limit, point, found.rate, sharpness(start, claim.problem.eta))


def check_limit_file(path: Path, progress: Callable[[int, int], None] | None = None) -> LimitVerdict:
    """Read and re-check one file. Raises KernelError as `check_limit`, `read_file` and `read_json` do."""
    return check_limit(read_json(read_file(path)), progress)


def sharpness(state: State, eta: Fraction) -> Bounds | None:
    """Return bounds on eta phi; None for too few bits. Raises Rejected when a weight may be 0."""
    squares = state.squares()
    if min(lo for lo, _ in squares) <= 0:
        return None
    found = curves.gfs_sharpness(squares, state.bits)
    if found is None:
        return None
    drop = max(0, state.bits - SHOWN_BITS)
    unit = 1 << state.bits - drop
    return eta * Fraction(found[0] >> drop, unit), eta * Fraction(curves.raised(found[1], drop), unit)


def limit_point(state: State, found: Tail) -> tuple[Bounds, ...]:
    """Return bounds on each weight of the limit, from a state and what is proved of the orbit from there."""
    unit = 1 << state.bits
    distance = found.distance + Fraction(state.radius, unit)
    return tuple((Fraction(c, unit) - distance, Fraction(c, unit) + distance) for c in state.centre)


def error_bound(state: State) -> Fraction:
    """Return an upper bound on |pi - 1|."""
    low, high = state.error()
    drop = max(0, state.bits - SHOWN_BITS)
    return Fraction(curves.raised(max(abs(low), abs(high)), drop), 1 << state.bits - drop)


def premise_holds(state: State, eta: Fraction) -> bool:
    """Tell whether delta = 2 - eta phi lies in (0, 2/5] and (pi - 1)**2 <= delta**2 / 100: Theorem C's, for S_eta."""
    bounds = sharpness(state, eta)
    if bounds is None or bounds[1] >= 2 or 2 - bounds[0] > EDGE_DELTA:
        return False
    return 10 * error_bound(state) <= 2 - bounds[1]


def tail_from(state: State, eta: Fraction, at_minimum: bool = False) -> Tail | None:
    """Return what is proved of the orbit from a state on; None when the contraction does not apply.

    `at_minimum`: pi = 1 is known to hold exactly.
    """
    bounds, error = sharpness(state, eta), Fraction(0) if at_minimum else error_bound(state)
    return None if bounds is None or error >= 1 else tail(error, bounds, eta)


def diverges(state: State, eta: Fraction) -> bool:
    """Tell whether |pi| >= 2 and all rho_i >= 3 are shown."""
    shift, one = state.bits * (len(state.centre) - 1), 1 << state.bits
    least = prod(abs(c) - state.radius for c in state.centre) >> shift
    if any(abs(c) <= state.radius for c in state.centre) or least < 2 * one:
        return False
    largest = max(hi for _, hi in state.squares())
    return eta.numerator * least * (least - one) >= 3 * eta.denominator * largest << state.bits


def exact_orbit(problem: Problem, steps: int) -> list[tuple[Fraction, ...]]:
    """Return w_0, ..., w_steps in exact arithmetic, or fewer when a weight is 0. Raises Rejected for long numbers."""
    orbit = [problem.weights]
    while len(orbit) <= steps and 0 not in orbit[-1]:
        weights = orbit[-1]
        length = sum(w.denominator.bit_length() + abs(w.numerator).bit_length() for w in weights)
        if 2 * len(weights) * length > MAX_EXACT_BITS:
            raise Rejected("the exact numbers get too long")
        product = prod(weights)
        orbit.append(tuple(w - problem.eta * (product - 1) * product / w for w in weights))
    return orbit


def within_range(state: State, eta: Fraction) -> bool:
    """Tell whether eta phi <= 2 sqrt 2 is shown."""
    bounds = sharpness(state, eta)
    return bounds is not None and bounds[1] ** 2 <= 8


def is_inside(state: State, eta: Fraction, halvings: int) -> bool:
    """Tell whether a state is shown to lie in S_eta, with so many halvings of the curve.

    The squares do not tell the sign of the product: pi > 0 is a condition of its own.
    """
    squares = state.squares()
    return state.sign > 0 and min(lo for lo, _ in squares) > 0 and curves.inside(squares, eta, state.bits, halvings)


def is_outside(state: State, eta: Fraction, witness: int) -> bool:
    """Tell whether a state is shown to lie outside S_eta.

    By a point of its curve, in units of 2**-bits; 0: by eta phi, or by its own product.
    """
    squares = state.squares()
    return min(lo for lo, _ in squares) > 0 and curves.outside(squares, eta, state.bits, 0, [witness])


def _run(
    claim: LimitCertificate, state: State, progress: Callable[[int, int], None] | None
) -> tuple[dict[int, State], int]:
    """Return the states that the claims name, and the step from which on Theorem A applies to each step."""
    named = {claim.step}
    for number in (claim.inside_from, claim.monotone_from, claim.premise, claim.edge):
        named |= set() if number is None else {number, number - 1}
    states, kept_from = {}, 0
    for number in range(claim.step + 1):
        if number in named:
            states[number] = state
        if number == claim.step:
            break
        if progress is not None and number % TOLD_EVERY == 0:
            progress(number, claim.step)
        try:
            state, kept = step(state, claim.problem.eta)
        except Rejected as error:
            raise Rejected(f"step {number}: {error}") from None
        kept_from = kept_from if kept else number + 1
    return states, kept_from


def _check_steps(claim: LimitCertificate, states: Mapping[int, State], kept_from: int) -> None:
    """Check what is claimed of single steps. Raises Rejected."""
    eta, monotone, inside = claim.problem.eta, claim.monotone_from, claim.inside_from
    if inside is not None:
        _require(is_inside(states[inside], eta, claim.depth), f"step {inside}: not shown to lie in S_eta")
    if monotone is not None:
        _require(kept_from <= monotone, f"step {kept_from - 1}: a weight may change its sign")
        _require(within_range(states[monotone], eta), f"step {monotone}: eta phi <= 2 sqrt 2 is not shown")
    if claim.edge is not None:
        _check_edge(claim, states, claim.edge)
    if claim.premise is not None:
        _require(inside is not None and inside <= claim.premise, "the premise of Theorem C is claimed before S_eta")
        _require(premise_holds(states[claim.premise], eta), f"step {claim.premise}: not the premise of Theorem C")


def _check_edge(claim: LimitCertificate, states: Mapping[int, State], edge: int) -> None:
    """Check that eta phi is at most 2 from the step `edge` on, and above 2 before it. Raises Rejected."""
    monotone = claim.monotone_from
    known = monotone is not None and monotone <= max(edge - 1, 0)
    _require(known, "the edge is claimed where phi is not shown to fall")
    after = sharpness(states[edge], claim.problem.eta)
    _require(after is not None and after[1] <= 2, f"step {edge}: eta phi <= 2 is not shown")
    if edge > 0:
        before = sharpness(states[edge - 1], claim.problem.eta)
        _require(before is not None and before[0] > 2, f"step {edge - 1}: eta phi > 2 is not shown")


def _check_limit(claim: LimitCertificate, state: State) -> Tail:
    """Return what is proved of the orbit from the last step on. Raises Rejected when it is not what is claimed."""
    found = tail_from(state, claim.problem.eta, claim.step == 0 and prod(claim.problem.weights) == 1)
    if found is None:
        raise Rejected(f"step {claim.step}: the contraction does not apply")
    said = claim.limit
    shown = said is not None and said[0] <= found.limit[0] and found.limit[1] <= said[1]
    _require(shown, "the bounds on the limit of eta phi are not shown")
    return found


def _require(shown: bool, message: str) -> None:
    if not shown:
        raise Rejected(message)
