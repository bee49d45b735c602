"""Data of the squared regression model: what is made, what a CSV file must hold, what Theorem R covers."""

import builtins
from pathlib import Path

import numpy as np
import pytest

from numeric import regression_data
from numeric.regression import RegressionData, loss
from numeric.regression_data import (
    covered,
    csv_data,
    diabetes_full,
    diabetes_quadratic,
    gaussian_data,
    initial_weights,
    quadratic_features,
    standardised,
)


def test_gaussian_data_have_a_sparse_teacher() -> None:
    made = gaussian_data(5, 20, seed=3)
    x, y = made.data.features, made.data.targets
    rng = np.random.default_rng(3)
    assert (x == rng.standard_normal((5, 20))).all()
    places, signs = rng.permutation(20)[:3], rng.choice([-1.0, 1.0], 3)
    assert y == pytest.approx(x[:, places] @ signs, rel=1e-14)
    record = made.record()
    assert (record.kind, record.samples, record.features, record.rank, record.covered) == ("gaussian", 5, 20, 5, False)
    assert record.name == "Gaussian, N = 5, d = 20, seed 3"


def test_gaussian_data_of_full_column_rank_are_covered() -> None:
    assert gaussian_data(7, 4).record().covered
    assert gaussian_data(2, 2).record().covered
    assert gaussian_data(1, 1).data.targets.shape == (1,)


@pytest.mark.parametrize(("samples", "features"), [(0, 3), (3, 0), (-1, 3)])
def test_gaussian_data_need_a_size(samples: int, features: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        gaussian_data(samples, features)


def test_diabetes_data_with_quadratic_features() -> None:
    made = diabetes_quadratic(10, seed=1)
    assert made.data.features.shape == (10, 64)
    assert made.record().rank == 10
    assert not made.record().covered
    assert not np.array_equal(made.data.features, diabetes_quadratic(10, seed=2).data.features)
    whole = diabetes_quadratic(64).data.features
    assert np.abs(whole).max() < 20.0
    with pytest.raises(ValueError, match="between 1 and 64"):
        diabetes_quadratic(65)


def test_quadratic_features_by_hand() -> None:
    main = np.array([[1.0, 0.0], [1.0, 1.0], [-2.0, 2.0]])
    found = quadratic_features(main, binary=(1,))
    z = standardised(main)
    assert found.shape == (3, 4)
    assert found[:, :2] == pytest.approx(z)
    for column, raw in zip(found.T[2:], (z[:, 0] * z[:, 1], z[:, 0] ** 2), strict=True):
        assert column == pytest.approx((raw - raw.mean()) / raw.std())
    assert (found.mean(axis=0), found.std(axis=0)) == (pytest.approx(np.zeros(4), abs=1e-15), pytest.approx(np.ones(4)))


def test_the_whole_diabetes_data_have_an_explained_target_and_are_covered() -> None:
    made = diabetes_full()
    record = made.record()
    assert (record.samples, record.features, record.rank, record.covered) == (442, 10, 10, True)
    x, y = made.data.features, made.data.targets
    beta = np.linalg.lstsq(x, y)[0]
    assert y == pytest.approx(x @ beta, abs=1e-12)
    assert (y * y).mean() == pytest.approx(0.5177, abs=1e-4)  # R^2 of the linear model
    weights = np.stack([np.sqrt(np.maximum(beta, 0.0)), np.sqrt(np.maximum(-beta, 0.0))])
    assert float(loss(made.data, weights)) < 1e-25


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name.startswith("sklearn"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found(name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match="sklearn"):
        diabetes_full()


def test_csv_data(tmp_path: Path) -> None:
    table = np.random.default_rng(0).standard_normal((8, 5)) * [1.0, 10.0, 0.1, 3.0, 1.0] + 4.0
    file = tmp_path / "some.csv"
    rows = "\r\n".join(",".join(map(repr, row)) for row in table.tolist())
    file.write_text("\ufeffa, b,c,d,e\r\n" + rows + "\r\n\r\n", encoding="utf-8")
    made = csv_data(file, "b", samples=3, seed=5)
    whole = (table - table.mean(axis=0)) / table.std(axis=0)
    chosen = np.sort(np.random.default_rng(5).permutation(8)[:3])
    assert made.data.features == pytest.approx(whole[chosen][:, [0, 2, 3, 4]])
    assert made.data.targets == pytest.approx(whole[chosen, 1])
    assert made.name == "some.csv, N = 3, d = 4"
    assert "'b'" in made.record().description
    with pytest.raises(ValueError, match=r"8 rows, rank 4.*--samples 4"):
        csv_data(file, "b")


GOOD = "x,z,y\n1,2,3\n2,1,5\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "bad.csv is empty"),
        ("\n\n", "bad.csv is empty"),
        ("x,z,y\n", "no rows"),
        ("1,2,3\n4,5,6\n", "no header"),
        (GOOD + "3,cat,1\n", r"line 4, column 'z': 'cat' is not a number"),
        (GOOD + "3,,1\n", r"line 4, column 'z': an empty cell"),
        (GOOD + "3,nan,1\n", r"line 4, column 'z': 'nan'"),
        (GOOD + "-inf,0,1\n", r"line 4, column 'x': '-inf'"),
        (GOOD + "1e999,0,1\n", r"line 4, column 'x': '1e999'"),
        (GOOD + "1_0,0,1\n", r"line 4, column 'x': '1_0'"),
        (GOOD + f"{'w' * 500},0,1\n", r"'w{20}\.\.\.' is not"),
        (GOOD + "3,1\n", r"line 4: 2 values, but the header names 3"),
        (GOOD + "3,1,2,3\n", r"line 4: 4 values"),
        ("x,x,y\n1,2,3\n", "column 2 repeats the name 'x'"),
        ("x,,y\n1,2,3\n", "column 2 has no name"),
        ("x,z,t\n1,2,3\n", r"no column 'y'; its columns are x, z, t$"),
        (",".join(f"c{i}" for i in range(99)) + "\n" + ",".join("1" * 99), r"c6, c7, \.\.\. \(99 in all\)$"),
        ("y\n1\n2\n", "only one column"),
        ("x,z,y\n1,2,3\n1,5,7\n", "column 'x' is constant"),
        ("x,z,y\n1,2,3\n", "column 'x' is constant"),
        ("x,z,y\n1,2,3\n2,5,3\n", "column 'y' is constant"),
        ("x,y\n1e200,3\n-1e200,7\n", "column 'x' has values too large"),
        ("x,y\n1,1\n2,4\n3,9\n", r"3 rows, rank 1.*--samples 1 "),
        ('x,y\n1,"2\n', "line 2: unexpected end"),
    ],
)
def test_bad_csv_files(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        csv_data(file, "y")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_csv_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        csv_data(tmp_path / "missing.csv", "y")
    with pytest.raises(IsADirectoryError):
        csv_data(tmp_path, "y")
    with pytest.raises(ValueError, match="not a regular file"):
        csv_data("/dev/zero", "y")
    (tmp_path / "binary.csv").write_bytes(b"x,y\n\xff\xfe,2\n")
    with pytest.raises(ValueError, match="UTF-8"):
        csv_data(tmp_path / "binary.csv", "y")
    (tmp_path / "wide.csv").write_text("x,y\n" + "1" * 200_000 + ",2\n")
    with pytest.raises(ValueError, match=r"line 2: field larger"):
        csv_data(tmp_path / "wide.csv", "y")
    monkeypatch.setattr(regression_data, "LARGEST_FILE", 10)
    (tmp_path / "large.csv").write_text(GOOD)
    with pytest.raises(ValueError, match="at most 10 are read"):
        csv_data(tmp_path / "large.csv", "y")


@pytest.mark.parametrize("samples", [0, 3])
def test_csv_samples_out_of_range(tmp_path: Path, samples: int) -> None:
    (tmp_path / "two.csv").write_text(GOOD)
    with pytest.raises(ValueError, match=f"2 rows.*got {samples}"):
        csv_data(tmp_path / "two.csv", "y", samples=samples)


def test_initial_weights() -> None:
    weights = initial_weights(6, 0.5, seed=4)
    assert (weights == 0.5 * (1.0 + 0.1 * np.random.default_rng(4).standard_normal((2, 6)))).all()
    many = initial_weights(20_000, 2.0)
    assert many.mean() == pytest.approx(2.0, abs=0.01)
    assert many.std() == pytest.approx(0.2, abs=0.01)
    assert abs(np.corrcoef(many)[0, 1]) < 0.05
    for bad in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="scale"):
            initial_weights(6, bad)
    with pytest.raises(ValueError, match="features"):
        initial_weights(0, 1.0)


MIXED = [[2.0, 1.0], [1.0, 3.0]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([[1, 1, -1]], True),
        ([[0.1, 0, 2.7]], True),
        ([[1, 1e-13]], True),
        ([[1, 0, -1, 0], [0, 1, 0, 1]], True),
        (np.array(MIXED) @ [[1, 0, -2, 0], [0, 1, 0, 3]], True),
        ([[1, 0, -1, 0], [0, 1, 0, 1], [1, 1, -1, 1]], True),
        ([[1, 2, 3], [2, 4, 6]], True),
        ([[1, 2, 3], [2, 4, 6 + 1e-12]], False),
        ([[1, 2, 3], [0, 0, 1e-12]], False),
        ([[1, 0, 1], [0, 1, 1]], False),
        ([[1, 1, 0], [1, -1, 0]], True),
        ([[1, 2, 0], [0, 0, 1]], True),
        ([[1, 2, 0.5], [1e-3, 0, 1]], False),
        ([[1, 2], [2, 1], [0, 3]], True),
        ([[1e300, -1e300, 0], [1e300, -1e300, 0]], True),
    ],
)
def test_what_theorem_r_covers(rows: list[list[float]], expected: bool) -> None:
    x = np.array(rows, dtype=np.float64)
    assert covered(RegressionData.explained(x, np.zeros(len(x)))) is expected


@pytest.mark.parametrize("seed", range(5))
def test_covered_row_spaces_in_random_bases(seed: int) -> None:
    """Integer combinations of disjoint vectors are covered; with one column the sum of two kinds, they are not."""
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, 4, 12)
    owner[:8] = [0, 0, 1, 1, 2, 2, 3, 3]
    vectors = np.where(np.arange(3)[:, None] == owner, rng.choice([-3.0, -1.0, 1.0, 2.0], 12), 0.0)
    x = rng.integers(-5, 6, (5, 3)) @ vectors
    assert np.linalg.matrix_rank(x) == 3
    assert covered(RegressionData(x, x @ rng.standard_normal(12)))
    x[:, 0] += x[:, 2]
    assert not covered(RegressionData.explained(x, np.ones(5)))


def test_equal_and_opposite_columns_stay_covered_when_standardised(tmp_path: Path) -> None:
    (tmp_path / "twice.csv").write_text("a,b,c,y\n0.1,-0.1,0.7,1\n0.3,-0.3,0.2,0.1\n0.7,-0.7,0.9,0.4\n")
    made = csv_data(tmp_path / "twice.csv", "y", samples=2)
    assert made.record().rank == 2
    assert made.record().covered
