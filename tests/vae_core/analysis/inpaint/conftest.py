"""A linear-Gaussian VAE: everything about it is known in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from vae_core.model import VAE
from vae_core.spec import Spec

SIGMA, LATENT = 0.1, 3


@dataclass(frozen=True)
class LinearGaussian:
    """x = W z + b + SIGMA noise on 8 x 8 pixels, z ~ N(0, I). model: that, and an encoder of some quality."""

    model: VAE
    w: Tensor  # [64, 3]
    b: Tensor  # [64]

    def images(self, count: int, seed: int = 1) -> Tensor:
        """Images [N, 1, 8, 8] drawn from the model."""
        generator = torch.Generator().manual_seed(seed)
        z, noise = (torch.randn(count, n, generator=generator) for n in (LATENT, len(self.b)))
        return (z @ self.w.T + self.b + SIGMA * noise).view(count, 1, 8, 8)

    def given(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mean [3] and covariance [3, 3] of p(z | observed pixels of x); Bishop 2006, equation 2.116."""
        seen = mask.flatten() > 0
        w = self.w[seen].double()
        covariance = torch.linalg.inv(torch.eye(LATENT).double() + w.T @ w / SIGMA**2)
        return covariance @ w.T @ (x.flatten() - self.b)[seen].double() / SIGMA**2, covariance

    def hidden(self, x: Tensor, mask: Tensor) -> MultivariateNormal:
        """p(hidden pixels | observed pixels of x)."""
        mean, covariance = self.given(x, mask)
        out = mask.flatten() == 0
        w = self.w[out].double()
        noise = SIGMA**2 * torch.eye(int(out.sum())).double()
        return MultivariateNormal(w @ mean + self.b[out], w @ covariance @ w.T + noise)


def linear_gaussian(encoder: str) -> LinearGaussian:
    """encoder: "exact" gives the true posterior of whole images, "rough" one that is off everywhere."""
    spec = Spec().change(
        **{
            "data.name": "digits",
            "data.binarisation": "none",
            "net.kind": "linear",
            "likelihood.kind": "gaussian",
            "likelihood.variance": "fixed",
            "likelihood.sigma": SIGMA,
            "latent": LATENT,
        }
    )
    with torch.random.fork_rng():
        model = VAE(spec).eval()
    to_code, to_pixels = (
        next(m for m in net.modules() if isinstance(m, nn.Linear)) for net in (model.encoder, model.decoder)
    )
    generator = torch.Generator().manual_seed(0)
    # Orthogonal columns make the true posterior of a whole image diagonal, as q is. That of a part is not.
    w = torch.linalg.qr(torch.randn(64, LATENT, generator=generator)).Q * torch.tensor([0.5, 0.4, 0.2])
    b = torch.full((64,), 0.5)
    covariance = torch.linalg.inv(torch.eye(LATENT) + w.T @ w / SIGMA**2)
    to_mean, log_var = covariance @ w.T / SIGMA**2, covariance.diagonal().log()
    if encoder == "rough":
        to_mean, log_var = 0.8 * to_mean, log_var + 2 * math.log(1.5)
    with torch.no_grad():
        to_pixels.weight.copy_(w)
        to_pixels.bias.copy_(b)
        to_code.weight.zero_()
        to_code.weight[:LATENT] = to_mean
        to_code.bias[:LATENT] = -to_mean @ b
        to_code.bias[LATENT:] = log_var
    return LinearGaussian(model, w, b)


@pytest.fixture(scope="session")
def exact() -> LinearGaussian:
    return linear_gaussian("exact")


@pytest.fixture(scope="session")
def rough() -> LinearGaussian:
    return linear_gaussian("rough")
