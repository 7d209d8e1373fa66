"""The map itself, in a fragment of its own: a pin answers without the rest of the page being made again."""

from __future__ import annotations

import streamlit as st

from pages.sections.latent_map import gap_compute, nearest, pins, which_prior
from vae_core.runs.run import Run
from widgets.components import latent_map
from widgets.components.latent_map import densities
from widgets.components.latent_map.map_view import View
from widgets.run_data import classes, library
from widgets.run_data.codes import Codes, weights
from widgets.shell import links, tasks, url_state
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

# The window's height less what is above and below the map on the page (app.css).
HEIGHT = "var(--map-height, clamp(360px, 100vh - var(--map-room), 860px))"
ABOUT_THE_PIN = ("gap", "bound")  # sections below, which are made again with another pinned image
LIVE = 1.5  # seconds between two looks at a run in training


def show(run: Run, view: View, pixels: str) -> None:
    """pixels: what is shown of p(x|z)."""
    prepare(run, view)
    seen = frame_wanted(run, view)
    active, waiting = seen
    image = pins.state(run).image

    def part() -> None:
        if frame_wanted(run, view) != seen:
            st.rerun()  # the map is looked at more often while something is on its way
        if pins.state(run).image != image and url_state.read(links.SHOW) in ABOUT_THE_PIN:
            st.rerun()
        one_map(run, view, pixels)

    fragment(part, run_every=LIVE if active else tasks.POLL if waiting else None)


def prepare(run: Run, view: View) -> None:
    """Computes what the map shows before its fragment begins.

    A fragment's clock starts in the browser before its body ends. A look that the browser asks for before
    it has the parcels makes Streamlit send them all again: it names those that it has with each request.
    """
    codes = which_prior.codes(run)
    if codes is not None:
        densities.decoder(str(run.path), weights(run), classes.decoded_class(run))
        densities.holes(codes, view)


def frame_wanted(run: Run, view: View) -> tuple[bool, bool]:
    """Whether the run trains, and whether something that the map shows is still being computed."""
    codes, pinned = which_prior.codes(run), pins.state(run).pin is not None
    film = replay(run, codes, view) if codes else None
    waiting = (film is not None and not film.done()) or (pinned and nearest.pending(run))
    waiting = waiting or gap_compute.on_map(run, pins.state(run), view)[1]
    return run.status.active, waiting


def replay(run: Run, codes: Codes, view: View) -> tasks.Task | None:
    """The frames, on their way; None where there are none to come.

    A slice has no replay: what its held coordinates mean changes while a model trains.
    """
    if run.status.active or view.kind == "slice":
        return None
    return tasks.start(densities.film, codes, view.place, densities.pictures(codes))


def one_map(run: Run, view: View, pixels: str) -> None:
    codes = which_prior.codes(run)
    if codes is None:
        return
    state = pins.state(run)
    if view.kind == "slice" and state.pin is not None:
        held = tuple(0.0 if d in view.dims else round(v, 3) for d, v in enumerate(state.pin))
        if held != view.through:
            st.rerun()  # the numbers beside the map speak of the slice too
    there, found = densities.field(codes, view.place), densities.holes(codes, view)
    coming = replay(run, codes, view)
    film = coming.result() if coming is not None and coming.done() else None
    latent_map.latent_map(
        pins.PINS.key,
        decoder=densities.decoder(str(run.path), weights(run), classes.decoded_class(run)),
        picture=there.picture,
        holes=found.parcel,
        frames=film.parcel if film else None,
        frame_holes=film.hole_mass(view.ratio) if film else None,
        state=state,
        revision=pins.PINS.revision,
        answer=nearest.answer(run, codes, state, gap_compute.on_map(run, state, view)[0]),
        pixels=pixels,
        height=HEIGHT,
        label=f"Latent map of {library.title(run)}",
        on_change=callback(lambda: pins.receive(run)),
    )
