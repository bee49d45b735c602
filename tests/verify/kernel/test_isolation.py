"""The kernel stands alone: standard library only, no floating point, no evaluation of code, and small."""

import ast
import json
import os
import subprocess
import sys

import pytest
from kernel_cases import CORPUS, ROOT, corpus
from source_code import code_lines

KERNEL = ROOT / "verify" / "kernel"
FILES = sorted(KERNEL.glob("*.py"))
MOST_LINES = 1_900  # half of it for elementary functions, narrowing, existence and unbounded variables: two sittings
FOREIGN = ("numpy", "sympy", "z3", "cvc5", "scipy", "mpmath", "torch", "flint", "verify.encode", "verify.provers")
FORBIDDEN_CALLS = {
    "float",
    "complex",
    "eval",
    "exec",
    "compile",
    "__import__",
    "open",
    "globals",
    "setattr",
    "delattr",
    "vars",
    "input",
}
FORBIDDEN_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "importlib",
    "ctypes",
    "subprocess",
    "os",
    "math.fsum",
    "random",
    "decimal",
    "cmath",
    "numbers",
    "runpy",
    "code",
}
INTEGER_MATH = {"isqrt", "gcd", "lcm", "comb", "factorial", "perm", "prod"}

SCRIPT = """
import json, sys
before = set(sys.modules)
from pathlib import Path
from verify.kernel.checker import check_file
results = [check_file(Path(path))[1] for path in sys.argv[1:]]
print(json.dumps({"results": results, "modules": sorted(set(sys.modules) - before)}))
"""


def syntax(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def test_a_process_that_checks_loads_the_kernel_and_the_standard_library_only():
    files = [str(path) for path in corpus("valid")]
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, *files],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=CORPUS,
    )
    answer = json.loads(run.stdout)
    assert set(answer["results"]) == {"proved", "refuted"}
    assert len(answer["results"]) == len(files)
    modules = answer["modules"]
    own = {name for name in modules if name == "verify" or name.startswith("verify.")}
    assert own <= {"verify", "verify.kernel", *(f"verify.kernel.{path.stem}" for path in FILES)}
    assert not {name.partition(".")[0] for name in set(modules) - own} - sys.stdlib_module_names
    assert not [name for name in modules if name.startswith(FOREIGN)]


def test_the_kernel_works_without_assertions():
    """Under -O, where assert statements vanish, the verdicts on the corpus are the same."""
    program = (
        "import sys; from pathlib import Path; from verify.kernel.checker import check_file\n"
        "from verify.kernel.errors import KernelError\n"
        "for path in sys.argv[1:]:\n"
        "    try: print(check_file(Path(path))[1])\n"
        "    except KernelError: print('refused')\n"
    )
    files = corpus("valid") + corpus("invalid")
    run = subprocess.run(
        [sys.executable, "-O", "-c", program, *map(str, files)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    verdicts = run.stdout.split()
    assert len(verdicts) == len(files)
    for path, verdict in zip(files, verdicts, strict=True):
        assert (verdict == "refused") is (path.parent.name == "invalid"), path.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_imports(path):
    for node in ast.walk(syntax(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            assert not any(alias.name == "*" for alias in node.names)
            names = [node.module or ""]
            if node.module == "math":
                assert {alias.name for alias in node.names} <= INTEGER_MATH
        for name in names:
            assert name.startswith("verify.kernel.") or name.partition(".")[0] in sys.stdlib_module_names, name
            assert name not in FORBIDDEN_MODULES
            assert name != "math" or isinstance(node, ast.ImportFrom)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_floats_and_no_evaluation(path):
    for node in ast.walk(syntax(path)):
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex), f"line {node.lineno}: {node.value}"
        if isinstance(node, ast.Name):
            assert node.id not in FORBIDDEN_CALLS, f"line {node.lineno}: {node.id}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"__globals__", "__builtins__", "__subclasses__", "limit_denominator", "from_float"}
            assert node.attr != "compile" or (isinstance(node.value, ast.Name) and node.value.id == "re")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_true_division_is_of_exact_numbers_only(path):
    """`/` of two Python integers would be a float: it may stand only where a Fraction or Path is divided."""
    allowed = {"certificates.py": 1, "bisection.py": 1, "terms.py": 1}
    divisions = [n for n in ast.walk(syntax(path)) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    assert len(divisions) <= allowed.get(path.name, 0), [n.lineno for n in divisions]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_mutable_global_state(path):
    """No `global`, and nothing that grows from one check to the next: no list, no cache."""
    tree = syntax(path)
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)]
    assert not [
        n.lineno for n in tree.body if isinstance(n, ast.Assign | ast.AnnAssign) and isinstance(n.value, ast.List)
    ]
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert not names & {"lru_cache", "cache", "cached_property"}


def test_the_kernel_is_small():
    counts = {path.name: code_lines(path.read_text(encoding="utf-8")) for path in FILES}
    assert sum(counts.values()) < MOST_LINES, counts
    assert (
        code_lines(
            '"""Doc."""\n\n# comment\nx = 1  # one\n\ndef f():\n    """Doc."""\n    return (\n        x\n    )\n'
        )
        == 5
    )
