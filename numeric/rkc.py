"""The second-order Runge-Kutta-Chebyshev method for gradient flows.

Source: B. P. Sommeijer, L. F. Shampine, J. G. Verwer, "RKC: An explicit solver for parabolic PDEs", J. Comput. Appl.
Math. 88 (1998) 315-326. With ``s`` stages the method is stable for steps up to about ``0.65 s^2 / rho`` on problems
whose Jacobian has its spectrum in ``[-rho, 0]``: a step that classical Runge-Kutta of order 4 would have to cut into
``0.24 s^2`` steps of four gradients each costs ``s`` gradients.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

DAMPING = 2.0 / 13.0
"""The parameter epsilon of the source: how far the stability polynomial stays below 1."""

MOST_STAGES = 500
"""Stages at most in one step."""


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of the method with ``s`` stages, source (2.1)-(2.3); lists run over the stages ``2..s``."""

    first: float
    mu: tuple[float, ...]
    nu: tuple[float, ...]
    mu_slope: tuple[float, ...]
    gamma_slope: tuple[float, ...]


@functools.cache
def coefficients(stages: int) -> Coefficients:
    """Return the coefficients for ``stages >= 2``.

    With the Chebyshev polynomials ``T_j``, ``w0 = 1 + eps / s^2`` and ``w1 = T_s'(w0) / T_s''(w0)``:
    ``b_j = T_j''(w0) / T_j'(w0)^2`` for ``j >= 2``, ``b_0 = b_1 = b_2``, ``a_j = 1 - b_j T_j(w0)``.

    Raises
    ------
    ValueError
        If there are fewer than 2 stages.
    """
    if stages < 2:
        raise ValueError(f"{stages} stages: the method needs at least 2")
    w0 = 1.0 + DAMPING / stages**2
    t, dt, ddt = [1.0, w0], [0.0, 1.0], [0.0, 0.0]
    for _ in range(2, stages + 1):
        ddt.append(4.0 * dt[-1] + 2.0 * w0 * ddt[-1] - ddt[-2])
        dt.append(2.0 * t[-1] + 2.0 * w0 * dt[-1] - dt[-2])
        t.append(2.0 * w0 * t[-1] - t[-2])
    w1 = dt[stages] / ddt[stages]
    b = [0.0, 0.0, *(ddt[j] / dt[j] ** 2 for j in range(2, stages + 1))]
    b[0] = b[1] = b[2]
    a = [1.0 - b[j] * t[j] for j in range(stages + 1)]
    later = range(2, stages + 1)
    mu_slope = tuple(2.0 * b[j] * w1 / b[j - 1] for j in later)
    return Coefficients(
        first=b[1] * w1,
        mu=tuple(2.0 * b[j] * w0 / b[j - 1] for j in later),
        nu=tuple(-b[j] / b[j - 2] for j in later),
        mu_slope=mu_slope,
        gamma_slope=tuple(-a[j - 1] * m for j, m in zip(later, mu_slope, strict=True)),
    )


def stages_needed(scaled_step: float) -> int:
    """Return the stages for which a step is stable, ``scaled_step = h rho`` (source, section 3)."""
    return max(2, 1 + math.ceil(math.sqrt(1.0 + 1.54 * scaled_step)))


def longest_step(stages: int) -> float:
    """Return the largest ``h rho`` for which so many stages are stable: the inverse of :func:`stages_needed`."""
    return ((stages - 1) ** 2 - 1) / 1.54


def step(slope: Callable[[Tensor], Tensor], state: Tensor, at_state: Tensor, size: float, stages: int) -> Tensor:
    """Return the state after one step of ``y' = slope(y)``.

    Parameters
    ----------
    slope
        The right-hand side; called ``stages - 1`` times.
    state, at_state
        ``y`` and ``slope(y)``, shape ``(P,)``.
    size
        Step ``h``.
    stages
        Number of stages, at least 2.
    """
    c = coefficients(stages)
    before, last = state, state + c.first * size * at_state
    for mu, nu, mu_slope, gamma in zip(c.mu, c.nu, c.mu_slope, c.gamma_slope, strict=True):
        now = slope(last).mul(mu_slope * size)
        now.add_(at_state, alpha=gamma * size).add_(state, alpha=1.0 - mu - nu)
        now.add_(last, alpha=mu).add_(before, alpha=nu)
        before, last = last, now
    return last


def error_estimate(state: Tensor, at_state: Tensor, after: Tensor, at_after: Tensor, size: float) -> Tensor:
    """Return the estimate of the local error, source (3.1): ``(4/5)(y_n - y_{n+1}) + (2/5) h (F_n + F_{n+1})``."""
    return 0.8 * (state - after) + 0.4 * size * (at_state + at_after)
