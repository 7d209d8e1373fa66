"""How soon the app shows what is large: a million codes on the map, 500 runs, a history of a million steps.

    VAE_DATA=... .venv/bin/python benchmarks/scale.py [--quick]

All of it is made in a temporary folder of runs. A visitor without a browser (`visitor.py`) opens each page by
its link, on a server at rest that has loaded everything but has never shown that run, and then once more.
Seconds are from the click to the first picture that the server sends, for which the goal is 1.5 s, and to the
end of the page; drawing it in a browser comes on top.

--quick: 20,000 codes, 40 runs, 200 reports.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from app_latency import ROOT, serving
from load import processor_seconds
from visitor import Answer, Visitor

from vae_core.runs import files, frames, metrics
from vae_core.runs.run import Run

MODELS = {2: "vae-2d-mnist", 16: "vae-16d-mnist"}
WARM = 12.0  # seconds in which the server imports what it needs later
GOAL = 1.5


@dataclass
class Sizes:
    codes: tuple[int, ...] = (100_000, 1_000_000)
    runs: int = 500
    reports: int = metrics.KEEP - 1
    steps: int = 1_000_000


QUICK = Sizes(codes=(20_000,), runs=40, reports=200, steps=20_000)


def copy(name: str, runs: Path, new: str) -> Path:
    """A user's own run like a shipped one, without what was measured of it."""
    shutil.copytree(ROOT / "checkpoints" / name, runs / new)
    for each in (files.CARD, "CARD.md", files.EVALUATION):
        (runs / new / each).unlink(missing_ok=True)
    return runs / new


def many_codes(path: Path, count: int) -> None:
    """As many codes as are asked for, spread about those of the run by half a standard deviation each."""
    rng, codes = np.random.default_rng(0), Run(path).codes
    assert codes is not None
    which = rng.integers(len(codes["mean"]), size=count)
    mean, log_var = codes["mean"][which].astype(np.float32), codes["log_var"][which].astype(np.float32)
    mean += 0.5 * np.exp(log_var / 2) * rng.standard_normal(mean.shape, np.float32)
    arrays = {
        "mean": mean.astype(np.float16),
        "log_var": log_var.astype(np.float16),
        "labels": codes["labels"][which],
        "step": codes["step"],
    }
    (path / files.POSTERIORS).write_bytes(frames.pack(arrays))


def long_history(path: Path, sizes: Sizes) -> None:
    """Reports as a worker leaves them: so many that it has not thinned them again, up to the last step."""
    reports = Run(path).metrics
    with open(path / files.METRICS, "w", encoding="utf-8") as file:
        for k in range(sizes.reports):
            step = (k + 1) * sizes.steps // sizes.reports
            file.write(json.dumps(reports[k % len(reports)] | {"step": step, "seconds": step / 100}) + "\n")


def library(sizes: Sizes) -> tuple[Path, dict[str, tuple[str, dict[str, str]]]]:
    """A folder of runs, and what is opened in it: page and choices, by what it is called."""
    runs = Path(tempfile.mkdtemp(prefix="elbo-room-scale-"))
    opened: dict[str, tuple[str, dict[str, str]]] = {}
    for latent, model in MODELS.items():
        for count in sizes.codes:
            name = f"codes-{latent}d-{count}"
            many_codes(copy(model, runs, name), count)
            opened[f"map of {count:,} codes in {latent} dimensions"] = "latent_map", {"run": name}
    long_history(copy(MODELS[2], runs, "long"), sizes)
    opened[f"board of {sizes.steps:,} steps"] = "train", {"run": "long"}
    for k in range(sizes.runs):
        small = copy(MODELS[2], runs, f"run-{k:03d}")
        shutil.rmtree(small / files.FRAMES)
        (small / files.WEIGHTS).unlink()
    many = f"of {len(list(runs.iterdir()))} runs"
    opened[f"Home {many}, cards"] = "home", {}
    opened[f"Home {many}, all their cards"] = "home", {"all_runs": "1"}
    opened[f"Home {many}, as a table"] = "home", {"list": "table"}
    opened[f"Interpolate {many}"] = "interpolate", {"run": "run-000"}
    return runs, opened


async def idle(url: str) -> None:
    """Until the server has measured, beside the last page, what it shows when it is there."""
    before = -1.0
    for _ in range(60):
        now = processor_seconds(url)
        if now - before < 0.05:
            return
        before = now
        await asyncio.sleep(0.5)


async def visit(url: str, opened: dict[str, tuple[str, dict[str, str]]]) -> dict[str, tuple[Answer, Answer]]:
    """Each page for the first time and for the second."""
    found = {}
    async with Visitor(url) as visitor:
        await visitor.open("home")
        await asyncio.sleep(WARM)
        # What the pages import and what of them is the same for all runs is not what is measured.
        for page in ("latent_map", "train", "interpolate"):
            await visitor.open(page, run="long")
            await asyncio.sleep(1.0)
        for name, (page, choices) in opened.items():
            await visitor.open("glossary")
            await idle(url)
            first = await visitor.open(page, **choices)
            await visitor.open("glossary")
            found[name] = first, await visitor.open(page, **choices)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    sizes = QUICK if parser.parse_args().quick else Sizes()
    began = time.monotonic()
    runs, opened = library(sizes)
    print(f"made in {time.monotonic() - began:.0f} s; load average {os.getloadavg()[0]:.1f}\n", flush=True)
    try:
        with serving(ROOT / "app.py", runs) as url:
            found = asyncio.run(visit(url, opened))
    finally:
        shutil.rmtree(runs, ignore_errors=True)
    print("| what | first picture | whole page | again | kB | failed |\n|---|---|---|---|---|---|")
    for name, (first, again) in found.items():
        late = "" if first.picture <= GOAL else f" (over {GOAL:g} s)"
        failed = first.failed or again.failed
        print(
            f"| {name} | {first.picture:.2f} s{late} | {first.whole:.2f} s | {again.picture:.2f}, "
            f"{again.whole:.2f} s | {first.sent / 1e3:,.0f} | {failed} |"
        )


if __name__ == "__main__":
    main()
