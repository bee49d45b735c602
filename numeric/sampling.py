"""Random initialisations of scalar networks, spread over shapes, step sizes and positions on the curve.

A state is drawn as a shape ``alpha`` (a point of the simplex), a value ``a = eta * phi`` and a product
``pi``. The squares of the gradient-flow solution are ``z*_i = exp(u_i - mean(u))`` with
``u_i = -log(alpha_i)``, so that their product is 1; then ``phi = sum 1 / z*_i`` and ``eta = a / phi``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from numeric.compensated import FloatArray
from numeric.gfs import FlowColumns, flow_solution_columns, smallest_square
from numeric.membership import SHARPNESS_LIMIT, flip_product_columns, membership_columns, relative_curve

_LARGEST_LOG_RATIO = 18.0
_MOST_ROUNDS = 200


@dataclass(frozen=True)
class SampledStates:
    """States with their step sizes.

    Attributes
    ----------
    weights
        Positive weights, shape ``(samples, D)``.
    eta
        Step sizes, shape ``(samples,)``.
    """

    weights: FloatArray
    eta: FloatArray


def check_counts(depth: int, samples: int) -> None:
    """Raise ``ValueError`` unless the depth is at least 2 and the number of samples at least 1."""
    if depth < 2:
        raise ValueError(f"the depth must be at least 2, got {depth}")
    if samples < 1:
        raise ValueError(f"the number of samples must be at least 1, got {samples}")


def check_range(name: str, limits: tuple[float, float], lowest: float = 0.0) -> None:
    """Raise ``ValueError`` unless ``lowest < limits[0] <= limits[1] < inf``."""
    if not lowest < limits[0] <= limits[1] < np.inf:
        raise ValueError(f"{name} must be an increasing pair of numbers above {lowest:g}, got {limits}")


def sample_log_shapes(depth: int, samples: int, rng: np.random.Generator) -> FloatArray:
    """Draw ``u = -log(alpha)`` up to a constant, shape ``(D, samples)``.

    A quarter of the samples each: uniform on the simplex, near a vertex or face (ratios of squares up to
    6e7), near the balanced point (relative spread 1e-6 to 0.3), and one small square against the others
    nearly equal.

    Raises
    ------
    ValueError
        If the depth is below 2 or the number of samples below 1.
    """
    check_counts(depth, samples)
    shape = (depth, samples)
    uniform = -np.log(rng.standard_exponential(shape) + 1e-8)
    face = rng.random(shape) * rng.uniform(0.0, _LARGEST_LOG_RATIO, samples)
    face[rng.integers(depth, size=samples), np.arange(samples)] = 0.0
    balanced = 10.0 ** rng.uniform(-6.0, -0.5, samples) * rng.standard_normal(shape)
    single = 0.1 * rng.standard_normal(shape)
    single[rng.integers(depth, size=samples), np.arange(samples)] -= rng.uniform(0.0, 6.0, samples)
    kind = np.arange(samples) % 4
    return np.choose(kind, [uniform, face, balanced, single])


def _stretch_to_sharpness(log_squares: FloatArray, phi: FloatArray) -> FloatArray:
    """Scale each column of ``log z*`` (which sums to 0) so that ``sum 1 / z*_i = phi``, by bisection."""
    direction = log_squares / np.abs(log_squares).max(axis=0)
    lower, upper = np.zeros(phi.shape), np.log(phi) * np.ones(phi.shape)
    upper /= np.maximum(-direction.min(axis=0), 1e-3)
    for _ in range(60):
        middle = 0.5 * (lower + upper)
        too_sharp = np.exp(-middle * direction).sum(axis=0) > phi
        lower, upper = np.where(too_sharp, lower, middle), np.where(too_sharp, middle, upper)
    return np.asarray(lower * direction)


def _solutions(u: FloatArray, a: FloatArray, eta: float | None) -> tuple[FloatArray, FloatArray]:
    """Squares of the gradient-flow solutions ``(D, samples)`` and the step sizes ``(samples,)``."""
    log_squares = u - u.mean(axis=0)
    if eta is None:
        squares = np.exp(log_squares)
        return squares, a / (1.0 / squares).sum(axis=0)
    if (a < u.shape[0] * eta).any():
        raise ValueError(f"eta * phi is at least D * eta = {u.shape[0] * eta:g}: a smaller value has no state")
    return np.exp(_stretch_to_sharpness(log_squares, a / eta)), np.full(a.shape, eta)


def _place(squares: FloatArray, pi: FloatArray) -> FloatArray:
    """Weights ``(D, samples)`` on the curves of the solutions ``squares`` at the products ``pi``."""
    lowest = squares.min(axis=0)
    b = squares - lowest
    return np.asarray(np.sqrt(b + smallest_square(b, 2.0 * np.log(pi), lowest)))


def sample_states(
    depth: int,
    samples: int,
    rng: np.random.Generator,
    *,
    a_range: tuple[float, float] = (0.1, SHARPNESS_LIMIT),
    product_range: tuple[float, float] = (1e-6, 2.0),
    eta: float | None = None,
) -> SampledStates:
    """Draw states with ``a = eta * phi`` uniform and ``pi`` log-uniform in the given ranges.

    Parameters
    ----------
    depth, samples
        Number of weights and of states.
    rng
        Source of randomness.
    a_range, product_range
        Ranges of ``a = eta * phi`` and of the product.
    eta
        Common step size. By default each state has its own, ``a / phi`` with ``phi`` fixed by its shape; with
        a common step size the shape is stretched along the line from the balanced point until
        ``phi = a / eta``.

    Raises
    ------
    ValueError
        For a depth below 2, fewer than 1 sample, a bad range, ``eta <= 0``, or ``a_range`` below ``D * eta``.
    """
    check_counts(depth, samples)
    check_range("a_range", a_range)
    check_range("product_range", product_range)
    if eta is not None and not 0.0 < eta < np.inf:
        raise ValueError("the step size eta must be a positive finite number")
    squares, etas = _solutions(sample_log_shapes(depth, samples, rng), rng.uniform(*a_range, samples), eta)
    pi = np.exp(rng.uniform(np.log(product_range[0]), np.log(product_range[1]), samples))
    return SampledStates(_place(squares, pi).T.copy(), etas)


def sample_unflipped(
    depth: int,
    samples: int,
    rng: np.random.Generator,
    *,
    a_range: tuple[float, float] = (0.1, SHARPNESS_LIMIT),
    smallest_product: float = 1e-8,
) -> SampledStates:
    """Draw states with Theorem A's premise on signs: ``pi <= 1``, or no weight changes sign in the step.

    Two thirds have ``pi`` log-uniform in ``[smallest_product, 1]``, the others ``pi`` uniform between 1 and
    the flip product. One state in four has ``a`` at the upper end of its range. Errors as in
    :func:`sample_states`.
    """
    check_counts(depth, samples)
    check_range("a_range", a_range)
    a = rng.uniform(*a_range, samples)
    a[rng.random(samples) < 0.25] = a_range[1]
    squares, eta = _solutions(sample_log_shapes(depth, samples, rng), a, None)
    lowest = squares.min(axis=0)
    flow = FlowColumns(squares, squares - lowest, lowest, (1.0 / squares).sum(axis=0))
    flip = flip_product_columns(relative_curve(flow, eta))
    below = np.exp(rng.uniform(np.log(smallest_product), 0.0, samples))
    above = 1.0 + (np.minimum(flip, 1e6) - 1.0) * rng.uniform(0.0, 0.999, samples)
    return SampledStates(_place(squares, np.where(rng.random(samples) < 2 / 3, below, above)).T.copy(), eta)


def _member_candidates(
    depth: int, samples: int, rng: np.random.Generator, a_range: tuple[float, float]
) -> SampledStates:
    """States spread over ``a`` (one in five just below 2) and over small, moderate and near-1 products."""
    a = rng.uniform(*a_range, samples)
    close_to_edge = (rng.random(samples) < 0.2) & (a_range[0] < 2.0 < a_range[1])
    a = np.where(close_to_edge, np.maximum(2.0 - 10.0 ** rng.uniform(-4.0, -0.5, samples), a_range[0]), a)
    squares, eta = _solutions(sample_log_shapes(depth, samples, rng), a, None)
    small = 10.0 ** rng.uniform(-6.0, 0.0, samples)
    moderate = rng.uniform(0.05, 2.0, samples)
    near_one = 1.0 + 0.1 * rng.uniform(-1.0, 1.0, samples)
    pi = np.choose(rng.integers(3, size=samples), [small, moderate, near_one])
    return SampledStates(_place(squares, pi).T.copy(), eta)


def sample_members(
    depth: int,
    samples: int,
    rng: np.random.Generator,
    *,
    a_range: tuple[float, float] = (0.5, SHARPNESS_LIMIT),
    smallest_margin: float = 1e-6,
) -> SampledStates:
    """Draw states of S_eta by rejection.

    Parameters
    ----------
    depth, samples
        Number of weights and of states.
    rng
        Source of randomness.
    a_range
        Range of ``a = eta * phi``, which is uniform before rejection but for one state in five just below 2.
    smallest_margin
        States whose membership margin is smaller are rejected too, so that rounding cannot decide.

    Raises
    ------
    ValueError
        For a depth below 2, fewer than 1 sample, a bad range, or a range in which hardly any state is in
        S_eta.
    """
    check_counts(depth, samples)
    check_range("a_range", a_range)
    kept: list[SampledStates] = []
    missing = samples
    for _ in range(_MOST_ROUNDS):
        drawn = _member_candidates(depth, 2 * missing + 16, rng, a_range)
        w = np.ascontiguousarray(drawn.weights.T)
        flow = flow_solution_columns(w)
        found = membership_columns(flow, np.multiply.reduce(w, axis=0), drawn.eta)
        good = np.flatnonzero(found.member & (found.margin >= smallest_margin))[:missing]
        kept.append(SampledStates(drawn.weights[good], drawn.eta[good]))
        missing -= good.size
        if missing == 0:
            break
    else:
        raise ValueError(f"hardly any state with eta * phi in {a_range} is in S_eta at depth {depth}")
    return SampledStates(np.concatenate([part.weights for part in kept]), np.concatenate([part.eta for part in kept]))
