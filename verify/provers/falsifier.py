"""Adversarial search for a counterexample: sampling, evolution, local optimisation, rounding, exact check.

Floating point only guides the search. What comes out is a rational point at which the kernel has decided that all
hypotheses hold and the conclusion does not.
"""

import time
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from verify.kernel.statements import Statement, relate
from verify.kernel.terms import TermTable
from verify.provers.falsifier_branches import branches
from verify.provers.falsifier_descent import Descent
from verify.provers.falsifier_elimination import Elimination, eliminate
from verify.provers.falsifier_evaluation import Array, Evaluator
from verify.provers.falsifier_sampling import Sampler, simple_points
from verify.provers.falsifier_witness import DENOMINATOR_BITS, Point, clip, corners, proof_object, refutes, roundings

SAMPLES = 2048
POPULATION = 64
STARTS = 6
EXACT_TRIES = 40
CORNERS = 64
FLOAT_ERROR = 1e-9
LARGEST = 1e30


class Hunt:
    """One search for a counterexample: a statement without clauses, its reduced form and the random state."""

    def __init__(self, elimination: Elimination, seed: int, deadline: float) -> None:
        self.elimination = elimination
        self.statement = elimination.reduced
        self.evaluator = Evaluator(self.statement)
        self.random = np.random.default_rng(seed)
        self.sampler = Sampler(self.statement, self.random)
        self.names = [v.name for v in self.statement.variables]
        self.deadline = deadline
        self.scale = np.ones(len(self.statement.hypotheses) + 1)

    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.deadline

    def slacks(self, gaps: Array) -> Array:
        """Return how far each hypothesis holds and, last, how far the conclusion fails; positive is what is wanted."""
        result = gaps.copy()
        for i, h in enumerate(self.statement.hypotheses):
            if h.equality:
                result[:, i] = -np.abs(gaps[:, i])
        last = gaps[:, -1]
        result[:, -1] = np.abs(last) if self.statement.conclusion.equality else -last
        return np.where(np.isfinite(result), result, -LARGEST)

    def merit(self, points: Array, weight: float) -> Array:
        """Return what to minimise: minus the conclusion's failure plus weight times the hypotheses' violation."""
        slacks = self.slacks(self.evaluator.gaps(points)) / self.scale
        violation = np.maximum(0.0, -slacks[:, :-1]).sum(axis=1)
        return np.asarray(np.maximum(-slacks[:, -1], -1.0) + weight * violation, dtype=np.float64)

    def rescale(self, points: Array) -> None:
        """Set the unit of each gap to its median size over the sample."""
        slacks = np.abs(self.slacks(self.evaluator.gaps(points)))
        typical = np.median(np.where(slacks < LARGEST, slacks, 1.0), axis=0)
        self.scale = np.where((typical > 1e-6) & (typical < 1e12), typical, 1.0)

    def evolve(self, population: Array, weight: float) -> Array:
        """Improve a population by differential evolution, best first."""
        return self.sampler.evolve(population, lambda points: self.merit(points, weight))

    def descend(self, start: Array, margin: float) -> Array:
        """Maximise t where every slack is at least margin * t (hypotheses) or t (the conclusion's failure)."""
        signs = np.ones(len(self.scale))
        above = self.evaluator.gaps(start[None, :])[0, -1] > 0
        signs[-1] = 1.0 if self.statement.conclusion.equality and above else -1.0
        equal = np.array([h.equality for h in self.statement.hypotheses] + [False])
        weights = np.where(equal, 0.0, margin)
        weights[-1] = 1.0
        slack = float((self.slacks(self.evaluator.gaps(start[None, :]))[0] / self.scale).min())
        descent = Descent(self.evaluator, signs / self.scale, weights, equal)
        return self.sampler.clip(descent.run(start, slack, self.sampler.bounds))

    def _candidates(self, point: Array) -> list[Point]:
        """Return exact points near `point`, simple ones first: rounded, snapped to bounds, and corners of grids."""
        exact = {name: Fraction(float(x)) for name, x in zip(self.names, point, strict=True)}
        count = min(CORNERS, 2 ** len(self.names))
        every = 2 ** len(self.names) <= CORNERS
        result = list(roundings(exact))
        for bits in DENOMINATOR_BITS[:-3]:
            picks = range(count) if every else (int(p) for p in self.random.integers(2**62, size=count))
            result += corners(exact, bits, picks)
        snapped = [clip(self.statement, p) for p in result]
        return [dict(p) for p in dict.fromkeys(tuple(p.items()) for p in snapped)]

    def exact_among(self, candidates: list[Point]) -> Point | None:
        """Return a candidate, completed to all variables, that the kernel accepts: simple ones and safe ones first."""
        floats = np.array([[float(p[name]) for name in self.names] for p in candidates])
        slacks = self.slacks(self.evaluator.gaps(floats.reshape(len(candidates), -1)))
        tolerable = np.all(slacks >= -FLOAT_ERROR * np.maximum(1.0, self.scale), axis=1)
        safe = np.all(slacks > FLOAT_ERROR, axis=1).tolist()
        sizes = [sum(_size(x) for x in p.values()) for p in candidates]
        simple = sorted(np.flatnonzero(tolerable).tolist(), key=lambda i: sizes[i])
        order = [*simple[: EXACT_TRIES // 2], *sorted(simple, key=lambda i: not safe[i])[: EXACT_TRIES // 2]]
        for i in dict.fromkeys(order):
            complete = self.elimination.complete(candidates[i])
            if complete is not None and refutes(self.elimination.original, complete):
                return complete
        return None

    def witness(self, point: Array) -> Point | None:
        """Return an exact counterexample near `point`, None when no rounding is one."""
        return self.exact_among(self._candidates(point))

    def round(self) -> Point | None:
        """Sample, evolve, descend; return the first exact counterexample met."""
        sample = self.sampler.sample(SAMPLES)
        self.rescale(sample)
        starts = []
        for weight in (1.0, 100.0):
            order = np.argsort(self.merit(sample, weight))
            starts.append(self.evolve(sample[order[:POPULATION]].copy(), weight)[: STARTS // 2])
            starts.append(sample[order[: STARTS // 2]])
        tried: set[bytes] = set()
        for start in np.concatenate(starts):
            for margin in (1.0, 0.0):
                if self.late():
                    return None
                end = self.descend(start, margin)
                if end.tobytes() not in tried:
                    tried.add(end.tobytes())
                    found = self.witness(end) if self._promising(end) else None
                    if found is not None:
                        return found
        return None

    def _promising(self, point: Array) -> bool:
        slacks = self.slacks(self.evaluator.gaps(point[None, :]))[0] / self.scale
        return bool(slacks.min() >= -1e-5)


def _size(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _search(hunt: Hunt, rounds: int) -> Point | None:
    found = hunt.exact_among(simple_points(hunt.statement, hunt.random))
    for _ in range(rounds if hunt.names else 0):
        if found is not None or hunt.late():
            break
        found = hunt.round()
    return found


def _hunt(statement: Statement, seed: int, seconds: float, rounds: int) -> Point | None:
    """Search each branch of the statement, for an equal share of the time that is left."""
    end, found = time.monotonic() + seconds, None
    try:
        parts = branches(statement, seed)
        for number, part in enumerate(parts):
            now = time.monotonic()
            elimination = replace(eliminate(part), original=statement)
            found = _search(Hunt(elimination, seed, now + (end - now) / (len(parts) - number)), rounds)
            if found is not None or time.monotonic() > end:
                break
    except OverflowError:  # a number of the statement is beyond the range of floating point
        return None
    return found


def falsify(statement: Statement, seed: int = 0, seconds: float = 5.0, rounds: int = 3) -> dict[str, Any] | None:
    """Search for a counterexample.

    Parameters
    ----------
    statement
        Any statement. An equality hypothesis is solved for a variable in which it is linear; other equalities have
        to hold at a rounded point. Of many choices in its clauses those are searched that look best at samples.
    seed
        Of the random numbers: equal seeds give equal searches, unless time runs out.
    seconds, rounds
        Limits of the search.

    Returns
    -------
    dict or None
        The proof object {"rule": "counterexample", "point": {variable: "p/q"}}, accepted by the kernel; None when
        none was found, which says nothing about the statement.
    """
    found = _hunt(statement, seed, seconds, rounds)
    return None if found is None else proof_object(found)


def satisfiable(statement: Statement, seed: int = 0, seconds: float = 5.0, rounds: int = 3) -> Point | None:
    """Search for a rational point within the bounds where hypotheses and clauses hold and the conclusion is defined.

    Such a point shows that the statement is not vacuous. It is checked by the kernel, as a counterexample to the
    statement with a false conclusion. None when none was found.
    """
    table = TermTable()
    for node in statement.nodes:
        table.add(node)
    nothing = table.apply("*", (table.const(0), statement.conclusion.gap))
    absurd = relate(table, "conclusion", "<=", table.const(1), nothing)
    return _hunt(replace(statement, nodes=tuple(table.nodes), conclusion=absurd), seed, seconds, rounds)
