"""Decide a statement with z3 and cvc5, each in a process of its own that can be killed.

A solver is asked for a point of the domain at which the hypotheses hold and the conclusion does not. "unsat" is that
solver's word, not a proof the kernel can re-check. "sat" comes with a model: when a rational point at or near it
passes the kernel's rule counterexample, it is the answer's `point`, otherwise the answer stays without one.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from verify.kernel.statements import Statement
from verify.provers.falsifier_witness import nearby_counterexample
from verify.provers.smt_worker import MAX_OUTPUT

SOLVERS = ("z3", "cvc5")
GRACE_SECONDS = 1.5
MEMORY_BYTES = 3 << 30
POLL_SECONDS = 0.005

Answer: TypeAlias = Literal["unsat", "sat", "unknown", "timeout", "error"]


@dataclass(frozen=True, slots=True)
class SolverAnswer:
    """What one solver said.

    `point` (variable -> "p/q") is given only with "sat" and only when the kernel accepts it as a counterexample;
    `seconds` is wall time, process start included; `message` explains an "unknown" or "error".
    """

    solver: str
    version: str
    answer: Answer
    seconds: float
    point: dict[str, str] | None = None
    message: str = ""


class _Run:
    """A worker process with its own files for input and output, so that no pipe can fill up."""

    def __init__(self, solver: str, text: str, seconds: float, memory: int) -> None:
        self.solver = solver
        self.start = time.perf_counter()
        self.deadline = self.start + seconds + GRACE_SECONDS
        self.files = ExitStack()
        try:
            source, self.output, self.errors = (
                self.files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
                for _ in range(3)
            )
            source.write(text.encode())
            source.seek(0)
            root = str(Path(__file__).resolve().parents[2])
            path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "verify.provers.smt_worker", solver, str(seconds), str(memory)],
                stdin=source,
                stdout=self.output,
                stderr=self.errors,
                env={**os.environ, "PYTHONPATH": path},
            )
        except BaseException:
            self.files.close()
            raise
        self.seconds = 0.0
        self.killed = False

    def finished(self) -> bool:
        """Whether the process has ended; past the deadline it is killed."""
        now = time.perf_counter()
        if self.process.poll() is None and now < self.deadline:
            return False
        if self.process.returncode is None:
            self.killed = True
            self.process.kill()
            self.process.wait()
        self.seconds = now - self.start
        return True

    def stop(self) -> None:
        """End the process if it still runs and close its files."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.files.close()

    def result(self) -> dict[str, Any]:
        """Return the worker's JSON object, or one that says how the worker failed."""
        if self.killed:
            return {"answer": "timeout", "message": "killed at the time limit"}
        self.output.seek(0)
        self.errors.seek(0)
        try:
            data = json.loads(self.output.read(MAX_OUTPUT))
        except ValueError:
            tail = self.errors.read(MAX_OUTPUT).decode(errors="replace").strip().splitlines()[-1:]
            return {"answer": "error", "message": " ".join([f"exit code {self.process.returncode}", *tail])[:500]}
        return data if isinstance(data, dict) else {}


def _point(statement: Statement, values: Any) -> dict[str, str] | None:
    """Return a counterexample at or near the model, None when the kernel accepts none."""
    try:
        model = {v.name: Fraction(values[v.name]["value"]) for v in statement.variables}
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    found = nearby_counterexample(statement, model)
    return None if found is None else {name: str(value) for name, value in found.items()}


def _answer(statement: Statement, run: _Run) -> SolverAnswer:
    data = run.result()
    message = str(data.get("message", ""))
    answer: Answer = next((word for word in get_args(Answer) if word == data.get("answer")), "error")
    if answer != data.get("answer"):
        message = "the worker's output is not an answer"
    point = _point(statement, data.get("values")) if answer == "sat" else None
    return SolverAnswer(run.solver, str(data.get("version", "")), answer, run.seconds, point, message)


def decide(
    statement: Statement, seconds: float, solvers: Sequence[str] = SOLVERS, memory: int = MEMORY_BYTES
) -> dict[str, SolverAnswer]:
    """Ask every solver at once; return the answers by solver.

    Parameters
    ----------
    statement
        The statement; its negation is what the solvers look for.
    seconds
        Limit of each solver. A worker that still runs GRACE_SECONDS later is killed.
    solvers
        Names out of SOLVERS.
    memory
        Limit of each worker's address space, in bytes, where the system can enforce one.

    Returns
    -------
    dict
        A solver that crashes, is killed or is not installed ("not installed" as message) gives an answer too.

    Raises
    ------
    ValueError
        For an unknown solver or a time limit that is not positive.
    KeyboardInterrupt, OSError
        As they come, after every worker has been killed. OSError when no process can be started.
    """
    unknown = [solver for solver in solvers if solver not in SOLVERS]
    if unknown or not (seconds > 0 and math.isfinite(seconds)):
        raise ValueError(f"unknown solver {unknown[0]!r}" if unknown else f"not a time limit: {seconds}")
    text, runs = statement.text(), list[_Run]()
    try:
        for solver in solvers:
            runs.append(_Run(solver, text, seconds, memory))
        pending = list(runs)
        while pending := [run for run in pending if not run.finished()]:
            time.sleep(POLL_SECONDS)
        return {run.solver: _answer(statement, run) for run in runs}
    finally:
        for run in runs:
            run.stop()


def verdict(answers: dict[str, SolverAnswer]) -> Literal["proved", "refuted", "unknown"]:
    """Combine answers: refuted by a checked point, proved when at least two solvers answer and all say unsat."""
    if any(answer.point is not None for answer in answers.values()):
        return "refuted"
    agreed = len(answers) >= 2 and all(answer.answer == "unsat" for answer in answers.values())
    return "proved" if agreed else "unknown"


def disagreement(answers: dict[str, SolverAnswer]) -> bool:
    """Whether one solver says sat and another unsat: one of them is wrong."""
    return {"sat", "unsat"} <= {answer.answer for answer in answers.values()}
