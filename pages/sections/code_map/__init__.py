"""The code map, of runs whose codes are grids of cells: the codes of an image under the hand, what they cost,
and where test images use them."""

from __future__ import annotations

import streamlit as st

from pages.sections.code_map import stage
from vae_core.runs.run import Run
from widgets.components import picker, pixels_switch
from widgets.run_data import capabilities, classes
from widgets.run_data.subject import Subject
from widgets.shell import links, units, url_state, url_widgets

NOTICE = (
    "**Notice.** A code changes the image about its own cell, and hardly elsewhere. What one code means "
    "depends on its neighbours."
)
NOTICE_OF_LEVELS = (
    "**Notice.** How far each level’s codes reach, and how much of the image is left where one stands alone. "
    "The nats say which level tells more."
)
PICKER = 300


def page(run: Run | None) -> None:
    two = "levels" in capabilities.of(run)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="map-title"):
        st.title("Code map", width="content")
        st.markdown(NOTICE_OF_LEVELS if two else NOTICE, width="stretch")
    if not capabilities.shows(run, "latent_map"):
        return
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="code-map-strip"):
        with st.container(width=PICKER):
            picked = picker.pick(links.IMAGE, run, label="Image")
        y = decoded_class(run, None if picked is None else picked.label)
        pixels = pixels_switch.choose_in_browser(run)
        unit = units.switch()
    if picked is not None:
        stage.show(run, Subject.of(run, picked), y, pixels, unit)


def decoded_class(run: Run, label: int | None) -> int | None:
    """The class under which codes are decoded and priced: at first the image's own; None of a model that is
    told none."""
    names = classes.names(run)
    if not names:
        url_state.without_control(links.CLASS, "this model knows no classes")
        return None
    return int(
        st.selectbox(
            "Decoded as",
            range(len(names)),
            format_func=names.__getitem__,
            **url_widgets.choice_over(links.CLASS, range(len(names)), label or 0, names.__getitem__),
            width=130,
            help="At first the image's own class. Under another one the codes stay, and what the decoder and "
            "the prior make of them changes.",
        )
    )
