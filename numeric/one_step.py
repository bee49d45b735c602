"""Random one-step check of Theorem A on its own premise, which is wider than S_eta."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from numeric.gfs import flow_solution_columns
from numeric.membership import SHARPNESS_LIMIT
from numeric.results import OneStepResult, SharpnessCheck
from numeric.sampling import SampledStates, check_counts, check_range, sample_unflipped
from numeric.tracking import SharpnessTracker, sharpness_error_bar, step_columns


def check_states(states: SampledStates, tracker: SharpnessTracker, first_id: int = 0) -> int:
    """Take one step from each state and feed the rises of ``phi`` to the tracker.

    States that violate the premise on signs (``pi > 1`` and a weight changes sign) are left out; the bound on
    ``eta * phi`` is the caller's. Returns the number of steps in which the two smallest squares changed their
    order.
    """
    w = np.ascontiguousarray(states.weights.T)
    pi = np.multiply.reduce(w, axis=0)
    step = step_columns(w, pi, states.eta)
    kept = (step.weights > 0.0).all(axis=0)
    ids = first_id + np.arange(kept.size)
    before = flow_solution_columns(w)
    followed = np.where(kept, step.weights, w)
    after = flow_solution_columns(followed, before.smallest)
    bars = sharpness_error_bar(step, after)
    rise = after.sharpness / before.sharpness - 1.0
    tracker.feed(rise[kept], bars[kept], ids[kept], 0)
    order = np.argsort(w, axis=0)
    moved = np.take_along_axis(followed, order, axis=0)
    return int((moved[0] > moved[1]).sum())


def check_one_step(
    samples: int = 20_000,
    seed: int = 0,
    *,
    depths: Sequence[int] = (2, 3, 4, 5, 6),
    a_range: tuple[float, float] = (0.1, SHARPNESS_LIMIT),
) -> OneStepResult:
    """Check that one step never increases ``phi``, on random states that need not be in S_eta.

    The states satisfy Theorem A's premise, ``eta * phi <= 2 * sqrt(2)`` and (``pi <= 1`` or no weight changes
    sign in the step), as long as ``a_range`` does not go beyond ``2 * sqrt(2)``; beyond it the check can be
    contradicted.

    Parameters
    ----------
    samples
        Number of states of each depth.
    seed
        Seed of the random numbers.
    depths
        The depths.
    a_range
        Range of ``a = eta * phi``.

    Raises
    ------
    ValueError
        For a depth below 2, no depth at all, fewer than 1 sample, or a bad range.
    """
    if not depths:
        raise ValueError("at least one depth is needed")
    for depth in depths:
        check_counts(depth, samples)
    check_range("a_range", a_range)
    rng = np.random.default_rng(seed)
    checks: list[SharpnessCheck] = []
    flips = 0
    for depth in depths:
        tracker = SharpnessTracker()
        states = sample_unflipped(depth, samples, rng, a_range=a_range)
        flips += check_states(states, tracker)
        checks.append(tracker.result(states))
    worst = max(checks, key=lambda check: check.worst_rise_in_error_bars)
    total = SharpnessCheck(
        steps_checked=sum(check.steps_checked for check in checks),
        worst_rise=max(check.worst_rise for check in checks),
        worst_rise_in_error_bars=worst.worst_rise_in_error_bars,
        error_bar=worst.error_bar,
        where=worst.where,
        contradicted=worst.contradicted,
    )
    return OneStepResult(samples, seed, [int(depth) for depth in depths], [float(a) for a in a_range], flips, total)
