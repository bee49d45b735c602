"""The command line. Exit codes: 0 proved, 1 refuted, 2 usage error, 3 unknown.

Everything heavy is imported inside the commands, so that --help is quick and `check` loads the kernel alone.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from verify.cli_scalar import figures, region, trajectory

USAGE_ERROR = 2
INTERRUPTED = 130
EXTRAS = {"torch": "nets", "torchdiffeq": "nets", "pooch": "nets", "distributed": "cluster", "dask": "cluster"}

app = typer.Typer(
    help="Machine-checked theorems about gradient descent at the edge of stability.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class UsageError(Exception):
    """A wrong argument or an unusable file; its message is one line."""


def _fail(message: str) -> NoReturn:
    """Print one line and end with the exit code for a usage error."""
    print(f"verify: error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(USAGE_ERROR)


def _depth(text: str) -> int | None:
    from verify.theorems.scalar import DEPTHS

    if text == "all":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) not in DEPTHS:
        raise UsageError(f"--depth {text[:40]!r}: give a whole number from {DEPTHS.start} to {DEPTHS.stop - 1}, or all")
    return int(text)


@app.command()
def scalar(
    depth: Annotated[str, typer.Option(help="Depth for Theorem C, 2 to 6, or all (every depth at once).")] = "4",
    theorem: Annotated[str, typer.Option(help="monotone, invariance, convergence, stability, global or all.")] = "all",
    out: Annotated[Path | None, typer.Option(help="Folder of the report [default: report/scalar-depth-D].")] = None,
    jobs: Annotated[int, typer.Option(help="Processes; 0 is one a core.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the numeric experiment and of the falsifier.")] = 0,
    samples: Annotated[int, typer.Option(help="Trajectories in the numeric experiment.")] = 2000,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead of the table.")] = False,
) -> None:
    """Prove the theorems on scalar networks; write a report.

    The kernel re-checks every proof, planted false claims are refuted, and experiments try to break the theorems.
    """
    from verify.run_scalar import Question, run_scalar
    from verify.theorems.scalar import selected_graph

    try:
        question = Question(depth=_depth(depth), theorem=theorem, jobs=_jobs(jobs), seed=seed, samples=samples)
        graph = selected_graph(question.depth, question.theorem)
    except ValueError as error:
        raise UsageError(str(error)) from None
    folder = out or Path("report") / f"scalar-depth-{question.depth or 'all'}"
    sys.exit(run_scalar(question, graph, folder, as_json=json))


@app.command()
def regression(
    data: Annotated[str, typer.Option(help="all, gaussian, diabetes, or a CSV file.")] = "",
    target: Annotated[str, typer.Option(help="Column of the CSV file to be predicted.")] = "",
    samples: Annotated[int | None, typer.Option(help="Samples N (rows of Gaussian data, or drawn at random).")] = None,
    features: Annotated[int | None, typer.Option(help="Features d of Gaussian data.")] = None,
    eta_factor: Annotated[
        float | None, typer.Option(help="Step size, in units of 2 / phi of the start [default: a grid].")
    ] = None,
    scale: Annotated[float | None, typer.Option(help="Scale of the initial weights [default: a grid, or 0.5].")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps [default: 2000; 500 in a certified run].")] = None,
    seed: Annotated[int, typer.Option(help="Seed of data, starts and falsifier.")] = 0,
    certify: Annotated[bool, typer.Option("--certify", help="Prove phi(t+1) <= phi(t), step by step.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the report [default: report/regression].")] = None,
    jobs: Annotated[int, typer.Option(help="Processes; 0 is one a core.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead of the table.")] = False,
) -> None:
    """Squared regression model: theorems, certified run, experiment; write a report.

    Without options: all data sets, a grid of step sizes, the map of single steps, a certified run.
    """
    from verify.run_regression import Question, make_plan, run_regression

    sizes = {"samples": samples, "features": features, "steps": steps}
    for name, value in sizes.items():
        if value is not None and value < 1:
            raise UsageError(f"--{name} {value}: give a whole number of at least 1")
    if scale is not None and not scale > 0:
        raise UsageError(f"--scale {scale}: give a positive number")
    sized = any(value is not None for value in (samples, features)) or certify
    try:
        question = Question(
            data=data or ("gaussian" if sized else "all"),
            target=target,
            eta_factor=eta_factor,
            scale=scale or 0.0,
            seed=seed,
            certify=certify,
            jobs=_jobs(jobs),
            **{name: value or 0 for name, value in sizes.items()},
        )
        plan = make_plan(question)
    except ValueError as error:
        raise UsageError(str(error)) from None
    sys.exit(run_regression(plan, out or Path("report") / "regression", as_json=json))


@app.command()
def nets(
    arch: Annotated[str, typer.Option(help="fc-hardtanh, vgg11-bn or resnet20.")] = "fc-hardtanh",
    activation: Annotated[
        str, typer.Option(help="hardtanh, tanh, relu or gelu [default: the paper's; small ResNet20: gelu].")
    ] = "",
    loss: Annotated[str, typer.Option(help="mse (squared error, one-hot targets) or cross-entropy.")] = "mse",
    width: Annotated[
        float | None, typer.Option(help="Factor of all widths; 1 is the paper's [default: small].")
    ] = None,
    data: Annotated[str, typer.Option(help="digits (shipped) or cifar10.")] = "digits",
    data_dir: Annotated[Path | None, typer.Option(help="Folder of data_batch_*.bin [default: fetch them].")] = None,
    samples: Annotated[int | None, typer.Option(help="Images, the first so many [default: small].")] = None,
    lr: Annotated[float | None, typer.Option(help="Step size [default: by --lr-factor].")] = None,
    lr_factor: Annotated[float, typer.Option(help="Step size, in units of 2 / GFS sharpness of the start.")] = 1.1,
    steps: Annotated[int, typer.Option(help="Steps of gradient descent.")] = 20,
    gfs_every: Annotated[int, typer.Option(help="Measure the GFS sharpness every so many steps.")] = 10,
    sharpness_every: Annotated[int, typer.Option(help="Measure the sharpness every so many steps.")] = 1,
    rtol: Annotated[float, typer.Option(help="Relative accuracy of the GFS sharpness aimed at, up to 0.02.")] = 0.02,
    chunk: Annotated[int, typer.Option(help="Images evaluated at once, to bound the memory; 0 is all.")] = 0,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    device: Annotated[str, typer.Option(help="Device of torch.")] = "cpu",
    seed: Annotated[int, typer.Option(help="Seed of the initial weights.")] = 0,
    max_gradients: Annotated[int, typer.Option(help="Work at most for one GFS sharpness.")] = 20_000,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint of an interrupted run.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the report [default: report/ARCH].")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead of the table.")] = False,
) -> None:
    """Real networks: GFS sharpness along gradient descent; write a report.

    Full-batch gradient descent at the edge of stability on images. Needs the extra "nets" (torch).
    """
    from verify.nets_view import interrupted
    from verify.run_nets import Question, read_data, run_nets

    for name, value in (("samples", samples), ("width", width)):
        if value is not None and not value > 0:
            raise UsageError(f"--{name} {value}: give a positive number")
    folder = out or Path("report") / arch
    try:
        question = Question(
            arch=arch,
            activation=activation,
            loss=loss,
            width=width or 0.0,
            data=data,
            data_dir=data_dir,
            samples=samples or 0,
            seed=seed,
            lr=lr,
            lr_factor=lr_factor,
            steps=steps,
            gfs_every=gfs_every,
            sharpness_every=sharpness_every,
            rtol=rtol,
            chunk=chunk,
            dtype=dtype,
            device=device,
            max_gradients=max_gradients,
        )
        sys.exit(run_nets(question, read_data(question), folder, resume=resume, as_json=json))
    except ValueError as error:
        raise UsageError(str(error)) from None
    except KeyboardInterrupt:
        interrupted(folder)
        sys.exit(INTERRUPTED)


@app.command()
def prove(
    files: Annotated[list[Path], typer.Argument(help="SMT-LIB 2 files, folders of them, or - for standard input.")],
    timeout: Annotated[float, typer.Option(help="Seconds of search for each file.")] = 60.0,
    memory: Annotated[int, typer.Option(help="Megabytes that open boxes may take.")] = 2048,
    precision: Annotated[float, typer.Option(help="Width of the smallest boxes.")] = 1e-9,
    jobs: Annotated[int, typer.Option(help="Processes; 0 is one a core.")] = 0,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler, such as tcp://host:8786.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the search for counterexamples.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from unfinished certificates.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder of the certificates [default: report/prove].")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead of the table.")] = False,
) -> None:
    """Prove or refute inequalities in SMT-LIB 2 files.

    A file states the counterexample: unsatisfiable is "proved". The kernel re-checks every proof and every witness.
    """
    from verify.provers.tape import assert_rounding

    try:
        assert_rounding()  # before anything else is loaded that computes
    except RuntimeError as error:
        raise UsageError(str(error)) from None
    from verify.run_prove import Settings, run_prove

    try:
        settings = Settings(timeout, memory, _jobs(jobs), precision, seed, resume, scheduler)
        sys.exit(run_prove(files, settings, out or Path("report") / "prove", as_json=json))
    except ValueError as error:
        raise UsageError(str(error)) from None


app.command()(trajectory)
app.command()(region)
app.command()(figures)


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Certificates, or folders of certificates.")],
    quiet: Annotated[bool, typer.Option(help="Print rejected certificates and the count only.")] = False,
) -> None:
    """Re-check certificates with the kernel alone.

    A manifest found in a folder must be met in full.
    """
    from verify.checking import check_paths

    sys.exit(check_paths(paths, quiet=quiet))


@app.command()
def explain(
    claim: Annotated[str, typer.Argument(help="Identifier of a claim, such as A2.1 or theorem-C.")],
    depth: Annotated[str, typer.Option(help="Depth of the network, 2 to 6, or all.")] = "4",
) -> None:
    """Print a claim: statement, proof, what it rests on."""
    from verify.explain import explain_claim

    try:
        explain_claim(claim, _depth(depth))
    except ValueError as error:
        raise UsageError(str(error)) from None


@app.command()
def proofs(
    update: Annotated[bool, typer.Option("--update", help="Write the certificates and the manifest anew.")] = False,
    jobs: Annotated[int, typer.Option(help="Processes; 0 is one a core.")] = 0,
) -> None:
    """Prove everything anew, compare with the committed.

    Exit code 1 when a statement, verdict or tier is not what the manifest of the committed proofs says.
    """
    from verify import proof_regression

    def show(part: str, outcome: Any) -> None:
        print(f"{part}: {outcome.identifier} {outcome.verdict} ({outcome.rule})", file=sys.stderr, flush=True)

    count = _jobs(jobs)
    if update:
        entries = proof_regression.update(count, show)
        unproved = [name for name, entry in entries.items() if entry["verdict"] == "unknown"]
        print(f"{len(entries)} claims written; unknown: {', '.join(unproved) or 'none'}")
        sys.exit(3 if unproved else 0)
    found = proof_regression.regress(count, show)
    print("\n".join(found) if found else "the committed proofs, manifest and gallery are those of today")
    sys.exit(1 if found else 0)


def _jobs(jobs: int) -> int:
    if not 0 <= jobs <= 256:
        raise UsageError(f"--jobs {jobs}: give 1 to 256, or 0 for one a core")
    return jobs or os.cpu_count() or 1


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line on `arguments` (sys.argv when None) and exit."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        result: Any = app(args=given or ["--help"], prog_name="python -m verify", standalone_mode=False)
        if result == INTERRUPTED:  # so typer reports Ctrl-C
            raise KeyboardInterrupt
        sys.exit(result if isinstance(result, int) else 0)
    except typer.TyperException as error:
        _fail(error.format_message())
    except UsageError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        how = f": pip install '.[{extra}]'" if extra else ""
        _fail(f"the package {error.name} is missing; install this project with pip to get it{how}")
    except (KeyboardInterrupt, typer.Abort):
        print("verify: interrupted; what was proved is kept", file=sys.stderr)
        sys.exit(INTERRUPTED)
