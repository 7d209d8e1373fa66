"""What the independent classifier reads in completions, and the training images nearest to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vae_core.runs.run import Run
from widgets.components.completions import NONE, Nearest
from widgets.run_data.dataset import absent, dataset

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.analysis.inpaint import Completions, Problem

DRAWS = 640  # of all codes of a method, by which groups are told apart
SURE = 0.5  # of the classifier, from which on a draw belongs to a group
MOST_IMAGES = 100_000  # among which the nearest is looked for


@dataclass(frozen=True, eq=False)
class Readings:
    """reads [F, K] uint8: the class of each completion at each moment. sure [K]: the last ones' probability.

    draws [S, D]: codes from all that the method drew, and groups [S] whole numbers, -1 for none.
    """

    reads: np.ndarray
    sure: np.ndarray
    draws: Tensor
    groups: Tensor | None


def draws(found: Completions) -> Tensor:
    """Codes [S, D] at even distances of all that were drawn; weighed ones as often as their weights say."""
    import torch

    codes = found.codes.flatten(0, 1)
    if found.log_weight is not None:
        share = found.log_weight.flatten().double().softmax(0)
        ticks = (torch.arange(DRAWS) + 0.5) / DRAWS
        return codes[torch.searchsorted(share.cumsum(0), ticks.double()).clamp(max=len(codes) - 1)]
    chosen = torch.linspace(0, len(codes) - 1, min(DRAWS, len(codes))).round().long()
    return codes[chosen]


def read(run: Run, problem: Problem, moments: np.ndarray, found: Completions) -> Readings | None:
    """moments [F, K, D]: codes of the film. None where no classifier of the data comes with the library."""
    import torch

    from vae_core.model import oracle_classifier

    if not oracle_classifier.there_is(run.spec.data.name):
        return None
    classifier, drawn = oracle_classifier.load(run.spec.data.name), draws(found)
    count, shown, latent = moments.shape
    film = classifier.read(completed(problem, torch.from_numpy(moments).reshape(-1, latent)))
    film = film.view(count, shown, -1)
    pooled = classifier.read(completed(problem, drawn))
    groups = torch.where(pooled.max(-1).values > SURE, pooled.argmax(-1), -1)
    return Readings(film.argmax(-1).to(torch.uint8).numpy(), film[-1].max(-1).values.numpy(), drawn, groups)


def unread(count: int, shown: int) -> np.ndarray:
    """Reads of completions in which nothing is read."""
    return np.full((count, shown), NONE, np.uint8)


def completed(problem: Problem, z: Tensor) -> Tensor:
    """Codes z [S, D] -> completed images [S, C, H, W]."""
    import torch

    with torch.inference_mode():
        blocks = [
            problem.filled(problem.model.likelihood.mean(problem.model.decode(block[:, None])).clamp(0, 1))
            for block in z.to(problem.x).split(500)
        ]
        return torch.cat(blocks)[:, 0].cpu()


def nearest(run: Run, images: Tensor) -> tuple[Nearest | None, str]:
    """The training images nearest to images [K, C, H, W], or why there are none."""
    from vae_core.analysis.nearest import nearest as find

    if (reason := absent(run.spec.data)) is not None:
        return None, reason.rstrip(".")
    training = dataset(run.spec.data).result()
    if training.source is not None or len(training) > MOST_IMAGES:
        return None, "the training images are too many to look for the nearest one"
    index, distance = find(images, training.images)
    names = [
        f"a {training.class_names[int(training.labels[i])]}"
        if training.labels is not None and training.class_names
        else f"number {int(i):,}"
        for i in index
    ]
    return Nearest(training.images[index].numpy(), distance.numpy(), names), ""
