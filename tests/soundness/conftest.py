"""Makes the independent judges of the kernel's and the provers' tests importable here."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
for folder in ("verify/kernel", "verify/provers", "verify/smt2"):
    if str(TESTS / folder) not in sys.path:
        sys.path.append(str(TESTS / folder))
