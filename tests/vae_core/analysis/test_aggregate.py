"""The aggregated posterior against float64 oracles, closed forms and its own other views."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal

from vae_core.analysis import aggregate
from vae_core.model.posteriors import Posteriors


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
@settings(max_examples=10)
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
@settings(max_examples=10)
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
    posteriors = cloud(1500, 3, low)
    grid = aggregate.grid(posteriors, dims, extent=4.5, size=81)
    columns = list(dims)
    marginal = Posteriors(posteriors.mean[:, columns], posteriors.log_var[:, columns])
    expected = oracle(marginal, floor=grid.cell).log_prob(points(grid.x, grid.y)).view(81, 81)
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


@pytest.mark.parametrize("angle", [0.0, 0.6])
def test_posteriors_of_all_widths_and_places_add_up_to_the_density_however_the_grid_is_split(
    angle: float,
) -> None:
    generator = torch.Generator().manual_seed(0)
    mean = 3 * torch.randn(400, 2, generator=generator)  # some beyond the grid
    log_var = -12 + 12 * torch.rand(400, 2, generator=generator)
    posteriors = Posteriors(mean, log_var)
    u = torch.tensor([math.cos(angle), math.sin(angle)])
    v = torch.tensor([-math.sin(angle), math.cos(angle)])
    grid = aggregate.plane(posteriors, torch.zeros(2), u, v, size=120)
    z = points(grid.x, grid.y).double() @ torch.stack([u, v]).double()
    expected = oracle(posteriors).log_prob(z).view(120, 120).clamp(min=grid.exact_floor)
    torch.testing.assert_close(grid.exact.double(), expected, rtol=0, atol=2e-3)


def test_posteriors_that_processors_share_add_up_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    posteriors = cloud(2000, low=-8.0)
    alone = aggregate.grid(posteriors, size=64)
    monkeypatch.setattr("vae_core.analysis.mixture.MANY", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 3 * torch.get_num_threads())
    shared = aggregate.grid(posteriors, size=64)
    torch.testing.assert_close(shared.exact, alone.exact, rtol=0, atol=1e-3)
    torch.testing.assert_close(shared.log_q, alone.log_q, rtol=0, atol=1e-3)


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


@pytest.mark.parametrize("low", [-16.0, -9.0, -2.0])
def test_what_a_grid_counts_is_the_density_at_its_points_however_it_is_drawn(low: float) -> None:
    posteriors = cloud(300, low=low, high=min(low + 4, 0.0))
    # Nothing but narrow posteriors, of which some lie on the grid's points themselves.
    posteriors.mean[:40] = (posteriors.mean[:40] / 0.125).round() * 0.125
    grid = aggregate.grid(posteriors, extent=4.0, size=65)
    expected = aggregate.log_density(posteriors, points(grid.x, grid.y).double()).view(65, 65)
    torch.testing.assert_close(grid.exact.double(), expected.clamp(min=grid.exact_floor), rtol=0, atol=2e-3)
    plane = aggregate.plane(
        posteriors, torch.zeros(2), torch.tensor([1.0, 1.0]), torch.tensor([-1.0, 1.0]), size=65
    )
    turned = points(plane.x, plane.y) @ torch.tensor([[1.0, 1.0], [-1.0, 1.0]]).double() / math.sqrt(2)
    expected = aggregate.log_density(posteriors, turned).view(65, 65)
    torch.testing.assert_close(plane.exact.double(), expected.clamp(min=plane.exact_floor), rtol=0, atol=2e-3)
    if not grid.floored:
        assert grid.exact is grid.log_q


@pytest.mark.parametrize(("low", "extent"), [(-16.0, 4.0), (-16.0, 16.0), (-9.0, 4.0), (-7.0, 8.0)])
def test_the_holes_of_a_map_add_up_to_the_hole_mass_however_narrow_posteriors_are(low, extent) -> None:
    # Drawn one cell wide, they would cover most of the region: 95 % empty, and a third of it drawn so.
    posteriors = cloud(3000, low=low, high=low, seed=5)  # of other numbers than the samples are drawn from
    grid = aggregate.grid(posteriors, extent=extent)
    mass = aggregate.hole_mass(posteriors)
    drawn = sum(hole.prior_mass for hole in aggregate.holes(grid))
    assert drawn == pytest.approx(mass.value, abs=4 * mass.error + 0.02)
    if low == -16.0:
        assert mass.value > 0.94
        assert float(aggregate.hole_curve(replace(grid, exact=grid.log_q), [10.0])) < 0.7


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


# --- planes -------------------------------------------------------------------------------------


@given(angle=st.floats(0, 2 * math.pi), seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_a_rotated_plane_of_a_flat_space_is_the_density_itself(angle: float, seed: int) -> None:
    posteriors = cloud(200, 2, seed=seed)
    u = torch.tensor([math.cos(angle), math.sin(angle)])
    v = torch.tensor([-math.sin(angle), math.cos(angle)])
    origin = torch.tensor([0.3, -0.2])
    grid = aggregate.plane(posteriors, origin, u, v, size=24)
    a_b = points(grid.x, grid.y)
    z = origin.double() + a_b[:, :1] * u + a_b[:, 1:] * v
    # A plane floors at one cell; here no posterior is that narrow.
    wide = Posteriors(posteriors.mean, posteriors.log_var.clamp(min=2 * math.log(grid.cell) + 1e-3))
    grid = aggregate.plane(wide, origin, u, v, size=24)
    assert grid.floored == 0
    expected = aggregate.log_density(wide, z).view(24, 24)
    dense = expected > math.log(1e-12)
    torch.testing.assert_close(grid.log_q.double()[dense], expected[dense], rtol=0, atol=1e-4)
    log_p = Normal(0.0, 1.0).log_prob(z).sum(1).view(24, 24)
    torch.testing.assert_close(grid.log_p.double(), log_p, rtol=0, atol=1e-5)


@pytest.mark.parametrize("low", [-2.0, -4.5])
def test_a_plane_of_many_dimensions_is_the_exact_projection(low: float) -> None:
    posteriors = cloud(700, 5, low)
    generator = torch.Generator().manual_seed(3)
    u, v, origin = torch.randn(3, 5, generator=generator)
    grid = aggregate.plane(posteriors, origin, u, v, size=80)
    u = u.double() / u.double().norm()
    v = v.double() - (v.double() @ u) * u
    basis = torch.stack([u, v / v.norm()], 1)
    covariance = torch.einsum("da,nd,db->nab", basis, posteriors.log_var.double().exp(), basis)
    components = MultivariateNormal((posteriors.mean - origin).double() @ basis, covariance)
    expected = MixtureSameFamily(
        Categorical(logits=torch.zeros(700, dtype=torch.float64)), components
    ).log_prob(points(grid.x, grid.y))
    dense = expected > math.log(1e-12)
    assert grid.floored == 0
    assert float((grid.log_q.double().flatten() - expected)[dense].abs().max()) < 1e-4
    prior = MultivariateNormal(-(origin.double() @ basis), torch.eye(2, dtype=torch.float64))
    torch.testing.assert_close(
        grid.log_p.double().flatten(), prior.log_prob(points(grid.x, grid.y)), rtol=0, atol=1e-5
    )


def test_long_thin_components_stay_exact_on_a_plane() -> None:
    generator = torch.Generator().manual_seed(0)
    posteriors = Posteriors(
        2 * torch.randn(300, 2, generator=generator), torch.tensor([3.0, -6.0]).expand(300, 2).clone()
    )
    u, v = torch.tensor([1.0, 0.7]), torch.tensor([-0.7, 1.0])
    grid = aggregate.plane(posteriors, torch.zeros(2), u, v)
    a_b = points(grid.x, grid.y)
    z = (a_b[:, :1] * u + a_b[:, 1:] * v) / u.double().norm()
    expected = aggregate.log_density(posteriors, z).view(256, 256)
    assert grid.floored == 0
    assert float((grid.log_q.double() - expected)[expected > math.log(1e-12)].abs().max()) < 1e-4


def test_a_plane_along_two_axes_is_their_grid() -> None:
    posteriors = cloud(300, 4)
    axes = torch.eye(4)
    plane = aggregate.plane(posteriors, torch.zeros(4), 2 * axes[3], axes[1], size=64)
    grid = aggregate.grid(posteriors, (3, 1), size=64)
    torch.testing.assert_close(plane.log_q, grid.log_q, rtol=0, atol=1e-4)
    torch.testing.assert_close(plane.log_p, grid.log_p)


def test_a_plane_floors_points_and_still_integrates_to_one() -> None:
    posteriors = cloud(200, 3, low=-16.0, high=-16.0)
    grid = aggregate.plane(posteriors, torch.zeros(3), torch.ones(3), torch.tensor([1.0, -2, 0]), 7.0, 128)
    assert grid.floored == 200
    assert float(grid.log_q.double().exp().sum() * grid.cell**2) == pytest.approx(1.0, abs=1e-3)


def test_two_parallel_directions_span_no_plane() -> None:
    with pytest.raises(ValueError, match="two different directions"):
        aggregate.plane(cloud(d=3), torch.zeros(3), torch.ones(3), -2 * torch.ones(3))


def test_pca_plane_finds_the_two_directions_in_which_the_means_vary() -> None:
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q
    widths = torch.tensor([3.0, 2.0, 0.3, 0.2, 0.1, 0.0])
    mean = (torch.randn(5000, 6, generator=generator) * widths) @ basis.T + 5.0
    # A huge posterior variance along another axis is not what the images tell apart.
    log_var = torch.zeros(5000, 6)
    log_var[:, 0] = 4.0
    origin, u, v = aggregate.pca_plane(Posteriors(mean, log_var))
    assert not origin.any()
    assert float((u @ basis[:, 0]).abs()) == pytest.approx(1.0, abs=1e-3)
    assert float((v @ basis[:, 1]).abs()) == pytest.approx(1.0, abs=1e-3)
    assert all(float(w[w.abs().argmax()]) > 0 for w in (u, v))


# --- slices -------------------------------------------------------------------------------------


def test_a_slice_and_its_rest_make_up_the_density_of_the_whole_space() -> None:
    posteriors = cloud(500, 4, low=-2.0)
    z = torch.tensor([9.0, 0.4, 9.0, -0.8])  # coordinates 0 and 2 are the grid's
    grid = aggregate.slice(posteriors, z, dims=(2, 0), size=32)
    x_y = points(grid.x, grid.y)
    whole = torch.stack([x_y[:, 1], torch.full((32 * 32,), 0.4), x_y[:, 0], torch.full((32 * 32,), -0.8)], 1)
    expected = aggregate.log_density(posteriors, whole) - Normal(0.0, 1.0).log_prob(whole).sum(1)
    log_ratio = (grid.log_q - grid.log_p).double().flatten() + grid.rest
    torch.testing.assert_close(log_ratio, expected, rtol=0, atol=1e-4)


def test_a_slice_is_a_density_of_its_own() -> None:
    grid = aggregate.slice(cloud(500, 3, low=-2.0), torch.tensor([0.0, 0.0, 1.5]), extent=8.0)
    assert float(grid.log_q.double().exp().sum() * grid.cell**2) == pytest.approx(1.0, abs=1e-4)


def test_a_slice_sees_a_hole_that_every_marginal_hides() -> None:
    # Half of the images at +1 on the third axis fill the left, half at -1 the right.
    side = torch.tensor([1.0, -1.0]).repeat(200)
    mean = torch.stack([-1.5 * side, torch.linspace(-2, 2, 400), side], 1)
    posteriors = Posteriors(mean, torch.tensor([0.0, 0.0, -4.0]).expand(400, 3).clone())
    assert aggregate.holes(aggregate.grid(posteriors, extent=3.0)) == []
    found = aggregate.holes(aggregate.slice(posteriors, torch.tensor([0.0, 0.0, 1.0]), extent=3.0))
    assert len(found) == 1
    assert float(found[0].center[0]) > 0


def test_in_two_dimensions_a_slice_is_the_grid() -> None:
    posteriors = cloud()
    grid, cut = aggregate.grid(posteriors, size=64), aggregate.slice(posteriors, torch.zeros(2), size=64)
    assert cut.rest == pytest.approx(0, abs=1e-12)
    torch.testing.assert_close(cut.log_q, grid.log_q, rtol=0, atol=1e-5)


# --- mass in the whole space --------------------------------------------------------------------


@pytest.mark.parametrize("d", [2, 5, 16])
def test_hole_mass_of_a_narrow_gaussian_is_a_shell_of_the_prior(d: int) -> None:
    s, ratio, mass = 0.5, 10.0, 0.95
    posteriors = Posteriors(torch.zeros(7, d), torch.full((7, d), 2 * math.log(s)))
    # q < p / ratio where |z|^2 (1/s^2 - 1) / 2 > log(ratio) - d log s.
    inner = 2 * (math.log(ratio) - d * math.log(s)) / (1 / s**2 - 1)
    expected = max(0.0, mass - chi2.cdf(inner, d))
    found = aggregate.hole_mass(posteriors, 20_000, ratio, mass, torch.Generator().manual_seed(4))
    assert found.value == pytest.approx(expected, abs=4 * found.error)
    assert found.error < 0.005


def test_hole_mass_agrees_with_the_grid() -> None:
    posteriors = cloud(30, 2, low=-4.0, high=-3.0)
    grid_mass = sum(hole.prior_mass for hole in aggregate.holes(aggregate.grid(posteriors)))
    found = aggregate.hole_mass(posteriors, 20_000)
    assert grid_mass > 0.02
    assert found.value == pytest.approx(grid_mass, abs=4 * found.error + 1e-3)


@pytest.mark.parametrize("d", [2, 9])
def test_the_prior_itself_has_no_hole_mass_and_leaves_its_region_as_often_as_it_should(d: int) -> None:
    prior = Posteriors(torch.zeros(3, d), torch.zeros(3, d))
    assert aggregate.hole_mass(prior).value == 0
    assert aggregate.hole_mass(prior).error > 0
    outside = aggregate.outside_mass(prior, mass=0.9)
    assert outside.value == pytest.approx(0.1, abs=4 * outside.error)


@pytest.mark.parametrize("s", [0.5, 2.0, 10.0])
def test_outside_mass_of_a_gaussian_is_a_chi_square_tail(s: float) -> None:
    posteriors = Posteriors(torch.zeros(3000, 4), torch.full((3000, 4), 2 * math.log(s)))
    outside = aggregate.outside_mass(posteriors, 20_000, mass=0.95)
    expected = chi2.sf(chi2.ppf(0.95, 4) / s**2, 4)
    assert outside.value == pytest.approx(expected, abs=4 * outside.error)


def test_no_generator_means_the_same_samples_every_time() -> None:
    posteriors = cloud(50)
    assert aggregate.hole_mass(posteriors, 500) == aggregate.hole_mass(posteriors, 500)
    assert aggregate.outside_mass(posteriors, 500) == aggregate.outside_mass(posteriors, 500)
