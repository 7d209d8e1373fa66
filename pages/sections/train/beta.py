"""Beta, above the map: it moves a run while it is dragged."""

from __future__ import annotations

import streamlit as st

from pages.sections.train import draft, labels
from vae_core.runs.run import Run
from vae_core.spec import Spec
from widgets.components import log_slider
from widgets.shell import objective_words, words
from widgets.shell.error_boundary import callback
from widgets.shell.fragments import fragment

KEY, NAME = "beta", "objective.beta"
STOPS = (
    *(0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0),
    *(10.0, 20.0, 30.0, 50.0, 100.0),
)  # fmt: skip
TICKS = (0.0, 0.1, 1.0, 10.0, 100.0)
DONE = "beta-done"  # in the session: the hand has let go, and the rest of the page is to follow


def slider(spec: Spec, run: Run | None) -> None:
    """run: the one in training, which follows the slider; None otherwise. A codebook has none.

    A part of the page by itself: a report of a drag runs nothing else.
    """
    if (spec if run is None else run.spec).posterior.quantised:
        st.caption("β is 1: past a codebook no gradient of the KL reaches the encoder.")
        return

    def beta() -> None:
        if st.session_state.pop(DONE, False):
            st.rerun()
        log_slider.log_slider(
            KEY,
            requested(spec, run),
            label=labels.of(NAME, spec),
            help=objective_words.of(spec).beta_help,
            least=STOPS[1],
            most=STOPS[-1],
            stops=STOPS,
            ticks=TICKS,
            live=run is not None,
            on_move=callback(move),
        )
        for fault in filter(None, [draft.faults().get(NAME)]):
            st.caption(f":red[:material/error: {words.literal(fault.sentence)}]")

    def move() -> None:
        moved = log_slider.moved(KEY)
        if moved is not None:
            turn(run, moved.value, moved.done)

    fragment(beta)


def requested(spec: Spec, run: Run | None) -> float:
    """The beta that is wanted now: of the run, where it was moved, else of the draft."""
    of_run = None if run is None else run.control.beta
    return st.session_state.get(draft.DRAFT, spec).objective.beta if of_run is None else of_run


def turn(run: Run | None, value: float, done: bool) -> None:
    """The hand is at this value, and has let go of it or not: then the draft and the link follow."""
    if run is not None and run.status.active:
        run.turn(draft.LIVE[NAME], value)
    if done:
        draft.propose(NAME, value, {NAME: value})
        st.session_state[DONE] = True
