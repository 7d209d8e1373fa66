"""Priors p(z)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LOG_2PI = math.log(2 * math.pi)


class StandardNormal(nn.Module):
    """p(z) = N(0, I)."""

    # Diagonal posteriors know their KL against this prior in closed form.
    standard_normal = True

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.latent = latent

    def log_prob(self, z: Tensor) -> Tensor:
        """z [..., D] -> log p(z) [...] in nats."""
        return -0.5 * (z.square().sum(-1) + self.latent * LOG_2PI)

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """[count, D]."""
        device = generator.device if generator is not None else None
        return torch.randn(count, self.latent, generator=generator, device=device)


PRIORS = {"standard_normal": StandardNormal}
