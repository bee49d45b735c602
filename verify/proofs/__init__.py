"""The proofs that come with the package, and their manifest.

every-depth/ holds the certificates of claims that do not depend on the depth asked for, depth-D/ those that do.
"""

from pathlib import Path

from verify.claims import Claim

FOLDER = Path(__file__).parent
MANIFEST = FOLDER / "manifest.json"


def section(claim: Claim, depth: int) -> str:
    """Return the name of the folder in which a claim's certificate is kept."""
    return f"depth-{depth}" if claim.varies else "every-depth"


def proof_folder(claim: Claim, depth: int) -> Path:
    """Return the folder of a claim's committed certificate."""
    return FOLDER / section(claim, depth)
