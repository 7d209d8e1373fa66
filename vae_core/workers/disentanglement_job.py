"""The record of a run's disentanglement by a process of its own, kept with the run:

    python -m vae_core.workers.disentanglement_job RUN_FOLDER

Half a minute of small steps in Python, which in a thread of the app's would hold up every page.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vae_core.analysis.progress import Progress
from vae_core.data.catalogue import WITH_FACTORS
from vae_core.runs.reading import RunError
from vae_core.workers.background_job import BackgroundJob

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from vae_core.spec import Data

JOB = BackgroundJob(".disentangle", "vae_core.workers.disentanglement_job")


def factors_of(source: Data) -> tuple[Tensor, tuple[str, ...]]:
    """Factors [N, F] of the test split, and their names. Raises RunError where the dataset has none,
    and Unavailable where it is not on this machine; both are sentences."""
    from vae_core import data

    split = data.load(
        source.name, "test", path=source.path, height=source.height, width=source.width, grey=source.grey
    )
    if split.factors is None:
        raise RunError(f"The images of {source.name} come without factors. {suggestion()}")
    return split.factors, split.factor_names


def suggestion() -> str:
    """Which datasets have factors, in a sentence."""
    return f"Datasets with known factors are {', '.join(WITH_FACTORS[:-1])} and {WITH_FACTORS[-1]}."


def step_of(codes: dict[str, np.ndarray] | None) -> int | None:
    """At which training step the codes of a run were computed."""
    return None if codes is None or "step" not in codes else int(codes["step"][0])


def write(path: Path, progress: Progress) -> None:
    """Computes the record of the run in the folder and keeps it there. Raises RunError, a sentence."""
    import torch

    from vae_core.analysis.disentangle.record import record
    from vae_core.runs import disentanglement
    from vae_core.runs.run import Run

    torch.set_num_threads(1)
    run = Run(path)
    codes, step = run.codes, step_of(run.codes)
    if codes is None or step is None:
        raise RunError(f"{path.name} has no latent codes of the test images yet.")
    progress(0.0, "Reading the factors")
    factors, names = factors_of(run.spec.data)
    if len(factors) != len(codes["mean"]):
        raise RunError(f"{path.name} has codes of other images than the test split of today.")
    found = record(codes["mean"].astype("float64"), factors, names, step, progress)
    disentanglement.write(run.notes, found)
    progress(1.0, "Done")


def main(path: Path) -> int:
    return JOB.work(path, write, "The metrics")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
