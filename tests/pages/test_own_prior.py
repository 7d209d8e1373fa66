"""A run whose prior is not N(0, I): all pages ask its own prior, whose means lie far from 0."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_core import data, recipes, train
from vae_core.analysis import aggregate, evaluation
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from vae_core.runs import files
from vae_core.runs.run import Run
from vae_core.workers.snapshots import Snapshots

App = Callable[..., Any]
CHANGES = {
    "condition.kind": "class",
    "prior.kind": "class_normal",
    "data.name": "digits",
    "training.epochs": None,
    "training.steps": 5,
}


@pytest.fixture(scope="module")
def circle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of ten classes whose priors stand on a circle of radius 3, and its evaluation."""
    made = train(recipes.get("vae-2d").change(**CHANGES), out=tmp_path_factory.mktemp("own") / "circle")
    weights = load_file(made.path / files.WEIGHTS)
    angle = torch.arange(10) / 10 * 2 * torch.pi
    weights["prior.mean"] = 3 * torch.stack([angle.cos(), angle.sin()], 1)
    weights["prior.log_var"] = torch.full((10, 2), -1.0)
    save_file(weights, made.path / files.WEIGHTS)
    for file in (made.path / files.FRAMES).glob("*.safetensors"):
        frame = load_file(file)
        if "prior.mean" in frame:  # while it trained the circle grew
            share = float(frame["step"]) / 5
            frame |= {"prior.mean": share * weights["prior.mean"], "prior.log_var": weights["prior.log_var"]}
            save_file(frame, file)
    run = Run(made.path)
    images = data.load("digits", "test")
    found = evaluation.evaluate(run.model, images, samples=0)
    files.write_json(run.path / files.EVALUATION, found)
    return run.path


@pytest.fixture
def run(circle: Path, own_runs: Path) -> Run:
    return Run(shutil.copytree(circle, own_runs / "circle"))


def truth(run: Run, share: float = 1.0) -> MixtureSameFamily:
    """p(z), as torch has it, on a circle of that share of its radius."""
    prior = run.model.prior
    parts = Independent(Normal(share * prior.mean, torch.exp(0.5 * prior.log_var)), 1)
    return MixtureSameFamily(Categorical(logits=prior.log_py), parts)


def test_every_kl_on_every_page_is_the_runs_own(run: Run) -> None:
    from pages.sections.latent_map import decomposition
    from widgets.run_data import usage
    from widgets.run_data.codes import newest

    codes, numbers = newest(run), run.evaluation
    assert codes is not None
    assert numbers is not None
    own = np.array(numbers["dimension_kl"])
    assert own.sum() > 5  # under N(0, I) it is below 1
    np.testing.assert_allclose(usage.information(run), own, rtol=1e-3)
    np.testing.assert_allclose(usage.usage(codes).kl, own, rtol=1e-3)
    found = decomposition.surgery(codes)
    split, collapsed = found.parts, found.collapsed
    assert split.kl == pytest.approx(own.sum(), rel=1e-3)
    assert split.given_class
    assert split.mutual_information + split.marginal_kl == pytest.approx(split.kl, rel=1e-6)
    assert not any(collapsed)

    images = data.load("digits", "test")
    frame = Snapshots(images.images, images.labels, torch.device("cpu")).take(run.model)
    live = run.model.posteriors(*(part[: len(frame["mean"])] for part in (images.images, images.labels)))
    assert frame["kl"].shape == (2,)
    assert frame["kl"].sum() == pytest.approx(own.sum(), rel=0.1)
    assert len(live.mean) == len(frame["mean"])


def test_contours_holes_and_samples_of_the_map_are_the_priors_own(run: Run) -> None:
    from pages.sections.latent_map import headline
    from widgets.components.latent_map import densities
    from widgets.components.latent_map.map_view import View
    from widgets.run_data.codes import newest

    codes, p = newest(run), truth(run)
    assert codes is not None
    field = densities.field(codes, View(extent=6.0))
    at = torch.cartesian_prod(field.grid.x, field.grid.y)
    expected = p.log_prob(at).view(field.grid.log_p.shape)
    np.testing.assert_allclose(field.grid.log_p, expected, atol=1e-3)

    said, arrays = wire.unpack(field.picture)
    inside = p.log_prob(p.sample((50_000,)))
    for mass, level in said["regions"]:
        assert (inside > level).double().mean() == pytest.approx(mass, abs=0.01)
    radius = np.hypot(*arrays["prior_samples"].T)
    assert 2.5 < radius.mean() < 3.5
    assert "own: those of its classes" in said["meaning"]

    z = p.sample((100_000,))
    log_p, log_q = p.log_prob(z), aggregate.log_density(codes.posteriors, z)
    edge = log_p.quantile(0.05)
    own_mass = float(((log_p >= edge) & (log_q < log_p - np.log(10))).double().mean())
    numbers = run.evaluation
    assert numbers is not None
    assert numbers["hole_mass"] == pytest.approx(own_mass, abs=0.02)
    assert densities.holes(codes, View(extent=6.0)).mass == pytest.approx(own_mass, abs=0.02)
    own_outside = float((p.log_prob(drawn(codes.posteriors)) < edge).double().mean())
    for ratio in (10.0, 10.5):  # that of the evaluation, and another one
        holes, outside = headline.exact(codes, ratio)
        assert holes.value == pytest.approx(own_mass, abs=0.03)
        assert outside.value == pytest.approx(own_outside, abs=0.02)


def test_contours_of_the_board_are_the_priors_own(run: Run) -> None:
    from widgets.components.board import parcel

    said, arrays = wire.unpack(parcel.build(run, film=False))
    p, cells = truth(run), said["grid"]
    axis = torch.arange(cells["size"]) * cells["cell"] + cells["x"]
    at = torch.cartesian_prod(axis, axis)
    expected = p.log_prob(at).view(cells["size"], cells["size"])
    # Half precision: 11 bits of up to some 40 nats.
    np.testing.assert_allclose(arrays["log_p"], expected[None], atol=0.02)
    z = p.sample((50_000,))
    assert float((z.abs().amax(1) < -cells["x"]).double().mean()) > 0.995
    inside = p.log_prob(z)
    (regions,) = said["regions"]
    assert [mass for mass, _ in regions] == [0.5, 0.95]
    for mass, level in regions:
        assert (inside > level).double().mean() == pytest.approx(mass, abs=0.01)
    assert not said["unit_prior"]


def test_a_replay_shows_the_prior_of_each_moment(run: Run) -> None:
    from widgets.components.board import parcel
    from widgets.components.latent_map import densities
    from widgets.components.latent_map.map_view import View
    from widgets.run_data.codes import newest

    names = tuple(file.name for file in run.frames)
    assert len(names) > 1
    codes, view = newest(run), View(extent=6.0)
    assert codes is not None
    film = densities.film(codes, view, names)
    assert film is not None
    grid = film.grids[0]
    at = torch.cartesian_prod(grid.x, grid.y)
    priors = [truth(run, step / 5) for step in film.steps]
    for shown, p in zip(film.grids, priors, strict=True):
        expected = p.log_prob(at).view(grid.log_p.shape)
        np.testing.assert_allclose(shown.log_p.clamp(min=-60), expected.clamp(min=-60), atol=1e-3)
    said, arrays = wire.unpack(film.parcel)
    assert arrays["log_p"].shape == (len(names), *grid.log_p.shape)
    for regions, p in zip(said["regions"], priors, strict=True):
        inside = p.log_prob(p.sample((50_000,)))
        for mass, level in regions:
            assert (inside > level).double().mean() == pytest.approx(mass, abs=0.015)
    assert "today's in every frame" not in densities.replayed(codes, view)

    said, arrays = wire.unpack(parcel.build(run, film=True))
    assert len(said["regions"]) == len(said["frame_steps"]) == len(arrays["log_p"])
    axis = torch.arange(said["grid"]["size"]) * said["grid"]["cell"] + said["grid"]["x"]
    at = torch.cartesian_prod(axis, axis)
    for step, log_p in zip(said["frame_steps"], arrays["log_p"], strict=True):
        expected = truth(run, step / 5).log_prob(at).view(log_p.shape)
        np.testing.assert_allclose(np.maximum(log_p, -60), expected.clamp(min=-60), atol=0.05)


def drawn(posteriors: Posteriors) -> torch.Tensor:
    """100 draws of q(z) for every image."""
    noise = torch.randn(100, *posteriors.mean.shape)
    return (posteriors.mean + torch.exp(0.5 * posteriors.log_var) * noise).flatten(0, 1)


def test_sliders_begin_at_the_priors_mean_and_move_in_its_deviations(run: Run) -> None:
    from widgets.run_data import usage
    from widgets.run_data.codes import newest

    codes = newest(run)
    assert codes is not None
    prior, sigma = run.model.prior, float(np.exp(-0.5))
    stops, ticks = usage.stops(codes, "3", 2)
    np.testing.assert_allclose(stops[:, 0], prior.mean[2] - 3 * sigma, rtol=1e-4)
    np.testing.assert_allclose(stops[:, -1], prior.mean[2] + 3 * sigma, rtol=1e-4)
    assert (ticks[0], ticks[3]) == ("−3σ", "0")
    found = usage.of_prior(codes, 2)
    np.testing.assert_allclose(found.mean, prior.mean[2], rtol=1e-5)
    assert found.draws is not None
    np.testing.assert_allclose(found.draws.mean(0), prior.mean[2], atol=0.25)
    whole = usage.of_prior(codes)
    np.testing.assert_allclose(whole.mean, (0, 0), atol=1e-5)


@pytest.mark.parametrize("page", ["latent_map", "traverse", "interpolate", "generate", "inpaint"])
def test_every_page_opens_on_it(app: App, run: Run, page: str) -> None:
    shown = app(page, run=run.name)
    assert not shown.exception
    assert not shown.error


def test_only_under_n01_is_there_a_shell_to_turn_on_and_a_unit_of_length(app: App, run: Run) -> None:
    from pages.sections.interpolate import path_codes

    assert list(path_codes.kinds(run)) == ["linear", "geodesic"]
    assert path_codes.in_units(run, 2.5) == "2.50"
    for tab, label, kinds in (("path", "Path", ["Linear", "Geodesic"]), ("grid", "Codes", ["Linear"])):
        shown = app("interpolate", run=run.name, tab=tab)
        (box,) = (each for each in shown.segmented_control if each.label == label)
        assert list(box.options) == kinds


def test_the_priors_mean_in_sums_of_codes_is_the_priors_own(run: Run) -> None:
    from widgets.run_data import usage

    found = usage.of_prior(usage.codes(run)).mean
    exact = run.model.prior.moments()[0]
    np.testing.assert_allclose(found, exact.detach(), atol=1e-5)


def test_the_small_picture_reaches_as_far_as_the_prior(run: Run) -> None:
    from widgets.run_data.manifold import REACH, plane, traversals

    prior = run.model.prior
    mean, variance = (moment.detach() for moment in prior.moments())
    reach = REACH * variance.sqrt()
    z = plane(2, prior).detach()
    torch.testing.assert_close(z[0, -1], mean + reach)
    torch.testing.assert_close(z[-1, 0], mean - reach)
    rows = traversals(2, None, prior).detach()
    torch.testing.assert_close(rows[1, :, 0], mean[0].expand(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(rows[1, 1, 1], mean[1] + reach[1])
