"""The switch that says how codes become images: means, modes, or drawn pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from vae_core.runs.run import Run
from widgets.shell import links, url_widgets

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

TITLES = {"means": "Means", "modes": "Modes", "drawn": "Drawn"}


def choose(run: Run) -> Pixels:
    """What is shown of p(x|z): of a likelihood that knows no mode, its mean or a draw."""
    from vae_core.analysis import decode

    ways: dict[str, Pixels] = {way: way for way in decode.ways(run.model)}
    chosen = st.segmented_control(
        "Pixels",
        list(ways),
        format_func=TITLES.__getitem__,
        **url_widgets.choice(links.PIXELS, list(ways), label=TITLES.__getitem__, by="default"),
        required=True,
        help="Means of p(x|z) are soft, and no images that the model would draw. Modes are the most probable "
        "value of each pixel. Drawn pixels are what the model says images are, each drawn by itself.",
    )
    return ways[str(chosen)]
