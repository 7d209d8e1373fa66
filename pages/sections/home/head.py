"""What stands above the fold: what a VAE is, the ways in, and a forward pass under the hand."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.sections import tour
from vae_core.runs.run import Run
from widgets.components.forward_pass import forward_pass
from widgets.run_data import comparisons
from widgets.run_data.forward_pass import first
from widgets.shell import links, url_state
from widgets.shell.error_boundary import error_boundary

WHAT_IT_IS = (
    "A variational autoencoder (VAE) learns to turn each image into a few numbers, its code z, and to draw "
    "the image again from them. Its encoder gives no single code but a distribution q(z|x), and training "
    "keeps all of them close to one prior p(z), so that the codes leave few holes between them. Every z "
    "then decodes to an image: move over the map and see."
)


def head(shipped: Sequence[Run]) -> None:
    st.title("Elbo Room")
    with st.container(key="what-it-is"):
        st.markdown(WHAT_IT_IS)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="ways-in"):
        tour.door("first", "Take the tour")
        _comparisons([run.name for run in shipped])
    with error_boundary():
        _at_work(shipped)


def _comparisons(names: Sequence[str]) -> None:
    for title, runs in comparisons.presets(names).items():
        url_state.page_link(
            "compare",
            comparisons.changes(runs),
            label=title,
            icon=comparisons.ICONS[title],
            help="Their latent maps side by side, under one pointer.",
        )


def _at_work(shipped: Sequence[Run]) -> None:
    shown = first(shipped)
    if shown is None:
        return
    run, parcel = shown
    z = forward_pass("forward-pass", parcel)
    if z is not None:
        code = ",".join(f"{value:.4g}" for value in z)
        url_state.switch_page("latent_map", {links.RUN: run.name, links.Z: code})
