"""The latent map on the Train page: the same map, fed with the newest frame of the run in training."""

from __future__ import annotations

import streamlit as st

from vae_core.runs.run import Run
from widgets.components import latent_map
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.run_data import library
from widgets.run_data.classes import decoded_class
from widgets.run_data.codes import newest, weights
from widgets.run_data.usage import most_informative
from widgets.shell import links, url_widgets
from widgets.shell.fragments import fragment

POLL = 1.0  # seconds; the densities are computed once for all sessions that look


def show(run: Run | None) -> None:
    """A switch, off at first: the board above has a cloud of its own, which costs less."""
    if run is None or run.status.state == "unreadable" or run.spec.latent < 2:
        return
    on = st.toggle(
        "Latent map while it trains",
        **url_widgets.flag(links.LIVE_MAP),
        help="The density of the codes, its holes, and the decoder under the pointer, as they change. A link "
        "opens it without pin and layers; that of the page Latent map holds them.",
    )
    if not on:
        return
    active = run.status.active

    def part() -> None:
        if run.status.active != active:
            st.rerun()
        one_map(run)

    fragment(part, run_every=POLL if active else None)


def one_map(run: Run) -> None:
    codes = newest(run)
    if codes is None:
        st.caption("The map comes with the first codes.")
        return
    # Axes that stay: two dimensions that are nearly equal must not swap places while one watches.
    dims = _axes(str(run.path), run.spec.latent)
    if not dims:
        dims[:] = most_informative(run)
    view = View(dims=(dims[0], dims[1]))
    latent_map.latent_map(
        "train-map",
        decoder=densities.decoder(str(run.path), weights(run), decoded_class(run)),
        picture=densities.field(codes, view.place).picture,
        holes=densities.holes(codes, view).parcel,
        answers=False,
        height=440,
        label=f"Latent map of {library.title(run)}",
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _axes(path: str, latent: int) -> list[int]:
    return []
