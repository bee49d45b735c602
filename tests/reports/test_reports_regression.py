"""The report on the squared regression model: what it says of runs that went well, and of runs that did not."""

import re

import pytest
from regression_example import GAUSSIAN, ONE_SAMPLE, regression_results
from reports_example import find_claim, refresh_theorems
from reports_page import assert_sound, destinations, heading_anchors, parse, row

from reports import regression
from reports.numbers import number
from reports.render import render, report_text
from reports.schema import validate


@pytest.fixture(scope="module")
def text() -> str:
    return report_text(regression_results())


def checked_text(results: dict) -> str:
    """Return the report of results that must be valid, after checking that it is sound."""
    validate(results)
    text = report_text(results)
    assert_sound(text)
    return text


def section(text: str, heading: str) -> str:
    """Return the section under a heading of level 2."""
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def raise_phi(results: dict, index: int) -> dict:
    """Let ``phi`` rise in a step of a run, and bring the summary of the experiment in step."""
    experiment = results["experiment"]
    experiment["runs"][index].update(rises=2, worst_rise=3e-7, worst_rise_in_error_bars=1.5e6, worst_step=9)
    covered = {data["name"] for data in results["data_sets"] if data["covered"]}
    experiment.update(
        monotone_runs=experiment["monotone_runs"] - 1,
        worst_run=index,
        observation_contradicted=True,
        theorem_contradicted=experiment["runs"][index]["data"] in covered,
    )
    return results


def refute_step(results: dict, step: int = 4) -> dict:
    """Let ``phi`` rise in a step of the certified run."""
    certified = results["certified"]
    certified["eta_phi"][step + 1] = ["2.5", "2.6"]
    certified.update(steps_proved=certified["steps_proved"] - 1, steps_refuted=1, first_refuted=step)
    return results


def test_sound(text) -> None:
    validate(regression_results())
    assert_sound(text)
    assert "> [!" not in text


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
        "The certified run",
        "Where the GFS sharpness rises",
        "Measured, not proved",
        "Single steps beyond the theorems",
        "Reproduction",
    ]


def test_summary(text) -> None:
    summary = section(text, "Summary")
    assert "**Asked:** all data sets, a grid of step sizes, up to 200 steps, seed 0, a certified run.\n" in summary
    theorem = "[Theorem R](#theorem-r-a-step-that-keeps-the-signs-never-increases-the-gfs-sharpness)"
    assert f"- **Proved:** {theorem} (proved, tier argument); [stated in full](#setting-and-notation)" in summary
    assert " Theorem R covers 1 of the 2 data sets of this run.\n" in summary
    assert "proved for **40 of 40 steps**; tier kernel. The run is on Gaussian, N = 5, d = 20, seed 0, with" in summary
    assert "no rise of $`\\varphi`$ above its error bar in **13 of 13 runs** (2,400 steps compared)." in summary
    assert "- **Refuted:** 2 of 2 [planted false claims](#planted-false-claims), which show" in summary
    assert "among 5,900 random single steps in which no weight changes sign, 492 raised" in summary


def test_the_theorem_is_stated_with_the_setting(text) -> None:
    setting = section(text, "Setting and notation")
    assert (
        "**[Theorem R](#theorem-r-a-step-that-keeps-the-signs-never-increases-the-gfs-sharpness)** (A step" in setting
    )
    assert "```math\n\\lvert 2\\eta g_i \\rvert < 1 \\;\\Rightarrow\\; \\varphi(w^+)\\le\\varphi(w)\n```" in setting


def test_trust_says_what_a_certified_run_and_a_measurement_are_worth(text) -> None:
    trust = section(text, "How far can this be trusted?")
    assert "in ball arithmetic on integers" in trust
    assert "it says nothing about other data, starts or step sizes" in trust
    assert "does not exclude a rise below the error bar" in trust


def test_certified(text) -> None:
    found = section(text, "The certified run")
    certified = regression_results()["certified"]
    assert row(found, "| Steps asked for").endswith("| 40 |")
    assert row(found, "| $`\\varphi(t+1) > \\varphi(t)`$ proved").endswith("| 0 |")
    assert row(found, "| $`\\eta \\varphi`$ at the start").endswith(f"| `[{', '.join(certified['eta_phi'][0])}]` |")
    assert row(found, "| $`\\eta \\varphi`$ at the last state (40)").endswith(
        f"| `[{', '.join(certified['eta_phi'][-1])}]` |"
    )
    assert row(found, "| Smallest fall").endswith(f"| `{certified['smallest_fall']}` |")
    assert row(found, "| Precision").endswith("| 400 bits for the weights, 160 for $`\\varphi`$ |")
    assert "[certificates/trajectory.json.gz](certificates/trajectory.json.gz) (34.6 kB), digest `cdcdcd" in found
    assert "python -m verify check FOLDER/certificates" in found


def test_runs_are_summed_up_by_data_and_step_size(text) -> None:
    found = section(text, "Measured, not proved")
    outcomes = found[: found.index("<details>")]
    runs = [r for r in regression_results()["experiment"]["runs"] if (r["data"], r["eta_factor"]) == (GAUSSIAN, 1.2)]
    assert len(runs) == 2
    cells = row(outcomes, f"| {GAUSSIAN} | 1.2 |").split(" | ")
    assert cells[2:5] == ["2", "2 / 0 / 0", str(sum(run["loss_increases"] for run in runs))]
    low, high = sorted(run["eta_phi_end"] for run in runs)
    assert cells[5] == "2.4"
    assert [float(end) for end in cells[6].split(" to ")] == pytest.approx([low, high], abs=1e-3)
    assert cells[7:9] == ["400", "0"]
    assert row(outcomes, f"| {GAUSSIAN} | 1.6 |").endswith("| 0 / 0 / 1 | 2 | 3.2 | — | 0 | 0 | — | 2 |")
    groups = [
        line.split(" | ")[0] for line in outcomes.splitlines() if re.match(r"\| .* \| [0-9.]+ \| \d \| \d / ", line)
    ]
    assert groups == [f"| {GAUSSIAN}"] * 4 + [f"| {ONE_SAMPLE}"] * 3


def test_the_worst_rise_and_the_sign_changes(text) -> None:
    experiment = regression_results()["experiment"]
    worst = experiment["runs"][experiment["worst_run"]]
    found = section(text, "Measured, not proved")
    assert f"in step {worst['worst_step']} of a run on {worst['data']}, $`c`$ = {worst['eta_factor']}" in found
    assert "So there was no rise above the error bar in 2,400 steps." in found
    assert "In 2 steps a weight changed its sign. These are not counted above; in 1 of them" in found


def test_all_runs_are_listed(text) -> None:
    table = text[text.index("<summary>All runs</summary>") : text.index("## Single steps")]
    assert len(re.findall(r"^\| (?:Gaussian|One sample), ", table, re.MULTILINE)) == 13
    assert "| 3 | diverged | " in table


def test_map(text) -> None:
    found = section(text, "Single steps beyond the theorems")
    assert "492 of 5,900 steps raised $`\\varphi`$. So where Theorem R does not apply" in found
    assert row(found, "| Gaussian data").endswith(
        "| 4,700 | 489 | 25 of 47 | 98 % (row 2.75, column 4) | 3×10⁻⁴; 2.5×10⁹ error bars |"
    )
    assert "| One sample, $`\\|x_i\\|`$ in [1, r] | $`\\eta\\varphi`$ before the step |" in found
    assert "- Gaussian data, d = 8: x = (1, 2), y = 1, eta = 0.3: phi rises by a factor of 1.0003.\n" in found


def test_a_map_without_rises() -> None:
    results = regression_results()
    for panel in results["map"]["panels"]:
        panel["rising"] = [[0] * len(cells) for cells in panel["rising"]]
        panel["worst_in_error_bars"] = [
            [None if bars is None else -2.0 for bars in cells] for cells in panel["worst_in_error_bars"]
        ]
    text = checked_text(results)
    assert "No step out of 5,900 raised $`\\varphi`$ above its error bar." in text
    assert "| 0 of 47 | 0 % |" in text


def test_reproduction(text) -> None:
    assert "python -m verify regression                 # run it all again" in text
    assert "python -m verify check FOLDER/certificates  # re-check" in text


@pytest.mark.parametrize(
    ("part", "sentence", "plots"),
    [
        ("experiment", "The experiment was not run.", ["trajectories.png", "final-sharpness.png"]),
        ("map", "The map was not made.", ["map.png"]),
        ("certified", "No run was certified.", ["certified-run.png"]),
    ],
)
def test_a_part_that_was_not_run(part, sentence, plots) -> None:
    text = checked_text({**regression_results(), part: None})
    assert sentence in text
    assert not any(plot in text for plot in plots)
    assert len(re.findall(r"!\[", text)) == 4 - len(plots)


def test_nothing_but_the_theorem() -> None:
    nothing = {"experiment": None, "map": None, "certified": None, "rises": None, "data_sets": [], "identities": []}
    results = {**regression_results(), **nothing}
    results["claims"] = [claim for claim in results["claims"] if claim["kind"] != "neighbour"]
    for claim in results["claims"]:
        claim["certificate"] = ""
    text = checked_text(results)
    assert "- **Certified run:** not run." in text
    assert "- **Measured:** the experiment was not run." in text
    assert "- **Beyond the theorems:** the map of single steps was not made." in text
    assert "**Refuted:**" not in text
    assert "verify check" not in text


def test_the_certificate_of_a_run_alone_can_be_checked() -> None:
    results = regression_results()
    for claim in results["claims"]:
        claim["certificate"] = ""
    assert "python -m verify check FOLDER/certificates  # re-check" in checked_text(results)


def test_a_run_without_claims() -> None:
    text = checked_text({**regression_results(), "theorems": [], "claims": []})
    assert "No theorem was asked for." in text


def test_a_rise_is_told_first() -> None:
    text = checked_text(raise_phi(regression_results(), 1))
    warning = (
        "> [!WARNING]\n> **The observation that $`\\varphi`$ never increases does not hold in these experiments:** it "
        "rose by more than the error bar in 2 steps without a sign change, in 1 of 13 runs. "
        "Worst: 3×10⁻⁷; 1.5×10⁶ error bars of 2×10⁻¹³ "
        "(Gaussian, N = 5, d = 20, seed 0, $`c`$ = 0.9, scale 0.5, seed 1)."
    )
    assert warning in text
    assert text.index(warning) < text.index("## Summary")
    assert "[!CAUTION]" not in text
    assert "**12 of 13 runs** (2,400 steps compared, **2 of them with a rise**)" in text
    assert "**does not hold** in these runs: it rose above the error bar in 2 of 2,400 steps,\nin 1 of 13 runs" in text
    assert "| **2** |" in text
    assert "no rise above the error bar in 2,400 steps" not in text


def test_a_rise_that_the_theorem_forbids_is_shouted() -> None:
    results = regression_results()
    index = next(k for k, run in enumerate(results["experiment"]["runs"]) if run["data"] == ONE_SAMPLE)
    text = checked_text(raise_phi(results, index))
    shout = "> [!CAUTION]\n> **THEOREM R IS CONTRADICTED IN THE EXPERIMENT, BEYOND THE ERROR BAR:**"
    assert shout in text
    assert text.index(shout) < text.index("[!WARNING]") < text.index("## Summary")
    assert "**Nothing in this report can be trusted until that is explained.**" in text


def test_a_map_that_contradicts_the_theorem_is_shouted() -> None:
    results = regression_results()
    results["map"]["theorem_contradicted"] = True
    assert "> **THEOREM R IS CONTRADICTED IN THE EXPERIMENT" in checked_text(results)


def test_a_certified_rise() -> None:
    text = checked_text(refute_step(regression_results()))
    assert "> [!WARNING]\n> **In the certified run $`\\varphi`$ increases**, which is proved for 1 step" in text
    assert "[!CAUTION]" not in text
    assert "proved for **39 of 40 steps**; **refuted** for 1 (first: $`t`$ = 4)" in text
    assert row(text, "| $`\\varphi(t+1) > \\varphi(t)`$ proved").endswith("| **1**, the first is $`t`$ = 4 |")
    assert "triangles are proved rises." in text


def test_a_certified_rise_that_the_theorem_forbids_is_shouted() -> None:
    results = refute_step(regression_results())
    results["certified"]["data"] = ONE_SAMPLE
    assert "> **THEOREM R IS CONTRADICTED IN THE CERTIFIED RUN:**" in checked_text(results)
    results["certified"]["sign_changes"] = 1
    assert "CONTRADICTED" not in checked_text(results)


def test_proved_rises(text) -> None:
    assert "2 exact runs of gradient descent in which $`\\varphi`$ **rises**" in section(text, "Summary")
    assert "in 1 of them no weight changes sign" in section(text, "Summary")
    table = section(text, "Where the GFS sharpness rises")
    first = row(table, "| X = ").split(" | ")
    assert "`1/24`" in first[1]
    assert first[3:7] == ["1.76", "6.43×10⁻⁴", "0.25", "does not rise"]
    second = row(table, f"| {GAUSSIAN}, $`c`$ = 1.2, scale 0.5, seed 1 |")
    assert "**a sign changes** | undecided |" in second
    assert "[certificates/rise-in-run-1.json](certificates/rise-in-run-1.json)" in second


@pytest.mark.parametrize("found", [None, []])
def test_no_proved_rises(found) -> None:
    text = checked_text({**regression_results(), "rises": found})
    assert "No rise of $`\\varphi`$ was proved in this run." in text
    assert "exact run" not in section(text, "Summary")


def test_a_proved_rise_that_the_theorem_forbids_is_shouted() -> None:
    results = regression_results()
    results["rises"][1] |= {"data": ONE_SAMPLE}
    assert "CONTRADICTED" not in checked_text(results)
    results["rises"][1] |= {"sign_change": False, "largest_move": "0.5"}
    assert "> **THEOREM R IS CONTRADICTED BY A PROVED RISE:**" in checked_text(results)


def test_a_certified_run_that_stopped_early() -> None:
    results = regression_results()
    certified = results["certified"]
    certified["eta_phi"] = [*certified["eta_phi"][:30], None]
    certified.update(steps_proved=29, steps_unknown=1, first_unknown=29, reason="precision *lost*")
    text = checked_text(results)
    outcome = (
        "proved for **29 of 40 steps**; undecided for 1 (first: $`t`$ = 29); the run stopped after 30 steps: "
        "precision \\*lost\\*."
    )
    assert f"> [!WARNING]\n> The certified run is incomplete: $`\\varphi(t+1) \\le \\varphi(t)`$ {outcome}" in text
    assert row(text, "| Why it stopped").endswith("| precision \\*lost\\* |")
    assert row(text, "| $`\\eta \\varphi`$ at the last state (30)").endswith("| — |")
    assert f"to {float(certified['eta_phi'][29][0]):.5f}, and" in text


def test_a_certified_run_that_shows_nothing() -> None:
    results = regression_results()
    counts = {
        "steps_proved": 0,
        "steps_unknown": 0,
        "tier": "none",
        "certificate": "",
        "digest": "",
        "loss_increases": 0,
    }
    results["certified"].update(counts, eta_phi=[None], reason="interrupted", smallest_fall="")
    text = checked_text(results)
    assert "proved for **0 of 40 steps**; the run stopped after 0 steps: interrupted; tier —." in text
    assert row(text, "| Smallest fall").endswith("| — |")
    assert row(text, "| Certificate").endswith("| none |")
    assert "certified-run.png" not in text


def test_a_proved_planted_claim_is_shouted() -> None:
    results = regression_results()
    find_claim(results, "R2.false").update(verdict="proved", rule="combination", witness={})
    text = checked_text(results)
    assert "> **THE FALSE CLAIM** **R2.false** (Theorem R without disjoint supports) **WAS “PROVED”.**" in text
    assert "1 of 2 [planted false claims](#planted-false-claims)" in text
    assert "the others are **not** refuted." in text


def test_a_theorem_that_is_not_proved() -> None:
    results = regression_results()
    find_claim(results, "R2").update(verdict="unknown", own_tier="none", tier="none", rule="none", argument="")
    find_claim(results, "theorem-R").update(verdict="unknown")
    text = checked_text(refresh_theorems(results))
    assert "- **Not all is proved:** [Theorem R](#theorem-r-" in text
    assert "-gfs-sharpness) (unknown); [stated in full]" in text
    assert "> **Theorem R** (A step that keeps the signs never increases the GFS sharpness) is **unknown**" in text


def test_steps_that_were_not_compared() -> None:
    results = regression_results()
    experiment = results["experiment"]
    experiment.update(runs=experiment["runs"][-1:], trajectories=[], monotone_runs=1, worst_run=-1)
    text = checked_text(results)
    assert "- **Measured:** no step was compared." in text
    assert "No step was compared, so nothing was observed about $`\\varphi`$." in text
    assert "trajectories.png" not in text


def test_a_single_run_has_no_figure_of_its_end() -> None:
    results = regression_results()
    experiment = results["experiment"]
    experiment.update(runs=experiment["runs"][:1], monotone_runs=1, worst_run=0)
    text = checked_text(results)
    assert "**Runs of gradient descent.** 1 run of at most 200 steps" in text
    assert "final-sharpness.png" not in text
    assert set(regression.draw(results)) == regression.FIGURES - {"final-sharpness.png"}


def test_no_sign_changes_and_no_runs() -> None:
    results = regression_results()
    experiment = results["experiment"]
    experiment.update(runs=experiment["runs"][:-1], monotone_runs=12)
    assert "**Sign changes.** No weight changed its sign in any step." in checked_text(results)
    experiment.update(runs=[], trajectories=[], eta_factors=[], monotone_runs=0, worst_run=-1)
    text = checked_text(results)
    assert "0 runs of at most 200 steps" in text
    assert "<summary>All runs</summary>" not in text


def test_long_lists_are_cut_and_say_so() -> None:
    results = regression_results()
    experiment = results["experiment"]
    experiment["runs"] = [dict(experiment["runs"][k % 12], seed=k) for k in range(350)]
    experiment.update(monotone_runs=350, eta_factors=[0.5 + k / 100 for k in range(40)])
    text = checked_text(results)
    table = text[text.index("<summary>All runs</summary>") : text.index("## Single steps")]
    assert len(re.findall(r"^\| (?:Gaussian|One sample), ", table, re.MULTILINE)) == 200
    assert "These are the first 200 of 350 runs; [results.json](results.json) has them all." in table
    assert "factors $`c`$ 0.5 to 0.89, 40 in all" in text


def test_long_numbers_are_cut() -> None:
    results = regression_results()
    certified = results["certified"]
    low, high = certified["eta_phi"][0]
    certified["eta_phi"][0] = [low + "7" * 80, high + "1" * 80]
    numerator, denominator = certified["eta"].split("/")
    certified["eta"] = f"{numerator}{'0' * 60}/{denominator}{'0' * 60}"
    text = checked_text(results)
    assert f"$`\\eta`$ ≈ {number(float(numerator) / float(denominator), 6)} (a rational number, in full in" in text
    upper = high[:-1] + str(int(high[-1]) + 1)
    assert row(text, "| $`\\eta \\varphi`$ at the start").endswith(f"| `[{low}, {upper}]` |")


HOSTILE = '</details> | <b>x</b> ](#y) ``` *a* $z$ [c](javascript:alert) "q" & #1\n# h\u202e'


def test_hostile_texts() -> None:
    results = regression_results()
    for data in results["data_sets"]:
        data.update(name=data["name"] + HOSTILE, description=HOSTILE)
    experiment = results["experiment"]
    for record in (*experiment["runs"], *experiment["trajectories"], results["certified"]):
        record["data"] += HOSTILE
    results["certified"].update(reason=HOSTILE, certificate="javascript:alert(1)//x y)", digest=HOSTILE)
    results["question"]["data"] = results["command"] = HOSTILE
    for panel in results["map"]["panels"]:
        panel["title"] = panel["rows"]["label"] = panel["columns"]["label"] = HOSTILE.replace("](#y)", "")
    results["map"]["examples"][0]["text"] = HOSTILE
    validate(results)
    text = report_text(results)
    anchors = heading_anchors(text)
    assert all(href[1:] in anchors for href in destinations(text) if href.startswith("#"))
    tokens = parse(text)
    html = [token.content for token in tokens if token.type == "html_block"]
    assert all(re.fullmatch(r"<details>\n<summary>[^<]*</summary>\n?|</details>\n?", block) for block in html)
    inline = [child for token in tokens for child in token.children or []]
    assert not any(child.type == "html_inline" for child in inline)
    assert [token.tag for token in tokens if token.type == "heading_open"].count("h1") == 1
    table = text[text.index("<summary>All runs</summary>") : text.index("## Single steps")]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert len(rows) == 15
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in rows}) == 1


def test_reports_are_the_same_each_time(text) -> None:
    assert report_text(regression_results()) == text


def test_the_report_does_not_mention_this_machine(text) -> None:
    assert not re.search(r"/(work|tmp|home|root)\b|file://", text)


def test_render_writes_report_and_plots(tmp_path, text) -> None:
    report = render(regression_results(), tmp_path)
    assert report.read_bytes() == text.encode()
    assert {path.name for path in (tmp_path / "plots").iterdir()} == regression.FIGURES
    shown = re.findall(r"!\[[^]]*\]\(([^)]*)\)", text)
    assert {path.removeprefix("plots/") for path in shown} == regression.FIGURES


def test_render_removes_plots_of_parts_no_longer_there_and_of_other_models(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(regression, "draw", lambda results: {"map.png": b"new"})
    (tmp_path / "plots").mkdir()
    for name in ("trajectories.png", "edge-trajectory.png", "other.png"):
        (tmp_path / "plots" / name).write_bytes(b"old")
    render(regression_results(), tmp_path)
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["map.png", "other.png"]
