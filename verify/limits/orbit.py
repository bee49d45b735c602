"""Gradient descent on a scalar network, enclosed: a centre on a grid, and a radius in the Euclidean norm.

w_i+ = w_i - eta (pi - 1) prod over j != i of w_j. From a centre c the step is computed exactly and rounded to the grid.
For all w within R of c the step differs from that by at most N R (mean value inequality, a ball is convex), where N
bounds the spectral norm of its symmetric Jacobian on the ball: with v_i = 1/w_i, r = eta pi (pi - 1),
s = eta pi (2 pi - 1),

    J = 1 + r diag(v_i**2) - s v v^T,

so (Weyl) its eigenvalues lie between 1 + min(0, r) max v**2 + max(0, r) min v**2 - max(0, s) |v|**2 and
1 + max(0, r) max v**2 + max(0, -s) |v|**2. Near the minimum that is 1 and a little: errors do not grow with the steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, prod

from verify.kernel.errors import Rejected
from verify.limits.curves import Interval, raised

WORK_BITS = 64
MAX_GROWTH_BITS = 4096


@dataclass(frozen=True, slots=True)
class State:
    """All weights within `radius` (Euclidean norm) of `centre`, in units of 2**-bits."""

    bits: int
    centre: tuple[int, ...]
    radius: int

    @property
    def sign(self) -> int:
        """The sign of pi, where no weight may be 0."""
        return -1 if sum(c < 0 for c in self.centre) % 2 else 1

    def weights(self) -> tuple[Interval, ...]:
        """Return an interval for each weight."""
        return tuple((c - self.radius, c + self.radius) for c in self.centre)

    def squares(self) -> tuple[Interval, ...]:
        """Return an interval for each square. Raises Rejected when a weight may be 0."""
        bounds = _magnitudes(self)
        return tuple((lo * lo >> self.bits, raised(hi * hi, self.bits)) for lo, hi in bounds)

    def error(self) -> Interval:
        """Return bounds on e = pi - 1, in units of 2**-bits. Raises Rejected when a weight may be 0."""
        bounds, shift = _magnitudes(self), self.bits * (len(self.centre) - 1)
        low, high = prod(lo for lo, _ in bounds) >> shift, raised(prod(hi for _, hi in bounds), shift)
        one = 1 << self.bits
        return (low - one, high - one) if self.sign > 0 else (-high - one, -low - one)


def starting_state(weights: Sequence[Fraction], bits: int) -> State:
    """Return the state of exact weights: rounded to the grid, with what that loses as the radius."""
    centre = tuple((w.numerator << bits) // w.denominator for w in weights)
    exact = all((w.numerator << bits) % w.denominator == 0 for w in weights)
    return State(bits, centre, 0 if exact else isqrt(len(centre)) + 1)


def step(state: State, eta: Fraction) -> tuple[State, bool]:
    """Return the enclosure after one step, and whether Theorem A applies to the step.

    It does when pi > 0, and pi <= 1 or no weight changes its sign, are shown: then phi does not increase in the step if
    eta phi <= 2 sqrt 2 before it. Raises Rejected when a weight may be 0, or the numbers get too long.
    """
    growth, kept = _growth(state, eta)
    count, bits = len(state.centre), state.bits
    product = prod(state.centre)
    factor = (product - (1 << bits * count)) * eta.numerator
    divisor = eta.denominator << bits * (2 * count - 2)
    centre = tuple(c - factor * (product // c) // divisor for c in state.centre)
    if max(abs(c) for c in centre).bit_length() > bits + MAX_GROWTH_BITS:
        raise Rejected("a weight beyond the limit")
    return State(bits, centre, raised(state.radius * growth, WORK_BITS) + isqrt(count) + 1), kept


def _magnitudes(state: State) -> tuple[Interval, ...]:
    """Return an interval for each |w_i|. Raises Rejected when a weight may be 0."""
    radius = state.radius
    bounds = tuple((abs(c) - radius, abs(c) + radius) for c in state.centre)
    if min(lo for lo, _ in bounds) <= 0:
        raise Rejected("the enclosure of a weight contains 0")
    return bounds


def _growth(state: State, eta: Fraction) -> tuple[int, bool]:
    """Return a bound on |J| on the ball, in units of 2**-WORK_BITS, and whether Theorem A applies to the step."""
    one, shift = 1 << WORK_BITS, state.bits - WORK_BITS
    radius, low, high = state.radius, one, one
    smaller: list[int] = []
    larger: list[int] = []
    for c in state.centre:
        least, most = (abs(c) - radius) >> shift, -(-(abs(c) + radius) >> shift)
        if least <= 0:
            raise Rejected("the enclosure of a weight contains 0")
        low, high = low * least >> WORK_BITS, -(-high * most >> WORK_BITS)
        inverse = (one << WORK_BITS) // least + 1
        larger.append((inverse * inverse >> WORK_BITS) + 1)
        inverse = (one << WORK_BITS) // most
        smaller.append(inverse * inverse >> WORK_BITS)
    smallest, largest, total = min(smaller), max(larger), sum(larger)
    if state.sign < 0:
        low, high = -high, -low
    unit, over = eta.numerator, eta.denominator << WORK_BITS
    first = sorted((low * (low - one), high * (high - one)))
    second = sorted((low * (2 * low - one), high * (2 * high - one)))
    if 2 * low < one < 2 * high:
        first[0] = -one * one // 4
    if 4 * low < one < 4 * high:
        second[0] = -one * one // 8
    r_low, r_high = first[0] * unit // over, first[1] * unit // over + 1
    s_low, s_high = second[0] * unit // over, second[1] * unit // over + 1
    above = max(0, r_high) * largest + max(0, -s_low) * total
    below = min(0, r_low) * largest + max(0, r_low) * smallest - max(0, s_high) * total
    norm = max(one + (above >> WORK_BITS) + 1, -(one + (below >> WORK_BITS)))
    return norm, low > 0 and (high <= one or r_high * largest < one * one)
