"""The diagonal Gaussian posterior and the standard normal prior against closed forms."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from vae_core.model.posteriors import DiagonalGaussian, Posterior, Posteriors
from vae_core.model.priors import StandardNormal
from vae_core.spec import DiagonalGaussianPosterior, StandardNormalPrior

B, D = 5, 3
q, p = DiagonalGaussian(DiagonalGaussianPosterior(), D), StandardNormal(StandardNormalPrior(), D)


def params(seed=0):
    return torch.randn(B, 2 * D, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def as_torch(params):
    mean, log_var = params.chunk(2, -1)
    return Normal(mean, (0.5 * log_var).exp())


def test_log_q_of_a_sample_is_the_density_at_that_sample():
    z, log_q = q.sample(params(), 7, torch.Generator().manual_seed(1))
    assert z.shape == (7, B, D)
    assert log_q.shape == (7, B)
    torch.testing.assert_close(log_q, as_torch(params()).log_prob(z).sum(-1))
    torch.testing.assert_close(q.log_prob(params(), z), log_q)


def test_samples_have_the_posterior_s_mean_and_standard_deviation():
    n = 20_000
    z, _ = q.sample(params(), n, torch.Generator().manual_seed(2))
    mean, log_var = params().chunk(2, -1)
    sigma = (0.5 * log_var).exp()
    assert ((z.mean(0) - mean).abs() < 5 * sigma / n**0.5).all()
    assert ((z.std(0) / sigma - 1).abs() < 5 / (2 * n) ** 0.5).all()


def test_the_kl_is_that_of_torch_distributions_and_of_monte_carlo():
    prior = Normal(torch.zeros(D, dtype=torch.float64), 1.0)
    torch.testing.assert_close(q.kl(params()), kl_divergence(as_torch(params()), prior))
    z, log_q = q.sample(params(), 50_000, torch.Generator().manual_seed(3))
    difference = log_q - p.log_prob(z)
    standard_error = difference.std(0) / 50_000**0.5
    assert ((difference.mean(0) - q.kl(params()).sum(-1)).abs() < 5 * standard_error).all()


@given(mean=st.floats(-8, 8), log_var=st.floats(-15, 8))
def test_the_kl_is_never_negative_and_zero_only_at_the_prior(mean, log_var):
    kl = q.kl(torch.tensor([[mean, log_var]], dtype=torch.float64)).item()
    assert kl >= 0
    if abs(mean) > 1e-3 or abs(log_var) > 1e-3:
        assert kl > 0


def test_the_gradient_of_the_monte_carlo_kl_is_in_the_mean_that_of_the_closed_form():
    closed = params().requires_grad_()
    q.kl(closed).sum().backward()
    sampled = params().requires_grad_()
    z, log_q = q.sample(sampled, 200_000, torch.Generator().manual_seed(4))
    (log_q - p.log_prob(z)).mean(0).sum().backward()
    torch.testing.assert_close(sampled.grad, closed.grad, atol=0.05, rtol=0.02)


def test_the_prior_is_a_standard_normal():
    z = torch.randn(2, 4, D, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(p.log_prob(z), Normal(0.0, 1.0).log_prob(z).sum(-1))
    drawn = p.sample(20_000, torch.Generator().manual_seed(6))
    torch.testing.assert_close(torch.cov(drawn.T), torch.eye(D), atol=0.05, rtol=0)


def test_a_posterior_on_its_way_to_a_point_stays_finite():
    extreme = torch.tensor([[0.0, -1e6], [0.0, 1e6]])
    z, log_q = q.sample(extreme, 1, torch.Generator().manual_seed(0))
    assert torch.isfinite(z).all()
    assert torch.isfinite(log_q).all()


def test_posteriors_of_unequal_shapes_are_refused():
    with pytest.raises(ValueError, match=r"must both be \[N, D\]"):
        Posteriors(torch.zeros(3, 2), torch.zeros(3, 1))
    with pytest.raises(ValueError, match=r"labels must be \[3\]"):
        Posteriors(torch.zeros(3, 2), torch.zeros(3, 2), torch.zeros(2))


def test_posteriors_pass_through_files_of_any_precision():
    draws, log_q = torch.randn(B, 4, D), torch.randn(B, 4)
    whole = Posteriors(torch.randn(B, D), torch.randn(B, D), torch.arange(B), draws, log_q)
    again = Posteriors.of(whole.arrays())
    assert all(torch.equal(getattr(again, name), getattr(whole, name)) for name in whole.arrays())
    half = Posteriors.of({name: array.astype("float16") for name, array in whole.arrays().items()})
    torch.testing.assert_close(half.draws, draws, atol=2e-3, rtol=1e-3)
    assert half.labels.dtype == torch.int64
    nobody = Posteriors.of(whole.arrays() | {"labels": -torch.ones(B).numpy()})
    assert nobody.labels is None
    assert len(whole.first(1)) == len(whole.first(1).draws) == 1


def test_draws_of_another_shape_are_refused():
    mean = torch.zeros(3, 2)
    with pytest.raises(ValueError, match="come together"):
        Posteriors(mean, mean, draws=torch.zeros(3, 4, 2))
    with pytest.raises(ValueError, match=r"\[N, S, D\]"):
        Posteriors(mean, mean, draws=torch.zeros(3, 4, 3), log_q=torch.zeros(3, 4))


def test_the_moments_of_draws_are_those_of_the_distribution():
    class Drawn(DiagonalGaussian):
        moments = Posterior.moments

    drawn = Drawn(DiagonalGaussianPosterior(), D)
    mean, log_var = drawn.moments(params().repeat(200, 1))
    exact, exact_log_var = q.split(params().repeat(200, 1))
    # Of 200 x 64 draws: means err by sigma / 113, log variances by sqrt(2 / 64) each, less in their mean.
    assert ((mean - exact).mean(0).abs() < 0.05 * (0.5 * exact_log_var).exp().mean(0)).all()
    assert ((log_var - exact_log_var).mean(0).abs() < 0.05).all()


def shared(log_var):
    one = DiagonalGaussian(DiagonalGaussianPosterior(variance="shared"), D).double()
    with torch.no_grad():
        one.log_var.copy_(log_var)
    return one


def test_a_shared_variance_is_that_of_every_image():
    log_var = torch.tensor([0.5, -1.0, -3.0], dtype=torch.float64)
    one, mean = shared(log_var), params()[:, :D]
    assert one.numbers == D
    same = torch.cat([mean, log_var.expand(B, D)], 1)
    for of_one, of_each in zip(one.split(mean), q.split(same), strict=True):
        assert torch.equal(of_one, of_each)
    z, log_q = one.sample(mean, 7, torch.Generator().manual_seed(1))
    oracle = Normal(mean, (0.5 * log_var).exp())
    torch.testing.assert_close(log_q, oracle.log_prob(z).sum(-1))
    torch.testing.assert_close(one.log_prob(mean, z), log_q)
    prior = Normal(torch.zeros(D, dtype=torch.float64), 1.0)
    torch.testing.assert_close(one.kl(mean), kl_divergence(oracle, prior))
    assert one.codes(mean)["log_var"].shape == (B, D)


def test_a_shared_variance_learns_from_all_images_at_once():
    log_var = torch.tensor([1.0, 0.0, -2.0], dtype=torch.float64)
    one, mean = shared(log_var), params()[:, :D]
    one.kl(mean).sum().backward()
    one_image = (log_var.exp() - 1) / 2  # of KL = (mu^2 + exp(log_var) - log_var - 1) / 2
    torch.testing.assert_close(one.log_var.grad, B * one_image)
