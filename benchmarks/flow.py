"""Gradients that integrators of the gradient flow need for the GFS sharpness of a fully connected network.

Run from the repository root: ``python -m benchmarks.flow [--data-dir DIR]``. Prints a Markdown table for each network;
progress goes to stderr. Needs torch and torchdiffeq (the extra "nets").
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from numeric.flow import FlowEnd, RungeKuttaChebyshev, State, Stepper, follow
from numeric.flow_end import FITTED, WATCH_RTOL, FlowWatch, extrapolate
from numeric.flow_linear import LinearSolveWatch
from numeric.flow_others import Dopri5, RungeKutta4
from numeric.image_data import load
from numeric.net_gfs import COARSER
from numeric.net_objective import NetObjective, squared_error
from numeric.nets.architectures import build
from numeric.objective import Cost

NEAR = 0.005
"""How close a predicted sharpness has to be to the last prediction of the same integrator."""

SCATTER = (0.5, 0.7, 0.85, 1.2, 1.4, 2.0)
"""Factors of the tolerance of the runs that show the scatter."""

REFERENCE_RTOL, REFERENCE_STOP = 2e-3, 2.5e-3
"""Tolerances of the steps and of the stop of the reference."""

MOST_GRADIENTS = 1_000_000


@dataclass
class CountedWatch(FlowWatch):
    """Notes the work done when each sharpness has been measured."""

    work: list[int] = field(default_factory=list)

    def measure(self, time: float, loss: float, weights: Tensor, rtol: float = WATCH_RTOL) -> None:
        """Measure, and note the work."""
        super().measure(time, loss, weights, rtol)
        self.work.append(self.objective.cost.equivalents)

    def predictions(self) -> list[float]:
        """Return the limit predicted from each state and those before it; that of the first is its sharpness."""
        parts = [self.path[max(0, k - FITTED) : k] for k in range(2, len(self.path) + 1)]
        ends = [extrapolate([p.loss for p in part], [p.sharpness for p in part]).value for part in parts]
        return [self.path[0].sharpness, *ends]


@dataclass
class CountedLinearSolve(LinearSolveWatch):
    """Notes the work done after each jump."""

    work: list[int] = field(default_factory=list)

    def measure(self, time: float, loss: float, weights: Tensor, rtol: float = WATCH_RTOL) -> None:
        """Measure, and note the work when there was a jump."""
        before = len(self.jumps)
        super().measure(time, loss, weights, rtol)
        if len(self.jumps) > before:
            self.work.append(self.objective.cost.equivalents)

    def predictions(self) -> list[float]:
        """Return the sharpness after each jump."""
        return [jump.pair.value for jump in self.jumps]


Watch = CountedWatch | CountedLinearSolve


@dataclass(frozen=True)
class Row:
    """One line of the table: the name, how the flow ended, the work, and the limit of the sharpness."""

    name: str
    end: FlowEnd
    cost: Cost
    seconds: float
    near: int | None

    @property
    def value(self) -> float:
        """The limit of the sharpness; NaN if the flow did not get there."""
        return self.end.limit.value if self.end.limit is not None else float("nan")


def told(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def work_until_near(watch: Watch, end: FlowEnd, before: int) -> int | None:
    """Gradient equivalents when the predictions first stay within NEAR of the last one."""
    if end.limit is None:
        return None
    first = None
    for work, value in zip(watch.work, watch.predictions(), strict=False):
        close = abs(value / end.limit.value - 1.0) <= NEAR
        first = (work if first is None else first) if close else None
    return None if first is None else first - before


def run(name: str, objective: NetObjective, stepper: Stepper, watch: Watch) -> Row:
    """Follow the flow from the start with one integrator."""
    began, before = time.perf_counter(), objective.cost.equivalents
    shown = began

    def progress(state: State, work: int) -> None:
        nonlocal shown
        if time.perf_counter() - shown > 10.0:
            shown = time.perf_counter()
            told(f"  {name}: {work} gradients, loss {state.loss:.2e}, {shown - began:.0f} s")

    start = objective.weights()
    end = follow(objective, start, stepper, watch, max_gradients=MOST_GRADIENTS, progress=progress)
    row = Row(name, end, end.cost, time.perf_counter() - began, work_until_near(watch, end, before))
    told(f"  {name}: {end.outcome}, {end.cost.equivalents} gradients, {row.seconds:.1f} s, sharpness {row.value:.5g}")
    return row


def chebyshev(objective: NetObjective, rtol: float, stop: float | None = None, name: str = "RKC") -> Row:
    """Run Runge-Kutta-Chebyshev with tolerances of the steps and of the stop."""
    stepper = RungeKuttaChebyshev(objective, objective.weights(), rtol)
    return run(name, objective, stepper, CountedWatch(objective, rtol if stop is None else stop))


def with_error_bar(row: Row, coarse: Row) -> Row:
    """Add the work of the second flow, which gives the error bar."""
    cost = Cost(row.cost.gradients + coarse.cost.gradients, row.cost.products + coarse.cost.products)
    return Row("RKC twice, for the error bar", row.end, cost, row.seconds + coarse.seconds, None)


def network(activation: str, arguments: argparse.Namespace) -> NetObjective:
    """Return the fully connected network on the data, in float32, with the squared error."""
    folder = arguments.data_dir
    data = load("digits" if folder is None else "cifar10", arguments.samples, folder)
    model = build("fc-hardtanh", width=arguments.width, activation=activation)
    images, targets = (torch.from_numpy(a).float() for a in (data.images, data.one_hot()))
    return NetObjective(model, squared_error, images, targets)


def measure(activation: str, arguments: argparse.Namespace) -> tuple[list[Row], Row, list[float]]:
    """Return the rows, the reference, and the values that show the scatter."""
    objective = network(activation, arguments)
    start, rtol = objective.weights(), arguments.rtol
    told(f"{activation}, {objective.dimension} weights")
    rows = [chebyshev(objective, rtol)]
    rows.append(with_error_bar(rows[0], chebyshev(objective, COARSER * rtol, name="RKC again")))
    others: tuple[tuple[str, Callable[[], Stepper], type[CountedWatch] | type[CountedLinearSolve]], ...] = (
        ("RKC, linear solve", lambda: RungeKuttaChebyshev(objective, start, rtol), CountedLinearSolve),
        ("RK4, step 1/sharpness", lambda: RungeKutta4(objective), CountedWatch),
        ("dopri5", lambda: Dopri5(objective, start, rtol), CountedWatch),
    )
    wanted = [row for row in others if not any(row[0].startswith(name) for name in arguments.without)]
    rows += [run(name, objective, make(), watch(objective, rtol)) for name, make, watch in wanted]
    reference = chebyshev(objective, REFERENCE_RTOL, REFERENCE_STOP, "reference")
    scatter = [chebyshev(objective, factor * rtol, rtol, f"RKC, steps x {factor}").value for factor in SCATTER]
    return rows, reference, scatter


def show(activation: str, rows: Sequence[Row], reference: Row, scatter: Sequence[float]) -> None:
    """Print the table and what is said below it."""
    first = rows[0]
    print(f"\n### {activation}\n")
    print("| integrator | gradients | products | equivalents | ratio | seconds | ratio |", end="")
    print(f" until within {NEAR:.1%} | ratio | sharpness at the end | its limit | difference |")
    print("| --- |" + " ---: |" * 11)
    for row in rows:
        cost, near = row.cost, "-" if row.near is None else f"{row.near:,}"
        ratio = "-" if row.near is None or not first.near else f"{row.near / first.near:.2g}"
        name = row.name if row.end.outcome == "converged" else f"{row.name} ({row.end.outcome})"
        print(
            f"| {name} | {cost.gradients:,} | {cost.products:,} | {cost.equivalents:,} "
            f"| {cost.equivalents / first.cost.equivalents:.2g} "
            f"| {row.seconds:.3g} | {row.seconds / first.seconds:.2g} "
            f"| {near} | {ratio} | {row.end.path[-1].sharpness:.5g} | {row.value:.5g} "
            f"| {row.value / reference.value - 1.0:+.2%} |"
        )
    values = np.array([first.value, *scatter])
    spread = float(np.std(values, ddof=1) / np.mean(values))
    work = reference.cost.equivalents
    print(
        f"\nReference: RKC, tolerance {REFERENCE_RTOL:g}, {work:,} gradient equivalents: {reference.value:.5g}. ",
        end="",
    )
    print(f"Scatter of RKC over {len(values)} tolerances from {SCATTER[0]:g} to {SCATTER[-1]:g} times the one above: ")
    print(f"standard deviation {spread:.2%}, differences from the reference ", end="")
    print(f"{values.min() / reference.value - 1.0:+.2%} to {values.max() / reference.value - 1.0:+.2%}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="folder with the binary files of CIFAR-10; digits without")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--width", type=float, default=1.0, help="factor of the 200 hidden units a layer")
    parser.add_argument("--rtol", type=float, default=0.01)
    parser.add_argument("--without", nargs="+", default=[], metavar="NAME", help="integrators to leave out, as dopri5")
    parser.add_argument("--activations", nargs="+", default=["hardtanh", "tanh"])
    arguments = parser.parse_args()
    data = "digits" if arguments.data_dir is None else "CIFAR-10"
    print(
        f"FC, width factor {arguments.width:g}, {arguments.samples} samples of {data}, tolerance {arguments.rtol:g}, ",
        end="",
    )
    print(f"{torch.get_num_threads()} threads")
    for activation in arguments.activations:
        show(activation, *measure(activation, arguments))


if __name__ == "__main__":
    main()
