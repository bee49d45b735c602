"""`verify scalar`: the run from the claims to the report."""

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from verify.claims import ClaimGraph
from verify.results import results_data
from verify.runs import (
    checked_identities,
    finish,
    formal_claims,
    live_view,
    print_claims,
    require_writable,
    settle_claims,
)

STEPS = 500
SHOWN_DEPTH = 4  # of identities and experiments where the claims are about every depth


@dataclass(frozen=True)
class Question:
    """What a run was asked; depth None is every depth. Raises ValueError for anything out of range."""

    depth: int | None
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
        words = ["python", "-m", "verify", "scalar", "--depth", str(self.depth or "all")]
        for name, default in (("theorem", "all"), ("seed", 0), ("samples", 2000)):
            if getattr(self, name) != default:
                words += [f"--{name}", str(getattr(self, name))]
        return shlex.join(words)


def run_scalar(question: Question, graph: ClaimGraph, folder: Path, *, as_json: bool = False) -> int:
    """Prove, measure, write the report into `folder`, print the summary; return the exit code.

    `graph` is what the question asks for. Raises OSError for a folder that cannot be written.
    """
    require_writable(folder)
    console = Console(stderr=True)
    return finish(gather(question, graph, folder, console), folder, console, print_summary, as_json=as_json)


def gather(question: Question, graph: ClaimGraph, folder: Path, console: Console) -> dict[str, Any]:
    """Run claims, identities and experiments with a live view; return the results."""
    began = time.perf_counter()
    parts = measurements(question)
    with live_view(console, formal_claims(graph) + len(parts)) as view:
        outcomes = settle_claims(graph, folder, view, jobs=question.jobs, seed=question.seed)
        found = {name: view.part(name.replace("_", " "), work) for name, work in parts.items()}
    asked = {name: value for name, value in asdict(question).items() if name != "jobs"}
    return results_data(
        graph,
        outcomes,
        model="scalar",
        command=question.command(),
        question=asked,
        seconds=time.perf_counter() - began,
        **found,
    )


def measurements(question: Question) -> Mapping[str, Callable[[], Any]]:
    """Return what is computed besides the claims: symbolic identities and numeric experiments, by result name."""
    depth = question.depth or SHOWN_DEPTH

    def identities() -> list[dict[str, Any]]:
        from symbolic.catalogue import check_identities

        return checked_identities(check_identities(depth))

    def experiment() -> dict[str, Any]:
        from numeric.experiment import run_experiment

        return run_experiment(depth, question.samples, STEPS, question.seed).to_dict()

    def one_step() -> dict[str, Any]:
        from numeric.one_step import check_one_step

        return check_one_step(10 * question.samples, question.seed).to_dict()

    return {"identities": identities, "experiment": experiment, "one_step": one_step}


def of_depth(depth: int | None) -> str:
    """Return "every depth" or "depth D"."""
    return "every depth" if depth is None else f"depth {depth}"


def print_summary(data: Mapping[str, Any], console: Console) -> None:
    """Print the tables of theorems and claims, and what was measured."""
    print_claims(data, console, f"Scalar networks, {of_depth(data['question']['depth'])}")
    experiment = data["experiment"]
    bars = experiment["theorem_a"]["worst_rise_in_error_bars"]
    console.print(
        f"measured: {experiment['samples']} trajectories, {experiment['gd_steps']} steps; worst rise of phi {bars:.2g} "
        f"error bars; contradicted: {'yes' if experiment['contradicted'] else 'no'}",
        highlight=False,
    )
