"""The fields of ``results.json`` for the squared regression model."""

from __future__ import annotations

from reports.checks import COUNT, FLAG, NATURAL, NUMBER, TEXT, many, one_of, or_null, record, text_like
from reports.fields import results_fields

DATA_KINDS = ("gaussian", "diabetes", "file")
OUTCOMES = ("converged", "stopped", "diverged")
CERTIFIED_TIERS = ("kernel", "none")

_NUMERAL = r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?"
_DECIMAL = text_like(_NUMERAL, "a decimal number in a string")
_DECIMAL_OR_NOTHING = text_like(f"({_NUMERAL})?", "a decimal number in a string, or nothing")
_RATIONAL = text_like(
    r"(?=[0-9.]*[1-9])([0-9]{1,2000}(/0*[1-9][0-9]{0,2000})?|[0-9]{1,400}\.[0-9]{1,400})",
    "a positive rational number in a string",
)
_DATA_SET = record(
    {
        "name": TEXT,
        "kind": one_of(DATA_KINDS),
        "samples": NATURAL,
        "features": NATURAL,
        "rank": NATURAL,
        "description": TEXT,
        "covered": FLAG,
    }
)
_RUN = record(
    {
        "data": TEXT,
        "eta_factor": NUMBER,
        "eta": NUMBER,
        "scale": NUMBER,
        "seed": COUNT,
        "steps": NATURAL,
        "outcome": one_of(OUTCOMES),
        "eta_phi_start": NUMBER,
        "eta_phi_end": or_null(NUMBER),
        "loss_start": NUMBER,
        "loss_end": or_null(NUMBER),
        "loss_increases": NATURAL,
        "phi_steps": NATURAL,
        "worst_rise": or_null(NUMBER),
        "worst_rise_in_error_bars": or_null(NUMBER),
        "error_bar": or_null(NUMBER),
        "worst_step": COUNT,
        "rises": NATURAL,
        "sign_changes": NATURAL,
        "phi_rises_after_sign_change": NATURAL,
    }
)
_TRAJECTORY = record(
    {
        "data": TEXT,
        "eta_factor": NUMBER,
        "eta": NUMBER,
        "scale": NUMBER,
        "seed": COUNT,
        "loss": many(NUMBER),
        "sharpness": many(NUMBER),
        "eta_phi": many(NUMBER),
    }
)
_EXPERIMENT = record(
    {
        "steps": NATURAL,
        "seed": COUNT,
        "eta_factors": many(NUMBER),
        "scales": many(NUMBER),
        "runs": many(_RUN),
        "monotone_runs": NATURAL,
        "worst_run": COUNT,
        "trajectories": many(_TRAJECTORY),
        "observation_contradicted": FLAG,
        "theorem_contradicted": FLAG,
    }
)
_AXIS = record({"label": TEXT, "values": many(NUMBER)})
_PANEL = record(
    {
        "title": TEXT,
        "rows": _AXIS,
        "columns": _AXIS,
        "tested": many(many(NATURAL)),
        "rising": many(many(NATURAL)),
        "worst_rise": many(many(or_null(NUMBER))),
        "worst_in_error_bars": many(many(or_null(NUMBER))),
    }
)
_MAP = record(
    {
        "seed": COUNT,
        "samples_per_cell": NATURAL,
        "panels": many(_PANEL),
        "examples": many(record({"panel": COUNT, "text": TEXT})),
        "theorem_contradicted": FLAG,
    }
)
_CERTIFIED = record(
    {
        "data": TEXT,
        "samples": NATURAL,
        "features": NATURAL,
        "eta_factor": NUMBER,
        "eta": _RATIONAL,
        "seed": COUNT,
        "steps_asked": NATURAL,
        "steps_proved": NATURAL,
        "steps_refuted": NATURAL,
        "steps_unknown": NATURAL,
        "first_refuted": or_null(NATURAL),
        "first_unknown": or_null(NATURAL),
        "sign_changes": NATURAL,
        "reason": TEXT,
        "eta_phi": many(or_null(many(_DECIMAL))),
        "smallest_fall": _DECIMAL_OR_NOTHING,
        "loss_increases": NATURAL,
        "state_bits": NATURAL,
        "phi_bits": NATURAL,
        "seconds": NUMBER,
        "check_seconds": NUMBER,
        "certificate": TEXT,
        "certificate_bytes": NATURAL,
        "digest": TEXT,
        "tier": one_of(CERTIFIED_TIERS),
    }
)
_RISE = record(
    {
        "data": TEXT,
        "eta_factor": or_null(NUMBER),
        "scale": or_null(NUMBER),
        "seed": or_null(COUNT),
        "eta": _RATIONAL,
        "step": NATURAL,
        "rise": _DECIMAL,
        "eta_phi": many(_DECIMAL),
        "largest_move": _DECIMAL,
        "sign_change": or_null(FLAG),
        "loss_increases": or_null(FLAG),
        "rises": NATURAL,
        "digest": TEXT,
        "certificate": TEXT,
    }
)
REGRESSION_FIELDS = results_fields(
    {
        "data": TEXT,
        "samples": NATURAL,
        "features": NATURAL,
        "eta_factor": or_null(NUMBER),
        "steps": NATURAL,
        "seed": COUNT,
        "certify": FLAG,
    },
    {
        "data_sets": many(_DATA_SET),
        "experiment": or_null(_EXPERIMENT),
        "map": or_null(_MAP),
        "certified": or_null(_CERTIFIED),
        "rises": or_null(many(_RISE)),
    },
)
"""The fields of a run of the squared regression model."""
