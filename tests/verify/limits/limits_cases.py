"""Problems, and an independent computation in mpmath with many digits, for the tests of `verify.limits`."""

from fractions import Fraction
from typing import Any

import mpmath as mp

from verify.limits.certificate import Problem
from verify.provers.limit_search import Aim, search_limit

CROSSING = ("1/5", "11/5,2/5,1/2,5/2")
CROSSING_DEPTH_3 = ("1/2", "1/2,1/2,2")
BELOW = ("1/5", "2,1,1/2,1/2")
DIVERGING = ("1/5", "3,2,3/2,1/2")
ZERO = ("1/2", "2,1")
LATER_INSIDE = ("13/100", "1/4,41/10")
UNSTABLE_BALANCED = ("11/10", "1/2,1/2")


def problem(eta: str, weights: str) -> Problem:
    return Problem(Fraction(eta), tuple(Fraction(w) for w in weights.split(",")))


def certificate(case: tuple[str, str], **aim: Any) -> dict[str, Any]:
    return search_limit(problem(*case), Aim(**aim)).certificate


def exact(value: Fraction) -> Any:
    return mp.mpf(value.numerator) / value.denominator


def orbit(case: Problem, steps: int, digits: int = 60) -> list[list[Any]]:
    """Iterate gradient descent in mpmath."""
    with mp.workdps(digits):
        eta, weights = exact(case.eta), [exact(w) for w in case.weights]
        found = [weights]
        for _ in range(steps):
            product = mp.fprod(weights)
            weights = [w - eta * (product - 1) * product / w for w in weights]
            found.append(weights)
    return found


def at_product(offsets: list[Any], product: Any) -> Any:
    """Return the smallest square of the point of a curve with a product, by bisection (in the logarithm)."""
    low, high = mp.mpf(10) ** -60, mp.mpf(10) ** 6
    for _ in range(260):
        middle = mp.sqrt(low * high)
        below = middle * mp.fprod(middle + b for b in offsets) < product**2
        low, high = (middle, high) if below else (low, middle)
    return low


def curve(weights: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the differences to the smallest square, and the squares of the gradient-flow solution."""
    squares = sorted(w**2 for w in weights)
    offsets = [z - squares[0] for z in squares[1:]]
    root = at_product(offsets, mp.mpf(1))
    return offsets, [root, *(root + b for b in offsets)]


def eta_phi(weights: list[Any], eta: Fraction) -> Any:
    return exact(eta) * sum(1 / z for z in curve(weights)[1])


def after_step(offsets: list[Any], product: Any, eta: Any) -> Any:
    """Return the product after a step from the point of a curve with a product."""
    u = at_product(offsets, product)
    r = eta * product * (product - 1)
    return product * mp.fprod(1 - r / z for z in [u, *(u + b for b in offsets)])


def flip_product(offsets: list[Any], eta: Any) -> Any:
    """Return the product > 1 at which a step makes the smallest weight 0, by bisection."""
    low, high = mp.mpf(1), mp.mpf(2) ** 40
    for _ in range(120):
        middle = mp.sqrt(low * high)
        flips = eta * middle * (middle - 1) >= at_product(offsets, middle)
        low, high = (low, middle) if flips else (middle, high)
    return low
