"""The map of an image's codes, of each level one: each cell by the tile of its code, the codebook beside it,
decoded in the browser as a hand changes cells.

    state = code_map("map", decoder=wire.decoder(run.model), codebooks=[parcels.codebook(...)],
                     coded=parcels.coded(...), state=CodeMapState())
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.code_map.state import CodeMapState
from widgets.components.scripts import BROWSER

__all__ = ["CodeMapState", "code_map", "css", "script"]

HERE = Path(__file__).parent


def code_map(
    key: str,
    *,
    decoder: bytes,
    codebooks: Sequence[bytes],
    coded: bytes,
    state: CodeMapState,
    revision: int = 0,
    y: int | None = None,
    pixels: str = "means",
    label: str = "Code map",
    on_change: Callable[[], None] | None = None,
    on_write: Callable[[], None] | None = None,
) -> None:
    """Show a map of codes.

    decoder, codebooks, coded: parcels, the last two of `parcels.py`; codebooks: of every level. state: taken
    up when the map first appears, and whenever `revision` changes. y: the class under which it is decoded,
    where the decoder is told one. pixels: what is shown of p(x|z): "means", "modes" or "drawn". on_change:
    called when the hand has changed something and rested; `st.session_state[key]` then holds under "state"
    what `CodeMapState.from_browser` reads. on_write: called when the prior is to write the hidden cells of
    the state under "write".
    """
    mount = _component()
    books = {f"codebook-{level}": parcel for level, parcel in enumerate(codebooks)}
    parcels = {"decoder": decoder, "coded": coded, **books}
    ids = {name: wire.header(parcel)["id"] for name, parcel in parcels.items()}
    data: dict[str, Any] = {"decoder": ids["decoder"], "coded": ids["coded"]}
    data |= {"codebooks": [ids[name] for name in books]}
    data |= {"state": state.to_browser(), "revision": revision, "y": y, "pixels": pixels, "label": label}
    with st.container(gap=None):  # the senders show nothing
        for name, parcel in parcels.items():
            mount(key=f"{key}-{name}", data=parcel)
        heard = {
            "on_state_change": on_change or (lambda: None),
            "on_write_change": on_write or (lambda: None),
        }
        mount(key=key, data=data, **heard)


def _component() -> Any:
    return scripts.component("code_map", css=css(), js=script())


@cache
def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "code_map.css")


@cache
def script() -> str:
    """The component as one module."""
    return scripts.module(HERE / "main.js")
