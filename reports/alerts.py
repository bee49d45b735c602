"""What a reader of a report must see first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.markdown import embed_line, escape
from reports.numbers import counted
from reports.regression_words import certified_outcome, place, rise, taken, totals
from reports.words import label, unproved_below


def alerts(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a reader must see first, as pairs of a GitHub alert kind and one paragraph of Markdown.

    Planted false claims that were "proved", refuted or undecided claims, solvers that disagree, identities that fail
    and contradicted experiments; nothing for a run in which all went as it should.
    """
    claims = {claim["identifier"]: claim for claim in results["claims"]}
    found = [alert for claim in claims.values() for alert in _claim_alerts(claim, claims)]
    found += [
        ("CAUTION", f"The symbolic identity **{escape(identity['name'])}** does not hold.")
        for identity in results["identities"]
        if not identity["holds"]
    ]
    found += _scalar_alerts(results) if results["model"] == "scalar" else _regression_alerts(results)
    return sorted(found, key=lambda alert: alert[0] != "CAUTION")


def _claim_alerts(claim: Mapping[str, Any], claims: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    name = f"**{escape(label(claim['identifier']))}** ({escape(claim['title'])})"
    if claim["kind"] == "neighbour":
        if claim["verdict"] != "proved":
            return []
        shout = "It was planted to be false: the machinery is unsound. **No verdict in this report can be trusted.**"
        return [("CAUTION", f"**THE FALSE CLAIM** {name} **WAS “PROVED”.** {shout}")]
    found = []
    note = embed_line(claim["note"])
    if claim["verdict"] == "refuted":
        found.append(("CAUTION", f"{name} is **refuted**. {note}".rstrip()))
    if claim["verdict"] == "unknown":
        missing = ", ".join(escape(label(below)) for below in unproved_below(claim, claims))
        why = f"it rests on {missing}" if missing else "it was neither proved nor refuted"
        found.append(("WARNING", f"{name} is **unknown**: {why}. {note}".rstrip()))
    against = {"proved": {"sat"}, "refuted": {"unsat"}, "unknown": {"sat", "unsat"}}[claim["verdict"]]
    answers = {solver["answer"] for solver in claim["solvers"]}
    if answers & against == against:
        found.append(("CAUTION", f"The solvers' answers on {name} contradict the verdict or each other."))
    return found


def _scalar_alerts(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    experiment, one_step = results["experiment"], results["one_step"]
    checks = [] if experiment is None else [experiment, *(experiment[f"theorem_{name}"] for name in "abc")]
    if one_step is not None:
        checks.append(one_step["theorem_a"])
    if not any(check["contradicted"] for check in checks):
        return []
    return [("CAUTION", "The numerical experiment **contradicts a theorem** beyond its error bars.")]


def _regression_alerts(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = _broken_theorem(results)
    experiment, certified = results["experiment"], results["certified"]
    if experiment is not None and experiment["observation_contradicted"]:
        all_runs = totals(experiment["runs"])
        found.append(
            (
                "WARNING",
                f"**The observation that $`\\varphi`$ never increases does not hold in these experiments:** it rose by "
                f"more than the error bar in {counted(all_runs['rises'], 'step')} without a sign change, in "
                f"{all_runs['rising']} of {counted(all_runs['runs'], 'run')}. Worst: {rise(all_runs['worst'])} "
                f"({place(all_runs['worst'])}).",
            )
        )
    if certified is not None and certified["steps_refuted"]:
        steps = counted(certified["steps_refuted"], "step")
        found.append(
            ("WARNING", f"**In the certified run $`\\varphi`$ increases**, which is proved for {steps}; see below.")
        )
    if certified is not None and taken(certified) - certified["steps_unknown"] < certified["steps_asked"]:
        found.append(("WARNING", f"The certified run is incomplete: {certified_outcome(certified)}."))
    return found


def _broken_theorem(results: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a shout for each part of the results in which ``phi`` rises although Theorem R forbids it."""
    covered = {data["name"] for data in results["data_sets"] if data["covered"]}
    certified = results["certified"]
    parts = []
    if any(results[part] is not None and results[part]["theorem_contradicted"] for part in ("experiment", "map")):
        parts.append("IN THE EXPERIMENT, BEYOND THE ERROR BAR")
    is_covered = certified is not None and certified["data"] in covered
    if is_covered and certified["steps_refuted"] > certified["sign_changes"]:
        parts.append("IN THE CERTIFIED RUN")
    if any(rise["data"] in covered and rise["sign_change"] is False for rise in results["rises"] or []):
        parts.append("BY A PROVED RISE")
    shout = (
        "in a step that Theorem R covers. Either the theorem, a proof or the computation is wrong. **Nothing in this "
        "report can be trusted until that is explained.**"
    )
    return [("CAUTION", f"**THEOREM R IS CONTRADICTED {part}:** $`\\varphi`$ rose {shout}") for part in parts]
