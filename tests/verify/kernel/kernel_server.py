"""Check certificate files one after the other, each in a child process with a limit on memory and time.

Run as a script it reads lines "seconds path" and answers each with one line of JSON: the verdict or the error, the
processor seconds used, and the peak of resident memory in bytes. A child that dies is reported by its signal.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verify.kernel.checker import check_file
from verify.kernel.errors import KernelError

MEMORY = 1 << 30


@dataclass(frozen=True)
class Answer:
    """What came of one file: `kind` is a verdict, the name of an exception, or the name of the signal that ended it."""

    kind: str
    message: str
    refused: bool
    seconds: float
    peak: int


def answer(path: str) -> dict[str, Any]:
    """Check one file in this process."""
    kind, message, refused = "", "", False
    try:
        kind = check_file(Path(path))[1]
    except KernelError as error:
        kind, message, refused = type(error).__name__, str(error), True
    except BaseException as error:  # whatever escapes is the finding
        kind, message = type(error).__name__, str(error)[:200]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = usage.ru_utime + usage.ru_stime
    return {"kind": kind, "message": message, "refused": refused, "seconds": seconds, "peak": usage.ru_maxrss * 1024}


def limited(path: str, seconds: int) -> dict[str, Any]:
    """Check one file in a child process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        signal.alarm(20 * seconds)
        content = json.dumps(answer(path)).encode()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds + 1, seconds + 1))
        os.write(writing, content)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        content = stream.read()
    _, status, usage = os.wait4(child, 0)
    if content:
        return dict(json.loads(content))
    kind = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {status}"
    used = usage.ru_utime + usage.ru_stime
    return {"kind": kind, "message": "", "refused": False, "seconds": used, "peak": usage.ru_maxrss * 1024}


class Server:
    """The script as a subprocess of the tests."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )

    def check(self, path: Path, seconds: int) -> Answer:
        """Check one file within a number of processor seconds."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{seconds} {path}\n")
        self.process.stdin.flush()
        return Answer(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """End the subprocess."""
        self.process.communicate(timeout=60)


def main() -> None:
    """Answer lines from standard input."""
    for line in sys.stdin:
        seconds, path = line.rstrip("\n").split(" ", 1)
        print(json.dumps(limited(path, int(seconds))), flush=True)


if __name__ == "__main__":
    main()
