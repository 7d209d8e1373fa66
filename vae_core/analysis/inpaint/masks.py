"""Masks to choose from, by name: what they hide is what a completion has to guess.

A mask is float [1, H, W]: 1 where a pixel is observed, 0 where it is hidden; all channels share it. Masks for
training, a batch at a time, are in `vae_core/model/masks.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vae_core.model import masks

STRIPE = 7  # stripes and gaps fit into an image this often, and its middle one is hidden

Preset = Callable[[int, int, torch.Generator], Tensor]


def _box(top: float, bottom: float, left: float, right: float) -> Preset:
    """Hides one box, its edges as shares of the image."""

    def draw(height: int, width: int, generator: torch.Generator) -> Tensor:
        edges = torch.tensor([top * height, bottom * height, left * width, right * width]).view(4, 1, 1)
        return masks.boxes(edges[0], edges[1], edges[2], edges[3], height, width)[0]

    return draw


def _stripes(height: int, width: int, generator: torch.Generator) -> Tensor:
    """Hides every other upright stripe, the middle one among them."""
    column = torch.arange(width) * STRIPE // width
    return (column % 2 == 0).float().expand(1, height, width).clone()


def _random(hidden: float) -> Preset:
    return lambda height, width, generator: masks.pixels(1, height, width, generator, hidden)[0]


# By what they hide.
PRESETS: dict[str, Preset] = {
    "left half": _box(0, 1, 0, 0.5),
    "right half": _box(0, 1, 0.5, 1),
    "upper half": _box(0, 0.5, 0, 1),
    "lower half": _box(0.5, 1, 0, 1),
    "centre": _box(0.25, 0.75, 0.25, 0.75),
    "stripes": _stripes,
    "random 25 %": _random(0.25),
    "random 50 %": _random(0.50),
    "random 75 %": _random(0.75),
}


def preset(name: str, height: int, width: int, generator: torch.Generator | None = None) -> Tensor:
    """The mask [1, H, W] of that name; the random ones from the generator, or the same ones every time.

    Raises ValueError, a sentence, for a name that is none.
    """
    if name not in PRESETS:
        raise ValueError(f"{name!r} is no mask; it must be one of {', '.join(PRESETS)}.")
    return PRESETS[name](height, width, generator or torch.Generator().manual_seed(0))


def invert(mask: Tensor) -> Tensor:
    """What was observed is hidden, and the other way round."""
    return 1 - mask


def from_array(observed: Any, height: int, width: int) -> Tensor:
    """A mask [1, H, W] from an array [H, W] of any numbers, a brush's: not zero is observed.

    Raises ValueError, a sentence, where it has another size.
    """
    found = torch.as_tensor(observed)
    if found.shape != (height, width):
        raise ValueError(f"The mask must be {height} by {width} pixels, not {list(found.shape)}.")
    return (found != 0).float()[None]
