"""The training board: cloud, curves, probes and samples of a run as it trains."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from widgets.components.scripts import BROWSER, text

HERE = Path(__file__).parent
DRAWING = (
    *(BROWSER / name for name in ("pen.js", "figure.js", "plane.js")),
    HERE / "curves.js",
    HERE / "film.js",
    HERE / "board.js",
)


def board(parcel: bytes, key: str) -> None:
    """The training board. The parcel: `parcel.py`."""
    # Registering again is how Streamlit wants it: with the same content it changes nothing.
    mount = st.components.v2.component(
        "elbo_board",
        html=text(HERE / "board.html"),
        css=text(BROWSER / "shared.css", HERE / "board.css"),
        js=text(*DRAWING),
    )
    mount(key=key, data=parcel)
