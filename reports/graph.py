"""What rests on what: closures of claims, and their Mermaid flowchart."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.numbers import counted

COLOURS = {
    "kernel": ("#0072B2", "#FFFFFF"),
    "solvers": ("#A6D8F5", "#000000"),
    "argument": ("#F2C14E", "#000000"),
    "unknown": ("#E6E6E6", "#000000"),
    "refuted": ("#A63603", "#FFFFFF"),
}
"""Fill and text colour of each class of nodes: own tier of a proved claim, or the verdict of another."""

LEGIBLE = 16
"""A graph with more nodes than this cannot be read at the width of a page, and gets an overview."""

_OUTLINE = "#4D4D4D"
_TITLE_WIDTH = 26
_TITLE_LINES = 3


def closure(name: str, rests_on: Mapping[str, Sequence[str]]) -> list[str]:
    """Return ``name`` and everything it rests on, directly or not, each once, in depth-first order."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found[current] = None
            waiting.extend(reversed(rests_on[current]))
    return list(found)


def find_cycle(rests_on: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a circle of claims, first and last alike, or the empty list if there is none."""
    done: set[str] = set()
    for start in rests_on:
        if start in done:
            continue
        path: list[str] = [start]
        pending: list[Iterator[str]] = [iter(rests_on[start])]
        while path:
            below = next(pending[-1], None)
            if below is None:
                done.add(path.pop())
                pending.pop()
            elif below in path:
                return [*path[path.index(below) :], below]
            elif below not in done:
                path.append(below)
                pending.append(iter(rests_on[below]))
    return []


def node_class(claim: Mapping[str, Any]) -> str:
    """Return the key of :data:`COLOURS` for a claim."""
    if claim["verdict"] != "proved":
        return str(claim["verdict"])
    return str(claim["own_tier"])


def mermaid_text(text: str) -> str:
    """Return plain text for a quoted Mermaid label: all but harmless characters as entity codes (``#34;``)."""
    plain = " ".join(text.split())
    return "".join(c if c.isalnum() or c in " ,.()=+-·…'" else f"#{ord(c)};" for c in plain)


def node_names(identifiers: Sequence[str]) -> dict[str, str]:
    """Return a distinct Mermaid node name, made of letters, digits and underscores, for each identifier."""
    names: dict[str, str] = {}
    for index, identifier in enumerate(identifiers):
        name = "c_" + re.sub(r"[^A-Za-z0-9]", "_", identifier)
        names[identifier] = f"{name}_{index}" if name in names.values() else name
    return names


def flowchart(claims: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> str:
    """Return the claims as a Mermaid flowchart, an arrow from each claim to every claim it rests on.

    A node shows the claim's label, its own tier (or its verdict, when it is not proved) and a short title. Theorems
    have rounded ends. Planted false claims are left out, as nothing rests on them.

    Parameters
    ----------
    claims
        The claims, as in the results.
    labels
        The name to print for each identifier.
    """
    shown = [claim for claim in claims if claim["kind"] != "neighbour"]
    names = node_names([claim["identifier"] for claim in shown])
    lines = [f"    {names[claim['identifier']]}{_shape(claim, labels[claim['identifier']])}" for claim in shown]
    for claim in shown:
        above = names[claim["identifier"]]
        lines += [f"    {above} --> {names[below]}" for below in claim["rests_on"]]
    classes = {names[claim["identifier"]]: node_class(claim) for claim in shown}
    return "\n".join(["flowchart TD", *lines, *_colouring(classes)])


def overview(claims: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> str:
    """Return the flowchart with the lemmas that the kernel re-checked gathered in one node under each other claim.

    An arrow between two claims, or from a claim to its lemmas, says that the first rests on the second directly or
    through such lemmas. Lemmas that nothing shown rests on are gathered in a node of their own.
    """
    shown = {claim["identifier"]: claim for claim in claims if claim["kind"] != "neighbour"}
    is_step = {name: claim["kind"] != "lemma" or node_class(claim) != "kernel" for name, claim in shown.items()}
    names = node_names(list(shown))
    lines, arrows, classes, used = [], [], {}, set()
    for name, claim in shown.items():
        if is_step[name]:
            lines.append(f"    {names[name]}{_shape(claim, labels[name])}")
            classes[names[name]] = node_class(claim)
            found = closure(name, {k: c["rests_on"] if k == name or not is_step[k] else [] for k, c in shown.items()})
            arrows += [f"    {names[name]} --> {names[below]}" for below in found[1:] if is_step[below]]
            lemmas = [below for below in shown if below in found and not is_step[below]]
            if lemmas:
                lines.append(f"    {names[name]}_lemmas{_lemmas_shape(lemmas)}")
                arrows.append(f"    {names[name]} --> {names[name]}_lemmas")
                classes[f"{names[name]}_lemmas"] = "kernel"
                used.update(lemmas)
    unused = [name for name in shown if not is_step[name] and name not in used]
    if unused:
        lines.append(f"    unused_lemmas{_lemmas_shape(unused, 'that nothing rests on')}")
        classes["unused_lemmas"] = "kernel"
    return "\n".join(["flowchart TD", *lines, *arrows, *_colouring(classes)])


def _colouring(classes: Mapping[str, str]) -> list[str]:
    """Return the lines that give each node the colours of its class."""
    lines = []
    for key, (fill, text) in COLOURS.items():
        members = [name for name, own in classes.items() if own == key]
        if members:
            dashes = ",stroke-dasharray:5 4" if key == "unknown" else ""
            lines.append(f"    classDef {key} fill:{fill},color:{text},stroke:{_OUTLINE}{dashes}")
            lines.append(f"    class {','.join(members)} {key}")
    return lines


def _lemmas_shape(lemmas: Sequence[str], which: str = "") -> str:
    head = f"{counted(len(lemmas), 'lemma')} {which}".strip()
    rows = textwrap.wrap(", ".join(lemmas), _TITLE_WIDTH, break_on_hyphens=False)
    return '["' + "<br/>".join([f"{head} · kernel", *(mermaid_text(row) for row in rows)]) + '"]'


def _shape(claim: Mapping[str, Any], label: str) -> str:
    title = textwrap.wrap(" ".join(claim["title"].split()), _TITLE_WIDTH)
    if len(title) > _TITLE_LINES:
        title = [*title[: _TITLE_LINES - 1], title[_TITLE_LINES - 1] + "…"]
    head = f"<b>{mermaid_text(label)}</b> · {node_class(claim)}"
    text = "<br/>".join([head, *(mermaid_text(line) for line in title)])
    return f'(["{text}"])' if claim["kind"] == "theorem" else f'["{text}"]'
