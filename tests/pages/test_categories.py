"""A run whose codes are categories: what its training keeps and shows, and which pages refuse it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.shown import parcels, showing, until
from vae_core import recipes
from vae_core.runs.run import Run, create
from vae_core.workers import worker

App = Callable[..., AppTest]
M, K = 4, 3


@pytest.fixture
def categories(own_runs: Path) -> Run:
    changes = {"data.name": "digits", "latent": M, "posterior.categories": K, "training.steps": 20}
    run = create(recipes.get("gumbel").change(**changes), path=own_runs / "categories", by="process")
    worker.work(run)
    return Run(run.path)


def test_training_keeps_probabilities_and_the_board_shows_the_groups(app: App, categories: Run) -> None:
    assert categories.status.state == "finished", categories.status.message
    assert categories.codes is not None
    assert categories.codes["probabilities"].shape[1:] == (M, K)
    np.testing.assert_allclose(categories.codes["probabilities"].astype(float).sum(-1), 1, atol=2e-3)
    train = app("train", run="categories")
    assert showing(train.select_slider, "set:posterior.temperature").value == 1.0
    noise = until(train, lambda at: len(at.dataframe)).dataframe[0].value
    assert list(noise["Estimator"]) == ["Relaxed", "Straight through", "Score function"]
    ((header, arrays),) = parcels(train, "board")
    assert header["grouped"]
    assert not header["quantised"]
    assert arrays["shares"].shape[-2:] == (M, K)
    assert arrays["kl"].shape[-1] == M
    assert np.isfinite(arrays["hard_elbo_test"]).any()
    for page in ("latent_map", "inpaint"):
        at = app(page, run="categories")
        assert not at.exception
        assert "has discrete codes" in at.info[0].value
