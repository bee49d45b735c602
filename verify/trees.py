"""Counting the tokens of a bisection tree."""

from dataclasses import dataclass

from verify.kernel.bisection import TOKEN


@dataclass(frozen=True)
class TreeCounts:
    """How many cuts a tree has, and on how many leaves what holds."""

    cuts: int
    concluded: int
    failed: int
    multiplied: int
    undecided: int

    @property
    def leaves(self) -> int:
        """Number of leaves."""
        return self.concluded + self.failed + self.multiplied + self.undecided

    def __str__(self) -> str:
        """Say it in words."""
        parts = [f"on {self.concluded} the conclusion holds", f"on {self.failed} a hypothesis fails"]
        parts += [f"on {self.multiplied} it follows from a hypothesis by a multiplier"] if self.multiplied else []
        parts += [f"{self.undecided} are undecided"] if self.undecided else []
        return f"{self.cuts} cuts, {self.leaves} leaves: {', '.join(parts)}"


def count_tree(tree: str) -> TreeCounts:
    """Count the tokens of a tree in the kernel's notation."""
    tokens = [match[0] for match in TOKEN.finditer(tree)]
    cuts = sum(token.islower() for token in tokens)
    concluded = sum(token.endswith(".") for token in tokens)
    multiplied = sum(token.startswith("[") for token in tokens)
    undecided = tokens.count("?")
    return TreeCounts(cuts, concluded, len(tokens) - cuts - concluded - multiplied - undecided, multiplied, undecided)
