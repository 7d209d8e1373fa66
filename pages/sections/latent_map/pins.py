"""Where the pin is and what the map shows: between the map, the page and the address bar.

The link is the truth, in four digits; the session keeps the same state with all digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from vae_core.runs.run import Run
from widgets.components.latent_map import MapState
from widgets.shell import url_state

KEY = "latent-map"  # of the component
EXACT, REVISION, SEEN = "map_state", "map_revision", "map_run"  # in the session
NAMES = ("z", "image", "layers", "view", "spacing", "frame")


def state(run: Run) -> MapState:
    """What the map is to show. Where the link says something else than the hand did last, the map moves."""
    latent = run.spec.latent
    link = {name: text for name in NAMES if (text := url_state.read(name)) is not None}
    kept = st.session_state.get(EXACT)
    if kept is None or kept.to_link() != link or (kept.pin is not None and len(kept.pin) != latent):
        kept = MapState.from_link(link, latent)
        _keep(kept)
        _move()
    if st.session_state.get(SEEN, run.name) != run.name:
        # An image's number means the same in another run, but its code is elsewhere, and so are the frames.
        kept = replace(kept, image=None, frame=None)
        _keep(kept)
        _move()
    st.session_state[SEEN] = run.name
    return kept


def revision() -> int:
    return int(st.session_state.get(REVISION, 0))


def told(latent: int) -> None:
    """The map says where the hand has led it."""
    now = MapState.from_browser(st.session_state[KEY].get("state"), latent)
    if now is not None:
        _keep(now)


def go_to(z: Sequence[float]) -> None:
    """Pins z [D], and moves the map there."""
    kept = st.session_state.get(EXACT) or MapState()
    _keep(replace(kept, pin=tuple(float(v) for v in z), image=None, frame=None, view=None))
    _move()


def _keep(new: MapState) -> None:
    link = new.to_link()
    st.session_state[EXACT] = new
    for name in NAMES:
        url_state.write(name, link.get(name))


def _move() -> None:
    st.session_state[REVISION] = revision() + 1
