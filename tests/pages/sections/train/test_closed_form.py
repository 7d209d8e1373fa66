"""The section of linear VAEs on the Train page: what it says, against the library; and who has it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.train import closed_form
from tests.pages.shown import parcels, until, words
from vae_core import data, recipes, train
from vae_core.analysis import ppca
from vae_core.runs.run import Run

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


@pytest.fixture(scope="module")
def linear_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("linear") / "linear"
    spec = recipes.get("linear").change(**{"data.name": "digits", "latent": 3, "training.steps": 150})
    return train(spec, out=path).path


@pytest.fixture
def linear(linear_once: Path, own_runs: Path) -> Run:
    shutil.copytree(linear_once, own_runs / "linear")
    return Run(own_runs / "linear")


def test_the_last_report_is_of_the_last_weights(linear: Run) -> None:
    found = closed_form.curves(linear)
    assert found["step"][-1] == 150
    reference = ppca.reference(linear.spec, data.load("digits", "train").images)
    assert reference is not None
    now = reference.compare(linear.model)
    assert found["elbo"][-1] == pytest.approx(now["elbo"])
    assert found["gap"][-1] == pytest.approx(now["log_likelihood"] - now["elbo"])
    assert found["angle"][-1] == pytest.approx(now["angle"])
    assert found["variance_ratio"][-1] == pytest.approx(now["variance_ratio"])
    assert found["gap"][-1] > 0


def test_the_page_says_the_numbers_shows_the_columns_and_draws_the_optimum(app: App, linear: Run) -> None:
    at = until(app("train", run="linear"), lambda at: "trace trick" in words(at))
    assert not at.exception
    found = closed_form.curves(linear)
    assert [metric.value for metric in at.metric] == [
        f"{found['angle'][-1]:.2f}°",
        f"−{found['gap'][-1]:.2f} nats",
        f"{found['variance_ratio'][-1]:.4f}",
    ]
    ((header, _),) = parcels(at, "board")
    assert header["optimum"] == pytest.approx(found["log_likelihood"][-1])


def test_each_component_stands_above_its_column_and_monte_carlo_beside_the_closed_form(linear: Run) -> None:
    known = closed_form.optimum(str(linear.path))
    assert known is not None
    found = closed_form.beside(str(linear.path), None, known)
    weight = linear.model.decoder[0].weight.detach().double()
    assert sorted(found.column) == [0, 1, 2]
    for k, (column, angle) in enumerate(zip(found.column, found.angle, strict=True)):
        between = torch.cosine_similarity(weight[:, column], known.best.components[:, k], dim=0).abs()
        assert angle == pytest.approx(float(between.acos().rad2deg()), abs=1e-4)
    assert abs(found.exact - found.sampled.value) < 4 * found.sampled.error


def test_numbers_of_both_signs_are_grey_at_0_and_reach_black_or_white() -> None:
    images = closed_form.signed(np.array([[0.0, 1.0, -0.5, 0.25], [0.0, 0.0, 0.0, 0.0]]), (1, 2, 2))
    assert images[0].ravel().tolist() == [128, 255, 64, 159]
    assert (images[1] == 128).all()


def test_other_runs_have_no_such_section(app: App, add_run: AddRun) -> None:
    add_run("plain")
    at = app("train", run="plain")
    assert not at.metric
    assert "probabilistic PCA" not in words(at)
    ((header, _),) = parcels(at, "board")
    assert header["optimum"] is None
