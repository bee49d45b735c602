"""Every claim graph of the package."""

from collections.abc import Iterator, Mapping
from typing import Any

from verify.claims import ClaimGraph
from verify.theorems.scalar import DEPTHS, scalar_graph
from verify.theorems.squared_regression import regression_graph


def every_graph() -> Iterator[ClaimGraph]:
    """Yield the graph of scalar networks at every and at each depth, then that of the squared regression model."""
    for depth in (None, *DEPTHS):
        yield scalar_graph(depth)
    yield regression_graph()


def graph_of_results(data: Mapping[str, Any]) -> ClaimGraph:
    """Return the graph that the results of a run (results.json) are about; nets and figures have no claims."""
    if data["model"] in ("nets", "figures"):
        return ClaimGraph(())
    return regression_graph() if data["model"] == "regression" else scalar_graph(data["question"]["depth"])
