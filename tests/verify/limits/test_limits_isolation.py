"""The checker of limits stands alone: standard library and the kernel's reader, integers only, and small."""

import ast
import sys
from pathlib import Path

import limits_cases as cases
import pytest
from source_code import answer_of, code_lines

from verify.files import write_certificate

ROOT = Path(__file__).parents[3]
NAMES = ("__init__", "curves", "orbit", "tail", "certificate", "checker")
FOLDER = ROOT / "verify" / "limits"
FILES = [FOLDER / f"{name}.py" for name in NAMES]
ALL_FILES = sorted(FOLDER.glob("*.py"))  # with the checker of regions
MOST_LINES, MOST_LINES_OF_A_MODULE = 560, 300
KERNEL = {"verify.kernel.errors", "verify.kernel.certificates"}
FORBIDDEN_CALLS = {"float", "complex", "eval", "exec", "compile", "__import__", "open", "globals", "setattr", "delattr"}
INTEGER_MATH = {"isqrt", "prod"}
MORE_MATH = {"paving_cells.py": {"lcm"}}

SCRIPT = """
import json, sys
before = set(sys.modules)
from pathlib import Path
from verify.limits.checker import check_limit_file
verdict = check_limit_file(Path(sys.argv[1]))
print(json.dumps({"verdict": verdict.certificate.verdict, "modules": sorted(set(sys.modules) - before)}))
"""


@pytest.mark.parametrize("options", [[], ["-O"]], ids=["plain", "without assertions"])
def test_a_process_that_checks_loads_nothing_else(tmp_path: Path, options: list[str]) -> None:
    path = write_certificate(tmp_path, "crossing", cases.certificate(cases.CROSSING))
    answer, ours = answer_of(SCRIPT, path, options)
    assert answer["verdict"] == "converges"
    assert ours == {"verify.limits", *(f"verify.limits.{name}" for name in NAMES if name != "__init__")}


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.name)
def test_imports_and_names(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not isinstance(node, ast.Assert | ast.Global | ast.Nonlocal)
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= {"hashlib", "json"}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            ours = module in KERNEL or module.startswith("verify.limits")
            assert ours or module.partition(".")[0] in sys.stdlib_module_names
            names = {alias.name for alias in node.names}
            assert module != "math" or names <= INTEGER_MATH | MORE_MATH.get(path.name, set())
        elif isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex), f"line {node.lineno}: {node.value}"
        elif isinstance(node, ast.Name):
            assert node.id not in FORBIDDEN_CALLS | {"lru_cache", "cache"}, f"line {node.lineno}: {node.id}"


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.name)
def test_true_division_is_of_fractions_only(path: Path) -> None:
    """Checked by eye: in the contraction, each of a Fraction by a Fraction."""
    divisions = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.BinOp)]
    assert sum(isinstance(n.op, ast.Div) for n in divisions) == {"tail.py": 6, "checker.py": 1}.get(path.name, 0)


def test_the_checker_is_small() -> None:
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    assert 300 < sum(map(code_lines, texts)) < MOST_LINES
    assert max(len(text.splitlines()) for text in texts) < MOST_LINES_OF_A_MODULE
