"""The bar above all runs: as cards or as a table, which of them, and the way in for a run from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.sections.home import kinds, table_of_runs, undo, upload
from vae_core.runs import files, folders
from vae_core.runs.run import Run
from widgets.shell import links, url_state, url_widgets

TITLES = {"cards": "Cards", "table": "Table"}
ICONS = {"cards": ":material/grid_view:", "table": ":material/table_rows:"}


def bar(own: Sequence[Run], shipped: Sequence[Run]) -> None:
    st.session_state.pop(undo.CHANGED, None)
    with st.container(horizontal=True, vertical_alignment="center", key="runs-bar"):
        heading = "All runs" if as_table() else "Your runs" if own else "Trained models"
        st.subheader(heading, width="stretch")
        st.segmented_control(
            "List",
            list(TITLES),
            format_func=lambda name: f"{ICONS[name]} {TITLES[name]}",
            required=True,
            label_visibility="collapsed",
            **url_widgets.choice(links.LIST, list(TITLES), label=TITLES.__getitem__, by="default"),
        )
        upload.popover()
    if unread := folders.fault(files.library()):
        st.error(unread, icon=":material/folder_off:")
    if sentence := st.session_state.pop(undo.FAULT, None):
        st.error(sentence, icon=":material/error:")
    undo.show()


def as_table() -> bool:
    return url_state.read(links.LIST) == "table"


def table(runs: Sequence[Run]) -> None:
    table_of_runs.show(kinds.filtered(runs))
    for field in (links.MORE, links.ALL_RUNS, links.RUNS_PAGE):
        url_state.without_control(field, "a table has all runs")
