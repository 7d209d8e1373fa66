"""The images of a dataset that are nearest to others, by their pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.pixels import unit

BLOCK = 5000  # images at a time


@torch.inference_mode()
def nearest(images: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """Of each of images [K, C, H, W] the nearest one among [N, C, H, W]: its index [K] and its distance [K].

    Images are uint8, or float in [0, 1]. The distance is the root of the sum of squared differences of
    pixels: one black pixel that is white in the other is 1. Raises ValueError where there is nothing to
    compare with.
    """
    if not len(among):
        raise ValueError("There are no images to compare with.")
    wanted = unit(images).flatten(1).float()
    best, index = torch.full((len(wanted),), torch.inf), torch.zeros(len(wanted), dtype=torch.long)
    for start in range(0, len(among), BLOCK):
        block = unit(among[start : start + BLOCK]).flatten(1).float()
        squared = block.square().sum(1) - 2 * wanted @ block.T  # [K, block], short of the wanted's own square
        least, where = squared.min(1)
        closer = least < best
        best, index = torch.where(closer, least, best), torch.where(closer, start + where, index)
    return index, (best + wanted.square().sum(1)).clamp(min=0).sqrt()
