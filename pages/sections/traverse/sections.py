"""What stands below the board: only what is looked at is computed."""

from __future__ import annotations

import streamlit as st

from pages.sections.traverse import downloads, factors
from pages.sections.traverse.controls import TraverseView
from widgets.shell import links, url_widgets
from widgets.shell.error_boundary import error_boundary

SECTIONS = {
    "factors": (":material/grid_on: Factors and metrics", factors.show),
    "save": (":material/download: Take away", downloads.show),
}


def show(view: TraverseView) -> None:
    chosen = st.container(key="traverse-below").segmented_control(
        "Below the board",
        list(SECTIONS),
        format_func=lambda name: SECTIONS[name][0],
        **url_widgets.choice(links.PART, list(SECTIONS), by="default"),
        required=True,
        label_visibility="collapsed",
    )
    with st.container(key="traverse-section"), error_boundary():
        SECTIONS[chosen or "factors"][1](view)
