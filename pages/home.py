"""Home: trained models to open at once, and the user's own runs."""

from __future__ import annotations

import streamlit as st

from widgets import gallery, own_runs, shell

shell.guard()

runs = shell.library()
shown = [run for run in runs if run.is_gallery]
own = [run for run in runs if not run.is_gallery]

st.title("Elbo Room")
st.markdown(
    "Train small variational autoencoders live, watch their latent space form, find the holes in it, "
    "and walk through it."
)
with shell.sentences():
    gallery.cards(shown, own)
with shell.sentences():
    own_runs.listing(own)
shell.equation(
    "What every model here is trained on, or a variation of it: the evidence lower bound.",
    r"\log p(x) \;\ge\; \mathrm{ELBO}(x) = \mathbb{E}_{q(z|x)}\left[\log p(x|z)\right]"
    r" - \mathrm{KL}\left(q(z|x)\,\|\,p(z)\right)",
)
