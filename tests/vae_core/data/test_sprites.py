"""Sprites against geometry: areas, centres of mass, turns, and what the grid of factors holds."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_core import data
from vae_core.data import sprites
from vae_core.data.dataset import Refusal

# Some code in a process may flush subnormal numbers to zero, and Hypothesis would not draw them then.
factor_rows = st.tuples(
    st.sampled_from([0.0, 1.0, 2.0]),
    *(st.floats(*span, allow_subnormal=False) for span in ((0.5, 1), (0, 6.28), (0, 1), (0, 1))),
)


def one(shape=0.0, scale=1.0, orientation=0.0, x=0.5, y=0.5, size=64) -> torch.Tensor:
    """A single sprite [size, size] of zeros and ones."""
    return sprites.render(torch.tensor([[shape, scale, orientation, x, y]]), size)[0, 0] // 255


def test_the_heart_has_the_area_and_the_middle_that_are_written_down() -> None:
    axis = np.linspace(-1.5, 1.5, 1501)
    u, v = np.meshgrid(axis, axis)
    inside = (u**2 + v**2 - 1) ** 3 <= u**2 * v**3
    assert inside.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(sprites.HEART_AREA, rel=1e-3)
    assert v[inside].mean() == pytest.approx(sprites.HEART_MIDDLE, abs=1e-3)


@given(factor_rows)
def test_area_and_centre_of_mass_are_what_the_factors_say(row: tuple) -> None:
    _, scale, _, x, y = row
    size = 256
    image = one(*row, size=size).double()
    side = 2 * sprites.HALF * scale * size
    # An upright square may gain or lose a row and a column of pixels.
    assert float(image.sum()) == pytest.approx(side**2, abs=2 * side + 1)
    middles = torch.arange(size) + 0.5
    for place, mass in ((x, image.sum(0)), (y, image.sum(1))):
        centre = float(mass @ middles.double() / mass.sum())
        assert centre == pytest.approx(size * (0.25 + 0.5 * place), abs=0.5)


def test_an_upright_square_is_the_pixels_whose_middles_it_covers() -> None:
    # Half a side is 0.155 of 64 pixels, 9.92: from the middle at 32 to the pixel middles at 22.5 and 41.5.
    expected = torch.zeros(64, 64, dtype=torch.uint8)
    expected[22:42, 22:42] = 1
    assert torch.equal(one(shape=0.0), expected)


@pytest.mark.parametrize("shape", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("size", [32, 64])
def test_a_quarter_turn_is_clockwise(shape: float, size: int) -> None:
    upright, turned = one(shape, 0.9, 0.3, size=size), one(shape, 0.9, 0.3 + math.pi / 2, size=size)
    assert torch.equal(turned, torch.rot90(upright, -1))


def test_the_lobes_of_a_heart_are_up_and_its_tip_is_down() -> None:
    rows = one(shape=2.0).nonzero()[:, 0]
    widths = torch.bincount(rows)
    assert widths[rows.max()] <= 2
    assert widths[rows.min() + 2] > 6


def test_x_goes_right_and_y_goes_down() -> None:
    assert torch.equal(one(x=0.75), one(x=0.5).roll(8, 1))
    assert torch.equal(one(y=0.75), one(y=0.5).roll(8, 0))


@pytest.mark.parametrize("size", [32, 64])
def test_no_sprite_is_cut_off_in_a_corner(size: int) -> None:
    classes = sprites.grid((3, 1, 40, 1, 1))
    classes[:, 1] = 5  # the largest
    factors = sprites.values(torch.from_numpy(classes))
    middle = factors.clone()
    middle[:, 3:] = 0.5
    quarter = size // 4
    assert torch.equal(
        sprites.render(factors, size), sprites.render(middle, size).roll((-quarter, -quarter), (2, 3))
    )


def test_images_are_black_and_white() -> None:
    assert torch.unique(
        sprites.render(sprites.values(torch.from_numpy(sprites.grid((3, 2, 4, 2, 2)))))
    ).tolist() == [0, 255]


def test_the_whole_grid_is_numbered_with_y_changing_fastest() -> None:
    total = math.prod(sprites.SIZES)
    assert total == 737_280
    some = np.array([0, 1, 32, 1024, 40 * 1024, 6 * 40 * 1024, total - 1])
    assert sprites.latents(some).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [2, 5, 39, 31, 31],
    ]
    np.testing.assert_array_equal(sprites.grid(), sprites.latents(np.arange(total)))


def test_values_span_what_the_set_promises() -> None:
    ends = sprites.values(torch.tensor([[0, 0, 0, 0, 0], [2, 5, 39, 31, 31]]))
    torch.testing.assert_close(ends[0], torch.tensor([0, 0.5, 0, 0, 0]))
    torch.testing.assert_close(ends[1], torch.tensor([2, 1, 2 * math.pi * 39 / 40, 1, 1]))


def test_a_smaller_grid_is_evenly_spaced() -> None:
    classes = sprites.grid((3, 2, 4, 1, 3))
    assert len(classes) == 72
    used = [sorted(set(column)) for column in classes.T.tolist()]
    assert used == [[0, 1, 2], [0, 5], [0, 10, 20, 30], [0], [0, 16, 31]]
    with pytest.raises(ValueError, match="five numbers"):
        sprites.grid((4, 6, 40, 32, 32))


def test_splits_share_no_combination_and_hold_all_values_about_equally() -> None:
    train, test = sprites.chosen("train"), sprites.chosen("test")
    assert len(np.intersect1d(train, test)) == 0
    assert (len(np.unique(train)), len(np.unique(test))) == (60_000, 10_000)
    for column, size in zip(sprites.latents(train).T, sprites.SIZES, strict=True):
        counts = np.bincount(column, minlength=size)
        # Five standard deviations of a multinomial count.
        assert abs(counts - 60_000 / size).max() < 5 * math.sqrt(60_000 / size)


def test_a_loaded_image_is_what_its_factors_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sprites, "COUNTS", {"train": 500, "test": 300})
    said: list[tuple[float, str]] = []
    for name, size in (("sprites", 32), ("sprites_64", 64)):
        test = data.load(name, "test", progress=lambda *report: said.append(report))
        assert test.images.shape == (300, 1, size, size)
        assert torch.equal(sprites.render(test.factors, size), test.images)
        assert torch.equal(test.labels, test.factors[:, 0].long())
        assert test.factor_names == ("shape", "scale", "orientation", "x", "y")
        again = data.load(name, "test")
        assert torch.equal(again.images, test.images)
    assert said[-1] == (1.0, "Drawing 300 sprites")


def test_all_sprites_are_drawn_when_asked_for_but_those_for_testing() -> None:
    source = sprites.source(32)
    assert source.count == 737_280 - 10_000
    train, test = sprites.chosen("train"), sprites.chosen("test")
    numbers = torch.tensor([0, 7, 59_999])
    expected = sprites.render(sprites.values(torch.from_numpy(sprites.latents(train[numbers]))), 32)
    assert torch.equal(source.draw(numbers), expected)
    drawn: list[int] = []

    def note(classes: torch.Tensor) -> torch.Tensor:
        drawn.extend(np.ravel_multi_index(tuple(classes.numpy().T), sprites.SIZES).tolist())
        return torch.zeros(1, 5)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sprites, "values", note)
        source.draw(torch.arange(source.count))
    assert sorted(drawn) == sorted(set(range(737_280)) - set(test.tolist()))


def test_the_first_images_of_a_split_never_change() -> None:
    assert sprites.chosen("train")[:3].tolist() == np.random.RandomState(0).permutation(737_280)[:3].tolist()


def test_what_does_not_fit_into_memory_is_refused_with_a_sentence() -> None:
    classes = torch.zeros(1, 5, dtype=torch.int64).expand(737_280, 5)
    with pytest.raises(Refusal, match="737,280 images of 64 by 64 pixels need more than 2 GB"):
        sprites.dataset(classes, 64)


@pytest.mark.parametrize("shape", [-1.0, 3.0, math.nan])
def test_a_shape_that_there_is_not_is_an_error(shape: float) -> None:
    with pytest.raises(ValueError, match="0 to 2"):
        one(shape=shape)


def test_the_shipped_strip_is_what_is_drawn() -> None:
    for name in ("sprites", "sprites_64", "sprites_all", "sprites_all_64"):
        np.testing.assert_array_equal(data.thumbnail(name), sprites.strip())
