"""Approximate posteriors q(z|x): from an encoder's output to samples and their log density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vae_core.constants import LOG_2PI
from vae_core.model import variance_bound


@dataclass(frozen=True)
class Posteriors:
    """q(z|x_i) = N(mean_i, diag(exp(log_var_i))) for a set of N images.

    mean, log_var: [N, D] float32. labels: [N] int64, or None where the dataset has no classes.
    """

    mean: Tensor
    log_var: Tensor
    labels: Tensor | None = None

    def __post_init__(self) -> None:
        if self.mean.ndim != 2 or self.mean.shape != self.log_var.shape:
            raise ValueError(
                f"mean and log_var must both be [N, D], not {[*self.mean.shape]} and {[*self.log_var.shape]}."
            )
        if self.labels is not None and self.labels.shape != self.mean.shape[:1]:
            raise ValueError(f"labels must be [{len(self.mean)}], not {list(self.labels.shape)}.")

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def dimensions(self) -> int:
        return self.mean.shape[1]


class GaussianPrior(Protocol):
    """What a closed form of the KL asks of a prior: see `priors.Prior`."""

    standard: bool

    def gaussian(self, y: Tensor | None = None) -> tuple[Tensor, Tensor] | None: ...


class DiagonalGaussian:
    """q(z|x) = N(mu, diag(sigma^2)) from params [B, 2D] = (mu, log sigma^2);
    Kingma and Welling 2014, section 3.

    log_var is held within [-16, 16]: with beta 0 nothing else stops a posterior on its way to a point.
    """

    log_var_bound = variance_bound.BOUND

    @staticmethod
    def width(latent: int) -> int:
        """How many numbers the encoder gives for `latent` dimensions."""
        return 2 * latent

    def split(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """params [B, 2D] -> mean [B, D], log_var [B, D]."""
        mean, log_var = params.chunk(2, dim=-1)
        return mean, log_var.clamp(-self.log_var_bound, self.log_var_bound)

    def __call__(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Reparameterised z [S, B, D] = mu + sigma * epsilon, and log q(z|x) [S, B] in nats."""
        mean, log_var = self.split(params)
        epsilon = torch.empty(samples, *mean.shape, device=mean.device, dtype=mean.dtype).normal_(
            generator=generator
        )
        z = torch.addcmul(mean, torch.exp(0.5 * log_var), epsilon)
        # (z - mu)^2 / sigma^2 is epsilon^2, in the value and in every gradient along the path z(mu, sigma).
        log_q = -0.5 * (epsilon.square().sum(-1) + log_var.sum(-1) + mean.shape[-1] * LOG_2PI)
        return z, log_q

    def log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        """log q(z|x) [S, B] in nats at any z [S, B, D]."""
        mean, log_var = self.split(params)
        return -0.5 * ((z - mean).square() * torch.exp(-log_var) + log_var + LOG_2PI).sum(-1)

    def pairwise(self, params: Tensor, z: Tensor) -> Tensor:
        """log q(z_d|x_j) in nats of every code under every image's posterior.

        params [B, 2D], z [S, I, D] -> [S, D, I, B]; the last axis lies together, to be summed over.
        """
        mean, log_var = (value.T[:, None] for value in self.split(params))  # [D, 1, B]
        scaled = (z.transpose(-1, -2)[..., None] - mean) * torch.exp(-0.5 * log_var)
        return scaled.square() * -0.5 - 0.5 * (log_var + LOG_2PI)

    def kl(
        self, params: Tensor, prior: GaussianPrior | None = None, y: Tensor | None = None
    ) -> Tensor | None:
        """KL(q(z_d|x) || p(z_d|y)) [B, D] in nats, of params [B, 2D]; Kingma and Welling 2014, appendix B.

        None where the prior under y is no single Gaussian: then no closed form is known. No prior: N(0, I).
        """
        mean, log_var = self.split(params)
        if prior is not None and not prior.standard:
            moments = prior.gaussian(y)
            if moments is None:
                return None
            prior_mean, prior_log_var = moments
            mean, log_var = (mean - prior_mean) * torch.exp(-0.5 * prior_log_var), log_var - prior_log_var
        return 0.5 * (mean.square() + torch.expm1(log_var) - log_var)


POSTERIORS = {"diagonal_gaussian": DiagonalGaussian}
