"""Verdicts on whole families of curves of a scalar network by one curve each, in exact integers.

A curve of gradient flow is known by the gaps of its sorted squares: with u the smallest square the squares are
z_i = u + b_i, b_i >= 0 the sums of the first gaps. On it p = sqrt(prod z_i); p = 1 at u*; phi = sum 1/(u* + b_i);
g is the product after one step, g = p prod(1 + c/z_i), c = eta p (1 - p); p_flip is the first p > 1 with
eta p (p - 1) >= u (there is one, and only one, as eta p (p - 1)/u = eta (q - sqrt(q/u)), q = prod of the others, grows
with u where p >= 1). w is in S_eta when eta phi <= 2 sqrt 2, g < p_flip on (0, u*], and p(w) < p_flip.

Order. Let no gap of one curve exceed that of another. Then by A6, at equal p: phi is not larger, g is not larger for
p < 1 and not smaller for 1 < p < p_flip of the other; and p_flip is not smaller, as q grows with every b_i, with it
eta (q - sqrt(q/u)) where p >= 1/2, and p_flip = (1 + sqrt(1 + 4 u/eta))/2 at its u. Hence one curve proves:
`holds`: phi and g are as S_eta asks, for every curve with no larger gap;
`fails`: they are not, for every curve with no smaller gap.

The proof is the written claim F3.

Numbers are integers in units of 2**-BITS; what ends in _hi is rounded up, in _lo down.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from math import isqrt, prod
from typing import NamedTuple

from verify.kernel.errors import Rejected

BITS = 96
ONE = 1 << BITS
MAX_GAP = 1 << BITS + 40
MAX_PIECES = 4096


class Edges(NamedTuple):
    """What is needed of a point u of a curve: p from below and above, the product of the other squares likewise."""

    u: int
    p_lo: int
    p_hi: int
    others_lo: int
    others_hi: int


def _ceiling_root(n: int) -> int:
    """Return the least integer whose square is at least n >= 0."""
    return isqrt(n - 1) + 1 if n else 0


class Curve:
    """A curve given by its gaps, from the smallest square upward, in units of 2**-BITS, and a step size.

    Raises Rejected when the smallest square at p = 1 is too small for the units, or a gap too large.
    """

    def __init__(self, gaps: Sequence[int], eta: Fraction) -> None:
        if not gaps or not all(0 <= gap <= MAX_GAP for gap in gaps):
            raise Rejected("a curve: a gap is negative or too large")
        self.offsets = (0, *accumulate(gaps))
        self.size = len(self.offsets)
        self.n, self.d = eta.numerator, eta.denominator
        if not self.n > 0:
            raise Rejected("a curve: the step size is not positive")
        low, high = 0, ONE
        target = 1 << self.size * BITS
        while high - low > 1:
            middle = (low + high) >> 1
            if prod(middle + b for b in self.offsets) <= target:
                low = middle
            else:
                high = middle
        if low >> 24 == 0:
            raise Rejected("a curve: its smallest square at p = 1 is too small")
        self.root = low  # u* is in [root, root + 1]

    def up(self, x: int) -> int:
        """Return eta x, rounded up."""
        return -(-self.n * x // self.d)

    def down(self, x: int) -> int:
        """Return eta x, rounded down."""
        return self.n * x // self.d

    def product(self, u: int) -> tuple[int, int]:
        """Return bounds on p at u >= 0."""
        square = prod(u + b for b in self.offsets)
        shift = (self.size - 2) * BITS
        return isqrt(square >> shift), _ceiling_root(-(-square >> shift))

    def edges(self, u: int) -> Edges:
        """Return bounds on p and on the product of the other squares at u >= 0."""
        others = prod(u + b for b in self.offsets[1:])
        shift = (self.size - 2) * BITS
        return Edges(u, *self.product(u), others >> shift, -(-others >> shift))

    def phi(self) -> tuple[int, int]:
        """Return bounds on phi."""
        square = ONE * ONE
        return (
            sum(square // (self.root + 1 + b) for b in self.offsets),
            sum(-(-square // (self.root + b)) for b in self.offsets),
        )

    def at_most(self, phi: int) -> bool:
        """Return whether eta phi <= 2 sqrt 2."""
        return (self.n * phi) ** 2 <= 8 * (self.d * ONE) ** 2

    def _flips(self, u: int, end: int) -> bool:
        """Return whether eta p (p - 1) >= u with p from below (end 0) or above (end 1)."""
        p = self.product(u)[end]
        return p > ONE and self.n * p * (p - ONE) >= self.d * u << BITS

    def flip(self, end: int) -> int:
        """Return a u at or below the flip (end 1), at or above it (end 0), next to it. Raises Rejected."""
        low, high = self.root, 2 * self.root
        while not self._flips(high, end):
            low, high = high, 2 * high
            if high > MAX_GAP:
                raise Rejected("a curve: its flip is too far")
        while high - low > 1:
            middle = (low + high) >> 1
            if self._flips(middle, end):
                high = middle
            else:
                low = middle
        return low if end else high

    def step_hi(self, a: Edges, b: Edges) -> int:
        """Return an upper bound on g for all u from a to b, u > 0, p <= 1.

        g = (p + eta (1 - p) q) prod over the others of (1 + eta (1 - p) p/z_i), q the product of the others. Growing
        with u are p, q, and (p/z_i)^2 = u/(u + b_i) times the squares of those that are neither i nor the smallest.
        """
        rest = max(0, ONE - a.p_lo)
        result = b.p_hi + (self.up(rest * b.others_hi) >> BITS) + 1
        scaled = b.p_hi * rest
        for offset in self.offsets[1:]:
            factor = ONE - (-self.n * scaled // (self.d * (b.u + offset)))
            result = -(-result * factor >> BITS)
        return result

    def step_lo(self, u: int) -> int:
        """Return a lower bound on g at u > 0, where p <= 1."""
        p_lo, p_hi = self.product(u)
        rest = max(0, ONE - p_hi)
        result = p_lo
        for offset in self.offsets:
            result = result * (ONE + self.n * p_lo * rest // (self.d * (u + offset))) >> BITS
        return result


def holds(curve: Curve, pieces: int = MAX_PIECES) -> bool:
    """Return whether eta phi <= 2 sqrt 2 and g < p_flip on (0, u*] are proved, by at most so many evaluations."""
    if not curve.at_most(curve.phi()[1]):
        return False
    limit = curve.product(curve.flip(1))[0]
    open_ = [(curve.edges(0), curve.edges(curve.root + 1))]
    while open_:
        a, b = open_.pop()
        if curve.step_hi(a, b) < limit:
            continue
        pieces -= 1
        if pieces < 0 or b.u - a.u < 1 << 24:
            return False
        middle = curve.edges((a.u + b.u) >> 1)
        open_ += [(a, middle), (middle, b)]
    return True


def fails(curve: Curve, witness: int) -> bool:
    """Return whether eta phi > 2 sqrt 2, or g >= p_flip at u = `witness`, is proved."""
    if not curve.at_most(curve.phi()[0]):
        return True
    if not 0 < witness <= curve.root:
        return False
    return curve.step_lo(witness) >= curve.product(curve.flip(0))[1]
