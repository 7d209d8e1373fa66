"""The page Interpolate: a path between two images, or codes added to and taken from one another."""

from __future__ import annotations

import streamlit as st

from vae_core.training.run import Run
from widgets import address, shell
from widgets.interpolate_page import arithmetic, path
from widgets.traverse_page import say_why
from widgets.traverse_page.learned import showable

NOTICES = {
    "path": "**Notice.** Where the path crosses a hole, the decoder has to make something up. Fading pixels "
    "over shows two images at once; a path through codes shows one image that changes.",
    "arithmetic": "**Notice.** A sum of codes is a code, but not always where codes of the data are: the "
    "strip below the frames shows it. A direction hardly longer than by chance stands for nothing.",
}
TABS = {
    "path": (":material/timeline: From A to B", path.show),
    "arithmetic": (":material/calculate: Arithmetic", arithmetic.show),
}


def page(run: Run | None) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="interpolate-title"):
        st.title("Interpolate", width="content")
        st.markdown(NOTICES.get(address.read("tab") or "", NOTICES["path"]), width="stretch")
    if run is None:
        shell.nothing_yet()
        return
    if not showable(run):
        say_why(run)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        chosen = st.segmented_control(
            "What to do",
            list(TABS),
            format_func=lambda name: TABS[name][0],
            **address.choice("tab", list(TABS), "path"),
            required=True,
            label_visibility="collapsed",
        )
        if chosen != "arithmetic":
            path.compare(run)
    with shell.sentences():
        TABS[chosen or "path"][1](run)
