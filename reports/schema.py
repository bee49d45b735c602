"""Reading ``results.json``, version 2, and refusing what is not that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reports.checks import Check, shown
from reports.consistency import require_consistent, require_consistent_scalar
from reports.errors import ResultsError
from reports.fields import SCALAR_FIELDS
from reports.figures_consistency import require_consistent_figures
from reports.figures_fields import FIGURES_FIELDS
from reports.nets_consistency import require_consistent_nets
from reports.nets_fields import NETS_FIELDS
from reports.regression_consistency import require_consistent_regression
from reports.regression_fields import REGRESSION_FIELDS

SCHEMA = 2
"""Version of the schema."""

MODELS: dict[str, tuple[Check, Callable[[Mapping[str, Any]], None]]] = {
    "scalar": (SCALAR_FIELDS, require_consistent_scalar),
    "regression": (REGRESSION_FIELDS, require_consistent_regression),
    "nets": (NETS_FIELDS, require_consistent_nets),
    "figures": (FIGURES_FIELDS, require_consistent_figures),
}
"""The models, with the fields of their results and the check of what only they contain."""

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
        Naming the first field that is missing or wrong, or the first claim, theorem or measurement that the rest of
        the data does not bear out.
    """
    if not isinstance(results, Mapping):
        raise ResultsError(f"results: expected an object, got {shown(results)}")
    if "schema" in results and results["schema"] != SCHEMA:
        raise ResultsError(f"schema version {shown(results['schema'])}, but this program reads version {SCHEMA}")
    for name in ("schema", "model"):
        if name not in results:
            raise ResultsError(f"results: the field {name!r} is missing")
    model = results["model"]
    if not isinstance(model, str) or model not in MODELS:
        raise ResultsError(f"results.model: expected one of {', '.join(MODELS)}, got {shown(model)}")
    fields, require_consistent_model = MODELS[model]
    fields(results, "results")
    require_consistent(results)
    require_consistent_model(results)
