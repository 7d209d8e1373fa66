"""An app of two pages: pickers and a mask on one, nothing on the other."""

import os
import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from vae_core.runs.run import Run
from widgets.components import paint, picker
from widgets.shell import layout


def images() -> None:
    run = Run(Path(os.environ["VAE_RUNS"]) / "shown")
    left, right, below = st.columns([300, 300, 400])
    with left:
        a = picker.pick("a", run, label="Image A")
    with right:
        b = picker.pick("b", run, label="Image B", default=7)
    with below:
        observed = paint.mask("mask", a.image)
    for name, picked in (("A", a), ("B", b)):
        st.text(f"{name} is {picked.name}, {int(picked.image.sum())}")
    st.text(f"{int((~observed).sum())} pixels are hidden")


def other() -> None:
    st.text("Another page")


layout.set_up()
layout.style()
pages = [st.Page(images, title="Images", default=True), st.Page(other, title="Other")]
page = st.navigation(pages, position="hidden")
for each in pages:
    st.sidebar.page_link(each)
page.run()
