"""Checkpoints: what is saved comes back bit by bit; whatever else is in the file is refused in one line."""

import errno
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from numeric import checkpoints
from numeric.checkpoints import FORMAT, Checkpoint, load, save

CONFIGURATION = {"arch": "resnet20", "eta": 0.1, "samples": 20, "bn": True, "steps": [1, 2], "more": {"a": None}}
RECORDS = [{"step": 0, "loss": 0.1 + 0.2}, {"step": 7, "loss": 5e-324, "text": "φ\n\ud800"}, -0.0, 2**80]
ARRAYS = {
    "weights": np.array([0.1, -0.0, np.nan, np.inf, 5e-324, 1e308]),
    "single": np.array([[0.1, -0.0], [np.inf, 1e-45]], dtype=np.float32),
    "generator": np.arange(7, dtype=np.uint8),
    "scalar": np.array(3),
    "empty": np.zeros((0, 3)),
    "columns": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "big_endian": np.arange(3, dtype=">i4"),
    "mask": np.array([True, False]),
}
WHOLE = Checkpoint(CONFIGURATION, RECORDS, ARRAYS)
SMALL = Checkpoint({"eta": 0.5}, [1.5], {"weights": np.arange(3.0)})


def assert_same_arrays(found: Checkpoint, given_arrays: dict[str, np.ndarray]) -> None:
    assert found.arrays.keys() == given_arrays.keys()
    for name, array in given_arrays.items():
        other = found.arrays[name]
        assert (other.dtype, other.shape, other.tobytes()) == (array.dtype, array.shape, array.tobytes())
        assert other.flags.writeable


def saved(folder: Path, checkpoint: Checkpoint = SMALL) -> Path:
    path = folder / "run.npz"
    save(path, checkpoint)
    return path


def only_file(folder: Path) -> str:
    (path,) = folder.iterdir()
    return path.name


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = saved(tmp_path / "new" / "folder", WHOLE)
    found = load(path, CONFIGURATION)
    assert found is not None
    assert (found.configuration, found.records) == (CONFIGURATION, RECORDS)
    assert repr(found.records) == repr(RECORDS)  # -0.0 too
    assert_same_arrays(found, ARRAYS)
    assert only_file(path.parent) == "run.npz"
    assert path.stat().st_mode & 0o777 == 0o644


@given(
    arrays(st.sampled_from([np.float64, np.float32]), array_shapes(min_dims=0, max_dims=3, min_side=0)),
    st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text() | st.none() | st.booleans()),
)
def test_every_bit_comes_back(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, values: list[Any]) -> None:
    path = saved(tmp_path_factory.mktemp("bits"), Checkpoint({}, {"values": values}, {"x": array}))
    found = load(path, {})
    assert found is not None
    assert repr(found.records["values"]) == repr(values)
    assert_same_arrays(found, {"x": array})


def test_a_checkpoint_is_an_npz_file(tmp_path: Path) -> None:
    with np.load(saved(tmp_path, WHOLE), allow_pickle=False) as file:
        assert set(file) == {"state", *(f"array.{name}" for name in ARRAYS)}
        assert file["array.single"].tobytes() == ARRAYS["single"].tobytes()
        assert json.loads(file["state"].tobytes())["configuration"] == CONFIGURATION


def test_the_file_depends_on_the_state_alone(tmp_path: Path) -> None:
    assert saved(tmp_path / "a", WHOLE).read_bytes() == saved(tmp_path / "b", WHOLE).read_bytes()


def test_mappings_and_tuples(tmp_path: Path) -> None:
    configuration = MappingProxyType({"sides": (2, 3), "inner": MappingProxyType({"a": 1})})
    path = saved(tmp_path, Checkpoint(configuration, (1, (2,)), {}))
    found = load(path, configuration)
    assert found is not None
    assert (found.configuration, found.records, found.arrays) == ({"sides": [2, 3], "inner": {"a": 1}}, [1, [2]], {})


def test_without_a_file_there_is_no_checkpoint(tmp_path: Path) -> None:
    assert load(tmp_path / "run.npz", {}) is None
    assert load(tmp_path / "gone" / "run.npz", {}) is None


def test_a_later_checkpoint_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = saved(tmp_path)
    save(path, Checkpoint({"eta": 0.5}, [2.5], {}))
    found = load(path, {"eta": 0.5})
    assert found is not None
    assert (found.records, dict(found.arrays), only_file(tmp_path)) == ([2.5], {}, "run.npz")


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"arch": "fc", "eta": 0.5}, "run.npz is a checkpoint of another run: 'eta' is 0.1 there, 0.5 here"),
        ({"arch": "vgg"}, '\'arch\' is "fc" there, "vgg" here'),
        ({"arch": "fc"}, "'eta' is 0.1 there, not set here"),
        ({"arch": "fc", "eta": 0.1, "seed": 0}, "'seed' is not set there, 0 here"),
        ({"arch": None, "eta": 0.1}, "'arch' is \"fc\" there, null here"),
        ({"arch": "fc", "eta": True}, "'eta' is 0.1 there, true here"),
    ],
)
def test_the_first_option_that_differs_is_named(tmp_path: Path, configuration: dict[str, Any], message: str) -> None:
    path = saved(tmp_path, Checkpoint({"arch": "fc", "eta": 0.1}, [], {}))
    with pytest.raises(ValueError, match="another run") as caught:
        load(path, configuration)
    assert message in str(caught.value)
    assert load(path, {"eta": 0.1, "arch": "fc"}) is not None


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [
        (Checkpoint({}, {"run": [{"loss": float("nan")}]}, {}), r"records\.run\[0\]\.loss is nan"),
        (Checkpoint({"eta": float("inf")}, [], {}), r"configuration\.eta is inf"),
        (Checkpoint({}, {3: "three"}, {}), "records has the key 3"),
        (Checkpoint({}, [np.int64(3)], {}), r"records\[0\] is a int64"),
        (Checkpoint({}, {"at": Path("x")}, {}), r"records\.at is a PosixPath"),
        (Checkpoint({}, [], {"x": np.array([{}])}), "'x' of type object"),
        (Checkpoint({}, [], {"x": np.array(["text"])}), "'x' of type <U4"),
        (Checkpoint({}, [], {"x": np.zeros(2, dtype=[("a", "f8")])}), "'x' of type"),
        (Checkpoint({}, [], {"../x": np.zeros(2)}), r"name '\.\./x' of an array"),
        (Checkpoint({}, [], {"": np.zeros(2)}), "name '' of an array"),
        (Checkpoint({}, [], {"x": np.broadcast_to(0.0, (2**16, 2**16))}), "34359738.* bytes is too large"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_a_file_is_made(
    tmp_path: Path, checkpoint: Checkpoint, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        save(tmp_path / "run.npz", checkpoint)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [float("nan"), {1: 2}, object()])
def test_a_configuration_asked_for_must_be_plain(tmp_path: Path, value: object) -> None:
    with pytest.raises(ValueError, match=r"^configuration\.option"):
        load(tmp_path / "run.npz", {"option": value})


def refuse(path: Path, message: str = "") -> None:
    with pytest.raises(ValueError, match=f"^run.npz is not a whole checkpoint: .*{message}.*; remove it") as caught:
        load(path, {"eta": 0.5})
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_refused_at_every_length(tmp_path: Path) -> None:
    path = saved(tmp_path)
    content = path.read_bytes()
    assert len(content) > 500
    for length in range(len(content)):
        path.write_bytes(content[:length])
        refuse(path)


def test_a_damaged_file_is_refused_or_says_the_same(tmp_path: Path) -> None:
    path = saved(tmp_path)
    content = path.read_bytes()
    refused = []
    for place, byte in enumerate(content):
        path.write_bytes(content[:place] + bytes([byte ^ (1 << place % 8)]) + content[place + 1 :])
        try:
            found = load(path, {"eta": 0.5})
        except ValueError as error:
            refused.append(str(error))
        else:
            assert found is not None
            assert (found.configuration, found.records) == ({"eta": 0.5}, [1.5])
            assert_same_arrays(found, {"weights": np.arange(3.0)})
    assert len(refused) > len(content) / 2
    assert all("is not a whole checkpoint" in message for message in refused)


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return stream.getvalue()


def state(**changed: object) -> bytes:
    content = {"format": FORMAT, "configuration": {"eta": 0.5}, "records": [], "arrays": ["x"]}
    return npy(np.frombuffer(json.dumps(content | changed).encode(), dtype=np.uint8))


def header(text: str, data: bytes = bytes(16)) -> bytes:
    line = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + data


GOOD = {"state.npy": state(), "array.x.npy": npy(np.zeros(2))}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"state.npy": None}, "it has no state"),
        ({"array.x.npy": None}, "'array.x.npy' is missing"),
        ({"array.y.npy": npy(np.zeros(2))}, "'array.y.npy' is unexpected"),
        ({"../../evil.npy": npy(np.zeros(2))}, "'../../evil.npy' is unexpected"),
        ({"state.npy": state(format="other")}, "its format is another one"),
        ({"state.npy": state(configuration=[])}, "no configuration"),
        ({"state.npy": state(arrays=[3])}, "'array.3.npy' is missing"),
        ({"state.npy": state(arrays=None)}, "of another kind"),
        ({"state.npy": state(records=float("nan"))}, "of another kind"),
        ({"state.npy": npy(np.zeros(3, dtype=np.uint8))}, "of another kind"),
        ({"state.npy": npy(np.frombuffer(b"[" * 100_000, dtype=np.uint8))}, "of another kind"),
        ({"state.npy": npy(np.zeros(3))}, "of another kind"),
        ({"array.x.npy": b""}, "of another kind"),
        ({"array.x.npy": npy(np.array([{"a": 1}], dtype=object))}, "type other than numbers"),
        ({"array.x.npy": npy(np.array(["text"]))}, "type other than numbers"),
        ({"array.x.npy": npy(np.zeros(2), (2, 0))}, "another version"),
        ({"array.x.npy": npy(np.zeros(2))[:-1]}, "another size"),
        ({"array.x.npy": npy(np.zeros(2)) + b"more"}, "another size"),
        ({"array.x.npy": header("{'descr': '<f8', 'fortran_order': False, 'shape': (10**12,)}")}, "of another kind"),
        ({"array.x.npy": header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({10**12},)}}")}, "another size"),
        ({"array.x.npy": header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -2)}")}, "another size"),
        ({"array.x.npy": header(f"{{'descr': '<f8', 'fortran_order': False, 'shape': (0, {10**30})}}", b"")}, "kind"),
        ({"array.x.npy": header("-" * 9000 + "1")}, "of another kind"),
        ({"array.x.npy": header("__import__('os').getcwd()")}, "of another kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "entry",
)
def test_foreign_entries_are_refused(tmp_path: Path, changed: dict[str, bytes | None], message: str) -> None:
    path = tmp_path / "run.npz"
    for entries, refused in ((GOOD, False), (GOOD | changed, True)):
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in entries.items():
                if content is not None:
                    archive.writestr(name, content)
        if refused:
            refuse(path, message)
        else:
            assert load(path, {"eta": 0.5}) is not None


def compressed(path: Path) -> None:
    np.savez_compressed(path, state=np.zeros(10_000_000, dtype=np.uint8))


def plain_npz(path: Path) -> None:
    np.savez(path, weights=np.zeros(3))


def repeated(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("state.npy", state())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("state.npy", state())


def overlapping(path: Path) -> None:
    """Write entries that all lie at the same place of the file."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("state.npy", bytes(1000))
        for index in range(9):
            copy = zipfile.ZipInfo(f"array.{index}.npy")
            first = archive.infolist()[0]
            copy.file_size, copy.compress_size, copy.CRC = first.file_size, first.compress_size, first.CRC
            copy.header_offset = first.header_offset
            archive.filelist.append(copy)


def text(path: Path) -> None:
    path.write_text("loss,step\n1,2\n")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (compressed, "it is compressed"),
        (plain_npz, "it has no state"),
        (repeated, "two entries have the same name"),
        (overlapping, "its entries are larger than the file"),
        (text, "of another kind"),
    ],
)
def test_foreign_files_are_refused(tmp_path: Path, write: Callable[[Path], None], message: str) -> None:
    write(tmp_path / "run.npz")
    refuse(tmp_path / "run.npz", message)


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    with path.open("wb") as stream:
        stream.truncate(2**32 + 1)  # a hole, not 4 GiB on the disk
    with pytest.raises(ValueError, match=r"run\.npz has 4294967297 bytes; at most 4294967296 are read"):
        load(path, {})


def test_paths_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    folder, file, pipe = tmp_path / "folder", tmp_path / "file", tmp_path / "pipe"
    folder.mkdir()
    file.write_bytes(b"")
    os.mkfifo(pipe)
    with pytest.raises(IsADirectoryError, match=str(folder)):
        load(folder, {})
    with pytest.raises(NotADirectoryError, match=str(file)):
        load(file / "run.npz", {})
    with pytest.raises(ValueError, match="pipe is not a regular file"):
        load(pipe, {})
    with pytest.raises(OSError, match=str(file)):
        save(file / "run.npz", SMALL)
    with pytest.raises(IsADirectoryError, match=str(folder)):
        save(folder, SMALL)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "pipe"]


def no_space(*args: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupt(*args: object, **more: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("place", "fault", "error"),
    [
        ("os.fsync", no_space, OSError),
        ("os.replace", no_space, OSError),
        ("npy.write_array", interrupt, KeyboardInterrupt),
        ("os.fsync", interrupt, KeyboardInterrupt),
        ("os.replace", interrupt, KeyboardInterrupt),
    ],
)
def test_a_save_that_fails_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, fault: Callable[..., None], error: type[BaseException]
) -> None:
    path = saved(tmp_path)
    old = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(f"numeric.checkpoints.{place}", fault)
        with pytest.raises(error) as caught:
            save(path, WHOLE)
    if isinstance(caught.value, OSError):
        assert (caught.value.filename, caught.value.errno) == (str(path), errno.ENOSPC)
    assert (only_file(tmp_path), path.read_bytes()) == ("run.npz", old)
    save(path, WHOLE)
    assert load(path, CONFIGURATION) is not None


@pytest.mark.parametrize("size", [1, 1_000_000])
def test_a_full_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    path = saved(tmp_path)
    old = path.read_bytes()

    def on_a_full_device(**options: object) -> tuple[int, str]:
        part = tmp_path / "part"
        part.write_bytes(b"")
        return os.open("/dev/full", os.O_WRONLY), str(part)

    monkeypatch.setattr(checkpoints.tempfile, "mkstemp", on_a_full_device)
    with pytest.raises(OSError, match=r"No space left on device.*run\.npz"):
        save(path, Checkpoint({}, [], {"x": np.zeros(size)}))
    assert (only_file(tmp_path), path.read_bytes()) == ("run.npz", old)


def test_data_are_flushed_to_the_disk_before_they_are_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    fsync, replace = os.fsync, os.replace

    def flush(handle: int) -> None:
        done.append(("flushed", os.fstat(handle).st_size))
        fsync(handle)

    def move(source: str, target: Path) -> None:
        done.append(("moved", os.stat(source).st_size))
        replace(source, target)

    monkeypatch.setattr(checkpoints.os, "fsync", flush)
    monkeypatch.setattr(checkpoints.os, "replace", move)
    size = saved(tmp_path).stat().st_size
    assert done == [("flushed", size), ("moved", size)]
