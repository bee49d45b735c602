"""Numbers for readers."""

import math

import pytest

from reports.numbers import counted, number, percent, seconds, size


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-5, "−5"),
        (2369, "2,369"),
        (10_000_000, "10,000,000"),
        (0.5827014603296099, "0.583"),
        (0.00021024360929267072, "2.1×10⁻⁴"),
        (0.001, "0.001"),
        (1234.5, "1,230"),
        (999.96, "1,000"),
        (0.99999, "1"),
        (12.04, "12"),
        (38.21, "38.2"),
        (2.0e6, "2×10⁶"),
        (1e-9, "10⁻⁹"),
        (-1e-9, "−10⁻⁹"),
        (1.1e-9, "1.1×10⁻⁹"),
        (9.999e-10, "10⁻⁹"),
        (6.661338147750939e-16, "6.66×10⁻¹⁶"),
        (math.inf, "—"),
        (-math.inf, "—"),
        (math.nan, "—"),
    ],
)
def test_number(value, expected) -> None:
    assert number(value) == expected


def test_digits() -> None:
    assert number(0.66485975, 4) == "0.6649"
    assert number(0.0213, 2) == "0.021"
    assert number(7.855e-05, 4) == "7.855×10⁻⁵"


def test_percent() -> None:
    assert percent(0.692) == "69.2 %"
    assert percent(1.0) == "100 %"
    assert percent(math.nan) == "—"


def test_size() -> None:
    assert [size(n) for n in (0, 999, 1000, 56_012, 5_600_000)] == ["0 B", "999 B", "1 kB", "56 kB", "5.6 MB"]


def test_seconds() -> None:
    assert [seconds(t) for t in (0, 0.0, 4e-4, 0.001, 0.0213, 3.217, 48)] == [
        "0",
        "0",
        "<0.001",
        "0.001",
        "0.021",
        "3.2",
        "48",
    ]


def test_counted() -> None:
    assert [counted(n, "box", "boxes") for n in (0, 1, 2369)] == ["0 boxes", "1 box", "2,369 boxes"]
