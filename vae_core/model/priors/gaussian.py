"""Priors that are one diagonal Gaussian, whatever the class or given it."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from vae_core.constants import LOG_2PI
from vae_core.model.priors.prior import ClassPrior, GaussianMixture, Prior
from vae_core.spec.settings import Settings


class StandardNormal(Prior):
    """p(z) = N(0, I), under every condition."""

    standard = True

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return -0.5 * (z.square().sum(-1) + self.latent * LOG_2PI)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        device = generator.device if generator is not None else None
        return torch.randn(count, self.latent, generator=generator, device=device)

    def tempered(
        self,
        count: int,
        temperature: float,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
    ) -> Tensor:
        return self.sample(count, generator) * temperature

    def gaussian(self, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        zero = torch.zeros(self.latent)
        return zero, zero

    def mixture(self, y: Tensor | None = None) -> GaussianMixture:
        zero = torch.zeros(1, self.latent)
        return GaussianMixture(zero, zero, torch.zeros(1))

    def factors(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return -0.5 * (z.square() + LOG_2PI)


class ClassNormal(Prior):
    """p(z|y) = N(mu_y, diag(sigma_y^2)) with a mean and variances learned for each of K classes.

    Sohn et al. 2015, section 4.1, where the network from y to them is one linear map. They begin at N(0, I).
    A blend of classes has the blend of their means and of their log variances.
    """

    conditional = True
    log_var_bound = 8.0

    def __init__(self, settings: Settings, latent: int, class_prior: ClassPrior | None = None) -> None:
        super().__init__(settings, latent, class_prior)
        classes = len(self.log_py)
        self.mean = nn.Parameter(torch.zeros(classes, latent))
        self.log_var = nn.Parameter(torch.zeros(classes, latent))

    def gaussian(self, y: Tensor | None = None) -> tuple[Tensor, Tensor] | None:
        if y is None:
            return None
        return y @ self.mean, y @ self.log_var.clamp(-self.log_var_bound, self.log_var_bound)

    def mixture(self, y: Tensor | None = None) -> GaussianMixture:
        if y is None:
            log_var = self.log_var.clamp(-self.log_var_bound, self.log_var_bound)
            return GaussianMixture(self.mean, log_var, self.log_py)
        mean, log_var = y @ self.mean, y @ self.log_var.clamp(-self.log_var_bound, self.log_var_bound)
        return GaussianMixture(mean[None], log_var[None], mean.new_zeros(1))

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        if y is None:
            return self.without_class(partial(self.log_prob, z))
        factors = self.factors(z, y)
        assert factors is not None
        return factors.sum(-1)

    def factors(self, z: Tensor, y: Tensor | None = None) -> Tensor | None:
        moments = self.gaussian(y)
        if moments is None:
            return None
        mean, log_var = moments
        return -0.5 * ((z - mean).square() * torch.exp(-log_var) + log_var + LOG_2PI)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        device = generator.device if generator is not None else None
        if y is None:
            y = self.draw_classes(count, generator)
        noise = torch.randn(count, self.latent, generator=generator, device=device)
        mean, log_var = y @ self.mean, y @ self.log_var.clamp(-self.log_var_bound, self.log_var_bound)
        return mean + torch.exp(0.5 * log_var) * noise
