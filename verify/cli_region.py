"""The command `region` of the command line; `verify.cli` registers it."""

import sys
from pathlib import Path
from typing import Annotated

import typer


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
    convergence to a minimum is proved for cells inside. A trusted checker re-checks every cell.
    """
    from verify.cli import UsageError
    from verify.run_region import Question, read_region, run_region

    try:
        question = Question(read_region(depth, eta, axes, fix, box), timeout)
    except ValueError as error:
        raise UsageError(str(error)) from None
    sys.exit(run_region(question, out or Path("report") / "region", as_json=json, plot=not no_plot))
