"""Linear-Gaussian VAEs, one of them of classes: everything about them is known in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from vae_core.analysis.inpaint import Told
from vae_core.model.priors import ClassNormal
from vae_core.model.vae import VAE
from vae_core.spec import Spec

SIGMA, LATENT = 0.1, 3


@dataclass(frozen=True)
class LinearGaussian:
    """x = W z + b + SIGMA noise on 8 x 8 pixels, z ~ N(mu, diag(variance)), which are 0 and 1.

    model: that, and an encoder of some quality. Of classes: under the one that it is told.
    """

    model: VAE | Told
    w: Tensor  # [64, 3]
    b: Tensor  # [64]
    mu: Tensor = field(default_factory=lambda: torch.zeros(LATENT))
    variance: Tensor = field(default_factory=lambda: torch.ones(LATENT))

    def images(self, count: int, seed: int = 1) -> Tensor:
        """Images [N, 1, 8, 8] drawn from the model."""
        generator = torch.Generator().manual_seed(seed)
        z, noise = (torch.randn(count, n, generator=generator) for n in (LATENT, len(self.b)))
        z = self.mu + self.variance.sqrt() * z
        return (z @ self.w.T + self.b + SIGMA * noise).view(count, 1, 8, 8)

    def given(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mean [3] and covariance [3, 3] of p(z | observed pixels of x); Bishop 2006, equation 2.116."""
        seen = mask.flatten() > 0
        w = self.w[seen].double()
        covariance = torch.linalg.inv((1 / self.variance).diag().double() + w.T @ w / SIGMA**2)
        from_pixels = w.T @ (x.flatten() - self.b)[seen].double() / SIGMA**2
        return covariance @ (from_pixels + (self.mu / self.variance).double()), covariance

    def hidden(self, x: Tensor, mask: Tensor) -> MultivariateNormal:
        """p(hidden pixels | observed pixels of x)."""
        mean, covariance = self.given(x, mask)
        out = mask.flatten() == 0
        w = self.w[out].double()
        noise = SIGMA**2 * torch.eye(int(out.sum())).double()
        return MultivariateNormal(w @ mean + self.b[out], w @ covariance @ w.T + noise)


def untrained(**changes: object) -> VAE:
    settings = {
        "data.name": "digits",
        "data.binarisation": "none",
        "net.kind": "linear",
        "likelihood.kind": "gaussian",
        "likelihood.variance": "fixed",
        "likelihood.sigma": SIGMA,
        "latent": LATENT,
    }
    with torch.random.fork_rng():
        return VAE(Spec().change(**settings | changes)).eval()


def set_weights(model: VAE, b: Tensor, mu: Tensor, variance: Tensor, encoder: str) -> Tensor:
    """Makes it linear-Gaussian, with b [K, 64] and mu [K, 3] of each class, or K = 1; W [64, 3] of it."""
    to_code, to_pixels = (
        next(m for m in net.modules() if isinstance(m, nn.Linear)) for net in (model.encoder, model.decoder)
    )
    generator = torch.Generator().manual_seed(0)
    # Orthogonal columns make the true posterior of a whole image diagonal, as q is. That of a part is not.
    w = torch.linalg.qr(torch.randn(64, LATENT, generator=generator)).Q * torch.tensor([0.5, 0.4, 0.2])
    covariance = torch.linalg.inv((1 / variance).diag() + w.T @ w / SIGMA**2)
    to_mean, log_var = covariance @ w.T / SIGMA**2, covariance.diagonal().log()
    if encoder == "rough":
        to_mean, log_var = 0.8 * to_mean, log_var + 2 * math.log(1.5)
    offset = mu / variance @ covariance - b @ to_mean.T  # [K, 3]
    with torch.no_grad():
        for parameter in (*to_code.parameters(), *to_pixels.parameters()):
            parameter.zero_()
        to_pixels.weight[:, :LATENT] = w
        to_code.weight[:LATENT, :64] = to_mean
        to_code.bias[LATENT:] = log_var
        if model.classes:
            to_pixels.weight[:, LATENT:] = b.T
            to_code.weight[:LATENT, 64:] = offset.T
        else:
            to_pixels.bias.copy_(b[0])
            to_code.bias[:LATENT] = offset[0]
    return w


def linear_gaussian(encoder: str) -> LinearGaussian:
    """encoder: "exact" gives the true posterior of whole images, "rough" one that is off everywhere."""
    model, b = untrained(), torch.full((1, 64), 0.5)
    w = set_weights(model, b, torch.zeros(1, LATENT), torch.ones(LATENT), encoder)
    return LinearGaussian(model, w, b[0])


def linear_gaussians(prior: str, encoder: str) -> list[LinearGaussian]:
    """The world of each of ten classes. They shift the pixels and, with a prior for each, the codes too."""
    model = untrained(**{"condition.kind": "class", "prior.kind": prior})
    generator = torch.Generator().manual_seed(1)
    b = 0.5 + 0.2 * torch.randn(10, 64, generator=generator)
    mu, variance = torch.zeros(10, LATENT), torch.ones(LATENT)
    if isinstance(model.prior, ClassNormal):
        mu, variance = torch.randn(10, LATENT, generator=generator), torch.tensor([0.5, 2.0, 1.5])
        with torch.no_grad():
            model.prior.mean.copy_(mu)
            model.prior.log_var.copy_(variance.log().expand(10, -1))
    w = set_weights(model, b, mu, variance, encoder)
    return [LinearGaussian(Told(model, y), w, b[y], mu[y], variance) for y in range(10)]


@pytest.fixture(scope="session")
def exact() -> LinearGaussian:
    return linear_gaussian("exact")


@pytest.fixture(scope="session")
def rough() -> LinearGaussian:
    return linear_gaussian("rough")


@pytest.fixture(scope="session")
def of_classes() -> Callable[[str, str], list[LinearGaussian]]:
    return linear_gaussians
