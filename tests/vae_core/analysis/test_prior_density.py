"""Any prior on the map: grids against brute force, regions and holes against N(0, I) under another name."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from vae_core.analysis import aggregate, collapse, prior_density, surgery
from vae_core.analysis.holes import ranked_level, region
from vae_core.model.posteriors import Posteriors
from vae_core.model.priors import ClassNormal, Prior
from vae_core.spec import StandardNormalPrior

AXIS = torch.linspace(-14, 14, 141)


def ring(n: int = 40, radius: float = 1.6) -> Posteriors:
    angle = torch.linspace(0, 2 * math.pi, n + 1)[:-1]
    mean = radius * torch.stack([angle.cos(), angle.sin()], 1)
    return Posteriors(mean, torch.full((n, 2), math.log(0.1)))


def test_n01_under_another_name_has_the_same_map_and_the_same_holes(disguised: ClassNormal) -> None:
    posteriors = ring()
    plain, own = aggregate.grid(posteriors), aggregate.grid(posteriors, prior=disguised)
    torch.testing.assert_close(own.log_p, plain.log_p, rtol=0, atol=2e-5)
    assert not own.unit_prior
    # The ranked region may differ by cells on its edge.
    assert int((region(own) != region(plain)).sum()) < 4 * 256 * 0.02 * 10
    cell = float(plain.x[1] - plain.x[0])
    for mass in (0.5, 0.9, 0.95, 0.99):
        assert ranked_level(own.log_p, own.cell, mass) == pytest.approx(
            math.log1p(-mass) - math.log(2 * math.pi), abs=3 * cell
        )
    for theirs, ours in zip(aggregate.holes(plain), aggregate.holes(own), strict=True):
        assert ours.prior_mass == pytest.approx(theirs.prior_mass, abs=0.002)
    masses = [aggregate.hole_mass(posteriors, prior=prior) for prior in (None, disguised)]
    assert abs(masses[0].value - masses[1].value) < 4.5 * math.hypot(masses[0].error, masses[1].error)
    outside = [aggregate.outside_mass(posteriors, prior=prior) for prior in (None, disguised)]
    assert outside[1].value == pytest.approx(outside[0].value, abs=0.01)


@pytest.mark.parametrize("mass", [0.5, 0.95])
def test_the_region_of_a_prior_holds_its_mass(
    far: ClassNormal, two_gaussians: Prior, student_t: type[Prior], mass: float
) -> None:
    for prior in (far, two_gaussians, student_t(StandardNormalPrior(), 5)):
        edge = prior_density.level(mass, prior.latent, prior)
        fresh = prior.sample(100_000, torch.Generator().manual_seed(9))
        inside = (prior.log_prob(fresh) >= edge).double().mean()
        assert float(inside) == pytest.approx(mass, abs=0.01)


def test_a_marginal_of_two_dimensions_is_the_density_itself(
    far: ClassNormal, two_gaussians: Prior, student_t: type[Prior]
) -> None:
    z = torch.cartesian_prod(AXIS, AXIS)
    for prior in (far, two_gaussians, student_t(StandardNormalPrior(), 2)):
        expected = prior.log_prob(z).view(141, 141)
        shown = expected > -25
        found = prior_density.marginal_grid(prior, AXIS, [0, 1])
        torch.testing.assert_close(found[shown], expected[shown], rtol=0, atol=2e-4)
        swapped = prior_density.marginal_grid(prior, AXIS, [1, 0])
        torch.testing.assert_close(swapped.T[shown], expected[shown], rtol=0, atol=2e-4)


def test_a_marginal_of_samples_is_near_the_true_one(student_t: type[Prior]) -> None:
    prior, two = student_t(StandardNormalPrior(), 4), student_t(StandardNormalPrior(), 2)
    axis = torch.linspace(-4, 4, 65)
    found = prior_density.marginal_grid(prior, axis, [2, 0])
    # A marginal of a multivariate t is one of the same degrees of freedom.
    expected = two.log_prob(torch.cartesian_prod(axis, axis)).view(65, 65)
    near = expected > -5
    assert float((found - expected)[near].abs().mean()) < 0.06


@pytest.mark.parametrize("name", ["far", "student_t"])
def test_a_plane_and_a_slice_agree_with_brute_force(name: str, request: pytest.FixtureRequest) -> None:
    made = request.getfixturevalue(name)
    prior: Prior = made(StandardNormalPrior(), 2) if isinstance(made, type) else made
    turn = torch.tensor([[0.6, -0.8], [0.8, 0.6]])
    origin = torch.tensor([0.5, -1.0])
    axis = torch.linspace(-4, 4, 33)
    found = prior_density.plane_grid(prior, axis, origin, turn)
    z = origin + torch.cartesian_prod(axis, axis) @ turn.T
    expected = prior.log_prob(z).view(33, 33)
    tolerance = 0.15 if prior.mixture() is None else 1e-3
    near = expected > -6
    assert float((found - expected)[near].abs().mean()) < tolerance


def test_a_slice_is_the_conditional_of_the_others(student_t: type[Prior]) -> None:
    prior = student_t(StandardNormalPrior(), 3)
    z = torch.tensor([0.0, 0.7, 0.0])
    axis = torch.linspace(-4, 4, 41)
    found, log_rest = prior_density.slice_grid(prior, axis, z, [0, 2])
    one = student_t(StandardNormalPrior(), 1)
    assert log_rest == pytest.approx(float(one.log_prob(z[1:2])), abs=0.01)
    codes = torch.zeros(41 * 41, 3)
    codes[:, [0, 2]] = torch.cartesian_prod(axis, axis)
    codes[:, 1] = 0.7
    expected = (prior.log_prob(codes) - one.log_prob(z[1:2])).view(41, 41)
    torch.testing.assert_close(found, expected, rtol=0, atol=0.01)


def test_codes_that_follow_a_far_prior_leave_no_hole_there(far: ClassNormal) -> None:
    labels = torch.arange(4000) % 2
    y = torch.nn.functional.one_hot(labels, 2).float()
    z = far.sample(4000, torch.Generator().manual_seed(0), y)
    posteriors = Posteriors(z, torch.full_like(z, math.log(0.01)), labels)
    assert aggregate.hole_mass(posteriors, prior=far).value < 0.01
    assert aggregate.outside_mass(posteriors, prior=far).value == pytest.approx(0.05, abs=0.02)
    assert aggregate.hole_mass(posteriors).value > 0.8  # against N(0, I), which is not this model's prior
    grid = aggregate.grid(posteriors, extent=16.0, prior=far)
    assert sum(hole.prior_mass for hole in aggregate.holes(grid)) < 0.01


def whitened(n: int, covariance: Tensor, seed: int) -> Tensor:
    """n points [n, 2] whose sample mean and covariance are exactly 0 and the given one."""
    x = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = x - x.mean(0)
    root = torch.linalg.cholesky(torch.linalg.inv(x.T @ x / n))
    return x @ root @ torch.linalg.cholesky(covariance).T


def test_within_classes_the_decomposition_is_that_of_known_gaussians(far: ClassNormal) -> None:
    """Codes of each class are Gaussian with the prior's mean and covariance S about it, each blurred by B, in
    units of the prior: I(x; z|y) = (log|S + B| - log|B|) / 2, total correlation that of S + B."""
    n, blur = 3000, 0.2
    covariance = torch.tensor([[0.8, 0.5], [0.5, 0.8]], dtype=torch.float64)
    codes, labels = [], []
    for label in (0, 1):
        scale = (0.5 * far.log_var[label].double()).exp()
        codes.append(far.mean[label] + scale * whitened(n, covariance, label))
        labels.append(torch.full((n,), label))
    blurred = torch.cat([(far.log_var[label] + math.log(blur)).expand(n, -1) for label in (0, 1)])
    posteriors = Posteriors(torch.cat(codes).float(), blurred, torch.cat(labels))
    found = surgery.decompose(posteriors, prior=far)
    whole = covariance + blur * torch.eye(2, dtype=torch.float64)
    information = 0.5 * float(torch.logdet(whole)) - math.log(blur)
    correlation = 0.5 * float(whole.diagonal().log().sum() - torch.logdet(whole))
    each = 0.5 * (whole.diagonal() - 1 - whole.diagonal().log())
    assert found.given_class
    assert found.kl == pytest.approx(information + correlation + float(each.sum()), abs=1e-3)
    assert found.mutual_information == pytest.approx(information, abs=0.03)
    assert found.total_correlation == pytest.approx(correlation, abs=0.03)
    torch.testing.assert_close(found.dimension_kl, each, rtol=0, atol=0.02)
    assert found.log_n == pytest.approx(math.log(n))


def test_what_the_class_alone_moves_is_no_activity(far: ClassNormal) -> None:
    labels = torch.arange(100) % 2
    at_the_means = Posteriors(far.mean[labels], far.log_var[labels], labels)
    assert collapse.active_units(at_the_means, prior=far) == 0
    assert collapse.collapsed_fraction(at_the_means, prior=far) == 1
    assert collapse.active_units(at_the_means) == 2
