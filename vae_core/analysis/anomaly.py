"""How unlike the data an image is to a model: its ELBO among those of the test images."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.model.vae import VAE, Terms

NUMBERS = 2**20  # of decoder output held at once: what fits the cache of a CPU


@torch.inference_mode()
def elbo(model: VAE, images: Tensor, samples: int = 8, generator: torch.Generator | None = None) -> Tensor:
    """The ELBO of each of the images [N, C, H, W], uint8 or float in [0, 1]: nats per image [N], on the CPU.

    E_q[log p(x|z)] with `samples` samples of q(z|x), less the KL. Under a condition the class is summed out:
    log sum_y p(y) exp ELBO(x|y), which also bounds log p(x) from below.

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
        terms = model(x.float() / 255 if x.dtype == torch.uint8 else x, samples, generator)
        bounds.append(_bound(terms, samples).logsumexp(0).cpu())
    return torch.cat(bounds) if bounds else torch.empty(0)


def _bound(terms: Terms, samples: int) -> Tensor:
    """log p(y) + ELBO(x|y) under each of K classes [K, B]; K = 1 without classes."""

    def mean(values: Tensor) -> Tensor:
        """[S * K, B] to its mean over samples [K, B]."""
        return values.unflatten(0, (samples, -1)).mean(0)

    kl = mean(terms.log_qz - terms.log_pz) if terms.kl is None else terms.kl.sum(-1)
    bound = mean(terms.log_px) - kl
    return bound if terms.log_py is None else bound + terms.log_py[:, None]


def quantile(value: float, reference: Tensor) -> float:
    """The share of the reference values [N] that are at most `value`, ties counted half.

    Raises ValueError where there are none.
    """
    if not len(reference):
        raise ValueError("There is nothing to compare with.")
    below, equal = (reference < value).double().mean(), (reference == value).double().mean()
    return float(below + equal / 2)


def auroc(inside: Tensor, outside: Tensor) -> float:
    """The probability that an outside image has the lower value, of ELBOs [N] and [M]; ties counted half.

    The area under the receiver operating characteristic (Hanley and McNeil 1982, as the Mann-Whitney
    statistic): 1 where the model tells the two sets apart, 0.5 where it cannot, less where it takes the
    outside for the likelier (Nalisnick et al. 2019). Raises ValueError where one of them is empty.
    """
    if not len(inside) or not len(outside):
        raise ValueError("Two sets of images are needed to compare.")
    ordered = inside.double().sort().values
    values = outside.double()
    below = torch.searchsorted(ordered, values, right=False)
    up_to = torch.searchsorted(ordered, values, right=True)
    return float(1 - (below + up_to).double().mean() / (2 * len(inside)))


@torch.inference_mode()
def per_pixel(
    model: VAE, image: Tensor, samples: int = 8, generator: torch.Generator | None = None
) -> Tensor:
    """-E_q[log p(x_i|z)] of every pixel and channel of an image [C, H, W], nats [C, H, W], on the CPU.

    image: uint8 or float in [0, 1]. With `samples` codes from q(z|x). Under a condition the mean over classes
    as probable as `elbo` has them, p(y) exp ELBO(x|y) normalised: all pixels sum to its reconstruction term.
    """
    generator = generator or torch.Generator(model.device).manual_seed(0)
    x = image[None].to(model.device)
    x = x.float() / 255 if x.dtype == torch.uint8 else x
    terms = model(x, samples, generator)
    weights = _bound(terms, samples).softmax(0)[..., None, None, None]  # [K, 1, 1, 1, 1]
    z = terms.z.unflatten(0, (samples, -1))  # [S, K, 1, D]
    y = torch.eye(model.classes, device=x.device)[:, None] if model.classes else None
    log_p = model.likelihood.pixel_log_prob(model.decode(z, y).flatten(0, 1), x)
    found: Tensor = -(weights * log_p.unflatten(0, (samples, -1)).mean(0)).sum((0, 1))
    return found.cpu()
