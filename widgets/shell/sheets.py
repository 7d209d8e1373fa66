"""Rows and sheets of small images, every pixel of them crisp."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from widgets.shell import data_url

if TYPE_CHECKING:
    from PIL.Image import Image

HIDDEN = (70, 92, 138)  # red, green, blue: no grey of an image


def covered(image: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """uint8 [C, H, W] in colour, what is hidden under a colour of its own. observed: bool [H, W]."""
    colours = image if len(image) >= 3 else image[:1].repeat(3, axis=0)
    return np.where(observed, colours[:3], np.array(HIDDEN, np.uint8)[:, None, None])


def row(images: Sequence[tuple[str, np.ndarray, str]], size: int = 112, across: int | None = None) -> None:
    """Captioned images: caption, uint8 [C, H, W], what it is in words; `across` in a line, if it is given."""
    width = _width(size, across, 10)
    cells = "".join(
        f'<figure title="{escape(help)}" style="width:{width}"><img alt="{escape(caption)}" '
        f'src="{data_url.address(image)}"><figcaption>{escape(caption)}</figcaption></figure>'
        for caption, image, help in images
    )
    st.html(f'<div class="elbo-pictures"{_line(size, across, 10)}>{cells}</div>')


def sheet(
    images: np.ndarray,
    size: int = 64,
    across: int | None = None,
    name: str = "image",
    marked: Mapping[int, str] | None = None,
) -> None:
    """uint8 [K, C, H, W], `across` or as many in a line as there is room for. name: of each, in words.
    marked: those with an outline, and what it says of them."""
    width, marked = _width(size, across, 4), marked or {}
    cells = "".join(
        f'<img alt="{escape(name)} {k + 1}{escape(marked.get(k, ""))}" src="{data_url.address(image)}" '
        f'style="width:{width}"{" class=marked" if k in marked else ""}>'
        for k, image in enumerate(images)
    )
    st.html(f'<div class="elbo-pictures elbo-sheet"{_line(size, across, 4)}>{cells}</div>')


def _width(size: int, across: int | None, gap: int) -> str:
    """Of an image, in CSS; gap: between two, as app.css has it."""
    if across is None:
        return f"{size}px"
    return f"min({size}px, calc((100% - {gap * (across - 1)}px) / {across} - .1px))"


def _line(size: int, across: int | None, gap: int) -> str:
    """Keeps a line from holding more than `across` images where there is room for more."""
    return "" if across is None else f' style="max-width:{across * size + (across - 1) * gap}px"'


def tile(images: np.ndarray, columns: int = 8, times: int = 4) -> bytes:
    """uint8 [K, C, H, W] as one PNG, so many pixels a side to one."""
    file = io.BytesIO()
    _tiled(images, columns, times).save(file, "PNG")
    return file.getvalue()


def film(frames: np.ndarray, columns: int = 8, times: int = 3, pause: int = 80) -> bytes:
    """Sheets uint8 [F, K, C, H, W] as an endless GIF; pause: milliseconds of a frame."""
    pictures = [_tiled(images, columns, times) for images in frames]
    file = io.BytesIO()
    pauses = [pause] * (len(pictures) - 1) + [20 * pause]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=pauses, loop=0)
    return file.getvalue()


def _tiled(images: np.ndarray, columns: int, times: int) -> Image:
    from PIL import Image

    count, channels, height, width = images.shape
    rows = -(-count // columns)
    paper = np.zeros((rows * (height + 1), columns * (width + 1), 3), np.uint8)
    for k, image in enumerate(images):
        top, left = k // columns * (height + 1), k % columns * (width + 1)
        colours = image if channels >= 3 else image[:1].repeat(3, axis=0)
        paper[top : top + height, left : left + width] = colours[:3].transpose(1, 2, 0)
    whole = Image.fromarray(paper)
    return whole.resize((whole.width * times, whole.height * times), Image.Resampling.NEAREST)
