"""The fields of ``results.json`` and the checks of their types, in the order in which a run is described."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reports.errors import ResultsError

TIERS = ("none", "argument", "solvers", "kernel")
"""Trust tiers, lowest first."""

VERDICTS = ("proved", "refuted", "unknown")
KINDS = ("lemma", "argument", "theorem", "neighbour")
CERTIFIED_RULES = ("identity", "combination", "bisection", "substitution", "counterexample")
RULES = (*CERTIFIED_RULES, "argument", "none")
ANSWERS = ("unsat", "sat", "unknown", "timeout", "error")

Check = Callable[[Any, str], None]
"""Accepts a value, or raises :class:`ResultsError` naming its place."""


def shown(value: Any) -> str:
    """Return a short form of a wrong value for a message of one line."""
    text = json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= 40 else text[:37] + "..."


def _typed(words: str, *types: type) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ResultsError(f"{place}: expected {words}, got {shown(value)}")

    return check


def _one_of(words: Sequence[str]) -> Check:
    def check(value: Any, place: str) -> None:
        if value not in words:
            raise ResultsError(f"{place}: expected one of {', '.join(words)}, got {shown(value)}")

    return check


def _many(entry: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, list):
            raise ResultsError(f"{place}: expected a list, got {shown(value)}")
        for index, item in enumerate(value):
            entry(item, f"{place}[{index}]")

    return check


def _record(fields: Mapping[str, Check]) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise ResultsError(f"{place}: expected an object, got {shown(value)}")
        for name, field in fields.items():
            if name not in value:
                raise ResultsError(f"{place}: the field {name!r} is missing")
            field(value[name], f"{place}.{name}")

    return check


def _table(entry: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise ResultsError(f"{place}: expected an object, got {shown(value)}")
        for name, item in value.items():
            entry(item, f"{place}.{name}")

    return check


def _or_null(entry: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if value is not None:
            entry(value, place)

    return check


TEXT = _typed("a string", str)
COUNT = _typed("an integer", int)
NUMBER = _typed("a number", int, float)
FLAG = _typed("true or false", bool)

_PLACE = _or_null(_record({"sample": COUNT, "step": COUNT, "eta": NUMBER, "weights": _many(NUMBER)}))

_THEOREM_A = _record(
    {
        "steps_checked": COUNT,
        "worst_rise": NUMBER,
        "worst_rise_in_error_bars": NUMBER,
        "error_bar": NUMBER,
        "where": _PLACE,
        "contradicted": FLAG,
    }
)
_THEOREM_B = _record(
    {"states_checked": COUNT, "worst_margin": NUMBER, "tolerance": NUMBER, "where": _PLACE, "contradicted": FLAG}
)
_THEOREM_C = _record(
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
_TRAJECTORY = _record(
    {
        "weights": _many(NUMBER),
        "eta": NUMBER,
        "loss": _many(NUMBER),
        "sharpness": _many(NUMBER),
        "eta_phi": _many(NUMBER),
        "product": _many(NUMBER),
    }
)
_EXPERIMENT = _record(
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
        "final_eta_phi": _record({"minimum": NUMBER, "median": NUMBER, "maximum": NUMBER, "share_at_edge": NUMBER}),
        "edge_trajectory": _TRAJECTORY,
        "contradicted": FLAG,
    }
)
_ONE_STEP = _record(
    {
        "samples": COUNT,
        "seed": COUNT,
        "depths": _many(COUNT),
        "a_range": _many(NUMBER),
        "order_flips": COUNT,
        "theorem_a": _THEOREM_A,
    }
)
_SOLVER = _record({"solver": TEXT, "version": TEXT, "answer": _one_of(ANSWERS), "seconds": NUMBER})
_CLAIM = _record(
    {
        "identifier": TEXT,
        "title": TEXT,
        "words": TEXT,
        "formula": TEXT,
        "source": TEXT,
        "scope": TEXT,
        "kind": _one_of(KINDS),
        "rests_on": _many(TEXT),
        "verdict": _one_of(VERDICTS),
        "own_tier": _one_of(TIERS),
        "tier": _one_of(TIERS),
        "rule": _one_of(RULES),
        "digest": TEXT,
        "statement": TEXT,
        "certificate": TEXT,
        "certificate_bytes": COUNT,
        "leaves": COUNT,
        "boxes": COUNT,
        "prover_seconds": NUMBER,
        "kernel_seconds": NUMBER,
        "solvers": _many(_SOLVER),
        "argument": TEXT,
        "note": TEXT,
        "witness": _table(TEXT),
    }
)
_THEOREM = _record(
    {
        "identifier": TEXT,
        "title": TEXT,
        "scope": TEXT,
        "verdict": _one_of(VERDICTS),
        "tier": _one_of(TIERS),
        "claims": _many(TEXT),
        "arguments": _many(TEXT),
    }
)
RESULTS_FIELDS = _record(
    {
        "schema": COUNT,
        "command": TEXT,
        "question": _record({"depth": COUNT, "theorem": TEXT, "seed": COUNT, "samples": COUNT}),
        "versions": _table(TEXT),
        "seconds": NUMBER,
        "theorems": _many(_THEOREM),
        "claims": _many(_CLAIM),
        "identities": _many(_record({"name": TEXT, "statement": TEXT, "source": TEXT, "holds": FLAG})),
        "experiment": _or_null(_EXPERIMENT),
        "one_step": _or_null(_ONE_STEP),
    }
)
