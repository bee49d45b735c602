"""The report on a run with a real network: what it says of runs that went well, and of runs that did not."""

import re

import pytest
from nets_example import EDGE, ETA, GFS_EVERY, STEPS, diverged_run, net_run, nets_results, with_values
from reports_page import assert_sound, row

from reports import nets_words
from reports.render import render, report_text
from reports.schema import validate

HOSTILE = "a | <b> $x$ `y` {{ n }} [z](q) end"


@pytest.fixture(scope="module")
def text() -> str:
    return report_text(nets_results())


def checked_text(results: dict) -> str:
    """Return the report of results that must be valid, after checking that it is sound."""
    validate(results)
    text = report_text(results)
    assert_sound(text)
    return text


def section(text: str, heading: str) -> str:
    """Return the section under a heading of level 2."""
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def lead(text: str) -> str:
    """Return what stands before the first section."""
    return text.split("\n## ", 1)[0]


def test_sound(text) -> None:
    validate(nets_results())
    assert_sound(text)
    assert "> [!" not in text
    assert text.startswith("# GFS sharpness along gradient descent: FC-hardtanh on CIFAR-10\n")


def test_sections_in_order(text) -> None:
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "Summary",
        "Along the trajectory",
        "The GFS measurements",
        "Does it fall?",
        "How far can the error bars be trusted?",
        "Setting",
        "Cost",
        "Reproduction",
    ]


@pytest.mark.parametrize(
    "run", [net_run(), diverged_run(), with_values((30.0, 0.1), (31.0, 0.1)), with_values((30.0, 0.1))]
)
def test_nothing_is_called_proved(run) -> None:
    """Only the sentences that say what is not proved have the word."""
    text = checked_text(nets_results(run))
    assert [line for line in text.splitlines() if re.search(r"\bproved\b", line)] == [
        "Measured is not proved: this is one run in floating-point arithmetic, and the error bars are estimates.",
        "An error bar is the sum of three parts. **They are estimates, not bounds:** none of them is proved, and the "
        "true value can lie",
    ]


def test_a_fall(text) -> None:
    fall = nets_results()["run"]["fall"]
    assert fall["rises"] == 0 < fall["within"] < fall["falls"]
    assert (
        f"**Measured: the GFS sharpness falls, and does not rise beyond its error bars.** 13 measurements; from one to "
        f"the next: {fall['falls']} falls beyond the error bars, {fall['within']} change within them, 0 rises beyond "
        "them; widening 0. A sequence that never rises passes through all the error bars; the values themselves never "
        "rise.\n"
    ) in lead(text)


def test_a_fall_with_a_rise_within_the_error_bars() -> None:
    text = checked_text(nets_results(with_values((30.0, 0.2), (28.0, 0.2), (28.1, 0.2), (27.9, 0.2))))
    assert "**Measured: the GFS sharpness falls, and does not rise" in text
    assert "1 fall beyond the error bars, 2 changes within them, 0 rises beyond them; widening 0.25." in text
    assert "one would even if they were 0.25 times as wide (from 28.00 ± 0.20 at step 20 to 28.10 ± 0.20 at" in text
    assert row(text, "| Largest $`\\varphi_j").endswith("| 0.00357 |")
    assert "Negative numbers" not in text


def test_a_slow_fall_is_seen_from_the_first_to_the_last_value() -> None:
    text = checked_text(nets_results(with_values((30.0, 0.2), (29.7, 0.2), (29.4, 0.2))))
    assert "**Measured: the GFS sharpness falls" in text
    assert "0 falls beyond the error bars, 2 changes within them" in text


def test_no_change() -> None:
    text = checked_text(nets_results(with_values((30.0, 0.2), (30.1, 0.2), (29.9, 0.2))))
    assert "**Measured: the GFS sharpness does not change beyond its error bars.**" in text
    assert "> [!" not in text


def test_a_contradiction() -> None:
    text = checked_text(nets_results(with_values((30.0, 0.1), (29.0, 0.1), (29.8, 0.1), (28.0, 0.1))))
    assert "**Measured: the GFS sharpness rises beyond its error bars.** 4 measurements" in lead(text)
    assert "2 falls beyond the error bars, 0 changes within them, 1 rise beyond them; widening 4. No sequence" in text
    assert (
        "> [!WARNING]\n> **The observation that the GFS sharpness never increases does not hold in this run:** it rose "
        "from 29.00 ± 0.10 at step 20 to 29.80 ± 0.10 at step 40, 4 times the sum of the two bars.\n"
    ) in lead(text)
    assert row(text, "| Widening").endswith("| **4** |")


def test_one_value_decides_nothing() -> None:
    text = checked_text(nets_results(with_values((30.0, 0.1))))
    assert "**Measured: undecided.** Whether the GFS sharpness falls cannot be said from 1 value;" in lead(text)
    assert row(text, "| Widening").endswith("| — |")


def test_a_run_that_diverged() -> None:
    text = checked_text(nets_results(diverged_run()))
    first = lead(text).splitlines()[2]
    assert first == "**Gradient descent diverged at step 90.** All that is said here is about the steps before."
    assert lead(text).index("diverged") < lead(text).index("**Measured:")
    assert "> **Gradient descent diverged at step 90:** the loss was no longer finite, or above 10⁶ times" in lead(text)
    assert (
        "> **2 of 5 GFS measurements did not reach the end of the flow** (the limit of gradients was met in 1; a "
        "number was not finite in 1)."
    ) in lead(text)
    assert "rose in 49 of 89 steps" in text
    assert re.search(r"^\| 60 \| .* \| — \| — \| — \| — \| — \| .* \| \*\*out of work\*\* \|$", text, re.MULTILINE)
    assert re.search(r"^\| 80 \| .* \| \*\*diverged\*\* \|$", text, re.MULTILINE)
    assert "Crosses are flows that did not reach their end." in text
    assert "The dotted line is the step at which the run diverged." in text


def test_summary(text) -> None:
    results = nets_results()
    run = results["run"]
    found = section(text, "Summary")
    assert "`fc-hardtanh` with hardtanh on 1,000 samples of CIFAR-10, squared error, 240 steps, seed 0." in found
    last = run["gfs"][-1]
    assert f"goes from 30.000 ± 0.027 at step 0 to {last['value']:.3f} ± {last['error']:.3f} at step 240;" in found
    assert f"it rose in {run['loss_increases']} of 240 steps" in found
    late = [r["value"] * ETA / 2.0 for r in run["sharpness"] if r["step"] >= STEPS / 2]
    low, high = re.search(r"second half of the run (\S+) to (\S+) times \$`2/\\eta`\$", found).groups()
    assert [float(low), float(high)] == pytest.approx([min(late), max(late)], abs=1e-3)
    assert "$`\\eta`$ = 0.08, which is 1.2 times $`2 / \\varphi(w_0)`$." in found
    assert f"$`2/\\eta`$ is {EDGE:.0f}." in found
    assert "10.4 % at the start, 99.6 % at the end" in found


def test_measurements(text) -> None:
    run = nets_results()["run"]
    cells = row(section(text, "The GFS measurements"), "| 40 |").strip("| ").split(" | ")
    record, sharpness = run["gfs"][2], run["sharpness"][10]
    assert sharpness["step"] == record["step"] == 40
    assert float(cells[1]) == pytest.approx(run["loss"][40], rel=1e-3)
    assert float(cells[2]) == pytest.approx(sharpness["value"], rel=1e-4)
    assert [float(part) for part in cells[3].split(" ± ")] == pytest.approx(
        [record["value"], record["error"]], abs=5e-4
    )
    parts = [record[f"error_{name}"] for name in ("flow", "left", "eigenvalue")]
    assert [float(cell) for cell in cells[4:7]] == pytest.approx(parts, rel=0.05)
    assert float(cells[7]) == pytest.approx(ETA * record["value"], rel=1e-4)
    assert cells[9:] == ["940 + 120", "3.2", "converged"]


def test_a_sharpness_that_was_not_measured_is_a_dash() -> None:
    results = nets_results()
    results["run"]["sharpness"] = [r for r in results["run"]["sharpness"] if r["step"] != 40]
    assert row(checked_text(results), "| 40 |").split(" | ")[2] == "—"
    results["run"]["sharpness"] = results["run"]["sharpness"][:3]
    assert "- **Sharpness:** not measured in the second half of the run.\n" in checked_text(results)


def test_a_long_table_is_cut() -> None:
    results = nets_results()
    run, count = results["run"], 215
    kept = run["gfs"][0]
    run["gfs"] = [{**kept, "step": step, "value": 30.0 - 0.1 * step} for step in range(count)]
    run["fall"].update(
        measurements=count, falls=count - 1, within=0, rise_from=0, rise_to=1, largest_rise=29.9 / 30.0 - 1.0
    )
    text = checked_text(results)
    table = section(text, "The GFS measurements")
    assert len(re.findall(r"^\| \d+ \|", table, re.MULTILINE)) == 200
    assert "These are the first 200 of 215 measurements; [results.json](results.json) has them all." in table


def test_the_statistic(text) -> None:
    found = section(text, "Does it fall?")
    fall = nets_results()["run"]["fall"]
    assert "\\max_{i<j} \\frac{\\varphi_j - \\varphi_i}{e_i + e_j}" in found
    assert row(found, "| Values compared").endswith("| 13 |")
    assert row(found, "| Neighbouring pairs that fall").endswith(f"| {fall['falls']} |")
    assert row(found, "| Widening").endswith("| 0 |")
    assert "Negative numbers say that $`\\varphi`$ falls from each value to every later one." in found
    assert "between two measurements nothing was looked at" in found


def test_what_the_error_bars_are_worth(text) -> None:
    found = section(text, "How far can the error bars be trusted?")
    assert "**They are estimates, not bounds:**" in found
    assert "it is a lower bound" in found
    assert "*some* eigenvalue is this close" in found
    assert "The largest part of the bar is, among 13 values: infinite time in 13." in found


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        ("mse", "\\frac{1}{2n} \\sum_{i=1}^n \\lVert f_w(x_i) - y_i \\rVert^2"),
        ("cross-entropy", "-\\frac{1}{n} \\sum_{i=1}^n \\log \\frac{\\exp f_w(x_i)_{y_i}}{\\sum_k"),
    ],
)
def test_setting(loss, formula) -> None:
    results = nets_results()
    results["question"]["loss"] = loss
    found = section(checked_text(results), "Setting")
    assert formula in row(found, "| Loss")
    assert row(found, "| hidden").endswith("| weights and biases, then hardtanh | 200 | 614,600 |")
    assert "- hardtanh has kinks: the flow follows $`-\\nabla L`$ with the derivative 0 at a kink.\n" in found


def test_cost(text) -> None:
    found = section(text, "Cost")
    assert row(found, "| GFS sharpness").endswith("| 13 measurements | 42 |")
    middle = 900 + STEPS // GFS_EVERY // 2 * GFS_EVERY
    assert row(found, "| Gradients |") == f"| Gradients | 900 | {middle:,} | {900 + STEPS:,} |"
    assert row(found, "| Gradients + 2").endswith(f"| 1,140 | {middle + 240:,} | {900 + STEPS + 240:,} |")
    assert row(found, "| Samples at a time").endswith("| all |")
    assert row(found, "| SHA-256").endswith(f"| `{'ab' * 32}` |")


def test_reproduction(text) -> None:
    found = section(text, "Reproduction")
    assert "python -m verify nets --arch fc-hardtanh  # run it all again\n" in found
    assert "python -m reports FOLDER                  # write this page again" in found
    assert "verify check" not in found
    assert row(found, "| torch").endswith("| 2.13.0 |")


def test_no_measurement_at_all() -> None:
    results = nets_results(with_values((30.0, 0.1)))
    results["run"].update(gfs=[], sharpness=[], eta_factor=None)
    results["run"]["fall"]["measurements"] = 0
    text = checked_text(results)
    assert "cannot be said from 0 values" in text
    assert "The GFS sharpness was not measured.\n" in text
    assert "nets-flows.png" not in text
    assert "- **Step size:** $`\\eta`$ = 0.08.\n" in text


def test_texts_cannot_disturb_the_page() -> None:
    results = nets_results()
    results["data"].update(name=HOSTILE, description=f"{HOSTILE} </details>", sha256=HOSTILE)
    results["machine"].update(processor=HOSTILE, torch=HOSTILE)
    results["flow"].update(method=HOSTILE, assumes=["a\n# b <i>"])
    results["network"]["layers"][0].update(name=HOSTILE, kind=HOSTILE, description=HOSTILE, output_shape=[])
    for part in ("network", "question"):
        results[part].update(arch=HOSTILE, activation=HOSTILE)
    validate(results)
    text = report_text(results)
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == 8
    assert text.count("<details>") == text.count("\n</details>\n") == 1
    assert_sound(text.replace("{{ n }}", "").replace("\\{\\{ n \\}\\}", ""))


def test_plots_of_the_page_are_written(tmp_path) -> None:
    report = render(nets_results(), tmp_path)
    named = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", report.read_text(encoding="utf-8"))
    assert named == ["plots/nets-trajectory.png", "plots/nets-flows.png"]
    assert sorted(f"plots/{path.name}" for path in (tmp_path / "plots").iterdir()) == sorted(named)
    results = nets_results(with_values((30.0, 0.1)))
    results["run"]["gfs"][0]["path"] = []
    render(results, tmp_path)
    assert [path.name for path in (tmp_path / "plots").iterdir()] == ["nets-trajectory.png"]


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (24.31273, 0.00214, "24.3127 ± 0.0021"),
        (1234.5, 12.3, "1,234 ± 12"),
        (-0.5, 0.25, "−0.50 ± 0.25"),
        (12345.6, 321.0, "12,345.6 ± 320"),
        (2.0, 0.0, "2 ± 0"),
        (3.2e-7, 1e-9, "3.2×10⁻⁷ ± 10⁻⁹"),
        (None, None, "—"),
    ],
)
def test_values_with_their_error_bars(value, error, shown) -> None:
    assert nets_words.with_bar(value, error) == shown


@pytest.mark.parametrize(
    ("arch", "activation", "name"),
    [
        ("fc-hardtanh", "hardtanh", "FC-hardtanh"),
        ("vgg11-bn", "relu", "VGG11-BN with relu"),
        ("resnet20", "relu", "ResNet-20 with relu"),
        ("other", "", "other"),
    ],
)
def test_names_of_networks(arch, activation, name) -> None:
    assert nets_words.network_name({"arch": arch, "activation": activation}) == name
