"""Priors that are mixtures of diagonal Gaussians, and the one whose components are learned."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vae_core.constants import LOG_2PI
from vae_core.model.priors.prior import ClassPrior, GaussianMixture, Prior
from vae_core.spec.settings import Settings

BLOCK = 2**22  # log densities at a time, where no gradient is asked for


class MixturePrior(Prior):
    """p(z|y) = sum_k w_k N(mu_k, diag(sigma_k^2)), of which a subclass says the components: `mixture`."""

    def components(self, y: Tensor | None = None) -> GaussianMixture:
        """Those of p(z|y) [..., K, D], y [..., C]; without y, of p(z) [K, D]."""
        raise NotImplementedError

    def mixture(self, y: Tensor | None = None) -> GaussianMixture:
        return self.components(y)

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return log_density(z, self.components(y))

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        return self.tempered(count, 1.0, generator, y)

    def tempered(
        self,
        count: int,
        temperature: float,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
    ) -> Tensor:
        """The deviation is that from the mean of the component that was drawn."""
        mean, log_var, log_weight = self.components(y)
        device = mean.device if generator is None else generator.device
        chances = log_weight.exp().to(device)
        if chances.ndim == 1:
            which = torch.multinomial(chances, count, replacement=True, generator=generator)
            mean, log_var = mean[which], log_var[which]
        else:
            which = torch.multinomial(chances, 1, generator=generator)[..., None].expand(-1, 1, self.latent)
            mean, log_var = mean.gather(1, which)[:, 0], log_var.gather(1, which)[:, 0]
        noise = torch.randn(count, self.latent, generator=generator, device=device)
        return mean + temperature * torch.exp(0.5 * log_var) * noise


def log_density(z: Tensor, parts: GaussianMixture) -> Tensor:
    """log p(z) [...] in nats of codes z [..., D] under a mixture [K, D], or one for each code [..., K, D].

    Dimension by dimension, so that no [..., K, D] is held; block by block where no gradient is asked for.
    """
    count = z[..., 0].numel() * parts.mean.shape[-2]
    if not torch.is_grad_enabled() and count > BLOCK and z.ndim >= parts.mean.ndim and len(z) > 1:
        blocks = z.split(max(1, len(z) * BLOCK // count))
        return torch.cat([log_density(block, parts) for block in blocks])
    precision = torch.exp(-parts.log_var)
    log_each = parts.log_weight - 0.5 * (parts.log_var.sum(-1) + z.shape[-1] * LOG_2PI)
    for d in range(z.shape[-1]):
        log_each = log_each - 0.5 * (z[..., d, None] - parts.mean[..., d]).square() * precision[..., d]
    return log_each.logsumexp(-1)


class LearnedMixture(MixturePrior):
    """Means, log variances and weights of K components, learned; for each class, if the settings say so.

    They begin with means drawn from N(0, I / 2) and variances of 1/2: nearly N(0, I), and no two alike.
    A blend of classes has the blend of their components, one by one.
    """

    log_var_bound = 8.0

    def __init__(self, settings: Settings, latent: int, class_prior: ClassPrior | None = None) -> None:
        super().__init__(settings, latent, class_prior)
        self.conditional = self.settings.of_class
        shape: tuple[int, ...] = (self.settings.components,)
        if self.conditional:
            shape = (len(self.log_py), *shape)
        self.mean = nn.Parameter(math.sqrt(0.5) * torch.randn(*shape, latent))
        self.log_var = nn.Parameter(torch.full((*shape, latent), math.log(0.5)))
        self.logits = nn.Parameter(torch.zeros(shape))

    def components(self, y: Tensor | None = None) -> GaussianMixture:
        log_var = self.log_var.clamp(-self.log_var_bound, self.log_var_bound)
        if not self.conditional:
            return GaussianMixture(self.mean, log_var, self.logits.log_softmax(-1))
        if y is None:
            log_weight = self.log_py[:, None] + self.logits.log_softmax(-1)
            return GaussianMixture(self.mean.flatten(0, 1), log_var.flatten(0, 1), log_weight.flatten())
        mean, log_var = (torch.einsum("...c,ckd->...kd", y, value) for value in (self.mean, log_var))
        return GaussianMixture(mean, log_var, (y @ self.logits).log_softmax(-1))
