"""Files of the binary version of CIFAR-10: read from a folder, or from the official archive, which is downloaded.

A record has 3,073 bytes: the label, then 1,024 bytes each of red, green and blue, row by row.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
"""The binary version of CIFAR-10 at its authors' site: 170,052,171 bytes."""

CIFAR10_HASH = "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
"""Its checksum (the site's own is ``md5:c32a1d4ab5d03f1284b67883e8d87530``)."""

RECORD = 3073
"""Length of a record in bytes."""

LABELS = 10
"""Number of classes."""

_MEMBER = re.compile(r"cifar-10-batches-bin/(data_batch_\d+\.bin)")
_OTHERWISE = "give a folder with the binary version of CIFAR-10 (--data-dir) or use the digits (--data digits)"


@dataclass(frozen=True)
class _Batch:
    name: str
    size: int
    open: Callable[[], IO[bytes]]


def folder_records(samples: int, folder: Path) -> NDArray[np.uint8]:
    """Return the first records in the files ``data_batch_*.bin`` of a folder, in the order of their names.

    Shape ``(samples, 3073)``. Files after those needed are not read.

    Raises
    ------
    ValueError
        For a folder without such files or with fewer records; a file that is not a regular one or no whole number of
        records; a label above 9.
    OSError
        For a folder or a file that cannot be read, with its name.
    """
    paths = sorted(path for path in folder.iterdir() if re.fullmatch(r"data_batch_.*\.bin", path.name))
    batches = []
    for path in paths:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path.name} is not a regular file")
        batches.append(_Batch(path.name, status.st_size, partial(_opened, path)))
    return _records(str(folder), batches, samples)


def archive_records(samples: int, cache: Path | None = None) -> NDArray[np.uint8]:
    """Return the first records of the official archive, shape ``(samples, 3073)``; nothing is unpacked to the disk.

    The archive is taken from the folder ``cache`` (by default the user's cache folder for ``gd-verify``) if it is there
    with the right checksum; else it is downloaded to it.

    Raises
    ------
    ValueError
        For a download with another checksum; more samples than there are.
    OSError
        For a folder that cannot be written, with its name; ConnectionError for a failed download.
    ModuleNotFoundError
        Without pooch.
    """
    with tarfile.open(_fetched(cache), "r:gz") as archive:
        batches = [
            _Batch(match[1], member.size, partial(_member, archive, member))
            for member in archive
            if member.isreg() and (match := _MEMBER.fullmatch(member.name))
        ]
        return _records("the archive of CIFAR-10", sorted(batches, key=lambda batch: batch.name), samples)


def _opened(path: Path) -> IO[bytes]:
    return path.open("rb")


def _records(where: str, batches: Sequence[_Batch], samples: int) -> NDArray[np.uint8]:
    """Read the first ``samples`` records, shape ``(samples, 3073)``."""
    if not batches:
        raise ValueError(f"{where} has no files data_batch_*.bin; the binary version of CIFAR-10 has")
    parts, found = [], 0
    for batch in batches:
        if batch.size == 0 or batch.size % RECORD:
            raise ValueError(f"{batch.name} has {batch.size} bytes, no whole number of records of {RECORD} bytes")
        parts.append((batch, min(batch.size // RECORD, samples - found)))
        found += parts[-1][1]
        if found == samples:
            break
    if found < samples:
        raise ValueError(f"{where} has {found} images, so that many samples at most, got {samples}")
    records = np.empty((samples, RECORD), dtype=np.uint8)
    start = 0
    for batch, count in parts:
        part = records[start : start + count]
        _read(batch, part)
        start += count
    return records


def _read(batch: _Batch, part: NDArray[np.uint8]) -> None:
    with batch.open() as stream:
        content = stream.read(part.size)
    if len(content) != part.size:
        raise ValueError(f"{batch.name} ended early: {len(content)} of {part.size} bytes")
    part[:] = np.frombuffer(content, dtype=np.uint8).reshape(part.shape)
    wrong = np.flatnonzero(part[:, 0] >= LABELS)
    if wrong.size:
        first = int(wrong[0])
        raise ValueError(
            f"{batch.name}, record {first + 1}: label {part[first, 0]}, but labels go from 0 to {LABELS - 1}"
        )


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    assert stream is not None
    return stream


def _fetched(cache: Path | None) -> str:
    """Return the path of the official archive with its checksum verified; download it if it is not in the cache."""
    import pooch

    folder = Path(pooch.os_cache("gd-verify")) if cache is None else cache
    folder.mkdir(parents=True, exist_ok=True)
    name = CIFAR10_URL.rsplit("/", 1)[-1]
    pooch.get_logger().setLevel("WARNING")  # an error is one line, not two
    whole = pooch.HTTPDownloader(stream=False)  # a stream would be left open after an answer such as 404
    try:
        return str(pooch.retrieve(CIFAR10_URL, CIFAR10_HASH, fname=name, path=folder, downloader=whole))
    except PermissionError:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder)) from None
    except OSError as error:
        if error.errno is not None and not isinstance(error, ConnectionError | TimeoutError):
            raise OSError(error.errno, error.strerror, str(folder)) from None
        reason = type(error).__name__
        raise ConnectionError(f"cannot download CIFAR-10 from {CIFAR10_URL} ({reason}); {_OTHERWISE}") from None
    except ValueError:
        raise ValueError(f"what {CIFAR10_URL} sent has another checksum than CIFAR-10; {_OTHERWISE}") from None
