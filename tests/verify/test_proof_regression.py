"""Proof regression: what counts as a difference, and whether the committed proofs are those of the claims of today."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from verify_cases import TRUE, lemma, outcome, written, x

from verify import proof_regression as regression
from verify.checking import check_paths, read_manifest
from verify.claims import TIERS, ClaimGraph
from verify.engine import Limits, settle
from verify.files import write_json
from verify.kernel.certificates import read_file, read_json
from verify.proof_regression import claim_digest, differences, falls, prove_anew, update
from verify.proofs import FOLDER, MANIFEST, TRAJECTORIES, proof_folder, section
from verify.results import results_data
from verify.rises import EXAMPLES
from verify.theorems.catalogue import every_graph
from verify.theorems.scalar import scalar_graph

GALLERY_DIFFERENCES = regression.gallery_differences
ENTRY = {"digest": "d", "verdict": "proved", "tier": "kernel", "file": "A.json"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, []),
        ({"file": "elsewhere.json"}, []),
        ({"digest": "e"}, ["the statement or argument changed"]),
        ({"verdict": "unknown"}, ["verdict proved became unknown"]),
        ({"verdict": "refuted"}, ["verdict proved became refuted"]),
        ({"tier": "solvers"}, ["tier fell from kernel to solvers"]),
        ({"tier": "argument"}, ["tier fell from kernel to argument"]),
        ({"verdict": "unknown", "tier": "none"}, ["verdict proved became unknown", "tier fell from kernel to none"]),
    ],
)
def test_falls(changed: dict[str, str], words: list[str]) -> None:
    assert falls("A", ENTRY, ENTRY | changed) == [f"A: {w}" for w in words]


@pytest.mark.parametrize("old", TIERS)
@pytest.mark.parametrize("new", TIERS)
def test_a_change_of_tier_in_either_direction_is_a_difference(old: str, new: str) -> None:
    found = falls("A", ENTRY | {"tier": old}, ENTRY | {"tier": new})
    rank = TIERS.index(new) - TIERS.index(old)  # type: ignore[arg-type]
    assert found == ([] if rank == 0 else [f"A: tier {'fell' if rank > 0 else 'rose'} from {old} to {new}"])


def test_differences_are_sorted_and_complete() -> None:
    old = {"kept": ENTRY, "gone": ENTRY, "changed": ENTRY}
    new = {"kept": ENTRY, "new": ENTRY, "changed": ENTRY | {"digest": "e", "verdict": "unknown"}}
    assert differences(old, new) == [
        "changed: the statement or argument changed",
        "changed: verdict proved became unknown",
        "gone: in the manifest, but no longer a claim",
        "new: not in the manifest",
    ]
    assert differences(old, old) == []
    assert differences({}, {}) == []


def test_the_digest_of_a_written_step_is_that_of_its_text() -> None:
    step = written("step")
    assert TRUE.statement is not None
    assert claim_digest(TRUE) == TRUE.statement.digest()
    digests = {claim_digest(replace(step, **{field: "other"})) for field in ("words", "formula", "argument")}
    assert len(digests | {claim_digest(step)}) == 4
    assert claim_digest(replace(step, title="other", rests_on=("A",))) == claim_digest(step)


def small_graph(depth: int) -> ClaimGraph:
    """Two lemmas, one of which speaks of the depth, and a written step on both."""
    base = replace(written("base", "true"), words="base")
    deep = lemma("deep", (x * (1 - x), "<=", depth), varies=True, scope=f"depth {depth}")
    return ClaimGraph((TRUE, deep, written("step", "true", "deep", varies=True), base), own=f"depth-{depth}")


def small_graphs() -> list[ClaimGraph]:
    return [small_graph(2), small_graph(3)]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Replace the theorems by a small graph at two depths, settled in this process."""

    def run(graph: ClaimGraph, **options: Any) -> dict[str, Any]:
        return {
            c.identifier: settle(c, Limits(solver_seconds=0))
            if c.statement is not None
            else outcome(c.identifier, tier="argument", rule="argument")
            for c in graph.claims
        }

    monkeypatch.setattr(regression, "every_graph", small_graphs)
    monkeypatch.setattr(regression, "graph_of_results", lambda data: small_graph(data["question"]["depth"]))
    monkeypatch.setattr(regression, "run", run)
    monkeypatch.setattr(regression, "EXAMPLES", ())
    monkeypatch.setattr(regression, "FOLDER", tmp_path)
    monkeypatch.setattr(regression, "MANIFEST", tmp_path / "manifest.json")
    monkeypatch.setattr(regression, "gallery_differences", lambda entries: [])
    return tmp_path


def silent(part: str, found: Any) -> None:
    """Show nothing."""


@pytest.mark.usefixtures("made_up")
def test_what_does_not_speak_of_the_depth_is_proved_once() -> None:
    entries, certificates = prove_anew(small_graphs(), 1, silent)
    assert list(entries) == [
        "every-depth/true", "depth-2/deep", "depth-2/step", "every-depth/base", "depth-3/deep", "depth-3/step",
    ]  # fmt: skip
    assert {name: entry["tier"] for name, entry in entries.items()} == {
        name: "argument" if name.endswith(("step", "base")) else "kernel" for name in entries
    }
    assert sorted(certificates) == ["depth-2/deep", "depth-3/deep", "every-depth/true"]


def test_update_writes_what_regress_finds_to_be_so(made_up: Path) -> None:
    (made_up / "every-depth").mkdir()
    (made_up / "every-depth" / "stale.json").write_text("{}")
    entries = update(1, silent, made_up)
    files = sorted(p.relative_to(made_up).as_posix() for p in made_up.rglob("*.json"))
    assert files == ["depth-2/deep.json", "depth-3/deep.json", "every-depth/true.json", "manifest.json"]
    assert entries["depth-2/deep"]["file"] == "depth-2/deep.json"
    assert entries["every-depth/base"]["file"] == ""
    assert regression.regress(1, silent) == []

    (made_up / "depth-3" / "deep.json").unlink()
    assert regression.regress(1, silent) == ["a committed certificate is rejected or missing"]
    update(1, silent, made_up)
    text = (made_up / "manifest.json").read_text()
    (made_up / "manifest.json").write_text(text.replace(entries["every-depth/base"]["digest"], "0" * 64))
    assert regression.regress(1, silent) == ["every-depth/base: the statement or argument changed"]
    (made_up / "manifest.json").write_text(text.replace('"argument"', '"solvers"', 1))
    assert regression.regress(1, silent) == ["depth-2/step: tier fell from solvers to argument"]
    (made_up / "manifest.json").write_text("{}")
    assert [line.split(":")[0] for line in regression.regress(1, silent)][-1] == "manifest"


@pytest.fixture
def gallery(made_up: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the results of a run of the small graph at depth 2 as an example report."""
    monkeypatch.setattr(regression, "gallery_differences", GALLERY_DIFFERENCES)
    graph = small_graph(2)
    outcomes = regression.run(graph, jobs=1)
    data = results_data(graph, outcomes, model="scalar", command="", question={"depth": 2}, seconds=0.0)
    write_json(made_up / "gallery" / "example" / "results.json", data)
    return made_up / "gallery"


def test_an_example_report_that_is_that_of_today(gallery: Path) -> None:
    entries, _ = prove_anew([small_graph(2)], 1, silent)
    assert regression.gallery_differences(entries, gallery) == []
    assert regression.gallery_differences(entries, gallery / "example") == ["the gallery has no example report"]


@pytest.mark.parametrize("field", ["title", "words", "formula", "argument", "verdict", "tier", "digest"])
def test_an_example_report_that_is_stale(gallery: Path, field: str) -> None:
    entries, _ = prove_anew([small_graph(2)], 1, silent)
    file = gallery / "example" / "results.json"
    data = json.loads(file.read_text())
    for k, claim in enumerate(data["claims"]):
        changed = {**data, "claims": [c | {field: "other"} if i == k else c for i, c in enumerate(data["claims"])]}
        file.write_text(json.dumps(changed))
        found = regression.gallery_differences(entries, gallery)
        assert found == [f"example: {claim['identifier']} is not that of today"]
    file.write_text(json.dumps({**data, "claims": data["claims"][1:]}))
    assert regression.gallery_differences(entries, gallery) == ["example: the claims are not those of today"]


# The committed proofs


def committed() -> dict[str, dict[str, str]]:
    return read_manifest(read_json(read_file(MANIFEST)))


def test_the_manifest_is_that_of_the_claims_of_today() -> None:
    """No proving here: names, digests, files, and verdicts by kind."""
    claims = committed()
    expected = {}
    for graph in every_graph():
        for claim in graph.claims:
            expected[f"{section(graph, claim)}/{claim.identifier}"] = claim
    trajectories = {f"{TRAJECTORIES}/{name}": problem for name, problem in EXAMPLES.items()}
    assert sorted(claims) == sorted([*expected, *trajectories])
    for name, problem in trajectories.items():
        assert (claims[name]["digest"], claims[name]["verdict"]) == (problem.digest(), "refuted")
    changed = [name for name, claim in expected.items() if claims[name]["digest"] != claim_digest(claim)]
    assert changed == []
    for name, claim in expected.items():
        entry = claims[name]
        assert entry["verdict"] == ("refuted" if claim.kind == "neighbour" else "proved"), name
        assert bool(entry["file"]) == (claim.statement is not None), name
        assert entry["tier"] == ("kernel" if claim.statement is not None else "argument"), name


def test_every_committed_certificate_is_for_the_claim_that_it_is_named_after() -> None:
    claims = committed()
    files = {p.relative_to(FOLDER).as_posix() for p in FOLDER.glob("*/*.json*")}
    assert files == {entry["file"] for entry in claims.values() if entry["file"]}
    for name, entry in claims.items():
        if entry["file"]:
            assert entry["file"].startswith(name + ".json")
            content = read_json(read_file(FOLDER / entry["file"]))
            assert isinstance(content, dict)
            assert content["digest"] == entry["digest"], name
    graph = scalar_graph(2)
    assert proof_folder(graph, graph.by_identifier["A1"]) == FOLDER / "every-depth"
    assert proof_folder(graph, graph.by_identifier["C2.1"]) == FOLDER / "depth-2"


QUICK = ["depth-2", "depth-3", "depth-4", "regression", "trajectories"]


@pytest.mark.parametrize("part", QUICK)
def test_the_kernel_accepts_the_committed_certificates(part: str) -> None:
    assert check_paths([FOLDER / part], quiet=True) == 0


def test_the_kernel_accepts_the_committed_certificates_for_every_depth() -> None:
    """All but the direct proofs by bisection at depth 2 and 3, which are slow."""
    files = [p for p in sorted((FOLDER / "every-depth").iterdir()) if not p.name.startswith(("D2.", "D3."))]
    files += sorted((FOLDER / "every-depth").glob("D2.[0-9]*"))
    assert check_paths(files, quiet=True) == 0


@pytest.mark.slow
def test_the_kernel_accepts_all_committed_certificates() -> None:
    assert check_paths([FOLDER], quiet=True) == 0
