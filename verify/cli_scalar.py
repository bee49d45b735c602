"""Commands on orbits of scalar networks: single ones and regions; `verify.cli` registers them, with its conventions."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def trajectory(
    eta: Annotated[str, typer.Option(help="Step size, exact: 1/5 or 0.2.")],
    init: Annotated[list[str] | None, typer.Option(help="Weights, exact: 3,2,3/2,0.5 (repeatable).")] = None,
    file: Annotated[Path | None, typer.Option(help="File with one initialisation a line; # starts a comment.")] = None,
    width: Annotated[str, typer.Option(help="Width at most of the bounds on eta lim phi, exact.")] = "1/1000000",
    steps: Annotated[int, typer.Option(help="Steps at most.")] = 100_000,
    timeout: Annotated[float, typer.Option(help="Seconds of search for each initialisation.")] = 60.0,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Write certificates only.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of certificates [default: report/trajectory].")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead of the table.")] = False,
) -> None:
    """Certify where gradient descent ends, from exact weights.

    Scalar networks: a proof of convergence with bounds on eta times the final sharpness, or of divergence.
    """
    from verify.cli import UsageError
    from verify.run_trajectory import Settings, read_number, read_starts, run_trajectory

    try:
        starts = read_starts(init or [], file, eta)
        settings = Settings(read_number(width, "--width"), steps, timeout, not no_plot)
    except ValueError as error:
        raise UsageError(str(error)) from None
    sys.exit(run_trajectory(starts, settings, out or Path("report") / "trajectory", as_json=json))


def region(
    depth: Annotated[str, typer.Option(help="Depth of the network, 2 to 16.")] = "2",
    eta: Annotated[str, typer.Option(help="Step size, a fraction or a decimal.")] = "1/2",
    axes: Annotated[str, typer.Option(help="The two weights that vary.")] = "w1,w2",
    fix: Annotated[str, typer.Option(help="The values of the other weights, such as w3=1,w4=3/2.")] = "",
    box: Annotated[str, typer.Option(help="Sides of the rectangle, such as 0:3,0:3 [default: by eta].")] = "",
    timeout: Annotated[float, typer.Option(help="Seconds of search.")] = 60.0,
    out: Annotated[Path | None, typer.Option(help="Folder of the results [default: report/region].")] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw no picture.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the areas as JSON instead of the table.")] = False,
) -> None:
    """Map where gradient descent provably stays stable.

    A plane of two weights of a scalar network is paved into cells proved inside S_eta, proved outside, and undecided;
    for cells inside convergence to a minimum is proved if eta times the depth is at most 2. A trusted checker re-checks
    every cell.
    """
    from verify.cli import UsageError
    from verify.run_region import Question, read_region, run_region

    try:
        question = Question(read_region(depth, eta, axes, fix, box), timeout)
    except ValueError as error:
        raise UsageError(str(error)) from None
    sys.exit(run_region(question, out or Path("report") / "region", as_json=json, plot=not no_plot))


def figures(
    out: Annotated[Path | None, typer.Option(help="Folder of page and certificates [default: report/figures].")] = None,
    svg: Annotated[bool, typer.Option("--svg", help="Write the pictures as SVG as well.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead of the table.")] = False,
) -> None:
    """Redraw the paper's figures on scalar networks from certified data; write a page.

    A falling GFS sharpness, convergence to just below the edge, the plane of depth 2, and where S_eta lies: each from
    certificates that are re-checked.
    """
    from verify.run_figures import run_figures

    sys.exit(run_figures(out or Path("report") / "figures", svg=svg, as_json=json))
