"""Fixed point: an interval is a pair (lo, hi) of integers in units of 2**-BITS; no end exceeds MAX_END in size."""

from typing import TypeAlias

from verify.kernel.errors import Rejected

BITS = 96
ONE = 1 << BITS
MAX_END = 1 << 4096

Interval: TypeAlias = tuple[int, int]


class Undefined(Rejected):
    """An operation is not defined everywhere on the interval."""
