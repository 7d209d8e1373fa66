"""A linear-Gaussian model: its posterior, log p(x) and every gap are known in closed form."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from vae_core.model.vae import VAE
from vae_core.spec import Spec

SIGMA = 0.3


def linear_gaussian(latent: int) -> tuple[VAE, MultivariateNormal]:
    """x = W z + b + SIGMA noise: the VAE, q(z|x) with the true mean and variances, and the exact p(x)."""
    spec = Spec().change(
        **{
            "data.name": "digits",
            "data.binarisation": "none",
            "net.kind": "linear",
            "likelihood.kind": "gaussian",
            "likelihood.variance": "fixed",
            "likelihood.sigma": SIGMA,
            "latent": latent,
        }
    )
    model = VAE(spec).eval()
    encoder, decoder = (
        next(m for m in net.modules() if isinstance(m, nn.Linear)) for net in (model.encoder, model.decoder)
    )
    generator = torch.Generator().manual_seed(0)
    pixels = decoder.out_features
    # The part that all columns share makes the true posterior correlated, which q is not.
    w = 0.1 * (torch.randn(pixels, latent, generator=generator) + torch.randn(pixels, 1, generator=generator))
    b = torch.rand(pixels, generator=generator)
    # Bishop 2006, equation 12.42: z | x = N(M^-1 W^T (x - b) / sigma^2, M^-1), M = I + W^T W / sigma^2.
    covariance = torch.linalg.inv(torch.eye(latent) + w.T @ w / SIGMA**2)
    to_mean = covariance @ w.T / SIGMA**2
    with torch.no_grad():
        decoder.weight.copy_(w)
        decoder.bias.copy_(b)
        encoder.weight.zero_()
        encoder.weight[:latent] = to_mean
        encoder.bias[:latent] = -to_mean @ b
        encoder.bias[latent:] = covariance.diagonal().log()
    exact = MultivariateNormal(b.double(), (w @ w.T).double() + SIGMA**2 * torch.eye(pixels).double())
    return model, exact


def some_images(model: VAE, n: int) -> Tensor:
    return torch.rand(n, *model.image_shape, generator=torch.Generator().manual_seed(1))
