import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_core import data

GREYS = torch.arange(256, dtype=torch.uint8)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def furthest(frequency: torch.Tensor, draws: int) -> float:
    """The largest distance of 256 frequencies from grey / 255, in standard errors."""
    p = GREYS[1:-1].double() / 255
    return float(((frequency[1:-1] - p) / (p * (1 - p) / draws).sqrt()).abs().max())


def test_the_frequency_of_white_is_the_grey_level():
    draws = 20_000
    frequency = data.binarise(GREYS.repeat(draws, 1), "dynamic", generator()).double().mean(0)
    # Of 254 independent normal numbers the largest exceeds 4.5 with probability 0.002.
    assert furthest(frequency, draws) < 4.5


def test_black_stays_black_and_white_stays_white_however_often_drawn():
    ends = torch.tensor([0, 255], dtype=torch.uint8).repeat(1_000_000, 1)
    drawn = data.binarise(ends, "dynamic", generator())
    assert drawn[:, 0].max() == 0
    assert drawn[:, 1].min() == 1


def test_dynamic_pixels_are_drawn_anew_each_time_and_again_from_the_same_seed():
    images = torch.full((4, 1, 28, 28), 128, dtype=torch.uint8)
    source = generator(3)
    first, second = data.binarise(images, "dynamic", source), data.binarise(images, "dynamic", source)
    assert not torch.equal(first, second)
    assert torch.equal(first, data.binarise(images, "dynamic", generator(3)))


def test_neighbouring_pixels_are_drawn_independently():
    pairs = data.binarise(torch.full((100_000, 2), 128, dtype=torch.uint8), "dynamic", generator())
    correlation = torch.corrcoef(pairs.T)[0, 1]
    assert abs(correlation) < 4 / 100_000**0.5


@given(shape=st.lists(st.integers(0, 7), min_size=1, max_size=4), how=st.sampled_from(["none", "dynamic"]))
def test_any_shape_keeps_its_shape_and_lies_between_0_and_1(shape, how):
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator())
    seen = data.binarise(images, how, generator())
    assert seen.shape == images.shape
    assert seen.dtype == torch.float32
    assert ((seen >= 0) & (seen <= 1)).all()
    if how == "dynamic":
        assert ((seen == 0) | (seen == 1)).all()


def test_none_scales_exactly():
    assert torch.equal(data.binarise(GREYS, "none"), GREYS.float() / 255)


def test_images_binarised_once_are_only_scaled():
    static = data.binarise_static(GREYS[:, None], "train", 0)
    assert torch.equal(data.binarise(static, "static"), static.float() / 255)


def test_an_unknown_binarisation_is_refused():
    with pytest.raises(ValueError, match="'sometimes' is not known; it must be none, static or dynamic"):
        data.binarise(GREYS, "sometimes")


def test_static_pixels_are_the_same_every_time_and_differ_by_split_and_seed():
    images = torch.full((50, 1, 28, 28), 128, dtype=torch.uint8)
    once = data.binarise_static(images, "train", 7)
    assert torch.equal(once, data.binarise_static(images, "train", 7))
    assert not torch.equal(once, data.binarise_static(images, "test", 7))
    assert not torch.equal(once, data.binarise_static(images, "train", 8))


def test_static_pixels_are_black_or_white_at_the_frequency_of_their_grey_level():
    draws = 20_000
    static = data.binarise_static(GREYS.repeat(draws, 1), "train", 0)
    assert static.dtype == torch.uint8
    assert set(static.unique().tolist()) == {0, 255}
    frequency = (static > 0).double().mean(0)
    assert frequency[0] == 0
    assert frequency[255] == 1
    assert furthest(frequency, draws) < 4.5


def test_static_pixels_of_the_first_images_do_not_depend_on_how_many_follow():
    images = torch.full((5000, 1, 4, 4), 128, dtype=torch.uint8)
    assert torch.equal(
        data.binarise_static(images, "train", 0)[:4096], data.binarise_static(images[:4096], "train", 0)
    )


@pytest.mark.parametrize("index", [0, 3, 4095, 4096, 5000])
def test_one_image_of_a_split_is_drawn_as_the_whole_split_draws_it(index: int) -> None:
    images = torch.randint(0, 256, (5001, 1, 3, 5), dtype=torch.uint8, generator=torch.manual_seed(0))
    static = data.binarise_static(images, "test", 7)
    assert torch.equal(data.binarise_one(images[index], "test", index, 7), static[index])
