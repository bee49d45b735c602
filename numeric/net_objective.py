"""The loss of a network on a whole data set, as a function of its flat weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.func import functional_call

from numeric.nets.batch_norm import BatchNorm2d, with_batch_statistics
from numeric.nets.statistics import ChunkedLoss
from numeric.objective import Cost

Loss = Callable[[Tensor, Tensor], Tensor]
"""Maps outputs ``(m, C)`` and targets to the mean over the samples."""

RANDOM = (nn.modules.dropout._DropoutNd, nn.RReLU)
"""Layers that are random in training mode."""


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return ``1/(2 n) sum_i |f_i - y_i|^2`` for outputs and targets of shape ``(n, C)``."""
    return (outputs - targets).square().sum() / (2 * len(outputs))


def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return ``-1/n sum_i sum_c y_ic log softmax(f_i)_c`` for outputs and targets (one-hot rows) ``(n, C)``."""
    return nn.functional.cross_entropy(outputs, targets)


class NetObjective:
    """The objective ``L(w) = loss(model(x; w), y)`` of a network on all samples.

    The model given is copied; neither its weights nor its buffers change. Batch normalisation in training mode, that
    of torch too, uses the statistics of all samples, also when they are evaluated in chunks, and keeps no running ones.
    No other layer may let samples of a batch act on each other. A forward pass starts from the buffers of the model
    given each time, so layers that update theirs (spectral normalisation) are functions of the weights too.

    Parameters
    ----------
    model
        The network, in training mode.
    loss
        Mean over the samples it is given.
    inputs, targets
        One row a sample.
    chunk
        Samples evaluated at once; 0 stands for all. It bounds the memory. With K batch normalisations a gradient or a
        product in chunks takes about K times as long as without (see :mod:`numeric.nets.statistics`).

    Raises
    ------
    ValueError
        If the model is random in training mode (layers, or a forward pass that draws from torch's generator), or has a
        batch normalisation of another kind than torch's 1d, 2d and 3d, or no weights; the numbers of inputs and targets
        differ, or there is no sample; in chunks, if the loss is no mean over samples (a sum, classes with weights). On
        evaluation, for weights of another shape or dtype, and in chunks, if a batch normalisation is called twice in
        one forward pass.
    """

    def __init__(self, model: nn.Module, loss: Loss, inputs: Tensor, targets: Tensor, *, chunk: int = 0) -> None:
        self.model = with_batch_statistics(copy.deepcopy(model))
        for name, module in self.model.named_modules():
            if isinstance(module, RANDOM) and module.training and getattr(module, "p", 1.0) > 0.0:
                raise ValueError(
                    f"layer {name or 'model'} ({type(module).__name__}) is random: its flow is not defined"
                )
        if len(inputs) != len(targets) or len(inputs) == 0:
            raise ValueError(f"{len(inputs)} inputs and {len(targets)} targets: give one target for each input")
        if chunk < 0:
            raise ValueError(f"chunk {chunk}: give a whole number of at least 0")
        named = list(self.model.named_parameters())
        if not named:
            raise ValueError("the model has no weights")
        self.names = [name for name, _ in named]
        self.shapes = [p.shape for _, p in named]
        self.sizes = [p.numel() for _, p in named]
        self.loss_function, self.inputs, self.targets = loss, inputs, targets
        self.chunk = chunk if 0 < chunk < len(inputs) else len(inputs)
        self.dimension = sum(self.sizes)
        self.dtype, self.device = named[0][1].dtype, named[0][1].device
        self.cost = Cost()
        norms = [module for module in self.model.modules() if isinstance(module, BatchNorm2d)]
        self._chunked = ChunkedLoss(norms, self.forward, loss, self.chunks)
        first = self._tried()
        if self.chunk < len(inputs):
            self._require_mean(first)

    def _tried(self) -> Tensor:
        """Return the outputs on the first samples. Raises ValueError if the forward pass draws random numbers."""
        on_gpu = self.device.type == "cuda"
        with torch.no_grad(), torch.random.fork_rng(devices=[self.device] if on_gpu else []):
            state = torch.cuda.get_rng_state if on_gpu else lambda _: torch.random.get_rng_state()
            before = state(self.device)
            outputs = self.forward(self.weights(), self.inputs[:2])
            if not torch.equal(before, state(self.device)):
                raise ValueError("the forward pass of the model draws random numbers: its flow is not defined")
        return outputs

    def _require_mean(self, outputs: Tensor) -> None:
        """Raise ValueError if on given outputs, repeated, the loss is not the mean of those of the chunks."""
        with torch.no_grad():
            rows = outputs[torch.arange(len(self.inputs), device=outputs.device) % len(outputs)]
            whole = float(self.loss_function(rows, self.targets))
            parts = zip(torch.split(rows, self.chunk), self.chunks(), strict=True)
            mean = sum(share * float(self.loss_function(part, targets)) for part, (_, targets, share) in parts)
        finite = math.isfinite(whole) and math.isfinite(mean)
        if finite and abs(whole - mean) > math.sqrt(torch.finfo(self.dtype).eps) * max(abs(whole), abs(mean)):
            raise ValueError(
                f"the loss ({whole:.6g}) is not the mean of its values in chunks ({mean:.6g}): use no chunks"
            )

    def weights(self) -> Tensor:
        """Return the weights of the copied model, shape ``(P,)``, in the order of ``model.parameters()``."""
        return torch.cat([p.detach().reshape(-1) for p in self.model.parameters()])

    def parameters(self, weights: Tensor) -> dict[str, Tensor]:
        """Return the flat weights cut into the parameters of the model, by name.

        Raises
        ------
        ValueError
            For weights of another shape or dtype.
        """
        if weights.shape != (self.dimension,) or weights.dtype != self.dtype:
            found = f"weights of shape {tuple(weights.shape)} and {weights.dtype}"
            raise ValueError(f"{found}: the model has ({self.dimension},) and {self.dtype}")
        parts = torch.split(weights, self.sizes)
        return {name: part.view(shape) for name, part, shape in zip(self.names, parts, self.shapes, strict=True)}

    def forward(self, weights: Tensor, inputs: Tensor) -> Tensor:
        """Return the outputs ``(m, C)`` on a batch, with its own statistics, differentiable in the weights."""
        buffers = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        found: Tensor = functional_call(self.model, self.parameters(weights) | buffers, (inputs,))
        return found

    def chunks(self) -> Iterator[tuple[Tensor, Tensor, float]]:
        """Yield inputs and targets of each chunk, and its share of the samples."""
        count = len(self.inputs)
        for low in range(0, count, self.chunk):
            part = slice(low, min(low + self.chunk, count))
            yield self.inputs[part], self.targets[part], (part.stop - low) / count

    def outputs(self, weights: Tensor) -> Tensor:
        """Return the outputs ``(n, C)`` of all samples, detached. Not counted as work."""
        return self._chunked.outputs(weights)

    def accuracy(self, weights: Tensor) -> float:
        """Return the share of samples whose largest output is where the largest target is.

        Targets of shape ``(n,)`` are numbers of classes.

        Raises
        ------
        ValueError
            If the network has fewer than two outputs.
        """
        outputs = self.outputs(weights)
        if outputs.dim() != 2 or outputs.shape[1] < 2:
            raise ValueError(f"outputs of shape {tuple(outputs.shape)}: accuracy needs two classes or more")
        wanted = self.targets if self.targets.dim() == 1 else self.targets.argmax(1)
        return float((outputs.argmax(1) == wanted).to(torch.float64).mean())

    def gradient(self, weights: Tensor) -> tuple[float, Tensor]:
        """Return ``L(w)`` and its gradient."""
        self.cost.gradients += 1
        if self.chunk < len(self.inputs):
            return self._chunked.gradient(weights)
        at = weights.detach().requires_grad_(True)
        loss = self.loss_function(self.forward(at, self.inputs), self.targets)
        return float(loss.detach()), torch.autograd.grad(loss, at)[0]

    def hessian(self, weights: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the map ``v -> H(w) v`` by double backward; with one chunk its graph is kept for all products.

        The call itself counts as a gradient if it prepares something: without chunks, or with batch normalisation.
        """
        if self.chunk < len(self.inputs):
            self.cost.gradients += bool(self._chunked.layers)
            apply = self._chunked.hessian(weights)
        else:
            self.cost.gradients += 1
            at = weights.detach().requires_grad_(True)
            loss = self.loss_function(self.forward(at, self.inputs), self.targets)
            (slope,) = torch.autograd.grad(loss, at, create_graph=True)

            def apply(vector: Tensor) -> Tensor:
                if not slope.requires_grad:  # the loss is affine
                    return torch.zeros_like(vector)
                return torch.autograd.grad(slope, at, vector, retain_graph=True)[0]

        def product(vector: Tensor) -> Tensor:
            self.cost.products += 1
            return apply(vector)

        return product

    def jacobian_products(self, weights: Tensor) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
        """Return the maps ``v -> J v`` and ``u -> J^T u``, where ``J = df/dw`` for the outputs ``f`` of all samples.

        ``v`` has shape ``(P,)``, ``u`` that of the outputs, ``(n, C)``. All samples are evaluated at once, whatever the
        chunk, and the graph is kept. The call, and each use of a map, count as a gradient.
        """
        self.cost.gradients += 1
        at = weights.detach().requires_grad_(True)
        outputs = self.forward(at, self.inputs)
        unit = torch.ones_like(outputs).requires_grad_(True)
        (pulled,) = torch.autograd.grad(outputs, at, unit, create_graph=True)

        def forwards(vector: Tensor) -> Tensor:
            self.cost.gradients += 1
            return torch.autograd.grad(pulled, unit, vector, retain_graph=True)[0]

        def backwards(rows: Tensor) -> Tensor:
            self.cost.gradients += 1
            return torch.autograd.grad(outputs, at, rows, retain_graph=True)[0]

        return forwards, backwards
