"""Operations on real values with cases: what an application of a symbol to values means in the kernel's terms.

A real value is a list of cases (guard, term), the guards exclusive and exhaustive, so that `ite` is exact:
(+ (ite c a b) d) has the cases c: a + d and not c: b + d. A relation holds if one case's guard and relation do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations, pairwise
from typing import TypeAlias

from verify.kernel.errors import Malformed
from verify.kernel.terms import FUNCTIONS, MAX_EXPONENT, Node, TermTable
from verify.smt2.formulas import FormulaTable, Literal

MAX_CASES = 64
MAX_PAIRS = 2_000
MAX_WORK = 5_000_000
NAMES = {f: f for f in ("sqrt", *FUNCTIONS)} | {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
EXTREMA = {"<=": ("min", "max"), "<": ("min", "max"), ">=": ("max", "min"), ">": ("max", "min")}

Guard: TypeAlias = frozenset[Literal]


@dataclass(frozen=True, slots=True)
class Real:
    """A real value: (guard, node of the term table) for each case."""

    cases: tuple[tuple[Guard, int], ...]


@dataclass(frozen=True, slots=True)
class Bool:
    """A truth value: a gate of the formula table."""

    gate: int


Value: TypeAlias = Real | Bool


def plain(node: int) -> Real:
    """Return the real value of one case, a node."""
    return Real(((frozenset(), node),))


class Operations:
    """Builds terms and formulas in two tables; operations on numbers are carried out."""

    def __init__(self) -> None:
        self.terms = TermTable()
        self.formulas = FormulaTable(self.terms)
        self.work = 0

    def constant(self, value: Fraction | int) -> Real:
        """Return the value of a number."""
        return plain(self.terms.const(value))

    def number(self, value: Real) -> Fraction | None:
        """Return the number that a value is, None when it is not one."""
        nodes = [self.terms.nodes[node] for _, node in value.cases]
        return nodes[0].value if len(nodes) == 1 and nodes[0].op == "const" else None

    def lift(self, operation: Callable[[int, int], int], left: Real, right: Real) -> Real:
        """Apply an operation to each pair of cases that do not contradict each other.

        Raises Malformed beyond MAX_CASES cases, or MAX_WORK pairs in all.
        """
        cases: list[tuple[Guard, int]] = []
        self.work += len(left.cases) * len(right.cases)
        if self.work > MAX_WORK:
            raise Malformed(f"more than {MAX_WORK} pairs of cases of ite")
        for first, a in left.cases:
            for second, b in right.cases:
                if not any((gate, not wanted) in first for gate, wanted in second):
                    cases.append((first | second, operation(a, b)))
        if len(cases) > MAX_CASES:
            raise Malformed(f"a term with more than {MAX_CASES} cases of ite")
        return Real(tuple(cases))

    def arithmetic(self, op: str, values: list[Real]) -> Real:
        """Apply "+", "-", "*", "/", "min" or "max", to the left; one value of "-" is negated, of others unchanged."""
        if len(values) == 1:
            return self.unary("neg", values[0]) if op == "-" else values[0]
        return reduce(lambda a, b: self.lift(lambda x, y: self._binary(op, x, y), a, b), values)

    def _binary(self, op: str, left: int, right: int) -> int:
        a, b = self.terms.nodes[left], self.terms.nodes[right]
        if a.op == b.op == "const" and op != "/":  # the table divides numbers
            x, y = a.value, b.value
            match op:
                case "+":
                    return self.terms.const(x + y)
                case "-":
                    return self.terms.const(x - y)
                case "*":
                    return self.terms.const(x * y)
            return self.terms.const(min(x, y) if op == "min" else max(x, y))
        return self.terms.apply(op, (left, right))

    def unary(self, op: str, value: Real) -> Real:
        """Apply "neg", "sqrt" or one of the kernel's functions."""

        def apply(node: int) -> int:
            argument = self.terms.nodes[node]
            if op == "abs" and argument.op == "const":
                return self.terms.const(abs(argument.value))
            return self.terms.apply(op, (node,))

        return Real(tuple((guard, apply(node)) for guard, node in value.cases))

    def power(self, base: Real, exponent: Real) -> Real:
        """Apply "^": integers, and halves of them as powers of the square root; negative ones as reciprocals.

        Raises Malformed for any other exponent.
        """
        value = self.number(exponent)
        if value is None or value.denominator > 2 or abs(value.numerator) > MAX_EXPONENT:
            raise Malformed(f"unsupported: an exponent other than a constant k or k/2 with |k| <= {MAX_EXPONENT}")
        root = self.unary("sqrt", base) if value.denominator == 2 else base
        natural = abs(value.numerator)
        raised = root if natural == 1 else Real(tuple((g, self._power(node, natural)) for g, node in root.cases))
        return raised if value >= 0 else self.arithmetic("/", [self.constant(1), raised])

    def _power(self, node: int, exponent: int) -> int:
        base: Node = self.terms.nodes[node]
        if base.op == "const":
            return self.terms.const(base.value**exponent)
        return self.terms.apply("^", (node,), exponent)

    def compare(self, comparison: str, values: list[Real]) -> Bool:
        """Apply a chained comparison."""
        return Bool(self.formulas.conjunction(self._relation(comparison, a, b) for a, b in pairwise(values)))

    def _relation(self, comparison: str, left: Real, right: Real) -> int:
        held = self.lift(lambda a, b: self.formulas.relation(comparison, a, b), left, right)
        f = self.formulas
        return f.disjunction(f.conjunction((f.guard(guard), gate)) for guard, gate in held.cases)

    def equal(self, values: list[Real] | list[Bool]) -> Bool:
        """Apply "=" to values of one sort."""
        gates = [v.gate for v in values if isinstance(v, Bool)]
        if gates:
            return Bool(self.formulas.equivalence(gates))
        return self.compare("=", [v for v in values if isinstance(v, Real)])

    def distinct(self, values: list[Real] | list[Bool]) -> Bool:
        """Apply "distinct" to values of one sort. Raises Malformed beyond MAX_PAIRS pairs."""
        if len(values) * (len(values) - 1) // 2 > MAX_PAIRS:
            raise Malformed(f"distinct: more than {MAX_PAIRS} pairs")
        equal = [self.equal(list(pair)).gate for pair in combinations(values, 2)]  # type: ignore[arg-type]
        return Bool(self.formulas.conjunction(map(self.formulas.negation, equal)))

    def xor(self, values: list[Bool]) -> Bool:
        """Apply "xor", to the left."""
        f = self.formulas
        return Bool(reduce(lambda a, b: f.negation(f.equivalence([a, b])), [v.gate for v in values]))

    def implies(self, values: list[Bool]) -> Bool:
        """Apply "=>", to the right: the last holds or one of the others does not."""
        f = self.formulas
        return Bool(f.disjunction([*(f.negation(v.gate) for v in values[:-1]), values[-1].gate]))

    def choice(self, condition: Bool, then: Value, otherwise: Value) -> Value:
        """Apply "ite" to two values of one sort."""
        if isinstance(then, Bool) and isinstance(otherwise, Bool):
            return Bool(self.formulas.choice(condition.gate, then.gate, otherwise.gate))
        assert isinstance(then, Real)
        assert isinstance(otherwise, Real)
        if condition.gate < 2:
            return then if condition.gate else otherwise
        gate = self.formulas.gates[condition.gate]
        wanted = gate.op != "not"
        literal = (condition.gate, True) if wanted else (gate.args[0], False)
        found = self._extremum(literal, then, otherwise)
        if found is not None:
            return found
        chosen, rest = Real(((frozenset((literal,)), 0),)), Real(((frozenset(((literal[0], not wanted),)), 0),))
        cases = (self.lift(lambda _, b: b, chosen, then).cases, self.lift(lambda _, b: b, rest, otherwise).cases)
        if sum(map(len, cases)) > MAX_CASES:
            raise Malformed(f"a term with more than {MAX_CASES} cases of ite")
        return Real(cases[0] + cases[1])

    def _extremum(self, condition: Literal, then: Real, otherwise: Real) -> Real | None:
        """Recognise (ite (<= a b) a b) and the like as min, max and abs."""
        gate = self.formulas.gates[condition[0]]
        if gate.op != "relation" or gate.comparison not in EXTREMA:
            return None
        if any(guard for guard, _ in then.cases + otherwise.cases):
            return None
        branches = then.cases[0][1], otherwise.cases[0][1]
        if not condition[1]:
            branches = branches[::-1]
        left, right = gate.left, gate.right
        lesser, greater = EXTREMA[gate.comparison]
        if branches in ((left, right), (right, left)):
            return plain(self.terms.apply(lesser if branches[0] == left else greater, (left, right)))
        sign, zero = self.terms.nodes[right], Node("const")
        if lesser == "max" and sign == zero and self._opposite(branches[1], left) and branches[0] == left:
            return plain(self.terms.apply("abs", (left,)))
        if lesser == "min" and sign == zero and self._opposite(branches[0], left) and branches[1] == left:
            return plain(self.terms.apply("abs", (left,)))
        return None

    def _opposite(self, node: int, other: int) -> bool:
        return self.terms.nodes[node] == Node("neg", (other,))
