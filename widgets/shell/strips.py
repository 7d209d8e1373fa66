"""Traversals as pictures to take away, drawn with Pillow: a sheet of strips, and films that swing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

PAPER, INK, MUTED = (252, 251, 248), (32, 36, 43), (106, 111, 120)
SIDE, LARGE = 56, 256  # pixels of a tile, at least
GAP, LABEL, HEAD = 3, 190, 30
FRAME = 60  # milliseconds


def sheet(
    strips: np.ndarray, labels: Sequence[str], notes: Sequence[str], ticks: Sequence[str], title: str
) -> bytes:
    """Strips uint8 [R, K, C, H, W], a row each, with a label and a note to the left: a PNG."""
    from PIL import ImageDraw

    rows, count = strips.shape[:2]
    tiles = [[_tile(image, SIDE) for image in strip] for strip in strips]
    width, height = tiles[0][0].size
    whole = _paper(LABEL + count * (width + GAP) + 10, 2 * HEAD + rows * (height + GAP) + 8)
    draw = ImageDraw.Draw(whole)
    draw.text((10, 8), title, fill=INK, font=_font(15))
    for k, tick in enumerate(ticks):
        middle = LABEL + k * (width + GAP) + width / 2
        draw.text((middle, 2 * HEAD - 6), tick, fill=MUTED, font=_font(12), anchor="mb")
    for r, (label, note) in enumerate(zip(labels, notes, strict=True)):
        top = 2 * HEAD + r * (height + GAP)
        draw.text((10, top + height / 2 - 1), _short(label, 24), fill=INK, font=_font(14), anchor="lb")
        draw.text((10, top + height / 2 + 3), note, fill=MUTED, font=_font(12), anchor="lt")
        for k, tile in enumerate(tiles[r]):
            whole.paste(tile, (LABEL + k * (width + GAP), top))
    file = io.BytesIO()
    whole.save(file, "PNG", optimize=True)
    return file.getvalue()


def film(frames: np.ndarray, labels: Sequence[str], title: str) -> bytes:
    """Frames uint8 [R, F, C, H, W] of R dimensions, side by side in one endless GIF; one of them is large."""
    from PIL import ImageDraw

    rows, count = frames.shape[:2]
    least = LARGE if rows == 1 else 2 * SIDE
    width, height = _tile(frames[0, 0], least).size
    across = min(rows, 5)
    down = -(-rows // across)
    foot = 22
    size = (max(across * (width + GAP) + GAP, 240), HEAD + down * (height + foot + GAP) + 4)
    pictures = []
    for k in range(count):
        whole = _paper(*size)
        draw = ImageDraw.Draw(whole)
        draw.text((GAP + 2, 8), title, fill=INK, font=_font(13))
        for r in range(rows):
            left, top = GAP + r % across * (width + GAP), HEAD + r // across * (height + foot + GAP)
            whole.paste(_tile(frames[r, k], least), (left, top))
            label = _short(labels[r], 40 if rows == 1 else width // 7)
            draw.text((left + width / 2, top + height + 3), label, fill=INK, font=_font(12), anchor="mt")
        pictures.append(whole)
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=FRAME, loop=0)
    return file.getvalue()


def _tile(image: np.ndarray, least: int) -> Image:
    """An image uint8 [C, H, W] in whole pixels enlarged to `least` at least on its shorter side."""
    from PIL import Image

    pixels = image.transpose(1, 2, 0)
    pixels = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[..., :3]
    times = max(1, -(-least // min(pixels.shape[:2])))
    return Image.fromarray(np.ascontiguousarray(np.kron(pixels, np.ones((times, times, 1), np.uint8))))


def _paper(width: int, height: int) -> Image:
    from PIL import Image

    return Image.new("RGB", (int(width), int(height)), PAPER)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
