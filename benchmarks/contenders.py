"""The ways to train a VAE that `throughput.py` and `gpu.py` set side by side, one per process.

Each is a function `(images uint8 [N, C, H, W], steps, device, net) -> round`, and `round()` trains `steps`
batches of 128. All take grey pixels as Bernoulli means, and Adam with a learning rate of 0.001. The net is
"dense", 784-400-20, or "conv": convolutions of stride 2 with 32 and 64 channels and a hidden layer of 256.
Run as `python contenders.py NAME IMAGES.npy STEPS THREADS [DEVICE [NET]]`; each line on standard input asks
for one round, each line on standard output is its seconds, until the device has done all of it. pythae lives
in an environment of its own, so this file imports nothing but PyTorch and NumPy unless a contender needs it.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

PIXELS, HIDDEN, LATENT, BATCH = 784, 400, 20, 128
CHANNELS, CONV_HIDDEN = (32, 64), 256

Round = Callable[[], None]


def ours(
    images: Tensor,
    steps: int,
    device: str,
    net: str = "dense",
    binarisation: str = "none",
    products: str = "float32",
    recorded: bool = True,
) -> Round:
    """vae_core's Trainer, as a worker process drives it."""
    from vae_core.data import Dataset
    from vae_core.spec import Spec
    from vae_core.training.loop import Trainer
    from vae_core.training.process import quick_arithmetic

    nets: dict[str, dict[str, object]] = {
        "dense": {"net.widths": [HIDDEN]},
        "conv": {"net.kind": "conv", "net.channels": CHANNELS, "net.hidden": CONV_HIDDEN},
    }
    spec = Spec().change(
        **nets[net],
        **{
            "data.name": "array",  # any images: of an array file nothing is read here
            "data.path": "benchmark.npy",
            "data.image_shape": tuple(images.shape[1:]),
            "latent": LATENT,
            "data.binarisation": binarisation,
            "training.batch_size": BATCH,
            "training.products": products,
        },
    )
    dataset = Dataset("benchmark", "train", images, None, None, (), ())

    def turns() -> Iterator[int]:
        # Before this process has threads: they keep what was set then.
        with quick_arithmetic(torch.get_num_threads()):
            trainer = Trainer(spec, dataset, device)
            if not recorded:
                trainer.recorded = None
            yield from trainer

    training = turns()
    return lambda: [next(training) for _ in range(steps)] and None


def ours_dynamic(images: Tensor, steps: int, device: str, net: str = "dense") -> Round:
    """The same with pixels drawn anew at each step, which the others do not do."""
    return ours(images, steps, device, net, "dynamic")


def ours_auto(images: Tensor, steps: int, device: str, net: str = "dense") -> Round:
    """As it comes: training.products=auto rounds factors to bfloat16 where that is faster."""
    return ours(images, steps, device, net, products="auto")


def ours_bfloat16(images: Tensor, steps: int, device: str, net: str = "dense") -> Round:
    """Factors of products rounded to bfloat16; on a GPU by autocast."""
    return ours(images, steps, device, net, products="bfloat16")


def ours_unrecorded(images: Tensor, steps: int, device: str, net: str = "dense") -> Round:
    """On a GPU: every kernel launched by itself, in the place of one graph for all of a step."""
    return ours(images, steps, device, net, recorded=False)


def torchvision_datasets() -> ModuleType:
    """`torchvision.datasets`, also where torchvision's compiled part is of another PyTorch.

    Its import then fails, because it describes operators that were never defined. Data needs none of them, so
    in exactly that case they are declared.
    """
    try:
        return importlib.import_module("torchvision.datasets")
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            raise
    for module in [module for module in sys.modules if module.split(".")[0] == "torchvision"]:
        del sys.modules[module]  # half imported
    nms = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    for operator in ("nms", "qnms"):
        torch.library.define(f"torchvision::{operator}", nms)
    return importlib.import_module("torchvision.datasets")


def examples(images: Tensor, steps: int, device: str, net: str = "dense") -> Round:
    """The way of pytorch/examples: items through PIL and ToTensor, DataLoader, plain Adam, loss.item()."""
    mnist = torchvision_datasets().MNIST
    from torchvision.transforms import ToTensor

    # torchvision's own dataset, without the reading of files.
    items = mnist.__new__(mnist)
    items.data, items.targets = images[:, 0], torch.zeros(len(images), dtype=torch.int64)
    items.transform, items.target_transform = ToTensor(), None

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.mean, self.log_var = (
                nn.Linear(a, b) for a, b in ((PIXELS, HIDDEN), (HIDDEN, LATENT), (HIDDEN, LATENT))
            )
            self.widen, self.pixels = nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, PIXELS)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            hidden = F.relu(self.hidden(x.view(-1, PIXELS)))
            mean, log_var = self.mean(hidden), self.log_var(hidden)
            std = torch.exp(0.5 * log_var)
            z = mean + torch.randn_like(std) * std
            return torch.sigmoid(self.pixels(F.relu(self.widen(z)))), mean, log_var

    model = Net().to(device)
    optimiser = optim.Adam(model.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(items, batch_size=BATCH, shuffle=True, drop_last=True)

    def turns() -> Iterator[float]:
        total = 0.0
        while True:
            for batch, _ in loader:
                x = batch.to(device)
                optimiser.zero_grad()
                pixels, mean, log_var = model(x)
                reconstruction = F.binary_cross_entropy(pixels, x.view(-1, PIXELS), reduction="sum")
                kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
                loss = reconstruction + kl
                loss.backward()
                total += loss.item()
                optimiser.step()
                yield total

    turn = turns()
    return lambda: [next(turn) for _ in range(steps)] and None


class Layers(nn.Module):
    """The networks compared here, of PyTorch's own layers: images [B, C, H, W] to mean and log variance, and
    codes to logits [B, C, H, W]."""

    def __init__(self, shape: tuple[int, int, int], net: str) -> None:
        super().__init__()
        channels, height, width = shape
        if net == "dense":
            hidden, pixels = HIDDEN, channels * height * width
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU())
            self.decoder = nn.Sequential(
                nn.Linear(LATENT, hidden), nn.ReLU(), nn.Linear(hidden, pixels), nn.Unflatten(1, shape)
            )
        else:
            (a, b), hidden, smallest = CHANNELS, CONV_HIDDEN, (CHANNELS[1], height // 4, width // 4)
            numbers = smallest[0] * smallest[1] * smallest[2]
            self.body = nn.Sequential(
                *(nn.Conv2d(channels, a, 3, 2, 1), nn.ReLU(), nn.Conv2d(a, b, 3, 2, 1), nn.ReLU()),
                *(nn.Flatten(), nn.Linear(numbers, hidden), nn.ReLU()),
            )
            self.decoder = nn.Sequential(
                *(nn.Linear(LATENT, hidden), nn.ReLU(), nn.Linear(hidden, numbers), nn.ReLU()),
                *(nn.Unflatten(1, smallest), nn.ConvTranspose2d(b, a, 3, 2, 1, 1), nn.ReLU()),
                nn.ConvTranspose2d(a, channels, 3, 2, 1, 1),
            )
        self.mean, self.log_var = nn.Linear(hidden, LATENT), nn.Linear(hidden, LATENT)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.body(x)
        return self.mean(hidden), self.log_var(hidden)


def layers(images: Tensor, steps: int, device: str, net: str = "dense") -> Round:
    """Nothing but PyTorch's layers, its loss and its fused Adam, on images that lie there as float32."""
    model = Layers(tuple(images.shape[1:]), net).to(device)
    optimiser = optim.Adam(model.parameters(), lr=1e-3, fused=True)
    x = (images[: 20 * BATCH] / 255).to(device)

    def step(batch: Tensor) -> None:
        optimiser.zero_grad()
        mean, log_var = model.encode(batch)
        std = torch.exp(0.5 * log_var)
        logits = model.decoder(mean + torch.randn_like(std) * std)
        reconstruction = F.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
        ((reconstruction + kl) / BATCH).backward()
        optimiser.step()

    return lambda: [step(x[i % 20 * BATCH :][:BATCH]) for i in range(steps)] and None


def pythae(images: Tensor, steps: int, device: str, net: str = "dense") -> Round:
    """pythae's VAE and BaseTrainer, with encoder and decoder of the sizes compared here."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    shape = tuple(images.shape[1:])

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = Layers(shape, net)
            del self.layers.decoder

        def forward(self, x: Tensor) -> ModelOutput:
            mean, log_var = self.layers.encode(x)
            return ModelOutput(embedding=mean, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(Layers(shape, net).decoder, nn.Sigmoid())

        def forward(self, z: Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.layers(z))

    # One call of train_step is one pass over its dataset.
    count = min(steps * BATCH, len(images))
    dataset = BaseDataset(images[:count] / 255, torch.zeros(count))
    config = VAEConfig(input_dim=shape, latent_dim=LATENT, reconstruction_loss="bce")
    settings = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=BATCH,
        learning_rate=1e-3,
        no_cuda=not device.startswith("cuda"),
    )
    trainer = BaseTrainer(VAE(config, Encoder(), Decoder()), dataset, training_config=settings)
    trainer.prepare_training()
    epochs = iter(range(1, 1_000_000))

    def turn() -> None:
        for _ in range(steps * BATCH // count):
            trainer.train_step(next(epochs))

    return turn


def products(images: Tensor, steps: int, device: str, net: str = "dense") -> Round:
    """Only the matrix products of a step, forward and backward, into buffers that are there already; on a GPU
    as a graph."""
    x = torch.rand(BATCH, PIXELS, device=device)
    jobs = []
    for inputs, outputs in ((PIXELS, HIDDEN), (HIDDEN, 2 * LATENT), (LATENT, HIDDEN), (HIDDEN, PIXELS)):
        x = x if inputs == PIXELS else torch.randn(BATCH, inputs, device=device)
        weight = torch.randn(outputs, inputs, device=device)
        gradient = torch.randn(BATCH, outputs, device=device)
        jobs.append((x, weight.t(), torch.empty(BATCH, outputs, device=device)))
        jobs.append((gradient.t(), x, torch.empty(outputs, inputs, device=device)))
        if inputs != PIXELS:  # nobody asks for the gradient of the images
            jobs.append((gradient, weight, torch.empty(BATCH, inputs, device=device)))

    def step() -> None:
        for left, right, out in jobs:
            torch.mm(left, right, out=out)

    once = step
    if device.startswith("cuda"):
        step()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        once = graph.replay

    return lambda: [once() for _ in range(steps)] and None


CONTENDERS = {
    maker.__name__: maker
    for maker in (
        ours,
        ours_dynamic,
        ours_auto,
        ours_bfloat16,
        ours_unrecorded,
        examples,
        layers,
        pythae,
        products,
    )
}


def main(name: str, images: str, steps: str, threads: str, device: str = "cpu", net: str = "dense") -> None:
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    turn = CONTENDERS[name](torch.from_numpy(np.load(images)), int(steps), device, net)
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    for _ in sys.stdin:
        start = time.perf_counter()
        turn()
        wait()
        print(time.perf_counter() - start, file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
