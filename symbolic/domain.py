"""The depths for which the scalar network is defined."""

from __future__ import annotations


def require_depth(depth: int) -> int:
    """Return the depth if it is an integer of at least 2.

    Raises
    ------
    ValueError
        If ``depth`` is not an ``int`` (a ``bool`` does not count as one) or is below 2.
    """
    if not isinstance(depth, int) or isinstance(depth, bool):
        raise ValueError(f"depth must be an integer, got {depth!r}")
    if depth < 2:
        raise ValueError(f"depth must be at least 2, got {depth}")
    return depth
