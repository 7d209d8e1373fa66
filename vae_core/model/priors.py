"""Priors p(z) or p(z|y) of a code, and p(y) of its class.

y [..., K] is a condition: 1 at the image's class, or weights of several that are blended.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vae_core import spec

LOG_2PI = math.log(2 * math.pi)


class StandardNormal(nn.Module):
    """p(z) = N(0, I), under every condition."""

    gaussian = True  # diagonal posteriors know their KL against such a prior in closed form

    def __init__(self, latent: int, classes: int = 0) -> None:
        super().__init__()
        self.latent = latent

    def moments(self, y: Tensor | None = None) -> tuple[Tensor, Tensor] | None:
        """Mean and log variance [..., D]; None says that both are 0."""
        return None

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [..., D] -> log p(z) [...] in nats."""
        return -0.5 * (z.square().sum(-1) + self.latent * LOG_2PI)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        """[count, D]."""
        device = generator.device if generator is not None else None
        return torch.randn(count, self.latent, generator=generator, device=device)


class ClassNormal(nn.Module):
    """p(z|y) = N(mu_y, diag(sigma_y^2)) with a mean and variances learned for each of K classes.

    Sohn et al. 2015, section 4.1, where the network from y to them is one linear map. They begin at N(0, I).
    A blend of classes has the blend of their means and of their log variances.
    """

    gaussian = True
    log_var_bound = 8.0

    def __init__(self, latent: int, classes: int) -> None:
        super().__init__()
        self.latent = latent
        self.mean = nn.Parameter(torch.zeros(classes, latent))
        self.log_var = nn.Parameter(torch.zeros(classes, latent))

    def moments(self, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """y [..., K] -> mean and log variance [..., D]."""
        if y is None:
            raise ValueError("This prior is one for each class: it needs to know which.")
        return y @ self.mean, y @ self.log_var.clamp(-self.log_var_bound, self.log_var_bound)

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """z [..., D], y [..., K] -> log p(z|y) [...] in nats."""
        mean, log_var = self.moments(y)
        return -0.5 * ((z - mean).square() * torch.exp(-log_var) + log_var + LOG_2PI).sum(-1)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        """y [count, K], or [K] for all -> [count, D]."""
        mean, log_var = self.moments(y)
        device = generator.device if generator is not None else None
        noise = torch.randn(count, self.latent, generator=generator, device=device)
        return mean + torch.exp(0.5 * log_var) * noise


class ClassPrior(nn.Module):
    """p(y): uniform over K classes, or a learned categorical."""

    logits: Tensor

    def __init__(self, classes: int, learned: bool) -> None:
        super().__init__()
        if learned:
            self.logits = nn.Parameter(torch.zeros(classes))
        else:
            self.register_buffer("logits", torch.zeros(classes))

    @property
    def log_probs(self) -> Tensor:
        """log p(y) of every class [K], in nats."""
        return self.logits.log_softmax(-1)


PRIORS = {"standard_normal": StandardNormal, "class_normal": ClassNormal}


def build(
    settings: spec.StandardNormalPrior | spec.ClassNormalPrior, latent: int, classes: int
) -> StandardNormal | ClassNormal:
    """The prior of codes that the settings describe; classes: K, or 0 where there is no condition."""
    return PRIORS[settings.kind](latent, classes)
