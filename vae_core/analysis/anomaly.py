"""How unlike the data an image is to a model: its ELBO among those of the test images."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.model.vae import VAE
from vae_core.pixels import unit

NUMBERS = 2**20  # of decoder output held at once: what fits the cache of a CPU


@torch.inference_mode()
def elbo(model: VAE, images: Tensor, samples: int = 8, generator: torch.Generator | None = None) -> Tensor:
    """The ELBO of each of the images [N, C, H, W], uint8 or float in [0, 1]: nats per image [N], on the CPU.

    `Terms.elbo` with `samples` samples of q(z|x). Under a condition the class is summed out, so that it
    bounds log p(x): under q(y|x) where the model has a classifier, else it is log sum_y p(y) exp ELBO(x|y).

    Of pixels between 0 and 1 a Bernoulli likelihood gives the mean over their dynamic binarisation, were z
    the same for all of them: good to compare grey images with one another, and no log-likelihood.
    generator lives on the model's device; without one, the samples are the same every time.
    """
    generator = generator or torch.Generator(model.device).manual_seed(0)
    classes = max(1, model.classes)
    numbers = model.likelihood.numbers * math.prod(model.image_shape) * classes * samples
    bounds = []
    for block in images.split(max(1, NUMBERS // numbers)):
        x = block.to(model.device)
        terms = model(unit(x), samples, generator)
        bounds.append(terms.elbo().value.cpu())
    return torch.cat(bounds) if bounds else torch.empty(0)


def quantile(value: float, reference: Tensor) -> float:
    """The share of the reference values [N] that are at most `value`, ties counted half.

    Raises ValueError where there are none.
    """
    if not len(reference):
        raise ValueError("There is nothing to compare with.")
    below, equal = (reference < value).double().mean(), (reference == value).double().mean()
    return float(below + equal / 2)


@torch.inference_mode()
def per_pixel(
    model: VAE, image: Tensor, samples: int = 8, generator: torch.Generator | None = None
) -> Tensor:
    """-E_q[log p(x_i|z)] of every pixel and channel of an image [C, H, W], nats [C, H, W], on the CPU.

    image: uint8 or float in [0, 1]. With `samples` codes from q(z|x). Under a condition the mean over classes
    as probable as `elbo` has them: all pixels sum to its reconstruction term.
    """
    generator = generator or torch.Generator(model.device).manual_seed(0)
    x = image[None].to(model.device)
    x = unit(x)
    terms = model(x, samples, generator)
    y = torch.eye(model.classes, device=x.device)[:, None, None] if terms.summed else None
    log_p = model.likelihood.pixel_log_prob(model.decode(terms.z, y, x).flatten(0, 1), x)
    each = log_p.unflatten(0, terms.log_px.shape[:2]).mean(1)[:, 0]  # [K, C, H, W]
    if not terms.summed:
        return -each[0].cpu()
    found: Tensor = -torch.tensordot(terms.log_class_posterior()[:, 0].exp(), each, 1)
    return found.cpu()
