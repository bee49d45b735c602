"""Exact polynomials and rational functions over the rationals, with limits on their size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from verify.kernel.errors import Malformed, Rejected
from verify.kernel.terms import FUNCTIONS, Node

MAX_PRODUCTS = 1_000_000
MAX_COEFFICIENT_BITS = 8_000
MAX_EXPONENT = 10_000
NOT_RATIONAL = ("sqrt", "min", "max", *FUNCTIONS)

Monomial: TypeAlias = tuple[tuple[str, int], ...]
Polynomial: TypeAlias = dict[Monomial, Fraction]


def constant(value: Fraction | int) -> Polynomial:
    """Return the constant polynomial."""
    return {(): Fraction(value)} if value else {}


@dataclass
class Budget:
    """How many products of coefficients one check may still compute."""

    left: int = MAX_PRODUCTS

    def spend(self, products: int) -> None:
        """Take `products` off. Raises Malformed when the budget is used up."""
        self.left -= products
        if self.left < 0:
            raise Malformed(f"polynomial arithmetic beyond the limit of {MAX_PRODUCTS} products")


def _bounded(coefficient: Fraction) -> Fraction:
    if coefficient.numerator.bit_length() + coefficient.denominator.bit_length() > MAX_COEFFICIENT_BITS:
        raise Malformed(f"a coefficient has more than {MAX_COEFFICIENT_BITS} bits")
    return coefficient


def plus(p: Polynomial, q: Polynomial, factor: int = 1) -> Polynomial:
    """Return p + factor * q. Raises Malformed for a coefficient beyond the limit."""
    result = dict(p)
    for monomial, coefficient in q.items():
        total = _bounded(result.get(monomial, Fraction(0)) + factor * coefficient)
        if total:
            result[monomial] = total
        else:
            result.pop(monomial, None)
    return result


def _multiply_monomials(m: Monomial, n: Monomial) -> Monomial:
    if not m or not n:
        return m or n
    exponents = dict(m)
    for name, exponent in n:
        exponents[name] = exponents.get(name, 0) + exponent
    if max(exponents.values()) > MAX_EXPONENT:
        raise Malformed(f"an exponent beyond {MAX_EXPONENT}")
    return tuple(sorted(exponents.items()))


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return p * q. Raises Malformed for an exponent or coefficient beyond the limits."""
    result: Polynomial = {}
    for m, c in p.items():
        for n, d in q.items():
            key = _multiply_monomials(m, n)
            before = result.get(key)
            result[key] = c * d if before is None else before + c * d
    return {m: _bounded(c) for m, c in result.items() if c}


@dataclass(frozen=True, slots=True)
class Rational:
    """The rational function numerator / denominator (not reduced; the denominator is not the zero polynomial).

    Arithmetic takes its cost off `budget`; constants have none, and cost next to nothing.
    """

    numerator: Polynomial
    denominator: Polynomial
    budget: Budget | None = None

    def _times(self, p: Polynomial, q: Polynomial, other: "Rational") -> Polynomial:
        budget = self.budget or other.budget
        if budget is not None:
            budget.spend(len(p) * len(q))
        return times(p, q)

    def __add__(self, other: "Rational") -> "Rational":
        budget, same = self.budget or other.budget, self.denominator == other.denominator
        left, right, below = self.numerator, other.numerator, self.denominator
        if not same:
            left, right = self._times(left, other.denominator, other), self._times(right, below, other)
            below = self._times(below, other.denominator, other)
        if budget is not None:
            budget.spend(1 + len(right) + len(left) // 16)
        return Rational(plus(left, right), below, budget)

    def __neg__(self) -> "Rational":
        return Rational(plus({}, self.numerator, -1), self.denominator, self.budget)

    def __mul__(self, other: "Rational") -> "Rational":
        above = self._times(self.numerator, other.numerator, other)
        return Rational(above, self._times(self.denominator, other.denominator, other), self.budget or other.budget)

    def __truediv__(self, other: "Rational") -> "Rational":
        if not other.numerator:
            raise Rejected("division by the zero polynomial")
        return self * Rational(other.denominator, other.numerator, other.budget)


def rational(value: Fraction | int) -> Rational:
    """Return the constant rational function."""
    return Rational(constant(value), constant(1))


def variable(name: str, budget: Budget | None = None) -> Rational:
    """Return the rational function that is the variable `name`, with the budget of its arithmetic."""
    return Rational({((name, 1),): Fraction(1)}, constant(1), budget)


def expand(nodes: Sequence[Node], environment: Mapping[str, Rational]) -> list[Rational | None]:
    """Return each node as a rational function of the variables; None where another function is involved."""
    values: list[Rational | None] = []
    for node in nodes:
        arguments = [v for v in (values[i] for i in node.args) if v is not None]
        if node.op in NOT_RATIONAL or len(arguments) < len(node.args):
            values.append(None)
        elif node.op == "^":
            power = rational(1)
            for _ in range(node.exponent):
                power = power * arguments[0]
            values.append(power)
        elif node.op in ("const", "var"):
            values.append(rational(node.value) if node.op == "const" else environment[node.name])
        elif node.op == "neg":
            values.append(-arguments[0])
        else:
            left, right = arguments
            if node.op == "-":
                node, right = Node("+"), -right
            binary = {"+": Rational.__add__, "*": Rational.__mul__, "/": Rational.__truediv__}
            values.append(binary[node.op](left, right))
    return values
