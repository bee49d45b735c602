"""The report: its tables, links and warnings, for runs that went well and runs that did not."""

import re

import pytest
from reports_example import answers, claim, example_results, find_claim, refresh_theorems
from reports_page import assert_sound, destinations, heading_anchors, parse, row

from reports import scalar
from reports.render import render, report_text


@pytest.fixture(scope="module")
def text() -> str:
    return report_text(example_results())


def test_sound(text) -> None:
    assert_sound(text)


def test_sections_in_order(text) -> None:
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Summary",
        "How far can this be trusted?",
        "Setting and notation",
        "What rests on what",
        "All claims",
        "The claims one by one",
        "Planted false claims",
        "Symbolic identities",
        "Measured, not proved",
        "Reproduction",
    ]
    assert text.startswith("# Gradient descent on scalar networks: theorems checked at depth 4\n")


def test_summary_row(text) -> None:
    anchor = "#theorem-c-convergence-at-the-edge-of-stability"
    rows = [line for line in text.splitlines() if line.startswith("| [Theorem C]")]
    assert rows[0] == (
        f"| [Theorem C]({anchor}): Convergence at the edge of stability | proved | argument | depth 4 | "
        f"[C4](#c4-induction-over-the-steps), [Theorem C]({anchor}) |"
    )


def test_trust_lists_every_written_argument(text) -> None:
    assert (
        "- **Theorem A** (proved) rests on 7 steps: 3 re-checked by the kernel, 1 on the word of z3 and cvc5, "
        "3 by written argument.\n  - Written arguments: [A5](#a5-sorted-gaps-do-not-grow) (Sorted gaps do not grow), "
    ) in text
    assert "  - On the solvers' word: [A4](#a4-no-flip-above-the-minimum) (No flip above the minimum)." in text


def test_claim_rows(text) -> None:
    assert row(text, "| [C2]") == (
        "| [C2](#c2-the-remainder-is-between-its-bounds) The remainder is between its bounds | depth 4 | proved | "
        "kernel | kernel | bisection | 1,185 / 2,369 | 3.2 | 12 | [56 kB](certificates/C2.json) |"
    )
    assert row(text, "| [A5]").endswith("| proved | argument | argument | argument | — | — | — | — |")
    assert row(text, "| [A4]").endswith("| proved | solvers | solvers | — | — | — | — | — |")


def test_claim_sections(text) -> None:
    section = text[text.index("### C2: ") : text.index("### C3: ")]
    assert "```math\n-\\Bigl(2a - \\frac{a^2}{2}\\Bigr) - \\frac14 \\le E_2 \\le \\frac14\n```" in section
    assert "By bisection: 2,369 boxes, 1,185 leaves." in section
    assert "- **Rests on:** [C1](#c1-second-order-remainder)." in section
    assert "z3 5.4.1 `timeout` (0.021 s); cvc5 1.4.2 `unknown` (0.15 s)." in section
    assert "`9685eb765661`, in the [certificate](certificates/C2.json) (56 kB)." in section
    assert "```smt2\n(set-logic QF_NRA)\n" in section
    assert "z3 and cvc5 found that no counterexample exists." in text
    assert "By substitution: an instance of [A2](#a2-bound-on-kappa-below-the-minimum)." in text


def test_written_arguments_are_in_full(text) -> None:
    for words in (
        "**One flip.** By [A3.3](#a33-at-most-one-pair-of-squares-changes-order) only the two smallest",
        "as no other pair does.",
        "at most every shrunk $`u`$",
    ):
        assert words in text
    links = destinations(text[text.index("### A5: ") :])
    assert "#a33-at-most-one-pair-of-squares-changes-order" in links


def test_own_tier_above_tier_is_explained() -> None:
    results = example_results()
    find_claim(results, "C3").update(rests_on=["A4"], tier="solvers")
    text = report_text(refresh_theorems(results))
    assert "proved, own tier kernel, tier solvers because of what it rests on. By substitution" in text
    assert_sound(text)


def test_neighbours(text) -> None:
    assert row(text, "| **A3.3-too-much**") == (
        "| **A3.3-too-much**: At most one pair, for a^2 up to 9 | As A3.3, but for $`a^2 \\le 9`$. | "
        "refuted, tier kernel ([certificate](certificates/A3.3-too-much.json)) | "
        "`alpha_1 = 1/2`, `alpha_2 = 1/4`, `alpha_3 = 1/4`, `a = 3` | "
        "At $`(1/2, 1/4, 1/4)`$ two pairs have $`a^2 \\alpha_i \\alpha_j = 9/8 > 1`$. |"
    )
    assert "| unknown | — | The bound is below a value that was measured. |" in row(text, "| **C2-too-small**")
    assert "> [!" not in text


def test_measured(text) -> None:
    experiment = example_results()["experiment"]
    assert "**Trajectories.** 60 trajectories of depth 4 from random points of $`S_\\eta`$ (seed 0)" in text
    assert f"{experiment['gd_steps']:,} steps in all." in text
    assert row(text, "| B | margin").endswith("| below −10⁻⁹ | not contradicted |")
    assert (
        "![Loss, sharpness and GFS sharpness along a trajectory at the edge of stability](plots/edge-trajectory.png)"
        in text
    )
    place = experiment["theorem_b"]["where"]
    assert row(text, f"| B | {place['sample']} | {place['step']} | ")


def test_reproduction(text) -> None:
    assert "python -m verify scalar --depth 4           # run it all again" in text
    assert "python -m verify check FOLDER/certificates  # re-check" in text
    assert "| z3-solver | 5.4.1.0 |" in text
    assert "Seed 0, 38.2 s in all." in text


def test_an_experiment_that_was_not_run() -> None:
    results = {**example_results(), "experiment": None, "one_step": None}
    text = report_text(results)
    assert "The numerical experiments were not run." in text
    assert "samples for the numerical experiments" not in text
    assert "edge-trajectory" not in text
    assert_sound(text)
    text = report_text({**example_results(), "experiment": None})
    assert "The experiment along trajectories was not run." in text
    assert row(text, "| A, single steps | relative")
    assert_sound(text)
    assert_sound(report_text({**example_results(), "one_step": None}))


def test_checks_with_no_case() -> None:
    results = example_results()
    nothing = {"where": None, "steps_checked": 0, "worst_rise": float("-inf"), "error_bar": float("nan")}
    results["experiment"]["theorem_a"].update(nothing, worst_rise_in_error_bars=float("-inf"))
    results["experiment"]["theorem_c"].update(loss_where=None, phi_where=None, worst_loss_ratio=float("-inf"))
    text = report_text(results)
    assert "| 0 | — | above 1 error bar | not contradicted |" in row(text, "| A, along trajectories | relative")
    assert_sound(text)


def make_unknown(results: dict) -> dict:
    find_claim(results, "C2").update(
        verdict="unknown",
        own_tier="none",
        tier="none",
        rule="none",
        digest="",
        certificate="",
        note="8 boxes | left: $e<0$.",
    )
    for name in ("C4", "theorem-C"):
        find_claim(results, name).update(verdict="unknown")
    return refresh_theorems(results)


def test_unknown() -> None:
    text = report_text(make_unknown(example_results()))
    warning = "> [!WARNING]\n> **C2** (The remainder is between its bounds) is **unknown**: it was neither proved nor "
    assert warning + "refuted. 8 boxes | left: $`e<0`$." in text
    assert text.index("[!WARNING]") < text.index("## Summary")
    assert "**Theorem C** (Convergence at the edge of stability) is **unknown**: it rests on C4." in text
    assert "| **unknown** | — | — | — |" in row(text, "| [C2]")
    assert (
        "- **Verdict:** **unknown**. It rests on what is not proved: [C2](#c2-the-remainder-is-between-its-bounds)."
        in text
    )
    assert "**What is left.** 8 boxes | left: $`e<0`$." in text
    assert (
        "- **Theorem C** (unknown) rests on 6 steps: 3 re-checked by the kernel, 2 by written argument, 1 undecided."
        in text
    )
    assert next(line for line in text.splitlines() if line.startswith("| [Theorem C]")).endswith(
        "| **unknown** | — | depth 4 | [C4](#c4-induction-over-the-steps), "
        "[Theorem C](#theorem-c-convergence-at-the-edge-of-stability) |"
    )
    assert "    class c_C2,c_C4,c_theorem_C unknown\n" in text
    assert ", or the verdict of a claim that is not proved." in text
    assert_sound(text)


def test_refuted() -> None:
    results = make_unknown(example_results())
    find_claim(results, "C2").update(
        verdict="refuted",
        own_tier="kernel",
        tier="kernel",
        rule="counterexample",
        digest="ab" * 32,
        witness={"e": "1/20"},
        note="",
    )
    text = report_text(refresh_theorems(results))
    assert "> [!CAUTION]\n> **C2** (The remainder is between its bounds) is **refuted**.\n" in text
    assert text.index("[!CAUTION]") < text.index("[!WARNING]")
    assert "- **Verdict:** **refuted**, tier kernel. By counterexample.\n" in text
    assert "- **counterexample**: at an exact point all hypotheses hold" in text
    assert "- **Counterexample:** `e = 1/20`." in text
    assert "  - Refuted: [C2]" in text
    assert_sound(text)


def test_a_proved_neighbour_is_shouted() -> None:
    results = example_results()
    find_claim(results, "A3.3-too-much").update(verdict="proved", rule="combination", witness={})
    text = report_text(results)
    shout = (
        "> [!CAUTION]\n> **THE FALSE CLAIM** **A3.3-too-much** (At most one pair, for a^2 up to 9) **WAS “PROVED”.**"
    )
    assert shout in text
    assert text.index(shout) < text.index("## Summary")
    assert "**No verdict in this report can be trusted.**" in text
    assert "| **PROVED, WHICH IT MUST NOT BE** (" in row(text, "| **A3.3-too-much**")
    assert_sound(text)


def test_other_alarms() -> None:
    results = example_results()
    results["identities"][1]["holds"] = False
    results["experiment"]["theorem_b"]["contradicted"] = True
    find_claim(results, "A2")["solvers"] = answers(second="sat")
    text = report_text(results)
    assert text.count("> [!CAUTION]") == 3
    assert (
        "The solvers' answers on **A2** (Bound on kappa below the minimum) contradict the verdict or each other."
        in text
    )
    assert "The symbolic identity **hessian** does not hold." in text
    assert "**contradicts a theorem** beyond its error bars" in text
    assert row(text, "| B | margin").endswith("| **contradicted** |")
    assert "1 of 2 identities hold exactly." in text
    assert row(text, "| `hessian`").endswith("| **NO** |")
    assert_sound(text)


def test_a_run_for_one_theorem_or_none() -> None:
    results = example_results()
    results["question"]["theorem"] = "A"
    results["theorems"] = results["theorems"][:1]
    kept = {"theorem-A", *results["theorems"][0]["claims"]}
    results["claims"] = [c for c in results["claims"] if c["identifier"] in kept]
    text = report_text(results)
    assert "**Asked:** `A` at depth 4" in text
    assert "**Theorem B** (all steps)." in text
    assert "Planted false claims" not in text
    assert_sound(text)
    empty = {**results, "theorems": [], "claims": [], "identities": []}
    text = report_text(empty)
    assert "No theorem was asked for." in text
    assert "No identities were checked in this run." in text
    assert_sound(text)


HOSTILE = '</details> | <b>x</b> ](#y) ``` *a* $z$ [c] "q" & #1'


def test_a_large_graph_gets_an_overview() -> None:
    results = example_results()
    results["claims"] += [claim(f"E{k}", "one more") for k in range(10)]
    text = report_text(results)
    assert text.count("```mermaid\nflowchart TD\n") == 2
    assert "Here the lemmas that the kernel re-checked are gathered" in text
    assert_sound(text)


def test_links_of_the_texts_lead_to_the_sections_of_the_claims() -> None:
    results = example_results()
    find_claim(results, "A2")["words"] = "See [C2](#C2), [theirs](#A3.3-too-much) and [none](#Z)."
    text = report_text(results)
    assert "See [C2](#c2-the-remainder-is-between-its-bounds), theirs and none." in text
    assert_sound(text)


def test_planted_claims_without_reasons() -> None:
    results = example_results()
    for name in ("A3.3-too-much", "C2-too-small"):
        find_claim(results, name).update(argument="", note="")
    text = report_text(results)
    assert "| Claim | Statement | Verdict | Counterexample |\n| --- | --- | --- | --- |\n" in text
    assert_sound(text)


def test_small_numbers_of_boxes_and_missing_versions() -> None:
    results = example_results()
    find_claim(results, "C2").update(boxes=1, leaves=1)
    find_claim(results, "C2")["solvers"][1]["version"] = ""
    text = report_text(results)
    assert "By bisection: 1 box, 1 leaf." in text
    assert "; cvc5 `unknown` (0.15 s)." in text
    assert_sound(text)


def test_hostile_texts() -> None:
    results = example_results()
    results["command"] = results["question"]["theorem"] = HOSTILE
    results["versions"] = {HOSTILE: HOSTILE}
    for found in results["claims"]:
        for field in ("title", "words", "source", "scope", "statement", "note", "digest"):
            found[field] = HOSTILE
        found["formula"] = "x ``` </details>"
        found["certificate"] = "javascript:alert(1)//x y)"
        found["witness"] = {HOSTILE: HOSTILE}
        found["solvers"] = [
            {**solver, "solver": HOSTILE + solver["solver"], "version": HOSTILE} for solver in answers()
        ]
        if found["argument"]:
            found["argument"] = "# A\n" + HOSTILE + "\n```\n<details>"
    for identity in results["identities"]:
        identity.update(name=HOSTILE, statement=HOSTILE, source=HOSTILE)
    results["claims"].append(claim(HOSTILE, HOSTILE, rests_on=["A1"], words="x"))
    for theorem in results["theorems"]:
        theorem.update(title=HOSTILE, scope=HOSTILE)
    text = report_text(results)
    anchors = heading_anchors(text)
    assert all(href[1:] in anchors for href in destinations(text) if href.startswith("#") and href != "#y")
    html = [token.content for token in parse(text) if token.type == "html_block"]
    assert all(re.fullmatch(r"<details>\n<summary>[^<]*</summary>\n?|</details>\n?", block) for block in html)
    inline = [child for token in parse(text) for child in token.children or []]
    assert not any(child.type == "html_inline" for child in inline)
    assert not any(href.startswith("javascript:") for href in destinations(text))
    levels = [token.tag for token in parse(text) if token.type == "heading_open"]
    assert levels.count("h1") == 1
    assert levels.count("h2") == 10


def test_reports_are_the_same_each_time(text) -> None:
    assert report_text(example_results()) == text


def test_the_report_does_not_mention_this_machine(text) -> None:
    assert not re.search(r"/(work|tmp|home|root)\b|file://", text)


def test_render_writes_report_and_plots(tmp_path, text) -> None:
    report = render(example_results(), tmp_path / "new" / "folder")
    assert report == tmp_path / "new" / "folder" / "report.md"
    assert report.read_bytes() == text.encode()
    names = sorted(path.name for path in (report.parent / "plots").iterdir())
    assert names == ["edge-trajectory.png", "shape-simplex.png"]
    shown = re.findall(r"!\[[^]]*\]\(([^)]*)\)", text)
    assert sorted(shown) == [f"plots/{name}" for name in names]
    assert sorted(path.name for path in report.parent.iterdir()) == ["plots", "report.md"]


@pytest.fixture
def blank_plots(monkeypatch) -> None:
    """Write small files for the plots, which take most of the time."""
    draw = {True: ["shape-simplex.png", "edge-trajectory.png"], False: ["shape-simplex.png"]}
    monkeypatch.setattr(scalar, "draw", lambda results: dict.fromkeys(draw[results["experiment"] is not None], b"new"))


@pytest.mark.usefixtures("blank_plots")
def test_render_removes_a_plot_it_no_longer_has(tmp_path) -> None:
    (tmp_path / "plots").mkdir()
    for name in ("edge-trajectory.png", "other.png"):
        (tmp_path / "plots" / name).write_bytes(b"old")
    render({**example_results(), "experiment": None}, tmp_path)
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["other.png", "shape-simplex.png"]


@pytest.mark.usefixtures("blank_plots")
def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch) -> None:
    render(example_results(), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def fail(self, target):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        render({**example_results(), "seconds": 1.0}, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("blank_plots")
def test_files_are_moved_into_place(tmp_path, monkeypatch) -> None:
    moved = []
    replace = type(tmp_path).replace

    def record(self, target):
        moved.append((self.parent == target.parent, self.name != target.name, target.name))
        return replace(self, target)

    monkeypatch.setattr("pathlib.Path.replace", record)
    render(example_results(), tmp_path)
    assert moved == [(True, True, name) for name in ("shape-simplex.png", "edge-trajectory.png", "report.md")]


def test_wrong_results_write_nothing(tmp_path) -> None:
    with pytest.raises(ValueError, match="schema version 3"):
        render({"schema": 3}, tmp_path / "new")
    assert not (tmp_path / "new").exists()
