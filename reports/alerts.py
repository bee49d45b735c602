"""What a reader of a report must see first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.markdown import embed_line, escape
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
    if _contradicted(results):
        found.append(("CAUTION", "The numerical experiment **contradicts a theorem** beyond its error bars."))
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


def _contradicted(results: Mapping[str, Any]) -> bool:
    experiment, one_step = results["experiment"], results["one_step"]
    checks = [] if experiment is None else [experiment, *(experiment[f"theorem_{name}"] for name in "abc")]
    if one_step is not None:
        checks.append(one_step["theorem_a"])
    return any(check["contradicted"] for check in checks)
