"""Pixels in a link: there and back, bounded, and nothing that anybody may type does harm."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.shell import link_pictures, links
from widgets.shell.link_pictures import Drawing, StoredFile, decode, encode, resized
from widgets.shell.link_types import LONGEST, Misfit

SIDES = st.integers(1, link_pictures.MOST_SIDE)


def bits(height: int, width: int, seed: int, share: float = 0.5) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width)) < share


@given(SIDES, SIDES, st.integers(0, 2**32 - 1))
def test_pixels_come_back_and_never_take_more_than_a_bit_each(height: int, width: int, seed: int) -> None:
    pixels = bits(height, width, seed)
    text = encode(pixels)
    np.testing.assert_array_equal(decode(text), pixels)
    assert len(text) <= 8 + 4 * -(-(-(-height * width // 8) + 10) // 3)
    assert len(text) <= LONGEST
    assert text == base64.b64encode(text.encode()).decode() or set(text) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.x"
    )  # nothing that an address would have to quote


def test_a_mask_of_mnist_is_short_however_it_was_painted() -> None:
    half = np.ones((28, 28), bool)
    half[:, 14:] = False
    assert len(encode(half)) < 40
    assert len(encode(bits(28, 28, 0))) < 150


@given(st.text(max_size=60) | st.from_regex(r"[0-9]{1,4}x[0-9]{1,4}\.[A-Za-z0-9_-]{0,40}"))
def test_what_is_no_picture_is_a_misfit(text: str) -> None:
    try:
        pixels = decode(text)
    except Misfit:
        return
    assert pixels.dtype == bool
    assert max(pixels.shape) <= link_pictures.MOST_SIDE


def test_a_bomb_is_not_inflated() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(bytes(10**8)) + deflate.flush()
    with pytest.raises(Misfit):
        decode(f"28x28.{base64.urlsafe_b64encode(packed).decode()}")


def test_another_size_takes_the_pixel_under_the_middle() -> None:
    pixels = np.arange(16).reshape(4, 4) % 3 == 0
    np.testing.assert_array_equal(resized(np.kron(pixels, np.ones((3, 3), bool)), (4, 4)), pixels)
    np.testing.assert_array_equal(resized(pixels, (8, 8)), np.kron(pixels, np.ones((2, 2), bool)))


def test_a_picture_is_a_number_a_drawing_or_a_file() -> None:
    pixels = bits(112, 112, 1)
    drawing = links.IMAGE.parse(Drawing(pixels).to_link()["picture"])
    assert isinstance(drawing, Drawing)
    np.testing.assert_array_equal(drawing.pixels, pixels)
    mark = "0123456789abcdef0123"
    for how in ({}, {"inverted": True}, {"ink": False}, {"ink": True}, {"ink": True, "threshold": 7}):
        stored = StoredFile(mark, **how)
        assert links.IMAGE.parse(stored.text()) == stored
    for how in ("ink0", "ink100", "ink-1", "inked", "whole1", "inverted.ink"):
        with pytest.raises(Misfit):
            links.IMAGE.parse(f"file.{mark}.{how}")
    assert links.IMAGE.parse("33") == 33
    assert Drawing(np.zeros((4, 4), bool)).to_link() == {}
