"""Sprites in colour: those of `sprites`, image by image, each in one of twelve hues.

Hue is a sixth factor, independent of the other five: red at 0, yellow, green, cyan, blue, magenta, and those
between them. Colours are those of HSV (Smith 1978) at full saturation and value, on black, so that the
brightest channel of an image is the sprite that `sprites` has in its place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vae_core.data import sprites
from vae_core.data.catalogue import CATALOGUE
from vae_core.data.dataset import Dataset, Request
from vae_core.data.own import check_memory

if TYPE_CHECKING:
    from torch import Tensor

HUES = 12
FACTOR_NAMES = (*sprites.FACTOR_NAMES, "hue")


def load(request: Request) -> Dataset:
    """60,000 or 10,000 images, always the same; drawn anew, in seconds. The last factor is the hue."""
    import torch

    shape = CATALOGUE[request.name].image_shape
    assert shape is not None
    numbers = sprites.chosen(request.split)
    check_memory(len(numbers), shape)
    grey = sprites.dataset(
        torch.from_numpy(sprites.latents(numbers)), shape[1], request.name, request.split, request.report
    )
    assert grey.factors is not None
    hue = torch.from_numpy(hues(numbers)).float()[:, None] / HUES
    factors = torch.cat([grey.factors, hue], 1)
    return replace(grey, images=coloured(grey.images, hue[:, 0]), factors=factors, factor_names=FACTOR_NAMES)


def hues(numbers: np.ndarray) -> np.ndarray:
    """The hue, 0 to 11, of images [N] by their numbers in the whole grid of `sprites`: int64 [N]."""
    # NumPy has frozen the stream of its legacy generator, so no image changes its colour.
    return np.random.RandomState(1).randint(0, HUES, int(np.prod(sprites.SIZES)))[numbers].astype(np.int64)


def rgb(hue: Tensor) -> Tensor:
    """Colours [N, 3] from 0 to 1 of hues [N], of which 0 and 1 are red, 1/3 is green and 2/3 is blue."""
    import torch

    # Each channel is full within a sixth of the circle of its own hue, and gone a third away from it.
    own = torch.tensor([0, 2, 4], device=hue.device)
    away = (hue[:, None] * 6 - own + 3) % 6 - 3
    return (2 - away.abs()).clamp(0, 1)


def coloured(grey: Tensor, hue: Tensor) -> Tensor:
    """Images uint8 [N, 1, H, W] in hues [N]: uint8 [N, 3, H, W]."""
    import torch

    levels = (rgb(hue) * 255).round().to(torch.uint8)
    images = torch.empty(len(grey), 3, *grey.shape[2:], dtype=torch.uint8, device=grey.device)
    for channel in range(3):
        torch.mul(grey[:, 0] // 255, levels[:, channel, None, None], out=images[:, channel])
    return images


def strip() -> np.ndarray:
    """Ten sprites side by side, uint8 [28, 280, 3]: what pickers show."""
    import torch

    tiles = torch.from_numpy(np.stack(np.split(sprites.strip(), 10, 1))[:, None])
    return np.concatenate(list(coloured(tiles, torch.arange(10) / 10).numpy().transpose(0, 2, 3, 1)), 1)
