"""The page of the latent map: the map on one screen, and below it what it says in numbers."""

from __future__ import annotations

import streamlit as st

from pages.sections.latent_map import controls, gap, headline, sections, stage
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities as able
from widgets.components import pixels_switch
from widgets.components.latent_map.map_view import View
from widgets.run_data import capabilities
from widgets.run_data.codes import newest
from widgets.shell import units
from widgets.shell.units import Unit

NOTICE = "**Notice.** Where q(z) is empty inside the prior's contours, prior samples land where no image was."


def page(run: Run | None) -> None:
    """Title and notice share a line: the map is to fit a small screen whole."""
    title = st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="map-title")
    with title:
        st.title("Latent map", width="content")
        st.markdown(NOTICE, width="stretch")
    if capabilities.shows(run, "latent_map"):
        with title:
            unit = units.switch()
            pixels = pixels_switch.choose_in_browser(run)
        body(run, pixels, unit)
    elif run is not None and has_true_posterior(run) and (codes := newest(run)) is not None:
        with st.container(key="map-section"):
            st.subheader("True posterior")
            gap.show(run, codes, View())


def has_true_posterior(run: Run) -> bool:
    """Whether a run without a map has one: a line is enough for it."""
    return run.spec.latent == 1 and "likelihood" in able(run.spec)


def body(run: Run, pixels: str, unit: Unit) -> None:
    strip = st.container(key="map-above")
    with st.container(horizontal=True, gap="medium", key="map-page"):
        left = st.container(width="stretch", key="map-stage")
        right = st.container(width=184, gap="small", key="map-headline")
    view = controls.show(run, strip, right)
    with left:
        stage.show(run, view, pixels)
    with right:
        headline.show(run, view, unit)
    sections.show(run, view)
