"""Where the GFS sharpness rises: steps of gradient descent on the squared regression model, each with a proof.

Kreisler, Nacson, Soudry and Carmon (arXiv 2305.13064) observe that phi falls along gradient descent on this model. For
data outside Theorem R it can rise; the examples show it in small integers, from all weights 1 and with no weight
changing sign, below the edge of stability as well as above.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from verify.certified import decimal, scientific
from verify.files import write_certificate
from verify.provers.trajectory import certify
from verify.trajectory.checker import TrajectoryVerdict, check_trajectory
from verify.trajectory.problem import Problem

DIGITS = 12
MOST_STEPS = 300
MOST_SHOWN = 12


def from_ones(features: Sequence[Sequence[int]], targets: Sequence[int], eta: Fraction) -> Problem:
    """Return the problem with all weights 1 at the start."""
    ones = (Fraction(1),) * len(features[0])
    rows = tuple(tuple(Fraction(x) for x in row) for row in features)
    return Problem(rows, tuple(Fraction(y) for y in targets), ones, ones, eta)


SMALLEST = (((1, -2, 0), (-1, 1, 1)), (3, 6))
"""Two samples in dimension 3: with one sample, or in dimension 2, Theorem R excludes a rise."""

LARGER = (((0, -1, 1, 1), (1, 1, 1, 1), (1, 1, 0, -1)), (-5, -2, -1))

EXAMPLES: Mapping[str, Problem] = {
    "rise-far-below-the-edge": from_ones(*SMALLEST, Fraction(1, 120)),
    "rise-below-the-edge": from_ones(*SMALLEST, Fraction(1, 24)),
    "rise-above-the-edge": from_ones(*SMALLEST, Fraction(1, 20)),
    "rise-of-three-percent": from_ones(*LARGER, Fraction(3, 28)),
}
"""Problems whose first step raises phi."""


def describe(problem: Problem) -> str:
    """Return the numbers of a small problem that starts from equal weights on one line."""
    rows = "; ".join(" ".join(str(x) for x in row) for row in problem.features)
    return f"X = [{rows}], y = ({', '.join(str(y) for y in problem.targets)}), all weights {problem.plus[0]}"


def example_certificate(name: str) -> dict[str, Any]:
    """Return a certificate for the first step of an example."""
    return certify(EXAMPLES[name], 1)


def proved_rise(problem: Problem, steps: int, folder: Path, identifier: str) -> dict[str, Any] | None:
    """Certify `steps` steps; return the record of a proved rise, None without one.

    It is the largest, relative to phi, among those without a sign change, or among all if there are none. The
    certificate is kept in `folder` if there is a record. Raises OSError when it cannot be written.
    """
    if steps > MOST_STEPS:
        return None
    certificate = certify(problem, steps)
    verdict = check_trajectory(certificate)
    if not verdict.refuted:
        return None
    path = write_certificate(folder, identifier, certificate)
    kept = [t for t in verdict.refuted if verdict.steps[t].sign_change is False]
    at = max(kept or verdict.refuted, key=lambda t: relative_rise(verdict, t))
    return rise_record(verdict, at) | {"certificate": f"{folder.name}/{path.name}"}


def relative_rise(verdict: TrajectoryVerdict, step: int) -> Fraction:
    """Return a proved lower bound of phi(t+1) / phi(t) - 1 at a refuted step t."""
    before, after = verdict.states[step].sharpness, verdict.states[step + 1].sharpness
    assert before is not None
    assert after is not None
    return after[0] / before[1] - 1


def rise_record(verdict: TrajectoryVerdict, step: int) -> dict[str, Any]:
    """Return what is shown of one rise as plain data."""
    state, eta = verdict.states[step], verdict.problem.eta
    assert state.sharpness is not None
    return {
        "eta": str(eta),
        "step": step,
        "rise": scientific(relative_rise(verdict, step)),
        "eta_phi": [decimal(state.sharpness[k] * eta, DIGITS, up=k == 1) for k in range(2)],
        "largest_move": decimal(state.move[1], DIGITS, up=True),
        "sign_change": verdict.steps[step].sign_change,
        "loss_increases": verdict.steps[step].loss_increases,
        "rises": len(verdict.refuted),
        "digest": verdict.digest,
    }
