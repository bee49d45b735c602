"""A mean over samples, its gradient and its Hessian in chunks, with the batch normalisation of the whole batch.

Batch normalisation ties the samples together: the loss of a chunk depends on the mean and the variance of every layer
over all samples. Take those statistics ``s_1, ..., s_K`` (in the order in which the layers are called) as variables,
and let ``m_k(theta, s_1, ..., s_(k-1))`` be the moments that layer ``k`` sees, ``(mean x, mean (x - mean)^2)``. The
loss is ``l(theta, s)`` where ``s = m(theta, s)``. With the adjoints ``a_k = d/ds_k [l + sum_(j > k) a_j m_j]`` its
gradient is ``d/dtheta`` of the Lagrangian ``Phi = l + sum_k a_k m_k`` at fixed ``s`` and ``a``, all of them sums over
samples and so over chunks. (That the variance is taken about the mean adds nothing: its derivative in it is zero.)

In a direction ``v`` the statistics move by ``s'_k = Dm_k (v, s'_1, ..., s'_(k-1))`` and, with ``h = D^2 Phi (v, s')``,
the adjoints by ``a'_k = h_(s_k) + d/ds_k sum_(j > k) a'_j m_j``. The Hessian product is ``h_theta`` plus ``d/dtheta``
of ``sum_k a'_k m_k``.

No chunk's graph outlives its pass, so the memory is that of one chunk. The price: the K statistics are found one after
the other, and so are the adjoints, each by a pass over all samples through a part of the network (going forward
without the layers after ``k``, going back without those before it). A gradient costs about K times the plain one, and
so does a product; evaluating all samples at once avoids it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from numeric.nets.batch_norm import BatchNorm2d, StopForward

Forward = Callable[[Tensor, Tensor], Tensor]
"""Maps flat weights and inputs to outputs."""

Chunks = Callable[[], Iterable[tuple[Tensor, Tensor, float]]]
"""Returns inputs and targets of each chunk, and its share of the samples."""


@dataclass
class Statistics:
    """The batch normalisations of a network in the order of their call, and mean and variance ``(2, C)`` for each."""

    layers: list[BatchNorm2d]
    values: list[Tensor]


class ChunkedLoss:
    """``L(w) = mean_i loss_i`` over chunks, exactly as over the whole batch.

    Parameters
    ----------
    layers
        The batch normalisations of the network, in any order.
    forward
        The network, which calls them.
    loss
        Maps outputs and targets to the mean over the samples it is given.
    chunks
        The samples; the same chunks in every pass.

    Raises
    ------
    ValueError
        On evaluation, if a layer is called twice in one forward pass, or on some chunks only, or in another order.
    """

    def __init__(
        self, layers: Sequence[BatchNorm2d], forward: Forward, loss: Callable[[Tensor, Tensor], Tensor], chunks: Chunks
    ) -> None:
        self.layers, self.forward, self.loss, self.chunks = list(layers), forward, loss, chunks

    def statistics(self, weights: Tensor) -> Statistics:
        """Return mean and biased variance of every layer over all samples, put together in float64."""
        found = Statistics([], [])
        weights = weights.detach()
        while len(found.values) < len(self.layers):
            mean = squares = torch.zeros((), dtype=torch.float64, device=weights.device)
            layer, done = None, 0.0
            for inputs, _, share in self.chunks():
                with torch.no_grad(), self._given(found.layers, found.values):
                    stop = self._first_stop(weights, inputs)
                    if done and stop is not layer:
                        raise ValueError("the batch normalisations are not called in the same order on every chunk")
                    if stop is None:
                        return found
                    assert stop.moments is not None
                    near, spread = stop.moments.to(torch.float64)
                layer, total = stop, done + share
                squares = squares + share * spread + (near - mean).square() * (done * share / total)
                mean, done = mean + (near - mean) * (share / total), total
            assert layer is not None
            found.layers.append(layer)
            found.values.append(torch.stack((mean, squares / done)).to(weights.dtype))
        return found

    def outputs(self, weights: Tensor) -> Tensor:
        """Return the outputs ``(n, C)`` of all samples, detached."""
        known = self.statistics(weights)
        with torch.no_grad(), self._given(known.layers, known.values):
            return torch.cat([self._run(weights.detach(), inputs) for inputs, _, _ in self.chunks()])

    def gradient(self, weights: Tensor) -> tuple[float, Tensor]:
        """Return ``L(w)`` and its gradient."""
        known = self.statistics(weights)
        adjoints = self._adjoints(weights, known)
        total, slope = 0.0, torch.zeros_like(weights)
        at = weights.detach().requires_grad_(True)
        for chunk in self.chunks():
            loss, lagrangian = self._lagrangian(at, known.layers, known.values, adjoints, chunk)
            slope += _derivative(lagrangian, [at])[0]
            total += float(loss.detach())
        return total, slope

    def hessian(self, weights: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the map ``v -> H(w) v``; statistics and adjoints are computed once."""
        weights = weights.detach().clone()
        known = self.statistics(weights)
        adjoints = self._adjoints(weights, known)

        def product(vector: Tensor) -> Tensor:
            moved = self._tangents(weights, known, vector)
            of_weights, *of_statistics = self._second(weights, known, adjoints, [vector, *moved])
            turned: list[Tensor] = []
            for k in reversed(range(len(known.layers))):
                change = of_statistics[k]
                if turned:
                    change = change + self._pulled(weights, known, k, turned)
                turned.insert(0, change)
            return of_weights + self._pulled(weights, known, -1, turned) if turned else of_weights

        return product

    def _adjoints(self, weights: Tensor, known: Statistics) -> list[Tensor]:
        """Return ``a_1, ..., a_K``."""
        found: list[Tensor] = []
        for k in reversed(range(len(known.layers))):
            values = list(known.values)
            values[k] = at = values[k].detach().requires_grad_(True)
            total = torch.zeros_like(at)
            for chunk in self.chunks():
                _, lagrangian = self._lagrangian(weights.detach(), known.layers, values, found, chunk)
                total += _derivative(lagrangian, [at])[0]
            found.insert(0, total)
        return found

    def _tangents(self, weights: Tensor, known: Statistics, vector: Tensor) -> list[Tensor]:
        """Return ``s'_1, ..., s'_K``: each the derivative in ``u`` of the derivative of ``u m_k`` in the direction."""
        moved: list[Tensor] = []
        for k, value in enumerate(known.values):
            total = torch.zeros_like(value)
            at = [part.detach().requires_grad_(True) for part in (weights, *known.values[:k])]
            for inputs, _, share in self.chunks():
                with self._given(known.layers, [*at[1:], value]):
                    moments = self._moments_until(k, known.layers, at[0], inputs)[-1]
                unit = torch.ones_like(value).requires_grad_(True)
                slopes = _derivative(share * (unit * moments).sum(), at, create_graph=True)
                total += _derivative(_paired([vector, *moved], slopes), [unit])[0]
            moved.append(total)
        return moved

    def _second(
        self, weights: Tensor, known: Statistics, adjoints: list[Tensor], direction: list[Tensor]
    ) -> list[Tensor]:
        """Return the second derivative of the Lagrangian in weights and statistics, times a direction."""
        total = [torch.zeros_like(part) for part in direction]
        at = [part.detach().requires_grad_(True) for part in (weights, *known.values)]
        for chunk in self.chunks():
            _, lagrangian = self._lagrangian(at[0], known.layers, at[1:], adjoints, chunk)
            slopes = _derivative(lagrangian, at, create_graph=True)
            for part, change in zip(total, _derivative(_paired(direction, slopes), at), strict=True):
                part += change
        return total

    def _pulled(self, weights: Tensor, known: Statistics, k: int, adjoints: list[Tensor]) -> Tensor:
        """Return ``d/ds_k``, or ``d/dtheta`` for ``k = -1``, of the sum of ``a_j m_j`` over ``j > k``."""
        last, values = len(known.layers) - 1, list(known.values)
        at = (weights if k < 0 else values[k]).detach().requires_grad_(True)
        if k >= 0:
            values[k] = at
        total = torch.zeros_like(at)
        for inputs, _, share in self.chunks():
            with self._given(known.layers, values):
                moments = self._moments_until(last, known.layers, at if k < 0 else weights.detach(), inputs)
            total += _derivative(share * _paired(adjoints, moments), [at])[0]
        return total

    def _lagrangian(
        self,
        weights: Tensor,
        layers: list[BatchNorm2d],
        values: Sequence[Tensor],
        adjoints: list[Tensor],
        chunk: tuple[Tensor, Tensor, float],
    ) -> tuple[Tensor, Tensor]:
        """Return a chunk's part of the loss, and with the moments of the last layers times their adjoints added."""
        inputs, targets, share = chunk
        with self._given(layers, values):
            loss = share * self.loss(self._run(weights, inputs), targets)
            moments = self._moments(layers)
        return loss, loss + share * _paired(adjoints, moments) if adjoints else loss

    def _run(self, weights: Tensor, inputs: Tensor) -> Tensor:
        for layer in self.layers:
            layer.moments = None
        try:
            return self.forward(weights, inputs)
        except StopForward:
            raise ValueError("the batch normalisations are not the same on every chunk") from None

    def _moments(self, layers: list[BatchNorm2d]) -> list[Tensor]:
        found = [layer.moments for layer in layers if layer.moments is not None]
        if len(found) != len(layers):
            raise ValueError("the batch normalisations are not the same on every chunk")
        return found

    def _moments_until(self, k: int, layers: list[BatchNorm2d], weights: Tensor, inputs: Tensor) -> list[Tensor]:
        """Return the moments of the layers up to the k-th, where the forward pass ends."""
        layers[k].stops = True
        self._first_stop(weights, inputs)
        return self._moments(layers[: k + 1])

    def _first_stop(self, weights: Tensor, inputs: Tensor) -> BatchNorm2d | None:
        """Run up to the first layer that ends the pass: one without given statistics, or one told to."""
        for layer in self.layers:
            layer.moments = None
        try:
            self.forward(weights, inputs)
        except StopForward:
            return next(layer for layer in self.layers if layer.stops and layer.moments is not None)
        return None

    @contextmanager
    def _given(self, layers: Sequence[BatchNorm2d], values: Sequence[Tensor]) -> Iterator[None]:
        """Let the first layers use given statistics, and the others stop; afterwards all are as before."""
        for layer in self.layers:
            layer.stops = True
        for layer, value in zip(layers, values, strict=False):
            layer.given, layer.stops = value, False
        try:
            yield
        finally:
            for layer in self.layers:
                layer.given, layer.moments, layer.stops = None, None, False


def _paired(left: Sequence[Tensor], right: Sequence[Tensor]) -> Tensor:
    """Return the inner product of tensors with the last of others."""
    last = right[len(right) - len(left) :]
    return torch.stack([(a * b).sum() for a, b in zip(left, last, strict=True)]).sum()


def _derivative(value: Tensor, at: list[Tensor], create_graph: bool = False) -> tuple[Tensor, ...]:
    """Return the derivatives of a scalar, zeros where it does not depend on the variable."""
    if not value.requires_grad:
        return tuple(torch.zeros_like(part) for part in at)
    return torch.autograd.grad(value, at, create_graph=create_graph, allow_unused=True, materialize_grads=True)
