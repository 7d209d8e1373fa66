"""What is chosen in a picker: between hand, session and address bar.

The link holds the number of an image, or says that it is drawn; the drawing itself is the session's.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from vae_core.spec import Data
from widgets import address, paint

DRAWN = "drawn"
FINE = 112  # pixels a side, about, of the canvas: ink shrinks to grey levels from there


def index(key: str, count: int, default: int) -> int:
    """The number of the image that the link names, if there is such a one."""
    text = address.read(key) or ""
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < count:
        return int(text)
    return min(max(default, 0), count - 1)


def is_drawn(key: str) -> bool:
    return address.read(key) == DRAWN


def take(key: str, number: int) -> None:
    """An image of the test split is chosen."""
    if number >= 0:
        address.write(key, str(number))


def take_drawing(key: str) -> None:
    address.write(key, DRAWN)


# --- the canvas -----------------------------------------------------------------------------------


def canvas_shape(source: Data) -> tuple[int, int]:
    """(height, width) of the canvas on which an image of this shape is drawn: a multiple of it."""
    _, height, width = source.shape
    factor = max(1, FINE // max(height, width))
    return height * factor, width * factor


def canvas_key(key: str, source: Data) -> str:
    height, width = canvas_shape(source)
    return f"{key}-canvas-{height}x{width}"


def drawing(key: str, source: Data) -> np.ndarray | None:
    """What was drawn in this session, uint8 [H, W], or None."""
    return paint.drawn(canvas_key(key, source), canvas_shape(source))


def remember(key: str, name: str, value: object) -> None:
    """For what only the open picker needs: its filter, its page."""
    st.session_state[f"picker:{key}:{name}"] = value


def recall(key: str, name: str, default: object = None) -> object:
    return st.session_state.get(f"picker:{key}:{name}", default)
