"""Masks hide what their name says, as often as it says, and are drawn from the generator alone."""

import pytest
import torch

from vae_core.model import masks


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("draw", [*masks.KINDS.values(), masks.mixture], ids=[*masks.KINDS, "mixture"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (5, 28, 28), (17, 6, 13)])
def test_every_kind_is_of_zeros_and_ones_and_the_same_from_the_same_generator(draw, shape):
    mask = draw(*shape, generator(3))
    assert mask.shape == (shape[0], 1, *shape[1:])
    assert mask.dtype == torch.float32
    assert set(mask.unique().tolist()) <= {0, 1}
    assert torch.equal(mask, draw(*shape, generator(3)))


@pytest.mark.parametrize("hidden", [0.25, 0.5, 0.75])
def test_single_pixels_are_hidden_as_often_as_asked_for(hidden):
    mask = masks.pixels(100, 28, 28, generator(), hidden)
    error = (hidden * (1 - hidden) / mask.numel()) ** 0.5
    assert 1 - mask.mean().item() == pytest.approx(hidden, abs=4 * error)


def test_boxes_hide_what_a_loop_over_pixels_finds_inside_any_of_them():
    edges = torch.rand(4, 6, 3, generator=generator()) * 10
    mask = masks.boxes(*edges, 9, 11)
    for n in range(6):
        for i in range(9):
            for j in range(11):
                inside = any(
                    top <= i + 0.5 < bottom and left <= j + 0.5 < right
                    for top, bottom, left, right in edges[:, n].T.tolist()
                )
                assert mask[n, 0, i, j] == (not inside)


def test_halves_are_the_four_halves_equally_often():
    mask = masks.halves(4000, 6, 8, generator())
    means = mask.mean((1, 2, 3))
    assert torch.all(means == 0.5)
    found, counts = mask.unique(dim=0, return_counts=True)
    assert len(found) == 4
    assert (counts - 1000).abs().max() < 4 * (4000 * 3 / 16) ** 0.5


@pytest.mark.parametrize(("draw", "inside"), [(masks.rectangles, 0.0), (masks.windows, 1.0)])
def test_rectangles_are_one_filled_rectangle_and_windows_what_they_leave(draw, inside):
    for mask in draw(200, 28, 20, generator()):
        box = (mask[0] == inside).nonzero()
        (top, left), (bottom, right) = box.amin(0).tolist(), box.amax(0).tolist()
        tall, wide = bottom - top + 1, right - left + 1
        assert len(box) == tall * wide
        assert 0.2 * 28 - 1 <= tall <= 0.8 * 28 + 1
        assert 0.2 * 20 - 1 <= wide <= 0.8 * 20 + 1


def test_a_stroke_is_one_piece_that_leaves_most_of_the_image():
    from scipy.ndimage import label

    for mask in masks.strokes(200, 28, 28, generator()):
        assert label((mask[0] == 0).numpy())[1] == 1
        assert 0.3 < mask.mean() < 1


def test_the_mixture_holds_all_kinds_in_equal_parts():
    mask = masks.mixture(8000, 28, 28, generator())
    whole = (mask == 1).flatten(1).all(1)
    assert whole.sum() == 1000
    assert mask.mean().item() == pytest.approx(
        torch.stack([draw(4000, 28, 28, generator(1)).mean() for draw in masks.KINDS.values()]).mean().item(),
        abs=0.01,
    )
    # Which image has which kind is random: the share of whole images in a part is that of all.
    assert whole[:1000].sum().item() == pytest.approx(125, abs=4 * (125 * 7 / 8) ** 0.5)
