"""A prior under one class."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.model.priors.prior import GaussianMixture, Prior


class Given(Prior):
    """p(z|y) of one y [K], as a prior without classes."""

    def __init__(self, prior: Prior, y: Tensor) -> None:
        super().__init__(prior.settings, prior.latent)
        self.prior, self.y = prior, y
        self.standard = prior.standard

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.prior.log_prob(z, self.y)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        return self.prior.sample(count, generator, self.y)

    def gaussian(self, y: Tensor | None = None) -> tuple[Tensor, Tensor] | None:
        return self.prior.gaussian(self.y)

    def mixture(self, y: Tensor | None = None) -> GaussianMixture | None:
        return self.prior.mixture(self.y)

    def factors(self, z: Tensor, y: Tensor | None = None) -> Tensor | None:
        return self.prior.factors(z, self.y)
