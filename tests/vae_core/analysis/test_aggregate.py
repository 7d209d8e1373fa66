"""The aggregated posterior against float64 oracles, closed forms and its own other views."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_core.analysis import aggregate
from vae_core.posteriors import Posteriors


def cloud(n: int = 500, d: int = 2, low: float = -4.0, high: float = 0.0, seed: int = 0) -> Posteriors:
    """Posteriors with means about N(0, I) and log variances between low and high."""
    generator = torch.Generator().manual_seed(seed)
    log_var = torch.rand(n, d, generator=generator) * (high - low) + low
    return Posteriors(torch.randn(n, d, generator=generator), log_var)


def oracle(posteriors: Posteriors, floor: float = 0.0) -> MixtureSameFamily:
    """The same mixture by torch.distributions in float64."""
    scale = (0.5 * posteriors.log_var.double()).exp().clamp(min=floor)
    components = Independent(Normal(posteriors.mean.double(), scale), 1)
    return MixtureSameFamily(
        Categorical(logits=torch.zeros(len(posteriors), dtype=torch.float64)), components
    )


def points(x: Tensor, y: Tensor) -> Tensor:
    """Every (x[i], y[j]) in float64, [G * G, 2]."""
    return torch.cartesian_prod(x.double(), y.double())


@pytest.mark.parametrize("d", [1, 2, 7, 32])
@pytest.mark.parametrize("low", [-3.0, -16.0])
def test_log_density_is_the_mixture_of_torch_distributions(d: int, low: float) -> None:
    posteriors = cloud(2500, d, low)
    z = torch.randn(300, d, generator=torch.Generator().manual_seed(1))
    z = torch.cat([z, posteriors.mean[:50] + 1e-4])
    expected = oracle(posteriors).log_prob(z.double())
    torch.testing.assert_close(aggregate.log_density(posteriors, z).double(), expected, rtol=2e-6, atol=1e-4)
    torch.testing.assert_close(aggregate.log_density(posteriors, z.double()), expected, rtol=1e-5, atol=1e-5)


def test_log_density_far_away_stays_finite_and_true() -> None:
    posteriors = Posteriors(torch.zeros(3, 2), torch.zeros(3, 2))
    expected = -0.5 * 2 * 1e4**2 - math.log(2 * math.pi)
    assert float(aggregate.log_density(posteriors, torch.full((1, 2), 1e4))) == pytest.approx(
        expected, rel=1e-6
    )


def test_a_posterior_shrunk_to_a_point_is_not_floored_by_log_density() -> None:
    posteriors = Posteriors(torch.tensor([[0.3, -0.7]]), torch.full((1, 2), -16.0))
    expected = 16.0 - math.log(2 * math.pi)  # its peak: -log(2 pi sigma^2), sigma^2 = e^-16
    assert float(aggregate.log_density(posteriors, posteriors.mean)) == pytest.approx(expected, abs=1e-4)


def test_log_density_of_no_points_is_empty() -> None:
    assert aggregate.log_density(cloud(), torch.zeros(0, 2)).shape == (0,)


def test_log_density_refuses_points_of_another_dimension() -> None:
    with pytest.raises(ValueError, match=r"z must be \[M, 2\]"):
        aggregate.log_density(cloud(), torch.zeros(5, 3))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_images_does_not_matter(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    posteriors = cloud(3000, 3, seed=seed)
    order = torch.randperm(3000, generator=generator)
    shuffled = Posteriors(posteriors.mean[order], posteriors.log_var[order])
    z = torch.randn(20, 3, generator=generator)
    torch.testing.assert_close(
        aggregate.log_density(shuffled, z), aggregate.log_density(posteriors, z), rtol=1e-5, atol=1e-5
    )


@given(seed=st.integers(0, 10_000), shift=st.floats(-5, 5))
@settings(max_examples=20, deadline=None)
def test_moving_space_moves_the_density_with_it(seed: int, shift: float) -> None:
    posteriors = cloud(100, 3, seed=seed)
    moved = Posteriors(posteriors.mean.double() + shift, posteriors.log_var.double())
    z = torch.randn(20, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    torch.testing.assert_close(aggregate.log_density(moved, z + shift), aggregate.log_density(posteriors, z))


@pytest.mark.parametrize("low", [-2.0, -6.0, -16.0])
@pytest.mark.parametrize("dims", [(0, 1), (2, 0)])
def test_grid_is_within_1e_4_nats_of_float64_wherever_the_density_exceeds_1e_12(
    low: float, dims: tuple
) -> None:
    posteriors = cloud(3000, 3, low)
    grid = aggregate.grid(posteriors, dims, extent=4.5, size=97)
    columns = list(dims)
    marginal = Posteriors(posteriors.mean[:, columns], posteriors.log_var[:, columns])
    expected = oracle(marginal, floor=grid.cell).log_prob(points(grid.x, grid.y)).view(97, 97)
    dense = expected > math.log(1e-12)
    assert dense.any()
    assert float((grid.log_q.double() - expected)[dense].abs().max()) < 1e-4


def test_below_its_floor_a_grid_claims_nothing_and_above_it_stays_true() -> None:
    posteriors = Posteriors(torch.tensor([[2.0, 2.0]]), torch.full((1, 2), -2.0))
    grid = aggregate.grid(posteriors)
    expected = oracle(posteriors).log_prob(points(grid.x, grid.y)).view(256, 256)
    assert grid.floor < -60
    assert float(grid.log_q.min()) == pytest.approx(grid.floor)
    torch.testing.assert_close(grid.log_q.double(), expected.clamp(min=grid.floor), rtol=0, atol=1e-3)


def test_first_axis_of_a_grid_is_x() -> None:
    grid = aggregate.grid(Posteriors(torch.tensor([[1.0, -2.0]]), torch.full((1, 2), -3.0)), size=81)
    i, j = divmod(int(grid.log_q.argmax()), 81)
    assert (float(grid.x[i]), float(grid.y[j])) == pytest.approx((1.0, -2.0), abs=1e-6)
    expected = Normal(0.0, 1.0).log_prob(grid.x[i]) + Normal(0.0, 1.0).log_prob(grid.y[j])
    assert float(grid.log_p[i, j]) == pytest.approx(float(expected), abs=1e-5)


def test_only_points_narrower_than_a_cell_are_floored_and_they_are_counted() -> None:
    log_var = torch.tensor([[-16.0, 0.0], [0.0, -16.0], [-16.0, -16.0], [0.0, 0.0]])
    grid = aggregate.grid(Posteriors(torch.zeros(4, 2), log_var), extent=4.0, size=101)
    assert grid.cell == pytest.approx(0.08)
    assert grid.floored == 3
    assert aggregate.grid(cloud(low=-2.0)).floored == 0


def test_a_grid_of_points_still_integrates_to_one() -> None:
    grid = aggregate.grid(cloud(300, low=-16.0, high=-16.0), extent=7.0)
    assert float(grid.log_q.double().exp().sum() * grid.cell**2) == pytest.approx(1.0, abs=1e-3)


def test_grid_agrees_with_log_density() -> None:
    posteriors = cloud(400)
    grid = aggregate.grid(posteriors, size=64)
    expected = aggregate.log_density(posteriors, points(grid.x, grid.y)).view(64, 64)
    above = expected > grid.floor + 1
    torch.testing.assert_close(grid.log_q.double()[above], expected[above], rtol=0, atol=1e-4)


@pytest.mark.parametrize("dims", [(0, 0), (0, 3), (-1, 0)])
def test_a_grid_of_impossible_coordinates_is_refused(dims: tuple) -> None:
    with pytest.raises(ValueError, match="two different coordinates from 0 to 2"):
        aggregate.grid(cloud(d=3), dims)
