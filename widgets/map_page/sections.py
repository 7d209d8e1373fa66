"""What stands below the map, one section at a time: only what is looked at is computed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from vae_core.training.run import Run
from widgets import address, shell
from widgets.map_page import decomposition, hole_table, projection, samples, take_away
from widgets.map_page.codes import Codes, newest
from widgets.map_page.view import View

Section = Callable[[Run, Codes, View], None]


def show(run: Run, view: View) -> None:
    codes = newest(run)
    if codes is None:
        return
    sections: dict[str, tuple[str, Section]] = {
        "holes": (":material/blur_on: Holes", hole_table.show),
        "kl": (":material/stacked_bar_chart: What the KL is made of", decomposition.show),
        "samples": (":material/compare: Samples from holes", samples.show),
    }
    if run.spec.latent > 2:
        sections["umap"] = (":material/bubble_chart: UMAP", projection.show)
    sections["save"] = (":material/download: Take away", take_away.show)
    chosen = st.segmented_control(
        "Below the map",
        list(sections),
        format_func=lambda name: sections[name][0],
        **address.choice("show", list(sections), "holes"),
        required=True,
        label_visibility="collapsed",
    )
    with st.container(key="map-section"), shell.sentences():
        sections[chosen or "holes"][1](run, codes, view)
