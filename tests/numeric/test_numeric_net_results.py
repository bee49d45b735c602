"""The statistic of the fall of the GFS sharpness against brute force, and the pooling of error bars."""

import math
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numeric.net_results import FallStatistic, GfsRecord, fall_statistic, pooled


def _record(step: int, value: float | None, error: float | None, flow: float = 0.0) -> GfsRecord:
    return GfsRecord(
        step=step,
        value=value,
        error=error,
        error_flow=flow,
        error_left=0.0,
        error_eigenvalue=0.0,
        loss_end=1e-6,
        time_end=10.0,
        sharpness_end=1.0,
        gradients=100,
        products=10,
        seconds=1.0,
        outcome="converged" if value is not None else "out of work",
        path=[],
    )


def _records(values: list[tuple[float, float] | None]) -> list[GfsRecord]:
    return [_record(10 * k, *(pair if pair is not None else (None, None))) for k, pair in enumerate(values)]


def _never_rising_within(points: list[tuple[float, float]], width: float) -> bool:
    """Whether a sequence that never rises passes the intervals: take each as high as is allowed."""
    level = math.inf
    for value, error in points:
        level = min(level, value + width * error)
        if level < value - width * error:
            return False
    return True


pairs = st.tuples(st.floats(1.0, 100.0), st.floats(0.01, 10.0))


@given(st.lists(st.one_of(pairs, st.none()), max_size=9))
def test_against_brute_force(values: list[tuple[float, float] | None]) -> None:
    found = fall_statistic(_records(values))
    known = [pair for pair in values if pair is not None]
    steps = [10 * k for k, pair in enumerate(values) if pair is not None]
    assert found.measurements == len(known)
    assert found.falls + found.within + found.rises == max(0, len(known) - 1)
    neighbours = [(after[0] - before[0], before[1] + after[1]) for before, after in pairwise(known)]
    assert found.falls == sum(change < -bar for change, bar in neighbours)
    assert found.rises == sum(change > bar for change, bar in neighbours)
    every = list(combinations(zip(steps, known, strict=True), 2))
    if not every:
        assert (found.largest_rise, found.rise_from, found.rise_to) == (None, None, None)
        assert found.widening == 0.0
        assert not found.contradicted
        return
    assert found.largest_rise == pytest.approx(max(b[0] / a[0] - 1.0 for (_, a), (_, b) in every), abs=1e-12)
    in_bars = {(i, j): (b[0] - a[0]) / (a[1] + b[1]) for (i, a), (j, b) in every}
    assert found.rise_from is not None
    assert found.rise_to is not None
    assert in_bars[found.rise_from, found.rise_to] == max(in_bars.values())


@given(st.lists(pairs, min_size=1, max_size=9))
def test_the_widening_is_the_least_one_that_lets_a_sequence_through(values: list[tuple[float, float]]) -> None:
    found = fall_statistic(_records(list(values)))
    assert _never_rising_within(values, found.widening * (1.0 + 1e-9) + 1e-9)
    if found.widening > 1e-6:
        assert not _never_rising_within(values, found.widening * (1.0 - 1e-6) - 1e-9)
    if abs(found.widening - 1.0) > 1e-6:
        assert found.contradicted == (not _never_rising_within(values, 1.0))


def test_a_sequence_by_hand() -> None:
    found = fall_statistic(_records([(10.0, 0.1), (8.0, 0.1), None, (8.15, 0.1), (8.5, 0.1)]))
    assert (found.measurements, found.falls, found.within, found.rises) == (4, 1, 1, 1)
    assert found.widening == pytest.approx(2.5)
    assert found.largest_rise == pytest.approx(0.0625)
    assert (found.rise_from, found.rise_to) == (10, 40)
    assert found.contradicted


def test_error_bars_of_zero() -> None:
    falling = fall_statistic(_records([(3.0, 0.0), (2.0, 0.0), (2.0, 0.0)]))
    assert (falling.falls, falling.within, falling.rises, falling.widening) == (1, 1, 0, 0.0)
    assert falling.largest_rise == 0.0
    rising = fall_statistic(_records([(2.0, 0.0), (3.0, 0.0)]))
    assert rising.contradicted
    assert math.isfinite(rising.widening)
    assert rising.widening > 1e20


def test_nothing_measured() -> None:
    nothing = FallStatistic(0, 0, 0, 0, 0.0, None, None, None, False)
    assert fall_statistic([]) == nothing
    assert fall_statistic(_records([None, None])) == nothing


def test_pooled_raises_small_flow_errors_to_their_median() -> None:
    first = replace(_record(0, 10.0, 0.6, 0.3), error_left=0.2, error_eigenvalue=0.1)
    second = replace(_record(10, 9.0, 0.9, 0.4), error_left=0.5)
    third = _record(20, 8.0, 2.0, 2.0)
    missing = _record(30, None, None, 7.0)
    found = pooled([first, second, third, missing])
    assert [r.error_flow for r in found] == [0.4, 0.4, 2.0, 7.0]
    assert found[0].error == pytest.approx(0.7)
    assert found[1].error == pytest.approx(0.9)
    assert found[2].error == 2.0
    assert found[3] == missing
    assert [r.value for r in found] == [10.0, 9.0, 8.0, None]


def test_pooled_without_values() -> None:
    missing = _record(0, None, None, 1.0)
    assert pooled([]) == []
    assert pooled([missing]) == [missing]


@given(st.lists(st.tuples(st.floats(1.0, 9.0), st.floats(0.0, 1.0)), min_size=1, max_size=6))
def test_pooled_never_narrows_an_error_bar(values: list[tuple[float, float]]) -> None:
    records = [_record(k, value, error, error) for k, (value, error) in enumerate(values)]
    for before, after in zip(records, pooled(records), strict=True):
        assert before.error is not None
        assert after.error is not None
        assert after.error >= before.error
