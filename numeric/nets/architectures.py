"""The three architectures of arXiv 2305.13064 for images of 3 x 32 x 32 pixels, at any width."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from numeric.nets.batch_norm import BatchNorm2d

ARCHITECTURES = ("fc-hardtanh", "vgg11-bn", "resnet20")
ACTIVATIONS: dict[str, type[nn.Module]] = {"hardtanh": nn.Hardtanh, "tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU}
IMAGE = (3, 32, 32)
"""Channels, rows and columns of the images."""

FC_WIDTH = 200
VGG11 = (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M")
"""Channels of the convolutions; M is max-pooling by 2."""

RESNET20 = ((16, 1), (32, 2), (64, 2))
"""Channels and stride of the three stages of three blocks."""

BLOCKS = 3


def default_activation(arch: str) -> str:
    """Return the activation of the paper's network: hardtanh for the fully connected one, else relu."""
    return "hardtanh" if arch == "fc-hardtanh" else "relu"


def build(
    arch: str,
    *,
    width: float = 1.0,
    activation: str | None = None,
    classes: int = 10,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
) -> nn.Module:
    """Return a network with torch's default initialisation, drawn in float64 from the seed alone.

    Parameters
    ----------
    arch
        ``fc-hardtanh``: 3072-200-200-C. ``vgg11-bn``: eight 3x3 convolutions, each with batch normalisation, five
        max-poolings, one linear classifier (the usual form for 32x32 images). ``resnet20``: He et al. 2016, section
        4.2, shortcuts without parameters (their option A).
    width
        Factor of all hidden widths and channels, rounded, at least 1 each; 1 is the paper's.
    activation
        One of :data:`ACTIVATIONS`; None for the paper's.
    classes
        Outputs ``C``.
    seed
        Of the initial weights; the global generator of torch is left as it was.
    dtype
        Of the weights.

    Raises
    ------
    ValueError
        For an unknown architecture or activation, or a width that is not a positive number.
    """
    if arch not in ARCHITECTURES:
        raise ValueError(f"architecture {arch!r}: give one of {', '.join(ARCHITECTURES)}")
    chosen = activation or default_activation(arch)
    if chosen not in ACTIVATIONS:
        raise ValueError(f"activation {chosen!r}: give one of {', '.join(ACTIVATIONS)}")
    if not (math.isfinite(width) and 0.0 < width <= 64.0):
        raise ValueError(f"width {width}: give a positive number of at most 64")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        make = {"fc-hardtanh": _fully_connected, "vgg11-bn": _vgg11, "resnet20": _resnet20}[arch]
        previous = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        try:
            model = make(width, ACTIVATIONS[chosen], classes)
        finally:
            torch.set_default_dtype(previous)
    return model.to(dtype)


def _scaled(channels: int, width: float) -> int:
    return max(1, round(channels * width))


def _fully_connected(width: float, activation: type[nn.Module], classes: int) -> nn.Module:
    hidden = _scaled(FC_WIDTH, width)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(math.prod(IMAGE), hidden),
        activation(),
        nn.Linear(hidden, hidden),
        activation(),
        nn.Linear(hidden, classes),
    )


def _vgg11(width: float, activation: type[nn.Module], classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    before = IMAGE[0]
    for entry in VGG11:
        if isinstance(entry, str):
            layers.append(nn.MaxPool2d(2))
            continue
        channels = _scaled(entry, width)
        layers += [nn.Conv2d(before, channels, 3, padding=1), BatchNorm2d(channels), activation()]
        before = channels
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(before, classes))


class BasicBlock(nn.Module):
    """A residual block: two 3x3 convolutions with batch normalisation, and a shortcut without parameters.

    Where the shape changes the shortcut takes every second row and column and pads the channels with zeros.
    """

    def __init__(self, before: int, channels: int, stride: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride=stride, padding=1, bias=False)
        self.norm1 = BatchNorm2d(channels)
        self.activation1 = activation()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = BatchNorm2d(channels)
        self.activation2 = activation()
        self.stride = stride
        self.padding = channels - before

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, before, h, w)`` to ``(n, channels, h / stride, w / stride)``."""
        inner = self.norm2(self.conv2(self.activation1(self.norm1(self.conv1(x)))))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        if self.padding:
            low = self.padding // 2
            shortcut = nn.functional.pad(shortcut, (0, 0, 0, 0, low, self.padding - low))
        found: Tensor = self.activation2(inner + shortcut)
        return found


def _resnet20(width: float, activation: type[nn.Module], classes: int) -> nn.Module:
    before = _scaled(RESNET20[0][0], width)
    layers: list[nn.Module] = [
        nn.Conv2d(IMAGE[0], before, 3, padding=1, bias=False),
        BatchNorm2d(before),
        activation(),
    ]
    for full, stride in RESNET20:
        channels = _scaled(full, width)
        for block in range(BLOCKS):
            layers.append(BasicBlock(before, channels, stride if block == 0 else 1, activation))
            before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, classes))


@dataclass(frozen=True)
class LayerRecord:
    """One layer for a report: name, kind, what it does, shape of its output for one image, and its parameters."""

    name: str
    kind: str
    description: str
    output_shape: list[int]
    parameters: int


def layers(model: nn.Module) -> list[LayerRecord]:
    """Return the layers of a network of :func:`build` in the order in which an image passes them."""
    found: list[LayerRecord] = []

    def record(name: str) -> object:
        def hook(module: nn.Module, _: object, output: Tensor) -> None:
            own = sum(p.numel() for p in module.parameters())
            kind = type(module).__name__
            found.append(LayerRecord(name, kind, str(module), list(output.shape[1:]), own))

        return hook

    leaves = [(name, module) for name, module in model.named_modules() if not list(module.children())]
    handles = [module.register_forward_hook(record(name)) for name, module in leaves]
    try:
        with torch.no_grad():
            dtype = next(model.parameters()).dtype
            model(torch.linspace(-1.0, 1.0, 2 * math.prod(IMAGE), dtype=dtype).reshape(2, *IMAGE))
    finally:
        for handle in handles:
            handle.remove()
    return found
