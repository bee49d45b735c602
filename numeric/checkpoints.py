"""Checkpoints of long runs: arrays and plain data in one file that another process can read safely (no pickle)."""

from __future__ import annotations

import io
import json
import math
import os
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

FORMAT = "gd-verify checkpoint 1"

LARGEST_FILE = 2**32
"""Largest checkpoint read, in bytes."""

_STATE = "state.npy"
_KINDS = "biufc"
_NAME = re.compile(r"[A-Za-z0-9_]+")
_SHOWN = 60


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """State of a run.

    Attributes
    ----------
    configuration
        The options that determine the run, as plain data: strings, integers, finite floats, booleans, None, lists and
        mappings with strings as keys.
    records
        What was found so far, as plain data. Tuples come back as lists; floats come back exactly, but none may be
        infinite or NaN: write None instead.
    arrays
        Arrays of booleans, integers, floats or complex numbers by name (letters, digits, ``_``); every bit is kept.
    """

    configuration: Mapping[str, Any]
    records: Any
    arrays: Mapping[str, NDArray[Any]]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint so that the file is the old one or the new one, whatever happens; its folder is made.

    The file is an uncompressed ``.npz``: ``state`` holds configuration and records (JSON text as uint8), ``array.NAME``
    the arrays. It is written under a temporary name, flushed to the disk and moved into place.

    Raises
    ------
    ValueError
        For data that are not plain, numbers in them that are not finite, and names or types of arrays other than those
        said above.
    OSError
        If writing fails, with the name of the file. The temporary file is then gone and the old checkpoint in place,
        as after an interrupt.
    """
    members = _members(checkpoint)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                _write(stream, members)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _members(checkpoint: Checkpoint) -> dict[str, NDArray[Any]]:
    _check_plain("configuration", checkpoint.configuration)
    _check_plain("records", checkpoint.records)
    for name, array in checkpoint.arrays.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"the name {name!r} of an array must be made of letters, digits and _")
        if array.dtype.kind not in _KINDS:
            raise ValueError(f"the array {name!r} of type {array.dtype} cannot be kept in a checkpoint")
    state = {
        "format": FORMAT,
        "configuration": checkpoint.configuration,
        "records": checkpoint.records,
        "arrays": sorted(checkpoint.arrays),
    }
    text = json.dumps(state, default=dict, allow_nan=False).encode("ascii")
    size = len(text) + sum(array.nbytes for array in checkpoint.arrays.values())
    if size > LARGEST_FILE // 2:
        raise ValueError(f"a checkpoint of {size} bytes is too large; at most {LARGEST_FILE // 2} are kept")
    arrays = {_member(name): array for name, array in checkpoint.arrays.items()}
    return {_STATE: np.frombuffer(text, dtype=np.uint8), **arrays}


def _member(name: str) -> str:
    return f"array.{name}.npy"


def _check_plain(place: str, value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{place} is {value}; a checkpoint keeps finite numbers only")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise ValueError(f"{place} has the key {key!r}; keys must be strings")
            _check_plain(f"{place}.{key}", inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _check_plain(f"{place}[{index}]", inner)
    elif not (value is None or isinstance(value, str | int | float)):
        raise ValueError(f"{place} is a {type(value).__name__}, which a checkpoint cannot keep")


def _write(stream: IO[bytes], members: Mapping[str, NDArray[Any]]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in members.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                npy.write_array(member, array, version=(1, 0), allow_pickle=False)


def load(path: Path, configuration: Mapping[str, Any]) -> Checkpoint | None:
    """Read the checkpoint of a run with this configuration; None if there is no file.

    Values of the configuration are the same when their JSON texts are (so 1 and 1.0 differ).

    Raises
    ------
    ValueError
        For a file that is truncated, damaged, not a checkpoint, or larger than :data:`LARGEST_FILE`; for one of another
        configuration, naming the first option that differs; for a configuration that is not plain.
    OSError
        For a file that cannot be read.
    """
    _check_plain("configuration", configuration)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ValueError(f"{path.name} is not a regular file")
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > LARGEST_FILE:
                raise ValueError(f"{path.name} has {size} bytes; at most {LARGEST_FILE} are read")
            content = stream.read()
    except FileNotFoundError:
        return None
    try:
        found = _parsed(content)
    except Exception as error:  # the readers of foreign zip files, array headers and JSON raise nearly anything
        why = str(error) if isinstance(error, _FaultError) else "it is truncated, damaged or of another kind"
        raise ValueError(f"{path.name} is not a whole checkpoint: {why}; remove it to start anew") from None
    _check_same(path.name, found.configuration, configuration)
    return found


class _FaultError(Exception):
    """A fault of a file, in words."""


def _parsed(content: bytes) -> Checkpoint:
    members = _contents(content)
    if _STATE not in members:
        raise _FaultError("it has no state")
    state = json.loads(_array(members.pop(_STATE)).astype(np.uint8, casting="no").tobytes())
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _FaultError("its format is another one")
    configuration, records = state["configuration"], state["records"]
    if not isinstance(configuration, dict):
        raise _FaultError("it has no configuration")
    _check_plain("configuration", configuration)
    _check_plain("records", records)
    names = {_member(name): name for name in state["arrays"]}
    if members.keys() != names.keys():
        different = sorted(members.keys() ^ names.keys())[0]
        raise _FaultError(f"the entry {different[:_SHOWN]!r} is {'missing' if different in names else 'unexpected'}")
    return Checkpoint(configuration, records, {name: _array(members[member]) for member, name in names.items()})


def _contents(content: bytes) -> dict[str, bytes]:
    """Return the entries of an uncompressed zip file; their sizes together are at most that of the file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise _FaultError("it is compressed")
        if sum(entry.file_size for entry in entries) > len(content):
            raise _FaultError("its entries are larger than the file")
        if len({entry.filename for entry in entries}) < len(entries):
            raise _FaultError("two entries have the same name")
        return {entry.filename: archive.read(entry) for entry in entries}


def _array(content: bytes) -> NDArray[Any]:
    """Return the array in a ``.npy`` file of version 1.0; its size is compared with that of the file first."""
    stream = io.BytesIO(content)
    if npy.read_magic(stream) != (1, 0):
        raise _FaultError("an array has another version")
    shape, fortran, dtype = npy.read_array_header_1_0(stream)
    if dtype.kind not in _KINDS:
        raise _FaultError("an array has a type other than numbers")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise _FaultError("an array has another size than its header says")
    return np.ndarray(shape, dtype, content, stream.tell(), order="F" if fortran else "C").copy(order="K")


def _check_same(name: str, there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    for option in [*here, *(option for option in there if option not in here)]:
        old, new = (_text(options, option) for options in (there, here))
        if old != new:
            raise ValueError(f"{name} is a checkpoint of another run: {option!r} is {old} there, {new} here")


def _text(options: Mapping[str, Any], option: str) -> str:
    if option not in options:
        return "not set"
    return json.dumps(options[option], default=dict, sort_keys=True)
