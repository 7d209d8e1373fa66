"""Sprites: one white square, ellipse or heart on black, drawn from five factors that are known exactly.

The grid of factors is that of dSprites (Matthey et al. 2017): 3 shapes x 6 scales x 40 orientations x 32 x 32
positions, 737,280 images, each of which `render` draws from its factors when asked, on any device. The
drawing is our own: a pixel is white where its middle lies inside the shape. At one scale all shapes have the
same area, turn about their centre of mass, and have it where x and y say, so no factor hides in another.
Orientations stop short of a full turn; but in it a square looks the same four times over, an ellipse twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vae_core.data.catalogue import CATALOGUE
from vae_core.data.dataset import Dataset, Request, Source
from vae_core.data.own import check_memory

if TYPE_CHECKING:
    from torch import Tensor

SHAPES = ("square", "ellipse", "heart")
FACTOR_NAMES = ("shape", "scale", "orientation", "x", "y")
SIZES = (3, 6, 40, 32, 32)
# Names of the sets whose training split is all combinations that are not for testing.
ALL = ("sprites_all", "sprites_all_64")
COUNTS = {"train": 60_000, "test": 10_000}

# Half the side of the largest square, and where the middles of sprites begin, in units of the image's side.
HALF, MARGIN = 0.155, 0.25
# Semi-axes of the ellipse, in half sides of the square that has the same area: pi a b = 4.
ELLIPSE = (2 * math.sqrt(2 / math.pi), math.sqrt(2 / math.pi))
# The heart (u^2 + v^2 - 1)^3 <= u^2 v^3 has this area, and its centre of mass this high.
HEART_AREA, HEART_MIDDLE = 3.66197, 0.29349
BLOCK = 2**22  # pixels drawn at a time


def load(request: Request) -> Dataset:
    """60,000 or 10,000 of all combinations, always the same, none twice; drawn anew, in seconds.

    Of the sets of all sprites these are the first, and the test images the same; training has the 727,280
    that are not for testing as its source. Images may look alike all the same: a square turned by a quarter
    is one thing in two combinations.
    """
    import torch

    shape = CATALOGUE[request.name].image_shape
    assert shape is not None
    classes = torch.from_numpy(latents(chosen(request.split)))
    found = dataset(classes, shape[1], request.name, request.split, request.report)
    whole = request.name in ALL and request.split == "train"
    return replace(found, source=source(shape[1])) if whole else found


def source(size: int) -> Source:
    """All combinations but the test split's, the training split's first, each drawn when asked for."""
    import torch

    total, (first, test) = math.prod(SIZES), COUNTS.values()
    order = _order()
    # As 32-bit numbers, of which a device has room for 727,280 beside anything else.
    chosen = torch.from_numpy(np.concatenate([order[:first], order[first + test : total]]).astype(np.int32))

    def draw(numbers: Tensor) -> Tensor:
        nonlocal chosen
        chosen = chosen.to(numbers.device)  # moved once, to where training is
        places = chosen.index_select(0, numbers).long()
        columns = []
        for size_of in reversed(SIZES):
            columns.append(places % size_of)
            places = places // size_of
        return render(values(torch.stack(columns[::-1], 1)), size)

    return Source(len(chosen), draw)


def chosen(split: str) -> np.ndarray:
    """The numbers, from 0 to 737,279, of the images in a split, in an order that mixes all factors."""
    first = 0 if split == "train" else COUNTS["train"]
    return _order()[first : first + COUNTS[split]]


def _order() -> np.ndarray:
    """The numbers of all images, mixed."""
    # The legacy generator's stream is frozen by NumPy's policy, so the split never moves.
    return np.random.RandomState(0).permutation(math.prod(SIZES))


def latents(numbers: np.ndarray) -> np.ndarray:
    """Classes [N, 5] of images by their numbers [N] in the whole grid, where y changes fastest."""
    return np.stack(np.unravel_index(numbers, SIZES), 1).astype(np.int64)


def grid(sizes: tuple[int, ...] = SIZES) -> np.ndarray:
    """Classes [prod(sizes), 5] of a smaller grid, with so many evenly spaced values of each factor."""
    if len(sizes) != len(SIZES) or not all(1 <= few <= all_ for few, all_ in zip(sizes, SIZES, strict=True)):
        raise ValueError(f"sizes must be five numbers from 1 to at most {SIZES}, not {sizes}.")
    # A turn has no last value, so that its values are spaced as on a circle.
    steps = [
        np.arange(few) * all_ // few if name == "orientation" else np.linspace(0, all_ - 1, few).round()
        for name, few, all_ in zip(FACTOR_NAMES, sizes, SIZES, strict=True)
    ]
    return np.stack(np.meshgrid(*steps, indexing="ij"), -1).reshape(-1, len(SIZES)).astype(np.int64)


def values(classes: Tensor) -> Tensor:
    """Factors [N, 5] float32 of classes [N, 5]; in their order:

    shape 0, 1, 2; scale 0.5 to 1; orientation in radians, clockwise, 0 to below a full turn; x to the right
    and y down, 0 to 1 each.
    """
    import torch

    unit = torch.tensor([1, 0.5 / 5, 2 * math.pi / 40, 1 / 31, 1 / 31], dtype=torch.float64)
    start = torch.tensor([0, 0.5, 0, 0, 0], dtype=torch.float64)
    return (start + unit * classes.cpu()).float().to(classes.device)


def render(
    factors: Tensor, size: int = 64, report: Callable[[float, str], None] = lambda fraction, sentence: None
) -> Tensor:
    """Sprites with factors [N, 5], in the units of `values`, as uint8 [N, 1, size, size] of 0 and 255.

    Drawn where `factors` are, at any values between those of the grid too. A shape that there is not is an
    error (ValueError).
    """
    import torch

    shapes = factors[:, 0].round()
    if not ((shapes >= 0) & (shapes < len(SHAPES))).all():
        raise ValueError(f"A shape is a number from 0 to {len(SHAPES) - 1}.")
    images = torch.zeros(len(factors), 1, size, size, dtype=torch.uint8, device=factors.device)
    done = 0
    for number, inside in enumerate((_square, _ellipse, _heart)):
        mine = (shapes == number).nonzero()[:, 0]
        for part in mine.split(max(1, BLOCK // size**2)):
            images[part, 0] = inside(*_frame(factors[part], size)).to(torch.uint8) * 255
            done += len(part)
            report(done / len(factors), f"Drawing {len(factors):,} sprites")
    return images


def dataset(
    classes: Tensor,
    size: int,
    name: str = "sprites",
    split: str = "train",
    report: Callable[[float, str], None] = lambda fraction, sentence: None,
) -> Dataset:
    """The images with these classes [N, 5], labelled by shape, all in memory.

    Raises Refusal (a ValueError), a sentence, where they would not fit; `render` draws any part of them.
    """
    check_memory(len(classes), (1, size, size))
    factors = values(classes)
    images = render(factors, size, report)
    return Dataset(name, split, images, classes[:, 0].clone(), factors, SHAPES, FACTOR_NAMES)


def strip() -> np.ndarray:
    """Ten sprites side by side, uint8 [28, 280]: what pickers show."""
    import torch

    tile = torch.arange(10)
    place = 11 + torch.stack([tile * 5, tile * 3], 1) % 11
    classes = torch.cat([torch.stack([tile % 3, 5 - tile * 3 % 5, tile * 7 % 40], 1), place], 1)
    return np.concatenate(list(render(values(classes), 28)[:, 0].numpy()), 1)


def _frame(factors: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Where pixels lie in each sprite's own frame, in half sides of its square: to its right and down."""
    import torch

    axis = (torch.arange(size, device=factors.device) + 0.5) / size
    _, scale, turn, x, y = factors.float().T[:, :, None]
    right = (axis - (MARGIN + (1 - 2 * MARGIN) * x)) / (HALF * scale)
    down = (axis - (MARGIN + (1 - 2 * MARGIN) * y)) / (HALF * scale)
    cosine, sine = turn.cos(), turn.sin()
    u = (cosine * right)[:, None, :] + (sine * down)[:, :, None]
    v = (cosine * down)[:, :, None] - (sine * right)[:, None, :]
    return u, v


def _square(u: Tensor, v: Tensor) -> Tensor:
    return (u.abs() <= 1) & (v.abs() <= 1)


def _ellipse(u: Tensor, v: Tensor) -> Tensor:
    a, b = ELLIPSE
    return (u / a).square() + (v / b).square() <= 1


def _heart(u: Tensor, v: Tensor) -> Tensor:
    shrink = math.sqrt(HEART_AREA / 4)
    u, v = u * shrink, HEART_MIDDLE - v * shrink  # its lobes are up
    return (u.square() + v.square() - 1) ** 3 <= u.square() * v**3
