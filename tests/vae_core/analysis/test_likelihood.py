"""Importance-sampled log p(x) against models whose exact log p(x) is known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal, kl_divergence

from vae_core.analysis import likelihood
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


def test_with_the_true_posterior_a_single_sample_is_exact() -> None:
    model, exact = linear_gaussian(latent=1)
    images = some_images(model, 7)
    expected = exact.log_prob(images.flatten(1).double())
    torch.testing.assert_close(likelihood.log_px(model, images, 1), expected, rtol=0, atol=1e-3)


def test_a_diagonal_posterior_where_the_true_one_is_correlated_still_converges() -> None:
    model, exact = linear_gaussian(latent=3)
    images = some_images(model, 5)
    expected = exact.log_prob(images.flatten(1).double())
    torch.testing.assert_close(likelihood.log_px(model, images, 20_000), expected, rtol=0, atol=0.05)


def test_one_sample_falls_short_by_the_divergence_from_the_true_posterior() -> None:
    model, exact = linear_gaussian(latent=3)
    decoder = next(m for m in model.decoder.modules() if isinstance(m, nn.Linear))
    w = decoder.weight.detach().double()
    true = MultivariateNormal(torch.zeros(3).double(), precision_matrix=torch.eye(3) + w.T @ w / SIGMA**2)
    q = MultivariateNormal(torch.zeros(3).double(), true.covariance_matrix.diagonal().diag())
    images = some_images(model, 1).repeat(20_000, 1, 1, 1)
    short = exact.log_prob(images.flatten(1).double()) - likelihood.log_px(model, images, 1)
    gap = float(kl_divergence(q, true))
    assert gap > 0.1
    assert float(short.mean()) == pytest.approx(gap, abs=4 * float(short.std()) / math.sqrt(20_000))


@pytest.mark.parametrize("block", [1, 200, 10_000])
def test_blocks_leave_the_estimate_as_it_is(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model, exact = linear_gaussian(latent=1)
    images = some_images(model, 5)
    monkeypatch.setattr(likelihood, "CPU_BLOCK", block)
    found = likelihood.log_px(model, images, 37)
    torch.testing.assert_close(found, exact.log_prob(images.flatten(1).double()), rtol=0, atol=1e-3)


def test_whole_grey_levels_and_fractions_are_the_same_images() -> None:
    model, _ = linear_gaussian(latent=2)
    images = (some_images(model, 4) * 255).round().byte()
    torch.testing.assert_close(
        likelihood.log_px(model, images, 50), likelihood.log_px(model, images / 255, 50)
    )


def test_a_decoder_that_ignores_z_gives_the_likelihood_of_its_pixels() -> None:
    spec = Spec().change(**{"data.name": "digits"})
    model = VAE(spec).eval()
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.zero_()
        for parameter in model.encoder.parameters():
            parameter.zero_()  # q(z|x) is the prior
    images = (some_images(model, 3) > 0.5).float()
    expected = -math.prod(model.image_shape) * math.log(2)
    assert likelihood.log_px(model, images, 10).tolist() == pytest.approx([expected] * 3, abs=1e-3)


def test_a_generator_decides_the_samples() -> None:
    model, _ = linear_gaussian(latent=3)
    images = some_images(model, 2)

    def seeded(seed: int) -> list[float]:
        return likelihood.log_px(model, images, 3, torch.Generator().manual_seed(seed)).tolist()

    assert seeded(5) == seeded(5) != seeded(6)
    assert likelihood.log_px(model, images, 3).tolist() == likelihood.log_px(model, images, 3).tolist()


@pytest.mark.parametrize("block", [2**20, 2**16])
def test_the_effective_sample_size_is_that_of_a_shifted_proposal(block: int, monkeypatch) -> None:
    # Weights of N(m, 1) under draws of N(0, 1): (sum w)^2 / sum w^2 tends to S exp(-m^2), m in deviations.
    monkeypatch.setattr(likelihood, "CPU_BLOCK", block)
    model, exact = linear_gaussian(latent=1)
    images = some_images(model, 6)
    encoder = next(m for m in model.encoder.modules() if isinstance(m, nn.Linear))
    assert likelihood.estimate(model, images, 500).effective.tolist() == pytest.approx([500] * 6, rel=1e-3)
    deviation = (0.5 * encoder.bias[1]).exp().item()
    with torch.no_grad():
        encoder.bias[0] += 0.7 * deviation
    found = likelihood.estimate(model, images, 40_000)
    assert (found.effective / 40_000).tolist() == pytest.approx([math.exp(-0.49)] * 6, rel=0.05)
    # The ELBO of the same samples falls short by KL(q || p(z|x)), which is m^2 / 2.
    expected = exact.log_prob(images.flatten(1).double())
    torch.testing.assert_close(found.value, expected, rtol=0, atol=0.03)
    torch.testing.assert_close(found.elbo, expected - 0.245, rtol=0, atol=0.03)


def test_no_samples_are_refused() -> None:
    model, _ = linear_gaussian(latent=1)
    with pytest.raises(ValueError, match="At least one sample"):
        likelihood.log_px(model, some_images(model, 1), 0)
