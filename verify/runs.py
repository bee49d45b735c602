"""What every run has in common: the live view, the claims, the summary tables, the results and the report on disk."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from verify.claims import ClaimGraph, Outcome
from verify.engine import Limits, run
from verify.files import write_json
from verify.results import certificate_folder, exit_code

TIER_STYLE = {"kernel": "green", "solvers": "yellow", "argument": "cyan", "none": "red"}
VERDICT_STYLE = {"proved": "green", "refuted": "bold red", "unknown": "bold yellow"}


def require_writable(folder: Path) -> None:
    """Make the folder and write a file in it. Raises OSError when either fails."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


@dataclass(frozen=True)
class View:
    """The live view of a run: one bar over claims and parts."""

    progress: Progress
    task: TaskID

    def outcome(self, outcome: Outcome) -> None:
        """Print the line of a claim that has been settled."""
        style = VERDICT_STYLE[outcome.verdict]
        note = f" {outcome.note}" if outcome.note else ""
        seconds = outcome.prover_seconds + outcome.kernel_seconds
        line = f"[{style}]{outcome.verdict:8}[/] {outcome.identifier:12} {outcome.rule:14} {seconds:6.2f} s{note}"
        self.progress.console.print(line, highlight=False)
        self.progress.advance(self.task)

    def part(self, name: str, work: Callable[[], Any]) -> Any:
        """Do a part of the run under its name and return its result."""
        self.progress.update(self.task, description=name)
        result = work()
        self.progress.advance(self.task)
        return result

    def counter(self, name: str) -> Callable[[int, int], None]:
        """Return a function (done, total) that shows how far the part `name` is."""
        return lambda done, total: self.progress.update(self.task, description=f"{name} {done}/{total}")


@contextmanager
def live_view(console: Console, steps: int) -> Iterator[View]:
    """Show a view of a run of so many steps while the block runs."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield View(progress, progress.add_task("claims", total=steps))


@contextmanager
def spinner(console: Console) -> Iterator[Callable[[str], None]]:
    """Show, on a terminal and while the block runs, what is being done; return the function that says it."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=None)
        yield lambda words: progress.update(task, description=escape(words))


def formal_claims(graph: ClaimGraph) -> int:
    """Return the number of claims with a formal statement."""
    return sum(claim.statement is not None for claim in graph.claims)


def settle_claims(graph: ClaimGraph, folder: Path, view: View, *, jobs: int, seed: int) -> dict[str, Outcome]:
    """Settle all claims, keep their certificates under `folder`, show each as it comes."""
    limits = Limits(seed=seed)
    return run(graph, jobs=jobs, limits=limits, folder=certificate_folder(folder), progress=view.outcome)


def checked_identities(results: Any) -> list[dict[str, Any]]:
    """Return symbolic identities and whether they hold as plain data."""
    return [
        {"name": r.identity.name, "statement": r.identity.statement, "source": r.identity.source, "holds": r.holds}
        for r in results
    ]


def finish(
    data: Mapping[str, Any],
    folder: Path,
    console: Console,
    summary: Callable[[Mapping[str, Any], Console], None],
    *,
    as_json: bool,
) -> int:
    """Write results and report into `folder`, print the summary (or the results as JSON), return the exit code.

    Raises OSError for a folder that cannot be written.
    """
    from reports.render import render

    write_json(folder / "results.json", data)
    report = render(data, folder)
    if as_json:
        print(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        summary(data, Console(width=None if sys.stdout.isatty() else 120))
        sys.stdout.flush()
    console.print(f"report: {report}", highlight=False, soft_wrap=True)
    return exit_code(data)


def print_claims(data: Mapping[str, Any], console: Console, title: str) -> None:
    """Print the tables of claims and theorems: verdict and tier of each."""
    table = Table(title=title)
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
