"""Reading ``results.json``, version 1, and refusing what is not that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports.consistency import require_consistent
from reports.errors import ResultsError
from reports.fields import RESULTS_FIELDS, shown

SCHEMA = 1
"""Version of the schema."""

RESULTS = "results.json"
"""Name of the file that holds a run's results."""


def digest(data: Any) -> str:
    """Return the SHA-256 of plain data, written as JSON with sorted keys and no spaces."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def load(folder: Path) -> dict[str, Any]:
    """Read and validate ``folder/results.json``.

    Raises
    ------
    ResultsError
        If the file is missing, cannot be read, is not JSON, or :func:`validate` refuses it.
    """
    path = folder / RESULTS
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ResultsError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from error
    try:
        results = json.loads(text)
        validate(results)
    except ResultsError as error:
        raise ResultsError(f"{path}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: not JSON: {error}") from error
    assert isinstance(results, dict)
    return results


def validate(results: Any) -> None:
    """Check that results have the schema and do not contradict themselves.

    Raises
    ------
    ResultsError
        Naming the first field that is missing or wrong, or the first claim or theorem said to be proved, or to
        have a tier, that the rest of the data does not bear out.
    """
    if isinstance(results, Mapping) and "schema" in results and results["schema"] != SCHEMA:
        raise ResultsError(f"schema version {shown(results['schema'])}, but this program reads version {SCHEMA}")
    RESULTS_FIELDS(results, "results")
    require_consistent(results)
