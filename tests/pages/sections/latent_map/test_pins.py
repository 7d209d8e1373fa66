"""A pinned image of which the browser knows only the place on the map."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from pages.sections.latent_map import pins
from tests.pages.shown import data_of
from vae_core.runs.run import Run
from widgets.components.latent_map import MapState, densities, points


def far(run: Run) -> int:
    """The image that is last in the order of the points."""
    images = len(run.posteriors)
    return int(points.numbers(images, images)[-1])


def test_python_answers_with_its_code(
    app: Callable[..., AppTest], add_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points, "MOST_NUMBERS", 4)  # two codes
    run = add_run("mine")
    for image in (0, far(run)):
        answer = data_of(app("latent_map", run="mine", z="0,0", image=str(image)), "revision")["answer"]
        if image == 0:
            assert answer["code"] is None
        else:
            assert answer["code"]["image"] == image
            assert answer["code"]["mean"] == run.posteriors.mean[image].tolist()
            assert answer["code"]["log_var"] == run.posteriors.log_var[image].tolist()


def test_the_pin_is_its_whole_code_at_once_and_stays_where_the_hand_is_told_of_it(
    add_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, heard = add_run("mine"), SimpleNamespace(state=None)
    image = far(run)
    said = {"state": MapState(pin=(9.0, 9.0), image=image).to_browser()}

    def hear(state: MapState) -> None:
        heard.state = state

    monkeypatch.setattr(pins, "PINS", SimpleNamespace(key="map", holder=lambda: heard, hear=hear))
    monkeypatch.setattr(pins, "st", SimpleNamespace(session_state={"map": said}))
    pins.receive(run)
    assert heard.state.pin == (9, 9)  # the browser has this code: what it says holds
    heard.state = None
    monkeypatch.setattr(points, "MOST_NUMBERS", 4)
    pins.receive(run)
    assert heard.state.pin == tuple(run.posteriors.mean[image].tolist())
    pins.receive(run)
    assert heard.state.pin == (9, 9)
    said["state"]["image"] = 10**6
    pins.receive(run)  # no such image
    assert heard.state.image == 10**6


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (4_000, ()),
        (10_000, ("up to 4,000 codes of those in view", "zoom in")),
        (1_000_000, ("up to 4,000 codes of those in view", "out of 200,000 of them", "zoom in")),
    ],
)
def test_the_sentence_under_the_map_says_which_codes_are_points(images: int, words: tuple[str, ...]) -> None:
    sentence = densities.of_many(images, plain=False)
    assert ("Points are" in sentence) == bool(words)
    assert all(each in sentence for each in words)
