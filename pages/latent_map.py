"""Latent map: where the images went, against where the prior expects them."""

from __future__ import annotations

import streamlit as st

from widgets import density, shell

shell.guard()

run = shell.current()

st.title("Latent map")
st.markdown(
    "**Notice.** Where q(z) is empty inside the prior's contours, a sample from the prior lands where "
    "no image ever was."
)
with shell.sentences():
    if run is None:
        shell.nothing_yet()
    else:
        density.page(run)
shell.equation(
    "The aggregated posterior, the mean of all images' posteriors; training asks it to look like the prior.",
    r"q(z) = \frac{1}{N}\sum_{i=1}^{N} q(z|x_i) \qquad p(z) = \mathcal{N}(0, I)",
)
