"""The images of a VampPrior: what the encoder says of them is the prior."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components import take_away
from widgets.components.latent_map.map_view import View
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.codes import Codes, weights
from widgets.run_data.library import open_run
from widgets.shell import sheets

MOST = 120  # that are shown
SIDE = 56  # pixels of each on the page
COLUMNS = 15


def show(run: Run, codes: Codes, view: View) -> None:
    images = pseudo_inputs(str(run.path), weights(run))
    st.markdown(
        "**Pseudo-inputs.** Images that are learned; the prior is the mean of the encoder's posteriors at "
        f"all {len(images)}, from left to right along {view.axes[0]}."
    )
    sheets.sheet(images[:MOST], SIDE, COLUMNS, name="Pseudo-input")
    more = f" {MOST} of {len(images)} are shown." if len(images) > MOST else ""
    st.caption(
        "They began as training images and need not look like any: only their codes count. After Tomczak and "
        f"Welling 2018.{more}"
    )
    take_away.menu(
        "pseudo-inputs",
        f"{run.name} pseudo-inputs",
        {"run": library.title(run)},
        [File("png", lambda times: sheets.tile(images, COLUMNS, 2 * times), help="All pseudo-inputs.")],
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def pseudo_inputs(path: str, version: Any) -> np.ndarray:
    """uint8 [K, C, H, W], as the run's stored weights have them, by the first dimension of their codes."""
    import torch

    from vae_core.model.priors import Vamp

    prior = open_run(path).model.prior
    assert isinstance(prior, Vamp)
    with torch.inference_mode():
        order = prior.components().mean[:, 0].argsort()
        found: np.ndarray = to_uint8(prior.pseudo_inputs[order]).cpu().numpy()
    return found
