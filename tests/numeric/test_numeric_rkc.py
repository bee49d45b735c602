"""The Runge-Kutta-Chebyshev method: its stability polynomial, order, error estimate and range of stability."""

import math
from collections.abc import Callable

import mpmath as mp
import pytest
import torch
from torch import Tensor

from numeric import rkc

STAGES = [2, 3, 4, 7, 10, 31, 100, 250, 500]


def _tensor(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _amplification(z: float, stages: int) -> float:
    """The factor of one step of size 1 for ``y' = z y``."""
    one = _tensor(1.0)
    return float(rkc.step(lambda y: z * y, one, z * one, 1.0, stages))


def _parameters(stages: int) -> tuple[mp.mpf, mp.mpf, mp.mpf, mp.mpf]:
    """``w0, w1, a_s, b_s`` in 50 digits from the closed forms of the Chebyshev polynomials."""
    w0 = 1 + mp.mpf(2) / 13 / stages**2
    first = stages * mp.chebyu(stages - 1, w0)
    second = mp.diff(lambda x: stages * mp.chebyu(stages - 1, x), w0)
    w1, b = first / second, second / first**2
    return w0, w1, 1 - b * mp.chebyt(stages, w0), b


def _polynomial(z: object, stages: int) -> mp.mpf:
    """``P_s(z) = a_s + b_s T_s(w0 + w1 z)``."""
    w0, w1, a, b = _parameters(stages)
    return a + b * mp.chebyt(stages, w0 + w1 * z)


@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("share", [0.0, 0.03, 0.2, 0.5, 0.9, 1.0])
def test_a_step_is_the_stability_polynomial(stages: int, share: float) -> None:
    z = -share * rkc.longest_step(stages)
    with mp.workdps(50):
        expected = _polynomial(mp.mpf(z), stages)
    # rounding errors grow like the square of the stages
    assert _amplification(z, stages) == pytest.approx(float(expected), abs=3e-14 * stages**2)


@pytest.mark.parametrize("stages", [2, 3, 8, 50])
def test_the_polynomial_is_consistent_of_second_order(stages: int) -> None:
    with mp.workdps(50):
        taylor = mp.taylor(lambda z: _polynomial(z, stages), 0, 3)
        assert all(abs(taylor[k] - mp.mpf(1) / mp.factorial(k)) < mp.mpf("1e-20") for k in range(3))
        assert abs(taylor[3] - mp.mpf(1) / 6) > mp.mpf("0.01")


@pytest.mark.parametrize("stages", STAGES)
def test_stable_up_to_the_step_stated(stages: int) -> None:
    longest = rkc.longest_step(stages)
    grid = torch.linspace(0.0, 1.0, 4001, dtype=torch.float64) * -longest
    factors = rkc.step(lambda y: grid * y, torch.ones_like(grid), grid, 1.0, stages).abs()
    assert bool((factors <= 1.0 + 1e-15 * stages**2).all())
    damped = factors[grid < -2.0] if stages > 2 else factors[:0]
    assert bool((damped < 0.96).all())


def _edge(stages: int) -> float:
    """Where the stability interval ends: ``P_s = 1`` for even s, ``-1`` for odd s, at ``w0 + w1 z < -1``."""
    with mp.workdps(50):
        w0, w1, a, b = _parameters(stages)
        chebyshev = (1 - a) / b if stages % 2 == 0 else (1 + a) / b
        return float((w0 + mp.cosh(mp.acosh(chebyshev) / stages)) / w1)


@pytest.mark.parametrize("stages", STAGES)
def test_unstable_just_beyond_the_end_of_the_stability_interval(stages: int) -> None:
    edge = _edge(stages)
    assert rkc.longest_step(stages) < edge
    assert abs(_amplification(-0.9999 * edge, stages)) < 1.0 < abs(_amplification(-1.0001 * edge, stages))


@pytest.mark.parametrize("stages", [30, 100, 500])
def test_the_stability_interval_is_that_of_the_source(stages: int) -> None:
    assert _edge(stages) / stages**2 == pytest.approx(0.65, abs=0.01)
    assert 0.9 < rkc.longest_step(stages) / _edge(stages) < 1.0


@pytest.mark.parametrize("stages", STAGES[1:])
def test_stages_needed_inverts_longest_step(stages: int) -> None:
    longest = rkc.longest_step(stages)
    assert rkc.stages_needed(longest * (1 - 1e-12)) == stages
    assert rkc.stages_needed(longest * (1 + 1e-12)) == stages + 1


def test_at_least_two_stages() -> None:
    assert rkc.stages_needed(0.0) == 2
    assert rkc.longest_step(2) == 0.0
    with pytest.raises(ValueError, match="at least 2"):
        rkc.coefficients(1)
    with pytest.raises(ValueError, match="at least 2"):
        rkc.step(lambda y: y, _tensor(1.0), _tensor(1.0), 0.1, 0)


def test_a_step_calls_the_slope_once_a_stage_but_for_the_first() -> None:
    calls = []

    def slope(y: Tensor) -> Tensor:
        calls.append(y)
        return -y

    start, at_start = _tensor(1.0, 2.0), _tensor(-1.0, -2.0)
    rkc.step(slope, start, at_start, 0.1, 9)
    assert len(calls) == 8
    assert start.tolist() == [1.0, 2.0]
    assert at_start.tolist() == [-1.0, -2.0]


# Problems with known solutions: y' = slope(y), start, solution at time t


def _logistic(t: float) -> Tensor:
    return _tensor(1.0 / (1.0 + 9.0 * math.exp(-t)))


def _cubic(t: float) -> Tensor:
    return _tensor(2.0 / math.sqrt(1.0 + 8.0 * t))


def _coupled(t: float) -> Tensor:
    """``u' = -u^2, v' = -v u``: ``u = 1/(1 + t)`` and ``v = 3/(1 + t)``."""
    return _tensor(1.0, 3.0) / (1.0 + t)


PROBLEMS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[float], Tensor]]] = {
    "logistic": (lambda y: y * (1.0 - y), _logistic),
    "cubic": (lambda y: -(y**3), _cubic),
    "coupled": (lambda y: -y * y[0], _coupled),
}


def _integrate(slope: Callable[[Tensor], Tensor], start: Tensor, time: float, steps: int, stages: int) -> Tensor:
    state = start
    for _ in range(steps):
        state = rkc.step(slope, state, slope(state), time / steps, stages)
    return state


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
@pytest.mark.parametrize("stages", [2, 3, 6, 25])
def test_second_order(problem: str, stages: int) -> None:
    slope, solution = PROBLEMS[problem]
    errors = [
        float((_integrate(slope, solution(0.0), 1.0, steps, stages) - solution(1.0)).norm()) for steps in (160, 320)
    ]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("problem", sorted(PROBLEMS))
@pytest.mark.parametrize("stages", [2, 5, 25])
def test_the_error_estimate_is_of_third_order_and_of_the_size_of_the_error(problem: str, stages: int) -> None:
    """The source scales the estimate by the error constant of many stages, where it agrees to leading order."""
    slope, solution = PROBLEMS[problem]
    start = solution(0.0)
    estimates, errors = [], []
    for size in (1e-2, 5e-3):
        after = rkc.step(slope, start, slope(start), size, stages)
        estimates.append(float(rkc.error_estimate(start, slope(start), after, slope(after), size).norm()))
        errors.append(float((after - solution(size)).norm()))
    assert math.log2(estimates[0] / estimates[1]) == pytest.approx(3.0, abs=0.2)
    assert 0.3 < estimates[1] / errors[1] < 3.0


def test_a_stiff_component_is_damped_while_the_slow_one_is_accurate() -> None:
    rates = _tensor(1e4, 1.0)
    state, size = _tensor(1.0, 1.0), 0.05
    stages = rkc.stages_needed(size * 1e4)
    for _ in range(20):
        state = rkc.step(lambda y: -rates * y, state, -rates * state, size, stages)
    assert abs(float(state[0])) < 1e-4
    assert float(state[1]) == pytest.approx(math.exp(-1.0), rel=1e-3)
