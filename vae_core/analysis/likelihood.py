"""log p(x) of a model, by importance sampling, and what that estimate is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import repeat

import torch
from torch import Tensor

from vae_core.model.vae import VAE
from vae_core.pixels import unit

# Numbers of decoder output held at once: what fits the cache of a CPU, and what keeps a GPU busy.
CPU_BLOCK, GPU_BLOCK = 2**20, 2**26


def numbers_at_once(device: torch.device) -> int:
    """How many numbers of decoder output to compute at a time."""
    return CPU_BLOCK if device.type == "cpu" else GPU_BLOCK


@dataclass(frozen=True, eq=False)
class LogPx:
    """log p(x) of N images, estimated from the same samples three ways: all [N] float64, on the CPU.

    value: at least this, in expectation, in nats; it rises with the samples. effective: how many independent
    draws of p(z|x) the samples are worth, (sum w)^2 / sum w^2 of their weights (Kong 1992); where it is a
    few, `value` is far too low, whatever its spread over images. It cannot see what no sample came near:
    where q(z|x) is far too narrow, an autoencoder's say, `value` is too low by more than it shows.
    elbo: the ELBO, nats.
    """

    value: Tensor
    effective: Tensor
    elbo: Tensor


def log_px(
    model: VAE,
    images: Tensor,
    samples: int = 1000,
    generator: torch.Generator | None = None,
    labels: Tensor | None = None,
) -> Tensor:
    """log p(x) in nats per image [N] on the CPU, for images [N, C, H, W]: the `value` of `estimate`."""
    return estimate(model, images, samples, generator, labels).value


@torch.inference_mode()
def estimate(
    model: VAE,
    images: Tensor,
    samples: int = 1000,
    generator: torch.Generator | None = None,
    labels: Tensor | None = None,
) -> LogPx:
    """log p(x) of images [N, C, H, W]: uint8, or float in [0, 1].

    log (1/S) sum_s p(x|z_s) p(z_s) / q(z_s|x), z_s ~ q(z|x): a lower bound in expectation, tighter with more
    samples (Rezende et al. 2014, appendix E; Burda et al. 2016, equation 8). State S beside it, and the
    binarisation: grey pixels under a Bernoulli have no likelihood.

    Under a condition, p(x) = sum_y p(y) p(x|y): the sum over classes is exact, with `samples` for each of
    them; with `labels` [N] it is log p(x|y) of that class, and so is the ELBO.

    generator lives on the model's device; without one, the samples are the same every time. Images and
    samples pass in blocks, so memory depends on neither. Raises ValueError where `samples` is below 1.
    """
    if samples < 1:
        raise ValueError(f"At least one sample is needed, not {samples}.")
    generator = generator or torch.Generator(model.device).manual_seed(0)
    numbers = model.likelihood.numbers * math.prod(model.image_shape)
    classes = model.classes if labels is None and model.classes else 1
    at_once = numbers_at_once(model.device) // (numbers * classes)
    draws = min(samples, max(1, at_once))  # samples at a time
    batch = max(1, at_once // draws)  # images at a time

    blocks = []
    given = repeat(None) if labels is None else labels.split(batch)
    for block, y in zip(images.split(batch), given, strict=False):
        x = unit(block.to(model.device))
        total = torch.full((len(x),), -math.inf, dtype=torch.float64, device=model.device)
        squares, elbo = total.clone(), torch.zeros_like(total)  # log sum w^2
        for start in range(0, samples, draws):
            now = min(draws, samples - start)
            terms = model(x, now, generator, y=y)
            log_weight = terms.log_px.double() + terms.log_pz - terms.log_qz
            if terms.summed:
                assert terms.log_py is not None
                log_weight += terms.log_py[:, None, None]
            total = torch.logaddexp(total, log_weight.logsumexp((0, 1)))
            squares = torch.logaddexp(squares, (2 * log_weight).logsumexp((0, 1)))
            elbo += replace(terms, joint=False).elbo().value * (now / samples)
        blocks.append(torch.stack([total - math.log(samples), (2 * total - squares).exp(), elbo]).cpu())
    return LogPx(*(torch.cat(blocks, 1) if blocks else torch.empty(3, 0, dtype=torch.float64)))
