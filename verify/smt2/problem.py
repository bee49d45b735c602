"""From the assertions of a file to a statement: bounds, hypotheses, clauses and the conclusion."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from verify.kernel.errors import Malformed
from verify.kernel.statements import (
    Clause,
    Formula,
    Junction,
    Relation,
    Statement,
    Variable,
    parse_statement,
    read_statement,
    relate,
    relations_of,
)
from verify.kernel.terms import TermTable
from verify.smt2.commands import Script
from verify.smt2.formulas import MAX_RELATIONS, NEGATED, conjuncts
from verify.smt2.lexer import Place, SmtError

MIRRORED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "=": "="}
MAX_READINGS = 6


@dataclass(frozen=True)
class Problem:
    """A file of SMT-LIB 2 as a statement, which is true exactly if the file is unsatisfiable.

    Attributes
    ----------
    name
        The name under which the file was read.
    statement
        The statement, canonical: `read_statement(statement.text()) == statement`.
    status
        What the file says of itself: "sat", "unsat", "unknown" or None.
    renamed
        The file's name for each variable, hypothesis and clause whose name in the statement is another.
    unbounded
        Variables without a finite bound on both sides.
    booleans
        Variables in [0, 1] that stand for Boolean ones: 1 is true, 0 is false, in between either will do.
    defaulted
        Names, in the file, of variables that are declared and not used: any value will do.
    """

    name: str
    statement: Statement
    status: str | None
    renamed: Mapping[str, str]
    unbounded: tuple[str, ...]
    booleans: tuple[str, ...]
    defaulted: tuple[str, ...]


def read_problem(text: str, name: str) -> Problem:
    """Read a file of SMT-LIB 2. Raises SmtError, with line and column, for whatever is malformed or not supported."""
    script = Script(text)
    terms, names = script.expressions.operations.terms, script.names
    bounds = _Bounds(script)
    left: list[tuple[str, Formula]] = []
    goals: list[int] = []
    for label, formula in _assumed(script):
        absorbed = isinstance(formula, Relation) and bounds.absorb(formula)
        if not absorbed:
            goals += [len(left)] if _is_inequality(formula) and not bounds.is_bound(formula) else []
            left.append((label, formula))
    conclusion = relate(terms, "conclusion", "<", terms.const(1), terms.const(0))
    if goals:
        _, asserted = left.pop(goals[-1])
        assert isinstance(asserted, Relation)
        conclusion = replace(asserted, name="conclusion", comparison=NEGATED[asserted.comparison])
    used = _variables(terms, [conclusion, *(f for _, f in left)]) | bounds.given
    variables = tuple(bounds.variables[v] for v in script.sorts if v in used)
    hypotheses = tuple(f for _, f in left if isinstance(f, Relation))
    clauses = tuple(Clause(label, f) for label, f in left if isinstance(f, Junction))
    try:
        statement = _canonical(Statement(tuple(terms.nodes), variables, hypotheses, conclusion, clauses))
    except Malformed as error:
        raise SmtError(Place(1, 1), str(error)) from None
    kept = {v.name for v in variables} | {label for label, _ in left}
    return Problem(
        name,
        statement,
        script.status,
        {n: written for n, written in names.renamed.items() if n in kept},
        tuple(v.name for v in variables if v.lower is None or v.upper is None),
        tuple(v.name for v in variables if script.sorts[v.name] == "Bool"),
        tuple(names.renamed.get(v, v) for v in script.sorts if v not in used),
    )


def _assumed(script: Script) -> list[tuple[str, Formula]]:
    """Return the top-level conjuncts of the assertions that are not plainly true, with names; false is 1 < 0."""
    table = script.expressions.operations.formulas
    assumed: list[tuple[str, Formula]] = []
    count = size = 0
    for assertion in script.assertions:
        count += not assertion.declared
        size += table.sizes[assertion.gate][0]
        if size > MAX_RELATIONS:
            raise SmtError(assertion.place, f"the negation normal form has more than {MAX_RELATIONS} relations")
        if assertion.gate == 1:
            continue
        base = "bound" if assertion.declared else assertion.label or f"assert{count}"
        try:
            form = table.normal_form(assertion.gate) if assertion.gate else None
        except Malformed as error:
            raise SmtError(assertion.place, str(error)) from None
        parts = conjuncts(form) if form else (relate(table.table, "false", "<", *map(table.table.const, (1, 0))),)
        for number, part in enumerate(parts, 1):
            label = script.names.of_fact(base if len(parts) == 1 else f"{base}.{number}", assertion.label)
            assumed.append((label, replace(part, name=label) if isinstance(part, Relation) else part))
    return assumed


def _is_inequality(formula: Formula) -> bool:
    return isinstance(formula, Relation) and not formula.equality


class _Bounds:
    """The variables by name, with the bounds that assertions give them; `given` has those that got some."""

    def __init__(self, script: Script) -> None:
        self.nodes = script.expressions.operations.terms.nodes
        zero, one = Fraction(0), Fraction(1)
        self.variables = {
            v: Variable(v, zero, one) if sort == "Bool" else Variable(v) for v, sort in script.sorts.items()
        }
        self.given: set[str] = set()

    def is_bound(self, relation: Formula) -> bool:
        """Whether a relation compares a variable with a number."""
        if not isinstance(relation, Relation):
            return False
        return {self.nodes[relation.left].op, self.nodes[relation.right].op} == {"var", "const"}

    def absorb(self, relation: Relation) -> bool:
        """Take a bound into account; return whether the closed bounds now say all that the relation says."""
        if not self.is_bound(relation):
            return False
        left, right, comparison = self.nodes[relation.left], self.nodes[relation.right], relation.comparison
        if left.op == "const":
            left, right, comparison = right, left, MIRRORED[comparison]
        old = self.variables[left.name]
        lower, upper = old.lower, old.upper
        if comparison in (">=", ">", "="):
            lower = right.value if lower is None else max(lower, right.value)
        if comparison in ("<=", "<", "="):
            upper = right.value if upper is None else min(upper, right.value)
        if lower is not None and upper is not None and lower > upper:
            return False
        self.variables[left.name] = Variable(left.name, lower, upper)
        self.given.add(left.name)
        return not relation.strict


def _variables(terms: TermTable, formulas: list[Formula]) -> set[str]:
    """Return the names of the variables in formulas."""
    wanted = {side for formula in formulas for r in relations_of(formula) for side in (r.left, r.right)}
    for index in range(len(terms.nodes) - 1, -1, -1):
        if index in wanted:
            wanted.update(terms.nodes[index].args)
    return {terms.nodes[index].name for index in wanted if terms.nodes[index].op == "var"}


def _canonical(statement: Statement) -> Statement:
    """Read a statement's text until it is stable: the order of the terms is then that of the text."""
    text = statement.text()
    for _ in range(MAX_READINGS):
        again = parse_statement(text).text()
        if again == text:
            break
        text = again
    return read_statement(text)
