"""The page of the latent map: the map on one screen, and below it what it says in numbers."""

from __future__ import annotations

import streamlit as st

from pages.sections.latent_map import controls, headline, sections, stage
from vae_core.runs.run import Run, RunError
from widgets.components.latent_map.map_view import View
from widgets.run_data import capabilities
from widgets.run_data.codes import newest
from widgets.shell import links, url_state
from widgets.shell.fragments import fragment

NOTICE = "**Notice.** Where q(z) is empty inside the prior's contours, prior samples land where no image was."


def page(run: Run | None) -> None:
    """Title and notice share a line: the map is to fit a small screen whole."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="map-title"):
        st.title("Latent map", width="content")
        st.markdown(NOTICE, width="stretch")
    if run is None:
        capabilities.nothing_yet()
    elif not showable(run):
        say_why(run)
    else:
        body(run, controls.strip(run))


def showable(run: Run) -> bool:
    return run.status.state != "unreadable" and newest(run) is not None and run.spec.latent > 1


def say_why(run: Run) -> None:
    if run.status.state == "unreadable":
        raise RunError(run.status.message)
    if newest(run) is None:
        st.info(
            f"{run.name} has no latent codes of the test images yet. They come while it trains.",
            icon=":material/hourglass_empty:",
        )
        url_state.page_link(
            "train", {links.RUN: run.name}, label="Watch it train", icon=":material/monitoring:"
        )
        if run.status.active:
            fragment(lambda: st.rerun() if newest(run) is not None else None, run_every=1.0)
        return
    st.info(
        "A map needs two dimensions, and this model has one. The Train page shows its codes as rows.",
        icon=":material/straighten:",
    )


def body(run: Run, view: View) -> None:
    with st.container(horizontal=True, gap="medium", key="map-page"):
        with st.container(width="stretch", key="map-stage"):
            stage.show(run, view)
        with st.container(width=184, gap="small", key="map-headline"):
            headline.show(run, view)
    sections.show(run, view)
