"""Batch normalisation in training mode: by the mean and the variance of the batch, which are part of the function.

No running statistics are kept. A layer can be told to use given statistics, and then reports the moments it sees: this
is how :mod:`numeric.nets.statistics` evaluates a batch in chunks without changing the function.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

STANDARD = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
"""The layers of torch that :func:`with_batch_statistics` replaces."""


class StopForward(Exception):
    """Ends a forward pass at a layer whose moments are all that is wanted."""


class BatchNorm2d(nn.Module):
    """``y = weight (x - mean) / (variance + eps)^(1/2) + bias``, per channel, over samples and pixels.

    The variance is the biased one. Works on ``(n, C)`` as well as on ``(n, C, ...)``.

    Parameters
    ----------
    channels
        Number ``C`` of channels.
    eps
        Added to the variance.

    Attributes
    ----------
    weight, bias
        Of shape ``(C,)``; None stands for 1 and 0.
    given
        Mean and variance to be used in place of the batch's, shape ``(2, C)``; None outside chunked evaluation.
    moments
        In chunked evaluation, after a forward pass: mean of ``x`` and of ``(x - mean)^2`` over the chunk, shape
        ``(2, C)``, with the given mean if there is one.
    stops
        Whether the forward pass is to end here, as soon as the moments are known.
    """

    weight: nn.Parameter | None
    bias: nn.Parameter | None

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.channels = channels
        self.eps = eps
        self.given: Tensor | None = None
        self.moments: Tensor | None = None
        self.stops = False

    def extra_repr(self) -> str:
        """Return what is printed of the layer."""
        return f"{self.channels}, eps={self.eps}"

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x`` of shape ``(n, C, ...)``. Raises StopForward if told to.

        Raises
        ------
        ValueError
            If the layer is called twice in one forward pass of a chunked evaluation.
        """
        if self.given is None and not self.stops:
            empty = None
            return nn.functional.batch_norm(x, empty, empty, self.weight, self.bias, True, 0.0, self.eps)
        if self.moments is not None:
            raise ValueError("a batch normalisation is called twice in one forward pass: evaluate without chunks")
        axes = (0, *range(2, x.dim()))
        shape = (1, -1, *(1 for _ in range(x.dim() - 2)))
        seen = x.mean(axes)
        centred = x - (seen if self.given is None else self.given[0]).view(shape)
        self.moments = torch.stack((seen, centred.square().mean(axes)))
        if self.stops:
            raise StopForward
        assert self.given is not None
        scale = torch.rsqrt(self.given[1] + self.eps)
        if self.weight is not None:
            scale = scale * self.weight
        found = centred * scale.view(shape)
        return found if self.bias is None else found + self.bias.view(shape)


def with_batch_statistics(model: nn.Module) -> nn.Module:
    """Replace in a model, in place, the batch normalisations of torch that use the batch's statistics.

    Names, order and values of the parameters stay. Layers in evaluation mode with running statistics stay too: they
    are fixed affine maps.

    Returns
    -------
    Module
        The model; a new one if it is itself such a layer.

    Raises
    ------
    ValueError
        For a batch normalisation that is not one of :data:`STANDARD` and uses the batch's statistics.
    """
    made: dict[nn.Module, nn.Module] = {}
    for name, module in model.named_modules():
        if not isinstance(module, nn.modules.batchnorm._BatchNorm):
            continue
        if not module.training and module.running_mean is not None:
            continue
        if type(module) not in STANDARD:
            raise ValueError(
                f"layer {name or 'model'} ({type(module).__name__}): give nn.BatchNorm1d, 2d or 3d instead"
            )
        layer = BatchNorm2d(module.num_features, module.eps)
        layer.register_parameter("weight", module.weight)
        layer.register_parameter("bias", module.bias)
        made[module] = layer.train(module.training)
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):
            if child in made:
                parent._modules[name] = made[child]
    return made.get(model, model)
