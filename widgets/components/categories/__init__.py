"""The categories of a run under the hand: a row for each group, and in it what the decoder draws when the
group takes each of its categories and the others stay.

    categories("groups", decoder=wire.decoder(run.model), groups=parcel(start, shares, kl),
               state=CodeMapState())
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.code_map import CodeMapState
from widgets.components.scripts import BROWSER

__all__ = ["categories", "css", "parcel", "script"]

HERE = Path(__file__).parent


def parcel(
    start: np.ndarray,
    shares: np.ndarray,
    kl: np.ndarray,
    image: np.ndarray | None = None,
    probabilities: np.ndarray | None = None,
) -> bytes:
    """What the rows are drawn of, packed for the browser.

    start [M]: the categories that are chosen at first. shares [M, K]: how often test images choose each.
    kl [M]: of each group, nats; rows are sorted by it. image uint8 [C, H, W] and its probabilities [M, K]:
    what the start is of; None where it is drawn.
    """
    arrays: dict[str, np.ndarray] = {
        "start": np.asarray(start, np.int16),
        "shares": np.asarray(shares, np.float32),
        "kl": np.asarray(kl, np.float32),
        "order": np.argsort(-np.asarray(kl), kind="stable").astype(np.int32),
    }
    if image is not None:
        arrays["image"] = np.ascontiguousarray(np.asarray(image, np.uint8).transpose(1, 2, 0))
    if probabilities is not None:
        arrays["probabilities"] = np.asarray(probabilities, np.float32)
    return wire.pack({"kind": "groups"}, arrays)


def categories(
    key: str,
    *,
    decoder: bytes,
    groups: bytes,
    state: CodeMapState,
    revision: int = 0,
    y: int | None = None,
    pixels: str = "means",
    height: str = "640px",
    label: str = "Categories",
    on_change: Callable[[], None] | None = None,
) -> None:
    """Show the groups.

    groups: a `parcel`. state: of its fields `changed` alone counts, the groups whose category is not the
    start's; taken up when the component first appears, and whenever `revision` changes. y: the class under
    which codes are decoded, where the decoder is told one. pixels: what is shown of p(x|z): "means", "modes"
    or "drawn". height: up to which the rows stand on the page, a CSS length; more of them scroll. on_change:
    called when a category has been chosen and the hand has rested; `st.session_state[key]["state"]` then
    holds what `CodeMapState.from_browser` reads.
    """
    mount = st.components.v2.component("categories", css=css(), js=script())
    parcels = {"decoder": decoder, "groups": groups}
    data: dict[str, Any] = {name: wire.header(each)["id"] for name, each in parcels.items()}
    data |= {"state": state.to_browser(), "revision": revision, "y": y, "pixels": pixels}
    data |= {"height": height, "label": label}
    with st.container(gap=None):  # the senders show nothing
        for name, each in parcels.items():
            mount(key=f"{key}-{name}", data=each)
        mount(key=key, data=data, on_state_change=on_change or (lambda: None))


@cache
def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "categories.css")


@cache
def script() -> str:
    """The component as one module."""
    return scripts.module(HERE / "main.js")
