"""Controls that every page with a map has: how far it reaches, what counts as a hole, the decoder's class."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from widgets.components.latent_map.map_view import EXTENTS, RATIOS
from widgets.shell import links, url_state, url_widgets
from widgets.shell.error_boundary import callback

REACH = "How far densities are computed, in standard deviations of the prior."


def range_and_holes(usual: int, help: str) -> tuple[float, float]:
    """(extent, ratio) of the map, behind a button: they are rarely moved, and the map is what counts.

    usual: the range where the link names none. help: what else is to be said of the range.
    """
    with st.popover("Range, holes", icon=":material/tune:", width="content"):
        extent = st.select_slider(
            "Range",
            EXTENTS,
            **url_widgets.choice_over(links.RANGE, EXTENTS, usual, by="value"),
            format_func=lambda e: f"± {e}",
            width=220,
            help=f"{REACH} {help}",
        )
        if usual != EXTENTS[0]:
            widest = extent == EXTENTS[0]
            st.button(
                "Fit" if widest else f"± {EXTENTS[0]}",
                key="map-range",
                type="tertiary",
                on_click=callback(url_state.write),
                args=(links.RANGE, None if widest else str(EXTENTS[0])),
                help="The range of most runs, to compare this one with them, or the one that fits its codes.",
            )
        ratio = st.select_slider(
            "Hole: p / q above",
            RATIOS,
            **url_widgets.choice(links.RATIO, RATIOS, by="value"),
            width=220,
            help="A hole lies inside the region that holds 95 % of the prior, where the prior p(z) is more "
            "than so many times the aggregated posterior q(z).",
        )
    return float(extent), float(ratio)


def decoded_class(classes: Sequence[str], help: str) -> None:
    """The class under which codes are decoded, in the link; classes: names of those there are."""
    st.selectbox(
        "Decoded as",
        range(len(classes)),
        format_func=classes.__getitem__,
        **url_widgets.whole(links.CLASS, most=len(classes) - 1, by="index"),
        width=130,
        help=help,
    )
