"""Traced programs on the vector machine give what numpy gives, bit by bit, for any input and any size of batch."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from test_tape import LEAVES, tape_of, terms

from verify.provers import elementary, machine, ranges
from verify.provers.elementary import FUNCTIONS
from verify.provers.machine import LANES, OPERATIONS
from verify.provers.tracing import NUMBERS, Program, Recorder, Symbol

SPECIAL = np.array(
    [0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, -(2.0**-1023), 1e-160, 0.5, 1.0, -1.0, 1 + 2.0**-52, 1 - 2.0**-53, 1.5,
     2.5, -2.5, 1 / 3, math.pi, -700.0, 709.9, 2.0**20, 2.0**52 + 1, -(2.0**53), 1e154, 1.7976931348623157e308, -1e308,
     math.inf, -math.inf, math.nan]
)  # fmt: skip
SIZES = (0, 1, 127, 128, 129, 5000)

Rows = Callable[[Sequence[Any]], Sequence[Any]]


def pairs() -> np.ndarray:
    """Every pair of special numbers, shape (2, pairs)."""
    return np.array([a.ravel() for a in np.meshgrid(SPECIAL, SPECIAL)])


def in_numpy(function: Rows, rows: np.ndarray) -> np.ndarray:
    """Return what numpy gives, truth values as masks, shape (outputs, boxes)."""
    found = []
    with np.errstate(all="ignore"):
        for row in function(list(rows)):
            row = np.broadcast_to(np.asarray(row), (rows.shape[1],))
            found.append(np.where(row, -1, 0).view(np.float64) if row.dtype == np.bool_ else row.astype(np.float64))
    return np.array(found).reshape(len(found), rows.shape[1])


def assert_same_bits(function: Rows, rows: np.ndarray, program: Program | None = None) -> None:
    """Compare the program with numpy: equal bits, or nan in both."""
    with np.errstate(all="ignore"):
        program = program or Program(function, len(rows))
    wanted, got = in_numpy(function, rows), program(rows)
    assert wanted.shape == got.shape
    same = (np.ascontiguousarray(wanted).view(np.int64) == np.ascontiguousarray(got).view(np.int64)) | (
        np.isnan(wanted) & np.isnan(got)
    )
    if not same.all():
        k, column = np.argwhere(~same)[0]
        raise AssertionError(f"output {k} at {rows[:, column]!r}: {got[k, column]!r}, numpy has {wanted[k, column]!r}")


BINARY: dict[str, Rows] = {
    "add": lambda r: [r[0] + r[1]],
    "subtract": lambda r: [r[0] - r[1]],
    "multiply": lambda r: [r[0] * r[1]],
    "divide": lambda r: [r[0] / r[1]],
    "less": lambda r: [r[0] < r[1]],
    "less or equal": lambda r: [r[0] <= r[1]],
    "greater": lambda r: [r[0] > r[1]],
    "greater or equal": lambda r: [r[0] >= r[1]],
    "equal": lambda r: [r[0] == r[1]],
    "and": lambda r: [(r[0] < r[1]) & (r[0] < 1)],
    "or": lambda r: [(r[0] < r[1]) | (r[1] <= 1)],
    "not": lambda r: [~(r[0] < r[1])],
    "where": lambda r: [np.where(r[0] < r[1], r[0], r[1])],
    "where with numbers": lambda r: [np.where(r[0] < 1, 2.0, r[1]), np.where(r[0] < 1, r[1], -0.0)],
    "truth and number": lambda r: [(r[0] < r[1]) & True, (r[0] < r[1]) | np.full(1, False)],
    "numbers from the left": lambda r: [1.5 - r[0], 2 / r[1], r[0] > 1, np.full(1, 3.0) * r[1]],
}
UNARY: dict[str, Rows] = {
    "negative": lambda r: [-r[0]],
    "absolute": lambda r: [np.abs(r[0])],
    "square root": lambda r: [np.sqrt(r[0])],
    "round": lambda r: [np.rint(r[0])],
    "floor": lambda r: [np.floor(r[0])],
    "lowered": lambda r: [ranges.lowered(r[0]), ranges.lowered(r[0], True)],
    "raised": lambda r: [ranges.raised(r[0]), ranges.raised(r[0], True)],
    "is finite": lambda r: [elementary.is_finite(r[0])],
    "itself and a number": lambda r: [r[0], np.full(1, 7.0), np.full(1, True)],
}


@pytest.mark.parametrize("name", BINARY)
def test_binary_operations(name: str) -> None:
    assert_same_bits(BINARY[name], pairs())


@pytest.mark.parametrize("name", UNARY)
def test_unary_operations(name: str) -> None:
    assert_same_bits(UNARY[name], SPECIAL[np.newaxis])


@pytest.mark.parametrize("chosen", [np.minimum, np.maximum])
def test_minimum_and_maximum(chosen: Any) -> None:
    """As numbers: of two zeros numpy gives either, depending on the place in the array."""
    rows = pairs()
    got = Program(lambda r: [chosen(r[0], r[1])], 2)(rows)[0]
    assert np.array_equal(got, chosen(rows[0], rows[1]), equal_nan=True)


def test_powers_of_two_and_their_inverse() -> None:
    exponents = np.arange(-1022.0, 1024.0)[np.newaxis]
    assert_same_bits(lambda r: [elementary.power_of_two(r[0])], exponents)
    assert np.array_equal(Program(lambda r: [elementary.power_of_two(r[0])], 1)(exponents)[0], np.exp2(exponents[0]))
    numbers = np.array([2.0**-1022, 3e-300, 0.1, 1 - 2.0**-53, 1.0, 1.5, 2.0, 1e17, 1.7976931348623157e308])[np.newaxis]
    assert_same_bits(lambda r: elementary.exponent_and_mantissa(r[0]), numbers)
    exponent, mantissa = Program(lambda r: elementary.exponent_and_mantissa(r[0]), 1)(numbers)
    assert np.array_equal(np.ldexp(mantissa, exponent.astype(int)), numbers[0])
    assert ((mantissa >= 1) & (mantissa < 2)).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_elementary_functions(name: str) -> None:
    """At special ends, and at ends spread over all sizes."""
    random = np.random.default_rng(list(name.encode()))
    spread = random.standard_normal((2, 3000)) * 10.0 ** random.integers(-20, 20, (2, 3000))
    near = random.uniform(-4, 4, (2, 3000))
    for rows in (pairs(), spread, near, np.sort(near, axis=0), np.array([near[0], near[0]])):
        assert_same_bits(lambda r: FUNCTIONS[name]((r[0], r[1])), rows)


@given(terms(LEAVES))
def test_any_term_and_its_derivatives(term: Any) -> None:
    tape = tape_of(term)

    def function(rows: Sequence[Any]) -> list[Any]:
        value, values = tape.evaluate(rows[:3], rows[3:], keep=True)
        return [*value, *(end for _, slope in sorted(tape.gradient(values).items()) for end in slope)]

    random = np.random.default_rng(5)
    lo = random.uniform(-2, 2, (3, 150))
    rows = np.concatenate([lo, lo + random.choice([0.0, 0.1, 3.0], (3, 150))])
    rows[:, :5] = [[0.0], [-0.0], [1.0]] * 2
    wanted = in_numpy(function, rows)
    got = Program(function, 6)(rows)
    assert np.array_equal(wanted, got, equal_nan=True)


# Batches


@pytest.mark.parametrize("size", SIZES)
def test_batches_of_any_size(size: int) -> None:
    rows = np.random.default_rng(3).uniform(-3, 3, (3, size))
    assert_same_bits(lambda r: [r[0] * r[1] + 2, np.sqrt(r[2]), r[1], np.full(1, 1.0)], rows)


def test_a_program_serves_many_batches() -> None:
    """Its registers keep nothing from one batch to the next; the inputs stay as they are."""

    def function(rows: Sequence[Any]) -> list[Any]:
        return [np.where(rows[0] < rows[1], rows[0] * 3, rows[1] - 1), rows[1]]

    program = Program(function, 2)
    for size in (5000, 1, 129, 0, 128, 5000):
        rows = np.random.default_rng(size).uniform(-3, 3, (2, size))
        kept = rows.copy()
        assert_same_bits(function, rows, program)
        assert np.array_equal(rows, kept)


def test_rows_of_another_layout() -> None:
    rows = np.random.default_rng(4).uniform(-3, 3, (300, 4)).T[::2]
    assert not rows.flags.c_contiguous
    assert_same_bits(lambda r: [r[0] / r[1]], rows)


def test_a_program_without_inputs_or_without_outputs() -> None:
    assert Program(lambda _: [np.full(1, 2.5)], 0)(np.zeros((0, 3))).tolist() == [[2.5] * 3]
    assert Program(lambda _: [], 2)(np.ones((2, 3))).shape == (0, 3)


@pytest.mark.parametrize("rows", [1, 3])
def test_another_number_of_rows_is_refused(rows: int) -> None:
    with pytest.raises(ValueError, match="2 rows"):
        Program(lambda r: [r[0] + r[1]], 2)(np.zeros((rows, 10)))


# What is recorded


def operations(program: Program) -> list[str]:
    return [OPERATIONS[k] for k in program.code[:, 0]]


def test_equal_operations_are_done_once() -> None:
    program = Program(lambda r: [(r[0] + r[1]) * (r[0] + r[1]), r[0] + r[1], (r[0] + 1.0) - (r[0] + 1)], 2)
    counts = {op: operations(program).count(op) for op in ("load", "add", "mul", "sub", "store")}
    assert counts == {"load": 2, "add": 2, "mul": 1, "sub": 1, "store": 3}


def test_a_difference_is_not_a_sum_of_other_order() -> None:
    """Only equal operations of equal operands are shared: rounding depends on the order."""
    rows = np.array([[1e16], [1.0], [-1e16]])
    assert_same_bits(lambda r: [(r[0] + r[1]) + r[2], r[0] + (r[1] + r[2]), (r[0] + r[2]) + r[1]], rows)
    assert Program(lambda r: [(r[0] + r[1]) + r[2], (r[0] + r[2]) + r[1]], 3)(rows).tolist() == [[0.0], [1.0]]


def test_zeros_of_either_sign_are_two_numbers() -> None:
    got = Program(lambda r: [r[0] * 0.0, r[0] * -0.0], 1)(np.ones((1, 1)))
    assert [math.copysign(1, v) for v in got.ravel()] == [1.0, -1.0]


def test_what_is_not_used_is_not_done() -> None:
    def function(rows: Sequence[Any]) -> list[Any]:
        np.sqrt(rows[0] * 17)
        return [rows[1]]

    assert operations(Program(function, 3)) == ["load", "store"]


def test_registers_are_used_again() -> None:
    """A long chain needs few registers; values that are needed later keep theirs."""

    def chain(rows: Sequence[Any]) -> list[Any]:
        first = value = rows[0] + rows[1]
        for _ in range(200):
            value = np.abs(value * rows[1] - rows[0])
        return [value, first]

    program = Program(chain, 2)
    assert len(program.registers) < 10
    assert_same_bits(chain, np.random.default_rng(1).uniform(-1, 1, (2, 200)), program)


def test_many_values_at_once_keep_their_registers() -> None:
    def function(rows: Sequence[Any]) -> list[Any]:
        values = [rows[0] * float(k) for k in range(100)]
        return [sum(values[k] * values[99 - k] for k in range(100)), values[7]]

    assert_same_bits(function, np.random.default_rng(1).uniform(-1, 1, (1, 300)))


@pytest.mark.parametrize(
    "function",
    [
        lambda r: [np.exp(r[0])],
        lambda r: [r[0] ** 2.5],
        lambda r: [r[0] % 2],
        lambda r: [np.add(r[0], r[0], where=True)],
        lambda r: [np.add.reduce(r[0])],
        lambda r: [np.clip(r[0], 0, 1)],
        lambda r: [np.where(r[0] < 1)],
        lambda r: [np.concatenate([r[0], r[0]])],
        lambda r: [np.sum(r[0])],
    ],
    ids=["exp", "power", "remainder", "masked", "reduction", "clip", "where", "concatenate", "sum"],
)
def test_operations_that_the_machine_does_not_have_raise(function: Rows) -> None:
    with pytest.raises(TypeError):
        Program(function, 1)


def test_what_is_no_single_number_raises() -> None:
    with pytest.raises(ValueError, match="reshape"):
        Program(lambda r: [r[0] + np.zeros(2)], 1)


def test_a_symbol_has_no_truth() -> None:
    """An `if` on traced values cannot be recorded."""
    with pytest.raises(TypeError):
        Program(lambda r: [r[0] if r[0] < 1 else -r[0]], 1)


def test_symbols_are_of_one_recorder() -> None:
    recorder = Recorder()
    one = recorder.add("load", ("row", 0))
    again = recorder.add("load", ("row", 0))
    assert isinstance(one, Symbol)
    assert one.number == again.number
    assert recorder.steps == [("load", ("row", 0))]


# The machine


def test_the_machine_compiles_once_and_rounds_to_nearest() -> None:
    assert machine._compiled() is machine._compiled()
    third = Fraction(1, 3)
    got = Program(lambda r: [r[0] / r[1], r[0] * r[0] - r[2]], 3)(np.array([[1.0], [3.0], [1.0]]))
    assert got[0, 0] == float(third)
    # not contracted to one rounding: (1 + e)^2 - 1 rounds in between
    x = 1 + 2.0**-30
    fused = Program(lambda r: [r[0] * r[0] - r[1]], 2)(np.array([[x], [x * x]]))
    assert fused[0, 0] == 0.0


def test_the_instructions_are_plain_data() -> None:
    """One multiplication by hand: load rows 0 and 1, multiply, store as row 0."""
    code = np.array(
        [
            [NUMBERS["load"], 0, 0, 0, 0],
            [NUMBERS["load"], 1, 1, 0, 0],
            [NUMBERS["mul"], 0, 0, 1, 0],
            [NUMBERS["store"], 0, 0, 0, 0],
        ],
        dtype=np.int32,
    )
    source = np.random.default_rng(2).uniform(-3, 3, (2, 3 * LANES + 5))
    assert np.array_equal(machine.run(code, np.zeros((2, LANES)), source, 1)[0], source[0] * source[1])


def test_subnormal_numbers_are_kept() -> None:
    rows = np.array([[5e-324, 2.0**-1022, 3e-310]])
    assert_same_bits(lambda r: [r[0] * 0.5, r[0] + r[0], r[0] - 5e-324, r[0] * 1.0], rows)
    assert Program(lambda r: [r[0] + r[0]], 1)(rows)[0, 0] == 1e-323
