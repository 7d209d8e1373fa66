"""What a link may say about a board of sliders, and what is packed for the board."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_core.browser import wire
from vae_core.model.vae import VAE
from vae_core.spec import Spec
from widgets.components.traverse import Model, Renamed, TraverseState

LATENTS = (5, 3)


def moved(latent: int) -> st.SearchStrategy:
    value = st.integers(-999, 999).map(lambda v: v / 100)
    return st.dictionaries(st.integers(0, latent - 1), value).map(lambda d: tuple(sorted(d.items())))


@st.composite
def states(draw: st.DrawFn) -> TraverseState:
    both = (draw(moved(LATENTS[0])), draw(moved(LATENTS[1])))
    both = both if both[1] else both[:1] if both[0] else ()
    return TraverseState(both, draw(st.booleans()), draw(st.booleans()))


@given(states())
def test_a_copied_link_gives_the_same_state(state: TraverseState) -> None:
    assert TraverseState.from_link(state.to_link(), LATENTS) == state


@given(states())
def test_the_browser_gives_back_what_it_was_given(state: TraverseState) -> None:
    assert TraverseState.from_browser(json.loads(json.dumps(state.to_browser())), LATENTS) == state


@given(st.dictionaries(st.sampled_from(["z", "w", "linked", "dead"]), st.text()))
def test_no_link_is_an_error_whatever_it_says(link: dict[str, str]) -> None:
    state = TraverseState.from_link(link, LATENTS)
    for moved, latent in zip(state.moved, LATENTS, strict=False):
        assert all(0 <= d < latent and math.isfinite(v) and abs(v) <= 100 for d, v in moved)


@pytest.mark.parametrize(
    "value", ["x", 3, [], {"moved": 4}, {"moved": [[[9, 1.0], [0, "a"], [1, None], 7, [True, 1.0]]]}]
)
def test_what_a_browser_should_not_say_is_left_out(value: object) -> None:
    state = TraverseState.from_browser(value, LATENTS)
    assert state is None or state == TraverseState()


def test_in_a_link_dimensions_count_from_one() -> None:
    state = TraverseState.from_link({"z": "1:0.5,5:-1.25,6:3", "w": "3:1e9"}, LATENTS)
    assert state.values(0, 5) == (0.5, None, None, None, -1.25)
    assert state.values(1, 3) == (None, None, 100.0)


def test_sliders_that_were_not_moved_stand_at_the_images_code() -> None:
    state = TraverseState(((), ((1, 2.0),)))
    assert state.code(0, [0.1, 0.2]) == (0.1, 0.2)
    assert state.code(1, [0.1, 0.2]) == (0.1, 2.0)


@pytest.fixture(scope="module")
def decoder() -> bytes:
    data = {"binarisation": "none", "image_shape": (1, 4, 4)}
    with torch.random.fork_rng():
        vae = VAE(Spec.parse({"data": data, "latent": 3, "net": {"kind": "linear"}})).eval()
    return wire.decoder(vae)


STOPS = np.tile(np.linspace(-3, 3, 5), (3, 1))
TICKS = ["−3σ", "", "0", "", "3σ"]


def test_rows_are_sorted_by_kl_where_nothing_else_is_said(decoder: bytes) -> None:
    assert Model("a", "A", decoder, [0.1, 2.0, 0.7], STOPS, TICKS).ranked == [1, 2, 0]
    assert Model("a", "A", decoder, [0.1, 2.0, 0.7], STOPS, TICKS, order=[0, 1, 2]).ranked == [0, 1, 2]


def test_a_model_is_packed_with_its_image_channels_last(decoder: bytes) -> None:
    image = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    model = Model("a", "A", decoder, [1, 2, 3], STOPS, TICKS, image=image, dead=[True, False, False])
    said, arrays = wire.unpack(model.parcel())
    assert (said["kind"], said["from_image"]) == ("traversal", True)
    np.testing.assert_array_equal(arrays["image"], image.transpose(1, 2, 0))
    np.testing.assert_array_equal(arrays["dead"], [1, 0, 0])
    np.testing.assert_array_equal(arrays["origin"], np.zeros(3))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kl": [1, 2]},
        {"origin": [0.0] * 4},
        {"stops": STOPS[:2]},
        {"stops": -STOPS},
        {"stops": STOPS * np.nan},
        {"ticks": TICKS[:3]},
        {"order": [0, 0, 1]},
    ],
)
def test_a_model_whose_parts_do_not_fit_together_is_refused(decoder: bytes, wrong: dict) -> None:
    parts = {"kl": [1, 2, 3], "stops": STOPS, "ticks": TICKS} | wrong
    with pytest.raises(ValueError, match=r"dimension|stops"):
        Model("a", "A", decoder, **parts)


def test_a_name_comes_back_tidied_and_only_for_a_dimension_there_is(decoder: bytes) -> None:
    models = [Model("a", "A", decoder, [1, 2, 3], STOPS, TICKS)]
    said = {"key": "a", "dimension": 2, "name": "  slant \n of it "}
    assert Renamed.from_browser(said, models) == Renamed("a", 2, "slant of it")
    assert len(Renamed.from_browser(said | {"name": "x" * 900}, models).name) == 40
    for wrong in ({"dimension": 3}, {"key": "b"}, {"name": 4}, {"dimension": True}):
        assert Renamed.from_browser(said | wrong, models) is None
    assert Renamed.from_browser(None, models) is None
