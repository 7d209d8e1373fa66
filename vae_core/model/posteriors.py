"""Approximate posteriors q(z|x): from an encoder's output to samples and their log density.

What a posterior answers, `posterior.py` says.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vae_core import spec
from vae_core.constants import LOG_2PI
from vae_core.model import variance_bound
from vae_core.model.autoregressive_flow import AutoregressiveFlow
from vae_core.model.gumbel_softmax import GroupCodes, GumbelSoftmax
from vae_core.model.posterior import DRAWS, MOMENT_DRAWS, GaussianPrior, Posterior, Posteriors
from vae_core.model.vector_quantised import GridCodes, VectorQuantised
from vae_core.model.vq_vae_2 import TwoLevelQuantised
from vae_core.spec.settings import Settings, kind_of

__all__ = [
    "DRAWS",
    "MOMENT_DRAWS",
    "POSTERIORS",
    "DiagonalGaussian",
    "GridCodes",
    "GroupCodes",
    "GumbelSoftmax",
    "InverseAutoregressiveFlow",
    "Point",
    "Posterior",
    "Posteriors",
    "TwoLevelQuantised",
    "VectorQuantised",
    "build",
    "register",
]


class DiagonalGaussian(Posterior):
    """q(z|x) = N(mu, diag(sigma^2)) from params [B, 2D] = (mu, log sigma^2);
    Kingma and Welling 2014, section 3.

    Where the settings' variance is shared, params [B, D] = mu, and log sigma^2 [D] is learned, the same for
    all images: the posterior of the linear VAE, Lucas et al. 2019, section 4.

    log_var is held within [-16, 16]: with beta 0 nothing else stops a posterior on its way to a point.
    """

    log_var_bound = variance_bound.BOUND

    def __init__(self, settings: Settings, latent: int) -> None:
        super().__init__(settings, latent)
        shared = self.settings.variance == "shared"
        self.log_var = nn.Parameter(torch.zeros(latent)) if shared else None

    @property
    def numbers(self) -> int:
        return 2 * self.latent if self.log_var is None else self.latent

    def split(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """params [B, P] -> mean [B, D], log_var [B, D]."""
        if self.log_var is None:
            mean, log_var = params.chunk(2, dim=-1)
        else:
            mean, log_var = params, self.log_var.expand_as(params)
        return mean, log_var.clamp(-self.log_var_bound, self.log_var_bound)

    def moments(self, params: Tensor) -> tuple[Tensor, Tensor]:
        return self.split(params)

    def location(self, params: Tensor) -> Tensor:
        return self.split(params)[0]

    def codes(self, params: Tensor, generator: torch.Generator | None = None) -> dict[str, Tensor]:
        mean, log_var = self.split(params)
        return {"mean": mean, "log_var": log_var}

    def sample(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """z = mu + sigma * epsilon."""
        mean, log_var = self.split(params)
        epsilon = torch.empty(samples, *mean.shape, device=mean.device, dtype=mean.dtype).normal_(
            generator=generator
        )
        z = torch.addcmul(mean, torch.exp(0.5 * log_var), epsilon)
        # (z - mu)^2 / sigma^2 is epsilon^2, in the value and in every gradient along the path z(mu, sigma).
        log_q = -0.5 * (epsilon.square().sum(-1) + log_var.sum(-1) + mean.shape[-1] * LOG_2PI)
        return z, log_q

    def log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        mean, log_var = self.split(params)
        return -0.5 * ((z - mean).square() * torch.exp(-log_var) + log_var + LOG_2PI).sum(-1)

    def pairwise(self, params: Tensor, z: Tensor) -> Tensor:
        mean, log_var = (value.T[:, None] for value in self.split(params))  # [D, 1, B]
        scaled = (z.transpose(-1, -2)[..., None] - mean) * torch.exp(-0.5 * log_var)
        return scaled.square() * -0.5 - 0.5 * (log_var + LOG_2PI)

    def kl(
        self, params: Tensor, prior: GaussianPrior | None = None, y: Tensor | None = None
    ) -> Tensor | None:
        """Where the prior under y is a single Gaussian; Kingma and Welling 2014, appendix B."""
        mean, log_var = self.split(params)
        if prior is not None and not prior.standard:
            moments = prior.gaussian(y)
            if moments is None:
                return None
            prior_mean, prior_log_var = moments
            mean, log_var = (mean - prior_mean) * torch.exp(-0.5 * prior_log_var), log_var - prior_log_var
        return 0.5 * (mean.square() + torch.expm1(log_var) - log_var)


class Point(DiagonalGaussian):
    """z = mu(x), from params [B, 2D] of which the second half goes unused: a deterministic autoencoder.

    A point has no density, its KL is infinite and there is no ELBO. What remains of the KL is its mean's
    part, 1/2 |mu|^2 under N(0, I), and a constant: log sigma^2 stands on its bound, as that of a Gaussian on
    its way to a point does, so that wherever KL and ELBO are shown they are said to be undefined. In training
    there is no noise at all. In evaluation mode z is drawn with sigma = e^-8, which no picture shows: chains
    and importance sampling ask for a density, and this is one. The unused half makes the network that of a
    Gaussian: from the same seed both begin with the same weights.
    """

    def split(self, params: Tensor) -> tuple[Tensor, Tensor]:
        mean, _ = params.chunk(2, dim=-1)
        return mean, torch.full_like(mean, -self.log_var_bound)

    def sample(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        if not self.training:
            return super().sample(params, samples, generator)
        z = self.split(params)[0].expand(samples, *[-1] * params.ndim)
        return z, self.log_prob(params, z)


class InverseAutoregressiveFlow(Posterior):
    """z = f(z_0), z_0 ~ N(mu, diag(sigma^2)): log q(z|x) = log N(z_0; mu, diag(sigma^2)) - log |det df/dz_0|.

    Kingma et al. 2016, section 4. params [B, 2D + C] = (mu, log sigma^2, the context of every step of f). The
    inverse of f is exact, so that log q(z|x) is known at every z.
    """

    def __init__(self, settings: Settings, latent: int) -> None:
        super().__init__(settings, latent)
        self.base = DiagonalGaussian(spec.DiagonalGaussianPosterior(), latent)
        hidden = self.settings.hidden
        self.flow = AutoregressiveFlow(latent, hidden, hidden, self.settings.depth)

    @property
    def numbers(self) -> int:
        return self.base.numbers + int(self.settings.hidden)

    def split(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """params [..., P] -> those of z_0 [..., 2D], context [..., C]."""
        return params[..., : self.base.numbers], params[..., self.base.numbers :]

    def sample(
        self, params: Tensor, samples: int = 1, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        base, context = self.split(params)
        z, log_q = self.base.sample(base, samples, generator)
        z, log_det = self.flow(z, context)
        return z, log_q - log_det

    def log_prob(self, params: Tensor, z: Tensor) -> Tensor:
        base, context = self.split(params)
        z, log_det = self.flow.inverse(z, context)
        return self.base.log_prob(base, z) - log_det

    def location(self, params: Tensor) -> Tensor:
        """The mean of draws, as `moments` has it."""
        return self.moments(params)[0]


POSTERIORS: dict[str, type[Posterior]] = {
    "diagonal_gaussian": DiagonalGaussian,
    "point": Point,
    "iaf": InverseAutoregressiveFlow,
    "gumbel": GumbelSoftmax,
    "vq": VectorQuantised,
    "vq2": TwoLevelQuantised,
}


def register(settings: type[spec.PosteriorSettings]) -> Callable[[type[Posterior]], type[Posterior]]:
    """Decorates the class of these settings: from now on Specs may have it."""

    def add(posterior: type[Posterior]) -> type[Posterior]:
        spec.register(spec.Posterior, settings)
        POSTERIORS[kind_of(settings)] = posterior
        return posterior

    return add


def build(settings: spec.Posterior, latent: int, grids: tuple[tuple[int, int], ...] = ((1, 1),)) -> Posterior:
    """The posterior that the settings describe, of codes of `latent` dimensions, or as many in every cell of
    one grid or two."""
    if settings.levels == 2:
        return TwoLevelQuantised(settings, latent, grids)
    if settings.quantised:
        return VectorQuantised(settings, latent, grids[0], settings.codebooks[0])
    return POSTERIORS[settings.kind](settings, latent)
