"""Picking images, in Streamlit without a browser: what a link says, what a hand does, what is missing."""

import base64
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
from vae_core.data import photo
from vae_core.data.dataset import Refusal
from vae_core.data.folder import read_one, shrunk
from vae_core.data.handwriting import like_data
from vae_core.runs.run import Run
from widgets.components.picker import choice, drop, unlike
from widgets.shell import link_pictures, tasks
from widgets.shell.link_pictures import StoredFile

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
        from widgets.shell import links, url_state

        run = Run(path)
        url_state.sync("interpolate")
        st.session_state["got"] = [
            picker.pick(links.IMAGE, run, label="Image A"),
            picker.pick(links.END, run, label="Image B", default=7),
        ]
        st.session_state["notes"] = url_state.notes()
        url_state.flush()

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


def bar() -> np.ndarray:
    drawing = np.zeros(CANVAS, np.uint8)
    drawing[20:90, 50:60] = 255
    return drawing


def drawn(drawing: np.ndarray) -> str:
    """As a link holds it."""
    return f"draw.{link_pictures.encode(drawing > 127)}"


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


@pytest.mark.parametrize(
    "text",
    ["360", "-1", "1.5", "nan", "9" * 400, "١٢", "drawn;", "None", "draw.", "draw.9x9.AAAA", "file.no"],
)
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


def test_a_drawing_in_a_link_is_picked_centred_and_scaled(page: Callable[..., AppTest]) -> None:
    picked = got(page(opened=False, a=drawn(bar())))[0]
    assert picked.drawn
    assert (picked.label, picked.index) == (None, None)
    np.testing.assert_array_equal(picked.image, like_data(bar(), "digits", (1, 8, 8)))


def test_what_a_hand_draws_stands_in_the_link_and_is_gone_when_it_is_cleared(
    page: Callable[..., AppTest],
) -> None:
    def script(pixels: bytes) -> None:
        import numpy as np
        import streamlit as st

        from widgets.components.picker import choice
        from widgets.shell import links, url_state

        url_state.sync("interpolate")
        grey = np.frombuffer(pixels, np.uint8).reshape(112, 112)
        choice.draw(links.IMAGE, choice.canvas(links.IMAGE, grey.shape), grey)
        st.session_state["got"] = url_state.read(links.IMAGE)

    for drawing, expected in ((bar(), drawn(bar())), (0 * bar(), None)):
        at = AppTest.from_function(script, args=(drawing.tobytes(),)).run()
        assert got(at) == expected


@pytest.mark.parametrize("text", ["drawn", "own"])
def test_an_older_link_to_a_picture_without_pixels_says_so(page: Callable[..., AppTest], text: str) -> None:
    at = page(opened=False, a=text)
    assert got(at)[0].index == 0
    assert at.session_state["notes"] == (
        "This link points to a picture that only its author has. Shown: image 0.",
    )
    assert "a" not in at.query_params


def test_an_image_beyond_the_last_is_said_and_leaves_the_link(page: Callable[..., AppTest]) -> None:
    at = page(opened=False, a="99999999")
    assert got(at)[0].index == 0
    assert at.session_state["notes"] == ("The link asks for image 99999999; there are 360. Shown: image 0.",)
    assert "a" not in at.query_params


def png_file(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def with_file(at: AppTest, file: choice.File, **how: Any) -> AppTest:
    """As after an upload. how: it is looked at."""
    at.session_state[choice.FILES] = {file.mark: file}
    at.query_params["a"] = StoredFile(file.mark, **how).text()
    return at.run()


@pytest.mark.parametrize("inverted", [False, True])
def test_an_uploaded_image_is_brought_to_the_shape_of_the_run(
    page: Callable[..., AppTest], inverted: bool
) -> None:
    grey = np.repeat(np.arange(8, dtype=np.uint8) * 30, 4)[None].repeat(32, 0)
    file = choice.File("mine.png", png_file(np.stack([grey] * 3, -1)))
    picked = got(with_file(page(opened=False), file, inverted=inverted, ink=False))[0]
    assert (picked.label, picked.index, picked.drawn, picked.name) == (None, None, False, "mine.png")
    expected = np.repeat(np.arange(8)[None] * 30, 8, 0)
    assert picked.image.shape == (1, 8, 8)
    # Lanczos rings a little at the steps.
    np.testing.assert_allclose(picked.image[0], 255 - expected if inverted else expected, atol=6)


def test_a_file_that_is_no_image_is_refused_in_a_sentence(page: Callable[..., AppTest]) -> None:
    at = with_file(page(), choice.File("mine.png", b"MZ" * 100))
    assert got(at)[0].index == 0
    assert any("The file is no image that can be read" in caption.value for caption in at.caption)


def seven(size: int = 120) -> bytes:
    """A photo of a 7: blue ink on paper in the shade."""
    paper = np.full((size, size, 3), 210.0) * np.linspace(1, 0.5, size)[:, None, None]
    for k in range(60):
        paper[30 + k : 33 + k, 70 - k // 2 : 74 - k // 2] *= (0.2, 0.3, 0.7)
    paper[29:33, 35:74] *= (0.2, 0.3, 0.7)
    return png_file(paper.astype(np.uint8))


def uploaded(at: AppTest, *files: tuple[str, bytes]) -> AppTest:
    at.session_state["a-way"] = "Upload"
    at.run()
    uploader = at.file_uploader[0]
    for name, content in files:
        uploader.upload(name, content, "image/png")
    return at.run()


def test_a_photo_is_cropped_to_its_ink_and_switch_and_threshold_stand_in_the_link(
    page: Callable[..., AppTest],
) -> None:
    at = uploaded(page(), ("seven.png", seven()))
    mark = choice.File("seven.png", seven()).mark
    ink = photo.find(photo.read("seven.png", seven()))
    np.testing.assert_array_equal(got(at)[0].image, photo.as_data(ink, "digits", (1, 8, 8)))
    assert at.query_params["a"] in (f"file.{mark}", [f"file.{mark}"])
    captions = " ".join(caption.value for caption in at.caption)
    assert "Cropped to its ink, centred, scaled" in captions
    assert ": this is what the model gets" in captions
    assert at.slider[0].value == round(100 * ink.automatic)

    at.slider[0].set_value(60).run()
    assert at.query_params["a"] in (f"file.{mark}.ink60", [f"file.{mark}.ink60"])
    found = photo.find(photo.read("seven.png", seven()), 0.6)
    np.testing.assert_array_equal(got(at)[0].image, photo.as_data(found, "digits", (1, 8, 8)))

    at.toggle[0].set_value(False).run()
    assert at.query_params["a"] in (f"file.{mark}.whole", [f"file.{mark}.whole"])
    assert not at.slider
    whole = read_one("seven.png", seven(), (1, 8, 8))
    np.testing.assert_array_equal(got(at)[0].image, whole)
    assert any("**Invert** makes dark light" in caption.value for caption in at.caption)
    at.toggle[1].set_value(True).run()
    assert at.query_params["a"] in (f"file.{mark}.inverted", [f"file.{mark}.inverted"])
    np.testing.assert_array_equal(got(at)[0].image, 255 - whole)


def test_what_looks_like_the_data_is_left_bit_for_bit(page: Callable[..., AppTest]) -> None:
    image = data.load("digits", "test").images[5].numpy()
    at = with_file(page(opened=False), choice.File("mine.png", png_file(image[0])))
    np.testing.assert_array_equal(got(at)[0].image, image)


def test_of_several_files_the_first_is_used_and_what_is_no_picture_is_said(
    page: Callable[..., AppTest],
) -> None:
    blank = png_file(np.full((60, 60), 230, np.uint8))
    at = uploaded(page(), ("no.png", b"MZ"), ("seven.png", seven()), ("blank.png", blank))
    assert got(at)[0].name == "seven.png"
    assert [file.name for file in choice_files(at)] == ["seven.png", "blank.png"]
    assert any("no image that can be read" in caption.value for caption in at.caption)
    at = with_file(at, choice_files(at)[1])
    assert got(at)[0].index == 0
    assert any("There is no ink on the picture" in caption.value for caption in at.caption)


def choice_files(at: AppTest) -> list[choice.File]:
    return list(at.session_state[choice.FILES].values())


def test_files_that_are_dropped_are_taken_and_what_else_a_browser_says_is_not() -> None:
    content = base64.b64encode(seven()).decode()
    said = [{"name": "a.png", "content": content}, {"name": "b.png"}, {"name": "c.png", "content": "!"}, 7]
    assert drop.unpacked(said) == [("a.png", seven())]
    assert drop.unpacked({"name": "a.png"}) == drop.unpacked(None) == []


def test_a_large_file_is_kept_as_a_smaller_picture() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    small = shrunk("mine.png", png_file(noise))
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.size == (1024, 768)
    assert len(small) < choice.LARGEST_FILE
    with pytest.raises(Refusal, match="no image"):
        shrunk("mine.png", b"MZ" * 2**20)


def test_a_file_comes_back_from_the_browser_as_it_was_and_nothing_else_does() -> None:
    file = choice.File("müller.png", bytes(range(256)))
    assert choice.File.from_text(file.to_text()) == file
    for text in ("", "[]", "null", "{}", '{"name": 1, "content": 7}', '{"name": "a", "content": "!"}'):
        assert choice.File.from_text(text) is None


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
    at.query_params["a"] = drawn(bar())
    assert got(at.run())[0].drawn


def test_a_drawing_is_compared_with_the_test_images(run: Run, page: Callable[..., AppTest]) -> None:
    at = page(opened=False)
    assert not any("ELBO" in caption.value for caption in at.caption)
    at.query_params["a"] = drawn(bar())
    at.run()
    source = run.spec.data
    tasks.start(unlike._reference, str(run.path), unlike.weights(run)).future.result()
    at.run()
    said = [caption.value for caption in at.caption if "ELBO" in caption.value]
    assert len(said) == 1
    image = torch.from_numpy(like_data(bar(), source.name, source.shape))[None]
    assert f"{float(anomaly.elbo(run.model, image)):.1f}".replace("-", "−") in said[0]
