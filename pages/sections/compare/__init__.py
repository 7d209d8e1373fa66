"""The page Compare: two or four maps under one pointer, with one replay for all."""

from __future__ import annotations

import streamlit as st

from pages.sections.compare import choosing, controls, stage
from vae_core.runs.run import Run
from widgets.components import pixels_switch
from widgets.run_data import capabilities
from widgets.shell import units
from widgets.shell.error_boundary import error_boundary

NOTICE = "**Notice.** The same z, decoded by each model: where one map has a hole, another has images."


def page(run: Run | None) -> None:
    title = st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="compare-title")
    with title:
        st.title("Compare", width="content")
        st.markdown(NOTICE, width="stretch")
    offered = choosing.offered()
    if not offered:
        # None can be shown: the page says why of the run in use.
        capabilities.shows(run, "compare")
        return
    runs = choosing.chosen(offered, run)
    with title:
        unit = units.switch()
        pixels = pixels_switch.choose_in_browser(*runs)
    view = controls.strip(runs, offered, pixels, unit)
    with error_boundary():
        stage.show(runs, view, offered)
