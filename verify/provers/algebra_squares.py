"""Squares made to measure: when the candidates do not suffice, the dual of the linear program names better ones.

The dual y is a linear functional on polynomials that is <= 0 on every candidate and positive on the target. For a
product g of facts, y(g root^2) is a quadratic form in the coefficients of the root; a direction in which it is
positive, rounded to small integers, is a root whose square the system lacks (column generation for sums of squares,
after Ahmadi, Dash, Hall, "Optimization over structured subsets of positive semidefinite matrices via column
generation", 2017).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from verify.provers.algebra_linear import Column, separation
from verify.provers.algebra_polynomials import Exponents, Poly, combination, monomials, primitive, times, total_degree

MAX_ROUNDS = 40
MAX_BASIS = 40
MAX_NEW = 24
MAX_ENTRY = 6
PRICING_SECONDS = 2.0
SETTLED = 1e-8

Factors: TypeAlias = tuple[int, ...]
Matrix: TypeAlias = npt.NDArray[np.float64]


class _Form:
    """The quadratic form y(g root^2) in the coefficients of the root over a basis of monomials."""

    def __init__(self, factors: Factors, g: Poly, basis: Sequence[Exponents]) -> None:
        self.factors, self.g, self.basis = factors, g, list(basis)
        self.sums = [[tuple(map(int.__add__, m, n)) for n in basis] for m in basis]
        self.rows = {tuple(map(int.__add__, s, t)) for line in self.sums for s in line for t in g}

    def matrix(self, y: Mapping[Any, float]) -> Matrix:
        """Return its symmetric matrix."""
        value = {
            s: sum(c * y.get(tuple(map(int.__add__, s, t)), 0.0) for t, c in self.g.items())
            for s in {s for line in self.sums for s in line}
        }
        scale = max(map(abs, self.g.values()))
        return np.array([[value[s] / scale for s in line] for line in self.sums])

    def root(self, vector: Sequence[int]) -> Poly:
        """Return the polynomial with these coefficients, divided by their greatest common divisor."""
        return primitive(combination(list(zip(vector, self.basis, strict=True))))[1]


def _forms(products: Mapping[Factors, Poly], cap: int) -> Iterator[_Form]:
    """Yield one form a product, with as large a basis as the limit `cap` on the total degree allows."""
    for factors, g in products.items():
        size = len(next(iter(g)))
        for degree in range(min(2, (cap - total_degree(g)) // 2), 0, -1):
            basis = list(monomials(size, degree))
            if len(basis) <= MAX_BASIS:
                yield _Form(factors, g, basis)
                break


def _roundings(matrix: Matrix) -> Iterator[tuple[float, list[int]]]:
    """Yield (value of the form per unit length, small integer vector) near each direction in which it is positive."""
    values, vectors = np.linalg.eigh(matrix)
    for value, vector in zip(values, vectors.T, strict=True):
        if value <= SETTLED:
            continue
        for largest in range(1, MAX_ENTRY + 1):
            rounded = np.round(vector / np.abs(vector).max() * largest)
            gain = float(rounded @ matrix @ rounded / (rounded @ rounded))
            if gain > 0.2 * value:
                yield gain * (1 - 0.02 * largest), [int(v) for v in rounded]


def priced_squares(
    columns: Sequence[Column],
    right: Mapping[Any, Fraction],
    products: Mapping[Factors, Poly],
    cap: int,
    deadline: float,
) -> list[tuple[Factors, Poly]]:
    """Return (product of facts, root) pairs that make the system solvable in non-negative numbers, or come close.

    Empty when the system is solvable without them. `cap` limits the total degree; the search ends at `deadline`
    (time.monotonic) and after PRICING_SECONDS at the latest.
    """
    forms, found, known = list(_forms(products, cap)), list[tuple[Factors, Poly]](), set[Any]()
    columns = list(columns)
    deadline = min(deadline, time.monotonic() + PRICING_SECONDS)
    rows: dict[Any, Fraction] = {row: Fraction(0) for form in forms for row in form.rows}
    rows |= {row: Fraction(0) for column in columns for row in column}
    for _ in range(MAX_ROUNDS):
        dual = separation(columns, {**rows, **right}, deadline - time.monotonic())
        if dual is None or dual[0] < SETTLED or time.monotonic() > deadline:
            break
        priced = [(gain, form, v) for form in forms for gain, v in _roundings(form.matrix(dual[1]))]
        priced.sort(key=lambda entry: -entry[0])
        before = len(found)
        for _, form, vector in priced:
            root = form.root(vector)
            place = (form.factors, tuple(sorted(root.items())))
            if place not in known and len(found) < before + MAX_NEW:
                known.add(place)
                found.append((form.factors, root))
                columns.append(times(form.g, times(root, root)))
        if len(found) == before:
            break
    return found
