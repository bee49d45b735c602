"""The written steps of every theorem cite what they rest on, and rest on what they cite."""

import re

import pytest

from verify.claims import Claim, ClaimGraph
from verify.theorems.catalogue import every_graph

GRAPHS = {graph.own or graph.shared: graph for graph in every_graph()}
CITATION = re.compile(r"\[([A-Za-z][\w.-]*)\]\(#([^)]+)\)")
WRITTEN = [
    (name, c.identifier)
    for name in ("depth-2", "depth-5", "every-depth", "regression")
    for c in GRAPHS[name].claims
    if c.argument
]


def citations(graph: ClaimGraph, claim: Claim) -> set[str]:
    """Return the claims that a written step cites: links, and theorems that it names."""
    links = CITATION.findall(claim.argument)
    assert all(text == target for text, target in links)
    named = {f"theorem-{letter}" for letter in re.findall(r"\bTheorem ([A-Z])\b", claim.argument)}
    cited = {target for _, target in links} | (named - {claim.identifier})
    assert cited <= set(graph.by_identifier), "cites what is not a claim"
    return cited


@pytest.mark.parametrize(("part", "name"), WRITTEN)
def test_a_written_step_cites_what_it_rests_on_and_rests_on_what_it_cites(part: str, name: str) -> None:
    graph = GRAPHS[part]
    claim = graph.by_identifier[name]
    cited = citations(graph, claim)
    premise = {"theorem-A"} if name == "A5" else {"theorem-C"} if name == "C4" else set()  # words, not a use
    below = set(graph.closure([name])) - {name}
    assert cited - premise <= below
    assert set(claim.rests_on) <= set(graph.closure(cited - premise))


@pytest.mark.parametrize("part", GRAPHS)
def test_citations_in_words_of_other_claims_exist(part: str) -> None:
    graph = GRAPHS[part]
    for claim in graph.claims:
        named = set(re.findall(r"\b([A-HNPRSTV]\d(?:\.\w+)*)\b", f"{claim.title} {claim.words}"))
        assert named <= set(graph.by_identifier), (claim.identifier, named)


@pytest.mark.parametrize("part", ["depth-4", "every-depth", "regression"])
def test_every_bracket_in_an_argument_that_looks_like_a_citation_is_one(part: str) -> None:
    for claim in GRAPHS[part].claims:
        loose = re.findall(r"(?<!\[)\b([ABCEFGPRSTV]\d\.\d)\b(?!\]|\))", claim.argument)
        assert set(loose) <= {target for _, target in CITATION.findall(claim.argument)}, claim.identifier


def test_no_name_is_used_in_two_models() -> None:
    """`explain` finds a claim by its name alone."""
    assert not set(GRAPHS["depth-4"].by_identifier) & set(GRAPHS["regression"].by_identifier)
