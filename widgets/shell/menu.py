"""The pages of the app, in the order of the menu: title and icon of each, by the name of its file."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

MENU: dict[str, tuple[str, str]] = {
    "home": ("Home", ":material/home:"),
    "train": ("Train", ":material/play_circle:"),
    "latent_map": ("Latent map", ":material/scatter_plot:"),
    "compare": ("Compare", ":material/grid_view:"),
    "traverse": ("Traverse", ":material/tune:"),
    "interpolate": ("Interpolate", ":material/timeline:"),
    "inpaint": ("Inpaint", ":material/healing:"),
    "generate": ("Generate", ":material/category:"),
    "glossary": ("Glossary", ":material/dictionary:"),
}


def pages() -> list[Page]:
    """For one run of the script, which marks the one that it shows."""
    return [copy(page) for page in _made()]


@cache
def _made() -> tuple[Page, ...]:
    """Once: to make a page, Streamlit looks at the disk six times, 58 times in all."""
    return tuple(
        st.Page(f"pages/{name}.py", title=title, icon=icon, default=name == "home")
        for name, (title, icon) in MENU.items()
    )
