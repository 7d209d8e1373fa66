"""Where the sliders stand: between board, page and address bar."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from widgets.components.traverse import TraverseState
from widgets.shell import links
from widgets.shell.component_state import ComponentState

SLIDERS: ComponentState[TraverseState] = ComponentState(
    "traverse-board",
    {"z": links.MOVE, "w": links.MOVE_SECOND, "linked": links.LINKED, "dead": links.DEAD},
)


def state(latents: Sequence[int]) -> TraverseState:
    """Where the board's sliders are to stand. Where a run or its image becomes another, they are at its code:
    the table says which parameters reset them."""
    return SLIDERS.read(lambda link: TraverseState.from_link(link, latents))


def receive(latents: Sequence[int]) -> None:
    """The board's callback: the hand has led it somewhere."""
    now = TraverseState.from_browser(st.session_state[SLIDERS.key].get("state"), latents)
    if now is not None:
        SLIDERS.hear(now)
