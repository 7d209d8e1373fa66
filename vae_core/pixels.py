"""Pixels as they are stored, 0 to 255, and as models take them, 0 to 1."""

from __future__ import annotations

import torch
from torch import Tensor


def unit(images: Tensor) -> Tensor:
    """uint8 images of any shape as float32 within [0, 1]; others lie there already and stay as they are."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images
