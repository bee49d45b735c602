"""Certificates of trajectories: versioned JSON that carries the whole problem; strict reading with limits.

    {"format": "gd-trajectory", "version": 1, "digest": ..., "problem": {...}, "asked": 500, "state_bits": 2400,
     "steps": ["proved", ...],
     "states": [{"bits": 160, "centre": [...], "floor": ..., "vector": [...], "slack": ...}, ...]}

There is one state more than steps; a state without hints is `{}`. Numbers of the problem are strings `p/q` in lowest
terms; numbers of the hints are hexadecimal strings, in units of 2**-bits. `stopped` may say why there are fewer steps
than asked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Any, Literal, TypeAlias, get_args

from verify.kernel.certificates import fields, list_field, text_field
from verify.kernel.errors import Malformed
from verify.trajectory.model import Hint
from verify.trajectory.problem import Problem, integer_data, read_problem

FORMAT = "gd-trajectory"
VERSION = 1
MAX_STEPS = 100_000
MIN_BITS, MAX_BITS, MAX_STATE_BITS = 32, 8192, 65536
MAX_WORK = 2 * 10**12

Verdict: TypeAlias = Literal["proved", "refuted", "unknown"]
Stop: TypeAlias = Literal["diverged", "interrupted", "precision", "size"]

_HEXADECIMAL = re.compile(r"0|-?[1-9a-f][0-9a-f]*")


@dataclass(frozen=True, slots=True)
class TrajectoryCertificate:
    """A problem, the number of steps asked for, what is said of the steps at hand, and hints for each state."""

    problem: Problem
    asked: int
    state_bits: int
    steps: tuple[Verdict, ...]
    states: tuple[Hint | None, ...]
    stopped: Stop | None = None


def build_trajectory(data: Any) -> TrajectoryCertificate:
    """Turn parsed JSON into a certificate.

    Raises Malformed for another format or version, a missing or unknown field, a wrong digest, a value of the wrong
    kind, or anything beyond the limits: MAX_STEPS, MAX_STATE_BITS, MAX_BITS, and MAX_WORK for the time of the check.
    """
    data = fields(
        data,
        {"format", "version", "digest", "problem", "asked", "state_bits", "steps", "states"},
        {"stopped"},
        "trajectory",
    )
    if data["format"] != FORMAT:
        raise Malformed(f"format is not {FORMAT!r}")
    if _natural(data, "version", 0, MAX_STEPS) != VERSION:
        raise Malformed(f"schema version {data['version']} is not supported; this checker reads {VERSION}")
    asked = _natural(data, "asked", 0, MAX_STEPS)
    bits = _natural(data, "state_bits", MIN_BITS, MAX_STATE_BITS)
    steps, states = list_field(data, "steps", "trajectory"), list_field(data, "states", "trajectory")
    if len(steps) > asked or len(states) != len(steps) + 1:
        raise Malformed("trajectory: more steps than asked for, or not one state more than steps")
    if not all(isinstance(verdict, str) and verdict in get_args(Verdict) for verdict in steps):
        raise Malformed(f"trajectory: steps: a verdict other than {', '.join(get_args(Verdict))}")
    stopped = data.get("stopped")
    if "stopped" in data and not (isinstance(stopped, str) and stopped in get_args(Stop)):
        raise Malformed(f"trajectory: stopped is none of {', '.join(get_args(Stop))}")
    problem = read_problem(data["problem"])
    if data["digest"] != problem.digest():
        raise Malformed("the digest is not that of the problem")
    samples = len(problem.features)
    hints = tuple(_hint(state, samples, f"state {index}") for index, state in enumerate(states))
    if work(problem, bits, hints) > MAX_WORK:
        raise Malformed("trajectory: more work than the checker takes on")
    return TrajectoryCertificate(problem, asked, bits, tuple(steps), hints, stopped)


def work(problem: Problem, state_bits: int, hints: Sequence[Hint | None]) -> int:
    """Estimate the time of a check, in units of about a nanosecond: the products of integers and their lengths."""
    data = integer_data(problem)
    samples, size = len(data.rows), len(data.columns)
    entry = max(data.over, data.targets_over, *(abs(x) for row in data.rows for x in row)).bit_length()
    entry = max(entry, data.rate.numerator.bit_length(), data.rate.denominator.bit_length())
    step = _cost(4 * samples * size, state_bits, entry) + _cost(16 * size, state_bits, state_bits)
    total = step * len(hints)
    for hint in hints:
        if hint is not None:
            total += _cost((samples + 4) * samples * size, hint.bits + 2 * entry, entry)
            total += _cost(samples**3 + 3 * samples**2, 2 * hint.bits, hint.bits)
            total += _cost(size * (4 * isqrt(hint.bits) + 20), hint.bits, hint.bits)
    return total


def _cost(count: int, bits: int, others: int) -> int:
    """Estimate the time of `count` products of numbers with so many bits."""
    return count * (64 + (bits // 30 + 1) * (others // 30 + 1))


def _natural(data: dict[str, Any], name: str, least: int, most: int) -> int:
    """Return the natural number `data[name]`. Raises Malformed when it is none from `least` to `most`."""
    value = data[name]
    if type(value) is not int or not least <= value <= most:
        raise Malformed(f"trajectory: {name} is not a number from {least} to {most}")
    return value


def _integer(value: Any, bits: int, place: str) -> int:
    """Read a hexadecimal integer of a length that fits to `bits`. Raises Malformed."""
    if not isinstance(value, str) or len(value) > bits // 4 + 300 or not _HEXADECIMAL.fullmatch(value):
        raise Malformed(f"{place}: not a hexadecimal integer of a length that fits to {bits} bits")
    return int(value, 16)


def _hint(data: Any, samples: int, place: str) -> Hint | None:
    """Read the hints of one state. Raises Malformed."""
    if data == {}:
        return None
    data = fields(data, {"bits", "centre", "floor", "vector", "slack"}, set(), place)
    bits = _natural(data, "bits", MIN_BITS, MAX_BITS)
    centre, vector = (
        tuple(_integer(n, bits, f"{place}: {name}") for n in list_field(data, name, place))
        for name in ("centre", "vector")
    )
    if len(centre) != samples or len(vector) != samples:
        raise Malformed(f"{place}: centre or vector does not have one number for each of {samples} samples")
    floor, slack = (_integer(text_field(data, name, place), bits, f"{place}: {name}") for name in ("floor", "slack"))
    return Hint(bits, centre, floor, vector, slack)
