"""Training throughput on the CPU, side by side, in batches of 128.

    .venv/bin/python benchmarks/throughput.py [--on mnist mnist-conv sprites-conv colour-conv]
                                              [--pythae-python /tmp/pythae/bin/python]

On MNIST a 784-400-20 model, and beside it a convolutional one (`contenders.py` has the sizes), which also
trains on images of 1 x 64 x 64 and 3 x 32 x 32.

pythae is compared where it is given a Python that has it, with the same PyTorch:

    python3 -m venv /tmp/pythae
    /tmp/pythae/bin/pip install torch==2.13.0
    /tmp/pythae/bin/pip install pythae==0.1.2

The contenders take turns, a round each, so that a machine that slows down slows them all. They warm up for
a thousand steps first: by then Adam's averages for pixels that are seldom lit have sunk so low that a
processor takes longer over them, and that is how most of a training goes. The table gives
the median of the rounds and, in brackets, the slowest and the fastest; ratios are of medians.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from contenders import BATCH
from rich.console import Console
from rich.progress import track
from rich.table import Table

HERE = Path(__file__).resolve().parent

TITLES = {
    "ours_auto": "Elbo Room, as it comes",
    "ours": "Elbo Room, all products in float32",
    "ours_dynamic": "the same, pixels drawn anew at each step",
    "examples": "the pytorch/examples way",
    "layers": "PyTorch's layers and Adam, bare",
    "pythae": "pythae",
    "products": "bare matrix products",
}

# Net, images, and who is compared.
ON = {
    "mnist": ("dense", (1, 28, 28), ["ours_auto", "ours", "ours_dynamic", "examples", "pythae", "products"]),
    "mnist-conv": ("conv", (1, 28, 28), ["ours_auto", "ours", "layers", "pythae"]),
    "sprites-conv": ("conv", (1, 64, 64), ["ours_auto", "ours", "layers", "pythae"]),
    "colour-conv": ("conv", (3, 32, 32), ["ours_auto", "ours", "layers", "pythae"]),
}


class Contender:
    """A process that trains one round when asked."""

    def __init__(
        self,
        name: str,
        python: str,
        images: Path,
        steps: int,
        threads: int,
        device: str = "cpu",
        net: str = "dense",
    ) -> None:
        self.name, self.steps = name, steps
        given = [name, str(images), str(steps), str(threads), device, net]
        command = [python, str(HERE / "contenders.py"), *given]
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def __enter__(self) -> Contender:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def round(self) -> float:
        """Images per second over one round."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print("go", file=self.process.stdin, flush=True)
        seconds = self.process.stdout.readline()
        if not seconds:
            raise SystemExit(f"{self.name} did not run: {' '.join(map(str, self.process.args))}")
        return self.steps * BATCH / float(seconds)


def measure(
    pythons: dict[str, str],
    images: Path,
    steps: int,
    threads: int,
    rounds: int,
    warm_up: int,
    device: str = "cpu",
    net: str = "dense",
) -> dict[str, list]:
    """Images per second of each contender in each round."""
    with contextlib.ExitStack() as stack:
        contenders = [
            stack.enter_context(Contender(name, python, images, steps, threads, device, net))
            for name, python in pythons.items()
        ]
        for _ in range(warm_up):
            for contender in contenders:
                contender.round()
        speeds: dict[str, list[float]] = {name: [] for name in pythons}
        for _ in track(range(rounds), f"{threads} thread(s)", console=Console(stderr=True), transient=True):
            for contender in contenders:
                speeds[contender.name].append(contender.round())
        return speeds


def table(speeds: dict[str, list], title: str) -> Table:
    middle = {name: median(values) for name, values in speeds.items()}
    out = Table("", "images/s", "slowest to fastest", "as it comes", "float32", title=title)
    for name, values in speeds.items():
        ratios = (
            ["", ""]
            if name.startswith("ours")
            else [f"{middle[ours] / middle[name]:.2f} x" for ours in ("ours_auto", "ours")]
        )
        out.add_row(
            TITLES[name], f"{middle[name]:,.0f}", f"{min(values):,.0f} to {max(values):,.0f}", *ratios
        )
    return out


def some_images(shape: tuple[int, int, int]) -> np.ndarray:
    """uint8 [N, C, H, W]: MNIST where it is there, else the digits that Elbo Room draws; of another size
    sprites, and of three channels these in colours at random."""
    from vae_core import data

    if shape == (1, 28, 28):
        try:
            return data.load("mnist").images.numpy()
        except data.Unavailable:
            return data.load("strokes").images.numpy()
    images = data.load("sprites_64" if shape[1] == 64 else "sprites").images[:20_000].numpy()
    colours = np.random.default_rng(0).random((len(images), shape[0], 1, 1)) if shape[0] > 1 else 1
    return (images * colours).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pythae-python", metavar="PATH", help="a Python that can import pythae")
    parser.add_argument("--on", choices=ON, nargs="+", default=["mnist"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, help="batches in a round; 100, and 10 with convolutions")
    parser.add_argument("--warm-up", type=int, default=12, help="rounds before those that count")
    chosen = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        for on in chosen.on:
            net, shape, names = ON[on]
            images = Path(folder) / f"{on}.npy"
            np.save(images, some_images(shape))
            pythons = dict.fromkeys(names, sys.executable)
            if chosen.pythae_python:
                pythons["pythae"] = chosen.pythae_python
            else:
                del pythons["pythae"]
            steps = chosen.steps or (100 if net == "dense" else 10)
            for threads in chosen.threads:
                speeds = measure(pythons, images, steps, threads, chosen.rounds, chosen.warm_up, net=net)
                Console(width=100).print(table(speeds, f"{on}, {threads} thread(s)"))


if __name__ == "__main__":
    main()
