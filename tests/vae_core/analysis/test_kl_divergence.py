"""The KL of each dimension under any prior, against torch.distributions, SciPy and quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from torch.distributions import Independent, Normal
from torch.distributions import kl_divergence as closed_form

from vae_core.analysis import kl_divergence, surgery
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import ClassNormal, Prior
from vae_core.spec import StandardNormalPrior


@given(mean=st.floats(-10, 10), log_var=st.floats(-16, 4))
def test_kl_is_that_of_torch_distributions(mean: float, log_var: float) -> None:
    posteriors = Posteriors(torch.tensor([[mean]]), torch.tensor([[log_var]]))
    q = Normal(posteriors.mean.double(), (0.5 * posteriors.log_var.double()).exp())
    p = Normal(torch.zeros(1, 1).double(), 1.0)
    torch.testing.assert_close(kl_divergence.dimensions(posteriors), closed_form(q, p), rtol=1e-9, atol=1e-9)


def some(n: int = 6, labels: bool = False) -> Posteriors:
    generator = torch.Generator().manual_seed(0)
    mean, log_var = torch.randn(2, n, 2, generator=generator)
    return Posteriors(3 * mean, log_var - 1, torch.arange(n) % 2 if labels else None)


def test_of_a_prior_of_each_class_it_is_that_against_the_image_s_class(far: ClassNormal) -> None:
    posteriors = some(labels=True)
    assert posteriors.labels is not None
    q = Normal(posteriors.mean.double(), (0.5 * posteriors.log_var.double()).exp())
    p = Normal(far.mean.double()[posteriors.labels], (0.5 * far.log_var.double()[posteriors.labels]).exp())
    torch.testing.assert_close(kl_divergence.dimensions(posteriors, far), closed_form(q, p))
    assert kl_divergence.average(posteriors, far).dependence.value == 0


def test_of_a_mixture_it_is_that_against_each_marginal(two_gaussians: Prior) -> None:
    posteriors = some()
    found = kl_divergence.dimensions(posteriors, two_gaussians)
    for i, d in ((0, 0), (3, 1), (5, 0)):
        q = stats.norm(float(posteriors.mean[i, d]), math.exp(0.5 * float(posteriors.log_var[i, d])))

        def integrand(z: float, q: stats.rv_continuous = q) -> float:
            p = 0.3 * stats.norm.pdf(z, -2, 0.5) + 0.7 * stats.norm.pdf(z, 1, 1)
            return q.pdf(z) * (q.logpdf(z) - math.log(p))

        expected, _ = integrate.quad(integrand, q.mean() - 9 * q.std(), q.mean() + 9 * q.std(), limit=200)
        assert float(found[i, d]) == pytest.approx(expected, abs=2e-4)


def test_dimensions_and_dependence_sum_to_the_kl(two_gaussians: Prior, student_t: type[Prior]) -> None:
    posteriors = some(4)
    for prior in (two_gaussians, student_t(StandardNormalPrior(), 2)):
        found = kl_divergence.average(posteriors, prior)
        generator = torch.Generator().manual_seed(1)
        scale = (0.5 * posteriors.log_var).exp()
        z = posteriors.mean + scale * torch.randn(100_000, 4, 2, generator=generator)
        ratio = Normal(posteriors.mean, scale).log_prob(z).sum(-1) - prior.log_prob(z)
        error = float(ratio.std()) / math.sqrt(ratio.numel()) + found.dependence.error
        assert found.total == pytest.approx(float(ratio.mean()), abs=4.5 * error)
        assert abs(found.dependence.value) > 4 * found.dependence.error  # both priors tie their dimensions


def test_marginals_of_samples_are_those_of_scipy_far_into_the_tails(student_t: type[Prior]) -> None:
    prior = student_t(StandardNormalPrior(), 3)
    z = torch.tensor([[-12.0], [-3.0], [-0.5], [0.0], [1.0], [4.0], [9.0]]).expand(-1, 3)
    found = kl_divergence.marginals(prior)(z).numpy()
    expected = stats.t.logpdf(z.numpy(), 4)
    np.testing.assert_allclose(found[1:-1], expected[1:-1], atol=0.1)
    np.testing.assert_allclose(found, expected, atol=0.5)


def test_of_draws_the_dependence_is_what_their_kl_has_beyond_each_dimension(correlated: Posteriors) -> None:
    # q(z|x) = N(m, S) with S = [[0.5, 0.3], [0.3, 0.4]].
    covariance = torch.tensor([[0.5, 0.3], [0.3, 0.4]], dtype=torch.float64)
    found = kl_divergence.average(correlated)
    mean = correlated.mean.double()
    trace = float(covariance.trace() + mean.square().sum(1).mean())
    kl = 0.5 * (trace - 2 - float(covariance.logdet()))
    dependence = 0.5 * float(covariance.diagonal().log().sum() - covariance.logdet())
    assert found.total == pytest.approx(kl, abs=4 * found.dependence.error)
    assert found.dependence.value == pytest.approx(dependence, abs=4 * found.dependence.error)
    assert found.dependence.error < 0.02
    with pytest.raises(ValueError, match="no draws"):
        kl_divergence.sampled(Posteriors(correlated.mean, correlated.log_var))


def test_what_a_posterior_says_beyond_its_variances_is_information(correlated: Posteriors) -> None:
    alike = Posteriors(correlated.mean, correlated.log_var)
    found, gaussian = surgery.decompose(correlated), surgery.decompose(alike)
    average = kl_divergence.average(correlated)
    assert found.kl == pytest.approx(average.total)
    assert found.kl == pytest.approx(found.mutual_information + found.marginal_kl, abs=1e-6)
    beyond = found.mutual_information - gaussian.mutual_information
    assert beyond == pytest.approx(average.dependence.value, abs=1e-5)
    assert found.marginal_kl == pytest.approx(gaussian.marginal_kl, abs=1e-5)


@pytest.fixture
def correlated() -> Posteriors:
    """Draws of N(m, S), S of correlation 0.67, for 4,000 images."""
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(4000, 2, generator=generator)
    covariance = torch.tensor([[0.5, 0.3], [0.3, 0.4]])
    q = torch.distributions.MultivariateNormal(mean, covariance)
    noise = torch.randn(4000, 4, 2, generator=generator)
    draws = mean[:, None] + noise @ torch.linalg.cholesky(covariance).T
    log_q = q.log_prob(draws.transpose(0, 1)).T
    return Posteriors(mean, covariance.diagonal().log().expand(4000, 2), None, draws, log_q)


# --- cross-entropy and entropy --------------------------------------------------------------------


def test_the_kl_is_the_cross_entropy_less_the_entropy_in_closed_form() -> None:
    """E_q log p(z) = -sum_d (log 2 pi + sigma^2 + mu^2) / 2, and the entropy that of torch.distributions."""
    generator = torch.Generator().manual_seed(2)
    q = Posteriors(torch.randn(50, 3, generator=generator), torch.randn(50, 3, generator=generator) - 1)
    variance = q.log_var.double().exp()
    cross = 0.5 * (math.log(2 * math.pi) + variance + q.mean.double().square()).sum(1).mean()
    entropy = kl_divergence.entropy(q)
    oracle = Independent(Normal(q.mean.double(), variance.sqrt()), 1).entropy().mean()
    assert entropy.value == pytest.approx(float(oracle), abs=1e-6)
    assert entropy.error == 0
    assert kl_divergence.average(q).total + entropy.value == pytest.approx(float(cross), abs=1e-6)


def test_the_entropy_of_posteriors_kept_as_draws_is_their_mean_of_minus_log_q() -> None:
    generator = torch.Generator().manual_seed(2)
    scale = torch.tensor([0.5, 2.0, 1.0])
    z = scale * torch.randn(4000, 4, 3, generator=generator)
    log_q = Independent(Normal(torch.zeros(3), scale), 1).log_prob(z)
    q = Posteriors(torch.zeros(4000, 3), (2 * scale.log()).expand(4000, 3), None, z, log_q)
    found = kl_divergence.entropy(q)
    exact = float(Independent(Normal(torch.zeros(3), scale), 1).entropy())
    assert found.value == pytest.approx(exact, abs=4 * found.error)
    assert 0 < found.error < 0.02
