"""Speed of the GFS solver for squared regression against integrating the gradient flow.

Run from the repository root: ``python -m benchmarks.regression``. Prints a Markdown table.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from numeric.regression import RegressionData, gd_step
from numeric.regression_gfs import flow_solution, next_start

FloatArray = NDArray[np.float64]

SAMPLES, DIMENSION, STATES, INTEGRATED, STEPS = 20, 100, 10_000, 10, 10
ARRIVED = 1e-8
"""Residual relative to y at which the integrated flow stops."""


def make() -> tuple[RegressionData, FloatArray]:
    """Gaussian features, a sparse teacher, and states near 1/2."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((SAMPLES, DIMENSION))
    teacher = np.zeros(DIMENSION)
    teacher[:5] = rng.choice([-1.0, 1.0], 5)
    return RegressionData(x, x @ teacher), 0.5 * (1 + 0.1 * rng.standard_normal((STATES, 2, DIMENSION)))


def small_eigenvalue(data: RegressionData, squares: FloatArray) -> float:
    total = squares.sum(axis=0)
    return float(np.linalg.eigvalsh((data.features * total) @ data.features.T)[-1]) * 4 / data.samples


def by_integration(data: RegressionData, states: FloatArray, method: str, rtol: float, reduced: bool) -> FloatArray:
    """GFS sharpness by integrating the flow until ``|X beta - y| < 1e-8 |y|``.

    The flow of all 2d weights, ``du_plus/dt = -2 g u_plus`` and ``du_minus/dt = 2 g u_minus``; or, `reduced`, of the N
    numbers ``nu`` with ``dnu/dt = -4 r / N``, ``beta = p exp(X^T nu) - q exp(-X^T nu)``, with the exact Jacobian
    for the implicit methods.
    """
    x, y, n = data.features, data.targets, data.samples
    found = np.empty(len(states))
    options = {} if method in {"RK45", "DOP853"} else {"jac": True}
    for i, state in enumerate(states):
        p, q = state**2

        def squares(v: FloatArray, p: FloatArray = p, q: FloatArray = q) -> FloatArray:
            if not reduced:
                return np.asarray(v.reshape(2, -1) ** 2)
            growth = np.exp(v @ x)
            return np.stack([p * growth, q / growth])

        def residual(v: FloatArray, squares: Callable[[FloatArray], FloatArray] = squares) -> FloatArray:
            a, b = squares(v)
            return np.asarray(x @ (a - b) - y)

        def velocity(_: float, v: FloatArray, residual: Callable[[FloatArray], FloatArray] = residual) -> FloatArray:
            r = residual(v)
            if reduced:
                return np.asarray(-4.0 * r / n)
            g, (plus, minus) = x.T @ r / n, v.reshape(2, -1)
            return np.concatenate([-2.0 * g * plus, 2.0 * g * minus])

        def jacobian(_: float, v: FloatArray, squares: Callable[[FloatArray], FloatArray] = squares) -> FloatArray:
            a, b = squares(v)
            if reduced:
                return np.asarray(-4.0 / n * (x * (a + b)) @ x.T)
            g, (plus, minus) = x.T @ (x @ (a - b) - y) / n, v.reshape(2, -1)
            wide = np.concatenate([x * plus, -x * minus], axis=1)
            return np.asarray(-4.0 / n * wide.T @ wide - 2.0 * np.diag(np.concatenate([g, -g])))

        def arrived(_: float, v: FloatArray, residual: Callable[[FloatArray], FloatArray] = residual) -> float:
            return float(np.linalg.norm(residual(v)) / np.linalg.norm(y) - ARRIVED)

        arrived.terminal = True  # type: ignore[attr-defined]
        chosen = {"jac": jacobian} if options else {}
        start = np.zeros(n) if reduced else state.ravel()
        flow = solve_ivp(velocity, (0.0, 1e4), start, method, rtol=rtol, atol=rtol / 100, events=arrived, **chosen)
        found[i] = small_eigenvalue(data, squares(flow.y[:, -1]))
    return found


def one_by_one(data: RegressionData, states: FloatArray, starts: FloatArray | None) -> FloatArray:
    given = [None] * len(states) if starts is None else list(starts)
    pairs = zip(states, given, strict=True)
    return np.array([float(flow_solution(data, state, start).sharpness) for state, start in pairs])


def best_of(repeats: int, solve: Callable[[], FloatArray], states: int) -> tuple[float, FloatArray]:
    """Smallest time a state in seconds, and the results."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        found = solve()
        times.append((time.perf_counter() - started) / states)
    return min(times), found


def main() -> None:
    data, origin = make()
    before = flow_solution(data, origin)
    eta = 2.0 / before.sharpness
    for _ in range(STEPS):
        after = gd_step(data, origin, eta)
        before = flow_solution(data, after, next_start(data, origin, before, eta))
        origin = after
    states, starts = gd_step(data, origin, eta), next_start(data, origin, before, eta)
    few, some = states[:INTEGRATED], states[:500]
    rows: list[tuple[str, int, float, FloatArray]] = []

    def add(name: str, count: int, repeats: int, solve: Callable[[], FloatArray]) -> None:
        rows.append((name, count, *best_of(repeats, solve, count)))

    add("one state a call, start from the step before", 500, 3, partial(one_by_one, data, some, starts[:500]))
    add("one state a call, no start", 500, 3, partial(one_by_one, data, some, None))
    add("batch, start from the step before", STATES, 3, lambda: flow_solution(data, states, starts).sharpness)
    add("batch, no start", STATES, 3, lambda: flow_solution(data, states).sharpness)
    for reduced, what in ((False, "2d weights"), (True, "N dual variables")):
        for method in ("LSODA", "Radau", "BDF", "DOP853", "RK45"):
            solve = partial(by_integration, data, few, method, 1e-9, reduced)
            add(f"flow of the {what}, {method}", INTEGRATED, 1, solve)
    single, reference = rows[0][2], rows[2][3]
    print(f"GFS sharpness after {STEPS + 1} steps from eta phi = 2, N = {SAMPLES}, d = {DIMENSION}\n")
    print("| solver | states | time a state (us) | times the first | largest relative difference |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, count, seconds, found in rows:
        difference = np.max(np.abs(found / reference[:count] - 1.0))
        print(f"| {name} | {count:,} | {seconds * 1e6:.3g} | {seconds / single:.3g} | {difference:.1e} |")


if __name__ == "__main__":
    main()
