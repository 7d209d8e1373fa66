"""Images that a model never saw, made of its own test images: nothing has to be fetched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Make = Callable[[Tensor, torch.Generator], Tensor]


@dataclass(frozen=True)
class Foreign:
    """title: for people. make: of images uint8 [N, C, H, W] as many foreign ones, of the same shape."""

    title: str
    make: Make


def _blank(images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.zeros_like(images)


def _inverted(images: Tensor, generator: torch.Generator) -> Tensor:
    return 255 - images


def _rotated(images: Tensor, generator: torch.Generator) -> Tensor:
    """By 90 degrees; images that are not square upside down, as they would not fit."""
    return images.rot90(1 if images.shape[-1] == images.shape[-2] else 2, (-2, -1))


def _noise(images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 256, images.shape, generator=generator, dtype=torch.uint8)


def _shuffled(images: Tensor, generator: torch.Generator) -> Tensor:
    """The pixels of each image in an order of its own, all channels alike."""
    order = torch.rand(len(images), 1, images[0, 0].numel(), generator=generator).argsort(-1)
    flat = images.flatten(2)
    return flat.gather(2, order.expand_as(flat)).view_as(images)


FOREIGN = {
    "blank": Foreign("Blank images", _blank),
    "inverted": Foreign("Inverted", _inverted),
    "rotated": Foreign("Rotated by 90°", _rotated),
    "noise": Foreign("Uniform noise", _noise),
    "shuffled": Foreign("Pixels shuffled", _shuffled),
}
