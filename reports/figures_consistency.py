"""What the results behind the figures on scalar networks must agree on, beyond the types of their fields."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from reports.bounds import Bounds, decimal
from reports.consistency import require_equal_lengths
from reports.errors import ResultsError
from reports.paving import VERDICTS, leaves, shares

EDGE = 2
ROUNDING = 1e-7
"""Relative difference up to which a number drawn and a bound agree."""


def bounds(pair: list[str] | None) -> Bounds | None:
    """Return bounds as exact numbers."""
    return None if pair is None else (Fraction(pair[0]), Fraction(pair[1]))


def require_consistent_figures(results: Mapping[str, Any]) -> None:
    """Check that orbits, regions and what is missing do not contradict themselves or each other.

    Raises
    ------
    ResultsError
        Naming the first orbit or region that the rest of the data does not bear out.
    """
    for name in ("theorems", "claims", "identities"):
        if results[name]:
            raise ResultsError(
                f"{name}: figures are drawn from certified orbits and regions, but the list is not empty"
            )
    done = [found["name"] for found in (*results["trajectories"], *results["regions"])]
    if sorted([*done, *results["missing"]]) != sorted(set(results["question"]["asked"])):
        raise ResultsError("what is done and what is missing is not what was asked for")
    for orbit in results["trajectories"]:
        _require_orbit(orbit, f"orbit {orbit['name']}")
    for region in results["regions"]:
        _require_region(region, f"region {region['name']}")


def _require_orbit(orbit: Mapping[str, Any], place: str) -> None:
    start, limit = bounds_of(orbit, "eta_phi_start", place), bounds_of(orbit, "eta_phi_limit", place)
    if (limit is not None) is not (orbit["verdict"] == "converges"):
        raise ResultsError(f"{place}: {orbit['verdict']}, but eta_phi_limit is {orbit['eta_phi_limit']}")
    if (orbit["verdict"] == "undecided") is not bool(orbit["reason"].strip()):
        raise ResultsError(f"{place}: {orbit['verdict']}, but its reason is {orbit['reason'][:40]!r}")
    for name in ("inside_from", "monotone_from", "edge", "premise"):
        number = orbit[name]
        if number is not None and (limit is None or number > orbit["step"]):
            raise ResultsError(f"{place}: {name} is {number}, which its certificate does not reach")
    if limit is not None and start is not None and orbit["monotone_from"] == 0 and limit[0] > start[1]:
        raise ResultsError(f"{place}: phi never rises, but its limit is above its start")
    _require_edge(orbit, start, limit, place)
    for name, belongs in (("loss_rises", True), ("series", True), ("path", orbit["figure"] == "plane")):
        if (orbit[name] is not None) is not (belongs and limit is not None):
            raise ResultsError(f"{place}: {orbit['verdict']}, for the figure {orbit['figure']}, but see its {name}")
    if limit is not None:
        _require_series(orbit, start, limit, place)
        _require_path(orbit, place)


def bounds_of(found: Mapping[str, Any], name: str, place: str) -> Bounds | None:
    """Return the bounds of a field. Raises ResultsError unless they are a pair in order."""
    pair = found[name]
    if pair is not None and (len(pair) != 2 or Fraction(pair[0]) > Fraction(pair[1])):
        raise ResultsError(f"{place}: {name} is not a lower and an upper bound")
    return bounds(pair)


def _require_edge(orbit: Mapping[str, Any], start: Bounds | None, limit: Bounds | None, place: str) -> None:
    """Raise unless start and limit lie on the sides of the edge that its step says."""
    edge = orbit["edge"]
    if edge is None or start is None or limit is None:
        return
    if limit[0] > EDGE or (edge == 0 and start[0] > EDGE):
        raise ResultsError(f"{place}: at the edge from step {edge} on, but start or limit is above it")
    if edge > 0 and orbit["monotone_from"] == 0 and start[1] <= EDGE:
        raise ResultsError(f"{place}: at the edge from step {edge} on, but it starts there")


def _require_series(orbit: Mapping[str, Any], start: Bounds | None, limit: Bounds, place: str) -> None:
    """Raise unless what is drawn begins at the start, ends above the limit, and does not rise where it must not."""
    if orbit["loss_rises"] > orbit["step"]:
        raise ResultsError(f"{place}: the loss rises in {orbit['loss_rises']} of {orbit['step']} steps")
    drawn = orbit["series"]
    require_equal_lengths(drawn, ("step", "loss", "sharpness", "eta_phi"), place)
    steps = drawn["step"]
    if any(after <= before for before, after in itertools.pairwise(steps)) or steps[-1] > orbit["step"]:
        raise ResultsError(f"{place}: the steps drawn are not in order, or beyond its certificate")
    values = [(step, value) for step, value in zip(steps, drawn["eta_phi"], strict=True) if value is not None]
    if start is not None and values and values[0][0] == 0 and not _near(values[0][1], start):
        raise ResultsError(f"{place}: what is drawn does not begin where it starts")
    if values and values[-1][1] < float(limit[0]) * (1 - ROUNDING):
        raise ResultsError(f"{place}: what is drawn ends below its limit")
    first = orbit["monotone_from"]
    if first is not None:
        kept = [value for step, value in values if step >= first]
        if any(after > before * (1 + ROUNDING) for before, after in itertools.pairwise(kept)):
            raise ResultsError(f"{place}: phi never rises from step {first} on, but what is drawn does")


def _near(value: float, found: Bounds) -> bool:
    slack = ROUNDING * abs(value)
    return float(found[0]) - slack <= value <= float(found[1]) + slack


def _require_path(orbit: Mapping[str, Any], place: str) -> None:
    if orbit["path"] is None:
        return
    if len(orbit["weights"]) != 2 or not 0 < len(orbit["path"]) <= orbit["step"] + 1:
        raise ResultsError(f"{place}: not the path of a network of depth 2")
    if any(len(weights) != 2 or min(weights) <= 0 for weights in orbit["path"]):
        raise ResultsError(f"{place}: a point of the path is not a pair of positive weights")
    first = [float(Fraction(w)) for w in orbit["weights"]]
    if any(abs(x - w) > ROUNDING * w for x, w in zip(orbit["path"][0], first, strict=True)):
        raise ResultsError(f"{place}: the path does not begin at the start")


def _require_region(region: Mapping[str, Any], place: str) -> None:
    """Raise unless box, tree, areas and bounds of a region bear each other out."""
    names = {f"w{k + 1}" for k in range(region["depth"])}
    if len(set(region["axes"])) != 2 or {*region["axes"], *region["fixed"]} != names:
        raise ResultsError(f"{place}: axes and fixed weights are not those of depth {region['depth']}")
    if set(region["axes"]) & set(region["fixed"]):
        raise ResultsError(f"{place}: an axis is fixed")
    ends = [Fraction(end) for end in region["box"]]
    if len(ends) != 4 or not (0 <= ends[0] < ends[1] and 0 <= ends[2] < ends[3]):
        raise ResultsError(f"{place}: its box is empty or inverted")
    area = (ends[1] - ends[0]) * (ends[3] - ends[2])
    if Fraction(region["area"]) != area:
        raise ResultsError(f"{place}: its area is not that of its box")
    try:
        found = leaves(region["tree"])
    except ValueError as error:
        raise ResultsError(f"{place}: its tree of cells: {error}") from None
    for letter, share in shares(found).items():
        if Fraction(region["areas"][letter]) != share * area:
            raise ResultsError(f"{place}: the area of {letter!r} is not that of its cells")
    counts = {letter: sum(cell[3] == letter for cell in found) for letter in VERDICTS}
    if any(region["cells"][letter] != count for letter, count in counts.items()):
        raise ResultsError(f"{place}: its numbers of cells are not those of its tree")
    proved = {letter: Fraction(region["areas"][letter]) for letter in VERDICTS}
    low, high = decimal(proved["i"] + proved["c"], 6, up=False), decimal(area - proved["o"], 6, up=True)
    if region["area_of_S_eta"] != [low, high] or region["area_convergent"] != decimal(proved["c"], 6, up=False):
        raise ResultsError(f"{place}: its bounds are not those of its cells")
