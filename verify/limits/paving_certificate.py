"""Certificates of regions: a paving of a slice of the space of weights, read strictly.

    {"format": "gd-region", "version": 2, "digest": ..., "problem": {"depth": 2, "eta": "1/2", "axes": [1, 2],
     "fixed": {}, "box": ["0", "3", "0", "3"]}, "holds": [["27/8"]], "fails": [{"gaps": ["61/16"], "at": "1/8"}],
     "cells": "++ccou..."}

`cells` is a tree in prefix order: `+` is a cell cut into its four quarters (`Cell.children`). The verdicts are
i: the cell lies in S_eta; c: moreover gradient descent converges to a minimum from every point of it (eta D <= 2);
o: no point of it is in S_eta; u: undecided. Curves are named by the gaps of their sorted squares from the smallest
upward, see `paving_curves`; numbers are exact rationals.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from verify.kernel.certificates import exact, fields, list_field, text_field
from verify.kernel.errors import Malformed
from verify.limits.paving_cells import MAX_LEVEL, Cell, Region

FORMAT = "gd-region"
VERSION = 2
MAX_DEPTH = 16
MAX_CELLS = 2_000_000
MAX_CURVES = 2000
MAX_TEXT = 60
MAX_WORK = 500_000_000
LETTERS = "icou"


class Failing(NamedTuple):
    """A curve that is not in S_eta: gaps, and the smallest square of the point that shows it."""

    gaps: tuple[Fraction, ...]
    at: Fraction


@dataclass(frozen=True, slots=True)
class Paving:
    """A certificate: curves and the tree of cells."""

    region: Region
    holds: tuple[tuple[Fraction, ...], ...]
    fails: tuple[Failing, ...]
    cells: str

    def data(self) -> dict[str, Any]:
        """Return the JSON object of the certificate."""
        problem = problem_data(self.region)
        return {
            "format": FORMAT,
            "version": VERSION,
            "digest": digest(problem),
            "problem": problem,
            "holds": [[str(g) for g in gaps] for gaps in self.holds],
            "fails": [{"gaps": [str(g) for g in curve.gaps], "at": str(curve.at)} for curve in self.fails],
            "cells": self.cells,
        }


def problem_data(region: Region) -> dict[str, Any]:
    """Return the problem as JSON; weights are counted from 1."""
    return {
        "depth": region.depth,
        "eta": str(region.eta),
        "axes": [k + 1 for k in region.axes],
        "fixed": {str(k + 1): str(w) for k, w in enumerate(region.weights) if w is not None},
        "box": [str(x) for x in region.box],
    }


def digest(problem: dict[str, Any]) -> str:
    """Return the SHA-256 of a problem."""
    return hashlib.sha256(json.dumps(problem, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _number(data: Any, place: str) -> Fraction:
    if not isinstance(data, str) or len(data) > MAX_TEXT:
        raise Malformed(f"region: {place}: not a short rational")
    value = exact(data, f"region: {place}")
    if str(value) != data:
        raise Malformed(f"region: {place}: not in lowest terms")
    return value


def _natural(data: Any, least: int, most: int, place: str) -> int:
    if type(data) is not int or not least <= data <= most:
        raise Malformed(f"region: {place}: not a number from {least} to {most}")
    return data


def build_region(
    depth: int,
    eta: Fraction,
    axes: Sequence[int],
    fixed: dict[int, Fraction],
    box: Sequence[Fraction],
) -> Region:
    """Return a region; axes and fixed weights are counted from 0. Raises ValueError for one that makes no sense."""
    if not 2 <= depth <= MAX_DEPTH:
        raise ValueError(f"depth {depth}: give 2 to {MAX_DEPTH}")
    if not eta > 0:
        raise ValueError("the step size is not positive")
    if len(axes) != 2 or axes[0] == axes[1] or not all(0 <= k < depth for k in axes):
        raise ValueError(f"give two different axes of w1 to w{depth}")
    if set(fixed) != set(range(depth)) - set(axes):
        raise ValueError("give a value for each weight that is not an axis, and for no other")
    if not all(w > 0 for w in fixed.values()):
        raise ValueError("a fixed weight is not positive")
    if len(box) != 4 or not (0 <= box[0] < box[1] and 0 <= box[2] < box[3]):
        raise ValueError("the box is empty, inverted or reaches below 0")
    weights = tuple(None if k in axes else fixed[k] for k in range(depth))
    return Region(depth, eta, (axes[0], axes[1]), weights, (box[0], box[1], box[2], box[3]))


def _read_problem(data: Any) -> Region:
    data = fields(data, {"depth", "eta", "axes", "fixed", "box"}, set(), "region: problem")
    depth = _natural(data["depth"], 2, MAX_DEPTH, "depth")
    names = {str(k + 1): k for k in range(depth)}
    fixed = data["fixed"]
    if not isinstance(fixed, dict) or not set(fixed) <= set(names):
        raise Malformed("region: fixed: not weights by number")
    axes = [_natural(k, 1, depth, "axes") - 1 for k in list_field(data, "axes", "region")]
    box = [_number(x, "box") for x in list_field(data, "box", "region")]
    weights = {names[k]: _number(w, "fixed") for k, w in fixed.items()}
    try:
        return build_region(depth, _number(data["eta"], "eta"), axes, weights, box)
    except ValueError as error:
        raise Malformed(f"region: {error}") from None


def build_paving(data: Any) -> Paving:
    """Turn parsed JSON into a paving.

    Raises Malformed for another format or version, a missing or unknown field, a wrong digest, a value of the wrong
    kind, or anything beyond the limits.
    """
    if isinstance(data, dict) and (
        data.get("format") != FORMAT or type(data.get("version")) is not int or data["version"] != VERSION
    ):
        raise Malformed(f"format or schema version is not {FORMAT!r} {VERSION}: make it anew with `verify region`")
    data = fields(data, {"format", "version", "digest", "problem", "holds", "fails", "cells"}, set(), "region")
    region = _read_problem(data["problem"])
    if data["digest"] != digest(problem_data(region)) or data["problem"] != problem_data(region):
        raise Malformed("the digest is not that of the problem")
    lists = [list_field(data, name, "region") for name in ("holds", "fails")]
    count = sum(map(len, lists))
    if count > MAX_CURVES:
        raise Malformed(f"region: more than {MAX_CURVES} curves")
    cells = _tree(text_field(data, "cells", "region"))
    if work(len(cells), count) > MAX_WORK:
        raise Malformed("region: more work than the checker takes on")
    failing = [fields(c, {"gaps", "at"}, set(), "region: fails") for c in lists[1]]
    return Paving(
        region,
        tuple(_gaps(gaps, region.depth) for gaps in lists[0]),
        tuple(Failing(_gaps(c["gaps"], region.depth), _number(c["at"], "at")) for c in failing),
        cells,
    )


def work(cells: int, curves: int) -> int:
    """Estimate the time of a check of cells, in microseconds."""
    return cells * (curves + 20)


def _gaps(data: Any, depth: int) -> tuple[Fraction, ...]:
    if not isinstance(data, list) or len(data) != depth - 1:
        raise Malformed("region: not one gap less than weights")
    return tuple(_number(gap, "gaps") for gap in data)


def _tree(cells: str) -> str:
    if len(cells) > MAX_CELLS or cells.strip("+" + LETTERS):
        raise Malformed("region: cells: too long, or a letter other than + i c o u")
    return cells


def leaves(cells: str) -> list[tuple[Cell, str]]:
    """Return the leaves of a tree with their letters. Raises Malformed for a tree too deep, too short or too long."""
    found = []
    stack = [Cell(0, 0, 0)]
    for letter in cells:
        if not stack:
            raise Malformed("region: cells: more letters than cells")
        cell = stack.pop()
        if letter != "+":
            found.append((cell, letter))
        elif cell.level == MAX_LEVEL:
            raise Malformed(f"region: cells: deeper than {MAX_LEVEL} levels")
        else:
            stack += reversed(cell.children())
    if stack:
        raise Malformed("region: cells: the tree is cut off")
    return found
