"""Proof regression: the committed proofs and manifest against the claims and provers of today.

Every committed certificate is re-checked, every claim is proved anew, and the result is compared with the manifest: a
verdict or tier that falls, a statement or written argument that changed, a claim that came or went.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from verify.checking import check_data, check_paths, read_manifest
from verify.claims import TIERS, Claim, ClaimGraph, Outcome, combined
from verify.engine import Limits, run
from verify.files import write_certificate, write_json
from verify.kernel.certificates import read_file, read_json
from verify.kernel.errors import KernelError
from verify.proofs import FOLDER, MANIFEST, TRAJECTORIES, section
from verify.rises import EXAMPLES, example_certificate
from verify.theorems.catalogue import every_graph, graph_of_results

GALLERY = Path(__file__).parents[1] / "reports" / "gallery"


def claim_digest(claim: Claim) -> str:
    """Return the digest of a claim's formal statement, or of the text of a written step."""
    if claim.statement is not None:
        return claim.statement.digest()
    return hashlib.sha256(f"{claim.words}\n{claim.formula}\n{claim.argument}".encode()).hexdigest()


def prove_anew(
    graphs: Iterable[ClaimGraph], jobs: int, show: Callable[[str, Outcome], None]
) -> tuple[dict[str, dict[str, str]], dict[str, Mapping[str, Any]]]:
    """Prove all claims of all graphs from nothing: manifest entries and certificates, by section/identifier."""
    entries: dict[str, dict[str, str]] = {}
    certificates: dict[str, Mapping[str, Any]] = {}
    known: dict[str, Outcome] = {}
    for graph in graphs:
        fresh = [c for c in graph.claims if f"{section(graph, c)}/{c.identifier}" not in entries]
        needed = ClaimGraph(tuple(_alone(c) for c in fresh))
        known |= run(needed, jobs=jobs, limits=Limits(), progress=partial(show, graph.own or graph.shared))
        outcomes = {c.identifier: known[c.identifier] for c in graph.claims}
        for claim in fresh:
            name = f"{section(graph, claim)}/{claim.identifier}"
            verdict, tier = combined(graph, outcomes, claim.identifier)
            certificate = outcomes[claim.identifier].certificate
            entries[name] = {"digest": claim_digest(claim), "verdict": verdict, "tier": tier, "file": ""}
            if certificate is not None and verdict != "unknown":
                certificates[name] = certificate
    return entries, certificates


def certify_anew() -> tuple[dict[str, dict[str, str]], dict[str, Mapping[str, Any]]]:
    """Certify the examples of a rising sharpness: manifest entries and certificates, by section/identifier.

    Such an entry says of the claim that phi does not increase along a trajectory that it is refuted.
    """
    entries: dict[str, dict[str, str]] = {}
    certificates: dict[str, Mapping[str, Any]] = {}
    for identifier in EXAMPLES:
        name = f"{TRAJECTORIES}/{identifier}"
        certificates[name] = example_certificate(identifier)
        digest, verdict, _ = check_data(certificates[name])
        entries[name] = {"digest": digest, "verdict": verdict, "tier": "kernel", "file": ""}
    return entries, certificates


def _alone(claim: Claim) -> Claim:
    """Return the claim without what it rests on, to be settled by itself."""
    return replace(claim, rests_on=())


def update(jobs: int, show: Callable[[str, Outcome], None], folder: Path = FOLDER) -> dict[str, dict[str, str]]:
    """Prove everything anew and write certificates and manifest; return the manifest's entries. Raises OSError."""
    entries, certificates = prove_anew(every_graph(), jobs, show)
    more, trajectories = certify_anew()
    entries |= more
    certificates |= trajectories
    written = set()
    for name, certificate in certificates.items():
        part, identifier = name.split("/")
        path = write_certificate(folder / part, identifier, certificate)
        entries[name]["file"] = str(path.relative_to(folder))
        written.add(path)
    for path in folder.glob("*/*.json*"):
        if path not in written:
            path.unlink()
    write_json(folder / MANIFEST.name, {"version": 1, "claims": entries})
    return entries


def falls(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return what is different in `new`, in words; an improvement too, as the manifest is stale then."""
    found = []
    if old["digest"] != new["digest"]:
        found.append(f"{name}: the statement or argument changed")
    if old["verdict"] != new["verdict"]:
        found.append(f"{name}: verdict {old['verdict']} became {new['verdict']}")
    if old["tier"] != new["tier"]:
        word = "fell" if TIERS.index(new["tier"]) > TIERS.index(old["tier"]) else "rose"
        found.append(f"{name}: tier {word} from {old['tier']} to {new['tier']}")
    return found


def differences(old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Compare two manifests, a line for each difference."""
    found = [f"{name}: not in the manifest" for name in new.keys() - old.keys()]
    found += [f"{name}: in the manifest, but no longer a claim" for name in old.keys() - new.keys()]
    for name in old.keys() & new.keys():
        found += falls(name, old[name], new[name])
    return sorted(found)


def gallery_differences(entries: Mapping[str, Mapping[str, str]], gallery: Path = GALLERY) -> list[str]:
    """Compare the results behind the committed example reports with the claims and verdicts of today."""
    files = sorted(gallery.glob("*/results.json"))
    found = [] if files else ["the gallery has no example report"]
    for file in files:
        data = json.loads(file.read_text(encoding="utf-8"))
        graph = graph_of_results(data)
        shown = {c["identifier"]: c for c in data["claims"]}
        if list(shown) != [c.identifier for c in graph.claims]:
            found.append(f"{file.parent.name}: the claims are not those of today")
            continue
        for claim in graph.claims:
            entry, there = entries[f"{section(graph, claim)}/{claim.identifier}"], shown[claim.identifier]
            texts = (claim.title, claim.words, claim.formula, claim.argument, entry["verdict"], entry["tier"])
            keys = ("title", "words", "formula", "argument", "verdict", "tier")
            digest = claim.statement.digest() if claim.statement is not None else ""
            if there["digest"] != digest or tuple(there[k] for k in keys) != texts:
                found.append(f"{file.parent.name}: {claim.identifier} is not that of today")
    return found


def regress(jobs: int, show: Callable[[str, Outcome], None]) -> list[str]:
    """Run the whole regression; return the differences (none: all is as the manifest says)."""
    found = [] if check_paths([FOLDER], quiet=True) == 0 else ["a committed certificate is rejected or missing"]
    try:
        committed = read_manifest(read_json(read_file(MANIFEST)))
    except KernelError as error:
        return [*found, f"manifest: {error}"]
    silent: list[str] = []

    def note(part: str, outcome: Outcome) -> None:
        show(part, outcome)
        silent.extend(
            f"{outcome.identifier}: {answer['solver']} did not run"
            for answer in outcome.solvers
            if answer["answer"] == "error"
        )

    entries = prove_anew(every_graph(), jobs, note)[0] | certify_anew()[0]
    found += differences(committed, entries) + silent
    if not found:
        found += gallery_differences(entries)
    return found
