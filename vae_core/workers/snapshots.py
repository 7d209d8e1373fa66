"""What is shown of a model while it trains: the live test images, the probe digits, samples from the prior.

All of it is drawn with generators of its own, so that a look never changes the training.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from vae_core.analysis import decode, kl_divergence, two_levels
from vae_core.model import masks, noise
from vae_core.model.posteriors import GridCodes, GroupCodes
from vae_core.model.vae import VAE
from vae_core.pixels import to_uint8, unit
from vae_core.runs.frames import Arrays
from vae_core.runs.tensors import MOST_OF_PRIOR
from vae_core.spec import Noise, NoNoise
from vae_core.training.loop import Trainer
from vae_core.workers.codebook_frame import codebook_frame

LIVE = 500  # test images behind the live numbers and the points of the map
DENSITY = 2000  # those behind its density: of fewer, more holes are between them than in the model
MOST_NUMBERS = 8000  # of their means in a frame: of more dimensions there are fewer of them, but LIVE
PRICED = 100  # of whose codes of two levels a frame says what they cost
PROBES = 10
SAMPLES = 16
OF_PRIOR = 20_000  # draws that tell the marginals of a flow: ten times as many move its KL by 0.005 nats
SEED = 0
NO_NOISE = NoNoise()


class Snapshots:
    """A fixed choice from the test images [N, C, H, W], binarised once, and what a model makes of it."""

    def __init__(
        self,
        images: Tensor,
        labels: Tensor | None,
        device: torch.device,
        mask: str = "none",
        latent: int | None = None,
        noise_settings: Noise = NO_NOISE,
    ) -> None:
        """mask: the run's `mask.kind`, and its noise; the encoder sees the probes under `masks`, or as
        `noisy`, and all else as it is.

        latent: how many dimensions codes have; where they are few, frames hold those of more images.
        """
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(SEED))
        chosen = representative(images, labels, LIVE)
        self.images = images[chosen].to(device)
        self.labels = None if labels is None else labels[chosen]
        if latent is not None and (more := min(DENSITY, MOST_NUMBERS // max(latent, 2)) - LIVE) > 0:
            chosen = torch.cat([chosen, _others(images, labels, chosen, more)])
        self._coded = images[chosen].to(device)
        self._coded_labels = None if labels is None else labels[chosen]
        self.codes = min(LIVE, len(chosen))  # of how many of them a frame holds the codes
        probes = _one_per_class(order, labels)
        self.probes = images[probes]
        self.probe_labels = None if labels is None else labels[probes]
        self._probes = unit(self.probes.to(device))
        self._masks = masks.draw(mask, self._probes, torch.Generator(device).manual_seed(SEED))
        self.masks = None if self._masks is None else self._masks.to("cpu", torch.uint8)
        noisy = noise.draw(noise_settings, self._probes, torch.Generator(device).manual_seed(SEED))
        self.noisy = None if noisy is None else to_uint8(noisy).cpu()
        self._seen = self._probes if noisy is None else noisy

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
    def affordable_codes(self, model: VAE, seconds: float) -> int:
        """The codes of how many images, 500, 1000 or 2000, can be had within about that time."""
        model.encoded(self.images, self.labels)
        began = time.thread_time()
        model.encoded(self.images, self.labels)
        dearest = seconds / max(time.thread_time() - began, 1e-9)
        return min(LIVE * (4 if dearest >= 4 else 2 if dearest >= 2 else 1), len(self._coded))

    @torch.inference_mode()
    def take(self, model: VAE) -> Arrays:
        """A frame of the run, as described in `frames.py`.

        Under a condition, every image is encoded and decoded with its class; samples are of one class after
        another.
        """
        labels = None if self._coded_labels is None else self._coded_labels[: self.codes]
        coded = self._coded[: self.codes]
        codes = model.encoded(coded, labels)
        probe_classes = sample_classes = both = None
        if model.classes and self.probe_labels is not None:
            probe_classes = model.weights(self.probe_labels)
            sample_classes = model.weights(torch.arange(SAMPLES) % model.classes)
            both = torch.cat([probe_classes, sample_classes])
        means = model.posterior.location(model.encode(self._seen, probe_classes, self._masks))
        prior = model.prior.sample(SAMPLES, torch.Generator(model.device).manual_seed(SEED), sample_classes)
        frame: Arrays = {}
        if isinstance(codes, GridCodes):
            frame |= codebook_frame(model, coded, codes)
            if (of_levels := two_levels.mean_nats(model, codes.first(PRICED))) is not None:
                frame["kl"] = of_levels.float().numpy()
        elif isinstance(codes, GroupCodes):
            frame |= {
                "kl": codes.kl.mean(0).float().numpy(),
                "shares": codes.probabilities.mean(0).float().numpy(),
            }
        else:
            frame |= {
                "mean": codes.mean.clamp(-6e4, 6e4).half().numpy(),
                "log_var": codes.log_var.half().numpy(),
                "kl": kl_divergence.dimensions(codes, model.prior, OF_PRIOR).mean(0).float().numpy(),
            }
        known = decode.ways(model)
        for way in known[:1] if model.spec.likelihood.two_valued else known:
            generator = torch.Generator(model.device).manual_seed(SEED)
            pictures = to_uint8(decode.decode(model, torch.cat([means, prior]), both, way, generator)).cpu()
            name = "" if way == known[0] else f"_{way}"
            frame[f"reconstructions{name}"] = pictures[: len(means)].numpy()
            frame[f"samples{name}"] = pictures[len(means) :].numpy()
        if labels is not None:
            frame["labels"] = labels.numpy().astype(np.int16)
        return frame | _prior(model)


def _prior(model: VAE) -> Arrays:
    """What the prior has learned so far; nothing where that is too much."""
    learned = {} if model.prior.standard else model.prior_state()
    if sum(value.numel() for value in learned.values()) > MOST_OF_PRIOR:
        return {}
    return {name: value.detach().float().cpu().numpy() for name, value in learned.items()}


def representative(images: Tensor, labels: Tensor | None, count: int) -> Tensor:
    """Indices of at most `count` images that are, as a whole, as hard to model as all [N, C, H, W].

    A VAE finds the harder what is farther from the mean image of its class (from that of all, where there are
    no labels). Images are sorted by that and taken at even distances; of the indices the first quarter and
    the first half are spread as evenly. The live test ELBO then errs by some six tenths of what a random
    choice makes it err by: of 125 MNIST images by 2 nats, where the random ones taken before were 10 off.
    """
    groups = torch.zeros(len(images), dtype=torch.long) if labels is None else labels
    distance = torch.empty(len(images))
    for label in groups.unique():
        members = (groups == label).nonzero()[:, 0]
        total = torch.zeros(images[0].numel(), dtype=torch.float64)
        for block in members.split(1000):
            total += images[block].flatten(1).double().sum(0)
        mean = (total / len(members)).float()
        for block in members.split(1000):
            distance[block] = (images[block].flatten(1).float() - mean).square().sum(1)
    count = min(count, len(images))
    even = ((torch.arange(count) + 0.5) * len(images) / count).long()
    ranked = distance.argsort(stable=True)[even]
    # Of four neighbours the second or, by turns, the third, then the other of these, then the outer two.
    place = torch.arange(count)
    turn = torch.tensor([[2, 0, 1, 3], [2, 1, 0, 3]])[place // 4 % 2, place % 4]
    return ranked[turn.argsort(stable=True)]


def _others(images: Tensor, labels: Tensor | None, chosen: Tensor, count: int) -> Tensor:
    """Indices of at most `count` images beside those, as hard to model on the whole."""
    left = torch.ones(len(images), dtype=torch.bool)
    left[chosen] = False
    rest = left.nonzero()[:, 0]
    if not len(rest):
        return rest
    return rest[representative(images[rest], None if labels is None else labels[rest], count)]


def _one_per_class(order: Tensor, labels: Tensor | None) -> Tensor:
    """Indices of PROBES images in a fixed random order: one of each class, by class, then others."""
    if labels is None:
        return order[:PROBES]
    shuffled = labels[order]
    firsts = [int((shuffled == label).nonzero()[0]) for label in shuffled.unique()[:PROBES]]
    others = [i for i in range(len(order)) if i not in set(firsts)][: PROBES - len(firsts)]
    return order[torch.tensor(firsts + others)]
