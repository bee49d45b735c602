"""Statements from sympy: relations between sympy expressions become kernel statements."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import sympy as sp

from verify.kernel.smtlib import SYMBOL, write_rational
from verify.kernel.statements import Statement, Variable, parse_statement, read_statement, relate
from verify.kernel.terms import TermTable

Bound: TypeAlias = "int | str | Fraction | None"
Claimed: TypeAlias = "tuple[Any, str, Any]"

FUNCTIONS = {
    sp.Abs: "abs", sp.Min: "min", sp.Max: "max", sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan",
    sp.asin: "asin", sp.acos: "acos", sp.atan: "atan", sp.sinh: "sinh", sp.cosh: "cosh", sp.tanh: "tanh",
}  # fmt: skip


def rational_of(value: Any) -> Fraction:
    """Exact value of an integer, a Fraction, a string such as "6/5" or a sympy rational. Raises ValueError."""
    if isinstance(value, float):
        raise ValueError(f"a float is not an exact rational: {value!r}")
    if isinstance(value, sp.Rational):
        return Fraction(int(value.p), int(value.q))
    try:
        return Fraction(value)
    except (TypeError, ZeroDivisionError) as error:
        raise ValueError(f"not an exact rational: {value!r} ({error})") from None


class Encoder:
    """Adds sympy expressions to a term table, each distinct subexpression once."""

    def __init__(self, table: TermTable) -> None:
        self.table = table
        self.known: dict[Any, int] = {}

    def add(self, expression: Any) -> int:
        """Return the node index of a sympy expression in + * / integer powers, square roots, elementary functions.

        Raises ValueError for any other function or a number that is not rational.
        """
        expression = sp.sympify(expression)
        if expression not in self.known:
            self.known[expression] = self._build(expression)
        return self.known[expression]

    def _build(self, e: Any) -> int:
        if e.is_Rational:
            return self.table.const(rational_of(e))
        if e.is_Symbol:
            if e.assumptions0 != {"commutative": True}:
                raise ValueError(f"symbol {e}: has assumptions, by which sympy may simplify; give bounds instead")
            return self.table.var(e.name)
        if e.is_Add:
            return self._sum(e.args)
        if e.is_Mul:
            return self._product(e.args)
        if isinstance(e, sp.exp):
            return self.table.apply("exp", (self.add(e.args[0]),))
        if e.is_Pow:
            return self._power(*e.args)
        for kind, op in FUNCTIONS.items():
            if isinstance(e, kind):
                return self.table.apply(op, [self.add(argument) for argument in e.args])
        if e is sp.pi:
            return self.table.apply("*", (self.table.const(4), self.table.apply("atan", (self.table.const(1),))))
        if e is sp.E:
            return self.table.apply("exp", (self.table.const(1),))
        raise ValueError(f"not an expression in + * / powers, square roots and elementary functions: {e}")

    def _sum(self, terms: Sequence[Any]) -> int:
        negative = [t for t in terms if t.could_extract_minus_sign() and not t.is_Add]
        positive = [t for t in terms if t not in negative]
        if not positive:
            positive, negative = [negative[0]], negative[1:]
        index = self.add(positive[0])
        for term in positive[1:]:
            index = self.table.apply("+", (index, self.add(term)))
        for term in negative:
            index = self.table.apply("-", (index, self.add(-term)))
        return index

    def _product(self, factors: Sequence[Any]) -> int:
        above: list[int] = []
        below: list[int] = []
        for f in factors:
            if f.is_Rational and not f.is_Integer:
                above += [self.table.const(int(f.p))] if f.p != 1 else []
                below.append(self.table.const(int(f.q)))
            elif f.is_Pow and f.exp.is_Rational and f.exp.is_negative:
                below.append(self.add(1 / f))
            else:
                above.append(self.add(f))
        if not above:
            above = [self.table.const(1)]
        top = self.table.apply("*", above) if len(above) > 1 else above[0]
        if not below:
            return top
        return self.table.apply("/", (top, self.table.apply("*", below) if len(below) > 1 else below[0]))

    def _power(self, base: Any, exponent: Any) -> int:
        if not exponent.is_Rational or exponent.q not in (1, 2):
            raise ValueError(f"not an integer or half-integer power: {base}**({exponent})")
        if exponent.is_negative:
            return self.table.apply("/", (self.table.const(1), self.add(base**-exponent)))
        if exponent.q == 1:
            return self.table.apply("^", (self.add(base),), int(exponent))
        root = self.table.apply("sqrt", (self.add(base),))
        return root if exponent.p == 1 else self.table.apply("^", (root,), int(exponent.p))


def make_statement(
    variables: Mapping[Any, tuple[Bound, Bound]],
    conclusion: Claimed,
    hypotheses: Mapping[str, Claimed] | None = None,
) -> Statement:
    """Build a kernel statement.

    Parameters
    ----------
    variables
        Symbols with (lower, upper) bounds, exact rationals or None.
    conclusion, hypotheses
        Triples (left, comparison, right) with a comparison in <=, <, >=, >, =; hypotheses by name.

    Raises
    ------
    ValueError
        When an expression is not in the kernel's language or uses a symbol that is not declared, or when the two sides
        of the conclusion are the same term.
    """
    table = TermTable()
    declared = []
    for symbol, (lower, upper) in variables.items():
        if not SYMBOL.fullmatch(symbol.name):
            raise ValueError(f"not a name for a variable: {symbol.name}")
        table.var(symbol.name)
        low, high = (None if b is None else rational_of(b) for b in (lower, upper))
        declared.append(Variable(symbol.name, low, high))
    encoder = Encoder(table)

    def build(name: str, claimed: Claimed) -> Any:
        left, comparison, right = claimed
        free = {s for side in (left, right) for s in sp.sympify(side).free_symbols} - set(variables)
        if free:
            raise ValueError(f"{name}: undeclared symbols {sorted(map(str, free))}")
        return relate(table, name, comparison, encoder.add(left), encoder.add(right))

    assumed = tuple(build(name, claimed) for name, claimed in (hypotheses or {}).items())
    goal = build("conclusion", conclusion)
    if goal.left == goal.right:
        raise ValueError("the two sides of the conclusion are the same term: the statement says nothing")
    text = Statement(tuple(table.nodes), tuple(declared), assumed, goal).text()
    for _ in range(4):
        again = parse_statement(text).text()
        if again == text:
            break
        text = again
    return read_statement(text)


def term_text(expression: Any) -> str:
    """Return one SMT-LIB term, without definitions, for a polynomial in a certificate."""
    table = TermTable()
    root = Encoder(table).add(expression)
    texts: list[str] = []
    for node in table.nodes:
        if node.op in ("const", "var"):
            texts.append(node.name or write_rational(node.value))
        else:
            parts = [texts[i] for i in node.args] + ([str(node.exponent)] if node.op == "^" else [])
            texts.append(f"({'-' if node.op == 'neg' else node.op} {' '.join(parts)})")
    return texts[root]
