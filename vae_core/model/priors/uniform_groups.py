"""The uniform prior of codes that choose one of K categories in every group."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vae_core.model.priors.prior import ClassPrior, Prior
from vae_core.spec.settings import Settings


class UniformGroups(Prior):
    """p(z) = K^-M for each of the K^M choices of one category in every one of M groups; z is flat, M * K
    numbers of which one in every group is 1."""

    def __init__(self, settings: Settings, latent: int, class_prior: ClassPrior | None = None) -> None:
        """latent: M * K. Raises ValueError where that is no whole number of groups."""
        super().__init__(settings, latent, class_prior)
        self.categories = int(self.settings.categories)
        if latent % self.categories:
            raise ValueError(f"{latent} numbers are no groups of {self.categories}.")
        self.groups = latent // self.categories

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return z.new_full(z.shape[:-1], -self.groups * math.log(self.categories))

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        device = generator.device if generator is not None else None
        chosen = torch.randint(self.categories, (count, self.groups), generator=generator, device=device)
        return F.one_hot(chosen, self.categories).float().flatten(-2)

    def tempered(
        self,
        count: int,
        temperature: float,
        generator: torch.Generator | None = None,
        y: Tensor | None = None,
    ) -> Tensor:
        """As `sample`: a uniform choice has no middle to be nearer to."""
        return self.sample(count, generator, y)
