"""The ways to train a 784-400-20 VAE that `throughput.py` and `gpu.py` set side by side, one per process.

Each is a function `(images uint8 [N, 28, 28], steps, device) -> round`, and `round()` trains `steps` batches
of 128. All take grey pixels as Bernoulli means, and Adam with a learning rate of 0.001.
Run as `python contenders.py NAME IMAGES.npy STEPS THREADS [DEVICE]`; each line on standard input asks for one
round, each line on standard output is its seconds, until the device has done all of it. pythae lives in an
environment of its own, so this file imports nothing but PyTorch and NumPy unless a contender needs it.
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

Round = Callable[[], None]


def ours(
    images: Tensor,
    steps: int,
    device: str,
    binarisation: str = "none",
    products: str = "float32",
    recorded: bool = True,
) -> Round:
    """vae_core's Trainer, as a worker process drives it."""
    from vae_core.data import Dataset
    from vae_core.spec import Spec
    from vae_core.training.loop import Trainer
    from vae_core.training.process import quick_arithmetic

    spec = Spec().change(
        **{
            "net.widths": [HIDDEN],
            "latent": LATENT,
            "data.binarisation": binarisation,
            "training.batch_size": BATCH,
            "training.products": products,
        }
    )
    dataset = Dataset("benchmark", "train", images[:, None], None, None, (), ())

    def turns() -> Iterator[int]:
        # Before this process has threads: they keep what was set then.
        with quick_arithmetic(torch.get_num_threads()):
            trainer = Trainer(spec, dataset, device)
            if not recorded:
                trainer.recorded = None
            yield from trainer

    training = turns()
    return lambda: [next(training) for _ in range(steps)] and None


def ours_dynamic(images: Tensor, steps: int, device: str) -> Round:
    """The same with pixels drawn anew at each step, which the others do not do."""
    return ours(images, steps, device, "dynamic")


def ours_auto(images: Tensor, steps: int, device: str) -> Round:
    """As it comes: training.products=auto rounds factors to bfloat16 where the processor has AMX."""
    return ours(images, steps, device, products="auto")


def ours_bfloat16(images: Tensor, steps: int, device: str) -> Round:
    """Factors of products rounded to bfloat16; on a GPU by autocast."""
    return ours(images, steps, device, products="bfloat16")


def ours_unrecorded(images: Tensor, steps: int, device: str) -> Round:
    """On a GPU: every kernel launched by itself, in the place of one graph for all of a step."""
    return ours(images, steps, device, recorded=False)


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


def examples(images: Tensor, steps: int, device: str) -> Round:
    """The way of pytorch/examples: items through PIL and ToTensor, DataLoader, plain Adam, loss.item()."""
    mnist = torchvision_datasets().MNIST
    from torchvision.transforms import ToTensor

    # torchvision's own dataset, without the reading of files.
    items = mnist.__new__(mnist)
    items.data, items.targets = images, torch.zeros(len(images), dtype=torch.int64)
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


def pythae(images: Tensor, steps: int, device: str) -> Round:
    """pythae's VAE and BaseTrainer, with encoder and decoder of the sizes compared here."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.ReLU())
            self.mean, self.log_var = nn.Linear(HIDDEN, LATENT), nn.Linear(HIDDEN, LATENT)

        def forward(self, x: Tensor) -> ModelOutput:
            hidden = self.hidden(x.reshape(-1, PIXELS))
            return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_var(hidden))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, PIXELS), nn.Sigmoid()
            )

        def forward(self, z: Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.layers(z).reshape(-1, 1, 28, 28))

    # One call of train_step is one pass over its dataset.
    count = min(steps * BATCH, len(images))
    dataset = BaseDataset(images[:count, None] / 255, torch.zeros(count))
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENT, reconstruction_loss="bce")
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


def products(images: Tensor, steps: int, device: str) -> Round:
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
        pythae,
        products,
    )
}


def main(name: str, images: str, steps: str, threads: str, device: str = "cpu") -> None:
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    turn = CONTENDERS[name](torch.from_numpy(np.load(images)), int(steps), device)
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    for _ in sys.stdin:
        start = time.perf_counter()
        turn()
        wait()
        print(time.perf_counter() - start, file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
