"""The claim graph of the scalar network: Theorems A and B for every depth, Theorem C at one depth."""

from verify.claims import ClaimGraph
from verify.theorems.convergence import convergence_claims
from verify.theorems.direct import direct_claims
from verify.theorems.invariance import invariance_claims
from verify.theorems.monotone import monotone_claims
from verify.theorems.neighbours import neighbour_claims

DEPTHS = range(2, 7)
DIRECT = "D"  # rests on all direct claims
THEOREMS = {"monotone": "theorem-A", "invariance": "theorem-B", "convergence": "theorem-C"}


def scalar_graph(depth: int) -> ClaimGraph:
    """Return all claims about scalar networks, with Theorem C at `depth`.

    Raises ValueError for a depth outside `DEPTHS`.
    """
    if depth not in DEPTHS:
        raise ValueError(f"depth {depth} is not supported: give one of {DEPTHS.start} to {DEPTHS.stop - 1}")
    return ClaimGraph(
        (
            *monotone_claims(),
            *direct_claims(),
            *invariance_claims(),
            *convergence_claims(depth),
            *neighbour_claims(depth),
        ),
        own=f"depth-{depth}",
    )


def selected_graph(depth: int, theorem: str) -> ClaimGraph:
    """Return the part of the graph that one theorem needs: "monotone", "invariance", "convergence" or "all".

    The direct checks of Theorem A and the false neighbours come along. Raises ValueError for another name.
    """
    graph = scalar_graph(depth)
    if theorem == "all":
        return graph
    if theorem not in THEOREMS:
        raise ValueError(f"theorem {theorem!r} is not known: give one of {', '.join([*THEOREMS, 'all'])}")
    return graph.restricted([THEOREMS[theorem], DIRECT])
