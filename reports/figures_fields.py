"""The fields of ``results.json`` for the figures on scalar networks."""

from __future__ import annotations

import math
from typing import Any

from reports.checks import NATURAL, TEXT, Check, many, one_of, or_null, record, shown, table, text_like
from reports.errors import ResultsError
from reports.fields import results_fields

FIGURES = ("monotone", "convergence", "plane")
REGIONS = ("region-depth-2", "region-depth-4")
ORBIT_VERDICTS = ("converges", "diverges", "reaches zero", "outside", "undecided")

_LARGEST = 1e250
"""Numbers are below this in magnitude, so that they can be drawn."""


def _number(value: Any, place: str) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and -_LARGEST < value < _LARGEST and math.isfinite(value)):
        raise ResultsError(f"{place}: expected a finite number, got {shown(value)}")


_NUMBER: Check = _number
_EXACT = text_like(r"-?[0-9]{1,400}(/0*[1-9][0-9]{0,400})?", "a rational number in a string")
_POSITIVE = text_like(
    r"0*[1-9][0-9]{0,400}(/0*[1-9][0-9]{0,400})?", "a positive rational number without sign in a string"
)
_DECIMAL = text_like(r"[0-9]{1,20}\.[0-9]{1,30}", "a decimal number in a string")
_WEIGHT = text_like(r"w[1-9][0-9]?", "the name of a weight")
_CERTIFICATE = text_like(r"certificates/[A-Za-z0-9.-]+\.json(\.gz)?", "the path of a certificate")
_BOUNDS = or_null(many(_EXACT))
_STEP = or_null(NATURAL)
_SERIES = record(
    {
        "step": many(NATURAL),
        "loss": many(_NUMBER),
        "sharpness": many(or_null(_NUMBER)),
        "eta_phi": many(or_null(_NUMBER)),
    }
)
_ORBIT = record(
    {
        "name": TEXT,
        "figure": one_of(FIGURES),
        "eta": _POSITIVE,
        "weights": many(_POSITIVE),
        "verdict": one_of(ORBIT_VERDICTS),
        "assumption": TEXT,
        "reason": TEXT,
        "inside_from": _STEP,
        "monotone_from": _STEP,
        "edge": _STEP,
        "premise": _STEP,
        "bits": NATURAL,
        "step": NATURAL,
        "eta_phi_start": _BOUNDS,
        "eta_phi_limit": _BOUNDS,
        "loss_rises": _STEP,
        "series": or_null(_SERIES),
        "path": or_null(many(many(_NUMBER))),
        "certificate": _CERTIFICATE,
        "certificate_bytes": NATURAL,
    }
)
_BY_VERDICT = dict.fromkeys("icou", _EXACT)
_REGION = record(
    {
        "name": one_of(REGIONS),
        "depth": NATURAL,
        "eta": _POSITIVE,
        "axes": many(_WEIGHT),
        "fixed": table(_POSITIVE),
        "box": many(_EXACT),
        "area": _POSITIVE,
        "areas": record(_BY_VERDICT),
        "cells": record(dict.fromkeys("icou", NATURAL)),
        "area_of_S_eta": many(_DECIMAL),
        "area_convergent": _DECIMAL,
        "tree": TEXT,
        "certificate": _CERTIFICATE,
        "certificate_bytes": NATURAL,
    }
)
FIGURES_FIELDS = results_fields(
    {"asked": many(TEXT)}, {"trajectories": many(_ORBIT), "regions": many(_REGION), "missing": many(TEXT)}
)
"""The fields of the figures: certified orbits and regions, and what was asked for but not done."""
