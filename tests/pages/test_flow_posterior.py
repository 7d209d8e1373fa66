"""A run whose posterior is bent by a flow: what its pages show, and what they say is not known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from vae_core import recipes, train
from vae_core.browser import wire
from vae_core.runs.run import Run
from widgets.run_data import usage
from widgets.shell import tasks

App = Callable[..., AppTest]


@pytest.fixture
def bent(own_runs: Path) -> Run:
    changes = {"data.name": "digits", "net.widths": "16", "training.steps": 40, "latent": 3}
    train(recipes.get("iaf-2d").change(**changes), out=own_runs / "bent")
    return Run(own_runs / "bent")


def words(at: AppTest) -> str:
    return "\n".join(element.value for element in [*at.markdown, *at.caption])


def test_traverse_sorts_by_activity_and_says_that_the_kl_of_a_dimension_is_not_known(
    app: App, bent: Run
) -> None:
    at = app("traverse", run="bent")
    assert not at.exception
    assert "The KL of single dimensions is not known" in words(at)
    parcels = [wire.unpack(c.proto.bytes) for c in at.get("bidi_component") if c.proto.bytes]
    (arrays,) = [arrays for header, arrays in parcels if header.get("kind") == "traversal"]
    assert np.isnan(arrays["kl"]).all()
    activity = usage.usage(usage.codes(bent)).activity.numpy()
    assert (np.diff(activity[arrays["order"]]) <= 0).all()
    assert activity.max() > 0


def test_the_map_says_what_stands_for_each_posterior_and_its_kl_is_taken_apart(app: App, bent: Run) -> None:
    from pages.sections.latent_map import decomposition
    from widgets.run_data.codes import newest

    codes = newest(bent)
    assert codes is not None
    assert not codes.gaussian
    found = tasks.start(decomposition.surgery, codes).result()
    at = app("latent_map", run="bent", show="kl")
    assert not at.exception
    assert "that of the Gaussian of the same mean and variance" in words(at)
    draws = bent.posteriors.log_q - bent.model.prior.log_prob(bent.posteriors.draws)
    assert found.parts.kl == pytest.approx(float(draws.mean()), abs=1e-4)


@pytest.mark.parametrize("page", ["train", "interpolate", "inpaint"])
def test_the_other_pages_open_on_it(app: App, bent: Run, page: str) -> None:
    at = app(page, run="bent")
    assert not at.exception
    assert not at.error
