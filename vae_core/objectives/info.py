"""InfoVAE: the aggregated posterior is asked to match the prior, each image's own posterior less so."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core import spec
from vae_core.model.terms import Terms
from vae_core.objectives.objective import Logged, Objective


class Info(Objective):
    """reconstruction - beta * KL(q(z|x) || p(z)) - weight * MMD^2(q(z), p(z)), for p(z) = N(0, I).

    Zhao et al. 2019, equation 6, with beta = 1 - alpha and weight = alpha + lambda - 1; beta 0 is their
    MMD-VAE. The MMD is that of the batch's codes: it asks nothing of a single image's posterior, so that the
    code may go on telling images apart.
    """

    def __init__(self, settings: spec.InfoObjective, latent: int, images: int) -> None:
        super().__init__(settings, latent, images)
        self.weight, self.width = settings.weight, settings.width

    def penalty(self, terms: Terms, kl: Tensor, step: Tensor) -> tuple[Tensor, Logged]:
        mmd = torch.stack([mmd_from_normal(z, self.width) for z in terms.z.flatten(0, -3)]).mean()
        return self.beta * kl + self.weight * mmd, {"beta": self.beta, "mmd": mmd}


def mmd_from_normal(z: Tensor, width: float = 1.0) -> Tensor:
    """The squared maximum mean discrepancy between the distribution of codes z [N, D] and N(0, I), 0-dim.

    Gretton et al. 2012, equation 3, with the Gaussian kernel exp(-|a - b|^2 / (2 s^2)), s^2 = width^2 D: as
    far as two draws of the prior lie apart, up to a factor. What concerns N(0, I) is in closed form, so that
    no samples of it add their noise; over pairs of codes it is the mean without bias, which may be below 0.
    It has no unit and is at most 2.
    """
    count, latent = z.shape
    square = width**2 * latent
    of_prior = (square / (square + 2)) ** (latent / 2)
    height = (square / (square + 1)) ** (latent / 2)
    across = height * torch.exp(-0.5 * z.square().sum(-1) / (square + 1)).mean()
    if count < 2:
        return of_prior - 2 * across + 1
    products = z @ z.T
    norms = products.diagonal()
    kernel = torch.exp(-0.5 * (norms[:, None] + norms - 2 * products).clamp(min=0) / square)
    within = (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))
    return of_prior - 2 * across + within


def expected_mmd(mean: Tensor, variance: Tensor, width: float = 1.0) -> float:
    """The same between N(mean, diag(variance)), both [D], and N(0, I), in closed form."""
    latent = len(mean)
    square = width**2 * latent

    def overlap(spread: Tensor, away: Tensor) -> float:
        """E[k(a, b)] where a - b is N(away, diag(spread))."""
        log_height = 0.5 * (math.log(square) - (square + spread).log()).sum()
        return float(torch.exp(log_height - 0.5 * (away.square() / (square + spread)).sum()))

    one, none = torch.ones_like(variance), torch.zeros_like(mean)
    return overlap(2 * one, none) - 2 * overlap(one + variance, mean) + overlap(2 * variance, none)
