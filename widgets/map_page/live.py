"""The latent map on the Train page: the same map, fed with the newest frame of the run in training."""

from __future__ import annotations

import streamlit as st

from vae_core.training.run import Run
from widgets import address, latent_map, shell
from widgets.map_page import measured
from widgets.map_page.codes import newest, weights
from widgets.map_page.controls import most_informative, told
from widgets.map_page.view import View

POLL = 1.0  # seconds; the densities are computed once for all sessions that look


def show(run: Run | None) -> None:
    """A switch, off at first: the board above has a cloud of its own, which costs less."""
    if run is None or run.spec.latent < 2 or run.status.state == "unreadable":
        return
    on = st.toggle(
        "Latent map while it trains",
        **address.flag("map", False),
        help="The density of the codes, its holes, and the decoder under the pointer, as they change.",
    )
    if not on:
        return
    active = run.status.active

    def part() -> None:
        if run.status.active != active:
            st.rerun()
        with shell.sentences():
            one_map(run)

    st.fragment(part, run_every=POLL if active else None)()


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
        decoder=measured.decoder(str(run.path), weights(run), told(run)),
        picture=measured.field(codes, view.place).picture,
        holes=measured.holes(codes, view).parcel,
        answers=False,
        height=440,
        label=f"Latent map of {shell.title(run)}",
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _axes(path: str, latent: int) -> list[int]:
    return []
