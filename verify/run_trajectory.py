"""`verify trajectory`: certified limits of gradient descent on scalar networks, with plots and a table."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rich.console import Console

from verify.files import write_atomically, write_certificate
from verify.kernel.certificates import read_file, read_json
from verify.kernel.errors import Incomplete, KernelError
from verify.limits.certificate import MAX_DEPTH, MAX_STEPS, Problem, build_limit
from verify.limits.checker import check_limit
from verify.limits.orbit import State
from verify.provers.limit_search import Aim, Found, search_limit
from verify.runs import require_writable
from verify.trajectory_view import Row, live_view, plot_bytes, print_row, print_table

DECIDED, UNDECIDED, INTERRUPTED = 0, 3, 130
MAX_BYTES, MAX_STARTS = 4_000_000, 10_000
_NUMBER = re.compile(r"[+-]?([0-9]{1,100}(/[0-9]{1,100})?|[0-9]{1,60}\.[0-9]{0,60}|\.[0-9]{1,60})")


@dataclass(frozen=True)
class Start:
    """An exact start: the weights as given, and the problem with the signs, an even number of them, flipped."""

    weights: tuple[Fraction, ...]
    problem: Problem


@dataclass(frozen=True)
class Settings:
    """How limits are searched for. Raises ValueError for anything out of range."""

    width: Fraction = Fraction(1, 10**6)
    steps: int = 100_000
    timeout: float = 60.0
    plot: bool = True

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not Fraction(1, 10**60) <= self.width <= 1:
            raise ValueError("--width: give a number from 1/10^60 to 1")
        if not 0 <= self.steps <= MAX_STEPS:
            raise ValueError(f"--steps {self.steps}: give 0 to {MAX_STEPS}")
        if not 1e-3 <= self.timeout <= 1e7:
            raise ValueError(f"--timeout {self.timeout}: give 0.001 to 1e+07")


def read_number(text: str, name: str) -> Fraction:
    """Read `3`, `-3/4` or `0.15` exactly. Raises ValueError for anything else, such as an exponent, or many digits."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{name}: {text[:40]!r} is not an exact number like 3, 3/4 or 0.15, of at most 100 digits")
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise ValueError(f"{name}: {text[:40]!r} has the denominator 0") from None


def read_start(text: str, eta: Fraction, name: str) -> Start:
    """Read weights, divided by commas. Raises ValueError, naming `name`, where the theory does not apply."""
    parts = text.split(",")
    if len(parts) > MAX_DEPTH:
        raise ValueError(f"{name}: more than {MAX_DEPTH} weights")
    weights = tuple(read_number(part, name) for part in parts)
    if len(weights) < 2:
        raise ValueError(f"{name}: {len(weights)} weight; a network of depth 2 at least is needed, such as 3/2,1")
    if 0 in weights:
        raise ValueError(f"{name}: a weight is 0; all have to be non-zero")
    if sum(w < 0 for w in weights) % 2:
        raise ValueError(
            f"{name}: the product of the weights is negative; an even number of negative weights is needed"
        )
    return Start(weights, Problem(eta, tuple(abs(w) for w in weights)))


def read_starts(inits: Sequence[str], file: Path | None, eta_text: str) -> list[Start]:
    """Return all starts of a command. Raises ValueError with one line for bad input, OSError for an unreadable file."""
    eta = read_number(eta_text, "--eta")
    if eta <= 0:
        raise ValueError("--eta: give a positive number")
    starts = [read_start(text, eta, "--init") for text in inits]
    if file is not None:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(f"{file}: longer than {MAX_BYTES} bytes")
        try:
            lines = content.decode("utf-8").splitlines()
        except UnicodeDecodeError:
            raise ValueError(f"{file}: not UTF-8") from None
        texts = ((number, line.partition("#")[0].strip()) for number, line in enumerate(lines, 1))
        starts += [read_start(text, eta, f"{file}:{number}") for number, text in texts if text]
    if not 1 <= len(starts) <= MAX_STARTS:
        raise ValueError(f"{len(starts)} initialisations: give 1 to {MAX_STARTS}, by --init or --file")
    return starts


def decide_start(
    name: str, start: Start, settings: Settings, folder: Path, progress: Callable[[int, int], None]
) -> Row:
    """Search for the limit of one start, keep certificate and plot in `folder`, re-check. Raises OSError."""
    row, states = certify_start(name, start, settings, folder, progress)
    if settings.plot and states:
        write_atomically(folder / f"{name}.png", plot_bytes(row, states))
    return row


def certify_start(
    name: str, start: Start, settings: Settings, folder: Path, progress: Callable[[int, int], None]
) -> tuple[Row, list[State]]:
    """Search for the limit of one start, keep the certificate in `folder`, re-check it there. Raises OSError.

    Returned with it are the states of the search; none where exact arithmetic was enough.
    """
    began = time.monotonic()
    aim = Aim(settings.width, settings.steps, began + settings.timeout)
    found = search_limit(start.problem, aim, progress)
    path = write_certificate(folder, name, found.certificate)
    return _rechecked(name, start, found, path, time.monotonic() - began), found.states


def _rechecked(name: str, start: Start, found: Found, path: Path, seconds: float) -> Row:
    """Let the checker re-check a certificate file: what it does not accept is undecided."""
    began, verdict, reason = time.monotonic(), None, ""
    data = read_json(read_file(path))
    try:
        verdict = check_limit(data)
    except Incomplete as error:
        reason = str(error).removeprefix("undecided: ")
    except KernelError as error:
        reason = f"the checker rejects the certificate: {error}"
    return Row(
        name, start.weights, build_limit(found.certificate), verdict, reason, seconds, time.monotonic() - began, path
    )


def run_trajectory(starts: Sequence[Start], settings: Settings, folder: Path, *, as_json: bool = False) -> int:
    """Decide all starts, print the table, keep certificates and plots in `folder`; return the exit code.

    0 when all are decided, 3 when one is undecided, 130 after Ctrl-C. Raises OSError for a folder that cannot be
    written.
    """
    require_writable(folder)
    console, rows, interrupted = Console(stderr=True), [], False
    try:
        with live_view(console) as show:
            for name, start in _named(starts):
                rows.append(decide_start(name, start, settings, folder, show(name)))
                print_row(console, rows[-1])
    except KeyboardInterrupt:
        interrupted = True
    if as_json:
        print(json.dumps([row.data() for row in rows], indent=1, ensure_ascii=False))
    else:
        print_table(rows, folder)
    if interrupted:
        console.print(f"interrupted: {len(rows)} of {len(starts)} are done and kept", highlight=False)
        return INTERRUPTED
    return DECIDED if all(row.verdict != "undecided" for row in rows) else UNDECIDED


def _named(starts: Sequence[Start]) -> Iterator[tuple[str, Start]]:
    digits = max(3, len(str(len(starts))))
    for number, start in enumerate(starts, 1):
        yield f"init-{number:0{digits}}", start
