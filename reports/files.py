"""Writing files so that nobody sees half of one."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in the same folder, then move it into place.

    Raises
    ------
    OSError
        If that fails; the file is then as it was, and the temporary file is gone.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
