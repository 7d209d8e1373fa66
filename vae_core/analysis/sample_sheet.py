"""Samples of any model by two algorithms, how many of them lie in holes, and what a classifier reads in them.

From the prior: z ~ p(z), then x ~ p(x|z). Through the posterior of a test image: an image x_i by chance, z ~
q(z|x_i), then x ~ p(x|z); over all images, z is a draw of the aggregated posterior q(z). Under a condition
the class y is a draw of p(y), or that of the image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.analysis import aggregate, decode, generate, prior_density
from vae_core.analysis.prior_density import Estimate
from vae_core.model.oracle_classifier import OracleClassifier
from vae_core.model.posteriors import GroupCodes, Posteriors
from vae_core.model.vae import VAE


@dataclass(frozen=True, eq=False)
class Draws:
    """Codes z [M, D]; y [M]: the class of each, None where the model is told none; image [M]: the number of
    the test image through whose posterior each came, None of draws of the prior."""

    z: Tensor
    y: Tensor | None = None
    image: Tensor | None = None


@torch.inference_mode()
def from_prior(model: VAE, count: int, temperature: float, generator: torch.Generator) -> Draws:
    """`count` draws of p(z), whose deviation from its mean is multiplied by `temperature`, of a mixture from
    that of the component, of a flow before it moves: at 0 all are that mean. Under a condition y ~ p(y)
    first, and z ~ p(z|y)."""
    if not model.classes:
        return Draws(model.prior.tempered(count, temperature, generator))
    y = torch.multinomial(model.prior.log_py.exp(), count, replacement=True, generator=generator)
    return Draws(generate.codes(model, y, temperature, generator), y)


def from_posteriors(
    model: VAE, posteriors: Posteriors, count: int, temperature: float, generator: torch.Generator
) -> Draws:
    """`count` draws of q(z|x_i), each of another x_i by chance, with replacement; their deviation from its
    mean is multiplied by `temperature`: at 0 they are the means."""
    image = torch.randint(len(posteriors), (count,), generator=generator)
    mean = posteriors.mean[image]
    if posteriors.draws is None:
        noise = torch.randn(mean.shape, generator=generator)
        z = mean + temperature * (0.5 * posteriors.log_var[image]).exp() * noise
    else:
        which = torch.randint(posteriors.draws.shape[1], (count,), generator=generator)
        z = torch.lerp(mean, posteriors.draws[image, which], temperature)
    y = posteriors.labels[image] if model.classes and posteriors.labels is not None else None
    return Draws(z, y, image)


def from_categories(model: VAE, codes: GroupCodes, count: int, generator: torch.Generator) -> Draws:
    """As `from_posteriors`, of a model whose codes are categories: in each group of q(z|x_i) one is drawn."""
    image = torch.randint(len(codes), (count,), generator=generator)
    pi = codes.probabilities[image]
    chosen = torch.multinomial(pi.flatten(0, 1), 1, generator=generator).view(pi.shape[:-1])
    z = F.one_hot(chosen, pi.shape[-1]).float().flatten(-2)
    y = codes.labels[image] if model.classes and codes.labels is not None else None
    return Draws(z, y, image)


def in_holes(
    model: VAE, posteriors: Posteriors, z: Tensor, ratio: float = 10.0, mass: float = 0.95
) -> Tensor:
    """Which of the codes z [M, D] lie in holes, bool [M]: within the prior's region of the given mass, where
    q(z) < p(z) / ratio. Of draws of the prior their share is the hole mass (`aggregate.hole_mass`)."""
    log_p = prior_density.log_prior(z, model.prior)
    inside = log_p >= prior_density.level(mass, posteriors.dimensions, model.prior)
    found = torch.zeros(len(z), dtype=torch.bool)
    if inside.any():
        log_q = aggregate.log_density(posteriors, z[inside])
        found[inside] = log_q < log_p[inside] - math.log(ratio)
    return found


def share(hits: Tensor) -> Estimate:
    """The share of hits [M] that are true, and its standard error."""
    count, hit = len(hits), int(hits.sum())
    likely = (hit + 1) / (count + 2)  # so that no hit at all is not taken for certainty
    return Estimate(hit / count, math.sqrt(likely * (1 - likely) / count))


def read(model: VAE, draws: Draws, oracle: OracleClassifier, classes: int) -> Tensor:
    """How many of the decoded draws an independent classifier takes for each class, int64 [classes]."""
    generator = torch.Generator(model.device).manual_seed(0)
    images = decode.decode(model, draws.z, draws.y, decode.ways(model)[0], generator).cpu()
    return oracle.read(images).argmax(1).bincount(minlength=classes)
