"""Holes whose number, place and mass follow from theory."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ive
from scipy.stats import norm

from vae_core.analysis import aggregate
from vae_core.model.posteriors import Posteriors

REGION = -2 * math.log(0.05)  # squared radius of the prior's 95 % region


def gaussians(*means: tuple[float, float], sx: float, sy: float | None = None) -> Posteriors:
    """One image at each mean, all with the standard deviations sx and sy."""
    log_var = 2 * torch.tensor([sx, sy or sx]).log()
    return Posteriors(torch.tensor(means), log_var.expand(len(means), 2).clone())


def ring(radius: float, s: float, n: int = 600) -> Posteriors:
    angle = torch.arange(n) * (2 * math.pi / n)
    return Posteriors(
        radius * torch.stack([angle.cos(), angle.sin()], 1), torch.full((n, 2), 2 * math.log(s))
    )


def test_the_prior_itself_has_no_hole() -> None:
    assert aggregate.holes(aggregate.grid(gaussians((0.0, 0.0), sx=1.0))) == []


def test_many_images_that_add_up_to_the_prior_leave_no_hole() -> None:
    # Means from N(0, 3/4) and variances 1/4 make N(0, 1).
    mean = math.sqrt(0.75) * torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0))
    assert aggregate.holes(aggregate.grid(Posteriors(mean, torch.full((20_000, 2), math.log(0.25))))) == []


def test_a_ring_has_one_hole_of_known_mass_at_its_centre() -> None:
    radius, s = 2.0, 0.4

    # Around a full circle, N(z; m, s^2 I) averages to a Bessel function of |z|.
    def log_ratio(r: float) -> float:
        log_q = math.log(ive(0, r * radius / s**2) / s**2) - (r - radius) ** 2 / (2 * s**2)
        return -(r**2) / 2 - log_q - math.log(10)

    edge = brentq(log_ratio, 0, radius)
    assert log_ratio(math.sqrt(REGION)) < 0  # and none outside the ring
    (hole,) = aggregate.holes(aggregate.grid(ring(radius, s), size=512))
    assert hole.prior_mass == pytest.approx(1 - math.exp(-(edge**2) / 2), abs=1e-3)
    assert hole.center.tolist() == pytest.approx([0.0, 0.0], abs=1e-3)
    assert hole.depth == pytest.approx(log_ratio(0) + math.log(10), abs=0.02)


def narrow_mass(s: float) -> float:
    """Prior mass in the hole around N(0, s^2 I): q < p / 10 outside a circle."""
    inner = 2 * math.log(10 / s**2) / (1 / s**2 - 1)
    return math.exp(-inner / 2) - 0.05


def test_a_posterior_narrower_than_the_prior_has_a_hole_all_around_it() -> None:
    grid = aggregate.grid(gaussians((0.0, 0.0), sx=0.5), size=512)
    (hole,) = aggregate.holes(grid)
    assert hole.prior_mass == pytest.approx(narrow_mass(0.5), abs=1e-3)
    # Its centroid is the posterior, no hole at all; the centre must lie in the hole.
    i, j = (int((axis - c).abs().argmin()) for axis, c in zip((grid.x, grid.y), hole.center, strict=True))
    assert hole.mask[i, j]


def test_refining_the_grid_converges_to_the_true_mass() -> None:
    posteriors, expected = gaussians((0.0, 0.0), sx=0.5), narrow_mass(0.5)
    for size in (32, 64, 128, 256, 512, 1024):
        grid = aggregate.grid(posteriors, size=size)
        total = sum(hole.prior_mass for hole in aggregate.holes(grid))
        assert total == pytest.approx(expected, abs=0.1 * grid.cell)


def test_two_separated_gaussians_leave_one_hole_between_them() -> None:
    m, s = 2.0, 0.5
    # Where the other one is negligible, q >= p / 10 is a circle about m / (1 - s^2).
    centre = m / (1 - s**2)
    radius2 = centre**2 + (2 * math.log(5 / s**2) - m**2 / s**2) / (1 / s**2 - 1)

    def covered(r: float) -> float:
        cosine = (r**2 + centre**2 - radius2) / (2 * r * centre)
        return r * math.exp(-(r**2) / 2) * 2 * math.acos(min(1.0, max(-1.0, cosine))) / math.pi

    expected = 0.95 - quad(covered, 1e-9, math.sqrt(REGION), limit=200)[0]
    (hole,) = aggregate.holes(aggregate.grid(gaussians((m, 0.0), (-m, 0.0), sx=s), size=512))
    assert hole.prior_mass == pytest.approx(expected, abs=2e-3)
    assert hole.center.tolist() == pytest.approx([0.0, 0.0], abs=1e-3)


def test_a_wall_parts_two_holes_of_equal_known_mass() -> None:
    s = 0.3
    edge = math.sqrt(2 * math.log(10 / s) / (1 / s**2 - 1))
    expected = quad(
        lambda x: norm.pdf(x) * (1 - 2 * norm.sf(math.sqrt(REGION - x**2))), edge, math.sqrt(REGION)
    )
    left, right = sorted(
        aggregate.holes(aggregate.grid(gaussians((0.0, 0.0), sx=s, sy=1.0), size=512)),
        key=lambda hole: float(hole.center[0]),
    )
    assert left.prior_mass == pytest.approx(expected[0], abs=1e-3)
    assert right.prior_mass == pytest.approx(expected[0], abs=1e-3)
    assert float(left.center[0]) < -edge < edge < float(right.center[0])
    assert float(left.center[1]) == pytest.approx(0.0, abs=1e-3)


def test_the_coordinates_of_a_centre_are_x_then_y() -> None:
    holes = aggregate.holes(aggregate.grid(gaussians((0.0, 0.3), sx=1.0, sy=0.3)))
    assert {round(float(hole.center[0]), 2) for hole in holes} == {0.0}
    assert min(float(hole.center[1]) for hole in holes) < -1


def test_holes_come_largest_first_and_never_share_a_cell() -> None:
    mean = torch.randn(60, 2, generator=torch.Generator().manual_seed(1))
    grid = aggregate.grid(Posteriors(mean, torch.full((60, 2), -3.0)))
    holes = aggregate.holes(grid)
    masses = [hole.prior_mass for hole in holes]
    assert len(holes) > 2
    assert masses == sorted(masses, reverse=True)
    assert int(torch.stack([hole.mask for hole in holes]).sum(0).max()) == 1
    assert sum(masses) == pytest.approx(float(aggregate.hole_curve(grid, [10.0])[0]))
    for hole in holes:
        assert hole.prior_mass == pytest.approx(float(grid.log_p[hole.mask].exp().sum()) * grid.cell**2)
        assert hole.depth == pytest.approx(float((grid.log_p - grid.log_q)[hole.mask].max()))


def test_hole_mass_falls_as_the_ratio_rises_from_the_whole_region_to_nothing() -> None:
    grid = aggregate.grid(gaussians((0.0, 0.0), sx=0.6))
    curve = aggregate.hole_curve(grid, [1e-6, 1.0, 3.0, 10.0, 30.0, 1e9])
    assert (curve.diff() <= 0).all()
    assert float(curve[0]) == pytest.approx(0.95, abs=2e-3)
    assert float(curve[-1]) == 0


def test_a_marginal_in_more_dimensions_finds_the_same_holes() -> None:
    flat = ring(2.0, 0.4)
    more = Posteriors(
        torch.cat([flat.mean, torch.randn(600, 3)], 1), torch.cat([flat.log_var, torch.zeros(600, 3)], 1)
    )
    (a,), (b,) = (aggregate.holes(aggregate.grid(posteriors)) for posteriors in (flat, more))
    assert a.prior_mass == b.prior_mass


@pytest.mark.parametrize("bad", [{"mass": 0.0}, {"mass": 1.0}, {"ratio": 0.0}])
def test_impossible_thresholds_are_refused(bad: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        aggregate.holes(aggregate.grid(ring(2.0, 0.4), size=32), **bad)
