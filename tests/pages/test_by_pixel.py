"""A run whose pixels depend on each other: pages draw them in order, and those that cannot say so."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.shown import html, parcels, until, words
from vae_core import recipes, train
from vae_core.runs.run import Run

App = Callable[..., AppTest]


@pytest.fixture
def by_pixel(own_runs: Path) -> Run:
    changes = {"data.name": "digits", "net.channels": 4, "net.receptive_field": 2, "training.steps": 3}
    return train(recipes.get("collapse").change(**changes), out=own_runs / "by-pixel")


def test_pages_draw_such_a_run_in_order_or_say_why_they_do_not(app: App, by_pixel: Run) -> None:
    at = until(app("inpaint", run="by-pixel", hide="lower half", k="8"), lambda at: "exact draw" in words(at))
    assert not at.exception
    assert html(at).count('alt="Completion ') == 8
    weighed = until(
        app("inpaint", run="by-pixel", hide="left half"), lambda at: "Draws are weighed" in words(at)
    )
    assert html(weighed).count('alt="Completion ') == 16
    sheet = app("generate", run="by-pixel")
    assert not sheet.exception
    assert "From the prior" in words(sheet)
    (board,) = parcels(app("train", run="by-pixel", ground="decoded"), "board")
    assert board[0]["pixels"] == ", drawn"
    for page in ("latent_map", "traverse"):
        refused = app(page, run="by-pixel")
        assert not refused.exception
        assert "draws each pixel by those before it" in refused.info[0].value
