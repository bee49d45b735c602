"""`verify scalar`: the run from the claims to the report."""

import json
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from verify.claims import ClaimGraph, Outcome
from verify.engine import Limits, run
from verify.files import write_json
from verify.results import certificate_folder, exit_code, results_data

TIER_STYLE = {"kernel": "green", "solvers": "yellow", "argument": "cyan", "none": "red"}
VERDICT_STYLE = {"proved": "green", "refuted": "bold red", "unknown": "bold yellow"}
STEPS = 500


@dataclass(frozen=True)
class Question:
    """What a run was asked. Raises ValueError for anything out of range."""

    depth: int
    theorem: str = "all"
    jobs: int = 1
    seed: int = 0
    samples: int = 2000

    def __post_init__(self) -> None:
        """Check the numbers (depth and theorem are checked where the graph is built)."""
        if not 1 <= self.jobs <= 256:
            raise ValueError(f"--jobs {self.jobs}: give 1 to 256")
        if not 1 <= self.samples <= 1_000_000:
            raise ValueError(f"--samples {self.samples}: give 1 to 1000000")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"--seed {self.seed}: give 0 to {2**32 - 1}")

    def command(self) -> str:
        """Return the command that asks the same again."""
        words = ["python", "-m", "verify", "scalar", "--depth", str(self.depth)]
        for name, default in (("theorem", "all"), ("seed", 0), ("samples", 2000)):
            if getattr(self, name) != default:
                words += [f"--{name}", str(getattr(self, name))]
        return shlex.join(words)


def require_writable(folder: Path) -> None:
    """Make the folder and write a file in it. Raises OSError when either fails."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def run_scalar(question: Question, graph: ClaimGraph, folder: Path, *, as_json: bool = False) -> int:
    """Prove, measure, write the report into `folder`, print the summary; return the exit code.

    `graph` is what the question asks for. Raises OSError for a folder that cannot be written.
    """
    require_writable(folder)
    console = Console(stderr=True)
    data = gather(question, graph, folder, console)
    from reports.scalar import render

    write_json(folder / "results.json", data)
    report = render(data, folder)
    if as_json:
        print(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        print_summary(data, Console(width=None if sys.stdout.isatty() else 120))
    console.print(f"report: {report}", highlight=False, soft_wrap=True)
    return exit_code(data)


def gather(question: Question, graph: ClaimGraph, folder: Path, console: Console) -> dict[str, Any]:
    """Run claims, identities and experiments with a live view; return the results."""
    began = time.perf_counter()
    formal = sum(claim.statement is not None for claim in graph.claims)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as view:
        task = view.add_task("claims", total=formal + 3)

        def show(outcome: Outcome) -> None:
            style = VERDICT_STYLE[outcome.verdict]
            note = f" {outcome.note}" if outcome.note else ""
            seconds = outcome.prover_seconds + outcome.kernel_seconds
            line = f"[{style}]{outcome.verdict:8}[/] {outcome.identifier:12} {outcome.rule:14} {seconds:6.2f} s{note}"
            view.console.print(line, highlight=False)
            view.advance(task)

        limits = Limits(seed=question.seed)
        outcomes = run(graph, jobs=question.jobs, limits=limits, folder=certificate_folder(folder), progress=show)
        parts: dict[str, Any] = {}
        for name, work in measurements(question).items():
            view.update(task, description=name.replace("_", " "))
            parts[name] = work()
            view.advance(task)
    asked = {name: value for name, value in asdict(question).items() if name != "jobs"}
    return results_data(
        graph, outcomes, command=question.command(), question=asked, seconds=time.perf_counter() - began, **parts
    )


def measurements(question: Question) -> Mapping[str, Callable[[], Any]]:
    """Return what is computed besides the claims: symbolic identities and numeric experiments, by result name."""

    def identities() -> list[dict[str, Any]]:
        from symbolic.catalogue import check_identities

        checked = check_identities(question.depth)
        return [
            {"name": r.identity.name, "statement": r.identity.statement, "source": r.identity.source, "holds": r.holds}
            for r in checked
        ]

    def experiment() -> dict[str, Any]:
        from numeric.experiment import run_experiment

        return run_experiment(question.depth, question.samples, STEPS, question.seed).to_dict()

    def one_step() -> dict[str, Any]:
        from numeric.one_step import check_one_step

        return check_one_step(10 * question.samples, question.seed).to_dict()

    return {"identities": identities, "experiment": experiment, "one_step": one_step}


def print_summary(data: Mapping[str, Any], console: Console) -> None:
    """Print the tables of theorems and claims: verdict and tier of each."""
    table = Table(title=f"Scalar networks, depth {data['question']['depth']}")
    for name in ("claim", "statement", "scope", "verdict", "own tier", "tier"):
        table.add_column(name, overflow="fold", no_wrap=name in ("claim", "verdict", "tier"))
    for claim in sorted(data["claims"], key=lambda c: ("lemma", "argument", "theorem", "neighbour").index(c["kind"])):
        cells = [claim["identifier"], claim["title"], claim["scope"]]
        verdict = f"[{VERDICT_STYLE[claim['verdict']]}]{claim['verdict']}[/]"
        if claim["kind"] == "neighbour":
            expected = claim["verdict"] != "proved"
            verdict = f"[{'green' if expected else 'bold red'}]{claim['verdict']}[/]"
            cells[1] += " (planted false claim)"
        tiers = [f"[{TIER_STYLE[claim[key]]}]{claim[key]}[/]" for key in ("own_tier", "tier")]
        table.add_row(*cells, verdict, *tiers, style="bold" if claim["kind"] == "theorem" else None)
    console.print(table)
    own = {c["identifier"]: c["own_tier"] for c in data["claims"]}
    for theorem in data["theorems"]:
        written = ", ".join([*theorem["arguments"], theorem["identifier"]])
        others = [i for i in theorem["claims"] if i not in theorem["arguments"] and own[i] != "kernel"]
        rest = (
            f"not checked by the kernel either: {', '.join(others)}" if others else "all else is checked by the kernel"
        )
        console.print(
            f"[bold]{theorem['identifier']}[/] ({theorem['scope']}): {theorem['verdict']}, tier {theorem['tier']}; "
            f"written steps: {written}; {rest}",
            highlight=False,
        )
    experiment = data["experiment"]
    bars = experiment["theorem_a"]["worst_rise_in_error_bars"]
    console.print(
        f"measured: {experiment['samples']} trajectories, {experiment['gd_steps']} steps; worst rise of phi {bars:.2g} "
        f"error bars; contradicted: {'yes' if experiment['contradicted'] else 'no'}",
        highlight=False,
    )
    sys.stdout.flush()
