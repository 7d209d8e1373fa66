"""Probabilistic PCA against scikit-learn and SciPy, and the ELBO of linear VAEs against what it bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from scipy.stats import multivariate_normal
from sklearn.decomposition import PCA

from vae_core.analysis import ppca
from vae_core.analysis.ppca import Decoder, Encoder
from vae_core.data.dataset import Request
from vae_core.data.digits import load
from vae_core.model.vae import VAE
from vae_core.spec import Spec

LATENT = 3


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """400 grey images of 4 x 5 pixels that depend on each other, two pixels of the border always black."""
    generator = torch.Generator().manual_seed(0)
    mixed = torch.randn(400, 6, generator=generator) @ torch.randn(6, 20, generator=generator)
    pixels = (128 + 25 * mixed + 20 * torch.randn(400, 20, generator=generator)).clamp(0, 255).round()
    pixels[:, [0, 19]] = 0
    return pixels.to(torch.uint8).view(-1, 1, 4, 5)


@pytest.fixture(scope="module")
def x(images: torch.Tensor) -> torch.Tensor:
    return images.flatten(1).double() / 255


def optimal_encoder(of: Decoder) -> Encoder:
    """The exact posterior, where W^T W is diagonal: Tipping and Bishop 1999, section 3.1."""
    inner = of.weight.T @ of.weight + of.variance * torch.eye(of.weight.shape[1], dtype=torch.float64)
    weight = torch.linalg.solve(inner, of.weight.T)
    return Encoder(weight, -weight @ of.bias, (of.variance / inner.diagonal()).log())


def any_model(seed: int) -> tuple[Decoder, Encoder]:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return 0.3 * torch.randn(*shape, generator=generator, dtype=torch.float64)

    return Decoder(draw(20, LATENT), draw(20), 0.07), Encoder(draw(LATENT, 20), draw(LATENT), draw(LATENT))


def linear_vae(**changes: object) -> VAE:
    settings = {
        "data.name": "digits", "data.binarisation": "none", "latent": LATENT, "net.kind": "linear",
        "likelihood.kind": "gaussian", **changes,
    }  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return VAE(Spec().change(**settings))


def test_moments_are_those_of_numpy(images: torch.Tensor, x: torch.Tensor) -> None:
    found = ppca.moments(images)
    np.testing.assert_allclose(found.mean, x.numpy().mean(0), atol=1e-7)
    np.testing.assert_allclose(found.covariance, np.cov(x.numpy().T, bias=True), atol=1e-7)


def test_more_pixels_than_a_covariance_can_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="12,288 pixels"):
        ppca.moments(torch.zeros(2, 3, 64, 64, dtype=torch.uint8))


def test_components_eigenvalues_and_variance_are_those_of_scikit_learn(
    images: torch.Tensor, x: torch.Tensor
) -> None:
    found, oracle = ppca.fit(ppca.moments(images), LATENT), PCA(LATENT, svd_solver="full").fit(x.numpy())
    unbiased = len(x) / (len(x) - 1)
    np.testing.assert_allclose(unbiased * found.eigenvalues, oracle.explained_variance_, rtol=1e-6)
    assert unbiased * found.variance == pytest.approx(oracle.noise_variance_, rel=1e-6)
    overlap = (found.components.T.numpy() * oracle.components_).sum(1)
    np.testing.assert_allclose(np.abs(overlap), 1, atol=1e-6)


def test_the_log_likelihood_is_that_of_the_normal_distribution_and_the_highest(
    images: torch.Tensor, x: torch.Tensor
) -> None:
    found = ppca.fit(ppca.moments(images), LATENT)
    best = found.decoder
    covariance = best.weight @ best.weight.T + best.variance * torch.eye(20)
    oracle = multivariate_normal(best.bias.numpy(), covariance.numpy()).logpdf(x.numpy())
    np.testing.assert_allclose(ppca.log_prob(x, best), oracle, atol=1e-6)
    assert found.log_likelihood == pytest.approx(oracle.mean(), rel=1e-6)
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        moved = best.weight + 0.01 * torch.randn(20, LATENT, generator=generator, dtype=torch.float64)
        other = Decoder(moved, best.bias, best.variance * 1.02)
        assert ppca.log_prob(x, other).mean() < found.log_likelihood


def test_a_fixed_variance_above_an_eigenvalue_leaves_its_component_out(images: torch.Tensor) -> None:
    moments = ppca.moments(images)
    free = ppca.fit(moments, LATENT)
    variance = float(free.eigenvalues[1:].mean())  # between the second and the third
    found = ppca.fit(moments, LATENT, variance)
    assert found.variance == variance
    assert (found.decoder.weight.norm(dim=0) > 0).tolist() == [True, True, False]
    x = images.flatten(1).double() / 255
    assert found.log_likelihood == pytest.approx(float(ppca.log_prob(x, found.decoder).mean()), rel=1e-6)
    assert found.log_likelihood < free.log_likelihood


def test_as_many_dimensions_as_pixels_fit_the_covariance_itself() -> None:
    images = torch.randint(0, 256, (200, 1, 2, 2), generator=torch.Generator().manual_seed(0)).byte()
    moments = ppca.moments(images)
    found = ppca.fit(moments, 9)
    oracle = -0.5 * (4 * math.log(2 * math.pi) + torch.logdet(moments.covariance) + 4)
    assert found.log_likelihood == pytest.approx(float(oracle))


def test_the_elbo_under_the_exact_posterior_of_the_optimum_is_the_log_likelihood(
    images: torch.Tensor, x: torch.Tensor
) -> None:
    moments = ppca.moments(images)
    found = ppca.fit(moments, LATENT)
    decoder, encoder = found.decoder, optimal_encoder(found.decoder)
    each = ppca.elbo(x, decoder, encoder.mean(x), encoder.log_var.expand(len(x), -1))
    np.testing.assert_allclose(each, ppca.log_prob(x, decoder), rtol=1e-8)
    assert ppca.mean_elbo(moments, decoder, encoder) == pytest.approx(found.log_likelihood, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_gap_to_log_p_is_the_kl_from_the_true_posterior(x: torch.Tensor, seed: int) -> None:
    decoder, encoder = any_model(seed)
    inner = decoder.weight.T @ decoder.weight + decoder.variance * torch.eye(LATENT)
    mean = encoder.mean(x)
    gap = ppca.log_prob(x, decoder) - ppca.elbo(x, decoder, mean, encoder.log_var.expand(len(x), -1))
    q = torch.distributions.MultivariateNormal(mean, encoder.log_var.exp().diag())
    true_mean = torch.linalg.solve(inner, decoder.weight.T @ (x - decoder.bias).T).T
    p = torch.distributions.MultivariateNormal(true_mean, decoder.variance * torch.linalg.inv(inner))
    np.testing.assert_allclose(gap, torch.distributions.kl_divergence(q, p), rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_elbo_from_moments_is_the_mean_over_images(
    images: torch.Tensor, x: torch.Tensor, seed: int
) -> None:
    decoder, encoder = any_model(seed)
    each = ppca.elbo(x, decoder, encoder.mean(x), encoder.log_var.expand(len(x), -1))
    found = ppca.mean_elbo(ppca.moments(images), decoder, encoder)
    assert found == pytest.approx(float(each.mean()), rel=1e-6)


@pytest.mark.parametrize("variance", ["image", "shared"])
def test_monte_carlo_agrees_with_the_trace_trick_within_three_errors(variance: str) -> None:
    model = linear_vae(**{"posterior.variance": variance})
    images = load(Request("digits", "test")).images
    sampled = ppca.sampled_elbo(model, images, 64)
    assert sampled.error > 0
    assert abs(sampled.value - ppca.exact_elbo(model, images)) < 3 * sampled.error


def test_angles_are_those_of_scipy() -> None:
    generator = torch.Generator().manual_seed(2)
    a, b = (torch.randn(9, k, generator=generator, dtype=torch.float64) for k in (4, 3))
    expected = np.rad2deg(subspace_angles(a.numpy(), b.numpy()))[::-1]
    np.testing.assert_allclose(ppca.angles(a, b), expected, atol=1e-6)
    turned = a @ torch.randn(4, 4, generator=generator, dtype=torch.float64)
    assert float(ppca.angles(a, turned).max()) < 1e-5


def test_columns_are_matched_whatever_their_order_sign_and_length(images: torch.Tensor) -> None:
    components = ppca.fit(ppca.moments(images), LATENT).components
    weight = components[:, [2, 0, 1]] * torch.tensor([0.1, -3.0, 2.0])
    column, cosine = ppca.matched(weight, components)
    assert column.tolist() == [1, 2, 0]
    np.testing.assert_allclose(cosine, [-1, 1, 1], atol=1e-9)


def test_a_model_at_the_optimum_is_said_to_be_there() -> None:
    images = load(Request("digits", "train")).images
    reference, model = ppca.Reference(images, LATENT), linear_vae(**{"posterior.variance": "shared"})
    far = reference.compare(model)
    assert far["elbo"] < far["log_likelihood"] - 10
    assert far["angle"] > 10
    decoder, encoder = reference.optimum.decoder, optimal_encoder(reference.optimum.decoder)
    with torch.no_grad():
        model.decoder[0].weight.copy_(decoder.weight)
        model.decoder[0].bias.copy_(decoder.bias)
        model.likelihood.log_sigma.fill_(0.5 * math.log(decoder.variance))
        model.encoder[-1].weight[:LATENT] = encoder.weight.float()
        model.encoder[-1].bias[:LATENT] = encoder.bias.float()
        model.posterior.log_var.copy_(encoder.log_var)
    near = reference.compare(model)
    assert near["elbo"] == pytest.approx(near["log_likelihood"], abs=1e-3)
    assert near["angle"] < 0.01
    assert near["variance_ratio"] == pytest.approx(1, abs=1e-5)
