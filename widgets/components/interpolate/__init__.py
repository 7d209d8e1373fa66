"""The board of a path: a slider from A to B and beyond, decoded in the browser, for one model or two.

    marks = [(0, "A"), (1, "B")]
    view = PathView("My run", wire.decoder(run.model), codes=codes, first=-0.5, last=1.5, marks=marks)
    t = interpolate("board", ways=[view])

Decoders, planes and paths travel as parcels (`browser/wire.py`), each in a call of its own to the same
component: moving the slider sends nothing, and another path sends no weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.interpolate.path_view import PathView, Stepped, plane
from widgets.components.scripts import BROWSER

__all__ = ["PathView", "Stepped", "css", "interpolate", "place", "plane", "script"]

HERE = Path(__file__).parent


def interpolate(
    key: str,
    *,
    ways: Sequence[PathView],
    t: float = 0.5,
    revision: int = 0,
    pixels: str = "means",
    label: str = "Path",
    on_change: Callable[[], None] | None = None,
) -> float:
    """Show one path, or two under each other whose sliders move together; return where the slider stands.

    t: taken up when the board first appears, and again whenever `revision` changes; otherwise the hand
        decides.
    pixels: what is shown of p(x|z): "means", "modes" or "drawn".
    on_change: called when the slider has moved and the hand has rested for a quarter of a second, before the
        script runs; `place(st.session_state[key])` then says where it stands.
    """
    mount = _component()
    parcels = [
        {"decoder": way.decoder, "path": way.parcel()} | ({"plane": way.plane} if way.plane else {})
        for way in ways
    ]
    data: dict[str, Any] = {
        "ways": [{slot: wire.header(part)["id"] for slot, part in parts.items()} for parts in parcels],
        "t": t,
        "revision": revision,
        "pixels": pixels,
        "label": label,
    }
    # Without a gap, or the senders, which show nothing, would push the board down.
    with st.container(gap=None):
        for k, parts in enumerate(parcels):
            for slot, part in parts.items():
                mount(key=f"{key}-{slot}-{k}", data=part)
        result = mount(key=key, data=data, on_t_change=on_change or (lambda: None))
    now = place(result)
    return t if now is None else now


def place(event: Any) -> float | None:
    """The t that the browser told; None where it has said none yet, or nonsense."""
    value = event.get("t") if event is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _component() -> Any:
    return scripts.component("interpolate", css=css(), js=script())


@cache
def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "interpolate.css")


@cache
def script() -> str:
    """The component as one module."""
    return scripts.module(HERE / "main.js")
