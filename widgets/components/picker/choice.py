"""What is chosen in a picker: between hand, session and address bar.

The link holds the number of an image, or says that it is drawn or the user's own; the pixels of such an image
are the session's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from vae_core.data import handwriting
from vae_core.data.folder import read_one
from vae_core.spec import Data
from widgets.components import paint
from widgets.shell import url_state

DRAWN, OWN = "drawn", "own"
FINE = 112  # pixels a side, about, of the canvas: ink shrinks to grey levels from there


def index(key: str, count: int, default: int) -> int:
    """The number of the image that the link names, if there is such a one."""
    text = url_state.read(key) or ""
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < count:
        return int(text)
    return min(max(default, 0), count - 1)


def made(key: str) -> str | None:
    """Whether the image is DRAWN or OWN; None where it is one of the numbered."""
    text = url_state.read(key)
    return text if text in (DRAWN, OWN) else None


def take(key: str, number: int) -> None:
    """An image of the test split is chosen."""
    if number >= 0:
        url_state.write(key, str(number))


def take_made(key: str, how: str) -> None:
    url_state.write(key, how)


def image(key: str, how: str, data: Data) -> np.ndarray | None:
    """The image that was made, as the run's model gets it, uint8 [C, H, W]; None where there is none.

    Raises Refusal, a sentence, where it cannot be used.
    """
    if how == DRAWN:
        drawn = paint.drawn(canvas_key(key, data), canvas_shape(data))
        return None if drawn is None else handwriting.like_data(drawn, data.name, data.shape)
    file = uploaded(key)
    if file is None:
        return None
    pixels = _fitted(file.content, data.shape)
    return 255 - pixels if file.inverted else pixels


# --- the user's own image -------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    name: str
    content: bytes
    inverted: bool = False


def upload(key: str, file: File | None) -> None:
    remember(key, "file", file)
    if file is not None:
        take_made(key, OWN)


def uploaded(key: str) -> File | None:
    file = recall(key, "file")
    return file if isinstance(file, File) else None


@st.cache_data(max_entries=32, show_spinner=False)
def _fitted(content: bytes, shape: tuple[int, int, int]) -> np.ndarray:
    return read_one("the file", content, shape)


# --- the canvas -----------------------------------------------------------------------------------


def canvas_shape(data: Data) -> tuple[int, int]:
    """(height, width) of the canvas on which an image of this shape is drawn: a multiple of it."""
    _, height, width = data.shape
    factor = max(1, FINE // max(height, width))
    return height * factor, width * factor


def canvas_key(key: str, data: Data) -> str:
    height, width = canvas_shape(data)
    return f"{key}-canvas-{height}x{width}"


def remember(key: str, name: str, value: object) -> None:
    """For what only the open picker needs: its filter, its page."""
    st.session_state[f"picker:{key}:{name}"] = value


def recall(key: str, name: str, default: object = None) -> object:
    return st.session_state.get(f"picker:{key}:{name}", default)
