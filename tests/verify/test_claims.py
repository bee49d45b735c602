"""Claims and their graph: order, closure, restriction, and the verdict and tier of a claim with all it rests on."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from verify_cases import lemma, outcome, written

from verify.claims import TIERS, Claim, ClaimGraph, Outcome, combined, missing_below

A, B, C = lemma("A"), lemma("B", rests_on=("A",)), lemma("C")
STEP = written("step", "B", "C")
THEOREM = written("theorem", "step", kind="theorem")
BAD = lemma("bad", kind="neighbour", method="falsify", rests_on=("B",))
ALONE = lemma("alone")
GRAPH = ClaimGraph((A, B, C, STEP, THEOREM, BAD, ALONE))


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "argument"},
        {"kind": "theorem"},
        {"kind": "lemma", "statement": None},
        {"kind": "neighbour", "statement": None},
        {"kind": "lemma", "argument": "text"},
        {"kind": "argument", "argument": "text"},
        {"kind": "argument", "statement": None, "argument": ""},
    ],
)
def test_a_claim_has_a_statement_or_a_written_argument(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="claim A"):
        replace(A, **options)


def test_claims_stand_in_the_order_of_what_they_rest_on() -> None:
    assert list(GRAPH.by_identifier) == ["A", "B", "C", "step", "theorem", "bad", "alone"]
    assert ClaimGraph(()).claims == ()


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ((B, A), "B"),
        ((A, B, STEP), "step"),
        ((A, A), "A"),
        ((A, replace(C, identifier="A")), "A"),
        ((replace(A, rests_on=("A",)),), "A"),
        ((replace(A, rests_on=("B",)), B), "A"),
        ((A, replace(B, rests_on=("nothing",))), "B"),
    ],
)
def test_an_order_that_does_not_work_is_refused(claims: tuple[Claim, ...], named: str) -> None:
    with pytest.raises(ValueError, match=f"claim {named}: repeated, or rests on later or unknown"):
        ClaimGraph(claims)


@pytest.mark.parametrize(
    ("roots", "found"),
    [
        ([], ()),
        (["A"], ("A",)),
        (["B"], ("A", "B")),
        (["step"], ("A", "B", "C", "step")),
        (["theorem", "alone"], ("A", "B", "C", "step", "theorem", "alone")),
        (["alone", "C"], ("C", "alone")),
        (["bad"], ("A", "B", "bad")),
    ],
)
def test_closure(roots: list[str], found: tuple[str, ...]) -> None:
    assert GRAPH.closure(roots) == found
    assert GRAPH.closure(roots * 2) == found


def test_closure_of_any_iterable() -> None:
    assert GRAPH.closure(iter(["B"])) == ("A", "B")
    assert list(GRAPH.restricted(iter(["B"])).by_identifier) == ["A", "B", "bad"]


def test_closure_of_a_deep_and_wide_graph_is_quick() -> None:
    """Every claim rests on all before it: the number of paths is astronomic."""
    claims = [replace(A, identifier=f"c{k}", rests_on=tuple(f"c{i}" for i in range(k))) for k in range(300)]
    graph = ClaimGraph(tuple(claims))
    assert len(graph.closure(["c299"])) == 300
    chain = ClaimGraph(tuple(replace(A, identifier=f"c{k}", rests_on=(f"c{k - 1}",) if k else ()) for k in range(3000)))
    assert len(chain.closure(["c2999"])) == 3000


@pytest.mark.parametrize("roots", [["nothing"], ["A", "nothing"]])
def test_closure_of_an_unknown_claim(roots: list[str]) -> None:
    with pytest.raises(KeyError):
        GRAPH.closure(roots)


def test_restriction_takes_the_neighbours_along() -> None:
    assert list(GRAPH.restricted(["theorem"]).by_identifier) == ["A", "B", "C", "step", "theorem", "bad"]
    assert list(GRAPH.restricted(["B"]).by_identifier) == ["A", "B", "bad"]
    assert list(GRAPH.restricted(["A"]).by_identifier) == ["A"]
    assert list(GRAPH.restricted(["alone"]).by_identifier) == ["alone"]
    assert GRAPH.restricted(GRAPH.by_identifier) == GRAPH


def test_a_neighbour_next_to_a_kept_and_a_left_out_claim() -> None:
    """`restricted` keeps a neighbour when one of the claims it stands next to is kept; the others may be missing."""
    both = replace(BAD, rests_on=("B", "alone"))
    graph = ClaimGraph((A, B, C, STEP, THEOREM, ALONE, both))
    assert "bad" in graph.restricted(["theorem"]).by_identifier


# Verdicts

VERDICTS = ("proved", "unknown", "refuted")


def outcomes(**changed: Outcome) -> dict[str, Outcome]:
    usual = {name: outcome(name) for name in ("A", "B", "C", "alone")}
    usual |= {name: outcome(name, tier="argument", rule="argument") for name in ("step", "theorem")}
    usual["bad"] = outcome("bad", "refuted")
    return usual | changed


def test_all_proved_gives_the_lowest_tier() -> None:
    assert combined(GRAPH, outcomes(), "B") == ("proved", "kernel")
    assert combined(GRAPH, outcomes(), "theorem") == ("proved", "argument")
    assert combined(GRAPH, outcomes(A=outcome("A", tier="solvers")), "B") == ("proved", "solvers")
    assert combined(GRAPH, outcomes(A=outcome("A", tier="solvers")), "C") == ("proved", "kernel")
    assert combined(GRAPH, outcomes(A=outcome("A", tier="solvers")), "step") == ("proved", "argument")


@pytest.mark.parametrize("tiers", list(product(TIERS[:3], repeat=2)))
def test_the_lowest_of_two_tiers(tiers: tuple[Any, Any]) -> None:
    found = combined(GRAPH, outcomes(A=outcome("A", tier=tiers[0]), B=outcome("B", tier=tiers[1])), "B")
    assert found == ("proved", max(tiers, key=TIERS.index))


@pytest.mark.parametrize("verdicts", list(product(VERDICTS, repeat=2)))
def test_a_claim_is_proved_with_all_below_and_refuted_by_its_own_witness_only(verdicts: tuple[str, str]) -> None:
    """A false lemma breaks the proofs above it; it does not refute what they prove."""
    below = outcomes(A=outcome("A", verdicts[0]), B=outcome("B", verdicts[1]))
    expected = verdicts[1] if verdicts[1] != "proved" or verdicts[0] == "proved" else "unknown"
    assert combined(GRAPH, below, "B")[0] == expected
    for name in ("step", "theorem"):
        verdict, tier = combined(GRAPH, below, name)
        assert verdict == ("proved" if set(verdicts) == {"proved"} else "unknown")
        assert (tier == "none") == (verdict == "unknown")
        assert bool(missing_below(GRAPH, below, name)) == (verdict == "unknown")
    assert combined(GRAPH, below, "C") == ("proved", "kernel")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_neighbour_stands_alone(verdict: str) -> None:
    """What a false neighbour resembles says nothing about it."""
    expected = "none" if verdict == "unknown" else "kernel"
    for other in VERDICTS:
        found = combined(GRAPH, outcomes(bad=outcome("bad", verdict), B=outcome("B", other)), "bad")
        assert found == (verdict, expected)
        assert combined(GRAPH, outcomes(bad=outcome("bad", verdict)), "theorem") == ("proved", "argument")


def test_the_witness_of_an_outcome() -> None:
    point = {"proof": {"rule": "counterexample", "point": {"x": "1/2"}}}
    assert outcome("A", "refuted", rule="counterexample", certificate=point).witness == {"x": "1/2"}
    box = {"proof": {"rule": "solution", "box": {"x": ["1/2", "1/2"]}}}
    assert outcome("A", "refuted", rule="solution", certificate=box).witness == {"x": "1/2"}
    wide = {"proof": {"rule": "solution", "box": {"x": ["1/2", "1/2"], "y": ["0", "1"]}}}
    assert outcome("A", "refuted", rule="solution", certificate=wide).witness == {}
    assert outcome("A", "proved", rule="bisection", certificate={"proof": {}}).witness == {}
    assert outcome("A", "unknown").witness == {}
