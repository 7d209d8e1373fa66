"""The browser's side of the app: components made of the scripts in `browser/`, put together here.

Inline scripts cannot import one another, so each component is the text of the files it needs, in order.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

BROWSER = Path(__file__).parent / "browser"
DRAWING = ("pen.js", "figure.js", "plane.js")


@cache
def text(*files: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@cache
def module(*files: Path) -> str:
    """Scripts that import one another, as one module: each after those it imports, and their imports gone."""
    return "\n".join(line for line in text(*files).splitlines() if not line.startswith("import ")) + "\n"


def worker(*files: Path) -> str:
    """The same as a plain script, which exports nothing: a worker from a page's own text can be no module."""
    return "\n".join(line.removeprefix("export ") for line in module(*files).splitlines()) + "\n"


def _text(*names: str) -> str:
    return text(*(BROWSER / name for name in names))


def board(parcel: bytes, key: str) -> None:
    """The training board. The parcel: `widgets.board`."""
    _mount("elbo_board", "board.html", ("shared.css", "board.css"), (*DRAWING, "curves.js", "board.js"))(
        key=key, data=parcel
    )


def _mount(name: str, html: str, css: tuple[str, ...], js: tuple[str, ...]) -> Any:
    # Registering again is how Streamlit wants it: with the same content it changes nothing.
    return st.components.v2.component(name, html=_text(html), css=_text(*css), js=_text(*js))
