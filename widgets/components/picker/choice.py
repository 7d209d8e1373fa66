"""What is chosen in a picker: between hand, session and link.

The link holds the number of an image, the pixels of a drawing, or the mark of a file that the browser keeps.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from vae_core.data import handwriting, photo
from vae_core.data.dataset import Refusal
from vae_core.data.folder import read_one, shrunk
from vae_core.spec import Data
from widgets.components import browser_store
from widgets.shell import url_state
from widgets.shell.component_state import ComponentState
from widgets.shell.link_pictures import ONLY_ITS_AUTHOR, Drawing, Picture, StoredFile, resized
from widgets.shell.link_types import Elsewhere

FINE = 112  # pixels a side, about, of the canvas: ink shrinks to grey levels from there
INK = 128  # of 255: from there on a pixel of the canvas is black
LARGEST_FILE = 2**20  # bytes: a larger file is kept as a smaller picture
MOST_FILES = 16  # in the session
FILES = "picker:files"  # in the session: {mark: File}, and None where the browser has none of that mark


def picture(field: Picture) -> int | Drawing | StoredFile | None:
    """What the link names; None for the default. The table has checked it."""
    text = url_state.read(field)
    return None if text is None else field.parse(text)


def take(field: Picture, number: int) -> None:
    """An image of the test split is chosen."""
    if number >= 0:
        url_state.write(field, str(number))


# --- a drawing ------------------------------------------------------------------------------------


def canvas(field: Picture, shape: tuple[int, int]) -> ComponentState[Drawing]:
    """The state of a canvas of this many pixels: the drawing in the link, else the session's last."""
    state: ComponentState[Drawing] = ComponentState(f"{field.name}-canvas-{shape[0]}x{shape[1]}", {})
    found, last = picture(field), state.holder().state
    if isinstance(found, Drawing) and (last is None or last.to_link() != found.to_link()):
        pixels = found.pixels if found.pixels.shape == shape else resized(found.pixels, shape)
        if last is None or not np.array_equal(last.pixels, pixels):
            state.move(Drawing(pixels))
    return state


def draw(field: Picture, state: ComponentState[Drawing], grey: np.ndarray) -> None:
    """The canvas's callback. grey: uint8 [H, W]; what is less than half inked is not."""
    drawing = Drawing(grey >= INK)
    state.hear(drawing)
    use_drawing(field, drawing)


def use_drawing(field: Picture, drawing: Drawing) -> None:
    url_state.write(field, drawing.to_link().get("picture"))


def canvas_shape(data: Data) -> tuple[int, int]:
    """(height, width) of the canvas on which an image of this shape is drawn: a multiple of it."""
    _, height, width = data.shape
    factor = max(1, FINE // max(height, width))
    return height * factor, width * factor


# --- the user's own file --------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    name: str
    content: bytes

    @property
    def mark(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:20]

    def to_text(self) -> str:
        return json.dumps({"name": self.name, "content": base64.b64encode(self.content).decode()})

    @classmethod
    def from_text(cls, text: str) -> File | None:
        """From what a browser says; None where that is no such file."""
        try:
            found = json.loads(text)
            return cls(str(found["name"])[:200], base64.b64decode(found["content"], validate=True))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None


def upload(field: Picture, files: Iterable[tuple[str, bytes]]) -> list[Refusal]:
    """Files are chosen, by name and content, of which the first is used; large ones become smaller pictures.

    Gives back what could not be read.
    """
    refused, used = [], None
    for name, content in files:
        try:
            small = shrunk(name, content)
        except Refusal as refusal:
            refused.append(refusal)
            continue
        file = File(name, content if len(content) <= LARGEST_FILE else small)
        _remember(file.mark, file)
        used = used or file
    if used is not None:
        url_state.write(field, StoredFile(used.mark).text())
    return refused


def files() -> list[File]:
    """Those of the session, the newest last."""
    return [file for file in _files().values() if isinstance(file, File)]


def file_of(stored: StoredFile) -> File | None:
    """The file, if it is in the session."""
    found = _files().get(stored.mark)
    return found if isinstance(found, File) else None


def fetch(field: Picture, stored: StoredFile) -> bool:
    """Asks the browser for the file; whether its answer is still to come."""
    if stored.mark in _files():
        return False

    def found(text: str | None) -> None:
        file = File.from_text(text) if text is not None else None
        if file is not None and file.mark == stored.mark:
            _remember(stored.mark, file)
            _stored().add(stored.mark)
        else:
            url_state.misfit(field, stored.text(), Elsewhere(ONLY_ITS_AUTHOR))

    browser_store.load(f"picture-{stored.mark}", found, field.name)
    return True


def store(field: Picture, stored: StoredFile) -> bool | None:
    """Gives the file to the browser, once; whether it keeps it, None while that is not known."""
    file, mark = file_of(stored), stored.mark
    if file is None or mark in _stored():
        return True
    refused: set[str] = st.session_state.setdefault("picker:refused", set())
    if mark in refused:
        return False
    browser_store.save(
        f"picture-{mark}", file.to_text(), lambda done: (_stored() if done else refused).add(mark), field.name
    )
    return None


def _files() -> dict[str, File]:
    found: dict[str, File] = st.session_state.setdefault(FILES, {})
    return found


def _stored() -> set[str]:
    found: set[str] = st.session_state.setdefault("picker:stored", set())
    return found


def _remember(mark: str, file: File) -> None:
    files = _files()
    files.pop(mark, None)
    files[mark] = file
    for old in list(files)[:-MOST_FILES]:
        del files[old]


# --- as the model gets it -------------------------------------------------------------------------


def image(made: Drawing | StoredFile, data: Data) -> np.ndarray | None:
    """A picture that was made, as the run's model gets it, uint8 [C, H, W]; None where its file is not here.

    Raises Refusal, a sentence, where it cannot be used.
    """
    if isinstance(made, Drawing):
        return handwriting.like_data(np.uint8(255) * made.pixels, data.name, data.shape)
    file = file_of(made)
    if file is None:
        return None
    if is_ink(made, file, data):
        return photo.as_data(ink(made, file), data.name, data.shape)
    whole = _fitted(file.content, data.shape)
    return 255 - whole if made.inverted else whole


def is_ink(made: StoredFile, file: File, data: Data) -> bool:
    """Whether ink is looked for: as chosen; else, for handwritten data, as the picture looks."""
    if made.ink is not None or made.inverted:
        return bool(made.ink)
    return data.name in handwriting.HANDWRITTEN and photo.ink_on_paper(pixels(file))


def ink(made: StoredFile, file: File) -> photo.Ink:
    """The ink on a file. Raises Refusal where there is none."""
    return _ink(file.content, None if made.threshold is None else made.threshold / 100)


def pixels(file: File) -> np.ndarray:
    """A file as uint8 [H, W, 3]. Raises Refusal where it is no image."""
    return _pixels(file.content)


@st.cache_data(max_entries=8, show_spinner=False)
def _pixels(content: bytes) -> np.ndarray:
    return photo.read("the file", content)


@st.cache_data(max_entries=8, show_spinner=False)
def _ink(content: bytes, threshold: float | None) -> photo.Ink:
    return photo.find(_pixels(content), threshold)


@st.cache_data(max_entries=32, show_spinner=False)
def _fitted(content: bytes, shape: tuple[int, int, int]) -> np.ndarray:
    return read_one("the file", content, shape)


def remember(key: str, name: str, value: object) -> None:
    """For what only the open picker needs: its filter, its page."""
    st.session_state[f"picker:{key}:{name}"] = value


def recall(key: str, name: str, default: object = None) -> Any:
    return st.session_state.get(f"picker:{key}:{name}", default)
