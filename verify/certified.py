"""A certified run of gradient descent on the squared regression model: a proof for each step, kept and re-checked."""

import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from verify.files import certificate_path, write_certificate
from verify.kernel.certificates import read_file, read_json
from verify.kernel.errors import KernelError
from verify.provers.trajectory import Interrupted, certify
from verify.trajectory.certificate import build_trajectory
from verify.trajectory.checker import StateVerdict, TrajectoryVerdict, check_trajectory
from verify.trajectory.problem import Problem

IDENTIFIER = "trajectory"
DIGITS, MOST_DIGITS = 20, 120
ZERO = (Fraction(0), Fraction(0))
REASONS = {
    "diverged": "the run diverged",
    "precision": "phi would have been needed with more digits than are allowed",
    "size": "the certificate became too large",
}


def certified_run(
    problem: Problem, steps: int, folder: Path, progress: Callable[[str, int, int], None] | None = None
) -> dict[str, Any]:
    """Search for a certificate of a run, keep it in `folder`, let the checker re-check it; return the record.

    Hints of a certificate for the same problem that is in `folder` are used again. `progress` is called with the name
    of the phase ("search", "check"), the steps done and the steps asked for.

    Raises
    ------
    KeyboardInterrupt
        After what was found is in `folder`.
    OSError
        For a folder that cannot be written.
    """

    def told(phase: str) -> Callable[[int, int], None] | None:
        return None if progress is None else lambda done, total: progress(phase, done, total)

    began = time.perf_counter()
    try:
        certificate = certify(problem, steps, progress=told("search"), known=kept_trajectory(problem, folder))
    except Interrupted as interrupted:
        write_certificate(folder, IDENTIFIER, interrupted.certificate)
        raise
    path = write_certificate(folder, IDENTIFIER, certificate)
    found = time.perf_counter()
    try:
        record = trajectory_record(check_trajectory(read_json(read_file(path)), told("check")))
    except KernelError as error:
        record = nothing_shown(problem, steps, f"the checker rejects the certificate: {error}")
    decided = record["steps_proved"] + record["steps_refuted"]
    return record | {
        "state_bits": certificate["state_bits"],
        "phi_bits": max((state.get("bits", 0) for state in certificate["states"]), default=0),
        "seconds": round(found - began, 2),
        "check_seconds": round(time.perf_counter() - found, 2),
        "certificate": f"{folder.name}/{path.name}",
        "certificate_bytes": path.stat().st_size,
        "tier": "kernel" if decided else "none",
    }


def kept_trajectory(problem: Problem, folder: Path) -> dict[str, Any] | None:
    """Return the certificate in `folder` if it can be read and is for this problem; what it says is not trusted."""
    try:
        kept: Any = read_json(read_file(certificate_path(folder, IDENTIFIER)))
        return dict(kept) if build_trajectory(kept).problem == problem else None
    except KernelError:
        return None


def trajectory_record(verdict: TrajectoryVerdict) -> dict[str, Any]:
    """Return what the checker has shown as plain data: counts, first exceptions, enclosures of eta phi as decimals."""
    eta = verdict.problem.eta
    refuted, reached = verdict.refuted, len(verdict.steps)
    unknown = [t for t in verdict.unknown if t < reached]
    bounds = [state.sharpness for state in verdict.states]
    falls = [
        before[0] - after[1]
        for step, (before, after) in zip(verdict.steps, pairwise(bounds), strict=True)
        if step.verdict == "proved" and before is not None and after is not None
    ]
    smallest = min(falls, default=None)
    digits = digits_for(smallest)
    return {
        "eta": str(eta),
        "steps_asked": verdict.steps_asked,
        "steps_proved": len(verdict.proved),
        "steps_refuted": len(refuted),
        "steps_unknown": len(unknown),
        "first_refuted": refuted[0] if refuted else None,
        "first_unknown": unknown[0] if unknown else None,
        "sign_changes": sum(step.sign_change is True for step in verdict.steps),
        "reason": REASONS.get(verdict.stopped or "", verdict.stopped or ""),
        "eta_phi": [
            None if b is None else [decimal(b[0] * eta, digits, up=False), decimal(b[1] * eta, digits, up=True)]
            for b in bounds
        ],
        "smallest_fall": "" if smallest is None else scientific(smallest),
        "loss_increases": sum(step.loss_increases is True for step in verdict.steps),
        "digest": verdict.digest,
    }


def nothing_shown(problem: Problem, steps: int, reason: str) -> dict[str, Any]:
    """Return the record of a run of which nothing was shown, and why."""
    nothing = TrajectoryVerdict(problem, problem.digest(), steps, (), (StateVerdict(None, ZERO, ZERO),), None)
    return trajectory_record(nothing) | {"reason": reason}


def digits_for(smallest: Fraction | None) -> int:
    """Return how many digits after the point show a fall of this size."""
    if smallest is None or smallest <= 0:
        return DIGITS
    return min(MOST_DIGITS, max(DIGITS, len(str(smallest.denominator)) - len(str(smallest.numerator)) + 3))


def decimal(value: Fraction, digits: int, *, up: bool) -> str:
    """Return a non-negative number with so many digits after the point, rounded up or down."""
    scaled = value * 10**digits
    whole = -(-scaled.numerator // scaled.denominator) if up else scaled.numerator // scaled.denominator
    text = str(whole).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}"


def scientific(value: Fraction) -> str:
    """Return a non-negative number with three digits, rounded down: 1.23e-45."""
    if value <= 0:
        return "0"
    exponent = len(str(value.numerator)) - len(str(value.denominator)) - 1
    if value >= Fraction(10) ** (exponent + 1):
        exponent += 1
    scaled = value / Fraction(10) ** exponent
    hundredths = scaled.numerator * 100 // scaled.denominator
    return f"{hundredths // 100}.{hundredths % 100:02}e{exponent}"
