"""Words for the tables and sentences that the reports of all models have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.numbers import NOTHING


def label(identifier: str) -> str:
    """Return the name of a claim for readers: ``theorem-A`` is Theorem A, all others are as they are."""
    kind, _, name = identifier.partition("-")
    return f"Theorem {name}" if kind == "theorem" and name else identifier


def unproved_below(claim: Mapping[str, Any], claims: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the claims that a claim rests on directly and that are not proved."""
    return [name for name in claim["rests_on"] if claims[name]["verdict"] != "proved"]


def shown_tier(tier: str) -> str:
    """Return a tier or rule for a table; a dash for ``none``."""
    return NOTHING if tier == "none" else tier


def tier_of(record: Mapping[str, Any]) -> str:
    """Return, for a table, the tier of a claim or theorem; a dash if it is undecided."""
    return NOTHING if record["verdict"] == "unknown" else shown_tier(record["tier"])


def tiers(claim: Mapping[str, Any]) -> str:
    """Return the tiers of a claim as they follow its verdict in a sentence; empty for an undecided claim."""
    if claim["verdict"] == "unknown":
        return ""
    if claim["verdict"] == "refuted" or claim["own_tier"] == claim["tier"]:
        return f", tier {claim['own_tier']}"
    return f", own tier {claim['own_tier']}, tier {claim['tier']} because of what it rests on"


def shown_verdict(verdict: str) -> str:
    """Return a verdict for a table, in bold unless it is ``proved``."""
    return verdict if verdict == "proved" else f"**{verdict}**"


def commands(results: Mapping[str, Any]) -> str:
    """Return the commands that repeat the run, re-check its certificates and write the report again."""
    lines = [(results["command"], "run it all again")]
    certified = [claim for claim in results["claims"] if claim["certificate"]]
    run = results.get("certified")
    if certified or (run is not None and run["certificate"]):
        lines.append(
            ("python -m verify check FOLDER/certificates", "re-check the certificates, with the checkers alone")
        )
    explained = (certified or results["claims"])[:1]
    lines += [(f"python -m verify explain {claim['identifier']}", "a claim and its proof") for claim in explained]
    lines.append(("python -m reports FOLDER", "write this page again from results.json"))
    width = max(len(command) for command, _ in lines)
    return "\n".join(f"{command:<{width}}  # {purpose}" for command, purpose in lines)
