"""The checker of trajectories stands alone: standard library and the kernel's reader, integers only, and small."""

import ast
import sys

import pytest
from source_code import answer_of, code_lines
from trajectory_cases import ROOT, mixed_certificate

from verify.files import write_certificate

FILES = sorted((ROOT / "verify" / "trajectory").glob("*.py"))
MOST_LINES, MOST_LINES_OF_A_MODULE = 500, 250
KERNEL = {"verify.kernel.errors", "verify.kernel.certificates"}
FORBIDDEN_CALLS = {"float", "complex", "eval", "exec", "compile", "__import__", "open", "globals", "setattr", "delattr"}
FORBIDDEN_MODULES = {"pickle", "marshal", "importlib", "ctypes", "subprocess", "os", "random", "decimal", "cmath"}
INTEGER_MATH = {"isqrt", "lcm", "gcd"}

SCRIPT = """
import json, sys
before = set(sys.modules)
from pathlib import Path
from verify.trajectory.checker import check_trajectory_file
verdict = check_trajectory_file(Path(sys.argv[1]))
print(json.dumps({"proved": verdict.proved, "modules": sorted(set(sys.modules) - before)}))
"""


def syntax(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("options", [[], ["-O"]], ids=["plain", "without assertions"])
def test_a_process_that_checks_loads_nothing_else(tmp_path, options):
    certificate = mixed_certificate()
    path = write_certificate(tmp_path, "mixed", certificate)
    answer, ours = answer_of(SCRIPT, path, options)
    assert answer["proved"] == [t for t, said in enumerate(certificate["steps"]) if said == "proved"]
    assert ours == {"verify.trajectory", *(f"verify.trajectory.{p.stem}" for p in FILES if p.stem != "__init__")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports(path):
    for node in ast.walk(syntax(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module]
            assert node.module != "math" or {alias.name for alias in node.names} <= INTEGER_MATH
        for name in names:
            ours = name in KERNEL or name.startswith("verify.trajectory")
            assert ours or name.partition(".")[0] in sys.stdlib_module_names, name
            assert name not in FORBIDDEN_MODULES
            assert name != "math" or isinstance(node, ast.ImportFrom)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_floats_no_evaluation_no_assertions_no_state(path):
    tree = syntax(path)
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Assert | ast.Global | ast.Nonlocal)
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex), f"line {node.lineno}: {node.value}"
        if isinstance(node, ast.Name):
            assert node.id not in FORBIDDEN_CALLS | {"lru_cache", "cache"}, f"line {node.lineno}: {node.id}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"__globals__", "__builtins__", "__subclasses__", "limit_denominator"}
            assert node.attr != "compile" or (isinstance(node.value, ast.Name) and node.value.id == "re")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_true_division_is_of_fractions_only(path):
    """Checked by eye: two for the loss and one for the rate, each with a Fraction on the left."""
    allowed = {"checker.py": 2, "problem.py": 1}
    divisions = [n for n in ast.walk(syntax(path)) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    assert len(divisions) == allowed.get(path.name, 0), [n.lineno for n in divisions]


def test_the_checker_is_small():
    texts = {path.name: path.read_text(encoding="utf-8") for path in FILES}
    counts = {name: code_lines(text) for name, text in texts.items()}
    assert 300 < sum(counts.values()) < MOST_LINES, counts
    assert max(len(text.splitlines()) for text in texts.values()) < MOST_LINES_OF_A_MODULE
