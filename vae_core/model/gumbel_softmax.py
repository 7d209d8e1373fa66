"""Codes of M groups, in each of which one of K categories is chosen: q(z|x) = prod_m Categorical(pi_m(x)).

z is flat, M * K numbers of which one in every group is 1; relaxed, the numbers of a group sum to 1.
Jang et al. 2017 (Gumbel-softmax); Maddison et al. 2017 (the Concrete distribution).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vae_core.model.one_hot import one_hot
from vae_core.model.posterior import Posterior
from vae_core.spec.settings import Settings

TINY = 1e-20  # keeps log(-log(u)) finite


@dataclass(frozen=True)
class GroupCodes:
    """q(z|x_i) of a set of N images, as a run keeps them: probabilities [N, M, K], which sum to 1 in every
    group; labels [N] int64, or None where the dataset has no classes."""

    probabilities: Tensor
    labels: Tensor | None = None

    def __post_init__(self) -> None:
        if self.probabilities.ndim != 3:
            raise ValueError(f"probabilities must be [N, M, K], not {[*self.probabilities.shape]}.")
        if self.labels is not None and self.labels.shape != self.probabilities.shape[:1]:
            raise ValueError(f"labels must be [{len(self)}], not {list(self.labels.shape)}.")

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def kl(self) -> Tensor:
        """Of every group of every image to the uniform prior, nats [N, M]."""
        return kl_to_uniform(self.probabilities.clamp(min=TINY).log())

    def arrays(self) -> dict[str, np.ndarray]:
        """What there is of them by name, for files; `of` reads it again."""
        found = {"probabilities": self.probabilities.cpu().numpy().astype(np.float16)}
        return found if self.labels is None else found | {"labels": self.labels.cpu().numpy()}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> GroupCodes:
        """From arrays by these names. Labels below 0 are those of no class: then None."""
        labels = torch.from_numpy(arrays["labels"]).long() if "labels" in arrays else None
        known = labels if labels is not None and (labels >= 0).all() else None
        return cls(torch.from_numpy(arrays["probabilities"]).float(), known)


def kl_to_uniform(log_pi: Tensor) -> Tensor:
    """log K - H(pi) [...] in nats, of log_pi [..., K]."""
    return math.log(log_pi.shape[-1]) + (log_pi.exp() * log_pi).sum(-1)


def gumbel(like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Standard Gumbel draws of the shape of `like`: -log(-log u), u uniform on (0, 1)."""
    exponential = torch.empty_like(like).exponential_(generator=generator)
    return -exponential.clamp(min=TINY).log()


class GumbelSoftmax(Posterior):
    """q(z|x) from logits, params [B, M * K].

    In training, with the `relaxed` estimator, z = softmax((log pi + g) / temperature) in every group, with g
    standard Gumbel (Jang et al., equation 2): with `straight_through` its hard choice, whose gradient is that
    of the relaxed one. With the `score` estimator z is a draw of q(z|x), and `estimated` makes the gradient.
    In evaluation mode z is such a draw, too: these are the codes of the model itself.

    temperature: 0-dim, of this step, which training sets (`training/temperature.py`); held: the one that was
    set by hand, 0 where the schedule counts.
    """

    temperature: Tensor
    held: Tensor

    def __init__(self, settings: Settings, latent: int) -> None:
        """latent: M."""
        super().__init__(settings, latent)
        self.groups, self.categories = latent, int(self.settings.categories)
        self.register_buffer("temperature", torch.tensor(float(self.settings.temperature)))
        self.register_buffer("held", torch.zeros(()))

    @property
    def numbers(self) -> int:
        return self.groups * self.categories

    def log_pi(self, params: Tensor) -> Tensor:
        """log of the probability of every category [..., M, K]."""
        return params.unflatten(-1, (self.groups, self.categories)).log_softmax(-1)

    def sample(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """z [S, B, M * K]; log q(z|x) [S, B] in nats, of a relaxed z its affine continuation."""
        log_pi = self.log_pi(params).expand(samples, *params.shape[:-1], -1, -1)
        perturbed = log_pi + gumbel(log_pi, generator)
        z = one_hot(perturbed.argmax(-1), self.categories).to(perturbed)
        if self.training and self.settings.estimator == "relaxed":
            relaxed = (perturbed / self.temperature).softmax(-1)
            # The value of the hard choice with the gradient of the relaxed one: Bengio et al. 2013.
            z = z + (relaxed - relaxed.detach()) if self.settings.straight_through else relaxed
        return z.flatten(-2), (z * log_pi).sum((-2, -1))

    def log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        return (z * self.log_pi(params).flatten(-2)).sum(-1)

    def estimated(self, log_px: Tensor, log_qz: Tensor) -> Tensor:
        if not self.training or self.settings.estimator == "relaxed":
            return log_px
        return log_px + (log_px.detach() - baseline(log_px.detach())) * (log_qz - log_qz.detach())

    def location(self, params: Tensor) -> Tensor:
        """The most probable category of every group."""
        return one_hot(self.log_pi(params).argmax(-1), self.categories).to(params).flatten(-2)

    def moments(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """Of a hard code: pi and log pi (1 - pi)."""
        pi = self.log_pi(params).exp().flatten(-2)
        return pi, (pi * (1 - pi)).clamp(min=1e-7).log()

    def kl(self, params: Tensor, prior: Any = None, y: Tensor | None = None) -> Tensor:
        """Of every group to the uniform prior, [B, M]: log K - H(pi_m)."""
        return kl_to_uniform(self.log_pi(params))

    def codes(self, params: Tensor, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        return {"probabilities": self.log_pi(params).exp()}


def baseline(log_px: Tensor) -> Tensor:
    """What log p(x|z) [S, B] is compared with, in the score function's gradient, without bias: the mean of
    the image's other samples (Kool et al. 2019); of one sample, of the other images of the batch."""
    axis = 0 if len(log_px) > 1 else 1
    count = log_px.shape[axis]
    return (log_px.sum(axis, keepdim=True) - log_px) / max(1, count - 1)
