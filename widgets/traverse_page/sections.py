"""What stands below the board: only what is looked at is computed."""

from __future__ import annotations

import streamlit as st

from widgets import address, shell
from widgets.traverse_page import factors, take_away
from widgets.traverse_page.controls import View

SECTIONS = {
    "factors": (":material/grid_on: Factors and metrics", factors.show),
    "save": (":material/download: Take away", take_away.show),
}


def show(view: View) -> None:
    chosen = st.segmented_control(
        "Below the board",
        list(SECTIONS),
        format_func=lambda name: SECTIONS[name][0],
        **address.choice("part", list(SECTIONS), "factors"),
        required=True,
        label_visibility="collapsed",
    )
    with st.container(key="traverse-section"), shell.sentences():
        SECTIONS[chosen or "factors"][1](view)
