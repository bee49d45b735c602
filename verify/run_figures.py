"""`verify figures`: the figures on scalar networks, redrawn from certified orbits and regions; one page."""

import json
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias

from rich.console import Console

from verify.claims import ClaimGraph
from verify.figures_view import print_line, print_table
from verify.files import write_atomically, write_certificate, write_json
from verify.kernel.certificates import read_file, read_json
from verify.limits.orbit import State
from verify.limits.paving import check_paving
from verify.orbit_series import loss_rises, series, weights_along
from verify.results import certificate_folder, results_data
from verify.run_region import AIM, ENOUGH, areas_data, read_region
from verify.run_trajectory import DECIDED, INTERRUPTED, UNDECIDED, Settings, certify_start, read_number, read_start
from verify.runs import View, live_view, require_writable
from verify.signals import interrupt_deferred

Figure: TypeAlias = Literal["monotone", "convergence", "plane"]
POINTS = 150
TIMEOUT = 120.0


@dataclass(frozen=True)
class Orbit:
    """An exact start, and the figure that its orbit belongs to."""

    name: str
    figure: Figure
    eta: str
    weights: str


@dataclass(frozen=True)
class Slice:
    """A plane of two weights, as `verify region` is asked for it."""

    name: str
    depth: str
    eta: str
    fix: str
    box: str
    axes: str = "w1,w2"


@dataclass(frozen=True)
class Questions:
    """What the figures are drawn from."""

    orbits: tuple[Orbit, ...]
    slices: tuple[Slice, ...]

    @property
    def names(self) -> list[str]:
        """The names of all, in the order in which they are answered."""
        return [*(orbit.name for orbit in self.orbits), *(part.name for part in self.slices)]


@dataclass
class Answers:
    """What has been certified, as plain data, and whether Ctrl-C ended it."""

    trajectories: list[dict[str, Any]] = field(default_factory=list)
    regions: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False


# the start 2,2/5,1/2,5/2 would be a minimum, where gradient descent stays
_TENTHS = (10, 12, 14, 16, 17, 18, 19, 21, 22, 23, 24, 25, 26)
PAPER = Questions(
    orbits=(
        Orbit("monotone", "monotone", "1/5", "11/5,2/5,1/2,5/2"),
        *(Orbit(f"start-{k}-10", "convergence", "1/5", f"{Fraction(k, 10)},2/5,1/2,5/2") for k in _TENTHS),
        Orbit("plane", "plane", "4/5", "3/2,1/2"),
    ),
    slices=(
        Slice("region-depth-2", "2", "1/2", "", "0:3,0:3"),
        Slice("region-depth-4", "4", "1/5", "w3=1,w4=3/2", "0:3,0:3"),
    ),
)


def run_figures(folder: Path, questions: Questions = PAPER, *, svg: bool = False, as_json: bool = False) -> int:
    """Certify, re-check, write certificates, results, page and pictures into `folder`; return the exit code.

    0 when every orbit is decided and less than 1 % of every box undecided, 3 otherwise, 130 after Ctrl-C: what is done
    is kept and shown. Raises OSError for a folder that cannot be written.
    """
    from reports.render import render

    require_writable(folder)
    console, began = Console(stderr=True), time.perf_counter()
    answers = gather(questions, certificate_folder(folder), console)
    data = figures_data(questions, answers, time.perf_counter() - began, svg=svg)
    try:
        with interrupt_deferred():
            write_json(folder / "results.json", data)
            report = render(data, folder)
            if svg:
                write_svg(data, folder)
    except KeyboardInterrupt:
        answers.interrupted = True
    if as_json:
        print(json.dumps(data, indent=1, ensure_ascii=False))
    else:
        print_table(data, Console(width=None if sys.stdout.isatty() else 120))
    console.print(f"report: {report}", highlight=False, soft_wrap=True)
    if answers.interrupted:
        done = len(answers.trajectories) + len(answers.regions)
        console.print(f"interrupted: {done} of {len(questions.names)} are done and kept", highlight=False)
        return INTERRUPTED
    return exit_code(data)


def exit_code(data: dict[str, Any]) -> int:
    """Return 0 when all is decided, 3 otherwise."""
    orbits = all(orbit["verdict"] != "undecided" for orbit in data["trajectories"])
    regions = all(Fraction(r["areas"]["u"]) < ENOUGH * Fraction(r["area"]) for r in data["regions"])
    return DECIDED if orbits and regions and not data["missing"] else UNDECIDED


def gather(questions: Questions, folder: Path, console: Console) -> Answers:
    """Answer the questions in turn, keep the certificates in `folder`. After Ctrl-C what has been found is returned."""
    answers = Answers()
    try:
        with live_view(console, len(questions.names)) as view:
            for orbit in questions.orbits:
                answers.trajectories.append(certified_orbit(orbit, folder, view))
                print_line(view, answers.trajectories[-1])
            for part in questions.slices:
                region, answers.interrupted = certified_slice(part, folder, view)
                answers.regions.append(region)
                print_line(view, region)
                if answers.interrupted:
                    break
    except KeyboardInterrupt:
        answers.interrupted = True
    return answers


def certified_orbit(orbit: Orbit, folder: Path, view: View) -> dict[str, Any]:
    """Certify where an orbit ends, and return it as plain data, with what its picture shows."""
    start = read_start(orbit.weights, read_number(orbit.eta, orbit.name), orbit.name)
    settings = Settings(timeout=TIMEOUT, plot=False)
    row, states = certify_start(orbit.name, start, settings, folder, view.counter(f"{orbit.name}: step"))
    data = row.data()
    names = ("verdict", "assumption", "reason", "inside_from", "monotone_from", "edge", "premise", "bits")
    return {
        "name": orbit.name,
        "figure": orbit.figure,
        "eta": data["eta"],
        "weights": data["weights"],
        **{name: data.get(name) for name in names},
        "step": row.claim.step,
        "eta_phi_start": data.get("eta_phi_start"),
        "eta_phi_limit": data.get("eta_phi_limit"),
        **drawing(orbit.figure, states if row.verdict == "converges" else [], start.problem.eta),
        **_file(row.certificate),
    }


def drawing(figure: Figure, states: Sequence[State], eta: Fraction) -> dict[str, Any]:
    """Return what a picture shows of an orbit; None for an orbit that is not proved to converge: it is not drawn."""
    if not states:
        return dict.fromkeys(("loss_rises", "series", "path"))
    return {
        "loss_rises": loss_rises(states),
        "series": series(states, eta) if figure == "monotone" else series(states, eta, POINTS),
        "path": weights_along(states) if figure == "plane" else None,
    }


def certified_slice(part: Slice, folder: Path, view: View) -> tuple[dict[str, Any], bool]:
    """Pave a slice, re-check its certificate; return it as plain data, and whether Ctrl-C ended the search."""
    from verify.provers.region_search import Search

    search = Search(read_region(part.depth, part.eta, part.axes, part.fix, part.box))

    def show(cells: int, level: int, undecided: float) -> None:
        words = f"{part.name}: {cells:,} cells, level {level}, {100 * undecided:.2f} % undecided"
        view.progress.update(view.task, description=words)

    search.run(AIM, TIMEOUT, show)
    with interrupt_deferred():
        path = write_certificate(folder, part.name, search.paving().data())
        paving, areas = check_paving(read_json(read_file(path)))
    found = areas_data(paving, areas)
    names = ("depth", "eta", "axes", "fixed", "box", "area", "areas", "cells", "area_of_S_eta", "area_convergent")
    data = {"name": part.name, **{name: found[name] for name in names}, "tree": paving.cells, **_file(path)}
    return data, search.interrupted


def _file(path: Path) -> dict[str, Any]:
    """Return what a page says of a certificate's file."""
    return {"certificate": f"{path.parent.name}/{path.name}", "certificate_bytes": path.stat().st_size}


def figures_data(questions: Questions, answers: Answers, seconds: float, *, svg: bool) -> dict[str, Any]:
    """Return the results of the command as plain data."""
    done = {found["name"] for found in (*answers.trajectories, *answers.regions)}
    return results_data(
        ClaimGraph(()),
        {},
        model="figures",
        command=shlex.join(["python", "-m", "verify", "figures", *(["--svg"] if svg else [])]),
        question={"asked": questions.names},
        seconds=seconds,
        trajectories=answers.trajectories,
        regions=answers.regions,
        missing=[name for name in questions.names if name not in done],
    )


def write_svg(data: dict[str, Any], folder: Path) -> None:
    """Write the pictures as SVG into `folder`/svg. Raises OSError."""
    from reports.figures import figures
    from reports.plots import svg_bytes

    for name, figure in figures(data).items():
        write_atomically(folder / "svg" / f"{Path(name).stem}.svg", svg_bytes(figure))
