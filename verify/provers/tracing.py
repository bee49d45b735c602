"""Tracing: elementwise numpy code, run once on symbols, becomes a program of the vector machine.

A `Symbol` stands for an array of doubles or of truth values and records what is done with it. The functions to be
traced consist of arithmetic, comparisons, np.where, np.minimum, np.maximum, np.abs, np.sqrt, np.rint and np.floor; they
run unchanged on arrays, and the program gives the same numbers bit by bit.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from verify.provers.machine import LANES, OPERATIONS, Array, run

UFUNCS = {
    np.add: "add", np.subtract: "sub", np.multiply: "mul", np.divide: "div", np.minimum: "min", np.maximum: "max",
    np.less: "lt", np.less_equal: "le", np.equal: "eq", np.bitwise_and: "and", np.bitwise_or: "or",
    np.negative: "neg", np.absolute: "abs", np.sqrt: "sqrt", np.rint: "rint", np.floor: "floor", np.invert: "not",
}  # fmt: skip
SWAPPED = {np.greater: "lt", np.greater_equal: "le"}
NUMBERS = {op: k for k, op in enumerate(OPERATIONS)}

Key: TypeAlias = tuple[Any, ...]


class Recorder:
    """The operations recorded so far; equal ones are recorded once."""

    def __init__(self) -> None:
        self.steps: list[Key] = []
        self.index: dict[Key, int] = {}

    def add(self, *key: Any) -> "Symbol":
        """Return the symbol of an operation: its name and the numbers of its operands, or ("const", bits)."""
        if key not in self.index:
            self.index[key] = len(self.steps)
            self.steps.append(key)
        return Symbol(self, self.index[key])

    def lift(self, value: Any) -> "Symbol":
        """Return the symbol of a value: a symbol itself, or one number or truth value."""
        if isinstance(value, Symbol):
            return value
        single = np.asarray(value).reshape(())
        if single.dtype == np.bool_:
            return self.add("const", -1 if single else 0)
        return self.add("const", int(single.astype(np.float64).view(np.int64)))


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that is not there yet."""

    def __init__(self, recorder: Recorder, number: int) -> None:
        self.recorder, self.number = recorder, number

    def __bool__(self) -> bool:
        raise TypeError("an array that is not there yet has no truth value")

    def _apply(self, op: str, *values: Any) -> "Symbol":
        return self.recorder.add(op, *(self.recorder.lift(v).number for v in values))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Record an elementwise operation. Returns NotImplemented for one that the machine does not have."""
        if method != "__call__" or options:
            return NotImplemented
        if ufunc in SWAPPED:
            return self._apply(SWAPPED[ufunc], *inputs[::-1])
        return self._apply(UFUNCS[ufunc], *inputs) if ufunc in UFUNCS else NotImplemented

    def __array_function__(self, function: Any, kinds: Any, values: Any, options: Any) -> Any:
        """Record np.where."""
        if function is not np.where or options or len(values) != 3:
            return NotImplemented
        return self._apply("select", *values)

    def power_of_two(self) -> "Symbol":
        """Return 2**k."""
        return self._apply("power_of_two", self)

    def exponent_and_mantissa(self) -> "tuple[Symbol, Symbol]":
        """Return (e, m) with x = 2**e m."""
        return self._apply("exponent", self), self._apply("mantissa", self)

    def is_finite(self) -> "Symbol":
        """Return whether it is neither infinite nor nan."""
        return self._apply("lt", self._apply("abs", self), np.inf)

    def lowered(self, tiny: bool) -> "Symbol":
        """Return x - (|x| 2**-52 + (2**-1022 if tiny))."""
        return self._apply("down_tiny" if tiny else "down", self)

    def raised(self, tiny: bool) -> "Symbol":
        """Return x + (|x| 2**-52 + (2**-1022 if tiny))."""
        return self._apply("up_tiny" if tiny else "up", self)


class Program:
    """A function of arrays, one for each row of its input, compiled for the machine.

    Parameters
    ----------
    function
        Takes a list of rows, returns a list of rows; elementwise.
    inputs
        How many rows it takes.
    """

    def __init__(self, function: Callable[[Sequence[Any]], Sequence[Any]], inputs: int) -> None:
        self.inputs, recorder = inputs, Recorder()
        results = function([recorder.add("load", ("row", k)) for k in range(inputs)])
        self.outputs = [recorder.lift(r).number for r in results]
        self.code, self.registers = _assemble(recorder.steps, self.outputs)

    def __call__(self, rows: Array) -> Array:
        """Return the results for a batch of shape (inputs, boxes), shape (outputs, boxes). Raises ValueError."""
        if len(rows) != self.inputs:
            raise ValueError(f"a program of {self.inputs} rows was given {len(rows)}")
        return run(self.code, self.registers, rows, len(self.outputs))


def _assemble(steps: Sequence[Key], outputs: Sequence[int]) -> tuple[npt.NDArray[np.int32], Array]:
    """Give every live step a register, free again after its last use; constants keep theirs."""
    last: dict[int, int] = dict.fromkeys(outputs, len(steps))
    for k in range(len(steps) - 1, -1, -1):
        if k in last:
            for operand in (x for x in steps[k][1:] if steps[k][0] != "const" and isinstance(x, int)):
                last.setdefault(operand, k)
    live = sorted(last)
    constants = [k for k in live if steps[k][0] == "const"]
    place = {k: number for number, k in enumerate(constants)}
    free: list[int] = []
    used, code = len(constants), []
    ending: dict[int, list[int]] = {}
    for k in live:
        ending.setdefault(last[k], []).append(k)
    for k in live:
        op, *operands = steps[k]
        if op == "const":
            continue
        registers = [x[1] if isinstance(x, tuple) else place[x] for x in operands]
        free += [place[j] for j in ending.get(k, ()) if steps[j][0] != "const"]
        if free:
            place[k] = free.pop()
        else:
            place[k], used = used, used + 1
        code.append([NUMBERS[op], place[k], *registers, *[0] * (3 - len(registers))])
    code += [[NUMBERS["store"], row, place[k], 0, 0] for row, k in enumerate(outputs)]
    registers_ = np.zeros((max(used, 1), LANES))
    for k in constants:
        registers_[place[k]].view(np.int64)[:] = steps[k][1]
    return np.array(code, dtype=np.int32), registers_
