"""Pull of the prior and push of the entropy on class centres, against closed forms and autograd."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core.analysis import aggregate, forces
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior


def spread(n: int = 60) -> Posteriors:
    generator = torch.Generator().manual_seed(4)
    labels = torch.arange(n) % 3
    mean = torch.randn(n, 2, generator=generator) + 2 * labels[:, None]
    return Posteriors(mean, torch.randn(n, 2, generator=generator) - 2, labels)


def test_under_n01_every_class_is_pulled_towards_the_origin_by_its_own_mean() -> None:
    q = spread()
    found = forces.of_classes(q, draws=30_000)
    torch.testing.assert_close(found.pull, -found.center, rtol=0, atol=0.05)


def test_the_pushes_of_all_classes_cancel() -> None:
    """E_q grad log q(z) is the integral of grad q(z), which is 0."""
    found = forces.of_classes(spread(), draws=60_000)
    assert float(found.share.sum()) == pytest.approx(1)
    torch.testing.assert_close(
        (found.share[:, None] * found.push).sum(0), torch.zeros(2).double(), rtol=0, atol=0.1
    )


def test_one_gaussian_pushes_away_from_its_mean_by_the_distance_over_its_variance() -> None:
    q = Posteriors(torch.tensor([[1.0, -2.0]]), torch.tensor([[math.log(0.25), math.log(4.0)]]))
    z = torch.tensor([[2.0, 0.0], [1.0, -2.0]])
    expected = torch.tensor([[-4.0, -0.5], [0.0, 0.0]])
    torch.testing.assert_close(forces.gradient(z, q), expected.double())


def test_the_gradient_of_the_mixture_is_autograds() -> None:
    q = spread()
    z = 2 * torch.randn(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    z.requires_grad_()
    scale = (0.5 * q.log_var.double()).exp()
    each = torch.distributions.Normal(q.mean.double(), scale).log_prob(z[:, None]).sum(-1)
    log_q = each.logsumexp(1) - math.log(len(q))
    torch.testing.assert_close(log_q.detach(), aggregate.log_density(q, z.detach()))
    (expected,) = torch.autograd.grad(log_q.sum(), z)
    torch.testing.assert_close(forces.gradient(z.detach(), q), expected)


def test_where_the_prior_is_q_of_z_pull_and_push_cancel_in_every_class(two_gaussians: Prior) -> None:
    parts = two_gaussians.mixture()
    assert parts is not None
    # As many images at each of its two Gaussians as their weights say.
    of = torch.tensor([0] * 3 + [1] * 7)
    q = Posteriors(parts.mean[of], parts.log_var[of], of)
    found = forces.of_classes(q, two_gaussians, draws=2000)
    torch.testing.assert_close(found.pull, -found.push, rtol=1e-3, atol=1e-3)


def test_without_labels_all_images_are_one_class() -> None:
    q = spread()
    found = forces.of_classes(Posteriors(q.mean, q.log_var))
    assert found.classes.tolist() == [0]
    torch.testing.assert_close(found.center[0], q.mean.double().mean(0))
