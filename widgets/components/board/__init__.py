"""The training board: the live map, curves, probes and samples of a run as it trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from widgets.components import scripts
from widgets.components.scripts import BROWSER

HERE = Path(__file__).parent


def board(
    parcel: bytes,
    key: str,
    ground: str = "density",
    pixels: str = "means",
    decoder: bytes | None = None,
    held: Sequence[float] = (),
    on_ground: Callable[[], None] | None = None,
    on_missed: Callable[[], None] | None = None,
) -> None:
    """The training board.

    parcel: of `parcel.py`. ground: what lies under the points, "codes" (nothing), "density" or "decoded".
    pixels: what is shown of p(x|z) there. decoder: a parcel of `wire.decoder`, for "decoded". held: the
    coordinates [D] of what the map does not show, while it decodes; none are 0. on_ground: called when
    another ground was chosen, which then is `st.session_state[f"{key}-ground"]["ground"]`. on_missed: called
    when only the newest moment of a run in training has come, and never a parcel with all before it.
    """
    mount = _component()
    # Without a gap: the other mounts show nothing. Each message is sent again only where it has changed.
    with st.container(gap=None):
        data = {"ground": ground, "pixels": pixels, "held": list(held)}
        mount(key=f"{key}-ground", data=data, on_ground_change=on_ground or (lambda: None))
        if decoder is not None:
            mount(key=f"{key}-decoder", data=decoder)
        mount(key=key, data=parcel, on_missed_change=on_missed or (lambda: None))


def _component() -> Callable[..., object]:
    # Registering again is how Streamlit wants it: with the same content it changes nothing.
    found: Callable[..., object] = st.components.v2.component("elbo_board", css=css(), js=script())
    return found


def css() -> str:
    return scripts.text(BROWSER / "controls.css", BROWSER / "figure.css", HERE / "board.css")


def script() -> str:
    return scripts.module(HERE / "board.js")
