"""Data and initial weights for the squared regression model: Gaussian, scikit-learn's diabetes data, CSV files."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from numeric.compensated import FloatArray
from numeric.regression import RANGE_TOLERANCE, RegressionData, row_space
from numeric.regression_results import DataRecord

TEACHER_ENTRIES = 3
"""Number of entries of the sparse teacher of :func:`gaussian_data` (all of them, for fewer features)."""

LARGEST_FILE = 100_000_000
"""Largest CSV file read, in bytes."""

_LISTED = 8


@dataclass(frozen=True)
class DataSet:
    """Regression data, their origin and a sentence on how they were made."""

    kind: Literal["gaussian", "diabetes", "file"]
    description: str
    data: RegressionData

    @property
    def name(self) -> str:
        """Name of the data."""
        return self.data.name

    def record(self) -> DataRecord:
        """Describe the data by plain values."""
        data = self.data
        shape = (data.samples, data.dimension, data.rank)
        return DataRecord(self.name, self.kind, *shape, self.description, covered(data))


def gaussian_data(samples: int, features: int, seed: int = 0) -> DataSet:
    """Gaussian data with a sparse teacher.

    ``X`` has independent standard normal entries; ``y = X beta`` with ``beta`` zero but for ``min(3, features)``
    entries, at random places, each 1 or -1 with equal probability.

    Raises
    ------
    ValueError
        For fewer than 1 sample or 1 feature.
    """
    if samples < 1 or features < 1:
        raise ValueError(f"Gaussian data need at least 1 sample and 1 feature, got {samples} and {features}")
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, features))
    entries = min(TEACHER_ENTRIES, features)
    places = rng.permutation(features)[:entries]
    teacher = np.zeros(features)
    teacher[places] = rng.choice([-1.0, 1.0], entries)
    text = f"independent standard normal features; y = X beta with {entries} random entries of beta at 1 or -1, else 0"
    name = f"Gaussian, N = {samples}, d = {features}, seed {seed}"
    return DataSet("gaussian", text, RegressionData.explained(x, x @ teacher, name))


def _diabetes() -> tuple[FloatArray, FloatArray]:
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def standardised(columns: FloatArray) -> FloatArray:
    """Shift and scale each column to mean 0 and variance 1 (over the rows, divisor N)."""
    centred = columns - columns.mean(axis=0)
    return np.asarray(centred / np.sqrt((centred * centred).mean(axis=0)))


def quadratic_features(columns: FloatArray, binary: tuple[int, ...]) -> FloatArray:
    """Standardised columns, their products in pairs and the squares of all but the ``binary``, standardised."""
    main = standardised(columns)
    count = main.shape[1]
    products = [main[:, i] * main[:, j] for i, j in combinations(range(count), 2)]
    squares = [main[:, i] ** 2 for i in range(count) if i not in binary]
    return standardised(np.column_stack([main, *products, *squares]))


def diabetes_quadratic(samples: int = 20, seed: int = 0) -> DataSet:
    """Draw patients of the diabetes data, with the 64 quadratic features of Efron et al. (2004).

    The features are the 10 measurements, their 45 products in pairs and 9 squares (the square of ``sex``, which
    has two values, is left out); features and target are standardised over all 442 patients, then ``samples``
    patients are drawn at random.

    Raises
    ------
    ValueError
        Unless ``1 <= samples <= 64``.
    ModuleNotFoundError
        Without scikit-learn.

    References
    ----------
    Efron, Hastie, Johnstone and Tibshirani, "Least angle regression", Annals of Statistics 32 (2004).
    """
    if not 1 <= samples <= 64:
        raise ValueError(f"the diabetes data with 64 features need between 1 and 64 samples, got {samples}")
    columns, target = _diabetes()
    chosen = np.sort(np.random.default_rng(seed).permutation(target.size)[:samples])
    x = quadratic_features(columns, binary=(1,))[chosen]
    y = standardised(target[:, None])[chosen, 0]
    text = (
        f"scikit-learn's diabetes data, {samples} of the 442 patients at random; the quadratic features of Efron et"
        " al. (2004); features and target standardised over all patients"
    )
    name = f"diabetes, quadratic features, N = {samples}, d = 64, seed {seed}"
    return DataSet("diabetes", text, RegressionData.explained(x, y, name))


def diabetes_full() -> DataSet:
    """All 442 patients and 10 measurements of the diabetes data, with the target projected on the range of ``X``.

    Features and target are standardised before the projection; the rank is 10, so Theorem R covers the data.

    Raises
    ------
    ModuleNotFoundError
        Without scikit-learn.
    """
    columns, target = _diabetes()
    x, y = standardised(columns), standardised(target[:, None])[:, 0]
    text = (
        "scikit-learn's diabetes data, all patients; features and target standardised, the target then projected on"
        " the range of X (its linearly explained part)"
    )
    return DataSet("diabetes", text, RegressionData.explained(x, y, "diabetes, explained part, N = 442, d = 10"))


def csv_data(path: str | Path, target: str, samples: int | None = None, seed: int = 0) -> DataSet:
    """Read a CSV file: comma separated numbers below one row of column names.

    The column ``target`` is ``y``, all others are features. Every column is standardised over all rows; then
    ``samples`` rows are drawn at random, if asked for.

    Raises
    ------
    ValueError
        For a file of more than 100 MB or not a regular one; text that is not UTF-8; a file that is empty or has no
        header, rows of unequal length or cells that are not finite numbers; an unknown target; a constant column;
        too many or too few samples; a target that no linear function of the features reaches.
    OSError
        For a file that cannot be read.
    """
    path = Path(path)
    names, table = _read_table(path)
    if target not in names:
        shown = ", ".join(names[:_LISTED]) + (f", ... ({len(names)} in all)" if len(names) > _LISTED else "")
        raise ValueError(f"{path.name} has no column {target!r}; its columns are {shown}")
    if len(names) < 2:
        raise ValueError(f"{path.name} has only one column; are the values separated by commas?")
    for name, column in zip(names, table.T, strict=True):
        if column.min() == column.max():
            raise ValueError(f"{path.name}: column {name!r} is constant, so it cannot be standardised")
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        columns = standardised(table)
        done = np.abs((columns * columns).mean(axis=0) - 1.0) < 1e-6
    if not done.all():
        bad = names[int(np.argmin(done))]
        raise ValueError(f"{path.name}: column {bad!r} has values too large or too small to be standardised")
    text = f"{path.name}, target {target!r}, features and target standardised"
    if samples is not None:
        if not 1 <= samples <= len(columns):
            raise ValueError(f"{path.name} has {len(columns)} rows, so that many samples at most, got {samples}")
        columns = columns[np.sort(np.random.default_rng(seed).permutation(len(columns))[:samples])]
        text += f" over all {len(table)} rows; {samples} rows at random, seed {seed}"
    at = names.index(target)
    x, y = np.delete(columns, at, axis=1), columns[:, at]
    _check_in_range(path.name, x, y)
    rows, features = x.shape
    return DataSet("file", text, RegressionData.explained(x, y, f"{path.name}, N = {rows}, d = {features}"))


def _check_in_range(name: str, x: FloatArray, y: FloatArray) -> None:
    space, distance = row_space(x, y)
    if distance > RANGE_TOLERANCE:
        rank = len(space.targets)
        raise ValueError(
            f"{name}: no linear function of the features fits the target, so the loss cannot reach 0"
            f" ({len(y)} rows, rank {rank}); fewer rows (--samples {rank} at most) may help"
        )


def _read_table(path: Path) -> tuple[list[str], FloatArray]:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ValueError(f"{path.name} is not a regular file")
    with path.open(newline="", encoding="utf-8-sig") as file:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise ValueError(f"{path.name} has {size} bytes; at most {LARGEST_FILE} are read")
        reader = csv.reader(file, strict=True)
        try:
            header = next((row for row in reader if row), None)
            names = _column_names(path.name, header)
            rows = [_numbers(f"{path.name}, line {reader.line_num}", row, names) for row in reader if row]
        except UnicodeDecodeError:
            raise ValueError(f"{path.name} is not a text file in UTF-8") from None
        except csv.Error as error:
            raise ValueError(f"{path.name}, line {reader.line_num}: {error}") from None
    if not rows:
        raise ValueError(f"{path.name} has no rows below its header")
    return names, np.array(rows, dtype=np.float64)


def _column_names(file: str, header: list[str] | None) -> list[str]:
    if header is None:
        raise ValueError(f"{file} is empty")
    names = [" ".join(cell.split()) for cell in header]
    if any(_number(name) is not None for name in names):
        raise ValueError(f"{file} has no header: its first row must name the columns")
    for number, name in enumerate(names, 1):
        if not name or name in names[: number - 1]:
            what = f"repeats the name {name!r}" if name else "has no name"
            raise ValueError(f"{file}: column {number} {what}")
    return names


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _numbers(place: str, row: list[str], names: list[str]) -> list[float]:
    if len(row) != len(names):
        raise ValueError(f"{place}: {len(row)} values, but the header names {len(names)} columns")
    values = []
    for name, cell in zip(names, row, strict=True):
        value = _number(cell)
        if value is None or not math.isfinite(value):
            shown = repr(cell if len(cell) <= 20 else cell[:20] + "...")
            raise ValueError(f"{place}, column {name!r}: {shown if cell.strip() else 'an empty cell'} is not a number")
        values.append(value)
    return values


def initial_weights(features: int, scale: float, seed: int = 0) -> FloatArray:
    """Draw initial weights ``scale * (1 + 0.1 U)``, shape ``(2, features)``: ``u+`` and ``u-``.

    The entries of ``U`` are independent and standard normal.

    Raises
    ------
    ValueError
        For fewer than 1 feature or a scale that is not positive and finite.
    """
    if features < 1:
        raise ValueError(f"the number of features must be at least 1, got {features}")
    if not (scale > 0.0 and math.isfinite(scale)):
        raise ValueError(f"the initial scale must be positive and finite, got {scale}")
    return np.asarray(scale * (1.0 + 0.1 * np.random.default_rng(seed).standard_normal((2, features))))


def covered(data: RegressionData) -> bool:
    """Say whether Theorem R covers the data: whether vectors with disjoint supports span the row space of ``X``.

    They do for one sample, for rank ``d``, and in general when the nonzero columns of ``X`` fall into as many groups of
    parallel columns as the rank. Columns within 1e-6 of parallel must be parallel exactly, as the numbers stand; so
    rounding makes columns that were proportional before it count as not covered (but not equal or opposite ones).
    """
    x = data.features
    if data.samples == 1 or data.rank == data.dimension:
        return True
    sizes = np.abs(x).max(axis=0)
    columns = x[:, sizes > 0.0] / sizes[sizes > 0.0]
    directions = columns / np.linalg.norm(columns, axis=0)
    x = x[:, sizes > 0.0]
    left = np.ones(x.shape[1], dtype=np.bool_)
    for _ in range(data.rank):
        if not left.any():
            return False
        first = int(np.argmax(left))
        group = left & (np.abs(directions[:, first] @ directions) > 1.0 - 1e-6)
        if not all(_parallel(x[:, first], x[:, i]) for i in np.flatnonzero(group)):
            return False
        left &= ~group
    return not left.any()


def _parallel(first: FloatArray, second: FloatArray) -> bool:
    """Say whether two nonzero columns are parallel, exactly."""
    largest = int(np.argmax(np.abs(first)))
    a, b = Fraction(float(first[largest])), Fraction(float(second[largest]))
    return all(Fraction(v) * a == Fraction(u) * b for u, v in zip(first.tolist(), second.tolist(), strict=True))
