"""Exact polynomials and rational functions over the rationals, with limits on their size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from verify.kernel.errors import Malformed, Rejected
from verify.kernel.terms import Node

MAX_PRODUCTS = 4_000_000
MAX_COEFFICIENT_BITS = 20_000

Monomial: TypeAlias = tuple[tuple[str, int], ...]
Polynomial: TypeAlias = dict[Monomial, Fraction]


def constant(value: Fraction | int) -> Polynomial:
    """Return the constant polynomial."""
    return {(): Fraction(value)} if value else {}


def plus(p: Polynomial, q: Polynomial, factor: int = 1) -> Polynomial:
    """Return p + factor * q."""
    result = dict(p)
    for monomial, coefficient in q.items():
        total = result.get(monomial, Fraction(0)) + factor * coefficient
        if total:
            result[monomial] = total
        else:
            result.pop(monomial, None)
    return result


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return p * q. Raises Malformed when the product would exceed the limits."""
    if len(p) * len(q) > MAX_PRODUCTS:
        raise Malformed(f"a product of polynomials with {len(p)} and {len(q)} terms is beyond the limit")
    result: Polynomial = {}
    for m, c in p.items():
        for n, d in q.items():
            exponents = dict(m)
            for name, exponent in n:
                exponents[name] = exponents.get(name, 0) + exponent
            key = tuple(sorted(exponents.items()))
            result[key] = result.get(key, Fraction(0)) + c * d
    if any(c.numerator.bit_length() + c.denominator.bit_length() > MAX_COEFFICIENT_BITS for c in result.values()):
        raise Malformed(f"a coefficient has more than {MAX_COEFFICIENT_BITS} bits")
    return {m: c for m, c in result.items() if c}


@dataclass(frozen=True, slots=True)
class Rational:
    """The rational function numerator / denominator (not reduced; the denominator is not the zero polynomial)."""

    numerator: Polynomial
    denominator: Polynomial

    def __add__(self, other: "Rational") -> "Rational":
        if self.denominator == other.denominator:
            return Rational(plus(self.numerator, other.numerator), self.denominator)
        left, right = times(self.numerator, other.denominator), times(other.numerator, self.denominator)
        return Rational(plus(left, right), times(self.denominator, other.denominator))

    def __neg__(self) -> "Rational":
        return Rational(plus({}, self.numerator, -1), self.denominator)

    def __mul__(self, other: "Rational") -> "Rational":
        return Rational(times(self.numerator, other.numerator), times(self.denominator, other.denominator))

    def __truediv__(self, other: "Rational") -> "Rational":
        if not other.numerator:
            raise Rejected("division by the zero polynomial")
        return Rational(times(self.numerator, other.denominator), times(self.denominator, other.numerator))


def rational(value: Fraction | int) -> Rational:
    """Return the constant rational function."""
    return Rational(constant(value), constant(1))


def variable(name: str) -> Rational:
    """Return the rational function that is the variable `name`."""
    return Rational({((name, 1),): Fraction(1)}, constant(1))


def expand(nodes: Sequence[Node], environment: Mapping[str, Rational]) -> list[Rational | None]:
    """Return each node as a rational function of the variables; None where a square root is involved."""
    values: list[Rational | None] = []
    for node in nodes:
        arguments = [v for v in (values[i] for i in node.args) if v is not None]
        if node.op == "sqrt" or len(arguments) < len(node.args):
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
