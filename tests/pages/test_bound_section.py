"""The bound against k below the map: of the image that is pinned, with the library's numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.sections.latent_map import bound
from vae_core import data
from vae_core.analysis import importance_bound
from vae_core.runs.run import Run
from widgets.run_data.codes import weights
from widgets.shell import tasks

App = Callable[..., AppTest]
AddRun = Callable[..., Run]


def test_it_is_of_the_pinned_image_and_begins_at_its_elbo(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    link = {"run": "mine", "show": "bound", "z": "0.5,0.5", "image": "3"}
    at = app("latent_map", **link)
    found = tasks.start(bound.measure, str(run.path), weights(run), 3, tracked=True).result()
    at.run()
    assert not at.exception
    images = data.binarised_once(data.load(run.spec.data.name, "test"), run.spec.data.binarisation)
    expected = importance_bound.log_weights(run.model, images[3:4])[0]
    assert torch.equal(found.log_weight, expected)
    (sentence,) = [each.value for each in at.markdown if "the bound against k" in each.value]
    elbo = f"{float(expected.mean()):.2f}".replace("-", "−")
    assert f"test image 3: the bound against k.** ELBO {elbo} ±" in sentence
    assert f"{found.effective:,.0f} draws" in sentence
    assert len(at.get("plotly_chart")) == 2


def test_without_a_pin_it_is_of_the_first_image_and_a_number_beyond_the_last_is_the_last(
    app: App, add_run: AddRun
) -> None:
    run = add_run("mine")
    first = tasks.start(bound.measure, str(run.path), weights(run), 0, tracked=True).result()
    at = app("latent_map", run="mine", show="bound")
    assert any("test image 0: the bound" in each.value for each in at.markdown)
    last = tasks.start(bound.measure, str(run.path), weights(run), 10**6, tracked=True).result()
    assert (first.image, last.image) == (0, len(run.posteriors) - 1)


def test_a_link_that_asks_for_an_image_beyond_the_last_is_told_so(app: App, add_run: AddRun) -> None:
    run = add_run("mine")
    tasks.start(bound.measure, str(run.path), weights(run), 0, tracked=True).result()
    at = app("latent_map", run="mine", show="bound", z="0.5,0.5", image="123456")
    assert not at.exception
    said = "asks for image 123456; that does not fit this run"
    assert any(said in each.value for each in at.warning)
    assert any("test image 0: the bound" in each.value for each in at.markdown)


@pytest.mark.parametrize("samples", [1, 7])
def test_the_chart_marks_the_codes_of_the_runs_own_objective(samples: int) -> None:
    from pages.sections.latent_map import charts

    figure = charts.against_k([1, 10], [-90.0, -85.0], [0.5, 0.1], -84.0, "log p(x)", samples)
    level, upright = figure["layout"]["shapes"]
    assert (level["y0"], level["y1"], upright["x0"], upright["x1"]) == (-84.0, -84.0, samples, samples)
    assert figure["data"][0]["error_y"]["array"] == [0.5, 0.1]


def test_the_histogram_counts_every_weight() -> None:
    from pages.sections.latent_map import charts

    log_w = torch.randn(5000, generator=torch.Generator().manual_seed(0)).double() - 90
    figure = charts.log_weights(log_w.numpy(), -88.0, "log p(x)")
    assert sum(figure["data"][0]["y"]) == 5000
    assert figure["layout"]["shapes"][0]["x0"] == pytest.approx(float(log_w.mean()))
