"""The proofs that come with the package, and their manifest.

every-depth/ holds the certificates of claims on scalar networks that do not depend on the depth asked for, depth-D/
those that do, regression/ those on the squared regression model, trajectories/ exact runs in which phi rises.
"""

from pathlib import Path

from verify.claims import Claim, ClaimGraph

FOLDER = Path(__file__).parent
MANIFEST = FOLDER / "manifest.json"
TRAJECTORIES = "trajectories"


def section(graph: ClaimGraph, claim: Claim) -> str:
    """Return the name of the folder in which the certificate of a claim of `graph` is kept."""
    return graph.own if claim.varies else graph.shared


def proof_folder(graph: ClaimGraph, claim: Claim) -> Path:
    """Return the folder of a claim's committed certificate."""
    return FOLDER / section(graph, claim)
