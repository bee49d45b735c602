"""The results of a run as plain data (results.json), from which reports are rendered."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from verify.claims import Claim, ClaimGraph, Outcome, combined, missing_below
from verify.files import certificate_bytes

SCHEMA = 1
PACKAGES = ("gd-verify", "sympy", "mpmath", "numpy", "scipy", "z3-solver", "cvc5", "matplotlib")


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
    command: str,
    question: Mapping[str, Any],
    seconds: float,
    identities: Sequence[Mapping[str, Any]] = (),
    experiment: Mapping[str, Any] | None = None,
    one_step: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the results of a run of the scalar theorems, ready to be written as JSON."""
    return {
        "schema": SCHEMA,
        "command": command,
        "question": dict(question),
        "versions": versions(),
        "seconds": round(seconds, 1),
        "theorems": [theorem_data(graph, outcomes, c) for c in graph.claims if c.kind == "theorem"],
        "claims": [claim_data(graph, outcomes, c) for c in graph.claims],
        "identities": list(identities),
        "experiment": experiment,
        "one_step": one_step,
    }


def exit_code(data: Mapping[str, Any]) -> int:
    """Return 0 when every true claim is proved, 1 when one is refuted, a neighbour is proved or an experiment
    contradicts a theorem, 3 when one is unknown.
    """  # noqa: D205
    claims = [c for c in data["claims"] if c["kind"] != "neighbour"]
    neighbours = [c for c in data["claims"] if c["kind"] == "neighbour"]
    measured = [data["experiment"], (data["one_step"] or {}).get("theorem_a")]
    contradicted = any(m is not None and m["contradicted"] for m in measured)
    wrong_identity = any(not identity["holds"] for identity in data["identities"])
    if contradicted or wrong_identity or any(c["verdict"] == "refuted" for c in claims):
        return 1
    if any(c["verdict"] == "proved" for c in neighbours):
        return 1
    return 0 if all(c["verdict"] == "proved" for c in claims) else 3


def certificate_folder(out: Path) -> Path:
    """Return the folder of a run's certificates."""
    return out / "certificates"
