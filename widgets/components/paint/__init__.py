"""A canvas under the hand: drawing an image, and hiding parts of one.

    paint.draw("digit", (28, 28), image=drawing, on_change=keep)       # told uint8 [H, W]
    paint.mask("mask", image, mask=observed, on_change=keep)           # told bool [H, W], True where observed

Python hears of a stroke when the pointer is lifted. What was painted is the page's to keep.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from widgets.components import scripts
from widgets.components.paint.state import MOST_SIDE, decode_mask, decode_pixels, encode_mask, encode_pixels

__all__ = ["css", "draw", "mask", "script"]

HERE = Path(__file__).parent


def draw(
    key: str,
    shape: tuple[int, int],
    *,
    image: np.ndarray | None = None,
    revision: int = 0,
    size: int = 280,
    label: str = "Drawing",
    on_change: Callable[[np.ndarray], None] | None = None,
    on_enter: Callable[[np.ndarray], None] | None = None,
) -> None:
    """A canvas to draw on, white ink on black.

    image: uint8 [H, W], what is on the canvas when it appears, and again whenever `revision` changes;
        otherwise the hand decides.
    size: of the longer side on screen, in CSS pixels; never wider than the column.
    on_change: is told what is on it, uint8 [H, W], before the script runs.
    on_enter: is told the same when Enter is pressed on it.
    """
    start = np.zeros(shape, np.uint8) if image is None else np.asarray(image, np.uint8)
    _check(start, shape)
    options = {"image": None, "channels": 1, "start": encode_pixels(start), "enter": on_enter is not None}
    _mount(key, "draw", shape, revision, size, label, options, decode_pixels, on_change, on_enter)


def mask(
    key: str,
    image: np.ndarray,
    *,
    mask: np.ndarray | None = None,
    revision: int = 0,
    size: int = 280,
    label: str = "Mask",
    on_change: Callable[[np.ndarray], None] | None = None,
) -> None:
    """Brush and eraser over an image, uint8 [C, H, W].

    mask: bool [H, W], True where a pixel is observed; taken up when the canvas appears (None: all observed),
        and again whenever `revision` changes: that is how a preset gets onto the canvas.
    on_change: is told the mask, before the script runs.
    """
    pixels = np.asarray(image, np.uint8)
    shape = (pixels.shape[-2], pixels.shape[-1])
    start = np.ones(shape, bool) if mask is None else np.asarray(mask, bool)
    _check(start, shape)
    pixels = pixels.reshape(-1, *shape).transpose(1, 2, 0)
    options = {"image": encode_pixels(pixels), "channels": pixels.shape[2], "start": encode_mask(start)}
    _mount(key, "mask", shape, revision, size, label, options, decode_mask, on_change)


def _check(start: np.ndarray, shape: tuple[int, int]) -> None:
    if start.shape != tuple(shape) or not 1 <= min(shape) <= max(shape) <= MOST_SIDE:
        raise ValueError(
            f"A canvas of {shape} pixels cannot show {start.shape}; it has 1 to {MOST_SIDE} a side."
        )


def _mount(
    key: str,
    mode: str,
    shape: tuple[int, int],
    revision: int,
    size: int,
    label: str,
    options: dict[str, Any],
    decode: Callable[[Any, tuple[int, int], int], np.ndarray | None],
    on_change: Callable[[np.ndarray], None] | None,
    on_enter: Callable[[np.ndarray], None] | None = None,
) -> None:
    data = {"mode": mode, "height": shape[0], "width": shape[1], "revision": revision, "size": size}

    def hears(name: str, tell: Callable[[np.ndarray], None] | None) -> Callable[[], None]:
        def heard() -> None:
            now = decode((st.session_state.get(key) or {}).get(name), shape, revision)
            if now is not None and tell is not None:
                tell(now)

        return heard

    component = scripts.component("paint", css=css(), js=script())
    component(
        key=key,
        data=data | {"label": label} | options,
        on_state_change=hears("state", on_change),
        on_entered_change=hears("entered", on_enter),
    )


def css() -> str:
    return scripts.text(HERE / "paint.css")


def script() -> str:
    return scripts.module(HERE / "paint.js")
