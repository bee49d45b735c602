"""Wrong rounding modes and flushed subnormals: `prove` refuses in one line, the vector machine computes as numpy does
in every mode, and the kernel, which has no floating point, does not notice.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBLEM = """(set-logic QF_NRA)
(declare-fun x () Real)
(assert (<= 0 x))
(assert (<= x 1))
(assert (> (* x (- 1 x)) 0.3))
"""
MODES = {"x86_64": (0x800, 0x400, 0xC00), "aarch64": (0x400000, 0x800000, 0xC00000)}
# the control word's place in fenv_t, and the bits that flush results, and operands, to zero
FLUSH = {"x86_64": (28, (0x8000, 0x0040, 0x8040)), "aarch64": (0, (1 << 24,))}
MACHINE = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
KNOWN = sys.platform == "linux" and MACHINE in MODES
CHANGES = {"to nearest": "pass"}
if KNOWN:
    CHANGES |= {f"mode {mode:#x}": f"assert libm.fesetround({mode}) == 0" for mode in MODES[MACHINE]}
    CHANGES |= {
        f"flush {bits:#x}": "state = (ctypes.c_uint32 * 16)(); assert libm.fegetenv(state) == 0; "
        f"state[{FLUSH[MACHINE][0] // 4}] |= {bits}; assert libm.fesetenv(state) == 0"
        for bits in FLUSH[MACHINE][1]
    }
START = """
import ctypes, ctypes.util, json, sys
libm = ctypes.CDLL(ctypes.util.find_library("m"))
"""
COMMAND = """
from verify.cli import main
main(["prove", "problem.smt2", "--out", "out", "--jobs", "1", "--timeout", "20"])
"""
ARITHMETIC = """
import numpy as np
from verify.provers.tracing import Program
functions = lambda r: [r[0] + r[1], r[0] - r[1], r[0] * r[1], r[0] / r[1], np.sqrt(np.abs(r[0])), np.floor(r[1])]
rng = np.random.default_rng(1)
sizes = 2.0 ** np.concatenate([np.zeros(300), np.full(300, -520.0), np.full(300, -1040.0), np.full(100, 400.0)])
rows = rng.normal(size=(2, 1000)) * sizes
program = Program(functions, 2)
"""
COMPARE = """
with np.errstate(all="ignore"):
    expected, found = np.array(functions(rows)), program(rows)
print(json.dumps([bool((expected.view("i8") == found.view("i8")).all()), expected.view("i8").ravel().tolist()]))
"""
KERNEL = """
from pathlib import Path
from verify.kernel.checker import check_file
from verify.kernel.errors import KernelError
said = {}
files = sorted(f for f in Path(sys.argv[1]).rglob("*.json") if f.stat().st_size < 3_000)
for file in files[::4]:
    try:
        said[file.name] = check_file(file)[1]
    except KernelError as error:
        said[file.name] = str(error)
print(json.dumps(said))
"""


def run(code: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("change", CHANGES)
def test_prove_refuses_in_one_line(change: str, tmp_path: Path) -> None:
    (tmp_path / "problem.smt2").write_text(PROBLEM)
    done = run(START + CHANGES[change] + COMMAND, tmp_path)
    if change == "to nearest":
        assert done.returncode == 0, done.stderr
        assert "1 proved" in done.stdout
        return
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("verify: error: this process does not round to nearest"), line
    assert not (tmp_path / "out").exists()


def test_the_vector_machine_computes_in_the_mode_of_its_process(tmp_path: Path) -> None:
    """So what `assert_rounding` finds out with numpy holds for compiled code too; the modes do make a difference."""
    results = {}
    for change, code in CHANGES.items():
        done = run(START + ARITHMETIC + code + COMPARE, tmp_path)
        assert done.returncode == 0, done.stderr
        same, bits = json.loads(done.stdout)
        assert same, f"{change}: numpy and the vector machine differ"
        results[change] = tuple(bits)
    assert len(set(results.values())) == len(results), "a mode that was set had no effect"


def test_the_kernel_does_not_depend_on_the_mode(tmp_path: Path) -> None:
    """Whatever the mode, it says the same of every fourth small certificate of the corpus, right or wrong."""
    corpus, changes = str(ROOT / "tests" / "certificates"), list(CHANGES)
    picked = {changes[0], changes[min(1, len(changes) - 1)], changes[-1]}
    said = {change: run(START + CHANGES[change] + KERNEL, tmp_path, corpus) for change in picked}
    assert all(done.returncode == 0 for done in said.values()), [done.stderr for done in said.values()]
    (only,) = {done.stdout for done in said.values()}
    verdicts = json.loads(only)
    assert {"proved", "refuted"} <= set(verdicts.values())
    assert len(verdicts) > 60


def test_the_modes_of_this_machine_are_known() -> None:
    assert KNOWN or sys.platform != "linux", "add the rounding modes of this machine"
    assert len(CHANGES) >= 5 or not KNOWN
