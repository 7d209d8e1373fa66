"""What is shown of a model while it trains: the live test images, the probe digits, samples from the prior.

All of it is drawn with generators of its own, so that a look never changes the training.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from vae_core import masks
from vae_core.model import VAE
from vae_core.training.frames import Arrays
from vae_core.training.loop import Trainer

LIVE = 500  # test images behind the live numbers and the cloud
PROBES = 10
SAMPLES = 16
SEED = 0


class Window:
    """A fixed choice from the test images [N, C, H, W] (as `drawn` gives them), and the look through it."""

    def __init__(
        self, images: Tensor, labels: Tensor | None, device: torch.device, mask: str = "none"
    ) -> None:
        """mask: the run's `mask.kind`; the encoder sees the probes under `masks`, all else whole."""
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(SEED))
        chosen = order[:LIVE]
        self.images = images[chosen].to(device)
        self.labels = None if labels is None else labels[chosen]
        probes = _one_per_class(order, labels)
        self.probes = images[probes]
        self.probe_labels = None if labels is None else labels[probes]
        self._probes = self.probes.to(device).float() / 255
        self._masks = masks.draw(mask, self._probes, torch.Generator(device).manual_seed(SEED))
        self.masks = None if self._masks is None else self._masks.to("cpu", torch.uint8)

    def labels_of(self, count: int) -> Tensor | None:
        """Those of the first `count` images."""
        return None if self.labels is None else self.labels[:count]

    def affordable(self, trainer: Trainer, seconds: float) -> int:
        """How many of the images, 500, 250 or 125, can be evaluated within about that time."""
        count = LIVE // 4
        trainer.evaluate(self.images[:count], self.labels_of(count))
        began = time.thread_time()
        trainer.evaluate(self.images[:count], self.labels_of(count))
        dearest = seconds / max(time.thread_time() - began, 1e-9) * 1.5
        return LIVE if dearest >= 4 else LIVE // 2 if dearest >= 2 else count

    @torch.inference_mode()
    def look(self, model: VAE) -> Arrays:
        """A frame of the run, as described in `frames.py`.

        Under a condition, every image is encoded and decoded with its class; samples are of one class after
        another.
        """
        codes = model.posteriors(self.images, self.labels)
        told = asked = both = None
        if model.classes and self.probe_labels is not None:
            told = model.weights(self.probe_labels)
            asked = model.weights(torch.arange(SAMPLES) % model.classes)
            both = torch.cat([told, asked])
        means, _ = model.posterior.split(model.encode(self._probes, told, self._masks))
        prior = model.prior.sample(SAMPLES, torch.Generator(model.device).manual_seed(SEED), asked)
        decoded = model.decode_mean(torch.cat([means, prior]), both)
        pictures = (decoded * 255).round().to(torch.uint8).cpu().numpy()
        frame: Arrays = {
            "mean": codes.mean.clamp(-6e4, 6e4).half().numpy(),
            "log_var": codes.log_var.half().numpy(),
            "reconstructions": pictures[: len(means)],
            "samples": pictures[len(means) :],
        }
        if self.labels is not None:
            frame["labels"] = self.labels.numpy().astype(np.int16)
        return frame


def _one_per_class(order: Tensor, labels: Tensor | None) -> Tensor:
    """Indices of PROBES images in a fixed random order: one of each class, by class, then others."""
    if labels is None:
        return order[:PROBES]
    shuffled = labels[order]
    firsts = [int((shuffled == label).nonzero()[0]) for label in shuffled.unique()[:PROBES]]
    others = [i for i in range(len(order)) if i not in set(firsts)][: PROBES - len(firsts)]
    return order[torch.tensor(firsts + others)]
