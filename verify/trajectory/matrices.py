"""Eigenvalues of a symmetric integer matrix, bounded from below and above by exact integer arithmetic."""

from collections.abc import Sequence
from math import isqrt
from operator import mul
from typing import TypeAlias

Matrix: TypeAlias = Sequence[Sequence[int]]


def dot(x: Sequence[int], y: Sequence[int]) -> int:
    """Return the sum of x_i y_i, up to the end of the shorter one."""
    return sum(map(mul, x, y))


def ceiling_root(n: int) -> int:
    """Return the smallest integer whose square is at least n >= 0."""
    return isqrt(n - 1) + 1 if n else 0


def rayleigh_quotient(matrix: Matrix, vector: Sequence[int]) -> int:
    """Return floor(v^T M v / v^T v), which is at most the largest eigenvalue of M. The vector must not be 0."""
    return dot([dot(row, vector) for row in matrix], vector) // dot(vector, vector)


def lack_of_definiteness(matrix: Matrix, bits: int) -> tuple[int, list[list[int]]] | None:
    """Return e >= 0 such that M + e I is positive semidefinite, and the factor L; None when none was found.

    L is a Cholesky factor in integers, each entry rounded down, with 2**bits M = L L^T + E exactly, where E is what the
    divisions and square roots leave over. As |E|_2 <= max_i sum_j |E_ij| <= 2**bits e, M + e I >= 2**-bits L L^T >= 0.
    Only the entries on and below the diagonal are read.
    """
    size = len(matrix)
    factor: list[list[int]] = [[] for _ in range(size)]
    left_over = [0] * size
    for j in range(size):
        square = (matrix[j][j] << bits) - dot(factor[j], factor[j])
        if square <= 0:
            return None
        root = isqrt(square)
        left_over[j] += square - root * root
        for i in range(j + 1, size):
            entry, rest = divmod((matrix[i][j] << bits) - dot(factor[i], factor[j]), root)
            factor[i].append(entry)
            left_over[i] += rest
            left_over[j] += rest
        factor[j].append(root)
    return -(-max(left_over) >> bits), factor


def shifted_diagonal(matrix: Matrix, sign: int, shift: int) -> list[list[int]]:
    """Return sign * M + shift * I."""
    return [[sign * m + (shift if i == j else 0) for j, m in enumerate(row)] for i, row in enumerate(matrix)]


def above_all_eigenvalues(matrix: Matrix, trial: int, bits: int) -> int | None:
    """Return an upper bound, slightly above `trial`, on the largest eigenvalue of M; None when `trial` is too small."""
    found = lack_of_definiteness(shifted_diagonal(matrix, -1, trial), bits)
    return None if found is None else trial + found[0]


def below_all_eigenvalues(matrix: Matrix, trial: int, bits: int) -> int | None:
    """Return a lower bound, slightly below `trial`, on the smallest eigenvalue of M; None when `trial` is too large."""
    found = lack_of_definiteness(shifted_diagonal(matrix, 1, -trial), bits)
    return None if found is None else trial - found[0]
