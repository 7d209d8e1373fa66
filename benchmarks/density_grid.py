"""How long a density grid takes beside the one matrix product it contains.

    .venv/bin/python benchmarks/density_grid.py [--components 60000] [--size 256] [--repeats 9]

The product is [size, N] x [N, size] in float32, its two tables given. Grid and product take turns in one
process, so that both see the same machine; times are medians. Errors are against float64.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch

from vae_core.analysis import aggregate
from vae_core.model.posteriors import Posteriors


def posteriors(components: int, log_var: tuple[float, float]) -> Posteriors:
    """Means about N(0, I), log variances evenly between the two given."""
    generator = torch.Generator().manual_seed(0)
    low, high = log_var
    spread = torch.rand(components, 2, generator=generator) * (high - low) + low
    return Posteriors(torch.randn(components, 2, generator=generator), spread)


def worst_error(grid: aggregate.DensityGrid, found: Posteriors) -> float:
    """The largest distance in nats from float64 wherever the density exceeds 1e-12."""
    mean = found.mean.double()
    scale = (0.5 * found.log_var.double()).exp().clamp(min=grid.cell)
    density = torch.zeros(len(grid.x), len(grid.y), dtype=torch.float64)
    for m, s in zip(mean.split(5000), scale.split(5000), strict=True):
        tables = [
            (-0.5 * ((axis.double()[:, None] - m[:, d]) / s[:, d]).square()).exp() / s[:, d]
            for d, axis in enumerate((grid.x, grid.y))
        ]
        density += tables[0] @ tables[1].T
    exact = (density / (2 * math.pi * len(mean))).log()
    return float((grid.log_q - exact)[exact > math.log(1e-12)].abs().max())


def medians(contenders: list[Callable[[], object]], repeats: int) -> list[float]:
    """The median time in seconds of each, taking turns; the first round warms up and does not count."""
    times: list[list[float]] = [[] for _ in contenders]
    for turn in range(repeats + 1):
        for run, taken in zip(contenders, times, strict=True):
            start = time.perf_counter()
            run()
            if turn:
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--components", type=int, default=60_000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    n, size = arguments.components, arguments.size
    print(f"{n} components on a {size} x {size} grid, torch {torch.__version__}\n")
    print("| threads | log variances | grid | product | ratio | largest error where density > 1e-12 |")
    print("|---|---|---|---|---|---|")
    a, b = torch.rand(2, size, n, generator=torch.Generator().manual_seed(0))
    most = torch.get_num_threads()
    for threads in sorted({1, most}):
        torch.set_num_threads(threads)
        for low, high in ((-3.0, 0.0), (-6.0, -3.0), (-16.0, -12.0)):
            found = posteriors(n, (low, high))
            make = partial(aggregate.grid, found, size=size)
            grid, product = medians([make, partial(torch.matmul, a, b.T)], arguments.repeats)
            print(
                f"| {threads} | {low:.0f} to {high:.0f} | {grid * 1e3:.0f} ms | {product * 1e3:.0f} ms "
                f"| {grid / product:.2f} | {worst_error(make(), found):.1e} nats |",
                flush=True,
            )


if __name__ == "__main__":
    main()
