"""Points over a statement's bounds: low-discrepancy, at the faces, heavy-tailed where there is no bound; evolution."""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from verify.kernel.statements import Statement
from verify.provers.falsifier_evaluation import Array

BLOCK_SHARES = (0.5, 0.25, 0.25)
SCALES = (0.1, 1.0, 10.0)
MAX_SIMPLE = 2048
GENERATIONS = 60
SIMPLE_VALUES = tuple(map(Fraction, ("0", "1", "-1", "2", "1/2", "-2", "-1/2", "3", "1/4", "3/2")))


def kronecker(count: int, dimension: int, shift: Array) -> Array:
    """Return the first `count` points of the additive sequence shift + n alpha mod 1, shape (count, dimension).

    alpha_j = g ** -j with g the positive root of g ** (dimension + 1) = g + 1 (the generalised golden ratio).
    """
    g = 2.0
    for _ in range(60):
        g = float((1 + g) ** (1 / (dimension + 1)))
    alpha = g ** -np.arange(1.0, dimension + 1)
    return np.asarray((shift + np.arange(count)[:, None] * alpha) % 1.0, dtype=np.float64)


def _float(bound: Fraction | None) -> float | None:
    return None if bound is None else float(bound)


def _simple_values(low: float | None, high: float | None) -> tuple[float, float, float]:
    """Return both bounds and their middle; a missing bound is one away from the other, or 0 to 1 stands for both."""
    if low is None:
        low = 0.0 if high is None else high - 1
    high = low + 1 if high is None else high
    return low, high, (low + high) / 2


def simple_points(statement: Statement, random: np.random.Generator) -> list[dict[str, Fraction]]:
    """Return points whose coordinates are bounds, their middle or small fractions: all of them, or a random choice."""
    choices = []
    for v in statement.variables:
        middle = [] if v.lower is None or v.upper is None else [(v.lower + v.upper) / 2]
        values = [x for x in (v.lower, v.upper, *middle, *SIMPLE_VALUES) if x is not None]
        inside = [x for x in values if (v.lower is None or x >= v.lower) and (v.upper is None or x <= v.upper)]
        choices.append(list(dict.fromkeys(inside)))
    names = [v.name for v in statement.variables]
    if prod(map(len, choices)) <= MAX_SIMPLE:
        return [dict(zip(names, values, strict=True)) for values in product(*choices)]
    picks = [random.integers(len(c), size=MAX_SIMPLE) for c in choices]
    return [{n: c[pick[k]] for n, c, pick in zip(names, choices, picks, strict=True)} for k in range(MAX_SIMPLE)]


class Sampler:
    """Samples for the variables of one statement."""

    def __init__(self, statement: Statement, random: np.random.Generator) -> None:
        self.random = random
        self.bounds = [(_float(v.lower), _float(v.upper)) for v in statement.variables]
        self.lower = np.array([-np.inf if low is None else low for low, _ in self.bounds])
        self.upper = np.array([np.inf if high is None else high for _, high in self.bounds])

    def clip(self, points: Array) -> Array:
        """Move points into the bounds."""
        return np.asarray(np.clip(points, self.lower, self.upper), dtype=np.float64)

    def _spread(self, unit: Array, scale: float) -> Array:
        """Map [0, 1) to each variable's range: evenly, or with tails like 1/x beyond a missing bound."""
        result = np.empty_like(unit)
        for i, (low, high) in enumerate(self.bounds):
            u = np.clip(unit[:, i], 1e-9, 1 - 1e-9)
            if low is not None and high is not None:
                result[:, i] = low + u * (high - low)
            elif low is None and high is None:
                result[:, i] = scale * np.tan(np.pi * (u - 0.5))
            else:
                tail = scale * u / (1 - u)
                result[:, i] = low + tail if low is not None else (high or 0.0) - tail
        return result

    def sample(self, count: int) -> Array:
        """Return `count` points or a few more: even ones, random ones, and ones with coordinates at bounds or small."""
        dimension = len(self.bounds)
        even, chance, faces = (int(count * share) for share in BLOCK_SHARES)
        scale = float(self.random.choice(SCALES))
        low_discrepancy = self._spread(kronecker(even, dimension, self.random.random(dimension)), 1.0)
        free = self._spread(self.random.random((chance, dimension)), scale)
        corner = self._spread(self.random.random((faces, dimension)), 1.0)
        simple = np.array([_simple_values(low, high) for low, high in self.bounds]).T
        picks = self.random.integers(3, size=(faces, dimension))
        snapped = np.take_along_axis(simple, picks, axis=0)
        corner = np.where(self.random.random((faces, dimension)) < 0.4, snapped, corner)
        return self.clip(np.concatenate([low_discrepancy, free, corner]))

    def evolve(self, population: Array, merit_of: Callable[[Array], Array]) -> Array:
        """Minimise a merit by differential evolution (best of parent and child); return the population, best first."""
        merit = merit_of(population)
        size, dimension = population.shape
        for _ in range(GENERATIONS):
            a, b, c = (population[self.random.integers(size, size=size)] for _ in range(3))
            best = population[np.argmin(merit)]
            toward = np.where(self.random.random((size, 1)) < 0.3, best, a)
            factor = self.random.uniform(0.3, 0.9, (size, 1))
            mixed = self.random.random((size, dimension)) < self.random.choice([0.3, 0.9], (size, 1))
            mixed[np.arange(size), self.random.integers(dimension, size=size)] = True
            child = self.clip(np.where(mixed, toward + factor * (b - c), population))
            value = merit_of(child)
            better = value <= merit
            population[better], merit[better] = child[better], value[better]
        return population[np.argsort(merit)]
