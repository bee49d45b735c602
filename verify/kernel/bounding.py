"""The rule bounded: bounds for variables that have none, from what is assumed; then a proof within these bounds.

A counterexample lies within the bounds of the variables, all hypotheses and clauses hold at it, and the conclusion
does not. So it lies in what narrowing by these leaves of the box of all points, step by step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from verify.kernel.bisection import check_bisection
from verify.kernel.certificates import exact, fields, list_field, text_field
from verify.kernel.errors import Malformed, Rejected
from verify.kernel.extended import Box, hull, narrow
from verify.kernel.fixed import ONE
from verify.kernel.intervals import enclose
from verify.kernel.rules import check_combination
from verify.kernel.statements import GOAL, Formula, Junction, Relation, Statement, Variable
from verify.kernel.terms import extract

MAX_STEPS = 1_000
MAX_WORK = 2_000_000
MAX_DEPTH = 100
INNER = {"bisection": check_bisection, "combination": check_combination}


def domain(statement: Statement) -> Box:
    """Return the box of the variables' bounds, None where there is none."""
    return {
        v.name: (
            None if v.lower is None else enclose(v.lower, v.lower)[0],
            None if v.upper is None else enclose(v.upper, v.upper)[1],
        )
        for v in statement.variables
    }


class Narrowing:
    """Narrows boxes by what a statement assumes; `work` counts the terms and variables that this took."""

    def __init__(self, statement: Statement, most: int = MAX_WORK) -> None:
        self.statement, self.most, self.work = statement, most, 0
        self.assumed: dict[str, Formula] = {h.name: h for h in statement.hypotheses}
        self.assumed |= {c.name: c.formula for c in statement.clauses}
        if not statement.conclusion.equality:
            self.assumed[GOAL] = statement.conclusion

    def step(self, names: str, box: Box) -> Box | None:
        """Return the part of the box where all of some `assumed` can hold together (for GOAL, the conclusion fail).

        None when nothing is left. Raises Malformed for an unknown name, Rejected for terms that are not defined all
        over the box, or too many.
        """
        unknown = [name for name in names.split(" ") if name not in self.assumed]
        if unknown:
            raise Malformed(f"proof.steps: nothing to narrow by that is named {unknown[0][:40]!r}")
        return self._narrowed([self.assumed[name] for name in names.split(" ")], box)

    def _narrowed(self, formulas: Sequence[Formula], box: Box, depth: int = 0) -> Box | None:
        """Return the hull of what is left in each case, where a case takes one part of every "or"."""
        self._spend(len(formulas))
        for number, formula in enumerate(formulas):
            if isinstance(formula, Junction):
                if depth > MAX_DEPTH:
                    raise Rejected(f"proof.steps: a step of more than {MAX_DEPTH} junctions")
                parts, rest = formula.parts, formulas[number + 1 :]
                if formula.op == "and":
                    return self._narrowed([*parts, *rest], box, depth + 1)
                return reduce(_union, (self._narrowed([part, *rest], box, depth + 1) for part in parts), None)
            found = self._by_relation(formula, box)
            if found is None:
                return None
            box = {**box, **found}
        return box

    def _by_relation(self, relation: Relation, box: Box) -> Box | None:
        nodes = extract(self.statement.nodes, relation.gap)
        self._spend(len(nodes) + len(box))
        if relation is self.statement.conclusion:
            return narrow(nodes, box, (None, 0), nonzero=not relation.strict)
        return narrow(nodes, box, (0, 0) if relation.equality else (0, None), nonzero=relation.strict)

    def _spend(self, work: int) -> None:
        self.work += work
        if self.work > self.most:
            raise Rejected("proof.steps: the terms are too many")


def _union(x: Box | None, y: Box | None) -> Box | None:
    if x is None or y is None:
        return x if y is None else y
    return {name: hull(side, y[name]) for name, side in x.items()}


def _bounded(variable: Variable, data: Any, box: Box) -> Variable:
    """Return the variable with the bounds [lo, hi] as well. Raises Rejected unless these contain what is left of it."""
    place = f"proof.bounds.{variable.name}"
    ends = [exact(end, place) for end in data] if isinstance(data, list) else []
    if len(ends) != 2:
        raise Malformed(f"{place}: not a lower and an upper end")
    (lower, upper), (low, high) = ends, box[variable.name]
    if low is None or high is None or low < lower * ONE or high > upper * ONE:
        raise Rejected(f"{place}: the steps do not reach these bounds")
    lower = lower if variable.lower is None else max(lower, variable.lower)
    upper = upper if variable.upper is None else min(upper, variable.upper)
    if lower > upper:
        raise Rejected(f"{place}: the bounds leave nothing")
    return Variable(variable.name, lower, upper)


def check_bounded(statement: Statement, proof: Mapping[str, Any]) -> None:
    """Rule bounded: narrow by `steps`, then check `proof` within `bounds`.

    Each step names one or several of the hypotheses, clauses and GOAL, with a space between them. What is left after
    the steps holds all counterexamples. `bounds` contain it, for each variable without a finite bound on both sides, so
    a proof of the statement within them, by a rule of INNER, proves it. If nothing is left, there is no counterexample:
    the rule of the inner proof is then "empty", and `bounds` has no entries. Terms are defined wherever a step cuts
    something off, and the inner proof shows it for the rest. Raises Malformed, Rejected, and Incomplete as the inner
    rule does.
    """
    fields(dict(proof), {"rule", "steps", "bounds", "proof"}, set(), "proof")
    steps = list_field(proof, "steps", "proof")
    if len(steps) > MAX_STEPS or not all(isinstance(names, str) for names in steps):
        raise Malformed(f"proof.steps: no names, or more than {MAX_STEPS} steps")
    inner = proof["proof"] if isinstance(proof["proof"], dict) else {}
    rule = text_field({"rule": None, **inner}, "rule", "proof.proof")
    narrowing, box = Narrowing(statement), domain(statement)
    for number, names in enumerate(steps, start=1):
        left = narrowing.step(names, box)
        if left is None:
            fields(inner, {"rule"}, set(), "proof.proof")
            fields(proof["bounds"], set(), set(), "proof.bounds")
            if rule != "empty" or number < len(steps):
                raise Malformed(
                    "proof: the steps leave nothing, so none follows, and the rule of the inner proof is empty"
                )
            return
        box = left
    if rule not in INNER:
        raise Rejected(f"proof.proof: the steps leave something, to which no rule {rule[:40]!r} applies")
    unbounded = {v.name for v in statement.variables if v.lower is None or v.upper is None}
    bounds = fields(proof["bounds"], unbounded, set(), "proof.bounds")
    variables = tuple(_bounded(v, bounds[v.name], box) if v.name in bounds else v for v in statement.variables)
    INNER[rule](replace(statement, variables=variables), inner)
