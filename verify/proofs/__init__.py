"""The proofs that come with the package, their manifest, and the regression run that keeps both honest.

every-depth/ holds the certificates of claims that do not depend on the depth (and of those at a fixed depth of their
own), depth-D/ those of Theorem C at depth D.
"""

from pathlib import Path

from verify.claims import EVERY_DEPTH

FOLDER = Path(__file__).parent


def proof_folder(scope: str, depth: int) -> Path:
    """Return the folder of a claim's committed certificate, by its scope in the graph at `depth`."""
    return FOLDER / (f"depth-{depth}" if scope == f"depth {depth}" and scope != EVERY_DEPTH else "every-depth")
