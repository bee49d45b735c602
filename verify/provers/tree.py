"""The growing tree of a bisection, and how it is written for the kernel."""

from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from verify.provers.tape import Array

Ints: TypeAlias = npt.NDArray[np.int64]

UNDECIDED = "?"
LEAF, MULTIPLIER = 100, 1000
EXPONENTS = 32


class Tree:
    """Nodes of the growing tree: letter of a leaf or axis of a cut, and the first child."""

    def __init__(self) -> None:
        self.code: Ints = np.full(1024, -1, dtype=np.int64)
        self.child: Ints = np.zeros(1024, dtype=np.int64)
        self.size = 1

    def extend(self, count: int) -> Ints:
        """Add `count` nodes and return their indices."""
        while self.size + count > len(self.code):
            self.code = np.concatenate([self.code, np.full_like(self.code, -1)])
            self.child = np.concatenate([self.child, np.zeros_like(self.child)])
        new = np.arange(self.size, self.size + count)
        self.size += count
        return new

    def text(self) -> str:
        """Return the tree in preorder, in the kernel's notation."""
        code, child = self.code.tolist(), self.child.tolist()
        stack, parts = [0], []
        while stack:
            node = stack.pop()
            parts.append(_token(code[node]))
            if 0 <= code[node] < LEAF:
                stack += (child[node] + 1, child[node])
        return "".join(parts)


@lru_cache(maxsize=4096)
def _token(code: int) -> str:
    """Return the token of a code: -1 undecided, 0..25 cut axis, LEAF + 2k + form, MULTIPLIER + packed (k, multiplier).

    Relation k is the conclusion (0) or hypothesis k; form 1 is the mean-value form; a multiplier is n 2^e, n in 8..15.
    """
    if code < 0:
        return UNDECIDED
    if code < LEAF:
        return chr(ord("a") + code)
    if code < MULTIPLIER:
        k, form = divmod(code - LEAF, 2)
        return "!" * form + ("." if k == 0 else chr(ord("A") + k - 1))
    k, packed = divmod(code - MULTIPLIER, 8 * EXPONENTS)
    exponent, mantissa = divmod(packed, 8)
    return f"[{chr(ord('A') + k - 1)}{Fraction(8 + mantissa) * Fraction(2) ** (exponent - EXPONENTS // 2)}]"


def quantise(multiplier: Array) -> tuple[Array, Ints]:
    """Round positive multipliers to n 2^e with n in 8..15; return them and their packed form (-1: out of range)."""
    with np.errstate(all="ignore"):
        exponent = np.floor(np.log2(multiplier)) - 3
        mantissa = np.floor(multiplier / np.exp2(exponent))
        shifted = np.clip(np.nan_to_num(exponent, nan=-1e6), -1e6, 1e6) + EXPONENTS // 2
    good = np.isfinite(multiplier) & (multiplier > 0) & (shifted >= 0) & (shifted < EXPONENTS)
    mantissa = np.where(good, np.clip(mantissa, 8, 15), 8.0)
    packed = np.where(good, shifted * 8 + mantissa - 8, -1).astype(np.int64)
    return np.where(good, mantissa * np.exp2(np.where(good, exponent, 0.0)), 0.0), packed
