"""Gradient flows against problems whose gradient-flow solution is known, and the integrators against each other."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from numeric import regression_gfs
from numeric.flow import FlowEnd, RungeKuttaChebyshev, Stepper, follow
from numeric.flow_end import FlowWatch, extrapolate
from numeric.flow_linear import LinearSolveWatch, linear_end
from numeric.flow_others import Dopri5, RungeKutta4
from numeric.gfs import gfs_sharpness
from numeric.net_gfs import GfsMeasurement, measure_gfs
from numeric.net_objective import NetObjective, cross_entropy, squared_error
from numeric.net_results import FlowPoint
from numeric.objective import FunctionObjective, Objective
from numeric.regression import RegressionData

RTOL = 0.01


def _tensor(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _rkc(objective: Objective, start: Tensor, rtol: float) -> Stepper:
    return RungeKuttaChebyshev(objective, start, rtol)


def _rk4(objective: Objective, _start: Tensor, _rtol: float) -> Stepper:
    return RungeKutta4(objective)


def _dopri5(objective: Objective, start: Tensor, rtol: float) -> Stepper:
    return Dopri5(objective, start, rtol)


STEPPERS = [_rkc, _rk4, _dopri5]
steppers = pytest.mark.parametrize("make", STEPPERS, ids=["rkc", "rk4", "dopri5"])


def _flow(
    objective: Objective,
    start: Tensor,
    make: Callable[[Objective, Tensor, float], Stepper] = _rkc,
    rtol: float = RTOL,
    max_gradients: int = 50_000,
    stop_loss: float = 0.0,
) -> FlowEnd:
    watch = FlowWatch(objective, rtol, stop_loss)
    return follow(objective, start, make(objective, start, rtol), watch, max_gradients=max_gradients)


def _agrees(found: GfsMeasurement, expected: float, rtol: float = RTOL) -> None:
    assert found.value is not None
    assert found.error is not None
    assert abs(found.value - expected) <= found.error
    assert found.value == pytest.approx(expected, rel=rtol)


# Quadratics


def _quadratic() -> tuple[FunctionObjective, Tensor, Tensor]:
    draws = torch.randn(6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    basis = torch.linalg.qr(draws)[0]
    matrix = basis @ torch.diag(_tensor([0.05, 0.3, 1.0, 2.0, 7.0, 30.0])) @ basis.T
    return FunctionObjective(lambda w: 0.5 * (w - 1.0) @ matrix @ (w - 1.0), 6), matrix, 2.0 * basis.sum(dim=1)


@steppers
def test_a_quadratic_is_followed_along_its_flow_and_has_constant_sharpness(
    make: Callable[[Objective, Tensor, float], Stepper],
) -> None:
    objective, matrix, start = _quadratic()
    end = _flow(objective, start, make, rtol=1e-3)
    assert end.outcome == "converged"
    assert end.limit is not None
    assert end.limit.value == pytest.approx(30.0, rel=1e-5)
    exact = 1.0 + torch.linalg.matrix_exp(-matrix * end.state.time) @ (start - 1.0)
    travelled = float((end.state.weights - start).norm())
    assert float((end.state.weights - exact).norm()) < 0.02 * travelled


@pytest.mark.parametrize("rtol", [1e-2, 1e-3, 1e-4])
def test_the_error_of_runge_kutta_chebyshev_is_of_the_size_of_its_tolerance(rtol: float) -> None:
    objective, matrix, start = _quadratic()
    end = _flow(objective, start, rtol=rtol)
    exact = 1.0 + torch.linalg.matrix_exp(-matrix * end.state.time) @ (start - 1.0)
    assert float((end.state.weights - exact).norm()) < 20.0 * rtol * float((end.state.weights - start).norm())


@steppers
def test_gradients_are_counted(make: Callable[[Objective, Tensor, float], Stepper]) -> None:
    calls = 0

    def loss(w: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return 0.5 * (_tensor([1.0, 4.0]) * w**2).sum()

    objective = FunctionObjective(loss, 2)
    end = _flow(objective, _tensor([1.0, 1.0]), make)
    assert end.cost.gradients == calls
    assert end.cost.products > 0


# Models whose gradient-flow solution the package computes exactly


def _scalar(depth: int) -> FunctionObjective:
    return FunctionObjective(lambda w: 0.5 * (torch.prod(w) - 1.0) ** 2, depth)


@pytest.mark.parametrize(
    "weights", [[2.0, 1.0], [0.4, 0.1], [3.0, 0.2], [1.5, 1.2, 0.8], [0.3, 0.5, 2.0], [2.0, 2.0, 2.0]]
)
def test_scalar_networks(weights: list[float]) -> None:
    found = measure_gfs(_scalar(len(weights)), _tensor(weights))
    _agrees(found, float(gfs_sharpness(np.array(weights))))


def test_a_scalar_network_to_a_tight_tolerance() -> None:
    """The local error is of third order, what it adds up to of second: it falls like the tolerance to the power 2/3."""
    found = measure_gfs(_scalar(3), _tensor([1.5, 0.3, 0.9]), rtol=1e-4)
    _agrees(found, float(gfs_sharpness(np.array([1.5, 0.3, 0.9]))), rtol=RTOL * 0.01 ** (2.0 / 3.0))


def _squared_regression(seed: int) -> tuple[FunctionObjective, Tensor, float]:
    """The loss, a state near 1/2, and its GFS sharpness."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((5, 12))
    y = x @ np.where(np.arange(12) < 3, 1.0, 0.0)
    weights = 0.5 * (1.0 + 0.2 * rng.standard_normal((2, 12)))
    solution = regression_gfs.flow_solution(RegressionData(x, y), weights)
    features, targets = torch.from_numpy(x), torch.from_numpy(y)

    def loss(w: Tensor) -> Tensor:
        plus, minus = w.view(2, 12)
        return ((features @ (plus**2 - minus**2) - targets) ** 2).mean() / 2

    return FunctionObjective(loss, 24), torch.from_numpy(weights.ravel()), float(solution.sharpness)


@pytest.mark.parametrize("rtol", [0.02, 0.01])
def test_squared_regression(rtol: float) -> None:
    """The error bar is an estimate: it has to cover most of the errors, and their root mean square is ``rtol``."""
    errors, bars = [], []
    for seed in range(30):
        objective, weights, expected = _squared_regression(seed)
        found = measure_gfs(objective, weights, rtol=rtol)
        assert found.value is not None
        assert found.error is not None
        errors.append(abs(found.value / expected - 1.0))
        bars.append(found.error / expected)
    assert np.mean(np.array(errors) <= np.array(bars)) >= 0.9
    assert np.max(np.array(errors) / np.array(bars)) < 2.0
    assert np.sqrt(np.mean(np.square(errors))) < rtol
    assert np.sqrt(np.mean(np.square(bars))) < 3.0 * rtol


# The extrapolation


@pytest.mark.parametrize("slope", [-3.0, 0.0, 5.0])
def test_extrapolation_is_exact_for_the_middle_exponent(slope: float) -> None:
    losses = [1.0, 0.2, 0.07, 0.01]
    found = extrapolate(losses, [4.0 + slope * loss**0.5 for loss in losses])
    assert found.value == pytest.approx(4.0, abs=1e-12)
    assert (found.spread > 1e-12) == (slope != 0.0)
    assert found.change >= abs(slope) * losses[-1] ** 0.5 - 1e-12


@pytest.mark.parametrize("power", [0.25, 1.0])
def test_the_spread_covers_the_other_exponents(power: float) -> None:
    losses = [1.0, 0.3, 0.1, 0.03]
    found = extrapolate(losses, [2.0 + loss**power for loss in losses])
    assert abs(found.value - 2.0) <= found.spread + 1e-12


@pytest.mark.parametrize("count", [0, 1])
def test_an_extrapolation_needs_two_states(count: int) -> None:
    with pytest.raises(ValueError, match="two states"):
        extrapolate([1.0] * count, [1.0] * count)


# Flows without an end


@steppers
def test_out_of_work(make: Callable[[Objective, Tensor, float], Stepper]) -> None:
    end = _flow(_scalar(3), _tensor([1.5, 0.3, 0.9]), make, max_gradients=60)
    assert end.outcome == "out of work"
    assert end.limit is None
    assert end.cost.equivalents >= 60
    found = measure_gfs(_scalar(3), _tensor([1.5, 0.3, 0.9]), max_gradients=60)
    assert (found.value, found.error, found.record.outcome) == (None, None, "out of work")


@steppers
@pytest.mark.parametrize("loss", [lambda w: (w - 0.5).log().sum(), lambda w: (w - 0.5).sqrt().sum() + (w**2).sum()])
def test_diverged(make: Callable[[Objective, Tensor, float], Stepper], loss: Callable[[Tensor], Tensor]) -> None:
    end = _flow(FunctionObjective(loss, 2), _tensor([1.0, 0.9]), make)
    assert end.outcome == "diverged"
    assert end.limit is None


def test_stop_loss_of_a_logistic_loss() -> None:
    """``L = log(1 + e^-w)``: ``L = s`` where ``e^-w = e^s - 1``, and ``L'' = p (1 - p)`` with ``p = e^-s``."""
    objective = FunctionObjective(lambda w: torch.nn.functional.softplus(-w).sum(), 1)
    stop = 0.02
    found = measure_gfs(objective, _tensor([-1.0]), stop_loss=stop)
    p = math.exp(-stop)
    assert found.value is not None
    assert found.error is not None
    assert abs(found.value - p * (1.0 - p)) <= found.error < 0.2 * found.value
    assert found.record.loss_end <= stop


def test_progress_is_told() -> None:
    seen: list[tuple[float, int]] = []
    measure_gfs(_scalar(2), _tensor([2.0, 1.0]), progress=lambda state, work: seen.append((state.loss, work)))
    assert len(seen) > 5
    assert seen[0][0] == 0.5


# The integrators on a network


def _net(loss: Callable[[Tensor, Tensor], Tensor] = squared_error) -> NetObjective:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(6, 30), torch.nn.Tanh(), torch.nn.Linear(30, 2)).double()
        inputs = torch.randn(8, 6, dtype=torch.float64)
        targets = torch.nn.functional.one_hot(torch.arange(8) % 2).double()
    return NetObjective(model, loss, inputs, targets)


@pytest.fixture(scope="module")
def reference() -> float:
    objective = _net()
    start = objective.weights()
    end = follow(
        objective, start, RungeKuttaChebyshev(objective, start, 1e-4), FlowWatch(objective, 5e-4), max_gradients=100_000
    )
    assert end.limit is not None
    return end.limit.value


@steppers
def test_the_integrators_give_the_same_answer(
    make: Callable[[Objective, Tensor, float], Stepper], reference: float
) -> None:
    objective = _net()
    end = _flow(objective, objective.weights(), make)
    assert end.outcome == "converged"
    assert end.limit is not None
    assert end.limit.value == pytest.approx(reference, rel=RTOL)


def test_runge_kutta_chebyshev_needs_fewer_gradients() -> None:
    objective = _net()
    costs = [_flow(objective, objective.weights(), make).cost.equivalents for make in STEPPERS]
    assert costs[0] < min(costs[1:]) / 2


def test_the_linear_solve_gives_the_same_answer(reference: float) -> None:
    objective = _net()
    start = objective.weights()
    watch = LinearSolveWatch(objective, RTOL)
    end = follow(objective, start, RungeKuttaChebyshev(objective, start, RTOL), watch, max_gradients=50_000)
    assert end.outcome == "converged"
    assert end.limit is not None
    assert end.limit.value == pytest.approx(reference, rel=RTOL)
    assert abs(end.limit.value - reference) <= end.limit.spread + RTOL * reference
    assert [jump.loss for jump in watch.jumps] == sorted((jump.loss for jump in watch.jumps), reverse=True)


def test_the_linear_solve_of_a_linear_network_is_the_end_of_its_flow() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = torch.nn.Linear(9, 2, bias=False).double()
        inputs, targets = torch.randn(4, 9, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)
    objective = NetObjective(model, squared_error, inputs, targets)
    start = objective.weights()
    found = linear_end(objective, start, reduction=1e-10)
    wanted = (targets - inputs @ start.view(2, 9).T).T
    correction = wanted @ torch.linalg.pinv(inputs).T
    assert torch.allclose(found.weights, start + correction.reshape(-1), atol=1e-8)
    assert found.loss < 1e-16
    assert found.residual <= 1e-10
    assert found.iterations > 0
    assert found.cost.gradients == objective.cost.gradients >= 2 * found.iterations
    expected = float(torch.linalg.eigvalsh(inputs.T @ inputs / 4)[-1])
    assert found.pair.value == pytest.approx(expected, rel=1e-5)


def test_the_linear_solve_stops_at_its_limit_of_iterations() -> None:
    found = linear_end(_net(), _net().weights(), max_iterations=3)
    assert found.iterations == 3
    assert found.residual > 1e-3


def test_the_linear_solve_refuses_a_loss_that_is_no_squared_error() -> None:
    objective = _net(cross_entropy)
    with pytest.raises(ValueError, match="not a squared error"):
        linear_end(objective, objective.weights())


@pytest.mark.parametrize("make", [_rkc, _rk4], ids=["rkc", "rk4"])
def test_a_flow_from_a_minimum_ends_at_once(make: Callable[[Objective, Tensor, float], Stepper]) -> None:
    end = _flow(_scalar(2), _tensor([2.0, 0.5]), make)
    assert end.outcome == "converged"
    assert end.steps == 0
    assert end.limit is not None
    assert end.limit.value == pytest.approx(1.0 / 4.0 + 1.0 / 0.25)


def test_a_loss_that_falls_without_end_has_no_solution() -> None:
    objective = FunctionObjective(lambda w: w[0] + w[1] ** 2 / 2.0, 2)
    end = _flow(objective, _tensor([1.0, 1.0]), max_gradients=2_000)
    assert end.outcome != "converged"
    assert end.limit is None


def test_a_sharpness_that_rests_early_does_not_end_the_flow() -> None:
    watch = FlowWatch(_scalar(2), 0.01)
    watch.path += [FlowPoint(float(k), 3.0**-k, 5.0) for k in range(7)]
    assert not watch.finished()
    watch.path += [FlowPoint(float(k), 3.0**-k, 5.0) for k in range(7, 10)]
    assert watch.finished()
