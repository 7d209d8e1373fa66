"""The density of the live map is that of the analysis, and so are its holes, in Python and in the browser."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core.analysis import aggregate
from vae_core.analysis.holes import level
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from vae_core.runs.run import Run
from widgets.components.board import density, parcel
from widgets.components.board.prior import usual_axis

ROOT = Path(__file__).parents[4]
BROWSER = "../../vae_core/browser"


def codes(scale: float, count: int = 300) -> Posteriors:
    """Three clusters of posteriors, some of them narrower than a cell."""
    seeded = torch.Generator().manual_seed(0)
    centres = torch.tensor([[-1.5, 0.0], [1.0, 1.0], [0.5, -1.5]])[torch.arange(count) % 3]
    mean = centres + 0.4 * torch.randn(count, 2, generator=seeded)
    return Posteriors(mean, torch.full((count, 2), 2 * math.log(scale)))


@pytest.fixture(params=[0.3, 0.05, 1e-3])
def both(request: pytest.FixtureRequest) -> tuple[density.Density, aggregate.DensityGrid]:
    """Of the board, and of the analysis."""
    posteriors, axis = codes(request.param), usual_axis()
    grid = aggregate.grid(posteriors, extent=float(axis[-1]), size=len(axis))
    return density.of(posteriors.mean.numpy(), posteriors.log_var.numpy(), axis), grid


def test_the_density_is_that_of_the_analysis(both: tuple[density.Density, aggregate.DensityGrid]) -> None:
    ours, grid = both
    for mine, theirs in ((ours.drawn, grid.log_q), (ours.exact, grid.exact)):
        there = theirs.numpy() > -14  # below, both are nothing
        np.testing.assert_allclose(mine[there], theirs.numpy()[there], atol=1e-3)
        assert (mine[~there] < -13).all()


def test_the_hole_mass_is_that_of_the_analysis(both: tuple[density.Density, aggregate.DensityGrid]) -> None:
    ours, grid = both
    edge = level(grid, density.MASS)
    mass = density.hole_mass(ours.exact, grid.log_p.numpy(), edge, grid.cell)
    assert mass == pytest.approx(
        float(aggregate.hole_curve(grid, [density.RATIO], density.MASS)[0]), rel=1e-4
    )
    assert mass > 0.01


def test_the_browser_finds_the_holes_of_the_analysis(
    javascript, both: tuple[density.Density, aggregate.DensityGrid]
) -> None:
    ours, grid = both
    log_p = grid.log_p.numpy()
    _, empty = density.packed(ours, log_p)
    scale = [density.EMPTY_FIRST, density.EMPTY_STEP]
    nats = np.array(
        javascript("film.js", "[...inNats(bytes, scale)]", "board", bytes=empty.ravel().tolist(), scale=scale)
    )
    field = np.minimum(nats, log_p.ravel() - level(grid, density.MASS)).tolist()
    where = {"x": float(grid.x[0]), "cell": grid.cell, "size": len(grid.x)}
    found = javascript(
        "holes.js",
        "findHoles(grid, field, logP)",
        BROWSER,
        grid=where,
        field=field,
        logP=log_p.ravel().tolist(),
    )
    expected = aggregate.holes(grid, density.MASS, density.RATIO)
    assert [hole["number"] for hole in found] == list(range(1, len(expected) + 1))
    np.testing.assert_allclose([h["mass"] for h in found], [h.prior_mass for h in expected], rtol=1e-4)
    for ours_, theirs in zip(found[:3], expected[:3], strict=True):
        i, j = (round((v - where["x"]) / where["cell"]) for v in ours_["center"])
        assert theirs.mask[i, j]  # its number stands in it


def test_a_ring_is_numbered_where_it_is_widest_and_not_in_its_middle(javascript) -> None:
    size, middle = 21, 10
    away = np.hypot(*(np.indices((size, size)) - middle))
    field = np.where((away > 3) & (away < 8), 1.0, -1.0).ravel().tolist()
    grid = {"x": 0, "cell": 1, "size": size}
    (hole,) = javascript(
        "holes.js", "findHoles(grid, field, logP)", BROWSER, grid=grid, field=field, logP=[0.0] * size**2
    )
    assert 4 < math.hypot(hole["center"][0] - middle, hole["center"][1] - middle) < 7


def test_every_moment_has_the_hole_mass_of_its_own_frame_and_the_last_that_of_all_test_images() -> None:
    run = Run(ROOT / "checkpoints" / "vae-2d-mnist")
    said, arrays = wire.unpack(parcel.build(run, film=True))
    axis = usual_axis()
    assert arrays["density"].shape == (len(said["frame_steps"]), len(axis), len(axis))
    last = said["frame_steps"][-1]
    for step, tiles in zip(said["frame_steps"], said["past_tiles"], strict=True):
        posteriors = run.posteriors if step == last else Posteriors.of(run.frame(step))
        grid = aggregate.grid(posteriors, extent=float(axis[-1]), size=len(axis))
        mass = float(aggregate.hole_curve(grid, [density.RATIO], density.MASS)[0])
        (shown,) = ([value, under] for name, value, under, *_ in tiles if name == "Hole mass")
        assert shown == [f"{100 * mass:.1f} %", f"{len(posteriors):,} images"]


def test_in_more_dimensions_it_is_the_marginal_of_the_two_on_the_map() -> None:
    run = Run(ROOT / "checkpoints" / "vae-16d-mnist")
    said, arrays = wire.unpack(parcel.build(run, film=False))
    axis = usual_axis()
    grid = aggregate.grid(run.posteriors, dims=tuple(said["chosen"]), extent=float(axis[-1]), size=len(axis))
    first, step = said["density_scale"]
    shown = first + (arrays["density"] + 0.5) * step
    there = grid.log_q.numpy() > -8
    np.testing.assert_allclose(shown[there], grid.log_q.numpy()[there], atol=step)
    assert "marginal" in said["cloud_note"]
