"""Every benchmark, one after the other, into one file: docs/benchmarks.md.

    .venv/bin/python benchmarks/all.py [NAME ...] [--quick] [--out FILE] [--pythae-python PATH]

With names, those alone are run anew, and the others' tables stay. --quick runs each at its smallest setting,
which says only that the script works, and writes no file unless --out names one. Ends with 1 where a script
failed.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.browser import chromium

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "benchmarks.md"
QUICK = 300  # seconds at most of a script at its smallest setting


@dataclass(frozen=True)
class Benchmark:
    """script: a file of this folder, without its ending. full, quick: its arguments, the second at the
    smallest setting."""

    name: str
    title: str
    script: str
    full: tuple[str, ...] = ()
    quick: tuple[str, ...] = ("--quick",)
    pythae: bool = False


CONVOLUTIONS = ("mnist-conv", "sprites-conv", "colour-conv")
ONE_RUN = ("checkpoints/vae-2d-mnist",)
BENCHMARKS = (
    Benchmark(
        "throughput",
        "Training on the CPU",
        "throughput",
        ("--threads", "1", "2"),
        ("--threads", "1", "--rounds", "1", "--steps", "5", "--warm-up", "0"),
        pythae=True,
    ),
    Benchmark(
        "convolutions",
        "Training convolutional networks on the CPU",
        "throughput",
        ("--on", *CONVOLUTIONS, "--threads", "1", "--rounds", "9", "--warm-up", "2"),
        ("--on", "mnist-conv", "--threads", "1", "--rounds", "1", "--steps", "2", "--warm-up", "0"),
        pythae=True,
    ),
    Benchmark(
        "rounding-dense",
        "What rounding to bfloat16 costs a dense network",
        "rounded_products",
        ("--net", "dense", "--epochs", "5"),
        ("--net", "dense", "--seeds", "1", "--epochs", "0.02"),
    ),
    Benchmark(
        "rounding-conv",
        "What rounding to bfloat16 costs a convolutional network",
        "rounded_products",
        ("--net", "conv", "--epochs", "2"),
        ("--net", "conv", "--seeds", "1", "--epochs", "0.02"),
    ),
    Benchmark("gpu", "The GPU", "gpu", quick=("--device", "cpu", "--quick"), pythae=True),
    Benchmark("large-data", "Large sets of images", "large_data"),
    Benchmark("scale", "Many codes, many runs, long histories", "scale"),
    Benchmark("load", "A class at once", "load"),
    Benchmark("load-at-ease", "A class at once, at ease", "load", ("--look", "20", "--minutes", "2.5")),
    Benchmark(
        "start",
        "From a click to the first picture",
        "app_latency",
        ("home", "play"),
        ("home", "--rounds", "1"),
    ),
    Benchmark("first-picture", "The first picture of every page", "first_picture"),
    Benchmark(
        "latent-map", "The latent map under the pointer", "latent_map", quick=("checkpoints/vae-2d-mnist",)
    ),
    Benchmark("traverse", "A slider of Traverse", "traverse", quick=("checkpoints/vae-2d-mnist",)),
    Benchmark(
        "density",
        "The exact density beside its matrix product",
        "density_grid",
        quick=("--components", "2000", "--size", "64", "--repeats", "1"),
    ),
    Benchmark(
        "log-px",
        "log p(x) beside quadrature",
        "log_px",
        quick=("--quadrature", "vae-2d-strokes", "--images", "2", "--samples", "20", "--size", "61"),
    ),
)


def machine() -> str:
    """Markdown: what was measured on, and with what."""
    import torch

    about = torch.cpu.get_capabilities()
    has = [name for name in ("avx2", "avx512_f", "avx512_bf16", "amx_bf16") if about.get(name)]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else 0
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    rows = {
        "Processor": f"{about.get('cpu_name') or platform.processor() or platform.machine()}, "
        f"{os.cpu_count()} cores, {', '.join(has) or 'no vectors of 256 bits'}",
        "Memory": f"{memory:.0f} GiB" if memory else "not known",
        "GPU": gpu,
        "System": platform.platform(),
        "Versions": f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "streamlit")),
        "Browser": subprocess.run(
            [chromium(), "--version"], capture_output=True, text=True, check=False
        ).stdout.strip(),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])


def run(benchmark: Benchmark, quick: bool, pythae: str | None) -> tuple[str, bool]:
    """The benchmark's section as Markdown, and whether it ran to its end."""
    given = [*(benchmark.quick if quick else benchmark.full)]
    if pythae and benchmark.pythae and not quick:
        given += ["--pythae-python", pythae]
    command = ["python", f"benchmarks/{benchmark.script}.py", *given]
    began = datetime.now(UTC)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    try:
        done = subprocess.run(
            [sys.executable, str(ROOT / command[1]), *given],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "110"},
            capture_output=True,
            text=True,
            check=False,
            timeout=QUICK if quick else None,
        )
    except subprocess.TimeoutExpired as error:
        done = subprocess.CompletedProcess(command, 1, "", str(error))
    seconds = (datetime.now(UTC) - began).total_seconds()
    text = done.stdout.strip("\n").rstrip()
    if done.returncode != 0:
        text = f"{text}\n\nThis script ended with {done.returncode}:\n\n{done.stderr.strip()[-2000:]}".strip()
    # Tables of Markdown stay tables; all else is set as it was printed.
    shown = text if text.startswith(("|", "#")) else f"```\n{text}\n```"
    said = f"`{' '.join(command)}`, {began:%Y-%m-%d}, {seconds:.0f} s, load {load:.1f} when it began"
    return f"## {benchmark.title}\n<!-- {benchmark.name} -->\n\n{said}.\n\n{shown}\n", done.returncode == 0


def sections(path: Path) -> dict[str, str]:
    """What stands in the file already, by the benchmark's name."""
    if not path.exists():
        return {}
    parts = re.split(r"(?m)^(?=## )", path.read_text())
    named = ((re.search(r"<!-- ([a-z-]+) -->", part), part) for part in parts)
    return {name[1]: part for name, part in named if name}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="each at its smallest setting")
    parser.add_argument("--out", type=Path, help="docs/benchmarks.md")
    parser.add_argument("--pythae-python", metavar="PATH", help="a Python that can import pythae")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(names):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; choose from {', '.join(names)}")
    out = chosen.out or (None if chosen.quick else OUT)
    found, right = sections(out) if out else {}, True
    for benchmark in BENCHMARKS:
        if chosen.names and benchmark.name not in chosen.names:
            continue
        print(f"{benchmark.title} ...", end=" ", flush=True)
        found[benchmark.name], passed = run(benchmark, chosen.quick, chosen.pythae_python)
        if (
            chosen.quick and not passed
        ):  # as tests with a browser or a server: a busy machine gets a second try
            print("again ...", end=" ", flush=True)
            found[benchmark.name], passed = run(benchmark, chosen.quick, chosen.pythae_python)
        print("done" if passed else f"failed\n\n{found[benchmark.name]}", flush=True)
        right = right and passed
        if out:
            kept = [found[name] for name in names if name in found]
            head = (
                "# Benchmarks\n\nWritten by `python benchmarks/all.py`. Ratios are of what took turns in one "
                f"run.\n\n{machine()}\n\n"
            )
            out.write_text(head + "\n".join(part.rstrip() + "\n" for part in kept))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
