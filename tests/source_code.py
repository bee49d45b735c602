"""Python source as tests look at it, and what a process that runs a script loads."""

import ast
import io
import json
import os
import subprocess
import sys
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def code_lines(source: str) -> int:
    """Count lines that hold code: not blank, not comment, not docstring."""
    docstrings = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docstrings.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    layout = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in layout:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def answer_of(script: str, path: Path, options: Sequence[str] = ()) -> tuple[dict[str, Any], set[str]]:
    """Run a script on a file in a process of its own, warnings being errors; return what it prints, and our modules.

    It prints a JSON object whose `modules` are those it loaded: besides ours only the standard library is allowed, and
    the kernel's modules are not listed among ours.
    """
    run = subprocess.run(
        [sys.executable, *options, "-W", "error", "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    answer = json.loads(run.stdout)
    own = {name for name in answer["modules"] if name.partition(".")[0] == "verify"}
    assert not {name.partition(".")[0] for name in set(answer["modules"]) - own} - sys.stdlib_module_names
    return answer, {name for name in own if not name.startswith("verify.kernel")} - {"verify"}
