"""The map itself, in a fragment of its own: a pin answers without the rest of the page being made again."""

from __future__ import annotations

import streamlit as st

from vae_core.training.run import Run
from widgets import latent_map, shell
from widgets.map_page import measured, nearest, pins
from widgets.map_page.codes import newest, weights
from widgets.map_page.view import View

# What is above and below the map on the page, left out of the window's height.
HEIGHT = "clamp(360px, 100vh - 318px, 860px)"
LIVE = 1.5  # seconds between two looks at a run in training
ASK = 0.4  # seconds between two looks at whether the training images have been read


def show(run: Run, view: View) -> None:
    active, pinned = run.status.active, pins.state(run).pin is not None

    def part() -> None:
        if run.status.active != active:
            st.rerun()
        with shell.sentences():
            one_map(run, view)

    waiting = pinned and nearest.pending(run)
    st.fragment(part, run_every=LIVE if active else ASK if waiting else None)()


def one_map(run: Run, view: View) -> None:
    codes = newest(run)
    if codes is None:
        return
    latent, state = run.spec.latent, pins.state(run)
    if view.kind == "slice" and state.pin is not None:
        held = tuple(0.0 if d in view.dims else round(v, 3) for d, v in enumerate(state.pin))
        if held != view.through:
            st.rerun()  # the numbers beside the map speak of the slice too
    there, found = measured.field(codes, view.place), measured.holes(codes, view)
    # A slice has no replay: what its held coordinates mean changes while a model trains.
    still = run.status.active or view.kind == "slice"
    film = None if still else measured.film(codes, view, measured.pictures(codes))
    latent_map.latent_map(
        pins.KEY,
        decoder=measured.decoder(str(run.path), weights(run)),
        picture=there.picture,
        holes=found.parcel,
        frames=film.parcel if film else None,
        state=state,
        revision=pins.revision(),
        answer=nearest.answer(run, codes, state.pin),
        height=HEIGHT,
        label=f"Latent map of {shell.title(run)}",
        on_change=lambda: pins.told(latent),
    )
