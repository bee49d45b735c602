"""The way of the data goes one way: which package may import what."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = {"verify", "symbolic", "numeric", "reports"}
ALLOWED = {
    "symbolic": {"symbolic", "sympy"},
    "numeric": {"numeric", "numpy", "scipy", "sklearn", "torch", "torchdiffeq", "threadpoolctl", "pooch"},
    "reports": {"reports", "jinja2", "matplotlib", "numpy", "markupsafe"},
    "verify/kernel": {"verify.kernel"},
    "verify/smt2": {"verify.kernel", "verify.smt2"},
    "verify/trajectory": {"verify.kernel.certificates", "verify.kernel.errors", "verify.trajectory"},
    "verify/limits": {"verify.kernel.certificates", "verify.kernel.errors", "verify.limits"},
    "verify/provers": {
        "verify.kernel",
        "verify.limits",
        "verify.provers",
        "verify.trajectory",
        "numpy",
        "scipy",
        "sympy",
        "z3",
        "cvc5",
        "llvmlite",
    },
    "verify/theorems": {"verify.kernel", "verify.theorems", "verify.claims", "verify.encode", "symbolic", "sympy"},
}


def imported(file: Path) -> set[str]:
    """Return the names of all modules that a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found.add(node.module or "")
    return found


def outside(name: str, allowed: set[str]) -> bool:
    return name.split(".")[0] not in sys.stdlib_module_names and not any(
        name == package or name.startswith(package + ".") for package in allowed
    )


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_package_imports_what_it_may(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    wrong = {(f.name, name) for f in files for name in imported(f) if outside(name, ALLOWED[folder])}
    assert not wrong


def test_the_check_would_notice_a_wrong_import(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text("def f():\n    from verify.provers import bisection\n")
    assert [name for name in imported(file) if outside(name, ALLOWED["verify/kernel"])] == ["verify.provers"]


def test_modules_are_of_readable_size() -> None:
    long = {
        str(file.relative_to(ROOT)): count
        for package in OURS
        for file in (ROOT / package).rglob("*.py")
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > 330
    }
    assert not long


def test_the_project_speaks_of_itself_alone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    files = [ROOT / name for name in listed.stdout.split() if name.endswith((".py", ".md", ".toml", ".j2", ".json"))]
    words = ("/" + "work/", "/" + "root/", "theory" + ".md", "design" + ".md")
    found = [
        (file.name, word)
        for file in files
        if file.exists()
        for word in words
        if word in file.read_text(encoding="utf-8", errors="replace")
    ]
    assert not found
