"""The claims about the scalar network: Theorem C at one depth or at every depth, P at depth 2, all others at every."""

from verify.claims import ClaimGraph
from verify.theorems.certified import certified_claims
from verify.theorems.convergence import convergence_claims
from verify.theorems.direct import direct_claims
from verify.theorems.global_convergence import (
    convergence_beside,
    global_claims_every_depth,
    past_the_edge_claims,
)
from verify.theorems.invariance import invariance_claims
from verify.theorems.lyapunov import lyapunov_claims
from verify.theorems.lyapunov_neighbours import lyapunov_neighbours
from verify.theorems.monotone import monotone_claims
from verify.theorems.neighbours import neighbour_claims
from verify.theorems.self_stabilising import stability_claims, stability_claims_every_depth
from verify.theorems.sharper import sharper_claims
from verify.theorems.sharper_neighbours import far_claims
from verify.theorems.two_steps import two_step_claims
from verify.theorems.two_steps_every_depth import two_step_claims_every_depth
from verify.theorems.two_steps_neighbours import two_step_neighbours

DEPTHS = range(2, 7)
DIRECT = "D"  # rests on all direct claims
BESIDE = {"convergence": "theorem-C-sharper", "two-steps": "theorem-T"}  # theorems that come along, where there are
THEOREMS = {
    "monotone": "theorem-A",
    "invariance": "theorem-B",
    "convergence": "theorem-C",
    "stability": "theorem-E",
    "global": "theorem-H",
    "lyapunov": "theorem-V",
    "two-steps": "theorem-P",
}


def scalar_graph(depth: int | None) -> ClaimGraph:
    """Return all claims about scalar networks, with Theorem C at `depth`, or at every depth (None).

    Raises ValueError for a depth outside `DEPTHS`.
    """
    if depth is not None and depth not in DEPTHS:
        raise ValueError(f"depth {depth} is not supported: give one of {DEPTHS.start} to {DEPTHS.stop - 1}")
    return ClaimGraph(
        (
            *monotone_claims(),
            *direct_claims(),
            *invariance_claims(),
            *convergence_claims(depth),
            *(sharper_claims() if depth is None else ()),
            *stability_claims_every_depth(),
            *global_claims_every_depth(),
            *certified_claims(),
            *past_the_edge_claims(),
            *lyapunov_claims(),
            *two_step_claims_every_depth(),
            *two_step_claims(),
            *neighbour_claims(depth),
            *stability_claims(depth),
            *convergence_beside(),
            *lyapunov_neighbours(),
            *two_step_neighbours(),
            *(far_claims() if depth is None else ()),
        ),
        own="every-depth" if depth is None else f"depth-{depth}",
    )


def selected_graph(depth: int | None, theorem: str) -> ClaimGraph:
    """Return the part of the graph that one theorem needs: a key of `THEOREMS` or "all".

    The direct checks of Theorem A and the false neighbours come along. Raises ValueError for another name.
    """
    graph = scalar_graph(depth)
    if theorem == "all":
        return graph
    if theorem not in THEOREMS:
        raise ValueError(f"theorem {theorem!r} is not known: give one of {', '.join([*THEOREMS, 'all'])}")
    more = BESIDE.get(theorem, "")
    roots = [THEOREMS[theorem], *([more] if more in graph.by_identifier else [])]
    return graph.restricted([*roots, *([DIRECT] if "theorem-A" in graph.closure(roots) else [])])
