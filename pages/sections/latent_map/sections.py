"""What stands below the map, one section at a time: only what is looked at is computed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.sections.latent_map import (
    bound,
    decomposition,
    downloads,
    gap,
    hole_table,
    projection,
    pseudo_inputs,
    samples,
    which_prior,
)
from vae_core.runs.run import Run
from vae_core.spec.capabilities import capabilities
from widgets.components.latent_map.map_view import View
from widgets.run_data.codes import Codes
from widgets.shell import links, url_widgets
from widgets.shell.error_boundary import callback, error_boundary

Section = Callable[[Run, Codes, View], None]
OF_LIKELIHOOD = ("gap", "bound")
HELD = "map_held"  # in the session


def show(run: Run, view: View) -> None:
    codes = which_prior.codes(run)
    if codes is None:
        return
    sections: dict[str, tuple[str, Section]] = {
        "holes": (":material/blur_on: Holes", hole_table.show),
        "gap": (":material/join_inner: True posterior", gap.show),
        "kl": (":material/stacked_bar_chart: What the KL is made of", decomposition.show),
        "bound": (":material/stairs: Bound against k", bound.show),
        "samples": (":material/compare: Samples from holes", samples.show),
    }
    if "likelihood" not in capabilities(run.spec):
        sections = {name: each for name, each in sections.items() if name not in OF_LIKELIHOOD}
    if run.spec.prior.of_encoder:
        sections["pseudo"] = (":material/grid_view: Pseudo-inputs", pseudo_inputs.show)
    if run.spec.latent > 2:
        sections["umap"] = (":material/bubble_chart: UMAP", projection.show)
    sections["save"] = (":material/download: Take away", downloads.show)
    chosen = st.container(key="map-below").segmented_control(
        "Below the map",
        list(sections),
        format_func=lambda name: sections[name][0],
        **url_widgets.choice(
            links.SHOW, list(sections), label=lambda name: sections[name][0].partition(": ")[2], by="default"
        ),
        required=True,
        label_visibility="collapsed",
    )
    with st.container(key="map-section"), error_boundary():
        name = chosen or "holes"
        sections[name][1](run, codes if codes.whole else held(run, codes, name, view), view)


def held(run: Run, codes: Codes, section: str, view: View) -> Codes:
    """The codes of a run in training as they were when the section was opened, or it would never rest."""
    about = (run.name, section, view)
    shown = st.session_state.get(HELD)
    if shown is None or shown[0] != about:
        shown = st.session_state[HELD] = (about, codes)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("As it was when this was opened; the run trains on.", width="content")
        again = st.session_state.pop
        st.button("Look again", key="map-again", on_click=callback(again), args=(HELD, None), type="tertiary")
    return shown[1]
