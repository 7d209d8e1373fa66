"""What every page shares: its set-up, its style, and the folded equation."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from widgets.shell import url_state

HERE = Path(__file__).parent
ICON = HERE / "icon.png"


def set_up() -> None:
    st.set_page_config(page_title="Elbo Room", page_icon=ICON, layout="wide", initial_sidebar_state=276)


def style() -> None:
    st.html(HERE / "app.css")


def equation(sentence: str, *latex: str) -> None:
    """The folded equation of a page."""
    with st.expander("The equation", icon=":material/function:"):
        st.caption(sentence)
        for line in latex:
            st.latex(line)


class Notes:
    """What a link asks for and the page cannot show, in a line each, above the page.

    Known at once, or when the page has been drawn: then `show` says the rest.
    """

    def __init__(self) -> None:
        with st.container(key="link-notes"):
            self.place = st.empty()
        self.shown: tuple[str, ...] = ()
        self.show()

    def show(self) -> None:
        if (notes := url_state.notes()) != self.shown:
            self.shown = notes
            self.place.warning("  \n".join(notes), icon=":material/link_off:")
