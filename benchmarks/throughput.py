"""Training throughput on the CPU, side by side: a 784-400-20 model, batches of 128.

    .venv/bin/python benchmarks/throughput.py [--pythae-python /tmp/pythae/bin/python]

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
    "pythae": "pythae",
    "products": "bare matrix products",
}


class Contender:
    """A process that trains one round when asked."""

    def __init__(
        self, name: str, python: str, images: Path, steps: int, threads: int, device: str = "cpu"
    ) -> None:
        self.name, self.steps = name, steps
        command = [python, str(HERE / "contenders.py"), name, str(images), str(steps), str(threads), device]
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
) -> dict[str, list]:
    """Images per second of each contender in each round."""
    with contextlib.ExitStack() as stack:
        contenders = [
            stack.enter_context(Contender(name, python, images, steps, threads, device))
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


def table(speeds: dict[str, list], threads: int) -> Table:
    middle = {name: median(values) for name, values in speeds.items()}
    out = Table("", "images/s", "slowest to fastest", "as it comes", "float32", title=f"{threads} thread(s)")
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


def some_images() -> np.ndarray:
    """MNIST where it is there, else the digits that Elbo Room draws."""
    from vae_core import data

    try:
        return data.load("mnist").images[:, 0].numpy()
    except data.Unavailable:
        return data.load("strokes").images[:, 0].numpy()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pythae-python", metavar="PATH", help="a Python that can import pythae")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=100, help="batches in a round")
    parser.add_argument("--warm-up", type=int, default=12, help="rounds before those that count")
    chosen = parser.parse_args()

    pythons = dict.fromkeys(TITLES, sys.executable)
    if chosen.pythae_python:
        pythons["pythae"] = chosen.pythae_python
    else:
        del pythons["pythae"]
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npy"
        np.save(images, some_images())
        for threads in chosen.threads:
            speeds = measure(pythons, images, chosen.steps, threads, chosen.rounds, chosen.warm_up)
            Console(width=100).print(table(speeds, threads))


if __name__ == "__main__":
    main()
