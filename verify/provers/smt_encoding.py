"""The solvers' query of a statement: square roots and quotients become fresh variables with their definitions.

A statement speaks of the points where its terms are defined. The query says so: for every quotient n / d that the
statement uses, q d = n and d != 0; for every square root of x, s s = x and s >= 0, which includes x >= 0. Powers are
written as products, because solvers leave 0 ** 0 open.
"""

from verify.kernel.smtlib import write_rational, write_terms
from verify.kernel.statements import LOGIC, Formula, Relation, Statement, relations_of
from verify.kernel.terms import TermTable


def _formulas(statement: Statement) -> list[Formula]:
    """Return hypotheses, clauses and, last, the conclusion."""
    return [*statement.hypotheses, *(c.formula for c in statement.clauses), statement.conclusion]


class _Rewriter:
    """Copies terms into a table without division, roots and powers; collects what the fresh variables satisfy."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.table = TermTable()
        self.fresh: list[str] = []
        self.definitions: list[tuple[str, int, int]] = []
        self.nonzero: list[int] = []
        self.names = {v.name: f"v{i}" for i, v in enumerate(statement.variables)}
        self.index: dict[int, int] = {}
        needed = {i for f in _formulas(statement) for r in relations_of(f) for i in (r.left, r.right)}
        for index in range(len(statement.nodes) - 1, -1, -1):
            if index in needed:
                needed.update(statement.nodes[index].args)
        for index in sorted(needed):
            self.index[index] = self._copy(index)

    def _new(self, letter: str) -> int:
        name = f"{letter}{len(self.fresh)}"
        self.fresh.append(name)
        return self.table.var(name)

    def _copy(self, index: int) -> int:
        node = self.statement.nodes[index]
        arguments = [self.index[i] for i in node.args]
        if node.op == "const":
            return self.table.const(node.value)
        if node.op == "var":
            return self.table.var(self.names[node.name])
        if node.op == "^":
            factors = arguments * node.exponent
            return self.table.apply("*", factors) if len(factors) > 1 else (factors or [self.table.const(1)])[0]
        if node.op == "sqrt":
            root = self._new("s")
            self.definitions.append(("sqrt", root, arguments[0]))
            return root
        if node.op == "/":
            divisor = self.table.nodes[arguments[1]]
            if divisor.op == "const" and divisor.value:
                return self.table.apply("*", (arguments[0], self.table.const(1 / divisor.value)))
            quotient = self._new("q")
            self.nonzero.append(arguments[1])
            self.definitions.append(("/", self.table.apply("*", (quotient, arguments[1])), arguments[0]))
            return quotient
        return self.table.apply(node.op, arguments)


def query(statement: Statement) -> tuple[str, dict[str, str]]:
    """Return SMT-LIB 2 text that is satisfiable exactly when `statement` is false, and its names of the variables.

    The text stops before `(check-sat)`. Variables are renamed to v0, v1, ..., so that no name can be one that a
    solver knows already; the second result maps the statement's names to these.
    """
    copy = _Rewriter(statement)
    sides = [copy.index[i] for f in _formulas(statement) for r in relations_of(f) for i in (r.left, r.right)]
    roots = [*sides, *copy.nonzero, *(i for _, left, right in copy.definitions for i in (left, right))]
    definitions, terms = write_terms(copy.table.nodes, roots)
    lines = [f"(set-logic {LOGIC})"]
    lines += [f"(declare-const {name} Real)" for name in (*copy.names.values(), *copy.fresh)]
    for v in statement.variables:
        for comparison, bound in ((">=", v.lower), ("<=", v.upper)):
            if bound is not None:
                lines.append(f"(assert ({comparison} {copy.names[v.name]} {write_rational(bound)}))")
    lines += [f"(define-fun {name} () Real {text})" for name, text in definitions]
    lines += [f"(assert (not (= {terms[d]} 0)))" for d in copy.nonzero]
    for kind, left, right in copy.definitions:
        if kind == "sqrt":
            lines += [f"(assert (>= {terms[left]} 0))", f"(assert (= (* {terms[left]} {terms[left]}) {terms[right]}))"]
        else:
            lines.append(f"(assert (= {terms[left]} {terms[right]}))")

    def written(formula: Formula) -> str:
        if isinstance(formula, Relation):
            return f"({formula.comparison} {terms[copy.index[formula.left]]} {terms[copy.index[formula.right]]})"
        return f"({formula.op} {' '.join(map(written, formula.parts))})"

    formulas = list(map(written, _formulas(statement)))
    lines += [f"(assert {formula})" for formula in formulas[:-1]]
    return "\n".join([*lines, f"(assert (not {formulas[-1]}))", ""]), copy.names
