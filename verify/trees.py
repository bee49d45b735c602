"""Counting the tokens of a bisection tree."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from verify.kernel.bisection import TOKEN


@dataclass(frozen=True)
class TreeCounts:
    """How many cuts a tree has, and on how many leaves what holds."""

    cuts: int
    concluded: int
    failed: int
    multiplied: int
    undecided: int
    narrowed: int = 0

    @property
    def leaves(self) -> int:
        """Number of leaves."""
        return self.concluded + self.failed + self.multiplied + self.undecided

    def __str__(self) -> str:
        """Say it in words."""
        parts = [f"on {self.concluded} the conclusion holds", f"on {self.failed} a hypothesis fails"]
        parts += [f"on {self.multiplied} it follows from a hypothesis by a multiplier"] if self.multiplied else []
        parts += [f"{self.narrowed} boxes are narrowed first"] if self.narrowed else []
        parts += [f"{self.undecided} are undecided"] if self.undecided else []
        return f"{self.cuts} cuts, {self.leaves} leaves: {', '.join(parts)}"


def count_tree(tree: str) -> TreeCounts:
    """Count the tokens of a tree in the kernel's notation."""
    tokens = Counter(match[0] for match in TOKEN.finditer(tree))

    def count(wanted: Callable[[str], bool]) -> int:
        return sum(number for token, number in tokens.items() if wanted(token))

    cuts = count(lambda token: token[0].islower())
    narrowed = count(lambda token: token[0] == "(" and " " in token)
    concluded = count(lambda token: token.strip("!^()") == ".")
    multiplied = count(lambda token: token[0] == "[")
    undecided = tokens["?"]
    failed = tokens.total() - cuts - narrowed - concluded - multiplied - undecided
    return TreeCounts(cuts, concluded, failed, multiplied, undecided, narrowed)


def tree_of(proof: Mapping[str, Any]) -> str:
    """Return the tree of a proof by bisection, or by bisection within bounds; "" for any other."""
    inner = proof.get("proof") if proof.get("rule") == "bounded" else proof
    return str(inner.get("tree", "")) if isinstance(inner, Mapping) and inner.get("rule") == "bisection" else ""
