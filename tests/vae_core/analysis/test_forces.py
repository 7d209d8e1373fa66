"""Pull of the prior and push of the entropy on class centres, against closed forms and autograd."""

from __future__ import annotations

import math

import pytest
import torch

from vae_core.analysis import aggregate, forces
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import Prior, Vamp
from vae_core.spec import VampPrior


def spread(n: int = 60) -> Posteriors:
    generator = torch.Generator().manual_seed(4)
    labels = torch.arange(n) % 3
    mean = torch.randn(n, 2, generator=generator) + 2 * labels[:, None]
    return Posteriors(mean, torch.randn(n, 2, generator=generator) - 2, labels)


def test_under_n01_every_class_is_pulled_towards_the_origin_by_its_own_mean(disguised: Prior) -> None:
    q = spread()
    found = forces.of_classes(q)
    assert torch.equal(found.pull, -found.center)
    drawn = forces.of_classes(q, disguised, draws=30_000)  # N(0, I) that does not say so
    torch.testing.assert_close(drawn.pull, -found.center, rtol=0, atol=0.02)


def test_the_push_of_a_class_is_that_of_brute_force_and_all_of_them_cancel() -> None:
    """-E grad log q(z) over each class's codes; over all codes it is the integral of -grad q(z): 0."""
    q = spread()
    found = forces.of_classes(q, draws=60_000, smoothed=False)
    assert q.labels is not None
    for label, push in zip(found.classes, found.push, strict=True):
        own = (q.labels == label).nonzero()[:, 0].repeat(6000)
        generator = torch.Generator().manual_seed(8)
        noise = torch.randn(len(own), 2, generator=generator, dtype=torch.float64)
        z = q.mean[own].double() + (0.5 * q.log_var[own].double()).exp() * noise
        each = -forces.gradient(z, q)
        error = float(each.std(0).max()) / len(each) ** 0.5
        torch.testing.assert_close(push, each.mean(0), rtol=0, atol=5 * error)
    assert float(found.share.sum()) == pytest.approx(1)
    nothing = torch.zeros(2).double()
    torch.testing.assert_close((found.share[:, None] * found.push).sum(0), nothing, rtol=0, atol=0.05)


def test_classes_far_from_each_other_do_not_push() -> None:
    near = spread()
    assert near.labels is not None
    q = Posteriors(near.mean + 1000 * near.labels[:, None], near.log_var, near.labels)
    found = forces.of_classes(q, smoothed=False)
    torch.testing.assert_close(found.push, torch.zeros(3, 2).double(), rtol=0, atol=1e-6)


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


def test_where_the_prior_is_q_of_z_pull_and_push_cancel_in_every_class() -> None:
    q = spread()
    prior = Vamp.of_kept(VampPrior(), 2, None, {"mean": q.mean, "log_var": q.log_var})
    found = forces.of_classes(q, prior, draws=120_000, smoothed=False)
    size = float(found.push.norm(dim=1).mean())
    assert size > 0.2
    assert float((found.pull + found.push).norm(dim=1).max()) < 0.2 * size


def test_without_labels_all_images_are_one_class() -> None:
    q = spread()
    found = forces.of_classes(Posteriors(q.mean, q.log_var))
    assert found.classes.tolist() == [0]
    torch.testing.assert_close(found.center[0], q.mean.double().mean(0))
    torch.testing.assert_close(found.push, torch.zeros(1, 2).double(), rtol=0, atol=1e-9)


def test_of_many_narrow_posteriors_the_push_is_that_of_their_smooth_density() -> None:
    """Two classes of codes N(a, I) and N(-a, I), each posterior a point: as densities they push by

    E_c grad log p(c | z) = E_c (1 - p(c | z)) 2 a, by quadrature along a.
    """
    generator = torch.Generator().manual_seed(3)
    labels = torch.arange(4000) % 2
    away = torch.tensor([0.7, 0.0])
    mean = torch.randn(4000, 2, generator=generator) + torch.where(labels[:, None] == 0, away, -away)
    found = forces.of_classes(Posteriors(mean, torch.full_like(mean, -14.0), labels), draws=4000)
    x = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    weight = torch.softmax(-0.5 * (x - 0.7).square(), 0)
    expected = float((weight * (1 - torch.sigmoid(2 * 0.7 * x)) * 2 * 0.7).sum())
    assert float(found.push[0, 0]) == pytest.approx(expected, rel=0.15)
    assert float(found.push[1, 0]) == pytest.approx(-expected, rel=0.15)
    assert float(found.push[:, 1].abs().max()) < 0.08
