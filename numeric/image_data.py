"""Images for the networks: CIFAR-10 (a folder, or downloaded) and scikit-learn's digits, each pixel standardised."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from numeric.cifar_files import archive_records, folder_records
from numeric.compensated import FloatArray

LabelArray = NDArray[np.int64]

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

SIDE = 32
"""Height and width of every image, in pixels."""

_STANDARDISED = "each pixel of each channel standardised over these images"


@dataclass(frozen=True)
class ImageRecord:
    """What images were used.

    Attributes
    ----------
    name
        Name of the data.
    kind
        Where the images come from.
    samples
        Number of images.
    classes
        Number of classes.
    description
        How the data were made and standardised.
    sha256
        Checksum of the images and labels, in hexadecimal.
    """

    name: str
    kind: Literal["cifar10", "digits"]
    samples: int
    classes: int
    description: str
    sha256: str


@dataclass(frozen=True, eq=False)
class ImageData:
    """Standardised images with their labels.

    Attributes
    ----------
    name, kind
        Name of the data and where they come from.
    images
        Shape ``(n, 3, 32, 32)``, float64: channels red, green, blue; rows from the top; columns from the left.
    labels
        Shape ``(n,)``: indices into ``classes``.
    classes
        Names of the classes.
    description
        How the data were made.
    sha256
        SHA-256 of the bytes of ``images`` (float64) followed by those of ``labels`` (int64), both little endian and in
        row-major order; in hexadecimal.
    """

    name: str
    kind: Literal["cifar10", "digits"]
    images: FloatArray
    labels: LabelArray
    classes: tuple[str, ...]
    description: str
    sha256: str

    def one_hot(self) -> FloatArray:
        """Return the targets, shape ``(n, C)``: 1 in the column of the label, else 0."""
        return np.asarray(np.eye(len(self.classes))[self.labels])

    def record(self) -> ImageRecord:
        """Describe the data by plain values."""
        shape = (len(self.labels), len(self.classes))
        return ImageRecord(self.name, self.kind, *shape, self.description, self.sha256)


def load(kind: str, samples: int, folder: Path | None = None, cache: Path | None = None) -> ImageData:
    """Load the first ``samples`` images of the data named ``cifar10`` or ``digits``.

    Raises
    ------
    ValueError
        For another name, and for ``digits`` with a folder; else as :func:`cifar10` and :func:`digits`.
    OSError, ModuleNotFoundError
        As :func:`cifar10` and :func:`digits`.
    """
    if kind == "cifar10":
        return cifar10(samples, folder, cache)
    if kind != "digits":
        raise ValueError(f"the data must be cifar10 or digits, got {kind!r}")
    if folder is not None:
        raise ValueError("the digits come with scikit-learn and need no folder; a folder goes with cifar10")
    return digits(samples)


def cifar10(samples: int, folder: Path | None = None, cache: Path | None = None) -> ImageData:
    """Return the first training images of CIFAR-10, each pixel standardised.

    The binary version has files ``data_batch_*.bin`` of records of 3,073 bytes: the label, then 1,024 bytes each of
    red, green and blue, row by row. The files are read in the order of their names, no further than needed; they may
    be shorter than the official ones. See :func:`standardised_pixels`.

    Parameters
    ----------
    samples
        Number of images, at least 2.
    folder
        Holds the files. Without one the official archive is downloaded (162 MiB, once), its checksum is verified, and
        the records are read out of it; nothing is unpacked.
    cache
        Folder for the archive; the user's cache folder for ``gd-verify`` if not given.

    Raises
    ------
    ValueError
        For fewer than 2 samples or more than there are; a folder without such files; a file that is not a regular one
        or no whole number of records; a label above 9; a download with another checksum.
    OSError
        For a folder or a file that cannot be read, with its name; for a failed download.
    ModuleNotFoundError
        When the archive is needed and pooch is not installed.

    References
    ----------
    Krizhevsky, "Learning multiple layers of features from tiny images", technical report, Toronto (2009).
    """
    _check_samples(samples)
    records = archive_records(samples, cache) if folder is None else folder_records(samples, folder)
    images = standardised_pixels(records[:, 1:]).reshape(samples, 3, SIDE, SIDE)
    text = f"CIFAR-10, first {samples} training images in file order; {_STANDARDISED}"
    return _data("cifar10", images, records[:, 0], CIFAR10_CLASSES, text)


def digits(samples: int) -> ImageData:
    """Return the first of scikit-learn's 1,797 handwritten digits, enlarged to 32 x 32, each pixel standardised.

    The 8 x 8 values 0, ..., 16 are enlarged by :func:`enlarged` and repeated over the three channels; see
    :func:`standardised_pixels`. The order is that of the file, in which the classes are mixed.

    Raises
    ------
    ValueError
        Unless ``2 <= samples <= 1797``.
    ModuleNotFoundError
        Without scikit-learn.

    References
    ----------
    Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository (1998).
    """
    _check_samples(samples)
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    if samples > len(values):
        raise ValueError(f"there are {len(values)} digits, so that many samples at most, got {samples}")
    large = enlarged(np.asarray(values[:samples], dtype=np.int64).reshape(samples, 8, 8))
    one = standardised_pixels(large.reshape(samples, -1)).reshape(samples, 1, SIDE, SIDE)
    images = np.repeat(one, 3, axis=1)
    text = (
        f"scikit-learn's digits, first {samples} in file order, enlarged from 8 x 8 to 32 x 32 pixels (bilinear) and"
        f" repeated over 3 channels; {_STANDARDISED}"
    )
    return _data("digits", images, np.asarray(labels[:samples]), tuple(str(digit) for digit in range(10)), text)


def standardised_pixels(values: NDArray[Any]) -> FloatArray:
    """Standardise each column (pixel) ``x_1, ..., x_n`` of integers over the rows (images).

    Shape ``(n, p)``, as the result ``(x_i - m) / s`` with mean ``m`` and standard deviation ``s``,
    ``s^2 = (1/n) sum (x_i - m)^2``; a column without spread is only centred (so it is 0). Computed as
    ``(n x_i - S) / sqrt(n Q - S^2)`` with the sums ``S`` and ``Q`` of the ``x_i`` and their squares: up to the root and
    the division all numbers are exact integers, so every machine gets the same bits (for ``n^2 max|x|^2 < 2^53``).
    """
    n = len(values)
    sums = values.sum(axis=0, dtype=np.int64)
    squares = np.einsum("ij,ij->j", values, values, dtype=np.int64)
    roots = np.sqrt((n * squares - sums * sums).astype(np.float64))
    images = values.astype(np.float64)
    images *= n
    images -= sums
    images /= np.where(roots > 0.0, roots, 1.0)
    return images


def enlarged(images: LabelArray) -> LabelArray:
    """Enlarge 8 x 8 images four times by bilinear interpolation; return 64 times the values, which are integers.

    Shapes ``(n, 8, 8)`` and ``(n, 32, 32)``. Row ``i`` of the result lies at row ``(i + 1/2)/4 - 1/2`` of the image,
    clamped to its first and last row; columns likewise. The weights are multiples of 1/8.
    """
    eighths = np.clip(2 * np.arange(SIDE) - 3, 0, 56)  # eight times the place
    below = np.minimum(eighths // 8, 6)
    weights = np.zeros((SIDE, 8), dtype=np.int64)
    rows = np.arange(SIDE)
    weights[rows, below] = 8 - (eighths - 8 * below)
    weights[rows, below + 1] = eighths - 8 * below
    return np.asarray(weights @ images @ weights.T)


def _check_samples(samples: int) -> None:
    if samples < 2:
        raise ValueError(f"at least 2 samples are needed to standardise the pixels, got {samples}")


def _data(
    kind: Literal["cifar10", "digits"], images: FloatArray, labels: NDArray[Any], classes: tuple[str, ...], text: str
) -> ImageData:
    indices = labels.astype(np.int64)
    digest = hashlib.sha256(np.ascontiguousarray(images, dtype="<f8").data.cast("B"))
    digest.update(indices.astype("<i8").data.cast("B"))
    name = f"{'CIFAR-10' if kind == 'cifar10' else 'digits'}, N = {len(indices)}"
    return ImageData(name, kind, images, indices, classes, text, digest.hexdigest())
