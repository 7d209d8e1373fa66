"""An app of two pages: pickers and a mask on one, nothing on the other."""

import os
from pathlib import Path

import numpy as np
import streamlit as st

from vae_core.runs.run import Run
from widgets.components import paint, picker
from widgets.shell import layout, links, url_state


def images() -> None:
    run = Run(Path(os.environ["VAE_RUNS"]) / "shown")
    url_state.sync("interpolate")
    left, right, below = st.columns([300, 300, 400])
    with left:
        a = picker.pick(links.IMAGE, run, label="Image A")
    with right:
        b = picker.pick(links.END, run, label="Image B", default=7)
    with below:
        hidden = st.session_state.get("hidden")
        paint.mask("mask", a.image, mask=None if hidden is None else ~hidden, on_change=keep)
    for name, picked in (("A", a), ("B", b)):
        st.text(f"{name} is {picked.name}, {int(picked.image.sum())}")
    st.text(f"{0 if hidden is None else int(hidden.sum())} pixels are hidden")
    url_state.flush()


def keep(observed: np.ndarray) -> None:
    st.session_state["hidden"] = ~observed


def other() -> None:
    st.text("Another page")


layout.set_up()
layout.style()
pages = [st.Page(images, title="Images", default=True), st.Page(other, title="Other")]
page = st.navigation(pages, position="hidden")
for each in pages:
    st.sidebar.page_link(each)
page.run()
