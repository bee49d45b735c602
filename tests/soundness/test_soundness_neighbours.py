"""Planted false claims: sharp constants, claimed just short of the truth and just past it.

What is past is never proved; nor does the kernel take the proof of the claim short of the truth for it, nor a search's
unfinished tree with its undecided leaves filled in.
"""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from kernel_oracle import Claim, violated
from soundness_claims import SHARP, THEOREMS

from verify.deciding import Decided, decide
from verify.kernel.certificates import build_certificate, dump
from verify.kernel.checker import check
from verify.kernel.errors import KernelError
from verify.kernel.statements import Statement
from verify.searching import Reach

SHIFTS = (Fraction(1, 10**3), Fraction(1, 10**6), Fraction(1, 10**9))
SECONDS_INSIDE, SECONDS_PAST = 1.5, (0.3, 0.15, 0.15)
CLAIMS: dict[str, Any] = {**SHARP, **THEOREMS}
FILLINGS = (".", "!.", "^.", "(.)", "(!.)")
LONG = 4_000  # characters of a tree; `decide` has put it to the kernel already
SLOW = {"A3.1: a^2 <= 8", "Goldstein and Price", "Beale", "Nesbitt", "arithmetic and geometric mean of cubes"}
TALLIES: dict[str, Counter[str]] = {}


def accepted(statement: Statement, proof: dict[str, Any]) -> str | None:
    """Return what the kernel says of a proof of a statement, None where it refuses."""
    try:
        return check(build_certificate(dump(statement, proof)))
    except KernelError:
        return None


def point_of(name: str, shift: Fraction) -> dict[str, Fraction]:
    return SHARP[name].witness() if name in SHARP else THEOREMS[name].point(shift)


def tree_of(proof: Mapping[str, Any]) -> str:
    """Return the tree of a proof by bisection, also within bounds; empty for other rules."""
    return str(proof["proof"].get("tree", "") if "proof" in proof else proof.get("tree", ""))


def filled(proof: dict[str, Any], filling: str) -> dict[str, Any]:
    """Return the proof with its undecided leaves filled in."""
    if "proof" in proof:
        return {**proof, "proof": filled(proof["proof"], filling)}
    return {**proof, "tree": proof["tree"].replace("?", filling)}


def assert_no_proof(statement: Statement, found: Decided) -> None:
    """Assert that a false statement is not proved, nor by its search's tree with the undecided leaves filled in."""
    assert found.verdict != "proved", statement.text()
    if found.verdict == "unknown" and found.certificate is not None:
        proof = dict(found.certificate["proof"])
        tree = tree_of(proof)
        assert "?" in tree
        if len(tree) > LONG:
            return
        for filling in FILLINGS:
            assert accepted(statement, filled(proof, filling)) is None, (filling, statement.text())


def proof_inside(name: str, tally: Counter[str]) -> dict[str, Any] | None:
    """Return a proof, accepted by the kernel, of the claim just short of the truth or at the truth itself."""
    known = THEOREMS[name].proof if name in THEOREMS else None
    if known is not None:
        tally["inside proved"] += 1
        assert accepted(CLAIMS[name].statement(Fraction(0)), dict(known)) == "proved"
        return dict(known)
    inside = CLAIMS[name].statement(-SHIFTS[0])
    found = decide(inside, Reach(seconds=SECONDS_INSIDE))
    tally[f"inside {found.verdict}"] += 1
    assert found.verdict != "refuted", (found.witness, inside.text())
    assert found.verdict == "proved" or name in SLOW, found
    if found.certificate is None or found.verdict == "unknown":
        return None
    proof = dict(found.certificate["proof"])
    assert len(tree_of(proof)) > LONG or accepted(inside, proof) == "proved"
    return proof


@pytest.mark.parametrize("name", CLAIMS)
def test_past_a_sharp_constant_nothing_is_proved(name: str) -> None:
    tally = TALLIES[name] = Counter[str]()
    proof = proof_inside(name, tally)
    for shift, seconds in zip(SHIFTS, SECONDS_PAST, strict=True):
        past = CLAIMS[name].statement(shift)
        assert violated(Claim(past.text()), point_of(name, shift)), "the planted claim is not false"
        result = decide(past, Reach(seconds=seconds))
        assert_no_proof(past, result)
        tally[f"past {result.verdict}"] += 1
        assert proof is None or accepted(past, proof) is None, "the proof of a weaker claim proves the false one"


def test_enough_is_decided_for_the_claims_to_mean_something() -> None:
    """Runs after the claims, in the same process; the counts are printed with -s."""
    assert len(CLAIMS) >= 45
    total = sum(TALLIES.values(), Counter())
    print(f"\n{dict(total)}")
    if len(TALLIES) == len(CLAIMS):
        assert total["inside proved"] >= len(CLAIMS) - len(SLOW)
        assert total["past refuted"] >= len(CLAIMS)


@pytest.mark.parametrize("name", ["Motzkin", "sin x <= x", "camel with six humps"])
def test_the_oracle_does_not_refute_what_is_true(name: str) -> None:
    assert not violated(Claim(CLAIMS[name].statement(-SHIFTS[2]).text()), point_of(name, SHIFTS[2]))
