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
`fails`: they are not, for every curve with no smaller gap;
`contracts`: gradient descent converges from every point of S_eta with no larger gap, by the following lemma.

Lemma. For a curve with gaps b let A(e) = max(0, 1 - g) at p = 1 + e, and 1 where 1 + e >= p_flip; let
B(f) = max(0, g - 1) at p = 1 - f; write A', B' for their largest values on (0, e], (0, f]. Suppose B'(A'(e)) < e for
all e > 0, and A(e) <= x e, B(f) <= y f with x y < 1 for small e and f <= x e. Then from every w in S_eta with gaps at
most b, p tends to 1 and the weights to a minimum.

The proofs are the written claims F3 (order) and F4 (lemma).

Numbers are integers in units of 2**-BITS; what ends in _hi is rounded up, in _lo down.
"""

from bisect import bisect_right
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
FIRST, LAST = 10, 24
"""The pieces below and above u* begin at u* 2**-FIRST from it; the last piece above 0 ends at u* 2**-LAST."""


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

    def ratio_hi(self, a: Edges, b: Edges) -> int:
        """Return an upper bound on -(g - 1)/(p - 1) for all u from a to b, a > 0, below the flip.

        With e = p - 1 and t_i = eta p/z_i it is -1 + p Q, Q = (1 - prod(1 - e t_i))/e >= 0, where no e t_i exceeds 1.
        With one factor more Q becomes Q + t (1 - e Q) = t + Q (1 - e t), which grows with t as 1 - e Q >= 0; so for an
        upper bound on t and a lower bound on e it is at most t + Q max(0, 1 - e t). p/z_i grows with u (see `step_hi`)
        but for the smallest square, where its square is a sum of powers of u with positive factors over u, which is
        convex in log u: largest at an end.
        """
        e = a.p_lo - ONE
        total = 0
        for offset in self.offsets:
            slope = -(-b.p_hi * ONE // (b.u + offset))
            if not offset:
                slope = max(slope, -(-a.p_hi * ONE // a.u))
            t = self.up(slope)
            left = max(0, ONE - (e * t >> BITS))
            total = t - (-total * left >> BITS)
        return -(-total * b.p_hi >> BITS) - ONE


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


def contracts(curve: Curve, parts: int) -> bool:
    """Return whether the premise of the lemma is proved; pieces grow by a factor 1 + 1/parts."""
    root = curve.root
    below = _Below(curve, parts)
    end = curve.flip(1)
    a, b = curve.edges(root), curve.edges(root + (root >> FIRST))
    ratio = curve.ratio_hi(a, b)
    if b.u > end:
        return False
    reach = max(0, -(-ratio * (b.p_hi - ONE) >> BITS))
    if reach and (max(0, ratio) * below.ratio(reach) >= ONE * ONE):
        return False
    a, size = b, (b.u - root) // parts
    for _ in range(MAX_PIECES):
        if a.p_lo - ONE > below.highest:
            return True
        if a.u + size > end or size < root >> FIRST + 16:
            return False
        b = curve.edges(a.u + size)
        ratio = curve.ratio_hi(a, b)
        higher = max(reach, -(-ratio * (b.p_hi - ONE) >> BITS))
        if below.height(higher) >= a.p_lo - ONE:
            size >>= 1
            continue
        reach, a = higher, b
        size = min(2 * size, (a.u - root) // parts)
    return False


class _Below:
    """B' of the lemma, from above: the pieces between u* and 0, in the order of falling u."""

    def __init__(self, curve: Curve, parts: int) -> None:
        root = curve.root
        self.starts: list[int] = []
        self.heights: list[int] = []
        self.ratios: list[int | None] = []
        b = curve.edges(root + 1)
        height, worst, bounded = 0, 0, True
        size, u = root >> FIRST, root
        while b.u:
            u = u - size if u > root >> LAST else 0
            a = curve.edges(u)
            ratio = curve.ratio_hi(a, b) if u else None
            value = curve.step_hi(a, b) - ONE
            if ratio is not None:
                value = min(value, -(-ratio * max(0, ONE - a.p_lo) >> BITS))
            height = max(height, value)
            bounded = bounded and ratio is not None
            worst = max(worst, ratio or 0)
            self.starts.append(max(0, ONE - b.p_hi))
            self.heights.append(height)
            self.ratios.append(worst if bounded else None)
            b = a
            size = max(1, min(root - u, u) // parts)
        self.highest = height

    def height(self, reach: int) -> int:
        """Return a bound on B over (0, reach]."""
        return self.heights[max(0, bisect_right(self.starts, reach) - 1)]

    def ratio(self, reach: int) -> int:
        """Return a bound on B(f)/f over (0, reach]; a very large one where none is known."""
        found = self.ratios[max(0, bisect_right(self.starts, reach) - 1)]
        return 1 << 2 * BITS if found is None else found
