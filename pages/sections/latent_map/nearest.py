"""What is known of the pin: its exact densities, and the training images whose codes are nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vae_core.runs.run import Run
from widgets.components import latent_map
from widgets.components.latent_map import MapState, points
from widgets.components.latent_map.parcels import NEAREST
from widgets.run_data.codes import Codes, weights
from widgets.run_data.dataset import absent, dataset
from widgets.shell import tasks

if TYPE_CHECKING:
    from torch import Tensor


def answer(
    run: Run, codes: Codes, state: MapState, posterior: dict[str, Any] | None = None
) -> dict[str, Any] | None:
    pin = state.pin
    if pin is None or len(pin) != run.spec.latent:
        return None
    import torch

    from vae_core.analysis import aggregate

    z = torch.tensor([pin])
    log_p, log_q = aggregate.log_prior(z, codes.prior), aggregate.log_density(codes.posteriors, z)
    images, distances, names, measure = near(run, z)
    code = None
    if state.image is not None and not points.comes_whole(state.image, codes.posteriors):
        code = latent_map.code_of(state.image, codes.posteriors)
    return latent_map.answer(
        pin, float(log_p), float(log_q), images, distances, names, measure, posterior, code
    )


def pending(run: Run) -> bool:
    """Whether the training images are still being read and encoded."""
    return absent(run.spec.data) is None and not _task(run).done()


def near(run: Run, z: Tensor) -> tuple[np.ndarray, list[float], list[str], str]:
    nothing = np.zeros((0, *run.spec.data.shape), np.uint8)
    if (reason := absent(run.spec.data)) is not None:
        return nothing, [], [], reason
    task = _task(run)
    if not task.done():
        return nothing, [], [], "Reading and encoding the training images …"
    if (fault := task.exception()) is not None:
        return nothing, [], [], tasks.sentence(fault)
    mean = task.result()
    training = dataset(run.spec.data).result()
    distance = (mean - z).norm(dim=1)
    least = distance.topk(min(NEAREST, len(distance)), largest=False)
    labels, classes = training.labels, training.class_names
    names = [
        classes[int(labels[i])] if labels is not None and classes else "Training image" for i in least.indices
    ]
    return (
        training.images[least.indices].numpy(),
        least.values.tolist(),
        names,
        f"Distance of their posterior means{', as they were when first asked for' * run.status.active}. q(z) "
        "is that of the test images: a training image near by adds nothing to it.",
    )


def _task(run: Run) -> tasks.Task:
    # A run in training moves its encoder all the time: its first weights are kept until it rests.
    version = "live" if run.status.active else weights(run)
    return tasks.start(_encode, str(run.path), version)


def _encode(path: str, version: Any) -> Tensor:
    """Posterior means of all training images [N, D]."""
    from widgets.run_data.library import open_run

    run = open_run(path)
    training = dataset(run.spec.data).result()
    mean: Tensor = run.model.posteriors(training.images, training.labels).mean
    return mean
