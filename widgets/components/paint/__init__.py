"""A canvas under the hand: drawing an image, and hiding parts of one.

    drawing = paint.draw("digit", (28, 28))                  # uint8 [H, W], None while it is empty
    observed = paint.mask("mask", image)                     # bool [H, W], True where it is observed

Python hears of a stroke when the pointer is lifted. What was painted stays for the session, also while
another page is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from widgets.components import scripts
from widgets.components.paint.state import MOST_SIDE, decode_mask, decode_pixels, encode_mask, encode_pixels

__all__ = ["css", "draw", "drawn", "mask", "script"]

HERE = Path(__file__).parent
# In this order each file finds what it imports above it.
MODULES = (
    *(scripts.BROWSER / name for name in ("dom.js", "theme.js")),
    *(HERE / name for name in ("bits.js", "brush.js", "gestures.js", "view.js", "tools.js", "paint.js")),
)


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
    start = np.zeros(shape, np.uint8) if image is None else np.asarray(image, np.uint8)
    _check(start, shape)
    kept = decode_pixels(_kept(key), shape, revision)
    options = {"image": None, "channels": 1, "start": encode_pixels(start if kept is None else kept)}
    _mount(key, "draw", shape, revision, size, label, on_change, options)
    told = decode_pixels(_kept(key), shape, revision)
    now = start if told is None else told
    return now if now.any() else None


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
    pixels = np.asarray(image, np.uint8)
    shape = (pixels.shape[-2], pixels.shape[-1])
    start = np.ones(shape, bool) if mask is None else np.asarray(mask, bool)
    _check(start, shape)
    pixels = pixels.reshape(-1, *shape).transpose(1, 2, 0)
    kept = decode_mask(_kept(key), shape, revision)
    options = {
        "image": encode_pixels(pixels),
        "channels": pixels.shape[2],
        "start": encode_mask(start if kept is None else kept),
    }
    _mount(key, "mask", shape, revision, size, label, on_change, options)
    told = decode_mask(_kept(key), shape, revision)
    return start if told is None else told


def drawn(key: str, shape: tuple[int, int], revision: int = 0) -> np.ndarray | None:
    """What is on the canvas `key`, uint8 [H, W], also while it is not shown; None where that is nothing."""
    now = decode_pixels(_kept(key), shape, revision)
    return now if now is not None and now.any() else None


def _check(start: np.ndarray, shape: tuple[int, int]) -> None:
    if start.shape != tuple(shape) or not 1 <= min(shape) <= max(shape) <= MOST_SIDE:
        raise ValueError(
            f"A canvas of {shape} pixels cannot show {start.shape}; it has 1 to {MOST_SIDE} a side."
        )


def _kept(key: str) -> Any:
    """What the browser told last, in this visit of the page or an earlier one."""
    now = (st.session_state.get(key) or {}).get("state")
    if now is not None:
        # Streamlit forgets what a component said as soon as another page is shown.
        st.session_state[f"painted:{key}"] = now
    return st.session_state.get(f"painted:{key}")


def _mount(
    key: str,
    mode: str,
    shape: tuple[int, int],
    revision: int,
    size: int,
    label: str,
    on_change: Callable[[], None] | None,
    options: dict[str, Any],
) -> None:
    data = {"mode": mode, "height": shape[0], "width": shape[1], "revision": revision, "size": size}
    # Registering again is how Streamlit wants it: with the same content it changes nothing.
    component = st.components.v2.component("paint", css=css(), js=script())
    component(key=key, data=data | {"label": label} | options, on_state_change=on_change or (lambda: None))


def css() -> str:
    return scripts.text(HERE / "paint.css")


def script() -> str:
    return scripts.module(*MODULES)
