"""Home: trained models to open at once, and the user's own runs."""

from __future__ import annotations

import streamlit as st

from pages.sections import tour
from pages.sections.home import gallery, own_runs
from vae_core.runs import files, folders
from vae_core.runs.run import hidden
from widgets.run_data import library
from widgets.shell import layout
from widgets.shell.error_boundary import error_boundary

every = library.runs()
shown = [run for run in every if run.is_gallery]
own = [run for run in every if not run.is_gallery]

st.title("Elbo Room")
st.markdown(
    "Train small variational autoencoders live, watch their latent space form, find the holes in it, "
    "and walk through it."
)
with error_boundary():
    tour.door("first", "Take the tour: seven short steps")
with error_boundary():
    gallery.cards(shown, own, hidden())
with error_boundary():
    if unread := folders.fault(files.library()):
        st.error(unread, icon=":material/folder_off:")
    own_runs.listing(own)
layout.equation(
    "What every model here is trained on, or a variation of it: the evidence lower bound.",
    r"\log p(x) \;\ge\; \mathrm{ELBO}(x) = \mathbb{E}_{q(z|x)}\left[\log p(x|z)\right]"
    r" - \mathrm{KL}\left(q(z|x)\,\|\,p(z)\right)",
)
