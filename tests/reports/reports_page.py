"""Reading a rendered report: its headings, links and tables, and what must hold for every one."""

import itertools
import re

from markdown_it import MarkdownIt

from reports.markdown import slug


def parse(text: str):
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def heading_anchors(text: str) -> set[str]:
    """Return the anchors of all headings, from the parsed page."""
    anchors: set[str] = set()
    tokens = parse(text)
    for before, token in itertools.pairwise(tokens):
        if before.type == "heading_open":
            base = slug("".join(child.content for child in token.children))
            numbered = (base if k == 0 else f"{base}-{k}" for k in range(100))
            anchors.add(next(anchor for anchor in numbered if anchor not in anchors))
    return anchors


def destinations(text: str) -> list[str]:
    """Return the destinations of all links of the parsed page."""
    children = [child for token in parse(text) for child in token.children or []]
    return [str(child.attrs["href"]) for child in children if child.type == "link_open"]


def assert_sound(text: str) -> None:
    """Check what holds for every report: anchors resolve, tables are even, nothing is left of the template."""
    anchors = heading_anchors(text)
    assert [href for href in destinations(text) if href.startswith("#") and href[1:] not in anchors] == []
    assert all(anchor in anchors for anchor in re.findall(r"\]\(#([^)]*)\)", text))
    for table in re.findall(r"(?:^\|.*\|$\n)+", text, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table
    assert not re.search(r"\{\{|\}\}\}|\{%|%\}|\bNone\b|\bnan\b|\bUndefined\b|#\)", text)
    assert "\n\n\n" not in text
    assert not re.search(r"[ \t]+$", text, re.MULTILINE)
    html = [token.content for token in parse(text) if token.type == "html_block"]
    assert all(re.fullmatch(r"<details>\n<summary>[^<]*</summary>\n?|</details>\n?", block) for block in html)
    assert text.count("<details>") == text.count("</details>")


def row(text: str, start: str) -> str:
    """Return the one table row that starts with ``start``."""
    (found,) = [line for line in text.splitlines() if line.startswith(start)]
    return found
