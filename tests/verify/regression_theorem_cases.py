"""An independent implementation of the squared regression model in mpmath: step, GFS, sharpness."""

from collections.abc import Sequence
from typing import Any

import mpmath

DIGITS = 50


def product(matrix: Sequence[Sequence[Any]], vector: Sequence[Any]) -> list[Any]:
    return [mpmath.fsum(a * v for a, v in zip(row, vector, strict=True)) for row in matrix]


def residual(data: Any, plus: Sequence[Any], minus: Sequence[Any]) -> list[Any]:
    features, targets = data
    beta = [u * u - v * v for u, v in zip(plus, minus, strict=True)]
    return [f - y for f, y in zip(product(features, beta), targets, strict=True)]


def correlation(data: Any, plus: Sequence[Any], minus: Sequence[Any]) -> list[Any]:
    """Return g = X^T (X beta - y) / N."""
    features, targets = data
    left = residual(data, plus, minus)
    return [
        mpmath.fsum(row[i] * r for row, r in zip(features, left, strict=True)) / len(targets) for i in range(len(plus))
    ]


def step(data: Any, plus: Sequence[Any], minus: Sequence[Any], eta: Any) -> tuple[list[Any], list[Any]]:
    """Return the weights minus eta times the gradient 2 g u+, -2 g u-."""
    g = correlation(data, plus, minus)
    after_plus = [u - eta * 2 * k * u for u, k in zip(plus, g, strict=True)]
    return after_plus, [u + eta * 2 * k * u for u, k in zip(minus, g, strict=True)]


def gfs(data: Any, plus: Sequence[Any], minus: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the weights at zero loss on the curve u+ exp(X^T nu), u- exp(-X^T nu), by damped Newton from nu = 0."""
    features, targets = data
    count = len(targets)

    def at(nu: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        move = [mpmath.fsum(row[i] * n for row, n in zip(features, nu, strict=True)) for i in range(len(plus))]
        return (
            [u * mpmath.exp(s) for u, s in zip(plus, move, strict=True)],
            [u * mpmath.exp(-s) for u, s in zip(minus, move, strict=True)],
        )

    def size(nu: Sequence[Any]) -> Any:
        return mpmath.norm(mpmath.matrix(residual(data, *at(nu))))

    nu = [mpmath.mpf(0)] * count
    for _ in range(500):
        weights = at(nu)
        left = residual(data, *weights)
        if mpmath.norm(mpmath.matrix(left)) < mpmath.mpf(10) ** (5 - mpmath.mp.dps):
            return weights
        jacobian = matrix_of(features, *weights) * 2
        move = mpmath.lu_solve(jacobian, mpmath.matrix(left))
        scale = mpmath.mpf(1)
        while size([n - scale * m for n, m in zip(nu, move, strict=True)]) >= size(nu):
            scale /= 2
        nu = [n - scale * m for n, m in zip(nu, move, strict=True)]
    raise AssertionError("Newton's method did not converge")


def matrix_of(features: Sequence[Sequence[Any]], plus: Sequence[Any], minus: Sequence[Any]) -> Any:
    """Return X diag(u+^2 + u-^2) X^T."""
    weight = [u * u + v * v for u, v in zip(plus, minus, strict=True)]
    return mpmath.matrix(
        [[mpmath.fsum(a * b * w for a, b, w in zip(r, s, weight, strict=True)) for s in features] for r in features]
    )


def sharpness(data: Any, plus: Sequence[Any], minus: Sequence[Any]) -> Any:
    """Return the GFS sharpness: the largest eigenvalue of the 2d x 2d Hessian (4/N) J^T J at the GFS."""
    features, targets = data
    plus, minus = gfs(data, plus, minus)
    rows = [
        [*(a * u for a, u in zip(r, plus, strict=True)), *(-a * v for a, v in zip(r, minus, strict=True))]
        for r in features
    ]
    jacobian = mpmath.matrix(rows)
    return max(mpmath.eigsy(jacobian.T * jacobian, eigvals_only=True)) * 4 / len(targets)
