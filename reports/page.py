"""What the template of any report sees: the results, and the links, sentences and warnings made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports import words
from reports.alerts import alerts
from reports.graph import LEGIBLE, closure, flowchart, overview
from reports.markdown import Headings, embed, embed_line, escape, link, redirect
from reports.numbers import counted
from reports.schema import digest

PLOTS = "plots"
"""Folder of a report's plots, inside that of the report."""

GROUNDS = {
    "kernel": "re-checked by the kernel",
    "solvers": "on the word of z3 and cvc5",
    "argument": "by written argument",
    "unknown": "undecided",
    "refuted": "refuted",
}
"""How the steps of a proof are counted: by the tier of the step itself, whatever it rests on."""

RULES = {
    "identity": "the two sides are the same rational function, by exact arithmetic with polynomials.",
    "combination": "the conclusion is a sum of products of hypotheses, squares and non-negative rationals, over a "
    "positive denominator; that, too, is an identity of polynomials.",
    "bisection": "the domain is cut into boxes; the leaves cover it, and on each leaf interval arithmetic shows that "
    "the conclusion holds, that a hypothesis fails, or that the conclusion exceeds a multiple of a hypothesis (so that "
    "it holds wherever the hypothesis does).",
    "substitution": "the claim is an instance of another.",
    "counterexample": "at an exact point all hypotheses hold and the conclusion fails.",
    "solution": "interval arithmetic shows that a box, which may be one point, has a point at which all hypotheses "
    "hold and the conclusion fails.",
}
"""What the rules of the kernel mean."""


class Page:
    """A report in the making; each model adds what only its template needs.

    Parameters
    ----------
    results
        Valid results of a run.
    anchors
        Anchors of the headings by key, as an earlier pass over the template found them; empty in the first pass.
    """

    def __init__(self, results: Mapping[str, Any], anchors: Mapping[str, str]) -> None:
        self.results = results
        self.anchors = anchors
        self.headings = Headings()
        self.claims = {claim["identifier"]: claim for claim in results["claims"]}
        self.rests_on = {name: claim["rests_on"] for name, claim in self.claims.items()}

    def context(self) -> dict[str, Any]:
        """Return the variables and functions that all templates use."""
        shown = [claim for claim in self.claims.values() if claim["kind"] != "neighbour"]
        labels = {name: words.label(name) for name in self.claims}
        return {
            **self.results,
            "claims": shown,
            "neighbours": [claim for claim in self.claims.values() if claim["kind"] == "neighbour"],
            "titles": {name: claim["title"] for name, claim in self.claims.items()},
            "all_proved": all(claim["verdict"] == "proved" for claim in shown),
            "alerts": alerts(self.results),
            "graph": flowchart(shown, labels),
            "overview": overview(shown, labels) if len(shown) > LEGIBLE else "",
            "rules": {name: text for name, text in RULES.items() if any(claim["rule"] == name for claim in shown)},
            "results_digest": digest(self.results),
            "commands": words.commands(self.results),
            "counted": counted,
            "heading": self.heading,
            "link": self.link,
            "embed": self.embed,
            "embed_line": self.embed_line,
            "anchor": self.anchor,
            "theorem_name": self.theorem_name,
            "grounds": self.grounds,
            "grounds_counted": self.grounds_counted,
            "how": self.how,
            "label": words.label,
            "tier": words.shown_tier,
            "tier_of": words.tier_of,
            "tiers": words.tiers,
            "verdict": words.shown_verdict,
        }

    def heading(self, level: int, text: str, key: str = "") -> str:
        """Return a heading line of plain text, and record its anchor under ``key``."""
        plain = " ".join(text.split())
        self.headings.add(plain, key)
        return f"{'#' * level} {escape(plain)}"

    def anchor(self, key: str) -> str:
        """Return the destination of a link to the heading recorded under ``key``."""
        return f"#{self.anchors.get(key, '')}"

    def embed(self, markdown: str) -> str:
        """Return a text of the results for the page; its links ``[A2](#A2)`` lead to the sections of the claims."""
        return redirect(embed(markdown), self._sections())

    def embed_line(self, markdown: str) -> str:
        """Return what :meth:`embed` does, on one line."""
        return redirect(embed_line(markdown), self._sections())

    def _sections(self) -> dict[str, str]:
        return {name: self.anchors.get(name, "") for name, claim in self.claims.items() if claim["kind"] != "neighbour"}

    def link(self, identifier: str) -> str:
        """Return a link to a claim's section, or to a planted one's certificate; its name alone if it has neither."""
        name, claim = escape(words.label(identifier)), self.claims[identifier]
        if claim["kind"] != "neighbour":
            return f"[{name}]({self.anchor(identifier)})"
        return f"[{name}]({link(claim['certificate'])})" if claim["certificate"] else name

    def theorem_name(self, letter: str) -> str:
        """Return ``Theorem A`` as a link to its section, or as plain text if the run was not asked for it."""
        identifier = f"theorem-{letter}"
        return self.link(identifier) if identifier in self.claims else f"Theorem {letter}"

    def grounds(self, identifier: str) -> dict[str, list[str]]:
        """Return a claim and all it rests on, in the order of the results, by the keys of :data:`GROUNDS`."""
        below = set(closure(identifier, self.rests_on))
        members: dict[str, list[str]] = {key: [] for key in GROUNDS}
        for name, claim in self.claims.items():
            if name in below:
                members[_step(claim)].append(name)
        return {key: names for key, names in members.items() if names}

    def grounds_counted(self, identifier: str) -> str:
        """Return, in words, how many steps a theorem rests on, and of what kind."""
        members = self.grounds(identifier)
        total = counted(sum(len(names) for names in members.values()), "step")
        parts = ", ".join(f"{len(names)} {GROUNDS[key]}" for key, names in members.items())
        return f"{total}: {parts}"

    def how(self, claim: Mapping[str, Any]) -> str:
        """Return a sentence on how a claim was decided."""
        if claim["verdict"] == "unknown":
            missing = [self.link(name) for name in words.unproved_below(claim, self.claims)]
            if missing:
                return f"It rests on what is not proved: {', '.join(missing)}."
            return "Neither a proof nor a counterexample was found."
        if claim["verdict"] == "proved" and claim["own_tier"] == "solvers":
            agree = " and ".join(s["solver"] for s in claim["solvers"] if s["answer"] == "unsat")
            return f"There is no certificate: {escape(agree)} found that no counterexample exists."
        sentences = {
            "bisection": f"By bisection: {counted(claim['boxes'], 'box', 'boxes')}, "
            f"{counted(claim['leaves'], 'leaf', 'leaves')}.",
            "substitution": f"By substitution: an instance of {self._below(claim) or 'a claim proved before'}.",
            "argument": "By the written argument below, which no program checked.",
            "none": "No rule is recorded.",
        }
        return sentences.get(claim["rule"], f"By {claim['rule']}.")

    def _below(self, claim: Mapping[str, Any]) -> str:
        return ", ".join(self.link(name) for name in claim["rests_on"])


def _step(claim: Mapping[str, Any]) -> str:
    """Return the key of :data:`GROUNDS` for a claim's own step."""
    if claim["verdict"] == "refuted":
        return "refuted"
    return "unknown" if claim["own_tier"] == "none" else str(claim["own_tier"])
