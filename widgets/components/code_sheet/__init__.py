"""Samples of a prior over grids of codes, cell by cell as it wrote them, then decoded; all in the browser.

code_sheet("learned", decoder=wire.decoder(run.model), codebook=parcels.codebook(...),
           sheet=parcels.sheet(codes))                      # parcels: those of the code map
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.scripts import BROWSER

HERE = Path(__file__).parent


def code_sheet(
    key: str,
    *,
    decoder: bytes,
    codebook: bytes,
    sheet: bytes,
    bottom: bytes | None = None,
    pixels: str = "means",
    label: str = "Samples",
) -> None:
    """Show what a prior has written. All are parcels; another sheet is written anew. bottom: the codebook of
    a second level. pixels: what is shown of p(x|z): "means", "modes" or "drawn"."""
    mount = _component()
    parcels = {"decoder": decoder, "codebook": codebook, "sheet": sheet}
    if bottom is not None:
        parcels["bottom"] = bottom
    data: dict[str, Any] = {name: wire.header(parcel)["id"] for name, parcel in parcels.items()}
    with st.container(gap=None):  # the senders show nothing
        for name, parcel in parcels.items():
            mount(key=f"{key}-{name}", data=parcel)
        mount(key=key, data=data | {"pixels": pixels, "label": label})


def _component() -> Any:
    return scripts.component("code_sheet", css=css(), js=script())


@cache
def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "code_sheet.css")


@cache
def script() -> str:
    """The component as one module."""
    return scripts.module(HERE / "main.js")
