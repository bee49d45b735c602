"""Problems for the tests of trajectories, and an independent computation of phi in mpmath, 120 digits."""

import copy
import functools
from fractions import Fraction
from pathlib import Path

import numpy as np
from mpmath import mp

from verify.provers.trajectory import certify
from verify.trajectory.problem import Problem

ROOT = Path(__file__).parents[3]
DIGITS = 120


def gaussian_problem(samples, size, factor, seed=0):
    """Gaussian X, sparse teacher, weights near 1/2; eta = factor * 2 / phi at the start, in floats."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((samples, size))
    teacher = np.zeros(size)
    teacher[:3] = [1, -1, 0.5]
    targets = features @ teacher
    plus, minus = (0.5 * (1 + 0.1 * random.uniform(-1, 1, size)) for _ in range(2))
    problem = Problem.from_floats(features, targets, plus, minus, 1.0)
    with mp.workdps(30):
        phi = float(mpmath_sharpness(*as_mpmath(problem)[:4]))
    return Problem.from_floats(features, targets, plus, minus, factor * 2 / phi)


def one_sample(features, target, plus, minus, eta):
    """N = 1 with rationals given as strings or integers."""
    return Problem(
        (tuple(map(Fraction, features)),),
        (Fraction(target),),
        tuple(map(Fraction, plus)),
        tuple(map(Fraction, minus)),
        Fraction(eta),
    )


def as_mpf(x):
    return mp.mpf(x.numerator) / x.denominator


def as_mpmath(problem):
    column = [mp.matrix([as_mpf(x) for x in v]) for v in (problem.targets, problem.plus, problem.minus)]
    return mp.matrix([[as_mpf(x) for x in row] for row in problem.features]), *column, as_mpf(problem.eta)


def mpmath_sharpness(features, targets, plus, minus):
    """phi by Newton's method with halved steps on the dual, from 0."""
    samples, size = features.rows, features.cols
    nu = mp.zeros(samples, 1)

    def dual(at):
        s = features.T * at
        grown = [plus[i] ** 2 * mp.exp(s[i]) for i in range(size)]
        shrunk = [minus[i] ** 2 * mp.exp(-s[i]) for i in range(size)]
        return sum(grown) + sum(shrunk) - (targets.T * at)[0], grown, shrunk

    for _ in range(200):
        value, grown, shrunk = dual(nu)
        gradient = features * mp.matrix([a - b for a, b in zip(grown, shrunk, strict=True)]) - targets
        hessian = features * mp.diag([a + b for a, b in zip(grown, shrunk, strict=True)]) * features.T
        change = mp.lu_solve(hessian, gradient)
        if mp.norm(change) < mp.mpf(10) ** (10 - mp.dps):
            return 4 * max(mp.eigsy(hessian, eigvals_only=True)) / samples
        scale = mp.mpf(1)
        while mp.norm(change) > 1e-12 and dual(nu - scale * change)[0] > value:
            scale /= 2
        nu = nu - scale * change
    raise AssertionError("no gradient-flow solution")


def mpmath_trajectory(problem, steps):
    """(phi, loss, max |2 eta g|) at each state, by gradient descent on the weights themselves."""
    with mp.workdps(DIGITS):
        features, targets, plus, minus, eta = as_mpmath(problem)
        result = []
        for _ in range(steps + 1):
            beta = mp.matrix([a**2 - b**2 for a, b in zip(plus, minus, strict=True)])
            r = features * beta - targets
            g = features.T * r / features.rows
            phi = mpmath_sharpness(features, targets, plus, minus)
            result.append((phi, (r.T * r)[0] / (2 * features.rows), max(abs(2 * eta * x) for x in g)))
            plus = mp.matrix([a * (1 - 2 * eta * x) for a, x in zip(plus, g, strict=True)])
            minus = mp.matrix([b * (1 + 2 * eta * x) for b, x in zip(minus, g, strict=True)])
        return result


@functools.cache
def mixed():
    """A problem of which phi rises in some steps and falls in others."""
    return gaussian_problem(2, 4, 1.8, seed=6)


@functools.cache
def _mixed_certificate():
    return certify(mixed(), 12)


def mixed_certificate():
    return copy.deepcopy(_mixed_certificate())
