"""What a link may say about a map, and what is packed for the map."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_core.analysis import aggregate
from vae_core.browser import wire
from vae_core.model.posteriors import Posteriors
from widgets.components import latent_map as lm
from widgets.components.latent_map.points import numbers
from widgets.components.latent_map.state import GROUNDS, MapState


@st.composite
def states(draw: st.DrawFn, latent: int) -> MapState:
    grounds = draw(st.lists(st.sampled_from(GROUNDS), max_size=1))
    others = draw(st.sets(st.sampled_from([name for name in lm.LAYERS if name not in GROUNDS])))
    coordinate = st.integers(-999, 999).map(lambda v: v / 100)
    pin = draw(st.none() | st.tuples(*[coordinate] * latent))
    return MapState(
        pin=pin,
        image=draw(st.none() | st.integers(0, 9999)) if pin else None,
        layers=tuple(name for name in lm.LAYERS if name in [*grounds, *others]),
        view=draw(st.none() | st.tuples(coordinate, coordinate, st.integers(1, 800).map(lambda v: v / 100))),
        spacing=draw(st.sampled_from(["linear", "quantile"])),
        frame=draw(st.none() | st.integers(0, 199)),
    )


@given(states(latent=3))
def test_a_copied_link_gives_the_same_state(state: MapState) -> None:
    assert MapState.from_link(state.to_link(), latent=3) == state


@given(states(latent=2))
def test_the_browser_gives_back_what_it_was_given(state: MapState) -> None:
    import json

    assert MapState.from_browser(json.loads(json.dumps(state.to_browser())), latent=2) == state


@given(st.dictionaries(st.sampled_from(["z", "image", "layers", "view", "spacing", "frame"]), st.text()))
def test_no_link_is_an_error_whatever_it_says(link: dict[str, str]) -> None:
    state = MapState.from_link(link, latent=2)
    assert state.pin is None or all(math.isfinite(v) and abs(v) <= 100 for v in state.pin)
    assert set(state.layers) <= set(lm.LAYERS)


@pytest.mark.parametrize("value", ["x", 3, [], {"pin": [1, "a"]}, {"pin": [1, float("nan")], "layers": 4}])
def test_what_a_browser_should_not_say_is_left_out(value: object) -> None:
    state = MapState.from_browser(value, latent=2)
    assert state is None or state == MapState()


def test_a_pin_of_another_models_size_is_left_out() -> None:
    assert MapState.from_link({"z": "1,2,3", "image": "4"}, latent=2) == MapState()


def test_far_coordinates_are_clamped() -> None:
    assert MapState.from_link({"z": "1e9,-7"}, latent=2).pin == (100.0, -7.0)


def test_of_several_grounds_the_first_is_shown() -> None:
    assert MapState.from_link({"layers": "ratio,posterior,prior"}, latent=2).layers == ("posterior", "prior")


def test_an_address_names_only_what_is_not_as_usual() -> None:
    assert MapState().to_link() == {}
    assert MapState(layers=()).to_link() == {"layers": "none"}


@pytest.fixture
def posteriors() -> Posteriors:
    mean = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    return Posteriors(mean, torch.full_like(mean, -2.0), torch.arange(200) % 4)


def test_a_picture_says_on_which_plane_it_lies(posteriors: Posteriors) -> None:
    grid = aggregate.grid(posteriors, dims=(2, 0), size=32)
    said, arrays = wire.unpack(
        lm.picture(grid, posteriors, dims=(2, 0), origin=torch.tensor([9.0, 0.5, 9.0]), classes="abcd")
    )
    assert said["axes"] == ["z3", "z1"]
    assert said["symbol"] == "z3, z1"
    assert said["u"] == [0, 0, 1]
    assert said["v"] == [1, 0, 0]
    assert said["origin"] == [0, 0.5, 0]  # what the map moves along is 0, what it holds fixed is kept
    np.testing.assert_array_equal(arrays["log_q"], grid.log_q)
    np.testing.assert_array_equal(arrays["mean"], posteriors.mean[numbers(200, 200)])
    assert said["grid"]["x"] + 31 * said["grid"]["cell"] == pytest.approx(said["extent"])


def test_holes_are_numbered_as_they_come_largest_first() -> None:
    # All data on a ring of radius 2.2: what it encloses is empty.
    angle = torch.arange(400) * 2 * math.pi / 400
    ring = Posteriors(
        2.2 * torch.stack([angle.cos(), angle.sin()], 1), torch.full((400, 2), math.log(0.01)), None
    )
    grid = aggregate.grid(ring, size=96)
    found = aggregate.holes(grid)
    said, arrays = wire.unpack(lm.hole_parcel(grid, found))
    assert [hole["number"] for hole in said["list"]] == list(range(1, len(found) + 1))
    masses = [hole["mass"] for hole in said["list"]]
    assert masses == sorted(masses, reverse=True)
    middle = arrays["numbers"][48, 48]
    assert middle == 1
    np.testing.assert_array_equal(arrays["numbers"] == 1, found[0].mask)


def test_answers_carry_no_more_images_than_are_shown() -> None:
    answer = lm.answer([0, 0], -1, -2, np.zeros((9, 3, 4, 6), np.uint8), range(9), "abcdefghi", "in pixels")
    assert answer["shape"] == [3, 4, 6]
    assert [near["name"] for near in answer["nearest"]] == list("abcde")
