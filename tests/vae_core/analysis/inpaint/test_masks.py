"""What the named masks hide."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vae_core.analysis import inpaint


@pytest.mark.parametrize("name", inpaint.PRESETS)
@pytest.mark.parametrize("size", [(28, 28), (6, 13)])
def test_every_preset_hides_a_part_and_inverted_the_rest(name: str, size: tuple[int, int]) -> None:
    mask = inpaint.preset(name, *size)
    assert mask.shape == (1, *size)
    assert mask.unique().tolist() == [0, 1]
    assert bool((mask + inpaint.invert(mask) == 1).all())


def test_halves_hide_the_half_they_are_named_after() -> None:
    for name, rows, columns in (
        ("left half", slice(None), slice(0, 14)),
        ("right half", slice(None), slice(14, 28)),
        ("upper half", slice(0, 14), slice(None)),
        ("lower half", slice(14, 28), slice(None)),
        ("centre", slice(7, 21), slice(7, 21)),
    ):
        wanted = torch.ones(1, 28, 28)
        wanted[0, rows, columns] = 0
        assert inpaint.preset(name, 28, 28).equal(wanted)


def test_stripes_alternate_and_hide_the_middle() -> None:
    mask = inpaint.preset("stripes", 28, 28)
    assert mask[0, 0].tolist() == ([1.0] * 4 + [0.0] * 4) * 3 + [1.0] * 4
    assert bool((mask == mask[:, :1]).all())


@pytest.mark.parametrize("percent", [25, 50, 75])
def test_random_masks_hide_their_share_and_follow_the_generator(percent: int) -> None:
    name = f"random {percent} %"
    drawn = [inpaint.preset(name, 64, 64, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert float(1 - drawn[0].mean()) == pytest.approx(percent / 100, abs=0.03)
    assert drawn[0].equal(drawn[1])
    assert not drawn[0].equal(drawn[2])


def test_a_brushed_array_is_a_mask() -> None:
    brushed = np.zeros((4, 5), np.uint8)
    brushed[1, 2] = 255
    mask = inpaint.from_array(brushed, 4, 5)
    assert mask.shape == (1, 4, 5)
    assert mask.sum() == mask[0, 1, 2] == 1
    with pytest.raises(ValueError, match="5 by 4"):
        inpaint.from_array(brushed, 5, 4)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="left half"):
        inpaint.preset("diagonal", 8, 8)
