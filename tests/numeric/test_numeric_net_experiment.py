"""Gradient descent with measurements along the way, on scalar networks, whose GFS sharpness is known."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from numeric import checkpoints
from numeric.gfs import gfs_sharpness
from numeric.net_experiment import Plan, Watcher, run_net_experiment
from numeric.objective import FunctionObjective

START = [1.6, 0.9, 0.7]
PLAN = Plan(steps=9, eta=0.05, eta_factor=1.0, gfs_every=4, sharpness_every=2, rtol=1e-3, max_gradients=50_000)


def scalar_network() -> tuple[FunctionObjective, torch.Tensor]:
    objective = FunctionObjective(lambda w: 0.5 * (w.prod() - 1.0) ** 2, len(START))
    return objective, torch.tensor(START, dtype=torch.float64)


def descended(eta: float, steps: int) -> list[np.ndarray]:
    """Return the states of gradient descent by the formula of the gradient, ``(pi - 1) pi / w_i``."""
    states = [np.array(START)]
    for _ in range(steps):
        w = states[-1]
        states.append(w - eta * (w.prod() - 1.0) * w.prod() / w)
    return states


def run(plan: Plan = PLAN, **named: Any) -> Any:
    objective, start = scalar_network()
    named = {"accuracy": lambda weights: 1.0, "configuration": {"eta": plan.eta}} | named
    return run_net_experiment(objective, start, plan, **named)


def test_loss_sharpness_and_gfs_sharpness_are_those_of_the_scalar_network() -> None:
    found, states = run(), descended(0.05, 9)
    assert found.loss == pytest.approx([0.5 * (w.prod() - 1.0) ** 2 for w in states], rel=1e-12)
    assert [r.step for r in found.sharpness] == [0, 2, 4, 6, 8, 9]
    for record in found.sharpness:
        w = states[record.step]
        pi = w.prod()
        hessian = np.outer(pi / w, pi / w) + (pi - 1.0) * (np.outer(pi / w, 1.0 / w) - np.diag(pi / w**2))
        assert record.value == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-6)
    assert [r.step for r in found.gfs] == [0, 4, 8, 9]
    for record in found.gfs:
        exact = float(gfs_sharpness(states[record.step][None])[0])
        assert record.outcome == "converged"
        assert abs(record.value - exact) <= record.error
        assert record.value == pytest.approx(exact, rel=3e-3)
    assert found.fall.measurements == 4
    assert not found.fall.contradicted
    assert found.loss_increases == sum(b > a for a, b in zip(found.loss, found.loss[1:], strict=False))


def test_the_factor_gives_the_step_size() -> None:
    found = run(Plan(2, None, 0.9, 2, 1, 1e-3, 50_000))
    assert found.eta == pytest.approx(0.9 * 2.0 / found.gfs[0].value)
    assert found.eta_factor == pytest.approx(0.9)


def test_divergence_has_its_step() -> None:
    found = run(Plan(50, 40.0, 1.0, 50, 50, 1e-2, 50_000))
    states = descended(40.0, found.diverged_at)
    assert found.outcome == "diverged"
    assert 0.5 * (states[-1].prod() - 1.0) ** 2 > 1e6 * found.loss[0]
    assert len(found.loss) == found.diverged_at
    assert all(0.5 * (w.prod() - 1.0) ** 2 <= 1e6 * found.loss[0] for w in states[:-1])


def test_without_a_gfs_sharpness_there_is_no_step_size() -> None:
    with pytest.raises(ValueError, match="give --lr"):
        run(Plan(2, None, 0.9, 2, 1, 1e-3, 10))


def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    path, whole = tmp_path / "state.npz", run()

    def stop(number: int) -> None:
        if number == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(checkpoint=path, watcher=Watcher(step=stop))
    seen: list[int] = []
    found = run(checkpoint=path, resume=True, watcher=Watcher(step=seen.append))
    assert seen[0] == 5
    times = {"seconds_steps": 0.0, "seconds_sharpness": 0.0, "seconds_gfs": 0.0}
    ours, theirs = asdict(found) | times, asdict(whole) | times
    for record in (*ours["gfs"], *theirs["gfs"]):
        record["seconds"] = 0.0
    assert ours == theirs


@pytest.mark.parametrize(
    "change",
    [
        lambda saved: saved.arrays.pop("weights"),
        lambda saved: saved.records.pop("loss"),
        lambda saved: saved.records["gfs"][0].pop("value"),
        lambda saved: saved.records.update(other=1),
        lambda saved: saved.arrays.update(weights=np.zeros(7)),
        lambda saved: saved.arrays.update(weights=np.zeros(3, dtype=np.float32)),
    ],
    ids=range(6),
)
def test_a_checkpoint_that_does_not_fit_is_refused(change: Any, tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    run(checkpoint=path)
    loaded = checkpoints.load(path, {"eta": 0.05})
    assert loaded is not None
    saved = checkpoints.Checkpoint(dict(loaded.configuration), dict(loaded.records), dict(loaded.arrays))
    change(saved)
    checkpoints.save(path, saved)
    with pytest.raises(ValueError, match="checkpoint"):
        run(checkpoint=path, resume=True)
