"""Equality hypotheses that are linear in some variable are solved for it, exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from verify.kernel.errors import KernelError
from verify.kernel.polynomials import Polynomial, Rational, expand, variable
from verify.kernel.statements import Clause, Formula, Junction, Relation, Statement, relate
from verify.kernel.terms import TermTable, extract


@dataclass(frozen=True)
class Step:
    """`name` = -constant / slope, two polynomials in the other variables."""

    name: str
    slope: Polynomial
    constant: Polynomial

    def value(self, point: Mapping[str, Fraction]) -> Fraction | None:
        """Return the variable's value at `point`; None when the slope vanishes there."""
        slope = evaluate(self.slope, point)
        return -evaluate(self.constant, point) / slope if slope else None


def evaluate(p: Polynomial, point: Mapping[str, Fraction]) -> Fraction:
    """Return the value of a polynomial at a rational point."""
    total = Fraction(0)
    for monomial, coefficient in p.items():
        for name, exponent in monomial:
            coefficient *= point[name] ** exponent
        total += coefficient
    return total


@dataclass(frozen=True)
class Elimination:
    """A statement with fewer variables and the steps that give the values of those left out, last step first."""

    original: Statement
    reduced: Statement
    steps: tuple[Step, ...]

    def complete(self, point: Mapping[str, Fraction]) -> dict[str, Fraction] | None:
        """Extend a point of the reduced statement to one of the original; None where a slope vanishes."""
        result = dict(point)
        for step in reversed(self.steps):
            value = step.value(result)
            if value is None:
                return None
            result[step.name] = value
        return result


def _split(p: Polynomial, name: str) -> tuple[Polynomial, Polynomial] | None:
    """Return (slope, constant) with p = slope * name + constant; None when p is not linear in it."""
    slope: Polynomial = {}
    constant: Polynomial = {}
    for monomial, coefficient in p.items():
        exponents = dict(monomial)
        power = exponents.pop(name, 0)
        if power > 1:
            return None
        (slope if power else constant)[tuple(sorted(exponents.items()))] = coefficient
    return (slope, constant) if slope else None


def _step(value: Rational, names: list[str]) -> Step | None:
    """Choose the variable to solve for; None when no variable occurs linearly."""
    choices = [(name, _split(value.numerator, name)) for name in names]
    steps = [Step(name, *split) for name, split in choices if split is not None]
    return min(steps, key=_awkwardness, default=None)


def _awkwardness(step: Step) -> tuple[bool, bool, int]:
    """Order steps: a constant slope first, among these plus or minus one, then short formulas."""
    constant = set(step.slope) == {()}
    return not constant, not constant or abs(step.slope[()]) != 1, len(step.slope) + len(step.constant)


def _term(table: TermTable, p: Polynomial) -> int:
    """Add a polynomial to the table."""
    total = table.const(0)
    for monomial, coefficient in p.items():
        powers = [table.apply("^", (table.var(name),), exponent) for name, exponent in monomial]
        total = table.apply("+", (total, table.apply("*", (table.const(coefficient), table.const(1), *powers))))
    return total


def _substitute(statement: Statement, step: Step, used: Relation) -> Statement:
    """Replace the variable by its value everywhere, in clauses too; its bounds become hypotheses."""
    table = TermTable()
    kept = tuple(v for v in statement.variables if v.name != step.name)
    for v in kept:
        table.var(v.name)
    slope, constant = _term(table, step.slope), _term(table, step.constant)
    replacement = table.apply("/", (table.apply("neg", (constant,)), slope))
    index: list[int] = []
    for node in statement.nodes:
        arguments = [index[i] for i in node.args]
        if node.op == "var" and node.name == step.name:
            index.append(replacement)
        else:
            index.append(table.apply(node.op, arguments, node.exponent) if arguments else table.add(node))

    def moved(r: Relation) -> Relation:
        return relate(table, r.name, r.comparison, index[r.left], index[r.right])

    def rebuilt(formula: Junction) -> Junction:
        parts: list[Formula] = [moved(p) if isinstance(p, Relation) else rebuilt(p) for p in formula.parts]
        return Junction(formula.op, tuple(parts))

    relations = [moved(r) for r in statement.hypotheses if r is not used]
    bounds = next((v.lower, v.upper) for v in statement.variables if v.name == step.name)
    for side, comparison, bound in zip(("lower", "upper"), (">=", "<="), bounds, strict=True):
        if bound is not None:
            name = f"{step.name}.{side}"
            relations.insert(0, relate(table, name, comparison, replacement, table.const(bound)))
    conclusion = moved(statement.conclusion)
    clauses = tuple(Clause(c.name, rebuilt(c.formula)) for c in statement.clauses)
    return Statement(tuple(table.nodes), kept, tuple(relations), conclusion, clauses)


def eliminate(statement: Statement) -> Elimination:
    """Solve one equality hypothesis after another for a variable that occurs linearly in it.

    Equalities with square roots or functions, or without such a variable, stay; so do those inside clauses.
    """
    current, steps, tried = statement, list[Step](), set[str]()
    while True:
        equality = next((h for h in current.hypotheses if h.equality and h.name not in tried), None)
        if equality is None:
            return Elimination(statement, current, tuple(steps))
        tried.add(equality.name)
        names = [v.name for v in current.variables]
        try:
            value = expand(extract(current.nodes, equality.gap), {name: variable(name) for name in names})[-1]
            step = _step(value, names) if value is not None else None
            if step is not None:
                current = _substitute(current, step, equality)
                steps.append(step)
        except KernelError:
            continue
