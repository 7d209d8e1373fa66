"""Drawings made to look like the images of a dataset: centred and scaled as its digits were."""

from __future__ import annotations

import numpy as np

from vae_core.data.dataset import Refusal

# Datasets whose digits were brought to a box in the middle of the field: (field, box) in pixels a side.
# scikit-learn's digits fill theirs; of all other sets, place and size of what is shown are part of the image.
BOXES = {
    "mnist": (28, 20),
    "mnist_without_9": (28, 20),
    "strokes": (28, 20),
    "strokes_without_9": (28, 20),
    "digits": (8, 8),
}
HANDWRITTEN = (*BOXES, "kmnist")  # ink on paper once, all of them


def like_mnist(drawing: np.ndarray, field: int = 28, box: int = 20) -> np.ndarray:
    """A drawing, uint8 [H, W], white on black, as MNIST has its digits: uint8 [field, field].

    What is inked is scaled, keeping its proportions, to fit a box of 20 by 20 pixels, with grey levels where
    a pixel is partly inked, and moved by whole pixels until its centre of mass lies in the middle pixel
    (LeCun et al. 1998, "Gradient-based learning applied to document recognition", section III.A).
    Raises Refusal where nothing is drawn.
    """
    inked = np.asarray(drawing, np.uint8) > 0
    if not inked.any():
        raise Refusal("there is nothing on the canvas yet; draw something")
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    cut = np.asarray(drawing, np.uint8)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = box / max(cut.shape)
    height, width = (max(1, round(side * scale)) for side in cut.shape)
    digit = _resized(cut, height, width)
    if not digit.any():  # ink so faint that it rounds to nothing
        raise Refusal("there is too little on the canvas; draw with a thicker brush")
    mass = digit / digit.sum(dtype=np.int64)
    top, left = (
        _first(field, side, float((mass.sum(1 - axis) * np.arange(side)).sum()))
        for axis, side in enumerate(digit.shape)
    )
    centred = np.zeros((field, field), np.uint8)
    centred[top : top + height, left : left + width] = digit
    return centred


def _first(field: int, side: int, centre: float) -> int:
    """Where a digit begins whose centre of mass, in pixels from there, is to lie at pixel field // 2."""
    return min(max(field // 2 - int(np.floor(centre + 0.5)), 0), field - side)


def _resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """uint8 [H, W] to another size: each pixel the mean of what lies under it."""
    mean = _shares(image.shape[0], height) @ image @ _shares(image.shape[1], width).T
    return np.asarray(np.floor(mean + 0.5), np.uint8)


def _shares(given: int, wanted: int) -> np.ndarray:
    """How much of each new pixel lies over each old one, along one side: [wanted, given], rows sum to 1."""
    edges, old = np.arange(wanted + 1) * given / wanted, np.arange(given)
    overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    shares: np.ndarray = overlap.clip(0) * wanted / given
    return shares


def like_data(drawing: np.ndarray, name: str, shape: tuple[int, int, int]) -> np.ndarray:
    """A drawing, uint8 [H, W], as an image of the dataset `name`: uint8 [C, H, W] of the given shape.

    Digits are centred and scaled as theirs; drawings for other sets stay where they are, and are resized.
    Raises Refusal where nothing is drawn.
    """
    channels, height, width = shape
    if name in BOXES:
        grey = like_mnist(drawing, *BOXES[name])
    elif np.any(drawing):
        grey = np.asarray(drawing, np.uint8)
    else:
        raise Refusal("there is nothing on the canvas yet; draw something")
    if grey.shape != (height, width):
        grey = _resized(grey, height, width)
    return np.repeat(grey[None], channels, 0)
