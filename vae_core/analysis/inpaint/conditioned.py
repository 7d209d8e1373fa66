"""A model of classes that is told one of them: to the samplers it is like any model without classes."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.model.priors import Given
from vae_core.model.vae import VAE


class Told:
    """p(x|z, y), p(z|y) and q(z|x, y) of a model of K classes, all under one class y, 0 to K - 1.

    What a `Problem` takes in place of such a model. Raises ValueError, a sentence, where the model has no
    classes or y is none of them.
    """

    def __init__(self, model: VAE, y: int) -> None:
        if model.classes and not 0 <= y < model.classes:
            raise ValueError(f"This model's classes are 0 to {model.classes - 1}; {y} is none of them.")
        self.model, self.y = model, model.weights(torch.tensor(y))
        self.spec, self.device, self.image_shape = model.spec, model.device, model.image_shape
        self.likelihood, self.posterior = model.likelihood, model.posterior
        self.prior = Given(model.prior, self.y)

    def encode(self, x: Tensor, *, mask: Tensor | None = None) -> Tensor:
        """As `VAE.encode`: the params of q(z|x, y) [B, P]."""
        return self.model.encode(x, self.y.expand(len(x), -1), mask)

    def decode(self, z: Tensor) -> Tensor:
        """As `VAE.decode`: the params of p(x|z, y) [..., K * C, H, W]."""
        return self.model.decode(z, self.y)


Model = VAE | Told
