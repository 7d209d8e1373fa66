"""Codes of M groups of K categories: what one of an image costs, and how test images use each category."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.model.gumbel_softmax import TINY, GroupCodes, GumbelSoftmax, kl_to_uniform
from vae_core.model.one_hot import one_hot
from vae_core.model.vae import VAE

SAMPLES = 256  # of q(z|x), for an image's reconstruction
RATIO = 10  # how many times p(z) is above q(z) where a category counts as a hole


@dataclass(frozen=True)
class Cost:
    """Of one code of an image, in nats: log p(x|z), log p(z) and log q(z|x)."""

    log_px: float
    log_pz: float
    log_qz: float

    @property
    def joint(self) -> float:
        """log p(x, z)."""
        return self.log_px + self.log_pz


@dataclass(frozen=True)
class Bound:
    """Of an image, in nats: E_q[log p(x|z)], estimated, with its standard error; the KL of q(z|x) to p(z),
    in closed form."""

    reconstruction: float
    error: float
    kl: float

    @property
    def elbo(self) -> float:
        return self.reconstruction - self.kl


def of_categories(model: VAE) -> GumbelSoftmax:
    """Raises ValueError of a model whose codes are none."""
    if not isinstance(model.posterior, GumbelSoftmax):
        raise ValueError("This model has no groups of categories.")
    return model.posterior


@torch.inference_mode()
def cost(model: VAE, image: Tensor, chosen: Tensor, y: Tensor | None = None) -> Cost:
    """Of the code that takes these categories, int64 [M], for an image, float [C, H, W] in [0, 1].

    y: int64 [1], the class that a model of classes is told.
    """
    x, given = image[None].to(model.device), None if y is None else model.weights(y)
    posterior = of_categories(model)
    z = one_hot(chosen.to(model.device), posterior.categories).flatten()[None, None]
    log_px = model.likelihood.log_prob(model.decode(z, given), x)
    log_qz = posterior.log_prob(model.encode(x, given), z)
    return Cost(float(log_px), float(model.prior.log_prob(z)), float(log_qz))


@torch.inference_mode()
def bound(model: VAE, image: Tensor, y: Tensor | None = None, samples: int = SAMPLES) -> Bound:
    """The two parts of the ELBO of an image, float [C, H, W] in [0, 1].

    From codes that q(z|x) draws, the same every time. y: int64 [1], the class that a model of classes is
    told.
    """
    x, given = image[None].to(model.device), None if y is None else model.weights(y)
    posterior, params = of_categories(model), model.encode(x, given)
    z, _ = posterior.sample(params, samples, torch.Generator(model.device).manual_seed(0))
    log_px = model.likelihood.log_prob(model.decode(z, given), x)[:, 0].double()
    return Bound(
        float(log_px.mean()),
        float(log_px.std() / samples**0.5),
        float(posterior.kl(params).sum()),
    )


def marginal_kl(shares: Tensor) -> Tensor:
    """KL of each group of the aggregated posterior to the uniform prior, nats [M]; shares [M, K]: q(z_m = k).

    A group's mean KL over images is this and the information that it has of the image (Hoffman and Johnson
    2016, equation 4).
    """
    return kl_to_uniform(shares.clamp(min=TINY).log())


def holes(shares: Tensor) -> Tensor:
    """Which categories are holes [M, K]: the prior takes them over RATIO times as often as q(z), shares."""
    return RATIO * shares * shares.shape[-1] < 1


def prior_in_holes(found: Tensor) -> float:
    """The probability that a draw of the prior takes a hole in any group; found bool [M, K]."""
    return 1 - float((1 - found.double().mean(1)).prod())


def most_using(codes: GroupCodes, group: int, category: int, count: int) -> tuple[Tensor, Tensor]:
    """The images [N], at most `count`, whose q(z|x) gives a category most, and how much [N]; images of the
    same probability in their order."""
    given = codes.probabilities[:, group, category]
    order = given.argsort(descending=True, stable=True)[:count]
    return order, given[order]
