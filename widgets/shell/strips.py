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
    strips: np.ndarray,
    labels: Sequence[str],
    notes: Sequence[str],
    ticks: Sequence[str],
    title: str,
    times: int = 1,
) -> bytes:
    """Strips uint8 [R, K, C, H, W], a row each, with a label and a note to the left: a PNG, so many times as
    large."""
    from PIL import ImageDraw

    gap, label, head = (times * length for length in (GAP, LABEL, HEAD))
    rows, count = strips.shape[:2]
    tiles = [[_tile(image, times * SIDE) for image in strip] for strip in strips]
    width, height = tiles[0][0].size
    margin = 10 * times
    whole = _paper(label + count * (width + gap) + margin, 2 * head + rows * (height + gap) + 8 * times)
    draw = ImageDraw.Draw(whole)
    large, medium, small = (_font(times * size) for size in (15, 14, 12))
    draw.text((margin, 8 * times), title, fill=INK, font=large)
    for k, tick in enumerate(ticks):
        middle = label + k * (width + gap) + width / 2
        draw.text((middle, 2 * head - 6 * times), tick, fill=MUTED, font=small, anchor="mb")
    for r, (name, note) in enumerate(zip(labels, notes, strict=True)):
        top = 2 * head + r * (height + gap)
        draw.text((margin, top + height / 2 - times), _short(name, 24), fill=INK, font=medium, anchor="lb")
        draw.text((margin, top + height / 2 + 3 * times), note, fill=MUTED, font=small, anchor="lt")
        for k, tile in enumerate(tiles[r]):
            whole.paste(tile, (label + k * (width + gap), top))
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
