"""One inequality over a box, decided: counterexamples and proofs are sought; the kernel re-checks what is found."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from verify.files import certificate_content
from verify.kernel.certificates import dump, read_certificate
from verify.kernel.checker import check
from verify.kernel.errors import Incomplete, KernelError
from verify.kernel.statements import Statement
from verify.kernel.terms import FUNCTIONS
from verify.provers.bounds import bounded_proof, bounded_statement, find_bounds, unreached
from verify.provers.tree import UNDECIDED
from verify.searching import Progress, Reach, Search, Workers
from verify.trees import count_tree, tree_of

Wrapper: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]

QUICK = 1.0
"""Seconds that each means gets before any of them gets long."""


@dataclass(frozen=True)
class Decided:
    """A verdict, what it rests on, and what it cost.

    `certificate` is what the kernel accepted (verdicts "proved" and "refuted"), or the unfinished certificate of a
    search ("unknown"), from which a later one can go on. `note` says what is left. `undecided` is the share of the
    domain that is undecided, `tightest` the smallest undecided box.
    """

    verdict: str = "unknown"
    rule: str = "none"
    certificate: Mapping[str, Any] | None = None
    boxes: int = 0
    leaves: int = 0
    search_seconds: float = 0.0
    kernel_seconds: float = 0.0
    note: str = ""
    undecided: float = 0.0
    tightest: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def tier(self) -> str:
        """The trust tier: everything but "unknown" was re-checked by the kernel."""
        return "none" if self.verdict == "unknown" else "kernel"

    @property
    def witness(self) -> Mapping[str, str]:
        """The exact point of a counterexample, empty for any other verdict or rule."""
        point: Mapping[str, str] = {}
        if self.certificate is not None and self.rule == "counterexample":
            point = self.certificate["proof"]["point"]
        return point

    @property
    def solution(self) -> Mapping[str, tuple[str, str]]:
        """The box in which a counterexample was proved to exist, empty for any other verdict or rule."""
        if self.certificate is None or self.rule != "solution":
            return {}
        return {name: (ends[0], ends[1]) for name, ends in self.certificate["proof"]["box"].items()}


def rechecked(statement: Statement, proof: Mapping[str, Any]) -> Decided:
    """Let the kernel check a proof as a file; return its verdict, or "unknown" and what it says against the proof."""
    began, certificate, rule = time.perf_counter(), dump(statement, dict(proof)), str(proof["rule"])
    found = Decided(rule=rule, certificate=certificate)
    try:
        found = replace(found, verdict=check(read_certificate(certificate_content(certificate))))
    except Incomplete:
        found = replace(found, note="not finished")
    except KernelError as error:
        found = Decided(note=f"the kernel rejects the proof that was found: {error}")
    return replace(found, leaves=count_tree(tree_of(proof)).leaves, kernel_seconds=time.perf_counter() - began)


def unbounded_variables(statement: Statement) -> list[str]:
    """Return the variables without finite bounds on both sides."""
    return [v.name for v in statement.variables if v.lower is None or v.upper is None]


def kept_tree(statement: Statement, certificate: Mapping[str, Any] | None, wrapped: Wrapper = dict) -> str:
    """Return the tree of an unfinished certificate of this statement, wrapped in the same way; "?" if there is none."""
    if certificate is None or certificate.get("digest") != statement.digest():
        return UNDECIDED
    tree = tree_of(certificate.get("proof", {}))
    return tree if tree and certificate["proof"] == wrapped({"rule": "bisection", "tree": tree}) else UNDECIDED


def search_from(statement: Statement, tree: str) -> Search:
    """Return the search that goes on from a tree, or begins anew where the tree does not fit."""
    try:
        return Search(statement, tree)
    except ValueError:
        return Search(statement)


def decide(
    statement: Statement,
    reach: Reach | None = None,
    *,
    workers: Workers | None = None,
    kept: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    seed: int = 0,
) -> Decided:
    """Decide a statement.

    Parameters
    ----------
    reach
        Limits of the search. The kernel's check of what was found comes on top.
    workers
        What a long search by bisection is spread over.
    kept
        An unfinished certificate of the same statement, to go on from; one that is of no use is left aside.
    progress
        Called with (boxes evaluated, boxes open) during a search by bisection.

    Returns
    -------
    Decided
        After an interrupt (KeyboardInterrupt) the verdict is "unknown" and the note "interrupted"; when the workers are
        lost, it is "unknown" and the note says so.
    """
    reach = reach or Reach()
    began = time.monotonic()
    bounds = find_bounds(statement) if unbounded_variables(statement) else None
    if bounds is not None and not bounds[1]:
        found = rechecked(statement, bounded_proof(*bounds, {"rule": "empty"}))
        return replace(found, search_seconds=time.monotonic() - began - found.kernel_seconds)
    within = bounded_statement(statement, bounds[1]) if bounds else statement
    wrapped: Wrapper = partial(bounded_proof, *bounds) if bounds else dict
    search = None
    if not unbounded_variables(within) and not statement.conclusion.equality:
        search = search_from(within, kept_tree(statement, kept, wrapped))
    note = ""
    try:
        for proof in _attempts(statement, search, reach, began, workers, progress, seed):
            found = rechecked(statement, wrapped(proof) if proof["rule"] == "bisection" else proof)
            if found.verdict != "unknown":
                seconds = time.monotonic() - began - found.kernel_seconds
                return replace(found, boxes=search.boxes if search else 0, search_seconds=seconds)
            if kept is not None and proof["rule"] == "bisection":  # its leaves are wrong
                return decide(statement, reach, workers=workers, progress=progress, seed=seed)
            note = found.note
    except KeyboardInterrupt:
        note = "interrupted"
    except OSError as error:  # the workers are lost
        note = str(error)
    return _unknown(statement, search, wrapped, time.monotonic() - began, note)


def _attempts(
    statement: Statement,
    search: Search | None,
    reach: Reach,
    began: float,
    workers: Workers | None,
    progress: Progress | None,
    seed: int,
) -> Iterator[Mapping[str, Any]]:
    """Yield proof objects, one at most from each means: each gets a short time first, then the search the rest."""
    from verify.provers.algebra import find_combination
    from verify.provers.falsifier import falsify
    from verify.provers.solutions import find_solution

    def left(most: float) -> float:
        return min(most, reach.seconds - (time.monotonic() - began))

    def searched(seconds: float, using: Workers | None) -> Iterator[Mapping[str, Any]]:
        if search is not None and len(search.open) and seconds > 0:
            found = search.go_on(replace(reach, seconds=seconds), using, progress)
            if found.decided:
                yield {"rule": "bisection", "tree": found.tree}

    if search is not None and not len(search.open):
        yield {"rule": "bisection", "tree": search.found().tree}
    yield from searched(left(QUICK / 4), None)
    for scale, within in ((1.0, search.statement if search is not None else statement), (5.0, statement)):
        if left(1.0) <= 0:
            return
        yield from filter(None, [falsify(within, seed=seed, seconds=left(scale * QUICK))])
        if statement.conclusion.equality or any(h.equality for h in statement.hypotheses) or statement.clauses:
            yield from filter(None, [find_solution(within, seed=seed, seconds=left(scale * QUICK))])
        yield from searched(left(2 * scale * QUICK), None)
        if not any(node.op in (*FUNCTIONS, "min", "max") for node in statement.nodes):
            yield from filter(None, [find_combination(statement, seconds=left(scale * QUICK))])
    yield from searched(left(reach.seconds), workers)


def _unknown(statement: Statement, search: Search | None, wrapped: Wrapper, seconds: float, note: str) -> Decided:
    """Say what is left."""
    if search is None:
        unbounded = unreached(statement) if unbounded_variables(statement) else []
        why = "unbounded: " + ", ".join(unbounded) if unbounded else "an equation is no inequality to be bisected"
        return Decided(search_seconds=seconds, note="; ".join(filter(None, [note, why])))
    found = search.found()
    proof = dict(wrapped({"rule": "bisection", "tree": found.tree}))
    return Decided(
        rule=proof["rule"],
        certificate=dump(statement, proof) if search.boxes else None,
        boxes=search.boxes,
        leaves=count_tree(found.tree).leaves,
        search_seconds=seconds,
        note=note,
        undecided=found.share,
        tightest=found.tightest(search.statement),
    )
