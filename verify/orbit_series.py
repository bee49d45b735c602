"""What pictures of an orbit show, read off its enclosures: loss, sharpness and GFS sharpness, against the step.

`eta_phi` is the lower end of an enclosure in integers, `loss` that of its centre; the sharpness is floating point.
"""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from verify.kernel.errors import Rejected
from verify.limits import checker
from verify.limits.orbit import State
from verify.provers.limit_search import approximate

POINTS = 1000
FIRST = 100
DIGITS = 9
LARGEST = 1e100

Series: TypeAlias = dict[str, list[float | None]]


def chosen_steps(last: int, points: int = POINTS) -> list[int]:
    """Return the first steps, and about `points` of all from 0 to `last`."""
    return sorted({round(last * k / points) for k in range(points + 1)} | set(range(min(last, FIRST) + 1)))


def series(states: Sequence[State], eta: Fraction, points: int = POINTS) -> Series:
    """Return step, loss, eta times the sharpness and eta phi (None: not known) at some states, for a plot."""
    import numpy as np

    result: Series = {name: [] for name in ("step", "loss", "sharpness", "eta_phi")}
    for number in chosen_steps(len(states) - 1, points):
        state, unit = states[number], 1 << states[number].bits
        try:
            w = np.array([c / unit for c in state.centre])
            error = (math.prod(state.centre) - unit ** len(w)) / unit ** len(w)
            p, bounds = 1 + error, checker.sharpness(state, eta)
        except (OverflowError, ValueError):
            continue
        if max(abs(error), *abs(w)) > LARGEST:
            continue
        v = 1 / w
        hessian = p * (2 * p - 1) * np.outer(v, v) - np.diag(p * error * v * v)
        result["step"].append(number)
        result["loss"].append(_rounded(error * error / 2))
        result["sharpness"].append(_rounded(float(eta) * float(np.linalg.eigvalsh(hessian)[-1])))
        result["eta_phi"].append(None if bounds is None else _rounded(approximate(bounds[0])))
    return result


def weights_along(states: Sequence[State]) -> list[list[float | None]]:
    """Return the weights after each step: the centres of their enclosures."""
    return [[_rounded(approximate(Fraction(c, 1 << state.bits))) for c in state.centre] for state in states]


def loss_rises(states: Sequence[State]) -> int:
    """Return the number of steps in which the enclosures show that the loss rises."""
    bounds = [_distance(state) for state in states]
    pairs = itertools.pairwise(bounds)
    return sum(x is not None and y is not None and y[0] > x[1] for x, y in pairs)


def _distance(state: State) -> tuple[int, int] | None:
    """Return bounds on |pi - 1|, in units of 2**-bits; None where a weight may be 0."""
    try:
        low, high = state.error()
    except Rejected:
        return None
    return max(low, -high, 0), max(high, -low)


def _rounded(value: float) -> float | None:
    """Round to DIGITS significant digits, as much as a picture shows; None for what is no number."""
    return float(f"{value:.{DIGITS - 1}e}") if math.isfinite(value) else None
