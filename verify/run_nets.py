"""`verify nets`: gradient descent on a real network, its GFS sharpness along the way, the report."""

import os
import platform
import shlex
from dataclasses import asdict, dataclass
from importlib import import_module
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rich.console import Console

from verify.claims import ClaimGraph
from verify.nets_view import CHECKPOINT, live_view, print_summary
from verify.results import results_data
from verify.runs import finish, require_writable

if TYPE_CHECKING:
    from numeric.image_data import ImageData

SMALL: dict[str, dict[str, Any]] = {
    "fc-hardtanh": {"width": 0.25, "samples": 100},
    "vgg11-bn": {"width": 0.125, "samples": 50},
    "resnet20": {"width": 0.5, "samples": 8, "activation": "gelu"},
}
"""Small sizes, by architecture: the defaults. A small ResNet with relu has no end of its flow that could be told."""

LOSSES = ("mse", "cross-entropy")
DTYPES = ("float32", "float64")
STOP_LOSS = 0.01
"""Where the flow of the cross-entropy is stopped: it has no end."""

METHOD = "the Runge-Kutta-Chebyshev method of order 2, with adaptive steps and as many stages as the sharpness asks for"
KINKS = """The loss has kinks ({}), where its gradient jumps. There the gradient is the one that automatic
differentiation gives, and the Hessian that of the smooth pieces. The flow is a solution of the differential
inclusion: it may slide along a kink, and two integrators that are both accurate elsewhere may leave it at different
places. How much the end point depends on the steps is part of the error bar."""
BATCH_NORM = """Batch normalisation is in training mode over all samples: the mean and the variance of the batch are
part of the function that is differentiated, once for the gradient and twice for the Hessian. The loss does not
change when the weights before such a layer are scaled; the flow keeps their norm, gradient descent does not, and the
sharpness depends on it."""
ZERO_LOSS = """The flow is taken to end at zero loss. The sharpness there is extrapolated from the last states by
powers of the loss."""
NO_MINIMUM = """The cross-entropy of separable data has no minimum: the weights grow without end, and the sharpness
tends to 0. What is called GFS sharpness here is the sharpness where the flow reaches the loss {}."""

MOST_SAMPLES, MOST_STEPS = 60_000, 1_000_000


@dataclass(frozen=True)
class Question:
    """What a run was asked. Raises ValueError for anything out of range.

    `samples` 0 and `width` 0 stand for the small sizes of SMALL. `activation` "" is that of the paper, unless the width
    is small by default and SMALL has another for it. The step size is `lr`, or if that is None `lr_factor` times 2 over
    the GFS sharpness of the start.
    """

    arch: str = "fc-hardtanh"
    activation: str = ""
    loss: str = "mse"
    width: float = 0.0
    data: str = "digits"
    data_dir: Path | None = None
    samples: int = 0
    seed: int = 0
    lr: float | None = None
    lr_factor: float = 1.1
    steps: int = 20
    gfs_every: int = 10
    sharpness_every: int = 1
    rtol: float = 0.02
    chunk: int = 0
    dtype: str = "float32"
    device: str = "cpu"
    max_gradients: int = 20_000

    def __post_init__(self) -> None:
        """Fill in the defaults of the architecture and check the numbers."""
        for name, value, allowed in (
            ("arch", self.arch, tuple(SMALL)),
            ("loss", self.loss, LOSSES),
            ("dtype", self.dtype, DTYPES),
            ("data", self.data, ("digits", "cifar10")),
        ):
            if value not in allowed:
                raise ValueError(f"--{name} {value!r}: give one of {', '.join(allowed)}")
        if self.data_dir is not None and self.data != "cifar10":
            raise ValueError("--data-dir belongs to --data cifar10")
        for name, least, most in (
            ("samples", 0, MOST_SAMPLES),
            ("seed", 0, 2**32 - 1),
            ("steps", 1, MOST_STEPS),
            ("gfs_every", 1, MOST_STEPS),
            ("sharpness_every", 1, MOST_STEPS),
            ("chunk", 0, MOST_SAMPLES),
            ("max_gradients", 1, 10**9),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{_option(name)} {getattr(self, name)}: give {max(least, 1)} to {most}")
        for name, largest in (("lr", 1e6), ("lr_factor", 1e3), ("rtol", 0.02), ("width", 64.0)):
            value = getattr(self, name)
            stands_for_default = value is None or (name == "width" and value == 0.0)
            if not stands_for_default and not (isfinite(value) and 0.0 < value <= largest):
                raise ValueError(f"{_option(name)} {value}: give a positive number of at most {largest:g}")
        usual = SMALL[self.arch] if not self.width else SMALL[self.arch] | {"activation": ""}
        for name, default in usual.items():
            object.__setattr__(self, name, getattr(self, name) or default)

    def command(self) -> str:
        """Return the command that asks the same again; the folder of the data is written DIR."""
        words = ["python", "-m", "verify", "nets", "--arch", self.arch]
        small = SMALL[self.arch]
        if "activation" in small and (self.width != small["width"] or not self.activation):
            small = small | {"width": 0.0, "activation": ""}  # --width is given: then the activation is the paper's
        for name, default in asdict(Question(arch=self.arch)).items():
            value = getattr(self, name)
            if name not in ("arch", "data_dir") and value != small.get(name, default):
                words += [_option(name), str(value)]
        return shlex.join([*words, "--data-dir", "DIR"] if self.data_dir is not None else words)

    def asked(self) -> dict[str, Any]:
        """Return the question as plain data for the results."""
        from numeric.nets.architectures import default_activation

        asked = {name: value for name, value in asdict(self).items() if name != "data_dir"}
        asked["activation"] = self.activation or default_activation(self.arch)
        return asked | {"lr_factor": self.lr_factor if self.lr is None else None}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def read_data(question: Question) -> "ImageData":
    """Return the images of a question.

    Raises ValueError for data that do not fit it, OSError for files that cannot be read or fetched, and
    ModuleNotFoundError without torch: better before the data are fetched than after.
    """
    import_module("torch")
    from numeric import image_data

    return image_data.load(question.data, question.samples, question.data_dir)


def run_nets(
    question: Question, images: "ImageData", folder: Path, *, resume: bool = False, as_json: bool = False
) -> int:
    """Measure, write the report into `folder`, print the summary; return the exit code.

    Raises ValueError for a checkpoint that cannot be used or a device that is not there, OSError for a folder that
    cannot be written.
    """
    require_writable(folder)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists() and not resume:
        raise ValueError(f"{checkpoint} is of an unfinished run: give --resume to go on, or remove it")
    console = Console(stderr=True)
    data = gather(question, images, checkpoint, resume, console)
    code = finish(data, folder, console, print_summary, as_json=as_json)
    checkpoint.unlink(missing_ok=True)
    return code


def gather(question: Question, images: "ImageData", checkpoint: Path, resume: bool, console: Console) -> dict[str, Any]:
    """Run gradient descent with a live view; return the results. Raises as `run_nets`."""
    import torch

    from numeric.net_experiment import Plan, run_net_experiment
    from numeric.net_objective import NetObjective, cross_entropy, squared_error
    from numeric.nets.architectures import build, layers

    began = perf_counter()
    dtype = getattr(torch, question.dtype)
    device = _device(question.device)
    model = build(
        question.arch,
        width=question.width,
        activation=question.activation or None,
        classes=len(images.classes),
        seed=question.seed,
        dtype=dtype,
    )
    listed = layers(model)
    objective = NetObjective(
        model.to(device),
        squared_error if question.loss == "mse" else cross_entropy,
        torch.tensor(images.images, dtype=dtype, device=device),
        torch.tensor(images.one_hot(), dtype=dtype, device=device),
        chunk=question.chunk,
    )
    plan = Plan(
        steps=question.steps,
        eta=question.lr,
        eta_factor=question.lr_factor,
        gfs_every=question.gfs_every,
        sharpness_every=question.sharpness_every,
        rtol=question.rtol,
        max_gradients=question.max_gradients,
        stop_loss=0.0 if question.loss == "mse" else STOP_LOSS,
    )
    with live_view(console, question.steps) as watcher:
        run = run_net_experiment(
            objective,
            objective.weights(),
            plan,
            accuracy=objective.accuracy,
            configuration=question.asked() | {"images": images.sha256, "torch": torch.__version__},
            checkpoint=checkpoint,
            resume=resume,
            watcher=watcher,
        )
    return results_data(
        ClaimGraph(()),
        {},
        model="nets",
        command=question.command(),
        question=question.asked(),
        seconds=perf_counter() - began,
        network={
            "arch": question.arch,
            "activation": question.asked()["activation"],
            "width": question.width,
            "parameters": objective.dimension,
            "layers": [asdict(layer) for layer in listed],
        },
        data=asdict(images.record()),
        machine={
            "cores": os.cpu_count() or 1,
            "threads": torch.get_num_threads(),
            "processor": processor(),
            "torch": torch.__version__,
        },
        flow=flow_words(question),
        run=run.to_dict(),
    )


def _device(name: str) -> Any:
    """Return a device of torch. Raises ValueError for one that is not there."""
    import torch

    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"--device {name}: {str(error).splitlines()[0]}") from None
    return device


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def flow_words(question: Question) -> dict[str, Any]:
    """Return how the gradient flow is followed, and what it is taken to mean for this network."""
    activation = question.asked()["activation"]
    kinks = [f"those of {activation}"] if activation in ("relu", "hardtanh") else []
    if question.arch == "vgg11-bn":
        kinks.append("the maxima of the pooling")
    assumes = [KINKS.format(" and ".join(kinks))] if kinks else []
    if question.arch in ("vgg11-bn", "resnet20"):
        assumes.append(BATCH_NORM)
    assumes.append(ZERO_LOSS if question.loss == "mse" else NO_MINIMUM.format(STOP_LOSS))
    return {"method": METHOD, "assumes": [" ".join(text.split()) for text in assumes]}
