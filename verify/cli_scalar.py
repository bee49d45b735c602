"""Commands on single orbits of scalar networks; registered in `verify.cli`, whose conventions they follow."""

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
