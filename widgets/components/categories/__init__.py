"""The categories of a run under the hand: a row for each group, and in it what the decoder draws when the
group takes each of its categories and the others stay.

    categories("groups", decoder=wire.decoder(run.model), groups=parcel(start, shares, kl),
               state=CodeMapState())
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    order: np.ndarray | None = None,
    holes: np.ndarray | None = None,
) -> bytes:
    """What the rows are drawn of, packed for the browser.

    start [M]: the categories that are chosen at first. shares [M, K]: how often test images choose each.
    kl [M]: of each group, nats; rows are sorted by it, or stand in an order [M] of their own. image uint8
    [C, H, W] and its probabilities [M, K]: what the start is of; None where it is drawn. holes bool [M, K]:
    the categories that are marked as such.
    """
    arrays: dict[str, np.ndarray] = {
        "start": np.asarray(start, np.int16),
        "shares": np.asarray(shares, np.float32),
        "kl": np.asarray(kl, np.float32),
        "order": (np.argsort(-np.asarray(kl), kind="stable") if order is None else order).astype(np.int32),
    }
    if holes is not None:
        arrays["holes"] = np.asarray(holes, np.uint8)
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
    cells: str = "pictures",
    unit: str = "nats",
    facts: Sequence[tuple[str, str, str, str]] = (),
    height: str = "640px",
    label: str = "Categories",
    on_change: Callable[[], None] | None = None,
) -> None:
    """Show the groups.

    groups: a `parcel`. state: `changed` are the groups whose category is not the start's, `cell` is the
    group that was chosen last; taken up when the component first appears, and whenever `revision` changes.
    y: the class under which codes are decoded, where the decoder is told one. pixels: what is shown of
    p(x|z): "means", "modes" or "drawn". cells: what stands for a category, "pictures" that the decoder makes
    of it, or its "probabilities" under q(z|x); only then the state's `cell` comes back. unit: of each row's
    KL, "nats" or "bits". facts: below the images, of each its name, its value, what it was at the start or
    nothing, and what it is. height: up to which the rows stand on the page, a CSS length; more of them
    scroll. on_change: called when a category has been chosen and the hand has rested;
    `st.session_state[key]["state"]` then holds what `CodeMapState.from_browser` reads.
    """
    mount = scripts.component("categories", css=css(), js=script())
    parcels = {"decoder": decoder, "groups": groups}
    data: dict[str, Any] = {name: wire.header(each)["id"] for name, each in parcels.items()}
    data |= {"state": state.to_browser(), "revision": revision, "y": y, "pixels": pixels}
    data |= {
        "cells": cells,
        "unit": unit,
        "facts": [list(each) for each in facts],
        "height": height,
        "label": label,
    }
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
