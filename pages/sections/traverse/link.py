"""Where the sliders stand: between board, page and address bar, as `map_page/pins.py` does for the map.

The link is the truth, in four digits; the session keeps the same state with all digits. The board's own names
of its parameters are other pages' too, so they are called something else here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from widgets.components.traverse import TraverseState
from widgets.shell import url_state

KEY = "traverse-board"  # of the component
HAND, REVISION, SEEN = "traverse_hand", "traverse_revision", "traverse_seen"  # in the session
NAMES = {"z": "move", "w": "move2", "linked": "linked", "dead": "dead"}

About = tuple[str, str]  # a run, and what its sliders start from


@dataclass
class Hand:
    """Where the sliders stand with all digits: one object for a session, so that what is made after the page
    has run, a download, finds the newest in it."""

    state: TraverseState | None = None


def hand() -> Hand:
    found: Hand = st.session_state.setdefault(HAND, Hand())
    return found


def state(about: Sequence[About], latents: Sequence[int], settled: bool) -> TraverseState:
    """Where the board's sliders are to stand. Where a run or its image became another, they are at its code.

    settled: whether `about` can be trusted; while an image is being read it says nothing.
    """
    link = {name: text for name, given in NAMES.items() if (text := url_state.read(given)) is not None}
    kept = hand().state
    if kept is None or kept.to_link() != link:
        kept = TraverseState.from_link(link, latents)
        _keep(kept)
        _move()
    seen = st.session_state.get(SEEN)
    if settled and seen is not None and seen != list(about):
        stay = [k < len(seen) and seen[k] == mine for k, mine in enumerate(about)]
        moved = [there if k < len(stay) and stay[k] else () for k, there in enumerate(kept.moved)]
        while moved and not moved[-1]:
            moved.pop()
        kept = replace(kept, moved=tuple(moved))
        _keep(kept)
        _move()
    if settled:
        st.session_state[SEEN] = list(about)
    return kept


def revision() -> int:
    return int(st.session_state.get(REVISION, 0))


def told(latents: Sequence[int]) -> None:
    """The board says where the hand has led it."""
    now = TraverseState.from_browser(st.session_state[KEY].get("state"), latents)
    if now is not None:
        _keep(now)


def _keep(new: TraverseState) -> None:
    link = new.to_link()
    hand().state = new
    for name, given in NAMES.items():
        url_state.write(given, link.get(name))


def _move() -> None:
    st.session_state[REVISION] = revision() + 1
