"""Samples of the classes that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.sections.generate.seed import next_seed
from vae_core.pixels import to_uint8
from vae_core.runs.run import Run
from widgets.components import pixels_switch, take_away
from widgets.components.take_away import File
from widgets.run_data import library
from widgets.run_data.classes import names
from widgets.run_data.codes import weights
from widgets.run_data.library import open_run
from widgets.shell import links, sheets, url_widgets

if TYPE_CHECKING:
    from vae_core.analysis.decode import Pixels

COUNT = 12  # of each class


def show(run: Run) -> None:
    called = names(run)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        chosen = st.pills(
            "Classes",
            list(range(len(called))),
            format_func=called.__getitem__,
            selection_mode="multi",
            **url_widgets.several(links.CLASSES, range(len(called)), called.__getitem__),
            help="Those to be drawn; none chosen means all.",
        )
        percent = int(
            st.slider(
                "Temperature, %",
                0,
                150,
                **url_widgets.whole(links.TEMPERATURE),
                width=220,
                help="What deviations from the prior's mean are multiplied by: at 0 every sample of a class "
                "is the same typical one, above 100 they grow strange. Of a mixture they are those from the "
                "mean of the draw's component, of a flow those of the noise that it moves.",
            )
        )
        how = pixels_switch.choose(run)
        seed = next_seed()
    classes = tuple(sorted(chosen)) or tuple(range(len(called)))
    images = sheet(str(run.path), weights(run), classes, percent / 100, seed, how)
    for c, row in zip(classes, images, strict=True):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(f"**{called[c]}**", width=56)
            sheets.sheet(row, 64, COUNT, name=f"Class {called[c]}, sample")
    shown = "Drawn from" if how == "drawn" else f"{pixels_switch.TITLES[how]} of"
    st.caption(f"{shown} p(x|z, y), with z from p(z|y).")
    about = {
        "run": library.title(run),
        "classes": ", ".join(called[c] for c in classes),
        "temperature": f"{percent} %",
        "seed": str(seed),
        "pixels": how,
    }
    flat = images.reshape(-1, *images.shape[2:])
    take_away.menu(
        "samples",
        f"{run.name} samples seed {seed}",
        about,
        [File("png", lambda times: sheets.tile(flat, COUNT, 2 * times), help="One class to a row.")],
    )


@st.cache_data(max_entries=64, show_spinner=False)
def sheet(
    path: str, version: Any, classes: tuple[int, ...], temperature: float, seed: int, how: Pixels = "means"
) -> np.ndarray:
    """uint8 [R, COUNT, C, H, W]."""
    import torch

    from vae_core.analysis import generate

    model = open_run(path).model
    generator = torch.Generator(model.device).manual_seed(seed)
    return to_uint8(generate.sheet(model, classes, COUNT, temperature, generator, how).cpu().numpy())
