"""Architectures and batch normalisation: counts of parameters, initial weights, layers, against plain torch."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from numeric.nets.architectures import ACTIVATIONS, ARCHITECTURES, BasicBlock, build, default_activation, layers
from numeric.nets.batch_norm import BatchNorm2d, with_batch_statistics


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def images(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def fc_count(width: int) -> int:
    sizes = (3 * 32 * 32, width, width, 10)
    return sum(a * b + b for a, b in itertools.pairwise(sizes))


def vgg_count(factor: float) -> int:
    channels = [3, *(round(factor * c) for c in (64, 128, 256, 256, 512, 512, 512, 512))]
    convolutions = sum(9 * a * b + b for a, b in itertools.pairwise(channels))
    return convolutions + 2 * sum(channels[1:]) + 10 * channels[-1] + 10


def resnet_count(factor: float) -> int:
    stages = [round(factor * c) for c in (16, 32, 64)]
    channels = [3, stages[0], *(c for c in stages for _ in range(6))]
    convolutions = sum(9 * a * b for a, b in itertools.pairwise(channels))
    return convolutions + 2 * sum(channels[1:]) + 10 * stages[-1] + 10


def test_numbers_of_parameters_at_the_width_of_the_paper() -> None:
    assert count(build("fc-hardtanh")) == fc_count(200) == 656810
    assert count(build("vgg11-bn")) == vgg_count(1.0) == 9231114
    assert count(build("resnet20")) == resnet_count(1.0) == 269722


@pytest.mark.parametrize("factor", [0.25, 0.5, 2.0])
def test_width_scales_the_hidden_layers_only(factor: float) -> None:
    assert count(build("fc-hardtanh", width=factor)) == fc_count(round(200 * factor))
    assert count(build("resnet20", width=factor)) == resnet_count(factor)
    if factor < 1.0:
        assert count(build("vgg11-bn", width=factor)) == vgg_count(factor)


def test_width_leaves_one_channel_at_least() -> None:
    assert count(build("fc-hardtanh", width=1e-6)) == fc_count(1)
    assert build("resnet20", width=1e-6, dtype=torch.float64)(images(4)).shape == (4, 10)


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_layers_add_up(arch: str) -> None:
    model = build(arch, width=0.25, classes=7)
    found = layers(model)
    assert sum(layer.parameters for layer in found) == count(model)
    assert found[-1].output_shape == [7]
    assert len({layer.name for layer in found}) == len(found) == sum(not list(m.children()) for m in model.modules())
    kinds = [layer.kind for layer in found]
    depth = {"fc-hardtanh": (0, 3, 0), "vgg11-bn": (8, 1, 8), "resnet20": (19, 1, 19)}[arch]
    assert (kinds.count("Conv2d"), kinds.count("Linear"), kinds.count("BatchNorm2d")) == depth


def test_layers_give_the_shapes_of_resnet() -> None:
    shapes = [layer.output_shape for layer in layers(build("resnet20")) if layer.kind == "Conv2d"]
    assert shapes == [[16, 32, 32]] * 7 + [[32, 16, 16]] * 6 + [[64, 8, 8]] * 6


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_weights_depend_on_the_seed_alone(arch: str) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = build(arch, width=0.1, seed=3, dtype=torch.float64)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_default_dtype() == torch.float32
    torch.manual_seed(6)
    second = build(arch, width=0.1, seed=3)
    other = build(arch, width=0.1, seed=4)
    pairs = list(zip(first.parameters(), second.parameters(), other.parameters(), strict=True))
    for wide, narrow, _ in pairs:
        assert (wide.dtype, narrow.dtype) == (torch.float64, torch.float32)
        assert torch.equal(wide.to(torch.float32), narrow)
    assert not all(torch.equal(narrow, different) for _, narrow, different in pairs)
    drawn = next(first.parameters())
    assert not torch.equal(drawn, drawn.to(torch.float32).to(torch.float64))


def test_initialisation_is_torch_default() -> None:
    found = [p for p in build("fc-hardtanh").parameters() if p.dim() == 2]
    for weight in found:
        bound = 1.0 / math.sqrt(weight.shape[1])
        assert 0.98 * bound < float(weight.detach().abs().max()) <= bound
        assert float(weight.detach().std()) == pytest.approx(bound / math.sqrt(3.0), rel=0.05)


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("activation", [None, *ACTIVATIONS])
def test_activation_is_the_one_asked_for(arch: str, activation: str | None) -> None:
    model = build(arch, width=0.1, activation=activation)
    wanted = ACTIVATIONS[activation or ("hardtanh" if arch == "fc-hardtanh" else "relu")]
    found = [type(m) for m in model.modules() if type(m) in ACTIVATIONS.values()]
    assert found == [wanted] * {"fc-hardtanh": 2, "vgg11-bn": 8, "resnet20": 19}[arch]
    assert ACTIVATIONS[default_activation(arch)] is (nn.Hardtanh if arch == "fc-hardtanh" else nn.ReLU)


@pytest.mark.parametrize(
    ("arch", "options", "words"),
    [
        ("vgg16", {}, "architecture 'vgg16': give one of"),
        ("resnet20", {"activation": "swish"}, "activation 'swish': give one of"),
        ("resnet20", {"width": 0.0}, "width 0.0"),
        ("resnet20", {"width": -1.0}, "width -1.0"),
        ("resnet20", {"width": math.nan}, "width nan"),
        ("resnet20", {"width": 65.0}, "width 65.0"),
    ],
)
def test_bad_input_is_refused(arch: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build(arch, **options)  # type: ignore[arg-type]


def normalised(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    mean = x.mean((0, 2, 3), keepdim=True)
    variance = x.var((0, 2, 3), keepdim=True, unbiased=False)
    return (x - mean) / (variance + eps).sqrt() * weight[None, :, None, None] + bias[None, :, None, None]


@pytest.mark.parametrize(("before", "after", "stride", "low"), [(4, 4, 1, 0), (4, 8, 2, 2), (3, 6, 2, 1)])
def test_block_computes_a_residual_block(before: int, after: int, stride: int, low: int) -> None:
    torch.manual_seed(0)
    block = BasicBlock(before, after, stride, nn.Tanh).double()
    for p in block.parameters():
        nn.init.normal_(p)
    x = torch.randn(5, before, 6, 6, dtype=torch.float64)
    inner = F.conv2d(x, block.conv1.weight, stride=stride, padding=1)
    inner = torch.tanh(normalised(inner, block.norm1.weight, block.norm1.bias))
    inner = normalised(F.conv2d(inner, block.conv2.weight, padding=1), block.norm2.weight, block.norm2.bias)
    shortcut = torch.zeros_like(inner)
    for row, column in itertools.product(range(6 // stride), repeat=2):
        shortcut[:, low : low + before, row, column] = x[:, :, row * stride, column * stride]
    torch.testing.assert_close(block(x), torch.tanh(inner + shortcut), rtol=1e-12, atol=1e-12)


def test_batch_normalisation_is_that_of_torch() -> None:
    torch.manual_seed(1)
    ours, theirs = BatchNorm2d(3, eps=1e-3).double(), nn.BatchNorm2d(3, eps=1e-3).double()
    x = torch.randn(4, 3, 5, 2, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x))
    flat = x[:, :, 0, 0]
    expected = (flat - flat.mean(0)) / (flat.var(0, unbiased=False) + 1e-3).sqrt()
    torch.testing.assert_close(ours(flat), expected)
    assert not list(ours.buffers())
    assert str(ours) == "BatchNorm2d(3, eps=0.001)"


def test_replacing_keeps_names_and_values_and_fixed_layers() -> None:
    torch.manual_seed(2)
    shared = nn.BatchNorm1d(4)
    fixed = nn.BatchNorm1d(4).eval()
    without = nn.BatchNorm1d(4, affine=False)
    untracked = nn.BatchNorm1d(4, track_running_stats=False).eval()
    model = nn.Sequential(nn.Linear(4, 4), shared, nn.Sequential(shared, fixed), without, untracked)
    named = dict(model.named_parameters())
    assert with_batch_statistics(model) is model
    assert {name: id(p) for name, p in model.named_parameters()} == {name: id(p) for name, p in named.items()}
    assert isinstance(model[1], BatchNorm2d)
    assert model[2][0] is model[1]
    assert model[2][1] is fixed
    assert isinstance(model[3], BatchNorm2d)
    assert model[3].weight is model[3].bias is None
    assert isinstance(model[4], BatchNorm2d)
    assert isinstance(with_batch_statistics(nn.BatchNorm1d(2)), BatchNorm2d)


def test_other_kinds_of_batch_normalisation_are_refused() -> None:
    with pytest.raises(ValueError, match="layer 1 \\(SyncBatchNorm\\)"):
        with_batch_statistics(nn.Sequential(nn.Flatten(), nn.SyncBatchNorm(3)))
