"""What a person sees of a run on a network: steps and flows while it goes on, the measurements and the verdict."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from numeric.net_experiment import Watcher

CHECKPOINT = "checkpoint.npz"
"""Name of the file that keeps the state of an unfinished run."""


@contextmanager
def live_view(console: Console, steps: int) -> "Iterator[Watcher]":
    """Show so many steps, flows and the time left while the block runs."""
    from numeric.net_experiment import Watcher
    from numeric.net_results import GfsRecord

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    left_column = TextColumn("{task.fields[left]}")
    hidden = not console.is_terminal
    with Progress(*columns, left_column, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("gradient descent", total=steps, left="")
        began, first = perf_counter(), [-1]

        def step(number: int) -> None:
            if first[0] < 0:
                first[0] = number
            done = number - first[0]
            left = (perf_counter() - began) / done * (steps - number) if done else None
            words = f"about {left / 60:.1f} min left" if left is not None else ""
            progress.update(task, completed=number, description="gradient descent", left=words)

        def flow(number: int, state: Any, work: int) -> None:
            progress.update(task, description=f"flow from step {number}: loss {state.loss:.1e}, {work} gradients")

        def measured(record: GfsRecord) -> None:
            value = f"{record.value:.4g} ± {record.error:.2g}" if record.value is not None else record.outcome
            line = f"step {record.step}: GFS sharpness {value}, {record.gradients} gradients, {record.seconds:.1f} s"
            progress.console.print(line, highlight=False)

        yield Watcher(step, flow, measured)


def print_summary(data: Mapping[str, Any], console: Console) -> None:
    """Print the GFS measurements and the verdict."""
    run = data["run"]
    table = Table(
        title=f"{data['question']['arch']}, {data['network']['parameters']:,} weights, {data['data']['name']}"
    )
    for name in ("step", "loss", "GFS sharpness", "error bar", "eta phi", "gradients", "products", "seconds"):
        table.add_column(name, justify="right")
    for record in run["gfs"]:
        value, error = record["value"], record["error"]
        known = (
            ("—", "—", record["outcome"])
            if value is None
            else (f"{value:.4g}", f"{error:.2g}", f"{run['eta'] * value:.3f}")
        )
        loss = run["loss"][record["step"]] if record["step"] < len(run["loss"]) else float("nan")
        work = (str(record["gradients"]), str(record["products"]), f"{record['seconds']:.1f}")
        table.add_row(str(record["step"]), f"{loss:.3g}", *known, *work)
    console.print(table)
    console.print(verdict_line(run), highlight=False, soft_wrap=True)


def verdict_line(run: Mapping[str, Any]) -> str:
    """Return the verdict on a run in one line."""
    fall = run["fall"]
    counts = (
        f"{fall['measurements']} GFS measurements; between neighbours {fall['falls']} falls and {fall['rises']} rises "
        f"beyond the error bars, {fall['within']} changes within; the loss rose in {run['loss_increases']} of "
        f"{run['steps']} steps"
    )
    if run["outcome"] == "diverged":
        return f"measured: diverged at step {run['diverged_at']}; {counts}"
    if fall["measurements"] < 2:
        return f"measured: undecided, {counts}"
    said = "RISES beyond its error bars" if fall["contradicted"] else "never rises beyond its error bars"
    return f"measured: the GFS sharpness {said}; {counts}"


def interrupted(folder: Path) -> None:
    """Say how to go on after Ctrl-C."""
    kept = (folder / CHECKPOINT).exists()
    how = "the same command with --resume goes on" if kept else "nothing was kept"
    print(f"verify: interrupted; {how}", file=sys.stderr)
