"""Gradient descent in the squares of the weights, and the sharpness of the gradient-flow solution (GFS), in balls.

With p = u*u, q = v*v, r = X (p - q) - y and g = X^T r / N, one step of gradient descent on |r|**2 / (2 N) is
p_i <- p_i (1 - 2 eta g_i)**2, q_i <- q_i (1 + 2 eta g_i)**2. Gradient flow moves along p_i exp(s_i), q_i exp(-s_i) with
s = X^T nu, and it descends the convex function F(nu) = sum_i (p_i exp(s_i) + q_i exp(-s_i)) - y nu, with gradient
X (p exp(s) - q exp(-s)) - y and Hessian H(nu) = X diag(p exp(s) + q exp(-s)) X^T. Where the gradient vanishes the loss
is zero, and the largest eigenvalue of its Hessian is phi = (4 / N) lambda_max(H): the GFS sharpness (Kreisler, Nacson,
Soudry and Carmon, arXiv 2305.13064).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from verify.kernel.errors import Rejected
from verify.trajectory.balls import Ball, divided, exponentials, multiplied, shifted
from verify.trajectory.matrices import (
    above_all_eigenvalues,
    below_all_eigenvalues,
    ceiling_root,
    dot,
    rayleigh_quotient,
)
from verify.trajectory.problem import Data, Problem

MAX_MAGNITUDE_BITS = 1024


@dataclass(frozen=True, slots=True)
class State:
    """Balls that contain the squares of the weights, p (d,) and q (d,), in units of 2**-bits."""

    bits: int
    plus: tuple[Ball, ...]
    minus: tuple[Ball, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """Where to find the GFS of a state, and how to bound its sharpness: integers that nothing vouches for.

    `centre` (N,) is near nu at the GFS, `floor` is below the smallest eigenvalue of H there, `vector` (N,) is near its
    first eigenvector (in any units), and `slack` separates an upper bound from the Rayleigh quotient of `vector`.
    Units: 2**-bits.
    """

    bits: int
    centre: tuple[int, ...]
    floor: int
    vector: tuple[int, ...]
    slack: int


@dataclass(frozen=True, slots=True)
class Flow:
    """At one nu: the gradient of F is at most `gradient` long; |H - `matrix`|_2 <= `radius`. Units: 2**-bits."""

    gradient: int
    matrix: list[list[int]]
    radius: int


def starting_state(problem: Problem, bits: int) -> State:
    """Enclose the squares of the weights at the start. Raises Rejected when one is too large."""
    plus, minus = (
        tuple(divided((x.numerator**2 << bits, 0), x.denominator**2) for x in values)
        for values in (problem.plus, problem.minus)
    )
    return _limited(State(bits, plus, minus))


def residual(data: Data, plus: Sequence[Ball], minus: Sequence[Ball], bits: int) -> list[Ball]:
    """Enclose r = X (p - q) - y, (N,)."""
    middles = [p[0] - q[0] for p, q in zip(plus, minus, strict=True)]
    radii = [p[1] + q[1] for p, q in zip(plus, minus, strict=True)]
    scale = data.over * data.targets_over
    result = []
    for row, target in zip(data.rows, data.targets, strict=True):
        middle = data.targets_over * dot(row, middles) - (target * data.over << bits)
        radius = data.targets_over * dot(list(map(abs, row)), radii)
        result.append(divided((middle, radius), scale))
    return result


def moves(data: Data, errors: Sequence[Ball]) -> list[Ball]:
    """Enclose 2 eta g = (2 eta / N) X^T r, (d,), for an enclosure `errors` of r."""
    middles, radii = [e[0] for e in errors], [e[1] for e in errors]
    factor, scale = data.rate.numerator, data.rate.denominator * data.over
    return [
        divided((factor * dot(column, middles), factor * dot(list(map(abs, column)), radii)), scale)
        for column in data.columns
    ]


def next_state(state: State, shifts: Sequence[Ball]) -> State:
    """Enclose the squares after one step, given an enclosure `shifts` of 2 eta g. Raises Rejected if one is large."""
    bits, one = state.bits, 1 << state.bits
    plus: list[Ball] = []
    minus: list[Ball] = []
    for p, q, (middle, radius) in zip(state.plus, state.minus, shifts, strict=True):
        for square, factor, result in ((p, (one - middle, radius), plus), (q, (one + middle, radius), minus)):
            result.append(multiplied(square, multiplied(factor, factor, bits), bits))
    return _limited(State(bits, tuple(plus), tuple(minus)))


def _limited(state: State) -> State:
    """Return `state`. Raises Rejected when a square may exceed 2**MAX_MAGNITUDE_BITS."""
    if any(abs(m) + r > 1 << state.bits + MAX_MAGNITUDE_BITS for m, r in (*state.plus, *state.minus)):
        raise Rejected("a weight beyond the limit")
    return state


def squared_length(errors: Sequence[Ball]) -> tuple[int, int]:
    """Enclose |r|**2, in units of 2**(-2 bits)."""
    return sum(max(0, abs(m) - r) ** 2 for m, r in errors), sum((abs(m) + r) ** 2 for m, r in errors)


def largest(balls: Sequence[Ball]) -> tuple[int, int]:
    """Enclose max_i |x_i|."""
    return max(max(0, abs(m) - r) for m, r in balls), max(abs(m) + r for m, r in balls)


def flow_weights(
    data: Data, state: State, centre: Sequence[int], bits: int
) -> tuple[list[Ball], list[Ball], list[Ball]]:
    """Enclose p exp(s), q exp(-s), and the gradient of F, at nu = centre / 2**bits, bits <= state.bits.

    Raises Rejected when an exponent is beyond the limit.
    """
    up, down, shift = [], [], state.bits - bits
    for column, p, q in zip(data.columns, state.plus, state.minus, strict=True):
        grown, shrunk = exponentials(divided((dot(column, centre), 0), data.over), bits)
        up.append(multiplied(shifted(p, shift), grown, bits))
        down.append(multiplied(shifted(q, shift), shrunk, bits))
    return up, down, residual(data, up, down, bits)


def flow(data: Data, state: State, centre: Sequence[int], bits: int) -> Flow:
    """Enclose gradient and Hessian of F at nu = centre / 2**bits. Raises Rejected as `flow_weights`.

    If |w_i - m_i| <= r_i, then |X diag(w) X^T - X diag(m) X^T|_2 <= sum_i r_i |x_i|**2, with columns x_i of X; rounding
    every entry of an N x N matrix by less than 1 changes it by at most N in that norm.
    """
    up, down, gradient = flow_weights(data, state, centre, bits)
    middles = [x[0] + y[0] for x, y in zip(up, down, strict=True)]
    radii = [x[1] + y[1] for x, y in zip(up, down, strict=True)]
    scale, size = data.over**2, len(data.rows)
    matrix = [[0] * size for _ in range(size)]
    for i, row in enumerate(data.rows):
        weighted = [x * m for x, m in zip(row, middles, strict=True)]
        for j in range(i + 1):
            matrix[i][j] = matrix[j][i] = dot(weighted, data.rows[j]) // scale
    radius = -(-dot(data.squares, radii) // scale) + size
    return Flow(ceiling_root(squared_length(gradient)[1]), matrix, radius)


def enclose_eigenvalue(data: Data, state: State, hint: Hint) -> tuple[int, int]:
    """Enclose lambda_max(H) at the GFS of every member of `state`, in units of 2**-hint.bits.

    Let n be the centre, e the length of the gradient there, H(n) >= f > 0, R = 2 e / f, and a = R max_i |x_i| <= 1/2,
    with columns x_i of X. Within R of n, each s_i moves by at most a, so exp(-a) H(n) <= H <= exp(a) H(n). On the
    sphere of radius R around n the outward derivative of F is at least -e + exp(-a) f R > 0, as 2 exp(-1/2) > 1 (if
    e = 0, n itself is the solution); so F has a minimum within R of n, where its gradient vanishes: the GFS, the only
    one because F is convex and H > 0 there. At it
    (1 - a) lambda_max(H(n)) <= lambda_max(H) <= lambda_max(H(n)) / (1 - a).

    Raises Rejected when something does not hold.
    """
    bits, one = hint.bits, 1 << hint.bits
    if bits > state.bits or not any(hint.vector):
        raise Rejected("more bits than the state has, or a vector that is 0")
    at = flow(data, state, hint.centre, bits)
    least = below_all_eigenvalues(at.matrix, hint.floor, bits)
    if least is None or least <= at.radius:
        raise Rejected("the matrix is not shown to be positive definite")
    doubt = -(-2 * at.gradient * data.longest * one // ((least - at.radius) * data.over))
    if 2 * doubt > one:
        raise Rejected("the centre is not shown to be near a gradient-flow solution")
    quotient = rayleigh_quotient(at.matrix, hint.vector)
    most = above_all_eigenvalues(at.matrix, quotient + hint.slack, bits)
    if most is None or quotient <= at.radius:
        raise Rejected("the largest eigenvalue is not bounded")
    lower, upper = quotient - at.radius, most + at.radius
    return lower * (one - doubt) >> bits, -(-upper * one // (one - doubt))


def sharpness(eigenvalue: int, bits: int, samples: int) -> Fraction:
    """Return phi = (4 / N) lambda for lambda in units of 2**-bits."""
    return Fraction(4 * eigenvalue, samples << bits)
