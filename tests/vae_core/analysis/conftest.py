"""Priors that are not N(0, I): one for each class, far from the origin; a mixture; one of samples only."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from vae_core.model.priors import ClassNormal, ClassPrior, GaussianMixture, Prior
from vae_core.model.vae import VAE
from vae_core.spec import ClassNormalPrior, Spec, StandardNormalPrior


class StudentT(Prior):
    """Multivariate Student-t with 4 degrees of freedom: heavy tails, dimensions that depend on each other."""

    freedom = 4.0

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        v, d = self.freedom, self.latent
        constant = math.lgamma((v + d) / 2) - math.lgamma(v / 2) - d / 2 * math.log(v * math.pi)
        return constant - (v + d) / 2 * torch.log1p(z.square().sum(-1) / v)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        normal = torch.randn(count, self.latent, generator=generator)
        chi = torch.randn(count, int(self.freedom), generator=generator).square().sum(1, keepdim=True)
        return normal / (chi / self.freedom).sqrt()


class TwoGaussians(Prior):
    """0.3 N(-2, 0.25 I) + 0.7 N(1, I), as a mixture whose parts are known."""

    def mixture(self, y: Tensor | None = None) -> GaussianMixture:
        mean = torch.stack([torch.full((self.latent,), -2.0), torch.full((self.latent,), 1.0)])
        log_var = torch.stack([torch.full((self.latent,), math.log(0.25)), torch.zeros(self.latent)])
        return GaussianMixture(mean, log_var, torch.tensor([0.3, 0.7]).log())

    def log_prob(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        mean, log_var, log_weight = self.mixture()
        t = (z[..., None, :] - mean).square() * torch.exp(-log_var)
        return (log_weight - 0.5 * (t + log_var + math.log(2 * math.pi)).sum(-1)).logsumexp(-1)

    def sample(self, count: int, generator: torch.Generator | None = None, y: Tensor | None = None) -> Tensor:
        mean, log_var, log_weight = self.mixture()
        which = torch.multinomial(log_weight.exp(), count, replacement=True, generator=generator)
        noise = torch.randn(count, self.latent, generator=generator)
        return mean[which] + (0.5 * log_var[which]).exp() * noise


@pytest.fixture
def student_t() -> type[Prior]:
    return StudentT


@pytest.fixture
def two_gaussians() -> Prior:
    return TwoGaussians(StandardNormalPrior(), 2)


@pytest.fixture
def far() -> ClassNormal:
    """Two classes, N((9, 0), diag(4, 1)) and N((-9, 3), diag(1, 0.25))."""
    prior = ClassNormal(ClassNormalPrior(), 2, ClassPrior(2, False))
    with torch.no_grad():
        prior.mean.copy_(torch.tensor([[9.0, 0.0], [-9.0, 3.0]]))
        prior.log_var.copy_(torch.tensor([[4.0, 1.0], [1.0, 0.25]]).log())
    return prior.requires_grad_(False)


@pytest.fixture
def disguised() -> ClassNormal:
    """N(0, I) that does not say so: a prior of each class before training, in two dimensions."""
    return ClassNormal(ClassNormalPrior(), 2, ClassPrior(3, False)).requires_grad_(False)


@pytest.fixture
def two_groups() -> VAE:
    """Codes of two groups of three categories, of 2 x 3 binary pixels; its encoder is a random one."""
    spec = Spec.parse(
        {
            "data": {"binarisation": "dynamic", "image_shape": (1, 2, 3)},
            "latent": 2,
            "net": {"kind": "linear"},
            "posterior": {"kind": "gumbel", "categories": 3},
        }
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return VAE(spec).eval().requires_grad_(False)
