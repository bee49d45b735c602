"""`verify regression`: the run on the squared regression model, from the claims to the report."""

import shlex
import time
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from verify.results import certificate_folder, results_data
from verify.runs import (
    View,
    checked_identities,
    finish,
    formal_claims,
    live_view,
    print_claims,
    require_writable,
    settle_claims,
)
from verify.theorems.squared_regression import regression_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numeric.compensated import FloatArray
    from numeric.regression import RegressionData
    from numeric.regression_data import DataSet
    from verify.trajectory.problem import Problem

GAUSSIAN, DIABETES = "gaussian", "diabetes"
DEFAULTS: dict[str, Any] = {"data": "all", "target": "", "samples": 0, "features": 0, "scale": 0.0, "seed": 0}
CERTIFIED_FACTOR, CERTIFIED_SCALE, CERTIFIED_STEPS = 1.05, 0.5, 500
GRID_STEPS = 2000
MOST_SAMPLES, MOST_FEATURES, MOST_STEPS = 2_000, 5_000, 100_000


@dataclass(frozen=True)
class Question:
    """What a run was asked; 0 or "" or None stands for the default. Raises ValueError for anything out of range.

    `data` is "all" (the data sets of the grid), "gaussian" (`samples` x `features`), "diabetes" (quadratic features of
    `samples` patients) or the path of a CSV file with the column `target`. `eta_factor` (the step size in units of
    2 / phi of the start) and `scale` (of the initial weights) None or 0: the grid.
    """

    data: str = "all"
    target: str = ""
    samples: int = 0
    features: int = 0
    eta_factor: float | None = None
    scale: float = 0.0
    steps: int = 0
    seed: int = 0
    certify: bool = False
    jobs: int = 1

    def __post_init__(self) -> None:
        """Check the numbers, and that the options fit together."""
        for name, value, most in (
            ("samples", self.samples, MOST_SAMPLES),
            ("features", self.features, MOST_FEATURES),
            ("steps", self.steps, MOST_STEPS),
        ):
            if not 0 <= value <= most:
                raise ValueError(f"--{name} {value}: give 1 to {most}")
        if self.eta_factor is not None and not (isfinite(self.eta_factor) and 0 < self.eta_factor <= 1e6):
            raise ValueError(f"--eta-factor {self.eta_factor}: give a positive number")
        if not (isfinite(self.scale) and 0 <= self.scale <= 1e6):
            raise ValueError(f"--scale {self.scale}: give a positive number")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"--seed {self.seed}: give 0 to {2**32 - 1}")
        if self.is_file and not self.target:
            raise ValueError("--data FILE needs --target COLUMN")
        if self.target and not self.is_file:
            raise ValueError("--target belongs to --data FILE")
        if self.features and self.data != GAUSSIAN:
            raise ValueError("--features belongs to Gaussian data")

    @property
    def is_file(self) -> bool:
        """Whether the data are those of a file."""
        return self.data not in ("all", GAUSSIAN, DIABETES)

    @property
    def certifies(self) -> bool:
        """Whether a run is to be certified: where asked for, and in the run over all data sets."""
        return self.certify or (self.data == "all" and self.eta_factor is None)

    @property
    def certified_factor(self) -> float:
        """Step size of the certified run, in units of 2 / phi of the start."""
        return CERTIFIED_FACTOR if self.eta_factor is None else self.eta_factor

    def command(self) -> str:
        """Return the command that asks the same again."""
        words = ["python", "-m", "verify", "regression"]
        for name, default in (*DEFAULTS.items(), ("eta_factor", None), ("steps", 0)):
            value = getattr(self, name)
            if value != default:
                words += [f"--{name.replace('_', '-')}", str(value)]
        return shlex.join([*words, "--certify"] if self.certify else words)

    def asked(self) -> dict[str, Any]:
        """Return the question as plain data for the results; a file by its name without the folder."""
        asked = {k: v for k, v in asdict(self).items() if k not in ("jobs", "target", "scale")}
        name = Path(self.data).name if self.is_file else self.data
        return asked | {"data": name, "steps": self.steps or GRID_STEPS}


@dataclass(frozen=True)
class Plan:
    """A question with its data, and the problem whose run is to be certified, if any."""

    question: Question
    sets: "list[DataSet]"
    problem: "Problem | None"


def make_plan(question: Question) -> Plan:
    """Read or make the data of a question, and pose the problem of the certified run.

    Raises ValueError for data that cannot be used or certified, OSError for a file that cannot be read.
    """
    sets = data_sets(question)
    return Plan(question, sets, certified_problem(question, sets[0].data) if question.certifies else None)


def data_sets(question: Question) -> "list[DataSet]":
    """Return the data that a question is about. Raises as `make_plan`."""
    from numeric import regression_data as source
    from numeric.regression_experiment import default_data_sets

    seed = question.seed
    if question.data == "all":
        return default_data_sets(seed)
    if question.data == GAUSSIAN:
        return [source.gaussian_data(question.samples or 10, question.features or 50, seed)]
    if question.data == DIABETES:
        return [source.diabetes_quadratic(question.samples or 20, seed)]
    return [source.csv_data(question.data, question.target, question.samples or None, seed)]


def certified_problem(question: Question, data: "RegressionData") -> "Problem":
    """Return data, start and step size as exact numbers: the floats of an experiment, taken at their word.

    Raises ValueError for data that are too large, or not of full row rank.
    """
    from numeric.regression_data import initial_weights
    from numeric.regression_gfs import flow_solution

    weights = initial_weights(data.dimension, question.scale or CERTIFIED_SCALE, question.seed)
    flow = flow_solution(data, weights)
    if not flow.solved.all():
        raise ValueError(f"the start has no gradient-flow solution: {flow.reasons()[0]}")
    return exact_problem(data, weights, question.certified_factor * 2.0 / float(flow.sharpness))


def exact_problem(data: "RegressionData", weights: "FloatArray", eta: float) -> "Problem":
    """Return the problem of one run from `weights`, (2, d). Raises ValueError as `certified_problem`."""
    from verify.trajectory.problem import Problem

    if data.rank < data.samples:
        raise ValueError(f"--certify needs samples that are linearly independent; of {data.samples} {data.rank} are")
    plus, minus = weights.tolist()
    return Problem.from_floats(data.features.tolist(), data.targets.tolist(), plus, minus, eta)


def run_regression(plan: Plan, folder: Path, *, as_json: bool = False) -> int:
    """Prove, measure, certify, write the report into `folder`, print the summary; return the exit code.

    Raises OSError for a folder that cannot be written.
    """
    require_writable(folder)
    console = Console(stderr=True)
    return finish(gather(plan, folder, console), folder, console, print_summary, as_json=as_json)


def gather(plan: Plan, folder: Path, console: Console) -> dict[str, Any]:
    """Run claims, identities, experiment, map and certified run with a live view; return the results."""
    from symbolic.catalogue import check_regression_identities

    began = time.perf_counter()
    question, sets = plan.question, plan.sets
    graph = regression_graph()
    with live_view(console, formal_claims(graph) + 5) as view:
        outcomes = settle_claims(graph, folder, view, jobs=question.jobs, seed=question.seed)
        identities = view.part("identities", lambda: checked_identities(check_regression_identities()))
        runs = view.part("experiment", lambda: experiment(question, sets, view))
        measured = {
            "data_sets": [asdict(one.record()) for one in sets],
            "experiment": runs,
            "rises": view.part("rises", lambda: rises(sets, runs, folder)),
            "map": view.part("map", lambda: single_steps(question, view)),
            "certified": view.part("certified run", lambda: certified(plan, folder, view)),
        }
    return results_data(
        graph,
        outcomes,
        model="regression",
        command=question.command(),
        question=question.asked(),
        seconds=time.perf_counter() - began,
        identities=identities,
        **measured,
    )


def experiment(question: Question, sets: "list[DataSet]", view: View) -> dict[str, Any]:
    """Run gradient descent on all data sets: the grid, or the one step size and scale that were asked for."""
    from numeric.regression_experiment import ETA_FACTORS, SCALES, run_regression_experiment

    single = question.eta_factor is not None
    return run_regression_experiment(
        sets,
        eta_factors=ETA_FACTORS if question.eta_factor is None else [question.eta_factor],
        scales=[question.scale or CERTIFIED_SCALE] if single or question.scale else SCALES,
        seeds=1 if single else 2,
        steps=question.steps or GRID_STEPS,
        seed=question.seed,
        progress=view.counter("experiment: step"),
    ).to_dict()


def rises(sets: "list[DataSet]", runs: "Mapping[str, Any]", folder: Path) -> list[dict[str, Any]]:
    """Prove that phi rises: in the examples, and in the runs of the experiment in which a rise was measured."""
    from numeric.regression_data import initial_weights
    from verify.rises import EXAMPLES, MOST_SHOWN, describe, proved_rise

    certificates = certificate_folder(folder)
    found = []
    for name, problem in EXAMPLES.items():
        record = proved_rise(problem, 1, certificates, name)
        found += (
            [{"data": describe(problem), "eta_factor": None, "scale": None, "seed": None} | record] if record else []
        )
    data = {one.name: one.data for one in sets}
    risen = sorted((run for run in runs["runs"] if run["rises"]), key=lambda run: -run["worst_rise"])
    for number, run in enumerate(risen[:MOST_SHOWN], start=1):
        try:
            weights = initial_weights(data[run["data"]].dimension, run["scale"], run["seed"])
            problem = exact_problem(data[run["data"]], weights, run["eta"])
        except ValueError:  # too large, or not of full row rank
            continue
        record = proved_rise(problem, run["worst_step"], certificates, f"rise-in-run-{number}")
        found += [{key: run[key] for key in ("data", "eta_factor", "scale", "seed")} | record] if record else []
    return found


def single_steps(question: Question, view: View) -> dict[str, Any] | None:
    """Make the map of single steps, in the run over all data sets."""
    from numeric.regression_map import run_regression_map

    if question.data != "all" or question.eta_factor is not None:
        return None
    return run_regression_map(seed=question.seed).to_dict()


def certified(plan: Plan, folder: Path, view: View) -> dict[str, Any] | None:
    """Certify the run that the plan names, if any."""
    from verify.certified import certified_run

    if plan.problem is None:
        return None
    steps = plan.question.steps or CERTIFIED_STEPS

    def told(phase: str, done: int, total: int) -> None:
        view.counter(f"certified run, {phase}: step")(done, total)

    data = plan.sets[0].data
    about = {"data": data.name, "samples": data.samples, "features": data.dimension}
    about |= {"eta_factor": plan.question.certified_factor, "seed": plan.question.seed}
    return about | certified_run(plan.problem, steps, certificate_folder(folder), told)


def print_summary(data: "Mapping[str, Any]", console: Console) -> None:
    """Print the tables of theorems and claims, what was certified and what was measured."""
    print_claims(data, console, "Squared regression model")
    if data["certified"] is not None:
        run = data["certified"]
        others = {"refuted": run["steps_refuted"], "undecided": run["steps_unknown"]}
        rest = "".join(f"; {word} {count}" for word, count in others.items() if count)
        reason = f"; {run['reason']}" if run["reason"] else ""
        first, last = run["eta_phi"][0], run["eta_phi"][-1]
        ends = "" if first is None or last is None else f"; eta phi from {first[0][:8]} to {last[0][:8]}"
        console.print(
            f"certified ({run['data']}, eta factor {run['eta_factor']:g}): phi(t+1) <= phi(t) proved for "
            f"{run['steps_proved']} of {run['steps_asked']} steps, tier {run['tier']}{rest}{reason}{ends}; "
            f"{run['loss_increases']} steps raise the loss",
            highlight=False,
        )
    found = data["experiment"]
    said = {True: "contradicted", False: "not contradicted"}
    worst = found["runs"][found["worst_run"]] if found["worst_run"] >= 0 else None
    rise = (
        "nothing was compared"
        if worst is None
        else f"worst rise of phi {worst['worst_rise']:.2g}, its error bar {worst['error_bar']:.2g}"
    )
    kept = sum(one["sign_change"] is False for one in data["rises"])
    console.print(
        f"proved rises: {len(data['rises'])} exact runs in which phi rises in a step, tier kernel; "
        f"{kept} of them without a sign change",
        highlight=False,
    )
    console.print(
        f"measured: phi monotone in {found['monotone_runs']} of {len(found['runs'])} runs, "
        f"{sum(run['phi_steps'] for run in found['runs'])} steps; {rise}; "
        f"by these runs Theorem R is {said[found['theorem_contradicted']]}, "
        f"the observation that phi never rises is {said[found['observation_contradicted']]}",
        highlight=False,
    )
