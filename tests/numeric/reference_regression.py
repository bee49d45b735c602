"""Squared regression with 50 digits in mpmath: gradient-flow solutions, their sharpness, and steps of descent."""

import mpmath as mp
import numpy as np

from numeric.regression import RegressionData

DIGITS = 50


def exact(values: np.ndarray) -> mp.matrix:
    """A float64 vector or matrix, without rounding."""
    return mp.matrix(np.atleast_2d(values).tolist())


def squares(weights: np.ndarray) -> list[list[mp.mpf]]:
    with mp.workdps(DIGITS):
        return [[mp.mpf(float(u)) ** 2 for u in row] for row in weights]


def gd_step(data: RegressionData, weights: np.ndarray, eta: float) -> list[list[mp.mpf]]:
    """Squares after one exact step from the given weights."""
    with mp.workdps(DIGITS):
        plus, minus = squares(weights)
        x, y = data.features.tolist(), data.targets.tolist()
        r = [mp.fdot(row, [p - q for p, q in zip(plus, minus, strict=True)]) - t for row, t in zip(x, y, strict=True)]
        g = [mp.fdot(column, r) / len(y) for column in zip(*x, strict=True)]
        step = 2 * mp.mpf(float(eta))
        return [
            [p * (1 - step * c) ** 2 for p, c in zip(plus, g, strict=True)],
            [q * (1 + step * c) ** 2 for q, c in zip(minus, g, strict=True)],
        ]


def flow_solution(
    data: RegressionData, state: list[list[mp.mpf]], start: np.ndarray, rows: list[int] | None = None
) -> tuple[list[list[mp.mpf]], mp.mpf]:
    """Squares of the solution and the GFS sharpness; `rows` are samples that span the row space, `start` their nu."""
    with mp.workdps(DIGITS):
        rows = list(range(data.samples)) if rows is None else rows
        x, y = exact(data.features[rows]), exact(data.targets[rows]).T
        nu = exact(start).T
        for _ in range(60):
            s = x.T * nu
            a = [p * mp.exp(shift) for p, shift in zip(state[0], s, strict=True)]
            b = [q * mp.exp(-shift) for q, shift in zip(state[1], s, strict=True)]
            gradient = x * mp.matrix([p - q for p, q in zip(a, b, strict=True)]) - y
            hessian = x * mp.diag([p + q for p, q in zip(a, b, strict=True)]) * x.T
            step = mp.lu_solve(hessian, -gradient)
            size = max(abs(value) for value in x.T * step)
            nu += step * (mp.mpf(1) if size < mp.mpf("0.5") else mp.log(1 + size) / size)
            if size < mp.mpf(10) ** (8 - DIGITS):
                break
        else:
            raise AssertionError("the reference did not converge")
        return [a, b], largest_eigenvalue(data, a, b)


def largest_eigenvalue(data: RegressionData, plus: list[mp.mpf], minus: list[mp.mpf]) -> mp.mpf:
    """``(4/N) lambda_max(X diag(plus + minus) X^T)``."""
    x = exact(data.features)
    matrix = x * mp.diag([p + q for p, q in zip(plus, minus, strict=True)]) * x.T
    values = mp.eigsy(matrix, eigvals_only=True)
    return 4 * max(values) / data.samples
