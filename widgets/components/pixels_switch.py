"""The switch that says how codes become images: by means of p(x|z), by its modes, or by drawn pixels. It is
the same on all pages, and in the link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from vae_core.runs.run import Run
from widgets.shell import links, url_widgets

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

TITLES = {"means": "Means", "modes": "Modes", "drawn": "Drawn"}
HELP = (
    "Means of p(x|z) are soft, and no images that the model would draw. Modes are the most probable value of "
    "each pixel. Drawn pixels are what the model says images are, each drawn by itself."
)
REPEATED = " Each code has a draw of its own, the same one whenever it comes back."


def choose(run: Run) -> Pixels:
    """What is shown of p(x|z): of a likelihood that knows no mode, its mean or a draw."""
    from vae_core.analysis import decode

    return switch(decode.ways(run.model))


def choose_in_browser(*runs: Run) -> Pixels:
    """The same where the browser decodes: what it knows of all these runs' likelihoods."""
    known = [run.model.likelihood.browser_pixels for run in runs]
    ways: list[Pixels] = [way for way in ("means", "modes", "drawn") if all(way in names for names in known)]
    titles = {run.spec.likelihood.title for run in runs}
    lacks = f" Of a {' or '.join(sorted(titles))} likelihood the browser knows no others." * (len(ways) < 3)
    return switch(ways, HELP + REPEATED * ("drawn" in ways) + lacks)


def switch(ways: Sequence[Pixels], help: str = HELP, label: str = "Pixels", hidden: bool = False) -> Pixels:
    """One of these ways. hidden: without its label, where others stand beside it that have none."""
    named: dict[str, Pixels] = {way: way for way in ways}
    with st.container(width="content", key="small-pixels"):
        chosen = st.segmented_control(
            label,
            list(named),
            format_func=TITLES.__getitem__,
            **url_widgets.choice(links.PIXELS, list(named), label=TITLES.__getitem__, by="default"),
            required=True,
            label_visibility="collapsed" if hidden else "visible",
            help=help,
        )
    return named[str(chosen)]
