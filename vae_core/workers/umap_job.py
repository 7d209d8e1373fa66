"""The UMAP of a run's codes by a process of its own, kept with the run:

python -m vae_core.workers.umap_job RUN_FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.analysis import umap_plane
from vae_core.analysis.progress import Progress
from vae_core.runs import files, frames
from vae_core.runs.reading import RunError
from vae_core.runs.run import Run
from vae_core.workers.background_job import BackgroundJob

JOB = BackgroundJob("umap", "vae_core.workers.umap_job")


def write(path: Path, progress: Progress = lambda fraction, sentence: None) -> None:
    """Computes it for the run's codes and keeps it, as `Run.umap`. Raises RunError where the run has none."""
    run = Run(path)
    codes = run.codes
    if codes is None:
        raise RunError(f"{path.name} has no latent codes of the test images yet.")
    found: dict[str, Any] = {"xy": umap_plane.umap(codes["mean"], progress=progress).astype(np.float16)}
    found |= {name: codes[name] for name in ("labels", "step") if name in codes}
    files.replace(run.notes / files.UMAP, frames.pack(found))


def start(path: Path) -> None:
    """Has another process compute it, and returns at once; `reported` tells how far it is."""
    JOB.start(path)


def reported(path: Path) -> tuple[float, str, bool] | None:
    """How far it is (0 to 1), in a sentence, and whether it failed; None where nobody is at it."""
    return JOB.reported(path)


def main(path: Path) -> int:
    return JOB.work(path, write, "UMAP")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
