"""What pixels suggest: colour or grey, and which likelihood with which binarisation. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vae_core.data import own

COLOURED = 24  # levels between the channels of a pixel that is seen as coloured
COLOURED_SHARE = 0.005  # of the pixels, from which images are in colour
MIDDLE = (16, 240)  # grey levels from and below which a pixel is neither black nor white
MIDDLE_SHARE = 0.25  # of the pixels, from which images are more than ink on paper
FEW = 500  # images, below which a network rather learns them by heart
LOOKED_AT = 500  # images


@dataclass(frozen=True)
class Suggestion:
    """likelihood and binarisation as a Spec names them; reason: a sentence."""

    likelihood: str
    binarisation: str
    reason: str


def has_colour(images: np.ndarray) -> bool:
    """Whether images, uint8 [N, 3, H, W], are in colour."""
    some = _some(images).astype(np.int16)
    return bool(((some.max(1) - some.min(1)) > COLOURED).mean() > COLOURED_SHARE)


def to_grey(images: np.ndarray) -> np.ndarray:
    """uint8 [N, 3, H, W] -> [N, 1, H, W], by the weights of ITU-R BT.601, rounded as Pillow does."""
    grey = np.empty((len(images), 1, *images.shape[2:]), np.uint8)
    for start in range(0, len(images), 1000):
        red, green, blue = images[start : start + 1000].astype(np.uint32).transpose(1, 0, 2, 3)
        grey[start : start + 1000, 0] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
    return grey


def of(images: np.ndarray) -> Suggestion:
    """What suits images, uint8 [N, C, H, W]."""
    some = _some(images)
    if images.shape[1] > 1:
        return Suggestion(
            "gaussian",
            "none",
            "Colours are more than black and white, so a Gaussian of each channel suits.",
        )
    if np.isin(some, (0, 255)).all():
        return Suggestion(
            "bernoulli",
            "none",
            "Every pixel is black or white already, which is what a Bernoulli speaks of.",
        )
    middle = ((some >= MIDDLE[0]) & (some < MIDDLE[1])).mean()
    if middle < MIDDLE_SHARE:
        return Suggestion(
            "bernoulli",
            "dynamic",
            f"{1 - middle:.0%} of the pixels are nearly black or white, as of ink, so a Bernoulli suits, "
            "with grey pixels drawn black or white at every look.",
        )
    return Suggestion(
        "gaussian",
        "none",
        f"{middle:.0%} of the pixels are between black and white, so a Gaussian suits them better than "
        "making each black or white.",
    )


def warning(count: int) -> str | None:
    """Why so many images are too few to learn from, in a sentence; None where they are enough."""
    if count < own.MIN_IMAGES:
        return f"{count} images are too few: training needs at least {own.MIN_IMAGES}."
    if count < FEW:
        return (
            f"Only {count} images: a network may learn them by heart. Some thousands give it something to "
            "generalise from."
        )
    return None


def _some(images: np.ndarray) -> np.ndarray:
    """Up to `LOOKED_AT` of the images, spread over all."""
    return images[:: max(1, len(images) // LOOKED_AT)]
