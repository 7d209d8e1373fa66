"""What a large folder of images costs: memory beyond the images, and speed, in memory and streamed from disk.

    python benchmarks/large_data.py [--quick] [FOLDER]     # FOLDER: on the disk to measure, by default /tmp's

Makes folders of 1,000, 10,000 and 100,000 pictures of 64 x 64 pixels in colour (with --quick, 200 and 500)
and removes them afterwards. Three tables:

- Memory: whole runs by the library's own `train`, each in a process of its own, from reading the folder to
  evaluating all test images. Its highest anonymous memory, in gigabytes, less the images it holds; pages of a
  mapped file are left out, which the system takes back whenever it needs them.
- Speed: one process has a trainer for each size and way, and they take turns. Images a second, and the median
  over the turns of its ratio to the largest in memory in the same turn.
- A cold disk: the same steps of a streamed run in a new process, once with nothing of the file in the
  system's memory and once with all of it. It needs a system that forgets a file when asked (Linux).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIDE = 64
SIZES, FEW = (1000, 10_000, 100_000), (200, 500)
WAYS = ("in memory", "streamed")
ROUNDS, STEPS = 15, 20  # turns of each trainer, and steps of a turn
RUN_STEPS = 200  # of a whole run
# A small model: the less a step computes, the more of it is fetching its images.
MODEL = {"net.widths": (32,), "latent": 8, "likelihood.kind": "gaussian", "data.binarisation": "none"}


def pictures(folder: Path, count: int, done: Path | None) -> None:
    """`count` smooth pictures of random colours, the first of them links to those of another folder."""
    from PIL import Image

    folder.mkdir()
    here = 0
    if done is not None:
        for path in done.iterdir():
            os.link(path, folder / path.name)
            here += 1
    generator = np.random.default_rng(count)
    for number in range(here, count):
        small = Image.fromarray(generator.integers(0, 256, (8, 8, 3), np.uint8))
        large = small.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        large.save(folder / f"{number:06}.png", compress_level=1)


def spec_of(folder: Path, **changes: Any) -> Any:
    from vae_core.spec import Spec, resolve

    source = {"name": "folder", "path": str(folder), "grey": False}
    return resolve(Spec.parse({"data": source}).change(**MODEL, **changes))


def choose(way: str) -> None:
    """From now on this process has memory for all images, or for none."""
    from vae_core.data import store

    store.memory = lambda: 2**60 if way == WAYS[0] else 0


def load(folder: Path, split: str = "train") -> Any:
    from vae_core import data

    return data.load("folder", split, path=str(folder), grey=False)


# --- memory ------------------------------------------------------------------------------------------


def anonymous(pid: int | str) -> int:
    """Bytes of memory that a process has for itself alone."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def whole_run(folder: Path, way: str, runs: Path, count: int) -> None:
    from vae_core.workers.worker import train

    choose(way)
    train(spec_of(folder, **{"training.steps": count}), runs / "run")


def highest(work: Callable[..., None], *given: Any) -> tuple[int, float]:
    """The highest anonymous memory of a process that does the work, in bytes, and its seconds."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=given)
    begun, most = time.perf_counter(), 0
    process.start()
    while process.is_alive():
        try:
            most = max(most, anonymous(process.pid or 0))
        except (OSError, StopIteration):  # it has ended just now
            break
        time.sleep(0.01)
    process.join()
    if process.exitcode:
        raise SystemExit(f"A run ended with {process.exitcode}.")
    return most, time.perf_counter() - begun


def memory_table(folders: list[Path], scratch: Path, count: int) -> None:
    (scratch / "runs").mkdir()
    print("| Images | GB of pixels | Run | Highest, GB | Beyond its images, GB | Seconds |")
    print("|---:|---:|---|---:|---:|---:|")
    for folder in folders:
        images = len(list(folder.iterdir()))
        size, test = (number * 3 * SIDE**2 for number in (images, min(10_000, round(images / 5))))
        for what, way in (("reads the folder", WAYS[1]), *((f"is {way}", way) for way in WAYS)):
            most, seconds = highest(whole_run, folder, way, scratch / "runs", count)
            shutil.rmtree(scratch / "runs" / "run")
            held = size if way == WAYS[0] else 0
            beyond = (most - held) / 2**30
            note = f" (of it {test / 2**30:.2f} test images)" if way == WAYS[1] and images >= 10_000 else ""
            print(f"| {images:,} | {size / 2**30:.2f} | {what} | {most / 2**30:.2f} | {beyond:.2f}{note} | "
                  f"{seconds:.0f} |", flush=True)  # fmt: skip


# --- speed -------------------------------------------------------------------------------------------


def steps(trainer: Any, count: int) -> float:
    """Images a second of so many steps."""
    begun = time.perf_counter()
    for _ in zip(range(count), trainer, strict=False):
        pass
    return float(count * trainer.batch_size / (time.perf_counter() - begun))


def speed_table(folders: list[Path], rounds: int) -> None:
    from vae_core.training.loop import Trainer
    from vae_core.training.process import quick_arithmetic

    trainers = {}
    for folder in folders:
        for way in WAYS:
            choose(way)
            trainers[folder.name, way] = Trainer(spec_of(folder), load(folder))
    found: dict[tuple[str, str], list[float]] = {key: [] for key in trainers}
    with quick_arithmetic():
        for trainer in trainers.values():
            steps(trainer, trainer.batches)  # an epoch, after which all pages are mapped
        for _ in range(rounds):
            for key, trainer in trainers.items():
                found[key].append(steps(trainer, STEPS))
    largest = found[folders[-1].name, WAYS[0]]
    print("\n| Images | Way | Images/s, median | Of the largest in memory |")
    print("|---:|---|---:|---:|")
    for (name, way), speeds in found.items():
        ratios = [one / other for one, other in zip(speeds, largest, strict=True)]
        low, high = (statistics.quantiles(ratios, n=4)[place] for place in (0, 2))
        print(f"| {name} | {way} | {statistics.median(speeds):,.0f} | {statistics.median(ratios):.2f} "
              f"(quartiles {low:.2f} to {high:.2f}) |")  # fmt: skip


def cold(folder: Path, count: int, answers: Any) -> None:
    """Images a second of the first steps of a streamed run: cold, then the same steps warm."""
    from vae_core.training.loop import Trainer
    from vae_core.training.process import quick_arithmetic

    choose(WAYS[1])
    (array,) = Path(os.environ["VAE_DATA"]).glob(f"cache/{kind(folder)}-*.npy")
    with open(array, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    dataset = load(folder)
    with quick_arithmetic():
        warm_up = Trainer(spec_of(folder, **{"training.seed": 1}), dataset)
        steps(warm_up, 3)
        for _ in range(2):
            answers.put(steps(Trainer(spec_of(folder), dataset), count))


def kind(folder: Path) -> str:
    """Under what the folder's array is kept."""
    from vae_core.data import own
    from vae_core.data.dataset import Request

    return own.key(Request("folder", "train", str(folder), grey=False), ())


def cold_table(folder: Path, count: int, times: int) -> None:
    context = multiprocessing.get_context("spawn")
    print("\n| Streamed, the same steps | Images/s, median | Of those warm |")
    print("|---|---:|---:|")
    pairs = []
    for _ in range(times):
        answers = context.Queue()
        process = context.Process(target=cold, args=(folder, count, answers))
        process.start()
        pairs.append((answers.get(timeout=600), answers.get(timeout=600)))
        process.join()
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"| cold | {statistics.median(one for one, _ in pairs):,.0f} | {ratio:.2f} |")
    print(f"| warm | {statistics.median(other for _, other in pairs):,.0f} | 1 |")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    sizes = FEW if arguments.quick else SIZES
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="large-data-") as name:
        scratch = Path(name)
        os.environ["VAE_DATA"] = str(scratch / "data")
        folders: list[Path] = []
        begun = time.perf_counter()
        for size in sizes:
            pictures(scratch / f"{size:,}", size, folders[-1] if folders else None)
            folders.append(scratch / f"{size:,}")
        print(f"{sizes[-1]:,} pictures made in {time.perf_counter() - begun:.0f} s; "
              f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n", flush=True)  # fmt: skip
        memory_table(folders, scratch, 20 if arguments.quick else RUN_STEPS)
        speed_table(folders, 3 if arguments.quick else ROUNDS)
        os.sync()
        cold_table(folders[-1], *((5, 1) if arguments.quick else (100, 3)))
        print(f"\nload {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
