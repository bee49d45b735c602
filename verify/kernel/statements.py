"""Statements: variables with rational bounds, hypotheses, clauses and one conclusion, written as SMT-LIB 2.

A hypothesis is one relation; a clause is a formula of relations with "and" and "or". The text asserts the negation of
the conclusion, as is usual for SMT-LIB: the statement is true when the text is unsatisfiable. A statement speaks of the
points of the domain where its terms are defined; each rule of the kernel also shows that they are defined wherever it
concludes anything.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from verify.kernel.errors import Malformed
from verify.kernel.smtlib import MAX_TEXT, SYMBOL, Sexpr, read_sexprs, read_term, write_rational, write_terms
from verify.kernel.terms import Node, TermTable

LOGIC = "QF_NRA"
GOAL = "negated-conclusion"
COMPARISONS = ("<=", "<", ">=", ">", "=")
MAX_JUNCTIONS = 50


@dataclass(frozen=True, slots=True)
class Variable:
    """A real variable with closed rational bounds; None is unbounded."""

    name: str
    lower: Fraction | None = None
    upper: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """`left comparison right`. `gap` is the node whose sign decides it: gap >= 0, gap > 0 or gap = 0."""

    name: str
    comparison: str
    left: int
    right: int
    gap: int

    @property
    def strict(self) -> bool:
        """Whether the relation is gap > 0."""
        return self.comparison in ("<", ">")

    @property
    def equality(self) -> bool:
        """Whether the relation is gap = 0."""
        return self.comparison == "="


def relate(table: TermTable, name: str, comparison: str, left: int, right: int) -> Relation:
    """Build a relation between two terms of `table`. Raises Malformed for an unknown comparison or a bad name."""
    if comparison not in COMPARISONS or not SYMBOL.fullmatch(name):
        raise Malformed(f"not a comparison or not a name: {comparison!r}, {name!r}")
    large, small = (right, left) if comparison in ("<=", "<") else (left, right)
    zero = table.nodes[small].op == "const" and table.nodes[small].value == 0
    return Relation(name, comparison, left, right, large if zero else table.apply("-", (large, small)))


@dataclass(frozen=True, slots=True)
class Junction:
    """All (`op` "and") or at least one (`op` "or") of two or more formulas."""

    op: str
    parts: tuple["Formula", ...]


Formula: TypeAlias = Relation | Junction


@dataclass(frozen=True, slots=True)
class Clause:
    """A hypothesis that is not one relation."""

    name: str
    formula: Junction


def relations_of(formula: Formula) -> tuple[Relation, ...]:
    """Return the relations of a formula, from left to right."""
    if isinstance(formula, Relation):
        return (formula,)
    return tuple(r for part in formula.parts for r in relations_of(part))


@dataclass(frozen=True, slots=True)
class Statement:
    """For all values of the variables within their bounds: if all hypotheses and clauses hold, so does the conclusion.

    The rules that do not use clauses prove the conclusion without them.
    """

    nodes: tuple[Node, ...]
    variables: tuple[Variable, ...]
    hypotheses: tuple[Relation, ...]
    conclusion: Relation
    clauses: tuple[Clause, ...] = ()

    def text(self) -> str:
        """Return the one canonical SMT-LIB 2 text of the statement. Raises Malformed when it exceeds MAX_TEXT."""
        relations = (*self.hypotheses, *(r for c in self.clauses for r in relations_of(c.formula)), self.conclusion)
        roots = [i for r in relations for i in (r.left, r.right)]
        definitions, terms = write_terms(self.nodes, roots)
        if sum(len(terms[i]) for i in roots) > MAX_TEXT:  # a long term may stand in many relations
            raise Malformed(f"statement longer than {MAX_TEXT} characters")
        lines = [f"(set-logic {LOGIC})"]
        lines += [f"(declare-const {v.name} Real)" for v in self.variables]
        for v in self.variables:
            if v.lower is not None:
                lines.append(f"(assert (! (>= {v.name} {write_rational(v.lower)}) :named {v.name}.lower))")
            if v.upper is not None:
                lines.append(f"(assert (! (<= {v.name} {write_rational(v.upper)}) :named {v.name}.upper))")
        lines += [f"(define-fun {name} () Real {text})" for name, text in definitions]
        formulas: list[tuple[str, Formula]] = [(h.name, h) for h in self.hypotheses]
        for name, formula in formulas + [(c.name, c.formula) for c in self.clauses]:
            lines.append(f"(assert (! {_write_formula(formula, terms)} :named {name}))")
        goal = _write_formula(self.conclusion, terms)
        return "\n".join([*lines, f"(assert (! (not {goal}) :named {GOAL}))", "(check-sat)", ""])

    def digest(self) -> str:
        """SHA-256 of the canonical text, in hexadecimal: the identity of the statement."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def _write_formula(formula: Formula, terms: Mapping[int, str]) -> str:
    if isinstance(formula, Relation):
        return f"({formula.comparison} {terms[formula.left]} {terms[formula.right]})"
    return f"({formula.op} {' '.join(_write_formula(part, terms) for part in formula.parts)})"


def _named(sexpr: Sexpr) -> tuple[list[Sexpr], str]:
    """Split `(assert (! formula :named name))` into formula and name."""
    if isinstance(sexpr, list) and len(sexpr) == 2 and sexpr[0] == "assert" and isinstance(sexpr[1], list):
        body = sexpr[1]
        if len(body) == 4 and body[0] == "!" and body[2] == ":named":
            formula, name = body[1], body[3]
            if isinstance(formula, list) and isinstance(name, str) and SYMBOL.fullmatch(name):
                return formula, name
    raise Malformed(f"not a named assertion: {str(sexpr)[:60]}")


def _bounds(commands: Sequence[Sexpr], names: Mapping[str, int]) -> tuple[list[Variable], int]:
    """Read the leading bound assertions; return the variables and how many assertions were read."""
    bounds: dict[str, Fraction] = {}
    scratch = TermTable()
    for command in commands:
        formula, name = _named(command) if command and command[0] == "assert" else ([], "")
        variable, _, side = name.rpartition(".")
        if variable not in names or side not in ("lower", "upper"):
            break
        value = scratch.nodes[read_term(scratch, formula[2], {})] if len(formula) == 3 else None
        comparison = ">=" if side == "lower" else "<="
        if value is None or value.op != "const" or formula[:2] != [comparison, variable] or name in bounds:
            raise Malformed(f"not a bound: {name}")
        bounds[name] = value.value
    return [Variable(n, bounds.get(f"{n}.lower"), bounds.get(f"{n}.upper")) for n in names], len(bounds)


def read_relation(table: TermTable, formula: Sexpr, name: str, names: dict[str, int]) -> Relation:
    """Read `(comparison left right)`. Raises Malformed for anything else."""
    if not isinstance(formula, list) or len(formula) != 3 or not isinstance(formula[0], str):
        raise Malformed(f"not a comparison of two terms: {str(formula)[:60]}")
    left, right = (read_term(table, side, names) for side in formula[1:])
    return relate(table, name, formula[0], left, right)


def read_formula(table: TermTable, formula: Sexpr, name: str, names: dict[str, int], depth: int = 0) -> Formula:
    """Read a relation, or `and`, `or` of two or more formulas. Raises Malformed for anything else."""
    if isinstance(formula, list) and formula and formula[0] in ("and", "or"):
        if len(formula) < 3 or depth >= MAX_JUNCTIONS:
            raise Malformed(f"{name}: {formula[0]} of fewer than two formulas, or nested deeper than {MAX_JUNCTIONS}")
        parts = tuple(read_formula(table, part, name, names, depth + 1) for part in formula[1:])
        return Junction(str(formula[0]), parts)
    return read_relation(table, formula, name, names)


def parse_statement(text: str) -> Statement:
    """Parse the text of a statement. Raises Malformed for any command out of place and any unknown symbol."""
    commands = read_sexprs(text)
    if not commands or commands[0] != ["set-logic", LOGIC] or commands[-1] != ["check-sat"]:
        raise Malformed(f"a statement starts with (set-logic {LOGIC}) and ends with (check-sat)")
    table, names, position = TermTable(), {}, 1
    while position < len(commands) and commands[position][:1] == ["declare-const"]:
        match commands[position]:
            case [_, str(name), "Real"] if SYMBOL.fullmatch(name) and name not in names:
                names[name] = table.var(name)
            case other:
                raise Malformed(f"not a new real variable: {str(other)[:60]}")
        position += 1
    variables, read = _bounds(commands[position:], names)
    position += read
    while position < len(commands) and commands[position][:1] == ["define-fun"]:
        match commands[position]:
            case [_, str(name), [], "Real", body] if SYMBOL.fullmatch(name) and name not in names:
                names[name] = read_term(table, body, names)
            case other:
                raise Malformed(f"not a new definition: {str(other)[:60]}")
        position += 1
    asserted = [_named(command) for command in commands[position:-1]]
    if not asserted or asserted[-1][1] != GOAL or asserted[-1][0][:1] != ["not"] or len(asserted[-1][0]) != 2:
        raise Malformed(f"the last assertion is the {GOAL}")
    assumed = [(name, read_formula(table, formula, name, names)) for formula, name in asserted[:-1]]
    hypotheses = tuple(formula for _, formula in assumed if isinstance(formula, Relation))
    clauses = tuple(Clause(name, formula) for name, formula in assumed if isinstance(formula, Junction))
    conclusion = read_relation(table, asserted[-1][0][1], "conclusion", names)
    statement = Statement(tuple(table.nodes), tuple(variables), hypotheses, conclusion, clauses)
    facts = [name for name, _ in assumed] + [f"{v.name}.{s}" for v in variables for s in ("lower", "upper")]
    if len(set(facts)) != len(facts) or GOAL in facts:
        raise Malformed("two assertions share a name")
    if any(v.lower is not None and v.upper is not None and v.lower > v.upper for v in variables):
        raise Malformed("a variable's lower bound exceeds its upper bound")
    return statement


def read_statement(text: str) -> Statement:
    """Parse the canonical text of a statement. Raises Malformed as `parse_statement`, and for any other text."""
    statement = parse_statement(text)
    if statement.text() != text:
        raise Malformed("the statement's text is not in canonical form")
    return statement
