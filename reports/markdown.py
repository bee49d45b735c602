"""Texts as safe GitHub-flavoured Markdown.

Two kinds of text come from the results. Plain text (titles, names, answers) is escaped, so that it shows as it is
written. Markdown text (statements in words, written arguments, notes) keeps its Markdown and its mathematics, but
cannot disturb the page around it: HTML shows as text, headings become bold lines, an open code block is closed.

Mathematics is written in GitHub's backtick forms, as Markdown does not touch what stands in backticks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&!])")
_HEADING = re.compile(r"^ {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r"^ {0,3}(?:=+|-+)[ \t]*$")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})")
_INNER_LINK = re.compile(r"\[([^][\n]*)\]\(#([^()\s]*)\)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://)")
_PARTS = re.compile(
    r"""
      (?P<block>^(?P<indent>[ \t]*)\$\$(?P<display>(?:(?!\$\$).)+?)\$\$[ \t]*$)
    | (?P<ready>\$`[^`\n]+`\$)
    | (?P<code>(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`))
    | (?P<inline>(?<![\\$\w])\$(?![\s$`])(?P<maths>(?:(?!\n[ \t]*\n)[^$`])+?)(?<![\s\\])\$(?![\w$]))
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


def escape(text: str) -> str:
    """Return plain text, on one line, with every character that Markdown or HTML gives a meaning escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def cell(markdown: str) -> str:
    """Return Markdown for a table cell: on one line, with every ``|`` escaped that is not escaped already."""

    def escaped(match: re.Match[str]) -> str:
        slashes = match[1]
        if len(slashes) % 2 == 1:
            return match[0]
        return f"{slashes} \\|" if slashes else "\\|"

    return re.sub(r"(\\*)\|", escaped, " ".join(markdown.split()))


def code(text: str) -> str:
    """Return plain text as a code span."""
    plain = " ".join(text.split())
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", plain)), default=0))
    padding = " " if plain.startswith("`") or plain.endswith("`") or not plain else ""
    return f"{ticks}{padding}{plain}{padding}{ticks}"


def fence(text: str, language: str = "") -> str:
    """Return a fenced block that ``text`` cannot close."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks}{language}\n{text.strip(chr(10))}\n{ticks}"


def link(path: str) -> str:
    """Return a relative path as the destination of a link."""
    return quote(path, safe="/-_.~")


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading whose text is ``heading``, the first of that text.

    Lower case; letters, marks, digits, underscores and hyphens stay, spaces become hyphens, all else goes.
    """
    kept = (c for c in heading.strip().lower() if c in " -" or unicodedata.category(c)[:1] in "LM" or _word(c))
    return "".join(kept).replace(" ", "-")


def _word(character: str) -> bool:
    return unicodedata.category(character) in ("Nd", "Nl", "Pc")


@dataclass
class Headings:
    """The anchors of a page, in order: GitHub numbers repeated ones ``name``, ``name-1``, ``name-2``.

    Attributes
    ----------
    anchors
        Anchor of each heading that was given a key.
    """

    anchors: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def add(self, text: str, key: str = "") -> str:
        """Record the next heading of the page, whose visible text is ``text``, and return its anchor."""
        base = slug(text)
        anchor = base
        while anchor in self._seen:
            self._seen[base] += 1
            anchor = f"{base}-{self._seen[base]}"
        self._seen[anchor] = 0
        if key:
            self.anchors[key] = anchor
        return anchor


def embed(markdown: str) -> str:
    r"""Return Markdown text that can stand on the page without disturbing it.

    ``$x$`` and lines ``$$x$$`` become GitHub's backtick forms; HTML tags show as text; headings become bold.

    Examples
    --------
    >>> embed(r"if $0 < c<z_1$ and a<b")
    'if $`0 < c<z_1`$ and a&lt;b'
    """
    lines = markdown.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    pieces: list[str] = []
    prose: list[str] = []
    open_fence = ""
    for line in lines:
        found = _FENCE.match(line)
        if not open_fence and found:
            pieces.append(_prose(prose))
            prose, open_fence = [], found[1]
            pieces.append(line)
        elif open_fence:
            pieces.append(line)
            if found and found[1].startswith(open_fence) and not line.strip().strip(open_fence[0]):
                open_fence = ""
        else:
            prose.append(line)
    pieces.append(open_fence or _prose(prose))
    return "\n".join(piece for piece in pieces if piece is not None).strip("\n")


def redirect(markdown: str, anchors: Mapping[str, str]) -> str:
    """Return Markdown with each link ``[x](#key)`` leading to ``anchors[key]``; without that key only ``x`` stays.

    Examples
    --------
    >>> redirect("by [A2](#A2) and [x](#y)", {"A2": "a2-bound"})
    'by [A2](#a2-bound) and x'
    """

    def link_to(found: re.Match[str]) -> str:
        anchor = anchors.get(found[2])
        return found[1] if anchor is None else f"[{found[1]}](#{anchor})"

    return _INNER_LINK.sub(link_to, markdown)


def _prose(lines: list[str]) -> str:
    """Return Markdown without fenced blocks, made safe."""
    flat: list[str] = []
    for line in lines:
        heading = _HEADING.match(line)
        if heading:
            flat.append(f"**{heading[1]}**" if heading[1] else "")
        elif _UNDERLINE.match(line) and flat and flat[-1].strip():
            flat += ["", line] if "-" in line else ["", "\\" + line.strip()]
        else:
            flat.append(line)
    return _spans("\n".join(flat))


def embed_line(markdown: str) -> str:
    """Return Markdown text on one line, for a table cell or within a sentence, made safe as by :func:`embed`."""
    return _spans(" ".join(markdown.split()))


def _spans(text: str) -> str:
    """Return inline Markdown with its mathematics in backticks, and with HTML tags outside code as text."""
    result, position = "", 0
    for part in _PARTS.finditer(text):
        result += _TAG.sub("&lt;", text[position : part.start()]) + _part(part)
        position = part.end()
    return result + _TAG.sub("&lt;", text[position:])


def _part(part: re.Match[str]) -> str:
    if part["block"]:
        indent = part["indent"]
        body = "\n".join(indent + line.strip() for line in part["display"].strip().split("\n"))
        return f"{indent}```math\n{body}\n{indent}```"
    if part["inline"]:
        return f"$`{part['maths']}`$"
    return part[0]
