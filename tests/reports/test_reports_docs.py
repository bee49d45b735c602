"""The examples in the docstrings run, and the package imports nothing but what it may."""

import ast
import doctest
import sys
from pathlib import Path

import pytest

import reports
from reports import bounds, markdown, numbers

MODULES = sorted(Path(reports.__file__).parent.glob("*.py"))
ALLOWED = sys.stdlib_module_names | {"jinja2", "matplotlib", "numpy", "reports"}


@pytest.mark.parametrize("module", [bounds, markdown, numbers], ids=lambda module: module.__name__)
def test_examples(module) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_imports(path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
    assert imported <= ALLOWED
