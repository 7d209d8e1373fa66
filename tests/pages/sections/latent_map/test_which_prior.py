"""The map of a run whose prior learns: under its own prior or N(0, I), its pseudo-inputs, pull and push."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pages.sections.latent_map import decomposition, headline, pseudo_inputs, pull_and_push, which_prior
from tests.pages.shown import html, showing
from tests.pages.test_latent_map import parcel
from vae_core import recipes, train
from vae_core.analysis import aggregate, prior_density
from vae_core.browser import wire
from vae_core.runs.run import Run
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.run_data.codes import newest, weights
from widgets.shell import tasks

App = Callable[..., Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    changes = {"data.name": "digits", "training.steps": 60, "prior.pseudo_inputs": 20}
    return train(recipes.get("vamp-2d").change(**changes), out=tmp_path_factory.mktemp("vamp") / "vamp")


@pytest.fixture
def run(made: Run, own_runs: Path) -> Run:
    return Run(shutil.copytree(made.path, own_runs / "vamp"))


def test_a_link_holds_the_map_of_a_learned_prior_against_n01(app: App, run: Run) -> None:
    codes = newest(run)
    assert codes is not None
    own, _ = tasks.start(headline.exact, codes, 10.0).result()
    at = app("latent_map", run=run.name)
    header, arrays = parcel(at, "picture")
    assert not header["standard"]
    assert "The prior is the run's own" in header["meaning"]
    assert {each.label: each.value for each in at.metric}["Hole mass"] == headline.percent(own.value)

    held = replace(codes, own_prior=False)
    against, _ = tasks.start(headline.exact, held, 10.0).result()
    truth = aggregate.hole_mass(run.posteriors)
    assert against.value == pytest.approx(truth.value)
    showing(at.segmented_control, "at:prior").set_value("standard").run()
    at.run()
    assert at.query_params["prior"] == "standard"
    header, arrays = parcel(at, "picture")
    assert header["standard"]
    assert "N(0, I) here" in header["meaning"]
    for mass, level in header["regions"]:
        assert level == pytest.approx(prior_density.level(mass, 2), abs=1e-9)
    np.testing.assert_allclose(arrays["log_p"].max(), -np.log(2 * np.pi), atol=0.01)
    assert {each.label: each.value for each in at.metric}["Hole mass"] == headline.percent(truth.value)
    film = tasks.start(densities.film, held, View(extent=header["extent"]), densities.pictures(held)).result()
    assert film is not None
    assert "log_p" not in wire.unpack(film.parcel)[1]  # one prior for all frames


def test_a_run_under_n01_has_no_such_choice(app: App, add_run: Callable[..., Run]) -> None:
    run = add_run("plain")
    at = app("latent_map", run="plain", prior="standard")
    assert "Prior" not in [each.label for each in at.segmented_control]
    codes = which_prior.codes(run)
    assert codes is not None
    assert codes.prior is None


def test_pseudo_inputs_are_shown_as_the_images_that_they_are(app: App, run: Run) -> None:
    at = app("latent_map", run=run.name, show="pseudo")
    assert html(at).count('alt="Pseudo-input ') == 20
    images = pseudo_inputs.pseudo_inputs(str(run.path), weights(run))
    assert images.shape == (20, 1, 8, 8)
    assert images.dtype == np.uint8
    q = run.model.posteriors(torch.from_numpy(images))
    assert bool((q.mean[:, 0].diff() > -0.05).all())  # from left to right; pixels are rounded


def test_cross_entropy_and_entropy_stand_apart_and_differ_by_the_kl(app: App, run: Run) -> None:
    codes = newest(run)
    assert codes is not None
    found = tasks.start(decomposition.surgery, codes).result()
    tasks.start(pull_and_push.forces, codes).result()
    q, p = run.posteriors, run.model.prior
    z = q.mean + (0.5 * q.log_var).exp() * torch.randn(200, *q.mean.shape)
    with torch.no_grad():
        cross = -float(p.log_prob(z).mean())
    entropy = float((0.5 * (q.log_var + np.log(2 * np.pi) + 1)).sum(1).mean())
    assert found.entropy.value == pytest.approx(entropy, abs=1e-4)
    assert found.kl.total == pytest.approx(cross - entropy, abs=0.05)
    for prior in ("own", "standard"):  # the ELBO is that under the run's own, whichever the map shows
        page = html(app("latent_map", run=run.name, show="kl", prior=prior))
        shown = f"{found.kl.total + found.entropy.value:.2f}".replace("-", "−")
        assert f"<b>Cross-entropy −E log p(z)</b> {shown}" in page
        assert "<b>Entropy of q(z|x)</b>" in page


def test_arrows_stand_on_class_centres_and_under_n01_pull_to_the_origin(
    app: App, add_run: Callable[..., Run]
) -> None:
    run = add_run("plain")
    codes = newest(run)
    assert codes is not None
    found = tasks.start(pull_and_push.forces, codes).result()
    figure = pull_and_push.plotly(codes, View(), found)
    arrows, labels = figure["layout"]["annotations"], run.posteriors.labels
    assert labels is not None
    assert len(arrows) == 2 * len(found.classes)
    for arrow, label in zip(arrows, found.classes, strict=False):
        center = run.posteriors.mean[labels == label].double().mean(0)
        np.testing.assert_allclose((arrow["ax"], arrow["ay"]), center, atol=1e-5)
        along = np.array([arrow["x"] - arrow["ax"], arrow["y"] - arrow["ay"]])
        towards = -center.numpy()
        if np.linalg.norm(towards) > 0.3:
            cosine = along @ towards / np.linalg.norm(along) / np.linalg.norm(towards)
            assert cosine > 0.95
    at = app("latent_map", run="plain", show="kl")
    tasks.start(decomposition.surgery, codes).result()
    at.run()
    assert "Pull and push" in "".join(each.value for each in at.markdown)
