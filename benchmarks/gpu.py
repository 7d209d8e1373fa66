"""Whether a GPU computes what the CPU does, and how fast it trains: one table each, in under ten minutes.

    .venv/bin/python benchmarks/gpu.py [--device cuda] [--pythae-python /tmp/pythae/bin/python] [--out FILE]

Without `--device` it takes the GPU that there is. `--device cpu --quick` tries the script itself where there
is none: everything is then held against itself. pythae is compared where it is given a Python that has it,
as in `throughput.py`. The script ends with 1 where the device got something wrong.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import gpu_checks
import numpy as np
import torch
from contenders import BATCH
from rich.console import Console
from throughput import measure, some_images

from vae_core.analysis import aggregate
from vae_core.model.posteriors import Posteriors

EPOCH = 60_000 // BATCH  # steps
SAY = Console(stderr=True, highlight=False)
CONTENDERS = {
    "ours": "Elbo Room, a recorded step",
    "ours_bfloat16": "the same under autocast to bfloat16",
    "ours_unrecorded": "Elbo Room, kernels launched one by one",
    "examples": "the pytorch/examples way",
    "pythae": "pythae",
    "products": "bare matrix products, as a graph",
}


def table(rows: Iterable[Sequence[str]]) -> str:
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def correctness(device: torch.device, quick: bool) -> tuple[str, bool]:
    """Markdown of every check, and whether all of them passed."""
    rows, right = [["Check", "Found", "Allowed", ""]], True
    for check in gpu_checks.checks(device, quick):
        with SAY.status(check.title):
            try:
                found, passed = check.run()
            except Exception as error:  # noqa: BLE001 (it has failed; the others are still of interest)
                found, passed = f"{type(error).__name__}: {str(error).splitlines()[0]}", False
        right &= passed
        rows.append([check.title, found, check.allowed, "right" if passed else "**wrong**"])
    return table(rows), right


def epochs(device: torch.device, quick: bool, pythae: str | None) -> str:
    """Markdown of seconds that 60,000 images take in batches of 128, side by side."""
    pythons = dict.fromkeys(CONTENDERS, sys.executable)
    if pythae:
        pythons["pythae"] = pythae
    else:
        del pythons["pythae"]
    if device.type != "cuda":
        del pythons["ours_unrecorded"]  # there is nothing else
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images.npy"
        np.save(images, some_images((1, 28, 28)))
        steps, rounds, warm_up = (10, 2, 1) if quick else (EPOCH, 7, 2)
        speeds = measure(pythons, images, steps, 1, rounds, warm_up, device.type)
    seconds = {name: 60_000 / median(values) for name, values in speeds.items()}
    rows = [["784-400-20, batches of 128", "An epoch of 60,000 images", "Times Elbo Room's"]]
    for name, taken in seconds.items():
        rows.append([CONTENDERS[name], f"{1000 * taken:,.0f} ms", f"{taken / seconds['ours']:.2f}"])
    return table(rows)


def density(device: torch.device, quick: bool) -> str:
    """Markdown of milliseconds that the map's exact density takes."""
    count, size, repeats = (2_000, 64, 2) if quick else (60_000, 512, 9)
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(count, 2, generator=generator)
    log_var = torch.rand(count, 2, generator=generator) * 4 - 6
    found, taken = Posteriors(mean.to(device), log_var.to(device)), []
    for turn in range(repeats + 1):
        start = time.perf_counter()
        aggregate.grid(found, size=size).log_q.sum().item()
        if turn:
            taken.append(time.perf_counter() - start)
    return table(
        [
            ["The map's exact density", "Median"],
            [f"{count:,} codes on {size} x {size} points", f"{1000 * median(taken):,.1f} ms"],
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("cuda", "mps", "cpu"))
    parser.add_argument("--pythae-python", metavar="PATH", help="a Python that can import pythae")
    parser.add_argument("--quick", action="store_true", help="small: whether the script works")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the tables go, too")
    chosen = parser.parse_args()
    if chosen.device is None:
        if not (torch.cuda.is_available() or torch.backends.mps.is_available()):
            parser.error("There is no GPU here. `--device cpu --quick` tries the script itself.")
        chosen.device = "cuda" if torch.cuda.is_available() else "mps"
    device = torch.device(chosen.device)
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"{platform.machine()}, {device.type}"

    start = time.perf_counter()
    checked, right = correctness(device, chosen.quick)
    parts = [
        f"{name}, PyTorch {torch.__version__}, Python {platform.python_version()}.\n",
        checked,
        epochs(device, chosen.quick, chosen.pythae_python),
        density(device, chosen.quick),
    ]
    parts.append(f"All of it took {time.perf_counter() - start:,.0f} seconds.\n")
    report = "\n".join(parts)
    print(report)
    if chosen.out:
        chosen.out.write_text(f"# What a GPU computes, and how fast\n\n{report}")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
