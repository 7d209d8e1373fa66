"""A class held, and the code moved by hand: the board of the page Traverse under a condition."""

from __future__ import annotations

import streamlit as st

from vae_core.runs.run import Run
from widgets.components.traverse import Model, traverse
from widgets.components.traverse.state import TraverseState
from widgets.run_data import library, usage
from widgets.run_data.classes import names
from widgets.shell import links, url_widgets
from widgets.shell.component_state import ComponentState
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

SLIDERS: ComponentState[TraverseState] = ComponentState(
    "generate-board", {"z": links.SLIDE, "dead": links.SLIDE_DEAD}
)


def show(run: Run) -> None:
    called = names(run)
    options = list(range(len(called)))
    chosen = int(
        st.selectbox(
            "Class",
            options,
            format_func=called.__getitem__,
            **url_widgets.choice(links.SLIDER_CLASS, options, label=called.__getitem__),
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

    def heard() -> None:
        now = TraverseState.from_browser(st.session_state[SLIDERS.key].get("state"), latents)
        if now is not None:
            SLIDERS.hear(now)

    stand = SLIDERS.read(lambda link: TraverseState.from_link(link, latents))
    traverse(
        SLIDERS.key,
        models=[model],
        state=stand,
        revision=SLIDERS.revision,
        label="Sliders under a class",
        on_change=callback(heard),
    )
