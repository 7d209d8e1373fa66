"""The mixture of the run's own posteriors at images that are learned."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Self

import torch
from torch import Tensor, nn

from vae_core.model.priors.mixture import MixturePrior
from vae_core.model.priors.prior import ClassPrior, GaussianMixture
from vae_core.spec.settings import Settings

DARKEST = 0.01  # pixel that a pseudo-input begins with: at 0 itself its gradient would be 0
SPREAD = 0.1  # of pixels about grey, where no image is there to begin with

Encode = Callable[[Tensor], tuple[Tensor, Tensor]]


class Vamp(MixturePrior):
    """p(z) = 1/K sum_k q(z|u_k); Tomczak and Welling 2018, section 2.

    The pseudo-inputs u_k are learned. They stay within [0, 1], as sigmoids of what Adam moves, and begin as
    training images. The gradient of log p(z) goes through the encoder, to its weights as well.
    """

    def __init__(self, settings: Settings, latent: int, class_prior: ClassPrior | None = None) -> None:
        super().__init__(settings, latent, class_prior)
        self._encode: tuple[Encode, ...] = ()  # in a tuple: the encoder is the model's, not the prior's
        self._fixed: GaussianMixture | None = None

    def attach(self, encode: Encode, image_shape: tuple[int, int, int]) -> None:
        self._encode = (encode,)
        self.pixel_logits = nn.Parameter(SPREAD * torch.randn(self.settings.pseudo_inputs, *image_shape))

    @torch.no_grad()
    def start_from(self, images: Callable[[int], Tensor]) -> None:
        begin = images(len(self.pixel_logits)).clamp(DARKEST, 1 - DARKEST)
        self.pixel_logits.copy_(begin.logit())

    @property
    def pseudo_inputs(self) -> Tensor:
        """u [K, C, H, W] within [0, 1]."""
        return self.pixel_logits.sigmoid()

    def components(self, y: Tensor | None = None) -> GaussianMixture:
        if self._fixed is not None:
            return self._fixed
        (encode,) = self._encode
        mean, log_var = encode(self.pseudo_inputs)
        return GaussianMixture(mean, log_var, mean.new_full((len(mean),), -math.log(len(mean))))

    def kept(self) -> dict[str, Tensor]:
        """Not the images, which are many numbers and no prior without the encoder, but their posteriors."""
        mean, log_var, _ = self.components()
        return {"mean": mean, "log_var": log_var}

    @classmethod
    def of_kept(
        cls, settings: Settings, latent: int, class_prior: ClassPrior | None, tensors: Mapping[str, Tensor]
    ) -> Self:
        prior, mean = cls(settings, latent, class_prior), tensors["mean"]
        weight = mean.new_full((len(mean),), -math.log(len(mean)))
        prior._fixed = GaussianMixture(mean, tensors["log_var"], weight)
        return prior
