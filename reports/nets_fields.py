"""The fields of ``results.json`` for gradient descent on a real network."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from reports.checks import COUNT, FLAG, NATURAL, TEXT, Check, many, one_of, or_null, record, shown
from reports.errors import ResultsError
from reports.fields import results_fields

LOSSES = ("mse", "cross-entropy")
DATA_KINDS = ("cifar10", "digits")
DTYPES = ("float32", "float64")
GFS_OUTCOMES = ("converged", "out of work", "diverged")
RUN_OUTCOMES = ("finished", "diverged")

_LARGEST = 1e100
"""Numbers are below this in magnitude, so that they can be drawn."""


def _real(words: str, accept: Callable[[float], bool]) -> Check:
    """Accept numbers below ``_LARGEST`` in magnitude for which ``accept`` is true; ``words`` say what is expected."""

    def check(value: Any, place: str) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # an integer is compared as it is, for it may be too large for a float
        if not (is_number and -_LARGEST < value < _LARGEST and accept(float(value))):
            raise ResultsError(f"{place}: expected {words}, got {shown(value)}")

    return check


_FINITE = _real("a finite number", math.isfinite)
_NOT_NEGATIVE = _real("a finite number of at least 0", lambda value: value >= 0.0)
_POSITIVE = _real("a finite number above 0", lambda value: value > 0.0)
_SHARE = _real("a number from 0 to 1", lambda value: 0.0 <= value <= 1.0)

_LAYER = record(
    {
        "name": TEXT,
        "kind": TEXT,
        "description": TEXT,
        "output_shape": many(NATURAL),
        "parameters": NATURAL,
    }
)
_NETWORK = record(
    {
        "arch": TEXT,
        "activation": TEXT,
        "width": _POSITIVE,
        "parameters": NATURAL,
        "layers": many(_LAYER),
    }
)
_DATA = record(
    {
        "name": TEXT,
        "kind": one_of(DATA_KINDS),
        "samples": NATURAL,
        "classes": NATURAL,
        "description": TEXT,
        "sha256": TEXT,
    }
)
_SHARPNESS = record({"step": NATURAL, "value": _FINITE, "residual": _NOT_NEGATIVE, "products": NATURAL})
_FLOW_POINT = record({"time": _NOT_NEGATIVE, "loss": _NOT_NEGATIVE, "sharpness": _FINITE})
_GFS = record(
    {
        "step": NATURAL,
        "value": or_null(_FINITE),
        "error": or_null(_NOT_NEGATIVE),
        "error_flow": _NOT_NEGATIVE,
        "error_left": _NOT_NEGATIVE,
        "error_eigenvalue": _NOT_NEGATIVE,
        "loss_end": _NOT_NEGATIVE,
        "time_end": _NOT_NEGATIVE,
        "sharpness_end": _FINITE,
        "gradients": NATURAL,
        "products": NATURAL,
        "seconds": _NOT_NEGATIVE,
        "outcome": one_of(GFS_OUTCOMES),
        "path": many(_FLOW_POINT),
    }
)
_FALL = record(
    {
        "measurements": NATURAL,
        "falls": NATURAL,
        "within": NATURAL,
        "rises": NATURAL,
        "widening": _NOT_NEGATIVE,
        "largest_rise": or_null(_FINITE),
        "rise_from": or_null(NATURAL),
        "rise_to": or_null(NATURAL),
        "contradicted": FLAG,
    }
)
_RUN = record(
    {
        "eta": _POSITIVE,
        "eta_factor": or_null(_FINITE),
        "outcome": one_of(RUN_OUTCOMES),
        "diverged_at": or_null(NATURAL),
        "steps": NATURAL,
        "loss": many(_NOT_NEGATIVE),
        "accuracy": many(_SHARE),
        "sharpness": many(_SHARPNESS),
        "gfs": many(_GFS),
        "loss_increases": NATURAL,
        "seconds_steps": _NOT_NEGATIVE,
        "seconds_sharpness": _NOT_NEGATIVE,
        "seconds_gfs": _NOT_NEGATIVE,
        "fall": _FALL,
    }
)
NETS_FIELDS = results_fields(
    {
        "arch": TEXT,
        "activation": TEXT,
        "loss": one_of(LOSSES),
        "width": _POSITIVE,
        "data": one_of(DATA_KINDS),
        "samples": NATURAL,
        "seed": COUNT,
        "lr_factor": or_null(_POSITIVE),
        "lr": or_null(_POSITIVE),
        "steps": NATURAL,
        "gfs_every": NATURAL,
        "sharpness_every": NATURAL,
        "rtol": _POSITIVE,
        "chunk": NATURAL,
        "dtype": one_of(DTYPES),
        "device": TEXT,
        "max_gradients": NATURAL,
    },
    {
        "network": _NETWORK,
        "data": _DATA,
        "machine": record({"cores": NATURAL, "threads": NATURAL, "processor": TEXT, "torch": TEXT}),
        "flow": record({"method": TEXT, "assumes": many(TEXT)}),
        "run": _RUN,
    },
)
"""The fields of a run on a network."""
