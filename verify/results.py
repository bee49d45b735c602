"""The results of a run as plain data (results.json), from which reports are rendered."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from verify.claims import Claim, ClaimGraph, Outcome, combined, missing_below
from verify.files import certificate_bytes

SCHEMA = 2
PACKAGES = ("gd-verify", "sympy", "mpmath", "numpy", "scipy", "scikit-learn", "z3-solver", "cvc5", "matplotlib")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages a run depends on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def claim_data(graph: ClaimGraph, outcomes: Mapping[str, Outcome], claim: Claim) -> dict[str, Any]:
    """Return what a report says about one claim."""
    outcome = outcomes[claim.identifier]
    verdict, tier = combined(graph, outcomes, claim.identifier)
    gap = "" if claim.kind == "neighbour" else missing_below(graph, outcomes, claim.identifier)
    written = outcome.certificate is not None and outcome.verdict != "unknown"
    content, suffix = certificate_bytes(outcome.certificate or {}) if written else (b"", "")
    return {
        "identifier": claim.identifier,
        "title": claim.title,
        "words": claim.words,
        "formula": claim.formula,
        "source": claim.source,
        "scope": claim.scope,
        "kind": claim.kind,
        "rests_on": list(claim.rests_on),
        "verdict": verdict,
        "own_tier": outcome.tier,
        "tier": tier,
        "rule": outcome.rule if outcome.verdict != "unknown" else "none",
        "digest": claim.statement.digest() if claim.statement is not None else "",
        "statement": claim.statement.text() if claim.statement is not None else "",
        "certificate": f"certificates/{claim.identifier}{suffix}" if content else "",
        "certificate_bytes": len(content),
        "leaves": outcome.leaves,
        "boxes": outcome.boxes,
        "prover_seconds": round(outcome.prover_seconds, 4),
        "kernel_seconds": round(outcome.kernel_seconds, 4),
        "solvers": [{**answer, "seconds": round(answer["seconds"], 3)} for answer in outcome.solvers],
        "argument": claim.argument,
        "note": "; ".join(filter(None, [outcome.note, gap])),
        "witness": dict(outcome.witness),
    }


def theorem_data(graph: ClaimGraph, outcomes: Mapping[str, Outcome], claim: Claim) -> dict[str, Any]:
    """Return the summary of one theorem: verdict and tier with all it rests on, and the written steps among that."""
    verdict, tier = combined(graph, outcomes, claim.identifier)
    below = [i for i in graph.closure([claim.identifier]) if i != claim.identifier]
    return {
        "identifier": claim.identifier,
        "title": claim.title,
        "scope": claim.scope,
        "verdict": verdict,
        "tier": tier,
        "claims": below,
        "arguments": [i for i in below if graph.by_identifier[i].kind != "lemma"],
    }


def results_data(
    graph: ClaimGraph,
    outcomes: Mapping[str, Outcome],
    *,
    model: str,
    command: str,
    question: Mapping[str, Any],
    seconds: float,
    identities: Sequence[Mapping[str, Any]] = (),
    **measured: Any,
) -> dict[str, Any]:
    """Return the results of a run as plain data, ready to be written as JSON.

    `model` is "scalar", "regression", "nets" or "figures"; `measured` holds the parts that are particular to it, None
    for one not run.
    """
    return {
        "schema": SCHEMA,
        "model": model,
        "command": command,
        "question": dict(question),
        "versions": versions(),
        "seconds": round(seconds, 1),
        "theorems": [theorem_data(graph, outcomes, c) for c in graph.claims if c.kind == "theorem"],
        "claims": [claim_data(graph, outcomes, c) for c in graph.claims],
        "identities": list(identities),
        **measured,
    }


def contradictions(data: Mapping[str, Any]) -> list[str]:
    """Return, in a few words each, which measurements and certified runs contradict what was claimed or observed."""
    found = [f"identity {identity['name']} does not hold" for identity in data["identities"] if not identity["holds"]]
    experiment = data.get("experiment") or {}
    if data["model"] == "scalar":
        one_step = (data.get("one_step") or {}).get("theorem_a", {})
        parts = {"experiment": experiment.get("contradicted"), "single steps": one_step.get("contradicted")}
    elif data["model"] == "nets":
        parts = {"falling GFS sharpness": data["run"]["fall"]["contradicted"]}
    else:
        parts = {
            "monotone sharpness, observed": experiment.get("observation_contradicted"),
            "Theorem R, experiment": experiment.get("theorem_contradicted"),
            "Theorem R, map": (data.get("map") or {}).get("theorem_contradicted"),
            "monotone sharpness, certified run": (data.get("certified") or {}).get("steps_refuted"),
        }
    return found + [name for name, contradicted in parts.items() if contradicted]


def exit_code(data: Mapping[str, Any]) -> int:
    """Return 0 when all is proved, 1 when something is refuted or contradicted, 3 when something is unknown.

    A planted false claim that is proved counts as a contradiction. A step of a certified run that is not decided counts
    as unknown.
    """
    claims = [c for c in data["claims"] if c["kind"] != "neighbour"]
    planted = [c for c in data["claims"] if c["kind"] == "neighbour"]
    if contradictions(data) or any(c["verdict"] == "refuted" for c in claims):
        return 1
    if any(c["verdict"] == "proved" for c in planted):
        return 1
    if data["model"] == "nets" and is_undecided(data["run"]):
        return 3
    run = data.get("certified") or {"steps_asked": 0, "steps_proved": 0}
    undecided = run["steps_asked"] - run["steps_proved"]
    return 3 if undecided or any(c["verdict"] != "proved" for c in claims) else 0


def is_undecided(run: Mapping[str, Any]) -> bool:
    """Return whether a run on a network that did not diverge lacks a GFS sharpness it should have, or has none."""
    missing = any(record["value"] is None for record in run["gfs"])
    return run["outcome"] == "finished" and (missing or run["fall"]["measurements"] < 2)


def certificate_folder(out: Path) -> Path:
    """Return the folder of a run's certificates."""
    return out / "certificates"
