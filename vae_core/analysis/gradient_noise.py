"""How noisy the encoder's gradient is by each way of estimating it, with weights that stand still."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.analysis.progress import Progress, Reporter
from vae_core.model.gumbel_softmax import GumbelSoftmax
from vae_core.model.vae import VAE
from vae_core.pixels import unit

DRAWS = 64
WAYS = ("relaxed", "straight_through", "score")


@dataclass(frozen=True)
class Noise:
    """Of the gradient of a batch's mean ELBO with respect to the encoder's weights, by one estimator.

    length: of its mean over draws, without what their noise adds to it. deviation: the square root of its
    variance, summed over weights. ratio: deviation over length; a step in that direction is mostly noise
    where it is above 1. cosine: of the mean with that of the score function, which has no bias.
    """

    length: float
    deviation: float
    cosine: float

    @property
    def ratio(self) -> float:
        return self.deviation / self.length if self.length > 0 else math.inf


def measure(
    model: VAE,
    images: Tensor,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Noise]:
    """The noise of each of WAYS, of codes that are categories, from `draws` gradients of the same batch
    images [B, C, H, W], uint8 or float in [0, 1], one code of each image a draw.

    The temperature is that of the model now. Raises ValueError where codes are no categories, or of fewer
    than two draws. The model's weights, gradients and settings are left as they were.
    """
    posterior, reporter = model.posterior, Reporter(progress, cancelled)
    if not isinstance(posterior, GumbelSoftmax):
        raise ValueError("The codes of this model are no categories: their gradient has one estimator.")
    if draws < 2:
        raise ValueError(f"Noise is told from at least two draws, not {draws}.")
    weights, x = list(model.encoder.parameters()), unit(images.to(model.device))
    needed, own, mode = [each.requires_grad for each in weights], posterior.settings, posterior.training
    found: dict[str, Tensor] = {}
    try:
        model.encoder.requires_grad_(True)
        posterior.train()
        for done, way in enumerate(WAYS):
            estimator = "score" if way == "score" else "relaxed"
            changes = {"estimator": estimator, "straight_through": way == "straight_through"}
            posterior.settings = own.model_copy(update=changes)
            generator = torch.Generator(model.device).manual_seed(seed)
            rows = []
            for draw in range(draws):
                reporter.report((done + draw / draws) / len(WAYS), "Drawing gradients")
                bound = model(x, 1, generator).elbo().mean().elbo
                rows.append(torch.cat([each.flatten() for each in torch.autograd.grad(bound, weights)]).cpu())
            found[way] = torch.stack(rows)
    finally:
        posterior.settings = own
        posterior.train(mode)
        for weight, before in zip(weights, needed, strict=True):
            weight.requires_grad_(before)
    unbiased = found["score"].mean(0)
    return {way: _noise(rows, unbiased) for way, rows in found.items()}


def _noise(rows: Tensor, unbiased: Tensor) -> Noise:
    """rows: gradients [draws, weights]."""
    mean, variance = rows.mean(0), rows.var(0).sum().item()
    square = mean.square().sum().item() - variance / len(rows)
    cosine = torch.nn.functional.cosine_similarity(mean, unbiased, dim=0).item()
    return Noise(math.sqrt(max(square, 0.0)), math.sqrt(variance), cosine)
