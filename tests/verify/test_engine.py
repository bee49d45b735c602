"""The engine: search, check, solvers, kept certificates, and a pool of processes that ends cleanly."""

import gzip
import json
import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from verify_cases import (
    BOXES,
    FALSE,
    FALSE_BOXES,
    NEIGHBOUR,
    TOUCHING,
    TRUE,
    certificate_of,
    lemma,
    outcome,
    written,
    x,
)

from verify import engine
from verify.claims import Claim, ClaimGraph, Outcome
from verify.engine import Limits, kept_certificate, run, settle
from verify.files import certificate_path, write_certificate
from verify.kernel.certificates import build_certificate, load
from verify.kernel.checker import check
from verify.provers import smt
from verify.provers.smt import SolverAnswer
from verify.results import exit_code, results_data

QUICK = Limits(seconds=5.0, boxes=20_000, solver_seconds=0)
ASKING = replace(QUICK, solver_seconds=1.0)
STEP = written("step", "true", "boxes")
GRAPH = ClaimGraph((TRUE, BOXES, STEP, NEIGHBOUR))


@pytest.fixture
def no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search fail the test."""

    def search(claim: Claim, limits: Limits) -> Any:
        raise AssertionError(f"searched for {claim.identifier}")

    monkeypatch.setattr(engine, "search", search)


def assert_checked(found: Outcome, claim: Claim) -> None:
    """The certificate of an outcome is for the claim's statement, and the kernel says what the outcome says."""
    assert found.certificate is not None
    certificate = build_certificate(found.certificate)
    assert claim.statement is not None
    assert certificate.digest == claim.statement.digest()
    assert check(certificate) == found.verdict
    assert (found.tier, found.rule) == ("kernel", certificate.proof["rule"])


# One claim


@pytest.mark.parametrize(("claim", "rule"), [(TRUE, "combination"), (BOXES, "bisection")])
def test_a_true_claim_is_proved(claim: Claim, rule: str) -> None:
    found = settle(claim, QUICK)
    assert (found.verdict, found.rule, found.note) == ("proved", rule, "")
    assert_checked(found, claim)
    assert (found.leaves > 0) == (rule == "bisection")


def test_a_given_proof_is_checked() -> None:
    right = {"rule": "combination", "sum": [{"coefficient": "1", "facts": ["x.lower", "x.upper"]}]}
    given_ = lemma("given", (x * (1 - x), ">=", 0), method="given", proof=right)
    assert_checked(settle(given_, QUICK), given_)
    for wrong in ({}, {"rule": "identity"}, {"rule": "bisection"}, {"rule": "magic"}, {**right, "sum": []}):
        claim = replace(given_, proof=wrong)
        try:
            found = settle(claim, QUICK)
        except (KeyError, TypeError):  # a wrong proof object in the source: no verdict
            continue
        assert found.verdict == "unknown"
        assert "kernel rejects" in found.note


@pytest.mark.parametrize("claim", [FALSE, FALSE_BOXES, NEIGHBOUR])
def test_a_false_claim_is_refuted_with_an_exact_witness(claim: Claim) -> None:
    found = settle(claim, QUICK)
    assert (found.verdict, found.rule) == ("refuted", "counterexample")
    assert_checked(found, claim)
    assert list(found.witness) == ["x"]


def test_what_cannot_be_decided_is_unknown_and_says_where() -> None:
    found = settle(TOUCHING, QUICK)
    assert (found.verdict, found.tier, found.certificate, found.witness) == ("unknown", "none", None, {})
    assert "boxes undecided" in found.note
    assert "x in [" in found.note
    assert found.boxes > 0
    nothing = settle(replace(TOUCHING, method="algebra"), replace(QUICK, seconds=0.2))
    assert (nothing.verdict, nothing.note) == ("unknown", "no combination found")
    survives = settle(replace(TOUCHING, kind="neighbour", method="falsify"), replace(QUICK, seconds=0.5))
    assert (survives.verdict, survives.note) == ("unknown", "no proof and no counterexample found")


def test_a_limit_of_boxes_is_kept() -> None:
    found = settle(replace(BOXES, statement=TOUCHING.statement), replace(QUICK, boxes=1))
    assert found.verdict == "unknown"
    assert found.boxes < 10_000


# Kept certificates


@pytest.mark.usefixtures("no_search")
def test_a_kept_certificate_is_checked_again_in_place_of_a_search() -> None:
    kept = certificate_of(BOXES, {"rule": "bisection", "tree": "aa!..aa!.!.aaaa!.!.!.!.!.."})
    proof = certificate_of(lemma("a", (x * (1 - x), "<=", 1), method="bisection"), {"rule": "bisection", "tree": "."})
    found = settle(replace(TRUE, method="bisection"), QUICK, proof)
    assert (found.verdict, found.prover_seconds) == ("proved", 0.0)
    assert found.kernel_seconds > 0
    with pytest.raises(AssertionError, match="searched for boxes"):
        settle(BOXES, QUICK, {**kept, "proof": {"rule": "bisection", "tree": "!."}})


@pytest.mark.parametrize(
    "proof",
    [
        {"rule": "bisection", "tree": "."},
        {"rule": "bisection", "tree": "?"},
        {"rule": "bisection", "tree": "a.?"},
        {"rule": "bisection", "tree": ""},
        {"rule": "combination", "sum": []},
        {"rule": "counterexample", "point": {"x": "1/2"}},
        {"rule": "counterexample"},
        {"rule": "substitution"},
        {"rule": "magic"},
    ],
)
def test_a_kept_certificate_that_proves_nothing_is_replaced(proof: dict[str, Any]) -> None:
    found = settle(BOXES, QUICK, certificate_of(BOXES, proof))
    assert (found.verdict, found.rule, found.note) == ("proved", "bisection", "")
    assert_checked(found, BOXES)


@pytest.mark.parametrize("proof", [{"rule": "bisection"}, {"rule": "bisection", "tree": 5}])
def test_a_kept_bisection_without_a_tree_is_replaced(proof: dict[str, Any]) -> None:
    assert settle(BOXES, QUICK, certificate_of(BOXES, proof)).verdict == "proved"


def test_a_kept_counterexample_is_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settle(FALSE, QUICK)
    monkeypatch.setattr(engine, "search", None)
    again = settle(FALSE, QUICK, found.certificate)
    assert (again.verdict, again.witness) == ("refuted", found.witness)


DAMAGE = {
    "empty": lambda content: b"",
    "truncated": lambda content: content[:-20],
    "not JSON": lambda content: b"\x00\xff" + content,
    "newer version": lambda content: content.replace(b'"version": 1', b'"version": 2'),
    "another digest": lambda content: content.replace(b'"digest": "', b'"digest": "0'),
    "another statement": lambda content: content.replace(b"251", b"252"),
    "a proof that is a list": lambda content: json.dumps(json.loads(content) | {"proof": []}).encode(),
    "broken gzip": lambda content: gzip.compress(content)[:-5],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_no_kept_certificate(damage: str, tmp_path: Path) -> None:
    certificate = settle(BOXES, QUICK).certificate
    assert certificate is not None
    assert kept_certificate(BOXES, tmp_path) is None
    path = write_certificate(tmp_path, "boxes", certificate)
    assert kept_certificate(BOXES, tmp_path) == certificate
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert kept_certificate(BOXES, tmp_path) is None


def test_a_certificate_for_another_statement_is_no_kept_certificate(tmp_path: Path) -> None:
    other = replace(BOXES, statement=FALSE.statement)
    write_certificate(tmp_path, "boxes", certificate_of(other, {"rule": "counterexample", "point": {"x": "1/2"}}))
    assert kept_certificate(other, tmp_path) is not None
    assert kept_certificate(BOXES, tmp_path) is None
    assert kept_certificate(BOXES, None) is None
    assert kept_certificate(STEP, tmp_path) is None


def test_a_folder_in_place_of_a_certificate(tmp_path: Path) -> None:
    (tmp_path / "boxes.json").mkdir()
    assert kept_certificate(BOXES, tmp_path) is None


# Solvers


def answering(monkeypatch: pytest.MonkeyPatch, z3: str, cvc5: str, message: str = "") -> list[str]:
    """Let both solvers answer as told; return the list of the digests that they are asked about."""
    asked: list[str] = []

    def decide(statement: Any, seconds: float) -> dict[str, SolverAnswer]:
        asked.append(statement.digest())
        words = {"z3": z3, "cvc5": cvc5}
        return {s: SolverAnswer(s, "1", word, 0.1, None, message) for s, word in words.items()}  # type: ignore[arg-type]

    monkeypatch.setattr(smt, "decide", decide)
    return asked


HARD = replace(TOUCHING, method="algebra")
NO_TIME = replace(ASKING, seconds=0.05)


@pytest.mark.parametrize(
    ("answers", "verdict", "tier"),
    [
        (("unsat", "unsat"), "proved", "solvers"),
        (("unsat", "unknown"), "unknown", "none"),
        (("unsat", "timeout"), "unknown", "none"),
        (("error", "unsat"), "unknown", "none"),
        (("unsat", "sat"), "unknown", "none"),
        (("sat", "sat"), "unknown", "none"),
        (("unknown", "timeout"), "unknown", "none"),
    ],
)
def test_without_a_certificate_both_solvers_have_to_agree(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[str, str], verdict: str, tier: str
) -> None:
    asked = answering(monkeypatch, *answers)
    found = settle(HARD, NO_TIME)
    assert (found.verdict, found.tier, found.certificate) == (verdict, tier, None)
    assert [(a["solver"], a["answer"]) for a in found.solvers] == list(zip(("z3", "cvc5"), answers, strict=True))
    assert len(asked) == 1


@pytest.mark.parametrize("answers", [("sat", "unsat"), ("unsat", "sat"), ("sat", "sat"), ("sat", "unknown")])
def test_a_solver_that_contradicts_a_proof_makes_the_claim_unknown(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[str, str]
) -> None:
    answering(monkeypatch, *answers)
    found = settle(TRUE, ASKING)
    assert (found.verdict, found.tier) == ("unknown", "none")
    assert "contradict each other" in found.note
    assert found.certificate is None


@pytest.mark.parametrize("answers", [("unsat", "unsat"), ("unsat", "unknown"), ("unknown", "error")])
def test_a_proof_stays_a_proof_of_the_kernel(monkeypatch: pytest.MonkeyPatch, answers: tuple[str, str]) -> None:
    answering(monkeypatch, *answers)
    found = settle(TRUE, ASKING)
    assert (found.verdict, found.tier, found.note) == ("proved", "kernel", "")
    assert_checked(found, TRUE)


def test_a_solver_that_contradicts_a_counterexample_makes_the_claim_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "unsat", "unsat")
    found = settle(FALSE, ASKING)
    assert (found.verdict, found.certificate) == ("unknown", None)
    assert "solver" in found.note


def test_a_solver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "error", "error", "not installed")
    found = settle(TRUE, ASKING)
    assert (found.verdict, found.tier, found.note) == ("proved", "kernel", "z3 is not installed; cvc5 is not installed")
    hard = settle(HARD, NO_TIME)
    assert hard.verdict == "unknown"
    assert hard.note == "no combination found; z3 is not installed; cvc5 is not installed"


@pytest.mark.parametrize("claim", [BOXES, TOUCHING, NEIGHBOUR])
def test_solvers_are_asked_about_algebra_only(monkeypatch: pytest.MonkeyPatch, claim: Claim) -> None:
    asked = answering(monkeypatch, "unsat", "unsat")
    assert settle(claim, ASKING).tier != "solvers"
    assert asked == []
    settle(TRUE, QUICK)
    assert asked == []


def test_real_solvers() -> None:
    found = settle(TRUE, replace(QUICK, solver_seconds=5.0))
    assert [(a["solver"], a["answer"]) for a in found.solvers] == [("z3", "unsat"), ("cvc5", "unsat")]
    assert (found.verdict, found.tier) == ("proved", "kernel")


# The pool


def children() -> set[int]:
    return {process.pid for process in multiprocessing.active_children() if process.pid is not None}


@pytest.fixture
def no_process_left() -> Iterator[None]:
    """Check that no worker outlives the test."""
    before = children()
    yield
    assert children() <= before


def exit_code_of(graph: ClaimGraph, outcomes: dict[str, Outcome]) -> int:
    return exit_code(results_data(graph, outcomes, model="scalar", command="", question={}, seconds=0.0))


@pytest.mark.usefixtures("no_process_left")
def test_a_graph_is_settled_in_order_and_kept(tmp_path: Path) -> None:
    seen: list[str] = []
    found = run(GRAPH, jobs=2, limits=QUICK, folder=tmp_path / "kept", progress=lambda o: seen.append(o.identifier))
    assert list(found) == ["true", "boxes", "step", "neighbour"]
    assert sorted(seen) == ["boxes", "neighbour", "true"]
    assert [found[name].verdict for name in found] == ["proved", "proved", "proved", "refuted"]
    assert found["step"].tier == "argument"
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["boxes.json", "neighbour.json", "true.json"]
    assert exit_code_of(GRAPH, found) == 0

    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "kept").iterdir()}
    (tmp_path / "kept" / "true.json").write_text("{}")
    again = run(GRAPH, jobs=1, limits=QUICK, folder=tmp_path / "kept")
    assert [again[name].verdict for name in again] == [found[name].verdict for name in found]
    assert again["boxes"].prover_seconds == 0.0
    assert again["neighbour"].prover_seconds == 0.0
    assert again["true"].prover_seconds > 0.0
    assert again["boxes"].certificate == found["boxes"].certificate
    assert load(certificate_path(tmp_path / "kept", "true")).proof == found["true"].certificate["proof"]  # type: ignore[index]
    assert set(times) == set((tmp_path / "kept").iterdir())


def test_an_undecided_claim_is_not_kept_and_a_wrong_neighbour_shows(tmp_path: Path) -> None:
    """A "neighbour" that is true and proved, as a prover that is too generous would: exit code 1."""
    generous = replace(BOXES, identifier="generous", kind="neighbour")
    graph = ClaimGraph((TOUCHING, generous))
    found = run(graph, jobs=1, limits=replace(QUICK, seconds=1.0), folder=tmp_path)
    assert [found[name].verdict for name in found] == ["unknown", "proved"]
    assert [p.name for p in tmp_path.iterdir()] == ["generous.json"]
    assert exit_code_of(graph, found) == 1
    assert exit_code_of(ClaimGraph((TOUCHING,)), {"touching": found["touching"]}) == 3
    assert exit_code_of(ClaimGraph((FALSE,)), {"false": outcome("false", "refuted")}) == 1


@pytest.mark.usefixtures("no_process_left")
def test_an_interrupt_ends_the_workers_and_keeps_what_is_proved(tmp_path: Path) -> None:
    slow = replace(TOUCHING, method="algebra")
    graph = ClaimGraph((BOXES, *(replace(slow, identifier=f"slow{k}") for k in range(3))))

    def interrupt(found: Outcome) -> None:
        if found.identifier == "boxes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(graph, jobs=2, limits=replace(QUICK, seconds=60.0), folder=tmp_path, progress=interrupt)
    assert [p.name for p in tmp_path.iterdir()] == ["boxes.json"]


@pytest.mark.usefixtures("no_process_left")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        run(ClaimGraph((BOXES,)), jobs=1, limits=QUICK, folder=tmp_path / "file" / "kept")
    (tmp_path / "boxes.json").mkdir()
    with pytest.raises(OSError, match=r"boxes\.json"):
        run(ClaimGraph((BOXES,)), jobs=1, limits=QUICK, folder=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["boxes.json", "file"]


class Bomb(dict[str, Any]):
    """Ends the process that unpickles it."""

    def __reduce__(self) -> Any:
        return os._exit, (3,)


@pytest.mark.usefixtures("no_process_left")
def test_a_worker_that_dies_is_reported() -> None:
    graph = ClaimGraph((replace(TRUE, method="given", proof=Bomb()),))
    with pytest.raises(OSError, match="a worker process died"):
        run(graph, jobs=1, limits=QUICK)


def test_a_graph_of_written_steps_only_needs_no_process() -> None:
    found = run(ClaimGraph((written("a"), written("b", "a"))), jobs=1)
    assert [(o.verdict, o.tier) for o in found.values()] == [("proved", "argument")] * 2
