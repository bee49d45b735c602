"""Search for the hints of one state: its gradient-flow solution, and the first eigenvector of the matrix H there.

Floating point first, then integers of growing length. Nothing here is trusted: a hint counts by what
`verify.trajectory.model.enclose_eigenvalue` makes of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import frexp, isqrt, log2

import numpy as np
from numpy.typing import NDArray

from verify.kernel.errors import Rejected
from verify.trajectory.matrices import dot, lack_of_definiteness, rayleigh_quotient, shifted_diagonal
from verify.trajectory.model import Flow, Hint, State, enclose_eigenvalue, flow, flow_weights, sharpness
from verify.trajectory.problem import Data

GUARD = 24
NEWTON_STEPS, CHORD_STEPS, VECTOR_ROUNDS = 200, 400, 12

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """A hint and the bounds on phi that it gives."""

    hint: Hint
    lower: Fraction
    upper: Fraction


def fixed(x: float, bits: int) -> int:
    """Return x in units of 2**-bits, rounded down."""
    mantissa, exponent = frexp(x)
    shift = exponent - 53 + bits
    whole = int(mantissa * 2**53)
    return whole << shift if shift >= 0 else whole >> -shift


def find(data: Data, state: State, bits: int, start: Sequence[Fraction]) -> Found | None:
    """Search for the hint of a state with `bits` bits, from nu near `start` (N,); None when there is none."""
    try:
        centre = solution(data, state, bits, start)
        if centre is None:
            return None
        at = flow(data, state, centre, bits)
        values = np.linalg.eigvalsh(floats(at.matrix, bits))
        floor = fixed(float(values[0]) / 2, bits)
        vector, slack = first_eigenvector(at, bits)
        return evaluate(data, state, Hint(bits, tuple(centre), floor, tuple(vector), slack))
    except (ValueError, ArithmeticError):  # Rejected and LinAlgError are ValueErrors
        return None


def evaluate(data: Data, state: State, hint: Hint) -> Found:
    """Return the bounds that a hint gives. Raises Rejected."""
    lower, upper = enclose_eigenvalue(data, state, hint)
    samples = len(data.rows)
    return Found(hint, sharpness(lower, hint.bits, samples), sharpness(upper, hint.bits, samples))


def floats(matrix: Sequence[Sequence[int]], bits: int) -> Array:
    """Return an integer matrix in units of 2**-bits as floats. Raises OverflowError."""
    return np.array([[entry / (1 << bits) for entry in row] for row in matrix])


def float_solution(data: Data, state: State, start: Array) -> tuple[Array, Array] | None:
    """Minimise F by Newton's method with halved steps; return nu (N,) and the inverse of H(nu) (N, N), or None."""
    features = np.array([[x / data.over for x in row] for row in data.rows])
    targets = np.array([y / data.targets_over for y in data.targets])
    plus, minus = (np.array([m / (1 << state.bits) for m, _ in balls]) for balls in (state.plus, state.minus))

    def value(nu: Array) -> tuple[float, Array, Array]:
        exponents = nu @ features
        grown, shrunk = plus * np.exp(exponents), minus * np.exp(-exponents)
        return float((grown + shrunk).sum() - targets @ nu), grown, shrunk

    nu, best, size = start, np.inf, np.inf
    with np.errstate(all="ignore"):
        if not value(nu)[0] <= value(0 * nu)[0]:
            nu = np.zeros_like(start)
        now, grown, shrunk = value(nu)
        for _ in range(NEWTON_STEPS):
            inverse = np.linalg.inv((features * (grown + shrunk)) @ features.T)
            change = inverse @ (features @ (grown - shrunk) - targets)
            size, before = float(np.abs(change).max()), size
            if not np.isfinite(size):
                break
            best = min(best, size)
            if size < 1e-14 or (size < 1e-7 and size >= before / 2):
                break
            scale = 1.0
            while scale > 1e-12 and not value(nu - scale * change)[0] <= now + 1e-13 * abs(now):
                scale /= 2
            nu = nu - scale * change
            now, grown, shrunk = value(nu)
    return (nu, inverse) if best < 1e-3 and np.isfinite(inverse).all() else None


def solution(data: Data, state: State, bits: int, start: Sequence[Fraction]) -> list[int] | None:
    """Return nu at the GFS in units of 2**-bits: from `start` or a float solution, by chord steps."""
    rough = float_solution(data, state, np.array([float(x) for x in start]))
    if rough is None:
        return None
    nu, inverse = rough
    distance = max(abs(float(x - Fraction(float(y)))) for x, y in zip(start, nu, strict=True))
    if distance < 1e-9:
        centre = [(x.numerator << bits) // x.denominator for x in start]
        known = bits
    else:
        centre, known = [fixed(float(x), bits) for x in nu], 48
    before = 0.0
    for _ in range(CHORD_STEPS):
        used = min(bits, known + 64)
        *_, gradient = flow_weights(data, state, [n >> (bits - used) for n in centre], used)
        middles = [m for m, _ in gradient]
        shift = max(0, max(abs(m).bit_length() for m in middles) - 64)
        change = inverse @ np.array([float(m >> shift) for m in middles])
        largest = float(np.abs(change).max())
        centre = [n - fixed(float(c), bits - used + shift) for n, c in zip(centre, change, strict=True)]
        left = used - shift - log2(max(largest, 1e-300))
        if used == bits and (left > bits - 36 or left < before + 1):
            return centre
        known, before = max(0, min(used, int(left) + 36)), left
    return None


def first_eigenvector(at: Flow, bits: int) -> tuple[list[int], int]:
    """Return the first eigenvector of `at.matrix`, in integers, and a slack that suffices for it.

    Inverse iteration with the Cholesky factor of T - M, where T comes down to the largest eigenvalue. An error of the
    vector enters its Rayleigh quotient squared, so half the bits between the eigenvalue and the slack suffice. Raises
    Rejected.
    """
    size, matrix = len(at.matrix), at.matrix
    trace = sum(matrix[i][i] for i in range(size))
    root = isqrt(trace << bits) >> bits
    least = 4 * size * (root + 2)
    half = max(bits, (trace // least).bit_length()) // 2 + GUARD
    _, vectors = np.linalg.eigh(floats(matrix, bits))
    vector = [fixed(float(x), half) for x in vectors[:, -1]]
    slack = max(least, trace >> 80)
    for _ in range(VECTOR_ROUNDS):
        quotient = rayleigh_quotient(matrix, vector)
        found = None
        while found is None:
            if slack > trace + (least << 24):
                raise Rejected("no upper bound")
            found = lack_of_definiteness(shifted_diagonal(matrix, -1, quotient + slack), bits)
            slack = slack if found else slack << 12
        if slack == least:
            return vector, 2 * slack
        vector = solved(found[1], vector, half)
        slack = least
    raise Rejected("no first eigenvector")


def solved(factor: Sequence[Sequence[int]], vector: Sequence[int], half: int) -> list[int]:
    """Return a multiple of x with L L^T x = vector, its largest entry of about `half` bits."""
    size = len(vector)
    up = max(row[-1] for row in factor).bit_length() + half
    forward: list[int] = []
    for i, v in enumerate(vector):
        forward.append(((v << up) - dot(factor[i], forward)) // factor[i][i])
    backward = [0] * size
    for i in reversed(range(size)):
        rest = sum(factor[j][i] * backward[j] for j in range(i + 1, size))
        backward[i] = ((forward[i] << up) - rest) // factor[i][i]
    longest = max(abs(x) for x in backward).bit_length()
    shift = longest - half
    return [x >> shift if shift >= 0 else x << -shift for x in backward]
