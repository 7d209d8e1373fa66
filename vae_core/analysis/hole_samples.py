"""Does a hole really decode badly? Prior samples from holes beside prior samples from where the data are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis import aggregate, prior_density
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior
from vae_core.model.vae import VAE
from vae_core.pixels import unit

BLOCK = 4096  # training images at a time
TRIES, BATCH = 20_000, 2_000  # prior samples looked at, in all and at a time


@dataclass(frozen=True, eq=False)
class Samples:
    """M decoded samples of the prior, and two measures of how much they resemble data.

    z [M, D]; log_q, log_p [M] in nats: aggregated posterior and prior there.
    images [M, C, H, W]: the mean of p(x|z), in [0, 1]; no pixel noise. Under a condition, one class after
    another.
    distance [M]: root mean square difference per pixel to the nearest training image; 0 is a copy.
    nearest [M]: the index of that image.

    A blurred image is near to many, so a small distance alone proves little; what counts is the difference
    between the two kinds of sample.
    """

    z: Tensor
    log_q: Tensor
    log_p: Tensor
    images: Tensor
    distance: Tensor
    nearest: Tensor


def compare(
    model: VAE,
    posteriors: Posteriors,
    training: Tensor,
    count: int = 16,
    ratio: float = 10.0,
    mass: float = 0.95,
    generator: torch.Generator | None = None,
    prior: Prior | None = None,
) -> tuple[Samples, Samples]:
    """`count` samples from holes and as many from dense regions, both scored against training images.

    Both are samples of the prior from its region of the given mass: a hole is where q(z) < p(z) / ratio,
    dense is where q(z) >= p(z). Of a kind too rare among 20,000 prior samples there are fewer, or none.
    training: uint8 [N, C, H, W]. prior: that of the model, where no other is given.
    """
    generator = generator or torch.Generator().manual_seed(0)
    prior, latent = prior or model.prior, posteriors.dimensions
    edge = prior_density.level(mass, latent, prior)
    kinds: tuple[list[Tensor], list[Tensor]] = ([], [])
    for _ in range(TRIES // BATCH):
        z = prior_density.samples(BATCH, latent, generator, prior)
        z = z[aggregate.log_prior(z, prior) >= edge]
        log_ratio = aggregate.log_density(posteriors, z) - aggregate.log_prior(z, prior)
        kinds[0].append(z[log_ratio < -math.log(ratio)])
        kinds[1].append(z[log_ratio >= 0])
        if all(sum(map(len, kind)) >= count for kind in kinds):
            break
    holes, dense = (_decoded(model, posteriors, prior, training, torch.cat(kind)[:count]) for kind in kinds)
    return holes, dense


def _decoded(model: VAE, posteriors: Posteriors, prior: Prior, training: Tensor, z: Tensor) -> Samples:
    # Under a condition, one class after another.
    y = torch.arange(len(z)) % model.classes if model.classes else None
    images = model.decode_mean(z, y).cpu() if len(z) else torch.empty(0, *training.shape[1:])
    log_q, log_p = aggregate.log_density(posteriors, z), aggregate.log_prior(z, prior)
    return Samples(z, log_q, log_p, images, *nearest(images, training))


def nearest(images: Tensor, training: Tensor) -> tuple[Tensor, Tensor]:
    """Distance [M] of images [M, C, H, W] to the nearest of training, uint8 [N, C, H, W], and its index [M].

    As in `Samples`: root mean square difference per pixel, on the scale [0, 1].
    """
    flat = images.flatten(1).float()
    best = torch.full((len(flat),), math.inf)
    index = torch.zeros(len(flat), dtype=torch.int64)
    for start in range(0, len(training), BLOCK):
        block = unit(training[start : start + BLOCK].flatten(1))
        # The exact differences are taken below; this only has to find the smallest.
        square = block.square().sum(1) - 2 * flat @ block.T
        smallest, where = square.min(1)
        index = torch.where(smallest < best, where + start, index)
        best = torch.minimum(best, smallest)
    found = unit(training[index].flatten(1))
    return (flat - found).square().mean(1).sqrt(), index
