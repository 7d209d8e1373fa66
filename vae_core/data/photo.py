"""Ink on paper, found on a photo and made white on black, as images are that models of digits learn from.

Brightness is divided by the paper's, estimated around each pixel, so that shadows and tinted paper go; a
threshold parts ink from what is fainter, ruled lines among it; specks and what reaches in from the edge are
left out. Sizes are in pixels, darkness is a part of the paper's brightness: 0 is paper, 1 is black.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vae_core.data import folder, own
from vae_core.data.dataset import Refusal
from vae_core.data.handwriting import BOXES, like_mnist

SIDE = 1024  # pixels: larger pictures are made smaller first
NOISY = 200  # pixels a side, above which the sensor's noise is smoothed away
COARSE = 160  # pixels a side, at most, of the copy on which the paper is estimated
WIDEST = 0.25  # of a side: what is dark and wider is paper in the shadow, or a table
TABLE = 0.2  # of the paper's brightness: what is darker than that, and wide, is no paper
SHARPEST = 0.9995  # of all pixels have a less sharp edge than those that say where ink begins
FAINTEST, CLEAR = 0.05, 4.0  # darkness, and deviations of the paper's noise, below which no threshold is
SPECK = 0.04  # of the largest piece: smaller pieces are no ink
PEN = 0.11  # of a digit's larger side: thinner lines become as thick; the median of MNIST is 0.12
BLACK = 40  # up to there a ground is black, as the data's is
MIDDLE = 128
SURE = 0.2  # the threshold from which on also what reaches in from the edge is ink, if it is all there is
NO_INK = "there is no ink on the picture; take it nearer, or in more light"


@dataclass(frozen=True, eq=False)
class Ink:
    """grey: uint8 [H, W], white on black, at its place in the photo. mask: bool [H, W], where there is ink.

    box: (top, left, bottom, right) around the ink. threshold: the darkness from which on it is ink, and
    automatic: the one that is found where none is given, None where there is no clear one.
    """

    grey: np.ndarray
    mask: np.ndarray
    box: tuple[int, int, int, int]
    threshold: float
    automatic: float | None


def read(name: str, content: bytes) -> np.ndarray:
    """An image file, by its content, as uint8 [H, W, 3], upright, at most SIDE pixels a side. Raises Refusal.

    What is transparent becomes white under dark drawings and black under light ones.
    """
    from PIL import Image

    with folder.upright(name, lambda: content) as (picture, _, _):
        picture = own.eight_bits(picture)
        if own.transparent(picture):
            picture = picture.convert("RGBA")
            levels = np.asarray(picture.convert("LA").resize((32, 32)), np.float64)
            seen = (levels[..., 0] * levels[..., 1]).sum() / max(levels[..., 1].sum(), 1.0)
            ground = 255 if seen < MIDDLE else 0
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, (ground,) * 3 + (255,)), picture)
        picture = picture.convert("RGB")
        picture.thumbnail((SIDE, SIDE))
        return np.asarray(picture, np.uint8)


def ink_on_paper(pixels: np.ndarray) -> bool:
    """Whether a picture, uint8 [H, W] or [H, W, 3], looks like dark ink on paper, and not like the data: what
    stands out is dark, and the border is not black."""
    grey = pixels if pixels.ndim == 2 else pixels.max(2)
    return _border(grey) > BLACK and _dark_ink(pixels)


def light_ground(image: np.ndarray) -> bool:
    """Whether the border of an image, uint8 [C, H, W], is light."""
    return _border(image.mean(0)) >= MIDDLE


def _border(grey: np.ndarray) -> float:
    """The grey level of most of the border of [H, W]."""
    return float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))


def find(pixels: np.ndarray, threshold: float | None = None) -> Ink:
    """The ink on a photo, uint8 [H, W] or [H, W, 3]; where what stands out is light, it is chalk on a board.

    threshold: darkness in (0, 1) from which on there is ink. By itself it is the darkness at the sharpest
    edges, halfway from paper to ink (after Kittler, Illingworth, Foeglein 1985, "Threshold selection based on
    a simple image statistic"): neither shadows nor ruled lines have such. Raises Refusal where no ink is.
    """
    from scipy import ndimage

    light = np.asarray(pixels if _dark_ink(pixels) else 255 - pixels, np.float32)
    if light.ndim == 3:
        light = light.min(2)  # ink of any colour is dark in one of the three
    if min(light.shape) > NOISY:
        light = ndimage.gaussian_filter(light, 1.0)
    paper = _paper(light)
    usual = max(1.0, float(np.quantile(paper, 0.9)))
    darkness = np.clip(1 - light / np.maximum(paper, usual / 8), 0, 1)
    table = ndimage.binary_dilation(paper < TABLE * usual, iterations=max(light.shape) // 100 + 1)
    automatic = _threshold(darkness, table)
    used = automatic if threshold is None else threshold
    if used is None:
        raise Refusal(NO_INK)
    mask, entering = _pieces(darkness > used, table)
    if not mask.any():
        raise Refusal("nothing on the picture is darker than the threshold; lower it")
    if threshold is None and entering and used < SURE:
        raise Refusal(NO_INK)  # the edge of a shadow
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
    # A pixel on the edge is as grey as the part of it that is inked.
    grey = np.clip(0.5 + (darkness - used) / (2 * (automatic or used)), 0, 1) * ndimage.binary_dilation(mask)
    return Ink(np.asarray(np.rint(255 * grey), np.uint8), mask, box, used, automatic)


def as_data(ink: Ink, name: str, shape: tuple[int, int, int]) -> np.ndarray:
    """Ink as an image of the dataset `name`: uint8 [C, H, W] of the given shape.

    Digits are cropped, centred, scaled and drawn as thick as theirs. For other sets ink keeps its place, and
    the picture is cut to shape from its middle.
    """
    from PIL import Image

    if name not in BOXES:
        return own.fit(Image.fromarray(ink.grey), shape)
    grey = like_mnist(_thickened(ink), *BOXES[name])
    return np.repeat(grey[None], shape[0], 0)


def _paper(light: np.ndarray) -> np.ndarray:
    """The brightness [H, W] that the paper would have without ink: what is dark and narrow is filled."""
    from PIL import Image
    from scipy import ndimage

    height, width = light.shape
    filled = ndimage.gaussian_filter(_filled(_coarse(light)), 1.0)
    return np.asarray(Image.fromarray(filled).resize((width, height), Image.Resampling.BILINEAR), np.float32)


def _dark_ink(pixels: np.ndarray) -> bool:
    """Whether what stands out from its surroundings is dark: by the third moment, for ink is little."""
    from scipy import ndimage

    coarse = _coarse(np.asarray(pixels if pixels.ndim == 2 else pixels.mean(2), np.float32))
    return bool(((coarse - ndimage.uniform_filter(coarse, _window(coarse))) ** 3).sum() <= 0)


def _window(coarse: np.ndarray) -> int:
    return 1 + 2 * max(1, round(WIDEST * max(coarse.shape) / 2))


def _coarse(light: np.ndarray) -> np.ndarray:
    """A copy of [H, W] of COARSE pixels a side at most: noise averages out."""
    from PIL import Image

    height, width = light.shape
    scale = min(1.0, COARSE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(light).resize(size, Image.Resampling.BOX))


def _filled(light: np.ndarray) -> np.ndarray:
    """A closing (Serra 1982): what is darker than all around it and narrow is as light as that."""
    from scipy import ndimage

    return np.asarray(ndimage.grey_closing(light, (_window(light), _window(light))))


def _threshold(darkness: np.ndarray, outside: np.ndarray) -> float | None:
    """The darkness at the sharpest edges [H, W]; None where none is clear of the noise."""
    if min(darkness.shape) > 1:
        down, across = np.gradient(darkness)
        edge = np.hypot(down, across) * ~outside
        sharp = edge >= max(0.5 * float(np.quantile(edge, SHARPEST)), 1e-3)
        threshold = float(darkness[sharp].mean()) if sharp.any() else 0.0
        noise = 1.4826 * float(np.median(np.abs(darkness - np.median(darkness))))  # its deviation
        if threshold > max(FAINTEST, CLEAR * noise):
            return threshold
    return None


def _pieces(mask: np.ndarray, outside: np.ndarray) -> tuple[np.ndarray, bool]:
    """The ink's own pieces of a mask [H, W], without specks, and whether they reach in from outside: such
    pieces are taken only where there are no others."""
    from scipy import ndimage

    reach = max(mask.shape) // 150  # a line drawn in dashes is one piece
    joined = ndimage.binary_dilation(mask, iterations=reach) if reach else mask
    pieces, count = ndimage.label(joined, np.ones((3, 3)))
    pieces = pieces * mask
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    edge = outside.copy()
    edge[[0, -1]] = edge[:, [0, -1]] = True
    inner = sizes.copy()
    inner[np.unique(pieces[ndimage.binary_dilation(edge, iterations=1 + reach)])] = 0
    entering = bool(inner.max() < (max(mask.shape) / 100) ** 2)
    chosen = sizes if entering else inner
    kept = chosen >= max(1.0, SPECK * chosen.max())
    return np.asarray(kept[pieces]), entering


def _thickened(ink: Ink) -> np.ndarray:
    """The grey levels of the box, uint8 [h, w], with lines at least as thick as MNIST's."""
    from scipy import ndimage

    top, left, bottom, right = ink.box
    # Half the mean distance to the edge is an eighth of a line's width; pixels count from their middles.
    inside = ndimage.distance_transform_edt(np.pad(ink.mask, 1))[1:-1, 1:-1][ink.mask]
    line = max(1.0, 4 * (float(inside.mean()) - 0.5))
    more = (PEN * max(bottom - top, right - left) - line) / 2
    if more < 0.5:
        return ink.grey
    margin = int(np.ceil(more)) + 1
    cut = np.pad(ink.mask, margin)[top : bottom + 2 * margin, left : right + 2 * margin]
    distance = ndimage.distance_transform_edt(~cut)
    return np.asarray(np.rint(255 * np.clip(more + 1 - distance, 0, 1)), np.uint8)
