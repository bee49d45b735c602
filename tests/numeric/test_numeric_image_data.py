"""Images: the binary version of CIFAR-10 from a folder and from a server, the digits, the standardisation."""

import builtins
import hashlib
import io
import os
import socket
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import zoom
from sklearn.datasets import load_digits

from numeric import cifar_files
from numeric.image_data import ImageData, cifar10, digits, enlarged, load, standardised_pixels


def some_records(count: int, seed: int = 0) -> np.ndarray:
    records = np.random.default_rng(seed).integers(0, 256, (count, 3073), dtype=np.uint8)
    records[:, 0] %= 10
    return records


def folder_of(path: Path, **files: bytes | np.ndarray) -> Path:
    path.mkdir(exist_ok=True)
    for name, content in files.items():
        (path / f"{name}.bin").write_bytes(content if isinstance(content, bytes) else content.tobytes())
    return path


def archive_of(**files: np.ndarray) -> bytes:
    """Pack the files as the official archive does, with others next to them."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        contents = {f"cifar-10-batches-bin/{name}.bin": content.tobytes() for name, content in files.items()}
        others = {"../data_batch_0.bin": b"x", "cifar-10-batches-bin/test_batch.bin": b"y", "data_batch_0.bin": b"z"}
        for name, content in (others | contents).items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("cifar-10-batches-bin/data_batch_0.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return stream.getvalue()


def assert_standardised(found: np.ndarray, raw: np.ndarray) -> None:
    """Compare with mean and standard deviation as numpy computes them, pixel by pixel."""
    flat, values = found.reshape(len(found), -1), raw.reshape(len(raw), -1).astype(float)
    spread = values.std(axis=0)
    expected = (values - values.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    assert flat == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_images_of_a_folder(tmp_path: Path) -> None:
    first, second = some_records(3, seed=1), some_records(4, seed=2)
    third = b"not read, so its size does not matter"
    folder = folder_of(tmp_path / "data", data_batch_2=second, data_batch_1=first, data_batch_3=third, test_batch=b"?")
    made = cifar10(5, folder)
    raw = np.concatenate([first, second[:2]])
    assert made.labels.tolist() == raw[:, 0].tolist()
    assert (made.images.shape, made.images.dtype, made.labels.dtype) == ((5, 3, 32, 32), np.float64, np.int64)
    assert_standardised(made.images, raw[:, 1:])
    pixel = raw[:, 1 + 1024 * 2 + 32 * 7 + 5].astype(float)  # blue, row 7, column 5
    assert made.images[:, 2, 7, 5] == pytest.approx((pixel - pixel.mean()) / pixel.std(), rel=1e-12)
    assert made.images.flags.writeable
    assert made.classes[3] == "cat"
    assert len(cifar10(7, folder).labels) == 7
    assert cifar10(3, folder).labels.tolist() == first[:, 0].tolist()


def test_the_record_tells_data_apart(tmp_path: Path) -> None:
    records = some_records(6)
    made = cifar10(4, folder_of(tmp_path / "a", data_batch_1=records))
    record = made.record()
    assert (record.name, record.kind, record.samples, record.classes) == ("CIFAR-10, N = 4", "cifar10", 4, 10)
    assert "first 4 training images" in record.description
    content = made.images.astype("<f8").tobytes() + made.labels.astype("<i8").tobytes()
    assert record.sha256 == made.sha256 == hashlib.sha256(content).hexdigest()
    assert cifar10(4, folder_of(tmp_path / "b", data_batch_7=records[:4])).sha256 == made.sha256
    assert cifar10(5, tmp_path / "a").sha256 != made.sha256
    relabelled = records.copy()
    relabelled[0, 0] = (records[0, 0] + 1) % 10
    assert cifar10(4, folder_of(tmp_path / "c", data_batch_1=relabelled)).sha256 != made.sha256


def test_one_hot() -> None:
    images = np.zeros((3, 3, 32, 32))
    made = ImageData("some", "digits", images, np.array([2, 0, 2]), ("a", "b", "c"), "made up", "0")
    assert made.one_hot().tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert made.one_hot().dtype == np.float64


def test_standardised_pixels_are_the_nearest_numbers_up_to_a_root_and_a_quotient() -> None:
    values = np.random.default_rng(3).integers(0, 256, (50, 40), dtype=np.uint8)
    values[:, 4], values[:, 5], values[7, 5] = 200, 0, 1
    found = standardised_pixels(values)
    assert (found[:, 4] == 0.0).all()
    for column, raw in zip(found.T, values.T.tolist(), strict=True):
        mean = Fraction(sum(raw), 50)
        variance = sum((x - mean) ** 2 for x in raw) / 50
        for x, value in zip(raw, column.tolist(), strict=True):
            assert Fraction(value) ** 2 * variance == pytest.approx((x - mean) ** 2, rel=1e-15)
            assert (value > 0) == (x > mean) or variance == 0
    assert found[7, 5] == pytest.approx(7.0, rel=1e-15)  # one of 50: (1 - 1/50) / sqrt(49/2500)


def test_standardised_pixels_of_many_bright_images_do_not_overflow() -> None:
    values = np.full((70_000, 2), 255, dtype=np.uint8)
    values[::2, 1] = 253
    found = standardised_pixels(values)
    assert (found[:, 0] == 0.0).all()
    assert (found[:, 1] == np.tile([-1.0, 1.0], 35_000)).all()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, r"has no files data_batch_\*\.bin"),
        ({"test_batch": some_records(5)}, r"has no files data_batch_\*\.bin"),
        ({"data_batch_1": b""}, "data_batch_1.bin has 0 bytes"),
        ({"data_batch_1": some_records(5).tobytes()[:-1]}, "data_batch_1.bin has 15364 bytes, no whole number"),
        ({"data_batch_1": some_records(2), "data_batch_2": b"short"}, "data_batch_2.bin has 5 bytes"),
        ({"data_batch_1": some_records(2), "data_batch_2": some_records(1)}, "has 3 images, so that many .* got 4"),
        ({"data_batch_1": np.full((4, 3073), 10, dtype=np.uint8)}, "data_batch_1.bin, record 1: label 10"),
    ],
    ids=["empty folder", "only tests", "empty file", "truncated", "second truncated", "too few", "label"],
)
def test_folders_that_cannot_be_used(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        cifar10(4, folder_of(tmp_path / "data", **files))
    assert "\n" not in str(caught.value)


def test_the_place_of_a_wrong_label(tmp_path: Path) -> None:
    first, second = some_records(2), some_records(4)
    second[2, 0] = 255
    folder = folder_of(tmp_path / "data", data_batch_1=first, data_batch_2=second)
    with pytest.raises(ValueError, match=r"data_batch_2\.bin, record 3: label 255, but labels go from 0 to 9"):
        cifar10(5, folder)
    assert len(cifar10(4, folder).labels) == 4


def test_a_number_of_samples_beyond_memory_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has 2 images"):
        cifar10(10**15, folder_of(tmp_path / "data", data_batch_1=some_records(2)))


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path / "data", data_batch_1=some_records(4))
    monkeypatch.setattr(cifar_files, "_opened", lambda path: io.BytesIO(path.read_bytes()[:5000]))
    with pytest.raises(ValueError, match=r"data_batch_1\.bin ended early: 5000 of 9219 bytes"):
        cifar10(3, folder)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    odd, dangling = folder_of(tmp_path / "odd"), folder_of(tmp_path / "dangling")
    (dangling / "data_batch_1.bin").symlink_to(tmp_path / "gone.bin")
    for folder in (tmp_path / "gone", file, dangling):
        with pytest.raises(OSError, match=str(folder)) as caught:
            cifar10(2, folder)
        assert caught.value.strerror
        assert str(folder) in str(caught.value.filename)
    os.mkfifo(odd / "data_batch_1.bin")
    with pytest.raises(ValueError, match=r"data_batch_1\.bin is not a regular file"):
        cifar10(2, odd)


@pytest.mark.parametrize("samples", [1, 0, -3])
def test_too_few_samples(tmp_path: Path, samples: int) -> None:
    folder = folder_of(tmp_path / "data", data_batch_1=some_records(2))
    for kind in ("cifar10", "digits"):
        with pytest.raises(ValueError, match=f"at least 2 samples .* got {samples}"):
            load(kind, samples, folder if kind == "cifar10" else None)


def test_digits() -> None:
    made = digits(300)
    source = load_digits()
    assert made.labels.tolist() == source.target[:300].tolist()
    assert made.images.shape == (300, 3, 32, 32)
    assert (made.images[:, 0] == made.images[:, 1]).all()
    assert (made.images[:, 0] == made.images[:, 2]).all()
    large = np.stack([zoom(image, 4, order=1, mode="nearest", grid_mode=True) for image in source.images[:300]])
    assert_standardised(made.images[:, 0], 64 * large)
    assert made.record().name == "digits, N = 300"
    assert set(made.classes) == set("0123456789")
    with pytest.raises(ValueError, match="1797 digits, so that many samples at most, got 1798"):
        digits(1798)


def test_enlarged_images_by_hand() -> None:
    image = np.zeros((1, 8, 8), dtype=np.int64)
    image[0, 0, 0], image[0, 7, 7] = 8, 16
    large = enlarged(image)[0] / 64
    assert large[:7, 0] == pytest.approx([8, 8, 7, 5, 3, 1, 0])
    assert large[2, 2] == 8 * (7 / 8) ** 2
    assert large[31, 25:].tolist() == [0, 2, 6, 10, 14, 16, 16]
    assert (enlarged(np.full((2, 8, 8), 5)) == 320).all()


def test_load_chooses(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "data", data_batch_1=some_records(3))
    assert load("cifar10", 3, folder).sha256 == cifar10(3, folder).sha256
    assert load("digits", 3).sha256 == digits(3).sha256
    with pytest.raises(ValueError, match="must be cifar10 or digits, got 'mnist'"):
        load("mnist", 3)
    with pytest.raises(ValueError, match="need no folder"):
        load("digits", 3, folder)


class Server:
    """Sends ``content``, or nothing for a ``status`` that tells an error, and counts how often it was asked."""

    def __init__(self) -> None:
        self.content, self.status, self.asked, self.promised = b"", 200, 0, 0


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            content = state.content if state.status == 200 else b""
            self.send_response(state.status)
            self.send_header("Content-Length", str(state.promised or len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        use(monkeypatch, server.server_address[1])
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def use(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(cifar_files, "CIFAR10_URL", f"http://127.0.0.1:{port}/cifar-10-binary.tar.gz")


def expect(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(cifar_files, "CIFAR10_HASH", "sha256:" + hashlib.sha256(content).hexdigest())


def test_images_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = {"data_batch_2": some_records(3, seed=5), "data_batch_1": some_records(2, seed=4)}
    archive, cache = archive_of(**batches), tmp_path / "new" / "cache"
    expect(monkeypatch, archive)
    with serving(monkeypatch) as server:
        server.content = archive
        made = cifar10(4, cache=cache)
        assert made.sha256 == cifar10(4, folder_of(tmp_path / "data", **batches)).sha256
        assert load("cifar10", 5, cache=cache).labels.size == 5
        assert server.asked == 1
        (stored,) = cache.iterdir()
        stored.write_bytes(archive[:-10])  # a damaged copy is fetched anew
        assert cifar10(4, cache=cache).sha256 == made.sha256
        assert server.asked == 2
    with pytest.raises(ValueError, match="the archive of CIFAR-10 has 5 images"):
        cifar10(6, cache=cache)
    assert [path.name for path in cache.iterdir()] == ["cifar-10-binary.tar.gz"]
    assert not list(tmp_path.rglob("data_batch_0.bin"))


def test_the_usual_cache_is_that_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_of(data_batch_1=some_records(2))
    expect(monkeypatch, archive)
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / project)
    with serving(monkeypatch) as server:
        server.content = archive
        assert cifar10(2).labels.size == 2
    assert (tmp_path / "gd-verify" / "cifar-10-binary.tar.gz").read_bytes() == archive


@pytest.mark.parametrize(
    ("status", "cut", "error", "message"),
    [
        (200, 1, ValueError, "another checksum than CIFAR-10"),
        (404, 0, ConnectionError, r"cannot download .*\(HTTPError\)"),
        (503, 0, ConnectionError, r"cannot download .*\(HTTPError\)"),
    ],
)
def test_downloads_that_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, cut: int, error: type[Exception], message: str
) -> None:
    archive = archive_of(data_batch_1=some_records(2))
    expect(monkeypatch, archive)
    with serving(monkeypatch) as server:
        server.content, server.status = archive[cut:], status
        with pytest.raises(error, match=message) as caught:
            cifar10(2, cache=tmp_path)
    assert "(--data-dir) or use the digits (--data digits)" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_download_that_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_of(data_batch_1=some_records(2))
    expect(monkeypatch, archive)
    with serving(monkeypatch) as server:
        server.content, server.promised = archive[:-100], len(archive)
        with pytest.raises((ConnectionError, ValueError), match=r"\(--data-dir\) or use the digits"):
            cifar10(2, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, but nobody listens
        use(monkeypatch, closed.getsockname()[1])
        with pytest.raises(ConnectionError, match=r"cannot download CIFAR-10 .*--data-dir.*--data digits") as caught:
            cifar10(2, cache=tmp_path)
    assert (caught.value.filename, "\n" in str(caught.value)) == (None, False)
    assert not list(tmp_path.iterdir())


def test_a_cache_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(FileExistsError, match=str(file)):
        cifar10(2, cache=file)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(PermissionError("many words"), PermissionError), (OSError(28, "No space left on device"), OSError)],
    ids=["no permission", "no space"],
)
def test_a_cache_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: OSError, expected: type[OSError]
) -> None:
    def retrieve(*args: object, **more: object) -> None:
        raise raised

    monkeypatch.setattr("pooch.retrieve", retrieve)
    with pytest.raises(expected) as caught:
        cifar10(2, cache=tmp_path)
    assert caught.value.filename == str(tmp_path)
    assert caught.value.strerror in ("Permission denied", "No space left on device")


@pytest.mark.parametrize(("package", "kind"), [("pooch", "cifar10"), ("sklearn", "digits")])
def test_without_an_optional_package(monkeypatch: pytest.MonkeyPatch, package: str, kind: str) -> None:
    found = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found(name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match=package):
        load(kind, 2)
