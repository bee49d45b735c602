"""Theorems A, B and C along whole trajectories of gradient descent from random states of S_eta."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from numeric.compensated import ROUND_OFF, FloatArray
from numeric.gfs import FlowColumns, flow_solution_columns
from numeric.membership import SHARPNESS_LIMIT, membership_columns
from numeric.results import (
    ConvergenceCheck,
    EdgeTrajectory,
    ExperimentResult,
    InvarianceCheck,
    SharpnessCheck,
    SharpnessSummary,
)
from numeric.sampling import SampledStates, check_counts, sample_members
from numeric.scalar import gd_trajectory, loss, product, sharpness
from numeric.tracking import (
    BoolArray,
    ConvergenceTracker,
    IntArray,
    InvarianceTracker,
    SharpnessTracker,
    Step,
    sharpness_error_bar,
    step_columns,
)

CONVERGED = 1e-12
"""A trajectory has converged when ``|pi - 1|`` is at most this and ``eta * phi < 2``."""

_GRID = 16
_EDGE_CANDIDATES = 128
_EDGE_RANGE = (2.3, 2.6)


@dataclass(frozen=True)
class TrajectoryChecks:
    """What :func:`check_trajectories` saw; arrays have one entry a trajectory."""

    theorem_a: SharpnessCheck
    theorem_b: InvarianceCheck
    theorem_c: ConvergenceCheck
    gd_steps: int
    nonmonotone: IntArray
    converged: BoolArray
    final_eta_phi: FloatArray


@dataclass
class _Live:
    """The trajectories that are still running, in the solvers' layout."""

    ids: IntArray
    w: FloatArray
    pi: FloatArray
    eta: FloatArray
    flow: FlowColumns

    @property
    def a(self) -> FloatArray:
        return np.asarray(self.eta * self.flow.sharpness)

    def keep(self, mask: BoolArray) -> _Live:
        flow = FlowColumns(
            self.flow.squares[:, mask],
            self.flow.balances[:, mask],
            self.flow.smallest[mask],
            self.flow.sharpness[mask],
        )
        return _Live(self.ids[mask], self.w[:, mask], self.pi[mask], self.eta[mask], flow)


@dataclass
class _Run:
    """The checks and counters of a batch of trajectories."""

    starts: SampledStates
    convergence: ConvergenceTracker
    check_membership: bool = True
    sharpness: SharpnessTracker = field(default_factory=SharpnessTracker)
    invariance: InvarianceTracker = field(default_factory=InvarianceTracker)
    gd_steps: int = 0

    def __post_init__(self) -> None:
        samples = self.starts.eta.size
        self.nonmonotone = np.zeros(samples, dtype=np.int64)
        self.converged = np.zeros(samples, dtype=np.bool_)
        self.final_eta_phi = np.zeros(samples)

    def begin(self) -> _Live:
        w = np.ascontiguousarray(self.starts.weights.T)
        pi, eta = np.multiply.reduce(w, axis=0), self.starts.eta
        live = _Live(np.arange(eta.size), w, pi, eta, flow_solution_columns(w))
        found = membership_columns(live.flow, pi, eta, _GRID)
        self.convergence.feed(pi - 1.0, live.a, np.zeros(pi.shape), found.member, live.ids, 0)
        return self._retire(live)

    def advance(self, live: _Live, number: int) -> _Live:
        """Take step ``number`` from the live states, check it, and return the states that go on."""
        step = step_columns(live.w, live.pi, live.eta)
        self.gd_steps += live.ids.size
        positive = np.asarray((step.weights > 0.0).all(axis=0))
        if not positive.all():
            self._drop(live.keep(~positive), number)
            live, step = live.keep(positive), Step(step.weights[:, positive], step.error[:, positive])
            if live.ids.size == 0:
                return live
        w = step.weights
        flow = flow_solution_columns(w, live.flow.smallest)
        reached = _Live(live.ids, w, np.multiply.reduce(w, axis=0), live.eta, flow)
        bars = sharpness_error_bar(step, flow)
        premise = live.a <= SHARPNESS_LIMIT * (1.0 + 1e-12)
        rise = flow.sharpness / live.flow.sharpness - 1.0
        self.sharpness.feed(rise[premise], bars[premise], live.ids[premise], number)
        member = np.ones(premise.shape, dtype=np.bool_)
        if self.check_membership:
            found = membership_columns(flow, reached.pi, live.eta, _GRID)
            self.invariance.feed(found.margin, live.ids, number)
            member = found.member
        self.convergence.feed(reached.pi - 1.0, reached.a, bars, member, live.ids, number)
        self._count_rises(live, reached)
        return self._retire(reached)

    def _drop(self, broken: _Live, number: int) -> None:
        """Trajectories that leave the positive weights: outside Theorem B, and not followed any further."""
        self.invariance.feed(np.full(broken.ids.shape, -1.0), broken.ids, number)
        self.final_eta_phi[broken.ids] = broken.a

    def _count_rises(self, before: _Live, after: _Live) -> None:
        noise = 8 * before.w.shape[0] * ROUND_OFF
        rose = np.abs(after.pi - 1.0) > np.abs(before.pi - 1.0) + noise
        self.nonmonotone[after.ids[rose]] += 1

    def _retire(self, live: _Live) -> _Live:
        a = live.a
        self.final_eta_phi[live.ids] = a
        done = (np.abs(live.pi - 1.0) <= CONVERGED) & (a < 2.0)
        if not done.any():
            return live
        self.converged[live.ids[done]] = True
        return live.keep(~done)


def check_trajectories(
    starts: SampledStates,
    steps: int,
    *,
    loss_factor: float = 2.0,
    phi_factor: float = 2.0,
    check_membership: bool = True,
) -> TrajectoryChecks:
    """Run gradient descent from the given states and check Theorems A, B and C at every step.

    Parameters
    ----------
    starts
        Positive weights and step sizes. The theorems speak of states of S_eta; others can contradict the
        checks.
    steps
        Steps of each trajectory; one that has converged, or in which a weight changes sign, stops early.
    loss_factor, phi_factor
        The constants of Theorem C to test, 2 and 2 in the theorem.
    check_membership
        Whether to test every state for membership (Theorem B), which takes most of the time.

    Raises
    ------
    ValueError
        If ``steps`` is below 1, a constant is not above the trivial 0 (loss) or 1 (phi), or there is no
        start.
    """
    if steps < 1:
        raise ValueError(f"the number of steps must be at least 1, got {steps}")
    if not (loss_factor > 0.0 and phi_factor > 1.0):
        raise ValueError("Theorem C's constants must satisfy loss_factor > 0 and phi_factor > 1")
    samples, depth = starts.weights.shape
    check_counts(depth, samples)
    tracker = ConvergenceTracker(samples, depth, loss_factor, phi_factor)
    run = _Run(starts, tracker, check_membership)
    live = run.begin()
    for number in range(1, steps + 1):
        if live.ids.size == 0:
            break
        live = run.advance(live, number)
    return TrajectoryChecks(
        theorem_a=run.sharpness.result(starts),
        theorem_b=run.invariance.result(starts),
        theorem_c=run.convergence.result(starts),
        gd_steps=run.gd_steps,
        nonmonotone=run.nonmonotone,
        converged=run.converged,
        final_eta_phi=run.final_eta_phi,
    )


def edge_trajectory(depth: int, steps: int, rng: np.random.Generator) -> EdgeTrajectory:
    """Find a trajectory at the edge of stability.

    Among random states of S_eta with ``eta * phi`` between 2.3 and 2.6 it takes the one whose loss rises most
    often among those that end with ``eta * phi`` in [1.9, 2) (among all, if none does).

    Raises
    ------
    ValueError
        For a depth below 2 or fewer than 1 step.
    """
    starts = sample_members(depth, _EDGE_CANDIDATES, rng, a_range=_EDGE_RANGE, smallest_margin=1e-2)
    seen = check_trajectories(starts, steps, check_membership=False)
    at_edge = (seen.final_eta_phi >= 1.9) & (seen.final_eta_phi < 2.0)
    best = int(np.argmax(seen.nonmonotone + steps * at_edge))
    states = gd_trajectory(starts.weights[best], starts.eta[best], steps)
    phi = flow_solution_columns(np.ascontiguousarray(states.T)).sharpness
    return EdgeTrajectory(
        weights=starts.weights[best].tolist(),
        eta=float(starts.eta[best]),
        loss=loss(states).tolist(),
        sharpness=sharpness(states).tolist(),
        eta_phi=(starts.eta[best] * phi).tolist(),
        product=product(states).tolist(),
    )


def run_experiment(depth: int = 4, samples: int = 2000, steps: int = 500, seed: int = 0) -> ExperimentResult:
    """Run gradient descent from random states of S_eta and check Theorems A, B and C along the way.

    Parameters
    ----------
    depth
        Number of weights.
    samples
        Number of trajectories.
    steps
        Steps of each trajectory; one that has converged stops early.
    seed
        Seed of the random numbers.

    Raises
    ------
    ValueError
        For a depth below 2, fewer than 1 sample or fewer than 1 step.
    """
    check_counts(depth, samples)
    if steps < 1:
        raise ValueError(f"the number of steps must be at least 1, got {steps}")
    rng = np.random.default_rng(seed)
    seen = check_trajectories(sample_members(depth, samples, rng), steps)
    final = seen.final_eta_phi
    return ExperimentResult(
        depth=depth,
        samples=samples,
        steps=steps,
        seed=seed,
        theorem_a=seen.theorem_a,
        theorem_b=seen.theorem_b,
        theorem_c=seen.theorem_c,
        gd_steps=seen.gd_steps,
        nonmonotone_loss_steps=int(seen.nonmonotone.sum()),
        converged_fraction=float(seen.converged.mean()),
        final_eta_phi=SharpnessSummary(
            minimum=float(final.min()),
            median=float(np.median(final)),
            maximum=float(final.max()),
            share_at_edge=float(((final >= 1.9) & (final <= 2.0)).mean()),
        ),
        edge_trajectory=edge_trajectory(depth, steps, rng),
        contradicted=seen.theorem_a.contradicted or seen.theorem_b.contradicted or seen.theorem_c.contradicted,
    )
