"""Rows and sheets of small images, every pixel of them crisp."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from widgets import png

HIDDEN = (70, 92, 138)  # red, green, blue: no grey of an image


def bytes_of(image: np.ndarray) -> np.ndarray:
    """float [..., C, H, W] in [0, 1] to uint8."""
    return (np.clip(image, 0, 1) * 255).round().astype(np.uint8)


def covered(image: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """uint8 [C, H, W] in colour, what is hidden under a colour of its own. observed: bool [H, W]."""
    colours = image if len(image) >= 3 else image[:1].repeat(3, axis=0)
    return np.where(observed, colours[:3], np.array(HIDDEN, np.uint8)[:, None, None])


def row(images: Sequence[tuple[str, np.ndarray, str]], size: int = 112) -> None:
    """Captioned images: caption, uint8 [C, H, W], what it is in words."""
    cells = "".join(
        f'<figure title="{escape(help)}"><img alt="{escape(caption)}" src="{png.address(image)}" '
        f'style="width:{size}px"><figcaption>{escape(caption)}</figcaption></figure>'
        for caption, image, help in images
    )
    st.html(f'<div class="elbo-pictures">{cells}</div>')


def sheet(images: np.ndarray, size: int = 64) -> None:
    """uint8 [K, C, H, W], as many in a line as there is room for."""
    cells = "".join(
        f'<img alt="completion {k + 1}" src="{png.address(image)}" style="width:{size}px">'
        for k, image in enumerate(images)
    )
    st.html(f'<div class="elbo-pictures elbo-sheet">{cells}</div>')


def tile(images: np.ndarray, columns: int = 8) -> bytes:
    """uint8 [K, C, H, W] as one PNG, four pixels to one."""
    import io

    from PIL import Image

    count, channels, height, width = images.shape
    rows = -(-count // columns)
    paper = np.zeros((rows * (height + 1), columns * (width + 1), 3), np.uint8)
    for k, image in enumerate(images):
        top, left = k // columns * (height + 1), k % columns * (width + 1)
        colours = image if channels >= 3 else image[:1].repeat(3, axis=0)
        paper[top : top + height, left : left + width] = colours[:3].transpose(1, 2, 0)
    file = io.BytesIO()
    whole = Image.fromarray(paper)
    whole.resize((whole.width * 4, whole.height * 4), Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()
