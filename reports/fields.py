"""The fields of ``results.json`` that all models share, and those of the scalar one, in the order of a run."""

from __future__ import annotations

from collections.abc import Mapping

from reports.checks import COUNT, FLAG, NUMBER, TEXT, Check, many, one_of, or_null, record, table

TIERS = ("none", "argument", "solvers", "kernel")
"""Trust tiers, lowest first."""

VERDICTS = ("proved", "refuted", "unknown")
KINDS = ("lemma", "argument", "theorem", "neighbour")
CERTIFIED_RULES = ("identity", "combination", "bisection", "substitution", "counterexample", "solution")
RULES = (*CERTIFIED_RULES, "argument", "none")
ANSWERS = ("unsat", "sat", "unknown", "timeout", "error")

_PLACE = or_null(record({"sample": COUNT, "step": COUNT, "eta": NUMBER, "weights": many(NUMBER)}))

_THEOREM_A = record(
    {
        "steps_checked": COUNT,
        "worst_rise": NUMBER,
        "worst_rise_in_error_bars": NUMBER,
        "error_bar": NUMBER,
        "where": _PLACE,
        "contradicted": FLAG,
    }
)
_THEOREM_B = record(
    {"states_checked": COUNT, "worst_margin": NUMBER, "tolerance": NUMBER, "where": _PLACE, "contradicted": FLAG}
)
_THEOREM_C = record(
    {
        "trajectories": COUNT,
        "states_checked": COUNT,
        "loss_factor": NUMBER,
        "phi_factor": NUMBER,
        "worst_loss_ratio": NUMBER,
        "loss_where": _PLACE,
        "worst_phi_ratio": NUMBER,
        "phi_where": _PLACE,
        "contradicted": FLAG,
    }
)
_TRAJECTORY = record(
    {
        "weights": many(NUMBER),
        "eta": NUMBER,
        "loss": many(NUMBER),
        "sharpness": many(NUMBER),
        "eta_phi": many(NUMBER),
        "product": many(NUMBER),
    }
)
_EXPERIMENT = record(
    {
        "depth": COUNT,
        "samples": COUNT,
        "steps": COUNT,
        "seed": COUNT,
        "theorem_a": _THEOREM_A,
        "theorem_b": _THEOREM_B,
        "theorem_c": _THEOREM_C,
        "gd_steps": COUNT,
        "nonmonotone_loss_steps": COUNT,
        "converged_fraction": NUMBER,
        "final_eta_phi": record({"minimum": NUMBER, "median": NUMBER, "maximum": NUMBER, "share_at_edge": NUMBER}),
        "edge_trajectory": _TRAJECTORY,
        "contradicted": FLAG,
    }
)
_ONE_STEP = record(
    {
        "samples": COUNT,
        "seed": COUNT,
        "depths": many(COUNT),
        "a_range": many(NUMBER),
        "order_flips": COUNT,
        "theorem_a": _THEOREM_A,
    }
)
_SOLVER = record({"solver": TEXT, "version": TEXT, "answer": one_of(ANSWERS), "seconds": NUMBER})
_CLAIM = record(
    {
        "identifier": TEXT,
        "title": TEXT,
        "words": TEXT,
        "formula": TEXT,
        "source": TEXT,
        "scope": TEXT,
        "kind": one_of(KINDS),
        "rests_on": many(TEXT),
        "verdict": one_of(VERDICTS),
        "own_tier": one_of(TIERS),
        "tier": one_of(TIERS),
        "rule": one_of(RULES),
        "digest": TEXT,
        "statement": TEXT,
        "certificate": TEXT,
        "certificate_bytes": COUNT,
        "leaves": COUNT,
        "boxes": COUNT,
        "prover_seconds": NUMBER,
        "kernel_seconds": NUMBER,
        "solvers": many(_SOLVER),
        "argument": TEXT,
        "note": TEXT,
        "witness": table(TEXT),
    }
)
_THEOREM = record(
    {
        "identifier": TEXT,
        "title": TEXT,
        "scope": TEXT,
        "verdict": one_of(VERDICTS),
        "tier": one_of(TIERS),
        "claims": many(TEXT),
        "arguments": many(TEXT),
    }
)
_IDENTITY = record({"name": TEXT, "statement": TEXT, "source": TEXT, "holds": FLAG})


def results_fields(question: Mapping[str, Check], parts: Mapping[str, Check]) -> Check:
    """Return the check of the results of a model.

    Parameters
    ----------
    question
        The fields of the question.
    parts
        The fields that only this model has.
    """
    return record(
        {
            "schema": COUNT,
            "model": TEXT,
            "command": TEXT,
            "question": record(question),
            "versions": table(TEXT),
            "seconds": NUMBER,
            "theorems": many(_THEOREM),
            "claims": many(_CLAIM),
            "identities": many(_IDENTITY),
            **parts,
        }
    )


SCALAR_FIELDS = results_fields(
    {"depth": or_null(COUNT), "theorem": TEXT, "seed": COUNT, "samples": COUNT},
    {"experiment": or_null(_EXPERIMENT), "one_step": or_null(_ONE_STEP)},
)
"""The fields of a run of the scalar-network theorems."""
