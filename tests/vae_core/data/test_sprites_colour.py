"""Sprites in colour against `colorsys`, and against the sprites whose shapes they have."""

import colorsys
import math

import numpy as np
import pytest
import torch

from vae_core import data
from vae_core.data import sprites, sprites_colour


def test_a_hue_is_the_colour_that_the_standard_library_gives_it() -> None:
    hue = torch.linspace(0, 1, 97, dtype=torch.float64)
    expected = [colorsys.hsv_to_rgb(float(each), 1, 1) for each in hue]
    torch.testing.assert_close(sprites_colour.rgb(hue), torch.tensor(expected, dtype=torch.float64))


def test_a_loaded_image_is_its_sprite_in_the_colour_of_its_hue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sprites, "COUNTS", {"train": 500, "test": 300})
    for split in data.SPLITS:
        grey, found = data.load("sprites", split), data.load("sprites_colour", split)
        assert found.images.shape == (len(grey), 3, 32, 32)
        assert found.factor_names == ("shape", "scale", "orientation", "x", "y", "hue")
        assert torch.equal(found.factors[:, :5], grey.factors)
        assert torch.equal(found.labels, grey.labels)
        assert torch.equal(found.images.amax(1, keepdim=True), grey.images)
        for image, hue in zip(found.images, found.factors[:, 5].tolist(), strict=True):
            colour = np.unique(image.flatten(1).T, axis=0)
            expected = [math.floor(level * 255 + 0.501) for level in colorsys.hsv_to_rgb(hue, 1, 1)]
            assert colour.tolist() == [[0, 0, 0], expected]
        again = data.load("sprites_colour", split)
        assert torch.equal(again.images, found.images)


def test_twelve_hues_are_about_as_frequent_and_independent_of_the_other_factors() -> None:
    numbers = sprites.chosen("train")
    hues = sprites_colour.hues(numbers)
    counts = np.bincount(hues, minlength=sprites_colour.HUES)
    assert len(counts) == 12
    # Five standard deviations of a multinomial count.
    assert abs(counts - 5000).max() < 5 * math.sqrt(5000)
    for column, size in zip(sprites.latents(numbers).T, sprites.SIZES, strict=True):
        cells = np.histogram2d(hues, column, (12, size))[0]
        expected = counts[:, None] * cells.sum(0) / len(hues)
        freedom = 11 * (size - 1)
        # Pearson's statistic has the mean and half the variance of its degrees of freedom.
        assert ((cells - expected) ** 2 / expected).sum() < freedom + 5 * math.sqrt(2 * freedom)


def test_the_shipped_strip_is_what_is_drawn() -> None:
    strip = data.thumbnail("sprites_colour")
    assert strip.shape == (28, 280, 3)
    np.testing.assert_array_equal(strip, sprites_colour.strip())
