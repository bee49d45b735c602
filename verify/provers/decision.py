"""What becomes of a box: decided by plain evaluation or by mean-value forms, narrowed, or cut.

Two elementwise functions of the rows lo_1 .. lo_n, hi_1 .. hi_n. `plain` decides by evaluation; `refine` works on what
is left. Codes: -1 open; LEAF + 3k + form, relation 0 is the conclusion, k the k-th hypothesis or clause, form 1 the
mean-value form, 2 the values at faces; MULTIPLIER + 256 k + packed multiplier; EMPTY + 2k + form, narrowing leaves
nothing; NARROW + 2k + form, narrow.
"""

from collections.abc import Mapping, Sequence
from math import inf, nan

import numpy as np

from verify.kernel.bisection import PARTS
from verify.kernel.statements import Formula, Relation, Statement, relations_of
from verify.provers import ranges
from verify.provers.linear import Linear, quantise
from verify.provers.narrowing import propagated, solved
from verify.provers.ranges import SMALL, Array, Bools, Interval
from verify.provers.tape import Tape

LEAF, MULTIPLIER, EMPTY, NARROW = 1_000, 10_000, 100_000, 200_000
WORTH = 0.6  # narrowing that leaves a larger share of a box than this is not worth its place in the certificate
THIN = 1 / 16  # what narrowing takes from variables so much narrower than the widest does not count: it has no end
MARGIN = 1e-9
WIDE = 8  # boxes are not cut to less than so much of what their ends may be off
FAIRNESS = 1 / 8  # power of a variable's relative width that counts beside its effect: three square roots


def holds(relation: Relation, gap: Interval) -> Bools:
    """Whether the relation holds wherever its gap lies in the interval."""
    if relation.equality:
        return gap[0] > inf
    return gap[0] > SMALL if relation.strict else gap[0] >= 0


def fails(relation: Relation, gap: Interval) -> Bools:
    """Whether the relation fails wherever its gap lies in the interval."""
    if relation.equality:
        return (gap[0] > SMALL) | (gap[1] < -SMALL)
    return gap[1] <= 0 if relation.strict else gap[1] < -SMALL


def refuted(formula: Formula, gaps: Mapping[int, Interval]) -> Bools:
    """Whether all gaps are defined and a formula fails wherever they, by their nodes, lie in their intervals."""
    if isinstance(formula, Relation):
        return fails(formula, gaps[formula.gap])
    first, *others = (refuted(part, gaps) for part in formula.parts)
    for other in others:
        first = first | other if formula.op == "and" else first & other
    if formula.op == "and":
        for relation in relations_of(formula):
            first = first & (gaps[relation.gap][0] <= gaps[relation.gap][1])
    return first


class Decision:
    """The decision on boxes of one statement.

    All lie in the box `start`, of shape (variables, 2). Their ends may be off by `slack`, made as they are by halving
    and narrowing, so they are widened by as much; but for variables that are `exact`, whose ends are exact in `start`,
    and until they need so many bits that there may have been rounding. `mean_value` and `narrowing` say whether
    mean-value forms, multipliers and narrowing are used.
    """

    def __init__(
        self,
        statement: Statement,
        start: Array,
        slack: Sequence[float],
        exact: Sequence[bool],
        mean_value: bool,
        narrowing: bool,
    ) -> None:
        names = [v.name for v in statement.variables]
        self.count, self.mean_value, self.narrowing = len(names), mean_value, narrowing
        self.conclusion = statement.conclusion
        self.formulas: list[Formula] = [*statement.hypotheses, *(c.formula for c in statement.clauses)]
        gaps = {self.conclusion.gap} | {r.gap for f in self.formulas for r in relations_of(f)}
        self.tapes = {gap: Tape(statement.nodes, gap, names) for gap in sorted(gaps)}
        self.wide = [bool(a < b) for a, b in start]
        self.scale = [1 / float(b - a) if b > a else 1.0 for a, b in start]
        self.slack, self.exact = list(slack), list(exact)
        first = np.where(exact, 0.0, self.slack)
        self.ends = start[:, 0] - first, start[:, 1] + first
        for tape in self.tapes.values():
            tape.note_root(*self.ends)

    def _widened(self, rows: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        """Return the lower and the upper ends by variable, widened."""
        lo, hi = [], []
        for row, slack in enumerate(self.slack):
            a, b = rows[row], rows[self.count + row]
            low, high = np.maximum(a - slack, self.ends[0][row]), np.minimum(b + slack, self.ends[1][row])
            lo.append(np.where(_short(a), a, low) if self.exact[row] else low)
            hi.append(np.where(_short(b), b, high) if self.exact[row] else high)
        return lo, hi

    def plain(self, rows: Sequence[Array]) -> list[Array]:
        """Return the codes that plain evaluation gives."""
        lo, hi = self._widened(rows)
        code = np.full(1, -1.0)
        known: dict[int, Interval] = {}
        for k, formula in enumerate(self.formulas, start=1):
            gaps = {r.gap: self._evaluated(known, r.gap, lo, hi) for r in relations_of(formula)}
            code = _first(code, refuted(formula, gaps), LEAF + 3 * k)
        gap = self._evaluated(known, self.conclusion.gap, lo, hi)
        return [_first(code, holds(self.conclusion, gap), LEAF)]

    def _evaluated(self, known: dict[int, Interval], gap: int, lo: Sequence[Array], hi: Sequence[Array]) -> Interval:
        if gap not in known:
            known[gap] = self.tapes[gap].evaluate(lo, hi)[0]
        return known[gap]

    def refine(self, rows: Sequence[Array]) -> list[Array]:
        """Return the codes, the cut axes (-1: no width), and by variable the first and last part that is kept."""
        work = _Refinement(self, *self._widened(rows))
        work.conclude()
        for k, formula in enumerate(self.formulas, start=1):
            if isinstance(formula, Relation):
                work.hypothesis(k, formula)
            else:
                work.clause(k, formula)
        return work.result()


def _short(x: Array) -> Bools:
    """Whether a number needs at most 33 bits."""
    shifted = x * 2.0**20
    same: Bools = (x + shifted) - shifted == x
    return same


def _first(code: Array, truth: Bools, value: float | Array) -> Array:
    """Return `value` where a box is still open and `truth` holds."""
    return np.where((code < 0) & truth, value, code)


class _Refinement:
    """One call of `Decision.refine`."""

    def __init__(self, decision: Decision, lo: Sequence[Array], hi: Sequence[Array]) -> None:
        self.decision, self.lo, self.hi = decision, lo, hi
        self.centre = [0.5 * (a + b) for a, b in zip(lo, hi, strict=True)]
        self.radius = [
            np.maximum(b - c, c - a) * (1 + 2 * ranges.EPSILON) + ranges.TINY
            for a, b, c in zip(lo, hi, self.centre, strict=True)
        ]
        self.widest: Array = np.zeros(1)
        for a, b, scale in zip(lo, hi, decision.scale, strict=True):
            self.widest = np.maximum(self.widest, (b - a) * scale)
        self.code: Array = np.full(1, -1.0)
        self.score: dict[int, Array] = {}
        self.share: Array = np.full(1, WORTH)
        self.kept: list[tuple[Array, Array]] = [(np.zeros(1), np.full(1, float(PARTS)))] * decision.count
        self.narrow: Array = np.full(1, -1.0)
        self.forms: dict[int, tuple[dict[int, Interval], Linear]] = {}

    def form(self, gap: int) -> tuple[dict[int, Interval], Linear]:
        """Return the enclosures of all nodes of a gap, and its mean-value form."""
        if gap not in self.forms:
            tape = self.decision.tapes[gap]
            _, values = tape.evaluate(self.lo, self.hi, keep=True)
            value = tape.evaluate(self.centre, self.centre)[0]
            self.forms[gap] = values, Linear(value, tape.gradient(values), self.radius)
        return self.forms[gap]

    def at_faces(self, tape: Tape, form: Linear) -> Interval:
        """Enclose a term by its values at the faces where derivatives of one sign have it least and greatest."""
        ends, defined = [], np.full(1, True)
        for slope in form.slopes.values():
            defined = defined & (slope[0] <= slope[1])
        for sign in (1, -1):
            lo, hi = list(self.lo), list(self.hi)
            for row, slope in form.slopes.items():
                rising, falling = (slope[0] >= 0, slope[1] <= 0) if sign > 0 else (slope[1] <= 0, slope[0] >= 0)
                lo[row] = np.where(falling & ~rising, self.hi[row], self.lo[row])
                hi[row] = np.where(rising, self.lo[row], self.hi[row])
            ends.append(tape.evaluate(lo, hi)[0])
        return np.where(defined, ends[0][0], nan), np.where(defined, ends[1][1], nan)

    def _weigh(self, smear: Mapping[int, Array], counts: Bools) -> None:
        for row, share in smear.items():
            self.score[row] = self.score.get(row, np.zeros(1)) + np.where(counts & (share == share), share, 0.0)

    def conclude(self) -> None:
        """Try the conclusion's mean-value form, and its negation to narrow."""
        relation, decision = self.decision.conclusion, self.decision
        if decision.mean_value:
            form = self.form(relation.gap)[1]
            self.code = _first(self.code, holds(relation, form.range()), LEAF + 1)
            faces = self.at_faces(decision.tapes[relation.gap], form)
            self.code = _first(self.code, holds(relation, faces), LEAF + 2)
            self._weigh(form.smear(), self.code < 0)
        if not relation.equality:
            self._narrow(0, relation, (np.full(1, -inf), np.zeros(1)))

    def hypothesis(self, k: int, relation: Relation) -> None:
        """Try a hypothesis: its mean-value form, a multiplier, and narrowing."""
        decision, tape = self.decision, self.decision.tapes[relation.gap]
        if decision.mean_value and tape.curved:
            values, form = self.form(relation.gap)
            unsure = ~holds(relation, values[tape.root])
            self.code = _first(self.code, unsure & fails(relation, form.range()), LEAF + 3 * k + 1)
            self.code = _first(self.code, unsure & fails(relation, self.at_faces(tape, form)), LEAF + 3 * k + 2)
            if k <= 26:
                self._multiplier(k, form, unsure)
            self._weigh(form.smear(), unsure)
        if relation.equality:
            self._narrow(k, relation, (np.zeros(1), np.zeros(1)))
        else:
            self._narrow(k, relation, (np.zeros(1), np.full(1, inf)))

    def _multiplier(self, k: int, form: Linear, unsure: Bools) -> None:
        conclusion = self.form(self.decision.conclusion.gap)[1]
        factor, packed, good = quantise(conclusion.multiplier(form))
        joint = conclusion.minus(form, factor)
        follows = unsure & good & holds(self.decision.conclusion, joint.range())
        self.code = _first(self.code, follows, packed + float(MULTIPLIER + 256 * k))

    def clause(self, k: int, formula: Formula) -> None:
        """Try a clause: the mean-value forms of its relations."""
        if not self.decision.mean_value:
            return
        forms = {r.gap: self.form(r.gap)[1] for r in relations_of(formula)}
        self.code = _first(
            self.code, refuted(formula, {gap: form.range() for gap, form in forms.items()}), LEAF + 3 * k + 1
        )
        for form in forms.values():
            self._weigh(form.smear(), self.code < 0)

    def _narrow(self, k: int, relation: Relation, target: Interval) -> None:
        """Narrow by a relation whose gap lies in `target`; keep the narrowing that leaves the smallest share."""
        if not self.decision.narrowing:
            return
        tape = self.decision.tapes[relation.gap]
        if not tape.active:
            return
        values, form = self.form(relation.gap)
        rows, empty = propagated(tape, values, target)
        self.code = _first(self.code, empty, EMPTY + 2 * k)
        self._offer(rows, NARROW + 2 * k)
        if self.decision.mean_value and tape.curved:
            lo, hi = dict(enumerate(self.lo)), dict(enumerate(self.hi))
            self._offer(solved(form, lo, hi, target), NARROW + 2 * k + 1)

    def _offer(self, rows: Mapping[int, Interval], code: int) -> None:
        """Round new bounds to parts of the box, outward, and keep them where they are the best so far."""
        share, parts = np.full(1, 1.0), {}
        for row, (a, b) in rows.items():
            if not self.decision.wide[row]:
                continue
            width = self.hi[row] - self.lo[row]
            scale = PARTS / np.where(width > 0, width, 1.0)
            margin = 2 * self.decision.slack[row] * scale + MARGIN
            first = np.floor((a - self.lo[row]) * scale - margin)
            last = -np.floor((self.lo[row] - b) * scale - margin)
            first = np.where((first > 0) & (width > 0), np.minimum(first, PARTS - 1.0), 0.0)
            last = np.where((last < PARTS) & (width > 0), np.maximum(last, first + 1.0), float(PARTS))
            parts[row] = first, last
            wide = width * self.decision.scale[row] >= THIN * self.widest
            share = share * np.where(wide, (last - first) * (1.0 / PARTS), 1.0)
        better = share < self.share
        for row, (first, last) in parts.items():
            before = self.kept[row]
            self.kept[row] = np.where(better, first, before[0]), np.where(better, last, before[1])
        for row in set(range(self.decision.count)) - set(parts):
            before = self.kept[row]
            self.kept[row] = np.where(better, 0.0, before[0]), np.where(better, float(PARTS), before[1])
        self.share = np.where(better, share, self.share)
        self.narrow = np.where(better, float(code), self.narrow)

    def result(self) -> list[Array]:
        """Return the rows of `Decision.refine`."""
        best, axis = np.full(1, -1.0), np.full(1, -1.0)
        for row, (a, b) in enumerate(zip(self.lo, self.hi, strict=True)):
            width = (b - a) * self.decision.scale[row]
            worth = (self.score.get(row, np.zeros(1)) + 1e-3) * np.sqrt(np.sqrt(np.sqrt(width)))
            better = (b - a > WIDE * self.decision.slack[row]) & (worth > best) & self.decision.wide[row]
            best, axis = np.where(better, worth, best), np.where(better, float(row), axis)
        code = _first(self.code, self.narrow > 0, self.narrow)
        return [code, axis, *(end for pair in self.kept for end in pair)]
