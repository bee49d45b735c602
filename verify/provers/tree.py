"""The growing tree of a bisection, and how it is written for the kernel."""

from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from verify.kernel.bisection import MAX_LETTERS, PARTS, letter
from verify.provers.decision import EMPTY, LEAF, MULTIPLIER, NARROW
from verify.provers.linear import EXPONENTS
from verify.provers.ranges import Array

Ints: TypeAlias = npt.NDArray[np.int64]
Nodes: TypeAlias = npt.NDArray[np.int32]

UNDECIDED = "?"
OPEN = -1


class Tree:
    """Nodes of the growing tree: code (see `decision`; below LEAF the axis of a cut) and the first child.

    The first `roots` nodes are the roots of as many trees. `bounds` has the text of what narrowing keeps, by node.
    """

    def __init__(self, roots: int = 1) -> None:
        self.code = np.full(max(1024, roots), OPEN, dtype=np.int32)
        self.child = np.zeros(max(1024, roots), dtype=np.int32)
        self.bounds: dict[int, str] = {}
        self.roots = self.size = roots

    def extend(self, count: int) -> Ints:
        """Add `count` nodes and return their indices."""
        while self.size + count > len(self.code):
            self.code = np.concatenate([self.code, np.full_like(self.code, OPEN)])
            self.child = np.concatenate([self.child, np.zeros_like(self.child)])
        new = np.arange(self.size, self.size + count)
        self.size += count
        return new

    def _levels(self) -> list[Nodes]:
        """Return the nodes by depth."""
        code, child = self.code[: self.size], self.child[: self.size]
        levels = [np.arange(self.roots, dtype=np.int32)]
        while levels[-1].size:
            kind, first = code[levels[-1]], child[levels[-1]]
            cut = (kind >= 0) & (kind < LEAF)
            levels.append(np.concatenate([first[cut | (kind >= NARROW)], first[cut] + 1]))
        return levels[:-1]

    def texts(self) -> tuple[list[str], Ints]:
        """Return the trees in preorder, in the kernel's notation, and for each node its place when they are joined."""
        code, child = self.code[: self.size], self.child[: self.size]
        kind = np.minimum(code, NARROW) + 1
        tokens = {int(k): _token(int(k) - 1).encode() for k in np.flatnonzero(np.bincount(kind)) if k <= NARROW}
        letters = np.zeros((NARROW + 2, max(map(len, tokens.values()), default=0)), dtype=np.uint8)
        sizes = np.zeros(NARROW + 2, dtype=np.int32)
        for k, token in tokens.items():
            letters[k, : len(token)], sizes[k] = list(token), len(token)
        length = sizes[kind].astype(np.int64)
        narrow = np.flatnonzero(code >= NARROW).tolist()
        narrowing = {n: f"({_relation(int(code[n]) - NARROW)}{self.bounds[n]})".encode() for n in narrow}
        length[narrow] = [len(narrowing[n]) for n in narrow]
        levels, whole = self._levels(), length.copy()
        for nodes in reversed(levels):
            cut = nodes[(code[nodes] >= 0) & (code[nodes] < LEAF)]
            whole[cut] += whole[child[cut]] + whole[child[cut] + 1]
            one = nodes[code[nodes] >= NARROW]
            whole[one] += whole[child[one]]
        place, ends = np.zeros(self.size, dtype=np.int64), np.cumsum(whole[: self.roots])
        place[: self.roots] = ends - whole[: self.roots]
        for nodes in levels:
            inner = nodes[((code[nodes] >= 0) & (code[nodes] < LEAF)) | (code[nodes] >= NARROW)]
            place[child[inner]] = place[inner] + length[inner]
            cut = inner[code[inner] < LEAF]
            place[child[cut] + 1] = place[child[cut]] + whole[child[cut]]
        reached = np.concatenate(levels)
        text = np.zeros(int(ends[-1]) if self.roots else 0, dtype=np.uint8)
        for k in range(letters.shape[1]):
            nodes = reached[(length[reached] > k) & (code[reached] < NARROW)]
            text[place[nodes] + k] = letters[kind[nodes], k]
        for node, token in narrowing.items():
            text[place[node] : place[node] + len(token)] = list(token)
        joined = text.tobytes().decode()
        return [joined[a:b] for a, b in zip([0, *ends.tolist()], ends.tolist(), strict=False)], place


@lru_cache(maxsize=MAX_LETTERS)
def _ends(axis: int) -> tuple[list[str], list[str]]:
    """Return the texts of a lower and of an upper bound at each part."""
    name = letter(axis, "a")
    lower = ["", *(f" {name}>{part}" for part in range(1, PARTS + 1))]
    return lower, [*(f" {name}<{part}" for part in range(PARTS)), ""]


def bounds_texts(first: Array, last: Array) -> list[str]:
    """Return the bounds of narrowings that keep the parts from `first` to `last`, each of shape (variables, boxes)."""
    columns = []
    for axis, (a, b) in enumerate(zip(first.astype(np.int64).tolist(), last.astype(np.int64).tolist(), strict=True)):
        lower, upper = _ends(axis)
        columns.append([lower[k] + upper[m] for k, m in zip(a, b, strict=True)])
    return ["".join(texts) for texts in zip(*columns, strict=True)]


def _relation(packed: int) -> str:
    k, form = divmod(packed, 2)
    return "!" * form + _name(k)


def _name(k: int) -> str:
    return "." if k == 0 else letter(k - 1, "A")


@lru_cache(maxsize=65536)
def _token(code: int) -> str:
    """Return the token of a cut or leaf, or of what is open."""
    if code < 0:
        return UNDECIDED
    if code < LEAF:
        return letter(code, "a")
    if code < MULTIPLIER:
        k, form = divmod(code - LEAF, 3)
        return ("", "!", "^")[form] + _name(k)
    if code < EMPTY:
        k, packed = divmod(code - MULTIPLIER, 8 * EXPONENTS)
        exponent, mantissa = divmod(packed, 8)
        return f"[{letter(k - 1, 'A')}{Fraction(8 + mantissa) * Fraction(2) ** (exponent - EXPONENTS // 2)}]"
    return f"({_relation(code - EMPTY)})"
