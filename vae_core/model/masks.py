"""Masks of images: which pixels a masked encoder sees, drawn at random on the device.

A mask is float [B, 1, H, W]: 1 where a pixel is observed, 0 where it is hidden. All channels share it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

STAMPS = 24  # of the brush along a stroke: at its fastest the curve moves by less than the brush is wide


def whole(count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Everything observed."""
    return torch.ones(count, 1, height, width, device=generator.device)


def pixels(count: int, height: int, width: int, generator: torch.Generator, hidden: float = 0.5) -> Tensor:
    """Every pixel hidden by itself with probability `hidden`, to a 256th."""
    drawn = torch.empty(count, 1, height, width, dtype=torch.uint8, device=generator.device)
    return (drawn.random_(0, 256, generator=generator) >= round(256 * hidden)).float()


def boxes(top: Tensor, bottom: Tensor, left: Tensor, right: Tensor, height: int, width: int) -> Tensor:
    """Hides the union of K boxes per image, their edges [B, K] in pixels: rows top <= i < bottom, and so on.

    A pixel's index stands for its middle, so that edges need not be whole numbers.
    """
    i = torch.arange(height, device=top.device) + 0.5
    j = torch.arange(width, device=top.device) + 0.5
    rows = (top[..., None] <= i) & (i < bottom[..., None])
    columns = (left[..., None] <= j) & (j < right[..., None])
    # In how many boxes a pixel lies: one product of the two tables [B, H, K] and [B, K, W].
    covered = rows.float().transpose(1, 2) @ columns.float()
    return (covered == 0).float()[:, None]


def halves(count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Left, right, upper or lower half hidden, each equally often."""
    side = torch.randint(4, (count, 1), generator=generator, device=generator.device)
    top = torch.where(side == 3, height / 2, 0.0)
    bottom = torch.where(side == 2, height / 2, float(height))
    left = torch.where(side == 1, width / 2, 0.0)
    right = torch.where(side == 0, width / 2, float(width))
    return boxes(top, bottom, left, right, height, width)


def rectangles(count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """One rectangle hidden, each side from a fifth to four fifths of the image's, anywhere inside it."""
    u = torch.rand(4, count, 1, generator=generator, device=generator.device)
    tall, wide = height * (0.2 + 0.6 * u[0]), width * (0.2 + 0.6 * u[1])
    top, left = u[2] * (height - tall), u[3] * (width - wide)
    return boxes(top, top + tall, left, left + wide, height, width)


def windows(count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """All hidden but one rectangle."""
    return 1 - rectangles(count, height, width, generator)


def strokes(count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """A stroke of a square brush hidden, along a quadratic Bezier curve through the image.

    The brush is a tenth to three tenths of the image wide.
    """
    u = torch.rand(7, count, 1, generator=generator, device=generator.device)
    t = torch.linspace(0, 1, STAMPS, device=generator.device)
    start, middle, end = (1 - t).square(), 2 * t * (1 - t), t.square()
    y = height * (start * u[0] + middle * u[1] + end * u[2])
    x = width * (start * u[3] + middle * u[4] + end * u[5])
    radius = 0.05 + 0.1 * u[6]
    tall, wide = radius * height, radius * width
    return boxes(y - tall, y + tall, x - wide, x + wide, height, width)


Kind = Callable[[int, int, int, torch.Generator], Tensor]


def _sparse(hidden: float) -> Kind:
    return lambda count, height, width, generator: pixels(count, height, width, generator, hidden)


# The mixture that masked models train on, in equal parts. Whole images are among them: the encoder of a
# masked model also serves where nothing is hidden.
KINDS: dict[str, Kind] = {
    "whole": whole,
    "pixels_25": _sparse(0.25),
    "pixels_50": _sparse(0.50),
    "pixels_75": _sparse(0.75),
    "rectangles": rectangles,
    "windows": windows,
    "halves": halves,
    "strokes": strokes,
}


def mixture(count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Masks of all KINDS in random order, of each as many as of another where `count` allows it."""
    each = -(-count // len(KINDS))
    drawn = torch.cat([kind(each, height, width, generator) for kind in KINDS.values()])
    # Taken from a whole number of each kind, so that no shape depends on what is drawn.
    order = torch.randperm(len(drawn), generator=generator, device=generator.device)
    return drawn[order[:count]]


def draw(kind: str, x: Tensor, generator: torch.Generator) -> Tensor | None:
    """What a run with `mask.kind` lets its encoder see of images x [B, C, H, W]; None where it is all."""
    count, _, height, width = x.shape
    return None if kind == "none" else mixture(count, height, width, generator)
