"""What results must agree on, beyond the types of their fields.

No claim may be said to stand on firmer ground than what it rests on. With ``own`` the tier of a claim's own step, the
tier of a proved claim is the lowest of its own tier and the tiers below it:

    ``tier(c) = min(own(c), min over d in rests_on(c) of tier(d))``,   kernel > solvers > argument > none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.errors import ResultsError
from reports.fields import CERTIFIED_RULES, TIERS
from reports.graph import closure, find_cycle


def require_consistent(results: Mapping[str, Any]) -> None:
    """Check that the claims and theorems of results with all their fields do not contradict each other.

    Raises
    ------
    ResultsError
        Naming the first claim or theorem whose verdict, tier, or list of claims the rest of the data does not bear out.
    """
    claims = _by_identifier(results["claims"])
    for claim in claims.values():
        _require_known(claim, claims)
    cycle = find_cycle({name: claim["rests_on"] for name, claim in claims.items()})
    if cycle:
        raise ResultsError(f"claims rest on each other in a circle: {' -> '.join(cycle)}")
    for claim in claims.values():
        if claim["verdict"] == "proved":
            _require_grounds(claim)
            _require_bearing(claim, claims)
        else:
            _require_reason(claim, claims)
    for theorem in results["theorems"]:
        _require_theorem(theorem, claims)


def lowest(tiers: Sequence[str]) -> str:
    """Return the lowest of some trust tiers (at least one)."""
    return min(tiers, key=TIERS.index)


def _by_identifier(claims: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for claim in claims:
        name = claim["identifier"]
        if not name.strip():
            raise ResultsError("a claim has an empty identifier")
        if name in found:
            raise ResultsError(f"two claims have the identifier {name}")
        found[name] = claim
    return found


def _require_known(claim: Mapping[str, Any], claims: Mapping[str, Mapping[str, Any]]) -> None:
    name = claim["identifier"]
    for below in claim["rests_on"]:
        if below not in claims:
            raise ResultsError(f"claim {name}: it rests on {below}, which is not among the claims")
        if claims[below]["kind"] == "neighbour":
            raise ResultsError(f"claim {name}: it rests on {below}, which was planted to be false")


def _require_grounds(claim: Mapping[str, Any]) -> None:
    """Raise unless a proved claim has the evidence that its own tier stands for."""
    name, own = claim["identifier"], claim["own_tier"]
    if own == "none":
        raise ResultsError(f"claim {name}: proved, but its own tier is none")
    if own == "kernel" and not (claim["digest"] and claim["rule"] in CERTIFIED_RULES):
        raise ResultsError(f"claim {name}: own tier kernel, but no rule of the kernel or no digest")
    agreeing = {solver["solver"] for solver in claim["solvers"] if solver["answer"] == "unsat"}
    if own == "solvers" and len(agreeing) < 2:
        raise ResultsError(f"claim {name}: own tier solvers, but fewer than two solvers answered unsat")
    if own == "argument" and not claim["argument"].strip():
        raise ResultsError(f"claim {name}: own tier argument, but no argument is given")


def _require_reason(claim: Mapping[str, Any], claims: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise unless a refuted claim has a witness, and an undecided one lacks a step: its own or one below."""
    name, own = claim["identifier"], claim["own_tier"]
    if claim["verdict"] == "refuted" and not (claim["witness"] or claim["rule"] == "counterexample"):
        raise ResultsError(f"claim {name}: refuted, but without a witness")
    whole = own != "none" and all(claims[below]["verdict"] == "proved" for below in claim["rests_on"])
    if claim["verdict"] == "unknown" and whole:
        raise ResultsError(f"claim {name}: unknown, but its own tier is {own} and all it rests on is proved")


def _require_bearing(claim: Mapping[str, Any], claims: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise unless what a proved claim rests on is proved and bears its tier."""
    name = claim["identifier"]
    for below in claim["rests_on"]:
        if claims[below]["verdict"] != "proved":
            raise ResultsError(f"claim {name}: proved, but it rests on {below}, which is {claims[below]['verdict']}")
    expected = lowest([claim["own_tier"], *(claims[below]["tier"] for below in claim["rests_on"])])
    if claim["tier"] != expected:
        raise ResultsError(f"claim {name}: tier {claim['tier']}, but what it rests on gives {expected}")


def _require_theorem(theorem: Mapping[str, Any], claims: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise unless a theorem's line in the summary says what its claim says."""
    name = theorem["identifier"]
    if name not in claims or claims[name]["kind"] != "theorem":
        raise ResultsError(f"theorem {name}: there is no claim of that name and of kind theorem")
    for field in ("verdict", "tier"):
        if theorem[field] != claims[name][field]:
            raise ResultsError(f"theorem {name}: {field} {theorem[field]}, but its claim has {claims[name][field]}")
    below = set(closure(name, {key: claim["rests_on"] for key, claim in claims.items()}))
    if set(theorem["claims"]) - {name} != below - {name}:
        raise ResultsError(f"theorem {name}: its list of claims is not what it rests on")
    written = {key for key in below if claims[key]["own_tier"] == "argument"}
    if set(theorem["arguments"]) - {name} != written - {name}:
        raise ResultsError(f"theorem {name}: its list of arguments is not the written arguments it rests on")


def require_consistent_scalar(results: Mapping[str, Any]) -> None:
    """Check the experiment of a run of the scalar-network theorems.

    Raises
    ------
    ResultsError
        If the lists of the trajectory shown are empty or differ in length.
    """
    if results["experiment"] is not None:
        trajectory = results["experiment"]["edge_trajectory"]
        require_equal_lengths(trajectory, ("loss", "sharpness", "eta_phi", "product"), "edge trajectory")


def require_equal_lengths(trajectory: Mapping[str, Any], lists: Sequence[str], name: str) -> None:
    """Raise unless the named lists of a trajectory have one length, at least 1."""
    lengths = {len(trajectory[key]) for key in lists}
    if len(lengths) != 1 or lengths == {0}:
        raise ResultsError(f"{name}: its lists are empty or differ in length")
