"""The page Traverse: sliders and strips of one run or two, and below them which factors they tell; of a
run whose codes are categories, a picture for each."""

from __future__ import annotations

import streamlit as st

from pages.sections.traverse import board, categories, controls, sections
from vae_core.runs.run import Run
from widgets.run_data import capabilities
from widgets.shell.error_boundary import error_boundary

NOTICE = "**Notice.** The upper rows change the image most. Does a row change one thing, or several at once?"


def page(run: Run | None) -> None:
    title = st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="traverse-title")
    with title:
        st.title("Traverse", width="content")
        of_groups = "categories" in capabilities.of(run)
        st.markdown(categories.NOTICE if of_groups else NOTICE, width="stretch")
    if not capabilities.shows(run, "traverse"):
        return
    if of_groups:
        with error_boundary():
            categories.show(run, title)
    else:
        view = controls.strip(run, title)
        with error_boundary():
            board.show(view)
        sections.show(view)
