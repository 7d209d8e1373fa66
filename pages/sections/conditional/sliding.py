"""A class held, and the code moved by hand: the board of the page Traverse under a condition."""

from __future__ import annotations

import streamlit as st

from vae_core.runs.run import Run
from widgets.components.traverse import Model, traverse
from widgets.components.traverse.state import TraverseState
from widgets.run_data import library, usage
from widgets.run_data.classes import names
from widgets.shell import url_state
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

BOARD = "generate-board"
MOVED = "slide"  # in the link


def show(run: Run) -> None:
    called = names(run)
    options = list(range(len(called)))
    chosen = int(
        st.selectbox(
            "Class",
            options,
            format_func=called.__getitem__,
            **url_state.choice("class", options, 0),
            width=220,
            help="The condition that the decoder is told while the sliders move.",
        )
    )
    codes = usage.codes(run)
    used, prior = usage.usage(codes), usage.of_prior(codes, chosen)
    stops, ticks = usage.stops(codes, "3", chosen)
    model = Model(
        run.name,
        f"{library.title(run)}: {called[chosen]}",
        usage.decoder(run, chosen),
        kl=used.kl.numpy(),
        origin=prior.mean,
        draws=prior.draws,
        stops=stops,
        ticks=ticks,
        order=used.order.tolist(),
        dead=used.dead.numpy(),
    )
    fragment(lambda: board(model))


def board(model: Model) -> None:
    """The sliders stand where the link says, also when Streamlit mounts the board anew."""
    latents = [model.latent]

    def told() -> None:
        now = TraverseState.from_browser(st.session_state[BOARD].get("state"), latents)
        if now is not None:
            url_state.write(MOVED, now.to_link().get("z"))

    stand = TraverseState.from_link({"z": url_state.read(MOVED) or ""}, latents)
    traverse(BOARD, models=[model], state=stand, label="Sliders under a class", on_change=callback(told))
