"""The traverse board: a slider per latent dimension, decoded in the browser, for one model or two abreast.

    model = Model("my-run", "My run", wire.decoder(run.model), kl=kl, stops=stops, ticks=ticks, origin=z)
    state = traverse("board", models=[model])

Decoders and what else is known of the models travel as parcels (`browser/wire.py`), each in a call of its
own to the same component, as those of the latent map do: moving a slider sends no weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from vae_core.browser import wire
from widgets.components import scripts
from widgets.components.scripts import BROWSER
from widgets.components.traverse.model import Model, Renamed
from widgets.components.traverse.state import TraverseState

__all__ = ["Model", "Renamed", "TraverseState", "css", "script", "traverse"]

HERE = Path(__file__).parent


def traverse(
    key: str,
    *,
    models: Sequence[Model],
    state: TraverseState | None = None,
    revision: int = 0,
    pixels: str = "means",
    height: int | str = 640,
    label: str = "Traversals",
    on_change: Callable[[], None] | None = None,
    on_rename: Callable[[Renamed], None] | None = None,
) -> TraverseState:
    """Show one model's board, or two models' side by side; return where the sliders stand.

    state: taken up when the board first appears, and again whenever `revision` changes: that is how a link
        or a newly chosen image moves the sliders. Otherwise the hand decides.
    pixels: what is shown of p(x|z): "means", "modes" or "drawn".
    height: up to which the rows stand on the page; more of them scroll. Pixels, or a CSS length.
    on_change: called when sliders, linking or folding have changed and the hand has rested for a quarter of
        a second, before the script runs; `st.session_state[key]["state"]` then holds what
        `TraverseState.from_browser` reads.
    on_rename: called when a dimension has been named. The board shows the new name at once; later it shows
        what `Model.names` says, so keep the name where the next run finds it.
    """
    mount = _component()
    latents = [model.latent for model in models]
    parcels = [(model.decoder, model.parcel()) for model in models]
    data: dict[str, Any] = {
        "models": [[wire.header(part)["id"] for part in parts] for parts in parcels],
        "names": [list(model.names) or [""] * model.latent for model in models],
        "state": (state or TraverseState()).to_browser(),
        "revision": revision,
        "pixels": pixels,
        "height": height,
        "label": label,
    }

    def renamed() -> None:
        change = Renamed.from_browser(st.session_state[key].get("renamed"), models)
        if change is not None and on_rename is not None:
            on_rename(change)

    # Without a gap, or the senders, which show nothing, would push the board down.
    with st.container(gap=None):
        for k, parts in enumerate(parcels):
            for slot, part in zip(("decoder", "model"), parts, strict=True):
                mount(key=f"{key}-{slot}-{k}", data=part)
        result = mount(
            key=key, data=data, on_state_change=on_change or (lambda: None), on_renamed_change=renamed
        )
    return TraverseState.from_browser(result.get("state"), latents) or state or TraverseState()


def _component() -> Any:
    return scripts.component("traverse", css=css(), js=script())


def css() -> str:
    return scripts.text(BROWSER / "controls.css", HERE / "traverse.css")


@cache
def script() -> str:
    """The component as one module; what decodes strips in a thread of its own comes as text too."""
    worker = json.dumps(scripts.worker(HERE / "strips.js"))
    return f"const STRIPS_SCRIPT = {worker};\n" + scripts.module(HERE / "main.js")
