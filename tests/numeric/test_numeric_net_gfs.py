"""The GFS sharpness of a network of one's own."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor, nn

from numeric.flow import RungeKuttaChebyshev, follow
from numeric.flow_end import FlowWatch
from numeric.net_gfs import COARSER, gfs_sharpness, measure_gfs
from numeric.net_objective import NetObjective
from numeric.objective import Cost, FunctionObjective


def _problem(
    activation: type[nn.Module] = nn.Tanh, outputs: int = 1, seed: int = 0
) -> tuple[nn.Module, tuple[Tensor, Tensor]]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(5, 16), activation(), nn.Linear(16, outputs)).double()
        inputs = torch.randn(6, 5, dtype=torch.float64)
        targets = torch.sin(2.0 * inputs[:, :outputs])
    return model, (inputs, targets)


def _reference(model: nn.Module, data: tuple[Tensor, Tensor]) -> float:
    """The sharpness where an implicit method of scipy finds the flow at rest; dense Hessian."""
    objective = NetObjective(model, nn.MSELoss(), *data)

    def velocity(_: float, w: np.ndarray) -> np.ndarray:
        return -objective.gradient(torch.from_numpy(w))[1].numpy()

    def hessian(_: float, w: np.ndarray) -> np.ndarray:
        product = objective.hessian(torch.from_numpy(w))
        return -torch.stack([product(row) for row in torch.eye(len(w), dtype=torch.float64)]).numpy()

    start = objective.weights().numpy()
    flow = solve_ivp(velocity, (0.0, 1e6), start, "BDF", rtol=1e-7, atol=1e-9, jac=hessian)
    end = flow.y[:, -1]
    assert objective.gradient(torch.from_numpy(end))[0] < 1e-9
    return float(-np.linalg.eigvalsh(hessian(0.0, end))[0])


@pytest.mark.parametrize(
    ("activation", "outputs", "seed"), [(nn.Tanh, 1, 0), (nn.Tanh, 2, 1), (nn.GELU, 1, 2), (nn.Sigmoid, 1, 3)]
)
def test_a_network_of_ones_own(activation: type[nn.Module], outputs: int, seed: int) -> None:
    model, data = _problem(activation, outputs, seed)
    found = gfs_sharpness(model, nn.MSELoss(), data, rtol=0.01)
    expected = _reference(model, data)
    assert found.record.outcome == "converged"
    assert found.value == pytest.approx(expected, rel=0.02)
    assert found.value is not None
    assert found.error is not None
    assert abs(found.value - expected) <= found.error
    assert found.error < 0.1 * found.value


def test_the_model_is_not_changed() -> None:
    model, data = _problem()
    model.add_module("3", nn.BatchNorm1d(1).double())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    gfs_sharpness(model, nn.MSELoss(), data, max_gradients=200)
    after = model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert model.training
    assert all(p.grad is None for p in model.parameters())


def test_the_result_repeats() -> None:
    model, data = _problem()
    first, second = (gfs_sharpness(model, nn.MSELoss(), data, rtol=0.02) for _ in range(2))
    assert (first.value, first.error, first.gradients) == (second.value, second.error, second.gradients)


def test_the_record() -> None:
    model, data = _problem()
    objective = NetObjective(model, nn.MSELoss(), *data)
    found = measure_gfs(objective, objective.weights(), step=7, rtol=0.02)
    record = found.record
    assert record.step == 7
    assert record.error == pytest.approx(record.error_flow + record.error_left + record.error_eigenvalue)
    assert found.gradients == Cost(record.gradients, record.products).equivalents == objective.cost.equivalents
    losses = [point.loss for point in record.path]
    assert losses == sorted(losses, reverse=True)
    assert (record.loss_end, record.sharpness_end) == (record.path[-1].loss, record.path[-1].sharpness)
    assert objective.gradient(found.end)[0] == pytest.approx(record.loss_end, rel=1e-9)
    assert found.vector is not None
    product = objective.hessian(found.end)(found.vector)
    assert float(product @ found.vector) == pytest.approx(record.sharpness_end, rel=1e-6)


def test_a_second_flow_that_runs_out_of_work_leaves_no_value() -> None:
    model, data = _problem()
    objective = NetObjective(model, nn.MSELoss(), *data)
    start = objective.weights()
    stepper = RungeKuttaChebyshev(objective, start, 0.02)
    first = follow(objective, start, stepper, FlowWatch(objective, 0.02), max_gradients=20_000).cost.equivalents
    found = measure_gfs(objective, start, rtol=0.02, max_gradients=first + 10)
    assert found.gradients > first
    assert (found.value, found.error, found.record.outcome) == (None, None, "out of work")


@pytest.mark.parametrize("rtol", [0.0, -0.01, 0.5, 1.0, float("nan"), float("inf")])
def test_a_tolerance_out_of_range(rtol: float) -> None:
    model, data = _problem()
    with pytest.raises(ValueError, match="rtol"):
        gfs_sharpness(model, nn.MSELoss(), data, rtol=rtol)


def test_random_layers_are_refused() -> None:
    model, data = _problem()
    with pytest.raises(ValueError, match="random"):
        gfs_sharpness(nn.Sequential(model, nn.Dropout(0.1)), nn.MSELoss(), data)


def test_a_start_that_is_not_finite_has_no_value() -> None:
    objective = FunctionObjective(lambda w: (w**2).sum(), 2)
    start = torch.tensor([1.0, float("nan")], dtype=torch.float64)
    found = measure_gfs(objective, start)
    assert (found.value, found.error, found.record.outcome) == (None, None, "diverged")
    assert found.vector is None


def test_the_second_flow_is_coarser() -> None:
    assert COARSER > 1.0
