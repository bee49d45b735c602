"""The engine: runs the claims of a graph, re-checks every proof with the kernel, keeps what is proved.

Each claim with a formal statement is one task in a process of its own pool: search (untrusted), then check (kernel).
Certificates are kept in a folder; a later run with the same folder re-checks them instead of searching again.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from verify.claims import Claim, ClaimGraph, Outcome
from verify.files import certificate_path, write_certificate
from verify.kernel.certificates import build_certificate, dump, load
from verify.kernel.checker import check
from verify.kernel.errors import Incomplete, KernelError
from verify.kernel.statements import Statement
from verify.signals import interrupt_held_back
from verify.trees import count_tree


@dataclass(frozen=True)
class Limits:
    """Limits of one claim: seconds of search, boxes of bisection, seconds of each solver (0: do not ask solvers).

    `neighbour_seconds` is what a prover gets to prove a false neighbour.
    """

    seconds: float = 120.0
    boxes: int = 20_000_000
    solver_seconds: float = 3.0
    neighbour_seconds: float = 1.5
    seed: int = 0


def search(claim: Claim, limits: Limits) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Search for a proof object of a claim's statement; return it (or None) and what the search cost or left."""
    statement = claim.statement
    assert statement is not None
    if claim.method == "given":
        return dict(claim.proof or {}), {}
    if claim.method == "algebra":
        from verify.provers.algebra import Hints, find_combination

        found = find_combination(statement, seconds=limits.seconds, hints=Hints(squares=claim.hints))
        return found, {} if found else {"note": "no combination found"}
    if claim.method == "falsify":
        return _search_neighbour(claim, limits)
    from verify.provers.bisection import Bisection

    result = Bisection(statement).run(max_boxes=limits.boxes, seconds=limits.seconds)
    cost: dict[str, Any] = {"boxes": result.boxes, "leaves": result.leaves}
    if not result.decided:
        place = ", ".join(f"{name} in [{lo:.6g}, {hi:.6g}]" for name, (lo, hi) in result.hardest.items())
        cost["note"] = f"{result.undecided} boxes undecided ({result.undecided_volume:.2e} of the domain), e.g. {place}"
    return {"rule": "bisection", "tree": result.tree}, cost


def _search_neighbour(claim: Claim, limits: Limits) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Let a prover try to prove a false neighbour, for a short time; if the kernel accepts its proof, that is returned.

    Otherwise search for a counterexample, or take the one that the claim comes with.
    """
    from verify.provers.falsifier import falsify

    statement = claim.statement
    assert statement is not None
    bounded = all(v.lower is not None and v.upper is not None for v in statement.variables)
    attempt = replace(claim, method="bisection" if bounded else "algebra")
    proof, cost = search(attempt, replace(limits, seconds=limits.neighbour_seconds))
    unsettled = Outcome(claim.identifier, "unknown", "none")
    if proof is not None and "note" not in cost and _checked(unsettled, dump(statement, proof)).verdict == "proved":
        return proof, cost
    if claim.proof is not None:
        return dict(claim.proof), {}
    found = falsify(statement, seed=limits.seed, seconds=min(limits.seconds, 20.0))
    return found, {} if found else {"note": "no proof and no counterexample found"}


def settle(claim: Claim, limits: Limits, kept: Mapping[str, Any] | None = None) -> Outcome:
    """Prove or refute one claim: a kept certificate or a new search, then the kernel; solvers where it is algebraic.

    Without a certificate, the agreement of both solvers gives the tier "solvers".
    """
    statement = claim.statement
    assert statement is not None
    outcome = _checked(Outcome(claim.identifier, "unknown", "none"), kept) if kept is not None else None
    if outcome is None or outcome.verdict == "unknown":
        began = time.perf_counter()
        proof, cost = search(claim, limits)
        outcome = Outcome(claim.identifier, "unknown", "none", prover_seconds=time.perf_counter() - began, **cost)
        if proof is not None:
            outcome = _checked(outcome, dump(statement, proof))
    if outcome.verdict == "unknown" and claim.kind == "lemma" and claim.method in ("algebra", "bisection"):
        outcome = _try_to_refute(outcome, statement, limits)
    return _ask_solvers(outcome, claim, statement, limits)


def _checked(outcome: Outcome, certificate: Mapping[str, Any]) -> Outcome:
    """Let the kernel re-check a certificate and put what it says into the outcome."""
    began = time.perf_counter()
    rule = str(certificate["proof"]["rule"])
    try:
        verdict = check(build_certificate(certificate))
        outcome = replace(outcome, verdict=verdict, tier="kernel", rule=rule, certificate=certificate, note="")
    except Incomplete:
        outcome = replace(outcome, rule=rule)
    except KernelError as error:
        outcome = replace(outcome, note=f"the kernel rejects the certificate: {error}")
    if rule == "bisection" and outcome.verdict == "proved":
        counts = count_tree(certificate["proof"]["tree"])
        outcome = replace(outcome, leaves=counts.leaves, boxes=outcome.boxes or counts.cuts + counts.leaves)
    return replace(outcome, kernel_seconds=time.perf_counter() - began)


def _try_to_refute(outcome: Outcome, statement: Statement, limits: Limits) -> Outcome:
    """Look for a counterexample to a claim that was not proved."""
    from verify.provers.falsifier import falsify

    found = falsify(statement, seed=limits.seed, seconds=min(limits.seconds, 10.0))
    if found is None:
        return outcome
    return _checked(outcome, dump(statement, found))


def _ask_solvers(outcome: Outcome, claim: Claim, statement: Statement, limits: Limits) -> Outcome:
    """Ask z3 and cvc5 about an algebraic claim, as a second opinion, or as the only one where there is no certificate.

    Where the kernel and a solver contradict each other the claim becomes unknown: one of the two is wrong.
    """
    if limits.solver_seconds <= 0 or claim.method not in ("algebra", "given"):
        return outcome
    from verify.provers import smt

    answers = smt.decide(statement, limits.solver_seconds)
    plain = [
        {k: v for k, v in asdict(answer).items() if k in ("solver", "version", "answer", "seconds")}
        for answer in answers.values()
    ]
    said = {answer.answer for answer in answers.values()}
    notes = [outcome.note, *(f"{s} is not installed" for s, a in answers.items() if a.message == "not installed")]
    outcome = replace(outcome, solvers=plain, note="; ".join(filter(None, notes)))
    contradicted = (outcome.verdict == "proved" and "sat" in said) or (outcome.verdict == "refuted" and "unsat" in said)
    if contradicted or smt.disagreement(answers):
        note = "the kernel and the solvers, or the solvers, contradict each other: this must be looked at"
        return replace(outcome, verdict="unknown", tier="none", rule="none", certificate=None, note=note)
    if outcome.verdict == "unknown" and smt.verdict(answers) == "proved":
        return replace(outcome, verdict="proved", tier="solvers", note="")
    return outcome


def _task(claim: Claim, limits: Limits, kept: Mapping[str, Any] | None) -> Outcome:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        return settle(claim, limits, kept)
    except KeyboardInterrupt:
        return Outcome(claim.identifier, "unknown", "none", note="interrupted")


def kept_certificate(claim: Claim, folder: Path | None) -> Mapping[str, Any] | None:
    """Return the certificate kept for exactly this claim's statement, None when there is none that can be read."""
    if folder is None or claim.statement is None:
        return None
    try:
        certificate = load(certificate_path(folder, claim.identifier))
    except KernelError:
        return None
    same = certificate.digest == claim.statement.digest()
    return dump(certificate.statement, certificate.proof) if same else None


def run(
    graph: ClaimGraph,
    *,
    jobs: int,
    limits: Limits | None = None,
    folder: Path | None = None,
    progress: Callable[[Outcome], None] | None = None,
) -> dict[str, Outcome]:
    """Settle every claim of the graph; return the outcomes in the order of the graph.

    Parameters
    ----------
    jobs
        Number of processes.
    folder
        Where certificates are kept (written as soon as the kernel has accepted them) and found again.
    progress
        Called with each outcome as it comes.

    Raises
    ------
    KeyboardInterrupt
        After every process has been ended; what was proved is in `folder`.
    OSError
        When a certificate cannot be written.
    """
    limits = limits or Limits()
    outcomes: dict[str, Outcome] = {}
    for claim in graph.claims:
        if claim.statement is None:
            outcomes[claim.identifier] = Outcome(claim.identifier, "proved", "argument", rule="argument")
    for outcome in _settled(graph, jobs, limits, folder):
        if folder is not None and outcome.certificate is not None and outcome.verdict != "unknown":
            write_certificate(folder, outcome.identifier, outcome.certificate)
        outcomes[outcome.identifier] = outcome
        if progress is not None:
            progress(outcome)
    return {claim.identifier: outcomes[claim.identifier] for claim in graph.claims}


def _settled(graph: ClaimGraph, jobs: int, limits: Limits, folder: Path | None) -> Iterator[Outcome]:
    """Yield the outcomes of all formal claims: the largest bisection starts first, the others after the algebra."""
    formal = [claim for claim in graph.claims if claim.statement is not None]
    formal.sort(key=lambda c: (c.method == "bisection", -len(c.statement.nodes if c.statement else ())))
    largest = next((k for k, c in enumerate(formal) if c.method == "bisection"), 0)
    formal = formal[largest : largest + 1] + formal[:largest] + formal[largest + 1 :]
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=jobs, mp_context=context)
    try:
        tasks = [(claim, limits, kept_certificate(claim, folder)) for claim in formal]
        with interrupt_held_back():  # the workers start here
            pending: set[Future[Outcome]] = {pool.submit(_task, *task) for task in tasks}
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool:
        raise OSError("a worker process died; what was proved is kept") from None
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
