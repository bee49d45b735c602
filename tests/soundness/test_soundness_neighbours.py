"""Planted false claims: sharp constants, claimed just short of the truth and just past it.

What is past is never proved; nor does the kernel take the proof of the claim short of the truth for it, nor a search's
unfinished tree with its undecided leaves filled in.
"""

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from kernel_oracle import Claim, violated
from soundness_claims import SHARP, THEOREMS

from verify.deciding import decide
from verify.kernel.certificates import build_certificate, dump
from verify.kernel.checker import check
from verify.kernel.errors import KernelError
from verify.kernel.statements import Statement
from verify.provers.bisection import Bisection
from verify.searching import Reach

SHIFTS = (Fraction(1, 10**3), Fraction(1, 10**6), Fraction(1, 10**9))
NEXT_TO_NOTHING = Fraction(1, 10**24)
LONG = 20_000  # characters of a tree; `decide` has put it to the kernel already
SECONDS_INSIDE, SECONDS_PAST = 1.5, 0.3
CLAIMS: dict[str, Any] = {**SHARP, **THEOREMS}
FILLINGS = ("?", ".", "!.", "^.", "(.)", "(!.)")
TALLIES: dict[str, Counter[str]] = {}


def accepted(statement: Statement, proof: dict[str, Any]) -> str | None:
    """Return what the kernel says of a proof of a statement, None where it refuses."""
    try:
        return check(build_certificate(dump(statement, proof)))
    except KernelError:
        return None


def point_of(name: str, shift: Fraction) -> dict[str, Fraction]:
    return SHARP[name].witness() if name in SHARP else THEOREMS[name].point(shift)


def assert_no_filling_proves(statement: Statement) -> None:
    """Assert that the kernel takes no tree of a short search with its undecided leaves filled in."""
    if any(v.lower is None or v.upper is None for v in statement.variables):
        return
    tree = Bisection(statement, batch=64).run(max_boxes=300, min_width=1e-10).tree
    assert "?" in tree, statement.text()
    for filling in FILLINGS:
        proof = {"rule": "bisection", "tree": tree.replace("?", filling)}
        assert accepted(statement, proof) is None, (filling, statement.text())


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
    if found.certificate is None or found.verdict == "unknown":
        return None
    proof = dict(found.certificate["proof"])
    if len(proof.get("tree", "")) < LONG:
        assert accepted(inside, proof) == "proved"
    return proof


@pytest.mark.parametrize("name", CLAIMS)
def test_past_a_sharp_constant_nothing_is_proved(name: str) -> None:
    tally = TALLIES[name] = Counter[str]()
    proof = proof_inside(name, tally)
    for shift in SHIFTS:
        past = CLAIMS[name].statement(shift)
        assert violated(Claim(past.text()), point_of(name, shift)), "the planted claim is not false"
        # where the claim is false is about the root of the shift wide: boxes much smaller than that tell nothing new
        result = decide(past, Reach(seconds=SECONDS_PAST, precision=float(shift) ** 0.5 / 16))
        assert result.verdict != "proved", past.text()
        tally[f"past {result.verdict}"] += 1
        assert_no_filling_proves(past)
        assert proof is None or accepted(past, proof) is None, "the proof of a weaker claim proves the false one"


def test_enough_is_decided_for_the_claims_to_mean_something() -> None:
    """Runs after the claims, in the same process; the counts are printed with -s."""
    assert len(CLAIMS) >= 45
    total = sum(TALLIES.values(), Counter())
    print(f"\n{dict(total)}")
    if len(TALLIES) == len(CLAIMS):
        assert total["inside proved"] >= 0.75 * len(CLAIMS)
        assert total["past refuted"] >= len(CLAIMS)


@pytest.mark.parametrize("name", ["Motzkin", "sin x <= x", "camel with six humps"])
def test_the_oracle_does_not_refute_what_is_true(name: str) -> None:
    assert not violated(Claim(CLAIMS[name].statement(-SHIFTS[2]).text()), point_of(name, SHIFTS[2]))


@pytest.mark.parametrize("name", [name for name, sharp in SHARP.items() if sharp.is_exact()])
def test_a_claim_past_the_truth_by_next_to_nothing_is_not_proved(name: str) -> None:
    """By 1e-24, where the kernel counts in units of 1.3e-29: at places that are exact, and least values as well."""
    past = SHARP[name].statement(NEXT_TO_NOTHING)
    assert violated(Claim(past.text()), SHARP[name].witness())
    assert_no_filling_proves(past)
