"""Against which prior the map is drawn: the run's own or, where that is another, N(0, I)."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from vae_core.runs.run import Run
from widgets.run_data.codes import Codes, is_standard, newest
from widgets.shell import links, url_state, url_widgets

PRIORS = {"own": "the run's own", "standard": "N(0, I)"}


def choose(run: Run) -> None:
    """The control, where there is a choice."""
    if is_standard(run):
        url_state.without_control(links.PRIOR, "this run's prior is N(0, I)")
        return
    st.segmented_control(
        "Prior",
        list(PRIORS),
        format_func=PRIORS.__getitem__,
        **url_widgets.choice(links.PRIOR, list(PRIORS), label=PRIORS.__getitem__, by="default"),
        required=True,
        help="The prior whose contours, samples and holes are shown: what the run learned, or N(0, I), which "
        "its codes were never asked to fill. The ELBO is that under the run's own.",
    )


def codes(run: Run) -> Codes | None:
    """The newest codes, held against the prior that is chosen."""
    found = newest(run)
    if found is None or is_standard(run):
        return found
    return replace(found, own_prior=url_state.read(links.PRIOR) != "standard")
