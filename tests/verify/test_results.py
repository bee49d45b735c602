"""Results as plain data: what is in them, and the exit code they give."""

import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from verify_cases import BOXES, NEIGHBOUR, TRUE, certificate_of, lemma, outcome, written

from verify import results
from verify.claims import ClaimGraph, Outcome
from verify.files import certificate_path, write_certificate
from verify.results import certificate_folder, claim_data, exit_code, results_data, theorem_data, versions

STEP = written("step", "true", "boxes")
THEOREM = written("theorem", "step", kind="theorem")
GRAPH = ClaimGraph((TRUE, BOXES, STEP, THEOREM, NEIGHBOUR, lemma("alone")))
MEASURED = {"contradicted": False}


def outcomes(**changed: Outcome) -> dict[str, Outcome]:
    proof = certificate_of(BOXES, {"rule": "bisection", "tree": "."})
    usual = {
        "true": outcome("true", rule="combination", certificate=certificate_of(TRUE, {"rule": "combination"})),
        "boxes": outcome("boxes", rule="bisection", certificate=proof, boxes=1, leaves=1, prover_seconds=1 / 3),
        "step": outcome("step", tier="argument", rule="argument"),
        "theorem": outcome("theorem", tier="argument", rule="argument"),
        "neighbour": outcome(
            "neighbour",
            "refuted",
            rule="counterexample",
            certificate=certificate_of(NEIGHBOUR, {"rule": "counterexample", "point": {"x": "1/2"}}),
        ),
        "alone": outcome("alone"),
    }
    return usual | changed


def data(found: dict[str, Outcome] | None = None, **options: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"model": "scalar", "command": "c", "question": {"depth": 2}, "seconds": 1.234}
    return results_data(GRAPH, found or outcomes(), **asked | options)


@pytest.mark.parametrize(
    ("changed", "options", "code"),
    [
        ({}, {}, 0),
        ({"alone": outcome("alone", tier="solvers")}, {}, 0),
        ({"alone": outcome("alone", "unknown")}, {}, 3),
        ({"true": outcome("true", "unknown")}, {}, 3),
        ({"alone": outcome("alone", "refuted")}, {}, 1),
        ({"true": outcome("true", "unknown"), "alone": outcome("alone", "refuted")}, {}, 1),
        ({"neighbour": outcome("neighbour", "unknown")}, {}, 0),
        ({"neighbour": outcome("neighbour", "proved")}, {}, 1),
        ({"neighbour": outcome("neighbour", "proved", tier="solvers")}, {}, 1),
        ({"neighbour": outcome("neighbour", "proved"), "alone": outcome("alone", "unknown")}, {}, 1),
        ({}, {"experiment": MEASURED, "one_step": {"theorem_a": MEASURED}}, 0),
        ({}, {"experiment": {"contradicted": True}}, 1),
        ({}, {"one_step": {"theorem_a": {"contradicted": True}}}, 1),
        ({}, {"one_step": {}}, 0),
        ({"alone": outcome("alone", "unknown")}, {"experiment": {"contradicted": True}}, 1),
        ({}, {"identities": [{"name": "i", "holds": True}]}, 0),
        ({}, {"identities": [{"name": "i", "holds": True}, {"name": "j", "holds": False}]}, 1),
    ],
)
def test_exit_codes(changed: dict[str, Outcome], options: dict[str, Any], code: int) -> None:
    assert exit_code(data(outcomes(**changed), **options)) == code


SEEN = {"observation_contradicted": False, "theorem_contradicted": False}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"experiment": None, "map": None, "certified": None}, 0),
        ({"experiment": SEEN, "map": {"theorem_contradicted": False}}, 0),
        ({"experiment": SEEN | {"observation_contradicted": True}}, 1),
        ({"experiment": SEEN | {"theorem_contradicted": True}}, 1),
        ({"map": {"theorem_contradicted": True}}, 1),
        ({"certified": {"steps_asked": 5, "steps_proved": 5, "steps_refuted": 0}}, 0),
        ({"certified": {"steps_asked": 5, "steps_proved": 4, "steps_refuted": 0}}, 3),
        ({"certified": {"steps_asked": 5, "steps_proved": 3, "steps_refuted": 1}}, 1),
        ({"identities": [{"name": "i", "holds": False}]}, 1),
    ],
)
def test_exit_codes_of_the_regression_model(options: dict[str, Any], code: int) -> None:
    assert exit_code(data(model="regression", **options)) == code


def test_results_are_json_and_complete() -> None:
    found = data(experiment=MEASURED)
    assert json.loads(json.dumps(found)) == found
    assert found["schema"] == 2
    assert found["model"] == "scalar"
    assert found["seconds"] == 1.2
    assert [c["identifier"] for c in found["claims"]] == list(GRAPH.by_identifier)
    assert [t["identifier"] for t in found["theorems"]] == ["theorem"]
    assert found["versions"]["python"].count(".") == 2


def test_the_data_of_a_claim() -> None:
    found = claim_data(GRAPH, outcomes(), BOXES)
    assert found["digest"] == BOXES.statement.digest()  # type: ignore[union-attr]
    assert found["statement"] == BOXES.statement.text()  # type: ignore[union-attr]
    assert (found["verdict"], found["own_tier"], found["tier"]) == ("proved", "kernel", "kernel")
    assert (found["rule"], found["boxes"], found["leaves"], found["prover_seconds"]) == ("bisection", 1, 1, 0.3333)
    assert found["certificate"] == "certificates/boxes.json"
    assert found["witness"] == {}
    step = claim_data(GRAPH, outcomes(), STEP)
    assert (step["statement"], step["digest"], step["certificate"], step["argument"]) == ("", "", "", "so it is")
    assert claim_data(GRAPH, outcomes(), NEIGHBOUR)["witness"] == {"x": "1/2"}


def test_the_named_certificate_is_the_one_that_is_written(tmp_path: Path) -> None:
    """Small ones as they are, large ones compressed; size and name are those of the file."""
    for tree in (".", "a" * 20_000 + "." * 20_001):
        proof = certificate_of(BOXES, {"rule": "bisection", "tree": tree})
        found = claim_data(GRAPH, outcomes(boxes=outcome("boxes", rule="bisection", certificate=proof)), BOXES)
        written_to = write_certificate(certificate_folder(tmp_path), "boxes", proof)
        assert tmp_path / found["certificate"] == written_to
        assert found["certificate_bytes"] == written_to.stat().st_size
        assert certificate_path(certificate_folder(tmp_path), "boxes") == written_to
        assert len(list(certificate_folder(tmp_path).iterdir())) == 1


def test_no_certificate_is_named_that_is_not_written() -> None:
    """A solver contradicted the kernel: unknown, and the engine writes no certificate."""
    proof = certificate_of(TRUE, {"rule": "combination"})
    found = claim_data(GRAPH, outcomes(true=outcome("true", "unknown", certificate=proof)), TRUE)
    assert found["certificate"] == ""


def test_the_summary_of_a_theorem() -> None:
    found = theorem_data(GRAPH, outcomes(), THEOREM)
    assert found["claims"] == ["true", "boxes", "step"]
    assert found["arguments"] == ["step"]
    assert (found["verdict"], found["tier"]) == ("proved", "argument")
    lower = outcomes(boxes=outcome("boxes", "unknown"))
    assert theorem_data(GRAPH, lower, THEOREM)["verdict"] == "unknown"


def test_solvers_are_listed_with_rounded_times() -> None:
    answers = [{"solver": "z3", "version": "5", "answer": "unsat", "seconds": 1 / 3}]
    found = claim_data(GRAPH, outcomes(true=outcome("true", solvers=answers)), TRUE)
    assert found["solvers"] == [{"solver": "z3", "version": "5", "answer": "unsat", "seconds": 0.333}]


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "cvc5":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(results, "version", version)
    assert versions()["cvc5"] == "not installed"
    assert versions()["z3-solver"] == "1.0"


def test_titles_and_words_go_through_unchanged() -> None:
    odd = replace(TRUE, title="[b]ö|</x>", words="$a_1$ | `b`\nc")
    graph = ClaimGraph((odd,))
    found = claim_data(graph, {"true": outcome("true")}, odd)
    assert (found["title"], found["words"]) == (odd.title, odd.words)
