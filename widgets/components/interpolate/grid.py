"""A grid of images between four corners, decoded in the browser; the one under the pointer is enlarged.

image_grid("grid", decoder=wire.decoder(run.model), codes=codes)
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.scripts import BROWSER

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

HERE = Path(__file__).parent


def image_grid(
    key: str,
    *,
    decoder: bytes,
    codes: ArrayLike,
    classes: ArrayLike | None = None,
    pixels: str = "means",
    label: str = "Grid",
) -> None:
    """Show the images that codes [R, C, D] are decoded to.

    decoder: a parcel. classes [R, C, K]: under a condition the weights of the classes that each is decoded
    under; None for those of the decoder. pixels: what is shown of p(x|z), "means", "modes" or "drawn".
    """
    mount, grid = _component(), parcel(codes, classes)
    data: dict[str, Any] = {
        "decoder": wire.header(decoder)["id"],
        "grid": wire.header(grid)["id"],
        "pixels": pixels,
        "label": label,
    }
    with st.container(gap=None):  # the senders show nothing
        mount(key=f"{key}-decoder", data=decoder)
        mount(key=f"{key}-codes", data=grid)
        mount(key=key, data=data)


def parcel(codes: ArrayLike, classes: ArrayLike | None = None) -> bytes:
    arrays = {"codes": np.asarray(codes, np.float32)}
    if classes is not None:
        arrays["classes"] = np.asarray(classes, np.float32)
    return wire.pack({"kind": "grid"}, arrays)


def _component() -> Any:
    return scripts.component("image_grid", css=css(), js=script())


@cache
def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "grid.css")


@cache
def script() -> str:
    """The component as one module."""
    return scripts.module(HERE / "grid.js")
