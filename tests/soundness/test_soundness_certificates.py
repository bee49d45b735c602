"""Edited certificates of all rules: refused by a KernelError, or accepted and right by judges outside the kernel.

What is accepted as proved must have no counterexample: not at the places where the statement is tight, nor at points
that an oracle samples. What is accepted as refuted must be so at its point, or its box must contain the solution; and
no search may prove it.
"""

import json
import re
from collections import Counter
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from kernel_cases import outcome
from kernel_oracle import Claim, falsify, proof_survives, violated
from soundness_certificates import Data, Subject, all_edits, subjects

from verify.kernel.certificates import read_certificate
from verify.kernel.checker import check
from verify.kernel.statements import read_statement
from verify.provers.bisection import Bisection

NAMES = (
    "disc, sum", "disc, product", "exp", "sine", "log and atan", "min, max, abs", "or", "and in or", "equation",
    "touching", "strict", "bounded, then bisection", "bounded to nothing", "a point", "one equation",
    "an equation in a clause", "two equations",
)  # fmt: skip
LEAST_REFUSED = 0.5


def within(data: Data, root: dict[str, Fraction]) -> bool:
    """Whether the box of a solution contains the root, of which 13 digits are certain at least."""
    box = {name: tuple(map(Fraction, ends)) for name, ends in data["proof"]["box"].items()}
    slack = Fraction(1, 10**13)
    return all(low - slack <= root[name] <= high + slack for name, (low, high) in box.items())


def covers(subject: Subject, data: Data) -> bool:
    """Whether the bounds contain all feasible points (as they must if the steps are the old ones)."""
    bounds = {name: tuple(map(Fraction, ends)) for name, ends in data["proof"]["bounds"].items()}
    inside = (low <= point[name] <= high for point in subject.feasible for name, (low, high) in bounds.items())
    return data["proof"]["steps"] != subject.data["proof"].get("steps") or all(inside)


@cache
def sampled_counterexample(text: str) -> dict[str, Fraction] | None:
    return falsify(text, count=120)


@cache
def proved_by_search(text: str) -> bool:
    """Whether a short search proves a statement, whose variables must have bounds for that."""
    statement = read_statement(text)
    if any(v.lower is None or v.upper is None for v in statement.variables) or statement.conclusion.equality:
        return False
    return Bisection(statement).run(max_boxes=600, seconds=0.3).decided


def assert_right(label: str, subject: Subject, data: Data, verdict: str) -> None:
    """Assert that an edited certificate that was accepted is right as far as the judges can tell."""
    text, rule = data["statement"], data["proof"]["rule"]
    if verdict == "proved":
        claim = Claim(text)
        for point in subject.points:
            fits = set(point) == set(claim.bounds) and claim.inside(point)
            assert not (fits and violated(claim, point)), f"{label}: proved, but false at {point}\n{text}"
        found = sampled_counterexample(text)
        assert found is None, f"{label}: proved, but false at {found}\n{text}"
        if rule == "bounded" and text == subject.data["statement"]:
            assert covers(subject, data), f"{label}: the bounds leave out feasible points\n{data}"
        if rule == "bisection":
            assert proof_survives(data), f"{label}: proved by a tree that is wrong\n{data}"
        return
    if rule == "counterexample":
        assert proof_survives(data), f"{label}: refuted by a point that is no counterexample\n{data}"
    elif text == subject.data["statement"]:
        assert within(data, dict(subject.root)), f"{label}: refuted by a box without the solution\n{data}"
    assert not proved_by_search(text), f"{label}: refuted, and proved by a search\n{text}"


@pytest.mark.parametrize("name", NAMES)
def test_edits_are_refused_or_right(name: str) -> None:
    subject, results = subjects()[name], Counter[str]()
    assert outcome(subject.data) == subject.verdict
    for label, changed in all_edits(subject.data):
        result = outcome(changed)
        results[result] += 1
        if result in ("proved", "refuted"):
            assert_right(f"{name}, {label}", subject, changed, result)
    accepted = results["proved"] + results["refuted"]
    assert results.total() > 150, results
    assert accepted <= (1 - LEAST_REFUSED) * results.total(), results


@pytest.mark.parametrize("name", NAMES)
def test_the_certificate_is_accepted_as_a_file_too(name: str) -> None:
    subject = subjects()[name]
    assert check(read_certificate(json.dumps(subject.data).encode())) == subject.verdict


@pytest.mark.parametrize("name", NAMES)
def test_the_statement_is_tight_at_its_points(name: str) -> None:
    """At the points hypotheses hold, or the conclusion nearly fails: so an edit that goes too far is false there."""
    subject = subjects()[name]
    claim = Claim(subject.data["statement"])
    assert all(claim.inside(p) and not violated(claim, p) for p in subject.points)
    assert subject.verdict == "refuted" or subject.points


def test_every_rule_and_every_kind_of_token_is_edited() -> None:
    assert set(subjects()) == set(NAMES)
    rules = {s.data["proof"]["rule"] for s in subjects().values()}
    assert rules == {"bisection", "bounded", "counterexample", "solution"}
    trees = "".join(s.data["proof"].get("tree", "") for s in subjects().values())
    kinds = {"cut": "[a-z]", "leaf": r"[^!^(]\.", "hypothesis": "A", "bounds": r"\(!?[.A-Z] [^)]*\)", "mean value": "!"}
    assert {kind for kind, pattern in kinds.items() if re.search(pattern, trees)} == set(kinds), trees


def swapped(data: Data, other: Data) -> Data:
    return {**data, "proof": other["proof"]}


def test_proofs_do_not_pass_from_one_statement_to_another() -> None:
    results: Counter[Any] = Counter()
    for name, subject in subjects().items():
        for foreign_name, foreign in subjects().items():
            if name != foreign_name:
                changed = swapped(subject.data, foreign.data)
                result = outcome(changed)
                results[result] += 1
                if result in ("proved", "refuted"):
                    assert result == subject.verdict, (name, foreign_name)
                    assert_right(f"{name} by {foreign_name}", subject, changed, result)
    assert results["proved"] + results["refuted"] < 0.1 * results.total(), results
