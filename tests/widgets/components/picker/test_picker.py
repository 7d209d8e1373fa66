"""Picking images, in Streamlit without a browser: what a link says, what a hand does, what is missing."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from vae_core import data, recipes
from vae_core.analysis import anomaly
from vae_core.data.handwriting import like_data
from vae_core.runs.run import Run
from widgets.components.paint import state
from widgets.components.picker import choice, unlike
from widgets.shell import tasks

CANVAS = (112, 112)  # on which an image of 8 x 8 pixels is drawn


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from vae_core import train

    path = tmp_path_factory.mktemp("trained") / "small"
    train(recipes.get("vae-2d").change(**{"data.name": "digits", "training.steps": 2}), out=path)
    return path


@pytest.fixture
def run(trained: Path, own_runs: Path) -> Run:
    st.cache_resource.clear()
    shutil.copytree(trained, own_runs / "small")
    return Run(own_runs / "small")


@pytest.fixture
def page(run: Run) -> Callable[..., AppTest]:
    """Two pickers on a page; what they return is kept in the session under "got"."""

    def script(path: str) -> None:
        import streamlit as st

        from vae_core.runs.run import Run
        from widgets.components import picker

        run = Run(path)
        st.session_state["got"] = [
            picker.pick("a", run, label="Image A"),
            picker.pick("b", run, label="Image B", default=7),
        ]

    def open_page(opened: bool = True, **link: str) -> AppTest:
        at = AppTest.from_function(script, args=(str(run.path),), default_timeout=20)
        for name, value in link.items():
            at.query_params[name] = value
        if opened:
            at.session_state["a-change"] = True
        return at.run()

    return open_page


def got(at: AppTest) -> list[Any]:
    assert not at.exception
    return at.session_state["got"]


def say(at: AppTest, drawing: np.ndarray, key: str = "a") -> None:
    """As the browser would: a stroke is over."""
    said = {"revision": 0, "pixels": state.encode_pixels(drawing)}
    at.session_state[f"painted:{key}-canvas-112x112"] = said


def bar() -> np.ndarray:
    drawing = np.zeros(CANVAS, np.uint8)
    drawing[20:90, 50:60] = 255
    return drawing


def test_two_pickers_start_with_their_defaults(page: Callable[..., AppTest]) -> None:
    a, b = got(page(opened=False))
    digits = data.load("digits", "test")
    for picked, index in ((a, 0), (b, 7)):
        np.testing.assert_array_equal(picked.image, digits.images[index].numpy())
        assert (picked.index, picked.label, picked.drawn) == (index, int(digits.labels[index]), False)
        assert picked.name == f"{picked.label}, test image {index}"
    assert a.digest != b.digest


def test_a_link_picks_each_image(page: Callable[..., AppTest]) -> None:
    assert [picked.index for picked in got(page(opened=False, a="12", b="359"))] == [12, 359]


@pytest.mark.parametrize("text", ["360", "-1", "1.5", "nan", "", "9" * 400, "١٢", "drawn;", "None"])
def test_a_senseless_link_is_the_default(page: Callable[..., AppTest], text: str) -> None:
    assert got(page(opened=False, b=text))[1].index == 7


def test_by_number_moves_one_picker_only_and_stands_in_the_link(page: Callable[..., AppTest]) -> None:
    at = page()
    at.number_input[0].set_value(33).run()
    assert [picked.index for picked in got(at)] == [33, 7]
    assert at.query_params["a"] in ("33", ["33"])
    assert "b" not in at.query_params


def test_at_random_stays_in_the_class(page: Callable[..., AppTest]) -> None:
    at = page()
    at.selectbox[0].select(4).run()
    seen = set()
    for _ in range(6):
        at.button(key="a-random").click().run()
        picked = got(at)[0]
        assert picked.label == 4
        seen.add(picked.index)
    assert len(seen) > 1


def test_at_random_is_the_same_for_everybody(page: Callable[..., AppTest]) -> None:
    first, second = (got(page().button(key="a-random").click().run())[0].index for _ in range(2))
    assert first == second


def test_a_drawing_is_picked_centred_and_scaled(page: Callable[..., AppTest]) -> None:
    at = page(opened=False, a="drawn")
    say(at, bar())
    at.run()
    picked = got(at)[0]
    assert picked.drawn
    assert (picked.label, picked.index) == (None, None)
    np.testing.assert_array_equal(picked.image, like_data(bar(), "digits", (1, 8, 8)))
    assert got(at)[1].index == 7


def test_a_link_to_a_drawing_shows_another_image_and_says_so(page: Callable[..., AppTest]) -> None:
    at = page(opened=False, a="drawn")
    assert got(at)[0].index == 0
    assert any("no drawing in this tab" in caption.value for caption in at.caption)


def png_file(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("inverted", [False, True])
def test_an_uploaded_image_is_brought_to_the_shape_of_the_run(
    page: Callable[..., AppTest], inverted: bool
) -> None:
    grey = np.repeat(np.arange(8, dtype=np.uint8) * 30, 4)[None].repeat(32, 0)
    at = page(opened=False, a="own")
    at.session_state["picker:a:file"] = choice.File("mine.png", png_file(np.stack([grey] * 3, -1)), inverted)
    picked = got(at.run())[0]
    assert (picked.label, picked.index, picked.drawn, picked.name) == (None, None, False, "mine.png")
    expected = np.repeat(np.arange(8)[None] * 30, 8, 0)
    assert picked.image.shape == (1, 8, 8)
    # Lanczos rings a little at the steps.
    np.testing.assert_allclose(picked.image[0], 255 - expected if inverted else expected, atol=6)


def test_a_file_that_is_no_image_is_refused_in_a_sentence(page: Callable[..., AppTest]) -> None:
    at = page(a="own")
    at.session_state["picker:a:file"] = choice.File("mine.png", b"MZ" * 100)
    assert got(at.run())[0].index == 0
    assert any("The file is no image that can be read" in caption.value for caption in at.caption)


def test_a_drawing_that_was_cleared_is_none(page: Callable[..., AppTest]) -> None:
    at = page(opened=False, a="drawn")
    say(at, np.zeros(CANVAS, np.uint8))
    assert got(at.run())[0].index == 0


def test_without_the_dataset_the_probes_are_offered(
    run: Run, page: Callable[..., AppTest], monkeypatch
) -> None:
    import vae_core.data as datasets

    def gone(*_: Any, **__: Any) -> None:
        raise datasets.Unavailable("The digits are gone.")

    monkeypatch.setattr(datasets, "load", gone)
    at = page(a="3")
    picked = got(at)[0]
    np.testing.assert_array_equal(picked.image, run.probes[3])
    assert (picked.index, picked.label, picked.name) == (None, None, "probe image 3")
    assert any("The digits are gone." in caption.value for caption in at.caption)


def test_without_dataset_and_probes_a_digit_can_still_be_drawn(
    run: Run, page: Callable[..., AppTest], monkeypatch
) -> None:
    import vae_core.data as datasets

    def gone(*_: Any, **__: Any) -> None:
        raise datasets.Unavailable("The digits are gone.")

    monkeypatch.setattr(datasets, "load", gone)
    (run.path / "frames" / "probes.safetensors").unlink()
    at = page()
    assert got(at) == [None, None]
    at.query_params["a"] = "drawn"
    say(at, bar())
    assert got(at.run())[0].drawn


def test_a_drawing_is_compared_with_the_test_images(run: Run, page: Callable[..., AppTest]) -> None:
    at = page(opened=False, a="drawn")
    assert not any("ELBO" in caption.value for caption in at.caption)  # another image is shown
    say(at, bar())
    at.run()
    source = run.spec.data
    tasks.start(unlike._reference, str(run.path), unlike.weights(run)).future.result()
    at.run()
    said = [caption.value for caption in at.caption if "ELBO" in caption.value]
    assert len(said) == 1
    image = torch.from_numpy(like_data(bar(), source.name, source.shape))[None]
    assert f"{float(anomaly.elbo(run.model, image)):.1f}".replace("-", "−") in said[0]
