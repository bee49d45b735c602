"""Functions of a flat vector of weights, with the cost of evaluating them: what flows and spectra are computed for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass
class Cost:
    """Work done so far, in passes over all samples.

    Attributes
    ----------
    gradients
        Gradients of the loss.
    products
        Products of its Hessian with a vector.
    """

    gradients: int = 0
    products: int = 0

    @property
    def equivalents(self) -> int:
        """Gradients, with a Hessian-vector product counted as two of them."""
        return self.gradients + 2 * self.products

    def since(self, earlier: Cost) -> Cost:
        """Return the work done after a copy of this record was made."""
        return Cost(self.gradients - earlier.gradients, self.products - earlier.products)

    def copy(self) -> Cost:
        """Return a copy."""
        return Cost(self.gradients, self.products)


class Objective(Protocol):
    """A loss ``L: R^P -> R`` of a flat vector; all vectors have its ``dtype`` and ``device``.

    Attributes
    ----------
    dimension
        The number ``P`` of weights.
    cost
        Work done so far; every method adds to it.
    """

    dimension: int
    dtype: torch.dtype
    device: torch.device
    cost: Cost

    def gradient(self, weights: Tensor) -> tuple[float, Tensor]:
        """Return ``L(w)`` and its gradient, shape ``(P,)``, detached."""

    def hessian(self, weights: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the map ``v -> H(w) v``, shapes ``(P,)``; what all products at ``w`` share is computed once."""


class FunctionObjective:
    """The objective of a differentiable function of a flat tensor.

    Parameters
    ----------
    function
        Maps a tensor of shape ``(P,)`` to a scalar tensor, by operations that autograd can differentiate twice.
    dimension
        The number ``P``.
    dtype, device
        Of the weights.
    """

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        dimension: int,
        dtype: torch.dtype = torch.float64,
        device: str = "cpu",
    ) -> None:
        self.function = function
        self.dimension = dimension
        self.dtype = dtype
        self.device = torch.device(device)
        self.cost = Cost()

    def gradient(self, weights: Tensor) -> tuple[float, Tensor]:
        """Return ``L(w)`` and its gradient."""
        self.cost.gradients += 1
        at = weights.detach().requires_grad_(True)
        loss = self.function(at)
        (slope,) = torch.autograd.grad(loss, at)
        return float(loss.detach()), slope

    def hessian(self, weights: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the map ``v -> H(w) v`` by double backward."""
        at = weights.detach().requires_grad_(True)
        self.cost.gradients += 1
        (slope,) = torch.autograd.grad(self.function(at), at, create_graph=True)

        def product(vector: Tensor) -> Tensor:
            self.cost.products += 1
            (found,) = torch.autograd.grad(slope, at, vector, retain_graph=True)
            return found

        return product
