"""Words and short facts for the tables, captions and sentences of a report."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from reports import plots
from reports.numbers import NOTHING, number

_ROUND_OFF = 2.0**-53


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


def outcome(contradicted: bool) -> str:
    """Return the outcome of a numerical check for a table."""
    return "**contradicted**" if contradicted else "not contradicted"


def worst_rise(check: Mapping[str, Any]) -> str:
    """Return the largest relative rise of ``phi`` that a check of Theorem A saw, and the largest in error bars."""
    if check["steps_checked"] == 0:
        return NOTHING
    bars = number(check["worst_rise_in_error_bars"])
    return f"{number(check['worst_rise'])}; {bars} error bars of {number(check['error_bar'], 2)}"


def commands(results: Mapping[str, Any]) -> str:
    """Return the commands that repeat the run, re-check its certificates and write the report again."""
    lines = [(results["command"], "run it all again")]
    certified = [claim for claim in results["claims"] if claim["certificate"]]
    if certified:
        lines.append(("python -m verify check FOLDER/certificates", "re-check the certificates with the kernel alone"))
    explained = (certified or results["claims"])[:1]
    lines += [(f"python -m verify explain {claim['identifier']}", "a claim and its proof") for claim in explained]
    lines.append(("python -m reports FOLDER", "write this page again from results.json"))
    width = max(len(command) for command, _ in lines)
    return "\n".join(f"{command:<{width}}  # {purpose}" for command, purpose in lines)


def weights(values: Sequence[float]) -> str:
    """Return weights with four digits each, in parentheses."""
    return f"({', '.join(number(value, 4) for value in values)})"


def places(results: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return where the worst cases of the experiments were, with their names, leaving out those with no case."""
    found: list[tuple[str, Mapping[str, Any] | None]] = []
    experiment, one_step = results["experiment"], results["one_step"]
    if experiment is not None:
        found += [
            ("A, along trajectories", experiment["theorem_a"]["where"]),
            ("B", experiment["theorem_b"]["where"]),
            ("C, loss", experiment["theorem_c"]["loss_where"]),
            ("C, sharpness", experiment["theorem_c"]["phi_where"]),
        ]
    if one_step is not None:
        found.append(("A, single steps", one_step["theorem_a"]["where"]))
    return [(name, place) for name, place in found if place is not None]


def trajectory_facts(trajectory: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers of the trajectory plot's caption.

    Returns
    -------
    dict
        ``steps`` shown; ``rises``, the steps among them in which ``|pi - 1|``, and so the loss, rose by more than
        rounding explains; the ``first`` and ``last`` of ``eta * phi``; ``limit``, which is ``2 / eta``.
    """
    last = plots.arrival(trajectory["loss"])
    errors = [abs(pi - 1.0) for pi in trajectory["product"][: last + 1]]
    noise = 8 * len(trajectory["weights"]) * _ROUND_OFF
    return {
        "steps": last,
        "rises": sum(after > before + noise for before, after in itertools.pairwise(errors)),
        "first": trajectory["eta_phi"][0],
        "last": trajectory["eta_phi"][last],
        "limit": 2.0 / trajectory["eta"],
    }
