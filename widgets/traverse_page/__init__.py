"""The page Traverse: sliders and strips of one run or two, and below them which factors they tell."""

from __future__ import annotations

import streamlit as st

from vae_core.training.run import Run, RunError
from widgets import shell
from widgets.traverse_page import board, controls, sections
from widgets.traverse_page.learned import showable

NOTICE = "**Notice.** The upper rows change the image most. Does a row change one thing, or several at once?"


def page(run: Run | None) -> None:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="traverse-title"):
        st.title("Traverse", width="content")
        st.markdown(NOTICE, width="stretch")
    if run is None:
        shell.nothing_yet()
    elif not showable(run):
        say_why(run)
    else:
        view = controls.strip(run)
        with shell.sentences():
            board.show(view)
        sections.show(view)


def say_why(run: Run) -> None:
    if run.status.state == "unreadable":
        raise RunError(run.status.message)
    st.info(
        f"{run.name} has no weights and latent codes yet. They come while it trains.",
        icon=":material/hourglass_empty:",
    )
    st.page_link(
        "pages/train.py",
        label="Watch it train",
        icon=":material/monitoring:",
        query_params={shell.RUN: run.name},
    )
    if run.status.active:
        st.fragment(lambda: st.rerun() if showable(run) else None, run_every=1.0)()
