"""Texts as safe Markdown, read back with a CommonMark parser."""

import pytest
from markdown_it import MarkdownIt

from reports.markdown import Headings, cell, code, embed, embed_line, escape, fence, link, redirect, slug

HOSTILE = [
    "a | b",
    "<script>alert(1)</script>",
    "</details><h1>x",
    "](#nowhere) [x](http://example.org)",
    "![x](y)",
    "`code` and ``` fence",
    "*bold* __bold__ ~~gone~~",
    "$x$ and $$y$$",
    "&lt; &amp; &#65;",
    "# heading",
    "back\\slash \\| \\",
    "a\nb\r\n\tc",
    "> [!CAUTION]",
    "--- ===",
    "α_i ≤ ²",
    "]]>",
    "[A1]",
    "1. item",
]


def parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def visible(tokens) -> str:
    """Return the text of inline tokens; fails on any that is not plain text."""
    text = ""
    for token in tokens:
        assert token.type in ("text", "text_special", "code_inline", "softbreak"), token
        text += token.content
    return text


@pytest.mark.parametrize("text", HOSTILE)
def test_escaped_text_shows_as_it_is(text) -> None:
    plain = " ".join(text.split())
    heading = parser().parse(f"## x {escape(text)}")
    assert visible(heading[1].children) == f"x {plain}"
    cells = [
        token
        for token in parser().parse(f"| a | b |\n| --- | --- |\n| x {escape(text)} | {cell(code(text))} |")
        if token.type == "inline"
    ]
    in_code = plain.replace("\\|", "|")
    assert [visible(token.children) for token in cells] == ["a", "b", f"x {plain}", in_code]


def test_cell_escapes_pipes_once() -> None:
    assert cell("a | b\nc \\| d") == "a \\| b c \\| d"
    assert cell("a \\\\| b") == "a \\\\ \\| b"


@pytest.mark.parametrize("text", [*HOSTILE, "", "`", "``x``", "ends with `"])
def test_code_shows_as_it_is(text) -> None:
    children = parser().parse(f"x {code(text)}")[1].children
    assert [token.type for token in children] == ["text", "code_inline"]
    assert children[1].content.strip() == " ".join(text.split())


@pytest.mark.parametrize("text", ["(assert x)\n", "```\n````\nx", "~~~\n"])
def test_fence_holds_its_text(text) -> None:
    (block,) = parser().parse(fence(text, "smt2"))
    assert (block.type, block.info, block.content) == ("fence", "smt2", text.strip("\n") + "\n")


def test_link_is_relative() -> None:
    assert link("certificates/A2.json") == "certificates/A2.json"
    assert link("javascript:alert(1)") == "javascript%3Aalert%281%29"
    assert link("a b)") == "a%20b%29"


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Summary", "summary"),
        ("A2: Bound on kappa_ij, below 1!", "a2-bound-on-kappa_ij-below-1"),
        ("What rests on what?", "what-rests-on-what"),
        ("C': sharper — constants", "c-sharper--constants"),
        ("Größe φ ≤ 2√2", "größe-φ--22"),
        ("x² and A-B", "x-and-a-b"),
        ("  padded  ", "padded"),
    ],
)
def test_slug(heading, anchor) -> None:
    assert slug(heading) == anchor


def test_repeated_headings_are_numbered_as_github_does() -> None:
    headings = Headings()
    assert [headings.add(text) for text in ("A", "A", "a-1", "A", "B")] == ["a", "a-1", "a-1-1", "a-2", "b"]
    headings.add("A", key="fifth")
    assert headings.anchors == {"fifth": "a-3"}


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("for $x$, $y_1$", "for $`x`$, $`y_1`$"),
        ("$`x`$ stays", "$`x`$ stays"),
        (r"a price of \$5 and $6", r"a price of \$5 and $6"),
        ("`$x$` is code", "`$x$` is code"),
        ("a<b and c <d> e", "a&lt;b and c &lt;d> e"),
        ("$a<b$ `<b>`", "$`a<b`$ `<b>`"),
        ("<https://example.org>", "<https://example.org>"),
        ("1 < 2 <= 3", "1 < 2 <= 3"),
        ("text\n$$x\n= y$$\nmore", "text\n```math\nx\n= y\n```\nmore"),
        ("- item\n  $$\n  x < y\n  $$", "- item\n  ```math\n  x < y\n  ```"),
        ("# Big\ntext", "**Big**\ntext"),
        ("### Big $x$ ##", "**Big $`x`$**"),
        ("Title\n=====\nx", "Title\n\n\\=====\nx"),
        ("Title\n---\nx", "Title\n\n---\nx"),
        ("#5 is no heading", "#5 is no heading"),
        ("```\n# <b> $x$\n```", "```\n# <b> $x$\n```"),
        ("```\nopen", "```\nopen\n```"),
        ("~~~~\n```\n~~~\n~~~~\n<b>", "~~~~\n```\n~~~\n~~~~\n&lt;b>"),
        ("a\r\nb", "a\nb"),
        ("\n\n", ""),
    ],
)
def test_embed(markdown, expected) -> None:
    assert embed(markdown) == expected


@pytest.mark.parametrize("text", [*HOSTILE, "<!-- ", "<details>", "```\n</details>", "    code", "<?x", "# x\n\n## y"])
def test_embedded_text_leaves_the_page_as_it_is(text) -> None:
    tokens = parser().parse(f"{embed(text)}\n\n## End")
    kinds = [token.type for token in tokens]
    assert "html_block" not in kinds
    assert kinds.count("heading_open") == 1
    assert not any(child.type == "html_inline" for token in tokens for child in token.children or [])


@pytest.mark.parametrize("text", [*HOSTILE, "<!-- ", "# x\n\n## y", "# A\n```\n<details>", "$$\nx\n$$"])
def test_embedded_lines_leave_the_table_as_it_is(text) -> None:
    tokens = parser().parse(f"| a | b |\n| --- | --- |\n| x {cell(embed_line(text))} | end |")
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert cells[3].content == "end"
    assert not any(child.type == "html_inline" for token in cells for child in token.children)


def test_redirect() -> None:
    anchors = {"A2.2": "a22-title"}
    assert redirect("see [A2.2](#A2.2).", anchors) == "see [A2.2](#a22-title)."
    assert redirect("[x](#Z) [y](http://example.org#A2.2) [[z](#A2.2)]", anchors) == (
        "x [y](http://example.org#A2.2) [[z](#a22-title)]"
    )
