"""Fits and mixtures of adaptive importance sampling against closed forms and torch.distributions."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from vae_core.analysis.adaptive_importance import (
    GaussianMixtures,
    Pool,
    effective,
    fit,
    systematic,
    tempered,
)


def noise(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def two_mixtures() -> GaussianMixtures:
    mean = torch.randn(3, 2, 4, generator=noise())
    root = torch.randn(3, 2, 4, 4, generator=noise(1))
    weight = torch.rand(3, 2, generator=noise(2)).log().log_softmax(0)
    return GaussianMixtures(mean, root @ root.mT + 0.1 * torch.eye(4), weight)


def test_the_density_is_that_of_the_mixture() -> None:
    found = two_mixtures()
    z = 3 * torch.randn(50, 2, 4, generator=noise(3))
    covariance = found.root @ found.root.mT
    each = MultivariateNormal(found.mean, covariance).log_prob(z[:, None])  # [S, M, P]
    torch.testing.assert_close(
        found.log_prob(z), (each + found.log_weight).logsumexp(1), rtol=1e-3, atol=1e-3
    )


def test_draws_have_the_moments_of_the_mixture() -> None:
    found = two_mixtures()
    z = found.sample(20_000, noise(4))
    weight = found.log_weight.exp()[..., None]
    mean = (weight * found.mean).sum(0)
    assert bool(((z.mean(0) - mean).abs() < 5 * z.std(0) / math.sqrt(20_000)).all())


def test_a_pool_weighs_every_draw_under_all_proposals() -> None:
    # The integral of 3 N(0, 1), from draws of N(1, 1) and N(-1, 4).
    def normal(mean: float, sigma: float) -> GaussianMixtures:
        return GaussianMixtures(
            torch.full((1, 1, 1), float(mean)), torch.full((1, 1, 1, 1), float(sigma**2)), torch.zeros(1, 1)
        )

    def log_target(z: Tensor) -> Tensor:
        return normal(0, 1).log_prob(z) + math.log(3)

    pool, one, two = Pool(), normal(1, 1), normal(-1, 2)
    for proposal, count in ((one, 3000), (two, 1000)):
        z = proposal.sample(count, noise(count))
        pool.add(z, log_target(z), proposal.log_prob)
    density = torch.logaddexp(one.log_prob(pool.z) + math.log(0.75), two.log_prob(pool.z) + math.log(0.25))
    torch.testing.assert_close(pool.log_weight, log_target(pool.z) - density, rtol=0, atol=1e-4)
    weight = pool.log_weight.exp()
    assert abs(float(weight.mean()) - 3) < 5 * float(weight.std()) / math.sqrt(4000)


def test_tempered_weights_are_worth_what_was_asked_and_good_ones_stay() -> None:
    log_weight = torch.stack([50 * torch.randn(500, generator=noise()), torch.zeros(500)], 1)
    found = tempered(log_weight, 20)
    assert 20 <= float(effective(found.log())[0]) < 22
    torch.testing.assert_close(found[:, 1], torch.full((500,), 1 / 500))


def test_a_fit_finds_the_moments_of_a_gaussian() -> None:
    root = torch.tensor([[0.5, 0.0], [0.4, 0.1]])
    z = torch.tensor([1.0, -2.0]) + torch.randn(20_000, 1, 2, generator=noise()) @ root.T
    weight = torch.full((20_000, 1), 1 / 20_000)
    found = fit(z, weight, torch.full((1, 2), 0.01), 1, noise())
    torch.testing.assert_close(found.mean[0, 0], torch.tensor([1.0, -2.0]), rtol=0, atol=0.02)
    covariance = (found.root @ found.root.mT)[0, 0]
    torch.testing.assert_close(covariance, root @ root.T, rtol=0, atol=0.01)


def test_a_fit_to_a_single_draw_keeps_the_width_it_was_given() -> None:
    z = torch.randn(10, 1, 2, generator=noise())
    weight = torch.zeros(10, 1)
    weight[3] = 1
    found = fit(z, weight, torch.tensor([[0.04, 0.25]]), 2, noise())
    torch.testing.assert_close(found.mean, z[3].expand(2, 1, 2))
    # One draw without scatter beside the four that say diag(variance), shared by two components.
    covariance = (found.root @ found.root.mT)[0, 0]
    torch.testing.assert_close(covariance, torch.tensor([0.04, 0.25]).diag() * 4 / 4.5, rtol=0, atol=0.01)


def test_systematic_choice_is_floor_or_ceil_of_each_share() -> None:
    weight = torch.rand(7, 5, generator=noise())
    chosen = systematic(weight, 100, noise(1))
    share = 100 * weight / weight.sum(0)
    for target in range(5):
        counts = torch.bincount(chosen[:, target], minlength=7)
        assert bool(((counts - share[:, target]).abs() < 1).all())
