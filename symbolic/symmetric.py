"""Elementary symmetric functions, for expressions and ring elements alike.

Everything here uses only ``+``, ``-`` and ``*``, so that one definition serves sympy expressions, elements of
polynomial rings and exact numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def elementary_symmetric(values: Sequence[Any]) -> list[Any]:
    """Return ``[e_0, e_1, ..., e_n]`` of the ``n`` values.

    Uses ``e_k(x_1..x_j) = e_k(x_1..x_{j-1}) + x_j e_{k-1}(x_1..x_{j-1})``, so that with shared
    subexpressions the result has of the order of ``n**2`` products.
    """
    found: list[Any] = [1]
    for value in values:
        found.append(0)
        for k in range(len(found) - 1, 0, -1):
            found[k] = found[k] + value * found[k - 1]
    return found


def horner(coefficients: Sequence[Any], x: Any) -> Any:
    """Return ``c_0 + c_1 x + c_2 x**2 + ...`` by Horner's rule; 0 if there are no coefficients."""
    total: Any = 0
    for coefficient in reversed(coefficients):
        total = coefficient + x * total
    return total
