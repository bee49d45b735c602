"""Bounds on eigenvalues, against exact determinants and mpmath."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from verify.trajectory.matrices import (
    above_all_eigenvalues,
    below_all_eigenvalues,
    ceiling_root,
    lack_of_definiteness,
    rayleigh_quotient,
    shifted_diagonal,
)


def determinant(rows):
    rows = [[Fraction(x) for x in row] for row in rows]
    result = Fraction(1)
    for j in range(len(rows)):
        pivot = next((i for i in range(j, len(rows)) if rows[i][j]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != j:
            rows[j], rows[pivot], result = rows[pivot], rows[j], -result
        result *= rows[j][j]
        for i in range(j + 1, len(rows)):
            factor = rows[i][j] / rows[j][j]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[j], strict=True)]
    return result


def positive_semidefinite(matrix):
    """Exact: all principal minors are at least 0."""
    size = len(matrix)
    chosen = [c for count in range(1, size + 1) for c in combinations(range(size), count)]
    return all(determinant([[matrix[i][j] for j in c] for i in c]) >= 0 for c in chosen)


@st.composite
def symmetric(draw, largest=10**6):
    size = draw(st.integers(1, 4))
    rows = [[draw(st.integers(-largest, largest)) for _ in range(size)] for _ in range(size)]
    return [[rows[max(i, j)][min(i, j)] for j in range(size)] for i in range(size)]


@given(symmetric(), st.integers(0, 60), st.integers(0, 3 * 10**6))
def test_lack_of_definiteness_is_enough(matrix, bits, shift):
    matrix = shifted_diagonal(matrix, 1, shift)
    found = lack_of_definiteness(matrix, bits)
    if found is not None:
        assert positive_semidefinite(shifted_diagonal(matrix, 1, found[0]))


@given(symmetric(30), st.integers(0, 40))
def test_small_matrices_at_the_edge(matrix, bits):
    """Shifts by all integers around the edge of definiteness."""
    for shift in range(-5, 130, 3):
        shifted = shifted_diagonal(matrix, 1, shift)
        found = lack_of_definiteness(shifted, bits)
        if found is not None:
            assert positive_semidefinite(shifted_diagonal(shifted, 1, found[0]))


@given(symmetric(), st.integers(20, 60))
def test_definite_matrices_are_recognised(matrix, bits):
    """A matrix with eigenvalues of at least 1000 lacks next to nothing."""
    least = sum(abs(x) for row in matrix for x in row) + 1000
    found = lack_of_definiteness(shifted_diagonal(matrix, 1, least), bits)
    assert found is not None
    assert found[0] <= 50


@given(symmetric(), st.integers(30, 80))
def test_bounds_of_eigenvalues(matrix, bits):
    scaled = [[x << bits for x in row] for row in matrix]
    with mp.workdps(80):
        values = sorted(mp.eigsy(mp.matrix(scaled), eigvals_only=True))
        slack = 1 << bits
        above = above_all_eigenvalues(scaled, int(values[-1]) + slack, bits)
        below = below_all_eigenvalues(scaled, int(values[0]) - slack, bits)
        assert values[-1] <= above <= values[-1] + 3 * slack
        assert values[0] - 3 * slack <= below <= values[0]
        assert above_all_eigenvalues(scaled, int(values[-1]) - slack, bits) is None
        assert below_all_eigenvalues(scaled, int(values[0]) + slack, bits) is None


@given(symmetric(), st.lists(st.integers(-1000, 1000), min_size=4, max_size=4))
def test_rayleigh_quotient_is_below_the_largest_eigenvalue(matrix, vector):
    vector = vector[: len(matrix)]
    if any(vector):
        value = rayleigh_quotient(matrix, vector)
        with mp.workdps(50):
            assert value <= max(mp.eigsy(mp.matrix(matrix), eigvals_only=True)) + mp.mpf(10) ** -30
        exact = sum(Fraction(matrix[i][j] * a * b) for i, a in enumerate(vector) for j, b in enumerate(vector))
        assert value <= exact / sum(a * a for a in vector) < value + 1


@pytest.mark.parametrize("matrix", [[[0]], [[-1]], [[1, 2], [2, 1]], [[1, 1], [1, 1]], [[0, 0], [0, 5]]])
def test_matrices_that_are_not_definite(matrix):
    assert lack_of_definiteness(matrix, 60) is None


@given(st.integers(0, 10**30))
def test_ceiling_root(n):
    root = ceiling_root(n)
    assert root**2 >= n
    assert root == 0 or (root - 1) ** 2 < n
