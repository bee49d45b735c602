"""The loss of a network: value, gradient and Hessian products in chunks, against plain autograd on the whole batch."""

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from numeric.net_objective import NetObjective, cross_entropy, squared_error
from numeric.nets.architectures import BasicBlock
from numeric.nets.batch_norm import BatchNorm2d
from numeric.objective import Cost

SAMPLES, CLASSES = 7, 3
CHUNKS = (1, 3, SAMPLES - 1)


def plain() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(72, 4), nn.Tanh(), nn.Linear(4, CLASSES))


def pooled() -> nn.Module:
    first = [nn.Conv2d(2, 3, 3, padding=1), BatchNorm2d(3), nn.GELU(), nn.MaxPool2d(2)]
    return nn.Sequential(
        *first, nn.Conv2d(3, 4, 2), BatchNorm2d(4), nn.Hardtanh(), nn.Flatten(), nn.Linear(16, CLASSES)
    )


def residual() -> nn.Module:
    first = [nn.Conv2d(2, 3, 3, padding=1, bias=False), BatchNorm2d(3), nn.ReLU()]
    blocks = [BasicBlock(3, 3, 1, nn.Tanh), BasicBlock(3, 4, 2, nn.Tanh)]
    return nn.Sequential(*first, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, CLASSES))


def vectors() -> nn.Module:
    """Make a user's model: batch normalisation of torch with its parameters, without, and with fixed statistics."""
    fixed = nn.BatchNorm1d(4).eval()
    assert fixed.running_mean is not None
    fixed.running_mean.copy_(torch.linspace(-0.5, 0.5, 4))
    first = [nn.Flatten(), nn.Linear(72, 4), nn.BatchNorm1d(4, eps=1e-2), nn.Softplus(), nn.Linear(4, 4), fixed]
    return nn.Sequential(
        *first, nn.BatchNorm1d(4, affine=False), nn.Tanh(), nn.Linear(4, CLASSES), nn.BatchNorm1d(CLASSES)
    )


NETS: dict[str, Callable[[], nn.Module]] = {
    "plain": plain,
    "pooled": pooled,
    "residual": residual,
    "vectors": vectors,
}
NORMALISED = ("pooled", "residual", "vectors")


def made(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """Return a network in float64, its scales and shifts away from 1 and 0."""
    torch.manual_seed(seed)
    model = make().double()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn_like(p))
    return model


def data(samples: int = SAMPLES, seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(samples, 2, 6, 6, dtype=torch.float64, generator=generator)
    inputs *= torch.linspace(0.5, 2.0, samples, dtype=torch.float64).view(-1, 1, 1, 1)
    labels = torch.randint(CLASSES, (samples,), generator=generator)
    return inputs, torch.eye(CLASSES, dtype=torch.float64)[labels]


def direction(size: int, seed: int = 2) -> Tensor:
    return torch.randn(size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def whole(model: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, targets: Tensor) -> Callable:
    """Return the loss on the whole batch as a function of the flat weights, by plain torch."""
    model = copy.deepcopy(model)
    names = [name for name, _ in model.named_parameters()]
    shapes = [p.shape for p in model.parameters()]

    def function(flat: Tensor) -> Tensor:
        parts = flat.split([math.prod(shape) for shape in shapes])
        named = {name: part.reshape(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return loss(functional_call(model, named, (inputs,)), targets)

    return function


def expected(function: Callable, at: Tensor, vector: Tensor) -> tuple[float, Tensor, Tensor]:
    at = at.clone().requires_grad_(True)
    value = function(at)
    (slope,) = torch.autograd.grad(value, at, create_graph=True)
    (product,) = torch.autograd.grad(slope @ vector, at)
    return float(value.detach()), slope.detach(), product


def close(found: Tensor, wanted: Tensor, rtol: float = 1e-12) -> bool:
    return float((found - wanted).norm()) <= rtol * float(wanted.norm())


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("loss", [squared_error, cross_entropy])
def test_chunks_give_the_function_of_the_whole_batch(name: str, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    model, (inputs, targets) = made(NETS[name]), data()
    objective = NetObjective(model, loss, inputs, targets)
    at = objective.weights()
    vector = direction(len(at))
    value, slope, product = expected(whole(model, loss, inputs, targets), at, vector)
    assert float(product.norm()) > 0.01
    for chunk in (0, *CHUNKS, SAMPLES, SAMPLES + 1):
        objective = NetObjective(model, loss, inputs, targets, chunk=chunk)
        found, gradient = objective.gradient(at)
        assert found == pytest.approx(value, rel=1e-13)
        assert close(gradient, slope)
        apply = objective.hessian(at)
        assert close(apply(vector), product)
        assert close(apply(-2.0 * vector), -2.0 * product)


@pytest.mark.parametrize("name", NORMALISED)
def test_statistics_of_the_chunks_would_be_another_function(name: str) -> None:
    model, (inputs, targets) = made(NETS[name]), data(6)
    objective = NetObjective(model, squared_error, inputs, targets, chunk=3)
    at = objective.weights()
    vector = direction(len(at))
    halves = zip(inputs.split(3), targets.split(3), strict=True)
    parts = [expected(whole(model, squared_error, *half), at, vector) for half in halves]
    value, slope = objective.gradient(at)
    assert abs(sum(part[0] for part in parts) / 2 - value) > 1e-4 * value
    assert not close(sum(part[1] for part in parts) / 2, slope, 0.05)
    assert not close(sum(part[2] for part in parts) / 2, objective.hessian(at)(vector), 0.05)


def tiny() -> nn.Module:
    first = [
        nn.Flatten(),
        nn.Linear(4, 1),
        nn.BatchNorm1d(1),
        nn.Tanh(),
        nn.Linear(1, 2),
        nn.BatchNorm1d(2),
        nn.Tanh(),
    ]
    return nn.Sequential(*first, nn.Linear(2, CLASSES))


def test_products_are_those_with_the_dense_hessian() -> None:
    model, (inputs, targets) = made(tiny), data()
    inputs = inputs[:, :, :2, 0]
    objective = NetObjective(model, cross_entropy, inputs, targets, chunk=3)
    at = objective.weights()
    dense = torch.autograd.functional.hessian(whole(model, cross_entropy, inputs, targets), at)
    apply = objective.hessian(at)
    found = torch.stack([apply(row) for row in torch.eye(len(at), dtype=torch.float64)])
    assert close(found, dense)
    assert close(found, found.T)


def test_hessian_of_a_residual_net_is_symmetric() -> None:
    objective = NetObjective(made(residual), squared_error, *data(), chunk=2)
    at = objective.weights()
    apply = objective.hessian(at)
    left, right = direction(len(at), 3), direction(len(at), 4)
    one, other = float(left @ apply(right)), float(right @ apply(left))
    assert one == pytest.approx(other, rel=1e-11)
    assert abs(one) > 1e-3


def test_products_do_not_follow_weights_changed_later() -> None:
    objective = NetObjective(made(pooled), squared_error, *data(), chunk=3)
    at = objective.weights()
    vector = direction(len(at))
    apply = objective.hessian(at)
    before = apply(vector)
    at.zero_()
    assert torch.equal(apply(vector), before)


class Live:
    """Bytes that autograd keeps for the backward passes: now, and at most."""

    def __init__(self) -> None:
        self.now = self.peak = 0

    @contextmanager
    def watch(self) -> Iterator[None]:
        outer = self

        class Held:
            def __init__(self, tensor: Tensor) -> None:
                self.tensor, self.bytes = tensor.detach(), tensor.numel() * tensor.element_size()
                outer.now += self.bytes
                outer.peak = max(outer.peak, outer.now)

            def __del__(self) -> None:
                outer.now -= self.bytes

        with torch.autograd.graph.saved_tensors_hooks(Held, lambda held: held.tensor):
            yield


def peak(name: str, samples: int, chunk: int, product: bool) -> int:
    objective = NetObjective(made(NETS[name]), squared_error, *data(samples), chunk=chunk)
    at, live = objective.weights(), Live()
    with live.watch():
        if product:
            objective.hessian(at)(direction(len(at)))
        else:
            objective.gradient(at)
    assert live.peak > 0
    return live.peak


@pytest.mark.parametrize("name", ["plain", "pooled", "residual"])
@pytest.mark.parametrize("product", [False, True])
def test_memory_is_that_of_a_chunk(name: str, product: bool) -> None:
    assert peak(name, 24, 3, product) == peak(name, 6, 3, product)
    assert peak(name, 24, 3, product) < peak(name, 24, 12, product) < peak(name, 24, 0, product) * 1.5
    assert peak(name, 24, 0, product) > 2 * peak(name, 6, 0, product)


@pytest.mark.parametrize("chunk", [0, 3])
def test_the_model_stays_as_it_was(chunk: int) -> None:
    model = made(vectors)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [(type(module), module.training) for module in model.modules()]
    objective = NetObjective(model, squared_error, *data(), chunk=chunk)
    own = {name: value.clone() for name, value in objective.model.state_dict().items()}
    at = objective.weights()
    at *= 1.5
    kept = at.clone()
    objective.gradient(at)
    objective.hessian(at)(direction(len(at)))
    objective.outputs(at)
    assert "2.running_mean" in before
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(torch.equal(value, own[name]) for name, value in objective.model.state_dict().items())
    assert modes == [(type(module), module.training) for module in model.modules()]
    assert all(p.grad is None for m in (model, objective.model) for p in m.parameters())
    assert torch.equal(at, kept)
    assert not at.requires_grad
    norms = [m for m in objective.model.modules() if isinstance(m, BatchNorm2d)]
    assert len(norms) == 3
    assert all(m.given is None and m.moments is None and not m.stops for m in norms)


@pytest.mark.parametrize("name", NETS)
def test_weights_are_those_of_the_model_in_order(name: str) -> None:
    model = made(NETS[name])
    objective = NetObjective(model, squared_error, *data())
    at = objective.weights()
    assert torch.equal(at, torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert objective.dimension == len(at)
    named = objective.parameters(at)
    assert list(named) == [key for key, _ in model.named_parameters()]
    assert all(torch.equal(named[key], p) for key, p in model.named_parameters())


@pytest.mark.parametrize("chunk", [0, 3])
def test_float32_is_close_to_float64(chunk: int) -> None:
    model, (inputs, targets) = made(residual), data()
    wide = NetObjective(model, squared_error, inputs, targets)
    narrow = NetObjective(model.float(), squared_error, inputs.float(), targets.float(), chunk=chunk)
    at = narrow.weights()
    assert at.dtype == narrow.dtype == torch.float32
    vector = direction(len(at))
    value, slope = narrow.gradient(at)
    product = narrow.hessian(at)(vector.float())
    wanted, gradient = wide.gradient(at.double())
    assert slope.dtype == product.dtype == torch.float32
    assert value == pytest.approx(wanted, rel=1e-5)
    assert close(slope.double(), gradient, 1e-5)
    assert close(product.double(), wide.hessian(at.double())(vector), 1e-4)


@pytest.mark.parametrize(
    ("name", "chunk", "work"), [("plain", 3, 2), ("plain", 0, 3), ("pooled", 3, 3), ("pooled", 0, 3)]
)
def test_cost_is_counted_in_passes_over_all_samples(name: str, chunk: int, work: int) -> None:
    objective = NetObjective(made(NETS[name]), squared_error, *data(), chunk=chunk)
    at = objective.weights()
    objective.gradient(at)
    objective.gradient(at)
    apply = objective.hessian(at)
    assert objective.cost == Cost(work, 0)
    for _ in range(3):
        apply(at)
    objective.accuracy(at)
    assert objective.cost == Cost(work, 3)


@pytest.mark.parametrize("chunk", [0, 1, 3])
@pytest.mark.parametrize("name", NETS)
def test_outputs_and_accuracy(name: str, chunk: int) -> None:
    model, (inputs, targets) = made(NETS[name]), data()
    objective = NetObjective(model, squared_error, inputs, targets, chunk=chunk)
    outputs = objective.outputs(objective.weights())
    wanted = copy.deepcopy(model)(inputs).detach()
    assert close(outputs, wanted)
    assert not outputs.requires_grad
    right = sum(int(row.argmax()) == int(target.argmax()) for row, target in zip(wanted, targets, strict=True))
    assert objective.accuracy(objective.weights()) == right / SAMPLES
    labels = outputs.argmax(1)
    labels[:2] = (labels[:2] + 1) % CLASSES
    by_number = NetObjective(model, cross_entropy, inputs, labels, chunk=chunk)
    assert by_number.accuracy(by_number.weights()) == (SAMPLES - 2) / SAMPLES


def test_accuracy_needs_two_classes() -> None:
    objective = NetObjective(nn.Sequential(nn.Linear(2, 1)), squared_error, torch.ones(3, 2), torch.ones(3, 1))
    with pytest.raises(ValueError, match=r"outputs of shape \(3, 1\): accuracy needs two classes"):
        objective.accuracy(objective.weights())


@pytest.mark.parametrize("name", ["plain", "pooled", "vectors"])
def test_jacobian_products(name: str) -> None:
    model, (inputs, targets) = made(NETS[name]), data()
    objective = NetObjective(model, squared_error, inputs, targets, chunk=3)
    at = objective.weights()
    outputs = whole(model, lambda outputs, _: outputs, inputs, targets)
    dense = torch.autograd.functional.jacobian(outputs, at)
    forwards, backwards = objective.jacobian_products(at)
    rows = torch.randn(SAMPLES, CLASSES, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    vector = direction(len(at))
    for scale in (1.0, -3.0):
        assert close(forwards(scale * vector), scale * (dense @ vector))
        assert close(backwards(scale * rows), scale * torch.einsum("nc,ncp->p", rows, dense))
    assert objective.cost == Cost(5, 0)
    assert not forwards(vector).requires_grad


@pytest.mark.parametrize("chunk", [0, 3])
@pytest.mark.parametrize("name", ["plain", "pooled"])
def test_values_that_are_not_finite_are_returned(name: str, chunk: int) -> None:
    objective = NetObjective(made(NETS[name]), squared_error, *data(), chunk=chunk)
    value, slope = objective.gradient(1e200 * objective.weights())
    assert not math.isfinite(value)
    assert slope.shape == (objective.dimension,)
    assert math.isnan(objective.gradient(math.nan * objective.weights())[0])


class Twice(nn.Module):
    """Calls its batch normalisation twice."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(72)
        self.last = nn.Linear(72, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.last(self.norm(torch.tanh(self.norm(x.flatten(1)))))
        return found


class Sometimes(Twice):
    """Calls its batch normalisation if the first input of the batch is positive."""

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        found: Tensor = self.last(self.norm(flat) if flat[0, 0] > 0 else flat)
        return found


def test_a_layer_that_is_called_twice_is_refused_in_chunks() -> None:
    model, (inputs, targets) = made(Twice), data()
    at = NetObjective(model, squared_error, inputs, targets).weights()
    vector = direction(len(at))
    value, slope, product = expected(whole(model, squared_error, inputs, targets), at, vector)
    objective = NetObjective(model, squared_error, inputs, targets)
    assert close(objective.gradient(at)[1], slope)
    assert close(objective.hessian(at)(vector), product)
    objective = NetObjective(model, squared_error, inputs, targets, chunk=3)
    for evaluate in (objective.gradient, objective.hessian, objective.outputs):
        with pytest.raises(ValueError, match="called twice in one forward pass"):
            evaluate(at)
    assert math.isfinite(value)
    assert all(m.given is None and not m.stops for m in objective.model.modules() if isinstance(m, BatchNorm2d))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_layer_that_is_called_on_some_chunks_only_is_refused(sign: float) -> None:
    inputs, targets = data()
    inputs[0, 0, 0, 0], inputs[3, 0, 0, 0] = sign, -sign
    objective = NetObjective(made(Sometimes), squared_error, inputs, targets, chunk=3)
    with pytest.raises(ValueError, match=r"not (called in the same order|the same) on every chunk"):
        objective.gradient(objective.weights())


def test_a_layer_that_is_never_called_is_no_hindrance() -> None:
    inputs, targets = data()
    inputs[:, 0, 0, 0] = -1.0
    model = made(Sometimes)
    at = NetObjective(model, squared_error, inputs, targets).weights()
    objective = NetObjective(model, squared_error, inputs, targets, chunk=3)
    value, slope, product = expected(whole(model, squared_error, inputs, targets), at, direction(len(at)))
    found, gradient = objective.gradient(at)
    assert found == pytest.approx(value, rel=1e-13)
    assert close(gradient, slope)
    assert close(objective.hessian(at)(direction(len(at))), product)


@pytest.mark.parametrize(
    ("model", "samples", "labels", "chunk", "words"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1)), 3, 3, 0, r"layer 1 \(Dropout\) is random"),
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout2d(0.1)), 3, 3, 0, r"layer 1 \(Dropout2d\) is random"),
        (nn.RReLU(), 3, 3, 0, r"layer model \(RReLU\) is random"),
        (nn.Sequential(nn.Linear(2, 2), nn.SyncBatchNorm(2)), 3, 3, 0, r"layer 1 \(SyncBatchNorm\)"),
        (nn.ReLU(), 3, 3, 0, "no weights"),
        (nn.Linear(2, 2), 3, 2, 0, "3 inputs and 2 targets"),
        (nn.Linear(2, 2), 0, 0, 0, "0 inputs and 0 targets"),
        (nn.Linear(2, 2), 3, 3, -1, "chunk -1"),
    ],
    ids=["dropout", "dropout2d", "rrelu", "sync", "weightless", "targets", "empty", "chunk"],
)
def test_bad_input_is_refused(model: nn.Module, samples: int, labels: int, chunk: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NetObjective(model, squared_error, torch.ones(samples, 2), torch.ones(labels, 2), chunk=chunk)


def test_dropout_in_evaluation_mode_is_no_hindrance() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5).eval())
    objective = NetObjective(model, squared_error, torch.ones(3, 2), torch.ones(3, 2))
    assert objective.gradient(objective.weights())[0] == objective.gradient(objective.weights())[0]


def test_dropout_of_nothing_is_no_hindrance() -> None:
    inputs, targets = data()
    model = made(lambda: nn.Sequential(plain(), nn.Dropout(0.0)))
    objective = NetObjective(model, squared_error, inputs, targets, chunk=3)
    assert close(objective.outputs(objective.weights()), model(inputs).detach())


class Functional(nn.Module):
    """Draws random numbers without a layer that says so."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(72, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(self.last(x.flatten(1)), 0.5, training=self.training)


class Attention(nn.Module):
    """Attention with dropout of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, dropout=0.5, batch_first=True)
        self.last = nn.Linear(72, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(1, 2)
        found: Tensor = self.last(self.attention(rows, rows, rows)[0].flatten(1))
        return found


@pytest.mark.parametrize("make", [Functional, Attention])
def test_a_random_forward_pass_is_refused(make: Callable[[], nn.Module]) -> None:
    model = made(make)
    before = torch.random.get_rng_state()
    with pytest.raises(ValueError, match="draws random numbers"):
        NetObjective(model, squared_error, *data())
    objective = NetObjective(model.eval(), squared_error, *data())
    assert torch.equal(torch.random.get_rng_state(), before)
    assert objective.gradient(objective.weights())[0] == objective.gradient(objective.weights())[0]


@pytest.mark.parametrize("chunk", [0, 3])
def test_layers_that_update_buffers_are_functions_of_the_weights(chunk: int) -> None:
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(72, 4))
    model = made(lambda: nn.Sequential(nn.Flatten(), layer, nn.Tanh(), nn.Linear(4, CLASSES)))
    inputs, targets = data()
    objective = NetObjective(model, squared_error, inputs, targets, chunk=chunk)
    before = {name: value.clone() for name, value in objective.model.state_dict().items()}
    at = objective.weights()
    vector = direction(len(at))
    value, slope, product = expected(whole(model, squared_error, inputs, targets), at, vector)
    first = copy.deepcopy(model)
    first(inputs)
    assert not all(torch.equal(a, b) for a, b in zip(first.buffers(), model.buffers(), strict=True))
    for _ in range(3):
        found, gradient = objective.gradient(at)
        assert found == pytest.approx(value, rel=1e-13)
        assert close(gradient, slope)
        assert close(objective.hessian(at)(vector), product)
    assert all(torch.equal(value, before[name]) for name, value in objective.model.state_dict().items())


@pytest.mark.parametrize(
    "loss",
    [
        nn.MSELoss(reduction="sum"),
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0, 2.0], dtype=torch.float64)),
    ],
    ids=["sum", "weighted"],
)
def test_a_loss_that_is_no_mean_is_refused_in_chunks(loss: nn.Module) -> None:
    inputs, targets = data()
    given = targets if isinstance(loss, nn.MSELoss) else targets.argmax(1)
    objective = NetObjective(made(plain), loss, inputs, given)
    assert objective.gradient(objective.weights())[0] > 0.0
    with pytest.raises(ValueError, match="is not the mean of its values in chunks"):
        NetObjective(made(plain), loss, inputs, given, chunk=3)


@pytest.mark.parametrize("chunk", [0, 3])
def test_weights_that_do_not_fit_are_refused(chunk: int) -> None:
    objective = NetObjective(made(pooled), squared_error, *data(), chunk=chunk)
    at = objective.weights()
    for wrong in (at[1:], at.float(), at.view(1, -1)):
        for evaluate in (objective.gradient, objective.hessian, objective.outputs):
            with pytest.raises(ValueError, match="weights of shape"):
                evaluate(wrong)


@pytest.mark.parametrize("chunk", [0, 3])
def test_hessian_of_an_affine_loss_is_zero(chunk: int) -> None:
    model = made(lambda: nn.Sequential(nn.Flatten(), nn.Linear(72, CLASSES)))
    objective = NetObjective(model, lambda outputs, targets: (outputs * targets).mean(), *data(), chunk=chunk)
    at = objective.weights()
    assert float(objective.gradient(at)[1].norm()) > 0.01
    assert torch.equal(objective.hessian(at)(direction(len(at))), torch.zeros_like(at))


def test_losses_are_the_stated_means() -> None:
    outputs = torch.tensor([[1.0, 2.0], [0.0, -1.0]], dtype=torch.float64)
    targets = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    assert float(squared_error(outputs, targets)) == (1 + 1 + 1 + 1) / 4
    wanted = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-1))) / 2
    assert float(cross_entropy(outputs, targets)) == pytest.approx(wanted, rel=1e-14)
