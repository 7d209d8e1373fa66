"""Pixels as they are stored, 0 to 255, and as models take them, 0 to 1. Imports torch for tensors only."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

Pixels = TypeVar("Pixels", "Tensor", np.ndarray)


def unit(images: Pixels) -> Pixels:
    """uint8 images of any shape as float32 within [0, 1]; others lie there already and stay as they are."""
    if isinstance(images, np.ndarray):
        return images.astype(np.float32) / np.float32(255) if images.dtype == np.uint8 else images
    import torch

    return images.float().div_(255) if images.dtype == torch.uint8 else images


def to_uint8(images: Pixels) -> Pixels:
    """Images of any shape within [0, 1] as the nearest of 256 levels; what lies outside is cut off."""
    if isinstance(images, np.ndarray):
        return (images.clip(0, 1) * 255).round().astype(np.uint8)
    import torch

    return (images.clamp(0, 1) * 255).round().to(torch.uint8)
