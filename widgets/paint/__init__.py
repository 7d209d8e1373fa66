"""A canvas under the hand: drawing an image, and hiding parts of one.

    drawing = paint.draw("digit", (28, 28))                  # uint8 [H, W], None while it is empty
    observed = paint.mask("mask", image)                     # bool [H, W], True where it is observed

Python hears of a stroke when the pointer is lifted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def draw(
    key: str,
    shape: tuple[int, int],
    *,
    image: np.ndarray | None = None,
    revision: int = 0,
    size: int = 280,
    label: str = "Drawing",
    on_change: Callable[[], None] | None = None,
) -> np.ndarray | None:
    """A canvas to draw on: uint8 [H, W], white ink on black; None while it is empty.

    image: uint8 [H, W], what is on the canvas when it first appears, and again whenever `revision` changes.
    size: of the longer side on screen, in CSS pixels; never wider than the column.
    """
    return image


def mask(
    key: str,
    image: np.ndarray,
    *,
    mask: np.ndarray | None = None,
    revision: int = 0,
    size: int = 280,
    label: str = "Mask",
    on_change: Callable[[], None] | None = None,
) -> np.ndarray:
    """Brush and eraser over an image, uint8 [C, H, W]: bool [H, W], True where a pixel is observed.

    mask: bool [H, W], taken up when the canvas first appears (None: all observed), and again whenever
        `revision` changes: that is how a preset gets onto the canvas. Otherwise the hand decides.
    """
    return np.ones(image.shape[-2:], bool) if mask is None else np.asarray(mask, bool)
