"""Local maximisation of the smallest slack of a statement's relations."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from verify.provers.falsifier_evaluation import Array, Evaluator

STEPS = 80
LOWEST, HIGHEST = -1e4, 1.0
CLAMP = 1e6
MINIMIZE: Any = minimize  # its overloads do not cover this call


class Descent:
    """max t subject to factor_i gap_i(x) >= weight_i t, or factor_i gap_i(x) = 0 where `equal` (SLSQP).

    `factors`, `weights` and `equal` have shape (hypotheses + 1,), the conclusion last.
    """

    def __init__(self, evaluator: Evaluator, factors: Array, weights: Array, equal: npt.NDArray[np.bool_]) -> None:
        self.evaluator, self.factors, self.weights, self.equal = evaluator, factors, weights, equal

    def _residuals(self, x: Array) -> Array:
        gaps = self.evaluator.gaps(x[None, :-1])[0] * self.factors
        finite = np.nan_to_num(gaps, nan=-CLAMP, posinf=CLAMP, neginf=-CLAMP)
        return np.asarray(finite - self.weights * x[-1], dtype=np.float64)

    def _jacobian(self, x: Array) -> Array:
        return np.hstack([self.evaluator.gradients(x[:-1]) * self.factors[:, None], -self.weights[:, None]])

    def _constraints(self) -> list[dict[str, Any]]:
        return [
            {
                "type": kind,
                "fun": lambda x, rows=rows: self._residuals(x)[rows],
                "jac": lambda x, rows=rows: self._jacobian(x)[rows],
            }
            for kind, rows in (("ineq", ~self.equal), ("eq", self.equal))
            if rows.any()
        ]

    def run(self, start: Array, slack: float, bounds: Sequence[tuple[float | None, float | None]]) -> Array:
        """Return the point reached from `start`, shape (variables,), or `start` when the result is not finite.

        `slack` is the value of t to begin with; `bounds` are those of the variables.
        """
        slope = np.append(np.zeros(len(start)), -1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = MINIMIZE(
                lambda x: -float(x[-1]),
                np.append(start, np.clip(slack, LOWEST / 10, HIGHEST)),
                jac=lambda _: slope,
                bounds=[*bounds, (LOWEST, HIGHEST)],
                constraints=self._constraints(),
                method="SLSQP",
                options={"maxiter": STEPS, "ftol": 1e-13},
            )
        end = np.asarray(found.x[:-1], dtype=np.float64)
        return end if np.isfinite(end).all() else start
