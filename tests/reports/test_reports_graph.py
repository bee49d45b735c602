"""The graph of claims and its Mermaid text."""

import re

from reports_example import claim, example_results, written

from reports.graph import COLOURS, closure, find_cycle, flowchart, mermaid_text, node_names, overview

NODE = re.compile(r'    (\w+)(\(\[|\[)"([^"\[\]{}|\\`$_*&]*)"(\]\)|\])')
ARROW = re.compile(r"    (\w+) --> (\w+)")
GROUP = re.compile(r'    (\w+_lemmas)\["(\d+) lemmas?( that nothing rests on)? · kernel(<br/>[\w., ]+)+"\]')
CLASS = re.compile(
    r"    classDef (\w+) fill:#[0-9A-F]{6},color:#[0-9A-F]{6},stroke:#[0-9A-F]{6}(,stroke-dasharray:5 4)?"
)
MEMBERS = re.compile(r"    class ([\w,]+) (\w+)")


def lines_of(claims) -> list[str]:
    return flowchart(claims, {c["identifier"]: c["identifier"] for c in claims}).split("\n")


def test_every_line_is_mermaid() -> None:
    first, *rest = lines_of(example_results()["claims"])
    assert first == "flowchart TD"
    assert all(any(kind.fullmatch(line) for kind in (NODE, ARROW, CLASS, MEMBERS)) for line in rest)


def test_nodes_arrows_and_classes() -> None:
    claims = example_results()["claims"]
    lines = lines_of(claims)
    assert '    c_A1["<b>A1</b> · kernel<br/>A step scales every<br/>balance"]' in lines
    assert '    c_theorem_B(["<b>theorem-B</b> · argument<br/>The set S#95;eta is kept"])' in lines
    shown = [c for c in claims if c["kind"] != "neighbour"]
    arrows = {match.groups() for line in lines if (match := ARROW.fullmatch(line))}
    names = node_names([c["identifier"] for c in shown])
    assert arrows == {(names[c["identifier"]], names[below]) for c in shown for below in c["rests_on"]}
    classed = [name for line in lines if (match := MEMBERS.fullmatch(line)) for name in match[1].split(",")]
    assert sorted(classed) == sorted(names.values())
    assert "    class c_A4 solvers" in lines


def test_neighbours_are_left_out() -> None:
    assert not any("too" in line for line in lines_of(example_results()["claims"]))


def test_verdicts_other_than_proved_have_their_own_classes() -> None:
    lines = lines_of([claim("A", "x", verdict="unknown"), claim("B", "y", verdict="refuted"), written("C", "z", "why")])
    assert [line for line in lines if MEMBERS.fullmatch(line)] == [
        "    class c_C argument",
        "    class c_A unknown",
        "    class c_B refuted",
    ]
    assert '    c_A["<b>A</b> · unknown<br/>x"]' in lines


def test_hostile_titles_cannot_leave_their_label() -> None:
    title = 'x"] --> y; style: #5; `[a](b)` $$x$$ <b> {"|"} \\ & *_~ %%{init}%% end'
    lines = lines_of([claim('a"b', title)])
    assert all(any(kind.fullmatch(line) for kind in (NODE, CLASS, MEMBERS)) for line in lines[1:])
    assert "#34;" in lines[1]
    assert mermaid_text('"') == "#34;"
    assert mermaid_text("a\nb  c") == "a b c"


def test_long_titles_are_cut() -> None:
    (node,) = [line for line in lines_of([claim("A", "word " * 60)]) if NODE.fullmatch(line)]
    assert node.count("<br/>") == 3
    assert "…" in node


def test_names_are_distinct() -> None:
    assert len(set(node_names(["A-1", "A_1", "A.1", "A1", "A_1_1"]).values())) == 5


def test_closure_and_cycles() -> None:
    graph = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": [], "e": ["a"]}
    assert closure("a", graph) == ["a", "b", "d", "c"]
    assert find_cycle(graph) == []
    assert find_cycle({**graph, "d": ["a"]}) == ["a", "b", "d", "a"]
    assert find_cycle({"x": ["x"]}) == ["x", "x"]
    long = {str(k): [str(k + 1)] for k in range(5000)} | {"5000": []}
    assert find_cycle(long) == []
    assert len(closure("0", long)) == 5001


def test_text_is_legible_on_its_colour() -> None:
    for fill, text in COLOURS.values():
        light, dark = sorted((luminance(fill), luminance(text)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_overview() -> None:
    claims = [
        claim("L1", "x"),
        claim("L2", "x", rests_on=["L1"]),
        claim("L3", "x", rests_on=["S"]),
        claim("S", "x", own_tier="solvers", tier="solvers", rests_on=["L1"]),
        claim("U", "x", verdict="unknown"),
        written("P", "x", "why", rests_on=["L2", "L3"]),
        written("T", "x", "why", kind="theorem", rests_on=["P", "U"]),
        claim("free", "x"),
        claim("false", "x", kind="neighbour", verdict="refuted"),
    ]
    first, *lines = overview(claims, {c["identifier"]: c["identifier"] for c in claims}).split("\n")
    assert first == "flowchart TD"
    assert all(any(kind.fullmatch(line) for kind in (NODE, GROUP, ARROW, CLASS, MEMBERS)) for line in lines)
    groups = [line for line in lines if GROUP.fullmatch(line)]
    assert groups == [
        '    c_S_lemmas["1 lemma · kernel<br/>L1"]',
        '    c_P_lemmas["3 lemmas · kernel<br/>L1, L2, L3"]',
        '    unused_lemmas["1 lemma that nothing rests on · kernel<br/>free"]',
    ]
    arrows = {match.groups() for line in lines if (match := ARROW.fullmatch(line))}
    assert arrows == {
        ("c_S", "c_S_lemmas"),
        ("c_P", "c_S"),
        ("c_P", "c_P_lemmas"),
        ("c_T", "c_P"),
        ("c_T", "c_U"),
    }
    assert "    class c_S_lemmas,c_P_lemmas,unused_lemmas kernel" in lines
    assert "    class c_U unknown" in lines


def test_overview_of_the_example_shows_every_written_step() -> None:
    claims = example_results()["claims"]
    lines = overview(claims, {c["identifier"]: c["identifier"] for c in claims}).split("\n")
    shown = {match[1] for line in lines if (match := NODE.fullmatch(line)) and not GROUP.fullmatch(line)}
    written_steps = [c["identifier"] for c in claims if c["own_tier"] in ("argument", "solvers")]
    assert shown == set(node_names(written_steps).values())
