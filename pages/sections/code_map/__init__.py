"""The code map, of runs whose codes are grids of cells: the codes of an image under the hand, what they cost,
and where test images use them."""

from __future__ import annotations

import streamlit as st

from pages.sections.code_map import levels, stage
from vae_core.runs.run import Run
from widgets.components import picker, pixels_switch
from widgets.run_data import capabilities, classes
from widgets.run_data.subject import Picked, Subject
from widgets.shell import links, units, url_state, url_widgets
from widgets.shell.link_pictures import Picture

NOTICE = (
    "**Notice.** A code changes the image about its own cell, and hardly elsewhere. What one code means "
    "depends on its neighbours."
)
PICKER = 300


def page(run: Run | None) -> None:
    two = "levels" in capabilities.of(run)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="map-title"):
        st.title("Code map", width="content")
        st.markdown(levels.NOTICE if two else NOTICE, width="stretch")
    if not capabilities.shows(run, "latent_map"):
        return
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="code-map-strip"):
        picked = [pick(run, links.IMAGE, "A" if two else "Image")]
        if two:
            picked.append(pick(run, links.END, "B"))
        y = decoded_class(run, None if picked[0] is None else picked[0].label)
        pixels = pixels_switch.choose(run) if two else pixels_switch.choose_in_browser(run)
        unit = units.switch()
    subjects = [Subject.of(run, each) for each in picked if each is not None]
    if len(subjects) < len(picked):
        return
    if two:
        levels.show(run, (subjects[0], subjects[1]), y, pixels, unit)
    else:
        stage.show(run, subjects[0], y, pixels, unit)


def pick(run: Run, field: Picture, label: str) -> Picked | None:
    with st.container(width=PICKER):
        return picker.pick(field, run, label=label, default=1 if field is links.END else 0)


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
