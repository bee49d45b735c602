"""`verify prove`: SMT-LIB 2 files, decided one by one, with certificates and a table."""

import json
import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from verify.deciding import Decided, decide, rechecked
from verify.files import certificate_path, write_certificate
from verify.kernel.certificates import dump, load
from verify.kernel.errors import KernelError
from verify.kernel.statements import Statement
from verify.prove_view import Row, live_view, print_row, print_table
from verify.runs import require_writable
from verify.searching import Progress, Reach, Workers, local_workers
from verify.smt2 import Problem, SmtError, read_problem
from verify.smt2.lexer import Place

PROVED, REFUTED, USAGE_ERROR, UNKNOWN, INTERRUPTED = 0, 1, 2, 3, 130
UNFINISHED = "unfinished"
MAX_BYTES = 4_000_000
SCHEDULER = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s\[\]/:]+):[0-9]{1,5}")


@dataclass(frozen=True)
class Settings:
    """How the files are decided. Raises ValueError for anything out of range."""

    timeout: float = 60.0
    megabytes: int = 2048
    jobs: int = 1
    precision: float = 1e-9
    seed: int = 0
    resume: bool = False
    scheduler: str = ""

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, value, least, most in (
            ("timeout", self.timeout, 1e-3, 1e7),
            ("memory", self.megabytes, 16, 10**6),
            ("jobs", self.jobs, 1, 256),
            ("precision", self.precision, 1e-15, 1e6),
            ("seed", self.seed, 0, 2**32 - 1),
        ):
            if not least <= value <= most:
                raise ValueError(f"--{name} {value}: give {least:g} to {most:g}")
        if self.scheduler and not SCHEDULER.fullmatch(self.scheduler):
            raise ValueError(f"--scheduler {self.scheduler[:80]!r}: give an address such as tcp://host:8786")

    def reach(self) -> Reach:
        """Return the limits of one search."""
        return Reach(self.timeout, self.precision, self.megabytes)


def problem_files(paths: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Return name and file of each problem: files, folders (all .smt2 below), or "-" (standard input, None).

    Raises OSError for a path that is not there, ValueError for a folder without .smt2 files or a file that comes twice.
    """
    found: list[tuple[str, Path | None]] = []
    for path in paths:
        if str(path) == "-":
            found.append(("stdin", None))
        elif path.is_dir():
            files = sorted(path.rglob("*.smt2"))
            if not files:
                raise ValueError(f"{path}: no .smt2 file in this folder")
            found += [(str(file.relative_to(path).with_suffix("")), file) for file in files]
        else:
            path.stat()
            found.append((path.stem, path))
    names = [name for name, _ in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"two problems are called {twice}")
    return found


def read_text(file: Path | None) -> str:
    """Return the text of a problem. Raises OSError, and SmtError for one that is too large or not UTF-8."""
    if file is None:
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise SmtError(Place(1, 1), f"longer than {MAX_BYTES} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise SmtError(Place(line, column), "not UTF-8") from None


def kept_certificate(folder: Path, name: str, statement: Statement) -> dict[str, Any] | None:
    """Return a problem's certificate in `folder`; None when there is none that can be read, or of this statement."""
    try:
        certificate = load(certificate_path(folder, name))
    except (KernelError, OSError):
        return None
    return dump(statement, certificate.proof) if certificate.statement.digest() == statement.digest() else None


def keep(folder: Path, name: str, problem: Problem, found: Decided) -> Path | None:
    """Write the certificate of a decision; an unfinished one goes into its own folder. Raises OSError.

    What is there of an earlier statement of this name is removed.
    """
    unfinished = folder / UNFINISHED
    if found.verdict == "unknown":
        if found.certificate is not None:
            write_certificate(unfinished, name, found.certificate)
        if kept_certificate(folder, name, problem.statement) is None:
            certificate_path(folder, name).unlink(missing_ok=True)
        return None
    assert found.certificate is not None
    path = write_certificate(folder, name, found.certificate)
    certificate_path(unfinished, name).unlink(missing_ok=True)
    return path


def resumed(
    name: str, problem: Problem, settings: Settings, folder: Path, workers: Workers | None, progress: Progress
) -> Decided:
    """Decide a problem; with `resume`, a certificate that the kernel accepts settles it, an unfinished one helps."""
    statement, kept = problem.statement, None
    if settings.resume:
        finished = kept_certificate(folder, name, statement)
        found = rechecked(statement, finished["proof"]) if finished is not None else Decided()
        if found.verdict != "unknown":
            return found
        kept = kept_certificate(folder / UNFINISHED, name, statement)
    return decide(statement, settings.reach(), workers=workers, kept=kept, progress=progress, seed=settings.seed)


def decide_file(
    name: str,
    file: Path | None,
    settings: Settings,
    folder: Path,
    workers: Workers | None,
    progress: Progress,
) -> Row:
    """Read and decide one problem and keep its certificate. Raises OSError for a folder that cannot be written."""
    try:
        problem = read_problem(read_text(file), name)
    except SmtError as error:
        return Row(name, error=f"{file or 'standard input'}:{error}")
    except OSError as error:
        return Row(name, error=f"{file}: {error.strerror}")
    found = resumed(name, problem, settings, folder, workers, progress)
    return Row(name, problem, found, certificate=keep(folder, name, problem, found))


def run_prove(paths: Sequence[Path], settings: Settings, folder: Path, *, as_json: bool = False) -> int:
    """Decide all problems, print the table, keep the certificates in `folder`; return the exit code.

    2 when a file could not be read, else 1 when something is refuted or contradicts the file, else 3 when something is
    unknown, else 0; 130 after Ctrl-C. Raises OSError and ValueError as `problem_files`, OSError for a folder that
    cannot be written or a scheduler that cannot be reached.
    """
    files = problem_files(paths)
    require_writable(folder)
    console, rows = Console(stderr=True), []
    with _workers(settings) as workers, live_view(console) as show:
        for name, file in files:
            rows.append(decide_file(name, file, settings, folder, workers, partial(show, name)))
            print_row(console, rows[-1])
            if rows[-1].interrupted:
                break
    if as_json:
        print(json.dumps([row.data() for row in rows], indent=1, ensure_ascii=False))
    else:
        print_table(rows, folder)
    if rows[-1].interrupted:
        console.print("interrupted: what is proved is kept, and --resume goes on from there", highlight=False)
        return INTERRUPTED
    return exit_code(rows)


def exit_code(rows: Sequence[Row]) -> int:
    """Return the exit code for some rows."""
    verdicts = {row.verdict for row in rows}
    if "error" in verdicts:
        return USAGE_ERROR
    if "refuted" in verdicts or any(row.contradiction for row in rows):
        return REFUTED
    return UNKNOWN if "unknown" in verdicts else PROVED


def _workers(settings: Settings) -> AbstractContextManager[Workers]:
    if settings.scheduler:
        from verify.cluster import cluster_workers

        return cluster_workers(settings.scheduler)
    return local_workers(settings.jobs)
