"""beta-TCVAE's estimates against mixtures and Gaussians whose parts are known from theory."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal

from vae_core import objectives, spec
from vae_core.model.posteriors import DiagonalGaussian
from vae_core.model.priors import StandardNormal
from vae_core.model.terms import Terms
from vae_core.model.vae import VAE
from vae_core.objectives.total_correlation import aggregated
from vae_core.spec import DiagonalGaussianPosterior, StandardNormalPrior

STEP = torch.tensor(0.0)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def passed(mean: torch.Tensor, log_var: torch.Tensor, seed: int = 0) -> Terms:
    """One sample of each posterior."""
    params = torch.cat([mean, log_var], 1)
    posterior = DiagonalGaussian(DiagonalGaussianPosterior(), 2)
    z, log_qz = posterior.sample(params, 1, noise(seed))
    return Terms(
        log_px=torch.zeros(1, 1, len(mean)),
        log_pz=StandardNormal(StandardNormalPrior(), mean.shape[1]).log_prob(z)[None],
        log_qz=log_qz[None],
        kl=posterior.kl(params)[None],
        z=z[None],
        pairwise=lambda: posterior.pairwise(params, z),
    )


def gaussian_codes(images: int, correlation: float, variance: float, seed: int = 0) -> tuple:
    """Means and log variances of posteriors whose mixture is N(0, [[1, c], [c, 1]]) in the limit."""
    spread = torch.tensor([[1.0, correlation], [correlation, 1.0]]) - variance * torch.eye(2)
    root = torch.linalg.cholesky(spread)
    means = torch.randn(images, 2, generator=noise(seed)) @ root.T
    return means, torch.full_like(means, math.log(variance))


def averaged(images: int, batch: int, rounds: int, **settings: object) -> dict[str, float]:
    """What the objective logs, averaged over random batches of Gaussian codes (c = 0.8, variance 0.15)."""
    mean, log_var = gaussian_codes(images, 0.8, 0.15)
    objective = objectives.build(spec.BetaTcObjective(**settings), latent=2, images=images)
    sums: dict[str, float] = {}
    for seed in range(rounds):
        chosen = torch.randperm(images, generator=noise(seed))[:batch]
        _, logged = objective(passed(mean[chosen], log_var[chosen], seed), STEP)
        for name in ("mutual_information", "total_correlation", "dimension_wise_kl", "kl"):
            sums[name] = sums.get(name, 0) + logged[name].item() / rounds
    return sums


def test_pairwise_densities_are_those_of_every_code_under_every_posterior():
    mean, log_var = torch.randn(2, 5, 3, generator=noise())
    z = torch.randn(2, 5, 3, generator=noise(1))
    found = DiagonalGaussian(DiagonalGaussianPosterior(), 2).pairwise(torch.cat([mean, log_var], 1), z)
    expected = Normal(mean, (0.5 * log_var).exp()).log_prob(z[:, :, None])  # [S, I, B, D]
    torch.testing.assert_close(found, expected.permute(0, 3, 1, 2), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sampling", ["weighted", "stratified"])
def test_where_the_batch_is_the_whole_set_the_mixture_is_exact(sampling):
    mean, log_var = torch.randn(2, 6, 3, generator=noise())
    z = torch.randn(1, 6, 3, generator=noise(1))
    pairwise = DiagonalGaussian(DiagonalGaussianPosterior(), 2).pairwise(torch.cat([mean, log_var], 1), z)
    log_qz, log_qzd = aggregated(pairwise, 6, sampling)
    joint = Normal(mean, (0.5 * log_var).exp()).log_prob(z[:, :, None])
    torch.testing.assert_close(log_qz, joint.sum(-1).logsumexp(-1) - math.log(6))
    torch.testing.assert_close(log_qzd, (joint.logsumexp(-2) - math.log(6)).sum(-1))


def test_a_stratified_batch_estimates_the_mixture_s_density_without_bias():
    mean, log_var = torch.randn(2, 40, 2, generator=noise())
    z = mean[:1] + (0.5 * log_var[:1]).exp() * 0.3  # a code of image 0, which is in every batch
    exact = Normal(mean, (0.5 * log_var).exp()).log_prob(z).sum(-1).exp().mean()
    found = []
    for seed in range(4000):
        others = 1 + torch.randperm(39, generator=noise(seed))[:7]
        batch = torch.cat([torch.zeros(1, dtype=torch.int64), others])
        params = torch.cat([mean[batch], log_var[batch]], 1)
        pairwise = DiagonalGaussian(DiagonalGaussianPosterior(), 2).pairwise(params, z.expand(8, 2)[None])
        found.append(aggregated(pairwise, 40, "stratified")[0][0, 0].exp())
    found = torch.stack(found)
    assert abs(found.mean() - exact) < 4 * found.std() / len(found) ** 0.5


def test_the_weighted_estimate_is_the_mixture_of_the_batch_and_bounded_by_its_size():
    mean, log_var = 100 * torch.randn(5, 3, generator=noise()), torch.zeros(5, 3)  # codes that never meet
    terms = passed(mean, log_var)
    log_qz, log_qzd = aggregated(terms.pairwise(), 60_000)
    information = terms.log_qz[0] - log_qz
    torch.testing.assert_close(information, torch.full((1, 5), math.log(5)))
    # One of the three dimensions tells all about the image, and the others tell it again.
    torch.testing.assert_close(log_qz - log_qzd, torch.full((1, 5), 2 * math.log(5)))


@pytest.mark.parametrize("sampling", ["weighted", "stratified"])
def test_codes_that_tell_nothing_have_neither_information_nor_total_correlation(sampling):
    objective = objectives.build(spec.BetaTcObjective(sampling=sampling), latent=3, images=60_000)
    _, logged = objective(passed(torch.zeros(16, 3), torch.zeros(16, 3)), STEP)
    for name in ("mutual_information", "total_correlation", "dimension_wise_kl"):
        assert logged[name].item() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("sampling", ["weighted", "stratified"])
def test_the_parts_of_correlated_gaussian_codes_are_those_of_theory(sampling):
    found = averaged(images=2000, batch=500, rounds=12, sampling=sampling)
    total = -0.5 * math.log(1 - 0.8**2)  # of N(0, [[1, c], [c, 1]])
    information = 0.5 * math.log((1 - 0.8**2) / 0.15**2)  # h(z) - h(z|x)
    assert found["total_correlation"] == pytest.approx(total, abs=0.06)
    assert found["mutual_information"] == pytest.approx(information, abs=0.06)
    assert found["dimension_wise_kl"] == pytest.approx(0, abs=0.06)  # each marginal is the prior


def test_independent_dimensions_have_no_total_correlation():
    mean, log_var = gaussian_codes(600, 0.0, 0.3)
    objective = objectives.build(spec.BetaTcObjective(), latent=2, images=600)
    _, logged = objective(passed(mean, log_var), STEP)
    assert logged["total_correlation"].item() == pytest.approx(0, abs=0.03)


def test_with_all_weights_one_it_is_the_elbo():
    torch.manual_seed(0)
    small = spec.Spec().change(**{"data.name": "digits", "net.widths": [16], "latent": 3})
    terms = VAE(small)(torch.rand(6, 1, 8, 8), 2, noise())
    elbo, _ = objectives.build(spec.ElboObjective())(terms, STEP)
    same, _ = objectives.build(spec.BetaTcObjective(beta=1), latent=3, images=500)(terms, STEP)
    torch.testing.assert_close(same, elbo)


def test_the_weights_multiply_the_parts_of_the_kl():
    mean, log_var = gaussian_codes(200, 0.5, 0.2)
    terms = passed(mean, log_var)
    plain, parts = objectives.build(spec.BetaTcObjective(beta=1), latent=2, images=200)(terms, STEP)
    settings = spec.BetaTcObjective(alpha=0.5, beta=3, gamma=2)
    weighed, logged = objectives.build(settings, latent=2, images=200)(terms, STEP)
    extra = -0.5 * parts["mutual_information"] + 2 * parts["total_correlation"] + parts["dimension_wise_kl"]
    torch.testing.assert_close(weighed - plain, extra)
    torch.testing.assert_close(logged["kl"], parts["kl"])  # the ELBO's, whatever the weights


def test_a_code_far_from_all_others_gives_finite_gradients():
    mean = torch.tensor([[0.0, 0.0], [1e3, -1e3]], requires_grad=True)
    log_var = torch.full((2, 2), -12.0, requires_grad=True)
    terms = passed(mean, log_var)
    objectives.build(spec.BetaTcObjective(), latent=2, images=60_000)(terms, STEP)[0].backward()
    assert mean.grad.isfinite().all()
    assert log_var.grad.isfinite().all()
