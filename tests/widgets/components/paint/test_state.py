"""What a canvas says: masks and drawings there and back, and anything else refused."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.components.paint import state

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, st.integers(0, 2**32 - 1))
def test_masks_and_drawings_come_back_as_they_were_sent(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    said = {"revision": 3, "pixels": state.encode_pixels(pixels)}
    np.testing.assert_array_equal(state.decode_pixels(said, (height, width), 3), pixels)
    observed = pixels > 127
    said = {"revision": 3, "pixels": state.encode_mask(observed)}
    found = state.decode_mask(said, (height, width), 3)
    assert found is not None
    assert found.dtype == bool
    np.testing.assert_array_equal(found, observed)


def test_a_mask_of_mnist_takes_132_characters() -> None:
    assert len(state.encode_mask(np.ones((28, 28), bool))) == 132


def test_what_belongs_to_another_revision_is_not_taken() -> None:
    said = {"revision": 0, "pixels": state.encode_pixels(np.zeros((4, 4)))}
    assert state.decode_pixels(said, (4, 4), 1) is None


@pytest.mark.parametrize(
    "pixels",
    [
        None, 7, "", b"AAAA", ["AAAA"], "A" * 5_000_000, "AAAAAAAAAAAAAAAAAAAAA===",
        "!" * 24, "é" * 24, base64.b64encode(bytes(17)).decode(), base64.b64encode(bytes(15)).decode(),
    ],
)  # fmt: skip
def test_too_long_too_short_and_senseless_messages_are_refused(pixels: object) -> None:
    assert state.decode_pixels({"revision": 0, "pixels": pixels}, (4, 4), 0) is None
    assert state.decode_mask({"revision": 0, "pixels": pixels}, (11, 11), 0) is None


@pytest.mark.parametrize("said", [None, [], "state", {}, {"pixels": "AAAA"}, {"revision": 0}])
def test_a_browser_that_has_said_nothing_is_no_drawing(said: object) -> None:
    assert state.decode_pixels(said, (1, 3), 0) is None
