"""The map itself, in a fragment of its own: a pin answers without the rest of the page being made again."""

from __future__ import annotations

import streamlit as st

from vae_core.training.run import Run
from widgets import latent_map, later, shell
from widgets.map_page import controls, measured, nearest, pins
from widgets.map_page.codes import Codes, newest, weights
from widgets.map_page.view import View

# What is above and below the map on the page, left out of the window's height.
HEIGHT = "clamp(360px, 100vh - 318px, 860px)"
LIVE = 1.5  # seconds between two looks at a run in training


def show(run: Run, view: View) -> None:
    seen = asked(run, view)
    active, waiting = seen

    def part() -> None:
        if asked(run, view) != seen:
            st.rerun()  # the map is looked at more often while something is on its way
        with shell.sentences():
            one_map(run, view)

    st.fragment(part, run_every=LIVE if active else later.POLL if waiting else None)()


def asked(run: Run, view: View) -> tuple[bool, bool]:
    """Whether the run trains, and whether something that the map shows is still being computed."""
    codes, pinned = newest(run), pins.state(run).pin is not None
    film = replay(run, codes, view) if codes else None
    waiting = (film is not None and not film.done()) or (pinned and nearest.pending(run))
    return run.status.active, waiting


def replay(run: Run, codes: Codes, view: View) -> later.Task | None:
    """The frames, on their way; None where there are none to come.

    A slice has no replay: what its held coordinates mean changes while a model trains.
    """
    if run.status.active or view.kind == "slice":
        return None
    return later.start(measured.film, codes, view, measured.pictures(codes))


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
    coming = replay(run, codes, view)
    film = coming.result() if coming is not None and coming.done() else None
    latent_map.latent_map(
        pins.KEY,
        decoder=measured.decoder(str(run.path), weights(run), controls.told(run)),
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
