"""Images of one's own on the Train page: uploads, drawings, and files of the server's machine."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.sections.train import own_drawings
from vae_core.data import drawn_sets, own_sets
from vae_core.data.own_sets import About, Content
from vae_core.runs.run import all_runs

App = Callable[..., AppTest]
RNG = np.random.default_rng(0)
COLOUR = {"data.name": "own", "likelihood.kind": "gaussian", "data.binarisation": "none"}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("VAE_DATA", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))  # or the sets of whoever runs the tests would be listed
    return folder


def pictures() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as bundle:
        for number in range(40):
            pixels = io.BytesIO()
            Image.fromarray(RNG.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(pixels, "PNG")
            bundle.writestr(f"pets/{'cat' if number % 2 else 'dog'}/{number}.png", pixels.getvalue())
        bundle.writestr("pets/notes.txt", "hi")
    return file.getvalue()


def add_set(name: str = "pets", shape: tuple[int, int, int] = (3, 8, 8), count: int = 40) -> None:
    images = RNG.integers(0, 256, (count, *shape), dtype=np.uint8)
    about = About(shape, count, ("cat", "dog"), likelihood="gaussian", binarisation="none")
    own_sets.save(name, Content(about, images, np.arange(count) % 2))


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    shown = [*at.markdown, *at.caption, *at.warning, *at.error]
    return "\n".join([each.value for each in shown] + [each.proto.body for each in at.get("html")])


def test_a_zip_is_looked_at_kept_and_trained_on_and_listed_for_the_next_visitor(app: App) -> None:
    at = press(app("train"), "own-upload")
    at.file_uploader(key="own-files").upload("pets.zip", pictures(), "application/zip").run()
    shown = texts(at)
    assert "<b>40 images</b> in 2 classes: cat 20, dog 20" in shown
    assert "Suggested: Gaussian, no binarisation" in shown
    assert "Only 40 images" in shown
    assert "pets/notes.txt" in shown.replace("\\", "")
    assert [each.value for each in at.get("button_group") if each.label == "Colours"] == ["Colour"]
    assert (
        at.number_input(key=next(e.key for e in at.number_input if e.key.startswith("own-side"))).value == 20
    )
    press(at, "own-keep")
    assert own_sets.names() == ["pets"]
    assert not at.file_uploader  # the dialog is closed
    press(at, "play")
    (run,) = all_runs()
    assert (run.spec.data.name, run.spec.data.path, run.spec.data.shape) == ("own", "pets", (3, 20, 20))
    assert run.spec.data.classes == ("cat", "dog")
    assert (run.spec.likelihood.kind, run.spec.data.binarisation) == ("gaussian", "none")
    assert run.spec.training.steps == 3000  # of 32 images an epoch is a step
    assert run.name.startswith("vae-2d-pets")
    st.cache_data.clear()
    again = app("train", recipe=at.query_params["recipe"], set=at.query_params["set"])
    assert not again.error
    assert "40 images of 20 × 20 pixels, in colour, 2 classes" in texts(again)
    assert again.button(key="use-own-pets")


def test_another_size_and_grey_are_what_is_kept(app: App) -> None:
    at = press(app("train"), "own-upload")
    at.file_uploader(key="own-files").upload("pets.zip", pictures(), "application/zip").run()
    size = next(each for each in at.number_input if each.key.startswith("own-side"))
    size.set_value(12).run()
    at.session_state[size.key.replace("side", "colours")] = "Grey"
    at.run()
    press(at, "own-keep")
    assert own_sets.about("pets").shape == (1, 12, 12)


def test_a_file_of_no_use_and_a_name_that_is_taken_are_sentences(app: App) -> None:
    add_set("pets")
    at = press(app("train"), "own-upload")
    at.file_uploader(key="own-files").upload("evil.zip", b"PK no zip", "application/zip").run()
    assert "evil.zip: it is no zip that can be read" in at.error[0].value.replace("\\", "")
    at.file_uploader(key="own-files").set_value([("pets.zip", pictures(), "application/zip")]).run()
    name = next(each for each in at.text_input if each.key.startswith("own-name"))
    assert name.value == "pets 2"
    name.set_value("Pets").run()
    press(at, "own-keep")
    assert "already" in at.error[0].value
    assert own_sets.names() == ["pets"]


def test_a_set_is_used_deleted_and_brought_back(app: App) -> None:
    add_set("pets")
    at = press(app("train"), "use-own-pets")
    assert "data.path=pets" in at.query_params["set"]
    press(at, "more-own-pets")
    assert own_sets.names() == []
    assert "no set of own images named" in texts(at)
    press(at, "own-undo")
    assert own_sets.names() == ["pets"]
    assert "no set of own images named" not in texts(at)


def test_a_link_to_a_set_that_is_not_here_says_so_in_one_sentence(app: App) -> None:
    at = app("train", recipe="vae-2d", set=["data.name=own", "data.path=elsewhere"])
    (error,) = at.error
    assert "no set of own images named 'elsewhere' on this machine" in error.value.replace("\\", "")
    assert not at.exception
    press(at, "play")
    (run,) = all_runs()
    assert run.spec.data.path is None


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc", "..", "a/b"])
def test_a_link_to_an_own_set_names_no_file(app: App, path: str) -> None:
    at = app("train", recipe="vae-2d", set=["data.name=own", f"data.path={path}"])
    assert "no set of own images" in at.error[0].value
    assert not at.exception


def test_drawings_are_kept_by_class_deleted_one_by_one_and_learned_from(app: App) -> None:
    at = press(app("train"), "own-draw")
    assert at.button(key="own-drawn-keep").disabled  # nothing is drawn
    for number in range(17):
        at.session_state[own_drawings.STATE]["pixels"] = stroke(number)
        at.session_state[own_drawings.CLASS] = str(number % 3)
        at.run()
        press(at, "own-drawn-keep")
    kept = drawn_sets.read("my digits")
    assert kept is not None
    assert own_sets.counts(kept.labels, kept.about.classes) == {"0": 6, "1": 6, "2": 5}
    assert "17 drawings: <b>0</b> 6 · <b>1</b> 6 · <b>2</b> 5" in texts(at)
    at.session_state[own_drawings.STATE]["chosen"] = 4
    at.run()
    press(at, "own-drawn-delete")
    fewer = drawn_sets.read("my digits")
    assert fewer is not None
    assert (fewer.images == np.delete(kept.images, 4, 0)).all()
    press(at, "own-drawn-undo")
    press(at, "own-drawn-use")
    press(at, "play")
    (run,) = all_runs()
    assert (run.spec.data.path, run.spec.data.classes) == ("my digits", ("0", "1", "2"))
    assert run.spec.likelihood.kind == "bernoulli"


def stroke(place: int) -> np.ndarray:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[6:22, place : place + 3] = 255
    return pixels


@pytest.mark.parametrize(
    ("variable", "address", "hosts", "offered"),
    [
        (None, "127.0.0.1", ["127.0.0.1", "localhost"], True),
        (None, "::1", ["[::1]"], True),
        (None, "0.0.0.0", ["127.0.0.1", "localhost"], False),
        (None, None, ["127.0.0.1"], False),
        (None, "127.0.0.1", ["lab.example"], False),  # a proxy stands before it
        (None, "127.0.0.1", [], False),
        ("1", "0.0.0.0", ["lab.example"], True),
        ("0", "127.0.0.1", ["127.0.0.1"], False),
    ],
)
def test_paths_of_the_server_are_offered_where_it_says_so_or_is_ones_own_machine(
    app: App,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    address: str | None,
    hosts: list[str],
    offered: bool,
) -> None:
    real = st.get_option
    options = {"server.address": address, "server.allowedHosts": hosts}
    monkeypatch.setattr(st, "get_option", lambda name: options[name] if name in options else real(name))
    if variable is None:
        monkeypatch.delenv("VAE_PATHS", raising=False)
    else:
        monkeypatch.setenv("VAE_PATHS", variable)
    at = app("train")
    assert [each.key for each in at.text_input if each.key == "own-path"] == ["own-path"] * offered


def test_pictures_by_a_path_stay_in_colour_where_that_is_asked_for(app: App, tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(pictures())
    at = app("train")
    at.text_input(key="own-path").set_value(str(tmp_path / "set.zip")).run()
    at.toggle(key="own-colour").set_value(True).run()
    press(at, "own-use")
    press(at, "play")
    (run,) = all_runs()
    assert (run.spec.data.shape, run.spec.likelihood.kind) == ((3, 28, 28), "gaussian")
