"""How unlike the data an image is to a model: its ELBO among those of the test images."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.model import VAE

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

        def mean(values: Tensor) -> Tensor:
            """[S * K, B], or [S, B] with K = 1, to its mean over samples [K, B]."""
            return values.unflatten(0, (samples, -1)).mean(0)

        kl = mean(terms.log_qz - terms.log_pz) if terms.kl is None else terms.kl.sum(-1)
        bound = mean(terms.log_px) - kl
        if terms.summed and terms.log_py is not None:
            bound = bound + terms.log_py[:, None]
        bounds.append(bound.logsumexp(0).cpu())
    return torch.cat(bounds) if bounds else torch.empty(0)


def quantile(value: float, reference: Tensor) -> float:
    """The share of the reference values [N] that are at most `value`, ties counted half.

    Raises ValueError where there are none.
    """
    if not len(reference):
        raise ValueError("There is nothing to compare with.")
    below, equal = (reference < value).double().mean(), (reference == value).double().mean()
    return float(below + equal / 2)
