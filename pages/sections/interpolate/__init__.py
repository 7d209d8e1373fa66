"""The page Interpolate: a path between images, a grid between four, or sums and differences of codes."""

from __future__ import annotations

import streamlit as st

from pages.sections.interpolate import arithmetic, discrete, grid, path, surprise
from vae_core.runs.run import Run
from widgets.components import pixels_switch
from widgets.run_data import capabilities
from widgets.shell import links, url_state, url_widgets
from widgets.shell.error_boundary import error_boundary

NOTICES = {
    "path": "**Notice.** Where the path crosses a hole, the decoder has to make something up. Fading pixels "
    "over shows two images at once; a path through codes shows one image that changes.",
    "grid": "**Notice.** Between four images lie all their mixtures: edges lead from one to the next, and "
    "the middle is no image that anybody drew.",
    "arithmetic": "**Notice.** A sum of codes is a code, but not always where codes of the data are: the "
    "strip below the frames shows it. A direction hardly longer than by chance stands for nothing.",
}
TABS = {
    "path": (":material/timeline: From A to B", path.show),
    "grid": (":material/grid_on: Grid", grid.show),
    "arithmetic": (":material/calculate: Arithmetic", arithmetic.show),
}


def page(run: Run | None) -> None:
    title = st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="interpolate-title")
    with title:
        st.title("Interpolate", width="content")
        notice = st.empty()
    if not capabilities.shows(run, "interpolate"):
        return
    with title:
        pixels = pixels_switch.choose_in_browser(run)
    if "continuous" not in capabilities.of(run):
        notice.markdown(discrete.notice(run), width="stretch")
        with error_boundary():
            discrete.show(run, pixels)
        return
    notice.markdown(NOTICES[url_state.read(links.TAB) or "path"], width="stretch")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        chosen = st.segmented_control(
            "What to do",
            list(TABS),
            format_func=lambda name: TABS[name][0],
            **url_widgets.choice(links.TAB, list(TABS), by="default"),
            required=True,
            label_visibility="collapsed",
        )
        if chosen == "path":
            path.choose_second(run)
        if chosen != "arithmetic":
            surprise.button()
    with error_boundary():
        TABS[chosen or "path"][1](run, pixels)
