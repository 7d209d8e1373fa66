"""The seed of samples, and the button for the next one."""

from __future__ import annotations

import streamlit as st

from widgets.shell import links, url_state, url_widgets
from widgets.shell.error_boundary import callback


def next_seed() -> int:
    """The seed that is chosen; beside it the button that takes another."""
    field = url_widgets.whole(links.SAMPLES_SEED)
    seed = int(st.number_input("Seed", 0, 9999, **field, width=104, help="Another seed, other samples."))

    def renew() -> None:
        url_state.write(links.SAMPLES_SEED, str((seed + 1) % 10_000))

    st.button("New samples", on_click=callback(renew), icon=":material/casino:")
    return seed
