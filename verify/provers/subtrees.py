"""Unfinished trees: where their undecided leaves are.

A tree with "?" leaves is a complete record of an interrupted search: the search goes on from the boxes of these leaves,
here, in other processes or on other machines, and the tree that results is the one an uninterrupted search would have
found.
"""

from collections.abc import Iterator

import numpy as np

from verify.kernel.bisection import BOUND, PARTS, TOKEN, letter
from verify.provers.ranges import Array
from verify.provers.tree import UNDECIDED


def tokens(tree: str) -> Iterator[str]:
    """Yield the tokens of a tree. Raises ValueError for anything else."""
    position = 0
    while position < len(tree):
        match = TOKEN.match(tree, position)
        if match is None:
            raise ValueError(f"position {position} of the tree: not a token")
        position = match.end()
        yield match[0]


def open_boxes(tree: str, start: Array) -> Array:
    """Return the boxes of the undecided leaves, from left to right, shape (boxes, variables, 2).

    The bounds are computed as the search computes them. Raises ValueError for a tree that does not fit `start`.
    """
    axes = {letter(k, "a"): k for k in range(len(start))}
    stack, found = [start], []
    for token in tokens(tree):
        if not stack:
            raise ValueError("the tree goes on after its end")
        box = stack.pop()
        if token == UNDECIDED:
            found.append(box)
        elif token[0].islower():
            if token not in axes:
                raise ValueError(f"no variable {token!r}")
            axis = axes[token]
            left, right = box.copy(), box.copy()
            left[axis, 1] = right[axis, 0] = 0.5 * (box[axis, 0] + box[axis, 1])
            stack += [right, left]
        elif token[0] == "(" and " " in token:
            kept = box.copy()
            for name, side, number in BOUND.findall(token):
                if name not in axes:
                    raise ValueError(f"no variable {name!r}")
                axis = axes[name]
                step = (box[axis, 1] - box[axis, 0]) / PARTS
                kept[axis, 1 if side == "<" else 0] = box[axis, 0] + step * int(number)
            stack.append(kept)
    if stack:
        raise ValueError("the tree ends too early")
    return np.array(found).reshape(-1, *start.shape)


def share_of(boxes: Array, start: Array) -> float:
    """Return the share of the domain that boxes of shape (boxes, variables, 2) fill (but for sides of length 0)."""
    width = start[:, 1] - start[:, 0]
    wide = width > 0
    return float(np.prod((boxes[:, wide, 1] - boxes[:, wide, 0]) / width[wide], axis=1).sum())
