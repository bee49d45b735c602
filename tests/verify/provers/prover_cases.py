"""Statements that several tests of provers use."""

from typing import Any

import sympy as sp

from verify.encode import make_statement
from verify.kernel.statements import Statement


def free(*variables: Any) -> dict[Any, tuple[None, None]]:
    """Variables without bounds."""
    return dict.fromkeys(variables, (None, None))


def two_largest(edge: Any) -> Statement:
    """No balance factor exceeds 2 when a^2 <= edge: true for 8, false for 9."""
    a, k, p, x, y = sp.symbols("a kappa p x y")
    return make_statement(
        {a: (0, None), x: (0, None), y: (0, None), p: (0, 1), k: (None, None)},
        (k, "<=", 2),
        {"edge": (a**2, "<=", edge), "shape": (x + y, "<=", 1), "step": (k, "<=", a**2 * x * y * (1 - p) ** 2)},
    )
