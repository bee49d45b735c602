"""Full-batch gradient descent at the edge of stability, with sharpness and GFS sharpness along the way."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from numeric import checkpoints
from numeric.flow import State
from numeric.net_gfs import GfsMeasurement, measure_gfs
from numeric.net_results import FlowPoint, GfsRecord, NetRun, SharpnessRecord, fall_statistic, pooled
from numeric.objective import Objective
from numeric.spectrum import largest_eigenpair

DIVERGED = 1e6
"""A run has diverged when its loss exceeds that of the start by this factor, or is not finite."""

SHARPNESS_RTOL = 1e-3
"""Accuracy of the sharpness along gradient descent."""

SECONDS_BETWEEN_SAVES = 60.0
"""Time after which a run saves its state, beside the saves after each GFS measurement."""


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes
    ----------
    steps
        Steps of gradient descent.
    eta
        Step size; None: ``eta_factor * 2 / phi_0`` with the GFS sharpness of the start.
    eta_factor
        Used if ``eta`` is None.
    gfs_every, sharpness_every
        Measure at the start, every so many steps, and at the end.
    rtol, max_gradients, stop_loss
        As for :func:`numeric.net_gfs.measure_gfs`.
    """

    steps: int
    eta: float | None
    eta_factor: float
    gfs_every: int
    sharpness_every: int
    rtol: float
    max_gradients: int
    stop_loss: float = 0.0


@dataclass(frozen=True)
class Watcher:
    """Whom a run tells how far it is.

    Attributes
    ----------
    step
        Called before each step with its number.
    flow
        Called along each gradient flow with the step it starts from, its state and the work so far.
    measured
        Called after each GFS measurement.
    """

    step: Callable[[int], None] = lambda number: None
    flow: Callable[[int, State, int], None] = lambda number, state, work: None
    measured: Callable[[GfsRecord], None] = lambda record: None


RECORDS = {"step", "eta", "loss", "sharpness", "gfs", "accuracy", "seconds"}
"""What a checkpoint holds beside weights and eigenvector."""


@dataclass
class _Run:
    """A run in the making: all that a checkpoint holds."""

    weights: Tensor
    step: int = 0
    eta: float | None = None
    loss: list[float] = field(default_factory=list)
    sharpness: list[SharpnessRecord] = field(default_factory=list)
    gfs: list[GfsRecord] = field(default_factory=list)
    vector: Tensor | None = None
    accuracy: list[float] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("steps", "sharpness", "gfs"), 0.0))

    def checkpoint(self, configuration: Mapping[str, Any]) -> checkpoints.Checkpoint:
        """Return the state as plain data."""
        arrays = {"weights": self.weights.cpu().numpy()}
        if self.vector is not None:
            arrays["vector"] = self.vector.cpu().numpy()
        records = {
            "step": self.step,
            "eta": self.eta,
            "loss": self.loss,
            "sharpness": [asdict(r) for r in self.sharpness],
            "gfs": [asdict(r) for r in self.gfs],
            "accuracy": self.accuracy,
            "seconds": self.seconds,
        }
        return checkpoints.Checkpoint(configuration, records, arrays)

    @classmethod
    def restored(cls, saved: checkpoints.Checkpoint, like: Tensor) -> _Run:
        """Return the state of a checkpoint. Raises ValueError if it does not fit the network."""

        def tensor(name: str) -> Tensor:
            found = torch.from_numpy(np.array(saved.arrays[name]))
            if found.shape != like.shape or found.dtype != like.dtype:
                raise ValueError("the checkpoint does not fit the network")
            return found.to(like.device)

        try:
            records = dict(saved.records)
            if set(records) != RECORDS or len(records["loss"]) - records["step"] not in (0, 1):
                raise ValueError("the checkpoint is not that of such a run")
            records["sharpness"] = [SharpnessRecord(**r) for r in records["sharpness"]]
            records["gfs"] = [GfsRecord(**{**r, "path": [FlowPoint(**p) for p in r["path"]]}) for r in records["gfs"]]
            vector = tensor("vector") if "vector" in saved.arrays else None
            return cls(weights=tensor("weights"), vector=vector, **records)
        except (KeyError, TypeError) as error:
            raise ValueError(f"the checkpoint is not that of such a run: {error}") from None


class Diverged(Exception):
    """The loss or a Hessian-vector product is not finite, or the loss too large."""


def run_net_experiment(
    objective: Objective,
    start: Tensor,
    plan: Plan,
    *,
    accuracy: Callable[[Tensor], float],
    configuration: Mapping[str, Any],
    checkpoint: Path | None = None,
    resume: bool = False,
    watcher: Watcher | None = None,
) -> NetRun:
    """Run gradient descent ``w <- w - eta grad L(w)`` from ``start`` and measure along the way.

    Parameters
    ----------
    objective, start, plan
        The loss, the weights of shape ``(P,)``, and what to do.
    accuracy
        Maps weights to the share of samples that are classified rightly.
    configuration
        What the numbers depend on; a checkpoint of another configuration is refused.
    checkpoint
        File that keeps the state: it is saved after each GFS measurement, once a minute, and on Ctrl-C.
    resume
        Go on from the checkpoint if there is one. The numbers are those of an uninterrupted run.
    watcher
        Whom to tell how far the run is.

    Raises
    ------
    ValueError
        If no step size could be found (the flow from the start did not end), or the checkpoint cannot be used.
    OSError
        If a checkpoint cannot be written or read.
    """
    saved = checkpoints.load(checkpoint, configuration) if checkpoint is not None and resume else None
    run = _Run(start.clone()) if saved is None else _Run.restored(saved, start)
    told = watcher or Watcher()

    def save() -> None:
        if checkpoint is not None:
            checkpoints.save(checkpoint, run.checkpoint(configuration))

    diverged_at: int | None = None
    try:
        _descend(objective, run, plan, accuracy, told, save)
    except Diverged:
        diverged_at = run.step
    except KeyboardInterrupt:
        save()
        raise
    save()
    return _finished(run, plan, diverged_at)


def _descend(
    objective: Objective,
    run: _Run,
    plan: Plan,
    accuracy: Callable[[Tensor], float],
    told: Watcher,
    save: Callable[[], None],
) -> None:
    """Take all steps. Raises Diverged."""
    last_save = time.monotonic()
    while True:
        told.step(run.step)
        loss, gradient = _timed(run, "steps", lambda: objective.gradient(run.weights))
        if not math.isfinite(loss) or (run.loss and loss > DIVERGED * max(run.loss[0], 1e-30)):
            raise Diverged
        if len(run.loss) == run.step:
            run.loss.append(loss)
        _measure(objective, run, plan, told, save)
        if len(run.accuracy) == (run.step > 0) and run.step in (0, plan.steps):
            run.accuracy.append(accuracy(run.weights))
        if run.step == plan.steps:
            return
        if run.eta is None:
            run.eta = _step_size(run, plan)
        # One statement, so that an interrupt leaves step and weights in agreement.
        run.weights, run.step = run.weights - run.eta * gradient, run.step + 1
        if time.monotonic() - last_save > SECONDS_BETWEEN_SAVES:
            save()
            last_save = time.monotonic()


def _timed(run: _Run, part: str, work: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    try:
        return work()
    finally:
        run.seconds[part] += time.perf_counter() - began


def _measure(objective: Objective, run: _Run, plan: Plan, told: Watcher, save: Callable[[], None]) -> None:
    """Measure what is due at the present state and not yet measured."""
    step, weights = run.step, run.weights
    is_due = {every: step % every == 0 or step == plan.steps for every in (plan.gfs_every, plan.sharpness_every)}
    try:
        if is_due[plan.sharpness_every] and not (run.sharpness and run.sharpness[-1].step == step):
            pair = _timed(
                run,
                "sharpness",
                lambda: largest_eigenpair(objective, weights, start=run.vector, rtol=SHARPNESS_RTOL),
            )
            run.vector = pair.vector
            run.sharpness.append(SharpnessRecord(step, pair.value, pair.residual, pair.products))
    except FloatingPointError:
        raise Diverged from None
    if is_due[plan.gfs_every] and not (run.gfs and run.gfs[-1].step == step):
        found: GfsMeasurement = _timed(
            run,
            "gfs",
            lambda: measure_gfs(
                objective,
                weights,
                step=step,
                rtol=plan.rtol,
                max_gradients=plan.max_gradients,
                stop_loss=plan.stop_loss,
                first=run.vector,
                progress=lambda state, work: told.flow(step, state, work),
            ),
        )
        run.gfs.append(found.record)
        save()
        told.measured(found.record)


def _step_size(run: _Run, plan: Plan) -> float:
    """Return the step size. Raises ValueError if it needs a GFS sharpness that is not known."""
    if plan.eta is not None:
        return plan.eta
    first = run.gfs[0]
    if first.value is None or first.value <= 0.0:
        raise ValueError(f"no GFS sharpness at the start ({first.outcome}), so no step size: give --lr")
    return plan.eta_factor * 2.0 / first.value


def _finished(run: _Run, plan: Plan, diverged_at: int | None) -> NetRun:
    """Return the results of a run that has ended."""
    gfs = pooled(run.gfs)
    eta = run.eta if run.eta is not None else plan.eta or 0.0
    first = gfs[0].value if gfs else None
    return NetRun(
        eta=eta,
        eta_factor=eta * first / 2.0 if first is not None else None,
        outcome="finished" if diverged_at is None else "diverged",
        diverged_at=diverged_at,
        steps=run.step,
        loss=run.loss,
        accuracy=run.accuracy,
        sharpness=run.sharpness,
        gfs=gfs,
        loss_increases=sum(b > a for a, b in zip(run.loss, run.loss[1:], strict=False)),
        seconds_steps=run.seconds["steps"],
        seconds_sharpness=run.seconds["sharpness"],
        seconds_gfs=run.seconds["gfs"],
        fall=fall_statistic(gfs),
    )
