"""A run whose codes are categories: what its training keeps and shows, and which pages refuse it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from streamlit.testing.v1 import AppTest

from tests.pages.shown import html, parcels, showing, until, words
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
        assert {"Traverse", "Interpolate", "Generate"} <= {link.proto.label for link in at.get("page_link")}
    traverses_every_category(app, categories)
    goes_from_a_to_b_group_by_group(app, categories)
    samples = app("generate", run="categories")
    assert not samples.exception
    assert not samples.error
    assert html(samples).count('alt="Sample ') == 2 * 96
    assert "In each group every category is as likely" in words(samples)


def traverses_every_category(app: App, run: Run) -> None:
    """A row of pictures for each group, from an image's most probable categories, and from a draw."""
    at = app("traverse", run=run.name, start="2", codes="1-2")
    assert not at.exception
    ((_, groups),) = parcels(at, "groups")
    found = run.group_codes
    np.testing.assert_array_equal(groups["start"], found.probabilities[2].argmax(1))
    np.testing.assert_allclose(groups["shares"], found.probabilities.mean(0), atol=1e-3)
    # KL to a uniform choice: log K less the entropy, by SciPy, of each image, then the mean.
    entropies = scipy.stats.entropy(found.probabilities.double().numpy(), axis=2)
    np.testing.assert_allclose(groups["kl"], (np.log(K) - entropies).mean(0), atol=1e-3)
    told = [json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.json]
    assert [each["state"]["changed"] for each in told if "groups" in each] == [[[0, 2]]]
    drawn = set()
    for seed in "123":
        ((_, groups),) = parcels(app("traverse", run=run.name, **{"from": "prior", "seed": seed}), "groups")
        drawn.add(tuple(groups["start"].tolist()))
    assert len(drawn) > 1
    assert all(0 <= k < K for each in drawn for k in each)


def goes_from_a_to_b_group_by_group(app: App, run: Run) -> None:
    """The path of an interpolation begins at A's categories and ends at B's; groups of most KL come first."""
    chosen = run.group_codes.probabilities[[0, 1]].argmax(2)
    ((header, path),) = parcels(app("interpolate", run=run.name, a="0", b="1"), "path")
    np.testing.assert_array_equal(path["codes"][[0, -1]].reshape(2, M, K).argmax(2), chosen)
    order = np.argsort(-run.group_codes.kl.mean(0).numpy(), kind="stable")
    differ = (chosen[0] != chosen[1]).numpy()
    assert path["places"].tolist() == [m for m in order.tolist() if differ[m]]
    assert header["stepped"]["name"] == "groups"
