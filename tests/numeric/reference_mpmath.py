"""Gradient-flow solutions and steps in 50 digits, from exact float64 weights, for comparison."""

import mpmath
import numpy as np

CONTEXT = mpmath.mp.clone()
CONTEXT.dps = 50


def exact_squares(weights: np.ndarray) -> list[mpmath.mpf]:
    return [CONTEXT.mpf(float(w)) ** 2 for w in weights]


def flow_solution(squares: list[mpmath.mpf]) -> list[mpmath.mpf]:
    """Newton's method from the right on the increasing convex ``sum log(x + b_i)``."""
    lowest = min(squares)
    b = [z - lowest for z in squares]
    y = CONTEXT.mpf(700)
    for _ in range(3000):
        x = CONTEXT.exp(y)
        step = sum(CONTEXT.log(x + c) for c in b) / sum(x / (x + c) for c in b)
        y -= step
        if abs(step) < CONTEXT.mpf(10) ** -45:
            break
    return [CONTEXT.exp(y) + c for c in b]


def gfs_sharpness(squares: list[mpmath.mpf]) -> mpmath.mpf:
    return sum(1 / z for z in flow_solution(squares))


def squares_after_step(weights: np.ndarray, eta: float) -> list[mpmath.mpf]:
    w = [CONTEXT.mpf(float(v)) for v in weights]
    pi = CONTEXT.fprod(w)
    r = CONTEXT.mpf(float(eta)) * pi * (pi - 1)
    return [(v - r / v) ** 2 for v in w]
