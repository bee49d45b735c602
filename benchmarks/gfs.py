"""Speed of the batched GFS solver against scipy's root finders and against integrating the gradient flow.

Run from the repository root: ``python -m benchmarks.gfs``. Prints a Markdown table.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.optimize.elementwise import find_root

from numeric.gfs import gfs_sharpness

FloatArray = NDArray[np.float64]

DEPTH = 4
STATES = {
    "Newton, batched": 1_000_000,
    "scipy find_root, batched": 100_000,
    "scipy brentq, one by one": 2_000,
    "gradient flow (LSODA)": 100,
}


def by_batched_root_finding(weights: FloatArray) -> FloatArray:
    """GFS sharpness by ``scipy.optimize.elementwise.find_root`` (scipy 1.15 or later), all states at once."""
    w = weights.T
    b = (w - w.min(axis=0)) * (w + w.min(axis=0))

    def log_product(y: FloatArray, *balances: FloatArray) -> FloatArray:
        return np.asarray(np.log(np.exp(y) + np.stack(balances)).sum(axis=0))

    y = find_root(log_product, (-200.0, 50.0), args=tuple(b)).x
    return np.asarray((1.0 / (np.exp(y) + b)).sum(axis=0))


def by_root_finding(weights: FloatArray) -> FloatArray:
    """GFS sharpness by ``scipy.optimize.brentq`` on the logarithm of the smallest square, state by state."""
    found = np.empty(len(weights))
    for i, w in enumerate(weights):
        b = (w - w.min()) * (w + w.min())
        y = brentq(lambda y, b=b: float(np.log(np.exp(y) + b).sum()), -200.0, 50.0, xtol=1e-15, rtol=1e-15)
        found[i] = (1.0 / (np.exp(y) + b)).sum()
    return found


def by_integration(weights: FloatArray) -> FloatArray:
    """GFS sharpness by integrating ``dw_i/dt = -(pi - 1) * pi / w_i`` until ``|pi - 1| < 1e-8``."""

    def velocity(_: float, w: FloatArray) -> FloatArray:
        pi = np.prod(w)
        return np.asarray(-(pi - 1.0) * pi / w)

    def arrived(_: float, w: FloatArray) -> float:
        return float(abs(np.prod(w) - 1.0) - 1e-8)

    arrived.terminal = True  # type: ignore[attr-defined]
    found = np.empty(len(weights))
    for i, w in enumerate(weights):
        flow = solve_ivp(velocity, (0.0, 1e4), w, method="LSODA", rtol=1e-10, atol=1e-12, events=arrived)
        found[i] = (1.0 / flow.y[:, -1] ** 2).sum()
    return found


def measure(solve: Callable[[FloatArray], FloatArray], weights: FloatArray) -> tuple[float, FloatArray]:
    started = time.perf_counter()
    found = solve(weights)
    return (time.perf_counter() - started) / len(weights), found


def main() -> None:
    weights = np.exp(np.random.default_rng(0).normal(0.0, 0.7, (max(STATES.values()), DEPTH)))
    gfs_sharpness(weights[:5000])
    solvers = (gfs_sharpness, by_batched_root_finding, by_root_finding, by_integration)
    rows = [
        (name, count, *measure(solve, weights[:count]))
        for (name, count), solve in zip(STATES.items(), solvers, strict=True)
    ]
    fastest, reference = rows[0][2], rows[0][3]
    print(f"GFS sharpness of random states, depth {DEPTH}, one core\n")
    print("| solver | states | time a state (us) | times slower | largest relative difference |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, count, seconds, found in rows:
        difference = np.max(np.abs(found / reference[:count] - 1.0))
        print(f"| {name} | {count:,} | {seconds * 1e6:.3g} | {seconds / fastest:,.0f} | {difference:.1e} |")


if __name__ == "__main__":
    main()
