"""The training board: cloud, curves, probes and samples of a run as it trains."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from widgets.components import scripts
from widgets.components.scripts import BROWSER

HERE = Path(__file__).parent


def board(parcel: bytes, key: str) -> None:
    """The training board. The parcel: `parcel.py`."""
    # Registering again is how Streamlit wants it: with the same content it changes nothing.
    mount = st.components.v2.component(
        "elbo_board", html=scripts.text(HERE / "board.html"), css=css(), js=script()
    )
    mount(key=key, data=parcel)


def css() -> str:
    return scripts.text(BROWSER / "controls.css", BROWSER / "figure.css", HERE / "board.css")


def script() -> str:
    return scripts.module(HERE / "board.js")
