"""Where the pin is and what the map shows: between the map, the page and the address bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from vae_core.runs.run import Run
from widgets.components.latent_map import MapState, points
from widgets.run_data.codes import newest
from widgets.shell import links
from widgets.shell.component_state import ComponentState

PINS: ComponentState[MapState] = ComponentState(
    "latent-map",
    {
        "z": links.Z,
        "image": links.PINNED,
        "layers": links.LAYERS,
        "view": links.VIEW,
        "spacing": links.SPACING,
        "frame": links.FRAME,
    },
)


def state(run: Run) -> MapState:
    """What the map is to show."""
    latent = run.spec.latent
    found = PINS.read(lambda link: from_link(link, run))
    if found.pin is not None and len(found.pin) != latent:
        found = replace(found, pin=None, image=None)
        PINS.move(found)
    return found


def from_link(link: Mapping[str, str], run: Run) -> MapState:
    """What the link asks for, without an image that the test set does not have."""
    found, codes = MapState.from_link(link, run.spec.latent), newest(run)
    if found.image is None or codes is None or not codes.whole or found.image < len(codes.posteriors):
        return found
    return replace(found, image=None)


def receive(run: Run) -> None:
    """The map's callback: the hand has led it somewhere."""
    now = MapState.from_browser(st.session_state[PINS.key].get("state"), run.spec.latent)
    if now is None:
        return
    before, codes = PINS.holder().state, newest(run)
    pinned = None if before is not None and before.image == now.image else now.image
    # Of an image whose code the browser has not, it knows the place on the map alone.
    if pinned is not None and codes is not None and not points.comes_whole(pinned, codes.posteriors):
        now = replace(now, pin=tuple(codes.posteriors.mean[pinned].tolist()))
    PINS.hear(now)


def go_to(z: Sequence[float]) -> None:
    """Pins z [D], and moves the map there."""
    before = PINS.holder().state or MapState()
    PINS.move(replace(before, pin=tuple(float(v) for v in z), image=None, frame=None, view=None))


def pin_image(run: Run, image: int) -> None:
    """Pins an image of the test split at its code, and moves the map there."""
    codes = newest(run)
    if codes is None or not 0 <= image < len(codes.posteriors):
        return
    before = PINS.holder().state or MapState()
    z = tuple(codes.posteriors.mean[image].tolist())
    PINS.move(replace(before, pin=z, image=image, frame=None, view=None))
