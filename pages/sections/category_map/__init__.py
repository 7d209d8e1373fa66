"""The category map, of runs whose codes are categories: q(z|x) of an image as a grid, a row for each group,
under the hand; what codes cost, and which test images use a category."""

from __future__ import annotations

import streamlit as st

from pages.sections.category_map import stage
from vae_core.runs.run import Run
from widgets.components import picker, pixels_switch
from widgets.run_data import capabilities
from widgets.run_data.subject import Subject
from widgets.shell import links, units, url_state

NOTICE = (
    "**Notice.** Where the encoder is sure of a category, another one changes the image; where it spreads "
    "over the row, hardly anything does. An empty bar is a hole: a category of the prior that no image takes."
)
PICKER = 300


def page(run: Run | None) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="map-title"):
        st.title("Category map", width="content")
        st.markdown(NOTICE, width="stretch")
    if not capabilities.shows(run, "latent_map"):
        return
    url_state.without_control(links.CLASS, "codes are decoded under the image's own class here")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="category-map-strip"):
        with st.container(width=PICKER):
            picked = picker.pick(links.IMAGE, run, label="Image")
        pixels = pixels_switch.choose_in_browser(run)
        unit = units.switch()
    if picked is not None:
        stage.show(run, Subject.of(run, picked), pixels, unit)
