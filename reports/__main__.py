"""``python -m reports``: render a run's results, or check and update the gallery of examples."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from reports import gallery
from reports.errors import ResultsError
from reports.render import render
from reports.schema import load

SAME, DIFFERENT, BAD_INPUT = 0, 1, 2
"""Exit codes."""


class _Parser(argparse.ArgumentParser):
    """A parser that reports a wrong call in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"reports: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m reports",
        description="Render FOLDER/results.json as FOLDER/report.md and FOLDER/plots, or look after the gallery.",
        epilog="Exit code: 0 done, or all the same; 1 the gallery differs; 2 bad input, or a folder cannot be written.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="folder with the results of a run")
    what.add_argument(
        "--check",
        nargs="?",
        type=Path,
        const=gallery.GALLERY,
        metavar="GALLERY",
        help="compare each GALLERY/*/report.md and its plots with a fresh rendering",
    )
    what.add_argument(
        "--update",
        nargs="?",
        type=Path,
        const=gallery.GALLERY,
        metavar="GALLERY",
        help="render each GALLERY/*/results.json again",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Raises
    ------
    SystemExit
        With code 2 for a wrong call, 0 for ``--help``.
    """
    asked = _parser().parse_args(arguments)
    try:
        if asked.check is not None:
            return _check(asked.check)
        if asked.update is not None:
            written = gallery.update(asked.update)
        else:
            written = [render(load(asked.folder), asked.folder)]
    except ResultsError as error:
        return _bad_input(str(error))
    except OSError as error:
        return _bad_input(f"{error.filename or 'file'}: {error.strerror or error}")
    print("\n".join(str(path) for path in written))
    return SAME


def _check(folder: Path) -> int:
    differences = gallery.check(folder)
    print("\n".join(differences) or f"as rendered: {', '.join(path.name for path in gallery.examples(folder))}")
    return DIFFERENT if differences else SAME


def _bad_input(message: str) -> int:
    print(f"reports: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
