"""The latent map: a plane of latent space under the hand, decoded in the browser.

    decoder = wire.decoder(run.model)                                  # once per run and step
    picture = latent_map.picture(aggregate.grid(posteriors), posteriors)
    state = latent_map.latent_map("map", decoder=decoder, picture=picture)

Weights, grids, holes and frames travel as parcels (`browser/wire.py`), each in a call of its own to the
same component, which keeps them in the page under the hash of their contents. Streamlit sends a message
again only where it changed, so a new pin or another layer costs what always travels along, this script and
its styles, some 85 KB, but no weights. And since all calls share one script, they share one module in the
browser, and the store needs no global name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.latent_map.parcels import (
    answer,
    code_of,
    frames,
    hole_parcel,
    picture,
    posterior_regions,
)
from widgets.components.latent_map.state import LAYERS, MapState
from widgets.components.scripts import BROWSER

__all__ = [
    "LAYERS",
    "MapState",
    "answer",
    "code_of",
    "css",
    "frames",
    "hole_parcel",
    "latent_map",
    "picture",
    "posterior_regions",
    "script",
]

HERE = Path(__file__).parent


def latent_map(
    key: str,
    *,
    decoder: bytes | None,
    picture: bytes,
    holes: bytes | None = None,
    frames: bytes | None = None,
    frame_holes: Sequence[float] | None = None,
    state: MapState | None = None,
    revision: int = 0,
    answer: dict[str, Any] | None = None,
    answers: bool = True,
    size: Literal["full", "compact", "controls", "thumbnail"] = "full",
    height: int | str = 560,
    group: str | None = None,
    links: Literal["place", "image"] | None = None,
    pixels: str = "means",
    images: str | None = None,
    sends: bool = True,
    label: str = "Latent map",
    on_change: Callable[[], None] | None = None,
) -> MapState:
    """Show a map, and return what is pinned and shown on it.

    decoder, picture, holes, frames: parcels, from `wire.decoder`, `picture`, `hole_parcel` and `frames`.
    frame_holes: of each frame, the share of the prior in the holes of its density.
    state: taken up when the map first appears, and again whenever `revision` changes: that is how a link or
        a Go to button moves the map. Otherwise the hand decides, and what comes from here changes nothing.
    answer: what `answer` found out about the pin; ignored by the browser once the pin is elsewhere.
    answers: whether the page answers pins at all; if not, the panel keeps no place for nearest images.
    height: of the square map, in pixels or as a CSS length; it never grows wider than its column.
    size: a compact map has its readout and no controls; "controls" is the legend and the replay alone, of a
        group of maps, and tells the state for all of them.
    group: maps of the same group on one page share pointer, pin, layers, part of the plane and replay.
    links: whether these maps show the same place of the plane, or the codes of the same image; images names
        the images, so that maps of other ones wait for Python to say where theirs is.
    pixels: what is shown of p(x|z): "means", "modes" or "drawn".
    sends: whether the parcels come with this map; not where another map of the page brings the same.
    on_change: called when the state has changed, before the script runs.
    """
    slots = {"decoder": decoder, "picture": picture, "holes": holes, "frames": frames}
    mount = _component()
    data = {
        **{slot: wire.header(parcel)["id"] if parcel else None for slot, parcel in slots.items()},
        "frame_holes": frame_holes,
        "state": (state or MapState()).to_browser(),
        "revision": revision,
        "answer": answer,
        "answers": answers,
        "size": size,
        "height": height,
        "group": group,
        "links": links,
        "pixels": pixels,
        "images": images,
        "label": label,
    }
    # Without a gap, or the senders, which show nothing, would push the map down.
    with st.container(gap=None):
        for slot, parcel in slots.items():
            if parcel and sends:
                mount(key=f"{key}-{slot}", data=parcel)
        result = mount(key=key, data=data, on_state_change=on_change or (lambda: None))
    latent = len(wire.header(picture)["origin"])
    return MapState.from_browser(result.get("state"), latent) or state or MapState()


def _component() -> Any:
    return scripts.component("latent_map", css=css(), js=script())


def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "map.css")


def script() -> str:
    return scripts.module(HERE / "map.js")
