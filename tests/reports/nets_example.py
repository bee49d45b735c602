"""Made-up results of a run on a network that contradict themselves nowhere, in the types of the experiment."""

import copy
import functools
import itertools
from dataclasses import replace

import numpy as np

from numeric.net_results import FlowPoint, GfsRecord, NetRun, SharpnessRecord, fall_statistic

ETA, PHI_START, STEPS = 0.08, 30.0, 240
EDGE = 2.0 / ETA
SHARPNESS_EVERY, GFS_EVERY = 4, 20


def losses() -> list[float]:
    """Return losses that go up and down while they decay."""
    steps = np.arange(STEPS + 1)
    wiggle = 1.0 + 0.3 * np.cos(np.pi * steps) * np.exp(-((steps - 70.0) ** 2) / 1500.0)
    return [float(value) for value in 0.45 * np.exp(-steps / 60.0) * wiggle + 2e-3]


def sharpness_at(step: int) -> float:
    """Return a sharpness that rises to the edge and hovers there."""
    return float(EDGE * (1.0 - 0.7 * np.exp(-step / 18.0) + 0.06 * np.sin(step / 5.0) * np.exp(-step / 150.0)))


def gfs_record(step: int) -> GfsRecord:
    """Return a measurement of a GFS sharpness that falls towards the edge."""
    value = float(EDGE + (PHI_START - EDGE) * np.exp(-step / 90.0))
    parts = (0.004 * float(np.exp(-step / 100.0)), 0.02 + 1e-4 * step, 0.003)
    start, loss = sharpness_at(step), losses()[step]
    path = [
        FlowPoint(4.0 * k, loss * 10.0 ** (-k / 2.0), start + (value - start) * float(1.0 - np.exp(-k)))
        for k in range(9)
    ]
    return GfsRecord(
        step=step,
        value=value,
        error=sum(parts),
        error_flow=parts[0],
        error_left=parts[1],
        error_eigenvalue=parts[2],
        loss_end=path[-1].loss,
        time_end=path[-1].time,
        sharpness_end=path[-1].sharpness,
        gradients=900 + step,
        products=120,
        seconds=3.25,
        outcome="converged",
        path=path,
    )


@functools.cache
def net_run() -> NetRun:
    """Return the run."""
    loss = losses()
    gfs = [gfs_record(step) for step in range(0, STEPS + 1, GFS_EVERY)]
    return NetRun(
        eta=ETA,
        eta_factor=ETA * PHI_START / 2.0,
        outcome="finished",
        diverged_at=None,
        steps=STEPS,
        loss=loss,
        accuracy=[0.104, 0.996],
        sharpness=[
            SharpnessRecord(step, sharpness_at(step), 1e-3, 14) for step in range(0, STEPS + 1, SHARPNESS_EVERY)
        ],
        gfs=gfs,
        loss_increases=sum(after > before for before, after in itertools.pairwise(loss)),
        seconds_steps=6.1,
        seconds_sharpness=12.5,
        seconds_gfs=42.25,
        fall=fall_statistic(gfs),
    )


def diverged_run() -> NetRun:
    """Return a run that diverged at step 90, with two flows that did not reach their end."""
    run, last = net_run(), 90
    loss = [value * 10.0 ** max(0.0, (step - 80) * 0.65) for step, value in enumerate(run.loss[:last])]
    lost = {"value": None, "error": None, "error_flow": 0.0, "error_left": 0.0, "error_eigenvalue": 0.0}
    gfs = [record for record in run.gfs if record.step <= last]
    gfs[3] = replace(gfs[3], **lost, outcome="out of work", path=gfs[3].path[:5])
    gfs[4] = replace(gfs[4], **lost, outcome="diverged", path=gfs[4].path[:2])
    return replace(
        run,
        outcome="diverged",
        diverged_at=last,
        steps=last,
        loss=loss,
        accuracy=[0.104, 0.1],
        sharpness=[
            replace(record, value=record.value * 10.0 ** max(0.0, (record.step - 80) * 0.2))
            for record in run.sharpness
            if record.step <= last
        ],
        gfs=gfs,
        loss_increases=sum(after > before for before, after in itertools.pairwise(loss)),
        fall=fall_statistic(gfs),
    )


def with_values(*values: tuple[float, float]) -> NetRun:
    """Return the run with these GFS sharpnesses and error bars, the first at the start."""
    gfs = [
        replace(
            record,
            value=value,
            error=error,
            error_flow=error / 4.0,
            error_left=error / 2.0,
            error_eigenvalue=error / 4.0,
        )
        for record, (value, error) in zip(net_run().gfs, values, strict=False)
    ]
    return replace(net_run(), gfs=gfs, eta_factor=ETA * values[0][0] / 2.0, fall=fall_statistic(gfs))


def network() -> dict:
    """Return a small fully connected network."""
    layers = [
        ("flatten", "reshape", "pixels in one row", [3072], 0),
        ("hidden", "linear", "weights and biases, then hardtanh", [200], 614_600),
        ("output", "linear", "weights and biases", [10], 2010),
    ]
    names = ("name", "kind", "description", "output_shape", "parameters")
    return {
        "arch": "fc-hardtanh",
        "activation": "hardtanh",
        "width": 1.0,
        "parameters": 616_610,
        "layers": [dict(zip(names, layer, strict=True)) for layer in layers],
    }


def nets_results(run: NetRun | None = None) -> dict:
    """Return valid results that a test may change, of the run in general or of the one given."""
    found = run or net_run()
    return {
        "schema": 2,
        "model": "nets",
        "command": "python -m verify nets --arch fc-hardtanh",
        "versions": {"gd-verify": "0.1.0", "python": "3.11.7", "torch": "2.13.0"},
        "seconds": 63.5,
        "theorems": [],
        "claims": [],
        "identities": [],
        "question": {
            "arch": "fc-hardtanh",
            "activation": "hardtanh",
            "loss": "mse",
            "width": 1.0,
            "data": "cifar10",
            "samples": 1000,
            "seed": 0,
            "lr_factor": None,
            "lr": ETA,
            "steps": STEPS,
            "gfs_every": GFS_EVERY,
            "sharpness_every": SHARPNESS_EVERY,
            "rtol": 1e-3,
            "chunk": 0,
            "dtype": "float32",
            "device": "cpu",
            "max_gradients": 20_000,
        },
        "network": network(),
        "data": {
            "name": "CIFAR-10",
            "kind": "cifar10",
            "samples": 1000,
            "classes": 10,
            "description": "The first 100 training images of each class, each channel with mean 0 and variance 1.",
            "sha256": "ab" * 32,
        },
        "machine": {"cores": 2, "threads": 1, "processor": "x86_64", "torch": "2.13.0+cpu"},
        "flow": {
            "method": "Stabilised explicit Runge-Kutta of second order with adaptive steps.",
            "assumes": [
                "hardtanh has kinks: the flow follows $-\\nabla L$ with the derivative 0 at a kink.",
                "Where the flow crosses a kink, the order of the integrator is lost.",
            ],
        },
        "run": copy.deepcopy(found.to_dict()),
    }
