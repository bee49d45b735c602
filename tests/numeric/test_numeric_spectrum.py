"""The largest Hessian eigenvalue against dense Hessians, and its edge cases."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from numeric.net_objective import NetObjective
from numeric.objective import FunctionObjective
from numeric.spectrum import largest_eigenpair


def _symmetric(eigenvalues: list[float], seed: int = 0) -> tuple[Tensor, Tensor]:
    """A matrix with these eigenvalues, and its eigenvectors in columns."""
    size = len(eigenvalues)
    draws = torch.randn(size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    basis = torch.linalg.qr(draws)[0]
    return basis @ torch.diag(torch.tensor(eigenvalues, dtype=torch.float64)) @ basis.T, basis


def _quadratic(matrix: Tensor) -> FunctionObjective:
    return FunctionObjective(lambda w: 0.5 * w @ matrix.to(w.dtype) @ w, len(matrix))


def _zeros(objective: FunctionObjective) -> Tensor:
    return torch.zeros(objective.dimension, dtype=objective.dtype)


def _net(sizes: tuple[int, ...], seed: int, dtype: torch.dtype = torch.float64) -> NetObjective:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[torch.nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [torch.nn.Linear(before, after), torch.nn.Tanh()]
        model = torch.nn.Sequential(*layers[:-1]).to(dtype)
        return NetObjective(
            model, torch.nn.MSELoss(), torch.randn(7, sizes[0], dtype=dtype), torch.ones(7, sizes[-1], dtype=dtype)
        )


def _dense(objective: NetObjective | FunctionObjective, weights: Tensor) -> Tensor:
    product = objective.hessian(weights)
    return torch.stack([product(row) for row in torch.eye(objective.dimension, dtype=objective.dtype)])


@pytest.mark.parametrize("sizes", [(2, 1), (3, 4, 1), (4, 6, 5, 2)])
@pytest.mark.parametrize("seed", [0, 1])
def test_agrees_with_the_dense_hessian(sizes: tuple[int, ...], seed: int) -> None:
    objective = _net(sizes, seed)
    weights = objective.weights()
    hessian = _dense(objective, weights)
    assert torch.allclose(hessian, hessian.T, atol=1e-12)
    expected = float(torch.linalg.eigvalsh(hessian)[-1])
    found = largest_eigenpair(objective, weights, rtol=1e-8)
    assert found.value == pytest.approx(expected, rel=1e-10)
    assert float(torch.linalg.vector_norm(hessian @ found.vector - found.value * found.vector)) == pytest.approx(
        found.residual, abs=1e-9
    )
    assert float(torch.linalg.vector_norm(found.vector)) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("rtol", [1e-1, 1e-2, 1e-5])
def test_an_eigenvalue_is_within_the_residual(rtol: float) -> None:
    matrix, _ = _symmetric([0.1 * k for k in range(60)] + [6.0, 6.02])
    found = largest_eigenpair(_quadratic(matrix), torch.zeros(62, dtype=torch.float64), rtol=rtol)
    distances = (torch.linalg.eigvalsh(matrix) - found.value).abs()
    assert float(distances.min()) <= found.residual + 1e-12
    assert found.value <= 6.02 + 1e-12
    assert found.value == pytest.approx(6.02, rel=rtol)


def test_largest_in_the_algebraic_sense() -> None:
    matrix, basis = _symmetric([-10.0, 1.0])
    found = largest_eigenpair(_quadratic(matrix), torch.zeros(2, dtype=torch.float64))
    assert found.value == pytest.approx(1.0, rel=1e-10)
    assert abs(float(found.vector @ basis[:, 1])) == pytest.approx(1.0, abs=1e-9)
    many, _ = _symmetric([-10.0, -9.0, *[0.01 * k for k in range(40)], 1.0])
    assert largest_eigenpair(_quadratic(many), torch.zeros(43, dtype=torch.float64)).value == pytest.approx(
        1.0, rel=1e-3
    )


def test_a_negative_largest_eigenvalue() -> None:
    matrix, _ = _symmetric([-5.0, -3.0, -2.0, -0.5])
    found = largest_eigenpair(_quadratic(matrix), torch.zeros(4, dtype=torch.float64), rtol=1e-6)
    assert found.value == pytest.approx(-0.5, rel=1e-9)


def test_a_start_near_the_vector_saves_products() -> None:
    matrix, _ = _symmetric([0.02 * k for k in range(100)] + [2.05])
    objective, at = _quadratic(matrix), torch.zeros(101, dtype=torch.float64)
    cold = largest_eigenpair(objective, at, rtol=1e-3)
    warm = largest_eigenpair(objective, at, start=cold.vector, rtol=1e-3)
    assert warm.products < cold.products / 2
    assert warm.value == pytest.approx(cold.value, rel=1e-4)


def test_products_are_counted() -> None:
    matrix, _ = _symmetric([1.0, 2.0, 3.0, 5.0])
    objective = _quadratic(matrix)
    found = largest_eigenpair(objective, torch.zeros(4, dtype=torch.float64))
    assert found.products == objective.cost.products > 0


def test_float32() -> None:
    objective = _net((3, 4, 2), 3, torch.float32)
    weights = objective.weights()
    expected = float(torch.linalg.eigvalsh(_dense(objective, weights).double())[-1])
    found = largest_eigenpair(objective, weights)
    assert found.vector.dtype == torch.float32
    assert found.value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("second", [3.0, 0.0, -2.0])
def test_dimension_one(second: float) -> None:
    found = largest_eigenpair(
        _quadratic(torch.tensor([[second]], dtype=torch.float64)), torch.ones(1, dtype=torch.float64)
    )
    assert found.value == pytest.approx(second, abs=1e-15)
    assert found.residual <= 1e-15
    assert found.products == 1


@pytest.mark.parametrize("size", [2, 3, 20])
def test_a_hessian_of_zeros(size: int) -> None:
    objective = _quadratic(torch.zeros(size, size, dtype=torch.float64))
    found = largest_eigenpair(objective, _zeros(objective))
    assert (found.value, found.residual) == (0.0, 0.0)
    assert float(torch.linalg.vector_norm(found.vector)) == pytest.approx(1.0, abs=1e-12)


def test_a_start_that_the_hessian_maps_to_zero() -> None:
    objective = _quadratic(torch.diag(torch.tensor([0.0, 0.0, 1.0, 4.0], dtype=torch.float64)))
    start = torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=torch.float64)
    assert largest_eigenpair(objective, _zeros(objective), start=start).value == pytest.approx(4.0, rel=1e-9)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("size", [1, 5])
def test_a_product_that_is_not_finite(bad: float, size: int) -> None:
    objective = FunctionObjective(lambda w: bad * (w**2).sum(), size)
    with pytest.raises(FloatingPointError, match="not finite"):
        largest_eigenpair(objective, torch.ones(size, dtype=torch.float64))
