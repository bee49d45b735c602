"""Gradient descent on the squared regression model, derived from its loss.

The model with data ``X`` (``N x d``) and targets ``y`` predicts ``X beta`` with ``beta = u+**2 - u-**2`` and has loss
``L(u+, u-) = |X beta - y|**2 / (2 N)`` (arXiv 2305.13064, squared regression model). Gradient, Hessian, gradient flow
and the gradient descent step are obtained from :attr:`Regression.loss` by differentiation; next to them stand the
closed forms that :mod:`symbolic.regression` compares them with. Throughout ``g = X^T (X beta - y) / N`` is the slope of
the loss in ``beta``, ``p_i = (u+_i)**2``, ``q_i = (u-_i)**2``, and ``eta`` is the step size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy
from sympy.polys.matrices import DomainMatrix

from symbolic.scalar import PAPER, STEP_SIZE

SOURCE = f"{PAPER}, squared regression model"
PROJECT = f"this project, from the squared regression loss of {PAPER}"


def require_size(samples: int, features: int) -> tuple[int, int]:
    """Return the numbers of samples and features if both are integers of at least 1.

    Raises
    ------
    ValueError
        If one of them is not an ``int`` (a ``bool`` does not count as one) or is below 1.
    """
    for name, value in (("samples", samples), ("features", features)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name} must be an integer, got {value!r}")
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    return samples, features


def column(name: str, length: int) -> sympy.ImmutableMatrix:
    """Return the column of the symbols ``name_1, ..., name_length``."""
    return sympy.ImmutableMatrix([sympy.Symbol(f"{name}_{i + 1}") for i in range(length)])


def table(name: str, rows: int, columns: int) -> sympy.ImmutableMatrix:
    """Return the matrix of the symbols ``name_i_j``, both indices from 1."""
    return sympy.ImmutableMatrix(rows, columns, lambda i, j: sympy.Symbol(f"{name}_{i + 1}_{j + 1}"))


@dataclass(frozen=True)
class Regression:
    """The squared regression model at one point.

    Parameters
    ----------
    data
        ``X``, ``N x d``: one row for each sample.
    target
        ``y``, ``N x 1``.
    plus, minus
        The weights ``u+`` and ``u-``, ``d x 1`` each, all distinct symbols that do not occur in the data or the target.

    Raises
    ------
    ValueError
        If the shapes do not fit or a weight is not a symbol of its own.
    """

    data: sympy.ImmutableMatrix
    target: sympy.ImmutableMatrix
    plus: sympy.ImmutableMatrix
    minus: sympy.ImmutableMatrix

    def __post_init__(self) -> None:
        samples, features = self.data.shape
        if self.target.shape != (samples, 1) or not self.plus.shape == self.minus.shape == (features, 1):
            raise ValueError(
                f"data of shape {samples} x {features} need a target of length {samples} and weights of length "
                f"{features}, got {self.target.shape}, {self.plus.shape}, {self.minus.shape}"
            )
        elsewhere = self.data.free_symbols | self.target.free_symbols
        distinct = set(self.weights)
        if len(distinct) < 2 * features or not all(w.is_Symbol for w in distinct) or distinct & elsewhere:
            raise ValueError("the weights must be distinct symbols that the data and the target do not contain")

    @property
    def samples(self) -> int:
        """The number of samples ``N``."""
        return int(self.data.rows)

    @property
    def features(self) -> int:
        """The number of features ``d``."""
        return int(self.data.cols)

    @property
    def weights(self) -> tuple[sympy.Symbol, ...]:
        """The ``2 d`` weights, those of ``u+`` first."""
        return (*self.plus, *self.minus)

    @property
    def beta(self) -> sympy.Matrix:
        """The regression coefficients ``beta_i = (u+_i)**2 - (u-_i)**2``, ``d x 1``."""
        return sympy.Matrix([u**2 - v**2 for u, v in zip(self.plus, self.minus, strict=True)])

    @property
    def residual(self) -> sympy.Matrix:
        """The residual ``X beta - y``, ``N x 1``."""
        return self.data * self.beta - self.target

    @property
    def loss(self) -> sympy.Expr:
        """The loss ``|X beta - y|**2 / (2 N)``, from which all else is derived (arXiv 2305.13064)."""
        return sympy.Add(*(entry**2 for entry in self.residual)) / (2 * self.samples)

    @cached_property
    def gradient(self) -> tuple[sympy.Expr, ...]:
        """The ``2 d`` partial derivatives of the loss, by differentiation."""
        value = self.loss
        return tuple(sympy.diff(value, w) for w in self.weights)

    @cached_property
    def hessian(self) -> sympy.ImmutableMatrix:
        """The ``2 d x 2 d`` matrix of second derivatives of the loss, by differentiation."""
        return sympy.ImmutableMatrix([[sympy.diff(slope, w) for w in self.weights] for slope in self.gradient])

    @cached_property
    def gd_map(self) -> tuple[sympy.Expr, ...]:
        """The ``2 d`` weights ``w - eta dL/dw`` after one gradient descent step."""
        return tuple(w - STEP_SIZE * slope for w, slope in zip(self.weights, self.gradient, strict=True))

    def along_flow(self, function: sympy.Expr) -> sympy.Expr:
        """Return the time derivative of a function of the weights under gradient flow ``w' = -grad L``."""
        pairs = zip(self.weights, self.gradient, strict=True)
        return sympy.Add(*(-sympy.diff(function, w) * slope for w, slope in pairs))

    def after_step(self, function: sympy.Expr) -> sympy.Expr:
        """Return a function of the weights evaluated after one gradient descent step."""
        return function.subs(dict(zip(self.weights, self.gd_map, strict=True)), simultaneous=True)

    @property
    def slope(self) -> sympy.Matrix:
        """The slope ``g = X^T (X beta - y) / N`` of the loss in ``beta``, ``d x 1`` (stated, compared by identity)."""
        return self.data.T * self.residual / self.samples

    @property
    def jacobian(self) -> sympy.Matrix:
        """The matrix ``J = [X diag(u+), -X diag(u-)]``, ``N x 2 d``: half the derivative of ``X beta``."""
        return sympy.Matrix.hstack(self.data * sympy.diag(*self.plus), -self.data * sympy.diag(*self.minus))


def general_model(samples: int, features: int) -> Regression:
    """Return the squared regression model in the symbols ``x_n_i``, ``y_n``, ``up_i``, ``um_i``.

    Raises
    ------
    ValueError
        If ``samples`` or ``features`` is not an integer of at least 1.
    """
    require_size(samples, features)
    return Regression(
        table("x", samples, features), column("y", samples), column("up", features), column("um", features)
    )


def weight_step(model: Regression) -> tuple[sympy.Expr, ...]:
    """Return ``u+_i (1 - 2 eta g_i)`` and ``u-_i (1 + 2 eta g_i)``, the weights after a step (stated)."""
    plus = (u * (1 - 2 * STEP_SIZE * g) for u, g in zip(model.plus, model.slope, strict=True))
    minus = (v * (1 + 2 * STEP_SIZE * g) for v, g in zip(model.minus, model.slope, strict=True))
    return (*plus, *minus)


def square_step(p: sympy.Expr, q: sympy.Expr, slope: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """Return ``p (1 - 2 eta g)**2`` and ``q (1 + 2 eta g)**2``, a pair of squared weights after a step (stated)."""
    return p * (1 - 2 * STEP_SIZE * slope) ** 2, q * (1 + 2 * STEP_SIZE * slope) ** 2


def product_step(product: sympy.Expr, slope: sympy.Expr) -> sympy.Expr:
    """Return ``A (1 - 4 eta**2 g**2)``, the product ``A = u+ u-`` of a pair of weights after a step (stated)."""
    return product * (1 - 4 * STEP_SIZE**2 * slope**2)


def ratio_step(ratio: sympy.Expr, slope: sympy.Expr) -> sympy.Expr:
    """Return ``z (1 - 2 eta g) / (1 + 2 eta g)``, the ratio ``z = u+ / u-`` of a pair after a step (stated)."""
    return ratio * (1 - 2 * STEP_SIZE * slope) / (1 + 2 * STEP_SIZE * slope)


def full_hessian(model: Regression) -> sympy.Matrix:
    """Return ``(4 / N) J^T J + 2 diag(g, -g)``, ``2 d x 2 d``, the Hessian of the loss at every point (stated)."""
    quadratic = model.jacobian.T * model.jacobian * sympy.Rational(4, model.samples)
    return quadratic + 2 * sympy.diag(*model.slope, *(-model.slope))


def dual_value(model: Regression, p: sympy.Matrix, q: sympy.Matrix, nu: sympy.Matrix) -> sympy.Expr:
    """Return the dual ``F(nu) = sum_i (p_i e^{s_i} + q_i e^{-s_i}) - y . nu`` with ``s = X^T nu``.

    From squares ``p``, ``q`` gradient flow reaches ``p_i e^{s_i}`` and ``q_i e^{-s_i}`` only, and has zero loss where
    ``F`` is stationary.
    """
    s = model.data.T * nu
    terms = (a * sympy.exp(e) + b * sympy.exp(-e) for a, b, e in zip(p, q, s, strict=True))
    return sympy.Add(*terms) - (model.target.T * nu)[0]


def dual_gradient(model: Regression, p: sympy.Matrix, q: sympy.Matrix, growth: sympy.Matrix) -> sympy.Matrix:
    """Return ``X (p E - q / E) - y``, ``N x 1``, the gradient of the dual at ``E_i = e^{s_i}`` (stated)."""
    return model.data * sympy.Matrix([a * e - b / e for a, b, e in zip(p, q, growth, strict=True)]) - model.target


def dual_hessian(data: sympy.Matrix, p: sympy.Matrix, q: sympy.Matrix, growth: sympy.Matrix) -> sympy.Matrix:
    """Return ``X diag(p E + q / E) X^T``, ``N x N``, the Hessian of the dual at ``E_i = e^{s_i}`` (stated).

    At the minimizer of the dual, ``4 / N`` times its largest eigenvalue is the GFS sharpness.
    """
    return data * sympy.diag(*(a * e + b / e for a, b, e in zip(p, q, growth, strict=True))) * data.T


def characteristic_polynomial(matrix: sympy.Matrix, variable: sympy.Symbol) -> sympy.Expr:
    """Return ``det(variable I - matrix)`` for a square matrix with polynomial entries that lack the variable."""
    exact = DomainMatrix.from_Matrix(matrix)
    coefficients = [exact.domain.to_sympy(entry) for entry in exact.charpoly()]
    return sympy.Add(*(entry * variable**power for power, entry in enumerate(reversed(coefficients))))
