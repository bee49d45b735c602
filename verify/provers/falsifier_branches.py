"""The clauses of a statement opened: statements without clauses whose counterexamples are counterexamples to it.

Each takes one part of every "or" and all parts of every "and" as hypotheses, which imply the clause.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from math import prod

import numpy as np

from verify.kernel.statements import Formula, Relation, Statement, relations_of
from verify.provers.falsifier_evaluation import Array, Evaluator, relations
from verify.provers.falsifier_sampling import Sampler

MAX_BRANCHES = 12
SAMPLES = 1024
BEST = 64
MARGIN = 1e-3
LARGEST = 1e30

Choice = tuple[int, ...]


def count(formula: Formula) -> int:
    """Return the number of ways to choose one part of every "or"."""
    if isinstance(formula, Relation):
        return 1
    each = [count(part) for part in formula.parts]
    return prod(each) if formula.op == "and" else sum(each)


def _parts(formula: Formula, first: int) -> list[tuple[Formula, int]]:
    """Return the parts of a junction, each with the number of its first relation."""
    assert not isinstance(formula, Relation)
    sizes = [len(relations_of(part)) for part in formula.parts]
    return [(part, first + sum(sizes[:k])) for k, part in enumerate(formula.parts)]


def choices(formula: Formula, first: int = 0) -> Iterator[Choice]:
    """Yield every choice: the numbers of the relations that then imply the formula, counted from `first`."""
    if isinstance(formula, Relation):
        yield (first,)
    elif formula.op == "or":
        for part, number in _parts(formula, first):
            yield from choices(part, number)
    else:
        for each in product(*(list(choices(part, number)) for part, number in _parts(formula, first))):
            yield tuple(k for choice in each for k in choice)


def best_choice(formula: Formula, slacks: Sequence[float], first: int = 0) -> tuple[float, Choice]:
    """Return the choice whose least slack is greatest, and that slack; `slacks` are those of the relations."""
    if isinstance(formula, Relation):
        return slacks[first], (first,)
    each = [best_choice(part, slacks, number) for part, number in _parts(formula, first)]
    if formula.op == "or":
        return max(each, key=lambda found: found[0])
    return min(slack for slack, _ in each), tuple(k for _, choice in each for k in choice)


def branch(statement: Statement, chosen: Sequence[Choice]) -> Statement:
    """Return the statement with the chosen relations of each clause as hypotheses "clause.number"."""
    opened = [
        replace(relations_of(clause.formula)[k], name=f"{clause.name}.{k}")
        for clause, choice in zip(statement.clauses, chosen, strict=True)
        for k in choice
    ]
    return replace(statement, hypotheses=(*statement.hypotheses, *opened), clauses=())


def folded(formula: Formula, slacks: Array, first: int = 0) -> Array:
    """Return the slack of a formula at each point from those of its relations, shape (points, relations)."""
    if isinstance(formula, Relation):
        return np.asarray(slacks[:, first], dtype=np.float64)
    each = [folded(part, slacks, number) for part, number in _parts(formula, first)]
    return np.asarray(np.min(each, axis=0) if formula.op == "and" else np.max(each, axis=0), dtype=np.float64)


class _Ranking:
    """How nearly points are counterexamples, clauses included."""

    def __init__(self, statement: Statement, sample: Array) -> None:
        self.statement, self.evaluator = statement, Evaluator(statement)
        self.equal = np.array([r.equality for r in relations(statement)])
        sizes = [len(relations_of(c.formula)) for c in statement.clauses]
        self.starts = np.cumsum([len(statement.hypotheses), *sizes]).tolist()
        self.scale = np.ones(len(self.equal))
        typical = np.median(np.abs(np.nan_to_num(self.slacks(sample), neginf=0.0)), axis=0)
        self.scale = np.where((typical > 1e-6) & (typical < 1e12), typical, 1.0)

    def slacks(self, points: Array) -> Array:
        """Return how far each relation holds (the conclusion: fails), in units of its median size over the sample."""
        gaps = self.evaluator.gaps(points)
        slacks = np.where(self.equal, -np.abs(gaps), gaps)
        slacks[:, -1] = np.abs(gaps[:, -1]) if self.equal[-1] else -gaps[:, -1]
        scaled = slacks / self.scale
        return np.asarray(np.where(np.isfinite(scaled), scaled, -np.inf), dtype=np.float64)

    def violation(self, points: Array) -> Array:
        """Return the sum of what hypotheses, clauses and the conclusion's failure lack to MARGIN."""
        slacks = self.slacks(points)
        plain = np.append(slacks[:, : self.starts[0]], slacks[:, -1:], axis=1)
        clauses = [folded(c.formula, slacks, k) for c, k in zip(self.statement.clauses, self.starts, strict=False)]
        every = np.column_stack([plain, *clauses])
        return np.asarray(np.clip(MARGIN - every, 0.0, LARGEST).sum(axis=1), dtype=np.float64)

    def choices(self, points: Array) -> Iterator[tuple[Choice, ...]]:
        """Yield the best choice in each clause at each point."""
        for row in self.slacks(points).tolist():
            each = zip(self.statement.clauses, self.starts, strict=False)
            yield tuple(best_choice(clause.formula, row[k:])[1] for clause, k in each)


def branches(statement: Statement, seed: int = 0) -> list[Statement]:
    """Return at most MAX_BRANCHES statements without clauses, those first that nearly fail at a point met in a search.

    A statement without clauses is returned itself. When there are more branches, the ones left out are not searched.
    Raises OverflowError when a number of the statement is beyond the range of floating point.
    """
    if not statement.clauses:
        return [statement]
    sampler = Sampler(statement, np.random.default_rng(seed))
    sample = sampler.sample(SAMPLES) if statement.variables else np.zeros((1, 0))
    ranking = _Ranking(statement, sample)
    sample = sample[np.argsort(ranking.violation(sample))]
    if statement.variables:
        sample = np.concatenate([sampler.evolve(sample[:BEST].copy(), ranking.violation)[:BEST], sample[:BEST]])
    sample = sample[np.argsort(ranking.violation(sample), kind="stable")]
    chosen = dict.fromkeys(ranking.choices(sample))
    if prod(count(c.formula) for c in statement.clauses) <= 4 * MAX_BRANCHES:
        chosen |= dict.fromkeys(product(*(list(choices(c.formula)) for c in statement.clauses)))
    return [branch(statement, choice) for choice in islice(chosen, MAX_BRANCHES)]
