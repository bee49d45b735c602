"""The checker of trajectories: one certificate in, a verdict on every step out.

What is proved: the real trajectory of gradient descent from the exact start lies in the enclosures; each state with
bounds has exactly one gradient-flow solution, whose sharpness phi lies within them; a step is proved when
phi(t+1) <= phi(t), refuted when phi(t+1) > phi(t), by bounds that do not overlap.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from verify.kernel.certificates import read_file, read_json
from verify.kernel.errors import Rejected
from verify.trajectory import model
from verify.trajectory.certificate import Stop, TrajectoryCertificate, Verdict, build_trajectory
from verify.trajectory.model import Hint, State
from verify.trajectory.problem import Data, Problem, integer_data

SHOWN_BITS, MOST_DENOMINATOR_BITS = 192, 8192

Bounds: TypeAlias = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class StateVerdict:
    """Bounds (lower, upper) at one state.

    `sharpness` of phi, the GFS sharpness (None: nothing was shown); `loss` of |r|**2 / (2 N); `move` of
    max_i |2 eta g_i|, the largest relative change of a weight in the step from here.
    """

    sharpness: Bounds | None
    loss: Bounds
    move: Bounds


@dataclass(frozen=True, slots=True)
class StepVerdict:
    """One step: whether phi does not increase ("proved") or increases ("refuted").

    `loss_increases` and `sign_change` (True: some |2 eta g_i| > 1, so that u_i or v_i changes its sign unless it is 0;
    False: all are below 1, so that none does) are None when the enclosures do not decide.
    """

    verdict: Verdict
    loss_increases: bool | None
    sign_change: bool | None


@dataclass(frozen=True, slots=True)
class TrajectoryVerdict:
    """What the checker has shown: a verdict for each step, bounds at each state (one more than steps).

    `stopped` is what the certificate says about why it ends before `steps_asked`; the checker does not vouch for it.
    """

    problem: Problem
    digest: str
    steps_asked: int
    steps: tuple[StepVerdict, ...]
    states: tuple[StateVerdict, ...]
    stopped: Stop | None

    def _numbers(self, verdict: Verdict) -> tuple[int, ...]:
        return tuple(t for t, step in enumerate(self.steps) if step.verdict == verdict)

    @property
    def proved(self) -> tuple[int, ...]:
        """The steps t for which phi(t+1) <= phi(t) is proved."""
        return self._numbers("proved")

    @property
    def refuted(self) -> tuple[int, ...]:
        """The steps t for which phi(t+1) > phi(t) is proved."""
        return self._numbers("refuted")

    @property
    def unknown(self) -> tuple[int, ...]:
        """All other steps of those asked for, also those that the certificate does not reach."""
        return (*self._numbers("unknown"), *range(len(self.steps), self.steps_asked))


def check_trajectory(
    certificate: Mapping[str, Any], progress: Callable[[int, int], None] | None = None
) -> TrajectoryVerdict:
    """Re-check the JSON object of a certificate. `progress(t, steps)` is called when state t has been checked.

    Raises Malformed as `build_trajectory`; Rejected, naming the step or state, when a hint or a verdict does not hold.
    """
    claim = build_trajectory(certificate)
    data = integer_data(claim.problem)
    state = model.starting_state(claim.problem, claim.state_bits)
    steps: list[StepVerdict] = []
    states: list[StateVerdict] = []
    for index, hint in enumerate(claim.states):
        try:
            errors = model.residual(data, state.plus, state.minus, state.bits)
            shifts = model.moves(data, errors)
            states.append(_state_verdict(data, state, model.squared_length(errors), model.largest(shifts), hint))
            state = model.next_state(state, shifts) if index < len(claim.steps) else state
        except Rejected as error:
            raise Rejected(f"state {index}: {error}") from None
        if index:
            steps.append(_step_verdict(claim, states, index - 1))
        if progress is not None:
            progress(index, len(claim.steps))
    return TrajectoryVerdict(
        claim.problem, claim.problem.digest(), claim.asked, tuple(steps), tuple(states), claim.stopped
    )


def check_trajectory_file(path: Path, progress: Callable[[int, int], None] | None = None) -> TrajectoryVerdict:
    """Read and re-check one file, plain or compressed.

    Raises KernelError as `check_trajectory` and the kernel's `read_file` and `read_json` do.
    """
    return check_trajectory(read_json(read_file(path)), progress)


def _state_verdict(
    data: Data, state: State, length: tuple[int, int], move: tuple[int, int], hint: Hint | None
) -> StateVerdict:
    """Collect the bounds at one state. Raises Rejected when the hint does not hold."""
    samples, bounds = len(data.rows), None
    if hint is not None:
        lower, upper = model.enclose_eigenvalue(data, state, hint)
        bounds = model.sharpness(lower, hint.bits, samples), model.sharpness(upper, hint.bits, samples)
    low, high = _shown(length, 2 * state.bits)
    return StateVerdict(bounds, (low / (2 * samples), high / (2 * samples)), _shown(move, state.bits))


def _shown(bounds: tuple[int, int], bits: int) -> Bounds:
    """Return bounds in units of 2**-bits as rationals of moderate length, rounded outward."""
    shift = max(0, bounds[1].bit_length() - SHOWN_BITS, bits - MOST_DENOMINATOR_BITS)
    low, high = bounds[0] >> shift, -(-bounds[1] >> shift)
    unit = Fraction(1 << max(0, shift - bits), 1 << max(0, bits - shift))
    return low * unit, high * unit


def _order(before: Bounds, after: Bounds) -> bool | None:
    """Tell whether the value increases; None when the bounds overlap."""
    if after[1] <= before[0]:
        return False
    return True if after[0] > before[1] else None


def _step_verdict(claim: TrajectoryCertificate, states: list[StateVerdict], step: int) -> StepVerdict:
    """Compare the bounds before and after a step. Raises Rejected when they do not show what is said of it."""
    before, after = states[step], states[step + 1]
    said = claim.steps[step]
    if said != "unknown":
        increases = None
        if before.sharpness is not None and after.sharpness is not None:
            increases = _order(before.sharpness, after.sharpness)
        if increases is not (said == "refuted"):
            raise Rejected(f"step {step}: said to be {said}, which the bounds do not show")
    low, high = before.move
    sign_change = True if low > 1 else False if high < 1 else None
    return StepVerdict(said, _order(before.loss, after.loss), sign_change)
