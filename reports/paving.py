"""Pavings of a rectangle as plain data: a tree of cells in prefix order, each letter a cell.

``+`` is a cell cut into its four quarters (first the lower two, from left to right). The other letters are verdicts:
``i`` in S_eta; ``c`` in S_eta, with convergence; ``o`` not in S_eta; ``u`` undecided.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

VERDICTS = "icou"
MAX_LEVEL = 16
Leaf = tuple[int, int, int, str]
"""Level, column, row and verdict: the cell (i, j) of the ``2**level`` by ``2**level`` equal cells of the box."""


def leaves(tree: str) -> list[Leaf]:
    """Return the cells of a tree that are not cut.

    Raises
    ------
    ValueError
        If the tree has another letter, is too deep, cut off, or longer than its cells.
    """
    found: list[Leaf] = []
    stack = [(0, 0, 0)]
    for letter in tree:
        if not stack:
            raise ValueError("more letters than cells")
        level, i, j = stack.pop()
        if letter != "+":
            if letter not in VERDICTS:
                raise ValueError(f"{letter!r} is not a verdict")
            found.append((level, i, j, letter))
        elif level == MAX_LEVEL:
            raise ValueError(f"deeper than {MAX_LEVEL} levels")
        else:
            stack += [(level + 1, 2 * i + a, 2 * j + b) for b, a in ((1, 1), (1, 0), (0, 1), (0, 0))]
    if stack:
        raise ValueError("cut off")
    return found


def shares(found: Sequence[Leaf]) -> dict[str, Fraction]:
    """Return the share of the box that each verdict has."""
    sums = dict.fromkeys(VERDICTS, Fraction(0))
    for level, _, _, letter in found:
        sums[letter] += Fraction(1, 4**level)
    return sums
