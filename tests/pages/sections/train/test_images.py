"""Train: images that are not on this machine, and the user's own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.sections.train.parts import only_run, press, red_captions, words_of
from vae_core import Spec
from vae_core.data import download
from vae_core.runs.run import all_runs

App = Callable[..., AppTest]


def test_a_run_whose_download_failed_is_not_resumed_and_makes_place_for_one_on_strokes(
    app: App, own_runs: Path
) -> None:
    from vae_core.runs import run as runs

    made = runs.create(Spec().change(**{"data.name": "mnist"}), "stuck")
    (made.path / "status.json").write_text(
        '{"state":"unavailable","message":"MNIST is not on this machine, and its server stopped sending."}'
    )
    at = app("train", run="stuck")
    labels = [button.label for button in at.button]
    assert "Resume" not in labels
    assert "Try again" in labels
    offer = next(button for button in at.button if button.label == "Train on strokes instead")
    offer.click().run()
    assert only_run().spec.data.name == "strokes"
    assert at.query_params["run"] == only_run().name
    assert "data.name=strokes" in at.query_params["set"]


def test_without_mnist_and_network_play_trains_on_strokes_and_says_so(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "empty"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(download.MIRRORS, "mnist", ["http://127.0.0.1:9/"])
    at = app("train", set="data.name=mnist")
    press(at, "play")
    assert only_run().spec.data.name == "strokes"
    (note,) = at.info
    assert note.value == "MNIST is not on this machine and there is no network, so this trains on Strokes."
    assert "data.name=strokes" in at.query_params["set"]
    press(at, "new-seed")
    assert {run.spec.data.name for run in all_runs()} == {"strokes"}
    assert app("train").session_state["draft"].data.name == "strokes"  # what is not there is not the default


def test_a_shipped_run_whose_images_are_not_here_lends_the_form_its_settings_and_strokes(
    app: App, own_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAE_DATA", str(tmp_path / "empty"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(download.MIRRORS, "mnist", ["http://127.0.0.1:9/"])
    from vae_core.runs import run as runs

    made = runs.create(Spec().change(**{"data.name": "mnist", "latent": 5}), "shipped")
    (made.path / "card.json").write_text('{"title": "Shipped", "sentence": "", "order": 1}')
    at = app("train", run="shipped")
    draft = at.session_state["draft"]
    assert (draft.data.name, draft.latent) == ("strokes", 5)
    assert "MNIST is not on this machine" in at.info[0].value


def test_own_images_are_learned_from_by_their_path(page: AppTest, tmp_path: Path) -> None:
    file = tmp_path / "mine.npy"
    np.save(file, np.random.default_rng(0).integers(0, 256, (60, 20, 20), dtype=np.uint8))
    page.text_input(key="own-path").set_value(str(file)).run()
    page.button(key="own-use").click().run()
    press(page, "play")
    spec = only_run().spec
    assert (spec.data.name, spec.data.path, spec.data.shape) == ("array", str(file), (1, 28, 28))


def test_own_images_that_are_not_there_are_a_sentence(page: AppTest) -> None:
    page.text_input(key="own-path").set_value("/no/such/place").run()
    page.button(key="own-use").click().run()
    assert not page.exception
    (sentence,) = red_captions(page)
    assert "/no/such/place" in words_of(sentence)
    assert not page.button(key="play").disabled  # the form is as it was


def test_images_in_colour_bring_a_gaussian(page: AppTest) -> None:
    page.button(key="use-sprites_colour").click().run()
    spec = page.session_state["draft"]
    assert (spec.likelihood.kind, spec.data.binarisation) == ("gaussian", "none")
    assert not red_captions(page)
    page.button(key="use-strokes").click().run()
    assert page.session_state["draft"].likelihood.kind == "gaussian"  # no worse for grey pixels
